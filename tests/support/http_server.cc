#include "tests/support/http_server.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::kit {
namespace {

constexpr std::size_t kMaxRequestSize = 64 << 10;  // bytes of request line and headers

bool Send(const FileDescriptor& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string DecodePath(std::string_view target) {
  target = target.substr(0, target.find('?'));
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const auto byte = target[i] == '%' ? DecodeHex(target.substr(i + 1, 2)) : std::nullopt;
    path += byte && byte->size() == 1 ? (i += 2, *byte) : std::string(1, target[i]);
  }
  return path;
}

struct Range {
  std::uint64_t first, last;  // last inclusive
};

// "bytes=5-", "bytes=5-9", "bytes=-5"; nothing for anything else, which means the whole file.
std::optional<Range> ParseRange(std::string_view text, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto first = ParseNumber(text.substr(0, dash));
  const auto last = ParseNumber(text.substr(dash + 1));
  if (!first && last) return Range{size - std::min(size, *last), size - 1};
  if (!first) return std::nullopt;
  return Range{*first, std::min(last.value_or(size - 1), size - 1)};
}

const char* Reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 206: return "Partial Content";
    case 302: return "Found";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 416: return "Range Not Satisfiable";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

std::string Head(int status, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " " + Reason(status) + "\r\nServer: kit\r\nAccept-Ranges: bytes\r\n" +
         headers + "\r\n";
}

std::string Length(std::uint64_t size) { return "Content-Length: " + std::to_string(size) + "\r\n"; }

}  // namespace

Fault ParseFault(std::string_view text) {
  const std::string_view whole = text;
  const auto refuse = [&]() -> Fault { throw UsageError(Msg("unknown fault '{}'", whole)); };
  Fault fault;
  if (const std::size_t star = text.rfind('*'); star != text.npos) {
    const auto times = ParseNumber(text.substr(star + 1));
    if (!times || *times == 0) return refuse();
    fault.times = static_cast<std::uint32_t>(*times);
    text = text.substr(0, star);
  }
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view value = colon == text.npos ? "" : text.substr(colon + 1);
  if (const auto status = ParseNumber(kind); status && value.empty()) {
    fault.status = static_cast<int>(*status);
    return fault;
  }
  if (kind == "redirect" && !value.empty()) {
    fault.kind = Fault::Kind::kRedirect;
    fault.location = value;
    return fault;
  }
  static const std::map<std::string_view, std::pair<Fault::Kind, bool>> kKinds = {
      {"cut", {Fault::Kind::kCutConnection, true}}, {"wrong", {Fault::Kind::kWrongBytes, true}},
      {"truncated", {Fault::Kind::kTruncated, true}}, {"slow", {Fault::Kind::kSlow, true}},
      {"stalled", {Fault::Kind::kStalled, true}},   {"endless", {Fault::Kind::kEndless, false}},
      {"norange", {Fault::Kind::kNoRange, false}},  {"nothttp", {Fault::Kind::kNotHttp, false}}};
  const auto found = kKinds.find(kind);
  const auto number = ParseNumber(value);
  if (found == kKinds.end() || found->second.second != number.has_value() || (value.empty() == number.has_value())) {
    return refuse();
  }
  fault.kind = found->second.first;
  fault.at = number.value_or(0);
  return fault;
}

HttpServer::HttpServer(std::filesystem::path root, std::uint16_t port) : root_(std::move(root)) {
  listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener_.valid()) throw SystemError(errno, Msg("make a socket"));
  const int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 128) != 0 ||
      ::getsockname(listener_.get(), generic, &length) != 0) {
    throw SystemError(errno, Msg("listen on 127.0.0.1:{}", port));
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { Accept(); });
}

HttpServer::~HttpServer() {
  stop_ = true;
  acceptor_.join();
}

std::string HttpServer::Url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void HttpServer::Put(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  files_[path] = std::move(bytes);
}

void HttpServer::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  files_.erase(path);
}

void HttpServer::SetFault(const std::string& pattern, Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({pattern, std::move(fault), {}});
}

void HttpServer::ClearFaults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::vector<HttpServer::Request> HttpServer::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t HttpServer::CountRequests(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(requests_.begin(), requests_.end(), [&](const Request& request) { return request.path == path; }));
}

std::optional<Fault> HttpServer::FaultFor(const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (FaultRule& rule : faults_) {
    if (::fnmatch(rule.pattern.c_str(), path.c_str(), 0) != 0) continue;
    std::uint32_t& used = rule.used[path];
    if (rule.fault.times != 0 && used >= rule.fault.times) continue;
    ++used;
    return rule.fault;
  }
  return std::nullopt;
}

std::optional<std::string> HttpServer::FindContent(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = files_.find(path); found != files_.end()) return found->second;
  }
  if (root_.empty() || path.size() < 2) return std::nullopt;
  try {
    const FileDescriptor fd = OpenBeneath(OpenDirectory(root_), path.substr(1), O_RDONLY);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return ReadDescriptor(fd, path);
  } catch (const SystemError&) {
    return std::nullopt;
  }
}

bool HttpServer::WaitUnlessStopped(std::uint32_t milliseconds) const {
  for (std::uint32_t waited = 0; waited < milliseconds && !stop_; waited += 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return !stop_;
}

void HttpServer::Accept() {
  while (!stop_) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) continue;
    // A client that stops reading must not keep the server from ending.
    const timeval patience{5, 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connections_.emplace_back([this, owned = std::move(connection)] { Serve(owned); });
  }
}

void HttpServer::Serve(const FileDescriptor& connection) {
  std::string input;
  while (!stop_) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == input.npos) {
      if (input.size() > kMaxRequestSize) return;
      pollfd waiting{connection.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 50) <= 0) continue;
      char piece[4096];
      const ssize_t size = ::recv(connection.get(), piece, sizeof piece, 0);
      if (size <= 0) return;
      input.append(piece, static_cast<std::size_t>(size));
      continue;
    }
    Request request;
    bool first = true;
    for (const std::string_view line : SplitTrimmed(std::string_view(input).substr(0, end), '\n')) {
      if (std::exchange(first, false)) {
        const auto words = SplitWords(line);
        if (words.size() != 3) return;
        request.method = words[0];
        request.path = DecodePath(words[1]);
      } else if (line.size() > 6 && ::strncasecmp(line.data(), "range:", 6) == 0) {
        request.range = Trim(line.substr(6));
      }
    }
    input.erase(0, end + 4);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (!Answer(connection, request)) return;
  }
}

// False when the connection must be closed.
bool HttpServer::Answer(const FileDescriptor& connection, const Request& request) {
  const std::optional<Fault> fault = FaultFor(request.path);
  const auto is = [&](Fault::Kind kind) { return fault && fault->kind == kind; };
  if (is(Fault::Kind::kStatus)) return Send(connection, Head(fault->status, Length(0)));
  if (is(Fault::Kind::kRedirect)) {
    return Send(connection, Head(302, "Location: " + fault->location + "\r\n" + Length(0)));
  }
  if (is(Fault::Kind::kNotHttp)) {
    Send(connection, "220 mail.example.org ESMTP\r\n");
    return false;
  }
  if (is(Fault::Kind::kEndless)) {
    const std::string noise(64 << 10, 'x');
    if (!Send(connection, Head(200, "Connection: close\r\n"))) return false;
    while (!stop_ && Send(connection, noise)) {
    }
    return false;
  }
  std::optional<std::string> content = FindContent(request.path);
  if (!content) return Send(connection, Head(404, Length(0)));
  if (is(Fault::Kind::kWrongBytes) && fault->at < content->size()) {
    (*content)[fault->at] = static_cast<char>(~(*content)[fault->at]);
  }
  if (is(Fault::Kind::kTruncated)) content->resize(std::min<std::uint64_t>(content->size(), fault->at));
  const std::uint64_t size = content->size();
  const std::optional<Range> range =
      is(Fault::Kind::kNoRange) ? std::nullopt : ParseRange(request.range, size);
  if (range && range->first >= size) {
    return Send(connection, Head(416, "Content-Range: bytes */" + std::to_string(size) + "\r\n" + Length(0)));
  }
  std::string_view body = *content;
  if (range) {
    body = body.substr(range->first, range->last - range->first + 1);
    const std::string place =
        std::to_string(range->first) + "-" + std::to_string(range->last) + "/" + std::to_string(size);
    if (!Send(connection, Head(206, "Content-Range: bytes " + place + "\r\n" + Length(body.size())))) return false;
  } else if (!Send(connection, Head(200, Length(size)))) {
    return false;
  }
  return request.method == "HEAD" || SendBody(connection, body, fault);
}

bool HttpServer::SendBody(const FileDescriptor& connection, std::string_view body, const std::optional<Fault>& fault) {
  if (!fault) return Send(connection, body);
  switch (fault->kind) {
    case Fault::Kind::kCutConnection:
      Send(connection, body.substr(0, fault->at));
      return false;
    case Fault::Kind::kStalled:
      Send(connection, body.substr(0, fault->at));
      while (WaitUnlessStopped(100)) {
      }
      return false;
    case Fault::Kind::kSlow:
      while (!body.empty()) {
        const std::size_t piece = std::min<std::size_t>(body.size(), std::max<std::size_t>(fault->at / 10, 1));
        if (!Send(connection, body.substr(0, piece)) || !WaitUnlessStopped(100)) return false;
        body.remove_prefix(piece);
      }
      return true;
    default:
      return Send(connection, body);
  }
}

}  // namespace nachbau::kit
