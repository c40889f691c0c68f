#include "builder/build_log.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::builder {
namespace {

constexpr int kLevel = 9;
constexpr std::size_t kTailLines = 60;
constexpr std::size_t kMaxLine = 400;

struct StreamDeleter {
  void operator()(ZSTD_CCtx* stream) const { ZSTD_freeCCtx(stream); }
};

}  // namespace

struct BuildLog::State {
  explicit State(Store& store) : writer(store.StartWriting()), stream(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_checksumFlag, 1);
  }
  void Compress(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    std::vector<char> buffer(ZSTD_CStreamOutSize());
    std::size_t left = 0;
    do {
      ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
      left = ZSTD_compressStream2(stream.get(), &output, &input, directive);
      if (ZSTD_isError(left) != 0) throw Error(Msg("compress the build log: {}", std::string_view(ZSTD_getErrorName(left))));
      writer.Write({buffer.data(), output.pos});
    } while (directive == ZSTD_e_end ? left != 0 : input.pos < input.size);
  }
  Store::Writer writer;
  std::unique_ptr<ZSTD_CCtx, StreamDeleter> stream;
};

BuildLog::BuildLog(Store& store) : state_(std::make_unique<State>(store)) {}
BuildLog::~BuildLog() = default;

void BuildLog::Write(std::string_view piece) {
  state_->Compress(piece, ZSTD_e_continue);
  partial_.append(piece);
  std::size_t begin = 0;
  for (std::size_t end = partial_.find('\n'); end != partial_.npos; end = partial_.find('\n', begin)) {
    std::string line = partial_.substr(begin, std::min(end - begin, kMaxLine));
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    last_line_ = line;
    tail_.push_back(std::move(line));
    if (tail_.size() > kTailLines) tail_.pop_front();
  }
  partial_.erase(0, begin);
  if (partial_.size() > 65536) partial_.erase(0, partial_.size() - kMaxLine);
}

ContentId BuildLog::Finish() {
  state_->Compress("", ZSTD_e_end);
  return state_->writer.Commit("build.log.zst");
}

std::string BuildLog::FailureLine() const {
  if (tail_.empty()) return "no output";
  // What make and dpkg-buildpackage say at the end only repeats that something below them failed.
  static constexpr std::array<std::string_view, 4> kMessengers = {"make: ", "make[", "dpkg-buildpackage: ", "ninja: "};
  static constexpr std::array<std::string_view, 7> kMarks = {"error: ",     " error ",   "ERROR",           "FAILED",
                                                             ": not found", "undefined reference", "No such file or directory"};
  const auto contains = [](const auto& marks, const auto& test) { return std::any_of(marks.begin(), marks.end(), test); };
  for (const std::string& line : tail_) {
    if (contains(kMessengers, [&](std::string_view mark) { return line.starts_with(mark); })) continue;
    if (contains(kMarks, [&](std::string_view mark) { return line.find(mark) != line.npos; })) return Printable(line);
  }
  for (const std::string& line : tail_) {
    if (line.starts_with("make") && line.find(" Error ") != line.npos) return Printable(line);
  }
  return Printable(tail_.back());
}

}  // namespace nachbau::builder
