// fuzz_replay TARGET CORPUS: runs a fuzz target over every file of its corpus and over deterministic mutations of each:
// truncations, flipped bytes, doubled and removed stretches. Crashes and sanitizer reports fail the test; so does an
// empty corpus.
#include <cstdint>
#include <cstdio>
#include <random>

#include "base/file.h"
#include "tests/fuzz/fuzz_target.h"

std::map<std::string_view, FuzzTarget, std::less<>>& FuzzTargets() {
  static std::map<std::string_view, FuzzTarget, std::less<>> targets;
  return targets;
}

namespace {

std::string Mutate(std::string bytes, std::mt19937& random) {
  const auto pick = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (std::size_t changes = 1 + pick(4); changes > 0; --changes) {
    switch (pick(4)) {
      case 0:
        if (!bytes.empty()) bytes[pick(bytes.size())] = static_cast<char>(random());
        break;
      case 1: bytes.resize(pick(bytes.size() + 1)); break;
      case 2: {
        const std::size_t from = pick(bytes.size());
        bytes.insert(pick(bytes.size() + 1), bytes.substr(from, pick(64)));
        break;
      }
      default: {
        const std::size_t from = pick(bytes.size());
        bytes.erase(from, pick(64));
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const auto target = argc == 3 ? FuzzTargets().find(std::string_view(argv[1])) : FuzzTargets().end();
  if (target == FuzzTargets().end()) {
    std::fprintf(stderr, "usage: fuzz_replay TARGET CORPUS; targets:");
    for (const auto& [name, function] : FuzzTargets()) std::fprintf(stderr, " %s", name.data());
    std::fprintf(stderr, "\n");
    return 2;
  }
  const auto run = [&](const std::string& bytes) {
    target->second(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  const std::filesystem::path corpus(argv[2]);
  const auto files = nachbau::ListFiles(corpus);
  if (files.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", argv[2]);
    return 1;
  }
  run("");
  for (const auto& file : files) {
    const std::string seed = nachbau::ReadFile(corpus / file);
    run(seed);
    std::mt19937 random(1);
    for (int i = 0; i < 300; ++i) run(Mutate(seed, random));
  }
  std::printf("%zu seeds, %zu runs\n", files.size(), files.size() * 301 + 1);
}
