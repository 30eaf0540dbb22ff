/*
 * funnel_modes.h
 *		The modes of a funnel, and their names.
 */
#ifndef CDPK_FUNNEL_MODES_H
#define CDPK_FUNNEL_MODES_H

#include "core/base/cdpk.h"

#define CDPK_FUNNEL_STRICT_DEDUPLICATION 1
#define CDPK_FUNNEL_STRICT_ORDER 2
#define CDPK_FUNNEL_STRICT_INCREASE 4
#define CDPK_FUNNEL_STRICT_ONCE 8
#define CDPK_FUNNEL_ALLOW_REENTRY 16
#define CDPK_FUNNEL_MODES_MAX 31

/* Return whether a number is a valid set of modes. */
static inline bool
cdpk_funnel_modes_valid(unsigned modes)
{
	return modes <= CDPK_FUNNEL_MODES_MAX &&
		   ((modes & CDPK_FUNNEL_ALLOW_REENTRY) == 0 || (modes & CDPK_FUNNEL_STRICT_ORDER) != 0);
}

/*
 * Read modes as text: their names in any order, with commas and blanks between them, or "default".
 *
 * CDPK_INVALID: another word; *word is it.  CDPK_UNSUPPORTED: allow_reentry without strict_order.
 */
extern CdpkStatus cdpk_funnel_modes_parse(const char *text, size_t length, unsigned *modes,
										  const char **word, size_t *word_length);

/* Room for all names and a NUL. */
#define CDPK_FUNNEL_MODES_TEXT_MAX 96
extern size_t cdpk_funnel_modes_print(unsigned modes, char text[CDPK_FUNNEL_MODES_TEXT_MAX]);

#endif /* CDPK_FUNNEL_MODES_H */
