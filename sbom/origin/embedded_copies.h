// Copies of other projects' code in an ELF file, compiled from inside a product's own source: told by texts that a
// library is known for, as a table says. The table is that of lintian (its file data/binaries/embedded-libs), embedded
// at build time. docs/formats/sbom.md, docs/decisions/0077-embedded-copies.md
//
// A text says that code of a library is there, not of which version, and nothing of libraries that the table lacks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

// One line of the table: `key || [source=… | source-regex=…] [libname=…] || <regex>`
struct EmbeddedLibrary {
  std::string key;             // unique
  std::string name;            // of the library
  std::string source;          // the source package that it is built from; empty where `source_pattern` tells
  std::string source_pattern;  // a regular expression for names of source packages; is no name itself
  std::string not_after;       // text that a match must not follow: of a leading "(?<!text)", which RE2 does not have
  std::string pattern;         // for RE2, never matches the empty text
  auto operator<=>(const EmbeddedLibrary&) const = default;
};

// Sorted by key. Throws ParseError with the line for what the format does not have, or RE2 does not understand.
std::vector<EmbeddedLibrary> ParseEmbeddedLibraries(std::string_view table, std::string_view name);

// As `strings -a -n 4` prints them: runs of at least four printable characters of ASCII or tabs, each with a newline.
std::string PrintableStrings(std::string_view bytes);

struct EmbeddedCopy {
  std::string library;
  std::string key;                     // of the table
  std::string source, source_pattern;  // as above
  std::string text;                    // that was found: printable, at most 200 characters
  auto operator<=>(const EmbeddedCopy&) const = default;

  // Whether the source package is one that the library is built from.
  bool MayComeFrom(const std::string& source_package) const;
};

class EmbeddedCopyFinder {
 public:
  // Throws ParseError as above.
  EmbeddedCopyFinder(std::string_view table, std::string_view name);
  ~EmbeddedCopyFinder();
  EmbeddedCopyFinder(const EmbeddedCopyFinder&) = delete;
  EmbeddedCopyFinder& operator=(const EmbeddedCopyFinder&) = delete;

  // Each library once, sorted; also those that the file is made of in its own right: the library itself. The bytes may
  // be hostile; takes time linear in their number. Safe from several threads at once.
  std::vector<EmbeddedCopy> Find(std::string_view bytes) const;

 private:
  struct Patterns;
  std::vector<EmbeddedLibrary> libraries_;
  std::unique_ptr<const Patterns> patterns_;
};

// With the table that this program was built with.
const EmbeddedCopyFinder& ShippedEmbeddedCopies();
// Where that table is from: "lintian 2.116.3+deb12u1"
std::string ShippedEmbeddedCopiesSource();

}  // namespace nachbau::sbom
