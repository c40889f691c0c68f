// From the compilation units of a linked file to the files of the source.
#pragma once

#include <map>
#include <string>

#include "sbom/origin/dwarf_units.h"
#include "sbom/origin/origins.h"
#include "sbom/origin/trace_join.h"

namespace nachbau::sbom {

// directory and name as one path without ".", ".." and double slashes: "./src/../x.c" → "x.c". What leads above the top
// of a relative path stays: "../x.c".
std::string JoinPath(const std::string& directory, const std::string& name);

// Adds to `origins` what the units tell: sources, foreign, unresolved. join, behind: of the linked file; nullptr
// without trace, then headers are those that the line tables name.
void AddUnits(const Dwarf& dwarf, const SourceTree& tree, const std::string& build_path, TraceJoin* join,
              const Behind* behind, FileOrigins& origins);

// Keeps each path once, in its strongest role; sorts everything.
void Settle(FileOrigins& origins);

}  // namespace nachbau::sbom
