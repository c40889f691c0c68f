// Finding the few among many that matter, with few tests (adaptive group testing; the search for one minimal set is that
// of QuickXplain, Junker 2004, on a line).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace nachbau::builder {

using Group = std::set<std::string>;

// `differs(group)` says whether the result differs when exactly these are switched on; it must be false for none, and is
// asked once for each group. Returns minimal groups, each of which makes a difference and would not without any one of its
// members; switching on all that are in none of them makes no difference. Assumes that switching on more never takes a
// difference away. One member among n: about log2(n) + 3 tests.
std::vector<Group> FindResponsible(const std::vector<std::string>& all, const std::function<bool(const Group&)>& differs);

}  // namespace nachbau::builder
