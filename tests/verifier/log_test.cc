#include "verifier/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/merkle.h"
#include "tests/reference/merkle.h"
#include "verifier/checkpoint.h"
#include "verifier/tiles.h"

namespace nachbau::verifier {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr const char* kOrigin = "example.org/log";

bool Good(const std::vector<Finding>& findings) {
  return !findings.empty() && std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.outcome == FindingOutcome::kPass;
  });
}

class LogTest : public testing::Test {
 protected:
  LogTest() : directory_(fs::temp_directory_path(), "nachbau-log-") {}

  fs::path log() const { return directory_.path() / "log"; }
  fs::path memory() const { return directory_.path() / "memory.json"; }
  LogPlace Append(const std::string& entry) { return AppendToLog(log(), kOrigin, key_, memory(), entry); }
  void Fill(int count) {
    for (int i = 0; i < count; ++i) Append("entry " + std::to_string(i));
  }
  std::vector<Finding> Verify() {
    return VerifyLog(log(), {{"us", PublicKeyPem(key_.PublicKey())}}, progress_);
  }
  std::string RefusalOf(const std::string& entry) {
    const auto before = OpenForReadingIfExists(log() / "checkpoint");
    const std::string checkpoint = before ? ReadDescriptor(*before, "checkpoint") : "";
    try {
      Append(entry);
    } catch (const Error& error) {
      const auto after = OpenForReadingIfExists(log() / "checkpoint");
      EXPECT_EQ(after ? ReadDescriptor(*after, "checkpoint") : "", checkpoint) << "signed although it refused";
      return error.what();
    }
    return "not refused";
  }
  void FlipByte(const fs::path& file, std::size_t at) {
    std::string bytes = ReadFile(file);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    WriteFileAtomically(file, bytes, 0644, Durability::kNone);
  }

  TemporaryDirectory directory_;
  Ed25519PrivateKey key_ = Ed25519PrivateKey::Generate();
  SilentProgress progress_;
};

TEST(TilesTest, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(TilePath(0, 0, 256), "tile/0/000");
  EXPECT_EQ(TilePath(1, 1234067, 256), "tile/1/x001/x234/067");
  EXPECT_EQ(TilePath(2, 5, 17), "tile/2/005.p/17");
  EXPECT_EQ(EntriesPath(1000, 256), "tile/entries/x001/000");
  EXPECT_EQ(EntriesPath(0, 1), "tile/entries/000.p/1");
}

TEST(TilesTest, WidthsFollowTheSize) {
  EXPECT_EQ(TileWidthIn(0, 0, 0), 0U);
  EXPECT_EQ(TileWidthIn(0, 0, 1), 1U);
  EXPECT_EQ(TileWidthIn(0, 0, 256), 256U);
  EXPECT_EQ(TileWidthIn(0, 1, 256), 0U);
  EXPECT_EQ(TileWidthIn(0, 1, 257), 1U);
  EXPECT_EQ(TileWidthIn(1, 0, 255), 0U);
  EXPECT_EQ(TileWidthIn(1, 0, 70000), 256U);
  EXPECT_EQ(TileWidthIn(1, 1, 70000), 17U);
  EXPECT_EQ(TileWidthIn(8, 0, ~std::uint64_t{0}), 0U);
}

TEST(TilesTest, EntriesSurviveTheirBundle) {
  const std::vector<std::string> entries = {"", "a", std::string(kMaxEntrySize, 'x')};
  EXPECT_EQ(ParseEntries(FormatEntries(entries), "b"), entries);
  const std::string bytes = FormatEntries({"abc"});
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_THROW(ParseEntries(bytes.substr(0, size), "b"), ParseError) << size;
  }
  EXPECT_THROW(ParseEntries(FormatEntries(std::vector<std::string>(257, "")), "b"), ParseError);
}

TEST_F(LogTest, EveryEntryIsProvenAndEveryCheckpointIsTheReferenceTree) {
  reference::Entries entries;
  for (int i = 0; i < 20; ++i) {
    entries.push_back("entry " + std::to_string(i));
    const LogPlace place = Append(entries.back());
    EXPECT_EQ(place.index, static_cast<std::uint64_t>(i));
    EXPECT_EQ(place.size, entries.size());
    EXPECT_EQ(place.root, reference::TreeHash(entries));
    EXPECT_EQ(CheckInclusion(place.index, place.size, HashLeaf(entries.back()), place.proof, place.root),
              Inclusion::kProven);
    const Note note = ParseNote(place.checkpoint, "c");
    EXPECT_EQ(CheckNote(note, kOrigin, key_.PublicKey()), NoteCheck::kGood);
    EXPECT_EQ(ParseCheckpoint(note, "c").root, place.root);
    EXPECT_EQ(ReadFile(log() / "checkpoint"), place.checkpoint);
  }
  EXPECT_TRUE(Good(Verify()));
}

// A tile becomes full at 256, and the next level begins. To get there quickly, the first 250 entries are written as the
// log would have, and the rest is appended.
TEST_F(LogTest, CrossesTheEdgeOfATile) {
  reference::Entries entries;
  std::vector<Sha256Digest> leaves;
  for (int i = 0; i < 250; ++i) {
    entries.push_back("entry " + std::to_string(i));
    leaves.push_back(HashLeaf(entries.back()));
  }
  const Sha256Digest root = reference::TreeHash(entries);
  WriteFileAtomically(log() / EntriesPath(0, 250), FormatEntries(entries));
  WriteFileAtomically(log() / TilePath(0, 0, 250), FormatTile(leaves));
  WriteFileAtomically(log() / ".state/tree.json",
                      FormatPretty({{"format", "nachbau-log-state/1"}, {"origin", kOrigin}, {"size", 250}, {"root", root.Hex()}}));
  WriteFileAtomically(log() / "checkpoint", SignCheckpoint({kOrigin, 250, root}, key_));
  for (int i = 250; i < 260; ++i) {
    entries.push_back("entry " + std::to_string(i));
    EXPECT_EQ(Append(entries.back()).root, reference::TreeHash(entries)) << i;
    EXPECT_TRUE(Good(Verify())) << i;
  }
  EXPECT_TRUE(fs::exists(log() / "tile/0/000"));
  EXPECT_FALSE(fs::exists(log() / "tile/0/000.p"));
  EXPECT_FALSE(fs::exists(log() / "tile/entries/000.p"));
  EXPECT_TRUE(fs::exists(log() / "tile/1/000.p/1"));
  EXPECT_TRUE(fs::exists(log() / "tile/0/001.p/4"));
}

TEST_F(LogTest, RefusesEntriesAndNamesThatDoNotFit) {
  EXPECT_THAT(RefusalOf(std::string(65536, 'x')), HasSubstr("a log entry has at most 65535 bytes"));
  EXPECT_EQ(Append(std::string(65535, 'x')).index, 0U);
  EXPECT_THROW(AppendToLog(log(), "two words", key_, {}, "x"), UsageError);
}

TEST_F(LogTest, RefusesAnotherKeyAndAnotherOrigin) {
  Fill(2);
  EXPECT_THROW(AppendToLog(log(), kOrigin, Ed25519PrivateKey::Generate(), {}, "x"), Error);
  EXPECT_THROW(AppendToLog(log(), "example.org/other", key_, {}, "x"), Error);
  EXPECT_TRUE(Good(Verify()));
}

TEST_F(LogTest, SignsNothingOverATamperedFile) {
  Fill(5);
  for (const char* file : {"tile/0/000.p/5", "tile/entries/000.p/5", ".state/tree.json", "checkpoint"}) {
    const std::string bytes = ReadFile(log() / file);
    for (std::size_t at = 0; at < bytes.size(); at += 11) {
      FlipByte(log() / file, at);
      EXPECT_NE(RefusalOf("x"), "not refused") << file << " " << at;
      WriteFileAtomically(log() / file, bytes, 0644, Durability::kNone);
    }
    fs::remove(log() / file);
    EXPECT_NE(RefusalOf("x"), "not refused") << file << " removed";
    WriteFileAtomically(log() / file, bytes, 0644, Durability::kNone);
  }
  EXPECT_EQ(Append("x").index, 5U);
}

TEST_F(LogTest, SignsNothingOverARestoredOldCopy) {
  Fill(3);
  const fs::path copy = directory_.path() / "copy";
  fs::copy(log(), copy, fs::copy_options::recursive);
  Append("later");
  fs::remove_all(log());
  fs::copy(copy, log(), fs::copy_options::recursive);
  EXPECT_THAT(RefusalOf("fork"), AllOf(HasSubstr("nothing was signed"), HasSubstr("is it an old copy?")));
  fs::remove_all(log());
  EXPECT_THAT(RefusalOf("fork"), HasSubstr("entries were signed before"));
}

TEST_F(LogTest, SignsNothingOverAnOldStateOrCheckpointFromTheFuture) {
  Fill(3);
  const std::string state = ReadFile(log() / ".state/tree.json");
  fs::remove(memory());
  Append("later");
  WriteFileAtomically(log() / ".state/tree.json", state);
  EXPECT_THAT(RefusalOf("fork"), HasSubstr("its checkpoint of 4 entries does not fit the tree of 3"));
}

TEST_F(LogTest, ContinuesWhereTheCheckpointIsBehindTheState) {
  Fill(3);
  const std::string checkpoint = ReadFile(log() / "checkpoint");
  const std::string memory_before = ReadFile(memory());
  Append("state written, then killed");
  WriteFileAtomically(log() / "checkpoint", checkpoint);
  EXPECT_TRUE(Good(Verify()));
  WriteFileAtomically(memory(), memory_before);
  EXPECT_EQ(Append("next").index, 4U);
  EXPECT_TRUE(Good(Verify()));
}

TEST_F(LogTest, VerifyNamesTheTamperedFile) {
  Fill(5);
  const auto failure = [&]() -> std::string {
    for (const Finding& finding : Verify()) {
      if (finding.outcome != FindingOutcome::kPass) return finding.rule + " " + finding.subject;
    }
    return "none";
  };
  EXPECT_EQ(failure(), "none");
  FlipByte(log() / "tile/0/000.p/5", 40);
  EXPECT_EQ(failure(), "log.tiles tile/0/000.p/5");
  FlipByte(log() / "tile/0/000.p/5", 40);
  FlipByte(log() / "tile/entries/000.p/5", 4);
  EXPECT_EQ(failure(), "log.entries tile/entries");
  FlipByte(log() / "tile/entries/000.p/5", 4);
  FlipByte(log() / "checkpoint", 16);
  EXPECT_THAT(failure(), HasSubstr("log.checkpoint checkpoint"));
  FlipByte(log() / "checkpoint", 16);
  fs::remove(log() / "tile/entries/000.p/5");
  EXPECT_EQ(failure(), "log.entries tile/entries/000.p/5");
}

TEST_F(LogTest, VerifyDoesNotCallAnUnknownKeyGood) {
  Fill(1);
  const auto findings =
      VerifyLog(log(), {{"other", PublicKeyPem(Ed25519PrivateKey::Generate().PublicKey())}}, progress_);
  EXPECT_EQ(findings.at(0).rule, "log.checkpoint");
  EXPECT_EQ(findings.at(0).outcome, FindingOutcome::kUnknown);
  EXPECT_FALSE(Good(findings));
}

TEST_F(LogTest, VerifyOfNothingIsAnError) { EXPECT_THROW(Verify(), MissingError); }

TEST_F(LogTest, VerifyRefusesACheckpointOfAbsurdSize) {
  Fill(1);
  WriteFileAtomically(log() / "checkpoint", SignCheckpoint({kOrigin, ~std::uint64_t{0}, Sha256("")}, key_));
  EXPECT_FALSE(Good(Verify()));
}

TEST_F(LogTest, TwoWritersTakeTurns) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      for (int i = 0; i < 12; ++i) Append("child " + std::to_string(i));
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  for (int i = 0; i < 12; ++i) Append("parent " + std::to_string(i));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(Good(Verify()));
  const auto entries = ReadEntries(log(), 0, 24);
  EXPECT_EQ(std::set<std::string>(entries.begin(), entries.end()).size(), 24U);
}

// Killed at any moment, the log is whole, nothing signed is lost, and the next writer continues.
TEST_F(LogTest, SurvivesSigkillAtRandomMoments) {
  std::mt19937 random(11);
  Append("first");
  std::uint64_t signed_size = 1;
  Sha256Digest signed_root = ParseCheckpoint(ParseNote(ReadFile(log() / "checkpoint"), "c"), "c").root;
  for (int round = 0; round < 40; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        for (int i = 0; i < 1000; ++i) Append("round " + std::to_string(round) + " entry " + std::to_string(i));
      } catch (...) {
        ::_exit(1);  // a refusal shows as an exit before the kill
      }
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(1000 + random() % 40'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the log refused a writer in round " << round;
    ASSERT_TRUE(Good(Verify())) << round;
    const Checkpoint checkpoint = ParseCheckpoint(ParseNote(ReadFile(log() / "checkpoint"), "c"), "c");
    ASSERT_GE(checkpoint.size, signed_size);
    TileTree tree(log(), checkpoint.size);
    const NodeReader node = [&](unsigned level, std::uint64_t index) { return tree.Node(level, index); };
    ASSERT_EQ(CheckConsistency(signed_size, checkpoint.size, signed_root, checkpoint.root,
                               ProveConsistency(signed_size, checkpoint.size, node)),
              Consistency::kProven);
    signed_size = checkpoint.size;
    signed_root = checkpoint.root;
  }
  EXPECT_GT(Append("last").size, 1U);
  EXPECT_TRUE(Good(Verify()));
}

}  // namespace
}  // namespace nachbau::verifier
