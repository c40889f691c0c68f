// Which components of which documents: by package, digest, licence, source file, name.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

// Everything that is not empty must hold.
struct BomQuery {
  std::string purl;     // the same package: without version, qualifiers and subpath those may be anything
  std::string digest;   // hexadecimal, of any algorithm: of the component, of what it is distributed as
  std::string licence;  // an SPDX identifier anywhere in an expression, or the name of a licence; case does not matter
  std::string source_file;  // a path, or its end after a '/': "src/util.c" finds "dnsmasq-2.90/src/util.c"
  std::string name;         // of the component, with or without group
  bool Empty() const {
    return purl.empty() && digest.empty() && licence.empty() && source_file.empty() && name.empty();
  }
};

struct QueryMatch {
  std::string pointer;
  std::string name;  // display name
  std::string version;
  std::string purl;
  std::vector<std::string> parents;  // display names, outermost first
  std::vector<std::string> because;  // what held: "licence GPL-2.0-only (concluded)", "source file src/util.c"
};

// In document order. Throws UsageError for a digest that is none.
std::vector<QueryMatch> Find(const Bom& bom, const BomQuery& query);

// Whether a text could hold a match at all: for many files, before they are parsed. Never false for one that does.
bool MayMatch(std::string_view document, const BomQuery& query);

Json ToJson(const QueryMatch& match);

}  // namespace nachbau::sbom
