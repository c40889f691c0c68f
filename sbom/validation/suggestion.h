// How to mend what a schema refuses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace nachbau::sbom {

// The known word that is nearest to `word` (case first, then few changed letters), as "did you mean …"; of few words
// that are not near, all. Empty text when there is nothing to say.
Message NearestRemedy(std::string_view word, const std::vector<std::string_view>& known);
Message FormatRemedy(std::string_view format, std::string_view text);
Message PatternRemedy(std::string_view pattern, std::string_view text);
Message TypeRemedy(std::string_view wanted, std::string_view is);

}  // namespace nachbau::sbom
