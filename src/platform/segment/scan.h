/*
 * scan.h
 *		One scan that judges people, or accounts, by the conditions of segments, as their owner.
 */
#ifndef CDP_SEGMENT_SCAN_H
#define CDP_SEGMENT_SCAN_H

#include "platform/segment/evaluate.h"
#include "platform/segment/part.h"

/* where an error came up */
typedef enum ScanStage
{
	SCAN_DEFINITION, /* in the definition of the segment at hand */
	SCAN_PEOPLE,     /* in finding people */
	SCAN_CONDITION   /* in judging the person at hand by the segment at hand */
} ScanStage;

/*
 * Callback: takes a person, and the verdict of each segment that is judged, at its place.  Values of computed traits
 * are in the memory context in which the scan was run.
 */
typedef void (*ScanTake)(void *arg, int64 profile_id, const Verdict *verdicts);

/* Callback: looks at the parts of a condition for a person, in place of judging. */
typedef void (*ScanLook)(void *arg, Part *part, const PartPerson *person);

typedef struct PersonScan
{
	const Segment *segments; /* of one subject and owner */
	const bool *judged;      /* which of them; NULL: all */
	int count;
	Node *condition; /* of the only one, in place of its definition; NULL: that */
	const char *
		relation; /* SQL with the columns of cdp.profile_row, in place of it, of which all rows are judged */
	Oid owner;
	TimestampTz as_of;
	EvaluateInstant instant; /* NULL: as_of */
	EvaluateKeptValue kept_value;
	EvaluateMembers members;
	void *memory; /* the argument of these */

	/* whom: these or, if ids is NULL, the first "limit" after this one */
	const int64 *ids;
	int64 limit;
	int64 after;

	/* called in the restricted context */
	ScanTake take;
	ScanLook look; /* NULL: people are judged */
	void *arg;

	/* set by scan_run */
	ScanStage stage;
	int segment;
	int64 profile_id;
	bool too_slow;
} PersonScan;

/* Runs a scan for at most this number of milliseconds (0: no limit); returns its error, or NULL. */
extern ErrorData *scan_run(PersonScan *scan, int milliseconds);

#endif /* CDP_SEGMENT_SCAN_H */
