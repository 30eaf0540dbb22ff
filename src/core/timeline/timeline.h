/*
 * timeline.h
 *		The history of a profile as one compressed value, and how it is read.
 *
 * A timeline is a multiset of events: name, time in microseconds since 2000-01-01
 * 00:00:00 UTC, and numbers by their names.  In its compact form (FORMAT.md) each
 * event name has a column of its times, newest first, so that a reader passes
 * over the names it does not want and stops at the edge of a window.  Equal
 * timelines are equal bytes.  timeline_log.h has the open form, which grows.
 */
#ifndef CDPK_TIMELINE_H
#define CDPK_TIMELINE_H

#include "core/base/bytes.h"
#include "core/text/decimal.h"

#define CDPK_TIMELINE_VERSION 1 /* first byte of the compact form */

/* the times that a timestamptz can hold, but for its infinities */
#define CDPK_TIME_MIN (-INT64_C(211813488000000000))
#define CDPK_TIME_END INT64_C(9223371331200000000)

#define CDPK_TIMELINE_SIZE_MAX (UINT32_C(1) << 28) /* bytes of the compact form */
#define CDPK_NUMBERS_MAX 32 /* different numbers with the events of one name */

/* units of a column's times, coarsest first: s, ms, µs */
#define CDPK_TIMELINE_UNITS 3

/* a column's head: whether it has numbers, the unit, the count */
#define CDPK_COLUMN_NUMBERS 1
#define CDPK_COLUMN_UNIT_SHIFT 1
#define CDPK_COLUMN_UNIT_MASK 3
#define CDPK_COLUMN_COUNT_SHIFT 3

/* a number column's head: a scale, or SCALE_EACH where every value has its own */
#define CDPK_NUMBER_SCALE_MASK 31
#define CDPK_NUMBER_SCALE_EACH 31
#define CDPK_NUMBER_SPARSE 32

typedef struct CdpkTimeline
{
	CdpkReader directory;    /* at the next entry */
	CdpkReader data;         /* at its name */
	CdpkReader number_names; /* at the first one */
	uint64_t number_count;
	uint64_t names; /* entries left in the directory */
	uint64_t base;  /* no event is later; as an int64_t of microseconds */
} CdpkTimeline;

/* The events of one name.  Reading one moves "left", "at" and "times" on. */
typedef struct CdpkColumn
{
	const char *name;
	size_t name_length;
	uint64_t count;
	uint64_t left;
	uint64_t at; /* the time of the last event read, as an int64_t */
	uint64_t unit;
	CdpkReader times;
	CdpkReader numbers; /* empty where the column has none */
} CdpkColumn;

/* A name to look for. */
typedef struct CdpkName
{
	const char *text;
	size_t length;
} CdpkName;

/* One number of a column's events. */
typedef struct CdpkNumberColumn
{
	uint64_t name; /* its place among the timeline's number names */
	unsigned scale;
	const uint8_t *present; /* a bit an event, or NULL: all have it */
	CdpkReader values;
} CdpkNumberColumn;

extern const uint32_t cdpk_timeline_unit[CDPK_TIMELINE_UNITS];

/* Start reading the compact form. */
extern CdpkStatus cdpk_timeline_open(const uint8_t *bytes, size_t length, CdpkTimeline *timeline);

/* Return the next name's column, in the order of the names' bytes; false at the end or where the
 * bytes are corrupt, which cdpk_timeline_failed then tells apart. */
extern bool cdpk_timeline_next(CdpkTimeline *timeline, CdpkColumn *column);

/*
 * Return one name's column; false if there is none or where the bytes are corrupt.  The timeline
 * stays where it is.
 */
extern bool cdpk_timeline_find(CdpkTimeline *timeline, const char *name, size_t length,
							   CdpkColumn *column);

/*
 * Find one name's column in a timeline that is not open yet; count and left are 0 where there is no such column.
 */
extern CdpkStatus cdpk_timeline_find_in(const uint8_t *bytes, size_t length, const CdpkName *name,
										CdpkColumn *column);

/*
 * Return the columns of several names in one passage; columns[i].count is 0 if there is none.
 * False where the bytes are corrupt.
 */
extern bool cdpk_timeline_find_all(const CdpkTimeline *timeline, const CdpkName *names,
								   unsigned count, CdpkColumn *columns);

static inline bool
cdpk_timeline_failed(const CdpkTimeline *timeline)
{
	return timeline->directory.failed || timeline->data.failed || timeline->number_names.failed;
}

/*
 * Return the next older event's time; false at the end or where the bytes are corrupt
 * (column->times.failed).  What stands before the first column is eight bytes with the first byte
 * of its times, or more.
 */
static inline bool
cdpk_column_next(CdpkColumn *column, int64_t *at)
{
	if (column->left == 0)
		return false;
	column->left--;
	column->at -= cdpk_read_long_varint(&column->times) * column->unit;
	*at = (int64_t) column->at;
	return !column->times.failed;
}

/* Start reading a column's numbers; at most CDPK_NUMBERS_MAX, *count of them. */
extern CdpkStatus cdpk_column_numbers(const CdpkColumn *column,
									  CdpkNumberColumn numbers[CDPK_NUMBERS_MAX], unsigned *count);

/*
 * Find one of a column's numbers by its name and start to read it; *found says whether any event
 * has it.
 */
extern CdpkStatus cdpk_column_number(const CdpkTimeline *timeline, const CdpkColumn *column,
									 const char *name, size_t length, CdpkNumberColumn *number,
									 bool *found);

/*
 * Read a number of the column's next event: event 0, then 1, and so on.  *present says whether
 * the event has it.  "value" has the column's scale, which may be larger than the number needs.
 */
extern CdpkStatus cdpk_number_next_as_stored(CdpkNumberColumn *number, uint64_t event,
											 bool *present, CdpkDecimal *value);

/* Read a number of the column's next event in its canonical form. */
extern CdpkStatus cdpk_number_next(CdpkNumberColumn *number, uint64_t event, bool *present,
								   CdpkDecimal *value);

/* Return the name of a number by its place; NULL if there is none. */
extern const char *cdpk_timeline_number_name(const CdpkTimeline *timeline, uint64_t place,
											 size_t *length);

#endif /* CDPK_TIMELINE_H */
