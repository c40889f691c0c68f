// Who is at work, for the record.
#pragma once

#include <string>

#include "cli/arguments.h"
#include "cli/configuration.h"
#include "model/event.h"

namespace nachbau::cli {

struct CallingAccount {
  std::string login;      // of the real user id; its number where it has no name
  std::string sudo_from;  // who called sudo; empty without it
};
// SUDO_USER counts for root alone: anybody else can set it to anything.
CallingAccount FindCallingAccount();

// The person is who --as or nachbau.toml names, else who called sudo, else the account. The account is recorded beside.
// Throws UsageError for names that are none.
EventActor ChooseActor(const Arguments& arguments, const Configuration& configuration, const CallingAccount& account);

}  // namespace nachbau::cli
