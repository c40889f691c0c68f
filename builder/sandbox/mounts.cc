#include "builder/sandbox/mounts.h"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/kernel.h"

namespace nachbau::builder {
namespace {

constexpr std::string_view kBootId = "00000000-0000-4000-8000-000000000000\n";
constexpr std::uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr std::uint64_t kNoLinks = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

std::string ProcessorFile(const char* name) {
  const std::string path = std::string("/sys/devices/system/cpu/") + name;
  const auto file = OpenForReadingIfExists(path);
  return file ? ReadDescriptor(*file, path, 4096) : std::string("0\n");
}

bool KernelIsBefore(int major, int minor) {
  utsname name{};
  if (::uname(&name) != 0) return true;
  int found_major = 0, found_minor = 0;
  const char* const end = name.release + std::strlen(name.release);
  const auto first = std::from_chars(name.release, end, found_major);
  if (first.ptr != end && *first.ptr == '.') std::from_chars(first.ptr + 1, end, found_minor);
  return std::pair(found_major, found_minor) < std::pair(major, minor);
}

// "/proc/self/fd/N" or "N:" into space of at least 24 bytes; snprintf is not async-signal-safe.
char* PutNumber(char* at, unsigned number) {
  char digits[12];
  int count = 0;
  do digits[count++] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) *at++ = digits[--count];
  *at = '\0';
  return at;
}

struct DescriptorPath {
  explicit DescriptorPath(int fd) {
    std::strcpy(text, "/proc/self/fd/");
    PutNumber(text + 14, static_cast<unsigned>(fd));
  }
  char text[32];
};

// Ends with what the kernel wrote about the mount, beside the number.
[[noreturn]] void FailMount(int context, const char* step_name, const StepReporter& step) {
  const int reason = errno;
  char text[256] = {};
  const ssize_t count = ::read(context, text, sizeof text - 1);
  if (count <= 0) text[0] = '\0';
  errno = reason;
  // The kernel's line begins with "e ", "w " or "i ".
  step.Fail(step_name, nullptr, text[0] != '\0' && text[1] == ' ' ? text + 2 : text);
}

int NewFileSystem(const char* type, const char* step_name, const StepReporter& step) {
  const int context = ::fsopen(type, FSOPEN_CLOEXEC);
  if (context < 0) step.Fail(step_name);
  return context;
}

void SetOption(int context, const char* key, const char* value, const char* step_name, const StepReporter& step) {
  const int result = value == nullptr ? ::fsconfig(context, FSCONFIG_SET_FLAG, key, nullptr, 0)
                                      : ::fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
  if (result != 0) FailMount(context, step_name, step);
}

int FinishFileSystem(int context, unsigned attributes, const char* step_name, const StepReporter& step) {
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) FailMount(context, step_name, step);
  const int mount = ::fsmount(context, FSMOUNT_CLOEXEC, attributes);
  if (mount < 0) FailMount(context, step_name, step);
  ::close(context);
  return mount;
}

void Attach(int mount, int directory, const char* name, const char* step_name, const StepReporter& step) {
  const unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*name == '\0' ? MOVE_MOUNT_T_EMPTY_PATH : 0U);
  step.Check(::move_mount(mount, "", directory, name, flags), step_name, name);
}

void SetAttributes(int mount, std::uint64_t attributes, bool all, const char* step_name, const StepReporter& step) {
  mount_attr change{};
  change.attr_set = attributes;
  step.Check(::mount_setattr(mount, "", AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0U), &change, sizeof change), step_name);
}

// A directory directly beneath `root`, made if missing; a symbolic link in its place is refused.
int Directory(int root, const char* name, mode_t mode, const StepReporter& step) {
  if (::mkdirat(root, name, mode) != 0 && errno != EEXIST) step.Fail("make the directory", name);
  return step.Check(OpenAt2(root, name, O_PATH | O_DIRECTORY, kNoLinks), "open the directory", name);
}

// Layer by layer; since Linux 6.8.
int MountOverlayByLayers(const MountPlan& plan, const HostDirectories& host, const char* what,
                         const StepReporter& step) {
  const int context = NewFileSystem("overlay", what, step);
  for (const int directory : plan.lower_directories) {
    SetOption(context, "lowerdir+", DescriptorPath(directory).text, what, step);
  }
  SetOption(context, "upperdir", DescriptorPath(host.upper).text, what, step);
  SetOption(context, "workdir", DescriptorPath(host.work).text, what, step);
  SetOption(context, "userxattr", nullptr, what, step);
  SetOption(context, "source", "nachbau", what, step);
  const int root = FinishFileSystem(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, what, step);
  Attach(root, host.work, "", what, step);
  return root;
}

// How many lower layers the mount of directory `mount` has, as the kernel shows it.
std::size_t LayersShown(int mount, MountPlan& plan, const StepReporter& step) {
  struct statx state {};
  step.Check(::statx(mount, "", AT_EMPTY_PATH, STATX_MNT_ID, &state), "look at the root");
  const int table = step.Check(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), "read the table of mounts");
  std::size_t size = 0;
  while (size + 1 < plan.mount_table.size()) {
    const ssize_t count = ::read(table, plan.mount_table.data() + size, plan.mount_table.size() - 1 - size);
    if (count < 0) step.Fail("read the table of mounts");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  ::close(table);
  plan.mount_table[size] = '\0';
  char wanted[24];
  char* end = PutNumber(wanted, static_cast<unsigned>(state.stx_mnt_id));
  *end++ = ' ';
  *end = '\0';
  for (char* line = plan.mount_table.data(); line != nullptr && *line != '\0';) {
    char* next = std::strchr(line, '\n');
    if (next != nullptr) *next++ = '\0';
    if (std::strncmp(line, wanted, std::strlen(wanted)) == 0) {
      std::size_t layers = 0;
      if (std::strstr(line, ",upperdir=") == nullptr) return 0;
      for (char* option = line; (option = std::strstr(option, ",lowerdir")) != nullptr;) {
        option += 9;
        if (*option == '+') ++option;
        if (*option != '=') continue;
        ++layers;
        while (*++option != '\0' && *option != ',') layers += *option == ':' ? 1 : 0;
      }
      return layers;
    }
    line = next;
  }
  return 0;
}

// Before Linux 6.8: option string of mount(2), of descriptor numbers only, and never longer than the kernel reads (it
// cuts at 4096 bytes without a word). The result has to be found by name, so it is mounted on a name in a tmpfs.
int MountOverlayByString(MountPlan& plan, const HostDirectories& host, const char* what, const StepReporter& step) {
  char* const begin = plan.lower_names.data();
  std::strcpy(begin, "userxattr,upperdir=");
  char* at = PutNumber(begin + std::strlen(begin), static_cast<unsigned>(host.upper));
  std::strcpy(at, ",workdir=");
  at = PutNumber(at + std::strlen(at), static_cast<unsigned>(host.work));
  std::strcpy(at, ",lowerdir=");
  at += std::strlen(at);
  for (std::size_t i = 0; i < plan.lower_directories.size(); ++i) {
    if (i != 0) *at++ = ':';
    at = PutNumber(at, static_cast<unsigned>(plan.lower_directories[i]));
  }
  errno = E2BIG;
  if (at - begin >= 4000) step.Fail(what);

  const int context = NewFileSystem("tmpfs", what, step);
  const int stage = FinishFileSystem(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, what, step);
  Attach(stage, host.work, "", what, step);
  step.Check(::mkdirat(stage, "root", 0700), what);
  char target[48];
  std::strcpy(target, DescriptorPath(stage).text);
  std::strcat(target, "/root");
  step.Check(::chdir("/proc/self/fd"), "change to /proc/self/fd");
  step.Check(::mount("nachbau", target, "overlay", MS_NOSUID | MS_NODEV, begin), what);
  const int root = step.Check(::openat(stage, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), what);
  ::close(stage);
  return root;
}

int MountOverlay(MountPlan& plan, const HostDirectories& host, const StepReporter& step) {
  // Without these attributes the overlay cannot hide what a lower layer has.
  const DescriptorPath upper(host.upper);
  step.Check(::setxattr(upper.text, "user.nachbau", "1", 1, 0),
             "set a user extended attribute in the directory for what the command writes");
  step.Check(::removexattr(upper.text, "user.nachbau"), "remove a user extended attribute");

  const char* const what = "mount the root (overlayfs)";
  const int root = plan.mount_by_string ? MountOverlayByString(plan, host, what, step)
                                        : MountOverlayByLayers(plan, host, what, step);

  // Is it what was asked for?
  struct statfs state {};
  step.Check(::fstatfs(root, &state), "look at the root");
  errno = EINVAL;
  if (static_cast<unsigned long>(state.f_type) != OVERLAYFS_SUPER_MAGIC) step.Fail("check that the root is an overlay");
  if (LayersShown(root, plan, step) != plan.lower_directories.size()) {
    errno = EINVAL;
    step.Fail("check the number of layers of the root");
  }
  const char* const probe = ".nachbau-probe";
  const int file = step.Check(OpenAt2(root, probe, O_WRONLY | O_CREAT | O_EXCL, kNoLinks), "write into the root");
  ::close(file);
  struct stat found {};
  step.Check(::fstatat(host.upper, probe, &found, AT_SYMLINK_NOFOLLOW), "find what was written into the root");
  step.Check(::unlinkat(root, probe, 0), "remove a file from the root");
  return root;
}

int MountTmpfs(int root, const char* name, const char* mode, const char* size, unsigned attributes,
               const StepReporter& step) {
  const char* const what = "mount a tmpfs";
  const int context = NewFileSystem("tmpfs", what, step);
  SetOption(context, "source", "tmpfs", what, step);
  SetOption(context, "mode", mode, what, step);
  SetOption(context, "size", size, what, step);
  SetOption(context, "nr_inodes", "200k", what, step);  // empty files have no size, but take memory
  const int mount = FinishFileSystem(context, attributes, what, step);
  const int target = Directory(root, name, 0755, step);
  Attach(mount, target, "", what, step);
  ::close(target);
  return mount;
}

void BindDevice(int dev, const char* name, const StepReporter& step) {
  char path[32] = "/dev/";
  std::strcat(path, name);
  const int tree = step.Check(::open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "take the device", path);
  struct stat state {};
  step.Check(::fstat(tree, &state), "look at the device", path);
  errno = ENODEV;
  if (!S_ISCHR(state.st_mode)) step.Fail("take the device", path);
  SetAttributes(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false, "restrict a device", step);
  ::close(step.Check(OpenAt2(dev, name, O_WRONLY | O_CREAT | O_EXCL, kNoLinks), "make a place for the device", path));
  Attach(tree, dev, name, "show the device", step);
  ::close(tree);
}

// Returns a descriptor of /dev/null inside, as a mount to copy.
void MakeDevices(int root, const MountPlan& plan, const StepReporter& step) {
  const int dev = MountTmpfs(root, "dev", "0755", "1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, step);
  for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) BindDevice(dev, name, step);
  for (const auto& [name, target] : {std::pair{"fd", "/proc/self/fd"}, std::pair{"stdin", "/proc/self/fd/0"},
                                     std::pair{"stdout", "/proc/self/fd/1"}, std::pair{"stderr", "/proc/self/fd/2"},
                                     std::pair{"ptmx", "pts/ptmx"}}) {
    step.Check(::symlinkat(target, dev, name), "make the link /dev/", name);
  }
  const char* const what = "mount /dev/pts";
  const int context = NewFileSystem("devpts", what, step);
  SetOption(context, "source", "devpts", what, step);
  SetOption(context, "ptmxmode", "0666", what, step);
  SetOption(context, "mode", "0620", what, step);
  if (plan.terminal_group) SetOption(context, "gid", "5", what, step);
  const int pts = FinishFileSystem(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, what, step);
  const int pts_directory = Directory(dev, "pts", 0755, step);
  Attach(pts, pts_directory, "", what, step);
  ::close(pts);
  ::close(pts_directory);
  ::close(MountTmpfs(dev, "shm", "1777", plan.tmpfs_size.c_str(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, step));
  SetAttributes(dev, MOUNT_ATTR_RDONLY, false, "make /dev read-only", step);
  ::close(dev);
}

int MountProc(int root, const StepReporter& step) {
  // EPERM here means that the outer /proc is partly covered, as in many containers: the kernel then gives no whole one.
  const char* const what = "mount /proc";
  const int context = NewFileSystem("proc", what, step);
  SetOption(context, "source", "proc", what, step);
  const int proc = FinishFileSystem(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, what, step);
  const int target = Directory(root, "proc", 0555, step);
  Attach(proc, target, "", what, step);
  ::close(target);
  for (const char* name : {"sys", "irq", "bus", "fs", "acpi", "scsi", "asound", "sysrq-trigger"}) {
    const int tree = ::open_tree(proc, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0 && errno == ENOENT) continue;
    step.Check(tree, "take /proc/", name);
    SetAttributes(tree, MOUNT_ATTR_RDONLY, true, "make a part of /proc read-only", step);
    Attach(tree, proc, name, "cover /proc/", step);
    ::close(tree);
  }
  for (const char* name : {"kcore", "keys", "key-users", "kmsg", "kallsyms", "latency_stats", "sched_debug",
                           "cmdline", "diskstats", "modules", "partitions", "swaps", "timer_list", "vmallocinfo", "kpagecount", "kpageflags", "kpagecgroup", "pagetypeinfo"}) {
    struct stat state {};
    if (::fstatat(proc, name, &state, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      step.Fail("look at /proc/", name);
    }
    const int tree = step.Check(::open_tree(root, "dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "take /dev/null");
    Attach(tree, proc, name, "cover /proc/", step);
    ::close(tree);
  }
  return proc;
}

void WriteFileInside(int directory, const char* name, std::string_view text, const StepReporter& step) {
  const int file = step.Check(OpenAt2(directory, name, O_WRONLY | O_CREAT | O_EXCL, kNoLinks), "write", name);
  step.Check(::fchmod(file, 0444), "write", name);
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) step.Fail("write", name);
  ::close(file);
}

// Nothing of the real /sys: it tells about the machine. The C library counts processors in these three files.
void MakeSys(int root, const MountPlan& plan, const StepReporter& step) {
  const int sys = MountTmpfs(root, "sys", "0555", "1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, step);
  int directory = ::dup(sys);
  for (const char* name : {"devices", "system", "cpu"}) {
    const int next = Directory(directory, name, 0755, step);
    ::close(directory);
    directory = next;
  }
  WriteFileInside(directory, "online", plan.processors_online, step);
  WriteFileInside(directory, "possible", plan.processors_possible, step);
  WriteFileInside(directory, "present", plan.processors_present, step);
  ::close(directory);
  SetAttributes(sys, MOUNT_ATTR_RDONLY, false, "make /sys read-only", step);
  ::close(sys);
}

// One number for all builds in place of the one that names this run of the machine. The file has to lie somewhere while it
// is being mounted.
void HideBootId(int run, int proc, const StepReporter& step) {
  WriteFileInside(run, "boot_id", kBootId, step);
  const int tree = step.Check(::open_tree(run, "boot_id", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "hide the boot id");
  SetAttributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false, "hide the boot id", step);
  Attach(tree, proc, "sys/kernel/random/boot_id", "hide the boot id", step);
  ::close(tree);
  step.Check(::unlinkat(run, "boot_id", 0), "hide the boot id");
}

void MakeTemporary(int root, int proc, const MountPlan& plan, const StepReporter& step) {
  const int run = MountTmpfs(root, "run", "0755", "256m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, step);
  step.Check(::mkdirat(run, "lock", 01777), "make /run/lock");
  step.Check(::fchmodat(run, "lock", 01777, 0), "make /run/lock");
  HideBootId(run, proc, step);
  ::close(run);
  if (plan.tmp_in_memory) {
    ::close(MountTmpfs(root, "tmp", "1777", plan.tmpfs_size.c_str(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, step));
    return;
  }
  ::close(Directory(root, "tmp", 01777, step));
  const int tmp = step.Check(OpenAt2(root, "tmp", O_RDONLY | O_DIRECTORY, kNoLinks), "open /tmp");
  step.Check(::fchmod(tmp, 01777), "open /tmp to all");
  ::close(tmp);
}

void ShowBinds(int root, const MountPlan& plan, const StepReporter& step) {
  for (const Bind& bind : plan.binds) {
    struct stat state {};
    step.Check(::fstat(bind.tree, &state), "look at", bind.source.c_str());
    for (std::size_t i = 0; i < bind.steps.size(); ++i) {
      const char* path = bind.steps[i].c_str();
      const bool last = i + 1 == bind.steps.size();
      const int there = OpenAt2(root, path, O_PATH, kInRoot);
      if (there >= 0) {
        if (last) Attach(bind.tree, there, "", "show a host file", step);
        ::close(there);
        continue;
      }
      if (errno != ENOENT) step.Fail("find a place for", path);
      // The parent exists now; the last name is made in it, without following anything.
      const int parent = i == 0 ? ::dup(root) : OpenAt2(root, bind.steps[i - 1].c_str(), O_PATH | O_DIRECTORY, kInRoot);
      step.Check(parent, "find a place for", path);
      const char* slash = std::strrchr(path, '/');
      const char* name = slash == nullptr ? path : slash + 1;
      if (!last || S_ISDIR(state.st_mode)) {
        step.Check(::mkdirat(parent, name, 0755), "make a place for", path);
      } else {
        ::close(step.Check(OpenAt2(parent, name, O_WRONLY | O_CREAT | O_EXCL, kNoLinks), "make a place for", path));
      }
      if (last) Attach(bind.tree, parent, name, "show a host file", step);
      ::close(parent);
    }
    ::close(bind.tree);
  }
}

}  // namespace

MountPlan MakeMountPlan(const SandboxRequest& request) {
  MountPlan plan;
  if (request.lower.empty()) throw Error(Msg("the sandbox needs at least one layer"));
  if (request.lower.size() > kMaxLayers) {
    throw Error(Msg("{} layers are too many for one overlay; the kernel takes {}", request.lower.size(), kMaxLayers));
  }
  for (const auto& path : request.lower) plan.lower.push_back(path.native());
  plan.upper = request.upper.native();
  plan.work = request.work.native();
  plan.lower_directories.assign(plan.lower.size(), -1);
  plan.lower_names.assign(kMaxLayers * 12 + 128, '\0');
  plan.mount_table.assign(4 << 20, '\0');
  for (const auto& [inside, source] : request.read_only) {
    Bind bind;
    bind.source = source.native();
    const std::filesystem::path target = std::filesystem::path(inside).lexically_normal();
    if (!target.is_absolute()) throw Error(Msg("{} is not an absolute path", inside));
    std::filesystem::path so_far;
    for (const auto& part : target.relative_path()) {
      if (part.empty()) continue;
      so_far /= part;
      bind.steps.push_back(so_far.native());
    }
    if (bind.steps.empty() || bind.steps[0] == "proc" || bind.steps[0] == "sys" || bind.steps[0] == "dev") {
      throw Error(Msg("nothing of the host can be shown at {}", inside));
    }
    plan.binds.push_back(std::move(bind));
  }
  plan.processors_online = ProcessorFile("online");
  plan.processors_possible = ProcessorFile("possible");
  plan.processors_present = ProcessorFile("present");
  if (request.processors != 0) {
    const std::string range = request.processors == 1 ? "0\n" : "0-" + std::to_string(request.processors - 1) + "\n";
    plan.processors_online = plan.processors_possible = plan.processors_present = range;
  }
  plan.tmpfs_size = request.limits.memory == 0 ? "50%" : std::to_string(request.limits.memory / 2);
  // Asked for by number: some kernels before take any option and refuse only the finished mount.
  plan.mount_by_string = request.mount_by_string || KernelIsBefore(6, 8);
  plan.terminal_group = !request.id_map.HasOneId();
  plan.tmp_in_memory = request.user == SandboxUser::kRoot;
  return plan;
}

HostDirectories OpenHostInside(MountPlan& plan, const StepReporter& step) {
  step.Check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
  const auto open = [&](const std::string& path) {
    return step.Check(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open", path.c_str());
  };
  for (std::size_t i = 0; i < plan.lower.size(); ++i) plan.lower_directories[i] = open(plan.lower[i]);
  HostDirectories host;
  host.upper = open(plan.upper);
  host.work = open(plan.work);
  for (Bind& bind : plan.binds) {
    bind.tree = step.Check(::open_tree(AT_FDCWD, bind.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE),
                           "open", bind.source.c_str());
    SetAttributes(bind.tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true, "make a host file read-only",
                  step);
  }
  return host;
}

int EnterRootInside(MountPlan& plan, const HostDirectories& host, const StepReporter& step) {
  ::umask(0);
  const int root = MountOverlay(plan, host, step);
  for (const int directory : plan.lower_directories) ::close(directory);
  ::close(host.upper);
  ::close(host.work);
  MakeDevices(root, plan, step);
  const int proc = MountProc(root, step);
  MakeSys(root, plan, step);
  MakeTemporary(root, proc, plan, step);
  ShowBinds(root, plan, step);

  // Both "." : the new root ends up on top of the old one, which is then taken away. pivot_root(2), NOTES.
  step.Check(::fchdir(root), "enter the root");
  step.Check(PivotRoot(".", "."), "change the root (pivot_root)");
  step.Check(::umount2(".", MNT_DETACH), "take the host's files away");
  step.Check(::chdir("/"), "enter the root");
  ::close(root);
  ::umask(022);
  return proc;
}

}  // namespace nachbau::builder
