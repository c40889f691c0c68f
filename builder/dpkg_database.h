// The package database of a root whose packages were unpacked without dpkg: what `dpkg --unpack` would have written, so
// that `dpkg --configure -a` can go on from there. Formats: dpkg's doc/, deb-triggers(5), dpkg-query(1).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::builder {

struct UnpackedPackage {
  std::string name, version, architecture;
  bool multi_arch_same = false;
  std::string control;                           // text of the control file
  std::map<std::string, std::string> members;    // other members of control.tar: "postinst", "md5sums", …
  std::vector<std::string> paths;                // absolute, as the package names them ("/bin/ls"), directories included
  std::map<std::string, std::string> conffile_md5;  // path → MD5 of the file as unpacked, hexadecimal
  std::vector<std::string> replaces;             // names of packages whose files it may overwrite

  // The name of its files in info/: "libc6:amd64" for Multi-Arch: same, else "dpkg".
  std::string InfoName() const { return multi_arch_same ? name + ":" + architecture : name; }
};

// Reads the control fields; `members` and `paths` are filled by the caller. Throws ParseError, also for a name or
// architecture that Debian Policy forbids (they become parts of file names).
UnpackedPackage ParseControl(std::string control, std::string_view name);

// What is there before further packages are unpacked: contents of files of the database and of debconf's.
struct InstalledState {
  std::string status;
  std::string file_triggers;                          // triggers/File
  std::map<std::string, std::string> named_triggers;  // the files beside it, by name
  std::string debconf;                                // var/cache/debconf/config.dat; empty: none
  std::string dpkg_version;
  bool has_debconf = false;
};

// Files below /var/lib/dpkg, by relative path. Throws ParseError for a trigger whose name cannot be a file's. With packages
// that are installed already: the files that change, and what unpacking the further ones activates of the installed ones'
// triggers, to be incorporated by the next dpkg.
std::map<std::string, std::string> MakeDpkgDatabase(const std::vector<UnpackedPackage>& packages,
                                                    const InstalledState* installed = nullptr);

// Whether the name in triggers/ is no trigger's: "File", "Unincorp", "Lock".
bool IsOwnTriggersFile(std::string_view name);

// Names of packages with a preinst script in the order in which to run them: what a package depends on comes first;
// base-passwd and base-files, which everything assumes, before all others; else by name.
std::vector<std::size_t> PreinstOrder(const std::vector<UnpackedPackage>& packages);

}  // namespace nachbau::builder
