# "AS 'MODULE_PATHNAME', 'cdp_…'" in the pieces names each exported function, in the room of its C, and the sources
# export nothing that no piece, and no row of the table of predicates, names
predicates=$(sed -nE 's/^PREDICATE\(([a-z0-9_]+),.*/cdp_\1/p' src/toolkit/predicate/predicates.def | sort -u)
pieces() {
	find src -name '*.sql' -not -name 'cdp--*' -not -path src/toolkit/predicate/predicates.sql -print0
}
named=$({ pieces | xargs -0 grep -ohE "MODULE_PATHNAME', '[a-z0-9_]+'" | sed "s/.*, '//; s/'//"; echo "$predicates"; } | sort -u)
defined=$(find src -name '*.c' -print0 | xargs -0 grep -ohE '^CDP_FUNCTION\([a-z0-9_]+\)' | sed 's/.*(//; s/)//' | sort -u)
diff <(echo "$named") <(echo "$defined") || exit 1
! echo "$defined" | grep -v '^cdp_' | grep .
# symbol and folder of each declaration and definition
by_room() {
	xargs -0 grep -oE "$1[a-z0-9_]+" | sed -E "s|/[^/]*:.*[('](cdp_[a-z0-9_]+)$| \\1|" | sort -u
}
diff <(pieces | by_room "MODULE_PATHNAME', '") \
	<(find src -name '*.c' -print0 | by_room '^CDP_FUNCTION\(' | grep -vxE "[^ ]+ ($(echo "$predicates" | paste -sd'|'))")
