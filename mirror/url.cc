#include "mirror/url.h"

#include "base/encoding.h"

namespace nachbau::mirror {

std::string UrlOf(std::string_view uri, std::string_view path) {
  return std::string(uri) + "/" + PercentEncode(path, "/+:");
}

}  // namespace nachbau::mirror
