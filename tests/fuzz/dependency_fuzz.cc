// Dependency lists of foreign bytes. What was accepted and reduced must be safe to write into a control file, and must
// read back as the same.
#include <cstdint>

#include "base/error.h"
#include "mirror/dependency.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(dependency) {
  namespace mirror = nachbau::mirror;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto groups = mirror::ParseDependencies(text, "fuzz");
    const auto reduced = mirror::ReduceDependencies(groups, "amd64", {"nocheck"});
    const std::string written = mirror::Format(reduced);
    if (written.find('\n') != written.npos) __builtin_trap();
    if (mirror::ParseDependencies(written, "written") != reduced) __builtin_trap();
    if (mirror::KeepFirstAlternatives(reduced).size() != reduced.size()) __builtin_trap();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
