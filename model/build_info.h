// What a lock that was made from a .buildinfo file says of that file. docs/formats/lock.md
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

// kUnsigned: nobody vouches for it. kUnverified: signed, by keys that were not at hand. kGood: by `signers`.
enum class BuildInfoSignature { kUnsigned, kUnverified, kGood };
std::string_view Name(BuildInfoSignature signature);  // "unsigned", "unverified", "good"

struct BuildInfoProof {
  Sha256Digest sha256;                   // object: the file as given
  BuildInfoSignature signature = BuildInfoSignature::kUnsigned;
  std::vector<std::string> signers;      // fingerprints of primary keys; of kGood alone
  std::optional<Sha256Digest> keyring;   // object: the keys it was checked with; of kGood alone
  auto operator<=>(const BuildInfoProof&) const = default;
};

Json ToJson(const BuildInfoProof& proof);
BuildInfoProof BuildInfoProofFromJson(const Json& json, const std::string& place);

// Where a build may be asked to take place: an absolute path of one to six names below /build, at most 200 bytes, each
// name of letters, digits, '.', '+', '~', '_', '-' and neither "." nor ".." nor one that begins with '-'. Not below
// /build/source, where the sandbox shows the source.
bool IsBuildPath(std::string_view path);

// A variable that dpkg records because it has a say in what comes out (deb-buildinfo(5), Environment), and that changes
// no program that runs: not LD_LIBRARY_PATH, not those that move dpkg's own directories.
bool IsRecordedVariable(std::string_view name);
// At most 8 KiB of UTF-8 without control characters.
bool IsVariableValue(std::string_view value);

}  // namespace nachbau
