#include "mirror/source_choice.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "mirror/debian_version.h"

namespace nachbau::mirror {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Levenshtein's distance, or anything above `limit` as soon as it is certain to be above it.
std::size_t EditDistance(std::string_view left, std::string_view right, std::size_t limit) {
  const std::size_t difference = left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
  if (difference > limit) return limit + 1;
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    std::size_t least = row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = diagonal + (Lower(left[i - 1]) == Lower(right[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;
  }
  return row.back();
}

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

[[noreturn]] void ThrowUnknown(const std::vector<NumberedIndex>& sources, const std::vector<NumberedIndex>& binaries,
                               const std::string& wanted) {
  std::vector<std::string_view> names;
  for (const auto* indexes : {&sources, &binaries}) {
    for (const NumberedIndex& one : *indexes) {
      const auto more = one.packages->Names();
      names.insert(names.end(), more.begin(), more.end());
    }
  }
  MissingError error(Msg("no archive offers a source or binary package named {}", wanted));
  if (const auto similar = FindSimilarNames(wanted, names); !similar.empty()) {
    error.SetHint(Msg("did you mean: {}", Join(similar)));
  } else {
    error.SetHint(Msg("names are those of Debian's source packages; check the spelling, or add the archive that has "
                      "it to the apt configuration"));
  }
  throw error;
}

}  // namespace

std::vector<FoundSource> FindSources(const std::vector<NumberedIndex>& sources, std::string_view name) {
  std::vector<FoundSource> found;
  for (const NumberedIndex& one : sources) {
    for (const Paragraph& paragraph : one.packages->Find(name)) {
      found.push_back({ParseDebianSource(paragraph), one.index});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const FoundSource& left, const FoundSource& right) {
    return CompareVersions(left.source.version, right.source.version) > 0;
  });
  return found;
}

std::optional<FoundSource> FindSource(const std::vector<NumberedIndex>& sources, std::string_view name,
                                      std::string_view version) {
  for (const NumberedIndex& one : sources) {
    for (const Paragraph& paragraph : one.packages->Find(name)) {
      // Equal as text: "1.0" and "1.00" are of the same rank, but not the same package.
      if (Trim(paragraph.Get("Version")) == version) return FoundSource{ParseDebianSource(paragraph), one.index};
    }
  }
  return std::nullopt;
}

std::optional<std::string> FindSourceOfBinary(const std::vector<NumberedIndex>& binaries, std::string_view name) {
  std::string highest, source;
  for (const NumberedIndex& one : binaries) {
    for (const Paragraph& paragraph : one.packages->Find(name)) {
      const std::string version(Trim(paragraph.Get("Version")));
      if (!highest.empty() && CompareVersions(version, highest) <= 0) continue;
      highest = version;
      // "Source: gcc-defaults (1.203)", or no such field where the names are the same.
      const auto words = SplitWords(paragraph.Find("Source").value_or(name));
      source = words.empty() ? name : words.front();
    }
  }
  if (highest.empty()) return std::nullopt;
  return source;
}

FoundSource ChooseSource(const std::vector<NumberedIndex>& sources,
                         const std::function<std::vector<NumberedIndex>()>& binaries, const std::string& wanted,
                         const std::string& version) {
  std::string name = wanted;
  std::vector<FoundSource> found = FindSources(sources, name);
  if (found.empty()) {
    const std::vector<NumberedIndex> packages = binaries();
    const auto source = FindSourceOfBinary(packages, wanted);
    if (!source) ThrowUnknown(sources, packages, wanted);
    name = *source;
    found = FindSources(sources, name);
  }
  if (found.empty()) {
    MissingError error(Msg("no archive offers the source package {}, which {} is built from", name, wanted));
    error.SetHint(Msg("add the component or archive with its source to the apt configuration"));
    throw error;
  }
  if (version.empty()) {
    const auto regular = std::find_if(found.begin(), found.end(),
                                      [](const FoundSource& one) { return !one.source.extra_source_only; });
    return regular == found.end() ? found.front() : *regular;
  }
  std::vector<std::string> versions;
  for (FoundSource& one : found) {
    if (one.source.version == version) return std::move(one);
    if (versions.empty() || versions.back() != one.source.version) versions.push_back(one.source.version);
  }
  MissingError error(Msg("no archive offers version {} of the source package {}", version, name));
  error.SetHint(Msg("these versions are offered: {}", Join(versions)));
  throw error;
}

std::vector<std::string> FindSimilarNames(std::string_view wanted, const std::vector<std::string_view>& names) {
  const std::size_t limit = wanted.size() <= 4 ? 1 : wanted.size() <= 9 ? 2 : 3;
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view name : names) {
    const std::size_t distance = EditDistance(wanted, name, limit);
    if (distance <= limit) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> result;
  for (std::size_t i = 0; i < near.size() && i < 3; ++i) result.emplace_back(near[i].second);
  return result;
}

}  // namespace nachbau::mirror
