#include "sbom/documents/signature_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/freed_by.h"
#include "base/signature.h"

namespace nachbau::sbom {
namespace {

using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using Bio = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;
using Number = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreedBy<ECDSA_SIG_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreedBy<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreedBy<OSSL_PARAM_free>>;

constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;  // more only costs time
constexpr std::size_t kMaxKeyText = 64 << 10;

struct Curve {
  const char* jose;  // crv
  const char* openssl;
  const char* algorithm;  // the only one that JWA allows with it
  std::size_t size;       // bytes of a coordinate
};
constexpr std::array<Curve, 3> kCurves = {
    {{"P-256", "prime256v1", "ES256", 32}, {"P-384", "secp384r1", "ES384", 48}, {"P-521", "secp521r1", "ES512", 66}}};

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string Coordinate(const Json& jwk, const char* member, const std::string& place) {
  const auto bytes = DecodeBase64Url(TextMember(jwk, member));
  if (!bytes || bytes->empty()) throw ParseError(place + "/" + member, 0, Msg("must be base64url without padding"));
  return *bytes;
}

Key FromParameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1) {
    EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get());
  }
  ERR_clear_error();
  return Key(made);
}

Key EcKey(const Json& jwk, const std::string& place) {
  const std::string name = TextMember(jwk, "crv");
  const auto curve = std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& one) { return name == one.jose; });
  if (curve == kCurves.end())
    throw ParseError(place + "/crv", 0, Msg("not a curve that is accepted: {}", Printable(name)));
  const std::string x = Coordinate(jwk, "x", place), y = Coordinate(jwk, "y", place);
  if (x.size() != curve->size || y.size() != curve->size) {
    throw ParseError(place, 0, Msg("coordinates of {} have {} bytes", name, curve->size));
  }
  const std::string point = "\x04" + x + y;
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return FromParameters("EC", builder.get());
}

Key RsaKey(const Json& jwk, const std::string& place) {
  const std::string n = Coordinate(jwk, "n", place), e = Coordinate(jwk, "e", place);
  if (n.size() > kMaxRsaBits / 8 + 1 || e.size() > 8) throw ParseError(place, 0, Msg("an RSA key of unusual size"));
  const Number modulus(BN_bin2bn(Bytes(n), static_cast<int>(n.size()), nullptr));
  const Number exponent(BN_bin2bn(Bytes(e), static_cast<int>(e.size()), nullptr));
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder || BN_is_zero(modulus.get()) != 0 || BN_is_odd(exponent.get()) == 0 ||
      BN_is_one(exponent.get()) != 0 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return FromParameters("RSA", builder.get());
}

Key OkpKey(const Json& jwk, const std::string& place) {
  const std::string curve = TextMember(jwk, "crv");
  const int type = curve == "Ed25519" ? EVP_PKEY_ED25519 : curve == "Ed448" ? EVP_PKEY_ED448 : 0;
  if (type == 0) throw ParseError(place + "/crv", 0, Msg("not a curve that is accepted: {}", Printable(curve)));
  const std::string x = Coordinate(jwk, "x", place);
  Key key(EVP_PKEY_new_raw_public_key(type, nullptr, Bytes(x), x.size()));
  ERR_clear_error();
  return key;
}

const EVP_MD* DigestOf(std::string_view algorithm) {
  return algorithm.ends_with("256") ? EVP_sha256() : algorithm.ends_with("384") ? EVP_sha384() : EVP_sha512();
}

// JWA's signature is r and s side by side; OpenSSL wants them as ASN.1.
std::optional<std::string> EcdsaDer(std::string_view signature, std::size_t size) {
  if (signature.size() != 2 * size) return std::nullopt;
  const EcdsaSignature pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(Bytes(signature), static_cast<int>(size), nullptr);
  BIGNUM* s = BN_bin2bn(Bytes(signature.substr(size)), static_cast<int>(size), nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  if (length <= 0) return std::nullopt;
  std::string result(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return result;
}

}  // namespace

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  if (text.find('=') != text.npos || text.size() > kMaxKeyText) return std::nullopt;
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  return DecodeBase64(padded, Base64Alphabet::kUrlSafe);
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text = EncodeBase64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

struct SignatureKey::State {
  Key key;
  std::string fingerprint, kind, subject;
  std::size_t coordinate = 0;               // of a curve
  std::string algorithm;                    // that of the curve; empty for RSA
  std::optional<Ed25519PublicKey> ed25519;  // checked by the stricter rules of base/signature.h

  static std::unique_ptr<State> Make(Key key, const std::string& place) {
    if (!key) throw ParseError(place, 0, Msg("not an acceptable public key"));
    auto state = std::make_unique<State>();
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key.get(), &der);
    if (length <= 0) throw ParseError(place, 0, Msg("not an acceptable public key"));
    state->fingerprint = Sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)}).Hex();
    OPENSSL_free(der);
    switch (EVP_PKEY_get_base_id(key.get())) {
      case EVP_PKEY_ED25519: {
        Ed25519PublicKey raw;
        std::size_t size = raw.bytes.size();
        if (EVP_PKEY_get_raw_public_key(key.get(), raw.bytes.data(), &size) != 1) break;
        state->ed25519 = raw;
        state->kind = state->algorithm = "Ed25519";
        break;
      }
      case EVP_PKEY_ED448:
        state->kind = state->algorithm = "Ed448";
        break;
      case EVP_PKEY_RSA: {
        const int bits = EVP_PKEY_get_bits(key.get());
        if (bits < kMinRsaBits || bits > kMaxRsaBits) {
          throw ParseError(place, 0,
                           Msg("an RSA key of {} bits is not accepted: {} to {}", bits, kMinRsaBits, kMaxRsaBits));
        }
        state->kind = "RSA " + std::to_string(bits);
        break;
      }
      case EVP_PKEY_EC: {
        std::array<char, 64> name{};
        std::size_t size = 0;
        if (EVP_PKEY_get_group_name(key.get(), name.data(), name.size(), &size) != 1) break;
        for (const Curve& curve : kCurves) {
          if (std::string_view(curve.openssl) != name.data()) continue;
          state->kind = curve.jose;
          state->algorithm = curve.algorithm;
          state->coordinate = curve.size;
        }
        break;
      }
      default:
        break;
    }
    ERR_clear_error();
    if (state->kind.empty()) throw ParseError(place, 0, Msg("not a kind of key that is accepted"));
    state->key = std::move(key);
    return state;
  }
};

SignatureKey::SignatureKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SignatureKey::SignatureKey(SignatureKey&&) noexcept = default;
SignatureKey& SignatureKey::operator=(SignatureKey&&) noexcept = default;
SignatureKey::~SignatureKey() = default;

const std::string& SignatureKey::fingerprint() const { return state_->fingerprint; }
const std::string& SignatureKey::kind() const { return state_->kind; }
const std::string& SignatureKey::subject() const { return state_->subject; }

SignatureKey SignatureKey::FromJwk(const Json& jwk, const std::string& place) {
  const std::string type = TextMember(jwk, "kty");
  if (type == "EC") return SignatureKey(State::Make(EcKey(jwk, place), place));
  if (type == "RSA") return SignatureKey(State::Make(RsaKey(jwk, place), place));
  if (type == "OKP") return SignatureKey(State::Make(OkpKey(jwk, place), place));
  throw ParseError(place + "/kty", 0, Msg("must be EC, RSA or OKP"));
}

SignatureKey SignatureKey::FromPem(std::string_view pem, const std::string& place) {
  if (pem.size() > kMaxKeyText) throw ParseError(place, 0, Msg("larger than the limit of {} bytes", kMaxKeyText));
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) throw Error(Msg("OpenSSL cannot {}", std::string_view("allocate memory")));
  if (pem.find("BEGIN CERTIFICATE") != pem.npos) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!certificate) throw ParseError(place, 0, Msg("not a certificate in PEM form"));
    return SignatureKey(State::Make(Key(X509_get_pubkey(certificate.get())), place));
  }
  Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!key) throw ParseError(place, 0, Msg("not a public key in PEM form"));
  return SignatureKey(State::Make(std::move(key), place));
}

SignatureKey SignatureKey::FromCertificate(std::string_view der, const std::string& place) {
  const unsigned char* begin = Bytes(der);
  const Certificate certificate(d2i_X509(nullptr, &begin, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!certificate || begin != Bytes(der) + der.size()) throw ParseError(place, 0, Msg("not a certificate"));
  SignatureKey key(State::Make(Key(X509_get_pubkey(certificate.get())), place));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio && X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253) >= 0) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    key.state_->subject.assign(data, static_cast<std::size_t>(size));
  }
  ERR_clear_error();
  return key;
}

bool IsKnownAlgorithm(std::string_view algorithm) {
  constexpr std::array<std::string_view, 11> known = {"ES256", "ES384", "ES512", "RS256",   "RS384", "RS512",
                                                      "PS256", "PS384", "PS512", "Ed25519", "Ed448"};
  return std::find(known.begin(), known.end(), algorithm) != known.end();
}

SignatureKey::Check SignatureKey::Verify(std::string_view algorithm, std::string_view message,
                                         std::string_view signature) const {
  const bool rsa = algorithm.starts_with("RS") || algorithm.starts_with("PS");
  if (!IsKnownAlgorithm(algorithm) || (rsa ? !state_->algorithm.empty() : state_->algorithm != algorithm)) {
    return Check::kWrongKind;
  }
  if (state_->ed25519) {
    switch (CheckSignature(*state_->ed25519, message, signature)) {
      case SignatureCheck::kGood:
        return Check::kGood;
      case SignatureCheck::kMismatch:
        return Check::kMismatch;
      default:
        return Check::kMalformed;
    }
  }
  std::string der(signature);
  if (state_->coordinate != 0) {
    const auto converted = EcdsaDer(signature, state_->coordinate);
    if (!converted) return Check::kMalformed;
    der = *converted;
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // belongs to `context`
  const EVP_MD* digest = algorithm == "Ed448" ? nullptr : DigestOf(algorithm);
  if (!context || EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, state_->key.get()) != 1) {
    ERR_clear_error();
    throw Error(Msg("OpenSSL cannot {}", std::string_view("check a signature")));
  }
  // RFC 7518, section 3.5: the salt is as long as the digest, MGF1 uses the same digest (OpenSSL's default).
  if (algorithm.starts_with("PS") && (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
                                      EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    ERR_clear_error();
    throw Error(Msg("OpenSSL cannot {}", std::string_view("check a signature")));
  }
  const int result = EVP_DigestVerify(context.get(), Bytes(der), der.size(), Bytes(message), message.size());
  ERR_clear_error();
  return result == 1 ? Check::kGood : Check::kMismatch;
}

}  // namespace nachbau::sbom
