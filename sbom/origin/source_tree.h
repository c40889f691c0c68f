// The source as it was unpacked for the build, from the tarballs of the lock: every file with its digests, the patches
// of the distribution applied in memory. Nothing is written to a disk.
//
// Formats (dpkg-source(1)): "3.0 (quilt)", "3.0 (native)", "1.0"; of a script one tarball.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/lock.h"
#include "sbom/origin/file_ids.h"
#include "store/store.h"

namespace nachbau::sbom {

struct SourceFile {
  // Of the file as the build saw it. With `known` false nobody could say: a patch could not be applied here.
  FileIds ids;
  bool known = true;
  bool rewritten = false;            // the build wrote over it: what it had there afterwards is something else
  std::vector<std::string> patches;  // names of those that changed it, in order
};

// A patch of the source package (debian/patches/series), or its .diff.gz.
struct SourcePatch {
  std::string path;         // in the source: "debian/patches/fix.patch"; of a .diff.gz its file name
  std::string description;  // first line of DEP-3's Description or Subject
  std::string author;
  std::string origin;  // DEP-3: "upstream, https://…", "backport, …"
  std::string forwarded;
  std::vector<std::string> files;  // that it changes, sorted
};

struct SourceTree {
  std::map<std::string, SourceFile, std::less<>> files;  // by path in the source: "src/cache.c"
  std::vector<SourcePatch> patches;                      // in the order of application
  std::vector<std::string> problems;                     // English: what could not be read or applied, and why

  const SourceFile* Find(std::string_view path) const;
  // Paths with this content, sorted.
  const std::vector<std::string>& WithContent(const Sha256Digest& sha256) const;
  // Paths whose last part is `name`, sorted.
  const std::vector<std::string>& WithName(std::string_view name) const;
  // Fills what the two above look into. Called by ReadSourceTree.
  void Index();

 private:
  std::map<Sha256Digest, std::vector<std::string>> by_content_;
  std::map<std::string, std::vector<std::string>, std::less<>> by_name_;
};

// Throws ParseError for a damaged tarball, MissingError when the store does not hold one.
SourceTree ReadSourceTree(const Lock& lock, const Store& store);

// True for the files that a compiler turns into a unit: ".c", ".cc", ".S", ".f90", ".rs", ".go" …
bool IsCompiledSource(std::string_view path);

}  // namespace nachbau::sbom
