#include "builder/sandbox/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace nachbau::builder {
namespace {

constexpr std::uint64_t Bit(int capability) { return std::uint64_t{1} << capability; }

// What dpkg and maintainer scripts do as root: owners, modes, other users' files, users for daemons, file capabilities
// (setcap in postinst), chroot for --root options, signals. No mounting, no networks, no devices, no tracing.
constexpr std::uint64_t kForScripts = Bit(CAP_CHOWN) | Bit(CAP_DAC_OVERRIDE) | Bit(CAP_DAC_READ_SEARCH) |
                                      Bit(CAP_FOWNER) | Bit(CAP_FSETID) | Bit(CAP_KILL) | Bit(CAP_SETGID) |
                                      Bit(CAP_SETUID) | Bit(CAP_SETFCAP) | Bit(CAP_SYS_CHROOT);

void SetCapabilities(std::uint64_t keep, const StepReporter& step) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    const auto bits = static_cast<std::uint32_t>(keep >> (32 * word));
    data[word].effective = data[word].permitted = bits;
    data[word].inheritable = 0;
  }
  step.Check(::syscall(SYS_capset, &header, data), "set capabilities");
}

}  // namespace

void DropPrivilegesInside(SandboxUser user, bool keep_groups, const StepReporter& step) {
  const std::uint64_t keep = user == SandboxUser::kRoot ? kForScripts : 0;
  step.Check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear ambient capabilities");
  for (int capability = 0; capability < 64; ++capability) {
    if ((keep & Bit(capability)) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // beyond the last one this kernel knows
    step.Fail("drop a capability for good");
  }
  if (!keep_groups) step.Check(::syscall(SYS_setgroups, 0, nullptr), "drop groups");
  if (user == SandboxUser::kBuilder) {
    // Through the system call: the C library's function would signal threads that exist only in the parent.
    step.Check(::syscall(SYS_setresgid, kBuildUserId, kBuildUserId, kBuildUserId), "become the build user's group");
    step.Check(::syscall(SYS_setresuid, kBuildUserId, kBuildUserId, kBuildUserId), "become the build user");
  }
  SetCapabilities(keep, step);
  step.Check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
}

void DropAllCapabilitiesInside(const StepReporter& step) {
  SetCapabilities(0, step);
  step.Check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
}

}  // namespace nachbau::builder
