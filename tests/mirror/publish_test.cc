#include "mirror/publish.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/clear_signed.h"
#include "mirror/publication.h"
#include "mirror/release_file.h"
#include "mirror/repository_entry.h"
#include "mirror/root_list.h"
#include "tests/mirror/gpg.h"

namespace nachbau::mirror {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Later than the keys, which are made at the moment of the test.
const UnixSeconds kNow = ParseTime("2035-01-01T12:00:00Z", "test");
constexpr std::int64_t kDay = 86'400;

class PublishTest : public testing::Test {
 protected:
  PublishTest() {
    request_.directory = directory_.path() / "repository";
    request_.roots_directory = directory_.path() / "roots";
    request_.architectures = {"amd64"};
  }

  // A real binary package in the store.
  PublishedObject MakeDeb(const std::string& name, const std::string& version, const std::string& architecture,
                          const std::string& content = "x") {
    const TemporaryDirectory tree(directory_.path(), "tree-");
    WriteFileAtomically(tree.path() / "DEBIAN/control",
                        "Package: " + name + "\nVersion: " + version + "\nArchitecture: " + architecture +
                            "\nMaintainer: Kit <kit@example.org>\nDescription: " + name + "\n long text\n");
    WriteFileAtomically(tree.path() / "usr/share/doc" / name / "text", content);
    const std::string file_name = name + "_" + version + "_" + architecture + ".deb";
    const std::string path = directory_.path() / file_name;
    ProcessRequest request;
    request.arguments = {"dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree.path(), path};
    request.environment["SOURCE_DATE_EPOCH"] = "1600000000";
    const ProcessResult result = RunProcess(request);
    if (result.exit_code != 0) throw Error(Msg("dpkg-deb: {}", result.standard_error));
    return {store_.PutFile(OpenForReading(path), file_name).sha256, file_name};
  }

  PublishedObject MakeDsc(const std::string& name, const std::string& tarball) {
    const std::string file = name + "_1.tar.gz";
    const std::string text = "Format: 3.0 (native)\nSource: " + name + "\nBinary: " + name +
                             "\nArchitecture: any\nVersion: 1\nMaintainer: Kit <kit@example.org>\nChecksums-Sha1:\n " +
                             std::string(40, '0') + " 1 " + file + "\nChecksums-Sha256:\n " + Sha256(tarball).Hex() +
                             " " + std::to_string(tarball.size()) + " " + file + "\nFiles:\n " + std::string(32, '0') +
                             " 1 " + file + "\n";
    return {store_.Put(text).sha256, name + "_1.dsc"};
  }

  PublishResult Publish() { return mirror::Publish(request_, store_, *signer_, FixedClock(now_), progress_); }
  std::string PublishError() {
    try {
      Publish();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string Read(const std::string& path) const { return ReadFile(request_.directory / path); }
  std::vector<std::string> Files(const std::string& below) const {
    std::vector<std::string> files;
    if (!std::filesystem::exists(request_.directory / below)) return files;
    for (const auto& file : ListFiles(request_.directory / below)) files.push_back(file.native());
    return files;
  }
  // Every file of the repository, by path.
  std::map<std::string, std::string> Tree() const {
    std::map<std::string, std::string> tree;
    for (const std::string& file : Files(".")) tree[file] = Read(file);
    return tree;
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "publish-test-"};
  Store store_{directory_.path() / "store"};
  std::string secret_ = MakeReleaseKey("Kit <kit@example.org>", "");
  std::unique_ptr<ReleaseSigner> signer_ = OpenReleaseKey(secret_, "key", {});
  PublishRequest request_;
  UnixSeconds now_ = kNow;
  SilentProgress progress_;
};

TEST_F(PublishTest, EveryFileIsWhatTheSignedReleaseFileLeadsTo) {
  store_.Put("tarball");
  request_.objects = {MakeDeb("hello", "1", "amd64"), MakeDeb("hello-doc", "1", "all"), MakeDsc("hello", "tarball")};
  request_.objects[1].component = "contrib";
  const PublishResult result = Publish();
  EXPECT_EQ(result.binaries, 2U);
  EXPECT_EQ(result.sources, 1U);
  EXPECT_EQ(result.files_added, 4U);
  EXPECT_THAT(result.left_out, IsEmpty());

  const VerifiedText text = VerifyClearSigned(Read("dists/nachbau/InRelease"), signer_->PublicKey(), "InRelease", kNow);
  EXPECT_THAT(text.signers, ElementsAre(result.fingerprint));
  EXPECT_EQ(text.text, Read("dists/nachbau/Release"));
  const ReleaseFile release = ParseRelease(text.text, "InRelease");
  EXPECT_EQ(release.date, kNow);
  EXPECT_EQ(release.valid_until, kNow + 14 * kDay);
  EXPECT_TRUE(release.acquire_by_hash);
  EXPECT_THAT(release.components, ElementsAre("contrib", "main"));
  EXPECT_THAT(release.architectures, ElementsAre("amd64"));
  for (const auto& [path, entry] : release.files) {
    const std::string bytes = Read("dists/nachbau/" + path);
    EXPECT_EQ(Sha256(bytes), entry.sha256) << path;
    EXPECT_EQ(bytes.size(), entry.size) << path;
    EXPECT_EQ(Read("dists/nachbau/" + path.substr(0, path.rfind('/')) + "/by-hash/SHA256/" + entry.sha256.Hex()),
              bytes);
    if (path.ends_with(".xz")) {
      EXPECT_EQ(Decompress(bytes, path, 1 << 20), Read("dists/nachbau/" + path.substr(0, path.size() - 3)));
    }
  }
  std::size_t named = 0;
  for (const std::string index : {"main/binary-amd64/Packages", "contrib/binary-amd64/Packages"}) {
    const std::string packages = Read("dists/nachbau/" + index);
    ForEachParagraph(packages, index, [&](const Paragraph& paragraph) {
      const std::string bytes = Read(std::string(paragraph.Get("Filename")));
      EXPECT_EQ(Sha256(bytes).Hex(), paragraph.Get("SHA256"));
      EXPECT_EQ(HashBytes(bytes).sha512.Hex(), paragraph.Get("SHA512"));
      EXPECT_EQ(std::to_string(bytes.size()), paragraph.Get("Size"));
      EXPECT_EQ(paragraph.Get("Description"), std::string(paragraph.Get("Package")) + "\n long text");
      ++named;
    });
  }
  EXPECT_EQ(named, 2U);
  const std::string sources = Read("dists/nachbau/main/source/Sources");
  ForEachParagraph(sources, "Sources", [&](const Paragraph& paragraph) {
    const DebianSource source = ParseDebianSource(paragraph);
    EXPECT_THAT(source.files, SizeIs(2));
    for (const SourceFile& file : source.files) {
      EXPECT_EQ(Sha256(Read(source.directory + "/" + file.name)), file.sha256);
    }
    EXPECT_FALSE(paragraph.Find("Files")) << "MD5 proves nothing";
  });
}

TEST_F(PublishTest, TheSameAtTheSameTimeIsTheSameBytes) {
  request_.objects = {MakeDeb("hello", "1", "amd64"), MakeDeb("other", "2", "all")};
  Publish();
  const auto first = Tree();
  std::filesystem::remove_all(request_.directory);
  std::swap(request_.objects[0], request_.objects[1]);
  Publish();
  EXPECT_EQ(Tree(), first);
}

TEST_F(PublishTest, RegistersWhatItUses) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  const auto lists = ListFiles(request_.roots_directory);
  ASSERT_THAT(lists, SizeIs(1));
  EXPECT_THAT(ReadFile(request_.roots_directory / lists[0]), HasSubstr(request_.objects[0].sha256.Hex()));
}

TEST_F(PublishTest, CopiesCannotReachTheStoreAndHardLinksDoOnlyOnDemand) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  const auto links = [&] {
    struct stat status {};
    ::stat(store_.PathOf(request_.objects[0].sha256).c_str(), &status);
    return status.st_nlink;
  };
  Publish();
  EXPECT_EQ(links(), 1U);
  std::filesystem::remove_all(request_.directory);
  request_.hard_links = true;
  Publish();
  EXPECT_EQ(links(), 2U);
}

TEST_F(PublishTest, WhatWentOutOfUseStaysForAWhile) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  const auto old_pool = Files("pool");
  const auto old_hashes = Files("dists/nachbau/main/binary-amd64/by-hash");
  request_.objects = {MakeDeb("hello", "2", "amd64")};
  now_ += kDay;
  EXPECT_EQ(Publish().files_removed, 0U);
  EXPECT_THAT(Files("pool"), Contains(old_pool[0]));
  for (const std::string& file : old_hashes) {
    EXPECT_THAT(Files("dists/nachbau/main/binary-amd64/by-hash"), Contains(file));
  }
  now_ += 6 * kDay;
  Publish();
  EXPECT_THAT(Files("pool"), Contains(old_pool[0]));
  now_ += kDay + 1;
  EXPECT_EQ(Publish().files_removed, 1U);
  EXPECT_THAT(Files("pool"), Not(Contains(old_pool[0])));
  EXPECT_THAT(Files("dists/nachbau/main/binary-amd64/by-hash"), SizeIs(2));
}

TEST_F(PublishTest, OtherSuitesStayAsTheyAre) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  const std::string before = Read("dists/nachbau/InRelease");
  const auto pool = Files("pool");
  request_.suite = "second";
  request_.objects = {MakeDeb("hello", "1", "amd64", "other bytes")};
  request_.keep_seconds = 0;
  now_ += 100 * kDay;
  Publish();
  EXPECT_EQ(Read("dists/nachbau/InRelease"), before);
  EXPECT_THAT(Files("pool"), SizeIs(2));
  EXPECT_THAT(Files("pool"), Contains(pool[0]));
}

TEST_F(PublishTest, TwoFilesOfOnePackageAreAPersonsChoice) {
  request_.objects = {MakeDeb("hello", "1", "amd64"), MakeDeb("hello", "1", "amd64", "other bytes")};
  EXPECT_THAT(PublishError(), HasSubstr("hello 1 amd64: there are two different files of it, "));
  EXPECT_THAT(Files("dists"), IsEmpty());
  request_.objects.pop_back();
  request_.objects.push_back(request_.objects[0]);  // the same twice is one
  EXPECT_EQ(Publish().binaries, 1U);
}

TEST_F(PublishTest, SourcesThatAreNotCompleteAreLeftOutAndNamed) {
  request_.objects = {MakeDeb("hello", "1", "amd64"),
                      MakeDsc("hello", "a tarball that is not held"),
                      {Sha256("nothing"), "gone_1_amd64.deb"}};
  EXPECT_THAT(Publish().left_out,
              ElementsAre("hello_1.dsc: hello_1.tar.gz is not held", "gone_1_amd64.deb: not in the store"));
  request_.objects.erase(request_.objects.begin());
  EXPECT_THAT(PublishError(), HasSubstr("there is nothing to publish"));
}

TEST_F(PublishTest, DamagedObjectsAreNeverPublished) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  const auto before = Tree();
  const PublishedObject other = MakeDeb("other", "1", "amd64");
  request_.objects.push_back(other);
  const std::filesystem::path path = store_.PathOf(other.sha256);
  std::string bytes = ReadFile(path);
  bytes.back() = static_cast<char>(~bytes.back());
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  WriteFileAtomically(path, bytes);
  Store fresh(directory_.path() / "store");
  EXPECT_THROW(mirror::Publish(request_, fresh, *signer_, FixedClock(now_), progress_), IntegrityError);
  EXPECT_EQ(Tree(), before);
}

TEST_F(PublishTest, APoolFileThatWasChangedIsMadeAnew) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  const std::string path = "pool/" + Files("pool")[0];
  const std::string good = Read(path);
  WriteFileAtomically(request_.directory / path, "changed");
  EXPECT_EQ(Publish().files_added, 1U);
  EXPECT_EQ(Read(path), good);
}

TEST_F(PublishTest, LeavesAloneWhatItDidNotWrite) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  WriteFileAtomically(request_.directory / "pool/precious", "bytes");
  EXPECT_THAT(PublishError(), HasSubstr("is neither empty nor a repository that Nachbau wrote"));
  std::filesystem::remove_all(request_.directory);
  Publish();
  MakeDirectories(request_.directory / "dists/foreign");
  EXPECT_THAT(PublishError(), HasSubstr("dists/foreign is no suite that Nachbau published"));
}

TEST_F(PublishTest, AClockBehindTheSuiteIsNoticed) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  now_ -= 1;
  EXPECT_THAT(PublishError(),
              HasSubstr("suite nachbau is dated 2035-01-01T12:00:00Z, later than this machine's clock"));
}

TEST_F(PublishTest, TakesAwayWhatAKilledRunLeft) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  Publish();
  const auto before = Tree();
  WriteFileAtomically(request_.directory / ".nachbau-new-abcdef/suite/Release", "half");
  WriteFileAtomically(request_.directory / "pool/h/hello/0000/hello_9_amd64.deb", "placed, never named");
  Publish();
  EXPECT_EQ(Tree(), before);
}

TEST_F(PublishTest, RefusesNamesThatAreNone) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  for (const std::string suite : {"", "..", "a/b", "-x", "a b", "a\nb"}) {
    request_.suite = suite;
    EXPECT_THAT(PublishError(), HasSubstr("not a name for a suite: ")) << suite;
  }
  request_.suite = "good";
  request_.origin = "two\nlines";
  EXPECT_THAT(PublishError(), HasSubstr("not an origin"));
}

TEST_F(PublishTest, SignsWithAProtectedKeyAndWithGpgToo) {
  request_.objects = {MakeDeb("hello", "1", "amd64")};
  const std::string secret = MakeReleaseKey("Kit", "the passphrase");
  signer_ = OpenReleaseKey(secret, "key.pgp", [] { return std::string("the passphrase"); });
  Publish();
  signer_ = OpenReleaseKey(secret, "key.pgp", [] { return std::string("another"); });
  EXPECT_THAT(PublishError(), HasSubstr("key.pgp: the passphrase is wrong"));
  EXPECT_THROW(OpenReleaseKey("garbage", "key.pgp", {}), ParseError);
  EXPECT_THROW(OpenReleaseKey(signer_->PublicKeyArmored(), "key.pgp", {}), Error);
}

TEST(RepositoryEntryTest, APackageCannotSpeakForTheIndex) {
  const BinaryEntry entry = MakeBinaryEntry(
      "Package: evil\nVersion: 1\nArchitecture: amd64\nFilename: ../../etc/passwd\nSHA256: 00\nsize: 7\nDescription: "
      "x\n .\n y\n",
      HashBytes("bytes"), "evil_1_amd64.deb");
  const auto paragraphs = ParseParagraphs(entry.paragraph, "test");
  ASSERT_THAT(paragraphs, SizeIs(1));
  EXPECT_EQ(paragraphs[0].Get("Filename"), "pool/e/evil/" + Sha256("bytes").Hex() + "/evil_1_amd64.deb");
  EXPECT_EQ(paragraphs[0].Get("Size"), "5");
  EXPECT_EQ(paragraphs[0].Get("SHA256"), Sha256("bytes").Hex());
  EXPECT_EQ(paragraphs[0].Get("Description"), "x\n .\n y");
}

TEST(RepositoryEntryTest, RefusesWhatIsNoPackage) {
  const ContentId content = HashBytes("bytes");
  for (const char* text :
       {"", "Package: a\n", "Package: ../x\nVersion: 1\nArchitecture: amd64\n",
        "Package: ab\nVersion: 1 2\nArchitecture: amd64\n", "Package: ab\nVersion: 1\nArchitecture: ../x\n",
        "Package: ab\nVersion: 1\nArchitecture: amd64\nSource: ../x\n",
        "Package: ab\nVersion: 1\nArchitecture: amd64\n\nPackage: cd\nVersion: 1\nArchitecture: amd64\n"}) {
    EXPECT_THROW(MakeBinaryEntry(text, content, "x.deb"), ParseError) << text;
  }
  EXPECT_THROW(MakeBinaryEntry("Package: ab\nVersion: 1\nArchitecture: amd64\n", content, "../x.deb"), ParseError);
}

TEST(RepositoryEntryTest, PutsLibrariesWhereDebianPutsThem) {
  const ContentId content = HashBytes("bytes");
  const auto path = [&](const std::string& source) {
    return MakeBinaryEntry("Package: ab\nVersion: 1\nArchitecture: all\nSource: " + source + "\n", content,
                           "ab_1_all.deb")
        .file.path;
  };
  EXPECT_THAT(path("libfoo (2:1.0)"), HasSubstr("pool/libf/libfoo/"));
  EXPECT_THAT(path("foo"), HasSubstr("pool/f/foo/"));
}

TEST(PublicationTest, RefusesPathsThatLeadElsewhere) {
  const std::string good = FormatPretty(ToJson(Publication{
      "s", kNow, {{"pool/a/ab/x.deb", 1, Sha256("x")}}, {"main/source/by-hash/SHA256/00"}, {{"pool/b/x.deb", kNow}}}));
  EXPECT_EQ(FormatPretty(ToJson(ParsePublication(good, "x"))), good);
  for (const auto& [from, to] :
       std::map<std::string, std::string>{{"pool/a/ab/x.deb", "pool/../x.deb"},
                                          {"pool/a/ab/x.deb", "/etc/passwd"},
                                          {"main/source/by-hash/SHA256/00", "../by-hash/SHA256/0"},
                                          {"pool/b/x.deb", "pool//x.deb"},
                                          {"pool/b/x.deb", "etc/x"}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_THROW(ParsePublication(bad, "x"), ParseError) << to;
  }
}

TEST(UseGpgTest, RefusesWhatIsNoFingerprint) {
  EXPECT_THROW(UseGpg("kit@example.org", {}), UsageError);
  EXPECT_THROW(UseGpg("--output=/etc/passwd", {}), UsageError);
}

}  // namespace
}  // namespace nachbau::mirror
