// The file names of binary packages, <package>_<version without epoch>_<architecture>.deb (or .udeb), and where a
// locked one comes from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/lock.h"

namespace nachbau::verifier {

struct PackageFileName {
  std::string package;
  std::string version;       // parsed names have no epoch
  std::string architecture;
  std::string extension;     // "deb" or "udeb"
};

// Nothing for other files: .buildinfo, .changes, tarballs.
std::optional<PackageFileName> ParsePackageFileName(std::string_view name);
std::string FormatPackageFileName(const PackageFileName& name);

// "Debian bookworm-security": origin and suite of the Release file that proves it.
std::string OriginOf(const Lock& lock, const LockedFile& file);
const ReleaseProof& ReleaseOf(const Lock& lock, const LockedFile& file);

}  // namespace nachbau::verifier
