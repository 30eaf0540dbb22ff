# the list in pass.h names the files of a pass, and each calls only files above it there
python3 - <<'PYTHON'
import re, sys
from pathlib import Path

room = Path("src/platform/refresh")
listed = re.findall(r"^ \*\t(pass\w*)\t", (room / "pass.h").read_text(), re.M)
code = {p.stem: re.sub(r"/\*.*?\*/|^#include.*?$", "", p.read_text(), flags=re.S | re.M) for p in room.glob("pass*.c")}
broken = [f"{name}.c is not in the list" for name in sorted(set(code) - set(listed))]
broken += [f"{name} is in the list more than once" for name in sorted(set(listed)) if listed.count(name) > 1]
# a definition: its name begins a line, behind one with the type
made = {m[1]: name for name, text in code.items() for m in re.finditer(r"^(?!static)[^\n]*[\w*]\n(pass_\w+)\(", text, re.M)}
for name in filter(code.get, listed):
    for called in sorted(set(re.findall(r"\bpass_\w+\b", code[name])) & set(made)):
        if listed.index(made[called]) > listed.index(name):
            broken.append(f"{name}.c calls {called} of {made[called]}.c, which is below it")
print(*broken, sep="\n", end="\n" if broken else "")
sys.exit(1 if broken else 0)
PYTHON
