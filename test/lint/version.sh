# the version stands once, in cdp.control; the files that must repeat it agree
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" cdp.control)
grep -q "\"file\": \"src/cdp--$version.sql\"" META.json || { echo "META.json does not name version $version"; exit 1; }
grep -q "cdp--$version.sql" .gitignore || { echo ".gitignore does not name version $version"; exit 1; }
