# "AS 'MODULE_PATHNAME', 'cdp_…'" in the pieces names each exported function, in the room of its C, and the sources
# export nothing that no piece names
named=$(find src -name '*.sql' -not -name 'cdp--*' -print0 | xargs -0 grep -ohE "MODULE_PATHNAME', '[a-z0-9_]+'" | sed "s/.*, '//; s/'//" | sort -u)
defined=$(find src -name '*.c' -print0 | xargs -0 grep -ohE '^CDP_FUNCTION\([a-z0-9_]+\)' | sed 's/.*(//; s/)//' | sort -u)
diff <(echo "$named") <(echo "$defined") || exit 1
! echo "$defined" | grep -v '^cdp_' | grep .
# symbol and folder of each declaration and definition
by_room() {
	find src -name "$1" -not -name 'cdp--*' -print0 | xargs -0 grep -oE "$2[a-z0-9_]+" | sed -E "s|/[^/]*:.*[('](cdp_[a-z0-9_]+)$| \\1|" | sort -u
}
diff <(by_room '*.sql' "MODULE_PATHNAME', '") <(by_room '*.c' '^CDP_FUNCTION\(')
