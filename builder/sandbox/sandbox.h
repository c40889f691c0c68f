// The sandbox: one command in a file tree of its own, without network, with nothing of the host in reach.
//
// Guarantees (each appears in the build record with how it was kept on this machine): see the list in sandbox.cc.
// A guarantee that cannot be had is an error unless listed there as "reduced".
//
// What is inside: the overlay root; /dev with a handful of devices; a /proc of its own; a /sys with the number of
// processors only; /run in memory; /tmp in memory for kRoot (what maintainer scripts leave there is gone afterwards) and
// part of `upper` for kBuilder (it counts as disk, not as memory). Standard input is /dev/null, there is no terminal,
// umask is 022, uptime is one day. Directories above `upper` should be closed to others (0700): a build may make
// set-user-ID files there, owned by mapped ids.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "model/build_record.h"
#include "model/trace.h"

namespace nachbau::builder {

// Ids inside the sandbox 0…count-1 are these ids outside. Root uses its range of /etc/subuid and /etc/subgid if it has
// one, else a high range of its own (see id_map.h); an ordinary user the ranges of these files through newuidmap(1) and
// newgidmap(1). Id 0 inside is the first id of the range for root, and the user's own id for an ordinary user (ids 1… are
// the subordinate ones). At least 65536 ids each.
//
// Without such ranges there is one id inside, the user's own: 0 for unpacking and maintainer scripts, 1000 for builds.
// Everything in a root belongs to it then, changes of owner by maintainer scripts are answered with success and not made,
// and the build user could write to the files of its root (that is: to their copies in `upper`). The record says so.
struct IdMap {
  std::uint32_t first_uid = 0, uid_count = 0;
  std::uint32_t first_gid = 0, gid_count = 0;
  bool own_id_is_root = false;  // ordinary user: inside 0 is the own id, 1… map to first_uid…
  bool HasOneId() const { return own_id_is_root && uid_count == 0; }
};
IdMap FindIdMap();
// The map of the user's own id only.
IdMap OneIdMap();

// Runs `work` in a forked child that is root in a fresh user and mount namespace with `map`, current directory as it
// was. For unpacking, composing and removing trees whose files belong to mapped ids. An exception in the child arrives
// here as Error of the same kind with the same text. `work` must not rely on threads of the parent, but may start its own;
// what it changes in memory stays in the child. Other threads of this process must not hold locks that `work` needs (the C
// library looks after its own). `meanwhile` is called here about 20 times a second as long as the child runs.
//
// Root inside is not root outside: when nachbau itself runs as root, directories that only root may enter are closed to
// `work`, and so are all paths through them. Open what it needs before (descriptors stay usable), or make the current
// directory the right one and use relative names. To be written by `work`, a directory must belong to mapped ids:
// MakeOwnedDirectory.
void InUserNamespace(const IdMap& map, const std::function<void()>& work,
                     const std::function<void()>& meanwhile = nullptr);

// Makes a directory (its parent must exist) that belongs to root inside; no error if that is so already.
void MakeOwnedDirectory(const IdMap& map, const std::filesystem::path& path, mode_t mode = 0755);

// Removes a tree whose files may belong to mapped ids, of any depth. Symbolic links are removed, not followed. Nothing
// happens when it does not exist.
void RemoveTree(const IdMap& map, const std::filesystem::path& path);

struct SandboxLimits {
  std::uint64_t memory = 0;       // bytes, all processes
  std::uint32_t processes = 4096;
  std::uint64_t file_size = 0;    // bytes; largest single file; 0: no limit
  std::uint64_t disk = 0;         // bytes written beneath `upper`, watched; 0: no limit
  std::uint32_t seconds = 3600;   // wall clock; then every process gets SIGKILL
  std::uint64_t log = 1ULL << 30; // bytes of output; beyond it the command is killed
};

// kMachine: as the file system happens to keep them; kFixed: by the names alone; kReversed: that backwards.
enum class FileOrder { kMachine, kFixed, kReversed };

// Values of the machine that the command sees instead of the real ones; each empty one as it is. On amd64 only.
struct VirtualValues {
  std::optional<std::int64_t> clock;   // Unix seconds at which every program starts; a millisecond more at each look
  std::int64_t clock_offset = 0;       // seconds that the running clock is ahead; not with `clock`
  std::string kernel_release;          // uname -r
  std::string host_name;               // as SandboxRequest has it; set by RunInSandbox
  std::uint32_t processors = 0;        // that the command sees; it may use all
  std::string processor_model;         // in /proc/cpuinfo
  FileOrder file_order = FileOrder::kMachine;  // of the names in each directory
  bool fixed_random = false;           // the same randomness in every program, and the same memory, load and boot id
  bool HasClock() const { return clock || clock_offset != 0; }
  bool Any() const {
    return HasClock() || !kernel_release.empty() || processors != 0 || !processor_model.empty() ||
           file_order != FileOrder::kMachine || fixed_random;
  }
};

inline constexpr std::uint32_t kBuildUserId = 1000;  // user and group
enum class SandboxUser { kRoot, kBuilder };  // kRoot: maintainer scripts; kBuilder: uid 1000, no capabilities

struct SandboxRequest {
  std::vector<std::filesystem::path> lower;  // read-only layers, topmost first
  std::filesystem::path upper;               // gets everything the command writes; must exist, with sibling work dir
  std::filesystem::path work;                // overlayfs work directory beside it
  // Files or directories of the host shown read-only inside: inside path → host path (bind mounts, nosuid, nodev).
  // Missing places for them are made, and stay in `upper`.
  std::map<std::string, std::filesystem::path> read_only;
  std::vector<std::string> command;          // absolute program, as seen inside
  std::map<std::string, std::string> environment;  // the whole environment
  std::string working_directory = "/";
  SandboxUser user = SandboxUser::kBuilder;
  std::string host_name = "nachbau";
  SandboxLimits limits;
  IdMap id_map;
  // When set, the command has a pseudo-terminal of its own, in the sandbox's devpts, as standard input, output and
  // error. Its outer side comes here, once, before the command starts. A weakening: a person's input steers the
  // command.
  std::function<void(FileDescriptor)> terminal;
  // Variations (builder/variations.h).
  bool fixed_addresses = false;              // no random layout of memory
  std::uint32_t processors = 0;              // that the command sees and may use; 0: all
  VirtualValues virtual_values;
  bool trace = false;                        // record processes and files: SandboxResult::trace
  bool skip_sync = true;                     // fsync & co. answer at once: the tree is thrown away or hashed anyway
  bool skip_sleep = false;                   // nanosleep & co. answer at once; for maintainer scripts, which wait for
                                             // services that do not run here
  bool mount_by_string = false;              // mount the root as on kernels before 6.8, which is the fallback anyway
  const std::atomic<bool>* cancelled = nullptr;  // looked at while the command runs; true kills it: kCancelled
};

enum class SandboxEnd { kExited, kSignalled, kTimedOut, kOverLimit, kCancelled };
struct SandboxResult {
  SandboxEnd end = SandboxEnd::kExited;
  int exit_code = -1;                        // 128 + signal when signalled
  std::string detail;                        // which limit, which signal; English
  std::uint64_t duration_ms = 0, cpu_ms = 0, peak_memory = 0;
  std::vector<Guarantee> guarantees;         // sorted by name
  std::optional<Trace> trace;                // files, processes and events; of files only the paths
};

// Runs the command to its end; standard output and error together go to `output` piece by piece. When this returns, no
// process of it is left and nothing is mounted. Throws SystemError when the sandbox cannot be set up.
SandboxResult RunInSandbox(const SandboxRequest& request, const std::function<void(std::string_view)>& output);

}  // namespace nachbau::builder
