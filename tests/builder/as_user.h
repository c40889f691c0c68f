// Runs a test body as root and as an ordinary user, from one test program.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace nachbau::builder {

// The user for the unprivileged half: NACHBAU_TEST_USER, or nachbau-test, which test.sh makes. Needs subordinate ids.
std::string TestUser();

// Runs `body` in a forked child that has become `user`; a gtest failure or exception in it becomes a failure here, with
// its text. The child's HOME and TMPDIR play no part.
void RunAs(const std::string& user, const std::function<void()>& body);

// Test parameter: who runs it. kUserWithoutIds is nobody, whom no /etc/subuid gives ids.
enum class Who { kRoot, kUser, kUserWithoutIds };
inline std::string WhoName(const testing::TestParamInfo<Who>& info) {
  return info.param == Who::kRoot ? "AsRoot" : info.param == Who::kUser ? "AsUser" : "AsUserWithoutIds";
}

// Fixture for tests that must hold for root and for ordinary users. Started by an ordinary user, all parameters run as
// that user: there is no way to become root, and the same claims must hold.
class EachUser : public testing::TestWithParam<Who> {
 protected:
  void Run(const std::function<void()>& body);
};

}  // namespace nachbau::builder
