// Ed25519 signatures (RFC 8032) through OpenSSL, with the strict rule of acceptance: all verifiers must agree on what a
// good signature is, and OpenSSL alone accepts encodings that others refuse.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace nachbau {

struct Ed25519PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  std::string_view View() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  auto operator<=>(const Ed25519PublicKey&) const = default;
};

// SubjectPublicKeyInfo (RFC 8410) as DER and as PEM.
std::string PublicKeyDer(const Ed25519PublicKey& key);
std::string PublicKeyPem(const Ed25519PublicKey& key);
// Throws ParseError naming `name` for anything but one Ed25519 public key that may verify signatures.
Ed25519PublicKey ParsePublicKeyPem(std::string_view pem, std::string_view name);
// Lower-case hex SHA-256 of the DER SubjectPublicKeyInfo.
std::string KeyIdOf(const Ed25519PublicKey& key);

// Does not convert to bool; only kGood is a pass.
enum class SignatureCheck {
  kNotChecked,
  kUnacceptableKey,  // not canonical, or of low order: such a key "verifies" signatures nobody made
  kMalformed,        // not 64 bytes, or R not canonical or of low order
  kMismatch,
  kGood,
};
[[nodiscard]] SignatureCheck CheckSignature(const Ed25519PublicKey& key, std::string_view message,
                                            std::string_view signature);

// A private key in memory; wiped at the end.
class Ed25519PrivateKey {
 public:
  static Ed25519PrivateKey Generate();
  // PKCS#8 PEM. `passphrase` is asked only when the key is encrypted. Throws ParseError naming `name`, also for a wrong
  // passphrase.
  static Ed25519PrivateKey ParsePem(std::string_view pem, std::string_view name,
                                    const std::function<std::string()>& passphrase);
  ~Ed25519PrivateKey();
  Ed25519PrivateKey(Ed25519PrivateKey&&) noexcept;
  Ed25519PrivateKey& operator=(Ed25519PrivateKey&&) noexcept;

  // PKCS#8 PEM; encrypted (PBES2, scrypt, AES-256-CBC) unless `passphrase` is empty.
  std::string Pem(std::string_view passphrase) const;
  Ed25519PublicKey PublicKey() const;
  std::string Sign(std::string_view message) const;  // 64 bytes

 private:
  struct State;
  explicit Ed25519PrivateKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nachbau
