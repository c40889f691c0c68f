#include "sbom/origin/file_ids.h"

#include <openssl/evp.h>

#include <array>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

class GitHasher {
 public:
  GitHasher(const EVP_MD* algorithm, std::uint64_t size) : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1) {
      throw Error(Msg("OpenSSL cannot start a digest"));
    }
    Update("blob " + std::to_string(size) + std::string(1, '\0'));
  }
  void Update(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) {
      throw Error(Msg("OpenSSL cannot update a digest"));
    }
  }
  std::string Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) {
      throw Error(Msg("OpenSSL cannot finish a digest"));
    }
    return EncodeHex({reinterpret_cast<const char*>(digest.data()), size});
  }

 private:
  struct Freer {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Freer> context_;
};

}  // namespace

struct FileIdHasher::State {
  explicit State(std::uint64_t bytes) : size(bytes), git_sha1(EVP_sha1(), bytes), git_sha256(EVP_sha256(), bytes) {}
  std::uint64_t size;
  ContentHasher content;
  GitHasher git_sha1;
  GitHasher git_sha256;
};

FileIdHasher::FileIdHasher(std::uint64_t size) : state_(std::make_unique<State>(size)) {}
FileIdHasher::~FileIdHasher() = default;

void FileIdHasher::Update(std::string_view bytes) {
  state_->content.Update(bytes);
  state_->git_sha1.Update(bytes);
  state_->git_sha256.Update(bytes);
}

FileIds FileIdHasher::Finish() {
  FileIds ids{state_->content.Finish(), state_->git_sha1.Finish(), state_->git_sha256.Finish()};
  if (ids.content.size != state_->size) {
    throw Error(Msg("{} bytes came where {} were announced", ids.content.size, state_->size));
  }
  return ids;
}

FileIds ComputeFileIds(std::string_view bytes) {
  FileIdHasher hasher(bytes.size());
  hasher.Update(bytes);
  return hasher.Finish();
}

}  // namespace nachbau::sbom
