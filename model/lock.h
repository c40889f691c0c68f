// The lock: every input of one build, by digest, how each was proven, and how to build. docs/formats/lock.md
//
// The chain of proof of a file: its digest stands in an index (Packages, Sources), the index's digest stands in a
// Release file, and the Release file is signed by keys of a keyring. All three are objects in the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "model/build_info.h"
#include "model/recipe.h"

namespace nachbau {

// One signed Release file, as accepted.
struct ReleaseProof {
  std::string uri;       // base of the archive, without final slash
  std::string suite;     // path below dists/, as configured ("bookworm", "bookworm-security")
  std::string origin;    // Origin field, e.g. "Debian"
  std::string codename;  // Codename field
  UnixSeconds date = 0;
  std::optional<UnixSeconds> valid_until;
  Sha256Digest in_release;            // object: the InRelease file as received
  Sha256Digest keyring;               // object: the keyring it was checked against
  std::vector<std::string> signers;   // fingerprints of the primary keys with a good signature, upper-case hex, sorted
  std::optional<UnixSeconds> as_of;   // accepted as of this moment, not of when it was fetched; absent as a rule
  std::vector<std::string> overrides; // checks a person switched off, e.g. "valid-until"; empty as a rule
  auto operator<=>(const ReleaseProof&) const = default;
};

Json ToJson(const ReleaseProof& release);
ReleaseProof ReleaseProofFromJson(const Json& json, const std::string& place);

struct IndexProof {
  std::uint32_t release = 0;  // 0-based into Lock::releases
  std::string path;           // as in the Release file: "main/binary-amd64/Packages.xz"
  Sha256Digest sha256;        // object: the index as received (compressed)
  auto operator<=>(const IndexProof&) const = default;
};
Json ToJson(const IndexProof& index);
// `releases`: how many there are; an index of none of them is refused.
IndexProof IndexProofFromJson(const Json& json, const std::string& place, std::size_t releases);

enum class InputRole {
  kSource,             // a file of the source package to build
  kEnvironment,        // a binary package of the build environment
  kEnvironmentSource,  // a file of the source package of one of those
  kReference,          // a binary package that the archive offers for this source: compared with, never an input
  kRecipe,             // the recipe file of a build by script
};
std::string_view Name(InputRole role);  // "source", "environment", "environment-source", "reference", "recipe"

// In place of an index: no archive vouches for this file. So it is with the recipe file, which a person gave, and with
// the source that it names by digest or commit; and with a reference that a .buildinfo file alone names.
inline constexpr std::uint32_t kNoIndex = 0xffffffff;

struct LockedFile {
  InputRole role = InputRole::kSource;
  std::string package;         // binary package name; for source files the source package name
  std::string version;         // of that package
  std::string architecture;    // "amd64", "all", "source"
  std::string source;          // source package name
  std::string source_version;  // may differ from version (binNMU, gcc-defaults)
  std::string file_name;       // last part of the path
  std::string path;         // below the archive's base URI; without an index: where it came from (a URL, a file name)
  std::uint32_t index = 0;  // 0-based into Lock::indexes: where size and sha256 stand; or kNoIndex
  std::uint64_t size = 0;      // bytes
  Sha256Digest sha256;
  std::optional<Sha512Digest> sha512;  // known once mirrored; Debian's indexes do not have it
  auto operator<=>(const LockedFile&) const = default;

  bool Indexed() const { return index != kNoIndex; }
};

// Who the SBOM of the build names as its creator (BSI TR-03183-2 5.2.1). It stands in the lock, so that everybody who builds
// by it writes the same document.
struct SbomCreator {
  std::string name;
  std::string email;  // this or
  std::string url;    // http, https; the guideline asks for the e-mail address before the URL
  auto operator<=>(const SbomCreator&) const = default;
};
Json ToJson(const SbomCreator& creator);
// Throws ParseError for a creator without name, or without an address.
SbomCreator SbomCreatorFromJson(const Json& json, const std::string& place);

struct Lock {
  std::string source;        // source package name; of a script its recipe's name
  std::string version;       // source version
  std::string architecture;  // Debian architecture built for
  LockedRecipe recipe;
  std::vector<ReleaseProof> releases;
  std::vector<IndexProof> indexes;
  std::vector<LockedFile> files;          // sorted by role, package, version, file_name
  std::vector<std::string> binaries;      // binary packages of this source for the architecture and "all", sorted
  // "name version" of sources of environment packages that no index offers, sorted: what could not be proven or kept.
  std::vector<std::string> missing_sources;
  std::optional<BuildInfoProof> build_info;  // of a lock made from a .buildinfo file
  std::optional<SbomCreator> sbom_creator;   // absent: the SBOM names Nachbau

  std::vector<LockedFile> WithRole(InputRole role) const;  // in lock order
};

Json ToJson(const Lock& lock);
Lock LockFromJson(const Json& json, const std::string& place);
// SHA-256 of the canonical JSON: the name of this lock in every other document.
Sha256Digest DigestOf(const Lock& lock);

}  // namespace nachbau
