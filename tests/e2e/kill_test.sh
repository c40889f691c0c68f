# SIGKILL at random moments of mirroring, of preparing the root and of building; then the run is repeated and succeeds.
. "$TOP/tests/e2e/lib.sh"

seed=${NACHBAU_SEED:-$RANDOM}
echo "moments from seed $seed (NACHBAU_SEED=$seed repeats them)"
RANDOM=$seed

# kill_after MILLISECONDS ARGUMENT…: starts nachbau, kills it (its main process only: the rest must go by itself).
kill_after() {
  local milliseconds=$1 pid
  shift
  "$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" --origin 'Nachbau kit' -C "$work" "$@" > "$out" 2> "$err" &
  pid=$!
  sleep "$(printf '%d.%03d' $((milliseconds / 1000)) $((milliseconds % 1000)))"
  if kill -KILL "$pid" 2> /dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2> /dev/null || true
}

fresh_home
start_server '/pool/environment/*=slow:20000000'
killed=0
expect 0 resolve hello-kit -o "$work/lock.json"
for _ in 1 2 3 4 5; do kill_after $((RANDOM % 2500 + 100)) mirror fetch "$work/lock.json"; done
[ "$killed" -gt 0 ] || die "no mirror run lived long enough to be killed"
expect 0 mirror fetch "$work/lock.json"
store_is_clean
ok "mirror: killed $killed times, then complete and clean"

killed=0
for _ in 1 2 3 4; do
  kill_after $((RANDOM % 8000 + 200)) build "$work/lock.json" -o "$work/killed.$RANDOM"
  nothing_left_behind "$home/"
done
[ "$killed" -gt 0 ] || die "no build lived long enough to be killed"
expect 0 build "$work/lock.json" -o "$work/built"
expect 0 compare "$work/built"
store_is_clean
ok "build: killed $killed times while the root was made and after; then built, identical, clean"

# In the middle of the build itself: hang-kit gives all the time there is.
expect 0 resolve hang-kit -o "$work/hang.json"
expect 0 mirror fetch "$work/hang.json"
expect 0 root prepare "$work/hang.json"
"$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" --origin 'Nachbau kit' -C "$work" build "$work/hang.json" \
  -o "$work/hang" > "$out" 2> "$err" &
pid=$!
for _ in $(seq 300); do
  pgrep -f 'sleep 98765' > /dev/null && break
  sleep 0.1
done
pgrep -f 'sleep 98765' > /dev/null || die "hang-kit did not come to hang"
kill -KILL "$pid"
wait "$pid" 2> /dev/null || true
nothing_left_behind 'sleep 98765'
ok 'build: killed while the package was building; no process, no mount left'

# Ctrl-C is not a kill: it ends tidily, with its own exit code.
for signal in INT TERM; do
  "$TOP/bin/nachbau" --home "$home" --apt-root "$apt_root" --origin 'Nachbau kit' -C "$work" build "$work/hang.json" \
    -o "$work/hang.$signal" > "$out" 2> "$err" &
  pid=$!
  for _ in $(seq 300); do
    pgrep -f 'sleep 98765' > /dev/null && break
    sleep 0.1
  done
  kill -"$signal" "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 130 ] || die "ended with $code after SIG$signal, not 130"
  nothing_left_behind 'sleep 98765'
  left=$(find "$home/work" -mindepth 1 ! -name lock ! -name memory.lock)
  [ -z "$left" ] || die "SIG$signal left in the work directory: $left"
  [ "$(tail -n 1 "$err")" = 'Next: run the same command again: what is mirrored and prepared is kept, a build starts anew' ] ||
    die "SIG$signal: the last line does not say how to go on"
done
ok 'build: SIGINT and SIGTERM end it tidily, with exit code 130; nothing is left, and it says how to go on'

expect 0 build "$work/lock.json" -o "$work/again"
store_is_clean
ok 'build: the next one succeeds and tidies up'
stop_server
echo "$claims passed, 0 failed"
