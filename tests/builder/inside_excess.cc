#include "inside_excess.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <tuple>

[[noreturn]] void SleepForever() {
  while (true) ::pause();
}

// Processes that try to survive: in a session of their own, orphaned, deaf to signals.
int Survive() {
  for (int i = 0; i < 3; ++i) {
    if (::fork() == 0) {
      ::setsid();
      for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
      if (::fork() != 0) ::_exit(0);
      SleepForever();
    }
  }
  while (::wait(nullptr) > 0) {
  }
  return 0;
}

// A helper that outlives its maker and goes on writing to an output, through a descriptor it was handed over a socket.
int WriteLate() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 1;
  if (::fork() == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    int output = -1;
    if (::recvmsg(ends[1], &message, 0) == 1) std::memcpy(&output, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof output);
    while (::write(output, "late\n", 5) == 5) {
      if (byte != 0) std::ignore = ::write(ends[1], &byte, 1);
      byte = 0;
      ::usleep(1000);
    }
    ::_exit(0);
  }
  ::wait(nullptr);
  const int output = ::open("/tmp/output", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  char byte = 1;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof output);
  std::memcpy(CMSG_DATA(header), &output, sizeof output);
  if (::sendmsg(ends[0], &message, 0) != 1) return 2;
  return ::read(ends[0], &byte, 1) == 1 ? 0 : 3;  // it writes now
}

// Files without content, which take no blocks.
int MakeFilesForever() {
  ::mkdir("/tmp/many", 0700);
  for (int i = 0;; ++i) {
    const std::string name = "/tmp/many/" + std::to_string(i);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return 4;
    ::close(fd);
    if (i % 100 == 0) ::usleep(1000);
  }
}

int UseMemory(long megabytes, int processes) {
  for (int i = 0; i < processes; ++i) {
    if (::fork() != 0) continue;
    const auto size = static_cast<std::size_t>(megabytes) << 20;
    char* memory = static_cast<char*>(std::malloc(size));
    if (memory == nullptr) ::_exit(1);
    for (std::size_t at = 0; at < size; at += 4096) memory[at] = 1;
    SleepForever();
  }
  while (::wait(nullptr) > 0) {
  }
  return 3;
}

int ForkForever() {
  while (true) {
    if (::fork() == 0) ::pause();
  }
}

int FillDisk(bool deep) {
  const std::string block(1 << 20, 'x');
  if (deep) {
    for (int i = 0; i < 1100; ++i) {
      if (::mkdir("d", 0700) != 0 || ::chdir("d") != 0) return 4;
    }
  }
  ::mkdir("closed", 0700);
  for (int i = 0; i < 512; ++i) {
    std::ofstream file("closed/" + std::to_string(i), std::ios::binary);
    file << block;
    if (!file.flush()) return 4;
    ::usleep(5000);
  }
  SleepForever();
}
