// Binary packages made byte by byte, good and hostile ones, and a place to unpack them.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "builder/sandbox/sandbox.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::builder {

struct TarMember {
  std::string path;     // written as it is
  std::string content;  // of a file
  char type = '0';      // as in the ustar header: '0' file, '1' hard link, '2' symbolic link, '3' device, '5' directory
  std::string link;
  mode_t mode = 0644;
  unsigned uid = 0, gid = 0;
  std::int64_t mtime = 1'700'000'000;
};
TarMember Directory(const std::string& path, mode_t mode = 0755);
TarMember File(const std::string& path, const std::string& content, mode_t mode = 0644);
TarMember Link(const std::string& path, const std::string& target);

std::string MakeTar(const std::vector<TarMember>& members);
std::string MakeAr(const std::vector<std::pair<std::string, std::string>>& members);
std::string MakeDeb(const std::string& control, const std::vector<TarMember>& data,
                    const std::vector<TarMember>& more_control = {});
// With the fields that must be there; `more` are further lines.
std::string Control(const std::string& name, const std::string& more = "");

// An object in the store as a package of a lock's environment.
LockedFile EnvironmentFile(Store& store, const std::string& name, const std::string& deb);

// A directory whose owner is root inside. Removed with everything in it.
class MappedArea {
 public:
  MappedArea();
  ~MappedArea();
  MappedArea(const MappedArea&) = delete;
  MappedArea& operator=(const MappedArea&) = delete;

  const IdMap& map() const { return map_; }
  const std::filesystem::path& outside() const { return area_.path(); }  // belongs to the caller
  std::filesystem::path path() const { return area_.path() / "mapped"; }
  // Unpacks into path()/name, which is made.
  void Unpack(const std::string& name, const std::string& deb) const;
  // Runs `work` as root inside, in path().
  void Inside(const std::function<void()>& work) const;
  // The id outside that stands for `id`.
  uid_t Uid(uid_t id) const { return map_.own_id_is_root ? (id == 0 ? ::geteuid() : map_.first_uid + id - 1) : map_.first_uid + id; }

 private:
  TemporaryDirectory area_;
  IdMap map_;
};

// Every file beneath `path`, by relative path: type, mode, owner, time and content or target in one line of text.
std::map<std::string, std::string> Describe(const std::filesystem::path& path);

}  // namespace nachbau::builder
