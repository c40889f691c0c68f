#pragma once

#include <string>
#include <string_view>

namespace nachbau::mirror {

// The URL of a file below an archive's base. Reserved characters that file names of packages have ('+', '~', ':') keep
// their meaning as in apt; everything else outside RFC 3986's unreserved set is percent-encoded.
std::string UrlOf(std::string_view uri, std::string_view path);

}  // namespace nachbau::mirror
