# SQL of the install pieces: lines to 120 characters (a tab is 4), tabs to indent, no blanks at the end, keywords that
# begin a clause in upper case, <> and not !=, RAISE EXCEPTION … USING ERRCODE, LANGUAGE C, the argument types in COMMENT ON
! find src -name '*.sql' -not -name 'cdp--*' -not -path '*/upgrade/*' -not -path src/toolkit/predicate/predicates.sql | sort | xargs awk '
	function complain(what) { print FILENAME ":" FNR ": " what }
	{
		width = $0
		gsub(/\t/, "    ", width)
		if (length(width) > 120) complain("longer than 120 characters")
		if ($0 ~ /[ \t]$/) complain("blank at the end of the line")
		if ($0 ~ /^\t* +\t/ || $0 ~ /^    /) complain("indented by blanks")
		if ($0 !~ /^\t*--/ && $0 ~ /!=/) complain("!= for <>")
		if ($0 ~ /^\t*RAISE [a-z]/) complain("RAISE with a condition name for RAISE EXCEPTION")
		if ($0 ~ /LANGUAGE c( |$)/) complain("LANGUAGE c for LANGUAGE C")
		if ($0 ~ /COMMENT ON (FUNCTION|AGGREGATE) [a-z_.]+ IS/) complain("COMMENT ON without argument types")
		if ($0 ~ /^\t+(select|from|where|join|left join|group by|order by|insert into|update|delete from|union|returning|values)( |$)/)
			complain("keyword in lower case")
	}
' | grep .
