// What the signed indexes of a snapshot list, package by package.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "mirror/mirror.h"
#include "store/store.h"

namespace nachbau::mirror {

struct IndexListing {
  std::string package;
  std::string version;
  std::string architecture;  // "source" in a Sources index
  std::string file_name;     // of the package; of a source the .dsc and each other file has a listing of its own
  std::string sha256;        // lower-case hexadecimal
};

// The paragraphs of a Packages or Sources index. Lenient: what has no digest is left out.
void ForEachListing(std::string_view index, bool is_sources, const std::function<void(const IndexListing&)>& sink);

// Those of an index of a snapshot, from the store's object. Throws MissingError, IntegrityError, ParseError.
void ForEachListing(const SnapshotIndex& index, const Store& store,
                    const std::function<void(const IndexListing&)>& sink);

}  // namespace nachbau::mirror
