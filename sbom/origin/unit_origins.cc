#include "sbom/origin/unit_origins.h"

#include <algorithm>
#include <optional>
#include <set>

namespace nachbau::sbom {
namespace {

std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::size_t CommonEnd(std::string_view left, std::string_view right) {
  std::size_t size = 0;
  while (size < left.size() && size < right.size() && left[left.size() - 1 - size] == right[right.size() - 1 - size])
    ++size;
  return size;
}

// Where a unit was found.
struct Place {
  enum class Kind { kNowhere, kTree, kBuilt, kPackage };
  Kind kind = Kind::kNowhere;
  std::string path;                   // kTree: in the source
  std::optional<std::uint32_t> file;  // in the trace
};

class Resolver {
 public:
  Resolver(const SourceTree& tree, const std::string& build_path, TraceJoin* join, const Behind* behind)
      : tree_(tree), build_path_(build_path), join_(join), behind_(behind) {}

  // Path in the source tree for a path of the debug information; the empty string for one that is not below the build
  // path.
  // "." is what -ffile-prefix-map makes of the build path, /usr/src/NAME what some distributions do.
  std::string BelowBuildPath(const std::string& path) const {
    if (!path.starts_with('/')) return path.starts_with("../") ? std::string() : path;
    if (path.starts_with(build_path_ + "/")) return path.substr(build_path_.size() + 1);
    constexpr std::string_view kSources = "/usr/src/";
    if (!path.starts_with(kSources)) return {};
    const std::size_t slash = path.find('/', kSources.size());
    return slash == path.npos ? std::string() : path.substr(slash + 1);
  }

  Place Resolve(const DwarfUnit& unit) const {
    const std::string path = JoinPath(unit.directory, unit.name);
    const std::string below = BelowBuildPath(path);
    if (!below.empty() && tree_.Find(below) != nullptr) {
      return {Place::Kind::kTree, below, join_ == nullptr ? std::nullopt : join_->FindFile(below)};
    }
    if (join_ == nullptr) return ByName(path);
    const auto file = join_->FindFile(below.empty() ? path : below);
    if (file && !join_->IsLink(*file)) {
      const FileOrigin origin = join_->file(*file).origin;
      if (origin == FileOrigin::kPackage) return {Place::Kind::kPackage, "", file};
      if (origin == FileOrigin::kBuilt) return {Place::Kind::kBuilt, "", file};
    }
    return ByArgument(unit, path);
  }

 private:
  // A link, or a name that the trace does not have: what the compiler read under this name.
  Place ByArgument(const DwarfUnit& unit, const std::string& path) const {
    const std::vector<std::uint32_t> read = join_->ReadUnderName(*behind_, unit.name);
    std::optional<std::uint32_t> best;
    bool ambiguous = false;
    for (const std::uint32_t candidate : read) {
      if (join_->InTree(candidate).empty() && join_->file(candidate).origin != FileOrigin::kBuilt) continue;
      const std::size_t end = CommonEnd(join_->file(candidate).path, path);
      const std::size_t best_end = best ? CommonEnd(join_->file(*best).path, path) : 0;
      if (best && end == best_end) ambiguous = true;
      if (!best || end > best_end) {
        best = candidate;
        ambiguous = false;
      }
    }
    if (!best) return ByName(path);
    if (ambiguous) return {};
    std::string in_tree = join_->InTree(*best);
    if (in_tree.empty()) return {Place::Kind::kBuilt, "", best};
    return {Place::Kind::kTree, std::move(in_tree), best};
  }

  // The only file of the source that has this name.
  Place ByName(const std::string& path) const {
    const std::vector<std::string>& named = tree_.WithName(LastPart(path));
    if (named.size() != 1 || BelowBuildPath(path).empty()) return {};
    return {Place::Kind::kTree, named.front(), std::nullopt};
  }

  const SourceTree& tree_;
  const std::string& build_path_;
  const TraceJoin* join_;
  const Behind* behind_;
};

}  // namespace

std::string JoinPath(const std::string& directory, const std::string& name) {
  const std::string whole = name.starts_with('/') || directory.empty() ? name : directory + "/" + name;
  std::vector<std::string_view> parts;
  std::string_view rest = whole;
  const bool absolute = rest.starts_with('/');
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string path = absolute ? "/" : "";
  for (const std::string_view part : parts) {
    if (!path.empty() && !path.ends_with('/')) path += '/';
    path += part;
  }
  return path;
}

void AddUnits(const Dwarf& dwarf, const SourceTree& tree, const std::string& build_path, TraceJoin* join,
              const Behind* behind, FileOrigins& origins) {
  const Resolver resolver(tree, build_path, join, behind);
  const auto add = [&](const std::set<std::string>& paths, SourceRole role) {
    for (const std::string& path : paths) origins.sources.push_back({path, role});
  };
  for (const DwarfUnit& unit : dwarf.units) {
    const Place place = resolver.Resolve(unit);
    if (place.kind == Place::Kind::kNowhere) {
      origins.unresolved.push_back(JoinPath(unit.directory, unit.name));
      continue;
    }
    if (place.kind == Place::Kind::kPackage) {
      const TraceFile& file = join->file(*place.file);
      origins.foreign.push_back({ForeignRole::kUnit, file.package, file.path, ""});
      continue;
    }
    if (place.kind == Place::Kind::kTree) origins.sources.push_back({place.path, SourceRole::kUnit});
    if (place.kind == Place::Kind::kBuilt) add(join->GeneratedFrom(*place.file), SourceRole::kGeneratedFrom);
    const std::vector<std::uint32_t> compilers =
        join != nullptr && place.file ? join->Compilers(*behind, *place.file, unit.name) : std::vector<std::uint32_t>();
    if (compilers.empty()) {
      for (const std::string& file : unit.files) {
        const std::string below = resolver.BelowBuildPath(JoinPath(unit.directory, file));
        if (!below.empty() && tree.Find(below) != nullptr) origins.sources.push_back({below, SourceRole::kHeader});
      }
      continue;
    }
    const Compilation compilation = join->CompiledBy(compilers, *place.file);
    add(compilation.headers, SourceRole::kHeader);
    add(compilation.generated, SourceRole::kGeneratedFrom);
    for (const PackageRead& header : compilation.packages) {
      origins.foreign.push_back({ForeignRole::kHeader, header.package, header.path, ""});
    }
  }
}

void Settle(FileOrigins& origins) {
  // Sorted by path, then role: of each path the strongest role comes first.
  std::sort(origins.sources.begin(), origins.sources.end());
  origins.sources.erase(
      std::unique(origins.sources.begin(), origins.sources.end(),
                  [](const SourceUse& left, const SourceUse& right) { return left.path == right.path; }),
      origins.sources.end());
  std::sort(origins.unresolved.begin(), origins.unresolved.end());
  origins.unresolved.erase(std::unique(origins.unresolved.begin(), origins.unresolved.end()), origins.unresolved.end());
  std::sort(origins.foreign.begin(), origins.foreign.end());
  origins.foreign.erase(std::unique(origins.foreign.begin(), origins.foreign.end()), origins.foreign.end());
}

}  // namespace nachbau::sbom
