#include "inside_watched.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kAtOnce = 16;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Descriptors close on exec: a program that inherits one may use it, and the trace counts that.
void Copy(const std::string& from, const std::string& to) {
  std::FILE* file = std::fopen(to.c_str(), "we");
  std::fputs(Contents(from).c_str(), file);
  std::fclose(file);
}

void MakeFiles(const std::string& directory, const std::vector<std::string>& names) {
  ::mkdir(directory.c_str(), 0755);
  for (const std::string& name : names) std::ofstream(directory + "/" + name);
}

// As the system lists them, without "." and "..".
std::vector<std::string> Names(const char* path) {
  std::vector<std::string> names;
  DIR* directory = ::opendir(path);
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(directory);
  return names;
}

[[noreturn]] void Become(const char* what) {
  ::execl("/bin/inside", "inside", what, nullptr);
  ::_exit(1);
}

int Wait(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// /layered/a → a program → a pipe → another program → /tmp/piped
int UsePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return 1;
  const pid_t writer = ::fork();
  if (writer == 0) {
    ::dup2(::open("/layered/a", O_RDONLY | O_CLOEXEC), 0);
    ::dup2(ends[1], 1);
    Become("pass-on");
  }
  const pid_t reader = ::fork();
  if (reader == 0) {
    ::dup2(ends[0], 0);
    ::dup2(::open("/tmp/piped", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), 1);
    Become("pass-on");
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return Wait(writer) + Wait(reader);
}

int Spawn() {
  char* arguments[] = {const_cast<char*>("inside"), const_cast<char*>("exit"), const_cast<char*>("0"), nullptr};
  pid_t child = 0;
  return ::posix_spawn(&child, "/bin/inside", nullptr, nullptr, arguments, environ) == 0 ? Wait(child) : 1;
}

std::string Hex(const unsigned char* bytes, std::size_t count) {
  std::ostringstream text;
  for (std::size_t i = 0; i < count; ++i) text << std::hex << std::setw(2) << std::setfill('0') << int{bytes[i]};
  return text.str();
}

void Say(const std::string& name, const std::string& value) { std::cout << name << "=" << value << "\n"; }

}  // namespace

int UseFiles() {
  Copy("/layered/a", "/tmp/b");
  ::rename("/tmp/b", "/tmp/c");
  ::link("/tmp/c", "/tmp/d");
  ::symlink("d", "/tmp/s");
  const int directory = ::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char byte = 0;
  const int through = ::openat(directory, "s", O_RDWR | O_CLOEXEC);  // by a directory, and a symbolic link
  if (::read(through, &byte, 1) != 1 || byte != 'a') return 1;
  ::unlinkat(directory, "d", 0);
  if (::open("/missing", O_RDONLY | O_CLOEXEC) >= 0) return 1;
  ::close(::open("/tmp/two", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  ::truncate("/tmp/two", 7);
  ::chdir("/tmp");
  Copy("two", "three");  // by the working directory
  return Spawn() + UsePipe();
}

int UseFilesAtOnce() {
  std::array<pthread_t, kAtOnce> threads{};
  for (long i = 0; i < kAtOnce; ++i) {
    ::pthread_create(
        &threads[static_cast<std::size_t>(i)], nullptr,
        [](void* number) -> void* {
          Copy("/layered/a", "/tmp/thread" + std::to_string(reinterpret_cast<long>(number)));
          return nullptr;
        },
        reinterpret_cast<void*>(i));
  }
  int failed = 0;
  std::array<pid_t, kAtOnce> children{};
  for (int i = 0; i < kAtOnce; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      Copy("/layered/a", "/tmp/process" + std::to_string(i));
      Become("look");
    }
    children[static_cast<std::size_t>(i)] = child;
  }
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  for (const pid_t child : children) failed += Wait(child);
  return failed;
}

int PassOn() {
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(0, buffer, sizeof buffer)) > 0;) {
    if (::write(1, buffer, static_cast<std::size_t>(count)) != count) return 1;
  }
  return 0;
}

int ListDirectories() {
  std::vector<std::string> names;
  // Long, so that a few need several calls.
  for (int i = 0; i < 400; ++i) names.push_back("name-" + std::to_string(i) + std::string(200, 'x'));
  MakeFiles("/tmp/there", names);
  std::reverse(names.begin(), names.end());
  MakeFiles("/tmp/back", names);
  const std::vector<std::string> there = Names("/tmp/there");
  Say("count", std::to_string(there.size()));
  Say("same", there == Names("/tmp/back") ? "yes" : "no");
  for (const std::string& name : there) std::printf("listed=%s\n", name.c_str());

  // A little at a time, with a buffer for one name.
  const int raw = ::open("/tmp/there", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::vector<std::string> slowly;
  alignas(dirent64) char buffer[240];
  while (::syscall(SYS_getdents64, raw, buffer, sizeof buffer) > 0) {
    const std::string name = reinterpret_cast<const dirent64*>(buffer)->d_name;
    if (name != "." && name != "..") slowly.push_back(name);
  }
  Say("slowly", slowly == there ? "yes" : "no");
  ::lseek(raw, 0, SEEK_SET);
  Say("too-small", ::syscall(SYS_getdents64, raw, buffer, 20) == -1 && errno == EINVAL ? "EINVAL" : "no");
  Say("bad-address", ::syscall(SYS_getdents64, raw, 8, sizeof buffer) == -1 && errno == EFAULT ? "EFAULT" : "no");
  Say("no-directory", ::syscall(SYS_getdents64, 0, buffer, sizeof buffer) == -1 && errno == ENOTDIR ? "ENOTDIR" : "no");

  // Back to a place, and while the names go.
  DIR* directory = ::opendir("/tmp/back");
  for (int i = 0; i < 50; ++i) ::readdir(directory);
  const long place = ::telldir(directory);
  const std::string next = ::readdir(directory)->d_name;
  for (int i = 0; i < 300; ++i) ::readdir(directory);
  ::seekdir(directory, place);
  Say("seek", ::readdir(directory)->d_name == next ? "yes" : "no");
  ::rewinddir(directory);
  while (const dirent* entry = ::readdir(directory)) ::unlinkat(::dirfd(directory), entry->d_name, 0);
  ::closedir(directory);
  Say("emptied", ::rmdir("/tmp/back") == 0 ? "yes" : "no");
  return 0;
}

int LookAtMachine() {
  timespec real{}, raw{}, monotonic{};
  timeval day{};
  ::clock_gettime(CLOCK_REALTIME, &real);                            // by the vDSO
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &raw);                // by the kernel
  ::gettimeofday(&day, nullptr);
  ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
  Say("clock", std::to_string(real.tv_sec) + " " + std::to_string(raw.tv_sec) + " " + std::to_string(day.tv_sec) + " " +
                   std::to_string(::time(nullptr)));
  Say("moves", real.tv_sec < raw.tv_sec || (real.tv_sec == raw.tv_sec && real.tv_nsec < raw.tv_nsec) ? "yes" : "no");
  utsname name{};
  ::uname(&name);
  Say("uname", std::string(name.sysname) + " " + name.nodename + " " + name.release + " " + name.machine);
  cpu_set_t processors;
  CPU_ZERO(&processors);
  ::sched_getaffinity(0, sizeof processors, &processors);
  Say("processors", std::to_string(CPU_COUNT(&processors)) + " " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)));
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) return 1;
  Say("random", Hex(random.data(), random.size()));
  Say("at-random", Hex(reinterpret_cast<const unsigned char*>(::getauxval(AT_RANDOM)), 16));
  std::ifstream("/dev/urandom").read(reinterpret_cast<char*>(random.data()), random.size());
  Say("urandom", Hex(random.data(), random.size()));
  const std::string cpuinfo = Contents("/proc/cpuinfo");
  const std::size_t model = cpuinfo.find("model name");
  Say("model", model == std::string::npos ? "" : cpuinfo.substr(model, cpuinfo.find('\n', model) - model));
  Say("version", Contents("/proc/version").substr(0, 40));
  struct sysinfo info {};
  ::sysinfo(&info);
  Say("memory", std::to_string(info.totalram * info.mem_unit) + " " + std::to_string(info.uptime));
  return 0;
}
