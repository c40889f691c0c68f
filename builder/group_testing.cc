#include "builder/group_testing.h"

#include <algorithm>
#include <map>

namespace nachbau::builder {
namespace {

class Search {
 public:
  explicit Search(const std::function<bool(const Group&)>& differs) : differs_(differs) { known_[{}] = false; }

  bool Differs(const Group& group) {
    const auto known = known_.find(group);
    if (known != known_.end()) return known->second;
    return known_[group] = differs_(group);
  }

  // `candidates` together differ. The last member of the shortest prefix that still does (with those found before) is
  // needed; then the same with what stands before it, until those found suffice.
  Group MinimalGroup(std::vector<std::string> candidates) {
    Group found;
    while (!Differs(found)) {
      std::size_t without = 0, with = candidates.size();  // prefixes of these lengths do not differ, and do
      while (with - without > 1) {
        const std::size_t middle = without + (with - without) / 2;
        Group group = found;
        group.insert(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(middle));
        (Differs(group) ? with : without) = middle;
      }
      found.insert(candidates[with - 1]);
      candidates.resize(with - 1);
      if (candidates.empty()) break;
    }
    return found;
  }

 private:
  const std::function<bool(const Group&)>& differs_;
  std::map<Group, bool> known_;
};

}  // namespace

std::vector<Group> FindResponsible(const std::vector<std::string>& all, const std::function<bool(const Group&)>& differs) {
  Search search(differs);
  std::vector<Group> responsible;
  std::vector<std::string> rest = all;
  while (!rest.empty() && search.Differs({rest.begin(), rest.end()})) {
    responsible.push_back(search.MinimalGroup(rest));
    std::erase_if(rest, [&](const std::string& name) { return responsible.back().contains(name); });
  }
  return responsible;
}

}  // namespace nachbau::builder
