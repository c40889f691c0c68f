// A tarball of a commit, byte for byte as `git archive --format=tar --prefix=source/ COMMIT` writes it: POSIX ustar
// with the commit in a global pax header, entries in the order of the tree, owner root, the time of the commit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace nachbau::mirror {

inline constexpr const char* kSourcePrefix = "source/";

struct TarballEntry {
  enum class Type { kFile, kExecutable, kSymlink, kDirectory } type = Type::kFile;
  std::string path;       // with prefix; of a directory with a final slash
  std::string object;     // the object's id, 40 hexadecimal digits
  std::string_view data;  // of a file its content, of a symbolic link its target
};

class CommitTarball {
 public:
  // `sink` gets the bytes. Writes the header of the commit.
  CommitTarball(std::function<void(std::string_view)> sink, const std::string& commit, std::int64_t time);
  void Add(const TarballEntry& entry);
  void Finish();

 private:
  void WriteHeader(const std::string& header_name, char type, unsigned mode, std::uint64_t size,
                   const std::string& prefix, const std::string& link);
  void WriteData(std::string_view data);
  void Write(std::string_view bytes);

  std::function<void(std::string_view)> sink_;
  std::int64_t time_;
  std::uint64_t written_ = 0;
};

}  // namespace nachbau::mirror
