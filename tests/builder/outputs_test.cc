#include "builder/outputs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "builder/source_tree.h"
#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kDirectory = "upper/build/reproducible-path";

std::string Line(const std::string& name, const std::string& content) {
  return " " + Sha256(content).Hex() + " " + std::to_string(content.size()) + " " + name + "\n";
}
std::string Changes(const std::string& lines) { return "Format: 1.8\nSource: p\nChecksums-Sha256:\n" + lines; }

// A finished build of one package; `hostile` then changes the tree as root inside.
Outputs CollectAfter(const std::function<void()>& hostile) {
  const MappedArea area;
  PrepareUpper(area.map(), area.path() / "upper", "exit 0\n");
  area.Inside([&] {
    WriteFileAtomically(kDirectory / "p_1_amd64.deb", "deb", 0644, Durability::kNone);
    WriteFileAtomically(kDirectory / "p_1_amd64.changes", Changes(Line("p_1_amd64.deb", "deb")), 0644, Durability::kNone);
    WriteFileAtomically(kDirectory / "p-1/README", "source", 0644, Durability::kNone);
    WriteFileAtomically("secret", "not for the build", 0600, Durability::kNone);
    hostile();
  });
  Store store(area.outside() / "store");
  Outputs outputs = CollectOutputs(area.map(), area.path() / "upper", store);
  for (const Artifact& artifact : outputs.artifacts) {
    EXPECT_EQ(store.Read(artifact.content.sha256, 1 << 20).size(), artifact.content.size);
    EXPECT_NE(store.Read(artifact.content.sha256, 1 << 20), "not for the build");
  }
  return outputs;
}

class Collecting : public EachUser {};
INSTANTIATE_TEST_SUITE_P(Users, Collecting, testing::Values(Who::kRoot, Who::kUser), WhoName);

TEST_P(Collecting, StoresThePackagesAndNothingElse) {
  Run([] {
    const Outputs outputs = CollectAfter([] {});
    EXPECT_EQ(outputs.problem, "");
    ASSERT_EQ(outputs.artifacts.size(), 2U);
    EXPECT_EQ(outputs.artifacts[0].name, "p_1_amd64.changes");
    EXPECT_EQ(outputs.artifacts[1].content.sha256, Sha256("deb"));
  });
}

// Of a script: whatever lies in its output directory, and nothing that is no file.
TEST_P(Collecting, TakesEveryFileOfAnOutputDirectory) {
  Run([] {
    const auto collect = [](const std::function<void()>& plant) {
      const MappedArea area;
      PrepareUpper(area.map(), area.path() / "upper", "exit 0\n");
      area.Inside([&] {
        fs::create_directory(kDirectory / "outputs");
        plant();
      });
      Store store(area.outside() / "store");
      return CollectOutputs(area.map(), area.path() / "upper", store, "outputs");
    };
    const auto write = [](const char* name) {
      WriteFileAtomically(kDirectory / "outputs" / name, "x", 0600, Durability::kNone);
    };
    const Outputs two = collect([&] {
      write("tool");
      write(".hidden");
    });
    EXPECT_EQ(two.problem, "");
    ASSERT_EQ(two.artifacts.size(), 2U);
    EXPECT_EQ(two.artifacts[0].name, ".hidden");
    EXPECT_EQ(collect([] {}).problem, "the build made no output");
    EXPECT_THAT(collect([] { fs::create_symlink("/etc/hostname", kDirectory / "outputs/x"); }).problem,
                HasSubstr("x is not a regular file"));
    EXPECT_THAT(collect([] { fs::create_directory(kDirectory / "outputs/x"); }).problem,
                HasSubstr("x is not a regular file"));
    EXPECT_THAT(collect([] {
                  fs::remove(kDirectory / "outputs");
                  fs::create_directory_symlink("/etc", kDirectory / "outputs");
                }).problem,
                HasSubstr("replaced its own directory"));
  });
}

TEST_P(Collecting, ReadsWhatTheBuildClosed) {
  Run([] {
    const Outputs outputs = CollectAfter([] {
      ::chown((kDirectory / "p_1_amd64.deb").c_str(), 1000, 1000);
      ::chmod((kDirectory / "p_1_amd64.deb").c_str(), 0);
      ::chmod(kDirectory.c_str(), 0);
      ::chmod("upper/build", 0);
    });
    EXPECT_EQ(outputs.problem, "");
    EXPECT_EQ(outputs.artifacts.size(), 2U);
  });
}

TEST_P(Collecting, TakesTheBytesOfAProgramAndNotItsRights) {
  Run([] {
    const Outputs outputs = CollectAfter([] {
      ::chmod((kDirectory / "p_1_amd64.deb").c_str(), 06777);
      fs::path deep = kDirectory;
      for (int i = 0; i < 64; ++i) deep /= "d";
      fs::create_directories(deep);
    });
    EXPECT_EQ(outputs.problem, "");
    EXPECT_EQ(outputs.artifacts.size(), 2U);
  });
}

TEST(CollectingOnce, WorksWithoutSubordinateIds) {
  const auto collect = [] { EXPECT_EQ(CollectAfter([] { ::chmod(kDirectory.c_str(), 0); }).artifacts.size(), 2U); };
  if (::geteuid() == 0) {
    RunAs("nobody", collect);
  } else {
    collect();
  }
}

TEST_P(Collecting, RefusesWhatABuildMayHavePlanted) {
  Run([] {
    struct Case {
      const char* what;
      std::function<void()> plant;
      const char* problem;
    };
    const auto at = [](const char* name) { return kDirectory / name; };
    const std::vector<Case> cases = {
        {"link", [&] { fs::create_symlink("../../../secret", at("x.deb")); }, "x.deb is not a regular file of its own"},
        {"absolute link", [&] { fs::create_symlink("/etc/hostname", at("x.deb")); }, "x.deb is not a regular file"},
        {"hard link", [&] { fs::create_hard_link("secret", at("x.deb")); }, "x.deb is not a regular file of its own"},
        {"second name", [&] { fs::create_hard_link(at("p_1_amd64.deb"), at("x.deb")); }, "is not a regular file"},
        {"directory", [&] { fs::create_directory(at("x.deb")); }, "x.deb is not a regular file"},
        {"socket", [&] {
           sockaddr_un path{};
           path.sun_family = AF_UNIX;
           std::strcpy(path.sun_path, at("x.deb").c_str());
           const FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
           if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&path), sizeof path) != 0) throw SystemError(errno, Msg("bind"));
         }, "x.deb is not a regular file"},
        {"pipe", [&] { ::mkfifo(at("x.deb").c_str(), 0644); }, "x.deb is not a regular file"},
        {"control characters", [&] { WriteFileAtomically(at("x\x1b[2J.deb"), "", 0644); }, "made a file with the name"},
        {"line end", [&] { WriteFileAtomically(at("x\ny.deb"), "", 0644); }, "made a file with the name"},
        {"not UTF-8", [&] { WriteFileAtomically(at("x\xff.deb"), "", 0644); }, "made a file with the name"},
        {"not named", [&] { WriteFileAtomically(at("x.deb"), "x", 0644); }, "does not name x.deb"},
        {"sparse and huge", [&] {
           WriteFileAtomically(at("x.deb"), "", 0644);
           fs::resize_file(at("x.deb"), 1ULL << 40);
         }, "x.deb is too large"},
        {"changed afterwards", [&] { WriteFileAtomically(at("p_1_amd64.deb"), "bed", 0644); }, "p_1_amd64.deb is not what"},
        {"not made", [&] { fs::remove(at("p_1_amd64.deb")); }, "p_1_amd64.deb is named in p_1_amd64.changes but was not made"},
        {"no changes", [&] { fs::remove(at("p_1_amd64.changes")); }, "made no .changes file"},
        {"two changes", [&] { WriteFileAtomically(at("q.changes"), "", 0644); }, "more than one .changes file"},
        {"directory replaced", [&] {
           fs::rename(kDirectory, "upper/build/moved");
           fs::create_directory_symlink("moved", kDirectory);
         }, "the build has replaced its own directory"},
        {"parent replaced", [&] {
           fs::rename("upper/build", "upper/moved");
           fs::create_directory_symlink("moved", "upper/build");
         }, "the build has replaced its own directory"},
        {"directory gone", [&] { fs::remove_all("upper/build"); }, "the build has replaced its own directory"},
    };
    for (const Case& one : cases) {
      SCOPED_TRACE(one.what);
      EXPECT_THAT(CollectAfter(one.plant).problem, HasSubstr(one.problem));
    }
  });
}

TEST(CheckChanges, AcceptsExactlyWhatWasMade) {
  const std::vector<Artifact> made = {{"a.deb", HashBytes("a")}, {"b.deb", HashBytes("bb")}};
  const std::string good = Changes(Line("a.deb", "a") + Line("b.deb", "bb"));
  EXPECT_EQ(CheckChanges(good, "c", made), "");
  struct Case {
    std::string changes;
    const char* problem;
  };
  const std::vector<Case> cases = {
      {Changes(Line("a.deb", "a")), "c does not name b.deb"},
      {Changes(Line("a.deb", "a") + Line("b.deb", "bb") + Line("d.deb", "d")), "d.deb is named in c but was not made"},
      {Changes(Line("a.deb", "a") + Line("b.deb", "cc")), "b.deb is not what c says"},
      {Changes(Line("a.deb", "a") + " " + Sha256("bb").Hex() + " 3 b.deb\n"), "b.deb is not what c says"},
      {Changes(Line("a.deb", "a") + Line("a.deb", "a") + Line("b.deb", "bb")), "c names a.deb twice"},
      {Changes(" zz\n"), "c has a malformed list of files"},
      {"Format: 1.8\n", "Checksums-Sha256"},
      {good + "\n" + good, "c does not have one paragraph"},
      {"", "c does not have one paragraph"},
      {"-----BEGIN PGP SIGNED MESSAGE-----\n", "c"},
      {std::string("Format: \0\n", 10), "c"},
  };
  for (const Case& one : cases) EXPECT_THAT(CheckChanges(one.changes, "c", made), HasSubstr(one.problem)) << one.changes;
}

}  // namespace
}  // namespace nachbau::builder
