#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "sbom/sbom.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

using testing::ElementsAre;

Json DescribeSample(Sample& sample) {
  SilentProgress progress;
  return Describe(sample.lock, sample.record, sample.store(), progress);
}

class DescribeTest : public testing::Test {
 protected:
  void SetUp() override { Fill(sample_); }
  Json Make() { return DescribeSample(sample_); }
  static const Json& Component(const Json& document, const std::string& name) {
    for (const Json& component : document.at("components")) {
      if (component.at("name") == name) return component;
    }
    throw Error(Msg("no component {}", name));
  }
  static std::vector<std::string> DependsOn(const Json& document, const std::string& ref) {
    for (const Json& entry : document.at("dependencies")) {
      if (entry.at("ref") == ref) return entry.value("dependsOn", std::vector<std::string>());
    }
    return {"no entry"};
  }
  static std::string PropertyOf(const Json& component, const std::string& name) {
    for (const Json& property : component.value("properties", Json::array())) {
      if (property.at("name") == name) return property.at("value");
    }
    return "none";
  }

  Sample sample_;
};

constexpr const char* kSampleRef = "pkg:deb/debian/sample@1:2.0-3?arch=amd64";
constexpr const char* kLibraryRef = "pkg:deb/debian/libsample1@1:2.0-3?arch=amd64";
constexpr const char* kSourceRef = "pkg:deb/debian/sample@1:2.0-3?arch=source";
constexpr const char* kLibcRef = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64";

TEST_F(DescribeTest, OfAScriptItSaysWhatTheRecipeSays) {
  Sample sample;
  const auto describe = [&](const std::string& licence) {
    const std::string text = "format = \"nachbau-recipe/1\"\nname = \"tool\"\nversion = \"1.0\"\n" + licence +
                             "[source]\ngit = \"https://git.example.org/tool.git\"\ncommit = \"" +
                             std::string(40, 'a') + "\"\n[build]\ncommands = [\"make\"]\noutputs = [\"tool\"]\n";
    sample.lock = Lock();
    sample.record = BuildRecord();
    sample.lock.source = "tool";
    sample.lock.version = "1.0";
    sample.lock.recipe.kind = RecipeKind::kScript;
    sample.AddInput(InputRole::kSource, "tool", "1.0", "source", "tool.git#aaaa", "tar").index = kNoIndex;
    sample.AddInput(InputRole::kRecipe, "tool", "1.0", "source", "tool.toml", text).index = kNoIndex;
    sample.record.environment["SOURCE_DATE_EPOCH"] = "1700000000";
    sample.AddOutput("tool", "program");
    return DescribeSample(sample);
  };
  const Json unknown = describe("");
  EXPECT_EQ(unknown.at("metadata").at("timestamp"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(Component(unknown, "tool").at("purl"), "pkg:generic/tool@1.0");
  EXPECT_EQ(PropertyOf(Component(unknown, "tool"), "nachbau:licence:unknown"), "the recipe names no licence");
  const Json known = describe("licence = \"MIT\"\n");
  for (const Json& component : known.at("components")) {
    EXPECT_EQ(component.at("licenses")[0].at("expression"), "MIT") << component.at("name");
  }
}

TEST_F(DescribeTest, SameInputsSameBytes) {
  const std::string first = FormatCanonical(Make());
  Sample other;
  Fill(other);
  other.record.started = 4711;  // when and how long is not part of the content
  other.record.duration_ms = 3;
  other.record.kernel = "another";
  EXPECT_EQ(FormatCanonical(DescribeSample(other)), first);
}

TEST_F(DescribeTest, OtherBytesOtherSerialNumber) {
  const Json first = Make();
  sample_.record.outputs.pop_back();  // a .buildinfo is no component
  EXPECT_EQ(Make(), first);
  sample_.AddOutput("sample-doc_2.0-3_all.deb",
                    MakeDeb("Package: sample-doc\nVersion: 1:2.0-3\nArchitecture: all\nSource: sample\n"));
  EXPECT_NE(Make().at("serialNumber"), first.at("serialNumber"));
}

TEST_F(DescribeTest, TimeIsThatOfTheLastChangeOfTheSource) {
  EXPECT_EQ(Make().at("metadata").at("timestamp"), "2025-05-10T07:16:24Z");
}

TEST_F(DescribeTest, ProductHasItsPackagesAndItsSource) {
  const Json document = Make();
  EXPECT_EQ(document.at("metadata").at("component").at("purl"), kSourceRef);
  EXPECT_THAT(DependsOn(document, "product:sample"), ElementsAre(kLibraryRef, kSampleRef, kSourceRef));
}

TEST_F(DescribeTest, BinaryPackageSaysWhatItIs) {
  const Json document = Make();
  const Json& package = Component(document, "libsample1");
  const ContentId content = sample_.record.outputs[0].content;
  EXPECT_EQ(package.at("hashes")[0].at("content"), content.sha256.Hex());
  EXPECT_EQ(package.at("hashes")[1].at("content"), content.sha512.Hex());
  EXPECT_EQ(PropertyOf(package, "bsi:component:filename"), "libsample1_2.0-3_amd64.deb");
  EXPECT_EQ(PropertyOf(package, "bsi:component:executable"), "non-executable");
  EXPECT_EQ(PropertyOf(package, "bsi:component:archive"), "archive");
  EXPECT_EQ(PropertyOf(package, "bsi:component:structured"), "structured");
  EXPECT_EQ(package.at("manufacturer").at("contact")[0].at("email"), "jo@example.org");
  EXPECT_EQ(package.at("licenses"), Json::parse(R"([{"expression": "(GPL-2.0-or-later OR MIT) AND MIT", "acknowledgement": "declared"}])"));
}

TEST_F(DescribeTest, OnlyWhatIsIdenticalIsSaidToBeInTheArchive) {
  const Json document = Make();
  const Json& same = Component(document, "libsample1").at("externalReferences")[0];
  EXPECT_EQ(same.at("url"), "https://archive.example.org/debian/pool/main/libsample1_2.0-3_amd64.deb");
  for (const Json& component : document.at("components")) {
    if (component.at("bom-ref") != kSampleRef) continue;
    const Json& own = component.at("externalReferences")[0];
    EXPECT_EQ(own.at("type"), "distribution");
    EXPECT_EQ(own.at("url"), "artifacts/sample_2.0-3_amd64.deb");
    EXPECT_EQ(own.at("hashes")[1].at("alg"), "SHA-512");
  }
}

TEST_F(DescribeTest, DependenciesAreExactWhereTheEnvironmentHadThem) {
  const Json document = Make();
  EXPECT_THAT(DependsOn(document, kLibraryRef), ElementsAre(kLibcRef));
  EXPECT_THAT(DependsOn(document, kLibcRef), ElementsAre());
  const Json& libc = Component(document, "libc6");
  EXPECT_EQ(libc.at("isExternal"), true);
  EXPECT_EQ(libc.at("version"), "2.36-9+deb12u10");
  EXPECT_EQ(libc.at("manufacturer").at("name"), "Lib Team");
}

TEST_F(DescribeTest, DependenciesThatNobodyHasAreNamedWithoutVersion) {
  const Json document = Make();
  EXPECT_THAT(DependsOn(document, kSampleRef),
              ElementsAre("dependency:adduser", "dependency:netbase>=6", kLibcRef,
                          "pkg:deb/debian/libpam0g@1.5.2-6?arch=amd64", kLibraryRef));
  EXPECT_EQ(Component(document, "netbase").at("versionRange"), "vers:deb/>=6");
  EXPECT_FALSE(Component(document, "adduser").contains("version"));
  for (const Json& component : document.at("components")) {
    if (component.at("bom-ref") == kSampleRef) {
      EXPECT_EQ(PropertyOf(component, "nachbau:dependency:open"), "first | second");
    }
  }
  const Json& compositions = document.at("compositions");
  EXPECT_EQ(compositions[1].at("aggregate"), "incomplete");
  EXPECT_THAT(compositions[1].at("dependencies"), ElementsAre(kSampleRef));
}

TEST_F(DescribeTest, EveryComponentHasAnEntryAmongTheDependencies) {
  const Json document = Make();
  for (const Json& component : document.at("components")) {
    EXPECT_THAT(DependsOn(document, component.at("bom-ref")), testing::Not(ElementsAre("no entry"))) << component.at("bom-ref");
  }
}

TEST_F(DescribeTest, SourceFilesHaveBothHashes) {
  const Json document = Make();
  for (const Json& component : document.at("components")) {
    if (component.at("bom-ref") != kSourceRef) continue;
    ASSERT_EQ(component.at("components").size(), 3U);
    for (const Json& file : component.at("components")) EXPECT_EQ(file.at("hashes").size(), 2U);
    EXPECT_EQ(component.at("externalReferences")[1].at("url"), "https://archive.example.org/debian/pool/main/sample_2.0.orig.tar.xz");
  }
}

TEST_F(DescribeTest, EnvironmentIsTheInputOfTheBuildTask) {
  const Json document = Make();
  const Json& formula = document.at("formulation")[0];
  EXPECT_EQ(formula.at("components").size(), 3U);
  const Json& task = formula.at("workflows")[0].at("tasks")[0];
  EXPECT_EQ(task.at("inputs").size(), 4U);
  EXPECT_EQ(task.at("outputs").size(), 2U);
  EXPECT_EQ(task.at("steps")[0].at("commands")[0].at("executed"), "dpkg-buildpackage -us -uc");
}

TEST_F(DescribeTest, NoVulnerabilities) { EXPECT_FALSE(Make().contains("vulnerabilities")); }

TEST(DescribeLicencesTest, UnknownStaysUnknown) {
  for (const auto& [files, reason] : std::vector<std::pair<std::vector<SampleFile>, std::string>>{
           {{{"debian/copyright", "Free as in beer.\n"}}, "debian/copyright is not machine-readable"},
           {{{"debian/rules", "x"}}, "there is no debian/copyright"}}) {
    Sample sample;
    sample.AddSource(MakeTar(files));
    const Json document = DescribeSample(sample);
    EXPECT_FALSE(document.at("metadata").contains("timestamp"));
    const Json& source = document.at("components")[0];
    EXPECT_FALSE(source.contains("licenses"));
    EXPECT_EQ(source.at("properties")[1], Json({{"name", "nachbau:licence:unknown"}, {"value", reason}}));
  }
}

// A source of format 1.0 has its debian directory in a patch; what was built of it carries the same texts.
TEST(DescribeLicencesTest, ComeFromTheBinaryPackageWhereTheSourceHasAPatch) {
  Sample sample;
  sample.AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", "sample_2.0-3.dsc", "Format: 1.0\n");
  sample.AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", "sample_2.0-3.diff.gz", "a patch");
  sample.AddOutput("sample_2.0-3_all.deb", MakeDeb("Package: sample\nVersion: 1:2.0-3\nArchitecture: all\n",
                                                   {{"./usr/share/doc/sample/copyright", kSampleCopyright},
                                                    {"./usr/share/doc/sample/changelog.Debian.gz", kSampleChangelog}}));
  const Json document = DescribeSample(sample);
  EXPECT_EQ(document.at("metadata").at("timestamp"), "2025-05-10T07:16:24Z");
  EXPECT_EQ(document.at("components")[0].at("licenses")[0].at("expression"), "(GPL-2.0-or-later OR MIT) AND MIT");
}

TEST(DescribeErrorTest, ADamagedPackageIsNamed) {
  Sample sample;
  Fill(sample);
  sample.AddOutput("broken_1_all.deb", "not a package");
  try {
    DescribeSample(sample);
    FAIL() << "described a broken package";
  } catch (const ParseError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("broken_1_all.deb"));
  }
}

TEST(DescribeErrorTest, AnInvalidDocumentIsNeverHandedOut) {
  Sample sample;
  Fill(sample);
  sample.lock.releases[0].uri = "https://archive.example.org/not a uri";
  try {
    DescribeSample(sample);
    FAIL() << "handed out an invalid document";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("would not be valid: /components/"));
  }
}

}  // namespace
}  // namespace nachbau::sbom
