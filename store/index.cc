#include "store/index.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"

namespace nachbau {
namespace {

constexpr int kBusyMilliseconds = 30'000;

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

struct ConnectionDeleter {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
using Connection = std::unique_ptr<sqlite3, ConnectionDeleter>;

Connection OpenConnection(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Connection connection(raw);
  if (result != SQLITE_OK) return nullptr;
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  // NORMAL may lose the last rows in a power cut; the objects are what counts and they are synced.
  const char* setup =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "CREATE TABLE IF NOT EXISTS objects(sha256 BLOB PRIMARY KEY, size INTEGER NOT NULL, sha512 BLOB NOT NULL)"
      " WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS checks(sha256 BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;";
  if (sqlite3_exec(raw, setup, nullptr, nullptr, nullptr) != SQLITE_OK) return nullptr;
  return connection;
}

std::optional<Sha256Digest> DigestAt(sqlite3_stmt* statement, int column) {
  if (sqlite3_column_bytes(statement, column) != 32) return std::nullopt;
  Sha256Digest digest;
  std::copy_n(static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column)), 32, digest.bytes.begin());
  return digest;
}

}  // namespace

struct StoreIndex::State {
  std::filesystem::path path;
  std::mutex mutex;
  Connection connection;  // none where the index cannot be used

  Statement Prepare(const char* sql) const {
    sqlite3_stmt* raw = nullptr;
    sqlite3_prepare_v2(connection.get(), sql, -1, &raw, nullptr);
    return Statement(raw);
  }
  bool Execute(const char* sql) const {
    return connection && sqlite3_exec(connection.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  bool Insert(const ContentId& content) const {
    const Statement statement = Prepare("INSERT OR REPLACE INTO objects VALUES(?, ?, ?)");
    if (!statement) return false;
    sqlite3_bind_blob(statement.get(), 1, content.sha256.bytes.data(), 32, SQLITE_STATIC);
    sqlite3_bind_int64(statement.get(), 2, static_cast<sqlite3_int64>(content.size));
    sqlite3_bind_blob(statement.get(), 3, content.sha512.bytes.data(), 64, SQLITE_STATIC);
    return sqlite3_step(statement.get()) == SQLITE_DONE;
  }
};

StoreIndex::StoreIndex(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->connection = OpenConnection(path);
}

StoreIndex::~StoreIndex() = default;

std::optional<ContentId> StoreIndex::Find(const Sha256Digest& sha256) const {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection) return std::nullopt;
  const Statement statement = state_->Prepare("SELECT size, sha512 FROM objects WHERE sha256 = ?");
  if (!statement) return std::nullopt;
  sqlite3_bind_blob(statement.get(), 1, sha256.bytes.data(), 32, SQLITE_STATIC);
  if (sqlite3_step(statement.get()) != SQLITE_ROW) return std::nullopt;
  ContentId content;
  content.sha256 = sha256;
  content.size = static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), 0));
  if (sqlite3_column_bytes(statement.get(), 1) != 64) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement.get(), 1));
  std::copy_n(bytes, 64, content.sha512.bytes.begin());
  return content;
}

std::vector<Sha256Digest> StoreIndex::All() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Sha256Digest> digests;
  if (!state_->connection) return digests;
  const Statement statement = state_->Prepare("SELECT sha256 FROM objects ORDER BY sha256");
  while (statement && sqlite3_step(statement.get()) == SQLITE_ROW) {
    if (const auto digest = DigestAt(statement.get(), 0)) digests.push_back(*digest);
  }
  return digests;
}

void StoreIndex::Insert(const ContentId& content) {
  const std::lock_guard lock(state_->mutex);
  if (state_->connection) state_->Insert(content);
}

void StoreIndex::Insert(const std::vector<ContentId>& contents) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection) return;
  state_->Execute("BEGIN IMMEDIATE");
  for (const ContentId& content : contents) state_->Insert(content);
  if (!state_->Execute("COMMIT")) state_->Execute("ROLLBACK");
}

// Whatever cannot be written is not remembered: the next scrub begins there.
void StoreIndex::Remove(const std::vector<Sha256Digest>& digests) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection || digests.empty()) return;
  state_->Execute("BEGIN IMMEDIATE");
  for (const char* sql : {"DELETE FROM objects WHERE sha256 = ?", "DELETE FROM checks WHERE sha256 = ?"}) {
    const Statement statement = state_->Prepare(sql);
    for (const Sha256Digest& digest : digests) {
      if (!statement) break;
      sqlite3_bind_blob(statement.get(), 1, digest.bytes.data(), 32, SQLITE_STATIC);
      sqlite3_step(statement.get());
      sqlite3_reset(statement.get());
    }
  }
  if (!state_->Execute("COMMIT")) state_->Execute("ROLLBACK");
}

std::unordered_map<Sha256Digest, UnixSeconds> StoreIndex::LastChecks() const {
  const std::lock_guard lock(state_->mutex);
  std::unordered_map<Sha256Digest, UnixSeconds> checks;
  if (!state_->connection) return checks;
  const Statement statement = state_->Prepare("SELECT sha256, time FROM checks");
  while (statement && sqlite3_step(statement.get()) == SQLITE_ROW) {
    if (const auto digest = DigestAt(statement.get(), 0)) checks.emplace(*digest, sqlite3_column_int64(statement.get(), 1));
  }
  return checks;
}

void StoreIndex::RememberChecks(const std::vector<Sha256Digest>& digests, UnixSeconds time) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection || digests.empty()) return;
  state_->Execute("BEGIN IMMEDIATE");
  const Statement statement = state_->Prepare("INSERT OR REPLACE INTO checks VALUES(?, ?)");
  for (const Sha256Digest& digest : digests) {
    if (!statement) break;
    sqlite3_bind_blob(statement.get(), 1, digest.bytes.data(), 32, SQLITE_STATIC);
    sqlite3_bind_int64(statement.get(), 2, time);
    sqlite3_step(statement.get());
    sqlite3_reset(statement.get());
  }
  if (!state_->Execute("COMMIT")) state_->Execute("ROLLBACK");
}

void StoreIndex::Replace(const std::vector<ContentId>& contents) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection) {  // damaged beyond opening: start from nothing
    for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((state_->path.native() + suffix).c_str());
    state_->connection = OpenConnection(state_->path);
  }
  const bool done = state_->Execute("BEGIN IMMEDIATE") && state_->Execute("DELETE FROM objects") &&
                    std::all_of(contents.begin(), contents.end(), [&](const auto& c) { return state_->Insert(c); }) &&
                    state_->Execute("COMMIT");
  if (!done) {
    state_->Execute("ROLLBACK");
    throw Error(Msg("the index {} cannot be written", state_->path.native()));
  }
}

}  // namespace nachbau
