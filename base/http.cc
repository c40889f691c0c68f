#include "base/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <vector>

#include "base/error.h"

namespace nachbau {
namespace {

constexpr long kMaxRedirects = 5;

struct HandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleDeleter>;
struct HeadersDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, HeadersDeleter>;

// Each is one line: a line break in it would begin another header.
Headers MakeHeaders(const std::vector<std::string>& lines) {
  Headers headers;
  for (const std::string& line : lines) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos) throw Error(Msg("an HTTP header with a line break"));
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    headers.release();
    headers.reset(longer);
  }
  return headers;
}

std::string Scheme(const std::string& url) { return url.substr(0, url.find(':')); }

std::string Host(const std::string& url) {
  const std::size_t begin = url.find("://");
  if (begin == url.npos) return {};
  std::string authority = url.substr(begin + 3, url.find('/', begin + 3) - begin - 3);
  authority = authority.substr(authority.rfind('@') + 1);
  return authority.substr(0, authority.find(':'));
}

// One running transfer, as libcurl's callbacks see it.
struct Transfer {
  const std::function<void(std::uint64_t, std::string_view)>* sink;
  const TransferOptions* options;
  const std::atomic<bool>* cancelled;
  CURL* handle;
  std::uint64_t position = 0;
  bool started = false;
  bool over_limit = false;
  std::exception_ptr failure = nullptr;

  static std::size_t Write(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    try {
      return transfer->Accept({bytes, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
    } catch (...) {
      transfer->failure = std::current_exception();
      return CURL_WRITEFUNC_ERROR;
    }
  }
  bool Accept(std::string_view bytes) {
    if (!started) {
      long status = 0;
      curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
      if (status >= 300) return true;  // the body of an error or redirect page
      position = status == 206 || status == 0 ? options->offset : 0;  // 0: file:, which honours the range
      started = true;
    }
    if (position + bytes.size() > options->limit) {
      over_limit = true;
      return false;
    }
    (*sink)(position, bytes);
    position += bytes.size();
    return true;
  }
  static int Tick(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto* cancelled = static_cast<Transfer*>(self)->cancelled;
    return cancelled != nullptr && *cancelled ? 1 : 0;
  }
};

class CurlFetcher final : public Fetcher {
 public:
  CurlFetcher(std::map<std::string, std::string> proxies, const std::atomic<bool>* cancelled)
      : proxies_(std::move(proxies)), cancelled_(cancelled) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (initialised != CURLE_OK) throw Error(Msg("libcurl cannot be initialised"));
  }

  void Get(const std::string& url, const TransferOptions& options,
           const std::function<void(std::uint64_t, std::string_view)>& sink) override {
    Handle handle = Take();
    CURL* curl = handle.get();
    curl_easy_reset(curl);  // keeps connections
    char detail[CURL_ERROR_SIZE] = "";
    Transfer transfer{&sink, &options, cancelled_, curl};
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirects);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "nachbau");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_seconds));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1000L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(options.total_seconds));
    // Not CURLOPT_RESUME_FROM: with that libcurl refuses a server that sends all of it instead.
    const std::string range = std::to_string(options.offset) + "-";
    if (options.offset != 0) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
    const Headers headers = MakeHeaders(options.headers);
    if (headers) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    if (options.body) {
      curl_easy_setopt(curl, CURLOPT_POST, 1L);
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(options.body->size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, options.body->data());
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::Write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::Tick);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    const std::string proxy = ProxyFor(url);
    if (proxy == "DIRECT") {
      curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    } else if (!proxy.empty()) {
      curl_easy_setopt(curl, CURLOPT_PROXY, proxy.c_str());
    }
    const CURLcode result = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    Return(std::move(handle));
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    if (cancelled_ != nullptr && *cancelled_) throw CancelledError();
    if (transfer.over_limit) throw NetworkError(url, status, Msg("more than the expected {} bytes", options.limit));
    if (result == CURLE_OK) return;
    if (result == CURLE_HTTP_RETURNED_ERROR) throw NetworkError(url, status, Msg("HTTP status {}", status));
    if (result == CURLE_FILE_COULDNT_READ_FILE) throw NetworkError(url, 404, Msg("no such file"));
    throw NetworkError(url, status >= 300 ? status : 0,
                       Msg("{}", std::string_view(detail[0] != '\0' ? detail : curl_easy_strerror(result))));
  }

 private:
  std::string ProxyFor(const std::string& url) const {
    for (const std::string& key : {Scheme(url) + "::" + Host(url), Scheme(url)}) {
      if (const auto found = proxies_.find(key); found != proxies_.end()) return found->second;
    }
    return {};
  }
  Handle Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return Handle(curl_easy_init());
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }
  void Return(Handle handle) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  std::map<std::string, std::string> proxies_;
  const std::atomic<bool>* cancelled_;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace

std::string Fetcher::GetWhole(const std::string& url, std::uint64_t limit) {
  return GetWhole(url, TransferOptions{.limit = limit});
}

std::string Fetcher::GetWhole(const std::string& url, const TransferOptions& options) {
  std::string bytes;
  Get(url, options, [&](std::uint64_t, std::string_view piece) { bytes.append(piece); });
  return bytes;
}

std::unique_ptr<Fetcher> MakeFetcher(std::map<std::string, std::string> proxies, const std::atomic<bool>* cancelled) {
  return std::make_unique<CurlFetcher>(std::move(proxies), cancelled);
}

}  // namespace nachbau
