// For each file in each binary package: which files of the source went in, and what of other packages, each with how
// that is known.
//
// Joined from three witnesses. Debug information says which compilation units the linker took; the trace says which
// process read what; the bytes say what is the same. None is bettered by another: what only the trace tells may be too
// much, and what nobody tells is unknown.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "model/build_record.h"
#include "model/lock.h"
#include "model/trace.h"
#include "sbom/deb_control.h"
#include "sbom/origin/embedded_copies.h"
#include "sbom/origin/package_files.h"
#include "sbom/origin/source_tree.h"
#include "store/store.h"

namespace nachbau::sbom {

// How it is known where a file comes from. kUnknown is the zero value.
//
// "unknown"; "trace": the processes that made it had read these files, each of which may have gone in; "dwarf": the
// linker took these units; "identical": the same bytes as a file of the source (packed, perhaps)
enum class OriginEvidence { kUnknown, kTrace, kDwarf, kIdentical };
std::string_view Name(OriginEvidence evidence);

// How a file of the source went in. kUnit: it was compiled, and the linker took it. kHeader: it was read when one of
// these was compiled. kGeneratedFrom: a file that was compiled or read was made of it. kIdentical: it is the file.
// kContributed: the trace says that it may have gone in.
enum class SourceRole { kUnit, kHeader, kGeneratedFrom, kIdentical, kContributed };
std::string_view Name(SourceRole role);  // "unit", "header", "generated-from", "identical", "contributed"

struct SourceUse {
  std::string path;  // in the source
  SourceRole role = SourceRole::kContributed;
  auto operator<=>(const SourceUse&) const = default;
};

// Code of another package in a file. kStatic: the linker took it from an archive or object file of the package.
// kMaybeStatic: the linker read that, and nobody can tell whether it took something. kUnit: debug information names a
// compilation unit of another package. kHeader: a header was read when a unit was compiled; whatever code stands in it
// may be inside.
enum class ForeignRole { kStatic, kMaybeStatic, kUnit, kHeader };
std::string_view Name(ForeignRole role);  // "static", "maybe-static", "unit", "header"

struct ForeignUse {
  ForeignRole role = ForeignRole::kHeader;
  std::string package;  // binary package of the build environment; empty: nobody knows
  std::string path;     // of the archive, object file, unit or header
  std::string member;   // of an archive, kStatic
  auto operator<=>(const ForeignUse&) const = default;
};

struct FileOrigins {
  PackagedFile file;
  OriginEvidence evidence = OriginEvidence::kUnknown;
  std::optional<Message> problem;       // why it is unknown, or less is known than could be
  std::vector<SourceUse> sources;       // sorted by path; each path once, in its strongest role
  std::vector<ForeignUse> foreign;      // sorted
  // Copies of other projects' code in an ELF file, sorted; without those of the product itself and of packages in
  // `foreign` that the linker was given archives of.
  std::vector<EmbeddedCopy> embedded;
  std::vector<std::string> unresolved;  // units of the debug information that belong to no file that is known
  // Compiled sources (IsCompiledSource): how many of them the processes behind this file read, how many the linker
  // took. Not there without trace, without debug information.
  std::optional<std::size_t> read, linked;
  bool read_equals_linked = false;  // the same sets
  // Commands that made a file of this name, as the compiler driver was called for linking; sorted.
  std::vector<std::string> link_commands;

  std::set<std::string> SourcePaths() const;
  // Why not all of its sources may be known, English; "" when they are.
  std::string WhyUnsure() const;
};

// Of a script: one output, which is its only file; of `control` package and version are filled.
struct PackageOrigins {
  Artifact artifact;  // the .deb or .udeb
  DebControl control;
  bool debug = false;              // holds debug information of others, and is looked into only for that
  std::vector<FileOrigins> files;  // sorted by path
};

struct Origins {
  SourceTree tree;
  std::size_t compiled_sources = 0;      // in the tree
  std::vector<PackageOrigins> packages;  // sorted by file name
  // Shared libraries that the build read, by the name that DT_NEEDED has ("libc.so.6") → package of the environment.
  std::map<std::string, std::string> libraries;
  bool has_trace = false;
  std::string incomplete;  // why the trace may lack something; empty: complete
};

// The record's trace, from the store; nothing when the build made none or the store does not hold it. Throws
// ParseError.
std::optional<Trace> ReadTrace(const BuildRecord& record, const Store& store);

// Deterministic: the same outputs, sources and facts of the trace give the same, whatever the order of its events.
Origins FindOrigins(const Lock& lock, const BuildRecord& record, const std::optional<Trace>& trace, const Store& store,
                    Progress::Task& task);

// With the digests of the source files.
Json ToJson(const FileOrigins& origins, const SourceTree& tree);

}  // namespace nachbau::sbom
