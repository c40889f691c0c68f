#include "sbom/licences/copyright.h"

#include "base/deb822.h"
#include "base/error.h"
#include "sbom/licences/licences.h"

namespace nachbau::sbom {

Copyright ParseCopyright(std::string_view text, std::string_view name) {
  Copyright copyright;
  try {
    const auto paragraphs = ParseParagraphs(text, name);
    if (paragraphs.empty()) return copyright;
    const auto format = paragraphs[0].Find("Format");
    if (!format || format->find("copyright-format") == format->npos) return copyright;
    bool files = false;
    for (const Paragraph& paragraph : paragraphs) {
      const bool header = &paragraph == &paragraphs[0];
      if (!header && !paragraph.Find("Files")) continue;  // the text of a licence
      files = files || !header;
      const auto licence = paragraph.Find("License");
      const std::string_view synopsis = Trim(licence ? licence->substr(0, licence->find('\n')) : std::string_view());
      // In the header, a text without a name is an explanation. Files without a stated licence must not vanish: they are of
      // an unknown one.
      if (header && synopsis.empty()) continue;
      copyright.licences.insert(SpdxExpression(synopsis));
    }
    copyright.machine_readable = files;
    if (!files) copyright.licences.clear();
  } catch (const ParseError&) {
    return {};  // free text that merely looks like fields
  }
  return copyright;
}

}  // namespace nachbau::sbom
