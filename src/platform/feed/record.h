/*
 * record.h
 *		Adding changes to the feed.
 */
#ifndef CDP_FEED_RECORD_H
#define CDP_FEED_RECORD_H

/* columns of cdp_data.change */
typedef enum FeedColumn
{
	FEED_KIND,
	FEED_PROFILE_ID,
	FEED_SEGMENT_ID,
	FEED_OTHER_PROFILE_ID,
	FEED_AT,
	FEED_CAUSE,
	FEED_EVENT_ID,
	FEED_TRAIT,
	FEED_VALUE,
	FEED_VERDICT_ID,
	FEED_SINCE,
	FEED_OTHER_SINCE,
	FEED_GROUP_ID,

	/* the following are found when changes are recorded */
	FEED_GIVEN,
	FEED_CHANGE_ID = FEED_GIVEN,
	FEED_RUN,
	FEED_RECORDED_AT,
	FEED_BATCH_ID,
	FEED_COLUMNS
} FeedColumn;

/* Changes in the order in which they are recorded, column by column. */
typedef struct FeedRows
{
	int count;
	Datum *values[FEED_COLUMNS];
	bool *nulls[FEED_COLUMNS];
} FeedRows;

/* Returns so many rows, in which all is NULL. */
extern FeedRows feed_make_rows(int count);

extern void feed_set(FeedRows *rows, FeedColumn column, int row, Datum value);

/*
 * Adds rows to the feed, in a batch or outside of one, and returns the number of the last change.  The caller holds the
 * lock of cdp.refresh().
 */
extern int64 feed_record(FeedRows *rows, bool in_batch);

#endif /* CDP_FEED_RECORD_H */
