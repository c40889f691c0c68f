#include "mirror/debian_version.h"

#include <apt-pkg/debversion.h>

#include <algorithm>
#include <array>

namespace nachbau::mirror {
namespace {

constexpr std::array<std::string_view, 6> kRelations = {"", "<<", "<=", "=", ">=", ">>"};

bool IsLetterOrDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::strong_ordering CompareVersions(std::string_view left, std::string_view right) {
  // Stateless: debVS uses none of libapt-pkg's globals, so AptMutex is not needed.
  const int order = debVS.DoCmpVersion(left.data(), left.data() + left.size(), right.data(), right.data() + right.size());
  return order <=> 0;
}

bool IsVersion(std::string_view text) {
  if (text.empty() || text.size() > 256 || !IsLetterOrDigit(text.front())) return false;
  const std::string_view others = ".+-~:";
  return std::all_of(text.begin(), text.end(), [&](char c) { return IsLetterOrDigit(c) || others.find(c) != others.npos; });
}

std::optional<Relation> ParseRelation(std::string_view text) {
  if (text == "<") return Relation::kLessEqual;
  if (text == ">") return Relation::kGreaterEqual;
  const auto known = std::find(kRelations.begin() + 1, kRelations.end(), text);
  if (known == kRelations.end()) return std::nullopt;
  return static_cast<Relation>(known - kRelations.begin());
}

std::string_view Format(Relation relation) { return kRelations.at(static_cast<std::size_t>(relation)); }

}  // namespace nachbau::mirror
