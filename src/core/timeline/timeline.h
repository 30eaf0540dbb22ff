/*
 * timeline.h
 *		The history of a profile as one compressed value, and how it is read.
 *
 * A timeline is a multiset of events: name, time in microseconds since 2000-01-01
 * 00:00:00 UTC, and properties (property.h).  In its compact form (FORMAT.md) each
 * event name has a column of its times, newest first, so that a reader passes
 * over the names it does not want and stops at the edge of a window.  The properties
 * stand apart behind all columns: who does not ask for them does not read them.  Equal
 * timelines are equal bytes.  timeline_log.h has the open form, which grows.
 */
#ifndef CDPK_TIMELINE_H
#define CDPK_TIMELINE_H

#include "core/base/bytes.h"

/* first byte of the compact form: without properties, with them */
#define CDPK_TIMELINE_PLAIN 1
#define CDPK_TIMELINE_WITH_PROPERTIES 2

/* the times that a timestamptz can hold, but for its infinities */
#define CDPK_TIME_MIN (-INT64_C(211813488000000000))
#define CDPK_TIME_END INT64_C(9223371331200000000)

#define CDPK_TIMELINE_SIZE_MAX (UINT32_C(1) << 28) /* bytes of the compact form */

/* units of a column's times, coarsest first: s, ms, µs */
#define CDPK_TIMELINE_UNITS 3

/* a column's head: whether it has numbers (version 1 before there were properties), the unit, the count */
#define CDPK_COLUMN_NUMBERS 1
#define CDPK_COLUMN_UNIT_SHIFT 1
#define CDPK_COLUMN_UNIT_MASK 3
#define CDPK_COLUMN_COUNT_SHIFT 3

typedef struct CdpkTimeline
{
	CdpkReader directory;  /* at the next entry */
	CdpkReader data;       /* at its name */
	CdpkReader properties; /* empty if there are none */
	bool old;              /* version 1 with numbers: properties are only their names */
	uint64_t names;        /* entries left in the directory */
	uint64_t total;        /* entries in all */
	uint64_t base;         /* no event is later; as an int64_t of microseconds */
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
	uint64_t place;     /* among the timeline's columns */
	CdpkReader numbers; /* of a timeline that is old; else empty */
} CdpkColumn;

/* A name to look for. */
typedef struct CdpkName
{
	const char *text;
	size_t length;
} CdpkName;

extern const uint32_t cdpk_timeline_unit[CDPK_TIMELINE_UNITS];

/* Return whether bytes are of version 1 with numbers, which now have another form. */
static inline bool
cdpk_timeline_is_old(const uint8_t *bytes, size_t length)
{
	/* the lowest bit of the second byte, a varint's first */
	return length > 1 && bytes[0] == CDPK_TIMELINE_PLAIN && (bytes[1] & 1) != 0;
}

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
	return timeline->directory.failed || timeline->data.failed;
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

#endif /* CDPK_TIMELINE_H */
