#include "builder/sandbox/landlock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace nachbau::builder {
namespace {

// linux/landlock.h of Debian 12 knows ABI 1 and 2 only; these numbers are part of the kernel's interface.
struct RulesetAttributes {
  std::uint64_t handled_files;
  std::uint64_t handled_network;  // from ABI 4
  std::uint64_t scoped;           // from ABI 6
};
struct __attribute__((packed)) PathAttributes {
  std::uint64_t allowed;
  std::int32_t parent;
};
constexpr std::uint64_t kMakeCharacterDevice = 1 << 6, kMakeBlockDevice = 1 << 11, kRefer = 1 << 13,
                        kDeviceControl = 1 << 15;
constexpr std::uint64_t kScopeAbstractSockets = 1 << 0, kScopeSignals = 1 << 1;
constexpr unsigned kCreateVersion = 1;  // flag: answer the ABI instead of making a rule set
constexpr int kRulePathBeneath = 1;

constexpr int kAbiRefer = 2, kAbiDeviceControl = 5, kAbiScopes = 6;

// The kernel refuses a structure longer than the one it knows, unless the rest is zero; so the size that fits.
std::size_t SizeFor(int abi) {
  if (abi >= kAbiScopes) return sizeof(RulesetAttributes);
  return abi >= 4 ? offsetof(RulesetAttributes, scoped) : offsetof(RulesetAttributes, handled_network);
}

void Allow(int ruleset, const char* path, std::uint64_t rights, const StepReporter& step) {
  const int place = step.Check(::open(path, O_PATH | O_CLOEXEC), "open for a Landlock rule", path);
  const PathAttributes rule{rights, place};
  step.Check(::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0), "add a Landlock rule for", path);
  ::close(place);
}

}  // namespace

LandlockPlan MakeLandlockPlan() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kCreateVersion);
  if (abi >= 0) return MakeLandlockPlan(static_cast<int>(abi));
  // Not built in, or switched off at boot (lsm=).
  if (errno == ENOSYS || errno == EOPNOTSUPP) return MakeLandlockPlan(0);
  throw SystemError(errno, Msg("ask the kernel for Landlock"));
}

LandlockPlan MakeLandlockPlan(int abi) {
  LandlockPlan plan;
  plan.abi = abi;
  if (abi < kAbiRefer) {
    // ABI 1 forbids every rename and link from one directory into another, which no build survives.
    plan.description = abi == 0 ? "reduced: this kernel has none; what it guards is also kept by other means"
                                : "reduced: ABI 1 of this kernel would forbid renaming; what it guards is also kept by "
                                  "other means";
    plan.abi = 0;
    return plan;
  }
  plan.description = "ABI " + std::to_string(abi) + ": no making of devices";
  plan.file_rights = kMakeCharacterDevice | kMakeBlockDevice | kRefer;
  if (abi >= kAbiDeviceControl) {
    plan.file_rights |= kDeviceControl;
    plan.description += ", control of terminals and /dev/null only";
  }
  if (abi >= kAbiScopes) {
    plan.scopes = kScopeAbstractSockets | kScopeSignals;
    plan.description += ", no signals and no abstract sockets to outside";
  }
  return plan;
}

void InstallLandlockInside(const LandlockPlan& plan, const StepReporter& step) {
  if (plan.abi == 0) return;
  const RulesetAttributes attributes{plan.file_rights, 0, plan.scopes};
  const int ruleset = static_cast<int>(step.Check(
      ::syscall(SYS_landlock_create_ruleset, &attributes, SizeFor(plan.abi), 0), "make a Landlock rule set"));
  // Renaming into another directory is forbidden by every rule set that does not allow it.
  Allow(ruleset, "/", kRefer, step);
  if ((plan.file_rights & kDeviceControl) != 0) {
    // Programs ask every file whether it is a terminal; null and the terminals shall answer as ever.
    for (const char* path : {"/dev/null", "/dev/tty", "/dev/pts"}) Allow(ruleset, path, kDeviceControl, step);
  }
  step.Check(::syscall(SYS_landlock_restrict_self, ruleset, 0), "put Landlock in force");
  ::close(ruleset);
}

}  // namespace nachbau::builder
