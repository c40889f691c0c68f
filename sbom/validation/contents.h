// What values must be beyond their form: rules that the specification states in words beside the schema.
#pragma once

#include "sbom/validation/json_tree.h"
#include "sbom/validation/problem_list.h"
#include "sbom/validation/schema_rules.h"

namespace nachbau::sbom {

// Checks one value as its meaning demands; any value, also one that does not conform to the schema.
// Violations: "hash-length", "purl", "licence-expression", "licence-id", "swhid", "omnibor-id".
// Advice: "purl-canonical", "purl-type", "licence-spelling".
void CheckContent(Meaning meaning, const JsonTree& tree, JsonTree::Index value, ProblemList& problems);

// Violation "schema-version": $schema names the schema of another version than specVersion.
void CheckSchemaMember(const JsonTree& tree, ProblemList& problems);

}  // namespace nachbau::sbom
