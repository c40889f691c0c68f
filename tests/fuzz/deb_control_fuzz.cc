// A .deb, and the tarball of a source package, from outside.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "sbom/deb_control.h"
#include "sbom/elements.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(deb_control) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const nachbau::sbom::DebControl control = nachbau::sbom::ReadDebControl(bytes, "x.deb");
    nachbau::sbom::Organisation(control.maintainer);
    for (const std::string& clause : control.depends) {
      for (const auto& alternative : nachbau::sbom::ParseClause(clause)) nachbau::sbom::UnresolvedComponent(alternative);
    }
  } catch (const nachbau::Error&) {
  }
  try {
    nachbau::sbom::ReadSourceTexts(bytes, "x.tar");
  } catch (const nachbau::Error&) {
  }
  return 0;
}
