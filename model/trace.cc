#include "model/trace.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

constexpr const char* kTraceFormat = "nachbau-trace/1";
constexpr std::array<std::string_view, 7> kOrigins = {"unknown", "source", "package", "prepared",
                                                      "built",   "kernel", "sandbox"};
constexpr std::array<std::string_view, 9> kActions = {"read", "write",  "create",    "rename",    "link",
                                                      "symlink", "remove", "pipe-read", "pipe-write"};

template <typename Enum, std::size_t count>
Enum FromName(const std::array<std::string_view, count>& names, std::string_view name, const std::string& place) {
  const auto known = std::find(names.begin(), names.end(), name);
  if (known == names.end()) throw ParseError(place, 0, Msg("unknown name: {}", Printable(name)));
  return static_cast<Enum>(known - names.begin());
}

std::uint32_t Index(const Json& value, std::size_t limit, const std::string& place) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= limit) {
    throw ParseError(place, 0, Msg("must be {}", "an index of its list"));
  }
  return value.get<std::uint32_t>();
}

bool IsPipe(TraceAction action) { return action == TraceAction::kPipeRead || action == TraceAction::kPipeWrite; }
bool HasOther(TraceAction action) { return action == TraceAction::kRename || action == TraceAction::kLink; }

// File names and arguments are bytes; those that are no text are told by their numbers.
std::string Text(const std::string& bytes) { return IsUtf8(bytes) ? bytes : Printable(bytes); }

TraceFile FileFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  TraceFile file;
  file.path = reader.Text("path");
  if (!file.path.starts_with('/')) reader.Refuse("path", "an absolute path");
  file.origin = FromName<FileOrigin>(kOrigins, reader.Text("origin"), reader.PlaceOf("origin"));
  file.package = reader.TextOr("package", "");
  if (const std::string digest = reader.TextOr("sha256", ""); !digest.empty()) {
    file.digest = ParseSha256(digest, reader.PlaceOf("sha256"));
  }
  reader.Done();
  return file;
}

TraceProcess ProcessFromJson(const Json& json, const Trace& trace, std::size_t events, const std::string& place) {
  JsonReader reader(json, place);
  TraceProcess process;
  if (const Json* parent = reader.FindMember("parent")) {
    process.parent = Index(*parent, trace.processes.size(), reader.PlaceOf("parent"));
  }
  for (const Json& item : reader.Array("programs")) {
    JsonReader entry(item, reader.PlaceOf("programs/" + std::to_string(process.programs.size())));
    TraceProgram program;
    program.file = Index(entry.Member("file"), trace.files.size(), entry.PlaceOf("file"));
    program.arguments = entry.Texts("arguments");
    program.time = Index(entry.Member("time"), events + 1, entry.PlaceOf("time"));
    entry.Done();
    process.programs.push_back(std::move(program));
  }
  reader.Done();
  return process;
}

// [process, action, file] or [process, action, file, other]: a long build has millions.
TraceEvent EventFromJson(const Json& json, const Trace& trace, const std::string& place) {
  if (!json.is_array() || json.size() < 3) throw ParseError(place, 0, Msg("must be {}", "an event"));
  TraceEvent event;
  event.process = Index(json[0], trace.processes.size(), place);
  event.action = static_cast<TraceAction>(Index(json[1], kActions.size(), place));
  event.file = Index(json[2], IsPipe(event.action) ? UINT32_MAX : trace.files.size(), place);
  if (json.size() != (HasOther(event.action) ? 4U : 3U)) throw ParseError(place, 0, Msg("must be {}", "an event"));
  if (HasOther(event.action)) event.other = Index(json[3], trace.files.size(), place);
  return event;
}

}  // namespace

std::string_view Name(FileOrigin origin) { return kOrigins.at(static_cast<std::size_t>(origin)); }
std::string_view Name(TraceAction action) { return kActions.at(static_cast<std::size_t>(action)); }

Json ToJson(const Trace& trace) {
  Json files = Json::array(), processes = Json::array(), events = Json::array();
  for (const TraceFile& file : trace.files) {
    Json entry = {{"path", Text(file.path)}, {"origin", Name(file.origin)}};
    if (!file.package.empty()) entry["package"] = file.package;
    if (file.digest) entry["sha256"] = file.digest->Hex();
    files.push_back(std::move(entry));
  }
  for (const TraceProcess& process : trace.processes) {
    Json programs = Json::array();
    for (const TraceProgram& program : process.programs) {
      Json arguments = Json::array();
      for (const std::string& argument : program.arguments) arguments.push_back(Text(argument));
      programs.push_back({{"file", program.file}, {"arguments", std::move(arguments)}, {"time", program.time}});
    }
    Json entry = {{"programs", std::move(programs)}};
    if (process.parent) entry["parent"] = *process.parent;
    processes.push_back(std::move(entry));
  }
  for (const TraceEvent& event : trace.events) {
    Json entry = {event.process, static_cast<std::uint32_t>(event.action), event.file};
    if (HasOther(event.action)) entry.push_back(event.other);
    events.push_back(std::move(entry));
  }
  return {{"format", kTraceFormat},
          {"source", trace.source},
          {"version", trace.version},
          {"architecture", trace.architecture},
          {"lock", trace.lock.Hex()},
          {"buildPath", trace.build_path},
          {"incomplete", trace.incomplete},
          {"actions", kActions},
          {"files", std::move(files)},
          {"processes", std::move(processes)},
          {"events", std::move(events)}};
}

Trace TraceFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kTraceFormat) reader.Refuse("format", kTraceFormat);
  Trace trace;
  trace.source = reader.Text("source");
  trace.version = reader.Text("version");
  trace.architecture = reader.Text("architecture");
  trace.lock = ParseSha256(reader.Text("lock"), reader.PlaceOf("lock"));
  trace.build_path = reader.Text("buildPath");
  trace.incomplete = reader.Text("incomplete");
  const std::vector<std::string> actions = reader.Texts("actions");
  if (!std::equal(actions.begin(), actions.end(), kActions.begin(), kActions.end())) {
    reader.Refuse("actions", "the names of the actions");
  }
  for (const Json& item : reader.Array("files")) {
    trace.files.push_back(FileFromJson(item, reader.PlaceOf("files/" + std::to_string(trace.files.size()))));
  }
  const Json& events = reader.Array("events");
  for (const Json& item : reader.Array("processes")) {
    const std::string where = reader.PlaceOf("processes/" + std::to_string(trace.processes.size()));
    trace.processes.push_back(ProcessFromJson(item, trace, events.size(), where));
  }
  trace.events.reserve(events.size());
  for (const Json& item : events) {
    trace.events.push_back(
        EventFromJson(item, trace, reader.PlaceOf("events/" + std::to_string(trace.events.size()))));
  }
  reader.Done();
  return trace;
}

}  // namespace nachbau
