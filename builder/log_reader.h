// A kept build log, read again: searching, its end, and the lines that tell why a build failed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "builder/failure_finder.h"

namespace nachbau::builder {

// Calls `sink` with each line of a compressed (or plain) log and its number (1-based); lines as they came, cut at
// kMaxLogLine. Reads from the current position, in bounded memory. Throws ParseError for a damaged log or one of more
// than 16 GiB; `name` is for messages.
void ReadLog(const FileDescriptor& log, std::string_view name,
             const std::function<void(std::uint64_t, std::string_view)>& sink);

// The lines of the log of a failed build that tell why; no lines for an empty log. Throws as ReadLog does.
LogExcerpt FindFailure(const FileDescriptor& log, std::string_view name);

// The last `count` lines, for a build that did not fail by itself: hung, or went over a limit.
LogExcerpt FindEnd(const FileDescriptor& log, std::string_view name, std::size_t count);

}  // namespace nachbau::builder
