#include "tests/builder/deb_maker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "builder/unpack.h"

namespace nachbau::builder {
namespace {

void Put(std::string& header, std::size_t at, const std::string& text) { header.replace(at, text.size(), text); }

std::string Octal(std::uint64_t value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*llo", digits, static_cast<unsigned long long>(value));
  return text.data();
}

void Pad(std::string& bytes) { bytes.resize((bytes.size() + 511) / 512 * 512); }

// A name of more than 100 bytes goes into a member of its own before, as GNU tar writes it.
void AppendMember(std::string& tar, const TarMember& member) {
  if (member.path.size() > 99) AppendMember(tar, {"././@LongLink", member.path + '\0', 'L', "", 0644, 0, 0, 0});
  std::string header(512, '\0');
  Put(header, 0, member.path.substr(0, 99));
  Put(header, 100, Octal(member.mode, 7));
  Put(header, 108, Octal(member.uid, 7));
  Put(header, 116, Octal(member.gid, 7));
  Put(header, 124, Octal(member.content.size(), 11));
  Put(header, 136, Octal(static_cast<std::uint64_t>(member.mtime), 11));
  Put(header, 148, "        ");
  header[156] = member.type;
  Put(header, 157, member.link);
  Put(header, 257, std::string("ustar  \0", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  Put(header, 148, Octal(sum, 6) + '\0');
  tar += header + member.content;
  Pad(tar);
}

}  // namespace

TarMember Directory(const std::string& path, mode_t mode) { return {path, "", '5', "", mode, 0, 0, 1'700'000'000}; }
TarMember File(const std::string& path, const std::string& content, mode_t mode) {
  return {path, content, '0', "", mode, 0, 0, 1'700'000'000};
}
TarMember Link(const std::string& path, const std::string& target) {
  return {path, "", '2', target, 0777, 0, 0, 1'700'000'000};
}

std::string MakeTar(const std::vector<TarMember>& members) {
  std::string tar;
  for (const TarMember& member : members) AppendMember(tar, member);
  return tar + std::string(1024, '\0');
}

std::string MakeAr(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string ar = "!<arch>\n";
  for (const auto& [name, bytes] : members) {
    std::array<char, 61> header{};
    std::snprintf(header.data(), header.size(), "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name.c_str(), 0, 0, 0, "100644",
                  bytes.size());
    ar += header.data() + bytes;
    if (bytes.size() % 2 != 0) ar += '\n';
  }
  return ar;
}

std::string MakeDeb(const std::string& control, const std::vector<TarMember>& data,
                    const std::vector<TarMember>& more_control) {
  std::vector<TarMember> members = {Directory("./"), File("./control", control)};
  members.insert(members.end(), more_control.begin(), more_control.end());
  return MakeAr({{"debian-binary", "2.0\n"}, {"control.tar", MakeTar(members)}, {"data.tar", MakeTar(data)}});
}

std::string Control(const std::string& name, const std::string& more) {
  return "Package: " + name + "\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: A. Body <a.body@example.org>\n" + more +
         "Description: a package of the tests\n";
}

LockedFile EnvironmentFile(Store& store, const std::string& name, const std::string& deb) {
  LockedFile file;
  file.role = InputRole::kEnvironment;
  file.package = name;
  file.version = "1.0-1";
  file.architecture = "amd64";
  file.file_name = name + "_1.0-1_amd64.deb";
  file.size = deb.size();
  file.sha256 = store.Put(deb).sha256;
  return file;
}

MappedArea::MappedArea() : area_("/var/tmp", "nachbau-builder-test-"), map_(FindIdMap()) {
  MakeOwnedDirectory(map_, path());
}

MappedArea::~MappedArea() { RemoveTree(map_, path()); }

void MappedArea::Inside(const std::function<void()>& work) const {
  const FileDescriptor directory = OpenDirectory(path());
  InUserNamespace(map_, [&] {
    if (::fchdir(directory.get()) != 0) throw SystemError(errno, Msg("enter {}", path().native()));
    ::umask(022);
    work();
  });
}

void MappedArea::Unpack(const std::string& name, const std::string& deb) const {
  const std::filesystem::path file = outside() / (name + ".deb");
  WriteFileAtomically(file, deb, 0644, Durability::kNone);
  const FileDescriptor fd = OpenForReading(file);
  Inside([&] {
    if (::mkdir(name.c_str(), 0755) != 0) throw SystemError(errno, Msg("make directory {}", name));
    UnpackDeb(fd, FileDescriptor(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), name + ".deb");
  });
}

std::map<std::string, std::string> Describe(const std::filesystem::path& path) {
  std::map<std::string, std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0) throw SystemError(errno, Msg("look at {}", entry.path().native()));
    std::string line = Octal(status.st_mode, 6) + " " + std::to_string(status.st_uid) + ":" +
                       std::to_string(status.st_gid) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
                       std::to_string(status.st_mtim.tv_nsec);
    if (entry.is_symlink()) line += " -> " + std::filesystem::read_symlink(entry.path()).native();
    else if (entry.is_regular_file()) line += " " + Sha256(ReadFile(entry.path())).Hex();
    lines[entry.path().lexically_relative(path).native()] = line;
  }
  return lines;
}

}  // namespace nachbau::builder
