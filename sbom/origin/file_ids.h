// The names under which the world knows the content of a file, computed in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/json.h"

namespace nachbau::sbom {

struct FileIds {
  ContentId content;
  std::string git_sha1;    // hexadecimal: of git's blob object, "blob SIZE\0" and the bytes
  std::string git_sha256;  // the same with SHA-256
  auto operator<=>(const FileIds&) const = default;

  // OmniBOR artifact identifiers: "gitoid:blob:sha1:…", "gitoid:blob:sha256:…" (scheme gitoid, IANA).
  std::string GitoidSha1() const { return "gitoid:blob:sha1:" + git_sha1; }
  std::string GitoidSha256() const { return "gitoid:blob:sha256:" + git_sha256; }
  // ISO/IEC 18670: "swh:1:cnt:…".
  std::string Swhid() const { return "swh:1:cnt:" + git_sha1; }
};

// Not safe from several threads at once.
class FileIdHasher {
 public:
  // size: how many bytes will come; git's objects begin with it.
  explicit FileIdHasher(std::uint64_t size);
  ~FileIdHasher();
  FileIdHasher(const FileIdHasher&) = delete;
  FileIdHasher& operator=(const FileIdHasher&) = delete;
  void Update(std::string_view bytes);
  // Once. Throws Error when another number of bytes came.
  FileIds Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

FileIds ComputeFileIds(std::string_view bytes);

}  // namespace nachbau::sbom
