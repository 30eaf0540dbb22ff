# the manifest and the pieces on disk are the same set
diff <(sed 's/ *#.*//; /^$/d' src/install.list | sort) \
	<(cd src && find . -name '*.sql' -not -path './upgrade/*' -not -name 'cdp--*' | sed 's,^\./,,' | sort)
