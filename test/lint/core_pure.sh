# core/ knows libc, libidn2 and libunistring, and itself
! grep -rnE '#include "' src/core | grep -vE '#include "core/'
