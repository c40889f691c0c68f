#include "builder/sandbox/id_map.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxFileSize = 4ULL << 20;  // of /etc/subuid and the like

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> ParseId(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool Overlap(const IdRange& a, const IdRange& b) {
  return std::uint64_t{a.first} < std::uint64_t{b.first} + b.count &&
         std::uint64_t{b.first} < std::uint64_t{a.first} + a.count;
}

bool Contains(const IdRange& outer, const IdRange& inner) {
  return outer.first <= inner.first &&
         std::uint64_t{inner.first} + inner.count <= std::uint64_t{outer.first} + outer.count;
}

std::vector<SubordinateIds> ReadSubordinateIds(const char* path) {
  if (!OpenForReadingIfExists(path)) return {};
  return ParseSubordinateIds(ReadFile(path, kMaxFileSize));
}

std::string UserName(uid_t uid) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

void WriteMapFile(pid_t pid, const char* name, const std::string& text) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) throw SystemError(errno, Msg("open {}", path));
  // The kernel takes a map in one write or not at all.
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    SystemError error(errno, Msg("write {}", path));
    error.SetHint(Msg("The ids {} are not available here. In a container, start it with a larger range of user ids.",
                      text));
    throw error;
  }
}

void RunMapper(const char* program, pid_t pid, const IdRange& range, std::uint32_t own) {
  ProcessRequest request;
  request.arguments = {program,
                       std::to_string(pid),
                       "0",
                       std::to_string(own),
                       "1",
                       "1",
                       std::to_string(range.first),
                       std::to_string(range.count)};
  request.timeout_seconds = 30;
  ProcessResult result;
  try {
    result = RunProcess(request);
  } catch (const SystemError& failure) {
    if (failure.error_number() != ENOENT) throw;
    MissingError error(Msg("the program {} is not installed", program));
    error.SetHint(Msg("Install it: apt-get install uidmap"));
    throw error;
  }
  if (result.exit_code != 0) {
    std::string text = result.standard_error.substr(0, 500);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    MissingError error(Msg("{} refuses to map the subordinate ids {} to {}: {}", program, range.first,
                           range.first + range.count - 1, text));
    error.SetHint(Msg("It must be installed set-user-ID root (apt-get install --reinstall uidmap), and /etc/subuid and "
                      "/etc/subgid must give these ids to this user."));
    throw error;
  }
}

}  // namespace

std::vector<SubordinateIds> ParseSubordinateIds(std::string_view text) {
  std::vector<SubordinateIds> all;
  for (const std::string_view line : Split(text, '\n')) {
    const std::vector<std::string_view> fields = Split(line, ':');
    if (fields.size() != 3 || fields[0].empty()) continue;
    const auto first = ParseId(fields[1]), count = ParseId(fields[2]);
    if (!first || !count || *count == 0) continue;
    if (*count - 1 > std::numeric_limits<std::uint32_t>::max() - *first) continue;
    all.push_back({std::string(fields[0]), {*first, *count}});
  }
  return all;
}

IdRange FindRange(const std::vector<SubordinateIds>& all, std::string_view user_name, std::uint32_t user_id) {
  const std::string number = std::to_string(user_id);
  for (const SubordinateIds& entry : all) {
    if (entry.owner != number && (user_name.empty() || entry.owner != user_name)) continue;
    if (entry.range.count >= kIdCount && entry.range.first != 0) return {entry.range.first, kIdCount};
  }
  return {};
}

IdRange ChooseRootRange(const std::vector<SubordinateIds>& taken, const std::vector<IdRange>& known) {
  const auto free = [&](const IdRange& range) {
    return std::any_of(known.begin(), known.end(), [&](const IdRange& k) { return Contains(k, range); }) &&
           std::none_of(taken.begin(), taken.end(), [&](const SubordinateIds& t) { return Overlap(t.range, range); });
  };
  for (std::uint32_t first = kRootFirstId; first < 0x7ff00000; first += kIdCount) {
    if (free({first, kIdCount})) return {first, kIdCount};
  }
  // In a container with few ids: the highest ones, so that they stay away from the container's own users.
  for (const IdRange& range : known) {
    if (range.count < kIdCount) continue;
    const std::uint32_t first = range.first + (range.count - kIdCount);
    if (first != 0 && free({first, kIdCount})) return {first, kIdCount};
  }
  return {};
}

std::vector<IdRange> ParseKernelMap(std::string_view text) {
  std::vector<IdRange> ranges;
  for (const std::string_view line : Split(text, '\n')) {
    std::vector<std::uint32_t> numbers;
    for (const std::string_view field : Split(line, ' ')) {
      if (const auto number = ParseId(field)) numbers.push_back(*number);
    }
    if (numbers.size() == 3) ranges.push_back({numbers[0], numbers[2]});
  }
  return ranges;
}

IdMap OneIdMap() {
  IdMap map;
  map.own_id_is_root = true;
  return map;
}

Message SubordinateIdsRemedy() {
  const uid_t uid = ::geteuid();
  if (uid == 0) return Msg("In a container, start it with a larger range of user ids (two times {}).", kIdCount);
  const std::string user = UserName(uid);
  return Msg("As an administrator, give the user ids that nobody else has, for example: usermod --add-subuids "
             "100000-165535 --add-subgids 100000-165535 {} (look into /etc/subuid for ranges in use). "
             "No new login is needed.",
             user.empty() ? std::to_string(uid) : user);
}

std::uint32_t FirstIdInside(const IdMap& map, SandboxUser user) {
  return map.HasOneId() && user == SandboxUser::kBuilder ? kBuildUserId : 0;
}

IdMap FindIdMap() {
  const uid_t uid = ::geteuid();
  const std::string user = UserName(uid);
  const auto uids = ReadSubordinateIds("/etc/subuid");
  const auto gids = ReadSubordinateIds("/etc/subgid");
  IdRange uid_range = FindRange(uids, user, uid);
  IdRange gid_range = FindRange(gids, user, uid);
  if (uid == 0) {
    if (uid_range.count == 0) uid_range = ChooseRootRange(uids, ParseKernelMap(ReadFile("/proc/self/uid_map")));
    if (gid_range.count == 0) gid_range = ChooseRootRange(gids, ParseKernelMap(ReadFile("/proc/self/gid_map")));
  }
  if (uid_range.count == 0 || gid_range.count == 0) return OneIdMap();
  return {uid_range.first, uid_range.count, gid_range.first, gid_range.count, uid != 0};
}

void WriteIdMaps(const IdMap& map, pid_t pid, std::uint32_t first_inside) {
  if (map.HasOneId()) {
    // Whoever has no privilege outside may map a group only when nobody inside can give up groups that are there to deny
    // something. user_namespaces(7)
    WriteMapFile(pid, "setgroups", "deny");
    const std::string first = std::to_string(first_inside) + " ";
    WriteMapFile(pid, "uid_map", first + std::to_string(::geteuid()) + " 1");
    WriteMapFile(pid, "gid_map", first + std::to_string(::getegid()) + " 1");
    return;
  }
  if (map.own_id_is_root) {
    RunMapper("newuidmap", pid, {map.first_uid, map.uid_count}, ::geteuid());
    RunMapper("newgidmap", pid, {map.first_gid, map.gid_count}, ::getegid());
    return;
  }
  const auto line = [](std::uint32_t first, std::uint32_t count) {
    return "0 " + std::to_string(first) + " " + std::to_string(count);
  };
  WriteMapFile(pid, "uid_map", line(map.first_uid, map.uid_count));
  WriteMapFile(pid, "gid_map", line(map.first_gid, map.gid_count));
}

}  // namespace nachbau::builder
