// SPDX licence expressions under an allow list.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace nachbau::policies {

// The parts that stand in the way: of an AND all that are not allowed, of an OR those of every branch when no branch is
// allowed. Empty: the expression is allowed. `WITH exception` follows its licence: an exception only grants more.
// A malformed expression stands in its own way.
std::set<std::string> NotAllowed(std::string_view expression, const std::function<bool(const std::string&)>& allowed);

}  // namespace nachbau::policies
