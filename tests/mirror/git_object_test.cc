#include "mirror/git_object.h"

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kId(40, 'a');

std::string Entry(const std::string& mode, const std::string& name) {
  return mode + " " + name + std::string(1, '\0') + std::string(20, '\x11');
}

template <typename Parse>
std::string RefusalOf(const Parse& parse) {
  try {
    parse();
    return "not refused";
  } catch (const ParseError& error) {
    return error.what();
  }
}

std::vector<std::string> TreeIrregularities(const std::string& bytes) {
  std::vector<std::string> details;
  ParseGitTree(bytes, "tree", [&](const std::string& detail) { details.push_back(detail); });
  return details;
}

TEST(GitTreeTest, ReadsWhatGitWrites) {
  const std::string bytes = Entry("100644", "a.c") + Entry("40000", "b") + Entry("160000", "c") + Entry("120000", "d");
  EXPECT_THAT(TreeIrregularities(bytes), IsEmpty());
  const auto items = ParseGitTree(bytes, "tree", [](const std::string&) {});
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[0].name, "a.c");
  EXPECT_EQ(items[0].id, std::string("1111111111111111111111111111111111111111"));
  EXPECT_TRUE(items[1].IsDirectory());
  EXPECT_TRUE(items[2].IsSubmodule());
}

TEST(GitTreeTest, TellsWhatGitFsckTells) {
  const struct {
    std::string bytes, detail;
  } cases[] = {
      {Entry("100644", "..") , "an unsafe name: .."},
      {Entry("100644", ".GIT"), "an unsafe name: .GIT"},
      {Entry("100644", "a/b"), "an unsafe name: a/b"},
      {Entry("0100644", "a"), "a mode with a zero in front"},
      {Entry("100664", "a"), "a mode of an old version of git"},
      {Entry("100600", "a"), "a mode that git does not have"},
      {Entry("100644", "b") + Entry("100644", "a"), "names out of order"},
      {Entry("40000", "a") + Entry("100644", "a.c"), "names out of order"},  // "a/" comes behind "a.c"
      {Entry("100644", "a") + Entry("40000", "a"), "a name twice: a"},
  };
  for (const auto& one : cases) EXPECT_THAT(TreeIrregularities(one.bytes), testing::Contains(one.detail)) << one.detail;
}

TEST(GitTreeTest, RefusesWhatIsCutOff) {
  const std::string whole = Entry("100644", "a");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(RefusalOf([&] { TreeIrregularities(whole.substr(0, size)); }), HasSubstr("not a tree")) << size;
  }
}

GitHeaders Commit(const std::string& text) {
  return ParseGitCommit(text, "commit", [](const std::string&) {});
}

TEST(GitCommitTest, TakesTheSignatureOutOfWhatIsSigned) {
  const std::string before = "tree " + kId + "\nparent " + kId + "\nauthor A <a@example.org> 1 +0000\n" +
                             "committer C <c@example.org> 1700000000 +0100\n";
  const std::string signature = "gpgsig -----BEGIN SSH SIGNATURE-----\n AAAA\n \n -----END SSH SIGNATURE-----\n";
  const std::string after = "encoding x\n\nmessage\n\ngpgsig is a word here\n";
  const GitHeaders headers = Commit(before + signature + after);
  EXPECT_EQ(headers.payload, before + after);
  EXPECT_EQ(headers.signature, "-----BEGIN SSH SIGNATURE-----\nAAAA\n\n-----END SSH SIGNATURE-----\n");
  EXPECT_EQ(headers.time, 1700000000);
  EXPECT_THAT(headers.parents, ElementsAre(kId));
  EXPECT_EQ(Commit(before + after).signature, "");
}

TEST(GitCommitTest, RefusesOthers) {
  EXPECT_THAT(RefusalOf([] { Commit("parent x\n\n"); }), HasSubstr("not the name of a git object: x"));
  EXPECT_THAT(RefusalOf([] { Commit("author A <a> 1 +0000\n\n"); }), HasSubstr("a commit without a tree"));
  EXPECT_THAT(RefusalOf([] { Commit("tree " + kId); }), HasSubstr("a header that does not end"));
}

TEST(GitTagTest, SignsWhatIsInFrontOfTheLastSignature) {
  const std::string text = "object " + kId + "\ntype commit\ntag v1\ntagger T <t@example.org> 5 +0000\n\nwords\n" +
                           "-----BEGIN PGP SIGNATURE-----\nquoted\n";
  const std::string signature = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
  const GitHeaders tag = ParseGitTag(text + signature, "tag", [](const std::string&) {});
  EXPECT_EQ(tag.payload, text);
  EXPECT_EQ(tag.signature, signature);
  EXPECT_EQ(tag.tag_name, "v1");
  EXPECT_EQ(tag.target_type, "commit");
}

TEST(LargeFilePointerTest, ReadsPointersAndNothingElse) {
  const std::string version = "version https://git-lfs.github.com/spec/v1\n", oid = "oid sha256:" + std::string(64, 'b') + "\n";
  const LargeFilePointer pointer = ParseLargeFilePointer(version + oid + "size 12\n", "file");
  EXPECT_EQ(pointer.sha256, std::string(64, 'b'));
  EXPECT_EQ(pointer.size, 12U);
  const struct {
    std::string text, refusal;
  } cases[] = {
      {version + oid, "without digest or size"},
      {version + oid + "size 1", "does not end"},
      {version + oid + "size -1\n", "not a size"},
      {version + oid + oid + "size 1\n", "a key twice: oid"},
      {version + "oid md5:00\nsize 1\n", "not named by SHA-256"},
      {version + "oid sha256:00\nsize 1\n", "not a SHA-256"},
      {version + oid + "size 1\nurl x\n", "unknown key: url"},
      {"version https://git-lfs.github.com/spec/v9\n" + oid + "size 1\n", "a version of Git LFS that is not known"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(RefusalOf([&] { ParseLargeFilePointer(one.text, "file"); }), HasSubstr(one.refusal));
  }
  EXPECT_FALSE(IsLargeFilePointer(version + std::string(kMaxPointer, 'x')));
}

TEST(GitModulesTest, ReadsTheSyntaxOfGitConfig) {
  const auto modules = ParseGitModules(
      "# comment\n[core]\n\tpath = ignored\n[submodule \"a \\\"b\\\"\"]\n\tpath = lib/a ; why\n\tURL = \"../a b.git\" # x\n"
      "[submodule \"no-url\"]\n path = x\n[submodule \"c\"]path=c\nurl = https://example.org/\\\nc.git\n",
      ".gitmodules");
  ASSERT_EQ(modules.size(), 2U);
  EXPECT_EQ(modules[0], (GitModule{"a \"b\"", "lib/a", "../a b.git"}));
  EXPECT_EQ(modules[1], (GitModule{"c", "c", "https://example.org/c.git"}));
}

TEST(GitModulesTest, RefusesWithTheLine) {
  const struct {
    std::string text, refusal;
  } cases[] = {
      {"[submodule \"a\"]\nurl = \"x\n", ":2: a quotation that does not end"},
      {"[submodule \"a\n", ":1: a name that does not end"},
      {"[submodule \"a\"\n", ":1: not the head of a section"},
      {"\n\n= x\n", ":3: not a setting"},
      {"[a]\nurl = \\q\n", ":2: an escape that git does not have"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(RefusalOf([&] { ParseGitModules(one.text, ".gitmodules"); }), HasSubstr(one.refusal));
  }
}

}  // namespace
}  // namespace nachbau::mirror
