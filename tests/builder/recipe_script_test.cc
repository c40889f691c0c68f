#include "builder/recipe_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;

ScriptRecipe MakeScript() {
  ScriptRecipe script;
  script.name = "hello";
  script.version = "1.0";
  script.tarball = "hello.tar";
  script.commands = {"mkdir -p out/deep", "echo \"it's $WORD\" > out/a.txt",
                     "echo b > out/deep/b.txt; ln -s a.txt out/link"};
  script.outputs = {"out/*.txt", "out/deep/b.txt"};
  script.environment["WORD"] = "built";
  return script;
}

// Runs a recipe's text as the sandbox would, in directories of a test in place of the sandbox's.
class ScriptRun {
 public:
  explicit ScriptRun(const ScriptRecipe& script, bool one_directory = true) {
    const auto source = area_.path() / "source";
    WriteFileAtomically(source / "top" / "README", "x");
    if (!one_directory) WriteFileAtomically(source / "second", "x");
    MakeDirectories(area_.path() / "build");
    Run({"tar", "-C", source.native(), "-cf", (area_.path() / "hello.tar").native(), "."});
    if (one_directory) Run({"tar", "-C", source.native(), "-cf", (area_.path() / "hello.tar").native(), "top"});
    Recipe recipe = MakeScriptRecipe(script, "hello.tar", 1'700'000'000, 2);
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>(kBuildDirectory, (area_.path() / "build").native()),
          {kSourceDirectory, area_.path().native()}}) {
      for (std::size_t at = recipe.script.find(from); at != std::string::npos;
           at = recipe.script.find(from, at + to.size())) {
        recipe.script.replace(at, from.size(), to);
      }
    }
    ProcessRequest request;
    request.arguments = {"/bin/sh"};
    request.standard_input = recipe.script;
    request.environment = recipe.environment;
    result = RunProcess(request);
  }
  std::filesystem::path outputs() const { return area_.path() / "build/nachbau-outputs"; }
  std::filesystem::path tree() const { return area_.path() / "build/hello-1.0"; }

  ProcessResult result;

 private:
  static void Run(const std::vector<std::string>& arguments) {
    ProcessRequest request;
    request.arguments = arguments;
    ASSERT_EQ(RunProcess(request).exit_code, 0);
  }
  TemporaryDirectory area_{std::filesystem::temp_directory_path(), "recipe-script-test-"};
};

TEST(ScriptRecipe, RunsEveryCommandAndTellsWhich) {
  const ScriptRun run(MakeScript());
  EXPECT_EQ(run.result.exit_code, 0) << run.result.standard_error;
  EXPECT_THAT(run.result.standard_output, HasSubstr("+ mkdir -p out/deep\n+ echo \"it's $WORD\" > out/a.txt\n"));
  EXPECT_EQ(ReadFile(run.outputs() / "a.txt"), "it's built\n");
  EXPECT_EQ(ReadFile(run.outputs() / "b.txt"), "b\n");
  EXPECT_TRUE(std::filesystem::exists(run.tree() / "README"));
}

TEST(ScriptRecipe, StopsAtTheFirstCommandThatFails) {
  ScriptRecipe script = MakeScript();
  script.commands = {"exit 3", "touch second"};
  const ScriptRun run(script);
  EXPECT_EQ(run.result.exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(run.tree() / "second"));
}

TEST(ScriptRecipe, TakesAllOfATarballWithoutADirectoryOfItsOwn) {
  const ScriptRun run(MakeScript(), false);
  EXPECT_TRUE(std::filesystem::exists(run.tree() / "top/README"));
  EXPECT_TRUE(std::filesystem::exists(run.tree() / "second"));
}

TEST(ScriptRecipe, OutputsAreFilesOfNamesOfTheirOwn) {
  const std::pair<std::vector<std::string>, const char*> kCases[] = {
      {{"out/none*"}, "the output out/none*: out/none* is not a file"},
      {{"out/link"}, "out/link is not a file"},
      {{"out/deep"}, "out/deep is not a file"},
      {{"out/a.txt", "out/*.txt"}, "two outputs have the name a.txt"}};
  for (const auto& [outputs, message] : kCases) {
    ScriptRecipe script = MakeScript();
    script.outputs = outputs;
    const ScriptRun run(script);
    EXPECT_EQ(run.result.exit_code, 1);
    EXPECT_THAT(run.result.standard_output, HasSubstr(message));
  }
}

TEST(ScriptRecipe, TheSameTreeIsTheSameTarball) {
  ScriptRecipe script = MakeScript();
  script.output = ScriptRecipe::Output::kTarball;
  script.outputs = {"out"};
  const ScriptRun first(script);
  script.commands = {"umask 077; mkdir out; echo \"it's $WORD\" > out/a.txt", "ln -s a.txt out/link; mkdir out/deep",
                     "echo b > out/deep/b.txt; touch -d 2001-01-01 out/deep/b.txt"};
  const ScriptRun second(script);
  const std::string tarball = ReadFile(first.outputs() / "hello-1.0.tar");
  EXPECT_EQ(Sha256(tarball), Sha256(ReadFile(second.outputs() / "hello-1.0.tar")));
  EXPECT_THAT(tarball, HasSubstr("hello-1.0/out/deep/b.txt"));
  script.outputs = {"gone"};
  EXPECT_THAT(ScriptRun(script).result.standard_output, HasSubstr("the output gone is not there"));
}

TEST(ScriptRecipe, TheRecipesTimeGoesBeforeTheSources) {
  ScriptRecipe script = MakeScript();
  EXPECT_EQ(MakeScriptRecipe(script, "s.tar", 5, 1).environment.at("SOURCE_DATE_EPOCH"), "5");
  script.source_date_epoch = 7;
  EXPECT_EQ(MakeScriptRecipe(script, "s.tar", 5, 1).environment.at("SOURCE_DATE_EPOCH"), "7");
}

}  // namespace
}  // namespace nachbau::builder
