#include "mirror/acquisition.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

constexpr std::array<std::string_view, 8> kProofs = {"signature", "release",     "index",  "pinned-digest",
                                                     "commit",    "signed-file", "import", "repair"};
constexpr std::uint64_t kMaxFile = 4ULL << 30;  // bytes; a month has a million records at most

std::string MonthOf(UnixSeconds time) { return FormatTime(time).substr(0, 7); }

// Cuts what a killed writer left of a line, so that the next one begins a line of its own.
void CutTornLine(const FileDescriptor& file, const std::string& name) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw SystemError(errno, Msg("inspect {}", name));
  off_t end = status.st_size;
  std::array<char, 4096> piece{};
  while (end > 0) {
    const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(piece.size()));
    const ssize_t got = ::pread(file.get(), piece.data(), static_cast<std::size_t>(end - begin), begin);
    if (got != end - begin) throw SystemError(errno, Msg("read {}", name));
    const std::string_view text(piece.data(), static_cast<std::size_t>(got));
    if (const std::size_t newline = text.rfind('\n'); newline != text.npos) {
      end = begin + static_cast<off_t>(newline) + 1;
      break;
    }
    end = begin;
  }
  if (end != status.st_size && ::ftruncate(file.get(), end) != 0) throw SystemError(errno, Msg("shorten {}", name));
}

}  // namespace

std::string_view Name(Proof proof) { return kProofs.at(static_cast<std::size_t>(proof)); }

Json ToJson(const Acquisition& acquisition) {
  Json proven_by = Json::array();
  for (const Sha256Digest& digest : acquisition.proven_by) proven_by.push_back(digest.Hex());
  return {{"sha256", acquisition.sha256.Hex()},
          {"size", acquisition.size},
          {"name", acquisition.name},
          {"time", FormatTime(acquisition.time)},
          {"from", acquisition.from},
          {"proof", Name(acquisition.proof)},
          {"provenBy", proven_by}};
}

Acquisition AcquisitionFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  Acquisition acquisition;
  acquisition.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  acquisition.size = reader.Unsigned("size");
  acquisition.name = reader.Text("name");
  acquisition.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  acquisition.from = reader.Text("from");
  const auto known = std::find(kProofs.begin(), kProofs.end(), reader.Text("proof"));
  if (known == kProofs.end()) reader.Refuse("proof", "a kind of proof");
  acquisition.proof = static_cast<Proof>(known - kProofs.begin());
  for (const std::string& digest : reader.Texts("provenBy")) {
    acquisition.proven_by.push_back(ParseSha256(digest, reader.PlaceOf("provenBy")));
  }
  reader.Done();
  return acquisition;
}

AcquisitionLog::AcquisitionLog(const std::filesystem::path& state_directory)
    : directory_(state_directory / "acquisitions") {}

void AcquisitionLog::Append(const std::vector<Acquisition>& acquisitions) const {
  std::map<std::string, std::string> lines;  // by month
  for (const Acquisition& one : acquisitions) lines[MonthOf(one.time)] += FormatCanonical(ToJson(one)) + "\n";
  if (lines.empty()) return;
  MakeDirectories(directory_);
  const FileLock lock(directory_ / ".lock", FileLock::Mode::kExclusive);
  for (const auto& [month, text] : lines) {
    const std::string path = (directory_ / (month + ".jsonl")).native();
    const bool is_new = !std::filesystem::exists(path);
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file.valid()) throw SystemError(errno, Msg("open {}", path));
    CutTornLine(file, path);
    WriteAll(file, text, path);
    if (::fdatasync(file.get()) != 0) throw SystemError(errno, Msg("write {}", path));
    if (is_new) SyncDirectory(directory_);
  }
}

void AcquisitionLog::ForEach(const std::function<void(const Acquisition&)>& sink) const {
  if (!std::filesystem::exists(directory_)) return;
  for (const std::filesystem::path& file : ListFiles(directory_)) {  // named by month, so sorted by it
    if (file.extension() != ".jsonl") continue;
    const std::string path = (directory_ / file).native();
    const std::string text = ReadFile(path, kMaxFile);
    std::string_view rest = text;
    for (std::uint64_t number = 1;; ++number) {
      const std::size_t end = rest.find('\n');
      if (end == rest.npos) break;  // what is left has no newline: cut off
      const std::string place = path + ":" + std::to_string(number);
      sink(AcquisitionFromJson(ParseJson(rest.substr(0, end), place), place));
      rest.remove_prefix(end + 1);
    }
  }
}

}  // namespace nachbau::mirror
