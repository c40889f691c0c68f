// sandbox_bench [RUNS]: one small program, started in the sandbox with all it has (overlay, filters, limits, control group
// where there is one) and by bubblewrap in the same namespaces over the same files, taking turns. Prints the median of each
// in milliseconds and the ratio.
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

constexpr int kRuns = 50;

double Median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

template <typename Function>
double Milliseconds(const Function& function) {
  timespec before{}, after{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  function();
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  return static_cast<double>(after.tv_sec - before.tv_sec) * 1e3 + static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e6;
}

int Main(int runs) {
  const TinyRoot root;
  SandboxRequest request = root.Request({"exit", "0"});
  request.limits.disk = 0;  // the peer counts nothing
  ProcessRequest peer;
  peer.arguments = {"bwrap", "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
                    "--unshare-cgroup", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
                    "--ro-bind", (root.path() / "lower/bin").native(), "/bin",
                    "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "/bin/inside", "exit", "0"};
  const auto check = [](int exit_code, const std::string& output) {
    if (exit_code != 0) throw Error(Msg("the program was not run: {}", output));
  };
  std::vector<double> ours, observed, theirs;
  for (int i = 0; i < runs; ++i) {
    for (const bool trace : {false, true}) {
      request.trace = trace;
      (trace ? observed : ours).push_back(Milliseconds([&] {
        const Ran ran = Run(request);
        check(ran.result.exit_code, ran.output);
      }));
    }
    theirs.push_back(Milliseconds([&] {
      const ProcessResult result = RunProcess(peer);
      check(result.exit_code, result.standard_error);
    }));
  }
  std::cout << "starting and ending one program, milliseconds, median of " << runs << "\n"
            << "  sandbox            " << Median(ours) << "\n"
            << "  sandbox, observed  " << Median(observed) << "\n"
            << "  bubblewrap         " << Median(theirs) << "\n"
            << "  ratio              " << Median(ours) / Median(theirs) << "\n";
  return 0;
}

}  // namespace
}  // namespace nachbau::builder

int main(int count, char** arguments) {
  return nachbau::builder::Main(count > 1 ? std::max(1, std::atoi(arguments[1])) : nachbau::builder::kRuns);
}
