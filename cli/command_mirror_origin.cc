// nachbau mirror origin: where an object came from.
#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/progress_text.h"
#include "mirror/acquisition.h"

namespace nachbau::cli {
namespace {

struct Answer {
  std::string asked;
  std::set<Sha256Digest> objects;
  std::vector<std::string> locks;  // that name one of them, as to be typed
};

std::optional<Sha256Digest> AsDigest(const std::string& word) {
  if (word.size() != 64 || !DecodeHex(word)) return std::nullopt;
  return ParseSha256(word, word);
}

std::vector<std::pair<std::filesystem::path, Lock>> WorkspaceLocks(const Context& context) {
  std::vector<std::pair<std::filesystem::path, Lock>> locks;
  const std::filesystem::path directory = context.workspace() / "locks";
  if (!std::filesystem::is_directory(directory)) return locks;
  for (const std::filesystem::path& file : ListFiles(directory)) {
    if (file.native().ends_with(".lock.json")) locks.emplace_back(AsTyped(directory / file), ReadLock(directory / file));
  }
  return locks;
}

std::vector<Answer> FindObjects(const Context& context, const mirror::AcquisitionLog& log) {
  std::vector<Answer> answers;
  std::multimap<std::string, std::size_t> by_name;
  for (const std::string& word : context.arguments().names) {
    Answer answer;
    answer.asked = word;
    if (const auto digest = AsDigest(word)) {
      answer.objects.insert(*digest);
    } else if (std::filesystem::is_regular_file(word)) {
      answer.objects.insert(HashDescriptor(OpenForReading(word), word).sha256);
    } else {
      by_name.emplace(word, answers.size());
    }
    answers.push_back(std::move(answer));
  }
  if (!by_name.empty()) {
    log.ForEach([&](const mirror::Acquisition& one) {
      const auto [begin, end] = by_name.equal_range(one.name);
      for (auto it = begin; it != end; ++it) answers[it->second].objects.insert(one.sha256);
    });
  }
  for (const auto& [path, lock] : WorkspaceLocks(context)) {
    for (const LockedFile& file : lock.files) {
      const auto [begin, end] = by_name.equal_range(file.file_name);
      for (auto it = begin; it != end; ++it) answers[it->second].objects.insert(file.sha256);
    }
    for (Answer& answer : answers) {
      const bool names_it = std::any_of(lock.files.begin(), lock.files.end(), [&](const LockedFile& file) {
        return answer.objects.contains(file.sha256);
      });
      if (names_it) answer.locks.push_back(path.native());
    }
  }
  return answers;
}

Message Explain(const mirror::Acquisition& one) {
  const std::string proof = one.proven_by.empty() ? "-" : one.proven_by.front().Hex().substr(0, 16);
  switch (one.proof) {
    case mirror::Proof::kSignature: return Msg("signed by a key of the keyring {}...", proof);
    case mirror::Proof::kRelease: return Msg("its digest stands in the signed Release file {}...", proof);
    case mirror::Proof::kIndex: return Msg("its digest stands in the index {}..., which a signed Release file proves", proof);
    case mirror::Proof::kPinnedDigest: return Msg("its digest was written down in {}...", proof);
    case mirror::Proof::kCommit: return Msg("made from a commit that was written down in {}...", proof);
    case mirror::Proof::kSignedFile: return Msg("signed by itself; the signature is {}...", proof);
    case mirror::Proof::kImport: return Msg("came with the checked export {}...", proof);
    case mirror::Proof::kRepair: return Msg("its digest was known; the bytes are a peer's");
  }
  return Msg("unknown");
}

}  // namespace

int RunMirrorOrigin(Context& context) {
  const mirror::AcquisitionLog log(context.MirrorConfig().state_directory);
  const std::vector<Answer> answers = FindObjects(context, log);
  std::set<Sha256Digest> wanted;
  for (const Answer& answer : answers) wanted.insert(answer.objects.begin(), answer.objects.end());
  std::multimap<Sha256Digest, mirror::Acquisition> records;
  log.ForEach([&](const mirror::Acquisition& one) {
    if (wanted.contains(one.sha256)) records.emplace(one.sha256, one);
  });
  Json list = Json::array();
  bool all = true;
  for (const Answer& answer : answers) {
    Json objects = Json::array();
    if (!context.arguments().json && answer.objects.empty()) {
      context.Print(Msg("{}: no record and no lock of this workspace knows such a file", Printable(answer.asked)));
    }
    for (const Sha256Digest& sha256 : answer.objects) {
      const bool held = context.store().Has(sha256);
      const auto [begin, end] = records.equal_range(sha256);
      all = all && begin != end;
      Json entries = Json::array();
      for (auto it = begin; it != end; ++it) entries.push_back(ToJson(it->second));
      objects.push_back({{"sha256", sha256.Hex()}, {"held", held}, {"acquisitions", entries}});
      if (context.arguments().json) continue;
      context.Print(held ? Msg("{}: held as {}", Printable(answer.asked), sha256.Hex())
                         : Msg("{}: not held; it would be {}", Printable(answer.asked), sha256.Hex()));
      for (auto it = begin; it != end; ++it) {
        const mirror::Acquisition& one = it->second;
        context.PrintLine("  " + FormatTime(one.time) + "  " + Printable(one.from));
        context.PrintLine("    " + Printable(one.name) + ", " + FormatBytes(one.size) + ": " + context.Text(Explain(one)));
      }
      if (begin == end) context.Print(Msg("  no record of where it came from"));
      for (const std::string& lock : answer.locks) context.Print(Msg("  named in {}", lock));
    }
    all = all && !answer.objects.empty();
    list.push_back({{"asked", answer.asked}, {"objects", objects}, {"locks", answer.locks}});
  }
  if (context.arguments().json) context.PrintJson(list);
  return all ? kGood : kCouldNotCheck;
}

}  // namespace nachbau::cli
