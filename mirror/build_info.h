// .buildinfo files: what a build was made from and what it made, as its builder says (deb-buildinfo(5)).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mirror/debian_source.h"
#include "model/build_info.h"

namespace nachbau::mirror {

inline constexpr std::uint64_t kMaxBuildInfo = 16 << 20;  // bytes; those of large builds have 200 kB

struct InstalledPackage {
  std::string name;
  std::string architecture;  // where the file names one ("libc6:i386"); empty as a rule
  std::string version;
  auto operator<=>(const InstalledPackage&) const = default;
};

struct BuildInfo {
  std::string source;
  std::string source_version;
  std::string version;                          // of the binary packages: another one for a binNMU
  std::vector<std::string> binaries;            // names
  BuildParts parts = BuildParts::kAll;          // as the Architecture field tells
  std::string build_architecture;
  std::optional<UnixSeconds> build_date;
  std::string origin;                           // Build-Origin; may be empty
  std::string build_path;                       // empty where it is not recorded
  std::vector<InstalledPackage> installed;      // sorted
  std::map<std::string, std::string> environment;
  std::vector<SourceFile> files;                // Checksums-Sha256, sorted by name; weaker digests are not looked at
  std::string changelog_entry;                  // of a binNMU, as LockedRecipe has it; empty otherwise
};

// `text` without its signature (see ReadBuildInfo). Strict, because it decides what runs: throws ParseError for missing,
// double or overlong fields, names and versions that are none, a build path that is none (IsBuildPath), variables that
// dpkg does not record (IsRecordedVariable), control characters.
BuildInfo ParseBuildInfo(std::string_view text, std::string_view name);

// A file as given, with or without clear signature, and what its signature is worth with the keys of `keyring` (binary;
// may be empty). A signature that does not fit the text is an Error; one by a key that is not there is only recorded.
struct ReadResult {
  BuildInfo info;
  BuildInfoProof proof;  // without `keyring` where that is empty
};
ReadResult ReadBuildInfo(std::string_view file, std::string_view name, std::string_view keyring,
                         std::optional<UnixSeconds> now);

}  // namespace nachbau::mirror
