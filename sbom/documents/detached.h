// The statement in a detached signature of an SBOM: an in-toto statement whose subject is the file.
// docs/formats/signed-sbom.md. The verifier's room signs it and puts it into the log.
#pragma once

#include <string>

#include "base/digest.h"
#include "base/json.h"
#include "base/message.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

inline constexpr const char* kSbomPredicate = "urn:nachbau:sbom:1";

Json MakeSbomStatement(const Bom& bom, const std::string& file_name, const ContentId& content);
// What is wrong when the statement is to be about that file; empty text when nothing is.
Message CheckSbomStatement(const Json& statement, const ContentId& content);

}  // namespace nachbau::sbom
