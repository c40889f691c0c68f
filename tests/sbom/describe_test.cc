#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "sbom/downgrade.h"
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
    sample.AddInput(InputRole::kSource, "tool", "1.0", "source", "tool.git#aaaa", MakeTar({{"tool/main.c", "x"}})).index = kNoIndex;
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
  other.record.root = Sha256("of a user without subordinate ids");
  EXPECT_EQ(FormatCanonical(DescribeSample(other)), first);
}

TEST_F(DescribeTest, ItsCreatorIsWhomTheLockNames) {
  const Json first = Make();
  EXPECT_EQ(first.at("metadata").at("manufacturer").at("name"), "Nachbau");
  sample_.lock.sbom_creator = SbomCreator{"office a", "sbom@example.org", "https://example.org/sbom"};
  const Json second = Make();
  EXPECT_EQ(second.at("metadata").at("manufacturer"),
            Json::parse(R"({"name": "office a", "url": ["https://example.org/sbom"], "contact": [{"email": "sbom@example.org"}]})"));
  EXPECT_NE(second.at("serialNumber"), first.at("serialNumber"));
}

TEST_F(DescribeTest, OtherBytesOtherSerialNumber) {
  const Json first = Make();
  // A .buildinfo tells of the machine and the day: it is named, what is in it is not.
  sample_.record.outputs.back().content = HashBytes("Build-Date: another\n");
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
  EXPECT_EQ(package.at("licenses"), Json::parse(R"([{"expression": "(GPL-2.0-or-later OR MIT) AND MIT", "acknowledgement": "declared"},
                            {"expression": "(GPL-2.0-or-later OR MIT) AND MIT", "acknowledgement": "concluded"}])"));
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
  const Json& task = formula.at("workflows")[0].at("tasks")[1];
  EXPECT_EQ(task.at("bom-ref"), "task:build");
  EXPECT_EQ(task.at("inputs").size(), 4U);
  EXPECT_EQ(task.at("outputs").size(), 2U);
  EXPECT_EQ(task.at("steps")[0].at("commands")[0].at("executed"), "dpkg-buildpackage -us -uc");
}

TEST_F(DescribeTest, NumbersOfJobsAreNotPartOfTheRecipe) {
  sample_.record.environment["DEB_BUILD_OPTIONS"] = "nocheck parallel=2";
  const Json first = Make();
  sample_.record.environment["DEB_BUILD_OPTIONS"] = "nocheck parallel=64";
  EXPECT_EQ(Make(), first);
}

// What neither the build nor its environment has is looked up in the indexes that the lock was made from.
TEST_F(DescribeTest, DependenciesOutsideTheEnvironmentAreWhatTheArchiveOffered) {
  const auto paragraph = [](const std::string& name, const std::string& version) {
    return "Package: " + name + "\nVersion: " + version + "\nArchitecture: all\nMaintainer: A <a@example.org>\nFilename: pool/" +
           name + "_" + version + "_all.deb\nSHA256: " + std::string(64, 'a') + "\nDescription: d\n\n";
  };
  const ContentId index = sample_.store().Put(paragraph("netbase", "5") + paragraph("netbase", "6.4") + paragraph("netbase", "6.10") +
                                              paragraph("second", "1"));
  sample_.lock.indexes.push_back({0, "main/binary-amd64/Packages.xz", index.sha256});
  const Json document = Make();
  EXPECT_THAT(DependsOn(document, kSampleRef), testing::IsSupersetOf({"pkg:deb/debian/netbase@6.10?arch=all",
                                                                      "pkg:deb/debian/second@1?arch=all"}));
  const Json& netbase = Component(document, "netbase");
  EXPECT_EQ(netbase.at("isExternal"), true);
  EXPECT_EQ(netbase.at("manufacturer").at("contact")[0].at("email"), "a@example.org");
  EXPECT_EQ(netbase.at("externalReferences")[0].at("url"), "https://archive.example.org/debian/pool/netbase_6.10_all.deb");
}

TEST_F(DescribeTest, PatchesAreNamedInOrderAndSayNothingOfVulnerabilities) {
  Sample sample;
  const std::string diff = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-A sample.\n+A better sample.\n";
  sample.AddSource(MakeTar({{"debian/changelog", kSampleChangelog},
                            {"debian/copyright", kSampleCopyright},
                            {"debian/patches/series", "z.patch\nCVE-2020-1.patch\n"},
                            {"debian/patches/z.patch", "Description: better\nOrigin: upstream, https://git.example.org/1\n" + diff},
                            {"debian/patches/CVE-2020-1.patch", "Description: fix CVE-2020-1\n"}}));
  const Json document = DescribeSample(sample);
  const Json& source = document.at("components")[0];
  const Json& patches = source.at("pedigree").at("patches");
  ASSERT_EQ(patches.size(), 2U);
  EXPECT_EQ(patches[0], Json::parse(R"({"type": "cherry-pick", "diff": {"url": "debian/patches/z.patch"}})"));
  EXPECT_EQ(patches[1], Json::parse(R"({"type": "unofficial", "diff": {"url": "debian/patches/CVE-2020-1.patch"}})"));
  const auto file = std::find_if(source.at("components").begin(), source.at("components").end(),
                                 [](const Json& component) { return component.at("name") == "debian/patches/z.patch"; });
  ASSERT_NE(file, source.at("components").end());
  EXPECT_EQ(PropertyOf(*file, "nachbau:patch:description"), "better");
  EXPECT_EQ(PropertyOf(*file, "nachbau:patch:changes"), "README");
  EXPECT_EQ(document.dump().find("fix CVE"), std::string::npos);
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

// ---- as CycloneDX 1.6 ----

TEST_F(DescribeTest, TheSameAs16IsValidAndSaysWhatWasLeftOut) {
  const Json document = Make();
  const Json older = ToCycloneDx16(document);
  const auto violations = Validate(older);
  EXPECT_TRUE(violations.empty()) << violations[0].pointer << " " << violations[0].detail;
  EXPECT_EQ(older.at("specVersion"), "1.6");
  EXPECT_NE(older.at("serialNumber"), document.at("serialNumber"));
  EXPECT_EQ(ToCycloneDx16(document), older);
  EXPECT_FALSE(older.contains("citations"));
  EXPECT_EQ(PropertyOf(older, "nachbau:cyclonedx-1.6:left-out").substr(0, 9), "citations");
  const Json& libc = Component(older, "libc6");
  EXPECT_EQ(PropertyOf(libc, "nachbau:component:external"), "true");
  EXPECT_EQ(PropertyOf(Component(older, "netbase"), "nachbau:component:version-range"), "vers:deb/>=6");
  const Json& library = Component(older, "libsample1");
  ASSERT_EQ(library.at("licenses").size(), 1U);
  EXPECT_EQ(library.at("licenses")[0].at("acknowledgement"), "concluded");
  EXPECT_EQ(PropertyOf(library, "nachbau:licence:declared"), Component(document, "libsample1").at("licenses")[0].at("expression"));
}

TEST(DowngradeTest, TwoSimpleLicencesBothStay) {
  Json document = Json::parse(R"({"bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1, "components": [
      {"type": "library", "name": "a", "hashes": [{"alg": "Streebog-256", "content": "x"}],
       "externalReferences": [{"type": "patent", "url": "https://example.org", "properties": [{"name": "n"}]}],
       "licenses": [{"expression": "MIT", "acknowledgement": "declared"}, {"expression": "Zlib", "acknowledgement": "concluded"}]},
      {"type": "library", "name": "b",
       "licenses": [{"license": {"id": "MIT"}}, {"expression": "MIT OR Zlib", "acknowledgement": "concluded"}]}]})");
  document["components"][0]["hashes"][0]["content"] = std::string(64, 'a');
  ASSERT_TRUE(Validate(document).empty());
  const Json older = ToCycloneDx16(document);
  EXPECT_TRUE(Validate(older).empty());
  EXPECT_EQ(older.at("components")[0].at("licenses"),
            Json::parse(R"([{"license": {"id": "MIT", "acknowledgement": "declared"}},
                            {"license": {"id": "Zlib", "acknowledgement": "concluded"}}])"));
  EXPECT_EQ(older.at("components")[0].at("externalReferences")[0],
            Json::parse(R"({"type": "other", "url": "https://example.org", "comment": "patent"})"));
  EXPECT_EQ(older.at("components")[1].at("licenses"), Json::parse(R"([{"expression": "MIT OR Zlib", "acknowledgement": "concluded"}])"));
  EXPECT_EQ(older.at("components")[1].at("properties"), Json::parse(R"([{"name": "nachbau:licence:stated", "value": "MIT"}])"));
  EXPECT_EQ(older.at("properties").size(), 2U);
  document["specVersion"] = "1.5";
  try {
    ToCycloneDx16(document);
    FAIL() << "took a document of another version";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("only a CycloneDX 1.7 document can be written as 1.6"));
  }
}

}  // namespace
}  // namespace nachbau::sbom
