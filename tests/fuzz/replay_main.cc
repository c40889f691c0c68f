// Runs a fuzz target over every file of its corpus and over deterministic mutations of each: truncations, flipped
// bytes, doubled and removed stretches. Crashes and sanitizer reports fail the test; so does an empty corpus.
#include <cstdint>
#include <cstdio>
#include <random>

#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void Run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

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
  if (argc != 2) return 2;
  const std::filesystem::path corpus(argv[1]);
  const auto files = nachbau::ListFiles(corpus);
  if (files.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", argv[1]);
    return 1;
  }
  Run("");
  for (const auto& file : files) {
    const std::string seed = nachbau::ReadFile(corpus / file);
    Run(seed);
    std::mt19937 random(1);
    for (int i = 0; i < 300; ++i) Run(Mutate(seed, random));
  }
  std::printf("%zu seeds, %zu runs\n", files.size(), files.size() * 301 + 1);
}
