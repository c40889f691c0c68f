#include "tests/builder/host_tools.h"

#include <filesystem>
#include <map>
#include <set>

#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

namespace fs = std::filesystem;

fs::path Find(const std::string& name) {
  for (const char* directory : {"/usr/bin", "/bin", "/usr/sbin", "/sbin"}) {
    if (fs::exists(fs::path(directory) / name)) return fs::path(directory) / name;
  }
  throw MissingError(Msg("this machine has no {}", name));
}

// Absolute paths of the libraries and the loader, as ldd(1) prints them; none for a static program.
std::set<std::string> Libraries(const fs::path& program) {
  ProcessRequest request;
  request.arguments = {"ldd", program.native()};
  std::set<std::string> found;
  const std::string output = RunProcess(request).standard_output;
  for (const std::string_view word : SplitWords(output)) {
    if (word.front() == '/' && !word.ends_with(':')) found.emplace(word);
  }
  return found;
}

void AddWithParents(std::map<std::string, TarMember>& members, const std::string& path, const std::string& from, mode_t mode) {
  for (fs::path parent = fs::path(path).parent_path(); parent != "."; parent = parent.parent_path()) {
    members[parent.native()] = Directory(parent.native());
  }
  members[path] = File(path, ReadFile(from), mode);
}

}  // namespace

const std::string& HostToolsDeb() {
  static const std::string deb = [] {
    std::map<std::string, TarMember> members = {{".", Directory(".")}};  // sorted: parents first
    for (const char* name : {"sh", "dpkg", "dpkg-deb", "dpkg-divert", "dpkg-query", "dpkg-split", "start-stop-daemon", "ldconfig", "rm",
                             "tar", "diff", "find", "sed", "cat", "chown", "date", "sleep", "mkdir", "ln", "dpkg-statoverride"}) {
      const fs::path program = Find(name);
      AddWithParents(members, "./usr/bin/" + std::string(name), program.native(), 0755);
      for (const std::string& library : Libraries(program)) AddWithParents(members, "." + library, library, 0755);
    }
    for (const char* directory : {"./etc", "./var", "./var/log", "./var/cache", "./tmp", "./root"}) {
      members[directory] = Directory(directory);
    }
    members["./etc/passwd"] = File("./etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    members["./etc/group"] = File("./etc/group", "root:x:0:\n");
    members["./etc/shadow"] = File("./etc/shadow", "root:*:20000:0:99999:7:::\n", 0640);
    std::vector<TarMember> data;
    for (auto& [path, member] : members) data.push_back(std::move(member));
    return MakeDeb(Control("host-tools"), data);
  }();
  return deb;
}

}  // namespace nachbau::builder
