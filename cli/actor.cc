#include "cli/actor.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::cli {

CallingAccount FindCallingAccount() {
  CallingAccount account;
  const uid_t user = ::getuid();
  const passwd* entry = ::getpwuid(user);
  account.login = entry != nullptr ? entry->pw_name : std::to_string(user);
  if (!IsActorName(account.login)) account.login = std::to_string(user);
  const char* sudo_user = user == 0 ? std::getenv("SUDO_USER") : nullptr;
  if (sudo_user != nullptr && IsActorName(sudo_user) && account.login != sudo_user) account.sudo_from = sudo_user;
  return account;
}

EventActor ChooseActor(const Arguments& arguments, const Configuration& configuration, const CallingAccount& account) {
  EventActor actor;
  actor.account = account.login;
  actor.sudo_from = account.sudo_from;
  actor.name = !arguments.actor.empty()              ? arguments.actor
               : !configuration.operator_name.empty() ? configuration.operator_name
               : !account.sudo_from.empty()           ? account.sudo_from
                                                      : account.login;
  actor.role = !arguments.role.empty() ? arguments.role : configuration.operator_role;
  for (const std::string* name : {&actor.name, &actor.role}) {
    if (name->empty() || IsActorName(*name)) continue;
    UsageError error(Msg("not a name for a person or a role: {}", Printable(name->substr(0, 100))));
    error.SetHint(Msg("a name has 1 to 100 bytes and no control characters"));
    throw error;
  }
  return actor;
}

}  // namespace nachbau::cli
