// How two byte strings differ, in a short sentence.
#pragma once

#include <string>
#include <string_view>

namespace nachbau::verifier {

// A foreign name as it can be shown: printable, and cut when it is absurdly long.
std::string ShownName(std::string_view name);

// "first at offset 0x40, 4 of 1000 bytes" or with both sizes when these differ. The two are not equal.
std::string DescribeBytes(std::string_view built, std::string_view reference);

// UTF-8 without control bytes other than tab, newline, carriage return and form feed.
bool IsText(std::string_view bytes);
// The first differing line of both, shortened and made printable. The two are not equal.
std::string DescribeText(std::string_view built, std::string_view reference);

}  // namespace nachbau::verifier
