#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace nachbau {

void Error::AddContext(Message context) { parts_.insert(parts_.begin(), std::move(context)); }

Error& Error::SetHint(Message hint) {
  hints_.push_back(std::move(hint));
  return *this;
}

void Error::Refresh() const noexcept {
  try {
    what_.clear();
    for (const Message& part : parts_) {
      if (!what_.empty()) what_ += ": ";
      what_ += Render(part);
    }
  } catch (...) {  // out of memory while telling of an error: the empty text is all that is left
    what_.clear();
  }
}

namespace {
std::string Place(std::string_view input_name, std::uint64_t line) {
  std::string place(input_name);
  if (line != 0) place += ":" + std::to_string(line);
  return place;
}
}  // namespace

ParseError::ParseError(std::string_view input_name, std::uint64_t line, Message detail)
    : Error(std::move(detail)) {
  AddContext(Msg("{}", Place(input_name, line)));
}

SystemError::SystemError(int error_number, Message operation)
    : Error(Msg("{}", std::string_view(std::strerror(error_number)))), error_number_(error_number) {
  AddContext(std::move(operation));
}

NetworkError::NetworkError(std::string_view url, long status, Message detail)
    : Error(std::move(detail)), status_(status) {
  AddContext(Msg("{}", url));
}

IntegrityError::IntegrityError(std::string_view what, std::string_view expected, std::string_view actual)
    : Error(Msg("{}: expected {}, found {}", what, expected, actual)) {}

CancelledError::CancelledError() : Error(Msg("cancelled")) {}

void CheckFailed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "nachbau: internal error: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace nachbau
