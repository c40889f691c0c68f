"""groups.py FILE...: which sources of one program may be read as one: those that declare no name of their own in common.
Prints a group a line."""
import re
import sys

SIZE = 24  # sources; a compiler of so many needs about 1 GB of memory (setup.sh counts on that)

# What a file declares for itself alone: the names at the left margin between "namespace {" and its end. A short name of a
# namespace may be given again.
INNER = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.M | re.S)
DECLARED = re.compile(
    r"^(?=\S)(?!namespace )(?:template <[^>]*>\s*)?(?:inline |static |constexpr |const |\[\[\w+\]\] )*"
    r"(?:class |struct |enum class |enum |using |[\w:<>,\*& ]+?[\s\*&])(\w+)\s*(?:\(|\{|=|;|\[|:(?!:))", re.M)
# Macros, and what the tests of a program share by name.
MACRO = re.compile(r"^#define (\w+)|^TEST(?:_F|_P)?\((\w+), *(\w+)\)", re.M)


def own_names(path):
    text = open(path, encoding="utf-8").read()
    names = {name for part in INNER.findall(text) for name in DECLARED.findall(part)}
    return names | {"".join(found) for found in MACRO.findall(text)}


groups = []
for path in sys.argv[1:]:
    names = own_names(path)
    for files, taken in groups:
        if len(files) < SIZE and not taken & names:
            files.append(path)
            taken |= names
            break
    else:
        groups.append(([path], names))
for files, _ in groups:
    print(*files)
