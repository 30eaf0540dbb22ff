# every function, aggregate and type of the pieces has a comment
objects() {
	find src -name '*.sql' -not -name 'cdp--*' -not -path '*/upgrade/*' -print0 | xargs -0 grep -ohE "^$1 (FUNCTION|AGGREGATE|TYPE) cdp(_internal)?\.[a-z0-9_]+" |
		sed -E 's/^.* //' | sort -u
}
diff <(objects CREATE) <(objects 'COMMENT ON') | grep '^<' && exit 1 || exit 0
