// How much a build has written, counted from outside while it runs. Quotas would need the machine's administrator.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/fd.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// A helper process that is root in the sandbox's user namespace (files of mapped ids may be closed to this user) and
// adds up the blocks beneath a directory whenever it is asked.
class DiskWatch {
 public:
  // user_namespace: descriptor of /proc/PID/ns/user.
  DiskWatch(const FileDescriptor& user_namespace, const std::filesystem::path& directory, std::uint32_t id);
  ~DiskWatch();
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;

  // Becomes readable when a count is there.
  int descriptor() const { return answers_.get(); }
  void Ask();  // does nothing while a question is open
  // Bytes; UINT64_MAX for directories nested too deep to count.
  std::optional<std::uint64_t> Answer();

 private:
  FileDescriptor questions_, answers_;
  pid_t pid_ = -1;
  bool open_question_ = false;
};

// Less than 1/64 of the file system or 256 MiB of it is left, whichever is less: then nobody may go on writing.
bool NearlyFull(const FileDescriptor& directory);

}  // namespace nachbau::builder
