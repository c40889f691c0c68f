// Amounts for people.
#pragma once

#include <cstdint>
#include <string>

namespace nachbau {

// "12.3 MB" (decimal units).
std::string FormatBytes(std::uint64_t bytes);

}  // namespace nachbau
