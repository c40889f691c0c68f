#include "store/scrub.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "store/hash_files.h"
#include "store/index.h"
#include "store/places.h"

namespace nachbau {

using namespace store_places;

namespace {

constexpr std::size_t kRememberEvery = 500;     // objects
constexpr std::uint64_t kRememberBytes = 1 << 30;
constexpr std::int64_t kSameAge = 86'400;       // seconds: checks within a day count as equally old

struct Candidate {
  Sha256Digest sha256;
  std::filesystem::path file;  // relative to objects/
  std::int64_t checked = 0;    // 0: never
  ino_t inode = 0;
  std::uint64_t size = 0;
};

// Moves a damaged object out of the way, unless good bytes have replaced it since it was read.
std::string Quarantine(const std::filesystem::path& root, const std::filesystem::path& path, const Sha256Digest& sha256,
                       const struct stat& read, UnixSeconds now) {
  MakeDirectories(QuarantineDirectory(root));
  std::filesystem::path target = QuarantineDirectory(root) / (sha256.Hex() + "." + std::to_string(now));
  for (int i = 2; ::access(target.c_str(), F_OK) == 0; ++i) {
    target = QuarantineDirectory(root) / (sha256.Hex() + "." + std::to_string(now) + "-" + std::to_string(i));
  }
  const GcLock lock(root, GcLock::Mode::kExclusive);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || status.st_ino != read.st_ino || status.st_dev != read.st_dev) return {};
  if (::rename(path.c_str(), target.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", target.native()));
  SyncDirectory(path.parent_path());
  SyncDirectory(target.parent_path());
  return target.lexically_relative(root).native();
}

}  // namespace

ScrubResult Scrub(Store& store, const ScrubRequest& request, Progress& progress) {
  const std::filesystem::path& root = store.root();
  const UnixSeconds begin = request.clock->Now();
  StoreIndex index(root / "index.sqlite");
  const auto last = index.LastChecks();
  const std::vector<Sha256Digest> known_before = index.All();  // before the files: what comes meanwhile is not missed

  ScrubResult result;
  std::vector<Candidate> candidates;
  std::vector<std::filesystem::path> strangers;
  std::uint64_t total = 0;
  for (const std::filesystem::path& file : ListFiles(root / "objects")) {
    const auto digest = DigestOfPath(file);
    struct stat status {};
    if (!digest || ::lstat((root / "objects" / file).c_str(), &status) != 0) {
      if (!digest) result.damages.push_back({{}, ("objects" / file).native(), "not the name of an object", {}});
      continue;
    }
    const auto known = last.find(*digest);
    const std::int64_t checked = known == last.end() ? 0 : known->second;
    if (request.older_than != 0 && checked > begin - request.older_than) {
      ++result.recent;
      result.oldest = std::min(result.oldest.value_or(checked), checked);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    total += size;
    candidates.push_back({*digest, file, checked, status.st_ino, size});
  }
  // Of equal age in the order of inodes: on most file systems about that of the disk.
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& left, const Candidate& right) {
    const std::int64_t left_day = left.checked / kSameAge;
    const std::int64_t right_day = right.checked / kSameAge;
    return left_day != right_day ? left_day < right_day : left.inode < right.inode;
  });
  std::vector<HashJob> jobs;
  for (const Candidate& candidate : candidates) jobs.push_back({root / "objects" / candidate.file, candidate.sha256});

  const auto task = progress.Start(Msg("Scrubbing {} objects", jobs.size()), Unit::kBytes, total);
  std::vector<Sha256Digest> good;
  std::vector<bool> seen(jobs.size());
  std::uint64_t unremembered = 0;
  const auto remember = [&] {
    index.RememberChecks(good, request.clock->Now());
    good.clear();
    unremembered = 0;
  };
  HashOptions options;
  options.from_disk = request.from_disk;
  options.rate = request.rate;
  options.max_seconds = request.max_seconds;
  options.cancelled = request.cancelled;
  std::size_t done = 0;
  try {
    done = HashFiles(jobs, options, *task, [&](std::size_t i, const HashAnswer& answer) {
      seen[i] = true;
      ++result.objects;
      result.bytes += answer.bytes;
      if (answer.damage.empty()) {
        good.push_back(candidates[i].sha256);
        unremembered += answer.bytes;
        if (good.size() >= kRememberEvery || unremembered >= kRememberBytes) remember();
        return;
      }
      ScrubDamage damage;
      damage.sha256 = candidates[i].sha256;
      damage.path = ("objects" / candidates[i].file).native();
      damage.detail = answer.damage;
      damage.quarantined = Quarantine(root, jobs[i].path, candidates[i].sha256, answer.status, request.clock->Now());
      if (!damage.quarantined.empty()) result.damages.push_back(std::move(damage));
    });
  } catch (...) {
    remember();
    throw;
  }
  remember();
  result.left = jobs.size() - done;
  bool never = false;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (seen[i]) continue;
    never = never || candidates[i].checked == 0;
    result.oldest = std::min(result.oldest.value_or(candidates[i].checked), candidates[i].checked);
  }
  if (never) {
    result.oldest.reset();
  } else {
    result.oldest = std::min(result.oldest.value_or(begin), begin);
  }
  std::sort(result.damages.begin(), result.damages.end(),
            [](const ScrubDamage& left, const ScrubDamage& right) { return left.path < right.path; });
  for (const Sha256Digest& sha256 : known_before) {
    struct stat status {};
    if (::lstat(ObjectPath(root, sha256).c_str(), &status) != 0 && !IsRegular(TrashPath(root, sha256), status)) {
      result.vanished.push_back(sha256);
    }
  }
  if (result.left == 0) task->Succeed();
  return result;
}

Store::VerifyResult Store::Verify(Progress& progress) const {
  std::vector<HashJob> jobs;
  const std::vector<std::filesystem::path> files = ListFiles(root() / "objects");
  for (const std::filesystem::path& file : files) jobs.push_back({root() / "objects" / file, DigestOfPath(file)});
  const StoreIndex index(root() / "index.sqlite");
  const auto task = progress.Start(Msg("Hashing {} objects", files.size()), Unit::kBytes, 0);
  VerifyResult result;
  HashOptions options;
  options.both = true;
  options.from_disk = false;
  HashFiles(jobs, options, *task, [&](std::size_t i, const HashAnswer& answer) {
    std::string detail = answer.damage;
    if (answer.content) {
      ++result.objects;
      result.bytes += answer.bytes;
      const auto known = index.Find(answer.content->sha256);
      if (detail.empty() && known && *known != *answer.content) detail = "the index has another size or SHA-512";
    }
    if (!detail.empty()) result.damages.push_back({("objects" / files[i]).native(), detail});
  });
  std::sort(result.damages.begin(), result.damages.end(),
            [](const Damage& left, const Damage& right) { return left.path < right.path; });
  task->Succeed();
  return result;
}

}  // namespace nachbau
