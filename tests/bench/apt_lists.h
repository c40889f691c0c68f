// For benchmarks: an apt lists directory as a snapshot, and what apt-get itself makes of the same lists.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/deb822.h"
#include "mirror/mirror.h"
#include "store/store.h"

namespace nachbau::mirror {

// LISTS as apt writes it: *_InRelease, *_Packages, *_Sources, plain or compressed, one component per suite.
Snapshot ReadLists(const std::filesystem::path& lists, const std::string& architecture, Store& store);

// The sources.list that these lists came from.
std::string SourcesOf(const Snapshot& snapshot);

// "Inst libc6 (2.36-9 …)" lines of a simulation in the system that work/status describes: name and version. Throws Error
// with what apt-get says.
std::map<std::string, std::string> Simulate(const std::filesystem::path& work, const std::filesystem::path& lists,
                                            const std::string& sources, const std::vector<std::string>& command);

void ForEachPackage(const std::filesystem::path& lists, const std::function<void(const Paragraph&)>& sink);
std::set<std::string> EssentialPackages(const std::filesystem::path& lists);
// A dpkg status file in which these packages are installed: the build daemon's chroot before the build dependencies.
std::string StatusOf(const std::filesystem::path& lists, std::map<std::string, std::string> packages);

// Writes work/status: a build daemon's chroot as apt-get installs it. Returns its packages.
std::map<std::string, std::string> MakeChroot(const std::filesystem::path& work, const std::filesystem::path& lists,
                                              const std::string& sources);

}  // namespace nachbau::mirror
