#include "sbom/deb_control.h"

#include <algorithm>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxText = 16 << 20;

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
  for (const char* field : {"Pre-Depends", "Depends"}) {
    for (const std::string_view clause : SplitTrimmed(fields.Find(field).value_or(""), ',')) {
      control.depends.emplace_back(clause);
    }
  }
  return control;
}

}  // namespace

DebControl ReadDebControl(std::string_view deb, std::string_view name) {
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  while (const auto member = members.Next()) {
    if (!member->path.starts_with("control.tar")) continue;
    ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, std::string(name) + ":" + member->path);
    while (const auto entry = tar.Next()) {
      if (entry->path == "./control" || entry->path == "control") {
        return ParseDebControl(tar.ReadContent(kMaxText), std::string(name) + ":control");
      }
    }
  }
  throw ParseError(name, 0, Msg("there is no control file"));
}

SourceTexts ReadSourceTexts(std::string_view tarball, std::string_view name) {
  SourceTexts texts;
  ArchiveReader tar(tarball, ArchiveFormat::kTar, std::string(name));
  while (const auto entry = tar.Next()) {
    if (entry->type != ArchiveEntry::Type::kFile) continue;
    // "debian/copyright", or "<directory>/debian/copyright" in a native tarball.
    const std::size_t depth = static_cast<std::size_t>(std::count(entry->path.begin(), entry->path.end(), '/'));
    const auto is = [&](std::string_view file) {
      return entry->path == file || (depth == 2 && entry->path.ends_with("/" + std::string(file)));
    };
    if (is("debian/copyright")) texts.copyright = tar.ReadContent(kMaxText);
    if (is("debian/changelog")) texts.changelog = tar.ReadContent(kMaxText);
  }
  return texts;
}

}  // namespace nachbau::sbom
