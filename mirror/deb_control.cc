#include "mirror/deb_control.h"

#include "base/archive.h"
#include "base/error.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxControl = 1 << 20;     // bytes; the largest have some dozen kB
constexpr std::uint64_t kMaxMember = 64ULL << 20;  // of control.tar as compressed

}  // namespace

std::string ReadDebControl(const FileDescriptor& deb, const std::string& name) {
  ArchiveReader members(deb, ArchiveFormat::kAr, name);
  const auto first = members.Next();
  if (!first || first->path != "debian-binary" || !members.ReadContent(64).starts_with("2.")) {
    throw ParseError(name, 0, Msg("not a binary package: it does not begin with debian-binary 2.x"));
  }
  const auto second = members.Next();  // deb(5): in this order
  if (!second || !second->path.starts_with("control.tar") || second->size > kMaxMember) {
    throw ParseError(name, 0, Msg("not a binary package: control.tar is not its second member"));
  }
  ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, name + ":" + second->path);
  while (const auto entry = tar.Next()) {
    if (entry->path != "./control" && entry->path != "control") continue;
    if (entry->type != ArchiveEntry::Type::kFile) break;
    return tar.ReadContent(kMaxControl);
  }
  throw ParseError(name, 0, Msg("the binary package has no control file"));
}

}  // namespace nachbau::mirror
