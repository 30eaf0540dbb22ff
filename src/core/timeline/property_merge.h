/*
 * property_merge.h
 *		The properties of two timelines as those of one: their names and texts as one list each, and
 *		the blocks of columns copied or joined.
 */
#ifndef CDPK_PROPERTY_MERGE_H
#define CDPK_PROPERTY_MERGE_H

#include "core/timeline/property_write.h"

/* a timeline whose properties become part of another's */
typedef struct CdpkPropertySide
{
	CdpkProperties properties;
	CdpkName *names;
	CdpkName *texts;
	uint32_t *name_places; /* in the merged lists */
	uint32_t *text_places;
	bool same_texts; /* every text has the place that it had */
} CdpkPropertySide;

typedef struct CdpkPropertyMerge
{
	const CdpkAllocator *allocator;
	CdpkPropertySide sides[2];
	CdpkName *names;
	uint64_t name_count;
	CdpkName *texts;
	uint64_t text_count;
	CdpkBuffer sizes; /* of the blocks, one for each event name of the result */
	CdpkBuffer blocks;
	CdpkStatus status; /* the first error but for those of the buffers */
} CdpkPropertyMerge;

/* Start to merge the properties of two timelines; end it also after an error. */
extern CdpkStatus cdpk_property_merge_begin(CdpkPropertyMerge *merge, const CdpkTimeline *a,
											const CdpkTimeline *b, const CdpkAllocator *allocator);
extern void cdpk_property_merge_end(CdpkPropertyMerge *merge);

/* Return whether the result has properties at all. */
static inline bool
cdpk_property_merge_any(const CdpkPropertyMerge *merge)
{
	return merge->name_count > 0;
}

/* Return whether a column of a side has properties. */
extern bool cdpk_property_merge_has(CdpkPropertyMerge *merge, unsigned side,
									const CdpkColumn *column);

/* Write the block of a column that only one side has. */
extern void cdpk_property_merge_copy(CdpkPropertyMerge *merge, unsigned side,
									 const CdpkColumn *column);

/* Write the block of two columns, of which the one of side "later" has only later events. */
extern void cdpk_property_merge_join(CdpkPropertyMerge *merge, unsigned later,
									 const CdpkColumn *columns[2]);

/* Write the block of the only column of another timeline, which has no other names and texts. */
extern void cdpk_property_merge_take(CdpkPropertyMerge *merge, const CdpkTimeline *timeline,
									 const CdpkColumn *column);

#endif /* CDPK_PROPERTY_MERGE_H */
