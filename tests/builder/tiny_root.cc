#include "tests/builder/tiny_root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace nachbau::builder {
namespace {

void WriteProgram(const std::string& program, const char* path, mode_t mode) {
  FileDescriptor file(::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700));
  if (!file.valid()) throw SystemError(errno, Msg("open {}", std::string_view(path)));
  WriteAll(file, program, path);
  if (::fchmod(file.get(), mode) != 0) throw SystemError(errno, Msg("chmod"));
}

}  // namespace

// On a disk: /tmp may be a tmpfs, which keeps no user extended attributes before Linux 6.6.
TinyRoot::TinyRoot(const IdMap& map) : area_("/var/tmp", "nachbau-sandbox-test-"), map_(map) {
  ::chmod(path().c_str(), 0700);  // as the builder does: closed to everybody else, also to root inside
  for (const char* name : {"lower", "layer", "upper", "work"}) MakeOwnedDirectory(map_, path() / name);
  const std::string program = ReadFile(NACHBAU_INSIDE);
  FileDescriptor lower(::open((path() / "lower").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  FileDescriptor layer(::open((path() / "layer").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  InUserNamespace(map_, [&] {
    if (::fchdir(lower.get()) != 0 || ::mkdir("bin", 0755) != 0) throw SystemError(errno, Msg("mkdir"));
    WriteProgram(program, "bin/inside", 0755);
    WriteProgram(program, "bin/setuid", 06755);
    if (::fchdir(layer.get()) != 0 || ::mkdir("layered", 0755) != 0) throw SystemError(errno, Msg("mkdir"));
    WriteProgram("a", "layered/a", 0644);
  });
}

TinyRoot::~TinyRoot() {
  for (const char* name : {"lower", "layer", "upper", "work"}) RemoveTree(map_, path() / name);
}

SandboxRequest TinyRoot::Request(const std::vector<std::string>& arguments) const {
  SandboxRequest request;
  request.lower = {path() / "layer", path() / "lower"};
  request.upper = path() / "upper";
  request.work = path() / "work";
  request.command = {"/bin/inside"};
  request.command.insert(request.command.end(), arguments.begin(), arguments.end());
  request.environment = {{"PATH", "/bin"}, {"TZ", "UTC"}};
  request.limits.seconds = 30;
  request.limits.memory = 256ULL << 20;
  request.limits.processes = 200;
  request.limits.disk = 256ULL << 20;
  request.limits.log = 8ULL << 20;
  request.id_map = map_;
  return request;
}

Ran Run(const SandboxRequest& request) {
  Ran ran;
  ran.result = RunInSandbox(request, [&](std::string_view piece) { ran.output += piece; });
  return ran;
}

}  // namespace nachbau::builder
