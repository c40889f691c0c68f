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
      " WITHOUT ROWID;";
  if (sqlite3_exec(raw, setup, nullptr, nullptr, nullptr) != SQLITE_OK) return nullptr;
  return connection;
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

void StoreIndex::Insert(const ContentId& content) {
  const std::lock_guard lock(state_->mutex);
  if (state_->connection) state_->Insert(content);
}

void StoreIndex::Insert(const std::vector<ContentId>& contents) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection) return;
  sqlite3* const connection = state_->connection.get();
  const bool batched = sqlite3_exec(connection, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
  for (const ContentId& content : contents) state_->Insert(content);
  if (batched) sqlite3_exec(connection, "COMMIT", nullptr, nullptr, nullptr);
}

void StoreIndex::Replace(const std::vector<ContentId>& contents) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->connection) {  // damaged beyond opening: start from nothing
    for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((state_->path.native() + suffix).c_str());
    state_->connection = OpenConnection(state_->path);
  }
  const auto execute = [&](const char* sql) {
    return state_->connection && sqlite3_exec(state_->connection.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  };
  const bool done = execute("BEGIN IMMEDIATE") && execute("DELETE FROM objects") &&
                    std::all_of(contents.begin(), contents.end(), [&](const auto& c) { return state_->Insert(c); }) &&
                    execute("COMMIT");
  if (!done) {
    execute("ROLLBACK");
    throw Error(Msg("the index {} cannot be written", state_->path.native()));
  }
}

}  // namespace nachbau
