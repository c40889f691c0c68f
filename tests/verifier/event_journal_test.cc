#include "verifier/event_journal.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "verifier/log.h"

namespace nachbau::verifier {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class EventJournalTest : public testing::Test {
 protected:
  EventJournalTest()
      : key_(OpenSigningKey(directory_.path() / "key.pem", {})),
        journal_{directory_.path() / "events", directory_.path() / "log", "example.org/log"} {}

  std::uint64_t Record(const std::string& action) {
    return RecordEvent(MakeEvent(action, clock_.Now(), {"mara", "", "mara", ""}, {{"what", action}}), key_, journal_, clock_);
  }
  std::vector<RecordedEvent> List() const { return ListEvents(journal_.directory, {{"this machine", key_.public_pem}}); }
  std::vector<std::string> Actions() const {
    std::vector<std::string> actions;
    for (const RecordedEvent& one : List()) {
      actions.push_back((one.event ? one.event->action : "?") + std::string(one.event && one.event->repeated ? " again" : "") +
                        (one.Verified() ? "" : " unverified"));
    }
    return actions;
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "events-test-"};
  FixedClock clock_{1700000000};
  SigningKey key_;
  EventJournal journal_;
};

TEST_F(EventJournalTest, RecordsAreSignedAndInTheLog) {
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(Record("mirror.sync"), 0u);
  EXPECT_EQ(Record("mirror.key.add"), 1u);
  EXPECT_THAT(Actions(), testing::ElementsAre("mirror.sync", "mirror.key.add"));
  EXPECT_EQ(List()[1].event->actor.name, "mara");
  SilentProgress progress;
  for (const Finding& finding : VerifyLog(journal_.log_directory, {{"this machine", key_.public_pem}}, progress)) {
    EXPECT_EQ(finding.outcome, FindingOutcome::kPass) << Render(finding.reason);
  }
}

TEST_F(EventJournalTest, WithoutTheKeyNothingIsVerified) {
  Record("mirror.sync");
  for (const RecordedEvent& one : ListEvents(journal_.directory, {})) EXPECT_FALSE(one.Verified());
}

TEST_F(EventJournalTest, ChangedAndMisplacedBundlesAreTold) {
  Record("mirror.sync");
  Record("mirror.gc");
  const auto first = journal_.directory / "0.sigstore.json", second = journal_.directory / "1.sigstore.json";
  const std::string good = ReadFile(second);
  WriteFileAtomically(second, ReadFile(first));
  EXPECT_THAT(Actions(), testing::ElementsAre("mirror.sync", "mirror.sync unverified"));
  WriteFileAtomically(second, "{}");
  EXPECT_THAT(Actions(), testing::ElementsAre("mirror.sync", "? unverified"));
  WriteFileAtomically(second, good);
  EXPECT_THAT(Actions(), testing::ElementsAre("mirror.sync", "mirror.gc"));
}

TEST_F(EventJournalTest, WhatAKillCutOffIsRecordedByTheNext) {
  Record("mirror.sync");
  const MirrorEvent lost = MakeEvent("mirror.gc", clock_.Now(), {"mara", "", "mara", ""}, {{"what", "lost"}});
  WriteFileAtomically(journal_.directory / ".pending.json", FormatCanonical(ToJson(lost)));
  Record("mirror.add");
  EXPECT_THAT(Actions(), testing::ElementsAre("mirror.sync", "mirror.gc again", "mirror.add"));
  EXPECT_FALSE(std::filesystem::exists(journal_.directory / ".pending.json"));
}

TEST_F(EventJournalTest, WhatIsOnRecordAlreadyIsNotRecordedTwice) {
  const MirrorEvent event = MakeEvent("mirror.gc", clock_.Now(), {"mara", "", "mara", ""}, {{"what", "mirror.gc"}});
  Record("mirror.gc");
  WriteFileAtomically(journal_.directory / ".pending.json", FormatCanonical(ToJson(event)));
  Record("mirror.add");
  EXPECT_THAT(Actions(), testing::ElementsAre("mirror.gc", "mirror.add"));
}

TEST_F(EventJournalTest, ABundleOfAnEarlierLogIsNotOverwritten) {
  MakeDirectories(journal_.directory);
  WriteFileAtomically(journal_.directory / "0.sigstore.json", "{}");
  Record("mirror.sync");
  EXPECT_EQ(ReadFile(journal_.directory / "0.sigstore.json"), "{}");
  EXPECT_THAT(Actions(), testing::UnorderedElementsAre("? unverified", "mirror.sync"));
}

}  // namespace
}  // namespace nachbau::verifier
