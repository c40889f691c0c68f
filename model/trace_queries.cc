#include "model/trace_queries.h"

#include <algorithm>
#include <set>

namespace nachbau {
namespace {

bool ChangesContent(TraceAction action) {
  switch (action) {
    case TraceAction::kWrite:
    case TraceAction::kCreate:
    case TraceAction::kRename:
    case TraceAction::kLink:
    case TraceAction::kSymlink:
    case TraceAction::kRemove: return true;
    case TraceAction::kRead:
    case TraceAction::kPipeRead:
    case TraceAction::kPipeWrite: return false;
  }
  return false;
}

}  // namespace

// Goes back from one file through everything that may have contributed.
class TraceQueries::Backwards {
 public:
  explicit Backwards(const TraceQueries& queries)
      : trace_(queries.trace_), queries_(queries), seen_processes_(queries.trace_.processes.size(), false) {}

  TraceClosure From(std::uint32_t file) {
    std::uint32_t time = static_cast<std::uint32_t>(trace_.events.size());
    // A file that is gone at the end: what it was before.
    const auto& events = queries_.file_events_[file];
    if (!events.empty()) {
      const TraceEvent& last = trace_.events[events.back()];
      const bool gone = last.action == TraceAction::kRemove || (last.action == TraceAction::kRename && last.file == file);
      if (gone) time = events.back();
    }
    files_.push_back({file, time});
    while (!files_.empty() || !processes_.empty()) {
      if (!processes_.empty()) {
        const std::uint32_t process = processes_.back();
        processes_.pop_back();
        Visit(process);
      } else {
        const auto [next, at] = files_.back();
        files_.pop_back();
        Visit(next, at);
      }
    }
    TraceClosure closure;
    for (const std::uint32_t found : seen_files_) {
      if (found != file) closure.files.push_back(found);
    }
    for (std::uint32_t process = 0; process < seen_processes_.size(); ++process) {
      if (seen_processes_[process]) closure.processes.push_back(process);
    }
    return closure;
  }

 private:
  void Add(std::uint32_t process) {
    if (!seen_processes_[process]) processes_.push_back(process);
    seen_processes_[process] = true;
  }

  // The content of the file before `time`.
  void Visit(std::uint32_t file, std::uint32_t time) {
    seen_files_.insert(file);
    const auto& events = queries_.file_events_[file];
    auto at = std::lower_bound(events.begin(), events.end(), time);
    while (at != events.begin()) {
      const std::uint32_t number = *--at;
      if (!seen_changes_.emplace(file, number).second) return;  // and everything before it
      const TraceEvent& event = trace_.events[number];
      const bool moved = event.action == TraceAction::kRename || event.action == TraceAction::kLink;
      if (moved && event.other == file) {
        files_.push_back({event.file, number});
        return;
      }
      if (event.action == TraceAction::kLink) continue;  // it only got a second name
      if (event.action == TraceAction::kWrite || event.action == TraceAction::kCreate) Add(event.process);
      if (event.action != TraceAction::kWrite) return;   // nothing of an earlier file with this name is left
    }
  }

  void Visit(std::uint32_t process) {
    for (const std::uint32_t number : queries_.process_reads_[process]) {
      const TraceEvent& event = trace_.events[number];
      if (event.action == TraceAction::kRead) {
        files_.push_back({event.file, number});
        continue;
      }
      const auto writers = queries_.pipe_writers_.find(event.file);
      if (writers != queries_.pipe_writers_.end()) {
        for (const std::uint32_t writer : writers->second) Add(writer);
      } else if (trace_.processes[process].parent) {
        Add(*trace_.processes[process].parent);  // a shell that never ran a program after it made the pipe
      }
    }
    // The same at the other end: what a child writes into a pipe that nobody was seen to read, its parent reads.
    for (const std::uint32_t child : queries_.children_[process]) {
      for (const std::uint32_t pipe : queries_.written_pipes_[child]) {
        if (!queries_.read_pipes_.contains(pipe)) Add(child);
      }
    }
  }

  const Trace& trace_;
  const TraceQueries& queries_;
  std::set<std::uint32_t> seen_files_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen_changes_;  // file and event: a file may have had several contents
  std::vector<bool> seen_processes_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> files_;
  std::vector<std::uint32_t> processes_;
};

TraceQueries::TraceQueries(const Trace& trace)
    : trace_(trace), file_events_(trace.files.size()), process_reads_(trace.processes.size()),
      children_(trace.processes.size()), written_pipes_(trace.processes.size()) {
  for (std::uint32_t i = 0; i < trace.events.size(); ++i) {
    const TraceEvent& event = trace.events[i];
    if (event.action == TraceAction::kRead || event.action == TraceAction::kPipeRead) {
      process_reads_[event.process].push_back(i);
    }
    if (event.action == TraceAction::kPipeRead) read_pipes_.insert(event.file);
    if (event.action == TraceAction::kPipeWrite) {
      pipe_writers_[event.file].push_back(event.process);
      written_pipes_[event.process].push_back(event.file);
    }
    if (!ChangesContent(event.action)) continue;
    file_events_[event.file].push_back(i);
    const bool moved = event.action == TraceAction::kRename || event.action == TraceAction::kLink;
    if (moved && event.other != event.file) file_events_[event.other].push_back(i);
  }
  for (std::uint32_t i = 0; i < trace.processes.size(); ++i) {
    if (trace.processes[i].parent) children_[*trace.processes[i].parent].push_back(i);
  }
}

std::vector<std::uint32_t> TraceQueries::FindFiles(std::string_view name) const {
  const auto matching = [&](const auto& matches) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < trace_.files.size(); ++i) {
      if (matches(trace_.files[i].path)) found.push_back(i);
    }
    return found;
  };
  const auto equals = [&](const std::string& path) {
    return matching([&](const std::string& other) { return other == path; });
  };
  if (std::vector<std::uint32_t> found = equals(std::string(name)); !found.empty()) return found;
  if (std::vector<std::uint32_t> found = equals(trace_.build_path + "/" + std::string(name)); !found.empty()) return found;
  const std::string end = "/" + std::string(name);
  return matching([&](const std::string& path) { return path.ends_with(end); });
}

std::vector<std::uint32_t> TraceQueries::InputsOf(std::uint32_t file) const { return ClosureOf(file).files; }

TraceClosure TraceQueries::ClosureOf(std::uint32_t file) const { return Backwards(*this).From(file); }

std::vector<std::uint32_t> TraceQueries::ReadersOf(std::uint32_t file) const {
  std::set<std::uint32_t> found;
  for (const TraceEvent& event : trace_.events) {
    if (event.action == TraceAction::kRead && event.file == file) found.insert(event.process);
  }
  return {found.begin(), found.end()};
}

std::vector<std::uint32_t> TraceQueries::WritersOf(std::uint32_t file) const {
  std::set<std::uint32_t> found;
  for (const std::uint32_t number : file_events_[file]) {
    const TraceEvent& event = trace_.events[number];
    if (event.action != TraceAction::kRemove) found.insert(event.process);
  }
  return {found.begin(), found.end()};
}

std::vector<std::uint32_t> TraceQueries::UnreadSources() const {
  std::vector<bool> read(trace_.files.size(), false), moved(trace_.files.size(), false);
  // The build script unpacks the source and then becomes the build; unpacking reads what it patches.
  std::uint32_t start = 0;
  if (!trace_.processes.empty() && trace_.processes[0].programs.size() > 1) start = trace_.processes[0].programs[1].time;
  for (std::uint32_t time = 0; time < trace_.events.size(); ++time) {
    const TraceEvent& event = trace_.events[time];
    if (event.action == TraceAction::kRead && time >= start) read[event.file] = true;
    // What was moved away or removed is another file, or none, from then on.
    if (event.action == TraceAction::kRename || event.action == TraceAction::kRemove) moved[event.file] = true;
  }
  std::vector<std::uint32_t> found;
  const std::string tree = trace_.build_path + "/";
  for (std::uint32_t i = 0; i < trace_.files.size(); ++i) {
    const TraceFile& file = trace_.files[i];
    if (file.origin == FileOrigin::kSource && file.path.starts_with(tree) && !read[i] && !moved[i]) found.push_back(i);
  }
  return found;
}

std::vector<std::uint32_t> TraceQueries::ReadWithOrigin(FileOrigin origin) const {
  std::set<std::uint32_t> found;
  for (const TraceEvent& event : trace_.events) {
    if (event.action == TraceAction::kRead && trace_.files[event.file].origin == origin) found.insert(event.file);
  }
  return {found.begin(), found.end()};
}

std::vector<std::uint32_t> TraceQueries::ReadFromOutside() const { return ReadWithOrigin(FileOrigin::kUnknown); }
std::vector<std::uint32_t> TraceQueries::ReadFromKernel() const { return ReadWithOrigin(FileOrigin::kKernel); }

const TraceProgram* TraceQueries::ProgramAt(std::uint32_t process, std::uint32_t time) const {
  while (true) {
    const auto& programs = trace_.processes[process].programs;
    for (auto program = programs.rbegin(); program != programs.rend(); ++program) {
      if (program->time <= time) return &*program;
    }
    if (!trace_.processes[process].parent) return nullptr;
    process = *trace_.processes[process].parent;
  }
}

}  // namespace nachbau
