/*
 * ecma_regex.h
 *		Regular expressions of ECMA-262, as JSON Schema has them, rewritten as PostgreSQL's advanced ones (ARE).
 *
 * The result means the same under any collation and with any characters: sets of characters are written out as
 * ranges of code points.  It holds no capturing parentheses and no non-greedy quantifiers, which say nothing of
 * whether a text matches, and no back-references, so that the engine needs to remember nothing.
 */
#ifndef CDPK_ECMA_REGEX_H
#define CDPK_ECMA_REGEX_H

#include "core/base/cdpk.h"

#define CDPK_REGEX_DEPTH_MAX 64     /* parentheses within each other */
#define CDPK_REGEX_REPEAT_MAX 65000 /* of {m,n} */
#define CDPK_REGEX_RANGES_MAX 512   /* of one class, before they are joined */

/*
 * Rewrite a pattern, which is UTF-8, into a buffer of "room" bytes; *problem says what is wrong at *position (a byte,
 * from 1).
 *
 * CDPK_INVALID: not of ECMA-262, in its Unicode mode.  CDPK_UNSUPPORTED: back-references, \p.  CDPK_TOO_LONG: over a
 * limit, or the room.
 */
extern CdpkStatus cdpk_ecma_regex(const char *pattern, size_t length, char *result, size_t room,
								  size_t *result_length, const char **problem, size_t *position);

#endif /* CDPK_ECMA_REGEX_H */
