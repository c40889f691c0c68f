#include "builder/build_log.h"

#include <zstd.h>

#include <vector>

#include "base/error.h"

namespace nachbau::builder {
namespace {

constexpr int kLevel = 9;
constexpr std::size_t kShown = 400;  // bytes of the last line

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

BuildLog::BuildLog(Store& store, std::function<void(std::string_view)> each_line)
    : state_(std::make_unique<State>(store)),
      each_line_(std::move(each_line)),
      splitter_([this](std::uint64_t number, std::string_view line) { Line(number, line); }) {}
BuildLog::~BuildLog() = default;

void BuildLog::Line(std::uint64_t number, std::string_view line) {
  finder_.Line(number, line);
  if (each_line_) each_line_(line);
  if (line.find_first_not_of(" \t\r") != line.npos) last_line_ = line.substr(0, kShown);
}

void BuildLog::Write(std::string_view piece) {
  state_->Compress(piece, ZSTD_e_continue);
  splitter_.Write(piece);
}

ContentId BuildLog::Finish() {
  splitter_.Finish();
  state_->Compress("", ZSTD_e_end);
  return state_->writer.Commit("build.log.zst");
}

std::string BuildLog::FailureLine() const {
  const LogExcerpt excerpt = finder_.Find();
  return excerpt.lines.empty() ? "no output" : excerpt.lines[excerpt.telling];
}

}  // namespace nachbau::builder
