#include "mirror/git_mirror.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/git_source.h"
#include "mirror/large_files.h"
#include "mirror/swhid.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

class GitMirrorTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.state_directory = directory_.path() / "state";
    config_.products_directory = directory_.path() / "products";
    Make("program");
  }
  std::string Path(const std::string& repository) const { return (directory_.path() / repository).native(); }
  std::string Git(const std::string& repository, std::vector<std::string> arguments, const std::string& input = {}) const {
    ProcessRequest request;
    request.arguments = {"git", "-C", Path(repository), "-c", "user.name=x", "-c", "user.email=x@example.org", "-c",
                         "protocol.file.allow=always"};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    request.environment["HOME"] = directory_.path().native();
    request.environment["GIT_COMMITTER_DATE"] = "1700000000 +0100";
    request.standard_input = input;
    const ProcessResult result = RunProcess(request);
    EXPECT_EQ(result.exit_code, 0) << arguments.front() << ": " << result.standard_error;
    std::string output = result.standard_output;
    while (output.ends_with('\n')) output.pop_back();
    return output;
  }
  void Make(const std::string& repository) const {
    MakeDirectories(Path(repository));
    Git(repository, {"init", "--quiet", "--initial-branch=main"});
    Commit(repository, "first");
  }
  std::string Commit(const std::string& repository, const std::string& text) const {
    WriteFileAtomically(Path(repository) + "/file", text, 0644, Durability::kNone);
    Git(repository, {"add", "--all"});
    Git(repository, {"commit", "--quiet", "--message=x"});
    return Git(repository, {"rev-parse", "HEAD"});
  }
  std::vector<GitSynced> Sync(const std::string& repository) {
    clock_ = FixedClock(clock_.Now() + 1);
    GitSyncRequest request;
    request.origin = Path(repository);
    return SyncGit(request, products(), config_, store_, clock_, progress_);
  }
  ProductList products() const { return ProductList(config_.products_directory); }
  GitVerification Verify(const std::string& name) {
    return VerifyGit(*products().Find(name), {}, config_, store_, clock_, progress_);
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "nachbau-git-"};
  Store store_{directory_.path() / "store"};
  MirrorConfig config_;
  SilentProgress progress_;
  FixedClock clock_{1750000000};
};

TEST_F(GitMirrorTest, HoldsEveryRef) {
  Git("program", {"tag", "v1"});
  Git("program", {"notes", "add", "--message=note"});
  Git("program", {"update-ref", "refs/odd/one", "HEAD:file"});  // a blob
  const auto synced = Sync("program");
  ASSERT_EQ(synced.size(), 1U);
  EXPECT_EQ(synced[0].product.name, "program.git");
  EXPECT_EQ(synced[0].refs.head, "refs/heads/main");
  std::string refs;
  for (const auto& [name, id] : synced[0].refs.refs) refs += (refs.empty() ? "" : "\n") + id + " " + name;
  EXPECT_EQ(refs, Git("program", {"for-each-ref", "--format=%(objectname) %(refname)"}));
  EXPECT_TRUE(Sync("program")[0].unchanged);
  EXPECT_EQ(products().All().size(), 1U);
  const GitVerification verified = Verify("program.git");
  EXPECT_TRUE(verified.Sound());
  EXPECT_EQ(verified.check.objects, synced[0].new_objects);
  EXPECT_THAT(verified.unsigned_tags, testing::ElementsAre("refs/tags/v1"));
}

TEST_F(GitMirrorTest, KeepsWhatHistoryRewritesAndTellsOfIt) {
  const std::string first = Git("program", {"rev-parse", "HEAD"});
  Git("program", {"tag", "stays"});
  Git("program", {"tag", "moves"});
  Git("program", {"tag", "goes"});
  Git("program", {"branch", "grows"});
  Sync("program");
  Git("program", {"commit", "--quiet", "--amend", "--message=other"});
  Git("program", {"tag", "--force", "moves"});
  Git("program", {"tag", "--delete", "goes"});
  Git("program", {"checkout", "--quiet", "grows"});
  Commit("program", "second");
  const GitSynced synced = Sync("program")[0];
  std::map<std::string, GitChange> changes;
  for (const GitRefChange& change : synced.refs.changes) changes[change.ref] = change.change;
  const std::map<std::string, GitChange> expected = {{"refs/heads/grows", GitChange::kAdvanced},
                                                     {"refs/heads/main", GitChange::kRewritten},
                                                     {"refs/tags/goes", GitChange::kDeleted},
                                                     {"refs/tags/moves", GitChange::kMoved}};
  EXPECT_EQ(changes, expected);
  for (const char* name : {"heads/main", "tags/goes", "tags/moves"}) {
    EXPECT_EQ(synced.refs.seen.at("refs/nachbau/seen/20250615T150642Z/" + std::string(name)), first);
  }
  // From the store alone, offline, and after upstream is gone: what was there is still there.
  std::filesystem::remove_all(config_.state_directory);
  std::filesystem::remove_all(Path("program"));
  config_.offline = true;
  EXPECT_NO_THROW(FetchCommit(Path("program"), first, config_, store_, progress_));
  EXPECT_TRUE(Verify("program.git").Sound());
}

TEST_F(GitMirrorTest, TakesInPacksThatAKilledSyncLeft) {
  Sync("program");
  const std::string second = Commit("program", "second");
  FetchCommit(Path("program"), second, config_, store_, progress_);  // fetches into the cache, and writes no product
  const GitSynced synced = Sync("program")[0];
  EXPECT_FALSE(synced.unchanged);
  EXPECT_EQ(synced.refs.packs.size(), 2U);
  EXPECT_TRUE(Verify("program.git").Sound());
}

TEST_F(GitMirrorTest, FollowsSubmodulesAlsoInCircles) {
  Make("library");
  const std::string library = Git("library", {"rev-parse", "HEAD"});
  const auto link = [&](const std::string& from, const std::string& to, const std::string& commit) {
    WriteFileAtomically(Path(from) + "/.gitmodules", "[submodule \"m\"]\n\tpath = m\n\turl = ../" + to + "\n", 0644,
                        Durability::kNone);
    Git(from, {"add", ".gitmodules"});
    Git(from, {"update-index", "--add", "--cacheinfo", "160000," + commit + ",m"});
    Git(from, {"commit", "--quiet", "--message=module"});
  };
  link("program", "library", library);
  link("library", "program", std::string(40, '1'));
  const auto synced = Sync("program");
  ASSERT_EQ(synced.size(), 2U);
  EXPECT_EQ(synced[0].product.name, "program.git");
  EXPECT_EQ(synced[1].product.name, "library.git");
  ASSERT_EQ(synced[0].closure.sources.size(), 1U);
  EXPECT_EQ(synced[0].closure.sources[0].name, "library.git");
  EXPECT_EQ(synced[0].closure.sources[0].version, library);
  EXPECT_EQ(synced[0].Missing(), 0U);
  ASSERT_EQ(synced[1].closure.sources.size(), 1U);
  EXPECT_THAT(synced[1].closure.sources[0].missing, HasSubstr("leads to this commit"));
}

TEST_F(GitMirrorTest, FindsLargeFilesBesideALocalRepository) {
  const std::string large = "large file\n", sha256 = Sha256(large).Hex();
  WriteFileAtomically(Path("program") + "/large",
                      "version https://git-lfs.github.com/spec/v1\noid sha256:" + sha256 + "\nsize 11\n", 0644, Durability::kNone);
  Commit("program", "x");
  EXPECT_EQ(Sync("program")[0].Missing(), 1U);
  WriteFileAtomically(Path("program") + "/.git/lfs/objects/" + sha256.substr(0, 2) + "/" + sha256.substr(2, 2) + "/" + sha256,
                      large, 0644, Durability::kNone);
  const GitSynced again = Sync("program")[0];  // nothing new in git, but what was missing is there now
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.Missing(), 0U);
  EXPECT_EQ(store_.Read(Sha256(large), 100), large);
  EXPECT_EQ(ToJson(ReadClosure(products().Find("program.git")->current, store_)), ToJson(again.closure));
}

TEST_F(GitMirrorTest, RefusesDamagedObjects) {
  const std::string blob = Git("program", {"rev-parse", "HEAD:file"});
  const std::string tree = Git("program", {"hash-object", "-t", "tree", "-w", "--literally", "--stdin"}, "not a tree");
  const std::string commit = Git("program", {"hash-object", "-t", "commit", "-w", "--literally", "--stdin"},
                                 "tree " + tree + "\nauthor x <x> 1 +0000\ncommitter x <x> 1 +0000\n\nx\n");
  WriteFileAtomically(Path("program") + "/.git/refs/heads/bad", commit + "\n", 0644, Durability::kNone);
  EXPECT_THROW(Sync("program"), Error);
  EXPECT_TRUE(products().All().empty());
}

TEST_F(GitMirrorTest, VerifyNoticesAnObjectOfTheStoreThatIsNotItsName) {
  const GitSynced synced = Sync("program")[0];
  const std::filesystem::path pack = store_.PathOf(synced.refs.packs.at(0).sha256);
  std::string bytes = ReadFile(pack);
  bytes[bytes.size() / 2] ^= 1;
  std::filesystem::permissions(pack, std::filesystem::perms(0644));
  std::filesystem::remove(pack);
  WriteFileAtomically(pack, bytes, 0444, Durability::kNone);
  Store fresh(directory_.path() / "store");
  EXPECT_THROW(VerifyGit(*products().Find("program.git"), {}, config_, fresh, clock_, progress_), IntegrityError);
}

TEST_F(GitMirrorTest, ANameStandsForOneOrigin) {
  Make("sub/program");
  Sync("program");
  EXPECT_EQ(Sync("sub/program")[0].product.name, "program.git-" + Sha256(Path("sub/program")).Hex().substr(0, 8));
  GitSyncRequest request;
  request.origin = Path("sub/program");
  request.name = "program.git";
  EXPECT_THROW(SyncGit(request, products(), config_, store_, clock_, progress_), UsageError);
}

TEST_F(GitMirrorTest, IdentifiersAreThoseOfGit) {
  Git("program", {"tag", "--annotate", "--message=x", "v1"});
  Git("program", {"branch", "other"});
  const GitRefs refs = Sync("program")[0].refs;
  const auto swhid = [&](const std::string& name) { return SwhidIn(refs, name, config_.state_directory, store_); };
  EXPECT_EQ(swhid("v1"), "swh:1:rel:" + Git("program", {"rev-parse", "v1"}));
  EXPECT_EQ(swhid("main"), "swh:1:rev:" + Git("program", {"rev-parse", "main"}));
  EXPECT_EQ(swhid("HEAD"), swhid("main"));
  EXPECT_EQ(swhid(Git("program", {"rev-parse", "HEAD^{tree}"})), "swh:1:dir:" + Git("program", {"rev-parse", "HEAD^{tree}"}));
  EXPECT_EQ(swhid(Git("program", {"rev-parse", "HEAD:file"})), "swh:1:cnt:" + Git("program", {"rev-parse", "HEAD:file"}));
  EXPECT_THROW(swhid("nothing"), MissingError);
  // The manifest of a snapshot as the specification has it, hashed by git itself.
  const auto branch = [&](const std::string& type, const std::string& name, const std::string& target) {
    return type + " " + name + std::string(1, '\0') + std::to_string(target.size()) + ":" + target;
  };
  const auto id = [&](const std::string& ref) { return *DecodeHex(Git("program", {"rev-parse", ref})); };
  const std::string manifest = branch("alias", "HEAD", "refs/heads/main") + branch("revision", "refs/heads/main", id("main")) +
                               branch("revision", "refs/heads/other", id("other")) +
                               branch("release", "refs/tags/v1", id("v1"));
  EXPECT_EQ(swhid(""), "swh:1:snp:" + Git("program", {"hash-object", "-t", "snapshot", "--literally", "--stdin"}, manifest));
}

TEST_F(GitMirrorTest, ADirectoryHasTheIdentifierOfItsTree) {
  const std::filesystem::path tree = Path("program");
  MakeDirectories(tree / "lib");
  WriteFileAtomically(tree / "lib.c", "x", 0644, Durability::kNone);  // sorts in front of "lib/"
  WriteFileAtomically(tree / "lib" / "run", "y", 0755, Durability::kNone);
  std::filesystem::create_symlink("lib.c", tree / "link");
  Git("program", {"add", "--all"});
  const std::string expected = Git("program", {"write-tree"});
  const std::string content = Git("program", {"hash-object", "lib.c"});
  std::filesystem::remove_all(tree / ".git");
  EXPECT_EQ(SwhidOf(tree), "swh:1:dir:" + expected);
  EXPECT_EQ(SwhidOf(tree.native() + "/"), "swh:1:dir:" + expected);
  EXPECT_EQ(SwhidOf(tree / "lib.c"), "swh:1:cnt:" + content);
  MakeDirectories(directory_.path() / "empty");
  EXPECT_EQ(SwhidOf(directory_.path() / "empty"), "swh:1:dir:4b825dc642cb6eb9a060e54bf8d69288fbee4904");  // git's empty tree
  ASSERT_EQ(::mkfifo((directory_.path() / "empty" / "fifo").c_str(), 0600), 0);
  EXPECT_THROW(SwhidOf(directory_.path() / "empty"), ParseError);
}

TEST(GitRefsTest, ComesBackFromJson) {
  GitRefs refs;
  refs.origin = "https://example.org/a.git";
  refs.time = 1750000000;
  refs.previous = Sha256("x");
  refs.head = "refs/heads/main";
  refs.refs = {{"refs/heads/main", std::string(40, 'a')}};
  refs.seen = {{"refs/nachbau/seen/20250615T150640Z/heads/main", std::string(40, 'b')}};
  refs.packs = {{Sha256("pack"), 10, 2}};
  refs.changes = {{"refs/heads/main", GitChange::kRewritten, std::string(40, 'b'), std::string(40, 'a')}};
  EXPECT_EQ(GitRefsFromJson(ToJson(refs), "refs"), refs);
  for (const char* name : {"refs/heads/a..b", "heads/main", "refs/heads/-\x01", "refs/heads/a.lock"}) {
    Json json = ToJson(refs);
    json["refs"][name] = std::string(40, 'a');
    EXPECT_THROW(GitRefsFromJson(json, "refs"), ParseError) << name;
  }
}

TEST(LargeFilesTest, ReadsTheAnswerOfAServer) {
  const auto actions = ParseLargeFileAnswer(
      R"({"transfer":"basic","objects":[{"oid":"a","actions":{"download":{"href":"https://example.org/a","header":{"X":"y"}}}},)"
      R"({"oid":"b","error":{"code":404,"message":"gone\u001b"}},{"oid":"c"}]})",
      "answer");
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_EQ(actions[0].url, "https://example.org/a");
  EXPECT_THAT(actions[0].headers, testing::ElementsAre("X: y"));
  EXPECT_EQ(actions[1].reason, "the server says: gone\\x1b");
  EXPECT_EQ(actions[2].reason, "the server does not have it");
  for (const char* text : {"[]", "{\"objects\":3}", "{\"objects\":[],\"transfer\":\"tus\"}",
                           R"({"objects":[{"oid":"a","actions":{"download":{"href":"x","header":{"X":"a\r\nHost: b"}}}}]})"}) {
    EXPECT_THROW(ParseLargeFileAnswer(text, "answer"), ParseError) << text;
  }
}

TEST_F(GitMirrorTest, SaysWhichTransportsCarryNoLargeFiles) {
  const LargeFilePointer file{std::string(64, 'a'), 1};
  const auto reasons = FetchLargeFiles("git://example.org/a.git", {file}, config_, store_, progress_);
  EXPECT_THAT(reasons.at(file.sha256), HasSubstr("mirror the repository by its https URL"));
}

}  // namespace
}  // namespace nachbau::mirror
