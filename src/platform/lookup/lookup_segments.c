/*
 * lookup_segments.c
 *		Finds the segments that a person is in.
 *
 * The segments of an owner are judged together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "platform/lookup/lookup_segments.h"
#include "platform/segment/definition.h"
#include "platform/segment/evaluate.h"

typedef enum SegmentState
{
	SEGMENT_OPEN, /* not judged yet */
	SEGMENT_OUT,
	SEGMENT_IN,
	SEGMENT_FAILING
} SegmentState;

/* the segments to judge */
typedef struct SegmentList
{
	int count;
	Segment *segments;
	SegmentState *states;
} SegmentList;

/* the segments of one owner */
typedef struct OwnedSegments
{
	int count;
	Segment *segments;
	int *places; /* their indexes in the list of all */
	SegmentState *states;
} OwnedSegments;

/*
 * is_known_gone returns whether a segment that was not found has lost its view.  Only if a refresh
 * has marked it as failing: before that, the segment may just have been dropped.
 */
static bool
is_known_gone(const char *name, const char *state)
{
	return strcmp(state, "failing") == 0 && !definition_exists(name);
}

/*
 * read_segments returns all segments that the caller may read, locked.  Segments that were too slow or
 * have lost their view (view is InvalidOid) are failing without being judged.
 */
static SegmentList
read_segments(void)
{
	static SPIPlanPtr plan = NULL;
	SegmentList list = {0};

	if (plan == NULL)
	{
		SPIPlanPtr made = SPI_prepare("SELECT s.name, s.state FROM cdp_data.segment s "
									  "ORDER BY s.name COLLATE pg_catalog.\"C\"",
									  0, NULL);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a lookup: %s", SPI_result_code_string(SPI_result));
		plan = made;
	}
	if (SPI_execute_plan(plan, NULL, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list the segments");
	list.segments = palloc(Max(SPI_processed, 1) * sizeof(Segment));
	list.states = palloc0(Max(SPI_processed, 1) * sizeof(SegmentState));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		char *name = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
		char *state = SPI_getvalue(row, SPI_tuptable->tupdesc, 2);
		Segment *segment = &list.segments[list.count];
		bool found = definition_find(name, 0, segment);

		if (!found && !is_known_gone(name, state))
			continue;
		if (!found)
		{
			namestrcpy(&segment->name, name);
			segment->view = InvalidOid;
		}
		if (!found || strcmp(state, "too_slow") == 0)
			list.states[list.count] = SEGMENT_FAILING;
		list.count++;
	}
	return list;
}

/* take_verdicts is a callback that notes the verdicts of a person. */
static void
take_verdicts(void *arg, int64 profile_id, const Verdict *verdicts)
{
	OwnedSegments *owned = arg;

	for (int i = 0; i < owned->count; i++)
		owned->states[i] = verdicts[i].failing ? SEGMENT_FAILING
						   : verdicts[i].holds ? SEGMENT_IN
											   : SEGMENT_OUT;
}

/* judge_owner judges all segments that have the same owner as the one with index "first". */
static void
judge_owner(SegmentList *list, int first, int64 profile_id)
{
	OwnedSegments owned = {0, palloc(list->count * sizeof(Segment)),
						   palloc(list->count * sizeof(int)),
						   palloc(list->count * sizeof(SegmentState))};
	Judgement *results;

	for (int i = first; i < list->count; i++)
		if (list->states[i] == SEGMENT_OPEN &&
			list->segments[i].owner == list->segments[first].owner)
		{
			owned.segments[owned.count] = list->segments[i];
			owned.states[owned.count] = SEGMENT_OUT;
			owned.places[owned.count++] = i;
		}
	results = palloc(owned.count * sizeof(Judgement));
	evaluate_people(owned.segments, owned.count, &profile_id, 1,
					GetCurrentTransactionStartTimestamp(), NULL, take_verdicts, &owned, results);
	for (int i = 0; i < owned.count; i++)
		list->states[owned.places[i]] = results[i].whole ? SEGMENT_FAILING : owned.states[i];
}

void
lookup_segments(int64 profile_id, List **members_of, List **failing)
{
	SegmentList list = read_segments();

	for (int i = 0; i < list.count; i++)
		if (list.states[i] == SEGMENT_OPEN)
			judge_owner(&list, i, profile_id);
	for (int i = 0; i < list.count; i++)
		if (OidIsValid(list.segments[i].view))
			definition_release(&list.segments[i]);
	*members_of = NIL;
	*failing = NIL;
	for (int i = 0; i < list.count; i++)
	{
		char *name = NameStr(list.segments[i].name);

		if (list.states[i] == SEGMENT_IN)
			*members_of = lappend(*members_of, name);
		else if (list.states[i] == SEGMENT_FAILING)
			*failing = lappend(*failing, name);
	}
}
