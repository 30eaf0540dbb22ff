/*
 * same_rows.h
 *		Whether a small table still has the rows that it had, so that what was made of them still holds.
 */
#ifndef CDP_BATCH_SAME_ROWS_H
#define CDP_BATCH_SAME_ROWS_H

#include "lib/stringinfo.h"

/* The rows of a table of cdp_data, as they were; all zero at first.  It lasts as long as the session. */
typedef struct SameRows
{
	bool valid;    /* the caller has made something of them */
	bool complete; /* "rows" has all of them */
	StringInfo rows;
} SameRows;

/*
 * Tells whether the rows that are visible now to a statement are those of the last call, and the caller
 * has set "valid" since.  It is false wherever that is not sure: if the table is large, or the caller may
 * not read all of it.
 */
extern bool same_rows(SameRows *last, const char *table);

#endif /* CDP_BATCH_SAME_ROWS_H */
