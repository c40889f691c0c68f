// Paths of files below an archive's base, as indexes name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nachbau::mirror {

// "./pool/main/./h/hello.deb" becomes "pool/main/h/hello.deb"; "." becomes "". Throws ParseError for an absolute path, a
// "..", a control byte or a part that is no safe file name. `name` and `line` say where the path stood.
std::string CleanArchivePath(std::string_view path, std::string_view name, std::uint64_t line);

}  // namespace nachbau::mirror
