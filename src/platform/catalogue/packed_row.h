/*
 * packed_row.h
 *		Rows of cdp_data.base: what their column "packed" holds.
 */
#ifndef CDP_PACKED_ROW_H
#define CDP_PACKED_ROW_H

#include "core/batch/batch_packed.h"

/* Reads a row of an anchor, which points into the bytes.  They are neither compressed nor out of line. */
extern void packed_row_read(Datum packed, int64 anchor, CdpkPacked *row);

/* Writes a row. */
extern Datum packed_row_write(const CdpkPacked *row);

/* Returns the identifiers of a row that was read, of an alias the earlier user_id last. */
extern int64 *packed_row_ids(const CdpkPacked *row);

/* Returns the message of a row that was read, as text. */
extern text *packed_row_message(const CdpkPacked *row);

#endif /* CDP_PACKED_ROW_H */
