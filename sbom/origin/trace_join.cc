#include "sbom/origin/trace_join.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace nachbau::sbom {
namespace {

constexpr int kMaxDriverLevels = 4;

std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A compiler reads its own libraries and tables, too; what counts of a package is what a source file can include.
bool IsHeader(std::string_view path) {
  if (path.find("/include/") != path.npos || path.starts_with("/usr/share/gir")) return true;
  constexpr std::array<std::string_view, 9> kEndings = {".h",   ".hh",  ".hpp", ".hxx", ".inc",
                                                        ".ipp", ".tcc", ".def", ".H"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return path.ends_with(ending); });
}

// "x86_64-linux-gnu-ld.bfd", "ld", "ld.gold", "ld.lld", "mold"
bool IsLinker(std::string_view program) {
  const std::string_view name = LastPart(program);
  return name == "ld" || name.starts_with("ld.") || name.ends_with("-ld") || name.find("-ld.") != name.npos ||
         name == "lld" || name == "mold" || name == "gold";
}

bool IsCompressor(std::string_view program) {
  constexpr std::array<std::string_view, 6> kNames = {"gzip", "pigz", "xz", "bzip2", "zstd", "lz4"};
  return std::find(kNames.begin(), kNames.end(), LastPart(program)) != kNames.end();
}

// What makes a copy of one file under another name, as it is or without parts of it.
bool IsCopier(std::string_view program) {
  constexpr std::array<std::string_view, 7> kNames = {"cp", "install", "ln", "mv", "dwz", "patchelf", "chrpath"};
  const std::string_view name = LastPart(program);
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name.ends_with("strip") || name.ends_with("objcopy");
}

bool IsStaticInput(std::string_view path) { return path.ends_with(".a") || path.ends_with(".o"); }

}  // namespace

TraceJoin::TraceJoin(const Trace& trace, const SourceTree& tree)
    : trace_(trace), tree_(tree), queries_(trace), reads_(trace.processes.size()) {
  for (std::uint32_t i = 0; i < trace.files.size(); ++i) {
    by_path_.emplace(trace.files[i].path, i);
    if (trace.files[i].digest && trace.files[i].origin == FileOrigin::kBuilt)
      by_digest_[*trace.files[i].digest].push_back(i);
  }
  for (const TraceEvent& event : trace.events) {
    if (event.action == TraceAction::kRead) reads_[event.process].push_back(event.file);
    if (event.action == TraceAction::kSymlink) links_.insert(event.file);
    if (event.action == TraceAction::kRename || event.action == TraceAction::kLink) {
      moved_from_[event.other].push_back(event.file);
    }
  }
  for (std::uint32_t process = 0; process < reads_.size(); ++process) {
    auto& files = reads_[process];
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    for (const std::uint32_t file : files) readers_[file].push_back(process);
  }
}

std::optional<std::uint32_t> TraceJoin::FindFile(std::string_view path) const {
  auto found = by_path_.find(path);
  if (found == by_path_.end() && !path.starts_with('/')) {
    const std::string absolute = trace_.build_path + "/" + std::string(path);
    found = by_path_.find(absolute);
  }
  if (found == by_path_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint32_t> TraceJoin::FindInstalled(const std::string& package, const std::string& path,
                                                      const Sha256Digest& sha256) const {
  const std::string below = path.starts_with('/') ? path : "/" + path;
  const auto usual = FindFile("debian/" + package + below);
  if (usual && trace_.files[*usual].digest == sha256) return usual;
  const auto same = by_digest_.find(sha256);
  if (same == by_digest_.end()) return std::nullopt;
  // The smallest path, not the first one seen.
  std::optional<std::uint32_t> best;
  const auto better = [&](std::uint32_t left, std::uint32_t right) {
    const bool left_ends = trace_.files[left].path.ends_with(below),
               right_ends = trace_.files[right].path.ends_with(below);
    if (left_ends != right_ends) return left_ends;
    return trace_.files[left].path < trace_.files[right].path;
  };
  for (const std::uint32_t candidate : same->second) {
    if (!best || better(candidate, *best)) best = candidate;
  }
  return best;
}

std::string TraceJoin::InTree(std::uint32_t file) const {
  const std::string& path = trace_.files[file].path;
  const std::string prefix = trace_.build_path + "/";
  if (!path.starts_with(prefix)) return {};
  std::string below = path.substr(prefix.size());
  return tree_.files.contains(below) ? below : std::string();
}

Behind TraceJoin::BehindFile(std::uint32_t file) const {
  Behind behind;
  behind.closure = queries_.ClosureOf(file);
  behind.process_set.insert(behind.closure.processes.begin(), behind.closure.processes.end());
  for (const std::uint32_t input : behind.closure.files) {
    if (std::string path = InTree(input); !path.empty()) behind.sources.insert(std::move(path));
  }
  behind.names = {LastPart(trace_.files[file].path)};
  if (auto linked = LinkedInto(file, behind.names)) {
    behind.linked_inputs = std::move(*linked);
    return behind;
  }
  for (const std::uint32_t process : behind.closure.processes) {
    if (RunsLinker(process)) AddStaticInputs(process, behind.linked_inputs);
  }
  return behind;
}

bool TraceJoin::RunsLinker(std::uint32_t process) const {
  const auto& programs = trace_.processes[process].programs;
  return std::any_of(programs.begin(), programs.end(),
                     [&](const TraceProgram& program) { return IsLinker(trace_.files[program.file].path); });
}

void TraceJoin::AddStaticInputs(std::uint32_t process, std::set<PackageRead>& inputs) const {
  for (const std::uint32_t read : reads_[process]) {
    const TraceFile& input = trace_.files[read];
    if (input.origin == FileOrigin::kPackage && IsStaticInput(input.path)) inputs.insert({input.package, input.path});
  }
}

bool TraceJoin::CopiesOneFile(std::uint32_t process) const {
  const auto& programs = trace_.processes[process].programs;
  if (programs.empty() || !IsCopier(trace_.files[programs.back().file].path)) return false;
  return std::count_if(reads_[process].begin(), reads_[process].end(), [&](std::uint32_t read) {
           return trace_.files[read].origin == FileOrigin::kBuilt;
         }) == 1;
}

// From the file back to its linker, over renames, copies of it, objects and archives: a program that ./configure
// linked lies behind the file, too, but is no part of it. Nothing when no linker is found that way. Repeated until no name
// is new: what is found must not depend on the order in which a build happened to do things.
std::optional<std::set<PackageRead>> TraceJoin::LinkedInto(std::uint32_t file, std::set<std::string_view>& names) const {
  std::set<PackageRead> inputs;
  bool found = false;
  for (std::size_t known = 0; known != names.size();) {
    known = names.size();
    std::set<std::uint32_t> seen = {file};
    std::vector<std::uint32_t> open = {file};
    while (!open.empty()) {
      const std::uint32_t piece = open.back();
      open.pop_back();
      if (const auto moved = moved_from_.find(piece); moved != moved_from_.end()) {
        for (const std::uint32_t earlier : moved->second) {
          names.insert(LastPart(trace_.files[earlier].path));
          if (seen.insert(earlier).second) open.push_back(earlier);
        }
      }
      for (const std::uint32_t writer : queries_.WritersOf(piece)) {
        if (RunsLinker(writer)) {
          found = true;
          AddStaticInputs(writer, inputs);
        }
        const bool copied = CopiesOneFile(writer);  // under any name; libtool installs "x.so" from "x.soT"
        for (const std::uint32_t read : reads_[writer]) {
          const TraceFile& input = trace_.files[read];
          if (input.origin != FileOrigin::kBuilt) continue;
          if (copied) names.insert(LastPart(input.path));
          if (!IsStaticInput(input.path) && !names.contains(LastPart(input.path))) continue;
          if (seen.insert(read).second) open.push_back(read);
        }
      }
    }
  }
  return found ? std::optional(std::move(inputs)) : std::nullopt;
}

std::uint32_t TraceJoin::BeforePacking(std::uint32_t file) const {
  const std::string_view path = trace_.files[file].path;
  const std::string_view name = LastPart(path);
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return file;
  const auto plain = by_path_.find(path.substr(0, path.size() - (name.size() - dot)));
  if (plain == by_path_.end()) return file;
  const auto readers = readers_.find(plain->second);
  if (readers == readers_.end()) return file;
  for (const std::uint32_t writer : queries_.WritersOf(file)) {
    const auto& programs = trace_.processes[writer].programs;
    const bool compressor = !programs.empty() && IsCompressor(trace_.files[programs.back().file].path);
    const bool read = std::find(readers->second.begin(), readers->second.end(), writer) != readers->second.end();
    if (compressor && read) return plain->second;
  }
  return file;
}

bool TraceJoin::Gave(std::uint32_t process, std::string_view unit) const {
  for (const TraceProgram& program : trace_.processes[process].programs) {
    for (const std::string& argument : program.arguments) {
      if (argument == unit) return true;
    }
  }
  return false;
}

std::vector<std::uint32_t> TraceJoin::Compilers(const Behind& behind, std::uint32_t file, std::string_view unit) const {
  std::vector<std::uint32_t> all, given;
  const auto readers = readers_.find(file);
  if (readers == readers_.end()) return all;
  for (const std::uint32_t process : readers->second) {
    if (!behind.process_set.contains(process)) continue;
    all.push_back(process);
    if (Gave(process, unit)) given.push_back(process);
  }
  return given.empty() ? all : given;
}

std::vector<std::uint32_t> TraceJoin::ReadUnderName(const Behind& behind, std::string_view unit) const {
  std::set<std::uint32_t> found;
  const std::string_view name = LastPart(unit);
  for (const std::uint32_t process : behind.closure.processes) {
    if (!Gave(process, unit)) continue;
    for (const std::uint32_t file : reads_[process]) {
      if (LastPart(trace_.files[file].path) == name) found.insert(file);
    }
  }
  return {found.begin(), found.end()};
}

Compilation TraceJoin::CompiledBy(const std::vector<std::uint32_t>& processes, std::uint32_t unit) {
  Compilation compilation;
  for (const std::uint32_t process : processes) {
    for (const std::uint32_t read : reads_[process]) {
      if (read == unit) continue;
      const TraceFile& file = trace_.files[read];
      if (std::string path = InTree(read); !path.empty()) {
        compilation.headers.insert(std::move(path));
      } else if (file.origin == FileOrigin::kBuilt) {
        const std::set<std::string>& made_of = GeneratedFrom(read);
        compilation.generated.insert(made_of.begin(), made_of.end());
      } else if (file.origin == FileOrigin::kPackage && IsHeader(file.path)) {
        compilation.packages.insert({file.package, file.path});
      }
    }
  }
  return compilation;
}

std::vector<std::string> TraceJoin::LinkCommands(const Behind& behind) const {
  std::set<std::string> commands;
  for (const std::uint32_t linker : behind.closure.processes) {
    if (!RunsLinker(linker)) continue;
    // Upwards to the driver: collect2 and ld have names of temporary files among their arguments.
    std::optional<std::uint32_t> process = trace_.processes[linker].parent;
    for (int level = 0; process && level < kMaxDriverLevels; ++level, process = trace_.processes[*process].parent) {
      const auto& programs = trace_.processes[*process].programs;
      if (programs.empty() || LastPart(trace_.files[programs.back().file].path) == "collect2") continue;
      const std::vector<std::string>& arguments = programs.back().arguments;
      std::string command;
      bool makes = false;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        command += (command.empty() ? "" : " ") + arguments[i];
        makes = makes || (arguments[i] == "-o" && i + 1 < arguments.size() && behind.names.contains(LastPart(arguments[i + 1])));
      }
      if (makes && command.find("/tmp/") == command.npos)
        commands.insert(IsUtf8(command) ? command : Printable(command));
      break;
    }
  }
  return {commands.begin(), commands.end()};
}

const std::set<std::string>& TraceJoin::GeneratedFrom(std::uint32_t file) {
  const auto known = generated_.find(file);
  if (known != generated_.end()) return known->second;
  std::set<std::string>& sources = generated_[file];
  for (const std::uint32_t input : queries_.InputsOf(file)) {
    if (std::string path = InTree(input); !path.empty()) sources.insert(std::move(path));
  }
  return sources;
}

}  // namespace nachbau::sbom
