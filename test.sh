#!/usr/bin/env bash
# Installs what is missing, builds with AddressSanitizer and UBSan, runs every test. Arguments go to ctest, for example
# ./test.sh -R e2e (only some), ./test.sh -L store (one room).
#
# As root, the end-to-end tests run as root and as the ordinary user nachbau-test, who is made for it; otherwise they run
# as the calling user only.
set -euo pipefail
nachbau_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$nachbau_tree/setup/setup.sh"

keep_ssh_server_off
ensure_packages "${build_packages[@]}" "${test_packages[@]}"
ensure_schemas with-oracles
ensure_embedded_library_table
if [ "$(id -u)" -eq 0 ]; then
  if ! id nachbau-test > /dev/null 2>&1; then
    say "nachbau: making the ordinary user nachbau-test for the tests"
    useradd --create-home --shell /bin/sh nachbau-test
  fi
  ensure_subordinate_ids nachbau-test
else
  ensure_subordinate_ids "$(id -un)"
  say "nachbau: not root: tests run as $(id -un) only; as root they would also run as a second, ordinary user"
fi
build asan

cd "$nachbau_tree"
exec ctest --preset asan --parallel 2 "$@"
