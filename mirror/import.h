// Takes in what an export brought across an air gap, and believes nothing of it. docs/formats/export.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "mirror/export_format.h"
#include "mirror/mirror.h"
#include "model/lock.h"
#include "model/product.h"
#include "store/store.h"

namespace nachbau::mirror {

struct ImportRequest {
  std::vector<std::filesystem::path> paths;  // volumes, or folders with volume-NNNN.tar
  MirrorConfig config;                       // apt_root: whose keys count; state_directory: where snapshots go
  std::filesystem::path products_directory;
  std::filesystem::path roots_directory;
};

// Who signed the statement about the manifest with this digest, for messages. Throws when nobody that is trusted did.
using CheckSigner = std::function<std::string(const Json& bundle, const Sha256Digest& manifest)>;

struct ImportResult {
  std::string signer;
  Sha256Digest manifest;
  UnixSeconds exported = 0;
  std::uint64_t objects_added = 0, bytes_added = 0;
  std::uint64_t objects_present = 0;  // were there before
  std::uint64_t objects_missing = 0, bytes_missing = 0;
  std::vector<std::uint32_t> missing_volumes;  // those that the missing objects are in
  std::vector<std::string> damaged;            // English: what of the files is not what the manifest says
  std::vector<std::string> refused;            // English: products and snapshots whose proofs do not hold here
  std::vector<std::string> incomplete;         // names of products that wait for missing objects
  std::vector<std::string> kept;               // English: products of which this machine has a newer version
  std::vector<std::string> absent;             // what the exporting side did not have
  std::vector<Product> products;               // visible now
  std::vector<Lock> locks;                     // of these products, and those exported by themselves
  std::uint64_t snapshots = 0;                 // taken over

  bool Good() const { return damaged.empty() && refused.empty(); }
  bool Complete() const { return objects_missing == 0 && incomplete.empty(); }
};

// 1. The manifest must be signed by a trusted key; nothing else of a file is looked at before.
// 2. Objects that are not held are copied, each checked by size and SHA-256 on the way. What is damaged is named and
// left
//    out; the rest is taken, so that another try needs only that again.
// 3. A product of which everything is there is proven again: Release files by the keys that this machine's apt
//    configuration names for the suite (never by keys that travelled along), indexes and files by these. Then it
//    becomes visible; snapshots likewise.
//
// Killed at any moment: objects that were taken stay, and are not needed again; products are visible whole or not at
// all. Throws ParseError or Error when no file has a manifest that is signed by a trusted key, UsageError for files of
// different exports, Error where the disk has too little room.
ImportResult Import(const ImportRequest& request, Store& store, const CheckSigner& check, const Clock& clock,
                    Progress& progress);

}  // namespace nachbau::mirror
