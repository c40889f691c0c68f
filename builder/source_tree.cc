#include "builder/source_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/recipe.h"

namespace nachbau::builder {
namespace {

std::filesystem::path Relative(std::string_view absolute) { return std::filesystem::path(absolute.substr(1)); }

}  // namespace

void WriteSourceFiles(const Lock& lock, const Store& store, const std::filesystem::path& layer) {
  std::filesystem::path directory = layer;
  const auto make = [&] {
    if (::mkdir(directory.c_str(), 0755) != 0 || ::chmod(directory.c_str(), 0755) != 0) {
      throw SystemError(errno, Msg("make directory {}", directory.native()));
    }
  };
  make();
  for (const std::filesystem::path& part : Relative(kSourceDirectory)) {
    directory /= part;
    make();
  }
  for (const LockedFile& file : lock.WithRole(InputRole::kSource)) {
    if (!IsSafeFileName(file.file_name)) throw ParseError("lock", 0, Msg("unsafe path: {}", Printable(file.path)));
    const FileDescriptor from = store.Open(file.sha256);
    const std::filesystem::path target = directory / file.file_name;
    const FileDescriptor to(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to.valid() && errno == EEXIST) throw ParseError("lock", 0, Msg("contained twice: {}", file.file_name));
    if (!to.valid()) throw SystemError(errno, Msg("create {}", target.native()));
    ReadPieces(from, file.file_name, [&](std::string_view piece) { WriteAll(to, piece, target.native()); });
    // Whatever the umask is: the build user, another id, has to read it.
    if (::fchmod(to.get(), 0644) != 0) throw SystemError(errno, Msg("change mode of {}", target.native()));
  }
}

void PrepareUpper(const IdMap& map, const std::filesystem::path& upper, const std::string& script,
                  const std::map<std::string, std::string>& replaced, const std::string& build_directory) {
  MakeOwnedDirectory(map, upper);
  const FileDescriptor top = OpenDirectory(upper);
  InUserNamespace(map, [&] {
    ::umask(022);
    if (::fchdir(top.get()) != 0) throw SystemError(errno, Msg("enter the work directory"));
    const std::filesystem::path inside = Relative(build_directory.c_str());
    MakeDirectories(inside);
    MakeDirectories(Relative(kSourceDirectory));
    WriteFileAtomically(Relative(kBuildScript), script, 0644, Durability::kNone);
    for (const auto& [path, content] : replaced) {
      MakeDirectories(std::filesystem::path(path).parent_path());
      WriteFileAtomically(path, content, 0644, Durability::kNone);
    }
    if (map.HasOneId()) return;  // the build user's already
    std::filesystem::path directory;
    for (const std::filesystem::path& part : inside) {
      directory /= part;
      if (::chown(directory.c_str(), kBuildUserId, kBuildUserId) != 0) {
        throw SystemError(errno, Msg("set the owner of {}", directory.native()));
      }
    }
  });
}

}  // namespace nachbau::builder
