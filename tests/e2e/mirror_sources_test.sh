#!/usr/bin/env bash
# Sources that no Debian archive vouches for: git repositories over every transport, signed tarballs, npm lock files. The
# other sides are real: git http-backend, git daemon, sshd, gpg, minisign, signify, ssh-keygen, npm.
. "$TOP/tests/e2e/lib.sh"

pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done' EXIT
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$TOP/gitconfig GNUPGHOME=$TOP/gnupg
git config --file "$GIT_CONFIG_GLOBAL" user.name Alice
git config --file "$GIT_CONFIG_GLOBAL" user.email alice@example.org
git config --file "$GIT_CONFIG_GLOBAL" init.defaultBranch main
git config --file "$GIT_CONFIG_GLOBAL" protocol.file.allow always
git config --file "$GIT_CONFIG_GLOBAL" gpg.format ssh
git config --file "$GIT_CONFIG_GLOBAL" safe.directory '*'
mkdir -m 700 "$GNUPGHOME"
mkdir -p "$apt_root/etc/apt"  # no archive takes part
srv=$TOP/srv
mkdir -p "$srv/git" "$srv/lfs" "$srv/files" "$TOP/k"
for who in alice mallory carol host other; do
  ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$TOP/k/$who"
done

# Waits for something to listen.
await_port() {
  local i
  for i in $(seq 100); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then return 0; fi
    sleep 0.1
  done
  die "nothing listens on port $1"
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The repositories: a library, and a program that has it as a submodule and keeps a large file elsewhere.
sign() { git -C "$1" -c "user.signingkey=$TOP/k/$2" tag -s -m "$3" "$3" ${4:+"$4"}; }
git init -q "$TOP/library"
echo library > "$TOP/library/lib.c"
git -C "$TOP/library" add .
git -C "$TOP/library" commit -qm 'library'
git -C "$TOP/library" tag v1
up=$TOP/program
git init -q "$up"
printf 'large file\n' > "$TOP/large"
large=$(sha256sum < "$TOP/large" | cut -c 1-64)
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 11\n' "$large" > "$up/large.bin"
cp "$TOP/large" "$srv/lfs/$large"
echo 'int main() {}' > "$up/main.c"
git -C "$up" submodule -q add "$TOP/library" library
git -C "$up" config -f .gitmodules submodule.library.url ../library.git
git -C "$up" add .
git -C "$up" -c "user.signingkey=$TOP/k/alice" commit -q -S -m program
first=$(git -C "$up" rev-parse HEAD)
sign "$up" alice v1.0
sign "$up" mallory v1.1
sign "$up" carol v1.2
gpg --batch --quiet --passphrase '' --quick-gen-key 'Bob <bob@example.org>' ed25519 sign 0 2> /dev/null
git -C "$up" -c gpg.format=openpgp -c user.signingkey=bob@example.org tag -s -m v1.3 v1.3
git -C "$up" notes add -m 'a note'
git -C "$up" branch topic
git clone -q --mirror "$up" "$srv/git/program.git"
git clone -q --mirror "$TOP/library" "$srv/git/library.git"
refs_of() { git --git-dir="$1" for-each-ref --format='%(objectname) %(refname)' "${2:-refs/heads}" "${3:-refs/tags}" refs/notes; }
cache_of() { echo "$home/mirror/git/$(printf %s "$1" | sha256sum | cut -c 1-32).git"; }
same_refs() { [ "$(refs_of "$(cache_of "$1")")" = "$(refs_of "$srv/git/program.git")" ] || die "refs differ over $1"; }

fresh_home
gpg --batch --armor --export bob@example.org > "$work/bob.asc"
cp "$TOP/k/carol.pub" "$work/revoked"
cat > "$work/nachbau.toml" <<EOF
[git]
known_hosts = "known_hosts"
ssh_key = "$TOP/k/alice"
[[git_signers]]
name = "alice@example.org"
ssh = "alice.pub"
[[git_signers]]
name = "carol"
ssh = "carol.pub"
revoked = "revoked"
[[git_signers]]
name = "bob"
openpgp = "bob.asc"
EOF
cp "$TOP/k/alice.pub" "$TOP/k/carol.pub" "$work/"

python3 "$TOP/tests/e2e/git_server.py" "$srv" "$TOP/http-port" &
pids+=($!)
git_port=$(free_port)
git daemon --base-path="$srv/git" --export-all --listen=127.0.0.1 --port="$git_port" --reuseaddr "$srv/git" 2> "$TOP/daemon" &
pids+=($!)
ssh_port=$(free_port)
# sshd lets in the user that it runs as; as root the test's ordinary user, whose account has no password to be locked.
ssh_user=$(id -un)
cat > "$TOP/sshd_config" <<EOF
Port $ssh_port
ListenAddress 127.0.0.1
HostKey $TOP/k/host
AuthorizedKeysFile $TOP/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
EOF
cp "$TOP/k/alice.pub" "$TOP/authorized"
if [ "$(id -u)" -eq 0 ]; then
  ssh_user=nachbau-test
  chmod 755 "$TOP" "$TOP/k" "$srv" && chmod 644 "$TOP/k/host.pub" "$TOP/authorized"
  chown nachbau-test "$TOP/k/host"
  chmod -R a+rX "$srv" && chown -R nachbau-test "$srv/git"
  setpriv --reuid nachbau-test --regid "$(id -g nachbau-test)" --init-groups /usr/sbin/sshd -D -e -f "$TOP/sshd_config" 2> "$TOP/sshd" &
else
  /usr/sbin/sshd -D -e -f "$TOP/sshd_config" 2> "$TOP/sshd" &
fi
pids+=($!)
for i in $(seq 100); do [ -s "$TOP/http-port" ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat "$TOP/http-port")

# http, with submodule and large file.
expect 0 mirror git "$url/git/program.git" --json
json_is 'd[0]["product"]' program.git
json_is 'd[1]["product"]' library.git
json_is 'd[0]["head"]' "$first"
json_is 'len(d[0]["missing"])' 0
same_refs "$url/git/program.git"
expect 0 store list
says "$large 11"
expect 0 mirror git "$url/git/program.git"
says 'program.git: nothing new'
ok 'http: all refs, the submodule, the large file; a second sync finds nothing new'

await_port "$git_port"
expect 0 mirror git "git://127.0.0.1:$git_port/program.git" --name by-daemon
same_refs "git://127.0.0.1:$git_port/program.git"
ok 'git: all refs; the large file is the one that came by http'

await_port "$ssh_port"
ssh=ssh://$ssh_user@127.0.0.1:$ssh_port$srv/git/library.git
expect 2 mirror git "$ssh" --name by-ssh
says "[127.0.0.1]:$ssh_port shows is not in $work/known_hosts"
printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cut -d' ' -f 1,2 "$TOP/k/other.pub")" > "$work/known_hosts"
expect 2 mirror git "$ssh" --name by-ssh
says 'shows is not in'
printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cut -d' ' -f 1,2 "$TOP/k/host.pub")" > "$work/known_hosts"
expect 0 mirror git "$ssh" --name by-ssh
says 'by-ssh: 2 refs'
sed -i "s|k/alice|k/mallory|" "$work/nachbau.toml"
expect 2 mirror git "$ssh" --name by-ssh
says "does not accept the ssh key of $ssh_user"
sed -i "s|k/mallory|k/alice|" "$work/nachbau.toml"
ok 'ssh: only a host whose key was written down, only with a key that it knows'

# Signatures and objects.
expect 1 mirror fsck program.git --json
json_is 'sorted(s["refs"][0] + " " + s["outcome"] for s in d[0]["signatures"] if s["refs"] and s["type"] == "tag")' \
  "['refs/tags/v1.0 good', 'refs/tags/v1.1 unknown-key', 'refs/tags/v1.2 revoked-key', 'refs/tags/v1.3 good']"
json_is '[s["outcome"] for s in d[0]["signatures"] if s["type"] == "commit"]' "['good']"
json_is 'd[0]["damaged"]' 0
ok 'signatures of tags and commits: good, unknown and revoked told apart'

# History that changes: nothing is lost, and somebody is told.
git -C "$up" commit -q --amend -m 'another past'
git -C "$up" tag -d v1.1 > /dev/null
git -C "$up" tag -f v1.0 HEAD 2> /dev/null
git -C "$up" branch -D -q topic
git -C "$srv/git/program.git" fetch -q --prune
rm -rf "$home/mirror/git"  # a cache: made again from the store
expect 1 mirror git "$url/git/program.git"
says "refs/heads/main was rewritten: $(printf %.12s "$first") is no longer part of it"
says 'refs/tags/v1.0 was moved'
says 'refs/tags/v1.1 was deleted'
says 'refs/heads/topic was deleted'
git --git-dir="$(cache_of "$url/git/program.git")" for-each-ref > "$TOP/refs"
[ "$(grep -c refs/nachbau/seen/ "$TOP/refs")" -eq 4 ] || die 'what was there before is not kept'
git --git-dir="$(cache_of "$url/git/program.git")" fsck --full --strict > "$out" 2>&1 || die 'git itself finds damage'
expect 0 mirror git "$url/git/program.git"
expect 1 mirror fsck program.git
says ' 0 damaged'
ok 'rewritten history, moved and deleted tags are told and kept'

# Names.
expect 0 mirror swhid --git program.git v1.2 "$first" "$first" HEAD
says "swh:1:rel:$(git -C "$up" rev-parse v1.2)"
says "swh:1:rev:$first"
says "swh:1:rev:$(git -C "$up" rev-parse HEAD)"
rm -rf "$up/library"
mkdir "$TOP/tree"
(cd "$up" && git archive HEAD main.c large.bin) | tar -x -C "$TOP/tree"
ln -s main.c "$TOP/tree/link"
chmod +x "$TOP/tree/main.c"
mkdir "$TOP/tree/sub" && echo x > "$TOP/tree/sub.c" && echo y > "$TOP/tree/sub/y"
git init -q "$TOP/tree.git" && git --git-dir="$TOP/tree.git/.git" --work-tree="$TOP/tree" add -A
expect 0 mirror swhid "$TOP/tree" "$TOP/tree/main.c"
says "swh:1:dir:$(git --git-dir="$TOP/tree.git/.git" write-tree)"
says "swh:1:cnt:$(git hash-object "$TOP/tree/main.c")"
ok 'SWHIDs are what git computes'

# Tarballs.
tar -C "$TOP/tree" -czf "$TOP/thing-1.0.tar.gz" main.c
sum=$(sha256sum < "$TOP/thing-1.0.tar.gz" | cut -c 1-64)
t=$TOP/thing-1.0.tar.gz
expect 2 mirror tarball "$t"
says 'nothing says what the tarball must be'
expect 2 mirror tarball "$t" --sha256 "$(printf other | sha256sum | cut -c 1-64)"
expect 0 mirror tarball "$t" --sha256 "$sum"
says "thing.tar 1.0: "
minisign -G -W -f -p "$TOP/k/mini.pub" -s "$TOP/k/mini" > /dev/null 2>&1 || printf '\n\n' | minisign -G -f -p "$TOP/k/mini.pub" -s "$TOP/k/mini" > /dev/null
sign_mini() { printf '\n' | minisign -S "$@" -s "$TOP/k/mini" -m "$t" > /dev/null 2>&1; }
sign_mini -x "$TOP/mini.sig" -t 'thing 1.0'
sign_mini -x "$TOP/mini-legacy.sig" -l 2> /dev/null || cp "$TOP/mini.sig" "$TOP/mini-legacy.sig"
signify-openbsd -G -n -p "$TOP/k/sfy.pub" -s "$TOP/k/sfy.sec"
signify-openbsd -S -s "$TOP/k/sfy.sec" -m "$t" -x "$TOP/sfy.sig"
gpg --batch --quiet --armor --detach-sign -u bob@example.org -o "$TOP/gpg.asc" "$t"
ssh-keygen -q -Y sign -f "$TOP/k/alice" -n file < "$t" > "$TOP/ssh.sig" 2> /dev/null
vouched() {
  expect 0 mirror tarball "$t" --name "$1" --signature "$2" --key "$3" --json
  json_is 'd["vouchers"]["vouchers"][0]["kind"]' "$4"
  json_is 'd["vouchers"]["vouchers"][0]["outcome"]' good
}
vouched by-minisign "$TOP/mini.sig" "$TOP/k/mini.pub" minisign
json_is 'd["vouchers"]["vouchers"][0]["detail"]' 'thing 1.0'
vouched by-minisign-legacy "$TOP/mini-legacy.sig" "$TOP/k/mini.pub" minisign
vouched by-signify "$TOP/sfy.sig" "$TOP/k/sfy.pub" signify
vouched by-openpgp "$TOP/gpg.asc" "$work/bob.asc" openpgp
vouched by-ssh-file "$TOP/ssh.sig" "$TOP/k/alice.pub" ssh
expect 1 mirror tarball "$t" --name no --signature "$TOP/ssh.sig" --key "$TOP/k/mallory.pub"
says 'refused'
cp "$t" "$TOP/was" && printf x >> "$t"
for pair in mini.sig:mini.pub sfy.sig:sfy.pub ssh.sig:alice.pub; do
  expect 1 mirror tarball "$t" --name no --signature "$TOP/${pair%:*}" --key "$TOP/k/${pair#*:}"
  says 'bad signature'
done
expect 1 mirror tarball "$t" --name no --signature "$TOP/gpg.asc" --key "$work/bob.asc"
[ ! -e "$home/products/no.json" ] || die 'a refused tarball became a product'
expect 0 mirror vouchers by-signify by-openpgp by-ssh-file by-minisign
says 'Bob <bob@example.org>'
ok 'tarballs by OpenPGP, minisign, signify and SSH; others and changed ones are refused'

# npm: a registry of files, then no network at all.
mkdir -p "$TOP/dep/package" "$srv/files/@kit/dep/-"
echo '{"name": "@kit/dep", "version": "1.2.3", "main": "index.js"}' > "$TOP/dep/package/package.json"
echo 'module.exports = 42;' > "$TOP/dep/package/index.js"
tar -C "$TOP/dep" -czf "$srv/files/@kit/dep/-/dep-1.2.3.tgz" package
integrity=sha512-$(openssl dgst -sha512 -binary "$srv/files/@kit/dep/-/dep-1.2.3.tgz" | base64 -w 0)
lock() {
  cat > "$TOP/package-lock.json" <<EOF
{"name": "app", "version": "0.1.0", "lockfileVersion": 3, "requires": true, "packages": {
  "": {"name": "app", "version": "0.1.0", "dependencies": {"@kit/dep": "^1.2.0"}},
  "node_modules/@kit/dep": {"version": "1.2.3", "integrity": "$1"}}}
EOF
}
lock "sha1-$(openssl dgst -sha1 -binary "$t" | base64)"
expect 2 mirror npm "$TOP/package-lock.json" --registry "$url/files"
says 'has only a weak digest'
lock "sha512-$(openssl dgst -sha512 -binary "$t" | base64 -w 0)"
expect 2 mirror npm "$TOP/package-lock.json" --registry "$url/files"
says '1 of 1 npm packages could not be had, the first: @kit/dep 1.2.3'
lock "$integrity"
expect 0 mirror npm "$TOP/package-lock.json" --registry "$url/files/"
says 'app.npm: 1 packages, 1 fetched'
expect 0 mirror npm "$TOP/package-lock.json" --registry "$url/files/"
says 'app.npm: 1 packages, 0 fetched'
expect 0 mirror npm-folder app.npm "$TOP/app"
unshare --net --map-root-user sh -c 'cd "$1" && HOME=$1 npm ci --offline --ignore-scripts --no-audit --no-fund' - "$TOP/app" > "$out" 2> "$err" ||
  die 'npm does not install from the folder'
[ "$(cd "$TOP/app" && node -p 'require("@kit/dep")')" = 42 ] || die 'what npm installed is not the package'
ok 'npm installs a mirrored lock without network'

expect 0 log verify
store_is_clean
ok 'every change is on record, the store is clean'
