#include "mirror/large_files.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/http.h"
#include "mirror/apt_sources.h"
#include "mirror/git_transport.h"
#include "mirror/retry.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kAtOnce = 100;                 // objects of one request, as git-lfs does
constexpr std::uint64_t kMaxAnswer = 16 << 20;       // bytes
constexpr std::uint64_t kMaxLargeFile = 64ULL << 30; // bytes
constexpr std::size_t kMaxHeaders = 20;

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

class Collector {
 public:
  Collector(const std::string& origin, const MirrorConfig& config, Store& store, Progress::Task& task)
      : origin_(origin),
        config_(config),
        store_(store),
        task_(task),
        fetcher_(MakeFetcher(ReadAptSetup(config.apt_root).proxies, config.cancelled)) {}

  void Fetch(const std::vector<LargeFilePointer>& files, std::map<std::string, std::string>& reasons) {
    for (std::size_t at = 0; at < files.size(); at += kAtOnce) {
      const std::vector<LargeFilePointer> some(files.begin() + static_cast<std::ptrdiff_t>(at),
                                               files.begin() + static_cast<std::ptrdiff_t>(std::min(at + kAtOnce, files.size())));
      std::map<std::string, LargeFileAction> actions;
      std::string failure;
      try {
        for (LargeFileAction& action : Ask(some)) actions.emplace(action.sha256, std::move(action));
      } catch (const NetworkError& error) {
        failure = error.what();
      } catch (const ParseError& error) {
        failure = error.what();
      }
      for (const LargeFilePointer& file : some) {
        const auto action = actions.find(file.sha256);
        std::string& reason = reasons[file.sha256];
        if (!failure.empty()) {
          reason = failure;
        } else if (action == actions.end()) {
          reason = "the server says nothing about it";
        } else if (action->second.url.empty()) {
          reason = action->second.reason;
        } else {
          reason = Download(file, action->second);
        }
        if (reason.empty()) reasons.erase(file.sha256);
      }
    }
  }

 private:
  std::vector<LargeFileAction> Ask(const std::vector<LargeFilePointer>& files) {
    Json objects = Json::array();
    for (const LargeFilePointer& file : files) objects.push_back({{"oid", file.sha256}, {"size", file.size}});
    const Json question = {{"operation", "download"}, {"transfers", {"basic"}}, {"objects", objects}, {"hash_algo", "sha256"}};
    TransferOptions options{.limit = kMaxAnswer};
    options.headers = {"Accept: application/vnd.git-lfs+json", "Content-Type: application/vnd.git-lfs+json"};
    options.body = FormatCanonical(question);
    std::string base = origin_;
    while (base.ends_with('/')) base.pop_back();
    const std::string url = base + (base.ends_with(".git") ? "" : ".git") + "/info/lfs/objects/batch";
    for (int attempt = 0;; ++attempt) {
      try {
        return ParseLargeFileAnswer(fetcher_->GetWhole(url, options), url);
      } catch (const NetworkError& error) {
        if (!WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
      }
      BackOff(attempt, config_);
    }
  }

  // Empty when it is in the store.
  std::string Download(const LargeFilePointer& file, const LargeFileAction& action) {
    const bool secure = action.url.starts_with("https://");
    if (!secure && (origin_.starts_with("https://") || !action.url.starts_with("http://"))) {
      return "the server names an unacceptable place for it";
    }
    for (int attempt = 0;; ++attempt) {
      try {
        Store::Writer writer = store_.StartWriting();
        TransferOptions options{.limit = file.size};
        options.headers = action.headers;
        fetcher_->Get(action.url, options, [&](std::uint64_t, std::string_view bytes) {
          writer.Write(bytes);
          task_.Advance(bytes.size());
        });
        writer.Commit(action.url, ParseSha256(file.sha256, origin_));
        return {};
      } catch (const NetworkError& error) {
        if (!WorthAnotherTry(error) || attempt + 1 >= kTries) return Render(error.parts().back());
      } catch (const IntegrityError& error) {
        return error.what();
      } catch (const CancelledError&) {
        throw;
      } catch (const SystemError&) {
        throw;
      } catch (const Error& error) {
        return error.what();
      }
      BackOff(attempt, config_);
    }
  }

  const std::string& origin_;
  const MirrorConfig& config_;
  Store& store_;
  Progress::Task& task_;
  std::unique_ptr<Fetcher> fetcher_;
};

// Where git-lfs keeps them beside a repository.
std::string CopyLocal(const std::string& origin, const LargeFilePointer& file, Store& store) {
  const std::filesystem::path part = std::filesystem::path("lfs") / "objects" / file.sha256.substr(0, 2) /
                                     file.sha256.substr(2, 2) / file.sha256;
  const std::filesystem::path root = LocalGitPath(origin);
  for (const std::filesystem::path& path : {root / part, root / ".git" / part}) {
    const auto fd = OpenForReadingIfExists(path);
    if (!fd) continue;
    try {
      Store::Writer writer = store.StartWriting();
      ReadPieces(*fd, path.native(), [&](std::string_view piece) {
        if (writer.size() + piece.size() > file.size) throw ParseError(path.native(), 0, Msg("larger than {} bytes", file.size));
        writer.Write(piece);
      });
      writer.Commit(path.native(), ParseSha256(file.sha256, origin));
      return {};
    } catch (const IntegrityError& error) {
      return error.what();
    } catch (const ParseError& error) {
      return error.what();
    }
  }
  return "not among the large files beside the repository";
}

}  // namespace

std::vector<LargeFileAction> ParseLargeFileAnswer(std::string_view text, std::string_view name) {
  const Json answer = ParseJson(text, name);
  if (!answer.is_object() || !answer.contains("objects") || !answer["objects"].is_array()) {
    throw ParseError(name, 0, Msg("not an answer of a Git LFS server"));
  }
  const std::string transfer = TextMember(answer, "transfer");
  if (!transfer.empty() && transfer != "basic") throw ParseError(name, 0, Msg("a way of transfer that was not asked for"));
  std::vector<LargeFileAction> actions;
  for (const Json& object : answer["objects"]) {
    LargeFileAction action;
    action.sha256 = TextMember(object, "oid");
    if (object.is_object() && object.contains("error")) {
      action.reason = "the server says: " + Printable(TextMember(object["error"], "message").substr(0, 200));
      actions.push_back(std::move(action));
      continue;
    }
    if (object.is_object() && object.contains("actions") && object["actions"].is_object() &&
        object["actions"].contains("download")) {
      const Json& download = object["actions"]["download"];
      action.url = TextMember(download, "href");
      if (download.is_object() && download.contains("header") && download["header"].is_object()) {
        for (const auto& [key, value] : download["header"].items()) {
          if (!IsToken(key) || !value.is_string() || action.headers.size() >= kMaxHeaders ||
              value.get_ref<const std::string&>().find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
            throw ParseError(name, 0, Msg("an HTTP header that cannot be sent"));
          }
          action.headers.push_back(key + ": " + value.get<std::string>());
        }
      }
    }
    if (action.url.empty()) action.reason = "the server does not have it";
    actions.push_back(std::move(action));
  }
  return actions;
}

std::map<std::string, std::string> FetchLargeFiles(const std::string& origin, const std::vector<LargeFilePointer>& files,
                                                   const MirrorConfig& config, Store& store, Progress& progress) {
  std::map<std::string, std::string> reasons;
  std::vector<LargeFilePointer> wanted;
  std::uint64_t total = 0;
  for (const LargeFilePointer& file : files) {
    if (store.Has(ParseSha256(file.sha256, origin))) continue;
    if (file.size > kMaxLargeFile) {
      reasons[file.sha256] = "larger than is fetched";
      continue;
    }
    total += file.size;
    wanted.push_back(file);
  }
  if (wanted.empty()) return reasons;
  const GitTransport transport = GitTransportOf(origin);
  if (transport == GitTransport::kLocal) {
    for (const LargeFilePointer& file : wanted) {
      if (std::string reason = CopyLocal(origin, file, store); !reason.empty()) reasons[file.sha256] = std::move(reason);
    }
  } else if (config.offline) {
    for (const LargeFilePointer& file : wanted) reasons[file.sha256] = "not held, and --offline forbids fetching it";
  } else if (transport == GitTransport::kHttp) {
    const auto task = progress.Start(Msg("Fetching {} large files", wanted.size()), Unit::kBytes, total);
    Collector(origin, config, store, *task).Fetch(wanted, reasons);
    task->Succeed();
  } else {
    for (const LargeFilePointer& file : wanted) {
      reasons[file.sha256] = "Git LFS over ssh and git is not supported; mirror the repository by its https URL";
    }
  }
  return reasons;
}

}  // namespace nachbau::mirror
