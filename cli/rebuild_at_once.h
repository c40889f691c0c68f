// Several rebuilds at once, each in a process of its own (docs/decisions/0048-builds-at-once.md).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/context.h"

namespace nachbau::cli {

// Begins every line of a part's standard error that only tells what it is busy with.
inline constexpr const char* kBusyMark = "\x01";

struct RebuildPart {
  std::string source;
  int exit_code = -1;
  std::string output;  // its standard output, whole
};

// Rebuilds the sources, at most `at_once` of them at a time, with the options of this command line. `done` gets the
// parts in the order of `sources`, each as soon as it and all before it are done. Throws CancelledError when all parts
// have ended.
void RebuildAtOnce(Context& context, std::span<const std::string> sources, std::size_t at_once,
                   const std::function<void(const RebuildPart&)>& done);

}  // namespace nachbau::cli
