// Paragraphs of Packages and Sources indexes, made from what the packages say of themselves.
//
// Files lie where nothing ever takes their place: pool/<start of the source's name>/<source>/<SHA-256>/<file name>,
// with the SHA-256 of the binary package, or of the .dsc for all files of a source. So a published file never changes,
// and two packages of one name and version may lie side by side.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "mirror/debian_source.h"

namespace nachbau::mirror {

struct RepositoryFile {
  std::string path;  // below the repository
  std::uint64_t size = 0;
  Sha256Digest sha256;
  auto operator<=>(const RepositoryFile&) const = default;
};

struct BinaryEntry {
  std::string package, version, architecture;
  std::string source, source_version;
  RepositoryFile file;
  std::string paragraph;  // of a Packages index, ends with one newline
};

struct SourceEntry {
  std::string package, version;
  std::vector<RepositoryFile> files;  // the .dsc too; sorted by path
  std::string paragraph;              // of a Sources index, ends with one newline
};

// From the control file of a binary package. Throws ParseError for names, versions and architectures that are none.
BinaryEntry MakeBinaryEntry(std::string_view control, const ContentId& content, const std::string& file_name);

// From a .dsc, with or without its signature. Weak digests are left out.
SourceEntry MakeSourceEntry(std::string_view dsc, const ContentId& content, const std::string& file_name);

}  // namespace nachbau::mirror
