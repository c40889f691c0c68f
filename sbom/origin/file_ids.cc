#include "sbom/origin/file_ids.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/openssl_digest.h"

namespace nachbau::sbom {

struct FileIdHasher::State {
  explicit State(std::uint64_t bytes)
      : size(bytes),
        git_sha1(StartGitObject(EVP_sha1(), "blob", bytes)),
        git_sha256(StartGitObject(EVP_sha256(), "blob", bytes)) {}
  std::uint64_t size;
  ContentHasher content;
  OpenSslDigest git_sha1, git_sha256;
};

FileIdHasher::FileIdHasher(std::uint64_t size) : state_(std::make_unique<State>(size)) {}
FileIdHasher::~FileIdHasher() = default;

void FileIdHasher::Update(std::string_view bytes) {
  state_->content.Update(bytes);
  state_->git_sha1.Update(bytes);
  state_->git_sha256.Update(bytes);
}

FileIds FileIdHasher::Finish() {
  FileIds ids{state_->content.Finish(), EncodeHex(state_->git_sha1.Finish()), EncodeHex(state_->git_sha256.Finish())};
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
