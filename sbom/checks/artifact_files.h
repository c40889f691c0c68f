// The files that an SBOM is about, where they are at hand: a folder of artifacts, and what lies in the Debian packages of
// it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace nachbau::sbom {

struct ArtifactFile {
  std::string path;  // "hello_1_amd64.deb", "hello_1_amd64.deb/usr/bin/hello"; foreign text
  ContentId content;
  // By its first bytes. Scripts are executable where their mode says so; ELF files are programs and shared libraries,
  // not objects, and not the separate debug information below /usr/lib/debug.
  bool elf = false;
  bool script = false;
  bool archive = false;
  bool executable() const { return elf || script; }
};

class ArtifactFiles {
 public:
  // Reads all of them once. Symbolic links and special files are passed over. Throws ParseError for a damaged package,
  // Error for more than kMaxFiles files or kMaxBytes bytes.
  explicit ArtifactFiles(const std::filesystem::path& directory);

  static constexpr std::size_t kMaxFiles = 2'000'000;
  static constexpr std::uint64_t kMaxBytes = 64ULL << 30;

  const std::vector<ArtifactFile>& files() const { return files_; }
  // By the last part of their path; positions in files().
  std::vector<std::size_t> WithName(std::string_view file_name) const;
  // Any with this SHA-512 (lower-case hexadecimal); nullptr without.
  const ArtifactFile* WithSha512(std::string_view hex) const;

 private:
  struct Budget;
  void ReadPackage(const std::filesystem::path& directory, const std::filesystem::path& name, Budget& budget);
  void Add(ArtifactFile file);

  std::vector<ArtifactFile> files_;
  std::multimap<std::string, std::size_t, std::less<>> by_name_;
  std::map<std::string, std::size_t, std::less<>> by_sha512_;
};

}  // namespace nachbau::sbom
