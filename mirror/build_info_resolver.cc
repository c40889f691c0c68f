// From a .buildinfo file to a lock: every package is looked for by name and version in one snapshot after another, until
// all are found. The chains of proof are those of the snapshots where they were found.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "mirror/archive_path.h"
#include "mirror/build_info.h"
#include "mirror/debian_version.h"
#include "mirror/keyring.h"
#include "mirror/mirror.h"
#include "mirror/source_choice.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxIndexSize = 2ULL << 30;  // bytes, decompressed
// Build daemons have it beside what a .buildinfo file records, as the base of a resolved environment has.
constexpr std::array<std::string_view, 2> kHelpers = {"fakeroot", "libfakeroot"};
constexpr std::string_view kAnchor = "dpkg-dev";  // no Debian package is built without it: helpers come from where it does

struct FileName {
  std::string package, version, architecture;
};

// "hello_2.10-3_amd64.deb"; the epoch is not in it.
std::optional<FileName> ParseDebName(std::string_view name) {
  if (!name.ends_with(".deb")) return std::nullopt;
  name.remove_suffix(4);
  const std::size_t first = name.find('_'), last = name.rfind('_');
  if (first == name.npos || first == last) return std::nullopt;
  FileName parts{std::string(name.substr(0, first)), std::string(name.substr(first + 1, last - first - 1)),
                 std::string(name.substr(last + 1))};
  if (!IsPackageName(parts.package) || parts.version.empty() || parts.architecture.empty()) return std::nullopt;
  return parts;
}

LockedFile ToLockedFile(const Paragraph& paragraph, std::uint32_t index) {
  LockedFile file;
  file.role = InputRole::kEnvironment;
  file.package = Trim(paragraph.Get("Package"));
  file.version = Trim(paragraph.Get("Version"));
  file.architecture = Trim(paragraph.Get("Architecture"));
  file.source = file.package;
  file.source_version = file.version;
  if (const auto source = paragraph.Find("Source")) {
    const std::string_view text = Trim(*source);
    const std::size_t open = text.find(" (");
    file.source = text.substr(0, open);
    if (open != text.npos && text.ends_with(')')) file.source_version = text.substr(open + 2, text.size() - open - 3);
  }
  file.path = CleanArchivePath(Trim(paragraph.Get("Filename")), paragraph.input_name(), paragraph.line());
  file.file_name = file.path.substr(file.path.rfind('/') + 1);
  const std::string_view size = Trim(paragraph.Get("Size"));
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), file.size);
  if (error != std::errc() || end != size.data() + size.size()) {
    throw ParseError(paragraph.input_name(), paragraph.line(), Msg("not a size: {}", Printable(size.substr(0, 40))));
  }
  file.sha256 = ParseSha256(Trim(paragraph.Get("SHA256")), paragraph.input_name());
  file.index = index;
  return file;
}

class Locator {
 public:
  Locator(const BuildInfo& info, const MirrorConfig& config, const Store& store) : info_(info), config_(config), store_(store) {
    for (const InstalledPackage& package : info.installed) wanted_.emplace(package, std::nullopt);
    for (const SourceFile& file : info.files) {
      if (const auto name = ParseDebName(file.name)) references_.emplace_back(file, *name, std::nullopt);
    }
  }

  bool Complete() const {
    return source_ && std::all_of(wanted_.begin(), wanted_.end(), [](const auto& one) { return one.second.has_value(); });
  }

  void Search(const Snapshot& snapshot) {
    visited_.push_back(snapshot);
    for (std::uint32_t i = 0; i < snapshot.indexes.size(); ++i) {
      if (config_.cancelled != nullptr && *config_.cancelled) throw CancelledError();
      const SnapshotIndex& index = snapshot.indexes[i];
      const bool is_source = index.architecture == "source";
      if (!is_source && index.architecture != info_.build_architecture && index.architecture != "all") continue;
      if (!searched_.insert(index.proof.sha256).second || !store_.Has(index.proof.sha256)) continue;
      if (is_source) {
        if (!source_) SearchSource(snapshot, i);
      } else {
        SearchPackages(snapshot, i);
      }
    }
    if (anchored_ && helpers_.empty()) FindHelpers(snapshot);
  }

  // Sources of the environment's packages, from where the search has been. What stays are those in no index.
  std::vector<std::string> FindEnvironmentSources() {
    std::set<std::pair<std::string, std::string>> missing;
    for (const LockedFile& file : Environment()) missing.emplace(file.source, file.source_version);
    std::set<Sha256Digest> seen;
    for (const Snapshot& snapshot : visited_) {
      for (std::uint32_t i = 0; i < snapshot.indexes.size() && !missing.empty(); ++i) {
        const SnapshotIndex& index = snapshot.indexes[i];
        if (index.architecture != "source" || !store_.Has(index.proof.sha256) || !seen.insert(index.proof.sha256).second) {
          continue;
        }
        const std::vector<NumberedIndex> one = {{0, Read(index)}};
        for (auto it = missing.begin(); it != missing.end();) {
          const auto found = FindSource(one, it->first, it->second);
          if (found) AddSource(InputRole::kEnvironmentSource, found->source, Register(snapshot, i));
          it = found ? missing.erase(it) : std::next(it);
        }
      }
    }
    std::vector<std::string> names;
    for (const auto& [name, version] : missing) names.push_back(name + " " + version);
    return names;
  }

  std::vector<std::string> Missing() const {
    std::vector<std::string> missing;
    if (!source_) missing.push_back("source " + info_.source + " " + info_.source_version);
    for (const auto& [package, file] : wanted_) {
      if (file) continue;
      missing.push_back(package.name + (package.architecture.empty() ? "" : ":" + package.architecture) + " " +
                        package.version);
    }
    return missing;
  }

  std::vector<LockedFile> Environment() const {
    std::vector<LockedFile> environment = helpers_;
    for (const auto& [package, file] : wanted_) {
      if (file) environment.push_back(*file);
    }
    return environment;
  }

  // What the .buildinfo file says was built; in an archive too, or by its digest alone.
  std::vector<LockedFile> References(Progress& progress) const {
    std::vector<LockedFile> references;
    for (const Reference& reference : references_) {
      LockedFile file;
      if (reference.offered && reference.offered->sha256 == reference.file.sha256) {
        file = *reference.offered;
      } else {
        if (reference.offered) {
          progress.Note(Msg("{}: the archive's is another file than the .buildinfo file names", reference.file.name));
        }
        file.package = reference.name.package;
        file.version = info_.version;
        file.architecture = reference.name.architecture;
        file.source = info_.source;
        file.source_version = info_.source_version;
        file.path = file.file_name = reference.file.name;
        file.index = kNoIndex;
        file.size = reference.file.size;
        file.sha256 = reference.file.sha256;
      }
      file.role = InputRole::kReference;
      references.push_back(std::move(file));
    }
    return references;
  }

  std::vector<LockedFile> sources;
  std::vector<ReleaseProof> releases;
  std::vector<IndexProof> indexes;

 private:
  struct Reference {
    Reference(SourceFile the_file, FileName the_name, std::optional<LockedFile> found)
        : file(std::move(the_file)), name(std::move(the_name)), offered(std::move(found)) {}
    SourceFile file;
    FileName name;
    std::optional<LockedFile> offered;
  };

  std::shared_ptr<const PackageIndex> Read(const SnapshotIndex& index) const {
    std::string text;
    DecompressPieces(store_.Open(index.proof.sha256), index.proof.path, kMaxIndexSize,
                     [&](std::string_view piece) { text += piece; });
    return std::make_shared<PackageIndex>(std::move(text), index.proof.path);
  }

  // Position in the lock's lists, which have only what is used.
  std::uint32_t Register(const Snapshot& snapshot, std::uint32_t position) {
    IndexProof index = snapshot.indexes.at(position).proof;
    const ReleaseProof& release = snapshot.releases.at(index.release);
    const auto known = std::find(releases.begin(), releases.end(), release);
    index.release = static_cast<std::uint32_t>(known - releases.begin());
    if (known == releases.end()) releases.push_back(release);
    const auto same = std::find(indexes.begin(), indexes.end(), index);
    const auto result = static_cast<std::uint32_t>(same - indexes.begin());
    if (same == indexes.end()) indexes.push_back(std::move(index));
    return result;
  }

  void AddSource(InputRole role, const DebianSource& source, std::uint32_t index) {
    for (const SourceFile& one : source.files) {
      LockedFile file;
      file.role = role;
      file.package = file.source = source.name;
      file.version = file.source_version = source.version;
      file.architecture = "source";
      file.file_name = one.name;
      file.path = source.directory.empty() ? one.name : source.directory + "/" + one.name;
      file.index = index;
      file.size = one.size;
      file.sha256 = one.sha256;
      sources.push_back(std::move(file));
    }
  }

  void SearchSource(const Snapshot& snapshot, std::uint32_t position) {
    const std::vector<NumberedIndex> one = {{0, Read(snapshot.indexes[position])}};
    const auto found = FindSource(one, info_.source, info_.source_version);
    if (!found) return;
    source_ = true;
    AddSource(InputRole::kSource, found->source, Register(snapshot, position));
  }

  bool Fits(const Paragraph& paragraph, const InstalledPackage& package) const {
    const std::string_view architecture = Trim(paragraph.Find("Architecture").value_or(""));
    if (Trim(paragraph.Find("Version").value_or("")) != package.version) return false;
    if (package.architecture.empty()) return architecture == info_.build_architecture || architecture == "all";
    return architecture == package.architecture || (architecture == "all" && package.architecture == info_.build_architecture);
  }

  void SearchPackages(const Snapshot& snapshot, std::uint32_t position) {
    const auto packages = Read(snapshot.indexes[position]);
    for (auto& [package, file] : wanted_) {
      if (file) continue;
      for (const Paragraph& paragraph : packages->Find(package.name)) {
        if (!Fits(paragraph, package)) continue;
        file = ToLockedFile(paragraph, Register(snapshot, position));
        anchored_ = anchored_ || package.name == kAnchor;
        break;
      }
    }
    for (Reference& reference : references_) {
      if (reference.offered && reference.offered->sha256 == reference.file.sha256) continue;
      for (const Paragraph& paragraph : packages->Find(reference.name.package)) {
        const InstalledPackage like{reference.name.package, reference.name.architecture, info_.version};
        if (!Fits(paragraph, like)) continue;
        reference.offered = ToLockedFile(paragraph, 0);
        if (reference.offered->sha256 == reference.file.sha256) reference.offered->index = Register(snapshot, position);
        break;
      }
    }
  }

  void FindHelpers(const Snapshot& snapshot) {
    for (const std::string_view helper : kHelpers) {
      const bool recorded = std::any_of(wanted_.begin(), wanted_.end(),
                                        [&](const auto& one) { return one.first.name == helper; });
      std::optional<LockedFile> best;
      for (std::uint32_t i = 0; i < snapshot.indexes.size() && !recorded; ++i) {
        const SnapshotIndex& index = snapshot.indexes[i];
        if (index.architecture == "source" || !store_.Has(index.proof.sha256)) continue;
        const auto packages = Read(index);  // paragraphs point into it
        for (const Paragraph& paragraph : packages->Find(helper)) {
          const std::string_view architecture = Trim(paragraph.Find("Architecture").value_or(""));
          if (architecture != info_.build_architecture && architecture != "all") continue;
          LockedFile file = ToLockedFile(paragraph, i);
          if (!best || CompareVersions(file.version, best->version) > 0) best = std::move(file);
        }
      }
      if (!best) continue;
      best->index = Register(snapshot, best->index);
      helpers_.push_back(std::move(*best));
    }
  }

  const BuildInfo& info_;
  const MirrorConfig& config_;
  const Store& store_;
  std::map<InstalledPackage, std::optional<LockedFile>> wanted_;
  std::vector<Reference> references_;
  std::vector<LockedFile> helpers_;
  bool source_ = false, anchored_ = false;
  std::set<Sha256Digest> searched_;
  std::vector<Snapshot> visited_;
};

LockedRecipe RecipeOf(const BuildInfo& info, const std::string& profile) {
  LockedRecipe recipe;
  recipe.profile = profile;
  recipe.parts = info.parts;
  recipe.build_path = info.build_path;
  recipe.environment = info.environment;
  std::set<std::string> profiles;
  if (const auto set = info.environment.find("DEB_BUILD_PROFILES"); set != info.environment.end()) {
    for (const std::string_view word : SplitWords(set->second)) {
      if (!IsBuildProfile(word)) throw ParseError("DEB_BUILD_PROFILES", 0, Msg("not a build profile: {}", Printable(word)));
      profiles.emplace(word);
    }
  }
  recipe.build_profiles.assign(profiles.begin(), profiles.end());
  if (info.version != info.source_version) {
    recipe.binary_version = info.version;
    recipe.changelog_entry = info.changelog_entry;
  }
  return recipe;
}

}  // namespace

std::optional<UnixSeconds> BuildDateOf(const BuildInfoRequest& request) {
  return ReadBuildInfo(request.text, request.name, "", 0).info.build_date;
}

BuildInfoResult ResolveBuildInfo(const BuildInfoRequest& request, const std::function<std::optional<Snapshot>()>& next,
                                 const MirrorConfig& config, Store& store, UnixSeconds now, Progress& progress) {
  std::string keyring;
  for (const std::string& keys : request.keyrings) keyring += BinaryKeyring(keys, "--keyring");
  const ReadResult read = ReadBuildInfo(request.text, request.name, keyring, now);
  const BuildInfo& info = read.info;
  if (!config.architecture.empty() && config.architecture != info.build_architecture) {
    throw UsageError(Msg("{} is of a build for {}, not for {}", request.name, info.build_architecture, config.architecture));
  }
  BuildInfoResult result;
  Locator locator(info, config, store);
  {
    const auto task = progress.Start(Msg("Looking for {} packages of {}", info.installed.size(), request.name), Unit::kItems, 0);
    while (!locator.Complete()) {
      const auto snapshot = next();
      if (!snapshot) break;
      ++result.snapshots;
      locator.Search(*snapshot);
      task->Advance(1);
    }
    if (locator.Complete()) task->Succeed();
  }
  result.missing = locator.Missing();
  Lock& lock = result.lock;
  lock.source = info.source;
  lock.version = info.source_version;
  lock.architecture = info.build_architecture;
  lock.recipe = RecipeOf(info, request.profile);
  lock.build_info = read.proof;
  if (!result.missing.empty()) return result;
  store.Put(request.text);
  if (read.proof.keyring) store.Put(keyring);
  if (request.with_environment_sources) lock.missing_sources = locator.FindEnvironmentSources();
  lock.files = locator.Environment();
  std::set<std::string> binaries;
  for (LockedFile& reference : locator.References(progress)) {
    if (!reference.package.ends_with("-dbgsym")) binaries.insert(reference.package);
    lock.files.push_back(std::move(reference));
  }
  lock.binaries.assign(binaries.begin(), binaries.end());
  std::move(locator.sources.begin(), locator.sources.end(), std::back_inserter(lock.files));
  lock.releases = std::move(locator.releases);
  lock.indexes = std::move(locator.indexes);
  std::sort(lock.files.begin(), lock.files.end(), [](const LockedFile& left, const LockedFile& right) {
    return std::tie(left.role, left.package, left.version, left.file_name) <
           std::tie(right.role, right.package, right.version, right.file_name);
  });
  return result;
}

}  // namespace nachbau::mirror
