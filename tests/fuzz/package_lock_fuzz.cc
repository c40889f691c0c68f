// package-lock.json of foreign bytes: names that become parts of a URL are names, and rewriting changes only places.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mirror/package_lock.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(package_lock) {
  namespace mirror = nachbau::mirror;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const mirror::PackageLock lock = mirror::ParsePackageLock(input, "fuzz");
    std::map<std::string, std::string> files;
    for (const mirror::NpmPackage& package : lock.packages) {
      if (package.url.empty()) {
        const std::string url = mirror::NpmTarballUrl("https://example.org", package);
        if (url.find("/../") != std::string::npos) std::abort();
        if (url.find_first_of(" \r\n?#") != std::string::npos) std::abort();
      }
      files.emplace(package.path, "tarballs/x.tgz");
    }
    mirror::WithLocalTarballs(lock, files);
    mirror::PackageJsonOf(lock);
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
