// What the mirror holds, for a person at a terminal.
#pragma once

#include <string>

#include "base/catalogue.h"
#include "model/product_status.h"

namespace nachbau::report {

// A table of the products, then what is missing and why: file by file what a rebuild needs; of the rest how many and for
// which reasons, or with `all` also file by file. Several lines.
std::string FormatMirrorStatus(const MirrorStatus& status, bool all, const Catalogue& catalogue);

}  // namespace nachbau::report
