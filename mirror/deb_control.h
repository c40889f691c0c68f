// What a binary package says of itself (deb(5), deb-control(5)).
#pragma once

#include <string>

#include "base/fd.h"

namespace nachbau::mirror {

// The text of the control file, by reading the package from its current position. Throws ParseError naming `name` for
// anything that is no binary package of format 2, or has no control file, or one of more than 1 MiB.
std::string ReadDebControl(const FileDescriptor& deb, const std::string& name);

}  // namespace nachbau::mirror
