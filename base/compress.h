#pragma once

#include <string>
#include <string_view>

namespace nachbau {

// As one .xz stream, level 6: the same bytes for the same input.
std::string CompressXz(std::string_view bytes);

}  // namespace nachbau
