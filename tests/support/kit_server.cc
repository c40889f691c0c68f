// kit_server ROOT PORT_FILE [PATTERN=FAULT]…
//
// Serves ROOT on 127.0.0.1 until its standard input ends or a signal comes; writes its base URL into PORT_FILE when it
// is ready. Faults as in http_server.h: '*.deb=404', '*/InRelease=cut:100*1'. At the end it prints what was asked for,
// one "METHOD PATH RANGE" a line.
#include <unistd.h>

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/http_server.h"

int main(int argc, char** argv) {
  using nachbau::kit::HttpServer;
  if (argc < 3) {
    std::fprintf(stderr, "usage: kit_server ROOT PORT_FILE [PATTERN=FAULT]...\n");
    return 2;
  }
  try {
    HttpServer server(argv[1]);
    for (int i = 3; i < argc; ++i) {
      const std::string_view argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (equals == argument.npos) throw nachbau::UsageError(nachbau::Msg("'{}' has no '='", argument));
      server.SetFault(std::string(argument.substr(0, equals)),
                      nachbau::kit::ParseFault(argument.substr(equals + 1)));
    }
    nachbau::WriteFileAtomically(argv[2], server.Url() + "\n");
    char byte;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    for (const HttpServer::Request& request : server.Requests()) {
      std::printf("%s %s %s\n", request.method.c_str(), request.path.c_str(), request.range.c_str());
    }
    return 0;
  } catch (const nachbau::Error& error) {
    std::fprintf(stderr, "kit_server: %s\n", error.what());
    return 2;
  }
}
