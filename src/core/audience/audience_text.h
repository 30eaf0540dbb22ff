/*
 * audience_text.h
 *		The text form of an audience: its ids, ascending, as {-3,1,5..9}.
 */
#ifndef CDPK_AUDIENCE_TEXT_H
#define CDPK_AUDIENCE_TEXT_H

#include "core/audience/audience.h"

/*
 * Make the audience that a text says, with "before" bytes in front of it; length is without them.
 * Ids and ranges may stand in any order, overlap, and have blanks around them.
 */
extern CdpkStatus cdpk_audience_parse(const char *text, size_t text_length,
									  const CdpkAllocator *allocator, size_t before,
									  CdpkPause pause, uint8_t **bytes, size_t *length,
									  CdpkTextProblem *problem);

/* Write the text form, with a NUL; CDPK_TOO_LONG over CDPK_TEXT_MAX. */
extern CdpkStatus cdpk_audience_print(const CdpkAudience *audience, const CdpkAllocator *allocator,
									  char **text);

#endif /* CDPK_AUDIENCE_TEXT_H */
