#include "base/signature.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "base/freed_by.h"

namespace nachbau {
namespace {

using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreedBy<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedPkcs8 = std::unique_ptr<X509_SIG, FreedBy<X509_SIG_free>>;

constexpr std::size_t kSignatureSize = 64;
constexpr std::size_t kMaxPem = 64 << 10;
// RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING (33 bytes, 0 unused bits) }
constexpr std::array<std::uint8_t, 12> kDerPrefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

using Point = std::array<std::uint8_t, 32>;  // y, little-endian; the top bit is the sign of x

// The y coordinates of the eight points whose order divides 8 (RFC 7748, section 4.1, and its doubling formulas;
// tests/base/signature_test.cc derives them again).
constexpr std::array<Point, 5> kLowOrder = {{
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

// Canonical (y < 2^255 - 19) and not of low order. Signers never make anything else, and implementations disagree about
// the rest, which must not be how two auditors come to different answers.
bool IsAcceptable(Point point) {
  point[31] &= 0x7f;
  const bool high = point[31] == 0x7f && std::all_of(point.begin() + 1, point.begin() + 31,
                                                     [](std::uint8_t byte) { return byte == 0xff; });
  if (high && point[0] >= 0xed) return false;
  return std::find(kLowOrder.begin(), kLowOrder.end(), point) == kLowOrder.end();
}

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

[[noreturn]] void Fail(const char* what) {
  ERR_clear_error();
  throw Error(Msg("OpenSSL cannot {}", std::string_view(what)));
}

Bio ReadingBio(std::string_view text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) Fail("allocate memory");
  return bio;
}

std::string Content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Ed25519PublicKey RawPublicKey(const EVP_PKEY* key) {
  Ed25519PublicKey result;
  std::size_t size = result.bytes.size();
  if (EVP_PKEY_get_raw_public_key(key, result.bytes.data(), &size) != 1 || size != result.bytes.size()) {
    Fail("read a public key");
  }
  return result;
}

// OpenSSL's callback for a passphrase; exceptions must not cross its frames.
struct Passphrase {
  const std::function<std::string()>* ask;
  bool asked = false;
  std::exception_ptr failure;

  static int Get(char* buffer, int size, int, void* self) {
    auto* passphrase = static_cast<Passphrase*>(self);
    try {
      if (!*passphrase->ask) return -1;
      passphrase->asked = true;
      std::string text = (*passphrase->ask)();
      const bool fits = text.size() <= static_cast<std::size_t>(size);
      if (fits) std::copy(text.begin(), text.end(), buffer);
      const int length = fits ? static_cast<int>(text.size()) : -1;
      OPENSSL_cleanse(text.data(), text.size());
      return length;
    } catch (...) {
      passphrase->failure = std::current_exception();
      return -1;
    }
  }
};

}  // namespace

std::string PublicKeyDer(const Ed25519PublicKey& key) {
  std::string der(reinterpret_cast<const char*>(kDerPrefix.data()), kDerPrefix.size());
  return der.append(key.View());
}

std::string PublicKeyPem(const Ed25519PublicKey& key) {
  const Key pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!pkey || !bio || PEM_write_bio_PUBKEY(bio.get(), pkey.get()) != 1) Fail("write a public key");
  return Content(bio.get());
}

Ed25519PublicKey ParsePublicKeyPem(std::string_view pem, std::string_view name) {
  if (pem.size() > kMaxPem) throw ParseError(name, 0, Msg("larger than the limit of {} bytes", kMaxPem));
  const Bio bio = ReadingBio(pem);
  const Key pkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!pkey) throw ParseError(name, 0, Msg("not a public key in PEM form"));
  if (EVP_PKEY_get_id(pkey.get()) != EVP_PKEY_ED25519) throw ParseError(name, 0, Msg("not an Ed25519 key"));
  const Ed25519PublicKey key = RawPublicKey(pkey.get());
  if (!IsAcceptable(key.bytes)) throw ParseError(name, 0, Msg("not an acceptable Ed25519 key"));
  return key;
}

std::string KeyIdOf(const Ed25519PublicKey& key) { return Sha256(PublicKeyDer(key)).Hex(); }

SignatureCheck CheckSignature(const Ed25519PublicKey& key, std::string_view message, std::string_view signature) {
  if (!IsAcceptable(key.bytes)) return SignatureCheck::kUnacceptableKey;
  if (signature.size() != kSignatureSize) return SignatureCheck::kMalformed;
  Point r;
  std::memcpy(r.data(), signature.data(), r.size());
  if (!IsAcceptable(r)) return SignatureCheck::kMalformed;
  const Key pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const DigestContext context(EVP_MD_CTX_new());
  if (!pkey || !context) Fail("check a signature");
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) != 1) Fail("check a signature");
  const int result =
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message), message.size());
  ERR_clear_error();
  return result == 1 ? SignatureCheck::kGood : SignatureCheck::kMismatch;
}

struct Ed25519PrivateKey::State {
  Key key;
};

Ed25519PrivateKey::Ed25519PrivateKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ed25519PrivateKey::~Ed25519PrivateKey() = default;
Ed25519PrivateKey::Ed25519PrivateKey(Ed25519PrivateKey&&) noexcept = default;
Ed25519PrivateKey& Ed25519PrivateKey::operator=(Ed25519PrivateKey&&) noexcept = default;

Ed25519PrivateKey Ed25519PrivateKey::Generate() {
  auto state = std::make_unique<State>();
  state->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!state->key) Fail("make a key");
  return Ed25519PrivateKey(std::move(state));
}

Ed25519PrivateKey Ed25519PrivateKey::ParsePem(std::string_view pem, std::string_view name,
                                              const std::function<std::string()>& ask) {
  if (pem.size() > kMaxPem) throw ParseError(name, 0, Msg("larger than the limit of {} bytes", kMaxPem));
  auto state = std::make_unique<State>();
  const Bio bio = ReadingBio(pem);
  Passphrase passphrase{&ask, false, nullptr};
  state->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, &Passphrase::Get, &passphrase));
  ERR_clear_error();
  if (passphrase.failure) std::rethrow_exception(passphrase.failure);
  if (!state->key) {
    if (passphrase.asked) throw ParseError(name, 0, Msg("wrong passphrase, or damaged"));
    if (pem.find("ENCRYPTED") != pem.npos) throw ParseError(name, 0, Msg("encrypted, and no passphrase was given"));
    throw ParseError(name, 0, Msg("not a private key in PEM form"));
  }
  if (EVP_PKEY_get_id(state->key.get()) != EVP_PKEY_ED25519) throw ParseError(name, 0, Msg("not an Ed25519 key"));
  return Ed25519PrivateKey(std::move(state));
}

std::string Ed25519PrivateKey::Pem(std::string_view passphrase) const {
  // Memory from the secure heap where there is one, wiped when freed.
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio) Fail("allocate memory");
  if (passphrase.empty()) {
    if (PEM_write_bio_PKCS8PrivateKey(bio.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
      Fail("write a private key");
    }
    return Content(bio.get());
  }
  // PEM_write_bio_PKCS8PrivateKey would derive the key by PBKDF2 with 2048 rounds; scrypt (RFC 7914, 16 MiB) is what
  // slows a guesser down.
  const Pkcs8 info(EVP_PKEY2PKCS8(state_->key.get()));
  X509_ALGOR* algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, 1 << 14, 8, 1);
  if (!info || algorithm == nullptr) Fail("encrypt a private key");
  const EncryptedPkcs8 encrypted(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), info.get(), algorithm));
  if (!encrypted) {
    X509_ALGOR_free(algorithm);
    Fail("encrypt a private key");
  }
  if (PEM_write_bio_PKCS8(bio.get(), encrypted.get()) != 1) Fail("write a private key");
  return Content(bio.get());
}

Ed25519PublicKey Ed25519PrivateKey::PublicKey() const { return RawPublicKey(state_->key.get()); }

std::string Ed25519PrivateKey::Sign(std::string_view message) const {
  const DigestContext context(EVP_MD_CTX_new());
  std::string signature(kSignatureSize, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, Bytes(message),
                     message.size()) != 1 ||
      size != kSignatureSize) {
    Fail("sign");
  }
  return signature;
}

}  // namespace nachbau
