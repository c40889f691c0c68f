// Looks packages up by name in a Packages or Sources index without parsing all of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/deb822.h"

namespace nachbau::mirror {

class PackageIndex {
 public:
  // One pass over the text that finds paragraphs and their Package fields; the rest is parsed when asked for. `name` is
  // for messages. A paragraph without Package field is left out. Not copyable: views point into the text.
  PackageIndex(std::string text, std::string name);
  PackageIndex(const PackageIndex&) = delete;
  PackageIndex& operator=(const PackageIndex&) = delete;

  // The paragraphs of this package (one per version), in the order of the index; they live as long as the index. Throws
  // ParseError for a malformed paragraph; its line numbers count from the paragraph's start.
  std::vector<Paragraph> Find(std::string_view package) const;
  // All names, sorted, each once.
  std::vector<std::string_view> Names() const;
  std::size_t size() const { return entries_.size(); }  // paragraphs

 private:
  struct Entry {
    std::string_view package;
    std::string_view text;
  };
  std::string text_;
  std::string name_;
  std::vector<Entry> entries_;  // sorted by package; equal ones in the order of the index
};

}  // namespace nachbau::mirror
