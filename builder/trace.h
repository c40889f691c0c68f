// Makes the trace of a build a document: where each file came from, what was in it. docs/formats/trace.md
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "builder/sandbox/sandbox.h"
#include "model/artifact.h"
#include "model/trace.h"
#include "store/store.h"

namespace nachbau::builder {

inline constexpr const char* kTraceName = "trace.json.zst";

// Fills in origin, package and digest of every file, by looking at what the build left: to be called when no process of it
// is there any more. upper, lower: as in SandboxRequest; made: paths inside that nachbau itself put there. Files beyond
// 1 GiB get no digest. Throws SystemError.
void DescribeFiles(Trace& trace, const IdMap& map, const std::filesystem::path& upper,
                   const std::vector<std::filesystem::path>& lower, const std::set<std::string>& made);

// Compressed (zstd).
Artifact StoreTrace(const Trace& trace, Store& store);

}  // namespace nachbau::builder
