#include "sbom/copyright.h"

#include "base/deb822.h"
#include "base/error.h"
#include "sbom/licences.h"

namespace nachbau::sbom {

Copyright ParseCopyright(std::string_view text, std::string_view name) {
  Copyright copyright;
  try {
    const auto paragraphs = ParseParagraphs(text, name);
    if (paragraphs.empty()) return copyright;
    const auto format = paragraphs[0].Find("Format");
    if (!format || format->find("copyright-format") == format->npos) return copyright;
    copyright.machine_readable = true;
    for (const Paragraph& paragraph : paragraphs) {
      const bool header = &paragraph == &paragraphs[0];
      if (!header && !paragraph.Find("Files")) continue;  // the text of a licence
      const auto licence = paragraph.Find("License");
      if (!licence) continue;
      const std::string_view synopsis = Trim(licence->substr(0, licence->find('\n')));
      if (!synopsis.empty()) copyright.licences.insert(SpdxExpression(synopsis));
    }
  } catch (const ParseError&) {
    return {};  // free text that merely looks like fields
  }
  return copyright;
}

}  // namespace nachbau::sbom
