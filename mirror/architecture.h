// Debian architectures and their wildcards (Debian Policy 11.1, deb-src-control(5), dpkg-architecture(1)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachbau::mirror {

// True when `architecture` is one of those that the wildcard ("any", "linux-any", "any-arm", "amd64") means, as
// dpkg-architecture --is says. "all" is no architecture to build for and matches only itself.
bool ArchitectureMatches(std::string_view architecture, std::string_view wildcard);

// A restriction list as in "foo [linux-any !armel]": any positive entry matches (when there are some) and no negative
// one does; of mixed lists the first entry that matches decides. Entries are not empty.
bool ArchitectureApplies(const std::vector<std::string>& restrictions, std::string_view architecture);

}  // namespace nachbau::mirror
