#include "verifier/event_journal.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "verifier/bundle.h"
#include "verifier/bundle_check.h"

namespace nachbau::verifier {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBundle = 64 << 20;  // bytes
constexpr std::string_view kSuffix = ".sigstore.json";

// The number that a bundle's name begins with. Nothing for other files.
std::optional<std::uint64_t> IndexOf(const std::string& name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end == name.data() || *end != '.') return std::nullopt;
  return index;
}

std::vector<std::pair<std::uint64_t, std::string>> Bundles(const fs::path& directory) {
  std::vector<std::pair<std::uint64_t, std::string>> bundles;
  if (!fs::exists(directory)) return bundles;
  for (const fs::path& file : ListFiles(directory)) {
    if (const auto index = IndexOf(file.native())) bundles.emplace_back(*index, file.native());
  }
  std::sort(bundles.begin(), bundles.end());
  return bundles;
}

bool IsOnRecord(const fs::path& directory, const std::string& statement) {
  const auto bundles = Bundles(directory);
  if (bundles.empty()) return false;
  const fs::path path = directory / bundles.back().second;
  try {
    const Bundle last = BundleFromJson(ParseJson(ReadFile(path, kMaxBundle), path.native()), path.native());
    return last.envelope.payload == statement;
  } catch (const ParseError&) {  // 'log events' tells of it
    return false;
  }
}

std::uint64_t Enter(const Json& statement, const SigningKey& key, const EventJournal& journal, const Clock& clock) {
  const Json bundle = Attest(statement, key, journal.log_directory, journal.log_origin, clock);
  const std::uint64_t index = LogIndexOf(bundle);
  fs::path path = journal.directory / (std::to_string(index) + std::string(kSuffix));
  // Of an earlier log, by another key.
  if (fs::exists(path)) {
    path = journal.directory / (std::to_string(index) + "." + key.key_id.substr(0, 16) + std::string(kSuffix));
  }
  WriteFileAtomically(path, FormatPretty(bundle));
  return index;
}

void RemoveDurably(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw SystemError(errno, Msg("remove {}", path.native()));
  SyncDirectory(path.parent_path());
}

}  // namespace

std::uint64_t RecordEvent(const MirrorEvent& event, const SigningKey& key, const EventJournal& journal,
                          const Clock& clock) {
  MakeDirectories(journal.directory);
  const FileLock lock(journal.directory / ".lock", FileLock::Mode::kExclusive);
  const fs::path pending = journal.directory / ".pending.json";
  if (const auto fd = OpenForReadingIfExists(pending)) {
    const std::string text = ReadDescriptor(*fd, pending.native(), kMaxBundle);
    MirrorEvent before = EventFromJson(ParseJson(text, pending.native()), pending.native());
    if (!IsOnRecord(journal.directory, text)) {
      before.repeated = true;
      Enter(ToJson(before), key, journal, clock);
    }
  }
  const Json statement = ToJson(event);
  WriteFileAtomically(pending, FormatCanonical(statement));
  const std::uint64_t index = Enter(statement, key, journal, clock);
  RemoveDurably(pending);
  return index;
}

bool RecordedEvent::Verified() const {
  return !findings.empty() && std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.outcome == FindingOutcome::kPass;
  });
}

std::vector<RecordedEvent> ListEvents(const fs::path& directory, const std::vector<TrustedKey>& trusted) {
  const std::vector<ParsedKey> keys = ParseTrustedKeys(trusted);
  std::vector<RecordedEvent> events;
  for (const auto& [index, name] : Bundles(directory)) {
    RecordedEvent recorded;
    recorded.index = index;
    recorded.file = name;
    Finding form;
    form.rule = "event.form";
    form.subject = name;
    form.evidence = {name};
    try {
      const std::string path = (directory / name).native();
      const Json json = ParseJson(ReadFile(path, kMaxBundle), path);
      BundleCheck check = CheckBundle(json, name, keys);
      recorded.findings = std::move(check.findings);
      if (check.statement) recorded.event = EventFromJson(*check.statement, name);
      const bool in_place = LogIndexOf(json) == index;
      form.outcome = in_place ? FindingOutcome::kPass : FindingOutcome::kFail;
      form.reason = in_place ? Msg("an event, under the number of its log entry")
                             : Msg("the file is named after another entry of the log than the bundle's");
    } catch (const ParseError& error) {
      form.outcome = FindingOutcome::kFail;
      form.reason = Msg("{}", Printable(error.what()));
    }
    recorded.findings.push_back(std::move(form));
    events.push_back(std::move(recorded));
  }
  return events;
}

}  // namespace nachbau::verifier
