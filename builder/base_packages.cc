#include "builder/base_packages.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "base/deb822.h"

namespace nachbau::builder {
namespace {

// Debian Policy 2.5.
constexpr std::array<std::string_view, 4> kPriorities = {"required", "important", "standard", "optional"};

struct Clause {
  std::vector<std::string> alternatives;
  bool versioned = false;
};

struct Package {
  std::string name;
  bool seed = false;
  std::size_t priority = kPriorities.size();  // 0: the highest
  std::vector<std::string> provides;
  std::vector<Clause> needs;
};

std::string NameOf(std::string_view relation) {
  return std::string(relation.substr(0, relation.find_first_of(" (:[<\n\t")));
}

Package Read(const std::string& control) {
  const auto paragraphs = ParseParagraphs(control, "control");
  Package package;
  if (paragraphs.empty()) return package;
  const Paragraph& fields = paragraphs[0];
  package.name = fields.Get("Package");
  package.seed = fields.Find("Essential").value_or("") == "yes" || package.name == "build-essential" ||
                 package.name == "fakeroot";  // docs/decisions/0018-fakeroot-in-the-base.md
  const std::string_view priority = fields.Find("Priority").value_or("");
  package.priority =
      static_cast<std::size_t>(std::find(kPriorities.begin(), kPriorities.end(), priority) - kPriorities.begin());
  for (const std::string_view provided : SplitTrimmed(fields.Find("Provides").value_or(""), ',')) {
    package.provides.push_back(NameOf(provided));
  }
  for (const char* field : {"Pre-Depends", "Depends"}) {
    for (const std::string_view text : SplitTrimmed(fields.Find(field).value_or(""), ',')) {
      Clause clause;
      for (const std::string_view alternative : SplitTrimmed(text, '|'))
        clause.alternatives.push_back(NameOf(alternative));
      clause.versioned = text.find('(') != text.npos;
      package.needs.push_back(std::move(clause));
    }
  }
  return package;
}

class Finder {
 public:
  explicit Finder(const std::vector<Package>& packages) : packages_(packages), chosen_(packages.size(), false) {
    for (std::size_t i = 0; i < packages.size(); ++i) {
      by_name_.emplace(packages[i].name, i);
      for (const std::string& name : packages[i].provides) {
        providers_[name].insert({packages[i].priority, packages[i].name, i});
      }
    }
  }

  std::vector<bool> Find() {
    if (by_name_.size() != packages_.size()) return chosen_;
    for (std::size_t i = 0; i < packages_.size(); ++i) {
      if (packages_[i].seed) Choose(i);
    }
    while (!open_.empty()) {
      const std::size_t next = open_.back();
      open_.pop_back();
      for (const Clause& clause : packages_[next].needs) Satisfy(clause);
    }
    return chosen_;
  }

 private:
  void Choose(std::size_t i) {
    if (chosen_[i]) return;
    chosen_[i] = true;
    open_.push_back(i);
  }

  void Satisfy(const Clause& clause) {
    bool found = false;
    for (const std::string& name : clause.alternatives) {
      const auto package = by_name_.find(name);
      if (package == by_name_.end() || (found && !clause.versioned)) continue;
      Choose(package->second);
      found = true;
    }
    for (const std::string& name : clause.alternatives) {
      const auto provider = providers_.find(name);
      if (provider == providers_.end() || found) continue;
      Choose(std::get<2>(*provider->second.begin()));
      found = true;
    }
  }

  const std::vector<Package>& packages_;
  std::vector<bool> chosen_;
  std::vector<std::size_t> open_;
  std::map<std::string, std::size_t> by_name_;
  std::map<std::string, std::set<std::tuple<std::size_t, std::string, std::size_t>>> providers_;
};

bool IsEssential(const std::string& control) {
  const auto paragraphs = ParseParagraphs(control, "control");
  return !paragraphs.empty() && paragraphs[0].Find("Essential").value_or("") == "yes";
}

}  // namespace

std::vector<bool> FindBasePackages(const std::vector<std::string>& control_files) {
  // Without the essential packages the maintainer scripts of the others have nothing to run with.
  if (std::none_of(control_files.begin(), control_files.end(), IsEssential)) {
    return std::vector<bool>(control_files.size(), false);
  }
  std::vector<Package> packages;
  for (const std::string& control : control_files) packages.push_back(Read(control));
  return Finder(packages).Find();
}

}  // namespace nachbau::builder
