// REUSE.toml from outside, alone and as part of a source; the first line is the path of a file it may speak of.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "sbom/licences/reuse_toml.h"
#include "sbom/licences/upstream_statements.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(reuse) {
  using namespace nachbau;
  using namespace nachbau::sbom;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string path(text.substr(0, text.find('\n')));
  try {
    for (const ReuseAnnotation& annotation : ParseReuseToml(text, "REUSE.toml")) {
      for (const PathPattern& pattern : annotation.patterns) {
        if (pattern.IsLiteral() && !pattern.Matches(pattern.literal())) std::abort();
        pattern.Matches(path);
      }
    }
  } catch (const nachbau::ParseError&) {
  }
  UpstreamReader reader("source");
  reader.Add("REUSE.toml", text);
  reader.Add("src/a.c", text);
  reader.Add(path, "");
  for (const auto& [file, statement] : reader.Finish().by_file) {
    if (!TryParseLicenceExpression(statement.expression)) std::abort();
  }
  return 0;
}
