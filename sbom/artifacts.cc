// Every component that names a file and its digests, against the real file.
#include <fcntl.h>

#include <cerrno>
#include <optional>
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
  for (const Json& property : ArrayMember(component, "properties")) {
    if (TextMember(property, "name") == "bsi:component:filename") return TextMember(property, "value");
  }
  return {};
}

// Nothing when there is no such file, or something else (a symbolic link, a directory) has its name.
std::optional<ContentId> HashBeneath(const FileDescriptor& directory, const std::string& name) {
  try {
    return HashDescriptor(OpenBeneath(directory, name, O_RDONLY | O_NONBLOCK), name);
  } catch (const SystemError& error) {
    for (const int absent : {ENOENT, ELOOP, EISDIR, ENXIO}) {
      if (error.error_number() == absent) return std::nullopt;
    }
    throw;
  }
}

Finding CheckComponent(const Json& component, const std::string& name, const FileDescriptor& directory) {
  const auto content = HashBeneath(directory, name);
  if (!content) return MakeFinding(FindingOutcome::kFail, name, Msg("the SBOM names this file, but it is not there"));
  bool sha512 = false;
  for (const Json& hash : ArrayMember(component, "hashes")) {
    const std::string algorithm = TextMember(hash, "alg");
    const std::string expected = TextMember(hash, "content");
    const std::string actual = algorithm == "SHA-256" ? content->sha256.Hex()
                               : algorithm == "SHA-512" ? content->sha512.Hex()
                                                        : "";
    if (actual.empty()) continue;
    if (actual != expected) {
      return MakeFinding(FindingOutcome::kFail, name, Msg("{} is {}, the SBOM says {}", algorithm, actual, Printable(expected)));
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
  const FileDescriptor directory = OpenDirectory(artifacts_directory);
  std::set<std::string> described;
  for (const Json& component : ArrayMember(document, "components")) {
    // Source files are components too, nested in the source package; they are not among the artifacts.
    const std::string name = FileNameOf(component);
    if (name.empty()) continue;
    if (!IsSafeFileName(name)) {
      findings.push_back(MakeFinding(FindingOutcome::kFail, Printable(name), Msg("unsafe file name")));
      continue;
    }
    described.insert(name);
    findings.push_back(CheckComponent(component, name, directory));
  }
  for (const auto& file : ListFiles(artifacts_directory)) {
    if ((file.extension() == ".deb" || file.extension() == ".udeb") && !described.contains(file.native())) {
      findings.push_back(MakeFinding(FindingOutcome::kFail, file.native(), Msg("the SBOM does not describe this file")));
    }
  }
  return findings;
}

}  // namespace nachbau::sbom
