#include "sbom/deb_control.h"

#include <algorithm>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxText = 16 << 20;  // bytes

// Blanks and line ends within a clause become one blank.
void AddClauses(const Paragraph& fields, const char* field, std::vector<std::string>& clauses) {
  for (const std::string_view clause : SplitTrimmed(fields.Find(field).value_or(""), ',')) {
    std::string words_only;
    for (const std::string_view word : SplitWords(clause)) {
      words_only += (words_only.empty() ? "" : " ") + std::string(word);
    }
    clauses.push_back(std::move(words_only));
  }
}

// "[type:] library version dependencies …": libc 6 is libc.so.6, but libfoo-1.2.so has the name libfoo and version 1.2.
void ParseShlibs(std::string_view text, DebControl& control) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto words = SplitWords(line);
    const bool udeb = !words.empty() && words[0] == "udeb:";
    if (!words.empty() && words[0].ends_with(':')) words.erase(words.begin());
    if (words.size() < 2 || words[0].starts_with('#')) continue;
    control.libraries.insert(std::string(words[0]) + ".so." + std::string(words[1]));
    control.libraries.insert(std::string(words[0]) + "-" + std::string(words[1]) + ".so");
    if (udeb && words.size() > 2) control.udebs.emplace(words[2]);
  }
}

DebControl ParseDebControl(const std::string& text, std::string_view name) {
  const auto paragraphs = ParseParagraphs(text, name);
  if (paragraphs.size() != 1) throw ParseError(name, 0, Msg("a control file has one paragraph"));
  const Paragraph& fields = paragraphs[0];
  DebControl control;
  control.package = fields.Get("Package");
  control.version = fields.Get("Version");
  control.architecture = fields.Get("Architecture");
  control.maintainer = fields.Find("Maintainer").value_or("");
  const std::string_view description = fields.Find("Description").value_or("");
  control.description = description.substr(0, description.find('\n'));
  // "Source: name (version)": the version stands there only when it is another one.
  const std::string_view source = fields.Find("Source").value_or(control.package);
  const auto words = SplitWords(source);
  control.source = words.empty() ? control.package : std::string(words[0]);
  control.source_version = control.version;
  if (words.size() > 1 && words[1].size() > 2) control.source_version = words[1].substr(1, words[1].size() - 2);
  for (const char* field : {"Pre-Depends", "Depends"}) AddClauses(fields, field, control.depends);
  AddClauses(fields, "Built-Using", control.built_using);
  AddClauses(fields, "Static-Built-Using", control.static_built_using);
  return control;
}

DebControl ReadControl(ArchiveReader& members, std::string_view name) {
  while (const auto member = members.Next()) {
    if (!member->path.starts_with("control.tar")) continue;
    ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, std::string(name) + ":" + member->path);
    std::optional<DebControl> control;
    std::string shlibs;
    while (const auto entry = tar.Next()) {
      if (entry->path == "./control" || entry->path == "control") {
        control = ParseDebControl(tar.ReadContent(kMaxText), std::string(name) + ":control");
      }
      if (entry->path == "./shlibs" || entry->path == "shlibs") shlibs = tar.ReadContent(kMaxText);
    }
    if (!control) break;
    ParseShlibs(shlibs, *control);
    return *control;
  }
  throw ParseError(name, 0, Msg("there is no control file"));
}

PackageTexts ReadTexts(ArchiveReader& tar) {
  PackageTexts texts;
  while (const auto entry = tar.Next()) {
    if (entry->type != ArchiveEntry::Type::kFile) continue;
    std::string_view path = entry->path;
    if (path.starts_with("./")) path.remove_prefix(2);
    // "debian/copyright", or "<directory>/debian/copyright" in a native tarball.
    if (std::count(path.begin(), path.end(), '/') == 2) path.remove_prefix(path.find('/') + 1);
    if (path == "debian/copyright") texts.copyright = tar.ReadContent(kMaxText);
    if (path == "debian/changelog") texts.changelog = tar.ReadContent(kMaxText);
    if (texts.copyright && texts.changelog) break;
  }
  return texts;
}

}  // namespace

DebControl ReadDebControl(const FileDescriptor& deb, std::string_view name) {
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  return ReadControl(members, name);
}

DebControl ReadDebControl(std::string_view deb, std::string_view name) {
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  return ReadControl(members, name);
}

PackageTexts ReadSourceTexts(const FileDescriptor& tarball, std::string_view name) {
  ArchiveReader tar(tarball, ArchiveFormat::kTar, std::string(name));
  return ReadTexts(tar);
}

PackageTexts ReadSourceTexts(std::string_view tarball, std::string_view name) {
  ArchiveReader tar(tarball, ArchiveFormat::kTar, std::string(name));
  return ReadTexts(tar);
}

PackageTexts ReadDebTexts(const FileDescriptor& deb, std::string_view package, std::string_view name) {
  PackageTexts texts;
  const std::string directory = "./usr/share/doc/" + std::string(package) + "/";
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  while (const auto member = members.Next()) {
    if (!member->path.starts_with("data.tar")) continue;
    ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, std::string(name) + ":" + member->path);
    while (const auto entry = tar.Next()) {
      if (entry->type != ArchiveEntry::Type::kFile) continue;
      if (entry->path == directory + "copyright") texts.copyright = tar.ReadContent(kMaxText);
      if (entry->path == directory + "changelog.Debian.gz" || entry->path == directory + "changelog.gz") {
        // A native package has only the second.
        if (!texts.changelog || entry->path.ends_with("Debian.gz")) {
          texts.changelog = Decompress(tar.ReadContent(kMaxText), entry->path, kMaxText);
        }
      }
    }
  }
  return texts;
}

std::vector<Alternative> ParseClause(std::string_view clause) {
  std::vector<Alternative> alternatives;
  for (std::string_view text : SplitTrimmed(clause, '|')) {
    Alternative alternative;
    alternative.package = text.substr(0, text.find_first_of(" (:[<"));
    if (alternative.package.empty()) continue;
    const std::size_t open = text.find('('), close = text.find(')');
    if (open != text.npos && close != text.npos && open < close) {
      text = Trim(text.substr(open + 1, close - open - 1));
      const std::size_t end = std::min(text.find_first_not_of("<>="), text.size());
      alternative.relation = text.substr(0, end);
      alternative.version = Trim(text.substr(end));
    }
    alternatives.push_back(std::move(alternative));
  }
  return alternatives;
}

}  // namespace nachbau::sbom
