# no fixed name below a temporary directory that users share: two runs, or two users, would meet there
! grep -rnE '(^|[^A-Za-z0-9_}.])/(tmp|var/tmp|dev/shm)/' sql test src Makefile .ci --exclude-dir=corpus --exclude-dir=found | grep -v '^test/lint/temporary.sh:' | grep .
