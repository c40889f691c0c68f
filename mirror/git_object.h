// Git objects as bytes: what they point at, and what of them is signed. gitformat-signature(5), git-fsck(1).
//
// Own and strict, because libgit2 passes over much of what git fsck reports, and because a signature covers the bytes and
// not what a parser makes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::mirror {

enum class GitType { kBlob, kTree, kCommit, kTag };
std::string_view Name(GitType type);  // "blob", "tree", "commit", "tag"

struct GitTreeItem {
  std::uint32_t mode = 0;  // as in the tree: 0100644, 0100755, 0120000, 040000, 0160000
  std::string_view name;
  std::string id;          // 40 hexadecimal digits
  bool IsSubmodule() const { return mode == 0160000; }
  bool IsDirectory() const { return mode == 040000; }
};

// What is wrong without making it unreadable: modes of old versions, names that no checkout should have, wrong order.
using GitIrregularity = std::function<void(const std::string& detail)>;

// The entries of a tree. Throws ParseError naming `name` for bytes that are none.
std::vector<GitTreeItem> ParseGitTree(std::string_view bytes, std::string_view name, const GitIrregularity& irregular);

// A commit or a tag.
struct GitHeaders {
  std::string tree;                  // of a commit
  std::vector<std::string> parents;  // of a commit
  std::string target;                // of a tag
  std::string target_type;           // of a tag: "commit", "tree", "blob", "tag"
  std::string tag_name;              // of a tag
  std::int64_t time = 0;             // of committer or tagger, seconds; 0 where there is none
  std::string signature;             // armored; empty where it is not signed
  std::string payload;               // the bytes that the signature covers; empty where it is not signed
};
GitHeaders ParseGitCommit(std::string_view bytes, std::string_view name, const GitIrregularity& irregular);
GitHeaders ParseGitTag(std::string_view bytes, std::string_view name, const GitIrregularity& irregular);

// A file that stands for a large one (Git LFS specification, "The Pointer").
struct LargeFilePointer {
  std::string sha256;      // 64 hexadecimal digits
  std::uint64_t size = 0;  // bytes
  auto operator<=>(const LargeFilePointer&) const = default;
};
inline constexpr std::size_t kMaxPointer = 1024;  // bytes; larger files are never pointers
bool IsLargeFilePointer(std::string_view bytes);
// Of bytes that begin as one. Throws ParseError.
LargeFilePointer ParseLargeFilePointer(std::string_view bytes, std::string_view name);

// .gitmodules (gitmodules(5), in the syntax of git-config(1)): the submodules that have a path and a URL.
struct GitModule {
  std::string name, path, url;
  auto operator<=>(const GitModule&) const = default;
};
// Throws ParseError with the line.
std::vector<GitModule> ParseGitModules(std::string_view text, std::string_view name);

}  // namespace nachbau::mirror
