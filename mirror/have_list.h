// What a store has, for the other side of an air gap: one line "nachbau-have/1 COUNT", then the SHA-256 of each object
// in hexadecimal digits, one a line, sorted. docs/formats/export.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace nachbau::mirror {

inline constexpr std::string_view kHaveMark = "nachbau-have/1 ";

std::string FormatHaveList(const std::vector<Sha256Digest>& digests);  // sorted already
// Throws ParseError naming `name` and the line for anything else, also for a list that was cut off.
std::vector<Sha256Digest> ParseHaveList(std::string_view text, const std::string& name);

}  // namespace nachbau::mirror
