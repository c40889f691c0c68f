// nachbau mirror key list|add|remove: which keys may sign the archives. Each change is on record before it is made: a
// record of what was then not done is harmless, a change without one is not.
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "mirror/known_keys.h"

namespace nachbau::cli {
namespace {

std::string AskedFingerprint(const Context& context) {
  std::string typed;
  for (const std::string& word : context.arguments().names) typed += word + " ";
  const auto fingerprint = NormalFingerprint(typed);
  if (!fingerprint) {
    UsageError error(Msg("not the whole fingerprint of a key: {}", Printable(typed)));
    error.SetHint(Msg("a fingerprint has 40 hexadecimal digits; 'nachbau mirror key list' shows those of the keys that apt "
                      "trusts"));
    throw error;
  }
  return *fingerprint;
}

std::optional<mirror::KnownKey> FindKnown(const Context& context, const std::string& fingerprint) {
  for (mirror::KnownKey& key : mirror::FindKnownKeys(context.MirrorConfig())) {
    if (key.fingerprint == fingerprint) return std::move(key);
  }
  return std::nullopt;
}

// Read again under the lock: somebody else may be changing it too.
ArchiveKeys ReadKeys(const std::filesystem::path& path) {
  if (const auto fd = OpenForReadingIfExists(path)) {
    return ParseArchiveKeys(ReadDescriptor(*fd, path.native(), 1 << 20), path.native());
  }
  return {};
}

void Change(Context& context, const char* action, const ArchiveKey& key, ArchiveKeys keys) {
  const std::filesystem::path path = context.workspace() / kArchiveKeysFile;
  std::sort(keys.keys.begin(), keys.keys.end());
  const std::string text = FormatArchiveKeys(keys);
  Json pinned = Json::array();
  for (const ArchiveKey& one : keys.keys) pinned.push_back(one.fingerprint);
  context.Record(action, {{"fingerprint", key.fingerprint},
                          {"name", key.name},
                          {"suites", key.suites},
                          {"pinned", pinned},
                          {"signatures", keys.signatures},
                          {"subjects", Json::array({{{"name", key.fingerprint}, {"sha256", Sha256(text).Hex()}}})}});
  WriteFileAtomically(path, text);
  if (context.arguments().json) {
    context.PrintJson({{"action", action}, {"fingerprint", key.fingerprint}, {"name", key.name}, {"pinned", pinned}});
  }
}

}  // namespace

int RunMirrorKeyList(Context& context) {
  const ArchiveKeys& pinned = context.archive_keys();
  const std::vector<mirror::KnownKey> known = mirror::FindKnownKeys(context.MirrorConfig());
  Json list = Json::array();
  const auto show = [&](const std::string& fingerprint, const std::string& name, const mirror::KnownKey* key) {
    const bool is_pinned = pinned.Find(fingerprint) != nullptr;
    const bool expired = key != nullptr && key->expires && *key->expires < context.clock().Now();
    Json entry = {{"fingerprint", fingerprint},
                  {"name", name},
                  {"pinned", is_pinned},
                  {"inKeyring", key != nullptr},
                  {"archives", key == nullptr ? std::vector<std::string>() : key->archives},
                  {"revoked", key != nullptr && key->revoked},
                  {"expired", expired}};
    if (key != nullptr && key->expires) entry["expires"] = FormatTime(*key->expires);
    list.push_back(std::move(entry));
    if (context.arguments().json) return;
    const std::string state = context.Text(is_pinned            ? Msg("pinned")
                                           : pinned.keys.empty() ? Msg("trusted by apt")
                                                                 : Msg("not pinned"));
    std::string remark;
    if (key == nullptr) remark = ", " + context.Text(Msg("in no keyring of apt's"));
    if (key != nullptr && key->revoked) remark = ", " + context.Text(Msg("revoked"));
    if (expired) remark += ", " + context.Text(Msg("expired"));
    context.PrintLine(fingerprint + "  " + state + remark + "  " + Printable(name));
  };
  for (const ArchiveKey& key : pinned.keys) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const mirror::KnownKey& one) {
      return one.fingerprint == key.fingerprint;
    });
    show(key.fingerprint, key.name, found == known.end() ? nullptr : &*found);
  }
  for (const mirror::KnownKey& key : known) {
    if (pinned.Find(key.fingerprint) == nullptr) show(key.fingerprint, key.name, &key);
  }
  if (context.arguments().json) {
    context.PrintJson({{"signatures", pinned.signatures}, {"keys", list}});
  } else if (pinned.keys.empty()) {
    context.Print(Msg("this workspace has pinned no archive keys: every key counts that apt trusts"));
    context.Print(Msg("Next: nachbau mirror key add FINGERPRINT   (then only pinned keys count)"));
  } else if (pinned.signatures > 1) {
    context.Print(Msg("{} of the pinned keys must have signed", pinned.signatures));
  }
  return kGood;
}

int RunMirrorKeyAdd(Context& context) {
  const std::string fingerprint = AskedFingerprint(context);
  context.PrepareToRecord();
  const FileLock lock(context.home() / "mirror" / "archive-keys.lock", FileLock::Mode::kExclusive);
  ArchiveKeys keys = ReadKeys(context.workspace() / kArchiveKeysFile);
  if (keys.Find(fingerprint) != nullptr) {
    UsageError error(Msg("the key {} is pinned already", fingerprint));
    error.SetHint(Msg("remove it first to pin it for other suites"));
    throw error;
  }
  const auto known = FindKnown(context, fingerprint);
  ArchiveKey key;
  key.fingerprint = fingerprint;
  key.name = known ? known->name : "";
  key.suites = context.arguments().suites;
  key.added = context.clock().Now();
  key.by = ChooseActor(context.arguments(), context.configuration(), FindCallingAccount()).name;
  keys.keys.push_back(key);
  Change(context, "mirror.key.add", key, keys);
  if (!known) {
    context.progress().Note(Msg("no keyring that apt uses for the archives holds this key yet; it counts as soon as one does"));
  } else if (known->revoked) {
    context.progress().Note(Msg("this key was revoked: its signatures do not count"));
  }
  if (!context.arguments().json) {
    context.Print(Msg("pinned: {} {}", fingerprint, Printable(key.name)));
    if (keys.keys.size() == 1) context.Print(Msg("From now on no other key counts in this workspace, whatever apt trusts."));
    context.Print(Msg("Next: git add {}", kArchiveKeysFile));
  }
  return kGood;
}

int RunMirrorKeyRemove(Context& context) {
  const std::string fingerprint = AskedFingerprint(context);
  context.PrepareToRecord();
  const FileLock lock(context.home() / "mirror" / "archive-keys.lock", FileLock::Mode::kExclusive);
  ArchiveKeys keys = ReadKeys(context.workspace() / kArchiveKeysFile);
  const ArchiveKey* found = keys.Find(fingerprint);
  if (found == nullptr) throw UsageError(Msg("the key {} is not pinned", fingerprint));
  const ArchiveKey key = *found;
  if (keys.keys.size() == 1) {
    UsageError error(Msg("this is the last key: without any, every key would count that apt trusts"));
    error.SetHint(Msg("pin another one first; to go without pins, remove {} by hand", kArchiveKeysFile));
    throw error;
  }
  if (keys.keys.size() - 1 < keys.signatures) {
    UsageError error(Msg("{} signatures are asked for, so {} keys must stay", keys.signatures, keys.signatures));
    error.SetHint(Msg("pin another one first, or lower 'signatures' in {}", kArchiveKeysFile));
    throw error;
  }
  std::erase_if(keys.keys, [&](const ArchiveKey& one) { return one.fingerprint == fingerprint; });
  Change(context, "mirror.key.remove", key, keys);
  if (!context.arguments().json) context.Print(Msg("no longer pinned: {} {}", fingerprint, Printable(key.name)));
  return kGood;
}

}  // namespace nachbau::cli
