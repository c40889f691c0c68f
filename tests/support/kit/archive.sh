# Sourced by make_kit.sh and by tests that change an archive: indexes, Release file, signature.

# make_key DIRECTORY NAME: a throw-away signing key, as NAME.gpg (public) and NAME.sec.
make_key() {
  local home
  mkdir -p "$1"
  home=$(mktemp -d /tmp/kit-gpg.XXXXXX)
  gpg --homedir "$home" --batch --quiet --passphrase '' --quick-generate-key "Nachbau kit $2 <kit@example.org>" \
    ed25519 sign never
  gpg --homedir "$home" --batch --quiet --export > "$1/$2.gpg"
  gpg --homedir "$home" --batch --quiet --export-secret-keys > "$1/$2.sec"
  gpgconf --homedir "$home" --kill all
  rm -rf "$home"
}

# make_indexes ARCHIVE: Packages and Sources from what lies in pool/, compressed, also by hash.
make_indexes() (
  cd "$1"
  architecture=$(dpkg --print-architecture)
  binary=dists/kit/main/binary-$architecture source=dists/kit/main/source
  rm -rf dists
  mkdir -p "$binary" "$source"
  apt-ftparchive -q packages pool > "$binary/Packages" 2> /dev/null
  apt-ftparchive -q sources pool > "$source/Sources" 2> /dev/null
  compress_indexes
)

# compress_indexes: in the archive's directory; after a change to Packages or Sources.
compress_indexes() {
  local index
  for index in dists/kit/main/*/Packages dists/kit/main/*/Sources; do
    rm -f "$index.xz"
    xz --keep "$index"
    add_by_hash "$index.xz"
  done
}

# add_by_hash FILE
add_by_hash() {
  local directory
  directory=$(dirname "$1")/by-hash/SHA256
  mkdir -p "$directory"
  cp "$1" "$directory/$(sha256sum < "$1" | cut -d ' ' -f 1)"
}

# make_release ARCHIVE [DATE [VALID_UNTIL]]: both as date(1) understands them.
make_release() (
  cd "$1/dists/kit"
  architecture=$(dpkg --print-architecture)
  rm -f Release InRelease Release.gpg
  {
    printf '%s: %s\n' Origin 'Nachbau kit' Label 'Nachbau kit' Suite kit Codename kit Architectures "all $architecture" \
      Components main Acquire-By-Hash yes
    printf 'Date: %s\n' "$(LC_ALL=C date -u -d "${2:-now}" '+%a, %d %b %Y %H:%M:%S UTC')"
    printf 'Valid-Until: %s\n' "$(LC_ALL=C date -u -d "${3:-now + 10 days}" '+%a, %d %b %Y %H:%M:%S UTC')"
    echo SHA256:
    find main -type f ! -path '*/by-hash/*' | LC_ALL=C sort | while read -r file; do
      printf ' %s %s %s\n' "$(sha256sum < "$file" | cut -d ' ' -f 1)" "$(stat -c %s "$file")" "$file"
    done
  } > ../Release
  mv ../Release Release
)

# sign_release ARCHIVE SECRET_KEY: writes InRelease and Release.gpg.
sign_release() (
  cd "$1/dists/kit"
  home=$(mktemp -d /tmp/kit-gpg.XXXXXX)
  gpg --homedir "$home" --batch --quiet --import "$2"
  rm -f InRelease Release.gpg
  gpg --homedir "$home" --batch --quiet --clearsign --output InRelease Release
  gpg --homedir "$home" --batch --quiet --armor --detach-sign --output Release.gpg Release
  gpgconf --homedir "$home" --kill all
  rm -rf "$home"
)
