#include "sbom/origin/static_members.h"

#include <algorithm>

#include "base/archive.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxMember = 256ULL << 20;  // bytes
constexpr std::size_t kMaxMembers = 100'000;

}  // namespace

std::vector<ArchiveMember> ReadArchiveMembers(std::string_view archive, std::string_view name) {
  std::vector<ArchiveMember> members;
  ArchiveReader reader(archive, ArchiveFormat::kAr, std::string(name));
  while (const auto entry = reader.Next()) {
    if (entry->path.starts_with('/')) continue;  // the table of symbols, and that of long names
    if (members.size() >= kMaxMembers) throw ParseError(name, 0, Msg("more than {} members", kMaxMembers));
    ArchiveMember member;
    member.name = entry->path;
    for (ElfSymbol& symbol : DefinedSymbols(reader.ReadContent(kMaxMember))) {
      if (symbol.global) member.symbols.push_back(std::move(symbol.name));
    }
    members.push_back(std::move(member));
  }
  return members;
}

StaticMembers::StaticMembers(const Lock& lock, const Trace& trace, const Store& store)
    : lock_(lock), trace_(trace), store_(store) {}

const StaticMembers::Archives& StaticMembers::ArchivesOf(const std::string& package) {
  const auto known = packages_.find(package);
  if (known != packages_.end()) return known->second;
  Archives& archives = packages_[package];
  std::vector<std::string> wanted;
  for (const TraceFile& file : trace_.files) {
    if (file.package == package && file.path.ends_with(".a")) wanted.push_back(file.path);
  }
  std::sort(wanted.begin(), wanted.end());
  for (const LockedFile& locked : lock_.files) {
    if (locked.role != InputRole::kEnvironment || locked.package != package || !store_.Has(locked.sha256)) continue;
    for (const auto& [path, bytes] : ReadFilesOf(store_.Open(locked.sha256), locked.file_name, wanted)) {
      try {
        archives[path] = ReadArchiveMembers(bytes, locked.file_name + ":" + path);
      } catch (const ParseError&) {
        archives.erase(path);  // a linker script under this name: nothing is known of it
      }
    }
    break;
  }
  return archives;
}

std::vector<ForeignUse> StaticMembers::LinkedFrom(const PackageRead& input, const std::vector<ElfSymbol>& symbols,
                                                  const Dwarf& dwarf) {
  if (!input.path.ends_with(".a")) return {{ForeignRole::kStatic, input.package, input.path, ""}};
  const Archives& archives = ArchivesOf(input.package);
  const auto archive = archives.find(input.path);
  if (archive == archives.end() || symbols.empty()) return {{ForeignRole::kMaybeStatic, input.package, input.path, ""}};
  std::vector<ForeignUse> uses;
  for (const ArchiveMember& member : archive->second) {
    const bool linked = std::any_of(member.symbols.begin(), member.symbols.end(), [&](const std::string& name) {
      const auto first =
          std::lower_bound(symbols.begin(), symbols.end(), name,
                           [](const ElfSymbol& symbol, const std::string& key) { return symbol.name < key; });
      for (auto symbol = first; symbol != symbols.end() && symbol->name == name; ++symbol) {
        if (!dwarf.Covers(symbol->address)) return true;
      }
      return false;
    });
    if (linked) uses.push_back({ForeignRole::kStatic, input.package, input.path, member.name});
  }
  return uses;
}

}  // namespace nachbau::sbom
