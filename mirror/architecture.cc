// A Debian architecture name is short for a tuple of ABI, C library, kernel and processor; a wildcard names some parts
// and leaves the others open. libapt-pkg's matcher does not know that the processor of armhf is arm, so it is done here
// as dpkg does it.
#include "mirror/architecture.h"

#include <algorithm>
#include <array>

namespace nachbau::mirror {
namespace {

using Tuple = std::array<std::string_view, 4>;  // ABI, C library, kernel, processor

constexpr std::string_view kAny = "any";

// Names whose processor or ABI is not what the name says.
constexpr std::pair<std::string_view, Tuple> kIrregular[] = {
    {"armhf", {"eabihf", "gnu", "linux", "arm"}},
    {"armel", {"eabi", "gnu", "linux", "arm"}},
    {"x32", {"x32", "gnu", "linux", "amd64"}},
    {"arm64ilp32", {"ilp32", "gnu", "linux", "arm64"}},
    {"mipsn32", {"abin32", "gnu", "linux", "mips64"}},
    {"mipsn32el", {"abin32", "gnu", "linux", "mips64el"}},
    {"mipsn32r6", {"abin32", "gnu", "linux", "mips64r6"}},
    {"mipsn32r6el", {"abin32", "gnu", "linux", "mips64r6el"}},
    {"mips64", {"abi64", "gnu", "linux", "mips64"}},
    {"mips64el", {"abi64", "gnu", "linux", "mips64el"}},
    {"mips64r6", {"abi64", "gnu", "linux", "mips64r6"}},
    {"mips64r6el", {"abi64", "gnu", "linux", "mips64r6el"}},
    {"powerpcspe", {"spe", "gnu", "linux", "powerpc"}},
    {"musl-linux-armhf", {"eabihf", "musl", "linux", "arm"}},
    {"uclibc-linux-armel", {"eabi", "uclibc", "linux", "arm"}},
    {"kfreebsd-armhf", {"eabihf", "gnu", "kfreebsd", "arm"}},
};

// "<prefix><processor>"; the ABI is "base".
constexpr std::pair<std::string_view, std::pair<std::string_view, std::string_view>> kPrefixes[] = {
    {"musl-linux-", {"musl", "linux"}},  {"uclibc-linux-", {"uclibc", "linux"}}, {"kfreebsd-", {"gnu", "kfreebsd"}},
    {"knetbsd-", {"gnu", "knetbsd"}},    {"hurd-", {"gnu", "hurd"}},             {"freebsd-", {"bsd", "freebsd"}},
    {"openbsd-", {"bsd", "openbsd"}},    {"netbsd-", {"bsd", "netbsd"}},         {"darwin-", {"bsd", "darwin"}},
    {"solaris-", {"sysv", "solaris"}},
};

Tuple TupleOf(std::string_view architecture) {
  // An old way of writing "amd64" that restriction lists still have: "libxen-dev [linux-amd64]".
  constexpr std::string_view kLinux = "linux-";
  if (architecture.starts_with(kLinux)) {
    architecture.remove_prefix(kLinux.size());
    architecture = architecture.substr(0, architecture.find('-'));
  }
  for (const auto& [name, tuple] : kIrregular) {
    if (name == architecture) return tuple;
  }
  for (const auto& [prefix, system] : kPrefixes) {
    if (architecture.starts_with(prefix)) {
      return {"base", system.first, system.second, architecture.substr(prefix.size())};
    }
  }
  return {"base", "gnu", "linux", architecture};
}

// Missing parts are on the left: "linux-any" is any ABI, any C library, Linux, any processor.
Tuple TupleOfWildcard(std::string_view wildcard) {
  Tuple tuple = {kAny, kAny, kAny, kAny};
  for (std::size_t place = tuple.size(); place > 0;) {
    const std::size_t dash = place == 1 ? wildcard.npos : wildcard.rfind('-');
    tuple[--place] = dash == wildcard.npos ? wildcard : wildcard.substr(dash + 1);
    if (dash == wildcard.npos) break;
    wildcard = wildcard.substr(0, dash);
  }
  return tuple;
}

bool IsWildcard(std::string_view text) {
  return text == kAny || text.starts_with("any-") || text.ends_with("-any") || text.find("-any-") != text.npos;
}

}  // namespace

bool ArchitectureMatches(std::string_view architecture, std::string_view wildcard) {
  if (architecture == wildcard) return true;
  if (architecture == "all" || wildcard == "all") return false;
  const Tuple actual = TupleOf(architecture);
  const Tuple wanted = IsWildcard(wildcard) ? TupleOfWildcard(wildcard) : TupleOf(wildcard);
  return std::equal(actual.begin(), actual.end(), wanted.begin(),
                    [](std::string_view have, std::string_view want) { return want == kAny || want == have; });
}

bool ArchitectureApplies(const std::vector<std::string>& restrictions, std::string_view architecture) {
  // The first entry that says something decides, as in dpkg; policy does not allow to mix positive and negative ones.
  bool applies = restrictions.empty();
  for (const std::string& restriction : restrictions) {
    const bool negative = restriction.front() == '!';
    if (ArchitectureMatches(architecture, std::string_view(restriction).substr(negative ? 1 : 0))) return !negative;
    if (negative) applies = true;  // "not on hurd" is everywhere else, unless another entry says no
  }
  return applies;
}

}  // namespace nachbau::mirror
