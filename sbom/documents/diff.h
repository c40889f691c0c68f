// What changed between two SBOMs, by meaning: components are matched by what they are, not by where they stand.
//
// Two components are the same thing when they have, in this order: the same purl; the same purl but for the version;
// the same purl but for version and qualifiers; the same group, name and type below the same thing; the same group,
// name and type anywhere; the same content (then it was renamed).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/message.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

struct TextChange {
  std::string before, after;  // either may be empty
  bool Changed() const { return before != after; }
};

struct ComponentChange {
  std::string name;  // of the component afterwards: "libc6"
  std::string type;
  std::string before_pointer, after_pointer;
  TextChange renamed;  // names, where they differ
  TextChange version;
  TextChange declared, concluded, unstated;  // licences
  TextChange content;                        // strongest hash, where both have one
  TextChange supplier;
  std::vector<std::string> dependencies_added, dependencies_removed;  // names, sorted
  bool Any() const;
};

struct BomDifference {
  std::vector<std::string> added, removed;              // display names of what is on one side only, sorted
  std::vector<std::string> added_files, removed_files;  // the same of components of type "file"
  std::vector<ComponentChange> changed;                 // sorted by name, then pointer
  std::size_t same = 0;                                 // components that are the same on both sides
  std::vector<TextChange> completeness;  // compositions as text, where they differ: "complete assemblies of libc6"
  bool Same() const {
    return added.empty() && removed.empty() && added_files.empty() && removed_files.empty() && changed.empty() &&
           completeness.empty();
  }
};

BomDifference Compare(const Bom& before, const Bom& after);

Json ToJson(const BomDifference& difference);
// What an operator reads: a line that sums up, then one line per thing of note. Each is translated by itself.
std::vector<Message> Summary(const BomDifference& difference);

}  // namespace nachbau::sbom
