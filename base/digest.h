// SHA-256 and SHA-512 (FIPS 180-4), computed together in one pass over the bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace nachbau {

// A digest value. Distinct types, so that one kind never passes for the other.
template <std::size_t Size>
struct Digest {
  std::array<std::uint8_t, Size> bytes{};

  // Lower-case hexadecimal.
  std::string Hex() const;
  std::string_view View() const { return {reinterpret_cast<const char*>(bytes.data()), Size}; }
  auto operator<=>(const Digest&) const = default;
};
using Sha256Digest = Digest<32>;
using Sha512Digest = Digest<64>;

// Throws ParseError unless `text` is exactly the lower-case hexadecimal form. `name` says where the text stood.
Sha256Digest ParseSha256(std::string_view text, std::string_view name);
Sha512Digest ParseSha512(std::string_view text, std::string_view name);

// What identifies a piece of content everywhere in this program.
struct ContentId {
  std::uint64_t size = 0;  // bytes
  Sha256Digest sha256;
  Sha512Digest sha512;
  auto operator<=>(const ContentId&) const = default;
};

// Feeds both hash functions. Not safe from several threads at once.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;
  void Update(std::string_view bytes);
  ContentId Finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// SHA-256 alone, for checking bytes against a name: with the processor's SHA instructions three times as fast as both.
// Not safe from several threads at once.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;
  void Update(std::string_view bytes);
  Sha256Digest Finish();  // and starts anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest Sha256(std::string_view bytes);
ContentId HashBytes(std::string_view bytes);
ContentId HashDescriptor(const FileDescriptor& fd, std::string_view name);

}  // namespace nachbau

template <std::size_t Size>
struct std::hash<nachbau::Digest<Size>> {
  std::size_t operator()(const nachbau::Digest<Size>& digest) const noexcept {
    std::size_t value = 0;  // a digest is uniform already: its first bytes will do
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | digest.bytes[i];
    return value;
  }
};
