#include "builder/sandbox/report.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace nachbau::builder {
namespace {

void Append(char* to, std::size_t size, const char* text) {
  std::size_t at = std::strlen(to);
  while (at + 1 < size && *text != '\0') to[at++] = *text++;
  to[at] = '\0';
}

void Send(int socket, const Report& report) {
  while (::send(socket, &report, sizeof report, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

}  // namespace

void StepReporter::Fail(const char* step, const char* what, const char* detail) const {
  Report report;
  report.kind = Report::Kind::kFailed;
  report.error_number = errno;
  Append(report.step, sizeof report.step, step);
  if (what != nullptr) {
    Append(report.step, sizeof report.step, " ");
    Append(report.step, sizeof report.step, what);
  }
  if (detail != nullptr) Append(report.detail, sizeof report.detail, detail);
  Send(socket_, report);
  ::_exit(120);
}

void StepReporter::Ended(int status) const {
  Report report;
  report.kind = Report::Kind::kEnded;
  report.status = status;
  Send(socket_, report);
}

namespace {

void SendWithDescriptors(const StepReporter& step, Report::Kind kind, const int* descriptors, std::size_t count) {
  Report report;
  report.kind = kind;
  iovec part{&report, sizeof report};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
  step.Check(::sendmsg(step.socket(), &message, MSG_NOSIGNAL), "report to the outside");
}

}  // namespace

void StepReporter::Ready(int proc) const { SendWithDescriptors(*this, Report::Kind::kReady, &proc, 1); }

void StepReporter::Terminal(int master) const { SendWithDescriptors(*this, Report::Kind::kTerminal, &master, 1); }

void StepReporter::Observe(int listener, int root) const {
  const int descriptors[] = {listener, root};
  SendWithDescriptors(*this, Report::Kind::kObserve, descriptors, 2);
}

}  // namespace nachbau::builder
