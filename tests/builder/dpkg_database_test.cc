#include "builder/dpkg_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

UnpackedPackage Package(const std::string& name, const std::string& more = "",
                        std::map<std::string, std::string> members = {}) {
  UnpackedPackage package = ParseControl(Control(name, more), name);
  package.members = std::move(members);
  return package;
}

TEST(ParseControl, ReadsWhatTheDatabaseNeeds) {
  const UnpackedPackage package =
      ParseControl("\n" + Control("libc6", "Multi-Arch: same\nReplaces: libc6-amd64 (<< 2.3), other:any |\n third\n"), "c");
  EXPECT_EQ(package.name, "libc6");
  EXPECT_EQ(package.version, "1.0-1");
  EXPECT_EQ(package.InfoName(), "libc6:amd64");
  EXPECT_THAT(package.replaces, ElementsAre("libc6-amd64", "other", "third"));
}

TEST(ParseControl, RefusesWhatIsNoControlFile) {
  struct Case {
    std::string text;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"", "one paragraph that starts with Package"},
      {"Version: 1\nPackage: p\nArchitecture: all\n", "starts with Package"},
      {Control("p") + "\n" + Control("q"), "one paragraph"},
      {"Package: p\nVersion: 1\n", "Architecture"},
      {"Package: ../p\nVersion: 1\nArchitecture: all\n", "not a package name: ../p"},
      {"Package: P\nVersion: 1\nArchitecture: all\n", "not a package name: P"},
      {"Package: p\nVersion: 1\nArchitecture: a/b\n", "not a package name: a/b"},
      {"Package: -x\nVersion: 1\nArchitecture: all\n", "not a package name"},
      {"Package: p\nPackage: q\nVersion: 1\nArchitecture: all\n", "Package"},
      {"nonsense\n", "c"},
  };
  for (const Case& one : cases) {
    try {
      ParseControl(one.text, "c");
      ADD_FAILURE() << "accepted: " << one.text;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr(one.message)) << one.text;
    }
  }
}

TEST(MakeDpkgDatabase, WritesListsScriptsAndTriggers) {
  UnpackedPackage library = Package("libx", "Multi-Arch: same\n", {{"triggers", "# c\nactivate-noawait ldconfig\n"}});
  library.paths = {"/usr", "/usr/lib"};
  library.conffile_md5 = {{"/etc/x", "00112233445566778899aabbccddeeff"}};
  const UnpackedPackage tool = Package("tool", "", {{"postinst", "#!/bin/sh\n"},
                                                     {"triggers", "interest-noawait ldconfig\ninterest /usr/share/man\n"
                                                                  "interest-await /etc\ninterest t\n"}});
  const auto files = MakeDpkgDatabase({library, tool});
  EXPECT_EQ(files.at("info/libx:amd64.list"), "/.\n/usr\n/usr/lib\n");
  EXPECT_EQ(files.at("info/tool.list"), "/.\n");
  EXPECT_EQ(files.at("info/tool.postinst"), "#!/bin/sh\n");
  EXPECT_EQ(files.at("triggers/File"), "/usr/share/man tool\n/etc tool\n");
  EXPECT_EQ(files.at("triggers/ldconfig"), "tool/noawait\n");
  EXPECT_EQ(files.at("triggers/t"), "tool\n");
  EXPECT_THAT(files.at("status"), HasSubstr("Package: libx\nStatus: install ok unpacked\nVersion: 1.0-1\n"));
  EXPECT_THAT(files.at("status"), HasSubstr("Conffiles:\n /etc/x 00112233445566778899aabbccddeeff\n\n"));
  EXPECT_EQ(files.at("info/format"), "1\n");
}

TEST(MakeDpkgDatabase, GoesOnWhereInstalledPackagesStopped) {
  InstalledState installed;
  installed.status = "Package: old\nStatus: install ok installed\n";
  installed.file_triggers = "/usr/share/man man\n/usr/lib/x old/noawait\n/opt old\n";
  installed.named_triggers = {{"ldconfig", "old/noawait\n"}, {"named", "old\n"}};
  UnpackedPackage library = Package("libx", "Multi-Arch: same\n",
                                    {{"triggers", "activate-noawait ldconfig\nactivate named\nactivate unknown\ninterest /opt\n"}});
  library.paths = {"/usr", "/usr/share", "/usr/share/man", "/usr/share/man/man1", "/usr/share/man/man1/x.1", "/usr/lib/xy"};
  UnpackedPackage pages = Package("pages", "", {{"triggers", "interest ldconfig\n"}});
  pages.paths = {"/usr/share/man/man1/y.1", "/option"};
  const auto files = MakeDpkgDatabase({library, pages}, &installed);
  EXPECT_EQ(files.at("triggers/Unincorp"), "/usr/share/man libx:amd64 pages\nldconfig -\nnamed libx:amd64\n");
  EXPECT_EQ(files.at("triggers/File"), "/usr/share/man man\n/usr/lib/x old/noawait\n/opt old\n/opt libx:amd64\n");
  EXPECT_EQ(files.at("triggers/ldconfig"), "old/noawait\npages\n");
  EXPECT_THAT(files.at("status"), testing::StartsWith("Package: old\nStatus: install ok installed\n\nPackage: libx\nStatus: "
                                                      "install ok unpacked\n"));
  for (const char* kept : {"info/format", "diversions", "statoverride"}) EXPECT_FALSE(files.contains(kept)) << kept;
}

TEST(MakeDpkgDatabase, RefusesTriggersThatLeaveTheirDirectory) {
  for (const char* name : {"../status", "..", "File", "a/b", "Unincorp"}) {
    EXPECT_THROW(MakeDpkgDatabase({Package("p", "", {{"triggers", std::string("interest ") + name + "\n"}})}), ParseError)
        << name;
  }
}

// dpkg itself is asked whether it understands what was written.
TEST(MakeDpkgDatabase, IsReadByDpkg) {
  const TemporaryDirectory area("/var/tmp", "nachbau-dpkg-test-");
  UnpackedPackage library = Package("libx", "Multi-Arch: same\n");
  library.paths = {"/usr", "/usr/lib", "/usr/lib/libx.so"};
  library.conffile_md5 = {{"/etc/x", "00112233445566778899aabbccddeeff"}};
  const UnpackedPackage tool = Package("tool", "Depends: libx\n", {{"triggers", "interest t\n"}});
  for (const auto& [name, bytes] : MakeDpkgDatabase({library, tool})) {
    WriteFileAtomically(area.path() / name, bytes, 0644, Durability::kNone);
  }
  MakeDirectories(area.path() / "updates");
  const auto dpkg = [&](std::vector<std::string> arguments) {
    ProcessRequest request;
    request.arguments = {"dpkg-query", "--admindir=" + area.path().native()};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    const ProcessResult result = RunProcess(request);
    EXPECT_EQ(result.exit_code, 0) << result.standard_error;
    EXPECT_THAT(result.standard_error, IsEmpty());
    return result.standard_output;
  };
  EXPECT_EQ(dpkg({"--show", "--showformat=${Package} ${Version} ${db:Status-Abbrev}|${Conffiles}\n"}),
            "libx 1.0-1 iU | /etc/x 00112233445566778899aabbccddeeff\ntool 1.0-1 iU |\n");
  EXPECT_EQ(dpkg({"--listfiles", "libx:amd64"}), "/.\n/usr\n/usr/lib\n/usr/lib/libx.so\n");
  EXPECT_EQ(dpkg({"--search", "/usr/lib/libx.so"}), "libx:amd64: /usr/lib/libx.so\n");
}

TEST(PreinstOrder, PutsWhatIsNeededFirst) {
  const std::map<std::string, std::string> script = {{"preinst", "#!/bin/sh\n"}};
  const std::vector<UnpackedPackage> packages = {Package("a", "Pre-Depends: z (>= 1) | nothing, no-script\n", script),
                                                 Package("b", "", script),
                                                 Package("base-files", "Pre-Depends: y\n", script),
                                                 Package("base-passwd", "", script),
                                                 Package("no-script", "Pre-Depends: q\n"),
                                                 Package("q", "", script),
                                                 Package("y", "Pre-Depends: z\n", script),
                                                 Package("z", "Pre-Depends: y\n", script)};  // a cycle
  std::vector<std::string> names;
  for (const std::size_t i : PreinstOrder(packages)) names.push_back(packages[i].name);
  EXPECT_THAT(names, ElementsAre("base-passwd", "z", "y", "base-files", "q", "a", "b"));
}

}  // namespace
}  // namespace nachbau::builder
