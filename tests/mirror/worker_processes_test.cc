#include "mirror/worker_processes.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <set>
#include <stdexcept>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

TEST(ForEachInProcessesTest, DoesEachNumberOnce) {
  for (const unsigned processes : {1U, 2U, 5U}) {
    std::vector<std::string> results(50);
    std::set<std::string> workers;
    ForEachInProcesses(
        results.size(), processes, nullptr,
        [](std::size_t number) {
          // Larger than a pipe, and empty ones.
          return std::to_string(::getpid()) + ":" + std::string(number * 5000, 'x');
        },
        [&](std::size_t number, const std::string& text) {
          workers.insert(text.substr(0, text.find(':')));
          results.at(number) += text.substr(text.find(':') + 1);
        });
    for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].size(), i * 5000);
    EXPECT_EQ(workers.contains(std::to_string(::getpid())), processes == 1);
    EXPECT_LE(workers.size(), processes);
  }
}

TEST(ForEachInProcessesTest, TellsWhatWentWrong) {
  const auto failure = [](const std::function<std::string(std::size_t)>& work) -> std::string {
    try {
      ForEachInProcesses(10, 2, nullptr, work, [](std::size_t, const std::string&) {});
    } catch (const Error& error) {
      return error.what();
    }
    return "no Error";
  };
  EXPECT_THAT(failure([](std::size_t number) -> std::string {
                if (number == 7) throw std::runtime_error("seven");
                return "good";
              }),
              HasSubstr("seven"));
  EXPECT_THAT(failure([](std::size_t number) -> std::string {
                if (number == 3) ::raise(SIGKILL);
                return "good";
              }),
              HasSubstr("a process that resolves build environments ended with status 137"));
}

TEST(ForEachInProcessesTest, EndsWhenCancelled) {
  const std::atomic<bool> cancelled{true};
  EXPECT_THROW(ForEachInProcesses(
                   2, 2, &cancelled,
                   [](std::size_t) -> std::string {
                     ::pause();
                     return {};
                   },
                   [](std::size_t, const std::string&) {}),
               CancelledError);
}

}  // namespace
}  // namespace nachbau::mirror
