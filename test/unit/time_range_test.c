/* time_range_test.c: what of a column lies in a time range, against a plain loop over the times */
#include "core/timeline/time_range.h"
#include "core/timeline/timeline_compact.h"
#include "unit.h"

#define EVENTS_MAX 20

typedef struct Question
{
	int64_t as_of;
	int64_t within; /* or 0: not given, and so for the others */
	int64_t older_than;
	int64_t since;
	int64_t until;
} Question;

static const int64_t edges[] = {INT64_MIN, CDPK_TIME_MIN, -1, 0, 1, CDPK_TIME_END - 1, INT64_MAX};

static int64_t
random_time(uint64_t *state)
{
	return unit_random(state) % 10 == 0 ? edges[unit_random(state) % 7]
										: (int64_t) (unit_random(state) % 20);
}

static Question
random_question(uint64_t *state)
{
	static const int64_t lengths[] = {1, 2, 5, 15, INT64_MAX};
	Question question = {random_time(state), 0, 0, 0, 0};

	if (unit_random(state) % 2 == 0)
		question.within = lengths[unit_random(state) % 5];
	if (unit_random(state) % 3 == 0)
		question.older_than = lengths[unit_random(state) % 5];
	if (unit_random(state) % 3 == 0)
		question.since = random_time(state);
	if (unit_random(state) % 3 == 0)
		question.until = random_time(state);
	return question;
}

/* a - b, held at the smallest number */
static int64_t
minus(int64_t a, int64_t b)
{
	return a < INT64_MIN + b ? INT64_MIN : a - b;
}

static bool
counts(const Question *q, int64_t at)
{
	return at <= q->as_of &&
		   (q->within == 0 || at > minus(q->as_of, q->within) ||
			q->as_of < INT64_MIN + q->within) &&
		   (q->older_than == 0 || at <= minus(q->as_of, q->older_than)) &&
		   (q->since == 0 || at >= q->since) && (q->until == 0 || at < q->until);
}

static CdpkTimeRange
range_of(const Question *q)
{
	CdpkTimeRange range = cdpk_time_range_until_now(q->as_of);

	if (q->within != 0)
		cdpk_time_range_within(&range, q->as_of, q->within);
	if (q->older_than != 0)
		cdpk_time_range_older_than(&range, q->as_of, q->older_than);
	if (q->since != 0)
		cdpk_time_range_since(&range, q->since);
	if (q->until != 0)
		cdpk_time_range_before(&range, q->until);
	return range;
}

static CdpkColumn
column_of(const uint8_t *bytes, size_t length)
{
	CdpkTimeline timeline;
	CdpkColumn column;

	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_timeline_next(&timeline, &column));
	return column;
}

/* Asks one column: the times in "at". */
static void
ask(uint64_t *state, const int64_t *at, size_t count, const uint8_t *bytes, size_t length)
{
	Question question = random_question(state);
	CdpkTimeRange range = range_of(&question);
	CdpkColumn column = column_of(bytes, length);
	uint64_t enough = unit_random(state) % 4 == 0 ? unit_random(state) % 5 : UINT64_MAX;
	uint64_t expected = 0;
	int64_t oldest = INT64_MAX;
	int64_t newest = INT64_MIN;
	int64_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (counts(&question, at[i]))
		{
			expected++;
			oldest = at[i] < oldest ? at[i] : oldest;
			newest = at[i] > newest ? at[i] : newest;
		}
	CHECK(cdpk_time_range_count(range, &column, enough) == (expected < enough ? expected : enough));
	column = column_of(bytes, length);
	CHECK(cdpk_time_range_newest(range, &column, &found) == (expected > 0));
	CHECK(expected == 0 || found == newest);
	column = column_of(bytes, length);
	CHECK(cdpk_time_range_oldest(range, &column, &found) == (expected > 0));
	CHECK(expected == 0 || found == oldest);
}

static void
agrees_with_a_plain_loop(void)
{
	uint64_t state = 21;

	for (int i = 0; i < 20000; i++)
	{
		int64_t at[EVENTS_MAX];
		size_t count = 1 + unit_random(&state) % EVENTS_MAX;
		CdpkTimelineLog *log;
		uint8_t *bytes;
		size_t length;
		uint32_t name;

		CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
		CHECK(cdpk_log_name(&log, &unit_allocator, "a", 1, &name) == CDPK_OK);
		for (size_t j = 0; j < count; j++)
		{
			do
				at[j] = random_time(&state);
			while (at[j] < CDPK_TIME_MIN || at[j] >= CDPK_TIME_END);
			CHECK(cdpk_log_event(&log, &unit_allocator, name, at[j], NULL, 0) == CDPK_OK);
		}
		CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, &length) == CDPK_OK);
		for (int j = 0; j < 5; j++)
			ask(&state, at, count, bytes, length);
		free(bytes);
		free(log);
	}
}

int
main(void)
{
	TEST(agrees_with_a_plain_loop);
	UNIT_EXIT();
}
