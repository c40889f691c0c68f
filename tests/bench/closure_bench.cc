// Resolves many source packages of an apt lists directory at once, and compares time and result with single resolutions
// and with "apt-get --simulate build-dep", one after the other, of a sample.
//
//   closure_bench LISTS COUNT [SAMPLES [ARCHITECTURE]]
//
// LISTS as in resolve_bench. COUNT: how many sources, evenly spread over the names; 0: all.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/resolver.h"
#include "mirror/source_resolver.h"
#include "tests/bench/apt_lists.h"

namespace nachbau::mirror {
namespace {

std::vector<std::string> Spread(const std::vector<std::string>& names, std::size_t count) {
  if (count == 0 || count >= names.size()) return names;
  std::vector<std::string> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(names[i * names.size() / count]);
  return some;
}

double Seconds(std::uint64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

int Run(const std::filesystem::path& lists, std::size_t count, std::size_t samples, const std::string& architecture) {
  const TemporaryDirectory work(std::filesystem::temp_directory_path(), "closure-bench-");
  Store store(work.path() / "store");
  const Snapshot snapshot = ReadLists(lists, architecture, store);
  MirrorConfig config;
  config.architecture = architecture;
  config.state_directory = work.path() / "state";
  SilentProgress progress;

  const std::uint64_t start = MonotonicMilliseconds();
  const auto task = progress.Start(Msg("reading"), Unit::kItems, 2);
  SourceResolver resolver(snapshot, config, store, *task);
  const std::uint64_t read = MonotonicMilliseconds();
  std::vector<WantedSource> wanted;
  for (const std::string& name : Spread(resolver.SourceNames(), count)) {
    FoundSource found = resolver.Choose(name, "");
    if (!found.source.extra_source_only) wanted.push_back({std::move(found), RecipeFor({})});
  }
  const std::vector<ResolvedSource> resolved = resolver.Resolve(wanted, [] {});
  const std::uint64_t end = MonotonicMilliseconds();
  std::size_t packages = 0, unsolved = 0;
  for (const ResolvedSource& one : resolved) {
    packages += one.environment.size();
    unsolved += one.problem ? 1 : 0;
  }
  rusage own{}, children{};
  ::getrusage(RUSAGE_SELF, &own);
  ::getrusage(RUSAGE_CHILDREN, &children);
  std::printf("%zu sources: %.1f s (%.1f s of it reading the indexes), %.1f ms each, on %ld processors; %zu cannot be "
              "resolved, %zu needed a second look; %.0f packages on average; at most %ld MB, of a process %ld MB\n",
              resolved.size(), Seconds(end - start), Seconds(read - start),
              static_cast<double>(end - start) / static_cast<double>(std::max<std::size_t>(resolved.size(), 1)),
              ::sysconf(_SC_NPROCESSORS_ONLN), unsolved, resolver.second_looks(),
              static_cast<double>(packages) / static_cast<double>(std::max<std::size_t>(resolved.size(), 1)),
              own.ru_maxrss / 1024, children.ru_maxrss / 1024);

  const std::string sources = SourcesOf(snapshot);
  const auto chroot = MakeChroot(work.path(), lists, sources);
  std::uint64_t apt = 0, single = 0, single_differs = 0, apt_differs = 0, looked_at = 0;
  for (std::size_t k = 0; k < samples && !resolved.empty(); ++k) {
    const std::size_t i = k * resolved.size() / samples;
    const DebianSource& source = resolved[i].found.source;
    ++looked_at;
    ResolveRequest request;
    request.source = source.name;
    request.version = source.version;
    const std::uint64_t before = MonotonicMilliseconds();
    std::string alone, together;
    try {
      alone = FormatCanonical(ToJson(Resolve(request, snapshot, config, store, progress)));
    } catch (const MissingError& error) {
      alone = error.what();
    }
    single += MonotonicMilliseconds() - before;
    together = resolved[i].problem ? resolved[i].problem->what()
                                   : FormatCanonical(ToJson(resolver.MakeLock(resolved[i], true, progress)));
    if (alone != together) {
      ++single_differs;
      std::printf("  %s: OTHER BYTES than alone\n", source.name.c_str());
    }
    std::map<std::string, std::string> theirs = chroot, ours;
    const std::uint64_t before_apt = MonotonicMilliseconds();
    bool apt_solved = true;
    try {
      std::vector<std::string> command = {"build-dep", source.name + "=" + source.version};
      if (resolved[i].recipe.parts == BuildParts::kArchitecture) command.push_back("--arch-only");
      theirs.merge(Simulate(work.path(), lists, sources, command));
    } catch (const Error&) {
      apt_solved = false;
    }
    apt += MonotonicMilliseconds() - before_apt;
    for (const std::uint32_t number : resolved[i].environment) {
      ours[resolver.Package(number).name] = resolver.Package(number).version;
    }
    const bool same = apt_solved ? !resolved[i].problem && ours == theirs : resolved[i].problem.has_value();
    if (!same) {
      ++apt_differs;
      std::printf("  %s: apt %s, %zu packages; nachbau %s, %zu packages\n", source.name.c_str(),
                  apt_solved ? "solves" : "does not solve", theirs.size(), resolved[i].problem ? "does not solve" : "solves",
                  ours.size());
    }
  }
  if (looked_at != 0) {
    const double each = static_cast<double>(end - start) / static_cast<double>(resolved.size());
    std::printf("sample of %llu: alone %.0f ms each, %llu with other bytes; apt-get --simulate build-dep %.0f ms each, %llu "
                "with other packages: ratio %.4f of apt's time, %.4f of single resolutions\n",
                static_cast<unsigned long long>(looked_at), static_cast<double>(single) / static_cast<double>(looked_at),
                static_cast<unsigned long long>(single_differs), static_cast<double>(apt) / static_cast<double>(looked_at),
                static_cast<unsigned long long>(apt_differs), each * static_cast<double>(looked_at) / static_cast<double>(apt),
                each * static_cast<double>(looked_at) / static_cast<double>(single));
  }
  return single_differs == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nachbau::mirror

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: closure_bench LISTS COUNT [SAMPLES [ARCHITECTURE]]\n");
    return 2;
  }
  try {
    return nachbau::mirror::Run(std::filesystem::absolute(argv[1]), std::strtoull(argv[2], nullptr, 10),
                                argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 20, argc > 4 ? argv[4] : "amd64");
  } catch (const nachbau::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
