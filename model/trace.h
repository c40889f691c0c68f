// The trace of a build: which process ran what, and which files it read and wrote. docs/formats/trace.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

// Where the content of a file came from. kUnknown is the zero value: nobody could tell.
//
// "unknown", "source" (unpacked from the source package), "package" (of a locked binary package), "prepared" (made by
// maintainer scripts when the build root was prepared), "built" (written by the build), "kernel" (/proc, /sys and devices),
// "sandbox" (made by the sandbox itself)
enum class FileOrigin { kUnknown, kSource, kPackage, kPrepared, kBuilt, kKernel, kSandbox };
std::string_view Name(FileOrigin origin);

struct TraceFile {
  std::string path;                    // absolute, as seen inside, without symbolic links
  FileOrigin origin = FileOrigin::kUnknown;
  std::string package;                 // kPackage: its name
  std::optional<Sha256Digest> digest;  // of the content at the end of the build; absent when it was gone then
};

// One program that a process ran. A process runs several, one after another, when it calls execve(2) itself.
struct TraceProgram {
  std::uint32_t file = 0;              // index into Trace::files
  std::vector<std::string> arguments;  // not always text; cut where they are very long
  std::uint32_t time = 0;              // index into Trace::events of the first event after it
};

struct TraceProcess {
  std::optional<std::uint32_t> parent;  // index into Trace::processes, always smaller than its own; none: the first, or orphaned
  std::vector<TraceProgram> programs;   // empty: runs its parent's
};

// kPipeRead, kPipeWrite: the process held this end of a pipe when it started a program; `file` is the number of the pipe.
enum class TraceAction : std::uint8_t {
  kRead, kWrite, kCreate, kRename, kLink, kSymlink, kRemove, kPipeRead, kPipeWrite
};
std::string_view Name(TraceAction action);  // "read", "write", "create", "rename", "link", "symlink", "remove", …

struct TraceEvent {
  std::uint32_t process = 0;  // index into Trace::processes
  TraceAction action = TraceAction::kRead;
  std::uint32_t file = 0;     // index into Trace::files; of kRename, kLink: the old name
  std::uint32_t other = 0;    // kRename, kLink: index of the new name; otherwise 0
};

struct Trace {
  std::string source, version, architecture;
  Sha256Digest lock;
  std::string build_path;
  std::string incomplete;              // why, English; empty: complete
  std::vector<TraceFile> files;
  std::vector<TraceProcess> processes;
  std::vector<TraceEvent> events;      // in the order they happened; the index is the time
};

Json ToJson(const Trace& trace);
// Throws ParseError naming the place, also for an index beyond its list.
Trace TraceFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
