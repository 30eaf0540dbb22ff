# every function, aggregate and type of schema cdp is named in the README, with its schema
status=0
names=$(find src -name '*.sql' -not -name 'cdp--*' -not -path '*/upgrade/*' -print0 | xargs -0 cat |
	sed -nE 's/^CREATE (FUNCTION|AGGREGATE|TYPE) (cdp\.[a-z0-9_]+).*/\2/p'
	sed -nE 's/^PREDICATE\(([a-z0-9_]+),.*/cdp.\1/p' src/toolkit/predicate/predicates.def)
for name in $names; do
	grep -qE "\b$name\b" README.md || { echo "README.md does not name $name"; status=1; }
done
exit $status
