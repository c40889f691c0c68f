// Resolves one source package from an apt lists directory and compares time and result with what
// "apt-get --simulate build-dep" makes of the same lists.
//
//   resolve_bench LISTS SOURCE [ARCHITECTURE]
//
// LISTS  as apt writes it: *_InRelease, *_Packages, *_Sources, plain or compressed (".xz" …), one component per suite:
//        apt-get update -o Dir::State::lists=LISTS -o Dir::Etc::sourcelist=… (with deb-src lines)
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/bench/apt_lists.h"

namespace nachbau::mirror {
namespace {

int Run(const std::filesystem::path& lists, const std::string& source, const std::string& architecture) {
  const TemporaryDirectory work(std::filesystem::temp_directory_path(), "resolve-bench-");
  Store store(work.path() / "store");
  const Snapshot snapshot = ReadLists(lists, architecture, store);
  MirrorConfig config;
  config.architecture = architecture;
  config.state_directory = work.path() / "state";
  ResolveRequest request;
  request.source = source;
  SilentProgress progress;
  const std::uint64_t before = MonotonicMilliseconds();
  const Lock lock = Resolve(request, snapshot, config, store, progress);
  const std::uint64_t ours = MonotonicMilliseconds() - before;
  const bool same = FormatCanonical(ToJson(Resolve(request, snapshot, config, store, progress))) ==
                    FormatCanonical(ToJson(lock));

  // As on a build daemon: first the chroot with the essential packages, build-essential and fakeroot, then the dependencies.
  const std::string sources = SourcesOf(snapshot);
  auto theirs = MakeChroot(work.path(), lists, sources);
  const std::uint64_t start = MonotonicMilliseconds();
  theirs.merge(Simulate(work.path(), lists, sources, {"build-dep", source + "=" + lock.version}));
  const std::uint64_t apt = MonotonicMilliseconds() - start;

  std::map<std::string, std::string> environment;
  for (const LockedFile& file : lock.WithRole(InputRole::kEnvironment)) environment[file.package] = file.version;
  std::printf("%s %s: %zu packages in the environment, %zu files in the lock, %zu binaries, %zu sources missing\n",
              lock.source.c_str(), lock.version.c_str(), environment.size(), lock.files.size(), lock.binaries.size(),
              lock.missing_sources.size());
  std::printf("  apt installs %zu; nachbau %llu ms, apt-get --simulate build-dep %llu ms: ratio %.2f; repeated: %s\n",
              theirs.size(), static_cast<unsigned long long>(ours), static_cast<unsigned long long>(apt),
              static_cast<double>(ours) / static_cast<double>(std::max<std::uint64_t>(apt, 1)),
              same ? "same bytes" : "OTHER BYTES");
  for (const auto& [name, version] : theirs) {
    const auto found = environment.find(name);
    if (found == environment.end()) std::printf("  only apt: %s %s\n", name.c_str(), version.c_str());
    else if (found->second != version) std::printf("  apt has %s %s, we %s\n", name.c_str(), version.c_str(), found->second.c_str());
  }
  std::size_t only_ours = 0;
  for (const auto& [name, version] : environment) {
    if (!theirs.contains(name)) {
      std::printf("%s%s", only_ours++ == 0 ? "  only nachbau: " : " ", name.c_str());
    }
  }
  if (only_ours != 0) std::printf("\n");
  return same ? 0 : 1;
}

}  // namespace
}  // namespace nachbau::mirror

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: resolve_bench LISTS SOURCE [ARCHITECTURE]\n");
    return 2;
  }
  try {
    return nachbau::mirror::Run(std::filesystem::absolute(argv[1]), argv[2], argc > 3 ? argv[3] : "amd64");
  } catch (const nachbau::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    for (const auto& hint : error.hints()) std::fprintf(stderr, "  %s\n", nachbau::Render(hint).c_str());
    return 2;
  }
}
