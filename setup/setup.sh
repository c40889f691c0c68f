# Sourced by run.sh and test.sh: brings a fresh Debian 12 machine to the point where Nachbau is built. Everything here
# checks first and does only what is missing, so that a second call costs a fraction of a second. Speaks on stderr.
#
# Needs: nachbau_tree (absolute path of the source tree).

build_packages=(
  g++ cmake ninja-build pkg-config ccache gettext
  libarchive-dev libssl-dev nlohmann-json3-dev libsqlite3-dev libapt-pkg-dev librnp-dev libcurl4-openssl-dev
  libseccomp-dev libzstd-dev libelf-dev libdw-dev libgit2-dev libre2-dev libtomlplusplus-dev libcli11-dev
  uidmap ca-certificates openssh-client
)
test_packages=(
  libgtest-dev libgmock-dev git gnupg gpgv curl dpkg-dev apt-utils fakeroot xz-utils zstd openssl python3 clang-tidy-14
  util-linux openssh-server minisign signify-openbsd dwz
)

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "nachbau: $*"
  exit 2
}

# Runs a command as root; says which one, because sudo may ask for a password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    say "nachbau: running: sudo $*"
    sudo "$@"
  else
    fail "this needs root, and there is no sudo here. Please run as root: $*"
  fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null | sed -n 's/^installed //p') || true
  printf '%s\n' "$@" | sort -u | comm -23 - <(sort -u <<< "$installed")
}

ensure_packages() {
  local wanted=("$@") missing=()
  # A Node.js that does not come from Debian brings its own npm; Debian's npm would push it out.
  command -v npm > /dev/null || wanted+=(nodejs npm)
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  [ "${#missing[@]}" -eq 0 ] && return
  say "nachbau: installing ${#missing[@]} Debian packages: ${missing[*]}"
  # A third-party archive that is down fails "update" as a whole; what matters is whether the packages can be installed.
  as_root apt-get update -qq >&2 || say "nachbau: not every apt archive could be updated; going on with those that could"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2 ||
    fail "apt-get could not install the packages above. 'apt-get install ${missing[*]}' shows why."
}

# The tests start an ssh server of their own, on a port and with keys of their own. The machine must not get one as a
# service by that: Debian's package starts none where this file is (see its README.Debian and its systemd unit).
keep_ssh_server_off() {
  [ -z "$(missing_packages openssh-server)" ] && return
  [ -e /etc/ssh/sshd_not_to_be_run ] && return
  say "nachbau: openssh-server is installed for the tests only; /etc/ssh/sshd_not_to_be_run keeps it from running"
  as_root mkdir -p /etc/ssh
  as_root touch /etc/ssh/sshd_not_to_be_run
}

# ensure_schemas [with-oracles]: the CycloneDX schemas, and for the tests the validators of other people that ours is compared
# with. Pinned by package-lock.json; no script of any npm package runs.
ensure_schemas() {
  local lock=$nachbau_tree/package-lock.json installed=$nachbau_tree/node_modules/.installed-lock.json
  local omit=(--omit=dev) what="the CycloneDX schemas"
  if [ "${1:-}" = with-oracles ]; then
    omit=() what="the CycloneDX schemas and what the tests compare with"
  fi
  if cmp -s "$lock" "$installed" && { [ "${#omit[@]}" -ne 0 ] || [ -d "$nachbau_tree/node_modules/ajv" ]; }; then return; fi
  say "nachbau: fetching $what (npm, pinned by package-lock.json)"
  (cd "$nachbau_tree" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "${omit[@]}" >&2) ||
    fail "npm could not fetch what is named in $lock"
  cp "$lock" "$installed"
}

# The table of texts by which a program shows that it holds a copy of a library: a file of Debian's package lintian.
# Installing that would bring about 120 packages; only the file is wanted. Like every package it is authenticated by apt.
ensure_embedded_library_table() {
  local data=$nachbau_tree/build/data table_lock
  local directory=$data/lintian work=$data/fetching
  [ -s "$directory/embedded-libs" ] && [ -s "$directory/version" ] && return
  mkdir -p "$data" 2> /dev/null && [ -w "$data" ] ||
    fail "$nachbau_tree/build cannot be written: it belongs to $(stat -c %U "$nachbau_tree"). Use a tree of your own."
  exec {table_lock}> "$data/.setup.lock"
  flock "$table_lock"
  if [ ! -s "$directory/version" ]; then
    say "nachbau: fetching the table of embedded libraries (a file of the Debian package lintian)"
    rm -rf "$work" "$directory"  # of a fetch that was cut short
    mkdir "$work"
    take_embedded_library_table "$work" || fail "the Debian package lintian could not be fetched, or has no table of
  embedded libraries any more. 'apt-get download lintian' shows why."
    mv -T "$work/lintian" "$directory"
    rm -rf "$work"
  fi
  exec {table_lock}>&-
}

# Into the folder lintian of the given one, which is empty.
take_embedded_library_table() {
  local work=$1 deb
  chmod 755 "$work" && mkdir "$work/lintian" || return
  # As root, apt has an unprivileged user fetch it, who must be able to write here.
  [ "$(id -u)" -ne 0 ] || chown _apt "$work" || return
  if ! (cd "$work" && apt-get download -qq lintian) > "$work/log" 2>&1; then
    as_root apt-get update -qq >&2 || say "nachbau: not every apt archive could be updated; going on with those that could"
    (cd "$work" && apt-get download -qq lintian) > "$work/log" 2>&1 || { cat "$work/log" >&2 && return 1; }
  fi
  deb=$(find "$work" -maxdepth 1 -name 'lintian_*.deb') && [ -n "$deb" ] || return
  (
    set -o pipefail
    dpkg-deb --fsys-tarfile "$deb" | tar -x -O ./usr/share/lintian/data/binaries/embedded-libs
  ) > "$work/lintian/embedded-libs" || return
  dpkg-deb --field "$deb" Version | tr -d '\n' > "$work/lintian/version" || return
  [ -s "$work/lintian/embedded-libs" ] && [ -s "$work/lintian/version" ]
}

# Building as an ordinary user takes a range of subordinate ids, see subuid(5). Root needs none.
ensure_subordinate_ids() {
  local user=$1 kind missing=()
  for kind in subuid subgid; do
    grep -qs "^$user:" "/etc/$kind" || missing+=("$kind")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  local first
  first=$(cat /etc/subuid /etc/subgid 2> /dev/null |
    awk -F: 'BEGIN { next_id = 100000 } $2 + $3 > next_id { next_id = $2 + $3 } END { print next_id }')
  say "nachbau: user $user has no subordinate ids yet; giving it $first-$((first + 65535)) (${missing[*]})"
  for kind in "${missing[@]}"; do
    as_root usermod "--add-${kind}s" "$first-$((first + 65535))" "$user" ||
      fail "subordinate ids could not be given; 'nachbau doctor' tells more"
  done
}

# One compiler for each processor, as long as each has 1.5 GB of memory.
compilers_at_once() {
  local processors memory
  processors=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < processors ? memory : processors))
}

# build PRESET [TARGET…]: configures when needed, then lets ninja decide what is to be done.
build() {
  local preset=$1 directory=$nachbau_tree/build/$1
  shift
  mkdir -p "$directory" 2> /dev/null && [ -w "$directory" ] ||
    fail "$directory cannot be written: it belongs to $(stat -c %U "$nachbau_tree"). Use a tree of your own."
  exec {lock}> "$directory/.setup.lock"
  flock "$lock"
  if [ -f "$directory/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$nachbau_tree" "$directory/CMakeCache.txt"; then
    say "nachbau: the tree was moved; starting its build afresh"
    rm -rf "$directory"/CMakeCache.txt "$directory"/CMakeFiles
  fi
  if [ ! -f "$directory/build.ninja" ]; then
    local launcher=()
    command -v ccache > /dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    (cd "$nachbau_tree" && cmake --preset "$preset" "${launcher[@]}") > "$directory/configure.log" 2>&1 || {
      tail -n 30 "$directory/configure.log" >&2
      fail "cmake could not configure the build; the whole output is in $directory/configure.log"
    }
  fi
  local pending jobs
  jobs=$(compilers_at_once)
  pending=$(ninja -C "$directory" -n "$@" | grep -c '^\[' || true)
  if [ "$pending" -gt 0 ]; then
    say "nachbau: building ($pending steps at most; some minutes the first time)"
    if [ -t 2 ]; then
      NINJA_STATUS='  [%f/%t, %es] ' ninja -C "$directory" -j "$jobs" "$@" >&2 || fail "the build failed, see above"
    else
      ninja -C "$directory" -j "$jobs" "$@" > "$directory/build.log" 2>&1 || {
        grep -A 20 -m 3 'FAILED' "$directory/build.log" >&2 || tail -n 30 "$directory/build.log" >&2
        fail "the build failed; the whole output is in $directory/build.log"
      }
    fi
  fi
  exec {lock}>&-
}
