#include "mirror/source_resolver.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "mirror/resolver.h"
#include "tests/mirror/small_archive.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

std::string Depends(const std::string& list) { return "Build-Depends: " + list + "\n"; }

// Sources of every kind: with and without dependencies, alternatives, virtual packages, conflicts that make the resolver
// choose, conflicts that nothing solves, dependencies that do not exist, a binNMU, circles.
SmallArchive MakeArchive() {
  SmallArchive archive;
  archive.Base().Binary("fakeroot", "1.31").Source("fakeroot", "1.31", Depends("debhelper"));
  archive.Binary("debhelper", "13", "Depends: dh-tool | dh-other\n", "all").Source("debhelper", "13", Depends("debhelper"));
  archive.Binary("dh-tool", "1").Binary("dh-other", "1").Source("dh-tool", "1", Depends("dh-other"));
  archive.Binary("mail-a", "1", "Provides: mta\nConflicts: mta\n").Binary("mail-b", "1", "Provides: mta\nConflicts: mta\n");
  archive.Binary("old-a", "1", "Depends: old-b | new-b\n").Binary("old-b", "1", "Conflicts: wish\n").Binary("new-b", "1");
  archive.Binary("wish", "1").Binary("broken", "1", "Depends: nowhere\n");
  archive.Binary("nmu", "1+b2", "Source: nmu (1)\n").Binary("nmu-doc", "1", "Source: nmu\n", "all");
  archive.Source("plain", "1").Source("tools", "1", Depends("debhelper, dh-other"));
  archive.Source("choice", "1", Depends("old-a, wish")).Source("other-choice", "1", Depends("wish, old-a, mta"));
  archive.Source("virtual", "1", Depends("mta")).Source("impossible", "1", Depends("mail-a, mail-b"));
  archive.Source("missing", "1", Depends("debhelper, nowhere (>= 2)")).Source("deep", "1", Depends("broken"));
  archive.Source("banned", "1", "Build-Depends: debhelper\nBuild-Conflicts: dh-tool\n");
  archive.Source("nmu", "1",
                 "Architecture: any all\nPackage-List:\n nmu deb x optional arch=any\n nmu-doc deb x optional arch=all\n"
                 "Build-Depends: debhelper\nBuild-Depends-Indep: wish\n");
  return archive;
}

class SourceResolverTest : public testing::Test {
 protected:
  SourceResolverTest() {
    config_.architecture = "amd64";
    config_.state_directory = directory_.path() / "state";
    snapshot_ = MakeSnapshot({MakeArchive()}, store_);
  }
  std::vector<ResolvedSource> Resolve(SourceResolver& resolver, const std::vector<std::string>& names) {
    std::vector<WantedSource> wanted;
    for (const std::string& name : names) wanted.push_back({resolver.Choose(name, ""), RecipeFor({})});
    std::size_t advanced = 0;
    auto resolved = resolver.Resolve(wanted, [&] { ++advanced; });
    EXPECT_EQ(advanced, names.size());
    return resolved;
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "source-resolver-test-"};
  Store store_{directory_.path() / "store"};
  Snapshot snapshot_;
  MirrorConfig config_;
  SilentProgress progress_;
};

TEST_F(SourceResolverTest, AnswersEachOfManyAsIfItWereTheOnlyOne) {
  const std::vector<std::string> names = {"plain", "tools", "choice", "other-choice", "virtual", "impossible", "missing",
                                          "deep", "banned", "nmu", "debhelper", "dh-tool", "fakeroot", "glibc"};
  std::map<std::string, std::string> alone;
  for (const std::string& name : names) {
    ResolveRequest request;
    request.source = name;
    try {
      alone[name] = FormatCanonical(ToJson(mirror::Resolve(request, snapshot_, config_, store_, progress_)));
    } catch (const MissingError& error) {
      alone[name] = error.what();
    }
  }
  EXPECT_THAT(alone["impossible"], HasSubstr("conflicts with"));
  EXPECT_THAT(alone["missing"], HasSubstr("needs nowhere (>= 2), which no archive offers"));
  EXPECT_THAT(alone["nmu"], HasSubstr("1+b2"));
  EXPECT_THAT(alone["choice"], HasSubstr("new-b"));
  for (const std::uint32_t processes : {1U, 3U}) {
    config_.processes = processes;
    const auto task = progress_.Start(Msg("x"), Unit::kItems, 2);
    SourceResolver resolver(snapshot_, config_, store_, *task);
    // Twice in one call, and in another call after it.
    std::vector<std::string> twice = names;
    twice.insert(twice.end(), names.rbegin(), names.rend());
    for (const auto& list : {twice, names}) {
      const auto resolved = Resolve(resolver, list);
      for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string answer = resolved[i].problem
                                       ? resolved[i].problem->what()
                                       : FormatCanonical(ToJson(resolver.MakeLock(resolved[i], true, progress_)));
        EXPECT_EQ(answer, alone[list[i]]) << list[i] << ", " << processes << " processes";
      }
    }
  }
}

TEST_F(SourceResolverTest, KeepsTheHintsOfAProblem) {
  config_.processes = 2;
  const auto task = progress_.Start(Msg("x"), Unit::kItems, 2);
  SourceResolver resolver(snapshot_, config_, store_, *task);
  const auto resolved = Resolve(resolver, {"missing", "plain"});
  ASSERT_TRUE(resolved[0].problem);
  EXPECT_EQ(resolved[0].problem->hints().size(), 1u);
  EXPECT_EQ(resolved[0].problem->parts().size(), 2u);
  EXPECT_FALSE(resolved[1].problem);
}

}  // namespace
}  // namespace nachbau::mirror
