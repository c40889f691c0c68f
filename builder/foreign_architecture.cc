#include "builder/foreign_architecture.h"

#include <sys/utsname.h>

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/builder.h"

namespace nachbau::builder {
namespace {

// Debian architecture, its name in qemu's programs.
constexpr std::pair<std::string_view, std::string_view> kQemuNames[] = {
    {"alpha", "alpha"}, {"amd64", "x86_64"},      {"arm64", "aarch64"},   {"armel", "arm"},
    {"armhf", "arm"},   {"hppa", "hppa"},         {"i386", "i386"},       {"loong64", "loongarch64"},
    {"m68k", "m68k"},   {"mips64el", "mips64el"}, {"mipsel", "mipsel"},   {"powerpc", "ppc"},
    {"ppc64", "ppc64"}, {"ppc64el", "ppc64le"},   {"riscv64", "riscv64"}, {"s390x", "s390x"},
    {"sh4", "sh4"},     {"sparc64", "sparc64"},
};

// uname's machine, a Debian architecture that it runs itself.
constexpr std::pair<std::string_view, std::string_view> kOwn[] = {
    {"x86_64", "amd64"}, {"x86_64", "i386"},     {"x86_64", "x32"},          {"i686", "i386"},   {"aarch64", "arm64"},
    {"armv7l", "armhf"}, {"armv7l", "armel"},    {"riscv64", "riscv64"},     {"s390x", "s390x"}, {"ppc64le", "ppc64el"},
    {"ppc64", "ppc64"},  {"mips64", "mips64el"}, {"loongarch64", "loong64"},
};

bool IsUsable(const std::filesystem::path& handler) {
  const auto fd = OpenForReadingIfExists(handler);
  if (!fd) return false;
  const std::string text = ReadDescriptor(*fd, handler.native(), 1 << 16);
  if (!text.starts_with("enabled\n")) return false;
  const std::size_t flags = text.find("\nflags: ");
  return flags != text.npos &&
         text.substr(flags + 8, text.find('\n', flags + 1) - flags - 8).find('F') != std::string::npos;
}

}  // namespace

std::optional<Message> FindObstacle(const std::string& architecture, const std::string& machine,
                                    const std::filesystem::path& handlers) {
  if (architecture.empty() || architecture == "all") return std::nullopt;
  const auto own =
      std::find(std::begin(kOwn), std::end(kOwn), std::pair<std::string_view, std::string_view>(machine, architecture));
  if (own != std::end(kOwn)) return std::nullopt;
  const auto known = std::find_if(std::begin(kQemuNames), std::end(kQemuNames),
                                  [&](const auto& entry) { return entry.first == architecture; });
  if (known == std::end(kQemuNames))
    return Msg("this machine ({}) cannot run programs for {}", machine, Printable(architecture));
  const std::string handler = "qemu-" + std::string(known->second);
  if (IsUsable(handlers / handler)) return std::nullopt;
  return Msg("this machine ({}) cannot run programs for {}: the kernel has no handler {} with flag F", machine,
             architecture, handler);
}

void RequireArchitecture(const std::string& architecture) {
  utsname names{};
  ::uname(&names);
  const auto obstacle = FindObstacle(architecture, names.machine, "/proc/sys/fs/binfmt_misc");
  if (!obstacle) return;
  MissingError error(*obstacle);
  error.SetHint(
      Msg("install the packages qemu-user-static and binfmt-support; then 'ls /proc/sys/fs/binfmt_misc' shows it"));
  throw error;
}

}  // namespace nachbau::builder
