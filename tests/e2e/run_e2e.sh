#!/usr/bin/env bash
# run_e2e.sh USER BUILD KIT SCRIPT
#
# Runs SCRIPT (one of this directory) against the program of the build tree BUILD, with its own copy of the test kit KIT
# and its own everything else. USER is "self" or the name of an ordinary user (then this must run as root).
set -euo pipefail
user=$1 build=$2 kit=$3 script=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

# Not /tmp: that is a file system in memory on many machines. The path is short, because sockets have short names.
top=$(mktemp -d /var/tmp/nachbau-e2e.XXXXXX)
cleanup() {
  local code=$?
  # Build roots hold files of subordinate ids, which only their user (or root) can remove: through the program's own
  # user namespace tool where there is no root.
  rm -rf "$top" 2> /dev/null || unshare --map-auto --map-root-user rm -rf "$top" || true
  exit "$code"
}
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

mkdir "$top/bin" "$top/tests"
cp "$build/cli/nachbau" "$build/tests/support/kit_server" "$top/bin/"
cp -r "$here/." "$top/tests/e2e"
cp -r "$here/../support/kit" "$top/tests/kit"
cp -a "$kit/archive" "$kit/keys" "$top/"
mkdir "$top/work"
export TOP=$top
ROOTS=/var/tmp/nachbau-e2e-roots.$(if [ "$user" = self ]; then id -u; else id -u "$user"; fi)
SECOND=
[ "$user" = self ] || SECOND=yes
export ROOTS SECOND
if [ "$user" = self ]; then
  bash "$top/tests/e2e/$script"
else
  chmod 755 "$top"
  chown -R "$user:" "$top"
  # Nothing of root's session goes along.
  setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i TOP="$top" ROOTS="$ROOTS" SECOND="$SECOND" HOME="$(getent passwd "$user" | cut -d: -f6)" \
    USER="$user" PATH="$PATH" LC_ALL=C.UTF-8 bash "$top/tests/e2e/$script"
fi
