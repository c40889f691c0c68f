#!/usr/bin/env bash
# Installs what is missing, builds Nachbau where something changed, and runs it:
#
#   ./run.sh rebuild dnsmasq
#
# Root is needed only to install Debian packages and, once, to give the user subordinate ids (sudo asks for that).
set -euo pipefail
nachbau_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$nachbau_tree/setup/setup.sh"

ensure_packages "${build_packages[@]}"
ensure_schemas
ensure_embedded_library_table
[ "$(id -u)" -eq 0 ] || ensure_subordinate_ids "$(id -un)"
build release nachbau

[ $# -gt 0 ] || set -- --help
exec "$nachbau_tree/build/release/cli/nachbau" "$@"
