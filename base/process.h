// Child processes: never through a shell, nothing inherited that was not named.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nachbau {

struct ProcessRequest {
  std::vector<std::string> arguments;  // arguments[0] is looked up in PATH when it has no '/'
  // The whole environment of the child. By default only PATH, and LC_ALL=C.UTF-8 so that messages can be parsed.
  std::map<std::string, std::string> environment = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C.UTF-8"}};
  std::string standard_input;
  std::string working_directory;                 // empty: stay
  std::uint64_t output_limit = 64ULL << 20;      // bytes per stream; beyond it the child is killed
  std::uint32_t timeout_seconds = 300;           // beyond it the child is killed
};

struct ProcessResult {
  int exit_code = -1;  // 128 + signal number when killed by a signal
  std::string standard_output;
  std::string standard_error;
};

// Runs to the end. A non-zero exit is a result. Throws SystemError if the program cannot be started, Error on time-out
// or too much output.
ProcessResult RunProcess(const ProcessRequest& request);

}  // namespace nachbau
