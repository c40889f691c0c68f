# What a build depends on beyond its inputs: nothing, two things, and itself.
. "$TOP/tests/e2e/lib.sh"

prepared_home
start_server

# With a trace once; the others do not need it.

expect 0 vary hello-kit -o "$work/hello.json"
says 'the same bits whatever was varied'
expect 0 --json vary --no-trace hello-kit --only umask --only user -o "$work/hello2.json"
json_is 'd["varied"]' "['umask', 'user']"
json_is 'len(d["builds"])' 2
json_is 'd["notVaried"]["locale"]' 'not asked for'
ok 'vary: hello-kit gives the same bits under every variation'

# The host name alone, and umask and time zone only together.
expect 1 --json vary --no-trace vary-kit -o "$work/vary.json"
json_is 'd["verdict"]' dependent
json_is 'sorted(c["variations"] for c in d["causes"])' "[['host-name'], ['time-zone', 'umask']]"
json_is 'len(d["builds"]) <= 20' True
json_is 'd["causes"][0]["artifacts"][0]["name"]' vary-kit_1.0_all.deb
grep -qF './usr/share/vary-kit/facts.txt' "$work/vary.json" || die "does not say which file differs"
ok 'vary: vary-kit depends on the host name, and on umask and time zone together; the file that differs is named'

if once 'one thing at a time'; then
  expect 1 vary --no-trace vary-kit --each --only host-name --only locale --only time-zone --only umask -o "$work/each.json"
  says 'each alone: locale, time-zone, umask'
  expect 0 --json vary --no-trace hello-kit --each --only umask --only user
  json_is '[b["variations"] for b in d["builds"]]' "[[], ['umask'], ['user'], ['umask', 'user']]"
  ok 'vary: one thing at a time, and still what makes a difference only together'
fi

expect 1 vary --no-trace stamp-kit
says 'two builds without any variation differ already'
[ -s "$work/variations/stamp-kit.variation.json" ] || die "no report in the workspace"
ok 'vary: stamp-kit is unstable by itself'

if [ "$(uname -m)" = x86_64 ]; then
  expect 1 --json vary --no-trace stamp-kit --profile virtual --only date --only umask
  json_is '[c["variations"] for c in d["causes"]]' "[['date']]"
  ok 'vary: under the profile virtual stamp-kit is stable, and depends on the date alone'
  expect 0 --json vary --no-trace stamp-kit --profile virtual
  json_is '"the profile" in d["notVaried"]["date"] and "umask" in d["varied"]' True
  ok 'vary: under the profile virtual nothing that a machine may bring makes a difference to stamp-kit'
else
  expect 2 vary stamp-kit --profile virtual
  says 'available on amd64 only'
  ok 'vary: the profile virtual is refused where it cannot be had'
fi

expect 2 vary broken-kit
says 'the build without variations failed'
expect 2 vary hello-kit --only colour
says 'unknown variation: colour'
expect 2 vary
ok 'vary: a build that fails, a variation that is none, nothing given'

[ -z "$(find "/dev/shm/nachbau-$(id -u)" -mindepth 1 -name 'build-*' 2> /dev/null)" ] || die "something is left in memory"
nothing_left_behind "$home/"
ok 'vary: nothing left in memory'
store_is_clean
stop_server
echo "$claims passed, 0 failed"
