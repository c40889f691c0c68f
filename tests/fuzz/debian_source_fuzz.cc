// Sources paragraphs, .dsc texts and lookups in an index of foreign bytes: an answer or a ParseError, nothing else.
#include <cstdint>

#include "base/error.h"
#include "mirror/debian_source.h"
#include "mirror/package_index.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(debian_source) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  namespace mirror = nachbau::mirror;
  const mirror::PackageIndex index(text, "fuzz");
  for (const std::string_view name : index.Names()) {
    try {
      for (const nachbau::Paragraph& paragraph : index.Find(name)) {
        const mirror::DebianSource source = mirror::ParseDebianSource(paragraph);
        for (const mirror::SourceFile& file : source.files) {
          if (file.name.find('/') != std::string::npos) __builtin_trap();
        }
        if (("/" + source.directory + "/").find("/../") != std::string::npos) __builtin_trap();
        mirror::BinariesFor(source, "amd64", {"nocheck"});
      }
    } catch (const nachbau::ParseError&) {
    }
  }
  try {
    mirror::ParseDsc(text, "fuzz.dsc");
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
