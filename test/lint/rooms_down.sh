# rooms from the bottom up, in three floors: each uses itself and what stands before it, in C (includes) and in
# SQL (what another piece of the install script makes); the pieces are installed in this order
python3 - <<'PYTHON'
import re, sys
from pathlib import Path

ROOMS = """core/base core/text core/identifier core/traits core/timeline core/sequence core/attribution core/audience core/schema core/personal core/stitch core/consent core/batch
toolkit/bridge toolkit/identifier toolkit/components toolkit/traits toolkit/timeline toolkit/sequence toolkit/predicate toolkit/attribution toolkit/audience toolkit/schema toolkit/consent
platform/catalogue platform/progress platform/store platform/batch platform/suppression platform/ingest platform/identity platform/profile platform/feed platform/consent platform/segment platform/follow
platform/lookup platform/refresh platform/rule platform/erase platform/report platform/plan platform/connect platform/census platform/retention platform/export platform/worker platform/operate""".split()
MADE = re.compile(r"\bCREATE (?:FUNCTION|AGGREGATE|TYPE|TABLE|VIEW|SEQUENCE) (cdp(?:_\w+)?\.\w+)")
broken = []


def room(path):
    return "/".join(Path(path).parts[:2])


def uses(user, used, what):
    if ROOMS.index(room(used)) > ROOMS.index(room(user)):
        broken.append(f"{user} reaches up to {used}: {what}")


sources = [p for p in Path("src").rglob("*") if p.suffix in (".c", ".h", ".cc", ".def", ".sql") and len(p.parts) > 2]
for path in sources:
    inside = str(path.relative_to("src"))
    if room(inside) not in ROOMS and not inside.startswith("upgrade/"):
        broken.append(f"{inside} stands in no room of this list")
    elif path.suffix != ".sql":
        for used in re.findall(r'#include "((?:core|toolkit|platform)/[^"]+)"', path.read_text()):
            uses(inside, used, "#include")

pieces = [line.split("#")[0].strip() for line in Path("src/install.list").read_text().splitlines()]
pieces = [p for p in pieces if p and p != "prelude.sql"]
# what make writes from the table of predicates uses what the table names
DECLARED = {"toolkit/predicate/predicates.sql": "toolkit/predicate/predicates.def"}
texts = {p: Path("src", DECLARED.get(p, p)).read_text() for p in pieces}
if pieces != sorted(pieces, key=lambda p: ROOMS.index(room(p))):
    broken.append("src/install.list is not in the order of the rooms")
made = {}
for piece, text in texts.items():
    for name in MADE.findall(text) + ["cdp." + name for name in re.findall(r"^PREDICATE\((\w+)", text, flags=re.M)]:
        made.setdefault(name, set()).add(piece)
for piece, text in texts.items():
    # comments, and what a message says, use nothing
    code = re.sub(r"--.*|\b(HINT|DETAIL|MESSAGE) = .*(\n\s*'.*)*", "", text)
    code = re.sub(r"^\s*COMMENT ON .*?(?:'|\$comment\$);$", "", code, flags=re.M | re.S)
    for name in set(re.findall(r"\bcdp(?:_\w+)?\.\w+", code)):
        if name in made:
            # of a name that several pieces make, the lowest
            uses(piece, min(made[name], key=lambda p: ROOMS.index(room(p))), name)
print("\n".join(broken))
sys.exit(bool(broken))
PYTHON
