// A binary package of this machine's own shell, dpkg and the few tools that maintainer scripts and dpkg call, with their
// libraries: with it a build root can be prepared for real, in a second and without a network.
#pragma once

#include <string>

namespace nachbau::builder {

// The package "host-tools", made once per process.
const std::string& HostToolsDeb();

}  // namespace nachbau::builder
