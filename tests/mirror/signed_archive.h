// A signed archive on a test's HTTP server, and an apt configuration that names it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tests/mirror/gpg.h"
#include "tests/support/http_server.h"

namespace nachbau::mirror {

// What Publish puts on the server follows from these fields; change them and publish again.
struct SignedArchive {
  std::string path = "/debian";  // on the server
  std::string suite = "stable";
  std::string origin = "Debian";
  std::string codename = "one";
  std::string date = "Mon, 01 Jun 2020 11:00:00 UTC";
  std::string valid_until;                     // empty: no such field
  std::string fields;                          // further ones, whole lines
  std::map<std::string, std::string> indexes;  // plain texts by path below the suite; served compressed with xz
  std::map<std::string, std::string> others;   // served and listed as they are

  void AddPackage(const std::string& name, const std::string& version, const std::string& bytes);  // and its source
  std::string ReleaseText() const;
  // Signed by `keys` (none: served without signature).
  void Publish(kit::HttpServer& server, const Gpg& gpg, const std::vector<std::string>& keys,
               const std::string& time = "20200601T110000") const;
  std::string InReleasePath() const { return path + "/dists/" + suite + "/InRelease"; }
  // The compressed form of one of `indexes`.
  std::string Compressed(const std::string& index) const;
};

std::string CompressXz(const std::string& bytes);

// etc/apt and usr/share/keyrings in a directory of its own, as MirrorConfig::apt_root.
class AptRoot {
 public:
  AptRoot();
  std::filesystem::path path() const { return directory_.path(); }
  void Write(const std::string& relative, const std::string& text) const;

 private:
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "nachbau-apt-"};
};

}  // namespace nachbau::mirror
