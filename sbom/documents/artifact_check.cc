#include "sbom/documents/artifact_check.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/openssl_digest.h"
#include "sbom/documents/identity.h"

namespace nachbau::sbom {
namespace {

struct Algorithm {
  const char* name;  // as in the view
  const EVP_MD* (*digest)();
  bool strong;
};
constexpr std::array<Algorithm, 9> kAlgorithms = {{{"SHA-512", EVP_sha512, true},
                                                   {"SHA-256", EVP_sha256, true},
                                                   {"SHA-384", EVP_sha384, true},
                                                   {"SHA3-512", EVP_sha3_512, true},
                                                   {"SHA3-384", EVP_sha3_384, true},
                                                   {"SHA3-256", EVP_sha3_256, true},
                                                   {"BLAKE2b-512", EVP_blake2b512, true},
                                                   {"SHA-1", EVP_sha1, false},
                                                   {"MD5", EVP_md5, false}}};

using Digests = std::map<std::string, std::string>;  // algorithm → hex

// All that the document uses, in one pass.
class Hasher {
 public:
  explicit Hasher(const std::set<std::string>& algorithms) {
    for (const Algorithm& algorithm : kAlgorithms) {
      if (!algorithms.contains(algorithm.name)) continue;
      digests_.emplace_back(algorithm.name, OpenSslDigest(algorithm.digest()));
    }
  }
  void Update(std::string_view bytes) {
    for (auto& [name, digest] : digests_) digest.Update(bytes);
  }
  Digests Finish() {
    Digests digests;
    for (auto& [name, digest] : digests_) digests.emplace(name, EncodeHex(digest.Finish()));
    return digests;
  }

 private:
  std::vector<std::pair<const char*, OpenSslDigest>> digests_;
};

std::string LastPart(const std::string& path) {
  return path.substr(path.rfind('/') == path.npos ? 0 : path.rfind('/') + 1);
}

std::string WithoutRoot(std::string path) {
  while (path.starts_with("./") || path.starts_with("/")) path.erase(0, path[0] == '/' ? 1 : 2);
  return path;
}

// Files by path, and by the last part of it where that is one of a kind.
class FileTable {
 public:
  void Add(std::string path, Digests digests) {
    by_last_part_.emplace(LastPart(path), path);
    files_.insert_or_assign(std::move(path), std::move(digests));
  }
  const std::pair<const std::string, Digests>* FindPath(const std::string& path) const {
    const auto found = files_.find(WithoutRoot(path));
    return found == files_.end() ? nullptr : &*found;
  }
  const std::pair<const std::string, Digests>* Find(const std::string& name) const {
    if (name.empty()) return nullptr;
    if (const auto* found = FindPath(name)) return found;
    const auto [begin, end] = by_last_part_.equal_range(LastPart(name));
    return begin != end && std::next(begin) == end ? &*files_.find(begin->second) : nullptr;
  }
  const std::map<std::string, Digests>& files() const { return files_; }

 private:
  std::map<std::string, Digests> files_;
  std::multimap<std::string, std::string> by_last_part_;
};

bool IsPackage(const std::string& name) { return name.ends_with(".deb") || name.ends_with(".udeb"); }

// Nothing for a symbolic link or something that is no file.
std::optional<FileDescriptor> OpenFile(const FileDescriptor& directory, const std::string& name) {
  try {
    return OpenBeneath(directory, name, O_RDONLY | O_NONBLOCK);
  } catch (const SystemError& error) {
    for (const int other : {ELOOP, ENXIO, ENOENT, EISDIR}) {
      if (error.error_number() == other) return std::nullopt;
    }
    throw;
  }
}

class Checker {
 public:
  Checker(const Bom& bom, const std::string& directory, Progress& progress)
      : bom_(bom), root_(OpenDirectory(directory)), children_(bom.components.size()) {
    for (std::size_t i = 0; i < bom.components.size(); ++i) {
      const BomComponent& component = bom.components[i];
      if (component.parent != kNoComponent) children_[component.parent].push_back(i);
      for (const BomHash& hash : HashesOf(component)) algorithms_.insert(hash.algorithm);
    }
    const auto names = ListFiles(directory);
    const auto task = progress.Start(Msg("Hashing the files in {}", directory), Unit::kNone, 0);
    for (const auto& name : names) {
      const auto fd = OpenFile(root_, name.native());
      if (!fd) continue;
      Hasher hasher(algorithms_);
      ReadPieces(*fd, name.native(), [&](std::string_view bytes) { hasher.Update(bytes); });
      here_.Add(name.native(), hasher.Finish());
    }
    task->Succeed();
  }

  ArtifactReport Run() {
    for (std::size_t i = 0; i < bom_.components.size(); ++i) {
      if (bom_.components[i].parent == kNoComponent) Walk(i, nullptr, "");
    }
    for (const auto& [path, digests] : here_.files()) {
      if (IsPackage(path) && !described_.contains(path)) {
        report_.verdicts.push_back(
            {ArtifactOutcome::kUnlisted, "", path, path, Msg("the SBOM does not describe this file")});
      }
    }
    return std::move(report_);
  }

 private:
  static std::vector<BomHash> HashesOf(const BomComponent& component) {
    std::vector<BomHash> hashes = component.hashes;
    for (const BomReference& reference : component.references) {
      if (reference.type == "distribution")
        hashes.insert(hashes.end(), reference.hashes.begin(), reference.hashes.end());
    }
    return hashes;
  }

  static std::string FileNameOf(const BomComponent& component) {
    const std::string name = component.Property("bsi:component:filename");
    return name.empty() ? component.name : name;
  }

  // `inside` are the files of the package that it is nested in, when that is here.
  void Walk(std::size_t i, const FileTable* inside, const std::string& package) {
    const BomComponent& component = bom_.components[i];
    std::optional<FileTable> members;
    std::string member_of = package;
    if (!HashesOf(component).empty()) {
      const auto* file = Look(component, inside);
      Judge(component, file, inside != nullptr, package);
      if (file != nullptr && inside == nullptr) {
        described_.insert(file->first);
        if (IsPackage(file->first) && AnyBelowHasHashes(i)) {
          members = ReadPackage(file->first);
          member_of = file->first;
        }
      }
    }
    for (const std::size_t child : children_[i]) Walk(child, members ? &*members : inside, member_of);
  }

  const std::pair<const std::string, Digests>* Look(const BomComponent& component, const FileTable* inside) const {
    const FileTable& table = inside == nullptr ? here_ : *inside;
    // Where the path is known, a file of that name elsewhere is another file.
    if (const std::string path = InstalledPath(component); inside != nullptr && !path.empty())
      return table.FindPath(path);
    for (const std::string& name : {component.name, FileNameOf(component)}) {
      if (const auto* found = table.Find(name)) return found;
    }
    return nullptr;
  }

  bool AnyBelowHasHashes(std::size_t i) const {
    return std::any_of(children_[i].begin(), children_[i].end(), [&](std::size_t child) {
      return !HashesOf(bom_.components[child]).empty() || AnyBelowHasHashes(child);
    });
  }

  void Judge(const BomComponent& component, const std::pair<const std::string, Digests>* file, bool in_package,
             const std::string& package) {
    ArtifactVerdict verdict;
    verdict.pointer = component.pointer;
    verdict.name = DisplayName(component);
    if (file == nullptr) {
      // What is nested in something that is not here (the files of a source package), or belongs to somebody else, need
      // not be here. What names a file of its own must be.
      const bool wanted = in_package || (component.parent == kNoComponent && !component.is_external &&
                                         !component.Property("bsi:component:filename").empty());
      verdict.file = package.empty() ? FileNameOf(component) : package + ":" + verdict.name;
      verdict.outcome = wanted ? ArtifactOutcome::kMissing : ArtifactOutcome::kNotChecked;
      verdict.reason = wanted ? Msg("the SBOM names this file, but it is not there") : Msg("its bytes are not here");
      report_.verdicts.push_back(std::move(verdict));
      return;
    }
    verdict.file = package.empty() ? file->first : package + ":" + file->first;
    bool strong = false;
    for (const BomHash& hash : HashesOf(component)) {
      const auto actual = file->second.find(hash.algorithm);
      if (actual == file->second.end()) continue;
      if (actual->second != hash.value) {
        verdict.outcome = ArtifactOutcome::kDiffers;
        verdict.reason = Msg("{} is {}, the SBOM says {}", hash.algorithm, actual->second, Printable(hash.value));
        break;
      }
      strong = strong || IsStrong(hash.algorithm);
    }
    if (verdict.outcome != ArtifactOutcome::kDiffers) {
      verdict.outcome = strong ? ArtifactOutcome::kSame : ArtifactOutcome::kNotChecked;
      verdict.reason = strong ? Msg("is the file the SBOM describes") : Msg("has no digest that proves anything");
    }
    report_.verdicts.push_back(std::move(verdict));
  }

  static bool IsStrong(const std::string& name) {
    return std::any_of(kAlgorithms.begin(), kAlgorithms.end(),
                       [&](const Algorithm& algorithm) { return name == algorithm.name && algorithm.strong; });
  }

  FileTable ReadPackage(const std::string& name) const {
    FileTable table;
    const auto fd = OpenFile(root_, name);
    if (!fd) return table;
    ArchiveReader members(*fd, ArchiveFormat::kAr, name);
    while (const auto member = members.Next()) {
      const bool control = member->path.starts_with("control.tar");
      if (!control && !member->path.starts_with("data.tar")) continue;
      ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, name + ":" + member->path);
      while (const auto entry = tar.Next()) {
        // Maintainer scripts are "DEBIAN/postinst", as dpkg-deb -R lays them out.
        const std::string prefix = control ? "DEBIAN/" : "";
        if (entry->type == ArchiveEntry::Type::kHardlink) {
          const auto target = table.files().find(prefix + WithoutRoot(entry->link_target));
          if (target != table.files().end()) table.Add(prefix + WithoutRoot(entry->path), Digests(target->second));
        }
        if (entry->type != ArchiveEntry::Type::kFile) continue;
        Hasher hasher(algorithms_);
        for (std::string_view piece; !(piece = tar.NextPiece()).empty();) hasher.Update(piece);
        table.Add(prefix + WithoutRoot(entry->path), hasher.Finish());
      }
    }
    return table;
  }

  const Bom& bom_;
  FileDescriptor root_;
  std::vector<std::vector<std::size_t>> children_;
  std::set<std::string> algorithms_, described_;
  FileTable here_;
  ArtifactReport report_;
};

}  // namespace

std::string_view Name(ArtifactOutcome outcome) {
  switch (outcome) {
    case ArtifactOutcome::kNotChecked:
      return "not checked";
    case ArtifactOutcome::kSame:
      return "same";
    case ArtifactOutcome::kDiffers:
      return "differs";
    case ArtifactOutcome::kMissing:
      return "missing";
    case ArtifactOutcome::kUnlisted:
      return "unlisted";
  }
  return "not checked";
}

std::size_t ArtifactReport::Count(ArtifactOutcome outcome) const {
  return static_cast<std::size_t>(std::count_if(
      verdicts.begin(), verdicts.end(), [&](const ArtifactVerdict& verdict) { return verdict.outcome == outcome; }));
}

bool ArtifactReport::Good() const {
  return Count(ArtifactOutcome::kSame) != 0 && Count(ArtifactOutcome::kDiffers) == 0 &&
         Count(ArtifactOutcome::kMissing) == 0 && Count(ArtifactOutcome::kUnlisted) == 0;
}

ArtifactReport CheckArtifacts(const Bom& bom, const std::string& directory, Progress& progress) {
  return Checker(bom, directory, progress).Run();
}

Json ToJson(const ArtifactReport& report) {
  Json files = Json::array();
  for (const ArtifactVerdict& verdict : report.verdicts) {
    files.push_back({{"outcome", Name(verdict.outcome)},
                     {"pointer", verdict.pointer},
                     {"component", verdict.name},
                     {"file", verdict.file},
                     {"reason", Render(verdict.reason)}});
  }
  return {{"good", report.Good()},
          {"same", report.Count(ArtifactOutcome::kSame)},
          {"differs", report.Count(ArtifactOutcome::kDiffers)},
          {"missing", report.Count(ArtifactOutcome::kMissing)},
          {"unlisted", report.Count(ArtifactOutcome::kUnlisted)},
          {"notChecked", report.Count(ArtifactOutcome::kNotChecked)},
          {"files", files}};
}

}  // namespace nachbau::sbom
