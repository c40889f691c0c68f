// The trace and the source tree brought together: which files of the source tree a built file may come from, and what
// each compiler run read. docs/formats/trace.md
//
// Nothing here depends on the order of events of different processes, on numbers of processes, or on names of temporary
// files: only paths of the source tree and of locked packages come out, as sets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/trace.h"
#include "model/trace_queries.h"
#include "sbom/origin/source_tree.h"

namespace nachbau::sbom {

// A file of a locked package that a process read.
struct PackageRead {
  std::string package;
  std::string path;
  auto operator<=>(const PackageRead&) const = default;
};

// What lies behind one built file.
struct Behind {
  TraceClosure closure;
  std::set<std::string> sources;        // paths in the source tree
  std::set<PackageRead> linked_inputs;  // .a and .o of packages that were linked with it
  std::set<std::string_view> names;     // last parts of its path, and of those it was renamed or copied from
  std::set<std::uint32_t> process_set;  // the closure's processes, for looking up
};

// What went into one compilation.
struct Compilation {
  std::set<std::string> headers;    // source tree: read along with the unit
  std::set<std::string> generated;  // source tree: what files were made of that the build made and the compiler read
  std::set<PackageRead> packages;   // headers of packages
};

class TraceJoin {
 public:
  // Both must outlive this object.
  TraceJoin(const Trace& trace, const SourceTree& tree);

  // The trace's file for an absolute path, or one in the source tree.
  std::optional<std::uint32_t> FindFile(std::string_view path) const;
  // The file that the build installed as `path` of `package`: of the same content, if possible where debhelper puts it.
  std::optional<std::uint32_t> FindInstalled(const std::string& package, const std::string& path,
                                             const Sha256Digest& sha256) const;
  Behind BehindFile(std::uint32_t file) const;
  // Of "x.gz": the file "x" beside it, when the compressor that wrote the one had read the other; else the file itself.
  // One run of gzip packs many files, and puts nothing of one into another.
  std::uint32_t BeforePacking(std::uint32_t file) const;

  // The path in the source tree; empty for files that are not in it.
  std::string InTree(std::uint32_t file) const;
  bool IsLink(std::uint32_t file) const { return links_.contains(file); }
  const TraceFile& file(std::uint32_t index) const { return trace_.files[index]; }

  // Among the processes of `behind`: those that read `file`, and of these the ones that were given `unit` as an
  // argument, where there are any.
  std::vector<std::uint32_t> Compilers(const Behind& behind, std::uint32_t file, std::string_view unit) const;
  // Where the unit's own name is a link: the files of that name that a process read which was given `unit`.
  std::vector<std::uint32_t> ReadUnderName(const Behind& behind, std::string_view unit) const;
  Compilation CompiledBy(const std::vector<std::uint32_t>& processes, std::uint32_t unit);
  // Files of the source tree behind a file that the build made.
  const std::set<std::string>& GeneratedFrom(std::uint32_t file);

  // The linkers behind the file that wrote something of one of its names, as the compiler driver above each was called.
  // Sorted, each once; without those that name temporary files.
  std::vector<std::string> LinkCommands(const Behind& behind) const;

  const std::string& build_path() const { return trace_.build_path; }

 private:
  bool Gave(std::uint32_t process, std::string_view unit) const;
  bool RunsLinker(std::uint32_t process) const;
  bool CopiesOneFile(std::uint32_t process) const;
  void AddStaticInputs(std::uint32_t process, std::set<PackageRead>& inputs) const;
  // Adds to `names`.
  std::optional<std::set<PackageRead>> LinkedInto(std::uint32_t file, std::set<std::string_view>& names) const;

  const Trace& trace_;
  const SourceTree& tree_;
  TraceQueries queries_;
  std::unordered_map<std::string_view, std::uint32_t> by_path_;
  std::unordered_map<Sha256Digest, std::vector<std::uint32_t>> by_digest_;  // of files that the build made
  std::vector<std::vector<std::uint32_t>> reads_;                           // by process: files, each once
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> readers_;   // by file: processes, each once
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> moved_from_;  // by file: those renamed or linked to it
  std::set<std::uint32_t> links_;
  std::map<std::uint32_t, std::set<std::string>> generated_;
};

}  // namespace nachbau::sbom
