// TOML documents (toml.io, 1.0), read with toml++. Only for the sources that include this: rooms link toml++
// themselves.
#pragma once

#include <toml++/toml.h>

#include <string_view>

namespace nachbau {

// `name` is the file's, for messages. Throws ParseError with the line of what is no TOML.
toml::table ParseToml(std::string_view text, std::string_view name);

}  // namespace nachbau
