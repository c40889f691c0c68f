# Products on the kit's archive: added, deeper, again, with files that the archive has lost, removed.
. "$TOP/tests/e2e/lib.sh"

prepared_home
start_server

expect 0 mirror status
says 'There are no products.'

# --- the closure of two, resolved together, is that of each alone
expect 0 --json mirror add hello-kit netty-kit
json_is '[c["change"] for c in d["changes"]]' "['added', 'added']"
json_is 'd["status"]["complete"]' True
json_is 'd["status"]["totals"]["missingNeeded"]["files"]' 0
for name in hello-kit netty-kit; do
  expect 0 resolve "$name" -o "$work/$name.alone.json"
  expect 0 mirror fetch "$work/$name.alone.json"
  cmp "$work/locks/$name.lock.json" "$work/$name.alone.json" || die "the lock of $name is not the one of resolve"
done
ok 'mirror add: two products at once have the locks that resolve and mirror fetch make'

# The toolchain comes from Debian, and its sources are not in the kit.
expect 0 --json mirror status
json_is 'len(d["products"])' 2
json_is 'd["products"][0]["unofferedSources"] != []' True
json_is 'd["products"][0]["shared"]["bytes"] > 0' True
json_is 'd["totals"]["held"]["bytes"] < sum(p["held"]["bytes"] for p in d["products"])' True
json_is 'd["products"][0]["oldestProof"][:4] == __import__("time").strftime("%Y")' True
expect 0 mirror status
says 'source packages are in no index at the version needed'
says_not 'no index offers this version'
expect 0 mirror status hello-kit --missing
says 'no index offers this version'
says_not netty-kit
expect 0 --lang de mirror status
says 'Produkt'
ok 'mirror status: held, shared, what is in no index; in German too'

# --- everything that is named is there: rebuild without archive
stop_server
expect 0 --offline --json rebuild --lock "$work/locks/hello-kit.lock.json"
json_is 'd["verdict"]' allowed
ok 'a product is rebuilt from the mirror alone'

# --- again; then deeper
start_server
expect 0 --json mirror add hello-kit netty-kit
json_is '[c["change"] for c in d["changes"]]' "['unchanged', 'unchanged']"
json_is 'd["fetched"]["files"]' 0
expect 0 --json mirror add hello-kit --depth max
json_is 'd["status"]["products"][0]["product"]["depth"]' max
json_is 'd["status"]["products"][0]["product"]["earlier"]' '[]'
expect 2 mirror add hello-kit --depth deep
says '--depth takes a number of levels up to 1000, or max'
expect 2 mirror add hello-kit no-such-source-at-all
says 'no archive offers a source or binary package named no-such-source-at-all'
expect 2 mirror add hello-kit recipe.toml
says 'a product is a source package'
ok 'mirror add: again is nothing new, deeper follows, mistakes are told'

# --- files that the archive has lost
fresh_home
start_server '*/kit-helper_*.dsc=404' '*/hello-kit_*.debian.tar.xz=404'
expect 1 mirror add hello-kit
says 'files are missing that a rebuild needs'
says 'hello-kit_1.0-1.debian.tar.xz (source, level 0): HTTP status 404'
expect 1 --json mirror status --missing
json_is 'sorted((m["name"], m["needed"]) for m in d["products"][0]["missing"] if "hello" in m["name"])' \
  "[('hello-kit_1.0-1.debian.tar.xz', True)]"
json_is 'all("404" in m["reason"] for m in d["products"][0]["missing"])' True
json_is 'd["complete"]' False
start_server
expect 0 mirror add hello-kit
expect 0 --json mirror status --missing
json_is 'd["products"][0]["missing"]' '[]'
expect 0 log verify
ok 'mirror add: a file that the archive lost is named with the reason; the next try completes the product'

# --- a damaged object is not held
file=$(python3 -c 'import json, sys
for f in json.load(open(sys.argv[1]))["files"]:
    if f["role"] == "source" and f["path"].endswith(".dsc"): print(f["sha256"])' "$work/locks/hello-kit.lock.json")
find "$home/store" \( -name "$file" -o -name "${file:2}" \) -print -delete | grep . > /dev/null || die "no object $file"
expect 1 mirror status
says 'not in the store any more'
expect 0 mirror add hello-kit
ok 'mirror status: an object that went away is missed, and mirror add brings it back'

# --- removed
expect 2 mirror remove hello-kit nothing
says 'there is no product nothing'
expect 0 mirror status hello-kit
expect 0 mirror remove hello-kit
says 'hello-kit: forgotten'
expect 0 mirror status
says 'There are no products.'
store_is_clean
ok 'mirror remove: forgotten, and the store is clean'
