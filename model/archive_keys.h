// Which keys may sign the archives that a workspace builds from. docs/formats/archive-keys.toml.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace nachbau {

inline constexpr const char* kArchiveKeysFile = "archive-keys.toml";  // in the workspace

struct ArchiveKey {
  std::string fingerprint;          // of the primary key: 40 upper-case hex digits
  std::string name;                 // for people; may be empty
  std::vector<std::string> suites;  // counts for these alone; empty: for all
  UnixSeconds added = 0;
  std::string by;                   // who added it
  auto operator<=>(const ArchiveKey&) const = default;
};

struct ArchiveKeys {
  std::uint32_t signatures = 1;     // a Release file needs those of so many of the keys
  std::vector<ArchiveKey> keys;     // sorted by fingerprint, each once

  const ArchiveKey* Find(std::string_view fingerprint) const;
  // Those of `signers` (fingerprints of primary keys) that count for the suite, in their order.
  std::vector<std::string> Counting(const std::vector<std::string>& signers, std::string_view suite) const;
};

// Strict: unknown keys, a fingerprint that is none or stands there twice, more signatures asked for than there are keys
// are ParseErrors with their line.
ArchiveKeys ParseArchiveKeys(std::string_view text, std::string_view name);
// The whole file, with a heading for people. Comments of the old one are gone.
std::string FormatArchiveKeys(const ArchiveKeys& keys);

// "ABCD 0123 …" or "0xabcd…" as 40 upper-case hex digits. Nothing for anything else: short key ids can be forged.
std::optional<std::string> NormalFingerprint(std::string_view text);

}  // namespace nachbau
