#include "builder/sandbox/virtual_machine.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kMillisecond = 1'000'000;
constexpr std::uint64_t kMaxRandom = 65536;          // bytes per call
constexpr std::size_t kRandomFile = 1 << 20;         // bytes that /dev/urandom has
constexpr std::size_t kRememberedTasks = 65536;
constexpr std::uint64_t kMemory = 8ULL << 30;        // bytes that the machine has

// Bytes `from`… of a stream that is the same everywhere: SHA-256 of a counter.
std::string RandomBytes(std::uint64_t from, std::size_t size) {
  std::string bytes;
  for (std::uint64_t block = from / 32; bytes.size() < size + from % 32; ++block) {
    const Sha256Digest digest = Sha256("nachbau " + std::to_string(block));
    bytes += digest.View();
  }
  return bytes.substr(from % 32, size);
}

std::string ProcessorInfo(const VirtualValues& values) {
  std::string text;
  for (std::uint32_t i = 0; i < std::max(values.processors, 1U); ++i) {
    text += "processor\t: " + std::to_string(i) + "\nvendor_id\t: Nachbau\nmodel name\t: " + values.processor_model +
            "\ncpu MHz\t\t: 2000.000\nflags\t\t: fpu tsc cx8 cmov mmx fxsr sse sse2 syscall nx lm constant_tsc\n\n";
  }
  return text;
}

#ifdef __x86_64__
// mov eax, number; syscall; ret
std::vector<unsigned char> CallCode(std::uint32_t number) {
  std::vector<unsigned char> code = {0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0xc3};
  std::memcpy(code.data() + 1, &number, sizeof number);
  return code;
}
#endif

// Name → offset, of the functions in the vDSO of this process; all programs of this machine have the same.
std::map<std::string, std::uint64_t> FindFunctions() {
  std::map<std::string, std::uint64_t> found;
  const auto* base = reinterpret_cast<const unsigned char*>(::getauxval(AT_SYSINFO_EHDR));
  if (base == nullptr) return found;
  Elf64_Ehdr header;
  std::memcpy(&header, base, sizeof header);
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(base + header.e_shoff);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(base + sections[i].sh_offset);
    const auto* names = reinterpret_cast<const char*>(base + sections[sections[i].sh_link].sh_offset);
    for (std::size_t s = 0; s < sections[i].sh_size / sizeof *symbols; ++s) {
      if (symbols[s].st_value != 0) found[names + symbols[s].st_name] = symbols[s].st_value;
    }
  }
  return found;
}

VirtualMachine::Answer Value(std::int64_t value) { return {VirtualMachine::Answer::Kind::kValue, value, -1, false}; }

template <typename T>
VirtualMachine::Answer GiveStruct(const WatchedTask& task, std::uint64_t address, const T& value) {
  return Value(task.Write(address, &value, sizeof value) ? 0 : -EFAULT);
}

}  // namespace

VirtualMachine::VirtualMachine(const VirtualValues& values)
    : values_(values), order_(values.file_order == FileOrder::kReversed) {
#ifdef __x86_64__
  const auto functions = FindFunctions();
  const auto patch = [&](const char* name, long number) {
    if (const auto found = functions.find(name); found != functions.end()) {
      patches_.push_back({found->second, CallCode(static_cast<std::uint32_t>(number))});
    }
  };
  if (values_.HasClock()) {
    for (const char* prefix : {"", "__vdso_"}) {
      patch((std::string(prefix) + "clock_gettime").c_str(), SYS_clock_gettime);
      patch((std::string(prefix) + "gettimeofday").c_str(), SYS_gettimeofday);
      patch((std::string(prefix) + "time").c_str(), SYS_time);
    }
    if (patches_.empty()) throw Error(Msg("the clock functions of this kernel's vDSO were not found"));
  }
  if (values_.fixed_random) {
    for (const char* name : {"getrandom", "__vdso_getrandom"}) {
      // mov eax, -ENOSYS; ret: the C library then makes the call.
      if (const auto found = functions.find(name); found != functions.end()) {
        patches_.push_back({found->second, {0xb8, 0xda, 0xff, 0xff, 0xff, 0xc3}});
      }
    }
  }
#else
  throw Error(Msg("virtual values of the machine are available on amd64 only"));
#endif
  if (!values_.processor_model.empty()) texts_["/proc/cpuinfo"] = ProcessorInfo(values_);
  if (values_.processors != 0) {
    const std::string last = std::to_string(values_.processors - 1);
    for (const char* name : {"online", "possible", "present"}) {
      texts_["/sys/devices/system/cpu/" + std::string(name)] = (values_.processors == 1 ? "0" : "0-" + last) + "\n";
    }
    std::string& load = texts_["/proc/stat"] = "cpu  0 0 0 0 0 0 0 0 0 0\n";
    for (std::uint32_t i = 0; i < values_.processors; ++i) load += "cpu" + std::to_string(i) + " 0 0 0 0 0 0 0 0 0 0\n";
  }
  if (!values_.kernel_release.empty()) {
    texts_["/proc/version"] = "Linux version " + values_.kernel_release + " (nachbau) #1\n";
    texts_["/proc/sys/kernel/osrelease"] = values_.kernel_release + "\n";
    texts_["/proc/sys/kernel/version"] = "#1\n";
  }
  if (values_.fixed_random) {
    texts_["/dev/urandom"] = texts_["/dev/random"] = RandomBytes(0, kRandomFile);
    texts_["/proc/sys/kernel/random/uuid"] = texts_["/proc/sys/kernel/random/boot_id"] =
        "6e616368-6261-4752-8000-6e6163686261\n";
    texts_["/proc/loadavg"] = "0.00 0.00 0.00 1/1 1\n";
    texts_["/proc/uptime"] = "86400.00 86400.00\n";
    const std::string kilobytes = std::to_string(kMemory / 1024) + " kB\n";
    texts_["/proc/meminfo"] = "MemTotal:       " + kilobytes + "MemFree:        " + kilobytes + "MemAvailable:   " +
                              kilobytes + "SwapTotal:      0 kB\nSwapFree:       0 kB\n";
  }
}

std::optional<std::int64_t> VirtualMachine::Nanoseconds(pid_t task) {
  if (values_.clock) {
    // Standing still would keep those waiting for ever who wait for it to move.
    return *values_.clock * kSecond + static_cast<std::int64_t>(seen_[task].times++) * kMillisecond;
  }
  if (values_.clock_offset == 0) return std::nullopt;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return (now.tv_sec + values_.clock_offset) * kSecond + now.tv_nsec;
}

void VirtualMachine::Prepare(const WatchedTask& task) {
  if (seen_.size() > kRememberedTasks) {
    std::erase_if(seen_, [](const auto& entry) { return ::kill(entry.first, 0) != 0; });
  }
  seen_[task.task()] = {};
  if (!patches_.empty()) {
    const std::optional<std::uint64_t> base = task.AuxiliaryValue(AT_SYSINFO_EHDR);
    if (base) {
      for (const Patch& patch : patches_) {
        if (!task.ForceWrite(*base + patch.offset, patch.code.data(), patch.code.size())) ++missed_;
      }
    }
  }
  if (!values_.fixed_random) return;
  const std::optional<std::uint64_t> random = task.AuxiliaryValue(AT_RANDOM);
  const std::string bytes = RandomBytes(0, 16);
  if (random && !task.Write(*random, bytes.data(), bytes.size())) ++missed_;
}

VirtualMachine::Answer VirtualMachine::Random(const WatchedTask& task, std::uint64_t address, std::uint64_t size) {
  const std::uint64_t count = std::min(size, kMaxRandom);
  std::uint64_t& at = seen_[task.task()].random;
  const std::string bytes = RandomBytes(at, static_cast<std::size_t>(count));
  if (!task.Write(address, bytes.data(), bytes.size())) return Value(-EFAULT);
  at += count;
  return Value(static_cast<std::int64_t>(count));
}

VirtualMachine::Answer VirtualMachine::GiveFile(const std::string& path, std::uint64_t flags) {
  const auto text = texts_.find(path);
  if (text == texts_.end() || (flags & O_ACCMODE) != O_RDONLY) return {};
  // A new one each time: the position in the file belongs to those who opened it.
  FileDescriptor& file = files_[path];
  file = FileDescriptor(::memfd_create("virtual", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return {};
  WriteAll(file, text->second, path);
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return {Answer::Kind::kFile, 0, file.get(), (flags & O_CLOEXEC) != 0};
}

VirtualMachine::Answer VirtualMachine::Ask(const seccomp_notif& call) {
  const WatchedTask task(static_cast<pid_t>(call.pid));
  const auto* arguments = call.data.args;
  switch (call.data.nr) {
#ifdef __x86_64__
    case SYS_arch_prctl: Prepare(task); return {};
    // The older form of getdents64, which no C library uses any more.
    case SYS_getdents: return values_.file_order != FileOrder::kMachine ? Value(-ENOSYS) : Answer{};
    case SYS_time: {
      const std::optional<std::int64_t> now = Nanoseconds(task.task());
      if (!now) return {};
      const time_t seconds = *now / kSecond;
      if (arguments[0] != 0 && !task.Write(arguments[0], &seconds, sizeof seconds)) return Value(-EFAULT);
      return Value(seconds);
    }
    case SYS_open:
      if (const auto path = task.ReadText(arguments[0])) return GiveFile(*path, arguments[1]);
      return {};
#endif
    case SYS_openat:
      if (const auto path = task.ReadText(arguments[1])) return GiveFile(*path, arguments[2]);
      return {};
    case SYS_clock_gettime: {
      const std::optional<std::int64_t> now = Nanoseconds(task.task());
      if (!now) return {};
      return GiveStruct(task, arguments[1], timespec{*now / kSecond, *now % kSecond});
    }
    case SYS_gettimeofday: {
      const std::optional<std::int64_t> now = Nanoseconds(task.task());
      if (!now) return {};
      const struct timezone zone {};
      if (arguments[1] != 0 && !task.Write(arguments[1], &zone, sizeof zone)) return Value(-EFAULT);
      if (arguments[0] == 0) return Value(0);
      return GiveStruct(task, arguments[0], timeval{*now / kSecond, *now % kSecond / 1000});
    }
    case SYS_uname: {
      if (values_.kernel_release.empty()) return {};
      utsname names{};
      utsname real{};
      ::uname(&real);
      std::strcpy(names.sysname, "Linux");
      values_.host_name.copy(names.nodename, sizeof names.nodename - 1);
      values_.kernel_release.copy(names.release, sizeof names.release - 1);
      std::strcpy(names.version, "#1");
      std::memcpy(names.machine, real.machine, sizeof names.machine);
      std::strcpy(names.domainname, "(none)");
      return GiveStruct(task, arguments[0], names);
    }
    case SYS_sched_getaffinity: {
      if (values_.processors == 0) return {};
      std::array<std::uint64_t, 16> mask{};
      for (std::uint32_t i = 0; i < values_.processors && i < 1024; ++i) mask[i / 64] |= 1ULL << (i % 64);
      const std::size_t size = std::min<std::size_t>(arguments[1] / 8 * 8, sizeof mask);
      if (size * 8 < values_.processors) return Value(-EINVAL);
      if (!task.Write(arguments[2], mask.data(), size)) return Value(-EFAULT);
      return Value(static_cast<std::int64_t>(size));
    }
    case SYS_sysinfo: {
      if (!values_.fixed_random) return {};
      struct sysinfo machine {};
      machine.uptime = 86400;
      machine.totalram = machine.freeram = kMemory / 4096;
      machine.mem_unit = 4096;
      machine.procs = 1;
      return GiveStruct(task, arguments[0], machine);
    }
    case SYS_getdents64: {
      if (values_.file_order == FileOrder::kMachine) return {};
      const auto result = order_.Read(task, static_cast<int>(arguments[0]), arguments[1], static_cast<std::uint32_t>(arguments[2]));
      return result ? Value(*result) : Answer{};
    }
    case SYS_getrandom:
      return values_.fixed_random ? Random(task, arguments[0], arguments[1]) : Answer{};
    default: return {};
  }
}

}  // namespace nachbau::builder
