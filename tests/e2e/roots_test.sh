# Prepares the root of the kit's build environment once, from nothing, for the tests that call prepared_home. What a killed
# run has left is replaced.
. "$TOP/tests/e2e/lib.sh"

if [ -e "$ROOTS" ]; then
  [ -O "$ROOTS" ] || die "$ROOTS belongs to somebody else"
  as_root_inside rm -rf "$ROOTS"
fi
mkdir -m 700 "$ROOTS"
fresh_home
start_server
expect 0 resolve hello-kit -o "$TOP/lock.json"
expect 0 mirror fetch "$TOP/lock.json"
stop_server
expect 0 root prepare "$TOP/lock.json"
says 'prepared in'
as_root_inside mv "$home/cache" "$ROOTS/cache"
prepared_home
expect 0 root prepare "$TOP/lock.json"
says 'was in the cache'
ok 'root prepare: the root of the kit'"'"'s packages, kept for the other tests'
echo "$claims passed, 0 failed"
