#pragma once

namespace nachbau::cli {

// As in cmp(1): never 1 for 2.
inline constexpr int kGood = 0;           // checked and good
inline constexpr int kBad = 1;            // checked and bad: differs, denied, damaged
inline constexpr int kCouldNotCheck = 2;  // usage, missing evidence, network, machine
inline constexpr int kInterrupted = 130;  // Ctrl-C

}  // namespace nachbau::cli
