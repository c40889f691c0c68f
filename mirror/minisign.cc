#include "mirror/minisign.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::mirror {
namespace {

constexpr std::string_view kUntrusted = "untrusted comment: ";
constexpr std::string_view kTrusted = "trusted comment: ";
constexpr std::size_t kMaxLine = 8192;
constexpr std::size_t kKeySize = 32, kSignatureSize = 64, kKeyIdSize = 8;

std::vector<std::string_view> Lines(std::string_view text, std::string_view name) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    lines.push_back(line);
    if (line.size() > kMaxLine || lines.size() > 4) throw ParseError(name, lines.size(), Msg("not a file of minisign or signify"));
    if (std::any_of(line.begin(), line.end(),
                    [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; })) {
      throw ParseError(name, lines.size(), Msg("control byte"));
    }
  }
  if (lines.empty() || !lines[0].starts_with(kUntrusted)) {
    throw ParseError(name, 1, Msg("not a file of minisign or signify"));
  }
  return lines;
}

// The bytes of a base64 line: algorithm, key id, and `size` more.
std::string Decode(const std::vector<std::string_view>& lines, std::size_t line, std::size_t size, std::string_view name) {
  const auto bytes = DecodeBase64(lines.at(line));
  if (!bytes || bytes->size() != size) throw ParseError(name, line + 1, Msg("not base64 of {} bytes", size));
  return *bytes;
}

std::array<std::uint8_t, kKeyIdSize> IdIn(std::string_view bytes) {
  std::array<std::uint8_t, kKeyIdSize> id{};
  for (std::size_t i = 0; i < kKeyIdSize; ++i) id[i] = static_cast<std::uint8_t>(bytes[2 + i]);
  return id;
}

// As minisign shows it: a little-endian number.
std::string Show(const std::array<std::uint8_t, kKeyIdSize>& id) {
  std::string bytes(id.rbegin(), id.rend());
  std::string text = EncodeHex(bytes);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string Blake2b(std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(message.data(), message.size(), digest.data(), &size, EVP_blake2b512(), nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot compute BLAKE2b"));
  }
  return std::string(digest.begin(), digest.begin() + size);
}

}  // namespace

bool IsMinisignFile(std::string_view text) { return text.starts_with(kUntrusted); }

MinisignKey ParseMinisignKey(std::string_view text, std::string_view name) {
  const std::vector<std::string_view> lines = Lines(text, name);
  if (lines.size() != 2) throw ParseError(name, lines.size(), Msg("a public key has two lines"));
  const std::string bytes = Decode(lines, 1, 2 + kKeyIdSize + kKeySize, name);
  if (!bytes.starts_with("Ed")) throw ParseError(name, 2, Msg("not an Ed25519 key"));
  MinisignKey key;
  key.key_id = IdIn(bytes);
  std::copy(bytes.begin() + 2 + kKeyIdSize, bytes.end(), key.key.bytes.begin());
  return key;
}

MinisignSignature ParseMinisignSignature(std::string_view text, std::string_view name) {
  const std::vector<std::string_view> lines = Lines(text, name);
  if (lines.size() != 2 && lines.size() != 4) {
    throw ParseError(name, lines.size(), Msg("a signature has two lines (signify) or four (minisign)"));
  }
  const std::string bytes = Decode(lines, 1, 2 + kKeyIdSize + kSignatureSize, name);
  MinisignSignature signature;
  signature.prehashed = bytes.starts_with("ED");
  if (!bytes.starts_with("Ed") && !(signature.prehashed && lines.size() == 4)) {
    throw ParseError(name, 2, Msg("not an Ed25519 signature"));
  }
  signature.key_id = IdIn(bytes);
  signature.signature = bytes.substr(2 + kKeyIdSize);
  if (lines.size() == 4) {
    if (!lines[2].starts_with(kTrusted)) throw ParseError(name, 3, Msg("there is no trusted comment"));
    signature.trusted_comment = lines[2].substr(kTrusted.size());
    signature.comment_signature = Decode(lines, 3, kSignatureSize, name);
  }
  return signature;
}

SignatureVerdict CheckMinisign(std::string_view message, const MinisignSignature& signature, const MinisignKey& key) {
  SignatureVerdict verdict;
  verdict.signer = Show(signature.key_id);
  if (signature.key_id != key.key_id) {
    verdict.outcome = SignatureOutcome::kUnknownKey;
    verdict.detail = "made by a key that is not among those given";
    return verdict;
  }
  verdict.outcome = SignatureOutcome::kBad;
  const SignatureCheck check =
      signature.prehashed ? CheckSignature(key.key, Blake2b(message), signature.signature)
                          : CheckSignature(key.key, message, signature.signature);
  if (check != SignatureCheck::kGood) {
    verdict.detail = "does not fit the bytes that it should be for";
    return verdict;
  }
  if (signature.trusted_comment) {
    if (CheckSignature(key.key, signature.signature + *signature.trusted_comment, signature.comment_signature) !=
        SignatureCheck::kGood) {
      verdict.detail = "the trusted comment is not what was signed";
      return verdict;
    }
    verdict.detail = Printable(*signature.trusted_comment);
  }
  verdict.outcome = SignatureOutcome::kGood;
  return verdict;
}

}  // namespace nachbau::mirror
