#include "mirror/acquisition.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AcquisitionLogTest : public testing::Test {
 protected:
  static Acquisition Of(const std::string& name, const std::string& time = "2026-11-25T12:00:00Z") {
    return {Sha256(name), name.size(), name, ParseTime(time, "test"), "http://example.org/" + name, Proof::kIndex,
            {Sha256("index"), Sha256("release")}};
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    log_.ForEach([&](const Acquisition& one) { names.push_back(one.name); });
    return names;
  }
  std::filesystem::path File() const { return directory_.path() / "acquisitions/2026-11.jsonl"; }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "acquisition-test-"};
  AcquisitionLog log_{directory_.path()};
};

TEST_F(AcquisitionLogTest, KeepsWhatWasWrittenInOrder) {
  EXPECT_THAT(Names(), IsEmpty());
  log_.Append({Of("b"), Of("a")});
  log_.Append({Of("c", "2026-12-01T00:00:00Z")});
  log_.Append({});
  EXPECT_THAT(Names(), ElementsAre("b", "a", "c"));
  log_.ForEach([&](const Acquisition& one) {
    if (one.name == "a") {
      EXPECT_EQ(one, Of("a"));
    }
  });
}

TEST_F(AcquisitionLogTest, ALineThatWasCutOffIsNotReadAndNotContinued) {
  log_.Append({Of("a")});
  const std::string whole = ReadFile(File());
  for (const std::size_t left : {std::size_t{1}, std::size_t{20}, whole.size() - 1}) {
    WriteFileAtomically(File(), whole + whole.substr(0, left));
    EXPECT_THAT(Names(), ElementsAre("a")) << left;
    log_.Append({Of("b")});
    EXPECT_THAT(Names(), ElementsAre("a", "b")) << left;
  }
  WriteFileAtomically(File(), whole.substr(0, 30));  // nothing but a beginning
  log_.Append({Of("b")});
  EXPECT_THAT(Names(), ElementsAre("b"));
}

TEST_F(AcquisitionLogTest, AWholeLineThatIsNoneIsAnErrorWithItsPlace) {
  log_.Append({Of("a")});
  const std::string whole = ReadFile(File());
  for (const std::string line : {"{}", "x", "[1]", "{\"sha256\":\"00\"}"}) {
    WriteFileAtomically(File(), whole + line + "\n");
    try {
      Names();
      FAIL() << line;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr("2026-11.jsonl:2")) << line;
    }
  }
}

TEST_F(AcquisitionLogTest, SeveralWritersDoNotMixTheirLines) {
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&] {
        for (int k = 0; k < 10; ++k) log_.Append({Of("x")});
      });
    }
  }
  EXPECT_EQ(Names().size(), 40u);
}

}  // namespace
}  // namespace nachbau::mirror
