// Getting files over http, https and file (libcurl).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau {

struct TransferOptions {
  std::uint64_t limit = 0;    // bytes of the whole file; more is a NetworkError ("endless data")
  std::uint64_t offset = 0;   // resume here; a server that cannot starts from 0, see the sink
  std::uint32_t connect_seconds = 20;
  std::uint32_t stall_seconds = 30;  // less than 1 kB/s for this long ends the transfer
  std::uint32_t total_seconds = 0;   // the whole transfer may take so long; 0: as long as it does not stall
  std::vector<std::string> headers = {};  // further ones, "Name: value"; not sent on to another host
  std::optional<std::string> body = {};   // POST this instead of GET; then no offset
};

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Streams a file into `sink` as (position in the file, bytes), in order. The first position is options.offset, or 0
  // where the server sends all of it: then what was there before is to be dropped. An exception of the sink ends the
  // transfer and passes. Throws NetworkError (with the HTTP status), CancelledError. Safe from several threads.
  virtual void Get(const std::string& url, const TransferOptions& options,
                   const std::function<void(std::uint64_t position, std::string_view bytes)>& sink) = 0;
  // A small file at once.
  std::string GetWhole(const std::string& url, std::uint64_t limit);
  std::string GetWhole(const std::string& url, const TransferOptions& options);
};

// `proxies`: "http", "https" or "http::host" → proxy URL, or "DIRECT", as in apt.conf's Acquire::http::Proxy. Without an
// entry the environment's http_proxy and https_proxy hold. `cancelled` may be null; true ends every transfer.
std::unique_ptr<Fetcher> MakeFetcher(std::map<std::string, std::string> proxies, const std::atomic<bool>* cancelled);

}  // namespace nachbau
