// A fuzz target of one source: FUZZ_TARGET(name) { … uses `data` and `size`, returns 0 … }. In a program of libFuzzer it is
// LLVMFuzzerTestOneInput; else one of the targets of the program that replays corpora (replay_main.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>

using FuzzTarget = int (*)(const std::uint8_t* data, std::size_t size);

#ifdef NACHBAU_LIBFUZZER
#define FUZZ_TARGET(name) extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
#else
std::map<std::string_view, FuzzTarget, std::less<>>& FuzzTargets();
#define FUZZ_TARGET(name)                                                                            \
  static int name##_target(const std::uint8_t* data, std::size_t size);                              \
  [[maybe_unused]] static const bool name##_known = FuzzTargets().emplace(#name, name##_target).second; \
  static int name##_target(const std::uint8_t* data, std::size_t size)
#endif
