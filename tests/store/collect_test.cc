#include "store/collect.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "store/holds.h"
#include "store/places.h"

namespace nachbau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr UnixSeconds kLongAgo = 1'700'000'000;  // 2023
constexpr UnixSeconds kDay = 86'400;

class CollectTest : public ::testing::Test {
 protected:
  // An object that nobody has relied on since 2023.
  Sha256Digest PutOld(std::string_view bytes) const {
    const Sha256Digest digest = Store(root_).Put(bytes).sha256;
    Age(store_places::ObjectPath(root_, digest));
    return digest;
  }
  static void Age(const std::filesystem::path& path) {
    const std::array<timespec, 2> times = {timespec{kLongAgo, 0}, timespec{kLongAgo, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  }
  CollectResult Run(const std::unordered_set<Sha256Digest>& live, bool remove = true) {
    CollectRequest request;
    request.now = SystemClock().Now();
    request.grace_seconds = kDay;
    request.trash_seconds = kDay;
    request.remove = remove;
    request.live = [&] { return live; };
    Store store(root_);
    return Collect(store, request, progress_);
  }
  bool InObjects(const Sha256Digest& digest) const { return std::filesystem::exists(store_places::ObjectPath(root_, digest)); }
  bool InTrash(const Sha256Digest& digest) const { return std::filesystem::exists(store_places::TrashPath(root_, digest)); }
  static std::vector<Sha256Digest> Digests(const std::vector<CollectedObject>& objects) {
    std::vector<Sha256Digest> digests;
    for (const CollectedObject& object : objects) digests.push_back(object.sha256);
    return digests;
  }
  void Hold(const Sha256Digest& digest) const {
    nachbau::Hold hold;
    hold.name = "case-1";
    hold.objects = {digest};
    HoldDirectory(root_).Add(hold);
  }

  TemporaryDirectory temporary_{std::filesystem::temp_directory_path(), "nachbau-collect-"};
  std::filesystem::path root_ = temporary_.path() / "store";
  SilentProgress progress_;
};

TEST_F(CollectTest, SetsAsideWhatNothingNeeds) {
  const Sha256Digest needed = PutOld("needed");
  const Sha256Digest garbage = PutOld("garbage");
  const CollectResult result = Run({needed});
  EXPECT_THAT(Digests(result.set_aside), ElementsAre(garbage));
  EXPECT_EQ(result.set_aside[0].size, 7U);
  EXPECT_EQ(result.live, (ObjectCount{1, 6}));
  EXPECT_TRUE(InObjects(needed));
  EXPECT_FALSE(InObjects(garbage));
  EXPECT_TRUE(InTrash(garbage));
}

TEST_F(CollectTest, WithoutRemoveOnlySaysSo) {
  const Sha256Digest garbage = PutOld("garbage");
  EXPECT_THAT(Digests(Run({}, false).set_aside), ElementsAre(garbage));
  EXPECT_TRUE(InObjects(garbage));
  EXPECT_FALSE(InTrash(garbage));
}

TEST_F(CollectTest, LeavesYoungObjectsAlone) {
  const Sha256Digest young = Store(root_).Put("young").sha256;
  const CollectResult result = Run({});
  EXPECT_THAT(result.set_aside, IsEmpty());
  EXPECT_EQ(result.young, (ObjectCount{1, 5}));
  EXPECT_TRUE(InObjects(young));
}

TEST_F(CollectTest, ALookUpMakesAnObjectYoungAgain) {
  const Sha256Digest asked = PutOld("asked for");
  const Sha256Digest opened = PutOld("opened");
  const Sha256Digest shown = PutOld("only shown");
  {
    const Store store(root_);
    EXPECT_TRUE(store.Has(asked));
    EXPECT_EQ(store.Read(opened, 100), "opened");
    EXPECT_TRUE(store.Describe(shown));
  }
  EXPECT_THAT(Digests(Run({}).set_aside), ElementsAre(shown));
}

TEST_F(CollectTest, WhatALivingProcessReliesOnStaysWithoutAnyGrace) {
  const Sha256Digest relied = PutOld("relied on");
  const Sha256Digest garbage = PutOld("garbage");
  const Store user(root_);
  EXPECT_TRUE(user.Has(relied));
  CollectRequest request;
  request.now = SystemClock().Now() + 100;  // no grace, and time has passed
  request.grace_seconds = request.trash_seconds = 0;
  request.remove = true;
  request.live = [] { return std::unordered_set<Sha256Digest>(); };
  Store store(root_);
  EXPECT_THAT(Digests(Collect(store, request, progress_).set_aside), ElementsAre(garbage));
}

TEST_F(CollectTest, WhatBecomesNeededWhileItMarksStays) {
  const Sha256Digest late = PutOld("late");
  CollectRequest request;
  request.now = SystemClock().Now() + 100;
  request.grace_seconds = 0;
  request.remove = true;
  request.live = [&] {
    // Another process finds the object, writes a document that names it, and ends; this look at documents missed it.
    EXPECT_TRUE(Store(root_).Has(late));
    return std::unordered_set<Sha256Digest>();
  };
  Store store(root_);
  EXPECT_THAT(Collect(store, request, progress_).set_aside, IsEmpty());
  EXPECT_TRUE(InObjects(late));
}

TEST_F(CollectTest, ALookUpThatMissesTakesTheObjectOutOfTheTrash) {
  const Sha256Digest wanted = PutOld("wanted again");
  Run({});
  ASSERT_TRUE(InTrash(wanted));
  const Store store(root_);
  EXPECT_EQ(store.Read(wanted, 100), "wanted again");
  EXPECT_TRUE(InObjects(wanted));
  EXPECT_FALSE(InTrash(wanted));
}

TEST_F(CollectTest, TheTrashIsDeletedLaterAndOnlyWhatIsStillNotNeeded) {
  const Sha256Digest garbage = PutOld("garbage");
  const Sha256Digest again = PutOld("needed again");
  Run({});
  EXPECT_THAT(Run({}).deleted, IsEmpty());  // not yet long enough
  Age(store_places::TrashPath(root_, garbage));
  Age(store_places::TrashPath(root_, again));
  const CollectResult result = Run({again});
  EXPECT_THAT(Digests(result.deleted), ElementsAre(garbage));
  EXPECT_THAT(Digests(result.restored), ElementsAre(again));
  EXPECT_FALSE(InTrash(garbage));
  EXPECT_TRUE(InObjects(again));
}

TEST_F(CollectTest, AHoldKeepsObjectsWhateverIsAskedFor) {
  const Sha256Digest held = PutOld("evidence");
  const Sha256Digest trashed = PutOld("evidence in the trash");
  Hold(held);
  EXPECT_EQ(Run({}).held, (ObjectCount{1, 8}));
  EXPECT_TRUE(InObjects(held));
  ASSERT_TRUE(InTrash(trashed));
  Age(store_places::TrashPath(root_, trashed));
  nachbau::Hold second;
  second.name = "case-2";
  second.objects = {trashed};
  HoldDirectory(root_).Add(second);
  EXPECT_THAT(Digests(Run({}).restored), ElementsAre(trashed));
  EXPECT_TRUE(InObjects(trashed));
}

TEST_F(CollectTest, DeletesNothingWhenAHoldCannotBeRead) {
  const Sha256Digest garbage = PutOld("garbage");
  WriteFileAtomically(root_ / "holds" / "case-1.json", "{\"format\": \"nachbau-hold/1\"}");
  EXPECT_THROW(Run({}), ParseError);
  EXPECT_TRUE(InObjects(garbage));
}

TEST_F(CollectTest, DeletesNothingWhenTheRootsCannotBeRead) {
  const Sha256Digest garbage = PutOld("garbage");
  CollectRequest request;
  request.now = SystemClock().Now();
  request.remove = true;
  request.live = []() -> std::unordered_set<Sha256Digest> { throw MissingError(Msg("{} is gone", "a document")); };
  Store store(root_);
  EXPECT_THROW(Collect(store, request, progress_), MissingError);
  EXPECT_TRUE(InObjects(garbage));
}

TEST_F(CollectTest, OnlyOneRunsAtATime) {
  PutOld("garbage");
  const FileLock other(root_ / "gc.run", FileLock::Mode::kExclusive);
  try {
    Run({});
    FAIL() << "ran";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another garbage collection of " + root_.native() + " is running"));
  }
}

TEST_F(CollectTest, StrangersInTheStoreAreNotItsBusiness) {
  { const Store make(root_); }
  std::ofstream(root_ / "objects" / "stranger") << "x";
  std::filesystem::create_directories(root_ / "objects" / "ab");
  std::filesystem::create_symlink("/etc/passwd", root_ / "objects" / "ab" / std::string(62, 'c'));
  EXPECT_THAT(Run({}).set_aside, IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(root_ / "objects" / "stranger"));
}

TEST_F(CollectTest, KilledAtAnyMomentItLosesNothing) {
  std::unordered_set<Sha256Digest> live;
  std::vector<Sha256Digest> garbage;
  {
    Store store(root_);
    for (int i = 0; i < 150; ++i) {
      const Sha256Digest digest = store.Put("object " + std::to_string(i)).sha256;
      if (i % 3 == 0) live.insert(digest); else garbage.push_back(digest);
    }
  }
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < 15; ++round) {
    for (const auto& file : ListFiles(root_ / "objects")) Age(root_ / "objects" / file);
    const pid_t pid = ::fork();
    if (pid == 0) {
      Run(live);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(random() % 4000));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    for (const Sha256Digest& digest : live) ASSERT_TRUE(InObjects(digest));
    for (const Sha256Digest& digest : garbage) ASSERT_TRUE(InObjects(digest) || InTrash(digest));
  }
  for (const auto& file : ListFiles(root_ / "objects")) Age(root_ / "objects" / file);
  Run(live);
  EXPECT_THAT(Store(root_).List(), SizeIs(live.size()));
}

// Writers rely on a few objects again and again, write down that they need them, and check that they are there; a
// collection without any grace runs beside them all the time, and takes whatever is not written down.
TEST_F(CollectTest, NothingThatSomebodyReliedOnIsLostBesideARunningCollection) {
  constexpr int kWriters = 3;
  constexpr int kRounds = 60;
  { const Store make(root_); }
  const std::filesystem::path documents = temporary_.path() / "documents";
  std::filesystem::create_directories(documents);
  std::vector<pid_t> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      writers.push_back(pid);
      continue;
    }
    try {
      std::mt19937 random(static_cast<unsigned>(writer) + 1U);
      for (int round = 0; round < kRounds; ++round) {
        Store store(root_);
        const std::string bytes = "object " + std::to_string(random() % 8);
        const Sha256Digest digest = Sha256(bytes);
        if (!store.Has(digest)) store.Put(bytes);
        ::usleep(static_cast<useconds_t>(random() % 3000));
        if (!InObjects(digest)) ::_exit(3);  // relied on, not yet written down
        const std::filesystem::path document = documents / std::to_string(writer);
        WriteFileAtomically(document, digest.Hex(), 0644, Durability::kNone);
        if (!InObjects(digest)) ::_exit(4);
        if (random() % 3 == 0) std::filesystem::remove(document);
      }
      ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(5);
    }
  }
  const auto needed = [&] {
    std::unordered_set<Sha256Digest> digests;
    for (int writer = 0; writer < kWriters; ++writer) {
      const auto fd = OpenForReadingIfExists(documents / std::to_string(writer));
      if (fd) digests.insert(ParseSha256(ReadDescriptor(*fd, "document"), "document"));
    }
    return digests;
  };
  std::size_t collected = 0;
  std::vector<pid_t> running = writers;
  while (!running.empty()) {
    CollectRequest request;
    request.now = SystemClock().Now() + 1000;
    request.grace_seconds = request.trash_seconds = 0;
    request.remove = true;
    request.live = needed;
    Store store(root_);
    collected += Collect(store, request, progress_).set_aside.size();
    std::erase_if(running, [](pid_t pid) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) != pid) return false;
      EXPECT_EQ(status, 0) << "exit code " << WEXITSTATUS(status) << ": 3 and 4 say that an object was lost";
      return true;
    });
  }
  EXPECT_GT(collected, 0U);
  for (const Sha256Digest& digest : needed()) EXPECT_TRUE(InObjects(digest));
}

TEST_F(CollectTest, LeasesOfTheDeadAreRemoved) {
  { const Store make(root_); }
  const pid_t pid = ::fork();
  if (pid == 0) {
    Store store(root_);
    store.Put("bytes");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(std::filesystem::is_empty(root_ / "leases"));
  { const Store next(root_); }
  EXPECT_TRUE(std::filesystem::is_empty(root_ / "leases"));
}

}  // namespace
}  // namespace nachbau
