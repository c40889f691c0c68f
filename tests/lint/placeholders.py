"""placeholders.py FILE.po: a translation puts in the same arguments as its English text ({} in order, or {1}, {2}…)."""
import ast
import re
import sys


def messages(path):
    """Yields (msgid, msgstr) of every entry that is not obsolete."""
    texts, current = {}, None
    for line in open(path, encoding="utf-8"):
        keyword, _, rest = line.partition(" ")
        if keyword in ("msgid", "msgstr"):
            if keyword == "msgid" and texts:
                yield texts.get("msgid", ""), texts.get("msgstr", "")
                texts = {}
            current, line = keyword, rest
        if line.startswith('"') and current:
            texts[current] = texts.get(current, "") + ast.literal_eval(line.strip())
    if texts:
        yield texts.get("msgid", ""), texts.get("msgstr", "")


def arguments(text):
    """Which arguments a text shows, as numbers from 1; {} counts up."""
    numbers, automatic = [], 0
    for digits in re.findall(r"\{(\d*)\}", text):
        automatic += not digits
        numbers.append(int(digits) if digits else automatic)
    return sorted(numbers)


bad = 0
for english, german in messages(sys.argv[1]):
    if english and german and arguments(english) != arguments(german):
        print(f"other placeholders: {english!r} -> {german!r}")
        bad = 1
sys.exit(bad)
