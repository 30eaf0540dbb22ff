/*
 * instant.h
 *		Any timestamptz as text that reads back exactly, the same under any setting
 *		of the session: timestamp.h's form, extended to all years and the infinities.
 */
#ifndef CDPK_INSTANT_H
#define CDPK_INSTANT_H

#include "core/base/cdpk.h"
#include "core/text/timestamp.h"

/*
 * Write "2024-02-29T12:00:00.5Z", "-0043-03-15T00:00:00Z", "+12024-01-01T00:00:00Z",
 * "+0000-01-01T00:00:00Z" (1 BC), "infinity" or "-infinity".
 */
extern void cdpk_instant_print(int64_t instant, char text[CDPK_TIMESTAMP_TEXT_MAX]);

/*
 * Read that, and all that cdpk_timestamp_parse reads.  CDPK_INVALID where it is
 * neither; CDPK_OUT_OF_RANGE where timestamptz does not reach.
 */
extern CdpkStatus cdpk_instant_parse(const char *text, size_t length, int64_t *instant);

/* Return whether a timestamptz can have this value, the infinities included. */
extern bool cdpk_instant_valid(int64_t instant);

#endif /* CDPK_INSTANT_H */
