#include "sbom/documents/diff.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "base/encoding.h"
#include "sbom/documents/identity.h"

namespace nachbau::sbom {
namespace {

using LicenceKind = BomLicence::Kind;

std::string SupplierOf(const BomComponent& component) {
  for (const auto role : {BomParty::Role::kManufacturer, BomParty::Role::kSupplier, BomParty::Role::kAuthor}) {
    for (const BomParty& party : component.parties) {
      if (party.role == role && !party.name.empty()) return party.name;
    }
  }
  return {};
}

class Matcher {
 public:
  Matcher(const Bom& before, const Bom& after)
      : before_(before),
        after_(after),
        partner_of_before_(before.components.size(), kNoComponent),
        partner_of_after_(after.components.size(), kNoComponent) {
    // The product is the same thing even under another name.
    if (before.primary != kNoComponent && after.primary != kNoComponent) Join(before.primary, after.primary);
    Pass([](const Bom&, const BomComponent& c) { return c.purl; });
    Pass([](const Bom&, const BomComponent& c) {
      const PurlText purl = SplitPurl(c.purl);
      return c.purl.empty() ? "" : purl.package + "?" + purl.qualifiers + "#" + purl.subpath;
    });
    Pass([](const Bom&, const BomComponent& c) {
      const PurlText purl = SplitPurl(c.purl);
      return c.purl.empty() ? "" : purl.package + "#" + purl.subpath;
    });
    // Twice: children of what the first round has matched.
    for (int round = 0; round < 2; ++round) {
      PassWithParent();
      Pass([](const Bom&, const BomComponent& c) {
        return c.name.empty() ? "" : c.type + "\n" + c.group + "\n" + c.name;
      });
    }
    Pass([](const Bom&, const BomComponent& c) { return StrongestHash(c); });
  }

  std::size_t PartnerOfBefore(std::size_t i) const { return partner_of_before_[i]; }
  std::size_t PartnerOfAfter(std::size_t i) const { return partner_of_after_[i]; }

 private:
  using Key = std::function<std::string(const Bom&, const BomComponent&)>;

  void Join(std::size_t before, std::size_t after) {
    partner_of_before_[before] = after;
    partner_of_after_[after] = before;
  }

  void Pass(const Key& key) {
    Pair([&](const Bom& bom, std::size_t i, bool) { return key(bom, bom.components[i]); });
  }

  // Below the same parent: a parent without partner makes a key nobody else has.
  void PassWithParent() {
    Pair([&](const Bom& bom, std::size_t i, bool is_before) -> std::string {
      const BomComponent& component = bom.components[i];
      if (component.name.empty()) return {};
      std::string parent = "-";
      if (component.parent != kNoComponent) {
        const std::size_t partner = (is_before ? partner_of_before_ : partner_of_after_)[component.parent];
        if (partner == kNoComponent) return {};
        parent = std::to_string(is_before ? component.parent : partner);
      }
      return parent + "\n" + component.type + "\n" + component.group + "\n" + component.name + "\n" +
             InstalledPath(component);
    });
  }

  // Among several with one key those of the same content or version belong together; the rest in the order of versions.
  template <typename KeyOf>
  void Pair(const KeyOf& key_of) {
    std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> groups;
    for (std::size_t i = 0; i < before_.components.size(); ++i) {
      if (partner_of_before_[i] != kNoComponent) continue;
      if (std::string key = key_of(before_, i, true); !key.empty()) groups[key].first.push_back(i);
    }
    for (std::size_t i = 0; i < after_.components.size(); ++i) {
      if (partner_of_after_[i] != kNoComponent) continue;
      if (std::string key = key_of(after_, i, false); !key.empty()) groups[key].second.push_back(i);
    }
    for (auto& [key, group] : groups) {
      if (group.first.empty() || group.second.empty()) continue;
      PairEqual(group.first, group.second, [](const BomComponent& c) { return StrongestHash(c); });
      PairEqual(group.first, group.second, [](const BomComponent& c) { return c.version; });
      const auto sorted = [](const Bom& bom, std::vector<std::size_t>& list) {
        std::sort(list.begin(), list.end(), [&](std::size_t left, std::size_t right) {
          return std::tie(bom.components[left].version, left) < std::tie(bom.components[right].version, right);
        });
      };
      sorted(before_, group.first);
      sorted(after_, group.second);
      for (std::size_t i = 0; i < std::min(group.first.size(), group.second.size()); ++i) {
        Join(group.first[i], group.second[i]);
      }
    }
  }

  template <typename KeyOf>
  void PairEqual(std::vector<std::size_t>& left, std::vector<std::size_t>& right, const KeyOf& key_of) {
    if (left.size() == 1 && right.size() == 1) return;
    std::multimap<std::string, std::size_t> wanted;
    for (const std::size_t i : right) wanted.emplace(key_of(after_.components[i]), i);
    std::set<std::size_t> taken;
    std::vector<std::size_t> rest;
    for (const std::size_t i : left) {
      const std::string key = key_of(before_.components[i]);
      const auto found = key.empty() ? wanted.end() : wanted.find(key);
      if (found == wanted.end()) {
        rest.push_back(i);
        continue;
      }
      Join(i, found->second);
      taken.insert(found->second);
      wanted.erase(found);
    }
    left = std::move(rest);
    std::erase_if(right, [&](std::size_t i) { return taken.contains(i); });
  }

  const Bom& before_;
  const Bom& after_;
  std::vector<std::size_t> partner_of_before_, partner_of_after_;
};

class Comparer {
 public:
  Comparer(const Bom& before, const Bom& after) : before_(before), after_(after), matcher_(before, after) {
    for (const BomDependency& entry : before.dependencies) Append(before_targets_, entry);
    for (const BomDependency& entry : after.dependencies) Append(after_targets_, entry);
  }

  BomDifference Run() {
    BomDifference result;
    for (std::size_t i = 0; i < before_.components.size(); ++i) {
      const BomComponent& component = before_.components[i];
      if (matcher_.PartnerOfBefore(i) == kNoComponent) {
        (component.type == "file" ? result.removed_files : result.removed).push_back(DisplayName(component));
        continue;
      }
      ComponentChange change = Compare(i, matcher_.PartnerOfBefore(i));
      if (change.Any())
        result.changed.push_back(std::move(change));
      else
        ++result.same;
    }
    for (std::size_t i = 0; i < after_.components.size(); ++i) {
      const BomComponent& component = after_.components[i];
      if (matcher_.PartnerOfAfter(i) != kNoComponent) continue;
      (component.type == "file" ? result.added_files : result.added).push_back(DisplayName(component));
    }
    for (auto* list : {&result.added, &result.removed, &result.added_files, &result.removed_files}) {
      std::sort(list->begin(), list->end());
    }
    std::sort(result.changed.begin(), result.changed.end(),
              [](const ComponentChange& left, const ComponentChange& right) {
                return std::tie(left.name, left.after_pointer) < std::tie(right.name, right.after_pointer);
              });
    Compositions(result);
    return result;
  }

 private:
  using Targets = std::map<std::string, std::vector<std::string>>;

  static void Append(Targets& targets, const BomDependency& entry) {
    auto& list = targets[entry.ref];
    list.insert(list.end(), entry.depends_on.begin(), entry.depends_on.end());
  }

  // What `component` depends on: the number of the thing (that of the component before), or the text where it is none
  // of the components, with what to call it.
  std::map<std::string, std::string> Dependencies(const Bom& bom, const Targets& targets, const BomComponent& component,
                                                  bool is_before) const {
    std::map<std::string, std::string> things;
    const auto found = component.ref.empty() ? targets.end() : targets.find(component.ref);
    if (found == targets.end()) return things;
    for (const std::string& ref : found->second) {
      const std::size_t i = bom.Find(ref);
      if (i == kNoComponent) {
        things.emplace("text:" + ref, ref);
        continue;
      }
      const std::size_t partner = is_before ? matcher_.PartnerOfBefore(i) : matcher_.PartnerOfAfter(i);
      const std::string key = partner == kNoComponent ? (is_before ? "before:" : "after:") + std::to_string(i)
                                                      : "both:" + std::to_string(is_before ? i : partner);
      things.emplace(key, DisplayName(bom.components[i]));
    }
    return things;
  }

  ComponentChange Compare(std::size_t i, std::size_t partner) const {
    const BomComponent& left = before_.components[i];
    const BomComponent& right = after_.components[partner];
    ComponentChange change;
    change.name = right.group.empty() ? right.name : right.group + ":" + right.name;
    if (const std::string path = InstalledPath(right); !path.empty()) change.name = path;
    change.type = right.type;
    change.before_pointer = left.pointer;
    change.after_pointer = right.pointer;
    if (left.name != right.name || left.group != right.group || InstalledPath(left) != InstalledPath(right)) {
      const std::string path = InstalledPath(left);
      change.renamed = {!path.empty()        ? path
                        : left.group.empty() ? left.name
                                             : left.group + ":" + left.name,
                        change.name};
    }
    change.version = {left.version, right.version};
    change.declared = {LicenceText(left, LicenceKind::kDeclared), LicenceText(right, LicenceKind::kDeclared)};
    change.concluded = {LicenceText(left, LicenceKind::kConcluded), LicenceText(right, LicenceKind::kConcluded)};
    change.unstated = {LicenceText(left, LicenceKind::kUnstated), LicenceText(right, LicenceKind::kUnstated)};
    change.content = Content(left, right);
    change.supplier = {SupplierOf(left), SupplierOf(right)};
    const auto before = Dependencies(before_, before_targets_, left, true);
    const auto after = Dependencies(after_, after_targets_, right, false);
    for (const auto& [key, name] : before) {
      if (!after.contains(key)) change.dependencies_removed.push_back(name);
    }
    for (const auto& [key, name] : after) {
      if (!before.contains(key)) change.dependencies_added.push_back(name);
    }
    std::sort(change.dependencies_added.begin(), change.dependencies_added.end());
    std::sort(change.dependencies_removed.begin(), change.dependencies_removed.end());
    return change;
  }

  // By an algorithm that both have: one document may say SHA-512 where the other has only SHA-256.
  static TextChange Content(const BomComponent& left, const BomComponent& right) {
    TextChange change;
    for (const BomHash& hash : left.hashes) {
      const std::string other = right.Hash(hash.algorithm);
      if (other.empty() || hash.value.empty()) continue;
      if (other == hash.value) continue;
      change = {hash.algorithm + ":" + hash.value, hash.algorithm + ":" + other};
    }
    return change;
  }

  // What a document says of the completeness of each component's parts or dependencies; by position.
  static std::map<std::size_t, std::string> Aggregates(const Bom& bom, std::vector<std::string> BomComposition::*refs) {
    std::map<std::size_t, std::string> aggregates;
    for (const BomComposition& composition : bom.compositions) {
      for (const std::string& ref : composition.*refs) {
        if (const std::size_t i = bom.Find(ref); i != kNoComponent) aggregates.emplace(i, composition.aggregate);
      }
    }
    return aggregates;
  }

  void Compositions(BomDifference& result) const {
    const std::pair<const char*, std::vector<std::string> BomComposition::*> kinds[] = {
        {"parts of ", &BomComposition::assemblies}, {"dependencies of ", &BomComposition::dependencies}};
    for (const auto& [what, refs] : kinds) {
      const auto before = Aggregates(before_, refs);
      const auto after = Aggregates(after_, refs);
      for (const auto& [i, aggregate] : before) {
        const auto other = after.find(matcher_.PartnerOfBefore(i));
        // What is gone altogether takes its completeness with it: that is no difference of its own.
        if (other == after.end() || other->second == aggregate) continue;
        const std::string name = what + DisplayName(before_.components[i]);
        result.completeness.push_back({name + ": " + aggregate, name + ": " + other->second});
      }
    }
  }

  const Bom& before_;
  const Bom& after_;
  Matcher matcher_;
  Targets before_targets_, after_targets_;
};

Json ToJson(const TextChange& change) { return {{"before", change.before}, {"after", change.after}}; }

std::string OrNone(const std::string& text) { return text.empty() ? "-" : text; }

void AddLicenceLine(std::vector<Message>& lines, const ComponentChange& change, const TextChange& licence, LicenceKind kind) {
  if (!licence.Changed()) return;
  const std::string name = Printable(change.name), before = Printable(OrNone(licence.before)),
                    after = Printable(OrNone(licence.after));
  lines.push_back(kind == LicenceKind::kDeclared    ? Msg("declared licence of {} changed from {} to {}", name, before, after)
                  : kind == LicenceKind::kConcluded ? Msg("concluded licence of {} changed from {} to {}", name, before, after)
                                             : Msg("licence of {} changed from {} to {}", name, before, after));
}

}  // namespace

bool ComponentChange::Any() const {
  return renamed.Changed() || version.Changed() || declared.Changed() || concluded.Changed() || unstated.Changed() ||
         content.Changed() || supplier.Changed() || !dependencies_added.empty() || !dependencies_removed.empty();
}

BomDifference Compare(const Bom& before, const Bom& after) { return Comparer(before, after).Run(); }

Json ToJson(const BomDifference& difference) {
  Json changed = Json::array();
  for (const ComponentChange& change : difference.changed) {
    Json entry = {{"name", change.name},
                  {"type", change.type},
                  {"before", change.before_pointer},
                  {"after", change.after_pointer}};
    const auto add = [&](const char* key, const TextChange& text) {
      if (text.Changed()) entry[key] = ToJson(text);
    };
    add("renamed", change.renamed);
    add("version", change.version);
    add("declaredLicence", change.declared);
    add("concludedLicence", change.concluded);
    add("licence", change.unstated);
    add("content", change.content);
    add("supplier", change.supplier);
    if (!change.dependencies_added.empty()) entry["dependenciesAdded"] = change.dependencies_added;
    if (!change.dependencies_removed.empty()) entry["dependenciesRemoved"] = change.dependencies_removed;
    changed.push_back(std::move(entry));
  }
  Json completeness = Json::array();
  for (const TextChange& change : difference.completeness) completeness.push_back(ToJson(change));
  return {{"added", difference.added},
          {"removed", difference.removed},
          {"addedFiles", difference.added_files},
          {"removedFiles", difference.removed_files},
          {"changed", changed},
          {"completeness", completeness},
          {"same", difference.same},
          {"identical", difference.Same()}};
}

std::vector<Message> Summary(const BomDifference& difference) {
  std::vector<Message> lines;
  const auto count = [&](const auto& predicate) {
    return static_cast<std::size_t>(std::count_if(difference.changed.begin(), difference.changed.end(), predicate));
  };
  const std::size_t updated = count([](const ComponentChange& change) { return change.version.Changed(); });
  const std::size_t rebuilt = count([](const ComponentChange& change) {
    return change.type != "file" && !change.version.Changed() && change.content.Changed();
  });
  const std::size_t files = count([](const ComponentChange& change) {
    return change.type == "file" && !change.version.Changed() && change.content.Changed();
  });
  if (difference.Same()) {
    lines.push_back(Msg("the same: {} components", difference.same));
    return lines;
  }
  lines.push_back(Msg("components: {} with another version, {} added, {} removed, {} unchanged", updated,
                      difference.added.size(), difference.removed.size(), difference.same));
  if (rebuilt != 0) lines.push_back(Msg("{} components have the same version but other bytes", rebuilt));
  if (files + difference.added_files.size() + difference.removed_files.size() != 0) {
    lines.push_back(Msg("files: {} with other bytes, {} added, {} removed", files, difference.added_files.size(),
                        difference.removed_files.size()));
  }
  for (const std::string& name : difference.added) lines.push_back(Msg("new: {}", Printable(name)));
  for (const std::string& name : difference.removed) lines.push_back(Msg("gone: {}", Printable(name)));
  for (const ComponentChange& change : difference.changed) {
    const std::string name = Printable(change.name);
    if (change.renamed.Changed()) {
      lines.push_back(Msg("{} is called {} now", Printable(change.renamed.before), Printable(change.renamed.after)));
    }
    if (change.version.Changed()) {
      lines.push_back(Msg("{}: version {} became {}", name, Printable(OrNone(change.version.before)),
                          Printable(OrNone(change.version.after))));
    } else if (change.content.Changed()) {
      lines.push_back(Msg("{}: other bytes under the same version", name));
    }
    AddLicenceLine(lines, change, change.declared, LicenceKind::kDeclared);
    AddLicenceLine(lines, change, change.concluded, LicenceKind::kConcluded);
    AddLicenceLine(lines, change, change.unstated, LicenceKind::kUnstated);
    if (change.supplier.Changed()) {
      lines.push_back(Msg("{}: supplier {} became {}", name, Printable(OrNone(change.supplier.before)),
                          Printable(OrNone(change.supplier.after))));
    }
    for (const std::string& dependency : change.dependencies_added) {
      lines.push_back(Msg("{}: new dependency {}", name, Printable(dependency)));
    }
    for (const std::string& dependency : change.dependencies_removed) {
      lines.push_back(Msg("{}: no longer depends on {}", name, Printable(dependency)));
    }
  }
  for (const std::string& name : difference.added_files) lines.push_back(Msg("new file: {}", Printable(name)));
  for (const std::string& name : difference.removed_files) lines.push_back(Msg("file gone: {}", Printable(name)));
  for (const TextChange& change : difference.completeness) {
    lines.push_back(Msg("completeness: {} became {}", Printable(change.before), Printable(change.after)));
  }
  return lines;
}

}  // namespace nachbau::sbom
