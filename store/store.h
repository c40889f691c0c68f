// The content-addressed store: bytes named by their SHA-256, SHA-512 recorded beside it. docs/formats/store.md
//
// Truth is the object files; the SQLite index (size, SHA-512, first seen) can be rebuilt from them. Several processes
// may use one store at once. An object becomes visible whole or not at all, and survives a power cut once Put or Commit
// returned. The store does not know what the bytes mean.
//
// What a Store object said it has (Put, Commit, Has, Find, Open) stays until it is destroyed, whatever is collected
// meanwhile (store/collect.h). Longer than that only what is found by its roots, or is young.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "base/progress.h"

namespace nachbau {

struct StoreOptions {
  std::uint64_t quota = 0;  // bytes that it may hold in all; 0: as the disk allows
};

class Store {
 public:
  // Opens the store in `root`, making it if the directory does not exist or is empty. Removes what killed writers left.
  explicit Store(const std::filesystem::path& root, const StoreOptions& options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Streams one object in. Abandoned unless Commit returns. Not safe from several threads; many Writers are.
  class Writer {
   public:
    ~Writer();
    Writer(Writer&&) noexcept;
    // Throws SystemError (ENOSPC, EDQUOT… with a hint) or, beyond the quota, Error.
    void Write(std::string_view bytes);
    std::uint64_t size() const;
    // Makes the object visible and durable. With `expected`, throws IntegrityError (and keeps nothing) when the bytes
    // have another digest; `name` says in the message what it was to be.
    ContentId Commit(std::string_view name, const std::optional<Sha256Digest>& expected = std::nullopt);
    // For Store::CommitSealed: the bytes are complete, and checked as Commit does; nothing can be written any more. Not
    // visible yet, not on disk yet; keeps no descriptor open.
    ContentId Seal(std::string_view name, const std::optional<Sha256Digest>& expected = std::nullopt);

   private:
    friend class Store;
    struct State;
    explicit Writer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };

  Writer StartWriting();
  // Makes sealed objects visible and durable: one sync of the file system for all, where Commit needs two for each.
  void CommitSealed(std::vector<Writer> writers);
  ContentId Put(std::string_view bytes);
  ContentId PutFile(const FileDescriptor& fd, std::string_view name);  // reads from the current position

  bool Has(const Sha256Digest& sha256) const;
  std::optional<ContentId> Find(const Sha256Digest& sha256) const;  // with SHA-512

  // As Find, for showing: nobody relies on it, it may be collected the next moment.
  std::optional<ContentId> Describe(const Sha256Digest& sha256) const;

  // Opens for reading at offset 0 after checking the bytes against their name (once per object and process).
  // Throws MissingError when it is not held, IntegrityError when the bytes are damaged.
  FileDescriptor Open(const Sha256Digest& sha256) const;
  // The whole object, checked. Throws as Open does, and ParseError beyond `limit`.
  std::string Read(const Sha256Digest& sha256, std::uint64_t limit) const;
  // Where the object's file is. For links and messages; reading goes through Open.
  std::filesystem::path PathOf(const Sha256Digest& sha256) const;

  const std::filesystem::path& root() const;
  // All objects, sorted.
  std::vector<Sha256Digest> List() const;

  struct Damage {
    std::string path;    // of the file, relative to the store
    std::string detail;  // English: "content has sha256 …", "not a regular file", "index says 10 bytes, file has 9"
  };
  struct VerifyResult {
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
    std::vector<Damage> damages;  // sorted by path
  };
  // Hashes every object, on all cores, and compares files with the index. Changes nothing. See also store/scrub.h.
  VerifyResult Verify(Progress& progress) const;
  // Makes the index anew from the object files.
  void RebuildIndex(Progress& progress);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nachbau
