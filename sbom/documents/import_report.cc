#include "sbom/documents/import_report.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/documents/identity.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kFormat = "nachbau-imported-sbom/1";

std::string PercentDecode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      std::string digits(text.substr(i + 1, 2));
      for (char& c : digits) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
      }
      if (const auto byte = DecodeHex(digits)) {
        result += *byte;
        i += 2;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

struct DebName {
  std::string vendor, name, version, architecture;
};

// Nothing in it when the component is no Debian package.
DebName DebNameOf(const BomComponent& component) {
  DebName deb;
  if (TypeOfPurl(component.purl) != "deb") return deb;
  const PurlText purl = SplitPurl(component.purl);
  const std::size_t name = purl.package.rfind('/');
  const std::size_t vendor = purl.package.rfind('/', name - 1);
  if (name == std::string::npos || vendor == std::string::npos || vendor == name) return deb;
  deb.name = PercentDecode(std::string_view(purl.package).substr(name + 1));
  deb.vendor = PercentDecode(std::string_view(purl.package).substr(vendor + 1, name - vendor - 1));
  deb.version = PercentDecode(purl.version);
  std::string_view rest = purl.qualifiers;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    if (one.starts_with("arch=")) deb.architecture = PercentDecode(one.substr(5));
    // As some tools write it; the version itself then has none.
    if (one.starts_with("epoch=") && deb.version.find(':') == std::string::npos) {
      deb.version = std::string(one.substr(6)) + ":" + deb.version;
    }
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  return deb;
}

std::vector<std::string> DigestsOf(const BomComponent& component) {
  std::vector<std::string> digests;
  const auto add = [&](const std::vector<BomHash>& hashes) {
    for (const BomHash& hash : hashes) {
      const bool fits = (hash.algorithm == "SHA-256" && hash.value.size() == 64) ||
                        (hash.algorithm == "SHA-512" && hash.value.size() == 128);
      if (fits) digests.push_back(hash.algorithm + ":" + hash.value);
    }
  };
  add(component.hashes);
  for (const BomReference& reference : component.references) {
    if (reference.type == "distribution") add(reference.hashes);
  }
  return digests;
}

ImportLine AssessOne(const BomComponent& component, const OwnEvidence& evidence) {
  ImportLine line{component.pointer, DisplayName(component), component.type, ProofLevel::kClaimed, ""};
  const std::vector<std::string> digests = DigestsOf(component);
  const std::pair<ProofLevel, const std::unordered_map<std::string, std::string>*> levels[] = {
      {ProofLevel::kHeld, &evidence.held},
      {ProofLevel::kBuilt, &evidence.built},
      {ProofLevel::kListed, &evidence.listed}};
  for (const auto& [level, answers] : levels) {
    for (const std::string& digest : digests) {
      const auto found = answers->find(digest);
      if (found == answers->end()) continue;
      line.level = level;
      line.where = found->second;
      return line;
    }
  }
  const DebName deb = DebNameOf(component);
  if (deb.name.empty() || deb.version.empty()) return line;
  const auto found = evidence.packages.find(DebKey(deb.vendor, deb.name, deb.version, deb.architecture));
  if (found == evidence.packages.end() || found->second.empty()) return line;
  line.level = ProofLevel::kKnown;
  line.where = found->second.front().where;
  // Only of the digest of the whole package can an index say that it is another one. Where the architecture is not
  // named, it may be the package of another.
  if (component.Hash("SHA-256").size() == 64 && !deb.architecture.empty() && component.type != "file") {
    line.level = ProofLevel::kContradicted;
  }
  return line;
}

}  // namespace

std::string DebKey(std::string_view vendor, std::string_view name, std::string_view version,
                   std::string_view architecture) {
  std::string key(vendor);
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key + " " + std::string(name) + " " + std::string(version) + " " + std::string(architecture);
}

ImportQuestions QuestionsOf(const Bom& bom) {
  ImportQuestions questions;
  for (const BomComponent& component : bom.components) {
    for (std::string& digest : DigestsOf(component)) questions.digests.insert(std::move(digest));
    if (std::string name = DebNameOf(component).name; !name.empty()) questions.packages.insert(std::move(name));
  }
  return questions;
}

std::string_view Name(ProofLevel level) {
  switch (level) {
    case ProofLevel::kClaimed:
      return "claimed";
    case ProofLevel::kKnown:
      return "known";
    case ProofLevel::kListed:
      return "listed";
    case ProofLevel::kBuilt:
      return "built";
    case ProofLevel::kHeld:
      return "held";
    case ProofLevel::kContradicted:
      return "contradicted";
  }
  return "claimed";
}

std::size_t ImportReport::Count(ProofLevel level) const {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const ImportLine& line) { return line.level == level; }));
}

ImportReport Assess(const Bom& bom, const OwnEvidence& evidence) {
  ImportReport report;
  for (std::size_t i = 0; i < bom.components.size(); ++i) {
    if (i != bom.primary) report.lines.push_back(AssessOne(bom.components[i], evidence));
  }
  return report;
}

Json ToJson(const ImportReport& report) {
  Json components = Json::array(), counts = Json::object();
  for (const ImportLine& line : report.lines) {
    components.push_back({{"pointer", line.pointer},
                          {"name", line.name},
                          {"type", line.type},
                          {"proof", Name(line.level)},
                          {"where", line.where}});
  }
  for (const ProofLevel level : {ProofLevel::kClaimed, ProofLevel::kKnown, ProofLevel::kListed, ProofLevel::kBuilt,
                                 ProofLevel::kHeld, ProofLevel::kContradicted}) {
    counts[std::string(Name(level))] = report.Count(level);
  }
  return {{"counts", counts}, {"components", components}};
}

Json ToJson(const ImportedSbom& imported) {
  return {{"format", kFormat},
          {"name", imported.name},
          {"sha256", imported.content.sha256.Hex()},
          {"sha512", imported.content.sha512.Hex()},
          {"size", imported.content.size},
          {"fileName", imported.file_name},
          {"documentFormat", imported.format},
          {"components", imported.components},
          {"time", FormatTime(imported.time)}};
}

ImportedSbom ImportedSbomFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kFormat) reader.Refuse("format", kFormat);
  ImportedSbom imported;
  imported.name = reader.Text("name");
  imported.content.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  imported.content.sha512 = ParseSha512(reader.Text("sha512"), reader.PlaceOf("sha512"));
  imported.content.size = reader.Unsigned("size");
  imported.file_name = reader.Text("fileName");
  imported.format = reader.Text("documentFormat");
  imported.components = reader.Unsigned("components");
  imported.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  reader.Done();
  return imported;
}

}  // namespace nachbau::sbom
