// The string formats that the CycloneDX schemas assert. JSON Schema leaves formats to the validator, and valijson has
// none of the ones that matter here.
#pragma once

#include <string_view>

namespace nachbau::sbom {

// RFC 3339 `date-time`: real days only; second 60 only where UTC is at 23:59.
bool IsDateTime(std::string_view text);
bool IsDate(std::string_view text);  // RFC 3339 `full-date`
// RFC 6531 `Mailbox` without comments: dot-string or quoted string, '@', domain or address literal.
bool IsEmail(std::string_view text);
bool IsUri(std::string_view text);           // RFC 3986 `URI`: with a scheme, ASCII only
bool IsIriReference(std::string_view text);  // RFC 3987 `IRI-reference`; the text is UTF-8

enum class Format { kNotAsserted, kConforms, kViolated };
// `format` as in a schema: "date-time", "iri-reference" … What is none of the above is not asserted.
Format CheckFormat(std::string_view format, std::string_view text);

}  // namespace nachbau::sbom
