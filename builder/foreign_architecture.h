// Building for an architecture that is not the machine's own: the kernel hands its programs to qemu-user (binfmt_misc).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/message.h"

namespace nachbau::builder {

// Why programs of a Debian architecture do not run here; nothing when they do. `machine` is uname's; `handlers` the
// directory where the kernel shows who runs foreign programs. A handler counts only when it is enabled and has flag F:
// then the kernel keeps the interpreter open, which the file tree of a sandbox does not have.
std::optional<Message> FindObstacle(const std::string& architecture, const std::string& machine,
                                    const std::filesystem::path& handlers);

}  // namespace nachbau::builder
