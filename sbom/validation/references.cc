#include "sbom/validation/references.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "sbom/validation/suggestion.h"

namespace nachbau::sbom {
namespace {

using Index = JsonTree::Index;
using Type = JsonTree::Type;

Index FindText(const JsonTree& tree, Index object, std::string_view name) {
  const Index value = tree.Find(object, name);
  return value != JsonTree::kNone && tree.Is(value, Type::kString) ? value : JsonTree::kNone;
}

// The items of an array; of anything else none.
std::vector<Index> Items(const JsonTree& tree, Index array) {
  std::vector<Index> items;
  if (array == JsonTree::kNone || !tree.Is(array, Type::kArray)) return items;
  for (const Index item : Children{tree, array}) items.push_back(item);
  return items;
}

// All components or services beneath, with what they contain.
void CollectContained(const JsonTree& tree, Index owner, std::vector<Index>& found) {
  for (const char* member : {"components", "services"}) {
    for (const Index item : Items(tree, tree.Find(owner, member))) {
      found.push_back(item);
      CollectContained(tree, item, found);
    }
  }
}

}  // namespace

void References::See(Index value) {
  if (!tree_.Is(value, Type::kString)) return;
  const JsonTree::Key key = tree_.KeyOf(value);
  if (key != JsonTree::kNoKey && tree_.KeyText(key) == "bom-ref") return;
  if (links_.empty() || links_.back() != value) links_.push_back(value);
}

void References::CollectNames(ProblemList& problems) {
  const JsonTree::Key key = tree_.FindKey("bom-ref");
  if (key == JsonTree::kNoKey) return;
  for (Index value = 0; value < tree_.size(); ++value) {
    if (tree_.KeyOf(value) == key && tree_.Is(value, Type::kString)) names_.emplace_back(tree_.Text(value), value);
  }
  std::sort(names_.begin(), names_.end());
  std::vector<std::pair<Index, Index>> doubles;  // in document order
  for (std::size_t i = 1; i < names_.size(); ++i) {
    if (names_[i].first == names_[i - 1].first) doubles.emplace_back(names_[i].second, names_[i - 1].second);
  }
  std::sort(doubles.begin(), doubles.end());
  std::size_t shown = 0;
  for (const auto& [value, before] : doubles) {
    const std::string place = ++shown <= kMaxProblems ? tree_.Pointer(before) : std::string();
    problems.Add(ProblemLevel::kViolation,
                 {value, "bom-ref-unique", "", Msg("{} is used before, by {}", InQuotes(tree_.Text(value)), place),
                  Msg("give each its own, and mend what refers to it")});
  }
}

Index References::FindNamed(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), Named{name, 0});
  return found != names_.end() && found->first == name ? found->second : JsonTree::kNone;
}

void References::Resolve(ProblemList& problems) const {
  for (const Index link : links_) {
    const std::string_view name = tree_.Text(link);
    if (name.starts_with("urn:cdx:") || FindNamed(name) != JsonTree::kNone) continue;
    problems.Add(ProblemLevel::kViolation,
                 {link, "bom-ref-resolves", "", Msg("nothing in this document has the bom-ref {}", InQuotes(name)),
                  Msg("add what it means, or remove the reference")});
  }
}

// Tarjan's strongly connected components, without recursion: a chain of dependencies may be as long as the document.
void References::CheckCircles(Index dependencies, ProblemList& problems) const {
  std::map<std::string_view, std::size_t> numbers;
  std::vector<Index> entries;
  for (const Index entry : Items(tree_, dependencies)) {
    const Index ref = FindText(tree_, entry, "ref");
    if (ref != JsonTree::kNone && numbers.emplace(tree_.Text(ref), entries.size()).second) entries.push_back(entry);
  }
  std::vector<std::vector<std::size_t>> edges(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (const Index target : Items(tree_, tree_.Find(entries[i], "dependsOn"))) {
      if (!tree_.Is(target, Type::kString)) continue;
      const auto number = numbers.find(tree_.Text(target));
      if (number == numbers.end()) continue;
      if (number->second == i) {
        problems.Add(ProblemLevel::kAdvice,
                     {target, "dependency-cycle", "", Msg("depends on itself"), Msg("remove it")});
      } else {
        edges[i].push_back(number->second);
      }
    }
  }
  constexpr std::size_t kUnseen = ~std::size_t{0};
  std::vector<std::size_t> order(entries.size(), kUnseen), low(entries.size()), next(entries.size());
  std::vector<bool> open(entries.size());
  std::vector<std::size_t> path, pending;
  std::size_t seen = 0;
  for (std::size_t start = 0; start < entries.size(); ++start) {
    if (order[start] != kUnseen) continue;
    path.push_back(start);
    while (!path.empty()) {
      const std::size_t at = path.back();
      if (order[at] == kUnseen) {
        order[at] = low[at] = seen++;
        pending.push_back(at);
        open[at] = true;
      }
      if (next[at] < edges[at].size()) {
        const std::size_t to = edges[at][next[at]++];
        if (order[to] == kUnseen)
          path.push_back(to);
        else if (open[to])
          low[at] = std::min(low[at], order[to]);
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[at]);
      if (low[at] != order[at]) continue;
      std::vector<std::size_t> circle;
      do {
        circle.push_back(pending.back());
        open[pending.back()] = false;
        pending.pop_back();
      } while (circle.back() != at);
      if (circle.size() < 2) continue;
      std::string names;
      for (std::size_t i = circle.size(); i > 0 && i + 3 > circle.size(); --i) {
        names += (names.empty() ? "" : ", ") + InQuotes(tree_.Text(FindText(tree_, entries[circle[i - 1]], "ref")));
      }
      problems.Add(ProblemLevel::kAdvice,
                   {entries[at],
                    "dependency-cycle",
                    "",
                    Msg("{} depend on each other in a circle, among them {}", circle.size(), names),
                    {}});
    }
  }
}

void References::CheckGraph(ProblemList& problems) const {
  const Index dependencies = tree_.Find(0, "dependencies");
  const std::vector<Index> entries = Items(tree_, dependencies);
  if (entries.empty()) return;
  std::map<std::string_view, std::vector<Index>> by_ref;
  for (const Index entry : entries) {
    const Index ref = FindText(tree_, entry, "ref");
    if (ref == JsonTree::kNone) continue;
    auto& known = by_ref[tree_.Text(ref)];
    if (!known.empty()) {
      problems.Add(ProblemLevel::kAdvice, {ref, "dependency-once", "",
                                           Msg("{} has an entry before", InQuotes(tree_.Text(ref))), Msg("join the two")});
    }
    known.push_back(entry);
  }
  CheckCircles(dependencies, problems);

  const Index product = tree_.Find(tree_.Find(0, "metadata"), "component");
  std::vector<Index> described;
  CollectContained(tree_, 0, described);
  std::map<std::string_view, Index> elements;
  for (const Index element : described) {
    if (const Index ref = FindText(tree_, element, "bom-ref"); ref != JsonTree::kNone)
      elements.emplace(tree_.Text(ref), element);
  }
  for (const auto& [ref, element] : elements) {
    if (by_ref.contains(ref)) continue;
    problems.Add(ProblemLevel::kAdvice,
                 {element, "dependency-entry", "",
                  Msg("{} has no entry among the dependencies: whether it has any stays open", InQuotes(ref)),
                  Msg("add an entry; one without dependsOn says that there are none")});
  }
  const Index start = FindText(tree_, product, "bom-ref");
  if (start == JsonTree::kNone) return;
  std::set<std::string_view> reached;
  std::vector<std::string_view> pending = {tree_.Text(start)};
  std::vector<Index> inside;
  CollectContained(tree_, product, inside);
  const auto add_contained = [&](const std::vector<Index>& contained) {
    for (const Index element : contained) {
      if (const Index ref = FindText(tree_, element, "bom-ref"); ref != JsonTree::kNone)
        pending.push_back(tree_.Text(ref));
    }
  };
  add_contained(inside);
  while (!pending.empty()) {
    const std::string_view at = pending.back();
    pending.pop_back();
    if (!reached.insert(at).second) continue;
    if (const auto element = elements.find(at); element != elements.end()) {
      std::vector<Index> contained;
      for (const char* member : {"components", "services"}) {
        const auto items = Items(tree_, tree_.Find(element->second, member));
        contained.insert(contained.end(), items.begin(), items.end());
      }
      add_contained(contained);
    }
    const auto known = by_ref.find(at);
    if (known == by_ref.end()) continue;
    for (const Index entry : known->second) {
      for (const char* member : {"dependsOn", "provides"}) {
        for (const Index target : Items(tree_, tree_.Find(entry, member))) {
          if (tree_.Is(target, Type::kString)) pending.push_back(tree_.Text(target));
        }
      }
    }
  }
  for (const auto& [ref, element] : elements) {
    if (reached.contains(ref)) continue;
    problems.Add(ProblemLevel::kAdvice, {element, "dependency-reach", "",
                                         Msg("{} cannot be reached from the product by dependencies", InQuotes(ref)),
                                         Msg("let something depend on it, or remove it")});
  }
}

void References::Check(ProblemList& problems) {
  CollectNames(problems);
  Resolve(problems);
  CheckGraph(problems);
  for (const Index formula : Items(tree_, tree_.Find(0, "formulation"))) {
    for (const Index workflow : Items(tree_, tree_.Find(formula, "workflows"))) {
      CheckCircles(tree_.Find(workflow, "taskDependencies"), problems);
    }
  }
}

}  // namespace nachbau::sbom
