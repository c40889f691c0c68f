#include "tests/builder/as_user.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace nachbau::builder {

std::string TestUser() {
  const char* name = std::getenv("NACHBAU_TEST_USER");
  return name == nullptr ? "nachbau-test" : name;
}

void RunAs(const std::string& user, const std::function<void()>& body) {
  const passwd* entry = ::getpwnam(user.c_str());
  ASSERT_NE(entry, nullptr) << "The user " << user << " is missing, as whom this test runs. Make one with subordinate "
                            << "ids (useradd --create-home " << user << "), as test.sh does, or name another in "
                            << "NACHBAU_TEST_USER.";
  const uid_t uid = entry->pw_uid;
  const gid_t gid = entry->pw_gid;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::close(ends[0]);
    int status = 1;
    if (::initgroups(user.c_str(), gid) == 0 && ::setresgid(gid, gid, gid) == 0 && ::setresuid(uid, uid, uid) == 0) {
      ::prctl(PR_SET_DUMPABLE, 1);  // as after an exec; newuidmap looks at who owns /proc/PID
      std::string failure;
      try {
        body();
      } catch (const std::exception& error) {
        failure = std::string("exception: ") + error.what();
      }
      const testing::TestResult& result = *testing::UnitTest::GetInstance()->current_test_info()->result();
      for (int i = 0; i < result.total_part_count(); ++i) {
        const testing::TestPartResult& part = result.GetTestPartResult(i);
        if (part.failed()) {
          failure += std::string(part.file_name() ? part.file_name() : "") + ":" + std::to_string(part.line_number()) +
                     ": " + part.message() + "\n";
        }
      }
      status = failure.empty() ? 0 : 1;
      if (!failure.empty() && ::write(ends[1], failure.data(), failure.size()) < 0) status = 2;
    }
    std::fflush(nullptr);
    ::_exit(status);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t count; (count = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "as " << user << ": " << text;
}

void EachUser::Run(const std::function<void()>& body) {
  if (GetParam() != Who::kRoot && ::geteuid() == 0) {
    RunAs(GetParam() == Who::kUser ? TestUser() : "nobody", body);
  } else {
    body();
  }
}

}  // namespace nachbau::builder
