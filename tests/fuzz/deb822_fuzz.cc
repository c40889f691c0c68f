// Control files of foreign bytes. Every field that comes out lies inside the text, and no paragraph has a name twice.
#include <strings.h>

#include <cstdint>

#include "base/deb822.h"
#include "base/error.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(deb822) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    nachbau::ForEachParagraph(text, "fuzz", [&](const nachbau::Paragraph& paragraph) {
      if (paragraph.fields().empty() || paragraph.line() == 0) __builtin_trap();
      for (const auto& field : paragraph.fields()) {
        if (field.value.data() < text.data() || field.value.data() + field.value.size() > text.data() + text.size()) {
          __builtin_trap();
        }
        // The first of that name, whatever the case: it must be this one.
        if (paragraph.Get(field.name).data() != field.value.data()) __builtin_trap();
        for (const std::string_view line : nachbau::Paragraph::Lines(field.value)) {
          if (line.find('\n') != line.npos) __builtin_trap();
        }
      }
    });
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
