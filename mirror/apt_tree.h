// A private directory tree for libapt-pkg: package indexes and nothing of the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace nachbau::mirror {

// Lists, an empty dpkg status, a sources.list.
class AptTree {
 public:
  // In an empty directory that outlives this.
  explicit AptTree(std::filesystem::path directory);

  // Adds the next Packages index, under the (clear-signed or plain) Release file it belongs to. Earlier ones win where
  // the same package is in several. Returns the file that the caller has to write its plain text to before solving.
  std::filesystem::path AddIndex(std::string_view release);
  std::filesystem::path PackagesPath(std::uint32_t index) const;  // 0-based, in the order of AddIndex
  std::uint32_t index_count() const { return index_count_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  std::string sources_list_;
  std::uint32_t index_count_ = 0;
};

}  // namespace nachbau::mirror
