# install pieces: CREATE only; tables are cdp.init()'s business (statements at the start of a line
# are the script's own; what stands inside a function body is indented)
! grep -nEi '^CREATE OR REPLACE|^CREATE (UNLOGGED |TEMP(ORARY)? )?TABLE' $(find src -name '*.sql' -not -name 'cdp--*' -not -path '*/upgrade/*')
