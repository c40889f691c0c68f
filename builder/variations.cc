#include "builder/variations.h"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

constexpr const char* kMemory = "/dev/shm";
constexpr std::int64_t kFarAhead = 398 * 86400LL + 4711;  // seconds
constexpr long kTmpfsMagic = 0x01021994;
constexpr std::uint64_t kMemoryNeeded = 2ULL << 30;  // bytes that must be free there
constexpr std::uint64_t kMaxAccountFile = 1 << 20;

void Replace(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Of the topmost layer that has it.
std::string ReadFromLayers(const std::vector<std::filesystem::path>& layers, const std::string& path) {
  for (const std::filesystem::path& layer : layers) {
    if (const auto file = OpenForReadingIfExists(layer / path)) return ReadDescriptor(*file, path, kMaxAccountFile);
  }
  throw MissingError(Msg("the build root has no {}", path));
}

std::string WhyNotInMemory() {
  struct statfs state {};
  if (::statfs(kMemory, &state) != 0 || state.f_type != kTmpfsMagic) return "there is no file system in memory at /dev/shm";
  if (static_cast<std::uint64_t>(state.f_bavail) * static_cast<std::uint64_t>(state.f_bsize) < kMemoryNeeded) {
    return "less than 2 GiB are free in /dev/shm";
  }
  try {
    const TemporaryDirectory probe(kMemory, "nachbau-probe-");
    if (::setxattr(probe.path().c_str(), "user.nachbau", "1", 1, 0) != 0) {
      return "the file system in memory keeps no extended attributes (Linux before 6.6)";
    }
  } catch (const SystemError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

const std::vector<Variation>& Variations() {
  static const std::vector<Variation> variations = {
      {"address-layout", Msg("fixed addresses in memory instead of random ones")},
      {"build-path", Msg("another build path")},
      {"date", Msg("a clock that is more than a year ahead")},
      {"directory-order", Msg("another order of the names in each directory")},
      {"environment", Msg("an additional environment variable, and a longer search path")},
      {"file-system", Msg("a file system in memory instead of one on disk: other inodes, other sizes of directories")},
      {"home", Msg("another home directory")},
      {"host-name", Msg("another host name")},
      {"kernel", Msg("another kernel version")},
      {"locale", Msg("locale C instead of C.UTF-8")},
      {"processor-model", Msg("another model of processor in /proc/cpuinfo")},
      {"processors", Msg("one processor instead of all, one job at a time")},
      {"shell", Msg("another login shell")},
      {"time-zone", Msg("a time zone 12 and a half hours away from UTC")},
      {"umask", Msg("umask 002 instead of 022")},
      {"user", Msg("another user name")},
  };
  return variations;
}

void CheckVariations(const std::set<std::string>& chosen) {
  for (const std::string& name : chosen) {
    const auto& all = Variations();
    if (std::any_of(all.begin(), all.end(), [&](const Variation& known) { return known.name == name; })) continue;
    std::string names;
    for (const Variation& known : all) names += (names.empty() ? "" : ", ") + std::string(known.name);
    throw UsageError(Msg("unknown variation: {}; there are {}", Printable(name), names));
  }
}

std::map<std::string, std::string> ImpossibleVariations() {
  std::map<std::string, std::string> impossible;
#ifndef __x86_64__
  for (const char* name : {"date", "directory-order", "kernel", "processor-model"}) impossible[name] = "only on amd64";
#endif
  if (std::thread::hardware_concurrency() < 2) impossible["processors"] = "this machine has one processor";
  if (std::string reason = WhyNotInMemory(); !reason.empty()) impossible["file-system"] = std::move(reason);
  return impossible;
}

std::filesystem::path MemoryDirectory() {
  const std::filesystem::path path = std::filesystem::path(kMemory) / ("nachbau-" + std::to_string(::getuid()));
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) throw SystemError(errno, Msg("make directory {}", path.native()));
  // Everybody may make names there; what has ours must be ours. Others cannot exchange it then (sticky bit).
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw SystemError(errno, Msg("look at {}", path.native()));
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) {
    throw Error(Msg("{} is not a directory of this user alone", path.native()));
  }
  return path;
}

ReplacedFiles Vary(const std::set<std::string>& chosen, const std::vector<std::filesystem::path>& layers,
                   Recipe& recipe, SandboxRequest& request) {
  CheckVariations(chosen);
  ReplacedFiles files;
  auto& environment = recipe.environment;
  if (chosen.contains("address-layout")) request.fixed_addresses = true;
  if (chosen.contains("build-path")) {
    const std::string path = recipe.build_directory + "/varied-" + recipe.build_path.substr(recipe.build_path.rfind('/') + 1);
    Replace(recipe.script, "'" + recipe.build_path + "'", "'" + path + "'");
    recipe.build_path = path;
  }
  VirtualValues& values = request.virtual_values;
  if (chosen.contains("date")) {
    // A clock that stands is moved, one that runs is put forward: another day, month and year either way.
    if (values.clock) {
      *values.clock += kFarAhead;
    } else {
      values.clock_offset = kFarAhead;
    }
  }
  if (chosen.contains("directory-order")) values.file_order = FileOrder::kReversed;
  if (chosen.contains("kernel")) values.kernel_release = "7.77.7-varied";
  if (chosen.contains("processor-model")) values.processor_model = "varied processor";
  if (chosen.contains("environment")) {
    environment["NACHBAU_VARIED"] = "1";
    environment["PATH"] += ":/varied/bin";
  }
  if (chosen.contains("home")) environment["HOME"] = "/nonexistent/varied";
  if (chosen.contains("host-name")) {
    request.host_name = "varied-host";
    files["etc/hostname"] = "varied-host\n";
    files["etc/hosts"] = "127.0.0.1 localhost\n127.0.1.1 varied-host\n::1 localhost\n";
  }
  if (chosen.contains("locale")) environment["LC_ALL"] = environment["LANG"] = "C";
  if (chosen.contains("processors")) {
    request.processors = 1;
    std::string& options = environment["DEB_BUILD_OPTIONS"];
    const std::size_t at = options.find("parallel=");
    options = options.substr(0, at) + "parallel=1";
  }
  if (chosen.contains("shell")) environment["SHELL"] = "/bin/bash";
  if (chosen.contains("time-zone")) environment["TZ"] = "VAR+12:30";
  if (chosen.contains("umask")) Replace(recipe.script, "umask 022\n", "umask 002\n");
  if (chosen.contains("user")) {
    environment["USER"] = environment["LOGNAME"] = "varied";
    for (const char* path : {"etc/passwd", "etc/group"}) {
      std::string accounts = ReadFromLayers(layers, path);
      Replace(accounts, "\nbuilder:", "\nvaried:");
      files[path] = std::move(accounts);
    }
  }
  request.environment = environment;
  return files;
}

}  // namespace nachbau::builder
