// Roots that lie on the root of their base.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "builder/trace.h"
#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"
#include "tests/builder/workshop.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

using Tree = std::map<std::string, std::string>;

void RemoveBeneath(Tree& tree, const std::string& path) {
  std::erase_if(tree, [&](const auto& entry) { return entry.first.starts_with(path + "/"); });
}

// What a build sees in the layers, as overlayfs merges them: Describe() without the times.
Tree DescribeView(const std::vector<fs::path>& layers) {
  Tree view;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    for (const auto& [path, line] : Describe(*layer)) {  // parents first
      const std::string type = line.substr(0, 3);
      const bool opaque = ::lgetxattr((*layer / path).c_str(), "user.overlay.opaque", nullptr, 0) >= 0;
      if (type != "040" || opaque) RemoveBeneath(view, path);
      const std::size_t before = line.find(' ', line.find(' ') + 1), behind = line.find(' ', before + 1);
      view[path] = line.substr(0, before) + (behind == line.npos ? "" : line.substr(behind));
      if (type == "020") view.erase(path);  // removed
    }
  }
  return view;
}

// Lines that only one of them has.
std::vector<std::string> Differences(const Tree& left, const Tree& right) {
  std::vector<std::string> lines;
  for (const auto& [path, line] : left) {
    if (!right.contains(path) || right.at(path) != line) lines.push_back("- " + path + " " + line);
  }
  for (const auto& [path, line] : right) {
    if (!left.contains(path) || left.at(path) != line) lines.push_back("+ " + path + " " + line);
  }
  return lines;
}

std::string ReadView(const RootLayers& root, const std::string& path) {
  for (const fs::path& layer : root.lower) {
    if (fs::is_regular_file(layer / path)) return ReadFile(layer / path);
  }
  return "nowhere";
}

// With host-tools it is the base, unless `essential` is not given: the same in a root made at once.
std::string EssenceDeb(const std::string& essential = "Essential: yes\n") {
  return MakeDeb(
      Control("essence", essential + "Depends: host-tools\n"),
      {Directory("./"), Directory("./etc"), Directory("./usr"), Directory("./usr/lib"),
       Directory("./usr/lib/shared", 0711), Directory("./usr/share"), Directory("./usr/share/base"),
       File("./etc/essence.conf", "default\n"), File("./usr/share/base/tool", "tool"),
       File("./usr/share/base/old", "old"), File("./usr/share/base/same", "same"), Directory("./usr/share/watched"),
       Directory("./usr/share/gone"), File("./usr/share/gone/file", "")},
      {File("./conffiles", "/etc/essence.conf\n"),
       File("./triggers", "interest-noawait link\ninterest /usr/share/watched\n"),
       File(
           "./postinst",
           Script(
               "echo /usr/lib/shared/* > /etc/libraries\necho /usr/share/watched/* > /etc/pages\n"
               "test \"$1\" = configure || exit 0\n"
               "echo made > /etc/made\nmkdir -p /var/made\nrm -rf /usr/share/gone\n"
               "dpkg-divert --package essence --add --no-rename --divert /usr/share/diverted.real /usr/share/diverted\n"
               "dpkg-statoverride --add root root 0600 /usr/share/secret\n"),
           0755)});
}

// Packages on it that need dpkg to go on where it stopped.
void AddProduct(Workshop& shop) {
  shop.Add("conf", MakeDeb(Control("conf", "Pre-Depends: essence\n"),
                           {Directory("./"), Directory("./etc"), File("./etc/conf.conf", "setting\n"),
                            Directory("./var"), Directory("./var/made", 0700), File("./var/made/more", "")},
                           {File("./conffiles", "/etc/conf.conf\n"),
                            File("./postinst",
                                 Script("grep=$(sed -n '/^builder:/p' /etc/passwd)\ntest -z \"$grep\"\n"
                                        "echo 'daemon:x:101:101::/:/bin/false' >> /etc/passwd\n"),
                                 0755)}));
  shop.Add("diverting",
           MakeDeb(Control("diverting"), {Directory("./"), Directory("./bin"), File("./bin/diverting", "")},
                   {File("./preinst",
                         Script("test \"$1\" = install\n"
                                "dpkg-divert --package diverting --add --rename --divert "
                                "/usr/share/base/tool.real /usr/share/base/tool\n"),
                         0755)}));
  shop.Add("library", MakeDeb(Control("library", "Multi-Arch: same\nDepends: essence\n"),
                              {Directory("./"), Directory("./usr"), Directory("./usr/lib"),
                               Directory("./usr/lib/shared", 0700), File("./usr/lib/shared/lib.so", "code")},
                              {File("./triggers", "activate-noawait link\n")}));
  shop.Add("page", MakeDeb(Control("page"), {Directory("./"), Directory("./usr"), Directory("./usr/share"),
                                             Directory("./usr/share/watched"), File("./usr/share/watched/page", "text"),
                                             Directory("./usr/share/base"), File("./usr/share/base/same", "same")}));
  shop.Add("replacing", MakeDeb(Control("replacing", "Replaces: essence\n"),
                                {Directory("./"), Directory("./usr"), Directory("./usr/share"),
                                 Directory("./usr/share/base"), File("./usr/share/base/old", "new")}));
}

class RootsOnRoots : public EachUser {};
INSTANTIATE_TEST_SUITE_P(Users, RootsOnRoots, testing::Values(Who::kRoot, Who::kUser, Who::kUserWithoutIds), WhoName);

TEST_P(RootsOnRoots, LookAsIfMadeAtOnce) {
  Run([] {
    Workshop shop, at_once;
    shop.Add("essence", EssenceDeb());
    AddProduct(shop);
    at_once.Add("essence", EssenceDeb(""));
    AddProduct(at_once);
    const RootLayers root = shop.Make(), reference = at_once.Make();
    ASSERT_EQ(root.lower.size(), 4U);
    ASSERT_EQ(reference.lower.size(), 2U);
    EXPECT_FALSE(fs::exists(root.lower[1] / "usr/share/base/same"));  // only what is new
    EXPECT_FALSE(fs::exists(root.lower[1] / "usr/lib/libc.so.6"));

    EXPECT_EQ(ReadView(root, "etc/libraries"), "/usr/lib/shared/lib.so\n");  // by a named trigger
    EXPECT_EQ(ReadView(root, "etc/pages"), "/usr/share/watched/page\n");     // by that of a path
    EXPECT_EQ(ReadView(root, "usr/share/base/tool.real"), "tool");
    EXPECT_EQ(ReadView(root, "usr/share/base/old"), "new");
    EXPECT_THAT(ReadView(root, "etc/passwd"),
                testing::EndsWith("daemon:x:101:101::/:/bin/false\n"
                                  "builder:x:1000:1000:build user:/nonexistent:/bin/sh\n"));
    Tree view = DescribeView(root.lower), wanted = DescribeView(reference.lower);
    // Only one says that essence is Essential; the order of the packages is dpkg's.
    EXPECT_EQ(view.erase("var/lib/dpkg/status"), 1U);
    EXPECT_EQ(wanted.erase("var/lib/dpkg/status"), 1U);
    // A script of the base made this directory before the package came: as with dpkg it stays as it is.
    EXPECT_THAT(view.at("var/made"), testing::StartsWith("040755"));
    EXPECT_THAT(wanted.at("var/made"), testing::StartsWith("040700"));
    wanted["var/made"] = view["var/made"];
    EXPECT_THAT(Differences(view, wanted), IsEmpty());
    EXPECT_GT(view.size(), 60U);
    EXPECT_FALSE(view.contains("usr/share/base/tool"));
    const std::string status = ReadView(root, "var/lib/dpkg/status");
    for (const char* bad : {"unpacked", "Triggers-Pending", "Triggers-Awaited", "half"})
      EXPECT_THAT(status, Not(HasSubstr(bad)));
    EXPECT_THAT(status, HasSubstr("Package: host-tools\nStatus: install ok installed\n"));
    EXPECT_THAT(status, HasSubstr("Package: library\nStatus: install ok installed\n"));
    EXPECT_TRUE(shop.Make().prepared.from_cache);
  });
}

TEST(RootOnRoot, IsTheSameTreeWhateverWasInTheCache) {
  Workshop shop;
  shop.Add("essence", EssenceDeb());
  const Lock base_alone = shop.lock();
  shop.Add("other", MakeDeb(Control("other", "Depends: essence\n"),
                            {Directory("./"), Directory("./opt"), File("./opt/other", "")},
                            {File("./postinst", Script("echo other > /etc/other\n"), 0755)}));
  const Lock other = shop.lock();
  shop.lock() = base_alone;
  AddProduct(shop);
  const Lock product = shop.lock();
  const RootLayers cold = shop.Make();
  ASSERT_EQ(cold.lower.size(), 4U);
  ::sleep(1);  // a clock in the tree would show
  shop.UseCache("other");
  shop.lock() = other;
  const RootLayers first = shop.Make();
  shop.lock() = product;
  const RootLayers second = shop.Make();
  EXPECT_FALSE(second.prepared.from_cache);
  ASSERT_EQ(first.lower.size(), 4U);
  EXPECT_EQ(second.lower[2], first.lower[2]);  // one base
  EXPECT_EQ(second.lower[3], first.lower[3]);
  EXPECT_EQ(cold.prepared.digest, second.prepared.digest);
  EXPECT_EQ(second.prepared.packages, 7U);
  ASSERT_EQ(second.lower.size(), 4U);
  for (std::size_t layer = 0; layer < 4; ++layer) {
    const auto tree = Describe(cold.lower[layer]);
    EXPECT_GT(tree.size(), 10U);
    EXPECT_EQ(tree, Describe(second.lower[layer])) << layer;
  }
  // The base is a root as any: that of a lock of just its packages.
  shop.lock() = base_alone;
  const RootLayers base = shop.Make();
  EXPECT_TRUE(base.prepared.from_cache);
  EXPECT_EQ(base.lower, std::vector(second.lower.begin() + 2, second.lower.end()));
  EXPECT_THAT(ReadView(base, "etc/passwd"), HasSubstr("\nbuilder:"));
}

TEST(RootOnRoot, IsMadeAtOnceWhereTheBaseStandsInTheWay) {
  struct Case {
    std::vector<TarMember> members;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {{Directory("./etc"), File("./etc/made", "mine")}, "/etc/made was made or removed by a script of the base"},
      {{Directory("./usr"), Directory("./usr/share"), Directory("./usr/share/gone"),
        File("./usr/share/gone/other", "")},
       "/usr/share/gone was made or removed by a script of the base"},
      {{Directory("./usr"), Directory("./usr/share"), File("./usr/share/diverted", "")},
       "/usr/share/diverted is diverted"},
      {{Directory("./usr"), Directory("./usr/share"), File("./usr/share/diverted.real", "")},
       "/usr/share/diverted.real is diverted"},
      {{Directory("./usr"), Directory("./usr/share"), File("./usr/share/secret", "")},
       "/usr/share/secret is diverted, or its owner or mode given"},
  };
  Workshop shop;
  shop.Add("essence", EssenceDeb());
  const Lock base = shop.lock();
  for (const Case& one : cases) {
    shop.lock() = base;
    shop.Add("awkward", MakeDeb(Control("awkward", "Depends: essence\n"), one.members));
    const RootLayers root = shop.Make();
    EXPECT_EQ(root.lower.size(), 2U);
    EXPECT_THAT(ReadFile(root.lower[0].parent_path() / "at-once"), HasSubstr(std::string("awkward: ") + one.reason));
    EXPECT_EQ(ReadView(root, "etc/made"), "made\n");  // as if the file had been there before the script
    EXPECT_TRUE(shop.Make().prepared.from_cache);
  }
}

TEST(RootOnRoot, NamesBothPackagesOfAConflictWithTheBase) {
  const std::vector<std::vector<TarMember>> cases = {
      {Directory("./usr"), Directory("./usr/share"), Directory("./usr/share/base"),
       File("./usr/share/base/tool", "another")},
      {Directory("./usr"), Directory("./usr/share"), Directory("./usr/share/base"), Directory("./usr/share/base/tool")},
      {Directory("./usr"), Directory("./usr/share"), File("./usr/share/base", "")},
  };
  Workshop shop;
  shop.Add("essence", EssenceDeb());
  const Lock base = shop.lock();
  for (const auto& members : cases) {
    shop.lock() = base;
    shop.Add("rude", MakeDeb(Control("rude"), members));
    try {
      shop.Make();
      ADD_FAILURE() << "was made";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("the packages essence and rude both contain /usr/share/base"));
    }
    EXPECT_THAT(shop.Unfinished(), IsEmpty());
  }
}

TEST(RootOnRoot, HasFilesWhosePackagesATraceNames) {
  Workshop shop;
  shop.Add("essence", EssenceDeb());
  AddProduct(shop);
  const RootLayers root = shop.Make();
  const std::map<std::string, std::string> packages = {{"/usr/bin/sh", "host-tools"},
                                                       {"/usr/bin/diverting", "diverting"},
                                                       {"/usr/lib/shared/lib.so", "library"},
                                                       {"/usr/share/base/old", "replacing"},
                                                       {"/usr/share/base/same", "page"},
                                                       {"/usr/share/base/tool", ""},  // renamed by a preinst
                                                       {"/etc/libraries", ""}};
  Trace trace;
  for (const auto& [path, package] : packages) trace.files.emplace_back().path = path;
  const TemporaryDirectory upper("/var/tmp", "nachbau-upper-test-");
  ::chmod(upper.path().c_str(), 0755);
  DescribeFiles(trace, shop.map(), upper.path(), root.lower, {});
  for (const TraceFile& file : trace.files) {
    EXPECT_EQ(file.package, packages.at(file.path)) << file.path;
    EXPECT_EQ(file.digest.has_value(), file.path != "/usr/share/base/tool") << file.path;
  }
}

TEST(RootOnRoot, IsMadeAgainWhenItsBaseIsGone) {
  Workshop shop;
  shop.Add("essence", EssenceDeb());
  AddProduct(shop);
  const RootLayers made = shop.Make();
  RemoveTree(shop.map(), made.lower[2].parent_path());
  const RootLayers again = shop.Make();
  EXPECT_FALSE(again.prepared.from_cache);
  EXPECT_EQ(again.lower, made.lower);
  EXPECT_TRUE(fs::exists(again.lower[3] / "usr/share/base/tool"));
}

TEST(RootOnRoot, IsMadeByManyAtOnce) {
  Workshop shop;
  shop.Add("essence", EssenceDeb());
  AddProduct(shop);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    if (i == 2) shop.lock().files.pop_back();  // another root on the same base
    children.push_back(MakeInChild(shop));
  }
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_TRUE(shop.Make().prepared.from_cache);
  EXPECT_EQ(std::distance(fs::directory_iterator(shop.Cache() / "roots"), fs::directory_iterator()), 3);
}

}  // namespace
}  // namespace nachbau::builder
