// References inside a CycloneDX document, and the graph they make.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "sbom/validation/json_tree.h"
#include "sbom/validation/problem_list.h"

namespace nachbau::sbom {

class References {
 public:
  explicit References(const JsonTree& tree) : tree_(tree) {}

  // Every value that the schema calls a reference; those under the name "bom-ref" give a name and are passed over.
  void See(JsonTree::Index value);

  // Violations: a bom-ref that is used twice ("bom-ref-unique"); a reference to nothing ("bom-ref-resolves"; a
  // BOM-Link, "urn:cdx:…", points into another document and is let pass). Advice about the dependency graph, where
  // there is one: an entry that has another before it ("dependency-once"), a component or service without an entry
  // ("dependency-entry"), one that cannot be reached from metadata.component
  // ("dependency-reach"; what a component contains is reached with it), one that depends on itself or on others in a
  // circle
  // ("dependency-cycle"; Debian has such, and no text of the specification forbids them).
  void Check(ProblemList& problems);

 private:
  using Named = std::pair<std::string_view, JsonTree::Index>;

  void CollectNames(ProblemList& problems);
  JsonTree::Index FindNamed(std::string_view name) const;  // the value of the bom-ref, kNone when there is none
  void Resolve(ProblemList& problems) const;
  void CheckGraph(ProblemList& problems) const;
  void CheckCircles(JsonTree::Index dependencies, ProblemList& problems) const;

  const JsonTree& tree_;
  std::vector<JsonTree::Index> links_;
  std::vector<Named> names_;  // sorted
};

}  // namespace nachbau::sbom
