// A small HTTP/1.1 server on 127.0.0.1 that serves a directory, and can be told to misbehave as real servers do.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace nachbau::kit {

struct Fault {
  enum class Kind {
    kStatus,         // answers `status` with an empty body (404, 403, 500, 503 …)
    kCutConnection,  // promises the whole body, closes the connection after `at` bytes of it
    kWrongBytes,     // inverts the byte at offset `at` of the file
    kTruncated,      // serves only the first `at` bytes of the file, as if it were that short
    kEndless,        // no Content-Length; sends bytes until the client has had enough
    kSlow,           // `at` bytes per second
    kStalled,        // sends headers and `at` bytes, then nothing more, connection left open
    kNoRange,        // ignores Range and serves the whole file
    kRedirect,       // 302 to `location`
    kNotHttp,        // answers with something that is not HTTP
  };
  Kind kind = Kind::kStatus;
  int status = 404;
  std::uint64_t at = 0;     // bytes
  std::string location;
  std::uint32_t times = 0;  // only for the first `times` requests of a path that matches; 0: always
};

// "404", "cut:100", "wrong:5", "truncated:10", "endless", "slow:1000", "stalled:10", "norange", "redirect:URL", "nothttp";
// with "*2" behind it: only twice ("503*2", "cut:100*1"). Throws UsageError.
Fault ParseFault(std::string_view text);

// Answers GET and HEAD, keep-alive, single ranges, If-Range left aside. One thread per connection; all functions may be
// called from any thread while it serves.
class HttpServer {
 public:
  struct Request {
    std::string method;
    std::string path;   // decoded, with leading '/'
    std::string range;  // value of the Range header, or empty
  };

  // Serves the files beneath `root` (which may be empty: then only what Put() adds). Port 0: any free one.
  explicit HttpServer(std::filesystem::path root = {}, std::uint16_t port = 0);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "http://127.0.0.1:PORT", no final slash.
  std::string Url() const;
  std::uint16_t port() const { return port_; }

  // A file from memory; goes before one of the same path below the root.
  void Put(const std::string& path, std::string bytes);
  void Remove(const std::string& path);

  // For paths that match the shell pattern (fnmatch(3); '*' also matches '/'). The first that matches applies.
  void SetFault(const std::string& pattern, Fault fault);
  void ClearFaults();

  std::vector<Request> Requests() const;
  std::size_t CountRequests(std::string_view path) const;

 private:
  struct FaultRule {
    std::string pattern;
    Fault fault;
    std::map<std::string, std::uint32_t> used;  // by path
  };
  void Accept();
  void Serve(const FileDescriptor& connection);
  bool Answer(const FileDescriptor& connection, const Request& request);
  bool SendBody(const FileDescriptor& connection, std::string_view body, const std::optional<Fault>& fault);
  std::optional<Fault> FaultFor(const std::string& path);
  std::optional<std::string> FindContent(const std::string& path);
  bool WaitUnlessStopped(std::uint32_t milliseconds) const;

  std::filesystem::path root_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> files_;
  std::vector<FaultRule> faults_;
  std::vector<Request> requests_;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;
};

}  // namespace nachbau::kit
