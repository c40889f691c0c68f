#include "mirror/package_index.h"

#include <strings.h>

#include <algorithm>

#include "base/error.h"

namespace nachbau::mirror {

PackageIndex::PackageIndex(std::string text, std::string name) : text_(std::move(text)), name_(std::move(name)) {
  constexpr std::string_view kField = "Package:";
  const std::string_view all = text_;
  std::size_t start = 0;       // of the paragraph
  std::string_view package;
  const auto finish = [&](std::size_t end) {
    if (!package.empty()) entries_.push_back({package, all.substr(start, end - start)});
    package = {};
  };
  for (std::size_t position = 0; position < all.size();) {
    const std::size_t end = std::min(all.find('\n', position), all.size());
    const std::string_view line = all.substr(position, end - position);
    // The same notion of a blank line as ForEachParagraph has, so that both see the same paragraphs.
    if (line.find_first_not_of(" \t") == line.npos) {
      finish(position);
      start = end + 1;
    } else if (package.empty() && line.size() > kField.size() && (line[0] == 'P' || line[0] == 'p') &&
               ::strncasecmp(line.data(), kField.data(), kField.size()) == 0) {
      package = Trim(line.substr(kField.size()));
    }
    position = end + 1;
  }
  finish(all.size());
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& left, const Entry& right) { return left.package < right.package; });
}

std::vector<Paragraph> PackageIndex::Find(std::string_view package) const {
  std::vector<Paragraph> paragraphs;
  const auto less = [](const Entry& entry, std::string_view wanted) { return entry.package < wanted; };
  for (auto entry = std::lower_bound(entries_.begin(), entries_.end(), package, less);
       entry != entries_.end() && entry->package == package; ++entry) {
    ForEachParagraph(entry->text, name_ + ", package " + std::string(package),
                     [&](const Paragraph& paragraph) { paragraphs.push_back(paragraph); });
  }
  return paragraphs;
}

std::vector<std::string_view> PackageIndex::Names() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) {
    if (names.empty() || names.back() != entry.package) names.push_back(entry.package);
  }
  return names;
}

}  // namespace nachbau::mirror
