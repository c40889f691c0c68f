// What a command in the sandbox is told of clock, kernel, processors and randomness when these are given values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "builder/virtual_profile.h"
#include "tests/builder/as_user.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t kThen = 1'000'000'000;

class VirtualMachineTest : public EachUser {};
INSTANTIATE_TEST_SUITE_P(EachUser, VirtualMachineTest,
                         testing::Values(Who::kRoot, Who::kUser, Who::kUserWithoutIds), WhoName);

std::string OutputOf(const char* what, const VirtualValues& values, bool trace) {
  TinyRoot root(FindIdMap());
  SandboxRequest request = root.Request({what});
  request.virtual_values = values;
  request.trace = trace;
  const Ran ran = builder::Run(request);
  EXPECT_EQ(ran.result.exit_code, 0) << ran.output;
  return ran.output;
}

std::map<std::string, std::string> Look(const VirtualValues& values, bool trace = false) {
  std::map<std::string, std::string> seen;
  std::istringstream lines(OutputOf("look-at-machine", values, trace));
  for (std::string line; std::getline(lines, line);) seen[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  return seen;
}

VirtualValues Everything() {
  VirtualValues values;
  values.clock = kThen;
  values.kernel_release = "1.2.3";
  values.processors = 3;
  values.processor_model = "imagined processor";
  values.fixed_random = true;
  return values;
}

TEST_P(VirtualMachineTest, IsTheSameEachTime) {
  Run([] {
    const auto first = Look(Everything()), second = Look(Everything(), true);
    EXPECT_EQ(first, second);
    EXPECT_EQ(first.at("clock"), "1000000000 1000000000 1000000000 1000000000");
    EXPECT_EQ(first.at("moves"), "yes");
    EXPECT_EQ(first.at("uname"), "Linux nachbau 1.2.3 x86_64");
    EXPECT_EQ(first.at("processors"), "3 3");
    EXPECT_THAT(first.at("model"), HasSubstr("imagined processor"));
    EXPECT_THAT(first.at("version"), StartsWith("Linux version 1.2.3 "));
    EXPECT_EQ(first.at("memory"), "8589934592 86400");
  });
}

TEST_P(VirtualMachineTest, AClockPutForwardGoesOn) {
  Run([] {
    VirtualValues values;
    values.clock_offset = 400LL * 24 * 3600;
    const std::int64_t expected = std::time(nullptr) + values.clock_offset;
    std::istringstream clock(Look(values).at("clock"));
    for (std::int64_t seen = 0; clock >> seen;) {
      EXPECT_GE(seen, expected);
      EXPECT_LT(seen, expected + 600);
    }
  });
}

TEST_P(VirtualMachineTest, OnlyWhatIsGivenIsChanged) {
  Run([] {
    VirtualValues values;
    values.kernel_release = "1.2.3";
    const auto seen = Look(values);
    EXPECT_THAT(seen.at("uname"), HasSubstr(" 1.2.3 "));
    EXPECT_LT(std::abs(std::stoll(seen.at("clock")) - std::time(nullptr)), 600);
    EXPECT_NE(seen.at("random"), Look(values).at("random"));
  });
}

// The names as listed, without all else.
std::vector<std::string> Listed(const std::string& output) {
  std::vector<std::string> names;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("listed=")) names.push_back(line);
  }
  return names;
}

TEST_P(VirtualMachineTest, NamesInADirectoryComeInAnOrderOfTheirOwn) {
  Run([] {
    VirtualValues values;
    values.file_order = FileOrder::kFixed;
    const std::string output = OutputOf("list-directories", values, false);
    for (const char* expected : {"count=400\n", "same=yes\n", "slowly=yes\n", "seek=yes\n", "emptied=yes\n",
                                 "too-small=EINVAL\n", "bad-address=EFAULT\n", "no-directory=ENOTDIR\n"}) {
      EXPECT_THAT(output, HasSubstr(expected));
    }
    values.file_order = FileOrder::kReversed;
    std::vector<std::string> reversed = Listed(OutputOf("list-directories", values, true));
    std::reverse(reversed.begin(), reversed.end());
    EXPECT_EQ(Listed(output), reversed);
    EXPECT_FALSE(std::is_sorted(reversed.begin(), reversed.end()));
  });
}

TEST(VirtualMachine, RandomnessIsNotOneValueEverywhere) {
  const auto seen = Look(Everything());
  EXPECT_EQ(seen.at("random").size(), 16U);
  EXPECT_NE(seen.at("random"), std::string(16, '0'));
  EXPECT_NE(seen.at("at-random"), std::string(32, '0'));
}

}  // namespace
}  // namespace nachbau::builder
