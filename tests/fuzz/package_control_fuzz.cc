// Control files, conffiles and triggers of foreign packages. What was accepted must make a database whose files stay
// inside their directory.
#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "builder/base_packages.h"
#include "builder/configure.h"
#include "builder/dpkg_database.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(package_control) {
  namespace builder = nachbau::builder;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t zero = std::min(text.find('\0'), text.size());
    builder::UnpackedPackage package = builder::ParseControl(std::string(text.substr(0, zero)), "fuzz");
    if (zero < text.size()) package.members["triggers"] = text.substr(zero + 1);
    package.members["preinst"] = "";
    for (const auto& [name, bytes] : builder::MakeDpkgDatabase({package})) {
      const std::size_t slash = name.find('/');
      if (!nachbau::IsSafeFileName(name.substr(slash == name.npos ? 0 : slash + 1))) __builtin_trap();
    }
    if (builder::PreinstOrder({package}).size() != 1) __builtin_trap();
    builder::ConfigureScript({package});
    builder::InstalledState installed;
    installed.file_triggers = "/usr other\n";
    builder::MakeDpkgDatabase({package}, &installed);
    const std::string essential = "Package: e\nEssential: yes\nDepends: " + package.name + "\n";
    if (!builder::FindBasePackages({package.control, essential}).at(1) && package.name != "e") __builtin_trap();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
