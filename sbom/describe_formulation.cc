// How it was built: the steps, with the packages of the build environment as inputs; and citations, which lead from
// what the document says to the step that made it so. Nothing here tells of a machine, a user or a day.
#include <algorithm>

#include "base/encoding.h"
#include "sbom/document_parts.h"
#include "sbom/elements.h"
#include "sbom/purl/purl.h"

namespace nachbau::sbom {
namespace {

std::string Join(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

Json Commands(const std::vector<std::string>& commands) {
  Json list = Json::array();
  for (const std::string& command : commands) list.push_back({{"executed", command}});
  return list;
}

Json Task(const std::string& ref, const char* type, const std::string& name, const std::string& description) {
  return {{"bom-ref", ref}, {"uid", ref}, {"name", name}, {"description", description}, {"taskTypes", {type}}};
}

Json ResourceInputs(const std::set<std::string>& refs) {
  Json list = Json::array();
  for (const std::string& ref : refs) list.push_back({{"resource", {{"ref", ref}}}});
  return list;
}

Json ResourceOutputs(const std::set<std::string>& refs) {
  Json list = Json::array();
  for (const std::string& ref : refs) list.push_back({{"type", "artifact"}, {"resource", {{"ref", ref}}}});
  return list;
}

// How many processors a machine has is not part of the recipe.
std::string WithoutJobs(const std::string& options) {
  std::string kept;
  for (std::size_t at = 0; at <= options.size();) {
    const std::size_t end = std::min(options.find(' ', at), options.size());
    const std::string word = options.substr(at, end - at);
    if (!word.empty() && !word.starts_with("parallel=")) kept += (kept.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return kept;
}

Json Environment(const BuildRecord& record) {
  Json variables = Json::array();
  for (const auto& [name, value] : record.environment) {
    variables.push_back(Property(name, name == "DEB_BUILD_OPTIONS" ? WithoutJobs(value) : value));
  }
  return variables;
}

Json BuildTask(const DocumentParts& parts, const std::set<std::string>& environment) {
  Json task = Task(kBuildTask, "build", "recipe " + parts.record.recipe, "the build, in a sandbox without network");
  std::set<std::string> inputs = environment, outputs;
  inputs.insert(parts.SourceRef());
  for (const auto& [name, ref] : parts.built) outputs.insert(ref);
  task["inputs"] = ResourceInputs(inputs);
  if (!parts.record.environment.empty()) task["inputs"].push_back({{"environmentVars", Environment(parts.record)}});
  task["outputs"] = ResourceOutputs(outputs);
  const std::string command = Join(parts.record.command, " ");
  if (!command.empty()) task["steps"] = Json::array({{{"name", "build"}, {"commands", Commands({command})}}});
  // Nothing that differs between machines: neither the lock, which tells when the archive was asked, nor the build root, whose
  // digest tells whether this user could keep the owners of files. The packages above are all that is in it.
  task["properties"] = Json::array({Property("nachbau:build:path", parts.record.build_path),
                                    Property("nachbau:build:profile", parts.record.profile)});
  return task;
}

}  // namespace

Json MakeFormulation(const DocumentParts& parts) {
  Json components = Json::array();
  std::set<std::string> environment;
  for (const LockedFile& file : parts.lock.WithRole(InputRole::kEnvironment)) {
    const std::string purl = DebPurl(file.package, file.version, file.architecture);
    if (!environment.insert("environment:" + purl).second) continue;
    components.push_back({{"type", "library"},
                          {"bom-ref", "environment:" + purl},
                          {"name", file.package},
                          {"version", file.version},
                          {"purl", purl},
                          {"hashes", Hashes(file.sha256, file.sha512)}});
  }
  std::sort(components.begin(), components.end(),
            [](const Json& left, const Json& right) { return left.at("bom-ref") < right.at("bom-ref"); });

  Json fetch = Task(kFetchTask, "copy", "fetch",
                    "sources and build environment by the digests of the lock, each with its chain of proof");
  fetch["outputs"] = ResourceOutputs({parts.SourceRef()});
  Json tasks = Json::array({fetch, BuildTask(parts, environment)});
  Json order = Json::array({{{"ref", kFetchTask}}, {{"ref", kBuildTask}, {"dependsOn", {kFetchTask}}}});
  for (const auto& [ref, commands] : parts.link_commands) {
    Json task = Task(LinkTask(ref), "build", "link", "the command that linked it, as observed");
    task["outputs"] = ResourceOutputs({ref});
    task["steps"] = Json::array({{{"name", "link"}, {"commands", Commands(commands)}}});
    tasks.push_back(std::move(task));
    order.push_back({{"ref", LinkTask(ref)}, {"dependsOn", {kFetchTask}}});
  }
  tasks.push_back(Task(kDescribeTask, "scan", "describe",
                       parts.origins.has_trace
                           ? "source files joined from trace, debug information and bytes"
                           : "source files by debug information and bytes; the build made no trace"));
  order.push_back({{"ref", kDescribeTask}, {"dependsOn", {kBuildTask}}});
  Json workflow = {{"bom-ref", "workflow:build"},
                   {"uid", "workflow:build"},
                   {"taskTypes", {"build"}},
                   {"tasks", std::move(tasks)},
                   {"taskDependencies", std::move(order)}};
  return Json::array(
      {{{"bom-ref", "formula"}, {"components", std::move(components)}, {"workflows", Json::array({workflow})}}});
}

Json MakeCitations(const Json& document, const DocumentParts& parts) {
  if (!parts.date)
    return Json::array();  // a citation must have a time, and there is none that is the same for everyone
  std::map<std::string, std::string> places;  // bom-ref → pointer
  const auto collect = [&](auto& self, const Json& components, const std::string& pointer) -> void {
    for (std::size_t i = 0; i < components.size(); ++i) {
      const std::string place = pointer + "/" + std::to_string(i);
      places[components[i].at("bom-ref")] = place;
      if (components[i].contains("components")) self(self, components[i].at("components"), place + "/components");
    }
  };
  collect(collect, document.at("components"), "/components");
  Json citations = Json::array();
  const auto cite = [&](const std::string& task, const std::vector<std::string>& pointers) {
    if (pointers.empty()) return;
    citations.push_back({{"bom-ref", "citation:" + task},
                         {"pointers", pointers},
                         {"process", task},
                         {"timestamp", FormatTime(*parts.date)}});
  };
  std::vector<std::string> observed;
  for (const auto& [task, refs] : parts.produced_by) {
    std::vector<std::string> pointers;
    for (const std::string& ref : refs) {
      const std::string& place = places.at(ref);
      const Json& component = document.at(Json::json_pointer(place));
      pointers.push_back(place + (component.contains("hashes") ? "/hashes" : "/externalReferences"));
      if (component.contains("evidence")) observed.push_back(place + "/evidence");
    }
    std::sort(pointers.begin(), pointers.end());
    cite(task, pointers);
  }
  for (const std::string& ref : parts.embedded) observed.push_back(places.at(ref) + "/evidence");
  std::sort(observed.begin(), observed.end());
  cite(kDescribeTask, observed);
  return citations;
}

}  // namespace nachbau::sbom
