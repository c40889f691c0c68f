// After a failed attempt the depcache only says that the outermost package is broken, because the resolver has taken the
// inner ones out again. So we walk the candidates ourselves: first for a dependency that nothing satisfies, then for two
// needed packages of which one conflicts with the other.
#include "mirror/apt_explanation.h"

#include <apt-pkg/depcache.h>
#include <apt-pkg/policy.h>

#include <map>
#include <memory>
#include <optional>
#include <set>

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxDepth = 200;  // of a chain that is still worth walking

class Explainer {
 public:
  Explainer(pkgCacheFile& cache, std::string title) : cache_(cache), title_(std::move(title)) {}

  // The message about the first dependency below `package` that no candidate satisfies.
  std::optional<Message> FindUnsatisfiable(const pkgCache::PkgIterator& package, bool is_title) {
    const pkgCache::VerIterator version = Candidate(package);
    if (version.end()) return Msg("no archive offers {}", package.Name());
    chain_ = {is_title ? title_ : std::string(package.Name())};
    return Walk(version);
  }

  // Remembers `package` and everything that installing it would bring, for FindConflict.
  void Collect(const pkgCache::PkgIterator& package, bool is_title) {
    chain_ = {is_title ? title_ : std::string(package.Name())};
    Gather(Candidate(package));
  }

  std::optional<Message> FindConflict() {
    for (const auto& [id, needed] : closure_) {
      for (pkgCache::DepIterator dependency = needed.version.DependsList(); !dependency.end(); ++dependency) {
        if (dependency->Type != pkgCache::Dep::Conflicts && dependency->Type != pkgCache::Dep::DpkgBreaks) continue;
        for (const pkgCache::VerIterator& target : Targets(dependency)) {
          const auto other = closure_.find(target->ID);
          if (other == closure_.end() || target.ParentPkg() == needed.version.ParentPkg()) continue;
          return Msg("{} conflicts with {} {}, but both are needed: {}; and {}", needed.name,
                     target.ParentPkg().Name(), target.VerStr(), needed.chain, other->second.chain);
        }
      }
    }
    return std::nullopt;
  }

 private:
  struct Needed {
    pkgCache::VerIterator version;
    std::string name;
    std::string chain;
  };

  pkgCache::VerIterator Candidate(const pkgCache::PkgIterator& package) const {
    // The policy's, not the depcache's: a failed attempt takes the candidate away from what it could not install.
    return cache_.GetPolicy()->GetCandidateVer(package);
  }

  // Versions that satisfy (or, for a conflict, fall under) one dependency, candidates only: apt chooses no others.
  std::vector<pkgCache::VerIterator> Targets(const pkgCache::DepIterator& dependency) const {
    std::vector<pkgCache::VerIterator> targets;
    const std::unique_ptr<pkgCache::Version*[]> all(dependency.AllTargets());
    for (pkgCache::Version** one = all.get(); *one != nullptr; ++one) {
      const pkgCache::VerIterator version(*cache_.GetPkgCache(), *one);
      if (Candidate(version.ParentPkg()) == version) targets.push_back(version);
    }
    return targets;
  }

  static bool IsHard(const pkgCache::DepIterator& dependency) {
    return dependency->Type == pkgCache::Dep::Depends || dependency->Type == pkgCache::Dep::PreDepends;
  }

  // Calls sink(alternatives) for each group of Depends and Pre-Depends until it returns true.
  template <typename Sink>
  static void ForEachGroup(const pkgCache::VerIterator& version, const Sink& sink) {
    for (pkgCache::DepIterator dependency = version.DependsList(); !dependency.end();) {
      std::vector<pkgCache::DepIterator> group;
      bool more = true;
      while (more && !dependency.end()) {
        more = (dependency->CompareOp & pkgCache::Dep::Or) == pkgCache::Dep::Or;
        group.push_back(dependency);
        ++dependency;
      }
      if (IsHard(group.front()) && sink(group)) return;
    }
  }

  std::optional<Message> Walk(const pkgCache::VerIterator& version) {
    if (chain_.size() > kMaxDepth) return std::nullopt;
    // While it is being walked a version counts as one that can be had: circles of dependencies are no obstacle.
    const auto [known, is_new] = walked_.emplace(version->ID, std::nullopt);
    if (!is_new) return known->second;
    std::optional<Message> found;
    ForEachGroup(version, [&](const std::vector<pkgCache::DepIterator>& group) {
      std::optional<Message> reason;
      for (const pkgCache::DepIterator& dependency : group) {
        const auto targets = Targets(dependency);
        if (targets.empty()) {
          if (!reason) reason = Unsatisfied(group);
          continue;
        }
        for (const pkgCache::VerIterator& target : targets) {
          chain_.push_back(target.ParentPkg().Name());
          auto deeper = Walk(target);
          chain_.pop_back();
          if (!deeper) return false;  // this alternative can be had
          if (!reason) reason = std::move(deeper);
        }
      }
      found = std::move(reason);
      return found.has_value();
    });
    walked_[version->ID] = found;
    return found;
  }

  Message Unsatisfied(const std::vector<pkgCache::DepIterator>& group) const {
    std::string wanted;
    std::set<std::string> offered;
    for (const pkgCache::DepIterator& dependency : group) {
      wanted += wanted.empty() ? "" : " | ";
      wanted += dependency.TargetPkg().Name();
      if (dependency.TargetVer() != nullptr) {
        wanted += std::string(" (") + dependency.CompType() + " " + dependency.TargetVer() + ")";
      }
      const pkgCache::PkgIterator target = dependency.TargetPkg();
      for (pkgCache::VerIterator version = target.VersionList(); !version.end(); ++version) {
        // Apt takes no other version than the candidate, which is not always the highest: NotAutomatic archives.
        const bool is_candidate = Candidate(target) == version;
        offered.insert(std::string(target.Name()) + " " + version.VerStr() + (is_candidate ? "" : " (low priority)"));
      }
      for (pkgCache::PrvIterator provider = target.ProvidesList(); !provider.end(); ++provider) {
        offered.insert(std::string(provider.OwnerPkg().Name()) + " " + provider.OwnerVer().VerStr() + " (provides " +
                       target.Name() +
                       (provider.ProvideVersion() != nullptr ? std::string(" ") + provider.ProvideVersion() : "") +
                       ")");
      }
    }
    std::string list;
    for (const std::string& one : offered) list += (list.empty() ? "" : ", ") + one;
    if (list.empty()) return Msg("{} needs {}, which no archive offers", Chain(), wanted);
    return Msg("{} needs {}, but the archives offer only {}", Chain(), wanted, list);
  }

  void Gather(const pkgCache::VerIterator& version) {
    if (version.end() || chain_.size() > kMaxDepth) return;
    if (!closure_.emplace(version->ID, Needed{version, chain_.back(), Chain()}).second) return;
    ForEachGroup(version, [&](const std::vector<pkgCache::DepIterator>& group) {
      // The alternative that the resolver would take first.
      for (const pkgCache::DepIterator& dependency : group) {
        const auto targets = Targets(dependency);
        if (targets.empty()) continue;
        chain_.push_back(targets.front().ParentPkg().Name());
        Gather(targets.front());
        chain_.pop_back();
        break;
      }
      return false;
    });
  }

  std::string Chain() const {
    std::string text;
    for (const std::string& link : chain_) text += (text.empty() ? "" : " → ") + link;
    return text;
  }

  pkgCacheFile& cache_;
  std::string title_;
  std::vector<std::string> chain_;
  std::map<map_id_t, std::optional<Message>> walked_;  // version: why it cannot be installed
  std::map<map_id_t, Needed> closure_;
};

}  // namespace

Explanation ExplainUnsolved(pkgCacheFile& cache, const std::vector<pkgCache::PkgIterator>& wanted,
                            const std::string& title) {
  const auto fail = [](Message reason, bool certain) {
    MissingError error(std::move(reason));
    error.AddContext(Msg("the build dependencies cannot be satisfied"));
    error.SetHint(Msg("add the archive that has it to the apt configuration (components, backports), or choose "
                      "another version of the source package"));
    return Explanation{std::move(error), certain};
  };
  Explainer explainer(cache, title);
  for (auto package = wanted.rbegin(); package != wanted.rend(); ++package) {
    auto reason = explainer.FindUnsatisfiable(*package, package == wanted.rbegin());
    if (reason) return fail(std::move(*reason), true);
  }
  for (auto package = wanted.rbegin(); package != wanted.rend(); ++package) {
    explainer.Collect(*package, package == wanted.rbegin());
  }
  if (auto reason = explainer.FindConflict()) return fail(std::move(*reason), false);
  return fail(Msg("{}: the packages needed cannot be installed together", title), false);
}

}  // namespace nachbau::mirror
