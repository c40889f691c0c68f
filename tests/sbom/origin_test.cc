#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "sbom/origin/dwarf_units.h"
#include "sbom/origin/origins.h"
#include "sbom/origin/static_members.h"
#include "sbom/origin/unified_diff.h"
#include "sbom/origin/unit_origins.h"
#include "sbom/sbom.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kBuildPath = "/build/sample-2.0";

// ---- patches ----

std::string Patched(const std::string& content, const std::string& patch) {
  const auto changes = ParseUnifiedDiff(patch, "p");
  if (changes.size() != 1) return std::to_string(changes.size()) + " files";
  return ApplyPatch(content, changes[0]).value_or("does not fit");
}

TEST(UnifiedDiffTest, AppliesAsPatchDoes) {
  const std::string head = "Description: x\n--- a/f.c\t2020\n+++ b/f.c\n";
  EXPECT_EQ(Patched("1\n2\n3\n", head + "@@ -1,3 +1,3 @@ f\n 1\n-2\n+two\n 3\n"), "1\ntwo\n3\n");
  EXPECT_EQ(Patched("0\n0\n1\n2\n3\n", head + "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n"), "0\n0\n1\ntwo\n3\n") << "moved";
  EXPECT_EQ(Patched("1\n", head + "@@ -1 +1,2 @@\n 1\n+2\n"), "1\n2\n");
  EXPECT_EQ(Patched("1\n2", head + "@@ -2 +2 @@\n-2\n\\ No newline at end of file\n+3\n"), "1\n3\n");
  EXPECT_EQ(Patched("1\n", head + "@@ -1 +1 @@\n-1\n+2\n\\ No newline at end of file\n"), "2");
  EXPECT_EQ(Patched("a\n\nb\n", head + "@@ -1,3 +1,2 @@\n a\n\n-b\n"), "a\n\n") << "a blank line without its blank";
  EXPECT_EQ(Patched("1\n1\n", head + "@@ -2 +2 @@\n-1\n+2\n@@ -5,0 +5 @@\n+end\n"), "1\n2\nend\n");
  EXPECT_EQ(Patched("1\nX\n3\n", head + "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n"), "does not fit");
  EXPECT_EQ(Patched("", "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n"), "x\n");
}

TEST(UnifiedDiffTest, KnowsWhatItCannotApply) {
  const auto changes = ParseUnifiedDiff("diff --git a/x.png b/x.png\nGIT binary patch\nliteral 3\n", "p");
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].opaque);
  EXPECT_EQ(changes[0].path, "x.png");
  EXPECT_TRUE(ParseUnifiedDiff("--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "p")[0].deletes);
}

TEST(UnifiedDiffTest, RefusesWhatIsDamaged) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n x\n", "p:5: a damaged patch"},
           {"--- a/f\n+++ b/f\n@@ -1 +1 @@\n?\n", "p:4: a damaged patch"},
           {"--- a/f\n+++ b/f\n@@ -99999999999999999999 +1 @@\n x\n", "a damaged patch"},
           {"--- a/f\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-x\n+y\n", "a path that leads out of the source"}}) {
    try {
      ParseUnifiedDiff(text, "p");
      ADD_FAILURE() << text;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(message));
    }
  }
}

// ---- identifiers ----

TEST(FileIdsTest, AreThoseOfGit) {
  // printf 'hello\n' | git hash-object --stdin; the same in a repository with --object-format=sha256
  const FileIds ids = ComputeFileIds("hello\n");
  EXPECT_EQ(ids.Swhid(), "swh:1:cnt:ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(ids.GitoidSha1(), "gitoid:blob:sha1:ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(ComputeFileIds("").GitoidSha256(),
            "gitoid:blob:sha256:473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
  EXPECT_EQ(ids.content, HashBytes("hello\n"));
}

// ---- the source tree ----

TEST(SourceTreeTest, IsAsDpkgSourceLeavesIt) {
  Sample sample;
  const std::string fix =
      "Description: mends it\nOrigin: upstream, https://git.example.org/1\n--- a/main.c\n+++ b/main.c\n"
      "@@ -1 +1 @@\n-old\n+new\n";
  const std::string misfit = "--- a/other.c\n+++ b/other.c\n@@ -1 +1 @@\n-not there\n+x\n";
  sample.AddSource(MakeTar({{"debian/rules", "ours"},
                            {"debian/patches/series", "fix.patch\n# no\nmisfit.patch -p1\n"},
                            {"debian/patches/fix.patch", fix},
                            {"debian/patches/misfit.patch", misfit}}),
                   MakeTar({{"sample-2.0/main.c", "old\n"},
                            {"sample-2.0/other.c", "x\n"},
                            {"sample-2.0/debian/rules", "theirs"},
                            {"sample-2.0/debian/gone", "theirs"},
                            {"sample-2.0/same.c", "x\n"}}));
  const SourceTree tree = ReadSourceTree(sample.lock, sample.store());
  ASSERT_NE(tree.Find("main.c"), nullptr);
  EXPECT_EQ(tree.Find("main.c")->ids, ComputeFileIds("new\n"));
  EXPECT_THAT(tree.Find("main.c")->patches, ElementsAre("debian/patches/fix.patch"));
  EXPECT_EQ(tree.Find("debian/rules")->ids, ComputeFileIds("ours"));
  EXPECT_EQ(tree.Find("debian/gone"), nullptr) << "the distribution's directory takes the place of upstream's";
  EXPECT_FALSE(tree.Find("other.c")->known);
  EXPECT_THAT(tree.problems, ElementsAre("debian/patches/misfit.patch could not be applied to other.c"));
  EXPECT_THAT(tree.WithContent(Sha256("x\n")), ElementsAre("same.c"));
  EXPECT_EQ(tree.patches[0].description, "mends it");
  EXPECT_EQ(tree.patches[0].origin, "upstream, https://git.example.org/1");
}

TEST(SourceTreeTest, RefusesPathsThatLeadOut) {
  Sample sample;
  sample.AddInput(InputRole::kSource, "sample", "1", "source", "sample_1.tar.xz", MakeTar({{"a/../../x", "y"}}));
  try {
    ReadSourceTree(sample.lock, sample.store());
    FAIL() << "took a path that leads out";
  } catch (const ParseError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("unsafe path: a/../../x"));
  }
}

// ---- a real program ----

// main.c and used.c are in the program; unused.c is in the same archive, foreign.c in one without debug information.
const std::map<std::string, std::string> kProgram = {
    {"main.c",
     "#include \"inline.h\"\nint used(int);\nint foreign(int);\nstruct shape global;\n"
     "int main(int argc, char** argv) { (void)argv; return used(foreign(twice(argc))) + global.width; }\n"},
    // Large enough for dwz to find it worth sharing.
    {"inline.h",
     "struct shape { int width, height, depth; long area, volume; struct shape* next; const char* name;\n"
     "  unsigned char flags[8]; double weight; struct { short a, b, c, d; } corner[4]; };\n"
     "static inline int twice(int x) { return x * 2; }\n"},
    {"lib/used.c",
     "#include \"../inline.h\"\nint area(struct shape* s) { return s->width * s->height; }\n"
     "int used(int x) { return x + 1; }\n"},
    {"lib/unused.c", "int unused(int x) { return x + 2; }\n"},
    {"foreign.c", "int foreign(int x) { return x + 3; }\n"},
    {"foreign2.c", "int foreign2(int x) { return x + 4; }\n"}};

// Compiled once for all tests: it takes a second.
class Program {
 public:
  static const Program& Get() {
    static const Program program;
    return program;
  }
  std::string Bytes(const std::string& name) const { return ReadFile(directory_.path() / name); }

 private:
  Program() : directory_("/var/tmp", "nachbau-origin-") {
    std::filesystem::create_directory(directory_.path() / "lib");
    for (const auto& [name, text] : kProgram)
      WriteFileAtomically(directory_.path() / name, text, 0644, Durability::kNone);
    const std::string map = "-ffile-prefix-map=" + directory_.path().native() + "=.";
    Run({"gcc", "-g", "-O1", map, "-c", "main.c"});
    Run({"gcc", "-g", "-O1", map, "-c", "lib/used.c", "lib/unused.c"});
    Run({"gcc", "-O1", "-c", "foreign.c", "foreign2.c"});
    Run({"ar", "rcs", "libown.a", "used.o", "unused.o"});
    Run({"ar", "rcs", "libforeign.a", "foreign.o", "foreign2.o"});
    Run({"gcc", "-Wl,--build-id=sha1", "-o", "program", "main.o", "libown.a", "libforeign.a"});
    Run({"gcc", "-gz=zlib", "-g", "-O1", map, "-Wl,--build-id=sha1", "-o", "packed", "main.c", "libown.a",
         "libforeign.a"});
    std::filesystem::copy_file(directory_.path() / "program", directory_.path() / "small1");
    std::filesystem::copy_file(directory_.path() / "packed", directory_.path() / "small2");
    Run({"objcopy", "--decompress-debug-sections", "small2"});
    Run({"dwz", "-m", "common", "-M", "common", "small1", "small2"});
    Run({"objcopy", "--only-keep-debug", "program", "program.debug"});
    Run({"strip", "-o", "stripped", "program"});
  }
  void Run(std::vector<std::string> arguments) {
    ProcessRequest request;
    request.arguments = std::move(arguments);
    request.working_directory = directory_.path();
    const ProcessResult result = RunProcess(request);
    if (result.exit_code != 0) throw Error(Msg("{}: {}", request.arguments[0], result.standard_error));
  }
  TemporaryDirectory directory_;
};

std::vector<std::string> UnitNames(const Dwarf& dwarf) {
  std::vector<std::string> names;
  for (const DwarfUnit& unit : dwarf.units) names.push_back(JoinPath(unit.directory, unit.name));
  return names;
}

TEST(DwarfTest, NamesTheUnitsThatWereLinked) {
  for (const char* file : {"program", "program.debug", "packed"}) {
    const Dwarf dwarf = ReadDwarf(Program::Get().Bytes(file));
    EXPECT_EQ(dwarf.problem, std::nullopt) << file;
    EXPECT_THAT(UnitNames(dwarf), ElementsAre("lib/used.c", "main.c")) << file;
  }
  const Dwarf dwarf = ReadDwarf(Program::Get().Bytes("program"));
  const DwarfUnit& main =
      *std::find_if(dwarf.units.begin(), dwarf.units.end(), [](const DwarfUnit& u) { return u.name == "main.c"; });
  EXPECT_THAT(main.files, Contains("./inline.h"));
}

TEST(DwarfTest, CoversTheCodeOfItsUnitsOnly) {
  const std::string program = Program::Get().Bytes("program");
  const Dwarf dwarf = ReadDwarf(program);
  std::map<std::string, bool> covered;
  for (const ElfSymbol& symbol : DefinedSymbols(program)) covered[symbol.name] = dwarf.Covers(symbol.address);
  EXPECT_TRUE(covered.at("main"));
  EXPECT_TRUE(covered.at("used"));
  EXPECT_FALSE(covered.at("foreign"));
}

TEST(DwarfTest, ReadsWhatDwzMovedToACommonFile) {
  const std::string file = Program::Get().Bytes("small1"), common = Program::Get().Bytes("common");
  EXPECT_EQ(ReadElf(file)->alternate_link, "common");
  EXPECT_THAT(UnitNames(ReadDwarf(file, common)), ElementsAre("lib/used.c", "main.c"));
  for (const std::string& other : {std::string(), Program::Get().Bytes("program")}) {
    const Dwarf dwarf = ReadDwarf(file, other);
    EXPECT_EQ(dwarf.problem, Msg("the file with the common debug information is missing or another one"));
    EXPECT_TRUE(dwarf.units.empty());
  }
}

TEST(DwarfTest, SaysWhyThereIsNothing) {
  EXPECT_EQ(ReadDwarf("#!/bin/sh\n").problem, Msg("not an ELF file that can be read"));
  EXPECT_EQ(ReadDwarf(Program::Get().Bytes("stripped")).problem, Msg("no debug information"));
  EXPECT_EQ(ReadDwarf(Program::Get().Bytes("main.o")).problem, Msg("an object file: its debug information is not linked"));
}

TEST(DwarfTest, DamagedFilesAreAnswersToo) {
  const std::string program = Program::Get().Bytes("program");
  for (std::size_t at = 0; at < program.size(); at += 61) {
    std::string damaged = program;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    ReadDwarf(damaged);
  }
  for (std::size_t size = 0; size < program.size(); size += 997) ReadDwarf(program.substr(0, size));
}

TEST(ElfTest, TellsWhatItNeeds) {
  const auto elf = ReadElf(Program::Get().Bytes("stripped"));
  ASSERT_TRUE(elf);
  EXPECT_THAT(elf->needed, Contains("libc.so.6"));
  EXPECT_EQ(elf->build_id.size(), 40U);
  EXPECT_EQ(elf->build_id, ReadElf(Program::Get().Bytes("program.debug"))->build_id);
  EXPECT_FALSE(elf->has_dwarf);
}

TEST(StaticMembersTest, AreToldByTheirSymbols) {
  const auto members = ReadArchiveMembers(Program::Get().Bytes("libforeign.a"), "libforeign.a");
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "foreign.o");
  EXPECT_THAT(members[0].symbols, ElementsAre("foreign"));
}

TEST(JoinPathTest, LeavesNoDetours) {
  EXPECT_EQ(JoinPath(".", "cache.c"), "cache.c");
  EXPECT_EQ(JoinPath("./build/x", "../../src/./a.c"), "src/a.c");
  EXPECT_EQ(JoinPath("/build/x", "/usr//include/a.h"), "/usr/include/a.h");
  EXPECT_EQ(JoinPath("", "../a.c"), "../a.c");
  EXPECT_EQ(JoinPath("/", "../../a.c"), "/a.c");
}

// ---- all together ----

// Makes a trace event by event, in terms of names.
class Tracer {
 public:
  explicit Tracer(const Sample& sample) {
    trace.source = sample.lock.source;
    trace.version = sample.lock.version;
    trace.architecture = "amd64";
    trace.build_path = kBuildPath;
    Process({}, "/bin/make", {"make"});
  }
  std::uint32_t File(const std::string& path, FileOrigin origin, const std::string& package = "",
                     const std::string& bytes = "") {
    for (std::uint32_t i = 0; i < trace.files.size(); ++i) {
      if (trace.files[i].path == path) return i;
    }
    trace.files.push_back({path, origin, package, bytes.empty() ? std::nullopt : std::optional(Sha256(bytes))});
    return static_cast<std::uint32_t>(trace.files.size() - 1);
  }
  std::uint32_t Source(const std::string& path) {
    return File(std::string(kBuildPath) + "/" + path, FileOrigin::kSource);
  }
  std::uint32_t Built(const std::string& path, const std::string& bytes = "") {
    return File(std::string(kBuildPath) + "/" + path, FileOrigin::kBuilt, "", bytes);
  }
  std::uint32_t Process(std::optional<std::uint32_t> parent, const std::string& program,
                        std::vector<std::string> arguments) {
    TraceProcess process;
    process.parent = parent;
    process.programs.push_back({File(program, FileOrigin::kPackage, "tools"), std::move(arguments),
                                static_cast<std::uint32_t>(trace.events.size())});
    trace.processes.push_back(std::move(process));
    return static_cast<std::uint32_t>(trace.processes.size() - 1);
  }
  void Read(std::uint32_t process, std::uint32_t file) {
    trace.events.push_back({process, TraceAction::kRead, file, 0});
  }
  void Create(std::uint32_t process, std::uint32_t file) {
    trace.events.push_back({process, TraceAction::kCreate, file, 0});
    trace.events.push_back({process, TraceAction::kWrite, file, 0});
  }
  void Compile(const std::string& unit, const std::string& argument, const std::vector<std::uint32_t>& headers,
               const std::string& object) {
    const std::uint32_t cc1 = Process(0, "/usr/lib/cc1", {"cc1", argument});
    Read(cc1, Source(unit));
    for (const std::uint32_t header : headers) Read(cc1, header);
    Create(cc1, Built(object));
  }

  Trace trace;
};

// A build whose trace is told in one order or another, on one machine or another.
struct Rebuild {
  explicit Rebuild(bool other = false) {
    const Program& program = Program::Get();
    std::vector<SampleFile> source;
    for (const auto& [name, text] : kProgram) {
      if (!name.starts_with("foreign")) source.push_back({"sample-2.0/" + name, text});
    }
    source.push_back({"sample-2.0/config.h.in", "#undef X\n"});
    source.push_back({"sample-2.0/tool.in", "#!@SH@\n"});
    source.push_back({"sample-2.0/doc/README", "Read me.\n"});
    sample.AddSource(MakeTar({{"debian/changelog", kSampleChangelog}, {"debian/copyright", kSampleCopyright}}),
                     MakeTar(source));
    sample.AddInput(InputRole::kEnvironment, "libc6", "2.36-9", "amd64", "libc6_2.36-9_amd64.deb",
                    MakeAr({{"debian-binary", "2.0\n"},
                            {"control.tar", MakeTar({{"./control", "Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\n"
                                                                   "Maintainer: Lib Team <team@example.org>\n"},
                                                     {"./shlibs", "udeb: libc 6 libc6-udeb (>= 2.36)\n"}})}}));
    sample
        .AddInput(InputRole::kEnvironment, "libforeign-dev", "3-1", "amd64", "libforeign-dev_3-1_amd64.deb",
                  MakeDeb("Package: libforeign-dev\nVersion: 3-1\nArchitecture: amd64\nSource: foreign\n",
                          {{"./usr/lib/libforeign.a", program.Bytes("libforeign.a")}}))
        .source = "foreign";
    const std::string debug_path = [&] {
      const std::string id = ReadElf(program.Bytes("stripped"))->build_id;
      return "./usr/lib/debug/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug";
    }();
    const std::string control =
        "Version: 1:2.0-3\nArchitecture: amd64\nSource: sample\nMaintainer: Jo <jo@example.org>\n";
    sample.AddOutput("sample-dbgsym_2.0-3_amd64.deb",
                     MakeDeb("Package: sample-dbgsym\n" + control, {{debug_path, program.Bytes("program.debug")}}));
    sample.AddOutput("sample_2.0-3_amd64.deb",
                     MakeDeb("Package: sample\nBuilt-Using: nothing (= 1)\nDepends: libc6 (>= 2.34)\n" + control,
                             {{"./usr/bin/program", program.Bytes("stripped")},
                              {"./usr/bin/tool", "#!/bin/sh\n"},
                              {"./usr/bin/strange", "#!/bin/strange\n"},
                              {"./usr/share/man/man1/tool.1.gz", "packed tool.1"},
                              {"./usr/share/doc/sample/README", "Read me.\n"}}));
    sample.AddOutput("sample-udeb_2.0-3_amd64.udeb",
                     MakeDeb("Package: sample-udeb\nDepends: libc6-udeb (>= 2.36)\n" + control,
                             {{"./usr/bin/program", program.Bytes("stripped")}}));
    sample.record.build_path = kBuildPath;
    Record(other);
  }

  void Record(bool other) {
    Tracer tracer(sample);
    if (other) tracer.Read(0, tracer.File("/proc/cpuinfo", FileOrigin::kKernel));
    const std::string temporary = other ? "/tmp/ccOther.o" : "/tmp/ccOne.o";
    tracer.File(temporary, FileOrigin::kBuilt);
    const std::uint32_t configure = tracer.Process(0, "/bin/sh", {"sh", "configure"});
    tracer.Read(configure, tracer.Source("config.h.in"));
    // A program that configure links and runs leaves its result in config.h, none of its code.
    const std::uint32_t probe = tracer.Process(configure, "/usr/bin/ld", {"ld", "-o", "conftest"});
    tracer.Read(probe, tracer.File("/usr/lib/crt1.o", FileOrigin::kPackage, "libc6-dev"));
    tracer.Create(probe, tracer.Built("conftest"));
    tracer.Read(configure, tracer.Built("conftest"));
    tracer.Create(configure, tracer.Built("config.h"));
    const std::uint32_t config = tracer.Built("config.h"), inline_h = tracer.Source("inline.h");
    const std::uint32_t stdio = tracer.File("/usr/include/stdio.h", FileOrigin::kPackage, "libc6-dev");
    const auto compile_main = [&] { tracer.Compile("main.c", "main.c", {inline_h, config, stdio}, "main.o"); };
    const auto compile_lib = [&] {
      tracer.Compile("lib/used.c", "lib/used.c", {config, inline_h}, "used.o");
      tracer.Compile("lib/unused.c", "lib/unused.c", {config, tracer.Source("tool.in")}, "unused.o");
    };
    other ? (compile_lib(), compile_main()) : (compile_main(), compile_lib());
    const std::uint32_t ar = tracer.Process(0, "/usr/bin/ar", {"ar", "rcs", "libown.a"});
    for (const char* object : {"used.o", "unused.o"}) tracer.Read(ar, tracer.Built(object));
    tracer.Create(ar, tracer.Built("libown.a"));
    const std::uint32_t gcc =
        tracer.Process(0, "/usr/bin/gcc", {"gcc", "-o", "linked", "main.o", "libown.a", "-lforeign"});
    const std::uint32_t ld = tracer.Process(gcc, "/usr/bin/ld", {"ld", temporary});
    for (const char* input : {"main.o", "libown.a"}) tracer.Read(ld, tracer.Built(input));
    tracer.Read(ld, tracer.File("/usr/lib/libforeign.a", FileOrigin::kPackage, "libforeign-dev"));
    tracer.Read(ld, tracer.File("/usr/lib/libc.so.6", FileOrigin::kPackage, "libc6"));
    tracer.Create(ld, tracer.Built("linked"));
    // A copy under another name, as libtool makes it.
    const std::uint32_t cp = tracer.Process(0, "/usr/bin/cp", {"cp", "linked", "copied"});
    tracer.Read(cp, tracer.Built("linked"));
    tracer.Create(cp, tracer.Built("copied"));
    const std::uint32_t install = tracer.Process(0, "/usr/bin/install", {"install", "copied"});
    tracer.Read(install, tracer.Built("copied"));
    tracer.Create(install, tracer.Built("debian/sample/usr/bin/installed"));
    // It gets its final name as an installed copy, as extension modules of Python do.
    const std::uint32_t mv = tracer.Process(0, "/bin/mv", {"mv", "installed", "program"});
    tracer.trace.events.push_back({mv, TraceAction::kRename, tracer.Built("debian/sample/usr/bin/installed"),
                                   tracer.Built("debian/sample/usr/bin/program", Program::Get().Bytes("stripped"))});
    const std::uint32_t sed = tracer.Process(0, "/bin/sed", {"sed", "tool.in"});
    tracer.Read(sed, tracer.Source("tool.in"));
    tracer.Create(sed, tracer.Built("debian/sample/usr/bin/tool", "#!/bin/sh\n"));
    // One gzip packs the pages of two programs.
    const std::uint32_t help2man = tracer.Process(0, "/usr/bin/help2man", {"help2man", "tool"});
    tracer.Read(help2man, tracer.Source("tool.in"));
    const std::string man = "debian/sample/usr/share/man/man1/";
    tracer.Create(help2man, tracer.Built(man + "tool.1"));
    const std::uint32_t gzip = tracer.Process(0, "/bin/gzip", {"gzip", "-9n", "other.1", "tool.1"});
    tracer.Read(gzip, tracer.Source("main.c"));
    tracer.Read(gzip, tracer.Built(man + "tool.1"));
    tracer.Create(gzip, tracer.Built(man + "tool.1.gz", "packed tool.1"));
    tracer.trace.events.push_back({gzip, TraceAction::kRemove, tracer.Built(man + "tool.1"), 0});
    sample.record.trace = Artifact{"trace.json.zst", sample.store().Put(FormatCanonical(ToJson(tracer.trace)))};
  }

  Origins Find() {
    SilentProgress progress;
    const auto task = progress.Start(Msg("x"), Unit::kNone, 0);
    return FindOrigins(sample.lock, sample.record, ReadTrace(sample.record, sample.store()), sample.store(), *task);
  }
  static const FileOrigins& File(const Origins& origins, const std::string& path) {
    for (const PackageOrigins& package : origins.packages) {
      for (const FileOrigins& file : package.files) {
        if (file.file.path == path) return file;
      }
    }
    throw Error(Msg("no file {}", path));
  }
  static std::vector<std::string> Sources(const FileOrigins& file) {
    std::vector<std::string> sources;
    for (const SourceUse& use : file.sources) sources.push_back(use.path + " " + std::string(Name(use.role)));
    return sources;
  }

  Sample sample;
};

TEST(OriginsTest, WhatWasLinkedIsToldByDebugInformationAndItsHeadersByTheTrace) {
  Rebuild rebuild;
  const Origins origins = rebuild.Find();
  const FileOrigins& program = Rebuild::File(origins, "/usr/bin/program");
  EXPECT_EQ(program.evidence, OriginEvidence::kDwarf);
  EXPECT_THAT(Rebuild::Sources(program),
              ElementsAre("config.h.in generated-from", "inline.h header", "lib/used.c unit", "main.c unit"));
  EXPECT_THAT(program.unresolved, IsEmpty());
  EXPECT_EQ(origins.compiled_sources, 3U);
  EXPECT_EQ(program.read, 3U) << "the archive was read whole";
  EXPECT_EQ(program.linked, 2U);
  EXPECT_FALSE(program.read_equals_linked);
  EXPECT_THAT(program.foreign,
              ElementsAre(ForeignUse{ForeignRole::kStatic, "libforeign-dev", "/usr/lib/libforeign.a", "foreign.o"},
                          ForeignUse{ForeignRole::kHeader, "libc6-dev", "/usr/include/stdio.h", ""}));
  EXPECT_THAT(program.link_commands, ElementsAre("gcc -o linked main.o libown.a -lforeign"));
  EXPECT_EQ(ToJson(program, origins.tree).at("sources")[3].at("swhid"), ComputeFileIds(kProgram.at("main.c")).Swhid());
}

TEST(OriginsTest, OtherFilesAreToldByTheirBytesThenByTheTraceThenNotAtAll) {
  Rebuild rebuild;
  const Origins origins = rebuild.Find();
  EXPECT_THAT(Rebuild::Sources(Rebuild::File(origins, "/usr/share/doc/sample/README")),
              ElementsAre("doc/README identical"));
  EXPECT_THAT(Rebuild::Sources(Rebuild::File(origins, "/usr/bin/tool")), ElementsAre("tool.in contributed"));
  EXPECT_THAT(Rebuild::Sources(Rebuild::File(origins, "/usr/share/man/man1/tool.1.gz")),
              ElementsAre("tool.in contributed"));
  const FileOrigins& strange = Rebuild::File(origins, "/usr/bin/strange");
  EXPECT_EQ(strange.evidence, OriginEvidence::kUnknown);
  EXPECT_THAT(strange.sources, IsEmpty());
}

TEST(OriginsTest, WithoutATraceDebugInformationStillTells) {
  Rebuild rebuild;
  rebuild.sample.record.trace.reset();
  const Origins origins = rebuild.Find();
  const FileOrigins& program = Rebuild::File(origins, "/usr/bin/program");
  EXPECT_THAT(Rebuild::Sources(program), ElementsAre("inline.h header", "lib/used.c unit", "main.c unit"));
  EXPECT_FALSE(program.read);
  EXPECT_EQ(Rebuild::File(origins, "/usr/bin/tool").evidence, OriginEvidence::kUnknown);
  EXPECT_EQ(origins.incomplete, "the build made no trace");
}

Json DescribeRebuild(Rebuild& rebuild) {
  SilentProgress progress;
  return Describe(rebuild.sample.lock, rebuild.sample.record, rebuild.sample.store(), progress);
}

TEST(OriginsTest, TheDocumentDoesNotTellInWhichOrderOrWhereItWasBuilt) {
  Rebuild one, other(true);
  other.sample.record.started = 4711;
  ASSERT_NE(one.sample.record.trace, other.sample.record.trace);
  EXPECT_EQ(FormatCanonical(DescribeRebuild(one)), FormatCanonical(DescribeRebuild(other)));
}

TEST(OriginsTest, TheDocumentNamesSourcesEmbeddedCodeAndHowItIsKnown) {
  Rebuild rebuild;
  const Json document = DescribeRebuild(rebuild);
  const auto find = [](const Json& components, const std::string& name) -> const Json& {
    for (const Json& component : components) {
      if (component.at("name") == name) return component;
    }
    throw Error(Msg("no component {}", name));
  };
  const auto has = [](const Json& component, const std::string& name, const std::string& value) {
    return std::any_of(component.at("properties").begin(), component.at("properties").end(), [&](const Json& property) {
      return property.at("name") == name && property.at("value") == value;
    });
  };
  Json packages = document.at("components");
  std::erase_if(packages.get_ref<Json::array_t&>(),
                [](const Json& component) { return component.at("purl").get<std::string>().ends_with("arch=source"); });
  const Json& package = find(packages, "sample");
  EXPECT_TRUE(has(package, "nachbau:built-using:only-declared", "nothing (= 1)"));
  EXPECT_TRUE(has(package, "nachbau:built-using:only-observed", "foreign (= 3-1)"));
  EXPECT_TRUE(has(package, "nachbau:package:files-of-unknown-origin", "1"));
  const Json& program = find(package.at("components"), "program");
  EXPECT_TRUE(has(program, "nachbau:origin:evidence", "dwarf"));
  EXPECT_TRUE(has(program, "nachbau:embedded:static", "libforeign-dev /usr/lib/libforeign.a(foreign.o)"));
  EXPECT_TRUE(has(program, "nachbau:embedded:headers-of", "libc6-dev"));
  EXPECT_EQ(program.at("evidence").at("occurrences").size(), 4U);
  EXPECT_EQ(program.at("externalReferences")[0].at("url"), "artifacts/sample_2.0-3_amd64.deb#usr/bin/program");
  EXPECT_EQ(program.at("externalReferences")[0].at("hashes")[1].at("content"),
            HashBytes(Program::Get().Bytes("stripped")).sha512.Hex());
  for (const Json& entry : document.at("dependencies")) {
    if (entry.at("ref") != program.at("bom-ref")) continue;
    EXPECT_EQ(entry.at("dependsOn"), Json::parse(R"(["pkg:deb/debian/libc6@2.36-9?arch=amd64",
                                                     "pkg:deb/debian/libforeign-dev@3-1?arch=amd64"])"));
  }
  const std::string udeb = "pkg:deb/debian/libc6-udeb@2.36-9?arch=amd64";
  EXPECT_EQ(find(packages, "libc6-udeb").at("bom-ref"), udeb) << "its version is that of libc6, which names it";
  // Every citation leads to something that is there, and to a step of the formulation.
  std::set<std::string> tasks;
  for (const Json& task : document.at("formulation")[0].at("workflows")[0].at("tasks"))
    tasks.insert(task.at("bom-ref"));
  EXPECT_THAT(tasks, Contains("task:link:" + program.at("bom-ref").get<std::string>()));
  std::size_t pointers = 0;
  for (const Json& citation : document.at("citations")) {
    EXPECT_THAT(tasks, Contains(citation.at("process").get<std::string>()));
    for (const Json& pointer : citation.at("pointers")) {
      ++pointers;
      EXPECT_TRUE(document.contains(Json::json_pointer(pointer.get<std::string>()))) << pointer;
    }
  }
  EXPECT_GT(pointers, 5U);
}

}  // namespace
}  // namespace nachbau::sbom
