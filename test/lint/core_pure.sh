# core/ knows libc, libidn2 and libunistring, and itself
! grep -nE '#include "' src/core/*.c src/core/*.h | grep -vE '#include "core/'
