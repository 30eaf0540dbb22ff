#!/bin/bash
# What core/batch takes of a batch of BATCH_ROWS rows, by phase, in microseconds of CPU a row, and in bytes a row.  It needs no table.
set -euo pipefail
top=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
"${CC:-gcc}" -std=c11 -O2 -D_POSIX_C_SOURCE=200809L -I"$top/src" "$top/test/bench/batch.c" "$top"/src/core/*/*.c \
	-lidn2 -lunistring -lm -o "$PGHOST/batch"
"$PGHOST/batch" "${BATCH_ROWS:-100000}"
