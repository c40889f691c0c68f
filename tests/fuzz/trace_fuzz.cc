// A trace: read or refused; what is read is the same again when written, and no question to it goes beyond its lists.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "model/trace_queries.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(trace) {
  try {
    const nachbau::Json json = nachbau::ParseJson({reinterpret_cast<const char*>(data), size}, "trace.json");
    const nachbau::Trace trace = nachbau::TraceFromJson(json, "trace.json");
    const nachbau::Json written = ToJson(trace);
    if (ToJson(nachbau::TraceFromJson(written, "trace.json")) != written) __builtin_trap();
    const nachbau::TraceQueries queries(trace);
    const auto files = static_cast<std::uint32_t>(trace.files.size());
    for (std::uint32_t file = 0; file < files; ++file) {
      for (const std::uint32_t input : queries.InputsOf(file)) {
        if (input >= files) __builtin_trap();
      }
      for (const std::uint32_t process : queries.ReadersOf(file)) {
        if (process >= trace.processes.size()) __builtin_trap();
        queries.ProgramAt(process, 0);
      }
      queries.WritersOf(file);
      if (queries.FindFiles(trace.files[file].path).empty()) __builtin_trap();
    }
    queries.UnreadSources();
    queries.ReadFromOutside();
    queries.ReadFromKernel();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
