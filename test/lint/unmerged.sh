# no file holds the marks that a merge leaves where it needs help
! git -c safe.directory='*' grep -nIE '^(<{7}|>{7}) ' -- . 2>/dev/null | grep .
