// Order of things, so that a kill at any moment leaves the old or the new state: lock, litter of killed runs, pool
// files (each under its final name only when whole), new suite aside, sync of the file system, registration of old and
// new objects, exchange, and only then what went out of use.
#include "mirror/publish.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/compress.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/clear_signed.h"
#include "mirror/deb_control.h"
#include "mirror/publication.h"
#include "mirror/release_file.h"
#include "mirror/repository_entry.h"
#include "mirror/root_list.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kMark = "nachbau-repository.json";
constexpr const char* kRecord = "nachbau.json";
constexpr const char* kLitter = ".nachbau-new-";
constexpr const char* kByHash = "/by-hash/SHA256/";
constexpr std::uint64_t kMaxDsc = 16 << 20;

bool IsDeb(std::string_view name) { return name.ends_with(".deb"); }
bool IsDsc(std::string_view name) { return name.ends_with(".dsc"); }

struct Contents {
  struct Component {
    std::vector<BinaryEntry> binaries;
    std::vector<SourceEntry> sources;
  };
  std::map<std::string, Component> components;
  std::vector<RepositoryFile> files;  // sorted by path, each once
  std::vector<std::string> left_out;
};

// One entry per component, name, version and architecture. The same package twice is one; two different ones are a
// choice that a person has to make.
class Collector {
 public:
  explicit Collector(Store& store) : store_(store) {}

  void Add(const PublishedObject& object) {
    if (!store_.Has(object.sha256)) {
      contents_.left_out.push_back(object.file_name + ": not in the store");
      return;
    }
    if (IsDeb(object.file_name)) {
      AddBinary(object);
    } else if (IsDsc(object.file_name)) {
      AddSource(object);
    }
  }

  Contents Finish() {
    for (auto& [name, component] : contents_.components) {
      std::sort(component.binaries.begin(), component.binaries.end(), [](const BinaryEntry& a, const BinaryEntry& b) {
        return std::tie(a.package, a.version, a.architecture) < std::tie(b.package, b.version, b.architecture);
      });
      std::sort(component.sources.begin(), component.sources.end(), [](const SourceEntry& a, const SourceEntry& b) {
        return std::tie(a.package, a.version) < std::tie(b.package, b.version);
      });
    }
    auto& files = contents_.files;
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return std::move(contents_);
  }

 private:
  // False when the very same was added before.
  bool Claim(const std::string& what, const Sha256Digest& sha256, const std::string& file_name) {
    const auto [known, fresh] = claimed_.emplace(what, sha256);
    if (!fresh && known->second != sha256) {
      Error error(Msg("{}: there are two different files of it, {} and {}", what, known->second.Hex(), sha256.Hex()));
      error.AddContext(Msg("{}", file_name));
      error.SetHint(Msg("publish them in different suites, or leave one of them out"));
      throw error;
    }
    return fresh;
  }

  void AddBinary(const PublishedObject& object) {
    BinaryEntry entry = MakeBinaryEntry(ReadDebControl(store_.Open(object.sha256), object.file_name),
                                        *store_.Find(object.sha256), object.file_name);
    const std::string what = entry.package + " " + entry.version + " " + entry.architecture;
    if (!Claim(what, object.sha256, object.file_name)) return;
    contents_.files.push_back(entry.file);
    contents_.components[object.component].binaries.push_back(std::move(entry));
  }

  void AddSource(const PublishedObject& object) {
    SourceEntry entry =
        MakeSourceEntry(store_.Read(object.sha256, kMaxDsc), *store_.Find(object.sha256), object.file_name);
    if (!Claim(entry.package + " " + entry.version + " source", object.sha256, object.file_name)) return;
    for (const RepositoryFile& file : entry.files) {
      const auto content = store_.Find(file.sha256);
      if (!content || content->size != file.size) {
        const std::string name = std::filesystem::path(file.path).filename();
        contents_.left_out.push_back(object.file_name + ": " + name + " is not held");
        return;
      }
    }
    contents_.files.insert(contents_.files.end(), entry.files.begin(), entry.files.end());
    contents_.components[object.component].sources.push_back(std::move(entry));
  }

  Store& store_;
  Contents contents_;
  std::map<std::string, Sha256Digest> claimed_;
};

void CheckCancelled(const PublishRequest& request) {
  if (request.cancelled != nullptr && *request.cancelled) throw CancelledError();
}

// Bytes of the store in a file of its own: shared blocks where the file system can do that.
void CopyObject(const FileDescriptor& from, const std::filesystem::path& to) {
  const FileDescriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target.valid()) throw SystemError(errno, Msg("create {}", to.native()));
  if (::ioctl(target.get(), FICLONE, from.get()) != 0) {
    for (;;) {
      const ssize_t count = ::copy_file_range(from.get(), nullptr, target.get(), nullptr, 1 << 30, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
        ReadPieces(from, to.native(), [&](std::string_view piece) { WriteAll(target, piece, to.native()); });
        break;
      }
      if (count < 0) throw SystemError(errno, Msg("write {}", to.native()));
      if (count == 0) break;
    }
  }
  // Not writable even for its owner by mistake; who reads is the web server.
  if (::fchmod(target.get(), 0444) != 0) throw SystemError(errno, Msg("change mode of {}", to.native()));
}

bool IsIntact(const std::filesystem::path& path, const RepositoryFile& file) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return false;
  const ContentId content = HashDescriptor(fd, path.native());
  return content.size == file.size && content.sha256 == file.sha256;
}

class Repository {
 public:
  explicit Repository(const PublishRequest& request) : request_(request), root_(request.directory) {
    Claim();
    lock_.emplace(root_ / ".nachbau-lock", FileLock::Mode::kExclusive);
    for (const auto& entry : std::filesystem::directory_iterator(root_)) {
      if (entry.path().filename().native().starts_with(kLitter)) std::filesystem::remove_all(entry.path());
    }
    aside_.emplace(root_, kLitter);
    for (const std::string& suite : SuiteNames()) {
      const std::filesystem::path record = root_ / "dists" / suite / kRecord;
      suites_.emplace(suite, ParsePublication(ReadFile(record), record.native()));
    }
  }

  const Publication* Find(const std::string& suite) const {
    const auto found = suites_.find(suite);
    return found == suites_.end() ? nullptr : &found->second;
  }
  std::filesystem::path aside() const { return aside_->path(); }
  std::filesystem::path SuitePath(const std::string& suite) const { return root_ / "dists" / suite; }

  void PlacePool(const std::vector<RepositoryFile>& files, const Store& store, PublishResult& result,
                 Progress& progress) {
    const auto task = progress.Start(Msg("Placing {} files", files.size()), Unit::kItems, files.size());
    for (const RepositoryFile& file : files) {
      CheckCancelled(request_);
      const std::filesystem::path target = root_ / file.path;
      if (!IsIntact(target, file)) {
        const FileDescriptor object = store.Open(file.sha256);  // hashed
        const std::filesystem::path temporary = aside() / "file";
        MakeDirectories(target.parent_path());
        if (!request_.hard_links || !Link(store.PathOf(file.sha256), temporary)) CopyObject(object, temporary);
        if (::rename(temporary.c_str(), target.c_str()) != 0) {
          throw SystemError(errno, Msg("rename to {}", target.native()));
        }
        ++result.files_added;
        result.bytes_added += file.size;
      }
      task->Advance(1);
    }
    task->Succeed();
  }

  void Sync() const {
    const FileDescriptor fd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) throw SystemError(errno, Msg("open directory {}", root_.native()));
    if (::syncfs(fd.get()) != 0) throw SystemError(errno, Msg("sync the file system of {}", root_.native()));
  }

  // The one moment at which readers come to see the new state.
  void Switch(const std::filesystem::path& made, const Publication& publication) {
    const std::filesystem::path place = SuitePath(publication.suite);
    MakeDirectories(place.parent_path());
    const unsigned flags = Find(publication.suite) != nullptr ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, place.c_str(), flags) != 0) {
      SystemError error(errno, Msg("put {} in place", place.native()));
      if (error.error_number() == EINVAL)
        error.SetHint(Msg("the file system cannot exchange two directories; publish on another one"));
      throw error;
    }
    SyncDirectory(place.parent_path());
    suites_.insert_or_assign(publication.suite, publication);
  }

  std::uint64_t RemoveUnused() {
    std::set<std::string> used;
    for (const auto& [suite, publication] : suites_) {
      for (const RepositoryFile& file : publication.files) used.insert(file.path);
      for (const auto& entry : publication.superseded) used.insert(entry.path);
    }
    std::uint64_t removed = 0;
    if (!std::filesystem::exists(root_ / "pool")) return removed;
    for (const std::filesystem::path& file : ListFiles(root_ / "pool")) {
      if (used.contains("pool/" + file.native())) continue;
      std::filesystem::remove(root_ / "pool" / file);
      ++removed;
      std::error_code not_empty;
      for (auto parent = file.parent_path(); !parent.empty(); parent = parent.parent_path()) {
        if (!std::filesystem::remove(root_ / "pool" / parent, not_empty) || not_empty) break;
      }
    }
    return removed;
  }

  // What all suites use, now or a moment ago.
  void Register() const {
    Roots list;
    list.name = "publish-" + Sha256(root_.native()).Hex().substr(0, 16);
    list.reason = "published in " + root_.native();
    for (const auto& [suite, publication] : suites_) {
      for (const RepositoryFile& file : publication.files) list.objects.push_back(file.sha256);
    }
    for (const RepositoryFile& file : coming_) list.objects.push_back(file.sha256);
    SaveRootList(request_.roots_directory, std::move(list));
  }
  void SetComing(std::vector<RepositoryFile> files) { coming_ = std::move(files); }

 private:
  // A directory that holds something else is left alone: unknown files of a pool are removed in the end.
  void Claim() const {
    if (std::filesystem::exists(root_ / kMark)) return;
    if (std::filesystem::exists(root_) && !std::filesystem::is_empty(root_)) {
      UsageError error(Msg("{} is neither empty nor a repository that Nachbau wrote", root_.native()));
      error.SetHint(Msg("name a new directory"));
      throw error;
    }
    MakeDirectories(root_);
    WriteFileAtomically(root_ / kMark, FormatPretty({{"format", "nachbau-repository/1"}}));
  }

  std::vector<std::string> SuiteNames() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(root_ / "dists")) return names;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "dists")) {
      names.push_back(entry.path().filename().native());
      if (!std::filesystem::exists(entry.path() / kRecord)) {
        throw UsageError(Msg("{} is no suite that Nachbau published", entry.path().native()));
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // False where the kernel refuses: another file system, another owner's file, too many links.
  static bool Link(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP) return false;
    throw SystemError(errno, Msg("link {}", to.native()));
  }

  const PublishRequest& request_;
  std::filesystem::path root_;
  std::optional<FileLock> lock_;
  std::optional<TemporaryDirectory> aside_;
  std::map<std::string, Publication> suites_;
  std::vector<RepositoryFile> coming_;
};

std::vector<std::string> ArchitecturesOf(const PublishRequest& request, const Contents& contents) {
  std::set<std::string> names(request.architectures.begin(), request.architectures.end());
  for (const auto& [name, component] : contents.components) {
    for (const BinaryEntry& entry : component.binaries) names.insert(entry.architecture);
  }
  names.erase("all");
  return {names.begin(), names.end()};
}

// Index texts by path below the suite. Packages for all architectures stand in the index of each.
std::map<std::string, std::string> IndexTexts(const Contents& contents, const std::vector<std::string>& architectures) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, component] : contents.components) {
    for (const std::string& architecture : architectures) {
      std::string& text = texts[name + "/binary-" + architecture + "/Packages"];
      for (const BinaryEntry& entry : component.binaries) {
        if (entry.architecture == architecture || entry.architecture == "all") text += entry.paragraph + "\n";
      }
    }
    std::string& text = texts[name + "/source/Sources"];
    for (const SourceEntry& entry : component.sources) text += entry.paragraph + "\n";
  }
  return texts;
}

// "Sat, 10 May 2025 09:16:24 UTC", as ParseMailDate reads it.
std::string FormatMailDate(UnixSeconds time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonthNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds point{std::chrono::seconds(time)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d UTC",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonthNames[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string ReleaseText(const PublishRequest& request, const PublishResult& result,
                        const std::map<std::string, std::string>& files) {
  std::string text = "Origin: " + request.origin + "\nLabel: " + request.origin + "\nSuite: " + request.suite +
                     "\nCodename: " + request.suite + "\nDate: " + FormatMailDate(result.date) +
                     "\nValid-Until: " + FormatMailDate(result.valid_until) +
                     "\nAcquire-By-Hash: yes\nArchitectures: " + Joined(result.architectures) +
                     "\nComponents: " + Joined(result.components) + "\nSHA256:\n";
  for (const auto& [path, bytes] : files) {
    text += " " + Sha256(bytes).Hex() + " " + std::to_string(bytes.size()) + " " + path + "\n";
  }
  return text;
}

void WriteBelow(const std::filesystem::path& directory, const std::string& path, std::string_view bytes) {
  WriteFileAtomically(directory / path, bytes, 0644, Durability::kNone);  // the file system is synced as a whole
}

// by-hash entries that went out of use move along: same files, other directory.
void KeepByHash(const Publication& publication, const std::filesystem::path& old_suite,
                const std::filesystem::path& new_suite) {
  for (const auto& [path, since] : publication.superseded) {
    if (publication.InPool(path)) continue;
    MakeDirectories((new_suite / path).parent_path());
    if (::link((old_suite / path).c_str(), (new_suite / path).c_str()) != 0 && errno != ENOENT && errno != EEXIST) {
      throw SystemError(errno, Msg("link {}", path));
    }
  }
}

void Check(const PublishRequest& request) {
  if (!IsSuiteName(request.suite)) throw UsageError(Msg("not a name for a suite: {}", request.suite));
  for (const PublishedObject& object : request.objects) {
    if (!IsSuiteName(object.component)) throw UsageError(Msg("not a name for a component: {}", object.component));
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (request.origin.empty() || std::any_of(request.origin.begin(), request.origin.end(), control)) {
    throw UsageError(Msg("not an origin: one line of text is needed"));
  }
}

// What the key signed must be what its public part proves, before anybody else finds out.
void CheckSigned(const std::string& in_release, const std::string& release, ReleaseSigner& signer, UnixSeconds now) {
  const VerifiedText verified = VerifyClearSigned(in_release, signer.PublicKey(), "InRelease", now);
  if (verified.text != release) throw Error(Msg("the signed Release file is not the one that was to be signed"));
  ParseRelease(verified.text, "InRelease");
}

}  // namespace

bool IsSuiteName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
                  c == '.' || c == '_' || c == '~';
         });
}

PublishResult Publish(const PublishRequest& request, Store& store, ReleaseSigner& signer, const Clock& clock,
                      Progress& progress) {
  Check(request);
  Collector collector(store);
  {
    const auto task =
        progress.Start(Msg("Reading {} packages", request.objects.size()), Unit::kItems, request.objects.size());
    for (const PublishedObject& object : request.objects) {
      CheckCancelled(request);
      collector.Add(object);
      task->Advance(1);
    }
    task->Succeed();
  }
  Contents contents = collector.Finish();
  if (contents.files.empty()) {
    MissingError error(Msg("there is nothing to publish: no binary package and no source is held"));
    error.SetHint(Msg("'nachbau mirror status' shows what is held"));
    throw error;
  }

  PublishResult result;
  result.left_out = std::move(contents.left_out);
  result.architectures = ArchitecturesOf(request, contents);
  for (const auto& [name, component] : contents.components) {
    result.components.push_back(name);
    result.binaries += component.binaries.size();
    result.sources += component.sources.size();
  }

  Repository repository(request);
  const Publication* previous = repository.Find(request.suite);
  result.date = clock.Now();
  result.valid_until = result.date + request.valid_seconds;
  if (previous != nullptr && result.date < previous->date) {
    Error error(
        Msg("suite {} is dated {}, later than this machine's clock", request.suite, FormatTime(previous->date)));
    error.SetHint(Msg("apt would ignore a Release file that is older than the last one; set the clock"));
    throw error;
  }
  repository.PlacePool(contents.files, store, result, progress);

  // The suite, aside.
  const std::filesystem::path made = repository.aside() / "suite";
  MakeDirectories(made);
  Publication publication;
  publication.suite = request.suite;
  publication.date = result.date;
  publication.files = contents.files;
  std::map<std::string, std::string> files;
  for (auto& [path, text] : IndexTexts(contents, result.architectures)) {
    files.emplace(path + ".xz", CompressXz(text));
    files.emplace(path, std::move(text));
  }
  for (const auto& [path, bytes] : files) {
    WriteBelow(made, path, bytes);
    publication.by_hash.push_back(path.substr(0, path.rfind('/')) + kByHash + Sha256(bytes).Hex());
    const std::filesystem::path by_hash = made / publication.by_hash.back();
    MakeDirectories(by_hash.parent_path());
    if (::link((made / path).c_str(), by_hash.c_str()) != 0 && errno != EEXIST) {
      throw SystemError(errno, Msg("link {}", by_hash.native()));
    }
  }
  std::sort(publication.by_hash.begin(), publication.by_hash.end());
  publication.by_hash.erase(std::unique(publication.by_hash.begin(), publication.by_hash.end()),
                            publication.by_hash.end());
  const std::string release = ReleaseText(request, result, files);
  const std::string in_release = signer.ClearSign(release, result.date);
  CheckSigned(in_release, release, signer, result.date);
  result.fingerprint = signer.Fingerprint();
  WriteBelow(made, "Release", release);
  WriteBelow(made, "InRelease", in_release);
  WriteBelow(made, "Release.gpg", signer.SignDetached(release, result.date));
  if (previous != nullptr) {
    publication.superseded = SupersededBy(publication, *previous, result.date - request.keep_seconds);
    KeepByHash(publication, repository.SuitePath(request.suite), made);
  }
  WriteBelow(made, kRecord, FormatPretty(ToJson(publication)));
  CheckCancelled(request);

  repository.SetComing(contents.files);
  repository.Register();
  repository.Sync();
  repository.Switch(made, publication);
  WriteFileAtomically(request.directory / "archive-key.asc", signer.PublicKeyArmored());
  repository.SetComing({});
  result.files_removed = repository.RemoveUnused();
  repository.Register();
  return result;
}

}  // namespace nachbau::mirror
