#include "mirror/apt_tree.h"

#include "base/file.h"

namespace nachbau::mirror {

AptTree::AptTree(std::filesystem::path directory) : directory_(std::move(directory)) {
  MakeDirectories(directory_ / "lists" / "partial");
  MakeDirectories(directory_ / "cache" / "archives" / "partial");
  MakeDirectories(directory_ / "etc");
  WriteFileAtomically(directory_ / "status", "", 0600, Durability::kNone);
  WriteFileAtomically(directory_ / "sources.list", "", 0600, Durability::kNone);
}

std::filesystem::path AptTree::PackagesPath(std::uint32_t index) const {
  // apt's own name for the Packages file of "deb file:/0 ./".
  return directory_ / "lists" / ("_" + std::to_string(index) + "_._Packages");
}

std::filesystem::path AptTree::AddIndex(std::string_view release) {
  const std::uint32_t index = index_count_++;
  if (!release.empty()) {
    const std::string name = "_" + std::to_string(index) + "_._InRelease";
    WriteFileAtomically(directory_ / "lists" / name, release, 0600, Durability::kNone);
  }
  // Nothing is verified here (trusted=yes): these are the plain texts of indexes that were verified when they came in.
  sources_list_ += "deb [trusted=yes] file:/" + std::to_string(index) + " ./\n";
  WriteFileAtomically(directory_ / "sources.list", sources_list_, 0600, Durability::kNone);
  return PackagesPath(index);
}

}  // namespace nachbau::mirror
