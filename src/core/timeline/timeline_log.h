/*
 * timeline_log.h
 *		The open form of a timeline: a block of memory to which events are appended in any
 *		order, in constant time each, and which is then brought to the compact form.
 *
 * The block is flat (no pointers), so that it can be a varlena, be copied and be sent to another
 * process of the same machine; it is never stored on disk.  Growing it makes a larger copy.
 */
#ifndef CDPK_TIMELINE_LOG_H
#define CDPK_TIMELINE_LOG_H

#include "core/timeline/event_values.h"
#include "core/timeline/property.h"
#include "core/timeline/timeline.h"

#define CDPK_TIMELINE_OPEN 0x81     /* the byte where the compact form has its version */
#define CDPK_LOG_MAX CDPK_STATE_MAX /* bytes of a block */

/*
 * The block: this, then slots (a hash table from names to the heap), the heap of names, and the
 * events.  Offsets are from the start of the block.
 */
typedef struct CdpkTimelineLog
{
	uint32_t length_word; /* the caller's: a varlena's length */
	uint8_t form;         /* CDPK_TIMELINE_OPEN */
	uint8_t unused[3];    /* zero */
	uint32_t size;        /* of the whole block */
	uint32_t names;       /* of events and of properties, and texts */
	uint32_t slots;       /* a power of two, at least twice the names */
	uint32_t heap;
	uint32_t heap_used;
	uint32_t log; /* where the heap's room ends */
	uint32_t log_used;
	uint32_t events;
} CdpkTimelineLog;

typedef struct CdpkLogValue
{
	uint32_t name;           /* of the property, as cdpk_log_name gave it */
	CdpkPropertyValue value; /* a text as cdpk_log_text gave it */
} CdpkLogValue;

/*
 * Make an empty log. All functions that append may replace *log by a larger copy, and release
 * the former block (if the allocator releases at all).
 */
extern CdpkStatus cdpk_log_new(const CdpkAllocator *allocator, CdpkTimelineLog **log);

/* The same with room for about so many names, which need not be moved while they come. */
extern CdpkStatus cdpk_log_new_for(const CdpkAllocator *allocator, uint32_t names,
								   CdpkTimelineLog **log);

/*
 * Return the place of a name, the same for the same name.
 *
 * CDPK_EMPTY: no bytes.  CDPK_BAD_ENCODING: not UTF-8.  CDPK_TOO_LONG: the block is full.
 */
extern CdpkStatus cdpk_log_name(CdpkTimelineLog **log, const CdpkAllocator *allocator,
								const char *name, size_t length, uint32_t *place);

/* Return the place of a text, which may be empty; errors as cdpk_log_name. */
extern CdpkStatus cdpk_log_text(CdpkTimelineLog **log, const CdpkAllocator *allocator,
								const char *text, size_t length, uint32_t *place);

/*
 * Append an event with the values of its properties, in any order.
 *
 * CDPK_OUT_OF_RANGE: the time is not one that a timestamptz holds.  CDPK_TOO_LONG: more than
 * CDPK_PROPERTIES_MAX properties, more values of one than CDPK_PROPERTY_VALUES_MAX and a mark, or the
 * block is full.  CDPK_INVALID: a property is marked as a whole twice.
 */
extern CdpkStatus cdpk_log_event(CdpkTimelineLog **log, const CdpkAllocator *allocator,
								 uint32_t name, int64_t at, const CdpkLogValue *values,
								 unsigned count);

/* Append an event with collected values, whose names are places of the log. */
extern CdpkStatus cdpk_log_event_values(CdpkTimelineLog **log, const CdpkAllocator *allocator,
										uint32_t name, int64_t at, const CdpkEventValues *values);

/* A timeline whose columns are appended to a log. */
typedef struct CdpkLogSource
{
	const CdpkAllocator *allocator;
	CdpkProperties properties;
	CdpkName *names;
	CdpkName *texts;
	uint32_t *name_places; /* in the log, or CDPK_LOG_NONE: not looked for yet */
	uint32_t *text_places;
} CdpkLogSource;

#define CDPK_LOG_NONE UINT32_MAX

/* Start reading a timeline for one log; close it also after an error. */
extern CdpkStatus cdpk_log_source_open(CdpkLogSource *source, const CdpkTimeline *timeline,
									   const CdpkAllocator *allocator);
extern void cdpk_log_source_close(CdpkLogSource *source);

/* Append the events of a column that are not older than "first". */
extern CdpkStatus cdpk_log_column(CdpkTimelineLog **log, CdpkLogSource *source, CdpkColumn *column,
								  int64_t first);

/* A condition on one number of an event: "total" > 100. */
typedef struct CdpkNumberCondition
{
	const char *number;
	size_t length;
	CdpkComparison comparison;
	CdpkDecimal value;
} CdpkNumberCondition;

/*
 * Append the events of a column that have a number, or a text that is one, which satisfies a
 * condition.
 */
extern CdpkStatus cdpk_log_column_where(CdpkTimelineLog **log, CdpkLogSource *source,
										CdpkColumn *column, const CdpkNumberCondition *condition);

/* Append all events of a timeline in its compact form. */
extern CdpkStatus cdpk_log_compact_form(CdpkTimelineLog **log, const CdpkAllocator *allocator,
										const uint8_t *bytes, size_t length);

/* Append all events of another log. */
extern CdpkStatus cdpk_log_open_form(CdpkTimelineLog **log, const CdpkAllocator *allocator,
									 const CdpkTimelineLog *other);

/* ---- the block, for timeline_compact.c, too ---- */

/* a name in the heap; its bytes follow */
typedef struct CdpkLogName
{
	uint32_t place;
	uint32_t length;
} CdpkLogName;

/* what a name takes in the heap: entries are aligned */
static inline uint32_t
cdpk_log_name_room(size_t length)
{
	return (uint32_t) ((sizeof(CdpkLogName) + length + 3) & ~(size_t) 3);
}

/* an event as it lies in the log */
typedef struct CdpkRecord
{
	uint32_t name;
	int64_t at;
	unsigned count; /* of values */
	CdpkReader values;
} CdpkRecord;

/* Start reading the log's events. */
extern CdpkReader cdpk_log_records(const CdpkTimelineLog *log);

/* Read an event, and move on. */
extern void cdpk_read_record(CdpkReader *reader, CdpkRecord *record);

/* Read one of its values from record.values, and move on. */
extern CdpkLogValue cdpk_read_value(CdpkReader *values);

#endif /* CDPK_TIMELINE_LOG_H */
