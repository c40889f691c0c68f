// The files of an evidence folder, found and read without trusting any of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/progress.h"
#include "model/finding.h"

namespace nachbau::verifier {

struct EvidenceFiles {
  std::map<std::string, ContentId> contents;     // every regular file, by its path in the folder
  std::map<std::string, std::string> documents;  // the bytes of those at the top, but not of the build log
  std::vector<Finding> findings;                 // rule "evidence.files": links, devices, foreign directories, unreadable
  bool only_plain_files = true;                  // false when there are links or the like: do not open it by path again
};

// Allowed are files at the top, in artifacts/ and in proofs/. Symbolic links are not followed, named pipes not waited
// for. Throws MissingError when there is no such directory (which itself may be reached by a link).
EvidenceFiles ReadEvidenceFiles(const std::filesystem::path& folder, Progress& progress);

}  // namespace nachbau::verifier
