#include "base/digest.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Context Start(const EVP_MD* algorithm) {
  Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot start a digest"));
  }
  return context;
}

template <std::size_t Size>
Digest<Size> Finish(EVP_MD_CTX* context) {
  Digest<Size> digest;
  unsigned length = 0;
  if (EVP_DigestFinal_ex(context, digest.bytes.data(), &length) != 1 || length != Size) {
    throw Error(Msg("OpenSSL cannot finish a digest"));
  }
  return digest;
}

template <std::size_t Size>
Digest<Size> ParseDigest(std::string_view text, std::string_view name) {
  const auto bytes = DecodeHex(text);
  if (!bytes || bytes->size() != Size) {
    throw ParseError(name, 0, Msg("not a digest of {} hexadecimal digits: {}", Size * 2, Printable(text.substr(0, 140))));
  }
  Digest<Size> digest;
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(digest.bytes.data()));
  return digest;
}

}  // namespace

template <std::size_t Size>
std::string Digest<Size>::Hex() const {
  return EncodeHex(View());
}
template struct Digest<32>;
template struct Digest<64>;

Sha256Digest ParseSha256(std::string_view text, std::string_view name) { return ParseDigest<32>(text, name); }
Sha512Digest ParseSha512(std::string_view text, std::string_view name) { return ParseDigest<64>(text, name); }

struct ContentHasher::State {
  Context sha256 = Start(EVP_sha256());
  Context sha512 = Start(EVP_sha512());
  std::uint64_t size = 0;
};

ContentHasher::ContentHasher() : state_(std::make_unique<State>()) {}
ContentHasher::~ContentHasher() = default;
ContentHasher::ContentHasher(ContentHasher&&) noexcept = default;
ContentHasher& ContentHasher::operator=(ContentHasher&&) noexcept = default;

void ContentHasher::Update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->sha256.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestUpdate(state_->sha512.get(), bytes.data(), bytes.size()) != 1) {
    throw Error(Msg("OpenSSL cannot update a digest"));
  }
  state_->size += bytes.size();
}

ContentId ContentHasher::Finish() {
  return {state_->size, nachbau::Finish<32>(state_->sha256.get()), nachbau::Finish<64>(state_->sha512.get())};
}

struct Sha256Hasher::State {
  Context context = Start(EVP_sha256());
};

Sha256Hasher::Sha256Hasher() : state_(std::make_unique<State>()) {}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::Update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) {
    throw Error(Msg("OpenSSL cannot update a digest"));
  }
}

Sha256Digest Sha256Hasher::Finish() {
  const Sha256Digest digest = nachbau::Finish<32>(state_->context.get());
  if (EVP_DigestInit_ex(state_->context.get(), nullptr, nullptr) != 1) {  // the same algorithm again
    throw Error(Msg("OpenSSL cannot start a digest"));
  }
  return digest;
}

Sha256Digest Sha256(std::string_view bytes) {
  const Context context = Start(EVP_sha256());
  if (EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1) {
    throw Error(Msg("OpenSSL cannot update a digest"));
  }
  return Finish<32>(context.get());
}

ContentId HashBytes(std::string_view bytes) {
  ContentHasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

ContentId HashDescriptor(const FileDescriptor& fd, std::string_view name) {
  ContentHasher hasher;
  ReadPieces(fd, name, [&](std::string_view piece) { hasher.Update(piece); });
  return hasher.Finish();
}

}  // namespace nachbau
