// What an ordinary user without subordinate ids gets: the same builds with one id inside, and a record that says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "builder/machine_check.h"
#include "builder/root.h"
#include "builder/sandbox/id_map.h"
#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"
#include "tests/builder/host_tools.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// As nobody, whom no /etc/subuid gives ids. Started by an ordinary user, as that user with the same map.
void RunWithOneId(const std::function<void(const IdMap&)>& body) {
  if (::geteuid() != 0) {
    body(OneIdMap());
    return;
  }
  RunAs("nobody", [&] {
    const IdMap map = FindIdMap();
    EXPECT_TRUE(map.HasOneId());
    body(map);
  });
}

Guarantee Named(const SandboxResult& result, const std::string& name) {
  for (const Guarantee& guarantee : result.guarantees) {
    if (guarantee.name == name) return guarantee;
  }
  throw Error(Msg("no guarantee {}", name));
}

TEST(OneId, BuildsRunAsTheBuildUserWithoutCapabilities) {
  RunWithOneId([](const IdMap& map) {
    TinyRoot root(map);
    const Ran ran = builder::Run(root.Request({"look"}));
    EXPECT_THAT(ran.output, HasSubstr("ids=1000:1000:"));
    EXPECT_THAT(ran.output, HasSubstr("capabilities=0000000000000000 0000000000000000 0000000000000000 0000000000000000 "
                                      "0000000000000000\n"));
    EXPECT_THAT(ran.output, HasSubstr("no-new-privileges=1\n"));
    for (const char* name : {"build-user", "file-owners"}) {
      EXPECT_FALSE(Named(ran.result, name).in_force) << name;
      EXPECT_THAT(Named(ran.result, name).detail, HasSubstr("reduced: no subordinate ids"));
    }
    EXPECT_EQ(Named(ran.result, "user-namespace").detail, "new, with the user's own id only");
  });
}

TEST(OneId, BuildsAreRefusedOtherOwnersAsEverywhere) {
  RunWithOneId([](const IdMap& map) {
    TinyRoot root(map);
    const std::string expected =
        "chown-other=EPERM\nchown-root=EPERM\nchown-self=done\nchown-nobody=done\nowner=1000:1000\nsetgroups=EPERM\n";
    EXPECT_THAT(builder::Run(root.Request({"owners"})).output, HasSubstr(expected));
  });
  const TinyRoot with_ids;
  EXPECT_EQ(builder::Run(with_ids.Request({"owners"})).output,
            "chown-other=EPERM\nchown-root=EPERM\nchown-self=done\nchown-nobody=done\nowner=1000:1000\nsetgroups=EPERM\n"
            "become-other=EPERM\n");
}

TEST(OneId, MaintainerScriptsChangeOwnersWithoutEffect) {
  RunWithOneId([](const IdMap& map) {
    TinyRoot root(map);
    SandboxRequest request = root.Request({"owners"});
    request.user = SandboxUser::kRoot;
    EXPECT_EQ(builder::Run(request).output,
              "chown-other=done\nchown-root=done\nchown-self=done\nchown-nobody=done\nowner=0:0\nsetgroups=done\n"
              "become-other=done\n");
  });
}

TEST(OneId, LimitsAndTraceWorkAsWell) {
  RunWithOneId([](const IdMap& map) {
    TinyRoot root(map);
    SandboxRequest request = root.Request({"disk"});
    request.working_directory = "/tmp";
    request.limits.disk = 8ULL << 20;
    EXPECT_EQ(builder::Run(request).result.detail, "disk: more than 8388608 bytes");
    request = root.Request({"write", "/tmp/traced", "x"});
    request.trace = true;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.exit_code, 0) << ran.output;
    ASSERT_TRUE(ran.result.trace);
    EXPECT_FALSE(ran.result.trace->processes.empty());
  });
}

// A package with a directory of a daemon's own, whose script gives a file away.
std::string OwningDeb() {
  TarMember log = Directory("./var/log/daemon");
  log.uid = 101;
  log.gid = 4;
  return MakeDeb(Control("owning", "Pre-Depends: host-tools\n"), {Directory("./"), Directory("./var"), Directory("./var/log"), log},
                 {File("./postinst", "#!/bin/sh\nset -e\necho x > /etc/given\nchown 101:4 /etc/given\n", 0755)});
}

TEST(OneId, RootsAreMadeKeptApartAndRemoved) {
  RunWithOneId([](const IdMap& map) {
    TemporaryDirectory area("/var/tmp", "nachbau-one-id-test-");
    Store store(area.path() / "store");
    Lock lock;
    lock.source = "p";
    lock.version = "1";
    lock.files = {EnvironmentFile(store, "host-tools", HostToolsDeb()), EnvironmentFile(store, "owning", OwningDeb())};
    BuilderConfig config;
    config.cache_directory = area.path() / "cache";
    SilentProgress progress;
    const RootLayers made = MakeRoot(lock, config, map, store, progress);
    struct stat state {};
    EXPECT_EQ(::stat((made.lower[1] / "var/log/daemon").c_str(), &state), 0);
    EXPECT_EQ(state.st_uid, ::geteuid());
    EXPECT_EQ(ReadFile(made.lower[0] / "etc/given"), "x\n");
    EXPECT_THAT(made.cache.native(), testing::EndsWith("-one-id"));
    EXPECT_TRUE(MakeRoot(lock, config, map, store, progress).prepared.from_cache);
    // Nothing of it may be taken for a root with owners.
    IdMap with_ids = map;
    with_ids.uid_count = with_ids.gid_count = kIdCount;
    EXPECT_NE(RootDigest(lock.files, with_ids), made.prepared.digest);
    RemoveTree(map, config.cache_directory);
    EXPECT_FALSE(fs::exists(config.cache_directory));
  });
}

TEST(OneId, TheMachineCheckSaysWhatIsReducedAndHowToMendIt) {
  RunWithOneId([](const IdMap&) {
    if (!FindIdMap().HasOneId()) return;  // started by an ordinary user who has ids: the check is about them
    TemporaryDirectory area("/var/tmp", "nachbau-one-id-test-");
    BuilderConfig config;
    config.work_directory = area.path() / "work";
    for (const MachineCheck& check : CheckMachine(config)) {
      if (check.name == "subordinate ids") {
        EXPECT_EQ(check.state, MachineCheck::State::kReduced);
        EXPECT_THAT(Render(check.remedy), HasSubstr("usermod --add-subuids"));
      } else if (check.name == "id mapping" || check.name == "overlayfs" || check.name == "process files") {
        EXPECT_EQ(check.state, MachineCheck::State::kGood) << check.name << ": " << Render(check.found);
      }
    }
  });
}

}  // namespace
}  // namespace nachbau::builder
