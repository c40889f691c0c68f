// The one tree of exceptions. An exception says "this could not be done"; an answer (differs, denied, bad signature) is
// a value. Only main() turns exceptions into text.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace nachbau {

class Error : public std::exception {
 public:
  explicit Error(Message message) { parts_.push_back(std::move(message)); }

  // Puts a "while doing this" in front; outermost first in what().
  void AddContext(Message context);
  // What the person in front of the screen can do next. Shown on a line of its own.
  Error& SetHint(Message hint);

  const std::vector<Message>& parts() const { return parts_; }
  const std::vector<Message>& hints() const { return hints_; }
  // English, "outer: inner".
  const char* what() const noexcept override { return (Refresh(), what_.c_str()); }

 private:
  void Refresh() const noexcept;
  std::vector<Message> parts_;
  std::vector<Message> hints_;
  mutable std::string what_;
};

// Bytes from outside are not what their format says. `line` is 1-based; 0 where lines have no meaning.
class ParseError : public Error {
 public:
  ParseError(std::string_view input_name, std::uint64_t line, Message detail);
};

// The kernel refused. `operation` names what was tried on what: Msg("open {}", path).
class SystemError : public Error {
 public:
  SystemError(int error_number, Message operation);
  int error_number() const { return error_number_; }

 private:
  int error_number_;
};

// The other side refused or could not be reached. `status` is the HTTP status, 0 when there was none.
class NetworkError : public Error {
 public:
  NetworkError(std::string_view url, long status, Message detail);
  long status() const { return status_; }

 private:
  long status_;
};

// Bytes do not have the digest (or size) that names them.
class IntegrityError : public Error {
 public:
  IntegrityError(std::string_view what, std::string_view expected, std::string_view actual);
};

// The command line or a configuration file asks for something that does not exist.
class UsageError : public Error {
 public:
  using Error::Error;
};

// Something needed to answer is not there (a key, a document, a reference, a kernel feature).
class MissingError : public Error {
 public:
  using Error::Error;
};

// Ctrl-C or a termination signal.
class CancelledError : public Error {
 public:
  CancelledError();
};

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line) noexcept;

}  // namespace nachbau

// A bug in this program: prints and aborts.
#define NACHBAU_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::nachbau::CheckFailed(#condition, __FILE__, __LINE__))
