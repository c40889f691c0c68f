#include "builder/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "tests/builder/as_user.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// Processes on this machine with `marker` in their arguments.
int ProcessesWith(const std::string& marker) {
  int found = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (entry.path().filename().native().find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find(marker) != std::string::npos) ++found;
  }
  return found;
}

// A word that only the processes of one sandbox have in their arguments.
std::string Marker() {
  static int count = 0;
  return "marker-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

const Guarantee& Named(const SandboxResult& result, const std::string& name) {
  for (const Guarantee& guarantee : result.guarantees) {
    if (guarantee.name == name) return guarantee;
  }
  throw Error(Msg("no guarantee {}", name));
}

std::string OwnMounts() {
  std::ifstream file("/proc/self/mountinfo");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class SandboxTest : public EachUser {
 protected:
  void TearDown() override { EXPECT_THAT(OwnMounts(), Not(HasSubstr("nachbau"))); }
};

TEST_P(SandboxTest, PassesExitCodeAndOutput) {
  Run([] {
    TinyRoot root;
    const Ran exits = builder::Run(root.Request({"exit", "42"}));
    EXPECT_EQ(exits.result.end, SandboxEnd::kExited);
    EXPECT_EQ(exits.result.exit_code, 42);
    EXPECT_EQ(exits.result.detail, "");
    const Ran writes = builder::Run(root.Request({"both-outputs"}));
    EXPECT_EQ(writes.result.exit_code, 0);
    EXPECT_EQ(writes.output, "out\nerr\n");
    const Ran killed = builder::Run(root.Request({"signal", "6"}));
    EXPECT_EQ(killed.result.end, SandboxEnd::kSignalled);
    EXPECT_EQ(killed.result.exit_code, 134);
    EXPECT_EQ(killed.result.detail, "signal 6 (SIGABRT)");
    const Ran works = builder::Run(root.Request({"processor-time"}));
    EXPECT_GE(works.result.cpu_ms, 300U);
    EXPECT_GE(works.result.duration_ms, 300U);
    EXPECT_GT(works.result.peak_memory, 0U);
  });
}

TEST_P(SandboxTest, ShowsTheSameSurroundingsEverywhere) {
  Run([] {
    TinyRoot root;
    const Ran ran = builder::Run(root.Request({"look"}));
    ASSERT_EQ(ran.result.exit_code, 0) << ran.output;
    for (const char* line :
         {"host-name=nachbau\n", "ids=1000:1000:0\n", "directory=/\n", "descriptors=0,1,2\n", "standard-input=0\n",
          "capabilities=0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000\n",
          "no-new-privileges=1\n", "seccomp=2\n", "process=2\n", "session-leader=1\n", "umask=18\n", "memory-score=500\n", "init-name=init\n",
          "core-limit=1\n", "signals-ignored=0000000000000000\n", "signals-blocked=0000000000000000\n",
          "uptime-in-days=1\n", "monotonic-clock-in-days=1\n", "fsync=done\n", "environment=PATH=/bin;TZ=UTC;\n"}) {
      EXPECT_THAT(ran.output, HasSubstr(line));
    }
    EXPECT_THAT(ran.output, HasSubstr("processors=" + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + "\n"));
    // No directory of the machine appears in the table of mounts, and every mount is nosuid.
    const std::string mounts = ran.output.substr(ran.output.find("MOUNTS\n") + 7);
    EXPECT_THAT(mounts, Not(HasSubstr("/var/tmp"))) << mounts;
    std::istringstream lines(mounts);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_THAT(line, HasSubstr("nosuid"));
    EXPECT_GE(count, 12);
  });
}

TEST_P(SandboxTest, RootInsideKeepsOnlyWhatScriptsNeed) {
  Run([] {
    TinyRoot root;
    SandboxRequest request = root.Request({"look"});
    request.user = SandboxUser::kRoot;
    request.host_name = "other";
    request.working_directory = "/bin";
    const Ran ran = builder::Run(request);
    EXPECT_THAT(ran.output, HasSubstr("ids=0:0:0\n"));
    EXPECT_THAT(ran.output, HasSubstr("host-name=other\n"));
    EXPECT_THAT(ran.output, HasSubstr("directory=/bin\n"));
    // chown, dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid, sys_chroot, setfcap
    EXPECT_THAT(ran.output, HasSubstr("capabilities=0000000000000000 00000000800400ff 00000000800400ff 00000000800400ff "
                                      "0000000000000000\n"));
    EXPECT_THAT(ran.output, HasSubstr("no-new-privileges=1\n"));
  });
}

TEST_P(SandboxTest, WritesOnlyIntoUpper) {
  Run([] {
    TinyRoot root;
    SandboxRequest request = root.Request({"write", "/bin/inside2", "changed"});
    request.user = SandboxUser::kRoot;
    EXPECT_EQ(builder::Run(request).result.exit_code, 0);
    EXPECT_TRUE(fs::exists(root.path() / "upper/bin/inside2"));
    EXPECT_FALSE(fs::exists(root.path() / "lower/bin/inside2"));
    request.command = {"/bin/inside", "replace-directory"};
    const Ran replaced = builder::Run(request);
    EXPECT_EQ(replaced.result.exit_code, 0) << replaced.output;
    EXPECT_TRUE(fs::exists(root.path() / "layer/layered/a"));
    // The build user cannot write where only root inside may.
    SandboxRequest as_builder = root.Request({"write", "/bin/inside3", "x"});
    EXPECT_EQ(builder::Run(as_builder).result.exit_code, 1);
    // The probe of the overlay is gone.
    EXPECT_FALSE(fs::exists(root.path() / "upper/.nachbau-probe"));
  });
}

TEST_P(SandboxTest, TakesManyLayers) {
  Run([] {
    TinyRoot root;
    std::vector<fs::path> layers;
    for (int i = 0; i < 300; ++i) {
      layers.push_back(root.path() / ("many" + std::to_string(i)));
      MakeOwnedDirectory(root.map(), layers.back());
    }
    SandboxRequest request = root.Request({"exit", "5"});
    request.lower.insert(request.lower.begin(), layers.begin(), layers.end());
    EXPECT_EQ(builder::Run(request).result.exit_code, 5) << "the program lies in the last of 302 layers";
    request.mount_by_string = true;
    EXPECT_EQ(builder::Run(request).result.exit_code, 5) << "also as on kernels before 6.8";
    request.lower.insert(request.lower.begin(), layers.begin(), layers.end());
    try {
      builder::Run(request);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "602 layers are too many for one overlay; the kernel takes 500");
    }
  });
}

TEST_P(SandboxTest, NamesTheStepThatFailed) {
  Run([] {
    TinyRoot root;
    const auto failure = [&](const SandboxRequest& request) -> std::string {
      try {
        builder::Run(request);
      } catch (const SystemError& error) {
        return error.what();
      }
      return "no error";
    };
    SandboxRequest request = root.Request({});
    request.command = {"/bin/missing"};
    EXPECT_EQ(failure(request), "set up the sandbox: run /bin/missing: No such file or directory");
    request = root.Request({"exit", "0"});
    request.working_directory = "/nowhere";
    EXPECT_EQ(failure(request), "set up the sandbox: change to /nowhere: No such file or directory");
    request = root.Request({"exit", "0"});
    request.lower.push_back(root.path() / "nowhere");
    EXPECT_EQ(failure(request),
              "set up the sandbox: open " + (root.path() / "nowhere").native() + ": No such file or directory");
    request = root.Request({"exit", "0"});
    request.work = root.path() / "lower";
    request.upper = root.path() / "lower/bin";
    EXPECT_THAT(failure(request), HasSubstr("set up the sandbox: mount the root (overlayfs)"));
    // A root whose /dev leads elsewhere.
    RemoveTree(root.map(), root.path() / "upper");
    MakeOwnedDirectory(root.map(), root.path() / "upper");
    fs::create_symlink("/tmp", root.path() / "upper/dev");
    EXPECT_EQ(failure(root.Request({"exit", "0"})),
              "set up the sandbox: open the directory dev: Too many levels of symbolic links");
  });
}

TEST_P(SandboxTest, TimeLimitKillsEverything) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    SandboxRequest request = root.Request({"survive-and-wait", marker});
    request.limits.seconds = 1;
    const std::uint64_t before = MonotonicMilliseconds();
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kTimedOut);
    EXPECT_EQ(ran.result.detail, "time: more than 1 seconds");
    EXPECT_EQ(ran.result.exit_code, 137);
    EXPECT_EQ(ran.output, "ready\n");
    EXPECT_LT(MonotonicMilliseconds() - before, 5000U);
    EXPECT_EQ(ProcessesWith(marker), 0);
  });
}

TEST_P(SandboxTest, SleepsAnswerAtOnceOnlyWhereAskedTo) {
  Run([] {
    TinyRoot root;
    SandboxRequest request = root.Request({"nap"});
    request.limits.seconds = 1;
    EXPECT_EQ(builder::Run(request).result.end, SandboxEnd::kTimedOut);
  });
  Run([] {
    TinyRoot root;
    SandboxRequest request = root.Request({"nap"});
    request.skip_sleep = true;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kExited);
    EXPECT_EQ(ran.result.exit_code, 0);
  });
}

TEST_P(SandboxTest, NoProcessSurvivesTheCommand) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    const Ran ran = builder::Run(root.Request({"survive", marker}));
    EXPECT_EQ(ran.result.end, SandboxEnd::kExited);
    EXPECT_EQ(ran.result.exit_code, 0);
    EXPECT_EQ(ProcessesWith(marker), 0);
  });
}

TEST_P(SandboxTest, CanBeCancelled) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    SandboxRequest request = root.Request({"survive-and-wait", marker});
    std::atomic<bool> cancelled = false;
    request.cancelled = &cancelled;
    const SandboxResult result = RunInSandbox(request, [&](std::string_view) { cancelled = true; });
    EXPECT_EQ(result.end, SandboxEnd::kCancelled);
    EXPECT_EQ(ProcessesWith(marker), 0);
  });
}

TEST_P(SandboxTest, ExceptionOfTheListenerKillsEverything) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    EXPECT_THROW(RunInSandbox(root.Request({"survive-and-wait", marker}),
                              [&](std::string_view) { throw Error(Msg("disk full")); }),
                 Error);
    EXPECT_EQ(ProcessesWith(marker), 0);
  });
}

TEST_P(SandboxTest, DiesWithNachbau) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      try {
        RunInSandbox(root.Request({"survive-and-wait", marker}), [&](std::string_view piece) {
          if (::write(ends[1], piece.data(), piece.size()) < 0) ::_exit(2);
        });
      } catch (...) {
      }
      ::_exit(1);
    }
    char answer = 0;
    ASSERT_EQ(::read(ends[0], &answer, 1), 1);
    EXPECT_EQ(ProcessesWith(marker), 4);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    const std::uint64_t deadline = MonotonicMilliseconds() + 5000;
    while (ProcessesWith(marker) != 0 && MonotonicMilliseconds() < deadline) ::usleep(20000);
    EXPECT_EQ(ProcessesWith(marker), 0);
    // The next one finds the place usable and sweeps up the control group.
    EXPECT_EQ(builder::Run(root.Request({"exit", "3"})).result.exit_code, 3);
  });
}

TEST_P(SandboxTest, MemoryOfAllProcessesIsLimited) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    SandboxRequest request = root.Request({"memory", "60", "4", marker});
    request.limits.memory = 128ULL << 20;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kOverLimit) << ran.output;
    EXPECT_EQ(ran.result.detail, "memory: more than 134217728 bytes");
    EXPECT_GT(ran.result.peak_memory, 100ULL << 20);
    EXPECT_EQ(ProcessesWith(marker), 0);
    // One process alone is stopped without any watching.
    request = root.Request({"memory", "4000", "1"});
    request.limits.memory = 128ULL << 20;
    EXPECT_NE(builder::Run(request).result.exit_code, 0);
  });
}

TEST_P(SandboxTest, NumberOfProcessesIsLimited) {
  Run([] {
    TinyRoot root;
    const std::string marker = Marker();
    SandboxRequest request = root.Request({"fork", marker});
    request.limits.processes = 50;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kOverLimit);
    EXPECT_EQ(ran.result.detail, "processes: more than 50");
    EXPECT_EQ(ProcessesWith(marker), 0);
  });
}

TEST_P(SandboxTest, LogIsLimited) {
  Run([] {
    TinyRoot root;
    SandboxRequest request = root.Request({"log"});
    request.limits.log = 1'000'000;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kOverLimit);
    EXPECT_EQ(ran.result.detail, "log: more than 1000000 bytes");
    EXPECT_EQ(ran.output.size(), 1'000'000U);
  });
}

TEST_P(SandboxTest, DiskIsLimitedAlsoInClosedAndDeepDirectories) {
  Run([] {
    TinyRoot root;
    for (const char* how : {"disk", "deep"}) {
      SandboxRequest request = root.Request({how});
      request.working_directory = "/tmp";
      request.limits.disk = 20ULL << 20;
      const Ran ran = builder::Run(request);
      EXPECT_EQ(ran.result.end, SandboxEnd::kOverLimit) << how;
      EXPECT_EQ(ran.result.detail, "disk: more than 20971520 bytes");
      RemoveTree(root.map(), root.path() / "upper");
      MakeOwnedDirectory(root.map(), root.path() / "upper");
    }
    SandboxRequest request = root.Request({"big-file"});
    request.limits.file_size = 1 << 20;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kSignalled);
    EXPECT_EQ(ran.result.detail, "signal 25 (SIGXFSZ)");
  });
}

TEST_P(SandboxTest, NamesItsGuaranteesInOrder) {
  Run([] {
    TinyRoot root;
    const Ran ran = builder::Run(root.Request({"exit", "0"}));
    const auto& all = ran.result.guarantees;
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    for (const char* name :
         {"capabilities", "cgroup-namespace", "devices", "disk-limit", "file-system", "ipc-namespace", "log-limit",
          "mount-namespace", "network-namespace", "pid-namespace", "process-limit", "seccomp", "sync-skipped",
          "time-limit", "time-namespace", "user-namespace", "uts-namespace"}) {
      EXPECT_TRUE(Named(ran.result, name).in_force) << name;
    }
    EXPECT_FALSE(Named(ran.result, "file-size-limit").in_force);
    const Guarantee& memory = Named(ran.result, "memory-limit");
    EXPECT_THAT(memory.detail, HasSubstr(memory.in_force ? "268435456 bytes (control group"
                                                         : "reduced: 268435456 bytes for each process"));
  });
}

TEST_P(SandboxTest, SeveralRunAtOnce) {
  Run([] {
    std::vector<std::thread> threads;
    std::array<int, 4> codes{};
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([i, &codes] {
        TinyRoot root;
        for (int round = 0; round < 3; ++round) {
          codes[static_cast<std::size_t>(i)] += builder::Run(root.Request({"exit", std::to_string(i + 1)})).result.exit_code;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(codes, testing::ElementsAre(3, 6, 9, 12));
  });
}

INSTANTIATE_TEST_SUITE_P(Sandbox, SandboxTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

}  // namespace
}  // namespace nachbau::builder
