/*
 * evaluate.c
 *		Evaluates the conditions of segments: who is in, and until when that stays.
 *
 * People are judged in pages.  All segments are judged in one scan; one that fails is judged by itself,
 * going on after each person that it fails for.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/plancat.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "platform/segment/evaluate.h"
#include "platform/segment/restrict.h"
#include "platform/segment/scan.h"

/* bytes of verdicts of a page, and the bounds of its people */
#define PAGE_BYTES (32 * 1024 * 1024)
#define PAGE_PEOPLE_MIN 1000
#define PAGE_PEOPLE_MAX 50000

typedef struct Evaluation
{
	PersonScan scan; /* as it is common to all */
	EvaluateTake take;
	void *arg;
	Judgement *results;
	MemoryContext context; /* of messages */
	double people;         /* how many are judged, at least nearly */
	TimestampTz deadline;  /* of the segments together; 0: none */
	TimestampTz rest;      /* of those that are judged by themselves */
	TimestampTz *own;      /* of each of them */
	bool *alone;           /* which are judged by themselves from now on */

	/* the page at hand */
	int64 page_people;
	const int64 *given; /* ids that were asked for; NULL: all people */
	int64 done;         /* how many of them were taken */
	int64 *ids;
	Verdict *verdicts; /* segment by segment for each person */
	int64 count;
	bool *together; /* which segments are judged together */
} Evaluation;

/* deadline_of returns until when judging may take; 0: there is no limit. */
static TimestampTz
deadline_of(double people)
{
	int limit = restrict_limit(people);

	return limit > 0 ? TimestampTzPlusMilliseconds(GetCurrentTimestamp(), limit) : 0;
}

/* time_left returns the milliseconds until a deadline; 0: there is none. */
static int
time_left(TimestampTz deadline)
{
	if (deadline == 0)
		return 0;
	return (int) Min(Max((deadline - GetCurrentTimestamp()) / 1000, 1), INT_MAX);
}

/* note_error records an error; a "query canceled" raised by the condition gets another code. */
static void
note_error(const Evaluation *evaluation, Judgement *result, const ErrorData *error, bool too_slow)
{
	bool cancel = ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
	const char *message = error->message != NULL ? error->message : "no message";

	result->too_slow = too_slow;
	result->sqlstate = too_slow ? ERRCODE_PROGRAM_LIMIT_EXCEEDED
					   : cancel ? ERRCODE_EXTERNAL_ROUTINE_EXCEPTION
								: error->sqlerrcode;
	if (too_slow)
		message = "it takes longer than cdp.segment_timeout allows";
	result->message = MemoryContextStrdup(evaluation->context, message);
}

/* fail_whole notes that a segment fails as a whole. */
static void
fail_whole(const Evaluation *evaluation, Judgement *result, const ErrorData *error, bool too_slow)
{
	note_error(evaluation, result, error, too_slow);
	result->profile_id = 0;
	result->whole = true;
}

/* fail_person notes that a segment fails for the person at a place of the page. */
static void
fail_person(Evaluation *evaluation, int segment, int64 place, const ErrorData *error)
{
	Judgement *result = &evaluation->results[segment];
	Verdict *verdict = &evaluation->verdicts[place * evaluation->scan.count + segment];

	*verdict = (Verdict){.failing = true, .until = DT_NOEND};
	if (result->failing++ == 0)
	{
		note_error(evaluation, result, error, false);
		result->profile_id = evaluation->ids[place];
	}
	if (result->failing > EVALUATE_FAILING_MAX)
		result->whole = true;
}

/* take_together takes a person of a scan of the segments that are judged together. */
static void
take_together(void *arg, int64 profile_id, const Verdict *verdicts)
{
	Evaluation *evaluation = arg;
	int count = evaluation->scan.count;

	while (evaluation->given != NULL && evaluation->given[evaluation->done++] != profile_id)
		;
	evaluation->ids[evaluation->count] = profile_id;
	memcpy(&evaluation->verdicts[evaluation->count * count], verdicts, count * sizeof(Verdict));
	evaluation->count++;
}

/* a scan of one segment over part of the page */
typedef struct OneScan
{
	Evaluation *evaluation;
	int segment;
	int64 next; /* place in the page */
} OneScan;

/* take_one takes a person of a scan of one segment. */
static void
take_one(void *arg, int64 profile_id, const Verdict *verdicts)
{
	OneScan *one = arg;
	Evaluation *evaluation = one->evaluation;

	while (one->next < evaluation->count && evaluation->ids[one->next] != profile_id)
		one->next++;
	if (one->next == evaluation->count)
		elog(ERROR, "unexpected person %lld", (long long) profile_id);
	evaluation->verdicts[one->next * evaluation->scan.count + one->segment] = *verdicts;
	one->next++;
}

/* judge_from judges the people of the page from one place to another by one segment; returns the error. */
static ErrorData *
judge_from(OneScan *one, int64 end, PersonScan *scan)
{
	Evaluation *evaluation = one->evaluation;

	*scan = evaluation->scan;
	scan->segments = &evaluation->scan.segments[one->segment];
	scan->judged = NULL;
	scan->count = 1;
	scan->ids = evaluation->ids + one->next;
	scan->limit = end - one->next;
	scan->take = take_one;
	scan->arg = one;
	return scan_run(scan, time_left(evaluation->own[one->segment]));
}

/* judge_alone judges part of the page by one segment. */
static void
judge_alone(Evaluation *evaluation, int segment, int64 start, int64 end)
{
	Judgement *result = &evaluation->results[segment];
	OneScan one = {evaluation, segment, start};

	while (one.next < end && !result->whole)
	{
		PersonScan scan;
		ErrorData *error = judge_from(&one, end, &scan);

		if (error == NULL)
			return;
		if (scan.too_slow || scan.stage == SCAN_DEFINITION)
			fail_whole(evaluation, result, error, scan.too_slow);
		else if (scan.stage == SCAN_CONDITION)
		{
			while (evaluation->ids[one.next] != scan.profile_id)
				one.next++;
			fail_person(evaluation, segment, one.next++, error);
		}
		else if (end - one.next > 1)
		{
			int64 middle = one.next + (end - one.next) / 2;

			judge_alone(evaluation, segment, one.next, middle);
			one.next = middle;
		}
		else if (judge_from(&one, one.next, &scan) != NULL)
			fail_whole(evaluation, result, error, false);
		else
			fail_person(evaluation, segment, one.next++, error);
	}
}

/* split_off leaves a segment, or all, to be judged by themselves. */
static void
split_off(Evaluation *evaluation, const PersonScan *scan)
{
	for (int i = 0; i < evaluation->scan.count; i++)
		if (scan->too_slow || scan->stage == SCAN_PEOPLE || i == scan->segment)
			evaluation->together[i] = false;
}

/* is_alone tells whether no segments are judged together. */
static bool
is_alone(const Evaluation *evaluation)
{
	for (int i = 0; i < evaluation->scan.count; i++)
		if (evaluation->together[i])
			return false;
	return true;
}

/* fail_all notes that all segments fail as a whole, as not even the people can be found as their owner. */
static void
fail_all(Evaluation *evaluation, const ErrorData *error, bool too_slow)
{
	for (int i = 0; i < evaluation->scan.count; i++)
		if (!evaluation->results[i].whole)
			fail_whole(evaluation, &evaluation->results[i], error, too_slow);
	evaluation->count = 0;
}

/* judge_together judges a page of people by the segments together, until those that fail are split off. */
static void
judge_together(Evaluation *evaluation, const int64 *ids, int64 limit, int64 after)
{
	evaluation->count = 0;
	evaluation->given = ids;
	evaluation->done = 0;
	for (;;)
	{
		PersonScan scan = evaluation->scan;
		ErrorData *error;

		scan.judged = evaluation->together;
		scan.ids = ids != NULL ? ids + evaluation->done : NULL;
		scan.limit = limit - (ids != NULL ? evaluation->done : evaluation->count);
		scan.after = evaluation->count > 0 ? evaluation->ids[evaluation->count - 1] : after;
		scan.take = take_together;
		scan.arg = evaluation;
		/* without segments a scan finds the people */
		error = scan_run(&scan, is_alone(evaluation) ? 0 : time_left(evaluation->deadline));
		if (error == NULL)
			return;
		if (is_alone(evaluation))
		{
			fail_all(evaluation, error, scan.too_slow);
			return;
		}
		split_off(evaluation, &scan);
		FreeErrorData(error);
	}
}

/* start_alone sets the deadline of a segment that is judged by itself: those left share the time. */
static void
start_alone(Evaluation *evaluation, int segment)
{
	TimestampTz now = GetCurrentTimestamp();
	int left = 1;

	evaluation->alone[segment] = true;
	if (evaluation->rest == 0)
		evaluation->rest = deadline_of(evaluation->people);
	for (int i = segment + 1; i < evaluation->scan.count; i++)
		left += !evaluation->together[i] && !evaluation->alone[i] && !evaluation->results[i].whole;
	if (evaluation->rest != 0)
		evaluation->own[segment] = now + Max(evaluation->rest - now, 0) / left;
}

/* give_page adds a page to the results, and passes it on. */
static void
give_page(Evaluation *evaluation)
{
	int count = evaluation->scan.count;

	for (int64 place = 0; place < evaluation->count; place++)
	{
		const Verdict *verdicts = &evaluation->verdicts[place * count];

		for (int i = 0; i < count; i++)
		{
			evaluation->results[i].judged += !verdicts[i].failing;
			evaluation->results[i].members += verdicts[i].holds;
		}
		evaluation->take(evaluation->arg, evaluation->ids[place], verdicts);
	}
}

/* void_failed voids what a segment that fails as a whole said of the page. */
static void
void_failed(Evaluation *evaluation, int segment)
{
	for (int64 place = 0; place < evaluation->count; place++)
		evaluation->verdicts[place * evaluation->scan.count + segment] =
			(Verdict){.failing = true, .until = DT_NOEND};
}

/* judge_page judges a page of people; returns the last of them. */
static int64
judge_page(Evaluation *evaluation, const int64 *ids, int64 limit, int64 after)
{
	MemoryContext page =
		AllocSetContextCreate(CurrentMemoryContext, "cdp segment page", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(page);
	int count = evaluation->scan.count;

	CHECK_FOR_INTERRUPTS();
	evaluation->ids = palloc_extended(limit * sizeof(int64), MCXT_ALLOC_HUGE);
	evaluation->verdicts = palloc_extended(limit * count * sizeof(Verdict), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		evaluation->together[i] = !evaluation->results[i].whole && !evaluation->alone[i];
	judge_together(evaluation, ids, limit, after);
	for (int i = 0; i < count; i++)
	{
		if (!evaluation->together[i] && !evaluation->results[i].whole)
		{
			if (!evaluation->alone[i])
				start_alone(evaluation, i);
			judge_alone(evaluation, i, 0, evaluation->count);
		}
		if (evaluation->results[i].whole)
			void_failed(evaluation, i);
	}
	MemoryContextSwitchTo(caller);
	give_page(evaluation);
	after = evaluation->count > 0 ? evaluation->ids[evaluation->count - 1] : 0;
	MemoryContextDelete(page);
	return after;
}

/* count_people estimates the number of people, or of accounts. */
static double
count_people(SubjectKind subject)
{
	RangeVar *table = makeRangeVar("cdp_data", unconstify(char *, subjects[subject].table), -1);
	Relation profile = relation_openrv_extended(table, AccessShareLock, true);
	BlockNumber pages;
	double people = 0;
	double visible;

	if (profile == NULL)
		return 0;
	if (RELKIND_HAS_STORAGE(profile->rd_rel->relkind))
		estimate_rel_size(profile, NULL, &pages, &people, &visible);
	relation_close(profile, AccessShareLock);
	return people;
}

/* judge_pages judges the people, page by page. */
static void
judge_pages(Evaluation *evaluation, const int64 *ids, int64 id_count)
{
	int64 limit = evaluation->page_people;
	int64 after = PG_INT64_MIN;

	if (ids != NULL)
	{
		for (int64 i = 0; i < id_count; i += limit)
			judge_page(evaluation, ids + i, Min(limit, id_count - i), 0);
		return;
	}
	do
		after = judge_page(evaluation, NULL, limit, after);
	while (evaluation->count == limit);
}

void
evaluate_people(const Segment *segments, int count, const int64 *ids, int64 id_count,
				TimestampTz as_of, EvaluateInstant instant, EvaluateKeptValue kept_value,
				EvaluateMembers members, EvaluateTake take, void *arg, Judgement *results)
{
	Evaluation evaluation = {.take = take, .arg = arg, .results = results};

	memset(results, 0, count * sizeof(Judgement));
	if (count == 0)
		return;
	evaluation.scan.segments = segments;
	evaluation.scan.count = count;
	evaluation.scan.owner = segments[0].owner;
	evaluation.scan.as_of = as_of;
	evaluation.scan.instant = instant;
	evaluation.scan.kept_value = kept_value;
	evaluation.scan.members = members;
	evaluation.scan.memory = arg;
	evaluation.context = CurrentMemoryContext;
	evaluation.people = ids != NULL ? (double) id_count : count_people(segments[0].subject);
	evaluation.deadline = deadline_of(evaluation.people);
	evaluation.own = palloc0(count * sizeof(TimestampTz));
	evaluation.alone = palloc0(count * sizeof(bool));
	evaluation.together = palloc(count * sizeof(bool));
	evaluation.page_people =
		Max(PAGE_PEOPLE_MIN, Min(PAGE_PEOPLE_MAX, PAGE_BYTES / (int64) (count * sizeof(Verdict))));
	judge_pages(&evaluation, ids, id_count);
	for (int i = 0; i < count; i++)
	{
		/* a condition that fails for all people it was judged for fails as a whole */
		if (results[i].failing > 0 && results[i].judged == 0)
			results[i].whole = true;
		if (results[i].whole)
			results[i].members = 0;
	}
	pfree(evaluation.own);
	pfree(evaluation.alone);
	pfree(evaluation.together);
}
