// Questions to a trace. All results are indices into its lists, sorted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/trace.h"

namespace nachbau {

// What lies behind a file, see TraceQueries::ClosureOf. Sorted.
struct TraceClosure {
  std::vector<std::uint32_t> files;
  std::vector<std::uint32_t> processes;
};

class TraceQueries {
 public:
  // `trace` must outlive this object.
  explicit TraceQueries(const Trace& trace);

  // Files that a person means by `name`: of this absolute path; else of this path beneath the build path; else all whose
  // path ends with "/name". May be empty, or several.
  std::vector<std::uint32_t> FindFiles(std::string_view name) const;

  // All files whose content may have gone into `file`: what the processes that wrote it had read, and so on back through
  // intermediate files, pipes, renames and links. Never too few where content goes through files and pipes; too many where
  // one process reads several files and writes several.
  std::vector<std::uint32_t> InputsOf(std::uint32_t file) const;
  // The same with the processes that had a part in it.
  TraceClosure ClosureOf(std::uint32_t file) const;

  std::vector<std::uint32_t> ReadersOf(std::uint32_t file) const;  // processes
  std::vector<std::uint32_t> WritersOf(std::uint32_t file) const;  // processes
  // Source files that nobody read after they were unpacked.
  std::vector<std::uint32_t> UnreadSources() const;
  // Files that were read although neither the lock nor the build brought them: FileOrigin::kUnknown.
  std::vector<std::uint32_t> ReadFromOutside() const;
  // Files that were read and tell of the machine: FileOrigin::kKernel.
  std::vector<std::uint32_t> ReadFromKernel() const;

  // The program that a process ran at this time: index into its programs, of its next ancestor with one where it has
  // none yet; nullptr when unknown.
  const TraceProgram* ProgramAt(std::uint32_t process, std::uint32_t time) const;

 private:
  class Backwards;
  std::vector<std::uint32_t> ReadWithOrigin(FileOrigin origin) const;

  const Trace& trace_;
  std::vector<std::vector<std::uint32_t>> file_events_;     // by file: events that changed it, in order
  std::vector<std::vector<std::uint32_t>> process_reads_;   // by process: its events kRead and kPipeRead
  std::vector<std::vector<std::uint32_t>> children_;        // by process
  std::vector<std::vector<std::uint32_t>> written_pipes_;   // by process
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> pipe_writers_;  // by pipe: processes
  std::unordered_set<std::uint32_t> read_pipes_;
};

}  // namespace nachbau
