// The chains of proof once more, from objects alone: no network, no state, no configuration.
#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/archive_path.h"
#include "mirror/build_info.h"
#include "mirror/clear_signed.h"
#include "mirror/mirror.h"
#include "mirror/release_file.h"
#include "model/evidence.h"
#include "model/script_recipe.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxSmall = 64 << 20;        // InRelease files and keyrings
constexpr std::uint64_t kMaxIndex = 1ULL << 30;
constexpr std::uint64_t kMaxIndexText = 4ULL << 30;

// Reads an object; nothing when it is not there. Throws IntegrityError when its bytes are not what its name says.
using ReadObject = std::function<std::optional<std::string>(const Sha256Digest&, std::uint64_t limit)>;

struct Checked {
  std::vector<std::string> broken;
  std::vector<std::string> not_here;  // objects that could not be looked at
};

// Signatures of the Release files, and the indexes' digests in them.
void CheckReleases(const Lock& lock, const ReadObject& read, Checked& result) {
  std::vector<std::optional<ReleaseFile>> releases(lock.releases.size());
  for (std::size_t i = 0; i < lock.releases.size(); ++i) {
    const ReleaseProof& proof = lock.releases[i];
    const std::string name = proof.uri + " " + proof.suite;
    try {
      const auto message = read(proof.in_release, kMaxSmall);
      const auto keyring = read(proof.keyring, kMaxSmall);
      if (!message || !keyring) {
        result.not_here.push_back(name + ": InRelease or keyring");
        continue;
      }
      // As of the time of each signature: later expiry of a key does not undo what was proven then, and a key that had
      // expired when the file was accepted may count here beside those that counted.
      const VerifiedText verified = VerifyClearSigned(*message, *keyring, name, std::nullopt);
      const auto& good = verified.signers;
      if (proof.signers.empty() || !std::includes(good.begin(), good.end(), proof.signers.begin(), proof.signers.end())) {
        result.broken.push_back(name + ": signed by other keys than the lock says");
      }
      releases[i] = ParseRelease(verified.text, name);
      if (releases[i]->date != proof.date || releases[i]->origin != proof.origin ||
          releases[i]->codename != proof.codename || releases[i]->valid_until != proof.valid_until) {
        result.broken.push_back(name + ": the lock says something else than the Release file");
      }
    } catch (const Error& error) {
      result.broken.push_back(name + ": " + error.what());
    }
  }
  for (const IndexProof& index : lock.indexes) {
    const std::optional<ReleaseFile>& release = releases.at(index.release);
    if (!release) continue;  // told above
    const auto listed = release->files.find(index.path);
    if (listed == release->files.end() || listed->second.sha256 != index.sha256) {
      result.broken.push_back(lock.releases[index.release].suite + "/" + index.path + ": not in the Release file like this");
    }
  }
}

// The source that a binary package's paragraph names: "Source: gcc-defaults (1.203)", by default itself.
bool ComesFrom(const Paragraph& paragraph, const LockedFile& file) {
  std::string source(paragraph.Find("Source").value_or(paragraph.Find("Package").value_or("")));
  std::string version(paragraph.Find("Version").value_or(""));
  if (const std::size_t open = source.find('('); open != source.npos && source.ends_with(')')) {
    version = source.substr(open + 1, source.size() - open - 2);
    source.resize(open);
  }
  return Trim(source) == file.source && version == file.source_version;
}

// True when the paragraph of a Packages or Sources index says of the file all that the lock does.
bool Names(const Paragraph& paragraph, const LockedFile& file) {
  const auto path_is = [&](std::string_view path) {
    return CleanArchivePath(path, paragraph.input_name(), paragraph.line()) == file.path;
  };
  if (file.architecture != "source") {
    return paragraph.Find("Package").value_or("") == file.package &&
           paragraph.Find("Version").value_or("") == file.version &&
           paragraph.Find("Architecture").value_or("") == file.architecture &&
           paragraph.Find("SHA256").value_or("") == file.sha256.Hex() &&
           paragraph.Find("Size").value_or("") == std::to_string(file.size) &&
           path_is(paragraph.Find("Filename").value_or("")) && ComesFrom(paragraph, file);
  }
  if (paragraph.Find("Package").value_or("") != file.source ||
      paragraph.Find("Version").value_or("") != file.source_version || file.package != file.source ||
      file.version != file.source_version) {
    return false;
  }
  for (const std::string_view line : Paragraph::Lines(paragraph.Find("Checksums-Sha256").value_or(""))) {
    const auto words = SplitWords(line);
    if (words.size() == 3 && words[0] == file.sha256.Hex() && words[1] == std::to_string(file.size) &&
        words[2] == file.file_name) {
      const std::string directory(paragraph.Find("Directory").value_or(""));
      return path_is(directory.empty() ? file.file_name : directory + "/" + file.file_name);
    }
  }
  return false;
}

void CheckFiles(const Lock& lock, const ReadObject& read, Checked& result) {
  for (std::uint32_t i = 0; i < lock.indexes.size(); ++i) {
    // Several versions of a package may stand in one index.
    std::multimap<std::string_view, const LockedFile*> wanted;
    for (const LockedFile& file : lock.files) {
      if (file.index == i) wanted.emplace(file.architecture == "source" ? file.source : file.package, &file);
    }
    if (wanted.empty()) continue;
    const std::string name = lock.releases[lock.indexes[i].release].suite + "/" + lock.indexes[i].path;
    try {
      const auto compressed = read(lock.indexes[i].sha256, kMaxIndex);
      if (!compressed) {
        result.not_here.push_back(name);
        continue;
      }
      ForEachParagraph(Decompress(*compressed, name, kMaxIndexText), name, [&](const Paragraph& paragraph) {
        const auto [begin, end] = wanted.equal_range(paragraph.Find("Package").value_or(""));
        for (auto it = begin; it != end;) it = Names(paragraph, *it->second) ? wanted.erase(it) : std::next(it);
      });
    } catch (const Error& error) {
      result.broken.push_back(name + ": " + error.what());
    }
    for (const auto& [package, file] : wanted) {
      result.broken.push_back(file->file_name + ": not in " + name + " like this");
    }
  }
}

}  // namespace

std::vector<std::string> CheckProofs(const Lock& lock, const Store& store) {
  Checked result;
  const ReadObject read = [&](const Sha256Digest& sha256, std::uint64_t limit) -> std::optional<std::string> {
    if (!store.Has(sha256)) return std::nullopt;
    return store.Read(sha256, limit);
  };
  CheckReleases(lock, read, result);
  CheckFiles(lock, read, result);
  for (const std::string& name : result.not_here) result.broken.push_back(name + ": not in the store");
  for (const LockedFile& file : lock.files) {
    const auto content = store.Find(file.sha256);
    if (!content) continue;  // what is not held cannot be wrong; Fetch told of it
    if (content->size != file.size || (file.sha512 && *file.sha512 != content->sha512)) {
      result.broken.push_back(file.file_name + ": the object has another size or SHA-512 than the lock says");
    }
    try {
      store.Open(file.sha256);  // hashes the bytes
    } catch (const Error& error) {
      result.broken.push_back(file.file_name + ": " + error.what());
    }
  }
  std::sort(result.broken.begin(), result.broken.end());
  return result.broken;
}

std::vector<Finding> CheckScriptSource(const Lock& lock,
                                       const std::function<std::optional<std::string>(const Sha256Digest&)>& read) {
  if (lock.recipe.kind != RecipeKind::kScript) return {};
  Finding finding;
  finding.rule = "inputs.proven";
  finding.subject = lock.source + " " + lock.version;
  finding.evidence = {evidence::kLock, evidence::kProofs};
  finding.outcome = FindingOutcome::kUnknown;
  const auto recipes = lock.WithRole(InputRole::kRecipe);
  const auto sources = lock.WithRole(InputRole::kSource);
  const auto text = recipes.size() == 1 ? read(recipes.front().sha256) : std::nullopt;
  if (!text || sources.size() != 1) {
    finding.reason = Msg("the recipe is not here, so what it names as its source cannot be checked");
    return {finding};
  }
  try {
    const ScriptRecipe recipe = ParseScriptRecipe(*text, recipes.front().file_name);
    if (recipe.name != lock.source || recipe.version != lock.version) {
      finding.outcome = FindingOutcome::kFail;
      finding.reason = Msg("the lock says something else than its recipe {}", recipes.front().file_name);
    } else if (!recipe.git.empty()) {
      finding.reason =
          Msg("the source was taken from commit {} when the lock was made; in the repository, 'git archive "
              "--prefix=source/ {}' gives the bytes of SHA-256 {}",
              recipe.commit, recipe.commit, sources.front().sha256.Hex());
    } else if (recipe.sha256 == sources.front().sha256) {
      finding.outcome = FindingOutcome::kPass;
      finding.reason = Msg("the source is the tarball that the recipe names by its SHA-256");
    } else {
      finding.outcome = FindingOutcome::kFail;
      finding.reason = Msg("the source is not the tarball that the recipe names");
    }
  } catch (const ParseError& error) {
    finding.outcome = FindingOutcome::kFail;
    finding.reason = Msg("{}", std::string_view(error.what()));
  }
  return {finding};
}

std::vector<Finding> CheckBuildInfo(const Lock& lock,
                                    const std::function<std::optional<std::string>(const Sha256Digest&)>& read) {
  if (!lock.build_info) return {};
  const BuildInfoProof& proof = *lock.build_info;
  Finding finding;
  finding.rule = "references.vouched";
  finding.subject = lock.source + " " + lock.version;
  finding.evidence = {evidence::kLock, evidence::kProofs};
  finding.outcome = FindingOutcome::kUnknown;
  const auto file = read(proof.sha256);
  const auto keyring = proof.keyring ? read(*proof.keyring) : std::string();
  if (!file || !keyring) {
    finding.reason = Msg("the .buildinfo file or the keys it was checked with are not here");
    return {finding};
  }
  try {
    // Keys that have expired since do not undo what was proven then.
    const bool is_good = proof.signature == BuildInfoSignature::kGood;
    const ReadResult again = ReadBuildInfo(*file, ".buildinfo", *keyring, std::nullopt);
    const BuildInfo& info = again.info;
    std::map<std::string, Sha256Digest> named;
    for (const SourceFile& one : info.files) named.emplace(one.name, one.sha256);
    const auto references = lock.WithRole(InputRole::kReference);
    const bool fits = std::all_of(references.begin(), references.end(), [&](const LockedFile& one) {
      const auto known = named.find(one.file_name);
      return known != named.end() && known->second == one.sha256;
    });
    if (!fits || info.source != lock.source || info.source_version != lock.version ||
        info.build_path != lock.recipe.build_path || info.environment != lock.recipe.environment) {
      finding.outcome = FindingOutcome::kFail;
      finding.reason = Msg("the lock says something else than its .buildinfo file");
    } else if (is_good && again.proof != proof) {
      finding.outcome = FindingOutcome::kFail;
      finding.reason = Msg("the .buildinfo file is not signed as the lock says");
    } else if (is_good) {
      finding.outcome = FindingOutcome::kPass;
      finding.reason = Msg("the references are those of a .buildinfo file, signed by {}", proof.signers.front());
    } else if (proof.signature == BuildInfoSignature::kUnverified) {
      finding.reason = Msg("the references are those of a .buildinfo file whose signature nobody here could check");
    } else {
      finding.reason = Msg("the references are those of an unsigned .buildinfo file: nobody vouches for them");
    }
  } catch (const Error& error) {
    finding.outcome = FindingOutcome::kFail;
    finding.reason = Msg("{}", std::string_view(error.what()));
  }
  return {finding};
}

std::vector<Finding> CheckProofsIn(const Lock& lock, const std::filesystem::path& proofs) {
  Checked result;
  const ReadObject read = [&](const Sha256Digest& sha256, std::uint64_t limit) -> std::optional<std::string> {
    const auto fd = OpenForReadingIfExists(proofs / sha256.Hex());
    if (!fd) return std::nullopt;
    std::string bytes = ReadDescriptor(*fd, sha256.Hex(), limit);
    if (const Sha256Digest actual = Sha256(bytes); actual != sha256) {
      throw IntegrityError(std::string(evidence::kProofs) + "/" + sha256.Hex() + ": sha256", sha256.Hex(),
                           actual.Hex());
    }
    return bytes;
  };
  CheckReleases(lock, read, result);
  Finding finding;
  finding.rule = "inputs.proven";
  finding.subject = lock.source + " " + lock.version;
  finding.evidence = {evidence::kLock, evidence::kProofs};
  if (!result.broken.empty()) {
    finding.outcome = FindingOutcome::kFail;
    finding.reason = Msg("{} broken links in the chains of proof, the first: {}", result.broken.size(), result.broken.front());
  } else if (!result.not_here.empty() || lock.releases.empty()) {
    finding.outcome = FindingOutcome::kUnknown;
    finding.reason = Msg("the signed Release files are not all here: {}",
                         result.not_here.empty() ? std::string("the lock names none") : result.not_here.front());
  } else {
    finding.outcome = FindingOutcome::kPass;
    finding.reason = Msg("{} indexes are proven by {} signed Release files; the {} files are proven by the indexes, which "
                         "the mirror holds",
                         lock.indexes.size(), lock.releases.size(), lock.files.size());
  }
  std::vector<Finding> findings = {finding};
  for (Finding& source :
       CheckScriptSource(lock, [&](const Sha256Digest& sha256) { return read(sha256, kMaxRecipe); })) {
    findings.push_back(std::move(source));
  }
  for (Finding& vouched :
       CheckBuildInfo(lock, [&](const Sha256Digest& sha256) { return read(sha256, kMaxSmall); })) {
    findings.push_back(std::move(vouched));
  }
  return findings;
}

}  // namespace nachbau::mirror
