// The input as a .deb beside one that is fixed, and as an ELF file beside itself with one byte changed.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/fuzz/fuzz_target.h"
#include "verifier/deb_comparison.h"
#include "verifier/elf_sections.h"

FUZZ_TARGET(deb_comparison) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static const std::string reference = "!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n";
  if (bytes != reference && nachbau::verifier::ExamineDebs(bytes, reference).differences.empty()) std::abort();
  if (!nachbau::verifier::ExamineDebs(bytes, bytes).differences.empty()) std::abort();
  std::string changed = bytes;
  if (!changed.empty()) changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  if (!changed.empty() && nachbau::verifier::ExamineDebs(bytes, changed).differences.empty()) std::abort();
  nachbau::verifier::CompareElf(bytes, changed);
  return 0;
}
