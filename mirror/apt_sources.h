// The archives that an apt configuration names (sources.list(5), apt.conf(5)).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace nachbau::mirror {

struct AptArchive {
  std::string uri;    // base, without final slash
  std::string suite;  // below dists/
  std::vector<std::string> components;  // in configured order
  std::string keyring;                  // binary; the keys it may be signed with: those that Signed-By names, or of
                                        // apt's trusted keyrings where there is no Signed-By
  std::string problem;                  // English: why it cannot be used; empty where it can
  std::vector<std::string> signed_by;   // fingerprints that Signed-By names, see Admits; empty: any key of `keyring`
};

struct AptSetup {
  std::vector<AptArchive> archives;            // in configured order; each URI and suite once
  std::string architecture;                    // native architecture of the configuration
  std::map<std::string, std::string> proxies;  // for MakeFetcher
};

// Reads etc/apt beneath `root` with libapt-pkg: one-line and deb822 format. Sources are assumed to offer source
// packages too. Throws ParseError for a malformed configuration.
AptSetup ReadAptSetup(const std::filesystem::path& root);

// Where files of the archive `uri` may be asked for, in this order. That is `uri` itself where it is an archive of this machine.
// One that a lock from elsewhere names may be out of reach: then first the archives of this machine, because mirrors hold the
// same files under the same paths. Digests tell.
std::vector<std::string> PlacesToAsk(const AptSetup& setup, const std::string& uri);

}  // namespace nachbau::mirror
