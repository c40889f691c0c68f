// The output of a build: compressed on its way into the store, looked through on the way.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "builder/failure_finder.h"
#include "builder/log_lines.h"
#include "store/store.h"

namespace nachbau::builder {

class BuildLog {
 public:
  // `each_line`, where there is one, gets every line as it comes, without its end.
  explicit BuildLog(Store& store, std::function<void(std::string_view)> each_line = nullptr);
  ~BuildLog();
  void Write(std::string_view piece);
  // The last complete line so far, as it came.
  const std::string& last_line() const { return last_line_; }
  // Ends the compressed stream and stores it.
  ContentId Finish();
  // The line that tells best why a build failed (failure_finder.h). Printable; "no output" when there is none.
  std::string FailureLine() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  void Line(std::uint64_t number, std::string_view line);
  std::function<void(std::string_view)> each_line_;
  std::string last_line_;
  FailureFinder finder_;
  LineSplitter splitter_;
};

}  // namespace nachbau::builder
