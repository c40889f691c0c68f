// A document in numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

struct BomStatistics {
  std::string format;
  std::uint64_t bytes = 0;     // of the file
  std::size_t components = 0;  // all of the below, with the product
  std::size_t files = 0;       // of type "file"
  std::size_t external = 0;
  std::map<std::string, std::size_t> types;
  std::map<std::string, std::size_t> ecosystems;  // purl types; "" for components other than files that have none
  std::map<std::string, std::size_t> licences;    // each expression or name as it stands, of whichever kind
  std::map<std::string, std::size_t> hashes;      // components by algorithm
  std::size_t with_version = 0, with_purl = 0, with_licence = 0, with_declared = 0, with_concluded = 0;
  std::size_t with_hash = 0;    // any that is not broken: SHA-2, SHA-3, BLAKE
  std::size_t with_sha512 = 0;  // of the component, or of what it is distributed as
  std::size_t with_supplier = 0;
  std::size_t occurrences = 0;  // evidence of source files
  std::size_t dependency_entries = 0, dependency_edges = 0, unresolved_edges = 0;
  std::map<std::string, std::size_t> assemblies, dependencies;  // compositions: refs by aggregate
};

BomStatistics Count(const Bom& bom, std::uint64_t bytes);
Json ToJson(const BomStatistics& statistics);

}  // namespace nachbau::sbom
