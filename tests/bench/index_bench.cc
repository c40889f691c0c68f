// Reads the Packages and Sources of an apt lists directory and compares the time with apt's own reading of the same
// files: apt-cache dump with its caches switched off (Packages into apt's cache), and apt-cache dumpavail besides.
//
//   index_bench LISTS [RUNS]
//
// LISTS as in resolve_bench, plain files: decompressing is left out on both sides.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/debian_source.h"
#include "mirror/package_index.h"
#include "tests/bench/apt_lists.h"

namespace nachbau::mirror {
namespace {

std::uint64_t Median(std::size_t runs, const std::function<void()>& work) {
  std::vector<std::uint64_t> times;
  for (std::size_t i = 0; i < runs; ++i) {
    const std::uint64_t start = MonotonicMilliseconds();
    work();
    times.push_back(MonotonicMilliseconds() - start);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void Apt(const std::filesystem::path& work, const std::filesystem::path& lists, const std::string& command) {
  ProcessRequest request;
  request.environment["APT_CONFIG"] = (work / "apt.conf").native();
  request.output_limit = 4ULL << 30;
  request.arguments = {"apt-cache", command};
  for (const std::string& option :
       {"Dir::State::lists=" + lists.native(), "Dir::State::status=" + (work / "status").native(),
        "Dir::Etc::sourcelist=" + (work / "sources.list").native(), std::string("Dir::Etc::sourceparts=/dev/null"),
        std::string("Dir::Cache::pkgcache="), std::string("Dir::Cache::srcpkgcache=")}) {
    request.arguments.push_back("-o");
    request.arguments.push_back(option);
  }
  const ProcessResult result = RunProcess(request);
  if (result.exit_code != 0 || result.standard_output.empty()) throw Error(Msg("apt-cache: {}", result.standard_error));
}

int Run(const std::filesystem::path& lists, std::size_t runs) {
  const TemporaryDirectory work(std::filesystem::temp_directory_path(), "index-bench-");
  Store store(work.path() / "store");
  WriteFileAtomically(work.path() / "sources.list", SourcesOf(ReadLists(lists, "amd64", store)));
  WriteFileAtomically(work.path() / "apt.conf", "");
  WriteFileAtomically(work.path() / "status", "");
  for (const char* kind : {"_Packages", "_Sources"}) {
    std::vector<std::filesystem::path> files;
    std::uint64_t bytes = 0;
    for (const auto& file : ListFiles(lists)) {
      if (!file.native().ends_with(kind)) continue;
      files.push_back(lists / file);
      bytes += std::filesystem::file_size(lists / file);
    }
    if (files.empty()) throw Error(Msg("no plain file *{} in {}", kind, lists.native()));
    std::size_t paragraphs = 0;
    const std::uint64_t names = Median(runs, [&] {
      paragraphs = 0;
      for (const auto& file : files) paragraphs += PackageIndex(ReadFile(file, 2ULL << 30), file).size();
    });
    const std::uint64_t fields = Median(runs, [&] {
      for (const auto& file : files) ForEachParagraph(ReadFile(file, 2ULL << 30), file.native(), [](const Paragraph&) {});
    });
    std::printf("%s: %zu paragraphs, %.1f MB: names %llu ms, all fields %llu ms", kind + 1, paragraphs,
                static_cast<double>(bytes) / 1e6, static_cast<unsigned long long>(names),
                static_cast<unsigned long long>(fields));
    if (std::string_view(kind) == "_Packages") {
      const std::uint64_t dump = Median(runs, [&] { Apt(work.path(), lists, "dump"); });
      const std::uint64_t stats = Median(runs, [&] { Apt(work.path(), lists, "stats"); });
      const std::uint64_t avail = Median(runs, [&] { Apt(work.path(), lists, "dumpavail"); });
      std::printf("; apt-cache dump %llu ms, stats %llu ms, dumpavail %llu ms: all fields take %.2f of stats, %.2f of "
                  "dumpavail",
                  static_cast<unsigned long long>(dump), static_cast<unsigned long long>(stats),
                  static_cast<unsigned long long>(avail), static_cast<double>(fields) / static_cast<double>(stats),
                  static_cast<double>(fields) / static_cast<double>(avail));
    } else {
      const std::uint64_t values = Median(runs, [&] {
        for (const auto& file : files) {
          ForEachParagraph(ReadFile(file, 2ULL << 30), file.native(),
                           [](const Paragraph& paragraph) { ParseDebianSource(paragraph); });
        }
      });
      std::printf("; with all build dependencies parsed %llu ms", static_cast<unsigned long long>(values));
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace nachbau::mirror

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: index_bench LISTS [RUNS]\n");
    return 2;
  }
  try {
    return nachbau::mirror::Run(std::filesystem::absolute(argv[1]), argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 3);
  } catch (const nachbau::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
