# SQL of the install pieces: lines to 120 characters (a tab is 4), tabs to indent, no blanks at the end, keywords that
# begin a clause in upper case, <> and not !=
! find src -name '*.sql' -not -name 'cdp--*' -not -path '*/upgrade/*' | sort | xargs awk '
	function complain(what) { print FILENAME ":" FNR ": " what }
	{
		width = $0
		gsub(/\t/, "    ", width)
		if (length(width) > 120) complain("longer than 120 characters")
		if ($0 ~ /[ \t]$/) complain("blank at the end of the line")
		if ($0 ~ /^\t* +\t/ || $0 ~ /^    /) complain("indented by blanks")
		if ($0 !~ /^\t*--/ && $0 ~ /!=/) complain("!= for <>")
		if ($0 ~ /^\t+(select|from|where|join|left join|group by|order by|insert into|update|delete from|union|returning|values)( |$)/)
			complain("keyword in lower case")
	}
' | grep .
