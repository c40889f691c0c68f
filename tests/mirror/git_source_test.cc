#include "mirror/git_source.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

class GitSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.state_directory = directory_.path() / "state";
    MakeDirectories(repository());
    Git({"init", "--quiet"});
  }
  std::filesystem::path repository() const { return directory_.path() / "repository"; }
  std::string Git(std::vector<std::string> arguments) const {
    ProcessRequest request;
    request.arguments = {"git",
                         "-C",
                         repository().native(),
                         "-c",
                         "user.name=x",
                         "-c",
                         "user.email=x@example.org",
                         "-c",
                         "protocol.file.allow=always"};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    request.environment["HOME"] = directory_.path().native();
    request.environment["GIT_COMMITTER_DATE"] = "1700000000 +0100";
    const ProcessResult result = RunProcess(request);
    EXPECT_EQ(result.exit_code, 0) << result.standard_error;
    return result.standard_output;
  }
  void Write(const std::string& path, const std::string& text) const {
    WriteFileAtomically(repository() / path, text, 0644, Durability::kNone);
  }
  std::string Commit() const {
    Git({"add", "--all"});
    Git({"commit", "--quiet", "--message=x"});
    const std::string id = Git({"rev-parse", "HEAD"});
    return id.substr(0, 40);
  }
  std::string Fetched(const std::string& commit) {
    return store_.Read(FetchCommit(repository().native(), commit, config_, store_, progress_).sha256, 1 << 24);
  }
  std::string RefusalOf(const std::string& commit) {
    try {
      Fetched(commit);
      return "not refused";
    } catch (const Error& error) {
      return error.what();
    }
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "git-source-test-"};
  Store store_{directory_.path() / "store"};
  MirrorConfig config_;
  SilentProgress progress_;
};

TEST_F(GitSourceTest, GivesTheBytesOfGitArchive) {
  const std::string long_name(90, 'd'), longer_name(200, 'e');
  Write("hello.c", "int main(void) {}\n");
  Write("empty", "");
  Write("b/c", std::string(513, 'x'));
  Write("b.txt", std::string(512, 'x'));
  Write(long_name + "/" + std::string(60, 'f'), "cut into prefix and name\n");
  Write(longer_name + "/" + longer_name, "in a pax header\n");
  Write("run", "#!/bin/sh\n");
  std::filesystem::permissions(repository() / "run", std::filesystem::perms(0755));
  std::filesystem::create_symlink("hello.c", repository() / "link");
  std::filesystem::create_symlink(std::string(150, 'l'), repository() / "long-link");
  const std::string commit = Commit();
  Write("later", "not in it\n");
  Commit();
  EXPECT_EQ(Fetched(commit), Git({"archive", "--format=tar", "--prefix=source/", commit}));
}

TEST_F(GitSourceTest, AsksOnlyOnce) {
  Write("a", "a");
  const std::string first = Commit();
  const std::string tarball = Fetched(first);
  Write("b", "b");
  const std::string second = Commit();
  std::filesystem::rename(repository(), directory_.path() / "moved");
  EXPECT_EQ(Fetched(first), tarball);
  EXPECT_THAT(RefusalOf(second), HasSubstr("repository"));
  config_.offline = true;
  EXPECT_EQ(Fetched(first), tarball);
  EXPECT_THAT(RefusalOf(second), HasSubstr("--offline forbids fetching it"));
}

TEST_F(GitSourceTest, FindsOnlyWhatABranchOrTagLeadsTo) {
  Write("a", "a");
  Commit();
  EXPECT_THAT(RefusalOf(std::string(40, '0')), HasSubstr("leads to commit 0000"));
  Git({"checkout", "--quiet", "--detach"});
  Write("b", "b");
  const std::string loose = Commit();
  EXPECT_THAT(RefusalOf(loose), HasSubstr("no branch and no tag of"));
  Git({"tag", "v1", loose});
  EXPECT_THAT(Fetched(loose), HasSubstr("source/b"));
}

TEST_F(GitSourceTest, RefusesSubmodulesAndLfsPointers) {
  Write("a", "a");
  const std::string commit = Commit();
  Git({"update-index", "--add", "--cacheinfo", "160000," + commit + ",inner/module"});
  Git({"commit", "--quiet", "--message=x"});
  EXPECT_THAT(RefusalOf(Git({"rev-parse", "HEAD"}).substr(0, 40)), HasSubstr("source/inner/module: is a submodule"));
  Git({"rm", "--quiet", "--cached", "inner/module"});
  Write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
  EXPECT_THAT(RefusalOf(Commit()), HasSubstr("source/big.bin: is kept elsewhere (Git LFS)"));
}

TEST_F(GitSourceTest, NoticesAnObjectThatIsNotItsName) {
  Write("a", std::string(1000, 'a'));
  Write("b", std::string(1000, 'b'));
  const std::string commit = Commit();
  const auto object = [&](const std::string& path) {
    const std::string id = Git({"rev-parse", commit + ":" + path});
    return repository() / ".git/objects" / id.substr(0, 2) / id.substr(2, 38);
  };
  std::filesystem::permissions(object("a"), std::filesystem::perms(0644));
  std::filesystem::copy_file(object("b"), object("a"), std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(RefusalOf(commit), "not refused");
}

}  // namespace
}  // namespace nachbau::mirror
