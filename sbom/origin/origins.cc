#include "sbom/origin/origins.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "base/archive.h"
#include "base/error.h"
#include "sbom/origin/dwarf_units.h"
#include "sbom/origin/static_members.h"
#include "sbom/origin/trace_join.h"
#include "sbom/origin/unit_origins.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxTrace = 4ULL << 30;         // bytes, uncompressed
constexpr std::uint64_t kMaxDebugPackage = 4ULL << 30;  // bytes of debug information that are in memory at once
constexpr const char* kDebugFiles = "/usr/lib/debug/.build-id/";
constexpr const char* kCommonFiles = "/usr/lib/debug/.dwz/";

bool IsDebPackage(const std::string& name) { return name.ends_with(".deb") || name.ends_with(".udeb"); }

// "/usr/lib/debug/.build-id/ab/cdef.debug" → "abcdef"
std::string BuildIdOf(std::string_view path) {
  path.remove_prefix(std::string_view(kDebugFiles).size());
  std::string id(path.substr(0, path.find('/')));
  if (id.size() + 1 < path.size()) id += path.substr(id.size() + 1);
  return id.substr(0, id.find('.'));
}

// What is known of a linked file beside its own bytes.
struct DebugInformation {
  Dwarf dwarf;
  std::vector<ElfSymbol> symbols;
};

class Finder {
 public:
  Finder(const Lock& lock, const BuildRecord& record, const std::optional<Trace>& trace, const Store& store,
         Progress::Task& task)
      : lock_(lock), record_(record), store_(store), task_(task) {
    origins_.tree = ReadSourceTree(lock, store);
    origins_.has_trace = trace.has_value();
    origins_.incomplete = trace                      ? trace->incomplete
                          : record.trace.has_value() ? "the trace of the build is not in the store"
                                                     : "the build made no trace";
    for (const auto& [path, file] : origins_.tree.files) origins_.compiled_sources += IsCompiledSource(path) ? 1 : 0;
    if (!trace) return;
    FindLibraries(*trace);
    FindRewritten(*trace);
    join_ = std::make_unique<TraceJoin>(*trace, origins_.tree);
    members_ = std::make_unique<StaticMembers>(lock, *trace, store);
  }

  Origins Find() {
    if (lock_.recipe.kind == RecipeKind::kScript) {
      for (const Artifact& output : record_.outputs) ReadOutput(output);
      return std::move(origins_);
    }
    for (const Artifact& output : record_.outputs) {
      if (!IsDebPackage(output.name)) continue;
      PackageOrigins package;
      package.artifact = output;
      package.control = ReadDebControl(store_.Open(output.content.sha256), output.name);
      const std::string& name = package.control.package;
      package.debug = name.ends_with("-dbgsym") || name.ends_with("-dbg");
      origins_.packages.push_back(std::move(package));
    }
    for (PackageOrigins& package : origins_.packages) {
      if (package.debug) ReadDebugPackage(package);
    }
    for (PackageOrigins& package : origins_.packages) {
      if (!package.debug) ReadPackage(package);
    }
    return std::move(origins_);
  }

 private:
  // "/usr/lib/x86_64-linux-gnu/libdbus-1.so.3.32.4" is what DT_NEEDED calls libdbus-1.so.3: by their common beginning,
  // at every dot after ".so". A name that two packages have is nobody's.
  void FindLibraries(const nachbau::Trace& trace) {
    std::map<std::string, std::set<std::string>> owners;
    for (const TraceFile& file : trace.files) {
      if (file.origin != FileOrigin::kPackage) continue;
      const std::string name = file.path.substr(file.path.rfind('/') + 1);
      const std::size_t so = name.find(".so");
      if (so == name.npos || (so + 3 != name.size() && name[so + 3] != '.')) continue;
      for (std::size_t end = so + 3; end != name.npos;
           end = end == name.size() ? name.npos : std::min(name.find('.', end + 1), name.size())) {
        owners[name.substr(0, end)].insert(file.package);
      }
    }
    for (const auto& [name, packages] : owners) {
      if (packages.size() == 1) origins_.libraries[name] = *packages.begin();
    }
  }

  // Generated files that lie in the source, too, such as configure: what was compiled may have been the new one.
  void FindRewritten(const nachbau::Trace& trace) {
    const std::string prefix = trace.build_path + "/";
    for (const TraceFile& file : trace.files) {
      if (!file.digest || !file.path.starts_with(prefix)) continue;
      const auto source = origins_.tree.files.find(file.path.substr(prefix.size()));
      if (source == origins_.tree.files.end() || !source->second.known) continue;
      source->second.rewritten = *file.digest != source->second.ids.content.sha256;
    }
  }

  // Of a script: every output is a file by itself.
  void ReadOutput(const Artifact& output) {
    task_.SetDetail(output.name);
    PackageOrigins package;
    package.artifact = output;
    package.control.package = output.name;
    package.control.version = lock_.version;
    FileOrigins origins;
    origins.file.path = output.name;
    if (output.content.size <= kMaxElf) {
      const std::string bytes = store_.Read(output.content.sha256, kMaxElf);
      origins.file.ids = ComputeFileIds(bytes);
      origins.file.kind = KindOf(output.name, 0, bytes);
      if (origins.file.kind == FileKind::kElf) origins.file.elf = ReadElf(bytes);
      FindSources(package, bytes, origins);
    } else {
      origins.file.ids.content = output.content;
      origins.problem = Msg("too large to be looked into");
    }
    Settle(origins);
    package.files.push_back(std::move(origins));
    origins_.packages.push_back(std::move(package));
  }

  void ReadDebugPackage(const PackageOrigins& package) {
    task_.SetDetail(package.artifact.name);
    std::map<std::string, std::string> files;
    std::uint64_t total = 0;
    ReadPackageFiles(store_.Open(package.artifact.content.sha256), package.artifact.name,
                     [&](PackagedFile&& file, std::string_view bytes) {
                       const bool wanted = file.path.starts_with(kDebugFiles) || file.path.starts_with(kCommonFiles);
                       if (!wanted || file.kind != FileKind::kElf || total + bytes.size() > kMaxDebugPackage) return;
                       total += bytes.size();
                       files.emplace(file.path, bytes);
                     });
    for (const auto& [path, bytes] : files) {
      if (!path.starts_with(kDebugFiles)) continue;
      std::string_view common;
      if (const std::optional<ElfFile> elf = ReadElf(bytes); elf && !elf->alternate_link.empty()) {
        // As seen from the file: "../../.dwz/…", or absolute.
        const std::string link = JoinPath(path.substr(0, path.rfind('/')), elf->alternate_link);
        if (const auto found = files.find(link); found != files.end()) common = found->second;
      }
      debug_[BuildIdOf(path)] = {ReadDwarf(bytes, common), DefinedSymbols(bytes)};
    }
  }

  void ReadPackage(PackageOrigins& package) {
    task_.SetDetail(package.artifact.name);
    ReadPackageFiles(store_.Open(package.artifact.content.sha256), package.artifact.name,
                     [&](PackagedFile&& file, std::string_view bytes) {
                       FileOrigins origins;
                       origins.file = std::move(file);
                       FindSources(package, bytes, origins);
                       Settle(origins);
                       package.files.push_back(std::move(origins));
                     });
    std::sort(package.files.begin(), package.files.end(),
              [](const FileOrigins& left, const FileOrigins& right) { return left.file.path < right.file.path; });
  }

  void FindSources(const PackageOrigins& package, std::string_view bytes, FileOrigins& origins) {
    if (origins.file.kind == FileKind::kElf) {
      TraceElf(package, bytes, origins);
      return FindEmbedded(bytes, origins);
    }
    if (FindIdentical(origins)) return;
    const auto installed = FindInstalled(package, origins.file);
    if (!installed) return;
    TakeTrace(join_->BehindFile(join_->BeforePacking(*installed)), origins);
  }

  void TakeTrace(const Behind& behind, FileOrigins& origins) {
    origins.evidence = OriginEvidence::kTrace;
    for (const std::string& path : behind.sources) origins.sources.push_back({path, SourceRole::kContributed});
  }

  // The same bytes, or the same once unpacked. An empty file is like any other.
  bool FindIdentical(FileOrigins& origins) const {
    if (origins.file.ids.content.size == 0) {
      origins.evidence = OriginEvidence::kIdentical;
      return true;
    }
    const std::vector<std::string>* same = &origins_.tree.WithContent(origins.file.ids.content.sha256);
    if (same->empty() && origins.file.unpacked) same = &origins_.tree.WithContent(*origins.file.unpacked);
    if (same->empty()) return false;
    // Of several the one of the same name, else the first.
    const std::string_view path = origins.file.path;
    std::string_view name = path.substr(path.rfind('/') + 1);
    if (origins.file.unpacked && name.rfind('.') != name.npos) name = name.substr(0, name.rfind('.'));
    const auto named = std::find_if(same->begin(), same->end(), [&](const std::string& candidate) {
      return std::string_view(candidate).substr(candidate.rfind('/') + 1) == name;
    });
    origins.evidence = OriginEvidence::kIdentical;
    origins.sources.push_back({named != same->end() ? *named : same->front(), SourceRole::kIdentical});
    return true;
  }

  std::optional<std::uint32_t> FindInstalled(const PackageOrigins& package, const PackagedFile& file) const {
    if (!join_) return std::nullopt;
    return join_->FindInstalled(package.control.package, file.path, file.ids.content.sha256);
  }

  void TraceElf(const PackageOrigins& package, std::string_view bytes, FileOrigins& origins) {
    const std::optional<ElfFile>& elf = origins.file.elf;
    DebugInformation own;
    const DebugInformation* debug = nullptr;
    if (elf && !elf->build_id.empty()) {
      const auto found = debug_.find(elf->build_id);
      if (found != debug_.end()) debug = &found->second;
    }
    if (debug == nullptr) {
      own = {ReadDwarf(bytes), DefinedSymbols(bytes)};
      debug = &own;
    }
    std::optional<Behind> behind;
    if (const auto installed = FindInstalled(package, origins.file)) behind = join_->BehindFile(*installed);
    if (behind) origins.read = CountCompiled(behind->sources);
    origins.problem = debug->dwarf.problem;
    if (!debug->dwarf.units.empty()) {
      TakeUnits(*debug, behind, origins);
    } else if (behind) {
      TakeTrace(*behind, origins);
    } else if (FindIdentical(origins)) {
      return;  // firmware and the like: it stands in the source as it is
    }
    if (!behind) return;
    origins.link_commands = join_->LinkCommands(*behind);
    for (const PackageRead& input : behind->linked_inputs) {
      for (ForeignUse& use : members_->LinkedFrom(input, debug->symbols, debug->dwarf)) {
        origins.foreign.push_back(std::move(use));
      }
    }
  }

  void TakeUnits(const DebugInformation& debug, const std::optional<Behind>& behind, FileOrigins& origins) {
    origins.evidence = OriginEvidence::kDwarf;
    TraceJoin* join = behind ? join_.get() : nullptr;
    AddUnits(debug.dwarf, origins_.tree, record_.build_path, join, behind ? &*behind : nullptr, origins);
    std::set<std::string> linked, read;
    for (const SourceUse& use : origins.sources) {
      if (use.role == SourceRole::kUnit && IsCompiledSource(use.path)) linked.insert(use.path);
    }
    origins.linked = linked.size();
    if (!behind) return;
    for (const std::string& path : behind->sources) {
      if (IsCompiledSource(path)) read.insert(path);
    }
    origins.read_equals_linked = read == linked;
  }

  // Texts in archives that the linker was given look the same as those in a copy of the source; the archives are named
  // already.
  void FindEmbedded(std::string_view bytes, FileOrigins& origins) {
    const auto [found, fresh] = copies_.try_emplace(origins.file.ids.content.sha256);
    if (fresh) found->second = ShippedEmbeddedCopies().Find(bytes);
    std::set<std::string> linked = {lock_.source};
    for (const ForeignUse& use : origins.foreign) {
      if (use.role == ForeignRole::kHeader || use.package.empty()) continue;
      for (const LockedFile& locked : lock_.files) {
        if (locked.role == InputRole::kEnvironment && locked.package == use.package) linked.insert(locked.source);
      }
    }
    for (const EmbeddedCopy& copy : found->second) {
      if (std::any_of(linked.begin(), linked.end(),
                      [&](const std::string& source) { return copy.MayComeFrom(source); })) {
        continue;
      }
      origins.embedded.push_back(copy);
    }
  }

  static std::size_t CountCompiled(const std::set<std::string>& paths) {
    return static_cast<std::size_t>(std::count_if(paths.begin(), paths.end(), IsCompiledSource));
  }

  const Lock& lock_;
  const BuildRecord& record_;
  const Store& store_;
  Progress::Task& task_;
  Origins origins_;
  std::unique_ptr<TraceJoin> join_;
  std::unique_ptr<StaticMembers> members_;
  std::map<std::string, DebugInformation> debug_;             // by build id
  std::map<Sha256Digest, std::vector<EmbeddedCopy>> copies_;  // of files seen: hard links come without their bytes
};

}  // namespace

std::string_view Name(OriginEvidence evidence) {
  constexpr std::array<std::string_view, 4> kNames = {"unknown", "trace", "dwarf", "identical"};
  return kNames.at(static_cast<std::size_t>(evidence));
}

std::string_view Name(SourceRole role) {
  constexpr std::array<std::string_view, 5> kNames = {"unit", "header", "generated-from", "identical", "contributed"};
  return kNames.at(static_cast<std::size_t>(role));
}

std::string_view Name(ForeignRole role) {
  constexpr std::array<std::string_view, 4> kNames = {"static", "maybe-static", "unit", "header"};
  return kNames.at(static_cast<std::size_t>(role));
}

std::optional<Trace> ReadTrace(const BuildRecord& record, const Store& store) {
  if (!record.trace || !store.Has(record.trace->content.sha256)) return std::nullopt;
  const std::string compressed = store.Read(record.trace->content.sha256, kMaxTrace);
  return TraceFromJson(ParseJson(Decompress(compressed, record.trace->name, kMaxTrace), record.trace->name),
                       record.trace->name);
}

std::set<std::string> FileOrigins::SourcePaths() const {
  std::set<std::string> paths;
  for (const SourceUse& use : sources) paths.insert(use.path);
  return paths;
}

std::string FileOrigins::WhyUnsure() const {
  if (evidence == OriginEvidence::kUnknown) return "nobody knows which files went in";
  if (!unresolved.empty()) return "some compilation units belong to no file that is known";
  return {};
}

Origins FindOrigins(const Lock& lock, const BuildRecord& record, const std::optional<Trace>& trace, const Store& store,
                    Progress::Task& task) {
  return Finder(lock, record, trace, store, task).Find();
}

Json ToJson(const FileOrigins& origins, const SourceTree& tree) {
  Json sources = Json::array(), foreign = Json::array(), embedded = Json::array();
  for (const SourceUse& use : origins.sources) {
    Json entry = {{"path", use.path}, {"role", Name(use.role)}};
    const SourceFile* file = tree.Find(use.path);
    if (file != nullptr && file->known) {
      entry["sha256"] = file->ids.content.sha256.Hex();
      entry["sha512"] = file->ids.content.sha512.Hex();
      entry["gitoids"] = {file->ids.GitoidSha1(), file->ids.GitoidSha256()};
      entry["swhid"] = file->ids.Swhid();
      if (!file->patches.empty()) entry["patches"] = file->patches;
    }
    sources.push_back(std::move(entry));
  }
  for (const ForeignUse& use : origins.foreign) {
    Json entry = {{"role", Name(use.role)}, {"package", use.package}, {"path", use.path}};
    if (!use.member.empty()) entry["member"] = use.member;
    foreign.push_back(std::move(entry));
  }
  for (const EmbeddedCopy& copy : origins.embedded) {
    Json entry = {{"library", copy.library}, {"text", copy.text}};
    entry[copy.source.empty() ? "sourcePattern" : "source"] = copy.source.empty() ? copy.source_pattern : copy.source;
    embedded.push_back(std::move(entry));
  }
  Json json = {{"path", origins.file.path},
               {"kind", Name(origins.file.kind)},
               {"sha256", origins.file.ids.content.sha256.Hex()},
               {"evidence", Name(origins.evidence)},
               {"problem", origins.problem ? Render(*origins.problem) : ""},
               {"sources", std::move(sources)},
               {"foreign", std::move(foreign)},
               {"embedded", std::move(embedded)},
               {"unresolved", origins.unresolved}};
  if (!origins.link_commands.empty()) json["linkCommands"] = origins.link_commands;
  if (origins.read) json["read"] = *origins.read;
  if (origins.linked) json["linked"] = *origins.linked;
  if (origins.read && origins.linked) json["readEqualsLinked"] = origins.read_equals_linked;
  return json;
}

}  // namespace nachbau::sbom
