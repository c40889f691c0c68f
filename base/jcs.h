// The JSON Canonicalization Scheme (RFC 8785) for documents of others, as signatures need it: with floating point
// numbers and any keys. FormatCanonical of base/json.h gives the same bytes, but refuses what our own documents do not
// have.
#pragma once

#include <string>

#include "base/json.h"

namespace nachbau {

// Numbers as ECMAScript writes them (every number is an IEEE 754 double, section 3.2.2.3), keys sorted by UTF-16 code
// units (section 3.2.3). Throws Error for text that is not UTF-8.
std::string FormatJcs(const Json& value);

// The same content for people, as FormatPretty writes it, of documents of others: two-space indentation, a final
// newline.
std::string FormatForeign(const Json& value);

// A finite double as ECMAScript's Number::toString gives it: "1e+21", "0.000001", "1e-7", "-0" is "0".
std::string FormatEcmaScriptNumber(double value);

}  // namespace nachbau
