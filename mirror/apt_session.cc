#include "mirror/apt_session.h"

#include <apt-pkg/aptconfiguration.h>
#include <apt-pkg/error.h>
#include <apt-pkg/init.h>
#include <apt-pkg/pkgsystem.h>

#include <utility>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

// Every setting by hand: pkgInitConfig would read apt.conf and APT_CONFIG.
void Configure(const std::filesystem::path& directory, const std::string& architecture, bool keep_indexes) {
  const std::string base = directory.string() + "/";
  const std::pair<const char*, std::string> settings[] = {
      {"APT::System", "Debian dpkg interface"},
      {"APT::Architecture", architecture},
      {"APT::Architectures::", architecture},
      {"APT::Install-Recommends", "false"},
      {"APT::Install-Suggests", "false"},
      {"APT::Build-Profiles", ""},
      {"APT::Cache-Start", "100663296"},
      {"Acquire::Languages", "none"},
      {"Acquire::IndexTargets::deb::Packages::MetaKey", "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"},
      {"Acquire::IndexTargets::deb::Packages::flatMetaKey", "Packages"},
      {"Acquire::IndexTargets::deb::Packages::ShortDescription", "Packages"},
      {"Acquire::IndexTargets::deb::Packages::Description", "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages"},
      {"Acquire::IndexTargets::deb::Packages::flatDescription", "$(RELEASE) Packages"},
      {"Acquire::IndexTargets::deb::Packages::Optional", "false"},
      {"Dir", "/"},
      {"Dir::State", base + "state"},
      {"Dir::State::lists", base + "lists/"},
      {"Dir::State::status", base + "status"},
      {"Dir::State::extended_states", base + "extended_states"},
      {"Dir::Cache", base + "cache"},
      {"Dir::Cache::archives", base + "cache/archives/"},
      {"Dir::Cache::pkgcache", ""},  // in memory only
      {"Dir::Cache::srcpkgcache", keep_indexes ? base + "cache/indexes.bin" : ""},
      {"Dir::Etc", base + "etc"},
      {"Dir::Etc::sourcelist", base + "sources.list"},
      {"Dir::Etc::sourceparts", "/dev/null"},
      {"Dir::Etc::preferences", "/dev/null"},
      {"Dir::Etc::preferencesparts", "/dev/null"},
      {"Dir::Etc::main", "/dev/null"},
      {"Dir::Etc::parts", "/dev/null"},
      {"Dir::Etc::netrc", "/dev/null"},
      {"Dir::Etc::netrcparts", "/dev/null"},
      {"Dir::Etc::trusted", "/dev/null"},
      {"Dir::Etc::trustedparts", "/dev/null"},
      {"Dir::Bin::dpkg", "/usr/bin/dpkg"},
      {"Dir::Log", base + "log"},
  };
  for (const auto& [key, value] : settings) _config->Set(key, value);
}

}  // namespace

AptSession::AptSession(const AptTree& tree, const std::string& architecture, bool keep_indexes)
    : lock_(AptMutex()), saved_(_config) {
  _error->PushToStack();
  _config = &configuration_;
  Configure(tree.directory(), architecture, keep_indexes);
  if (!pkgInitSystem(*_config, _system)) Fail();
  // These keep what they saw first in static variables unless told to look again.
  APT::Configuration::getArchitectures(false);
  APT::Configuration::getLanguages(false);
  APT::Configuration::getCompressors(false);
}

AptSession::~AptSession() {
  _config = saved_;
  _error->RevertToStack();
}

void AptSession::Fail() {
  std::string messages;
  while (!_error->empty()) {
    std::string message;
    _error->PopMessage(message);
    messages += (messages.empty() ? "" : "; ") + message;
  }
  throw Error(Msg("libapt-pkg cannot read the package indexes: {}", messages));
}

}  // namespace nachbau::mirror
