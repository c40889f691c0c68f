#!/usr/bin/env bash
# messages.sh SOURCE_TREE: every message of the program has a German translation with the same placeholders.
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

find base model store mirror builder verifier sbom policies report cli \( -name '*.cc' -o -name '*.h' \) |
  LC_ALL=C sort > "$work/files"
xgettext --language=C++ --keyword=Msg:1 --from-code=UTF-8 --no-wrap --files-from="$work/files" --output="$work/nachbau.pot"

# A message whose first argument is not one literal escapes xgettext, and so the translators.
if grep -nE '\bMsg\((std::|[a-z_]+[,)]|[a-z_.]+\()' $(cat "$work/files") | grep -v 'base/message.h'; then
  echo "the lines above make a message of something that is not a literal"
  bad=1
fi

if ! msgfmt --check --output-file=/dev/null po/de.po; then bad=1; fi
fuzzy=$(msgattrib --only-fuzzy --no-obsolete po/de.po | grep -c '^msgid' || true)
if [ "$fuzzy" -ne 0 ]; then
  echo "po/de.po has fuzzy translations"
  bad=1
fi
# Drops what is obsolete, keeps what is wanted; nothing may be left untranslated.
msgmerge --quiet --no-fuzzy-matching --no-wrap --output-file="$work/merged.po" po/de.po "$work/nachbau.pot"
msgattrib --untranslated --no-obsolete --no-wrap "$work/merged.po" > "$work/untranslated.po"
if [ -s "$work/untranslated.po" ]; then
  echo "without translation in po/de.po:"
  grep -vE '^(msgstr|$)' "$work/untranslated.po" | sed 1,/Content-Transfer/d
  bad=1
fi
msgattrib --only-obsolete --no-wrap "$work/merged.po" > "$work/obsolete.po"
if grep '^#~ msgid' "$work/obsolete.po"; then
  echo "the messages above are in po/de.po, but no longer in the program"
  bad=1
fi
python3 tests/lint/placeholders.py "$work/merged.po" || bad=1
exit "$bad"
