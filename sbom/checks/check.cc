#include "sbom/checks/check.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/checks/profiles.h"

namespace nachbau::sbom {
namespace {

constexpr std::array<std::string_view, 3> kProfiles = {"bsi-tr-03183-2", "ntia", "cra"};

ProfileResult CheckProfile(std::string_view profile, const CheckInput& input) {
  if (profile == kProfiles[0]) return CheckBsi(input);
  if (profile == kProfiles[1]) return CheckNtia(input);
  return CheckCra(input);
}

void CheckNames(const std::vector<std::string>& profiles) {
  std::set<std::string> seen;
  for (const std::string& profile : profiles) {
    if (std::find(kProfiles.begin(), kProfiles.end(), profile) == kProfiles.end()) {
      UsageError error(Msg("there is no profile {}", Printable(profile)));
      error.SetHint(Msg("profiles are {}", std::string_view("bsi-tr-03183-2, ntia, cra")));
      throw error;
    }
    if (!seen.insert(profile).second) throw UsageError(Msg("the profile {} is named twice", profile));
  }
}

// How many of the files at hand the document knows by their SHA-512.
std::uint64_t Recognised(const Sheet& sheet, const ArtifactFiles& files) {
  std::set<const ArtifactFile*> found;
  for (const Subject& subject : sheet.subjects) {
    for (const auto* list : {&subject.deployable_hash.values, &subject.hashes}) {
      for (const Stated& hash : *list) {
        if (const ArtifactFile* file = files.WithSha512(hash.value)) found.insert(file);
      }
    }
  }
  return found.size();
}

}  // namespace

std::span<const std::string_view> ProfileNames() { return kProfiles; }

Conformance CheckConformance(std::string_view document, std::string_view name, const CheckOptions& options) {
  CheckNames(options.profiles);
  const Bom bom = ParseBom(document, name);
  const Sheet sheet = MakeSheet(bom);
  std::optional<ArtifactFiles> files;
  if (options.artifacts) files.emplace(*options.artifacts);
  Conformance conformance;
  conformance.document = name;
  conformance.content = HashBytes(document);
  conformance.format = FormatName(bom);
  conformance.serial = bom.serial;
  if (sheet.primary != kNoComponent) conformance.product = Shown(sheet.subjects[sheet.primary]);
  conformance.timestamp = bom.timestamp;
  conformance.files_at_hand = files.has_value();
  if (files) conformance.files_recognised = Recognised(sheet, *files);
  const CheckInput input{bom, sheet, files ? &*files : nullptr};
  for (const std::string& profile : options.profiles) conformance.profiles.push_back(CheckProfile(profile, input));
  return conformance;
}

}  // namespace nachbau::sbom
