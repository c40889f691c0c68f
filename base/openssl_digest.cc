#include "base/openssl_digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/error.h"

namespace nachbau {

OpenSslDigest::OpenSslDigest(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot start a digest"));
  }
}

void OpenSslDigest::Free(EVP_MD_CTX* context) { EVP_MD_CTX_free(context); }

void OpenSslDigest::Update(std::string_view bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
    throw Error(Msg("OpenSSL cannot update a digest"));
}

std::string OpenSslDigest::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) throw Error(Msg("OpenSSL cannot finish a digest"));
  return std::string(digest.begin(), digest.begin() + size);
}

OpenSslDigest StartGitObject(const EVP_MD* algorithm, std::string_view type, std::uint64_t size) {
  OpenSslDigest digest(algorithm);
  digest.Update(std::string(type) + " " + std::to_string(size) + std::string(1, '\0'));
  return digest;
}

}  // namespace nachbau
