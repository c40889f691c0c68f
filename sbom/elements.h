// Small pieces of a CycloneDX 1.7 document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "model/lock.h"
#include "sbom/deb_control.h"

namespace nachbau::sbom {

Json Hashes(const Sha256Digest& sha256, const std::optional<Sha512Digest>& sha512);
Json Property(std::string_view name, std::string_view value);
// "Name <mail@example.org>" as an organizational entity; without an address, or with one that is none, the name alone.
Json Organisation(const std::string& maintainer);
// An external reference to a file where the archive of `lock` has it.
Json ArchiveReference(const char* type, const Lock& lock, const LockedFile& file);
// A package that a clause names and nobody has: by name, with the versions that would do.
Json UnresolvedComponent(const Alternative& alternative);

// "urn:uuid:…" of version 5 (RFC 9562, section 5.5) in the URL name space: the same name has the same number.
std::string SerialNumber(std::string_view name);
// The date in the trailer of the first changelog entry: " -- Name <mail>  Sat, 10 May 2025 09:16:24 +0200". Nothing when
// there is none that can be read.
std::optional<UnixSeconds> ChangelogDate(std::string_view changelog);

}  // namespace nachbau::sbom
