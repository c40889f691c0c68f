# Keeping: garbage collection, holds, retention, scrub and repair; killed at random moments, and with a full disk.
. "$TOP/tests/e2e/lib.sh"

seed=${NACHBAU_SEED:-$RANDOM}
echo "moments from seed $seed (NACHBAU_SEED=$seed repeats them)"
RANDOM=$seed

pause() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# kill_after MILLISECONDS ARGUMENT…: starts nachbau and kills it.
kill_after() {
  local milliseconds=$1 pid
  shift
  "$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" --origin 'Nachbau kit' -C "$work" "$@" > "$out" 2> "$err" &
  pid=$!
  pause "$milliseconds"
  if kill -KILL "$pid" 2> /dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2> /dev/null || true
}

path_of() { echo "$home/store/objects/${1:0:2}/${1:2}"; }
# Objects look as if nobody had used them for years.
age() { find "$home/store/objects" "$home/store/trash" -type f -exec touch -d 2020-01-01 {} +; }
source_of() {  # LOCK: the digest of one source file of it
  python3 -c 'import json, sys
print(next(f["sha256"] for f in json.load(open(sys.argv[1]))["files"] if f["role"] == "source"))' "$1"
}
# Everything the lock names is in the store, and nothing had to be asked for.
complete() {
  expect 0 --offline --json mirror fetch "$1"
  json_is 'd[0]["missing"]' '[]'
}
wipe_bit() {  # FILE: inverts one byte in the middle
  chmod 644 "$1"
  python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    size = f.seek(0, 2); f.seek(size // 2); byte = f.read(1)[0]; f.seek(size // 2); f.write(bytes([byte ^ 255]))' "$1"
}

fresh_home
start_server
expect 0 resolve hello-kit
expect 0 resolve hang-kit -o "$work/other/hang.json"
cp "$work/other/hang.json" "$work/other/also.json"
expect 0 mirror fetch "$work/locks/hello-kit.lock.json" "$work/other/hang.json"
hello=$(source_of "$work/locks/hello-kit.lock.json")
hang=$(source_of "$work/other/hang.json")
store_is_clean

# --- garbage collection
expect 0 store gc
says '0 objects (0 B) could go'
cp "$work/other/hang.json" "$TOP/hang.json"
rm "$work/other/hang.json"
expect 0 store gc --grace-days 0
says 'could go: nothing needs them'
says 'Next: nachbau store gc --delete (nothing was changed)'
[ -f "$(path_of "$hang")" ] || die 'a dry run deleted something'
expect 0 store gc --explain "$hello"
says 'kept by lock or evidence: hello-kit.lock.json'
expect 1 store gc --explain "$hang"
says 'nothing needs it'
expect 0 store gc --delete
says '0 objects (0 B) set aside'
ok 'gc: a dry run changes nothing, young objects stay, and it tells what keeps an object'

age
expect 0 store gc --delete
says 'set aside: nothing needs them'
[ ! -e "$(path_of "$hang")" ] || die 'the source of a lock that is gone was kept'
complete "$work/locks/hello-kit.lock.json"
complete "$TOP/hang.json"
[ -f "$(path_of "$hang")" ] || die 'what is asked for again does not come back'
expect 0 log events
says 'store.gc'
ok 'gc: sets aside what nothing needs, recorded; what is asked for again comes back without the net'

rm "$TOP/hang.json"
expect 0 store gc --forget "$TOP/hang.json"
age
expect 0 store gc --delete
age
expect 0 store gc --delete --empty-trash
says 'deleted from the trash'
[ -z "$(ls "$home/store/trash")" ] || die 'the trash is not empty'
store_is_clean
complete "$work/locks/hello-kit.lock.json"
ok 'gc: the trash is deleted by a second run'

cp "$work/other/also.json" "$TOP/hang.json"
expect 0 mirror fetch "$TOP/hang.json"
mkdir "$TOP/unmounted"
(work=$TOP/unmounted; expect 0 resolve hello-kit)
mv "$TOP/unmounted/locks" "$TOP/locks.aside"
age
before=$(find "$home/store/objects" -type f | wc -l)
expect 2 store gc --delete
says 'nothing was deleted, because not everything that needs objects could be read'
says "$TOP/unmounted, where Nachbau wrote documents, is not there or empty"
says "store gc --forget PATH"
[ "$(find "$home/store/objects" -type f | wc -l)" = "$before" ] || die 'it deleted something'
expect 0 store gc --forget "$TOP/unmounted"
echo '{"format": "nachbau-roots/1", "name": "test"}' > "$TOP/damaged.json"
mkdir -p "$home/roots"
cp "$TOP/damaged.json" "$home/roots/damaged.json"
expect 2 store gc --delete
says 'damaged.json'
rm "$home/roots/damaged.json"
ok 'gc: refuses when a workspace is not there or a roots file cannot be read'

# --- retention
for _ in 1 2; do  # an archive that says nothing new makes no new snapshot
  sleep 1.1
  make_release "$archive"
  sign_release "$archive" "$TOP/keys/archive.sec"
  expect 0 resolve hello-kit
done
[ "$(ls "$home/mirror/snapshots" | wc -l)" -ge 3 ] || die 'there are not three snapshots'
expect 0 store gc
says_not 'no longer kept'
printf '[retention]\nsnapshots_all_days = 0\n' > "$work/nachbau.toml"
expect 0 store gc
says 'no longer kept (retention):'
expect 0 store gc --delete
[ "$(ls "$home/mirror/snapshots" | wc -l)" -le 2 ] || die 'more than the last snapshot of each day is kept'
expect 0 --offline resolve hello-kit
complete "$work/locks/hello-kit.lock.json"
rm "$work/nachbau.toml"
ok 'retention: of old snapshots the last of each day stays, and what locks need of the others'

# --- holds
expect 2 hold add case-1 --reason audit "$TOP/hang.json"
says 'a hold needs the keys of two people'
second_home=$(mktemp -d "$TOP/home.XXXXXX")
stranger_home=$(mktemp -d "$TOP/home.XXXXXX")
with_home() { local home=$1; shift; expect "$@"; }
for other in "$second_home" "$stranger_home"; do with_home "$other" 2 hold release nothing --reason none; done
mkdir "$work/keys"
cp "$second_home/keys/signing.pem.pub" "$work/keys/mara.pem"
printf '[[trusted_keys]]\nname = "mara"\nfile = "keys/mara.pem"\n' > "$work/nachbau.toml"
expect 2 hold add case-1 "$TOP/hang.json"
says 'say why with --reason TEXT'
expect 0 hold add case-1 --reason 'court order 17' "$TOP/hang.json"
says 'two of these can release it together'
rm "$TOP/hang.json"
expect 0 store gc --forget "$TOP/hang.json"
for _ in 1 2; do age; expect 0 store gc --delete --empty-trash --grace-days 0; done
[ -f "$(path_of "$hang")" ] || die 'a held object was deleted'
says 'are under legal hold alone'
expect 0 store gc --explain "$hang"
says 'kept by hold: case-1: court order 17'
expect 0 hold list
says 'court order 17'
ok 'hold: no flag of gc deletes what is held'

expect 0 hold release case-1 --reason 'case closed' -o "$TOP/wish.json"
expect 1 hold release case-1 --confirm "$TOP/wish.json"
says 'not released: 1 of 2 signatures'
with_home "$stranger_home" 0 hold cosign "$TOP/wish.json" -o "$TOP/strange.json"
expect 1 hold release case-1 --confirm "$TOP/strange.json"
cp "$stranger_home/keys/signing.pem.pub" "$work/keys/mallory.pem"
printf '[[trusted_keys]]\nname = "mallory"\nfile = "keys/mallory.pem"\n' >> "$work/nachbau.toml"
expect 1 hold release case-1 --confirm "$TOP/strange.json"
ok 'hold: one person cannot release it, nor can a key that was added later'

mv "$home/store/holds/case-1.json" "$TOP/case-1.json"
expect 1 hold list
says 'somebody removed or changed it by hand'
age
expect 2 store gc --delete
says 'the legal holds are not what the log of events says'
python3 - "$TOP/case-1.json" "$home/store/holds/case-1.json" <<'END'
import json, sys
hold = json.load(open(sys.argv[1]))
hold["objects"] = []
json.dump(hold, open(sys.argv[2], "w"))
END
expect 1 hold list
says 'no signed event tells of this hold as it is'
expect 2 store gc --delete
cp "$TOP/case-1.json" "$home/store/holds/case-1.json"
expect 0 hold list
ok 'hold: a hold that was removed or changed by hand is noticed, and gc refuses'

with_home "$second_home" 0 hold cosign "$TOP/wish.json"
says 'you signed that the hold case-1 be released'
expect 0 hold release case-1 --confirm "$TOP/wish.json"
says 'hold case-1 released: signed by'
expect 0 hold list
says 'no holds'
age
expect 0 store gc --delete
[ ! -e "$(path_of "$hang")" ] || die 'it is still kept after the release'
expect 0 log events
says 'hold.add'
says 'hold.release'
ok 'hold: two people release it; everything is on record'

# --- scrub and repair
peer=$TOP/peer
cp -a "$home/store" "$peer"
expect 0 store scrub
says ', 0 damaged, 0 missing'
wipe_bit "$(path_of "$hello")"
expect 1 store scrub
says "damaged: objects/${hello:0:2}/${hello:2}: content has sha256"
says "moved to $home/store/quarantine/"
says "missing: $hello"
[ "$(ls "$home/store/quarantine" | wc -l)" = 1 ] || die 'the damaged object is not in quarantine'
expect 1 store scrub
says "missing: $hello: its file is gone"
expect 0 store scrub --from "$peer" --offline
says "repaired: $hello from $peer"
store_is_clean
rm -f "$(path_of "$hello")"
"$TOP/bin/kit_server" "$peer" "$TOP/peer-port" < <(sleep 60) > /dev/null 2>&1 &
peer_pid=$!
for _ in $(seq 100); do [ -s "$TOP/peer-port" ] && break; sleep 0.1; done
expect 0 store scrub --from "$(cat "$TOP/peer-port")" --offline
says "repaired: $hello from http://"
kill "$peer_pid"
wipe_bit "$(path_of "$hello")"
expect 0 store scrub --repair
says "repaired: $hello from $url/"
complete "$work/locks/hello-kit.lock.json"
expect 0 store scrub --older-than-days 1
says '0 objects (0 B) checked'
expect 0 --json store scrub --rate 50M --max-time 100
json_is 'd["left"], d["damages"], d["lost"]' '(0, [], [])'
expect 0 log events
says 'store.scrub'
ok 'scrub: finds rot and removed files, repairs from a path, a URL and the archive'

# --- killed at random moments
killed=0
for round in 1 2 3 4; do
  rm -f "$work/other/hang.json"
  cp "$work/other/also.json" "$work/other/hang.json"
  kill_after $((RANDOM % 400 + 20)) mirror fetch "$work/other/hang.json"
  rm "$work/other/hang.json"
  age
  kill_after $((RANDOM % 300 + 20)) store gc --delete --empty-trash --grace-days 0
  kill_after $((RANDOM % 300 + 20)) store scrub
done
[ "$killed" -gt 0 ] || die 'nothing lived long enough to be killed'
store_is_clean
complete "$work/locks/hello-kit.lock.json"
expect 0 mirror fetch "$work/other/also.json"
complete "$work/other/also.json"
store_is_clean
ok "kill: fetch, gc and scrub killed $killed times; nothing is lost, nothing half there"

# --- gc beside a build
expect 0 mirror fetch "$work/locks/hello-kit.lock.json"
age
"$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" --origin 'Nachbau kit' -C "$work" build \
  "$work/other/also.json" -o "$TOP/killed-build" > "$TOP/build.out" 2>&1 &
build_pid=$!
sleep 1
for _ in 1 2 3; do
  expect 0 store gc --delete --empty-trash --grace-days 0
done
kill -KILL "$build_pid" 2> /dev/null || { cat "$TOP/build.out"; die 'the build did not last as long as the collections'; }
wait "$build_pid" 2> /dev/null || true
! grep -q 'error' "$TOP/build.out" || { cat "$TOP/build.out"; die 'the build missed something'; }
complete "$work/locks/hello-kit.lock.json"
complete "$work/other/also.json"
ok 'gc: beside a running build that build misses nothing'

# --- quota and full disk
fresh_home
printf '[store]\nquota = 400000\n' > "$work/nachbau.toml"
expect 0 resolve hello-kit
expect 2 mirror fetch "$work/locks/hello-kit.lock.json"
says 'is full: its quota is 400000 bytes'
says "raise 'quota' in [store] of nachbau.toml"
store_is_clean
rm "$work/nachbau.toml"
expect 0 mirror fetch "$work/locks/hello-kit.lock.json"
complete "$work/locks/hello-kit.lock.json"
ok 'quota: refused with what to do, nothing half-written, then completed'

# A file system of a few hundred kilobytes in a mount namespace of our own; each round has a little more room.
needs=$(du -sk --apparent-size "$home/store/objects" | cut -f1)
full=0
export -f die ok says expect nachbau store_is_clean json json_is complete
export home work apt_root out err needs
lock=$work/locks/hello-kit.lock.json
for round in 1 2 3; do
  size=$((needs * (RANDOM % 90 + 5) / 100 + 64))
  mount_point=$(mktemp -d "$TOP/full.XXXXXX")
  mkdir "$mount_point.roomy"
  code=0
  unshare --user --map-root-user --mount bash -euo pipefail -c '
    mount -t tmpfs -o size='"$size"'k tmpfs "$1"
    home=$1/home
    code=0
    nachbau mirror fetch "$2" > "$out" 2> "$err" < /dev/null || code=$?
    [ "$code" -eq 2 ] || { cat "$err"; echo "ended with $code on '"$size"'k"; exit 1; }
    grep -q "No space left on device" "$err" || { cat "$err"; echo "it does not name the full disk"; exit 1; }
    grep -q "make room on that disk" "$err" || { cat "$err"; echo "it does not say what to do"; exit 1; }
    [ -z "$(ls "$home/store/tmp" 2> /dev/null)" ] || { echo "half-written objects are left"; exit 1; }
    mount -t tmpfs -o size=300m tmpfs "$1.roomy"  # as if the disk had grown; users cannot remount
    cp -a "$1/home" "$1.roomy/"
    home=$1.roomy/home
    nachbau store verify > "$out" 2> "$err"
    grep -q ", 0 damaged" "$out"
    nachbau mirror fetch "$2" > "$out" 2> "$err"
    nachbau --offline --json mirror fetch "$2" > "$out" 2> "$err"
    python3 -c "import json, sys; assert json.load(open(sys.argv[1]))[0][\"missing\"] == []" "$out"
    nachbau store verify > "$out" 2> "$err"
    grep -q ", 0 damaged" "$out"
  ' bash "$mount_point" "$lock" > "$TOP/full.out" 2>&1 || { cat "$TOP/full.out"; die "full disk of $size kB"; }
  full=$((full + 1))
done
ok "full disk: $full sizes of disk; each time an error that says what to do, nothing half-written, then completed"
stop_server
echo "$claims passed, 0 failed"
