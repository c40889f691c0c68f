# From one home, whose archive is there, to another one without any: export, import, and everything that may go wrong
# between them.
. "$TOP/tests/e2e/lib.sh"

seed=${NACHBAU_SEED:-$RANDOM}
echo "moments from seed $seed (NACHBAU_SEED=$seed repeats them)"
RANDOM=$seed

fresh_home
start_server
expect 0 mirror add hello-kit
expect 0 resolve hello-kit
expect 0 mirror fetch "$work/locks/hello-kit.lock.json"
stop_server  # and stays so
city=$home
city_key=$home/keys/signing.pem.pub
lock=$work/locks/hello-kit.lock.json

# on_city, on_island: whose home and workspace are meant.
on_city() { home=$city work=$city_work; }
city_work=$work
on_island() { home=$island work=$island_work; }
fresh_island() {
  island=$(mktemp -d "$TOP/island.XXXXXX")
  island_work=$(mktemp -d "$TOP/island-work.XXXXXX")
  on_island
}

out_file=$TOP/export.tar
expect 2 mirror export "$out_file" no-such-product
expect 0 mirror export "$out_file" hello-kit
says 'objects'
expect 2 mirror export "$out_file"
says 'exists already'
tar tf "$out_file" > "$TOP/list" || die "tar cannot read it"
grep -q '^volume-0001/manifest.json$' "$TOP/list" || die "no manifest in it"
ok 'export: one file, which tar can list'

# --- nobody's word for it
fresh_island
expect 2 mirror import "$out_file"
[ -z "$(find "$home/store/objects" -type f)" ] || die "something was taken in without a trusted signature"
says_not 'taken in'
expect 0 mirror import "$out_file" --key "$city_key"
says ' 0 missing'
says 'product hello-kit 1.0-1: complete and proven'
[ -e "$home/products/hello-kit.json" ] || die "no product"
store_is_clean
expect 0 --offline resolve hello-kit -o "$TOP/island.lock.json"
cmp "$lock" "$work/locks/hello-kit.lock.json" || die "another lock than the one that was exported"
python3 - "$TOP/island.lock.json" "$lock" << 'PYTHON'
import json, sys
one, two = (json.load(open(path)) for path in sys.argv[1:])
for lock in (one, two):
    for entry in lock["files"]:
        entry.pop("sha512", None)  # known once it was mirrored
assert one == two, "resolves to something else than where it came from"
PYTHON
expect 0 --offline --json mirror fetch "$work/locks/hello-kit.lock.json"
json_is 'd[0]["missing"]' '[]'
json_is 'd[0]["fetched"]' 0
ok 'import: refused without a trusted key; with it all is there, and resolves offline to the same lock'

if [ "$(id -u)" -eq 0 ]; then
  code=0
  unshare --net "$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" -C "$work" rebuild --lock "$work/locks/hello-kit.lock.json" \
    > "$out" 2> "$err" < /dev/null || code=$?
  [ "$code" -eq 0 ] || die "the rebuild without network ended with $code"
  says '2 of 2 bit-identical'
  ok 'rebuild --lock: bit-identical from what was imported, in a network namespace with nothing in it'
fi
expect 0 log verify

# --- incremental
expect 0 mirror have -o "$TOP/have"
on_city
expect 0 --json mirror export "$TOP/nothing.tar" hello-kit --have "$TOP/have"
json_is 'd["objects"]' 0
[ "$(stat -c %s "$TOP/nothing.tar")" -lt 500000 ] || die "there is something in it"
on_island
expect 0 mirror import "$TOP/nothing.tar" --key "$city_key"
fresh_island
expect 1 mirror import "$TOP/nothing.tar" --key "$city_key"
says 'was said to have it'
printf 'nachbau-have/1 7\n' > "$TOP/short"
on_city
expect 2 mirror export "$TOP/never.tar" --lock "$lock" --have "$TOP/short"
says 'cut off'
[ ! -e "$TOP/never.tar" ] || die "an export was left"
ok 'have: the other side gets what it lacks; a list that is not of this machine is noticed'

# --- a lock by itself
on_city
expect 0 mirror export "$TOP/lock.tar" --lock "$lock"
fresh_island
expect 0 mirror import "$TOP/lock.tar" --key "$city_key"
cmp "$lock" "$work/locks/hello-kit.lock.json" || die "another lock"
[ ! -e "$home/products" ] || die "a product out of nothing"
ok 'export --lock: what a lock names, without a product'

# --- volumes
on_city
expect 0 mirror export "$TOP/volumes" hello-kit --volume-size 40M
count=$(ls "$TOP/volumes" | wc -l)
[ "$count" -gt 1 ] || die "one volume only"
[ -z "$(find "$TOP/volumes" -size +40960k)" ] || die "a volume is too large"
mv "$TOP/volumes/volume-0001.tar" "$TOP/late.tar"
fresh_island
expect 2 mirror import "$TOP/volumes" --key "$city_key"
says 'import volume 1'
[ ! -e "$work/locks" ] && [ ! -e "$home/products/hello-kit.json" ] || die "visible before it is complete"
expect 0 --json mirror import "$TOP/late.tar" --key "$city_key"
json_is 'd["objectsMissing"]' 0
[ -e "$work/locks/hello-kit.lock.json" ] || die "complete, and not visible"
expect 2 mirror export "$TOP/tiny" --lock "$lock" --volume-size 100K
ok 'volumes: in any order; one that is missing is named'

# --- tampering
fresh_island
python3 - "$out_file" "$TOP/tampered.tar" << 'PYTHON'
import sys
content = bytearray(open(sys.argv[1], "rb").read())
content[len(content) // 2] ^= 1
open(sys.argv[2], "wb").write(content)
PYTHON
expect 1 mirror import "$TOP/tampered.tar" --key "$city_key"
says 'NOT as the signed manifest says'
[ ! -e "$work/locks" ] && [ ! -e "$home/products/hello-kit.json" ] || die "visible, and not whole"
store_is_clean
expect 0 --json mirror import "$out_file" --key "$city_key"
json_is 'd["objectsAdded"]' 1
head -c 20000000 "$out_file" > "$TOP/cut.tar"
fresh_island
expect 1 mirror import "$TOP/cut.tar" --key "$city_key"
says ' bytes, not '
store_is_clean
# A keyring of this machine that does not know the archive.
cp "$TOP/keys/other.gpg" "$apt_root/etc/apt/keyrings/kit.gpg"
expect 1 mirror import "$out_file" --key "$city_key"
says 'refused, because it cannot be proven here'
[ ! -e "$work/locks" ] && [ ! -e "$home/products/hello-kit.json" ] || die "visible, and not proven"
cp "$TOP/keys/archive.gpg" "$apt_root/etc/apt/keyrings/kit.gpg"
expect 0 mirror import "$out_file" --key "$city_key"
ok 'import: a flipped bit, a cut file and a foreign archive are named; the rest is taken, and nothing is visible'

# --- killed
fresh_island
killed=0
for _ in 1 2 3 4 5; do
  "$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" -C "$work" mirror import "$out_file" --key "$city_key" > "$out" 2> "$err" &
  pid=$!
  sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
  if kill -KILL "$pid" 2> /dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2> /dev/null || true
  if [ -e "$work/locks/hello-kit.lock.json" ]; then cmp "$work/locks/hello-kit.lock.json" "$lock"; fi
done
[ "$killed" -gt 0 ] || die "no import lived long enough to be killed"
expect 0 mirror import "$out_file" --key "$city_key"
store_is_clean
expect 0 --offline resolve hello-kit
ok "import: killed $killed times, then complete and clean"
echo "$claims passed, 0 failed"
