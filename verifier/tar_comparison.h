// How two tar archives differ, entry by entry.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/comparison.h"

namespace nachbau::verifier {

struct TarComparison {
  std::vector<Difference> differences;        // in the order built, then what only the reference has; bounded
  std::set<std::string> only_identification;  // files that differ in nothing but an ELF identification
  bool anything_else = false;                 // whether there is any other difference, shown or not
};

// Says that a differing content is a mere consequence of differences known already.
using Consequence = std::function<bool(const std::string& path, std::string_view built, std::string_view reference)>;

// Compressed or not. Throws ParseError for a damaged archive, one that unpacks to more than 16 GiB or one of more than
// 500,000 entries. An empty result means that all entries are equal, in equal order.
TarComparison CompareTars(std::string_view built, std::string_view reference, const std::string& name,
                          const Consequence& is_consequence);

}  // namespace nachbau::verifier
