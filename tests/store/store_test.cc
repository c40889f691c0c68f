#include "store/store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace nachbau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreTest : public ::testing::Test {
 protected:
  void Flip(const Sha256Digest& sha256) const {
    const std::filesystem::path path = root_ / RelativeOf(sha256);
    std::string bytes = ReadFile(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    ::chmod(path.c_str(), 0644);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static std::string RelativeOf(const Sha256Digest& sha256) {
    return "objects/" + sha256.Hex().substr(0, 2) + "/" + sha256.Hex().substr(2);
  }
  std::size_t Temporaries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(root_ / "tmp"), {}));
  }
  // Runs `work` in a child process and returns its wait status.
  template <typename Work>
  int InChild(const Work& work) const {
    const pid_t pid = ::fork();
    if (pid == 0) {
      try {
        work();
        ::_exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
  }

  TemporaryDirectory temporary_{std::filesystem::temp_directory_path(), "nachbau-store-"};
  std::filesystem::path root_ = temporary_.path() / "store";
  SilentProgress progress_;
};

TEST_F(StoreTest, GivesBackWhatWasPutUnderItsDigest) {
  Store store(root_);
  const ContentId content = store.Put("hello\n");
  // printf 'hello\n' | sha256sum
  EXPECT_EQ(content.sha256.Hex(), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  EXPECT_EQ(store.Read(content.sha256, 100), "hello\n");
  EXPECT_EQ(store.Find(content.sha256), content);
  EXPECT_TRUE(store.Has(content.sha256));
  EXPECT_THAT(store.List(), ElementsAre(content.sha256));
}

TEST_F(StoreTest, HoldsTheEmptyObject) {
  Store store(root_);
  EXPECT_EQ(store.Read(store.Put("").sha256, 0), "");
}

TEST_F(StoreTest, SaysWhatItDoesNotHoldAndWhatToDo) {
  Store store(root_);
  try {
    store.Open(Sha256("nowhere"));
    FAIL() << "opened";
  } catch (const MissingError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the store does not hold " + Sha256("nowhere").Hex()));
    EXPECT_THAT(error.hints(), SizeIs(1));
  }
  EXPECT_EQ(store.Find(Sha256("nowhere")), std::nullopt);
}

TEST_F(StoreTest, AbandonedWriterLeavesNothing) {
  Store store(root_);
  { store.StartWriting().Write("half"); }
  EXPECT_THAT(store.List(), IsEmpty());
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(StoreTest, SealedObjectsBecomeVisibleTogether) {
  Store store(root_);
  std::vector<Store::Writer> writers;
  std::vector<Sha256Digest> digests;
  for (const char* text : {"one", "two", "one"}) {
    Store::Writer writer = store.StartWriting();
    writer.Write(text);
    digests.push_back(writer.Seal(text, Sha256(text)).sha256);
    writers.push_back(std::move(writer));
  }
  EXPECT_FALSE(store.Has(digests[0]));
  store.CommitSealed(std::move(writers));
  EXPECT_EQ(store.Read(digests[1], 10), "two");
  EXPECT_EQ(store.Find(digests[0])->sha512, HashBytes("one").sha512);
  EXPECT_THAT(store.List(), SizeIs(2));
  EXPECT_EQ(Temporaries(), 0U);
  store.CommitSealed({});
}

TEST_F(StoreTest, SealedObjectsThatAreNotCommittedLeaveNothing) {
  Store store(root_);
  {
    Store::Writer writer = store.StartWriting();
    writer.Write("bytes");
    EXPECT_THROW(writer.Seal("object", Sha256("others")), IntegrityError);
    Store::Writer sealed = store.StartWriting();
    sealed.Write("bytes");
    sealed.Seal("object");
  }
  EXPECT_THAT(store.List(), IsEmpty());
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(StoreTest, WrongDigestIsRefusedAndNothingKept) {
  Store store(root_);
  Store::Writer writer = store.StartWriting();
  writer.Write("swapped");
  try {
    writer.Commit("pool/x.deb", Sha256("expected"));
    FAIL() << "accepted";
  } catch (const IntegrityError& error) {
    EXPECT_THAT(error.what(), HasSubstr("pool/x.deb: sha256: expected " + Sha256("expected").Hex()));
  }
  { const Store::Writer gone = std::move(writer); }
  EXPECT_THAT(store.List(), IsEmpty());
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(StoreTest, NeverHandsOutDamagedBytes) {
  ContentId content;
  {
    Store store(root_);
    content = store.Put("precious bytes");
  }
  Flip(content.sha256);
  Store store(root_);
  EXPECT_THROW(store.Open(content.sha256), IntegrityError);
  EXPECT_THROW(store.Read(content.sha256, 100), IntegrityError);
}

TEST_F(StoreTest, VerifyNamesTheFlippedBit) {
  Store store(root_);
  const ContentId damaged = store.Put("precious bytes");
  store.Put("other bytes");
  EXPECT_THAT(store.Verify(progress_).damages, IsEmpty());
  Flip(damaged.sha256);
  const Store::VerifyResult result = store.Verify(progress_);
  EXPECT_EQ(result.objects, 2U);
  ASSERT_THAT(result.damages, SizeIs(1));
  EXPECT_EQ(result.damages[0].path, RelativeOf(damaged.sha256));
  EXPECT_THAT(result.damages[0].detail, HasSubstr("content has sha256"));
}

TEST_F(StoreTest, VerifyNamesStrangersTruncatedObjectsAndLinks) {
  Store store(root_);
  const ContentId content = store.Put("some content");
  const ContentId linked = store.Put("linked");
  ::chmod((root_ / RelativeOf(content.sha256)).c_str(), 0644);
  std::filesystem::resize_file(root_ / RelativeOf(content.sha256), 4);
  std::filesystem::remove(root_ / RelativeOf(linked.sha256));
  std::filesystem::create_symlink("/etc/passwd", root_ / RelativeOf(linked.sha256));
  std::ofstream(root_ / "objects" / "stranger") << "x";
  EXPECT_THAT(store.Verify(progress_).damages, SizeIs(3));
  EXPECT_FALSE(store.Has(linked.sha256));
}

TEST_F(StoreTest, PuttingAgainMendsADamagedObject) {
  ContentId content;
  {
    Store store(root_);
    content = store.Put("precious bytes");
  }
  Flip(content.sha256);
  Store store(root_);
  store.Put("precious bytes");
  EXPECT_EQ(store.Read(content.sha256, 100), "precious bytes");
  EXPECT_THAT(store.Verify(progress_).damages, IsEmpty());
}

TEST_F(StoreTest, LosesNothingWhenTheIndexIsLostOrGarbage) {
  ContentId content;
  {
    Store store(root_);
    content = store.Put("bytes");
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(root_ / (std::string("index.sqlite") + suffix));
  EXPECT_EQ(Store(root_).Find(content.sha256), content);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(root_ / (std::string("index.sqlite") + suffix));
  std::ofstream(root_ / "index.sqlite") << std::string(8192, 'x');
  Store store(root_);
  EXPECT_EQ(store.Find(content.sha256), content);
  store.RebuildIndex(progress_);
  EXPECT_EQ(store.Find(content.sha256), content);
}

TEST_F(StoreTest, RefusesADirectoryThatIsSomethingElse) {
  std::filesystem::create_directories(root_);
  std::ofstream(root_ / "letter.txt") << "private";
  EXPECT_THROW(Store{root_}, UsageError);
}

TEST_F(StoreTest, KilledWritersLeaveWholeObjectsOnly) {
  { const Store make(root_); }
  for (int delay = 0; delay < 12; ++delay) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const FileDescriptor from(ends[0]);
    FileDescriptor to(ends[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
      Store store(root_);
      for (unsigned i = 0;; ++i) {
        store.Put(std::string(200'000, static_cast<char>(i)) + std::to_string(i + delay * 1000U));
        if (i == 0 && ::write(to.get(), "1", 1) != 1) ::_exit(1);
      }
    }
    to = FileDescriptor();
    char first = 0;
    ASSERT_EQ(::read(from.get(), &first, 1), 1);  // however slow the machine is
    ::usleep(static_cast<useconds_t>(delay * 4'000));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Store store(root_);
  EXPECT_EQ(Temporaries(), 0U);
  const Store::VerifyResult result = store.Verify(progress_);
  EXPECT_THAT(result.damages, IsEmpty());
  EXPECT_GT(result.objects, 0U);
}

TEST_F(StoreTest, TwoProcessesMayPutTheSameObjects) {
  { const Store make(root_); }
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      Store store(root_);
      for (int i = 0; i < 50; ++i) store.Put("object " + std::to_string(i));
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_THAT(Store(root_).List(), SizeIs(50));
}

TEST_F(StoreTest, AFullDiskIsAnErrorAndLeavesNothing) {
  { const Store make(root_); }
  const int status = InChild([&] {
    Store store(root_);
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      store.Put(std::string(200'000, 'x'));
    } catch (const SystemError& error) {
      ::_exit(error.error_number() == EFBIG ? 0 : 3);
    }
    ::_exit(4);
  });
  EXPECT_EQ(status, 0);
  EXPECT_THAT(Store(root_).List(), IsEmpty());
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(StoreTest, RefusesWhatGoesBeyondItsQuotaAndSaysWhatToDo) {
  Store store(root_, {.quota = 100'000});
  const ContentId small = store.Put(std::string(60'000, 'a'));
  try {
    store.Put(std::string(60'000, 'b'));
    FAIL() << "took it";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("its quota is 100000 bytes, it holds 60000, and 60000 more do not fit"));
    ASSERT_THAT(error.hints(), SizeIs(1));
    EXPECT_THAT(Render(error.hints()[0]), HasSubstr("nachbau store gc"));
  }
  EXPECT_THAT(store.List(), ElementsAre(small.sha256));
  EXPECT_EQ(Temporaries(), 0U);
  store.Put(std::string(30'000, 'c'));  // what fits still goes in
}

TEST_F(StoreTest, QuotaCountsWhatOtherProcessesAndTrashHold) {
  Store store(root_, {.quota = 100'000});
  store.Put("first look at the disk");
  const pid_t pid = ::fork();
  if (pid == 0) {
    Store(root_).Put(std::string(90'000, 'a'));
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  EXPECT_THROW(store.Put(std::string(60'000, 'b')), Error);
}

}  // namespace
}  // namespace nachbau
