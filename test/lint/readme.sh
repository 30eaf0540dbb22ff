# every public function, aggregate and type is named in the README, with its schema
status=0
names=$(find src -name '*.sql' -not -name 'cdp--*' -not -path '*/upgrade/*' -print0 | xargs -0 cat | tr '\n' ' ' |
	grep -oE "COMMENT ON (FUNCTION|AGGREGATE|TYPE) cdp\.[a-z0-9_]+[^']* IS[[:space:]]+'[^']{9}" | grep -v "'Internal:" |
	sed -E 's/COMMENT ON [A-Z]+ (cdp\.[a-z0-9_]+).*/\1/' | sort -u)
for name in $names; do
	grep -qE "\b$name\b" README.md || { echo "README.md does not name $name"; status=1; }
done
exit $status
