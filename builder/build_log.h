// The output of a build: compressed on its way into the store, its last lines kept for the record.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "store/store.h"

namespace nachbau::builder {

class BuildLog {
 public:
  explicit BuildLog(Store& store);
  ~BuildLog();
  void Write(std::string_view piece);
  // The last complete line so far, as it came.
  const std::string& last_line() const { return last_line_; }
  // Ends the compressed stream and stores it.
  ContentId Finish();
  // The line that tells best why a build failed, of the last lines: the first that names an error, else the first
  // complaint of make, else the last one. Printable.
  std::string FailureLine() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string partial_, last_line_;
  std::deque<std::string> tail_;
};

}  // namespace nachbau::builder
