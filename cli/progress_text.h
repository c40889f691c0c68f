// The words both displays use.
#pragma once

#include <cstdint>
#include <string>

#include "base/amount.h"
#include "base/progress.h"

namespace nachbau::cli {

// "850 ms", "3.2 s", "4 min 05 s", "1 h 02 min".
std::string FormatDuration(std::uint64_t milliseconds);

// "12.3 MB of 44.0 MB, 9.1 MB/s, 4 s left"; less where less is known.
std::string FormatAmount(Unit unit, std::uint64_t done, std::uint64_t total, std::uint64_t elapsed_ms);

// "20 s", "4 min", "1 h 10 min": as exact as an estimate may be.
std::string FormatRoughDuration(std::uint64_t milliseconds);

// "about 4 min left, from 3 earlier builds"; how long these took once this one takes longer; empty text without
// samples.
Message ExpectedText(std::uint64_t elapsed_ms, std::uint64_t expected_ms, std::uint32_t samples);

// At most `columns` characters of `text` on one line, safe for a terminal.
std::string Fit(std::string_view text, std::size_t columns);

}  // namespace nachbau::cli
