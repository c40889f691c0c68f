# Sourced by the end-to-end tests. They run in a fresh directory $TOP (run_e2e.sh), which has bin/, archive/ and keys/
# (the kit), tests/, work/. $ROOTS outlives one test: what e2e.roots has prepared for the others of this user.
# $SECOND is set where another user runs the same tests.
#
# The vocabulary:
#   start_server [PATTERN=FAULT]…   serves $archive, writes the apt configuration for it; stop_server
#   fresh_home                      a new, empty --home and workspace
#   prepared_home                   the same with the build root of the kit's packages, which e2e.roots has made
#   nachbau ARGUMENT…               the program on this archive and this home
#   expect CODE WORD…               runs nachbau WORD…, which must end with CODE; its output is in $out and $err
#   says TEXT / says_not TEXT       the last output (stdout and stderr) has this text / has it not
#   json EXPRESSION                 prints a Python expression over the last JSON output `d`
#   ok CLAIM                        tells what was shown
#   once CLAIM                      for what does not depend on who runs it: true where the tests run as the first user
set -euo pipefail
. "$TOP/tests/kit/archive.sh"

unset NACHBAU_LANG
export LC_ALL=C.UTF-8
# Leaks are looked for by the unit tests; here killed processes would make noise.
export ASAN_OPTIONS=detect_leaks=0

archive=$TOP/archive
apt_root=$TOP/apt
home=
work=
out=$TOP/out
err=$TOP/err
server_pid=
claims=0

ok() {
  claims=$((claims + 1))
  printf 'ok %d - %s (%ss)\n' "$claims" "$*" "$SECONDS"
}

once() {
  [ -z "$SECOND" ] || { printf 'left to the first user: %s\n' "$*"; return 1; }
}

die() {
  printf 'FAILED: %s\n' "$*"
  printf -- '--- standard output\n'; tail -n 60 "$out" 2> /dev/null || true
  printf -- '--- standard error\n'; tail -n 60 "$err" 2> /dev/null || true
  exit 1
}

start_server() {
  stop_server
  rm -f "$TOP/port" "$TOP/server-input"
  mkfifo "$TOP/server-input"
  "$TOP/bin/kit_server" "$archive" "$TOP/port" "$@" < "$TOP/server-input" > "$TOP/requests" 2> "$TOP/server-errors" &
  server_pid=$!
  exec {server_input}> "$TOP/server-input"
  local i
  for i in $(seq 100); do
    [ -s "$TOP/port" ] && break
    sleep 0.1
  done
  [ -s "$TOP/port" ] || { cat "$TOP/server-errors"; die "the server did not start"; }
  url=$(cat "$TOP/port")
  mkdir -p "$apt_root/etc/apt/sources.list.d" "$apt_root/etc/apt/keyrings"
  cp "$TOP/keys/archive.gpg" "$apt_root/etc/apt/keyrings/kit.gpg"
  printf '%s\n' 'Types: deb' "URIs: $url" 'Suites: kit' 'Components: main' 'Signed-By: /etc/apt/keyrings/kit.gpg' \
    > "$apt_root/etc/apt/sources.list.d/kit.sources"
}

# After it, $TOP/requests says what was asked for.
stop_server() {
  [ -n "$server_pid" ] || return 0
  exec {server_input}>&-
  wait "$server_pid" || die "the server ended badly: $(cat "$TOP/server-errors")"
  server_pid=
}
trap 'if [ -n "$server_pid" ]; then kill "$server_pid" 2> /dev/null || true; fi' EXIT

fresh_home() {
  home=$(mktemp -d "$TOP/home.XXXXXX")
  work=$(mktemp -d "$TOP/work.XXXXXX")
}

# Unpacking and configuring a root takes most of the time of a test that is about something else.
prepared_home() {
  fresh_home
  as_root_inside cp -al "$ROOTS/cache" "$home/cache" || die "no prepared root in $ROOTS: run the test e2e.roots first"
}

# The files of roots belong to subordinate ids, where there is no root.
as_root_inside() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else unshare --map-auto --map-root-user "$@"; fi
}

nachbau() {
  "$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" --origin 'Nachbau kit' -C "$work" "$@"
}

expect() {
  local wanted=$1 code=0
  shift
  nachbau "$@" > "$out" 2> "$err" < /dev/null || code=$?
  [ "$code" -eq "$wanted" ] || die "nachbau $* ended with $code, not $wanted"
  if grep -qE 'AddressSanitizer|runtime error:|internal error' "$err"; then die "nachbau $*: a bug of the program"; fi
}

says() { grep -qF -- "$1" "$out" "$err" || die "it does not say: $1"; }
says_not() { ! grep -qF -- "$1" "$out" "$err" || die "it says: $1"; }
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$out" "$1"; }
json_is() {
  local value
  value=$(json "$1")
  [ "$value" = "$2" ] || die "$1 is $value, not $2"
}

store_is_clean() {
  expect 0 store verify
  says ', 0 damaged'
  [ -z "$(find "$home/store" -name '*.tmp*' -o -name 'tmp' -type f)" ] || die "half-written objects are left"
}

# What a build left running or mounted. Sandboxed processes have their work directory below the home, or run as one of
# the subordinate ids of this user.
nothing_left_behind() {
  local i left=
  for i in $(seq 50); do  # the kernel needs a moment to take a pid namespace down
    left=$(pgrep -af "$1" || true)
    [ -z "$left" ] && break
    sleep 0.1
  done
  [ -z "$left" ] || die "processes are left: $left"
  ! grep -qF "$home" /proc/self/mountinfo || die "mounts are left: $(grep -F "$home" /proc/self/mountinfo)"
}
