#include "builder/foreign_architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;

TEST(FindObstacle, ForeignProgramsNeedAnInterpreterThatIsKeptOpen) {
  const TemporaryDirectory handlers(std::filesystem::temp_directory_path(), "binfmt-test-");
  const auto obstacle = [&](const char* architecture) {
    const auto found = FindObstacle(architecture, "x86_64", handlers.path());
    return found ? Render(*found) : "none";
  };
  EXPECT_EQ(obstacle(""), "none");
  EXPECT_EQ(obstacle("amd64"), "none");
  EXPECT_EQ(obstacle("i386"), "none");
  EXPECT_EQ(obstacle("arm64"),
            "this machine (x86_64) cannot run programs for arm64: the kernel has no handler qemu-aarch64 with flag F");
  EXPECT_EQ(obstacle("../x"), "this machine (x86_64) cannot run programs for ../x");
  const auto handler = handlers.path() / "qemu-aarch64";
  WriteFileAtomically(handler, "disabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\n");
  EXPECT_NE(obstacle("arm64"), "none");
  WriteFileAtomically(handler, "enabled\ninterpreter /usr/bin/qemu-F\nflags: OC\noffset 0\n");
  EXPECT_NE(obstacle("arm64"), "none");
  WriteFileAtomically(handler, "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\noffset 0\n");
  EXPECT_EQ(obstacle("arm64"), "none");
}

}  // namespace
}  // namespace nachbau::builder
