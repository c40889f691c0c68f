// Public keys of foreign signatures: JSON Web Keys (RFC 7517, 7518, 8037), X.509 certificates, PEM; and the check of
// one signature by them (JSON Web Algorithms, RFC 7518 and 8037), through OpenSSL.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/message.h"

namespace nachbau::sbom {

// RFC 4648, section 5, without padding (RFC 7515, appendix C). Nothing for anything else.
std::optional<std::string> DecodeBase64Url(std::string_view text);
std::string EncodeBase64Url(std::string_view bytes);

class SignatureKey {
 public:
  // Each throws ParseError naming `place`: malformed, of a kind or size that is not accepted (RSA below 2048 or above
  // 8192 bits, other curves than P-256, P-384, P-521, Ed25519, Ed448), or not a valid point.
  static SignatureKey FromJwk(const Json& jwk, const std::string& place);
  static SignatureKey FromPem(std::string_view pem, const std::string& place);
  // The key in a DER certificate, and what it says whose it is. Nobody has checked who issued it.
  static SignatureKey FromCertificate(std::string_view der, const std::string& place);

  SignatureKey(SignatureKey&&) noexcept;
  SignatureKey& operator=(SignatureKey&&) noexcept;
  ~SignatureKey();

  const std::string& fingerprint() const;  // lower-case hex SHA-256 of the SubjectPublicKeyInfo
  const std::string& kind() const;         // "Ed25519", "Ed448", "P-256", "P-384", "P-521", "RSA 3072"
  const std::string& subject() const;      // of a certificate: "CN=…"

  enum class Check { kNotChecked, kWrongKind, kMalformed, kMismatch, kGood };
  // `algorithm` is JWA's: ES256 … ES512, RS256 … RS512, PS256 … PS512, Ed25519, Ed448.
  [[nodiscard]] Check Verify(std::string_view algorithm, std::string_view message, std::string_view signature) const;

 private:
  struct State;
  explicit SignatureKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// True for the algorithms that Verify knows.
bool IsKnownAlgorithm(std::string_view algorithm);

}  // namespace nachbau::sbom
