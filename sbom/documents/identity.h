// What makes two components the same thing.
#pragma once

#include <string>
#include <string_view>

#include "sbom/documents/bom.h"

namespace nachbau::sbom {

// The parts of a package URL that say what it is, as text: "pkg:deb/debian/libc6" of
// "pkg:deb/debian/libc6@2.36?arch=amd64#usr". Works on whatever stands there; whether it is a purl is another question.
struct PurlText {
  std::string package;     // scheme, type, namespace, name
  std::string version;     // as written: "%2B" stays
  std::string qualifiers;  // without '?'
  std::string subpath;     // without '#'
};
PurlText SplitPurl(std::string_view purl);
// "deb"; empty when it is no purl.
std::string TypeOfPurl(std::string_view purl);

// All statements of one kind, sorted, each once, joined with ", "; names of licences in quotation marks. NOASSERTION
// says nothing and is left out.
std::string LicenceText(const BomComponent& component, BomLicence::Kind kind);

// "SHA-512:…" of the strongest hash of the component or, where it has none, of what it is distributed as; empty when
// there is none stronger than SHA-1.
std::string StrongestHash(const BomComponent& component);

// Of a file in a package: where it is installed, as our documents say (property nachbau:component:path); else empty.
std::string InstalledPath(const BomComponent& component);

// What a person calls it: "libc6 2.36", "group:name 1.0", the file's path or name.
std::string DisplayName(const BomComponent& component);

}  // namespace nachbau::sbom
