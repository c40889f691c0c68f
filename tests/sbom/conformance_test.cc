// One document that keeps to every clause, and one mutation for each clause that breaks it and no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "sbom/checks/artifact_files.h"
#include "sbom/checks/check.h"
#include "sbom/checks/declarations.h"
#include "sbom/sbom.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

// A source package (logical) that became a package with a program in it, which needs the C library of the system.
constexpr const char* kConforming = R"json({
  "bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1,
  "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "metadata": {
    "timestamp": "2026-11-10T07:16:24Z",
    "lifecycles": [{"phase": "build"}],
    "manufacturer": {"name": "City", "contact": [{"email": "it@city.example.org"}]},
    "component": {"type": "application", "name": "hello", "version": "2.0-1", "bom-ref": "product",
      "purl": "pkg:generic/hello@2.0-1",
      "manufacturer": {"name": "Jo", "contact": [{"email": "jo@example.org"}]},
      "licenses": [{"expression": "MIT", "acknowledgement": "concluded"}, {"expression": "MIT", "acknowledgement": "declared"}],
      "properties": [{"name": "nachbau:component:kind", "value": "product"}]}},
  "externalReferences": [{"type": "bom", "url": "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1"}],
  "components": [
    {"type": "library", "name": "hello", "version": "2.0-1", "bom-ref": "source",
     "purl": "pkg:deb/debian/hello@2.0-1?arch=source",
     "manufacturer": {"name": "Hello", "url": ["https://hello.example.org/"]},
     "licenses": [{"expression": "MIT", "acknowledgement": "concluded"},
                  {"expression": "MIT AND LicenseRef-debian-old", "acknowledgement": "declared"}],
     "properties": [{"name": "nachbau:component:kind", "value": "source package"}],
     "components": [{"type": "file", "name": "hello_2.0.orig.tar.xz", "bom-ref": "tarball"}]},
    {"type": "library", "name": "hello", "version": "2.0-1", "bom-ref": "deb",
     "purl": "pkg:deb/debian/hello@2.0-1?arch=amd64",
     "manufacturer": {"name": "Jo", "contact": [{"email": "jo@example.org"}]},
     "licenses": [{"expression": "MIT", "acknowledgement": "concluded"},
                  {"expression": "MIT AND LicenseRef-debian-old", "acknowledgement": "declared"}],
     "externalReferences": [
       {"type": "distribution", "url": "https://archive.example.org/hello_2.0-1_amd64.deb",
        "hashes": [{"alg": "SHA-512", "content": "@DEB@"}]},
       {"type": "source-distribution", "url": "https://archive.example.org/hello_2.0-1.dsc",
        "hashes": [{"alg": "SHA-512", "content": "@DEB@"}]},
       {"type": "rfc-9116", "url": "https://hello.example.org/.well-known/security.txt"}],
     "properties": [{"name": "bsi:component:filename", "value": "hello_2.0-1_amd64.deb"},
                    {"name": "bsi:component:executable", "value": "non-executable"},
                    {"name": "bsi:component:archive", "value": "archive"},
                    {"name": "bsi:component:structured", "value": "structured"},
                    {"name": "bsi:component:effectiveLicence", "value": "MIT"}],
     "components": [
       {"type": "application", "name": "usr/bin/hello", "version": "2.0-1", "bom-ref": "elf",
        "mime-type": "application/x-pie-executable", "purl": "pkg:generic/hello@2.0-1",
        "manufacturer": {"name": "Jo", "contact": [{"email": "jo@example.org"}]},
        "licenses": [{"expression": "MIT", "acknowledgement": "concluded"},
                     {"expression": "MIT", "acknowledgement": "declared"}],
        "evidence": {"occurrences": [{"location": "src/hello.c"}]},
        "externalReferences": [
          {"type": "distribution", "url": "https://archive.example.org/hello_2.0-1_amd64.deb#usr/bin/hello",
           "hashes": [{"alg": "SHA-512", "content": "@ELF@"}]},
          {"type": "source-distribution", "url": "https://archive.example.org/hello_2.0-1.dsc"}],
        "properties": [{"name": "bsi:component:filename", "value": "hello"},
                       {"name": "bsi:component:executable", "value": "executable"},
                       {"name": "bsi:component:archive", "value": "no archive"},
                       {"name": "bsi:component:structured", "value": "unstructured"}]}]},
    {"type": "library", "name": "libc6", "version": "2.36-9", "bom-ref": "libc6", "isExternal": true,
     "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64",
     "manufacturer": {"name": "Glibc", "contact": [{"email": "glibc@example.org"}]}}],
  "dependencies": [{"ref": "product", "dependsOn": ["source", "deb"]}, {"ref": "source"},
                   {"ref": "deb", "dependsOn": ["libc6"]}, {"ref": "elf", "dependsOn": ["libc6"]}],
  "compositions": [{"aggregate": "complete", "assemblies": ["deb"], "dependencies": ["product", "source", "deb", "elf"]}],
  "signature": {"algorithm": "Ed25519",
    "publicKey": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    "value": "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}
})json";

// An ELF file as far as its first bytes tell: 64 bit, little endian, a shared object.
std::string Elf() { return std::string("\x7f" "ELF\x02\x01\x01", 7) + std::string(9, '\0') + std::string("\x03\x00", 2) + "code"; }
std::string Deb() { return MakeDeb("Package: hello\n", {{"./usr/bin/hello", Elf()}, {"./usr/share/doc/hello/README", "text"}}); }

Json Conforming() {
  std::string text = kConforming;
  const auto put = [&](const std::string& mark, const std::string& bytes) {
    const std::string hex = HashBytes(bytes).sha512.Hex();
    for (std::size_t at; (at = text.find(mark)) != text.npos;) text.replace(at, mark.size(), hex);
  };
  put("@DEB@", Deb());
  put("@ELF@", Elf());
  return ParseJson(text, "conforming");
}

class ConformanceTest : public testing::Test {
 protected:
  void SetUp() override { WriteFileAtomically(folder_.path() / "hello_2.0-1_amd64.deb", Deb()); }

  Conformance Check(const Json& document, const char* profile = "bsi-tr-03183-2") const {
    return CheckConformance(document.dump(), "doc", {{profile}, folder_.path()});
  }

  // "clause pointer" of each clause that fails, with its first place.
  static std::vector<std::string> Failures(const Conformance& conformance) {
    std::vector<std::string> failures;
    for (const ProfileResult& profile : conformance.profiles) {
      for (const ClauseResult& clause : profile.clauses) {
        if (clause.verdict != ClauseVerdict::kFail) continue;
        failures.push_back(clause.clause + " " + (clause.places.empty() ? "nowhere" : clause.places[0].pointer));
        EXPECT_FALSE(clause.remedy.text.empty()) << clause.clause;
      }
    }
    return failures;
  }

  static std::vector<std::string> With(ClauseVerdict verdict, const Conformance& conformance) {
    std::vector<std::string> names;
    for (const ClauseResult& clause : conformance.profiles.at(0).clauses) {
      if (clause.verdict == verdict) names.push_back(clause.clause);
    }
    return names;
  }

  TemporaryDirectory folder_{"/var/tmp", "nachbau-conformance-"};
};

TEST_F(ConformanceTest, ADocumentThatKeepsToEverythingPassesEveryClauseThatCanBeJudged) {
  ASSERT_THAT(Validate(Conforming()), IsEmpty());
  const Conformance conformance = Check(Conforming());
  EXPECT_THAT(Failures(conformance), IsEmpty());
  EXPECT_THAT(With(ClauseVerdict::kCannotJudge, conformance),
              ElementsAre("sbom.one-per-version", "build.reproducible", "build.information"));
  EXPECT_THAT(With(ClauseVerdict::kNotApplicable, conformance), ElementsAre("component.creator-of-changes"));
  EXPECT_TRUE(conformance.Conforms());
  EXPECT_EQ(conformance.product, "hello 2.0-1");
  EXPECT_EQ(conformance.format, "CycloneDX 1.7");
  EXPECT_EQ(conformance.files_recognised, 2U);
}

struct Mutation {
  const char* what;
  std::function<void(Json&)> change;
  std::vector<std::string> failures;  // "clause pointer"
};

std::vector<Mutation> Mutations() {
  const auto set = [](const char* pointer, Json value) {
    return [=](Json& document) { document[Json::json_pointer(pointer)] = value; };
  };
  const auto erase = [](const char* parent, auto key) { return [=](Json& document) { document[Json::json_pointer(parent)].erase(key); }; };
  const Json email = {{"contact", Json::array({{{"email", "jo@example.org"}}})}};
  const auto property = [](const char* name, const char* value) { return Json{{"name", name}, {"value", value}}; };
  return {
      {"an old version", [](Json& d) { d["specVersion"] = "1.5"; d = ParseJson(R"({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1})", ""); },
       {"sbom.format /specVersion", "sbom.primary /metadata", "sbom.creator /metadata", "sbom.timestamp /metadata",
        "component.all-files "}},
      {"not valid", set("/components/1/type", "nonsense"), {"sbom.valid /components/1/type"}},
      {"no product",
       [](Json& d) { d["metadata"].erase("component"); d["dependencies"].erase(0);
                     d["compositions"][0]["dependencies"] = {"source", "deb", "elf"}; },
       {"sbom.primary /metadata"}},
      {"vulnerabilities", set("/vulnerabilities", Json::array({{{"id", "CVE-2020-1"}}})), {"sbom.no-vulnerabilities /vulnerabilities"}},
      {"a patch that tells of a vulnerability",
       set("/components/0/pedigree", {{"patches", Json::array({{{"type", "backport"}, {"resolves", Json::array({{{"type", "security"}, {"id", "CVE-2020-1"}}})}}})}}),
       {"sbom.no-vulnerabilities /components/0/pedigree/patches/0/resolves/0"}},
      {"nobody made it", erase("/metadata", "manufacturer"), {"sbom.creator /metadata"}},
      {"made by a name alone", set("/metadata/manufacturer", {{"name", "City"}}), {"sbom.creator /metadata"}},
      {"an author in place of the manufacturer",
       [=](Json& d) { d["metadata"].erase("manufacturer"); d["metadata"]["authors"] = Json::array({{{"email", "a@example.org"}}}); },
       {"sbom.creator /metadata/authors/0"}},
      {"no time", erase("/metadata", "timestamp"), {"sbom.timestamp /metadata"}},
      {"no real time", set("/metadata/timestamp", "2026-02-30T00:00:00Z"),
       {"sbom.valid /metadata/timestamp", "sbom.timestamp /metadata/timestamp"}},
      {"a local time", set("/metadata/timestamp", "2026-11-10T08:16:24+01:00"), {"sbom.timestamp-utc /metadata/timestamp"}},
      {"an IRI", set("/components/1/externalReferences/2/url", "https://grün.example.org/security.txt"),
       {"sbom.uris /components/1/externalReferences/2/url", "component.security-txt /components/1/externalReferences/2/url"}},
      {"another SBOM by a relative name", set("/externalReferences/0/url", "other.json"), {"sbom.other-boms /externalReferences/0/url"}},
      {"no entry for a leaf", erase("/dependencies", 1), {"component.dependencies /components/0"}},
      {"nothing said of completeness", set("/compositions/0/dependencies", {"product", "deb", "elf"}),
       {"component.completeness /components/0"}},
      {"completeness in other words",
       [](Json& d) { d["compositions"][0]["dependencies"] = {"product", "deb", "elf"};
                     d["compositions"].push_back({{"aggregate", "not_specified"}, {"dependencies", {"source"}}}); },
       {"component.completeness /compositions/1"}},
      {"a reference to nowhere", set("/dependencies/2/dependsOn", {"nowhere"}),
       {"sbom.valid /dependencies/2/dependsOn/0", "graph.resolved /dependencies/2"}},
      {"a component that nobody needs", set("/dependencies/0/dependsOn", {"deb"}), {"graph.reachable /components/0"}},
      {"incomplete by its own words",
       [](Json& d) { d["compositions"][0]["dependencies"] = {"product", "source", "elf"};
                     d["compositions"].push_back({{"aggregate", "incomplete"}, {"dependencies", {"deb"}}}); },
       {"depth.delivery-item /components/1"}},
      {"a program that is not listed",
       [](Json& d) { d["components"][1].erase("components"); d["dependencies"].erase(3);
                     d["compositions"][0]["dependencies"] = {"product", "source", "deb"}; },
       {"component.all-files "}},
      {"an external component without version", erase("/components/2", "version"), {"component.version /components/2"}},
      {"a version that is none", set("/components/1/version", "unknown"), {"component.version /components/1"}},
      {"an empty name", set("/components/1/name", ""), {"component.name /components/1"}},
      {"a supplier in place of the creator",
       [=](Json& d) { d["components"][1].erase("manufacturer"); d["components"][1]["supplier"] = email; },
       {"component.creator /components/1/supplier"}},
      {"an external component without creator", erase("/components/2", "manufacturer"), {"component.creator /components/2"}},
      {"a path for a file name", set("/components/1/components/0/properties/0/value", "usr/bin/hello"),
       {"component.filename /components/1/components/0/properties/0"}},
      {"no file name", erase("/components/1/components/0/properties", 0), {"component.filename /components/1/components/0"}},
      {"two file names", [=](Json& d) { d["components"][1]["components"][0]["properties"].push_back(property("bsi:component:filename", "x")); },
       {"component.instances /components/1/components/0/properties/4"}},
      {"no licence concluded", erase("/components/1/licenses", 0), {"component.distribution-licence /components/1"}},
      {"a concluded licence that says nothing", set("/components/1/licenses/0/expression", "NOASSERTION"),
       {"sbom.valid /components/1/licenses/0/expression", "component.distribution-licence /components/1/licenses/0"}},
      {"a licence of neither kind", erase("/components/1/licenses/1", "acknowledgement"),
       {"component.original-licence /components/1/licenses/1"}},
      {"a declared licence in a property",
       [=](Json& d) { d["components"][1]["licenses"].erase(1); d["components"][1]["properties"].push_back(property("nachbau:licence:declared", "MIT")); },
       {"component.original-licence /components/1/properties/5"}},
      {"a declared licence that says nothing", set("/components/1/licenses/1/expression", "NONE"),
       {"sbom.valid /components/1/licenses/1/expression", "component.original-licence /components/1/licenses/1"}},
      {"a licence that SPDX does not know", set("/components/1/licenses/0/expression", "MIT AND Expat"),
       {"sbom.valid /components/1/licenses/0/expression", "licence.identifiers /components/1/licenses/0"}},
      {"a licence by name", set("/components/1/licenses/0", {{"license", {{"name", "the usual"}, {"acknowledgement", "concluded"}}}}),
       {"licence.identifiers /components/1/licenses/0"}},
      {"a reference of nobody", set("/components/1/licenses/0/expression", "LicenseRef-old"),
       {"licence.reference-names /components/1/licenses/0"}},
      {"no hash", erase("/components/1/externalReferences/0", "hashes"), {"component.all-files ", "component.hash /components/1"}},
      {"a hash that is none", set("/components/1/externalReferences/1/hashes/0", {{"alg", "SHA-256"}, {"content", std::string(64, '0')}}),
       {"component.source-hash /components/1/externalReferences/1/hashes/0"}},
      {"the hash of another file", set("/components/1/components/0/externalReferences/0/hashes/0/content", std::string(128, '0')),
       {"component.all-files ", "component.hash-true /components/1/components/0/externalReferences/0/hashes/0"}},
      {"two hashes that differ", set("/components/1/hashes", Json::array({{{"alg", "SHA-512"}, {"content", std::string(128, '0')}}})),
       {"component.hash-true /components/1/externalReferences/0/hashes/0"}},
      {"true in place of executable", set("/components/1/components/0/properties/1/value", "true"),
       {"component.executable /components/1/components/0/properties/1"}},
      {"no word about archives", erase("/components/1/components/0/properties", 2), {"component.archive /components/1/components/0"}},
      {"another spelling of no archive", set("/components/1/components/0/properties/2/value", "no-archive"),
       {"component.archive /components/1/components/0/properties/2"}},
      {"false in place of unstructured", set("/components/1/components/0/properties/3/value", "false"),
       {"component.structured /components/1/components/0/properties/3"}},
      {"a package that claims to be executable", set("/components/1/properties/1/value", "executable"),
       {"component.properties-true /components/1/properties/1"}},
      {"a package that claims to be unstructured", set("/components/1/properties/3/value", "unstructured"),
       {"component.properties-true /components/1/properties/3"}},
      {"a program that claims to be an archive", set("/components/1/components/0/properties/2/value", "archive"),
       {"component.properties-true /components/1/components/0/properties/2"}},
      {"a repository in place of the source",
       set("/components/1/externalReferences/1", {{"type", "vcs"}, {"url", "https://git.example.org/hello"}}),
       {"component.source-uri /components/1/externalReferences/1/url"}},
      {"where the file came from in place of where it is",
       [](Json& d) { d["components"][1]["externalReferences"][0]["url"] = "";
                     d["components"][1]["externalReferences"].push_back({{"type", "distribution-intake"}, {"url", "https://in.example.org/x"}}); },
       {"component.deployable-uri /components/1/externalReferences/3/url"}},
      {"an identifier in the wrong place",
       [=](Json& d) { d["components"][1].erase("purl"); d["components"][1]["properties"].push_back(property("x:purl", "pkg:deb/a/b@1")); },
       {"component.identifiers /components/1/properties/5"}},
      {"an effective licence that is none", set("/components/1/properties/4/value", "whatever you like"),
       {"component.effective-licence /components/1/properties/4"}},
      {"security.txt by a relative name", set("/components/1/externalReferences/2/url", "security.txt"),
       {"component.security-txt /components/1/externalReferences/2/url"}},
  };
}

TEST_F(ConformanceTest, EachMutationBreaksItsClauseAndNoOther) {
  const Conformance whole = Check(Conforming());
  std::set<std::string> broken;
  for (const Mutation& mutation : Mutations()) {
    Json document = Conforming();
    mutation.change(document);
    const Conformance conformance = Check(document);
    const std::vector<std::string> failures = Failures(conformance);
    EXPECT_THAT(failures, testing::UnorderedElementsAreArray(mutation.failures)) << mutation.what;
    for (const std::string& failure : failures) broken.insert(failure.substr(0, failure.find(' ')));
  }
  // Every clause that can fail was made to; the others never can, or are about what need not be there.
  std::vector<std::string> never;
  for (const ClauseResult& clause : whole.profiles[0].clauses) {
    if (!broken.contains(clause.clause)) never.push_back(clause.clause);
  }
  EXPECT_THAT(never, UnorderedElementsAre("sbom.one-per-version", "sbom.uri", "sbom.class", "sbom.signature", "build.linker",
                                          "build.reproducible", "build.information", "component.creator-of-changes"));
}

// What is missing and need not be, or may not exist, is no failure.
TEST_F(ConformanceTest, WhatNobodyCanTellIsLeftOpen) {
  struct Case {
    std::function<void(Json&)> change;
    const char* clause;
    ClauseVerdict verdict;
  };
  const Case cases[] = {
      {[](Json& d) { d.erase("serialNumber"); }, "sbom.uri", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["metadata"].erase("lifecycles"); }, "sbom.class", ClauseVerdict::kNotApplicable},
      {[](Json& d) { d.erase("signature"); }, "sbom.signature", ClauseVerdict::kNotApplicable},
      {[](Json& d) { d["components"][2].erase("purl"); }, "component.identifiers", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["components"][1]["licenses"].erase(1); }, "component.original-licence", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["components"][1]["externalReferences"].erase(1); }, "component.source-uri", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["components"][1]["components"][0].erase("evidence"); }, "build.linker", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["compositions"][0]["dependencies"] = {"product", "source", "deb"};
                     d["compositions"].push_back({{"aggregate", "unknown"}, {"dependencies", {"elf"}}}); },
       "build.linker", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["compositions"][0]["dependencies"] = {"source", "deb", "elf"};
                     d["compositions"].push_back({{"aggregate", "unknown"}, {"dependencies", {"product"}}}); },
       "depth.delivery-item", ClauseVerdict::kCannotJudge},
      // Not all of a source package goes in.
      {[](Json& d) { d["compositions"][0]["dependencies"] = {"product", "deb", "elf"};
                     d["compositions"].push_back({{"aggregate", "incomplete"}, {"dependencies", {"source"}}}); },
       "depth.delivery-item", ClauseVerdict::kPass},
      {[](Json& d) { d["components"][0]["pedigree"] = {{"patches", Json::array({{{"type", "unofficial"}}})}}; },
       "component.creator-of-changes", ClauseVerdict::kCannotJudge},
      {[](Json& d) { d["components"][1]["externalReferences"][0]["url"] = "artifacts/hello.deb"; }, "component.deployable-uri",
       ClauseVerdict::kCannotJudge},
      // Without its marker nothing tells a group from a file whose fields were forgotten.
      {[](Json& d) { d["metadata"]["component"].erase("properties"); }, "component.hash", ClauseVerdict::kCannotJudge},
  };
  for (const Case& c : cases) {
    Json document = Conforming();
    c.change(document);
    const Conformance conformance = Check(document);
    EXPECT_THAT(Failures(conformance), IsEmpty()) << c.clause;
    EXPECT_THAT(With(c.verdict, conformance), Contains(c.clause));
  }
  const Conformance without_files = CheckConformance(Conforming().dump(), "doc", {{"bsi-tr-03183-2"}, {}});
  EXPECT_THAT(With(ClauseVerdict::kCannotJudge, without_files), IsSupersetOf({"component.hash-true", "component.all-files"}));
}

TEST_F(ConformanceTest, LogicalExternalAndSourceComponentsNeedLess) {
  // Each marker counts, so without it the fields are asked for.
  const auto without = [&](const char* pointer, auto key) {
    Json document = Conforming();
    document[Json::json_pointer(pointer)].erase(key);
    return Failures(Check(document));
  };
  EXPECT_THAT(without("/components/2", "isExternal"),
              IsSupersetOf({"component.hash /components/2", "component.filename /components/2",
                            "component.distribution-licence /components/2", "component.dependencies /components/2"}));
  EXPECT_THAT(without("/components/0", "properties"), Contains("component.version /components/0/components/0"));
  // What CycloneDX 1.6 has no word for.
  Json document = Conforming();
  document["components"][2].erase("isExternal");
  document["components"][2]["properties"] = Json::array({{{"name", "nachbau:component:external"}, {"value", "true"}}});
  EXPECT_THAT(Failures(Check(document)), IsEmpty());
  // Further away than the first component outside, not even an identifier is asked for.
  document["components"].push_back({{"type", "library"}, {"name", "far"}, {"version", "1"}, {"bom-ref", "far"}, {"isExternal", true},
                                    {"manufacturer", {{"url", {"https://far.example.org/"}}}}});
  document["dependencies"].push_back({{"ref", "libc6"}, {"dependsOn", {"far"}}});
  const Conformance conformance = Check(document);
  EXPECT_THAT(Failures(conformance), IsEmpty());
  EXPECT_THAT(With(ClauseVerdict::kCannotJudge, conformance), Not(Contains("component.identifiers")));
}

TEST_F(ConformanceTest, ASwhidIsAnIdentifierAndABomRefIsNone) {
  Json document = Conforming();
  document["components"][2].erase("purl");
  document["components"][2]["swhid"] = {"swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2"};
  EXPECT_THAT(With(ClauseVerdict::kPass, Check(document)), Contains("component.identifiers"));
  document["components"][2].erase("swhid");
  std::string text = document.dump();
  for (std::size_t at; (at = text.find("\"libc6\"]")) != text.npos;) text.replace(at, 7, "\"pkg:deb/debian/libc6@2\"");
  document = ParseJson(text, "changed");
  document["components"][2]["bom-ref"] = "pkg:deb/debian/libc6@2";
  EXPECT_THAT(Failures(Check(document)), ElementsAre("component.identifiers /components/2/bom-ref"));
}

TEST_F(ConformanceTest, BothSpellingsOfEffectiveLicenceCountAndBothTogetherAreTwice) {
  Json document = Conforming();
  document["components"][1]["properties"][4]["name"] = "bsi:component:effectiveLicense";
  EXPECT_THAT(Failures(Check(document)), IsEmpty());
  document["components"][1]["properties"][4]["value"] = "no licence";
  EXPECT_THAT(Failures(Check(document)), ElementsAre("component.effective-licence /components/1/properties/4"));
  EXPECT_TRUE(Check(document).Conforms()) << "a note does not stand in the way";
}

// As syft and trivy write them: identifiers and hashes are there, the guideline's fields are not.
TEST_F(ConformanceTest, ForeignDocumentsFailWhereTheyShould) {
  const Json scanner = ParseJson(R"json({
    "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "metadata": {"timestamp": "2026-01-01T10:00:00+01:00",
      "tools": {"components": [{"type": "application", "author": "a scanner's maker", "name": "scanner", "version": "1.0"}]},
      "component": {"type": "container", "name": "image", "version": "sha256:00", "bom-ref": "root"}},
    "components": [
      {"type": "library", "bom-ref": "pkg:deb/debian/zlib1g@1.2?arch=amd64", "publisher": "Mark <m@example.org>", "name": "zlib1g",
       "version": "1.2", "licenses": [{"license": {"name": "Zlib-something"}}], "purl": "pkg:deb/debian/zlib1g@1.2?arch=amd64"},
      {"type": "operating-system", "bom-ref": "os", "name": "debian", "version": "12"}],
    "dependencies": [{"ref": "root", "dependsOn": ["os"]}]})json", "scanner");
  const std::vector<std::string> failures = Failures(CheckConformance(scanner.dump(), "scanner", {{"bsi-tr-03183-2"}, {}}));
  EXPECT_THAT(failures, IsSupersetOf({"sbom.creator /metadata", "sbom.timestamp-utc /metadata/timestamp",
                                      "component.creator /metadata/component", "component.filename /components/0",
                                      "component.hash /components/0", "component.distribution-licence /metadata/component",
                                      "component.original-licence /components/0/licenses/0", "component.executable /components/0",
                                      "component.dependencies /components/0", "component.completeness /metadata/component",
                                      "graph.reachable /components/0", "licence.identifiers /components/0/licenses/0"}));
  EXPECT_THAT(failures, Not(Contains(HasSubstr("sbom.format"))));
  EXPECT_THAT(failures, Not(Contains(HasSubstr("component.identifiers"))));

  const Json spdx2 = ParseJson(R"json({
    "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "n",
    "documentNamespace": "https://example.org/n",
    "creationInfo": {"created": "2026-01-01T10:00:00Z", "creators": ["Organization: City (it@city.example.org)", "Tool: t-1"]},
    "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "downloadLocation": "NOASSERTION",
                  "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
                  "checksums": [{"algorithm": "SHA1", "checksumValue": "0000000000000000000000000000000000000000"}]}],
    "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-a"}]
  })json", "spdx2");
  const Conformance old = CheckConformance(spdx2.dump(), "spdx2", {{"bsi-tr-03183-2"}, {}});
  EXPECT_THAT(Failures(old), IsSupersetOf({"sbom.format /spdxVersion", "component.creator /packages/0",
                                           "component.distribution-licence /packages/0/licenseConcluded"}));
  EXPECT_THAT(With(ClauseVerdict::kPass, old), IsSupersetOf({"sbom.creator", "sbom.timestamp", "component.original-licence"}));
  EXPECT_THAT(With(ClauseVerdict::kNotApplicable, old), IsSupersetOf({"component.executable", "component.completeness"}));
}

// The guideline's own mapping to SPDX 3.0.1: a package, the file it is distributed as, purposes of the file.
TEST_F(ConformanceTest, ReadsTheFieldsOfSpdxThree) {
  const char* text = R"json({
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
      {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-01T10:00:00Z", "createdBy": ["urn:city"]},
      {"type": "Organization", "spdxId": "urn:city", "creationInfo": "_:c", "name": "City",
       "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "email", "identifier": "it@city.example.org"}]},
      {"type": "SpdxDocument", "spdxId": "urn:doc", "creationInfo": "_:c", "rootElement": ["urn:a"]},
      {"type": "software_Package", "spdxId": "urn:a", "creationInfo": "_:c", "name": "a", "software_packageVersion": "1",
       "originatedBy": ["urn:city"], "software_packageUrl": "pkg:deb/debian/a@1",
       "externalRef": [{"type": "ExternalRef", "externalRefType": "sourceArtifact", "locator": ["https://example.org/a.dsc"]}]},
      {"type": "software_File", "spdxId": "urn:f", "creationInfo": "_:c", "name": "a_1.deb",
       "software_primaryPurpose": "archive", "software_additionalPurpose": ["container"],
       "verifiedUsing": [{"type": "Hash", "algorithm": "sha512", "hashValue": "@DEB@"}],
       "externalRef": [{"type": "ExternalRef", "externalRefType": "binaryArtifact", "locator": ["https://example.org/a_1.deb"]}]},
      {"type": "software_Package", "spdxId": "urn:libc", "creationInfo": "_:c", "name": "libc6", "software_packageVersion": "2",
       "originatedBy": ["urn:city"], "software_packageUrl": "pkg:deb/debian/libc6@2"},
      {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:mit", "creationInfo": "_:c", "simplelicensing_licenseExpression": "MIT"},
      {"type": "Relationship", "spdxId": "urn:r1", "creationInfo": "_:c", "from": "urn:a", "to": ["urn:f"], "relationshipType": "hasDistributionArtifact"},
      {"type": "Relationship", "spdxId": "urn:r2", "creationInfo": "_:c", "from": "urn:a", "to": ["urn:libc"],
       "relationshipType": "hasProvidedDependency", "completeness": "complete"},
      {"type": "Relationship", "spdxId": "urn:r3", "creationInfo": "_:c", "from": "urn:a", "to": ["urn:mit"], "relationshipType": "hasConcludedLicense"},
      {"type": "Relationship", "spdxId": "urn:r4", "creationInfo": "_:c", "from": "urn:a", "to": ["urn:mit"], "relationshipType": "hasDeclaredLicense"}]})json";
  std::string filled = text;
  filled.replace(filled.find("@DEB@"), 5, HashBytes(Deb()).sha512.Hex());
  const Json document = ParseJson(filled, "spdx3");
  const Conformance conformance = CheckConformance(document.dump(), "spdx3", {{"bsi-tr-03183-2"}, {}});
  EXPECT_THAT(Failures(conformance), IsEmpty());
  EXPECT_THAT(With(ClauseVerdict::kPass, conformance),
              IsSupersetOf({"sbom.format", "sbom.creator", "component.creator", "component.filename", "component.hash",
                            "component.executable", "component.archive", "component.structured", "component.source-uri",
                            "component.deployable-uri", "component.identifiers", "component.distribution-licence",
                            "component.original-licence", "component.completeness", "component.properties-true", "graph.reachable"}));
  Json broken = document;
  broken["@graph"][4].erase("verifiedUsing");
  broken["@graph"][4]["software_primaryPurpose"] = "executable";
  broken["@graph"].push_back({{"type", "security_Vulnerability"}, {"spdxId", "urn:v"}});
  EXPECT_THAT(Failures(CheckConformance(broken.dump(), "spdx3", {{"bsi-tr-03183-2"}, {}})),
              ElementsAre("sbom.no-vulnerabilities /@graph/11", "component.hash /@graph/3", "component.properties-true /@graph/4"));
}

TEST_F(ConformanceTest, NtiaAndCraAskForLess) {
  EXPECT_THAT(Failures(Check(Conforming(), "ntia")), IsEmpty());
  EXPECT_THAT(Failures(Check(Conforming(), "cra")), IsEmpty());
  Json document = Conforming();
  document["metadata"].erase("timestamp");
  document["metadata"].erase("manufacturer");
  document["components"][1].erase("manufacturer");
  document["components"][2].erase("version");
  document["dependencies"][0]["dependsOn"] = {"deb"};
  document["dependencies"].erase(1);
  document["compositions"][0]["dependencies"] = {"deb", "elf"};
  EXPECT_THAT(Failures(Check(document, "ntia")),
              UnorderedElementsAre("ntia.supplier /components/1", "ntia.version /components/2", "ntia.author /metadata",
                                   "ntia.timestamp /metadata", "ntia.dependency-relationship /components/0",
                                   "ntia.known-unknowns /components/0"));
  document["dependencies"].erase(0);
  document["metadata"]["component"].erase("version");
  EXPECT_THAT(Failures(Check(document, "cra")),
              UnorderedElementsAre("cra.product /metadata/component", "cra.top-level-dependencies /metadata/component"));
}

TEST_F(ConformanceTest, DeclarationsAreValidAndMapEachClauseToItsClaim) {
  Json document = Conforming();
  document["metadata"].erase("timestamp");
  const Conformance conformance = CheckConformance(document.dump(), "a folder/sbom.json", {{"bsi-tr-03183-2", "ntia", "cra"}, {}});
  const Json declarations = Declare(conformance, "Jo");
  EXPECT_THAT(Validate(declarations), IsEmpty());
  EXPECT_EQ(declarations, Declare(conformance, "Jo"));
  const Json& attestation = declarations["declarations"]["attestations"][0];
  EXPECT_EQ(attestation["summary"], "BSI TR-03183-2 2.1.0: 1 clause fails, 5 cannot be judged from the document");
  EXPECT_EQ(attestation["map"].size(), conformance.profiles[0].clauses.size());
  for (const Json& entry : attestation["map"]) {
    const bool fails = entry["requirement"] == "requirement:bsi-tr-03183-2/sbom.timestamp";
    EXPECT_EQ(entry.contains("counterClaims"), fails);
    if (fails) {
      EXPECT_EQ(entry["conformance"]["score"], 0);
    }
  }
  EXPECT_THAT(declarations.dump(), Not(HasSubstr("a folder")));  // where it lay is nobody's business
}

TEST_F(ConformanceTest, RefusesWhatIsNoSbomAndProfilesThatThereAreNot) {
  const auto message = [](std::string_view document, const char* profile) {
    try {
      CheckConformance(document, "doc", {{profile}, {}});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message(Conforming().dump(), "bsi"), "there is no profile bsi");
  EXPECT_THAT(message("{}", "ntia"), HasSubstr("neither a CycloneDX nor an SPDX document"));
}

TEST_F(ConformanceTest, PlacesAreFewAndCounted) {
  Json document = Conforming();
  for (int i = 0; i < 100; ++i) {
    document["components"].push_back({{"type", "library"}, {"name", "n" + std::to_string(i)}, {"bom-ref", "n" + std::to_string(i)}});
  }
  const Conformance conformance = Check(document);
  for (const ClauseResult& clause : conformance.profiles[0].clauses) {
    EXPECT_LE(clause.places.size(), kMaxClausePlaces);
    if (clause.clause == "component.version") {
      EXPECT_EQ(clause.failed, 100U);
      EXPECT_EQ(Render(clause.reason), "100 of 105 do not keep to it");
    }
  }
}

TEST_F(ConformanceTest, LooksIntoPackagesAndPastLinks) {
  std::filesystem::create_symlink("/etc/passwd", folder_.path() / "link.deb");
  const ArtifactFiles files(folder_.path());
  std::vector<std::string> paths;
  for (const ArtifactFile& file : files.files()) {
    paths.push_back(file.path + (file.executable() ? " x" : "") + (file.archive ? " a" : ""));
  }
  EXPECT_THAT(paths, ElementsAre("hello_2.0-1_amd64.deb a", "hello_2.0-1_amd64.deb/usr/bin/hello x",
                                 "hello_2.0-1_amd64.deb/usr/share/doc/hello/README"));
}

}  // namespace
}  // namespace nachbau::sbom
