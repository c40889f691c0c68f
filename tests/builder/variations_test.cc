#include "builder/variations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "builder/recipe_debian.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
using testing::Not;

class VariationsTest : public ::testing::Test {
 protected:
  VariationsTest() : layer_("/var/tmp", "nachbau-variations-test-") {
    MakeDirectories(layer_.path() / "etc");
    WriteFileAtomically(layer_.path() / "etc/passwd", "root:x:0:0::/root:/bin/sh\nbuilder:x:1000:1000::/:/bin/sh\n");
    WriteFileAtomically(layer_.path() / "etc/group", "root:x:0:\nbuilder:x:1000:\n");
    LockedFile dsc;
    dsc.role = InputRole::kSource;
    dsc.file_name = "hello_2.0-1.dsc";
    lock_.source = "hello";
    lock_.version = "2.0-1";
    lock_.files = {dsc};
  }
  ReplacedFiles With(const std::set<std::string>& chosen) {
    recipe_ = MakeDebianRecipe(lock_, 4);
    request_ = {};
    return Vary(chosen, {layer_.path()}, recipe_, request_);
  }
  TemporaryDirectory layer_;
  Lock lock_;
  Recipe recipe_;
  SandboxRequest request_;
};

TEST_F(VariationsTest, NoneChangesNothing) {
  const Recipe plain = MakeDebianRecipe(lock_, 4);
  EXPECT_TRUE(With({}).empty());
  EXPECT_EQ(recipe_.environment, plain.environment);
  EXPECT_EQ(recipe_.script, plain.script);
  EXPECT_EQ(request_.environment, plain.environment);
  EXPECT_EQ(request_.processors, 0U);
}

TEST_F(VariationsTest, EachChangesSomethingAndNothingTwice) {
  With({});
  const auto seen = [this](const ReplacedFiles& files) {
    return std::tuple(recipe_.environment, recipe_.script, recipe_.build_path, request_.host_name, request_.processors,
                      request_.fixed_addresses, request_.virtual_values.clock_offset,
                      request_.virtual_values.kernel_release, request_.virtual_values.processor_model,
                      request_.virtual_values.file_order, files);
  };
  const auto plain = seen({});
  std::set<decltype(seen({}))> all = {plain};
  for (const Variation& variation : Variations()) {
    if (variation.name == "file-system") continue;  // a matter of where the build's layer lies
    EXPECT_TRUE(all.insert(seen(With({std::string(variation.name)}))).second) << variation.name;
  }
}

TEST_F(VariationsTest, TheBuildPathStaysWhereOutputsAreLookedFor) {
  With({"build-path"});
  EXPECT_EQ(recipe_.build_path, std::string(kBuildDirectory) + "/varied-hello-2.0");
  EXPECT_THAT(recipe_.script, HasSubstr("'" + recipe_.build_path + "'"));
  EXPECT_THAT(recipe_.script, Not(HasSubstr("/hello-2.0'")));
}

TEST_F(VariationsTest, AllAtOnce) {
  std::set<std::string> all;
  for (const Variation& variation : Variations()) all.emplace(variation.name);
  const ReplacedFiles files = With(all);
  EXPECT_THAT(files.at("etc/passwd"), HasSubstr("\nvaried:x:1000:"));
  EXPECT_THAT(files.at("etc/group"), HasSubstr("\nvaried:x:1000:"));
  EXPECT_THAT(recipe_.environment.at("DEB_BUILD_OPTIONS"), testing::EndsWith("parallel=1"));
  EXPECT_THAT(recipe_.script, HasSubstr("umask 002\n"));
  EXPECT_EQ(request_.environment, recipe_.environment);
}

TEST_F(VariationsTest, AnUnknownNameIsRefusedWithThoseThatAre) {
  try {
    With({"colour"});
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("colour"), HasSubstr("time-zone")));
  }
}

}  // namespace
}  // namespace nachbau::builder
