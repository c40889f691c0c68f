// Release files: the signed list of an archive's indexes (the DebianRepository/Format description, "Release files").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"

namespace nachbau::mirror {

struct ReleaseEntry {
  std::uint64_t size = 0;
  Sha256Digest sha256;
};

struct ReleaseFile {
  std::string origin, suite, codename;
  UnixSeconds date = 0;
  std::optional<UnixSeconds> valid_until;
  bool acquire_by_hash = false;
  std::vector<std::string> architectures, components;
  std::map<std::string, ReleaseEntry, std::less<>> files;  // of the SHA256 section, by path; weaker ones are not read
};

// `text` is what VerifyClearSigned returned. Throws ParseError for a missing field, a bad date, a missing SHA256
// section, an unsafe path, or the same path twice with different content.
ReleaseFile ParseRelease(std::string_view text, std::string_view name);

}  // namespace nachbau::mirror
