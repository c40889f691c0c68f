#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "sbom/sbom.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

class ArtifactsTest : public testing::Test {
 protected:
  void SetUp() override {
    Fill(sample_);
    SilentProgress progress;
    sbom_ = FormatPretty(Describe(sample_.lock, sample_.record, sample_.store(), progress));
    for (const Artifact& output : sample_.record.outputs) {
      WriteFileAtomically(folder_ / output.name, sample_.store().Read(output.content.sha256, 1 << 20));
    }
  }
  // "subject outcome reason" of each finding.
  std::vector<std::string> Check(const std::string& sbom) const {
    std::vector<std::string> lines;
    for (const Finding& finding : CheckAgainstArtifacts(sbom, folder_.native())) {
      lines.push_back(finding.subject + " " + std::string(Name(finding.outcome)) + " " + Render(finding.reason));
    }
    return lines;
  }

  Sample sample_;
  std::string sbom_;
  std::filesystem::path folder_ = sample_.directory() / "artifacts";
};

TEST_F(ArtifactsTest, PassesWhatIsDescribed) {
  EXPECT_THAT(Check(sbom_), testing::ElementsAre("libsample1_2.0-3_amd64.deb pass is the file the SBOM describes",
                                                 "sample_2.0-3_amd64.deb pass is the file the SBOM describes"));
}

TEST_F(ArtifactsTest, OneFlippedBitNamesTheComponent) {
  std::string bytes = ReadFile(folder_ / "sample_2.0-3_amd64.deb");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteFileAtomically(folder_ / "sample_2.0-3_amd64.deb", bytes);
  EXPECT_THAT(Check(sbom_), testing::Contains(testing::AllOf(testing::StartsWith("sample_2.0-3_amd64.deb fail SHA-256 is "),
                                                             testing::HasSubstr("the SBOM says "))));
}

TEST_F(ArtifactsTest, EachHashCounts) {
  Json document = ParseJson(sbom_, "sbom");
  for (Json& component : document["components"]) {
    if (component["name"] == "libsample1") component["hashes"][1]["content"] = std::string(128, '0');
  }
  EXPECT_THAT(Check(document.dump()), testing::Contains(testing::StartsWith("libsample1_2.0-3_amd64.deb fail SHA-512 is ")));
}

TEST_F(ArtifactsTest, MissingAndUndescribedFilesAreFailures) {
  std::filesystem::rename(folder_ / "sample_2.0-3_amd64.deb", folder_ / "other_1_all.deb");
  EXPECT_THAT(Check(sbom_), testing::IsSupersetOf({"sample_2.0-3_amd64.deb fail the SBOM names this file, but it is not there",
                                                   "other_1_all.deb fail the SBOM does not describe this file"}));
}

TEST_F(ArtifactsTest, WithoutHashesNothingIsKnown) {
  Json document = ParseJson(sbom_, "sbom");
  for (Json& component : document["components"]) component.erase("hashes");
  EXPECT_THAT(Check(document.dump()), testing::Each(testing::HasSubstr(" unknown the SBOM has no SHA-512 of this file")));
}

TEST_F(ArtifactsTest, DoesNotLeaveTheFolder) {
  WriteFileAtomically(sample_.directory() / "outside.deb", "x");
  std::filesystem::create_symlink(sample_.directory() / "outside.deb", folder_ / "link.deb");
  for (const char* name : {"../outside.deb", "/etc/passwd", "link.deb", ".."}) {
    const Json document = {{"components", Json::array({{{"name", "x"}, {"properties", Json::array({{{"name", "bsi:component:filename"}, {"value", name}}})}}})}};
    EXPECT_THAT(Check(document.dump()), testing::Contains(testing::StartsWith(std::string(name) + " fail"))) << name;
  }
}

TEST_F(ArtifactsTest, DocumentsOfAnyShapeAreAnswered) {
  for (const char* text : {"{}", "[]", "1", R"({"components": 1})", R"({"components": [1, null, [], {"properties": 1}]})",
                           R"({"components": [{"properties": [1, {"name": 1}, {"name": "bsi:component:filename", "value": 2}]}]})",
                           R"({"components": [{"hashes": 7, "properties": [{"name": "bsi:component:filename", "value": "a.deb"}]}]})"}) {
    EXPECT_THAT(Check(text), testing::Contains("sample_2.0-3_amd64.deb fail the SBOM does not describe this file")) << text;
  }
  EXPECT_THROW(Check("not JSON"), ParseError);
}

}  // namespace
}  // namespace nachbau::sbom
