// Questions to the trace of a build in an evidence folder. docs/formats/trace.md
#include <algorithm>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/evidence_folder.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "model/evidence.h"
#include "model/trace_queries.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kMaxTrace = 4ULL << 30;  // bytes, uncompressed
constexpr std::size_t kMaxCommand = 160;         // characters of a command shown
constexpr std::size_t kMaxCandidates = 10;

Trace ReadTrace(const std::filesystem::path& evidence) {
  const std::filesystem::path path = evidence / evidence::kTrace;
  const std::optional<FileDescriptor> file = OpenForReadingIfExists(path);
  if (!file) {
    MissingError error(Msg("{} is not there", path.native()));
    error.SetHint(Msg("builds with --no-trace have none, and those made before there were traces"));
    throw error;
  }
  const std::string compressed = ReadDescriptor(*file, path.native(), kMaxTrace);
  return TraceFromJson(ParseJson(Decompress(compressed, path.native(), kMaxTrace), path.native()), path.native());
}

// The one file that `name` means; the file that exists at the end rather than one that is gone.
std::uint32_t FindFile(const Trace& trace, const TraceQueries& queries, const std::string& name) {
  std::vector<std::uint32_t> found = queries.FindFiles(name);
  if (found.size() > 1) {
    std::vector<std::uint32_t> kept;
    std::copy_if(found.begin(), found.end(), std::back_inserter(kept),
                 [&](std::uint32_t file) { return trace.files[file].digest.has_value(); });
    if (!kept.empty()) found = std::move(kept);
  }
  if (found.empty()) throw MissingError(Msg("the build used no file {}", Printable(name)));
  if (found.size() == 1) return found.front();
  std::string names;
  for (std::size_t i = 0; i < found.size() && i < kMaxCandidates; ++i) names += "\n  " + trace.files[found[i]].path;
  UsageError error(Msg("{} files end with {}", found.size(), Printable(name)));
  error.SetHint(Msg("name one of them:{}", names));
  throw error;
}

std::string CommandLine(const TraceProgram* program, const Trace& trace) {
  if (program == nullptr) return "?";
  std::string text;
  for (const std::string& argument : program->arguments) text += (text.empty() ? "" : " ") + argument;
  if (text.empty()) text = trace.files[program->file].path;
  if (text.size() > kMaxCommand) text = text.substr(0, kMaxCommand) + "...";
  return Printable(text);
}

Json FileJson(const TraceFile& file) {
  Json json = {{"path", file.path}, {"origin", Name(file.origin)}};
  if (!file.package.empty()) json["package"] = file.package;
  if (file.digest) json["sha256"] = file.digest->Hex();
  return json;
}

// Beneath the build path without it: that is how people know the files of a source.
std::string Shown(const Trace& trace, const TraceFile& file) {
  const std::string prefix = trace.build_path + "/";
  return Printable(file.path.starts_with(prefix) ? file.path.substr(prefix.size()) : file.path);
}

void WarnIfIncomplete(Context& context, const Trace& trace) {
  if (!trace.incomplete.empty()) context.progress().Note(Msg("the trace is not complete: {}", trace.incomplete));
}

void PrintFiles(Context& context, const Trace& trace, const std::vector<std::uint32_t>& files) {
  for (const std::uint32_t file : files) context.PrintLine("  " + Shown(trace, trace.files[file]));
}

Json FilesJson(const Trace& trace, const std::vector<std::uint32_t>& files) {
  Json list = Json::array();
  for (const std::uint32_t file : files) list.push_back(FileJson(trace.files[file]));
  return list;
}

}  // namespace

int RunTraceSources(Context& context) {
  const Trace trace = ReadTrace(context.arguments().names.at(0));
  WarnIfIncomplete(context, trace);
  const TraceQueries queries(trace);
  const std::uint32_t file = FindFile(trace, queries, context.arguments().names.at(1));
  std::vector<std::uint32_t> inputs = queries.InputsOf(file);
  std::sort(inputs.begin(), inputs.end(),
            [&](std::uint32_t left, std::uint32_t right) { return trace.files[left].path < trace.files[right].path; });
  if (context.arguments().json) {
    context.PrintJson({{"file", FileJson(trace.files[file])}, {"inputs", FilesJson(trace, inputs)}});
    return kGood;
  }
  const auto all = static_cast<std::size_t>(
      std::count_if(trace.files.begin(), trace.files.end(),
                    [](const TraceFile& other) { return other.origin == FileOrigin::kSource && other.digest; }));
  std::vector<std::uint32_t> sources;
  std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(sources), [&](std::uint32_t input) {
    return trace.files[input].origin == FileOrigin::kSource && trace.files[input].digest;
  });
  context.Print(Msg("{}: {} of {} source files may have gone in", Shown(trace, trace.files[file]), sources.size(), all));
  PrintFiles(context, trace, sources);
  return kGood;
}

int RunTraceUsers(Context& context) {
  const Trace trace = ReadTrace(context.arguments().names.at(0));
  WarnIfIncomplete(context, trace);
  const TraceQueries queries(trace);
  const std::uint32_t file = FindFile(trace, queries, context.arguments().names.at(1));
  Json list = Json::array();
  if (!context.arguments().json) context.Print(Msg("{} (origin: {})", trace.files[file].path, Name(trace.files[file].origin)));
  for (std::uint32_t time = 0; time < trace.events.size(); ++time) {
    const TraceEvent& event = trace.events[time];
    const bool pipe = event.action == TraceAction::kPipeRead || event.action == TraceAction::kPipeWrite;
    const bool moved = event.action == TraceAction::kRename || event.action == TraceAction::kLink;
    if (pipe || (event.file != file && !(moved && event.other == file))) continue;
    const TraceProgram* program = queries.ProgramAt(event.process, time);
    if (context.arguments().json) {
      Json entry = {{"action", Name(event.action)}, {"process", event.process}, {"time", time}};
      if (program != nullptr) entry["arguments"] = program->arguments;
      if (moved) entry["other"] = trace.files[event.file == file ? event.other : event.file].path;
      list.push_back(std::move(entry));
    } else {
      std::string line = "  " + std::string(Name(event.action));
      line.resize(std::max<std::size_t>(line.size(), 10), ' ');
      context.PrintLine(line + " " + CommandLine(program, trace));
    }
  }
  if (context.arguments().json) context.PrintJson({{"file", FileJson(trace.files[file])}, {"events", list}});
  return kGood;
}

int RunTraceUnread(Context& context) {
  const Trace trace = ReadTrace(context.arguments().names.at(0));
  WarnIfIncomplete(context, trace);
  const std::vector<std::uint32_t> unread = TraceQueries(trace).UnreadSources();
  if (context.arguments().json) {
    context.PrintJson(FilesJson(trace, unread));
    return kGood;
  }
  context.Print(Msg("{} files of the source were never read:", unread.size()));
  PrintFiles(context, trace, unread);
  return kGood;
}

int RunTraceOutside(Context& context) {
  const Trace trace = ReadTrace(context.arguments().names.at(0));
  const TraceQueries queries(trace);
  const std::vector<std::uint32_t> outside = queries.ReadFromOutside(), kernel = queries.ReadFromKernel();
  if (context.arguments().json) {
    context.PrintJson({{"outside", FilesJson(trace, outside)},
                       {"kernel", FilesJson(trace, kernel)},
                       {"incomplete", trace.incomplete}});
  } else {
    context.Print(Msg("{} files were read that neither the lock nor the build brought", outside.size()));
    PrintFiles(context, trace, outside);
    if (!kernel.empty()) context.Print(Msg("{} files of the kernel were read, which tell of the machine:", kernel.size()));
    PrintFiles(context, trace, kernel);
    WarnIfIncomplete(context, trace);
  }
  if (!outside.empty()) return kBad;
  return trace.incomplete.empty() ? kGood : kCouldNotCheck;
}

}  // namespace nachbau::cli
