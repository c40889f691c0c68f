// Reading, comparing, merging, asking, converting, checking SBOM documents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/jcs.h"
#include "sbom/documents/artifact_check.h"
#include "sbom/documents/bom.h"
#include "sbom/documents/convert.h"
#include "sbom/documents/detached.h"
#include "sbom/documents/diff.h"
#include "sbom/documents/import_report.h"
#include "sbom/documents/merge.h"
#include "sbom/documents/query.h"
#include "sbom/documents/stats.h"
#include "sbom/sbom.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The same small product in every format: an application that depends on a library, which contains a file.
constexpr const char* kSha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

std::string CycloneDx(const std::string& version) {
  return R"({"bomFormat":"CycloneDX","specVersion":")" + version + R"(","version":1,
    "serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "metadata":{"timestamp":"2026-01-02T03:04:05Z","tools":[{"name":"maker","version":"2"}],
      "supplier":{"name":"City","contact":[{"email":"it@example.org"}]},
      "component":{"type":"application","bom-ref":"app","name":"app","version":"1"}},
    "components":[{"type":"library","bom-ref":"lib","name":"libfoo","version":"1:2.0+b1",
      "purl":"pkg:deb/debian/libfoo@1:2.0%2Bb1?arch=amd64",
      "hashes":[{"alg":"SHA-256","content":")" + kSha256 + R"("}],
      "licenses":[{"license":{"id":"MIT"}}],
      "components":[{"type":"file","bom-ref":"file","name":"usr/lib/libfoo.so","version":"1",
        "hashes":[{"alg":"SHA-1","content":"a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"}]}]}],
    "dependencies":[{"ref":"app","dependsOn":["lib"]},{"ref":"lib"}]})";
}

const std::string kSpdx2 = R"~({"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"app","dataLicense":"CC0-1.0",
    "documentNamespace":"https://example.org/doc","documentDescribes":["SPDXRef-app"],
    "creationInfo":{"created":"2026-01-02T03:04:05Z","creators":["Organization: City (it@example.org)","Tool: maker-2"]},
    "packages":[{"SPDXID":"SPDXRef-app","name":"app","versionInfo":"1","primaryPackagePurpose":"APPLICATION",
        "downloadLocation":"NOASSERTION","licenseConcluded":"NOASSERTION"},
      {"SPDXID":"SPDXRef-lib","name":"libfoo","versionInfo":"1:2.0+b1","downloadLocation":"https://example.org/l.deb",
        "licenseDeclared":"MIT","checksums":[{"algorithm":"SHA256","checksumValue":")~" + std::string(kSha256) + R"~("}],
        "externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl",
          "referenceLocator":"pkg:deb/debian/libfoo@1:2.0%2Bb1?arch=amd64"}]}],
    "files":[{"SPDXID":"SPDXRef-file","fileName":"usr/lib/libfoo.so",
      "checksums":[{"algorithm":"SHA1","checksumValue":"A94A8FE5CCB19BA61C4C0873D391E987982FBBD3"}]}],
    "relationships":[
      {"spdxElementId":"SPDXRef-app","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-lib"},
      {"spdxElementId":"SPDXRef-lib","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-file"},
      {"spdxElementId":"SPDXRef-lib","relationshipType":"DEPENDS_ON","relatedSpdxElement":"NONE"}]})~";

Bom Read(const std::string& text) { return ParseBom(text, "bom.json"); }
std::string Spdx3() { return ToSpdx301(Read(CycloneDx("1.6"))).document.dump(); }

std::string TextOf(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& message : messages) text += Render(message) + "\n";
  return text;
}

TEST(BomTest, EveryFormatIsTheSameView) {
  for (const std::string& text : {CycloneDx("1.2"), CycloneDx("1.4"), CycloneDx("1.7"), kSpdx2, Spdx3()}) {
    const Bom bom = Read(text);
    SCOPED_TRACE(FormatName(bom));
    ASSERT_EQ(bom.components.size(), 3U);
    ASSERT_NE(bom.Primary(), nullptr);
    EXPECT_EQ(bom.Primary()->name, "app");
    EXPECT_EQ(bom.Primary()->type, "application");
    EXPECT_EQ(bom.timestamp, "2026-01-02T03:04:05Z");
    const auto lib = std::find_if(bom.components.begin(), bom.components.end(), [](const auto& c) { return c.name == "libfoo"; });
    ASSERT_NE(lib, bom.components.end());
    EXPECT_EQ(lib->version, "1:2.0+b1");
    EXPECT_EQ(lib->purl, "pkg:deb/debian/libfoo@1:2.0%2Bb1?arch=amd64");
    EXPECT_EQ(lib->Hash("SHA-256"), kSha256);
    ASSERT_EQ(lib->licences.size(), 1U);
    EXPECT_EQ(lib->licences[0].expression, "MIT");
    const auto file = std::find_if(bom.components.begin(), bom.components.end(), [](const auto& c) { return c.type == "file"; });
    ASSERT_NE(file, bom.components.end());
    EXPECT_EQ(file->Hash("SHA-1"), "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3");
    EXPECT_EQ(file->parent, static_cast<std::size_t>(lib - bom.components.begin()));
    const auto entry = std::find_if(bom.dependencies.begin(), bom.dependencies.end(),
                                    [&](const auto& d) { return d.ref == bom.Primary()->ref; });
    ASSERT_NE(entry, bom.dependencies.end());
    EXPECT_THAT(entry->depends_on, ElementsAre(lib->ref));
    const auto maker = std::find_if(bom.parties.begin(), bom.parties.end(),
                                    [](const auto& p) { return p.role == BomParty::Role::kTool; });
    ASSERT_NE(maker, bom.parties.end());
    EXPECT_THAT(maker->name, testing::StartsWith("maker"));
    EXPECT_THAT(bom.parties, Contains(testing::Field(&BomParty::emails, ElementsAre("it@example.org"))));
    // The pointer leads to it.
    EXPECT_EQ(TextMember(bom.document.at(Json::json_pointer(lib->pointer)), "name"), "libfoo");
  }
}

TEST(BomTest, WhatIsNoSbomIsRefusedWithFileAndPlace) {
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "bom.json: neither a CycloneDX nor an SPDX document: not an object"},
      {"{}", "bom.json: neither a CycloneDX nor an SPDX document in JSON"},
      {"{\"a\":1,\"a\":2}", "bom.json: duplicate key: a"},
      {CycloneDx("2.0"), "bom.json/specVersion: CycloneDX 2.0 is none of the versions that are read: 1.2 to 1.7"},
      {R"({"spdxVersion":"SPDX-1.1"})",
       "bom.json/spdxVersion: SPDX-1.1 is none of the versions that are read: SPDX-2.2, SPDX-2.3, SPDX 3.0.1"},
      {R"({"@context":"https://spdx.org/rdf/3.1/spdx-context.jsonld","@graph":[]})",
       "bom.json/@context: SPDX 3.1 is none of the versions that are read: SPDX-2.2, SPDX-2.3, SPDX 3.0.1"},
  };
  for (const auto& [text, message] : cases) {
    try {
      Read(text);
      ADD_FAILURE() << text;
    } catch (const ParseError& error) {
      EXPECT_EQ(std::string(error.what()), message);
    }
  }
  // A mark of byte order is none of the JSON; what has another type than it should is not there.
  EXPECT_EQ(Read("\xEF\xBB\xBF" + CycloneDx("1.5")).components.size(), 3U);
  const Bom odd = Read(R"({"bomFormat":"CycloneDX","specVersion":"1.6","metadata":[],"components":[7,{"name":1,"licenses":{},
      "hashes":[3],"components":"x"}],"dependencies":{"a":1},"compositions":[null]})");
  EXPECT_EQ(odd.components.size(), 1U);
  // Of two that contain each other none is lost, and there is no circle.
  const Bom circle = Read(R"({"spdxVersion":"SPDX-2.2","packages":[{"SPDXID":"a"},{"SPDXID":"b"}],"relationships":[
      {"spdxElementId":"a","relationshipType":"CONTAINS","relatedSpdxElement":"b"},
      {"spdxElementId":"b","relationshipType":"CONTAINS","relatedSpdxElement":"a"}]})");
  EXPECT_EQ(circle.components[0].parent, kNoComponent);
}

Json Changed(const std::function<void(Json&)>& change) {
  Json document = ParseJson(CycloneDx("1.6"), "bom");
  change(document);
  return document;
}

TEST(DiffTest, SaysWhatChangedInTheWordsOfAnOperator) {
  const Bom before = Read(CycloneDx("1.6"));
  EXPECT_TRUE(Compare(before, before).Same());
  EXPECT_EQ(TextOf(Summary(Compare(before, before))), "the same: 3 components\n");
  // Other refs, another order, another format version: nothing changed.
  const Json same = Changed([](Json& document) {
    document["specVersion"] = "1.7";
    document["components"][0]["bom-ref"] = "other";
    document["dependencies"] = Json::array({{{"ref", "other"}}, {{"ref", "app"}, {"dependsOn", {"other"}}}});
  });
  EXPECT_TRUE(Compare(before, BomFromJson(same, "b")).Same());
  const Json after = Changed([](Json& document) {
    Json& lib = document["components"][0];
    lib["version"] = "1:2.1";
    lib["purl"] = "pkg:deb/debian/libfoo@1:2.1?arch=amd64";
    lib["licenses"] = Json::array({{{"expression", "MIT OR Apache-2.0"}}});
    lib["components"][0]["name"] = "usr/lib/libbar.so";
    lib["components"][0]["hashes"][0] = {{"alg", "SHA-256"}, {"content", std::string(64, '0')}};
    document["components"].push_back({{"type", "library"}, {"bom-ref", "new"}, {"name", "libnew"}, {"version", "3"}});
    document["dependencies"][1]["dependsOn"] = {"new"};
  });
  EXPECT_EQ(TextOf(Summary(Compare(before, BomFromJson(after, "b")))),
            "components: 1 with another version, 1 added, 0 removed, 1 unchanged\n"
            "files: 0 with other bytes, 1 added, 1 removed\n"
            "new: libnew 3\n"
            "libfoo: version 1:2.0+b1 became 1:2.1\n"
            "licence of libfoo changed from MIT to MIT OR Apache-2.0\n"
            "libfoo: new dependency libnew 3\n"
            "new file: usr/lib/libbar.so\n"
            "file gone: usr/lib/libfoo.so\n");
  // The same bytes under another name are no new file, and other bytes under the same version are said.
  const auto with = [](const char* name, char digit) {
    return BomFromJson(Changed([&](Json& document) {
                         Json& file = document["components"][0]["components"][0];
                         file["name"] = name;
                         file["hashes"][0] = {{"alg", "SHA-256"}, {"content", std::string(64, digit)}};
                       }),
                       "b");
  };
  EXPECT_THAT(TextOf(Summary(Compare(with("a.so", '1'), with("b.so", '1')))), HasSubstr("a.so is called b.so now\n"));
  EXPECT_THAT(TextOf(Summary(Compare(with("a.so", '1'), with("a.so", '2')))),
              HasSubstr("a.so: other bytes under the same version\n"));
}

MergeInput Input(const Json& document) {
  const std::string text = document.dump();
  return {ParseBom(text, "input"), HashBytes(text)};
}

// Two steps whose names are the same in every document, as our own are.
Json Formulation(const std::string& output) {
  const auto task = [&](const char* name) {
    return Json({{"bom-ref", name},
                 {"uid", name},
                 {"taskTypes", {"build"}},
                 {"outputs", Json::array({{{"resource", {{"ref", output}}}}})}});
  };
  return Json::array(
      {{{"bom-ref", "formula"},
        {"workflows", Json::array({{{"bom-ref", "workflow"},
                                    {"uid", "w"},
                                    {"taskTypes", {"build"}},
                                    {"tasks", Json::array({task("task:a"), task("task:b")})},
                                    {"taskDependencies", Json::array({{{"ref", "task:b"}, {"dependsOn", {"task:a"}}}})}}})}}});
}

TEST(MergeTest, TheSameIsOneAndWhatDiffersStaysApart) {
  const Json first = Changed([](Json& document) {
    document["compositions"] = Json::array({{{"aggregate", "complete"}, {"dependencies", {"app", "lib"}}}});
    document["formulation"] = Formulation("lib");
  });
  const Json second = Changed([](Json& document) {  // the same library under another ref, and one more
    document["serialNumber"] = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b70";
    document["metadata"]["component"] = {{"type", "application"}, {"bom-ref", "second"}, {"name", "second"}, {"version", "1"}};
    document["components"][0]["bom-ref"] = "x";
    document["components"].push_back(
        {{"type", "library"}, {"bom-ref", "lib"}, {"name", "libbar"}, {"version", "1"}});  // a ref that means something else
    document["dependencies"] = Json::array({{{"ref", "second"}, {"dependsOn", {"x", "lib"}}}, {{"ref", "x"}, {"dependsOn", {"lib"}}}});
    document["compositions"] = Json::array({{{"aggregate", "incomplete"}, {"dependencies", {"x"}}}});
    document["formulation"] = Formulation("x");
  });
  const Json third = Changed([](Json& document) {  // other licence: the same thing said differently
    document["components"][0]["licenses"] = Json::array({{{"license", {{"id", "GPL-2.0-only"}}}}});
  });
  const MergeProduct product = {"city", "2026"};
  const MergeResult result = Merge({Input(first), Input(second), Input(third)}, product);
  EXPECT_THAT(Validate(result.document), IsEmpty());
  EXPECT_EQ(FormatJcs(result.document), FormatJcs(Merge({Input(third), Input(first), Input(second), Input(first)}, product).document));
  EXPECT_EQ(result.kept_apart, 2U);  // the library with one licence, and with the other
  const Json& formulas = result.document.at("formulation");
  ASSERT_EQ(formulas.size(), 2U);
  const Json& workflow = formulas[1].at("workflows")[0];
  EXPECT_NE(workflow.at("tasks")[0].at("bom-ref"), formulas[0].at("workflows")[0].at("tasks")[0].at("bom-ref"));
  EXPECT_EQ(workflow.at("taskDependencies")[0].at("dependsOn")[0], workflow.at("tasks")[0].at("bom-ref"));
  const Bom bom = BomFromJson(result.document, "merged");
  std::vector<std::string> names;
  for (const BomComponent& component : bom.components) names.push_back(component.name);
  EXPECT_THAT(names, UnorderedElementsAre("city", "app", "second", "libfoo", "usr/lib/libfoo.so", "libfoo", "usr/lib/libfoo.so", "libbar"));
  // The library of the first two depends on what the second says; it is not complete, because the second says so.
  const auto lib = std::find_if(bom.components.begin(), bom.components.end(), [](const BomComponent& c) {
    return c.name == "libfoo" && c.licences.at(0).expression == "MIT";
  });
  ASSERT_NE(lib, bom.components.end());
  EXPECT_THAT(bom.dependencies, Contains(testing::AllOf(testing::Field(&BomDependency::ref, lib->ref),
                                                        testing::Field(&BomDependency::depends_on, testing::SizeIs(1)))));
  for (const BomComposition& composition : bom.compositions) {
    const bool names_it = std::count(composition.dependencies.begin(), composition.dependencies.end(), lib->ref) != 0;
    EXPECT_EQ(names_it, composition.aggregate == "incomplete") << composition.aggregate;
    // Nobody has said that three documents are all of the city.
    EXPECT_TRUE(composition.aggregate != "complete" ||
                std::count(composition.dependencies.begin(), composition.dependencies.end(), "product:city") == 0);
  }
  EXPECT_THAT(TextMember(result.document["externalReferences"][0], "url"), testing::StartsWith("urn:cdx:3e671687"));
  EXPECT_THROW(Merge({Input(first), Input(second)}, {}), UsageError);
  EXPECT_EQ(Merge({Input(first), Input(first)}, {}).components, 3U);
}

BomQuery By(std::string BomQuery::*question, const char* answer) {
  BomQuery query;
  query.*question = answer;
  return query;
}

TEST(QueryTest, FindsByEveryQuestion) {
  Json document = Changed([](Json& json) {
    json["components"][0]["evidence"] = {{"occurrences", Json::array({{{"location", "libfoo-2.0/src/foo.c"}}})}};
    json["components"][0]["licenses"] = Json::array({{{"expression", "(GPL-2.0-only OR MIT) AND Zlib"}}});
  });
  const std::string text = document.dump();
  const Bom bom = ParseBom(text, "bom");
  const auto hits = [&](const BomQuery& query) {
    const auto matches = Find(bom, query);
    EXPECT_TRUE(matches.empty() || MayMatch(text, query));
    return matches.size();
  };
  EXPECT_EQ(hits(By(&BomQuery::purl, "pkg:deb/debian/libfoo")), 1U);
  EXPECT_EQ(hits(By(&BomQuery::purl, "pkg:deb/debian/libfoo@1:2.0%2Bb1?arch=amd64")), 1U);
  EXPECT_EQ(hits(By(&BomQuery::purl, "pkg:deb/debian/libfoo?arch=arm64")), 0U);
  EXPECT_EQ(hits(By(&BomQuery::purl, "pkg:deb/debian/libfo")), 0U);
  EXPECT_EQ(hits(By(&BomQuery::digest, kSha256)), 1U);
  EXPECT_EQ(hits(By(&BomQuery::digest, "sha1:A94A8FE5CCB19BA61C4C0873D391E987982FBBD3")), 1U);
  EXPECT_EQ(hits(By(&BomQuery::licence, "gpl-2.0-only")), 1U);
  EXPECT_EQ(hits(By(&BomQuery::licence, "GPL-2.0")), 0U);
  EXPECT_EQ(hits(By(&BomQuery::source_file, "src/foo.c")), 1U);
  EXPECT_EQ(hits(By(&BomQuery::source_file, "oo.c")), 0U);
  EXPECT_EQ(hits(By(&BomQuery::name, "libfoo")), 1U);
  BomQuery both = By(&BomQuery::licence, "MIT");
  both.name = "app";
  EXPECT_EQ(hits(both), 0U);
  EXPECT_FALSE(MayMatch(text, By(&BomQuery::purl, "pkg:npm/left-pad")));
  EXPECT_THROW(Find(bom, By(&BomQuery::digest, "xyz")), UsageError);
  EXPECT_THAT(Find(bom, By(&BomQuery::digest, "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3")).at(0).parents, ElementsAre("libfoo 1:2.0+b1"));
}

TEST(ConvertTest, NothingIsLostInSilence) {
  for (const std::string& text : {CycloneDx("1.2"), CycloneDx("1.5"), kSpdx2, Spdx3()}) {
    const Bom bom = Read(text);
    SCOPED_TRACE(FormatName(bom));
    const Conversion conversion = Convert(bom, ConversionTarget::kCycloneDx17);  // validates
    const BomDifference difference = Compare(bom, BomFromJson(conversion.document, "converted"));
    EXPECT_THAT(difference.added, IsEmpty());
    EXPECT_THAT(difference.removed, IsEmpty());
    for (const ComponentChange& change : difference.changed) {
      EXPECT_FALSE(change.version.Changed() || change.content.Changed()) << change.name;
      EXPECT_THAT(change.dependencies_added, IsEmpty());
      EXPECT_THAT(change.dependencies_removed, IsEmpty());
    }
    const Conversion spdx = Convert(bom, ConversionTarget::kSpdx301);
    EXPECT_EQ(spdx.document.dump(), Convert(bom, ConversionTarget::kSpdx301).document.dump());
    EXPECT_EQ(BomFromJson(spdx.document, "spdx").components.size(), 3U);
  }
  const Json rich = Changed([](Json& document) {
    document["components"][0]["properties"] = Json::array({{{"name", "a"}, {"value", "b"}}});
    document["formulation"] = Json::array();
    document["signature"] = {{"algorithm", "ES256"}, {"value", "AA"}};
  });
  EXPECT_THAT(TextOf(ToSpdx301(BomFromJson(rich, "rich")).losses),
              testing::AllOf(HasSubstr("properties: "), HasSubstr("formulation: "), HasSubstr("signatures: "),
                             HasSubstr("versions of files: ")));
  EXPECT_THAT(TextOf(ToCycloneDx17(BomFromJson(rich, "rich")).losses), HasSubstr("signatures: "));
  EXPECT_EQ(TextOf(ToCycloneDx17(Read(CycloneDx("1.6"))).losses), "");
  EXPECT_THROW(ParseConversionTarget("spdx-2.3"), UsageError);
}

TEST(StatsTest, CountsWhatIsThere) {
  const BomStatistics count = Count(Read(CycloneDx("1.6")), 10);
  EXPECT_EQ(count.components, 3U);
  EXPECT_EQ(count.files, 1U);
  EXPECT_EQ(count.ecosystems.at("deb"), 1U);
  EXPECT_EQ(count.with_hash, 1U);  // SHA-1 proves nothing
  EXPECT_EQ(count.dependency_edges, 1U);
}

TEST(ArtifactCheckTest, OneFlippedByteInsideOfAPackageNamesTheComponent) {
  const TemporaryDirectory directory(std::filesystem::temp_directory_path(), "nachbau-artifacts-");
  const auto write_deb = [&](const std::string& program) {
    const std::string deb = MakeDeb("Package: foo\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n",
                                    {{"./usr/bin/foo", program}, {"./usr/share/doc/foo/README", "text"}});
    WriteFileAtomically(directory.path() / "foo_1_all.deb", deb, 0644, Durability::kNone);
    return deb;
  };
  const std::string deb = write_deb("program");
  const auto hashes = [](const std::string& bytes) {
    return Json::array({{{"alg", "SHA-512"}, {"content", HashBytes(bytes).sha512.Hex()}}});
  };
  const Json document = {
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.7"},
      {"components",
       Json::array({{{"type", "library"},
                     {"name", "foo"},
                     {"version", "1"},
                     {"hashes", hashes(deb)},
                     {"properties", Json::array({{{"name", "bsi:component:filename"}, {"value", "foo_1_all.deb"}}})},
                     {"components", Json::array({{{"type", "application"},
                                                  {"name", "/usr/bin/foo"},
                                                  {"hashes", hashes("program")}}})}},
                    {{"type", "library"}, {"name", "libc6"}, {"isExternal", true}, {"hashes", hashes("c")}}})}};
  const Bom bom = BomFromJson(document, "bom");
  SilentProgress progress;
  const auto check = [&] {
    std::string text;
    for (const ArtifactVerdict& verdict : CheckArtifacts(bom, directory.path().native(), progress).verdicts) {
      text += std::string(Name(verdict.outcome)) + " " + verdict.name + " " + verdict.file + "\n";
    }
    return text;
  };
  EXPECT_EQ(check(),
            "same foo 1 foo_1_all.deb\n"
            "same /usr/bin/foo foo_1_all.deb:usr/bin/foo\n"
            "not checked libc6 libc6\n");
  EXPECT_TRUE(CheckArtifacts(bom, directory.path().native(), progress).Good());
  write_deb("progran");
  EXPECT_EQ(check(),
            "differs foo 1 foo_1_all.deb\n"
            "differs /usr/bin/foo foo_1_all.deb:usr/bin/foo\n"
            "not checked libc6 libc6\n");
  std::filesystem::rename(directory.path() / "foo_1_all.deb", directory.path() / "bar_1_all.deb");
  EXPECT_EQ(check(),
            "missing foo 1 foo_1_all.deb\n"
            "not checked /usr/bin/foo /usr/bin/foo\n"
            "not checked libc6 libc6\n"
            "unlisted bar_1_all.deb bar_1_all.deb\n");
  // A name that leads out of the folder is no name of a file in it.
  Json hostile = document;
  hostile["components"][0]["properties"][0]["value"] = "../../../../etc/passwd";
  hostile["components"][0]["name"] = "/etc/passwd";
  EXPECT_FALSE(CheckArtifacts(BomFromJson(hostile, "bom"), directory.path().native(), progress).Good());
}

TEST(ImportTest, SaysHowMuchIsProvenAndHowMuchIsOnlyClaimed) {
  const std::string digits(64, '1');
  const Bom bom = Read(R"({"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"application","name":"p"}},
      "components":[
      {"type":"library","name":"held","hashes":[{"alg":"SHA-256","content":")" + std::string(kSha256) + R"("}]},
      {"type":"library","name":"known","purl":"pkg:deb/debian/known@1%3A2%2Bb1?arch=amd64"},
      {"type":"library","name":"known","purl":"pkg:deb/debian/known@9?arch=amd64"},
      {"type":"library","name":"known","purl":"pkg:deb/ubuntu/known@1%3A2%2Bb1?arch=amd64"},
      {"type":"library","name":"other","purl":"pkg:deb/debian/known@1:2%2Bb1?arch=amd64",
        "hashes":[{"alg":"SHA-256","content":")" + digits + R"("}]},
      {"type":"library","name":"left-pad","purl":"pkg:npm/left-pad@1.0.0"}]})");
  const ImportQuestions questions = QuestionsOf(bom);
  EXPECT_THAT(questions.packages, ElementsAre("known"));
  EXPECT_THAT(questions.digests, ElementsAre("SHA-256:" + digits, "SHA-256:" + std::string(kSha256)));
  OwnEvidence evidence;
  evidence.held["SHA-256:" + std::string(kSha256)] = "store";
  evidence.packages[DebKey("Debian", "known", "1:2+b1", "amd64")] = {{std::string(64, '2'), "index"}};
  const ImportReport report = Assess(bom, evidence);
  std::vector<std::string> levels;
  for (const ImportLine& line : report.lines) levels.emplace_back(Name(line.level));
  EXPECT_THAT(levels, ElementsAre("held", "known", "claimed", "claimed", "contradicted", "claimed"));
  ImportedSbom imported{"p 1", HashBytes("x"), "x.json", "CycloneDX 1.5", 7, 5};
  EXPECT_EQ(ToJson(ImportedSbomFromJson(ToJson(imported), "record")), ToJson(imported));
}

TEST(DetachedTest, TheStatementIsAboutThisFileAlone) {
  const std::string text = CycloneDx("1.6");
  const Json statement = MakeSbomStatement(Read(text), "bom.json", HashBytes(text));
  EXPECT_EQ(CheckSbomStatement(statement, HashBytes(text)).text, "");
  EXPECT_THAT(Render(CheckSbomStatement(statement, HashBytes(text + " "))), HasSubstr("over another file"));
  Json other = statement;
  other["predicateType"] = "https://slsa.dev/provenance/v1";
  EXPECT_THAT(Render(CheckSbomStatement(other, HashBytes(text))), HasSubstr("not one of an SBOM"));
}

}  // namespace
}  // namespace nachbau::sbom
