// An evidence folder while it is being filled. docs/formats/evidence.md
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "store/store.h"
#include "verifier/verifier.h"

namespace nachbau::cli {

class EvidenceFolder {
 public:
  // Its files are hashed. Throws MissingError when there is no such folder.
  explicit EvidenceFolder(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  bool Has(const std::string& file) const;
  // Throws MissingError naming the command that makes the file.
  std::string Read(const std::string& file, const char* made_by) const;
  Json ReadDocument(const std::string& file, const char* made_by) const;

  // Adds or replaces a file; `file` is relative.
  void Add(const std::string& file, std::string_view bytes);
  void AddObject(const std::string& file, const Sha256Digest& sha256, const Store& store);
  // All files with their digests, sorted by path.
  const std::vector<verifier::EvidenceFile>& files() const { return files_; }

 private:
  void Remember(const std::string& file, const ContentId& content);
  std::filesystem::path path_;
  std::vector<verifier::EvidenceFile> files_;
};

// A folder that appears under its name only when everything is in it: filled beside its final place, removed again
// unless published.
class UnpublishedFolder {
 public:
  UnpublishedFolder(const std::filesystem::path& parent, const std::string& name);
  ~UnpublishedFolder();
  UnpublishedFolder(const UnpublishedFolder&) = delete;
  UnpublishedFolder& operator=(const UnpublishedFolder&) = delete;
  const std::filesystem::path& path() const { return temporary_; }
  // Renames to `parent`/`name`, points the symbolic link `parent`/`link` at it, and returns the link's path.
  std::filesystem::path Publish(const std::string& link);

 private:
  std::filesystem::path parent_;
  std::string name_;
  std::filesystem::path temporary_;
};

}  // namespace nachbau::cli
