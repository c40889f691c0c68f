// Which host ids stand for the ids inside the sandbox, and telling the kernel so. user_namespaces(7), subuid(5).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <string>
#include <vector>

#include "base/message.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

inline constexpr std::uint32_t kIdCount = 65536;  // Debian uses 0…65535; 65534 is nobody

// Where root's range starts when /etc/subuid gives it none. Above everything that other programs take: adduser gives
// subordinate ids from 100000 upwards, systemd-nspawn uses 0x00080000…0x6fffffff (systemd's "Users, Groups, UIDs and
// GIDs"). Moved upwards by whole ranges if an entry of /etc/subuid or /etc/subgid lies there.
inline constexpr std::uint32_t kRootFirstId = 0x70000000;

struct IdRange {
  std::uint32_t first = 0, count = 0;
  auto operator<=>(const IdRange&) const = default;
};

// One line of /etc/subuid: a user name or number, the first id, how many. Lines that are none of these are skipped, as
// newuidmap does.
struct SubordinateIds {
  std::string owner;
  IdRange range;
};
std::vector<SubordinateIds> ParseSubordinateIds(std::string_view text);

// The first range of at least kIdCount ids that belongs to the user, cut to kIdCount; count 0 if there is none.
IdRange FindRange(const std::vector<SubordinateIds>& all, std::string_view user_name, std::uint32_t user_id);

// kIdCount ids that root can use although no file gives them: from kRootFirstId on, beside all listed ranges, and inside
// what the current user namespace knows (`known`, from /proc/self/uid_map; matters in containers). Never contains id 0.
IdRange ChooseRootRange(const std::vector<SubordinateIds>& taken, const std::vector<IdRange>& known);

// What the own id of an ordinary user, or the first one of root's range, is inside.
std::uint32_t FirstIdInside(const IdMap& map, SandboxUser user);

// Writes the maps of a child that has just entered a new user namespace and waits. Throws SystemError, or MissingError
// when newuidmap(1) is not there or refuses. A map of one id begins at `first_inside`, others at 0.
void WriteIdMaps(const IdMap& map, pid_t pid, std::uint32_t first_inside);

// How to give this user subordinate ids.
Message SubordinateIdsRemedy();

// Extents of a map file of the kernel: "inside outside count" per line; ranges of inside ids.
std::vector<IdRange> ParseKernelMap(std::string_view text);

}  // namespace nachbau::builder
