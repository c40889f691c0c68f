// Digests by any algorithm that OpenSSL has, for names that others gave: git's SHA-1, what a foreign SBOM uses. Our own
// names are in base/digest.h.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/freed_by.h"

namespace nachbau {

// Not safe from several threads at once. Throws Error when OpenSSL refuses.
class OpenSslDigest {
 public:
  explicit OpenSslDigest(const EVP_MD* algorithm);  // EVP_sha1() …
  void Update(std::string_view bytes);
  std::string Finish();  // once; the bytes

 private:
  static void Free(EVP_MD_CTX* context);
  std::unique_ptr<EVP_MD_CTX, FreedBy<&OpenSslDigest::Free>> context_;
};

// The name of a git object begins with its type and size: "blob 5\0". Then come its bytes.
OpenSslDigest StartGitObject(const EVP_MD* algorithm, std::string_view type, std::uint64_t size);

}  // namespace nachbau
