#include "mirror/worker_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

// What a process writes before each result.
struct Frame {
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::uint64_t failed = 0;  // 1: the text is that of an exception
};

// The next number, in memory that all processes share: whoever is free takes it.
class Counter {
 public:
  Counter() {
    void* memory = ::mmap(nullptr, sizeof(std::atomic<std::size_t>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw SystemError(errno, Msg("make memory to share"));
    next_ = new (memory) std::atomic<std::size_t>(0);
  }
  ~Counter() { ::munmap(next_, sizeof *next_); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  std::size_t Take() { return (*next_)++; }

 private:
  std::atomic<std::size_t>* next_;
};

class Worker {
 public:
  Worker(std::size_t count, Counter& counter, const std::function<std::string(std::size_t)>& work) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
    output_ = FileDescriptor(ends[0]);
    FileDescriptor input(ends[1]);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw SystemError(errno, Msg("start a process"));
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::_exit(Run(input, count, counter, work));
    }
  }
  ~Worker() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    Collect();
  }
  Worker(Worker&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), output_(std::move(other.output_)), buffer_(std::move(other.buffer_)) {}
  Worker& operator=(Worker&&) = delete;

  const FileDescriptor& output() const { return output_; }

  // False at the end of what it writes.
  bool Read(const std::function<void(std::size_t, std::string)>& sink) {
    std::array<char, 1 << 16> piece;
    const ssize_t size = ::read(output_.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) return true;
    if (size < 0) throw SystemError(errno, Msg("read from a process"));
    if (size == 0) {
      const int status = Collect();
      if (status != 0 || !buffer_.empty()) {
        throw Error(Msg("a process that resolves build environments ended with status {}", status));
      }
      return false;
    }
    buffer_.append(piece.data(), static_cast<std::size_t>(size));
    std::size_t position = 0;
    for (Frame frame; buffer_.size() - position >= sizeof frame; position += sizeof frame + frame.size) {
      std::memcpy(&frame, buffer_.data() + position, sizeof frame);
      if (buffer_.size() - position - sizeof frame < frame.size) break;
      std::string text = buffer_.substr(position + sizeof frame, frame.size);
      if (frame.failed != 0) throw Error(Msg("{}", text));
      sink(frame.number, std::move(text));
    }
    buffer_.erase(0, position);
    return true;
  }

 private:
  static int Run(const FileDescriptor& output, std::size_t count, Counter& counter,
                 const std::function<std::string(std::size_t)>& work) {
    try {
      for (std::size_t number = counter.Take(); number < count; number = counter.Take()) {
        Frame frame{number, 0, 0};
        std::string text;
        try {
          text = work(number);
        } catch (const std::exception& error) {
          text = error.what();
          frame.failed = 1;
        }
        frame.size = text.size();
        text.insert(0, reinterpret_cast<const char*>(&frame), sizeof frame);
        WriteAll(output, text, "pipe");
      }
      return 0;
    } catch (...) {  // the reader is gone
      return 1;
    }
  }
  int Collect() {
    int status = 0;
    const pid_t pid = std::exchange(pid_, -1);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  pid_t pid_ = -1;
  FileDescriptor output_;
  std::string buffer_;
};

}  // namespace

void ForEachInProcesses(std::size_t count, unsigned processes, const std::atomic<bool>* cancelled,
                        const std::function<std::string(std::size_t)>& work,
                        const std::function<void(std::size_t, std::string)>& sink) {
  const auto throw_if_cancelled = [&] {
    if (cancelled != nullptr && *cancelled) throw CancelledError();
  };
  if (processes <= 1 || count <= 1) {
    for (std::size_t number = 0; number < count; ++number) {
      throw_if_cancelled();
      sink(number, work(number));
    }
    return;
  }
  Counter counter;
  std::vector<Worker> workers;
  workers.reserve(std::min<std::size_t>(processes, count));
  for (std::size_t i = 0; i < std::min<std::size_t>(processes, count); ++i) workers.emplace_back(count, counter, work);
  std::size_t done = 0;
  const auto count_done = [&](std::size_t number, std::string text) {
    ++done;
    sink(number, std::move(text));
  };
  while (!workers.empty()) {
    throw_if_cancelled();
    std::vector<pollfd> polled;
    for (const Worker& worker : workers) polled.push_back({worker.output().get(), POLLIN, 0});
    if (::poll(polled.data(), polled.size(), 100) < 0 && errno != EINTR) throw SystemError(errno, Msg("poll"));
    for (std::size_t i = workers.size(); i-- > 0;) {
      if (polled[i].revents != 0 && !workers[i].Read(count_done)) {
        std::vector<Worker> left;
        for (std::size_t k = 0; k < workers.size(); ++k) {
          if (k != i) left.push_back(std::move(workers[k]));
        }
        workers = std::move(left);
      }
    }
  }
  if (done != count) throw Error(Msg("only {} of {} build environments were resolved", done, count));
}

}  // namespace nachbau::mirror
