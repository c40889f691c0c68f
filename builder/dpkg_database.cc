#include "builder/dpkg_database.h"

#include <algorithm>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

// Debian Policy 5.6.7; architectures have no other characters either.
bool IsPackageName(std::string_view name) {
  return !name.empty() && name.front() != '-' && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

// "libc6 (>= 2.36) | libc6.1, dpkg:any" → {"libc6", "libc6.1", "dpkg"}
std::vector<std::string> NamesIn(std::string_view relation) {
  std::vector<std::string> names;
  for (const std::string_view clause : SplitTrimmed(relation, ',')) {
    for (const std::string_view alternative : SplitTrimmed(clause, '|')) {
      names.emplace_back(alternative.substr(0, alternative.find_first_of(" (:[<\n\t")));
    }
  }
  return names;
}

// The control file as a paragraph of `status`: Status goes in after Package, Conffiles at the end.
std::string StatusParagraph(const UnpackedPackage& package) {
  const std::size_t first_line = package.control.find('\n') + 1;
  std::string text = package.control.substr(0, first_line) + "Status: install ok unpacked\n";
  text += package.control.substr(first_line);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  text += '\n';
  if (!package.conffile_md5.empty()) {
    text += "Conffiles:\n";
    for (const auto& [path, md5] : package.conffile_md5) text += " " + path + " " + md5 + "\n";
  }
  return text + "\n";
}

// deb-triggers(5): "interest /usr/share/man", "interest-noawait name", "activate name".
void CollectTriggers(const UnpackedPackage& package, std::string& file_triggers,
                     std::map<std::string, std::string>& named) {
  const auto found = package.members.find("triggers");
  if (found == package.members.end()) return;
  for (const std::string_view line : SplitTrimmed(found->second, '\n')) {
    if (line.front() == '#') continue;
    const auto words = SplitWords(line);
    if (words.size() != 2 || !words[0].starts_with("interest")) continue;
    const std::string who = package.InfoName() + (words[0] == "interest-noawait" ? "/noawait" : "");
    if (words[1].front() == '/') {
      file_triggers += std::string(words[1]) + " " + who + "\n";
    } else {
      if (!IsSafeFileName(words[1]) || IsOwnTriggersFile(words[1])) {
        throw ParseError(package.name + ":triggers", 0, Msg("not a trigger name: {}", Printable(words[1])));
      }
      named[std::string(words[1])] += who + "\n";
    }
  }
}

// What dpkg writes while it unpacks: "trigger package…" with the packages that wait for it, "-" for none. Whether one that
// is interested wants to be waited for stands in its own file and is dpkg's to look at.
std::string Activations(const std::vector<UnpackedPackage>& packages, const InstalledState& installed) {
  std::set<std::string, std::less<>> watched;
  for (const std::string_view line : SplitTrimmed(installed.file_triggers, '\n')) {
    watched.emplace(line.substr(0, line.find(' ')));
  }
  std::map<std::string, std::set<std::string>> activated;
  for (const UnpackedPackage& package : packages) {
    for (std::string_view path : package.paths) {
      // A file activates the triggers of all directories above it.
      for (; !path.empty(); path = path.substr(0, path.rfind('/'))) {
        if (watched.contains(path)) activated[std::string(path)].insert(package.InfoName());
      }
    }
    const auto found = package.members.find("triggers");
    if (found == package.members.end()) continue;
    for (const std::string_view line : SplitTrimmed(found->second, '\n')) {
      const auto words = SplitWords(line);
      if (words.size() != 2 || !words[0].starts_with("activate")) continue;
      if (!installed.named_triggers.contains(std::string(words[1])) && !watched.contains(words[1])) continue;
      activated[std::string(words[1])].insert(words[0] == "activate-noawait" ? "-" : package.InfoName());
    }
  }
  std::string text;
  for (const auto& [trigger, waiting] : activated) {
    text += trigger;
    for (const std::string& package : waiting) text += " " + package;
    text += "\n";
  }
  return text;
}

}  // namespace

bool IsOwnTriggersFile(std::string_view name) { return name == "File" || name == "Unincorp" || name == "Lock"; }

UnpackedPackage ParseControl(std::string control, std::string_view name) {
  while (!control.empty() && control.front() == '\n') control.erase(0, 1);
  UnpackedPackage package;
  package.control = std::move(control);
  const auto paragraphs = ParseParagraphs(package.control, name);
  if (paragraphs.size() != 1 || paragraphs[0].fields().front().name != "Package") {
    throw ParseError(name, 1, Msg("a control file has one paragraph that starts with Package"));
  }
  const Paragraph& fields = paragraphs[0];
  package.name = fields.Get("Package");
  package.version = fields.Get("Version");
  package.architecture = fields.Get("Architecture");
  for (const std::string& text : {package.name, package.architecture}) {
    if (!IsPackageName(text)) throw ParseError(name, 1, Msg("not a package name: {}", Printable(text)));
  }
  package.multi_arch_same = fields.Find("Multi-Arch").value_or("") == "same";
  if (const auto replaces = fields.Find("Replaces")) package.replaces = NamesIn(*replaces);
  return package;
}

std::map<std::string, std::string> MakeDpkgDatabase(const std::vector<UnpackedPackage>& packages,
                                                    const InstalledState* installed) {
  std::map<std::string, std::string> files;
  std::string& status = files["status"];
  std::string file_triggers;
  std::map<std::string, std::string> named_triggers;
  if (installed != nullptr) {
    status = installed->status;
    if (!status.empty() && !status.ends_with("\n\n")) status += '\n';
    file_triggers = installed->file_triggers;
    named_triggers = installed->named_triggers;
  }
  for (const UnpackedPackage& package : packages) {
    status += StatusParagraph(package);
    std::string list = "/.\n";
    for (const std::string& path : package.paths) list += path + "\n";
    files["info/" + package.InfoName() + ".list"] = list;
    for (const auto& [member, content] : package.members) files["info/" + package.InfoName() + "." + member] = content;
    CollectTriggers(package, file_triggers, named_triggers);
  }
  if (installed == nullptr) {
    files["info/format"] = "1\n";
    for (const char* empty : {"available", "diversions", "statoverride"}) files[empty] = "";
  }
  files["triggers/File"] = file_triggers;
  files["triggers/Unincorp"] = installed == nullptr ? "" : Activations(packages, *installed);
  for (const auto& [name, packages_text] : named_triggers) files["triggers/" + name] = packages_text;
  return files;
}

std::vector<std::size_t> PreinstOrder(const std::vector<UnpackedPackage>& packages) {
  std::map<std::string, std::size_t> by_name;
  for (std::size_t i = 0; i < packages.size(); ++i) by_name[packages[i].name] = i;
  std::vector<std::size_t> order;
  std::set<std::size_t> seen;
  // Depth first along Pre-Depends; dependency cycles end at what was seen.
  const auto visit = [&](const auto& self, std::size_t i) -> void {
    if (!seen.insert(i).second) return;
    const auto fields = ParseParagraphs(packages[i].control, packages[i].name);
    if (const auto before = fields[0].Find("Pre-Depends")) {
      for (const std::string& name : NamesIn(*before)) {
        if (const auto found = by_name.find(name); found != by_name.end()) self(self, found->second);
      }
    }
    if (packages[i].members.contains("preinst")) order.push_back(i);
  };
  for (const char* first : {"base-passwd", "base-files"}) {
    if (const auto found = by_name.find(first); found != by_name.end()) visit(visit, found->second);
  }
  for (const auto& [name, i] : by_name) visit(visit, i);
  return order;
}

}  // namespace nachbau::builder
