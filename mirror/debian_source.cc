#include "mirror/debian_source.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/architecture.h"
#include "mirror/archive_path.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxFiles = 1000;      // of one source package; the largest have some dozens
constexpr std::size_t kMaxBinaries = 20000;  // likewise; the largest have some hundreds

[[noreturn]] void Refuse(const Paragraph& paragraph, std::string_view field, std::string_view value) {
  throw ParseError(paragraph.input_name(), paragraph.line(),
                   Msg("{} is not valid: {}", field, Printable(value.substr(0, 120))));
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : SplitWords(text)) words.emplace_back(word);
  return words;
}

std::vector<SourceFile> ReadFiles(const Paragraph& paragraph) {
  constexpr std::string_view kField = "Checksums-Sha256";
  std::vector<SourceFile> files;
  for (const std::string_view line : Paragraph::Lines(paragraph.Get(kField))) {
    const auto words = SplitWords(line);
    if (words.empty()) continue;
    if (words.size() != 3 || !IsSafeFileName(words[2])) Refuse(paragraph, kField, line);
    SourceFile file;
    file.name = words[2];
    file.sha256 = ParseSha256(words[0], paragraph.input_name());
    const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), file.size);
    if (error != std::errc() || end != words[1].data() + words[1].size()) Refuse(paragraph, kField, line);
    if (files.size() == kMaxFiles) Refuse(paragraph, kField, line);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end());
  const auto same_name = [](const SourceFile& left, const SourceFile& right) { return left.name == right.name; };
  if (const auto twice = std::adjacent_find(files.begin(), files.end(), same_name); twice != files.end()) {
    Refuse(paragraph, kField, twice->name);
  }
  return files;
}

// profile=!nocheck,!stage1+cross: "+" between the lists of which one must hold, "," between the terms of a list.
ProfileFormula ReadProfiles(const Paragraph& paragraph, std::string_view text) {
  ProfileFormula formula;
  for (const std::string_view list : SplitTrimmed(text, '+')) {
    std::vector<std::string> terms;
    for (const std::string_view term : SplitTrimmed(list, ',')) {
      if (term == "!") Refuse(paragraph, "Package-List", text);
      terms.emplace_back(term);
    }
    if (!terms.empty()) formula.push_back(std::move(terms));
  }
  return formula;
}

// "dnsmasq deb net optional arch=all profile=!nodoc essential=yes": name, type, section, priority, then keys.
std::vector<SourceBinary> ReadPackageList(const Paragraph& paragraph) {
  constexpr std::string_view kField = "Package-List";
  std::vector<SourceBinary> binaries;
  for (const std::string_view line : Paragraph::Lines(paragraph.Find(kField).value_or(""))) {
    const auto words = SplitWords(line);
    if (words.empty()) continue;
    if (words.size() < 4 || !IsPackageName(words[0]) || binaries.size() == kMaxBinaries) {
      Refuse(paragraph, kField, line);
    }
    SourceBinary binary;
    binary.name = words[0];
    binary.type = words[1];
    for (std::size_t i = 4; i < words.size(); ++i) {
      const std::string_view word = words[i];
      if (word.starts_with("arch=")) {
        for (const std::string_view architecture : SplitTrimmed(word.substr(5), ',')) {
          binary.architectures.emplace_back(architecture);
        }
      } else if (word.starts_with("profile=")) {
        binary.profiles = ReadProfiles(paragraph, word.substr(8));
      }
    }
    binaries.push_back(std::move(binary));
  }
  return binaries;
}

DebianSource::Relations ReadRelations(const Paragraph& paragraph, const std::string& stem) {
  const auto read = [&](const std::string& field) -> std::vector<Alternatives> {
    const auto value = paragraph.Find(field);
    if (!value) return {};
    return ParseDependencies(*value, paragraph.input_name() + ", " + field);
  };
  return {read(stem), read(stem + "-Arch"), read(stem + "-Indep")};
}

bool Wanted(std::string_view architecture, BuildParts parts) {
  if (parts == BuildParts::kAll) return true;
  return (architecture == "all") == (parts == BuildParts::kIndependent);
}

}  // namespace

std::vector<Alternatives> DebianSource::Relations::For(BuildParts parts) const {
  std::vector<Alternatives> groups = common;
  if (parts != BuildParts::kIndependent) groups.insert(groups.end(), architecture.begin(), architecture.end());
  if (parts != BuildParts::kArchitecture) groups.insert(groups.end(), independent.begin(), independent.end());
  return groups;
}

bool IsPackageName(std::string_view text) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return text.size() >= 2 && text.size() <= 200 && letter_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter_or_digit(c) || c == '+' || c == '-' || c == '.'; });
}

DebianSource ParseDebianSource(const Paragraph& paragraph) {
  DebianSource source;
  // An index calls it Package (and lists binary packages under Binary), a .dsc calls it Source.
  const auto package = paragraph.Find("Package");
  source.name = Trim(package ? *package : paragraph.Get("Source"));
  if (!IsPackageName(source.name)) Refuse(paragraph, "Package", source.name);
  source.version = Trim(paragraph.Get("Version"));
  if (!IsVersion(source.version)) Refuse(paragraph, "Version", source.version);
  source.directory =
      CleanArchivePath(Trim(paragraph.Find("Directory").value_or("")), paragraph.input_name(), paragraph.line());
  source.architectures = Words(paragraph.Find("Architecture").value_or(""));
  for (const std::string_view name : SplitTrimmed(paragraph.Find("Binary").value_or(""), ',')) {
    if (!IsPackageName(name) || source.binaries.size() == kMaxBinaries) Refuse(paragraph, "Binary", name);
    source.binaries.emplace_back(name);
  }
  source.package_list = ReadPackageList(paragraph);
  source.files = ReadFiles(paragraph);
  source.depends = ReadRelations(paragraph, "Build-Depends");
  source.conflicts = ReadRelations(paragraph, "Build-Conflicts");
  source.extra_source_only = Trim(paragraph.Find("Extra-Source-Only").value_or("")) == "yes";
  return source;
}

DebianSource ParseDsc(std::string_view text, std::string_view name) {
  constexpr std::string_view kBegin = "-----BEGIN PGP SIGNED MESSAGE-----";
  constexpr std::string_view kSignature = "\n-----BEGIN PGP SIGNATURE-----";
  if (text.starts_with(kBegin)) {
    const std::size_t body = text.find("\n\n");  // after the armour's own headers (RFC 9580, section 7)
    const std::size_t end = text.find(kSignature);
    if (body == text.npos || end == text.npos || end < body) throw ParseError(name, 1, Msg("truncated signed text"));
    text = text.substr(body + 2, end - body - 1);
  }
  const auto paragraphs = ParseParagraphs(text, name);
  if (paragraphs.size() != 1) {
    throw ParseError(name, 0, Msg("{} paragraphs where a .dsc has one", paragraphs.size()));
  }
  return ParseDebianSource(paragraphs.front());
}

std::vector<std::string> BinariesFor(const DebianSource& source, const std::string& architecture,
                                     const std::vector<std::string>& active_profiles, BuildParts parts) {
  std::vector<std::string> names;
  for (const SourceBinary& binary : source.package_list) {
    if (binary.type != "deb" || !ProfilesApply(binary.profiles, active_profiles)) continue;
    // Without arch= (written before dpkg 1.17.7) the source's own list is the best there is.
    const auto& wildcards = binary.architectures.empty() ? source.architectures : binary.architectures;
    if (std::any_of(wildcards.begin(), wildcards.end(), [&](const std::string& wildcard) {
          return Wanted(wildcard, parts) && (wildcard == "all" || ArchitectureMatches(architecture, wildcard));
        })) {
      names.push_back(binary.name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool IsBuilt(const DebianSource& source, const std::string& package, const std::string& package_architecture,
             const std::vector<std::string>& active_profiles, BuildParts parts) {
  if (!Wanted(package_architecture, parts)) return false;
  const auto& list = source.package_list;
  const auto listed =
      std::find_if(list.begin(), list.end(), [&](const SourceBinary& binary) { return binary.name == package; });
  return listed == list.end() || ProfilesApply(listed->profiles, active_profiles);
}

}  // namespace nachbau::mirror
