// Unpacks one binary package (deb(5)) into a directory, without trusting it.
#pragma once

#include <string_view>

#include "base/fd.h"

namespace nachbau::builder {

// Puts the content of data.tar beneath `directory`/data with owners, modes and times, and the members of control.tar
// into `directory`/control (plain files). Both directories are made. To be called as root in a user namespace: an
// owner outside its ids is an error. Refuses with ParseError: paths that are absolute, contain ".." or pass through a
// symbolic link, devices, sockets, anything twice. `name` is the package's file name, for messages.
void UnpackDeb(const FileDescriptor& deb, const FileDescriptor& directory, std::string_view name);

}  // namespace nachbau::builder
