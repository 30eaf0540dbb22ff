# the manifest and the pieces on disk are the same set, but for the one that make writes
diff <(sed '/made by make/d; s/ *#.*//; /^$/d' src/install.list | sort) \
	<(cd src && find . -name '*.sql' -not -path './upgrade/*' -not -name 'cdp--*' -not -path ./toolkit/predicate/predicates.sql | sed 's,^\./,,' | sort)
