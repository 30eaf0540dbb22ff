/*
 * link_counts.h
 *		To how many identifiers of each namespace one is linked, as bytes: FORMAT.md.
 */
#ifndef CDPK_LINK_COUNTS_H
#define CDPK_LINK_COUNTS_H

#include "core/base/bytes.h"

/* The greatest number of a namespace. */
#define CDPK_NAMESPACE_ID_MAX INT32_MAX

/* The most bytes of one count, and the fewest. */
#define CDPK_LINK_COUNT_SIZE_MAX 10
#define CDPK_LINK_COUNT_SIZE_MIN 2

typedef struct CdpkLinkCount
{
	uint32_t namespace_id; /* 1 … CDPK_NAMESPACE_ID_MAX */
	uint32_t count;        /* not 0 */
} CdpkLinkCount;

/*
 * Sort counts of different namespaces, and write those that are not 0.  There is room for
 * CDPK_LINK_COUNT_SIZE_MAX bytes each.  Return the number of bytes.
 */
extern size_t cdpk_link_counts_write(CdpkLinkCount *counts, size_t count, uint8_t *bytes);

/*
 * Read the next count; false at the end, and where the bytes are not well formed: then the reader has
 * failed.  The count before, of namespace 0 at the beginning, is in *count.
 */
extern bool cdpk_link_counts_next(CdpkReader *reader, CdpkLinkCount *count);

#endif /* CDPK_LINK_COUNTS_H */
