#include "sbom/origin/embedded_copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "sbom/checks/check.h"
#include "sbom/downgrade.h"
#include "sbom/origin/origins.h"
#include "sbom/sbom.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- the table ----

TEST(EmbeddedLibraryTableTest, HasOneLibraryPerLine) {
  const auto libraries = ParseEmbeddedLibraries(
      "# A comment.\n"
      "\n"
      "zed     ||source-regex=(?:zed|zlib) libname=zedlib||(?m)(?<!4 )(?:in|de)flate \\d\n"
      "alpha-1 || || a[||]b \n"
      "beta||source=beta2||\\(C\\) Beta",
      "table");
  EXPECT_THAT(libraries,
              ElementsAre(EmbeddedLibrary{"alpha-1", "alpha-1", "alpha-1", "", "", " a[||]b "},
                          EmbeddedLibrary{"beta", "beta", "beta2", "", "", "\\(C\\) Beta"},
                          EmbeddedLibrary{"zed", "zedlib", "", "(?:zed|zlib)", "4 ", "(?m)(?:in|de)flate \\d"}))
      << "what stands behind the second separator is the pattern, with its blanks";
}

TEST(EmbeddedLibraryTableTest, RefusesWhatItDoesNotUnderstand) {
  for (const auto& [line, message] : std::vector<std::pair<std::string, std::string>>{
           {"zlib", "table:2: not of the form \"key || options || pattern\""},
           {"zlib || deflate", "table:2: not of the form"},
           {"|| || deflate", "table:2: not a name of a library: \"\""},
           {"z lib || || deflate", "table:2: not a name of a library: \"z lib\""},
           {"a || || A", "table:2: the library a is there twice"},
           {"zlib || sauce=x || deflate", "table:2: not an option that is known: \"sauce=x\""},
           {"zlib || source || deflate", "table:2: the option source has no value"},
           {"zlib || source=x source=y || deflate", "table:2: the option source is given twice"},
           {"zlib || source=x source-regex=y || deflate", "table:2: source and source-regex exclude each other"},
           {"zlib || source=x:y || deflate", "table:2: not a name of a source package: \"x:y\""},
           {"zlib || source-regex=( || deflate", "table:2: not a pattern that RE2 understands: \"(\""},
           {"zlib || ||", "table:2: the pattern \"\" matches anything"},
           {"zlib || || (deflate", "table:2: not a pattern that RE2 understands: \" (deflate\""},
           {"zlib || ||(?=deflate)x", "table:2: not a pattern that RE2 understands"},
           {"zlib || ||d*", "table:2: the pattern \"d*\" matches anything"},
           {"zlib || ||(?<!\\d)deflate", "table:2: \"(?<!…)\" is understood with plain text only"},
           {"zlib || ||(?<!4 )deflate|inflate", "table:2: \"(?<!…)\" before one of several alternatives"},
           {"zlib || ||" + std::string(3000, 'x'), "table:2: a pattern of more than 2000 bytes"},
           {"zlib || || deflate\r", "table:2: a character that is not printable ASCII"}}) {
    try {
      ParseEmbeddedLibraries("a || || a text\n" + line + "\n", "table");
      ADD_FAILURE() << line;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
  EXPECT_THROW(ParseEmbeddedLibraries(std::string(2 << 20, '\n'), "table"), ParseError);
}

TEST(EmbeddedLibraryTableTest, ThatOfThePackageIsUnderstood) {
  EXPECT_THAT(ShippedEmbeddedCopiesSource(), testing::StartsWith("lintian "));
  const auto copies = ShippedEmbeddedCopies().Find("\x7f deflate 9.8.7 of a sample\x7f");
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].text, "deflate 9.8.7 of a sample");
  EXPECT_THAT(ShippedEmbeddedCopies().Find("\x7f 4 deflate 9.8.7 of a sample\x7f"), IsEmpty());
}

// ---- strings ----

std::string Output(std::vector<std::string> arguments) {
  ProcessRequest request;
  request.arguments = std::move(arguments);
  const ProcessResult result = RunProcess(request);
  if (result.exit_code != 0) throw Error(Msg("{}: {}", request.arguments[0], result.standard_error));
  return result.standard_output;
}

TEST(PrintableStringsTest, AreThoseOfBinutils) {
  const std::string program = ReadFile("/proc/self/exe").substr(0, 3 << 20);
  std::vector<std::string> samples = {"",
                                      "abc",
                                      "abcd",
                                      "\nabcd",
                                      "abc\0abcd\0ab",
                                      "ab\xff"
                                      "cd\tef\x7fghi~\x01    "};
  using namespace std::string_literals;
  samples.push_back("abc\0abcd\0x\0\0\0\0abcdefgh\0ab"s);
  samples.push_back(program);
  for (std::size_t from = 0; from < 200; ++from) samples.push_back(program.substr(from * 1013, 64));
  const TemporaryDirectory directory("/var/tmp", "nachbau-strings-");
  for (const std::string& sample : samples) {
    const std::string file = (directory.path() / "sample").native();
    WriteFileAtomically(file, sample, 0644, Durability::kNone);
    EXPECT_EQ(PrintableStrings(sample), sample.empty() ? "" : Output({"strings", "-a", "-n", "4", file}))
        << sample.size();
  }
}

// ---- finding ----

constexpr const char* kTable =
    "line || ||(?m)^exactly this line$\n"
    "plain || source=plain-source ||plain text\n"
    "pair || source-regex=pair\\d? ||first half\\nsecond half\n"
    "after || ||(?<!4 )deflate \\d\n";

std::vector<std::string> Found(const std::string& bytes) {
  std::vector<std::string> found;
  for (const EmbeddedCopy& copy : EmbeddedCopyFinder(kTable, "table").Find(bytes)) {
    found.push_back(copy.library + ": " + copy.text);
  }
  return found;
}

TEST(EmbeddedCopyFinderTest, SearchesLinesOfPrintableText) {
  using namespace std::string_literals;
  EXPECT_THAT(Found("\1\2some plain text here\0"s), ElementsAre("plain: some plain text here"));
  EXPECT_THAT(Found("plain te\0xt"s), IsEmpty());
  EXPECT_THAT(Found("\x90"
                    "exactly this line\0not exactly this line"s),
              ElementsAre("line: exactly this line"));
  EXPECT_THAT(Found("not exactly this line\0exactly this line!"s), IsEmpty());
  EXPECT_THAT(Found("first half\0\0ab\0second half"s), ElementsAre("pair: first half")) << "\"ab\" is no string";
  EXPECT_THAT(Found("first half\0abcd\0second half"s), IsEmpty());
  EXPECT_THAT(Found("zz plain text\0deflate 7\0"s), ElementsAre("after: deflate 7", "plain: zz plain text"));
  EXPECT_THAT(Found(""), IsEmpty());
  EXPECT_THAT(EmbeddedCopyFinder("# nothing\n", "table").Find("plain text"), IsEmpty());
}

TEST(EmbeddedCopyFinderTest, PassesOverWhatFollowsTheWrongText) {
  EXPECT_THAT(Found("x4 deflate 7"), IsEmpty());
  EXPECT_THAT(Found("x4 deflate 7 and deflate 8"), ElementsAre("after: x4 deflate 7 and deflate 8"));
  EXPECT_THAT(Found("4 "), IsEmpty());
}

TEST(EmbeddedCopyFinderTest, ShowsNoMoreThanCanBeRead) {
  const std::string around(150, 'x');
  EXPECT_THAT(Found(around + "plain text" + around), ElementsAre("plain: plain text"));
}

TEST(EmbeddedCopyTest, ComesFromTheNamedSourcePackageOnly) {
  const auto copies = EmbeddedCopyFinder(kTable, "table")
                          .Find(
                              "plain text\x7f"
                              "first half\x7f"
                              "second half");
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_TRUE(copies[0].MayComeFrom("pair"));
  EXPECT_TRUE(copies[0].MayComeFrom("pair2"));
  EXPECT_FALSE(copies[0].MayComeFrom("repair2")) << "the pattern is one of the whole name";
  EXPECT_TRUE(copies[1].MayComeFrom("plain-source"));
  EXPECT_FALSE(copies[1].MayComeFrom("plain"));
}

// ---- in what was built ----

// A program with the texts of two libraries that the table knows: one with a source package, one with a pattern.
const std::string& Program() {
  static const std::string program = [] {
    const TemporaryDirectory directory("/var/tmp", "nachbau-embedded-");
    const std::string source = (directory.path() / "main.c").native(), file = (directory.path() / "main").native();
    WriteFileAtomically(source,
                        "#include <stdio.h>\nconst char zlib[] = \" deflate 9.8.7 of a sample \";\n"
                        "int main(void) { puts(\"FTGlyphContainer\"); return puts(zlib); }\n",
                        0644, Durability::kNone);
    Output({"gcc", "-O1", "-s", "-o", file, source});
    return ReadFile(file);
  }();
  return program;
}

struct Build {
  Build() {
    Fill(sample);
    sample.record.build_path = "/build/sample-2.0";
    sample.AddOutput("sample-bin_2.0-3_amd64.deb",
                     MakeDeb("Package: sample-bin\nVersion: 1:2.0-3\nArchitecture: amd64\nSource: sample\n"
                             "Maintainer: Jo <jo@example.org>\nDescription: x\n",
                             {{"./usr/bin/main", Program()}, {"./usr/bin/again", Program()}}));
  }

  // The linker read an archive of the environment when it made the program.
  void LinkWithArchiveOf(const std::string& source) {
    sample.AddEnvironment("libx-dev", "1");
    sample.lock.files.back().source = source;
    Trace trace;
    trace.source = "sample";
    trace.version = "1:2.0-3";
    trace.architecture = "amd64";
    trace.build_path = sample.record.build_path;
    trace.files = {{"/usr/bin/ld", FileOrigin::kPackage, "binutils", std::nullopt},
                   {"/usr/lib/libx.a", FileOrigin::kPackage, "libx-dev", std::nullopt},
                   {trace.build_path + "/debian/sample-bin/usr/bin/main", FileOrigin::kBuilt, "", Sha256(Program())}};
    TraceProcess linker;
    linker.programs.push_back({0, {"ld"}, 0});
    trace.processes.push_back(linker);
    trace.events = {{0, TraceAction::kRead, 1, 0}, {0, TraceAction::kCreate, 2, 0}, {0, TraceAction::kWrite, 2, 0}};
    sample.record.trace = Artifact{"trace.json.zst", sample.store().Put(FormatCanonical(ToJson(trace)))};
  }

  std::vector<std::string> Embedded(const std::string& path) {
    SilentProgress progress;
    const auto task = progress.Start(Msg("x"), Unit::kNone, 0);
    const Origins origins =
        FindOrigins(sample.lock, sample.record, ReadTrace(sample.record, sample.store()), sample.store(), *task);
    std::vector<std::string> libraries;
    for (const PackageOrigins& package : origins.packages) {
      for (const FileOrigins& file : package.files) {
        if (file.file.path != path) continue;
        for (const EmbeddedCopy& copy : file.embedded) libraries.push_back(copy.library);
        EXPECT_EQ(ToJson(file, origins.tree).at("embedded").size(), file.embedded.size());
      }
    }
    return libraries;
  }

  Json Document() {
    SilentProgress progress;
    return Describe(sample.lock, sample.record, sample.store(), progress);
  }

  Sample sample;
};

TEST(EmbeddedCopiesTest, AreNamedPerFile) {
  Build build;
  EXPECT_THAT(build.Embedded("/usr/bin/main"), ElementsAre("ftgl", "zlib"));
  EXPECT_THAT(build.Embedded("/usr/bin/again"), ElementsAre("ftgl", "zlib"));
}

TEST(EmbeddedCopiesTest, OfTheProductItselfAreNone) {
  Build build;
  build.sample.lock.source = "ftgl";
  EXPECT_THAT(build.Embedded("/usr/bin/main"), ElementsAre("zlib"));
  build.sample.lock.source = "klibc";
  EXPECT_THAT(build.Embedded("/usr/bin/main"), ElementsAre("ftgl")) << "one of those that the pattern names";
}

TEST(EmbeddedCopiesTest, OfPackagesThatTheLinkerWasGivenAreNamedAsThese) {
  Build build;
  build.LinkWithArchiveOf("zlib");
  EXPECT_THAT(build.Embedded("/usr/bin/main"), ElementsAre("ftgl"));
  EXPECT_THAT(build.Embedded("/usr/bin/again"), ElementsAre("ftgl")) << "the same bytes were linked the same way";
  Build other;
  other.LinkWithArchiveOf("something-else");
  EXPECT_THAT(other.Embedded("/usr/bin/main"), ElementsAre("ftgl", "zlib"));
}

const Json& Find(const Json& components, const std::string& name) {
  for (const Json& component : components) {
    if (component.at("name") == name) return component;
  }
  throw Error(Msg("no component {}", name));
}

TEST(EmbeddedCopiesTest, AreComponentsOfTheFileWithoutAVersion) {
  Build build;
  const Json document = build.Document();
  EXPECT_THAT(document.at("metadata").at("properties"),
              Contains(Json({{"name", "nachbau:embedded-copy:table"}, {"value", ShippedEmbeddedCopiesSource()}})));
  const Json& file = Find(Find(document.at("components"), "sample-bin").at("components"), "main");
  ASSERT_EQ(file.at("components").size(), 2U);
  const std::string ref = "pkg:deb/debian/sample-bin@1:2.0-3?arch=amd64#/usr/bin/main#embedded/zlib";
  const Json& zlib = Find(file.at("components"), "zlib");
  EXPECT_EQ(zlib.at("bom-ref"), ref);
  EXPECT_EQ(zlib.at("type"), "library");
  EXPECT_FALSE(zlib.contains("version") || zlib.contains("purl") || zlib.contains("licenses"));
  EXPECT_EQ(zlib.at("evidence").at("identity")[0].at("field"), "name");
  const Json& method = zlib.at("evidence").at("identity")[0].at("methods")[0];
  EXPECT_EQ(method.at("technique"), "binary-analysis");
  EXPECT_EQ(method.at("value"), "deflate 9.8.7 of a sample");
  EXPECT_EQ(zlib.at("properties")[0], Json({{"name", "nachbau:component:kind"}, {"value", "embedded copy"}}));
  EXPECT_EQ(zlib.at("properties")[1].at("name"), "nachbau:embedded-copy:source-package-pattern");
  const Json& ftgl = Find(file.at("components"), "ftgl");
  EXPECT_EQ(ftgl.at("properties")[1], Json({{"name", "nachbau:embedded-copy:source-package"}, {"value", "ftgl"}}));

  for (const Json& composition : document.at("compositions")) {
    const Json assemblies = composition.value("assemblies", Json::array());
    const std::string aggregate = composition.at("aggregate");
    EXPECT_EQ(std::count(assemblies.begin(), assemblies.end(), file.at("bom-ref")), aggregate == "incomplete");
    EXPECT_EQ(std::count(assemblies.begin(), assemblies.end(), ref), aggregate == "unknown");
  }
  for (const Json& entry : document.at("dependencies")) {
    if (entry.at("ref") != file.at("bom-ref")) continue;
    EXPECT_THAT(entry.at("dependsOn"), Contains(Json(ref)));
  }
  Build again;
  EXPECT_EQ(FormatCanonical(document), FormatCanonical(again.Document()));
  EXPECT_THAT(Validate(ToCycloneDx16(document)), IsEmpty());
}

// Nobody knows the version: a guideline that asks for it is not kept to, and the check says where.
TEST(EmbeddedCopiesTest, LeaveAGuidelineUnfulfilled) {
  Build build;
  const Json document = build.Document();
  const Conformance conformance =
      CheckConformance(FormatCanonical(document), "sbom.cdx.json", {{"bsi-tr-03183-2"}, std::nullopt});
  const auto& clauses = conformance.profiles.at(0).clauses;
  const auto version = std::find_if(clauses.begin(), clauses.end(),
                                    [](const auto& clause) { return clause.clause == "component.version"; });
  ASSERT_NE(version, clauses.end());
  EXPECT_EQ(version->verdict, ClauseVerdict::kFail);
  const auto copies = std::count_if(version->places.begin(), version->places.end(), [](const ClausePlace& place) {
    return place.component == "ftgl" || place.component == "zlib";
  });
  EXPECT_EQ(copies, 4) << "two copies in each of two files";
}

}  // namespace
}  // namespace nachbau::sbom
