// Every component that names a file and its digests, against the real file.
#include <filesystem>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "model/evidence.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kRule = "sbom.artifacts";

Finding MakeFinding(FindingOutcome outcome, const std::string& subject, Message reason) {
  return {kRule, subject, outcome, std::move(reason), {evidence::kSbom, evidence::kArtifacts}, {}};
}

std::string FileNameOf(const Json& component) {
  const auto properties = component.find("properties");
  if (properties == component.end() || !properties->is_array()) return {};
  for (const Json& property : *properties) {
    if (property.is_object() && property.value("name", "") == "bsi:component:filename") return property.value("value", "");
  }
  return {};
}

Finding CheckComponent(const Json& component, const std::string& name, const std::filesystem::path& path) {
  const auto fd = OpenForReadingIfExists(path);
  if (!fd) return MakeFinding(FindingOutcome::kFail, name, Msg("the SBOM names this file, but it is not there"));
  const ContentId content = HashDescriptor(*fd, name);
  bool sha512 = false;
  for (const Json& hash : component.value("hashes", Json::array())) {
    const std::string algorithm = hash.value("alg", "");
    const std::string expected = hash.value("content", "");
    const std::string actual = algorithm == "SHA-256" ? content.sha256.Hex() : algorithm == "SHA-512" ? content.sha512.Hex() : "";
    if (actual.empty()) continue;
    if (actual != expected) {
      return MakeFinding(FindingOutcome::kFail, name, Msg("{} is {}, the SBOM says {}", algorithm, actual, expected));
    }
    sha512 = sha512 || algorithm == "SHA-512";
  }
  if (!sha512) return MakeFinding(FindingOutcome::kUnknown, name, Msg("the SBOM has no SHA-512 of this file"));
  return MakeFinding(FindingOutcome::kPass, name, Msg("is the file the SBOM describes"));
}

}  // namespace

std::vector<Finding> CheckAgainstArtifacts(const std::string& sbom, const std::string& artifacts_directory) {
  std::vector<Finding> findings;
  const Json document = ParseJson(sbom, evidence::kSbom);
  std::set<std::string> described;
  for (const Json& component : document.value("components", Json::array())) {
    // Source files are components too, nested in the source package; they are not among the artifacts.
    const std::string name = component.is_object() ? FileNameOf(component) : std::string();
    if (name.empty()) continue;
    if (!IsSafeFileName(name)) {
      findings.push_back(MakeFinding(FindingOutcome::kFail, Printable(name), Msg("unsafe file name")));
      continue;
    }
    described.insert(name);
    findings.push_back(CheckComponent(component, name, std::filesystem::path(artifacts_directory) / name));
  }
  for (const auto& file : ListFiles(artifacts_directory)) {
    if (file.extension() == ".deb" && !described.contains(file.native())) {
      findings.push_back(MakeFinding(FindingOutcome::kFail, file.native(), Msg("the SBOM does not describe this file")));
    }
  }
  return findings;
}

}  // namespace nachbau::sbom
