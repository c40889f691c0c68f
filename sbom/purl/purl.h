// Package URLs of Debian packages (the purl specification, type `deb`).
#pragma once

#include <string>
#include <string_view>

namespace nachbau::sbom {

// pkg:deb/debian/<name>@<version>?arch=<architecture>; version and architecture are left out where empty.
// `architecture` is "source" for a source package. In a version ':' and '~' stay, '+' becomes %2B.
std::string DebPurl(std::string_view name, std::string_view version, std::string_view architecture);

// pkg:generic/<name>@<version>: what no package manager knows.
std::string GenericPurl(std::string_view name, std::string_view version);

}  // namespace nachbau::sbom
