/*
 * horizon_test.c: horizons against the answers at every instant at which an event's time, or a
 * window's edge on it, lies, and the microseconds beside these
 */
#include "core/timeline/horizon.h"
#include "timeline_history.h"

/* the answers about the events named "view", by the words of the definition */
typedef struct Answers
{
	uint64_t times;
	bool did;
	int64_t first;
	int64_t last;
	uint64_t sum_of_times; /* stands for whatever depends on the set of events */
} Answers;

static Answers
answers_at(CdpkStretch stretch, int64_t as_of, const CdpkQuestion *question, const Event *events,
		   size_t count)
{
	Answers answers = {0, false, INT64_MAX, INT64_MIN, 0};

	stretch.as_of = as_of;
	for (size_t i = 0; i < count; i++)
	{
		if (events[i].name != 0 || !counts_at(&stretch, events[i].at))
			continue;
		answers.times++;
		answers.first = events[i].at < answers.first ? events[i].at : answers.first;
		answers.last = events[i].at > answers.last ? events[i].at : answers.last;
		answers.sum_of_times += (uint64_t) (events[i].at + 17) * (uint64_t) (events[i].at + 3);
	}
	answers.did = answers.times >= question->at_least && answers.times <= question->at_most;
	return answers;
}

/* Whether answers differ in what is asked for; ANSWERS_ALL: in anything. */
#define ANSWERS_ALL 4
#define ANSWERS_KINDS 5

static bool
differ(const Answers *a, const Answers *b, int kind)
{
	switch (kind)
	{
		case CDPK_ANSWER_COUNT:
			return a->did != b->did;
		case CDPK_ANSWER_TIMES:
			return a->times != b->times;
		case CDPK_ANSWER_FIRST:
			return a->first != b->first;
		case CDPK_ANSWER_LAST:
			return a->last != b->last;
		default:
			return a->sum_of_times != b->sum_of_times;
	}
}

/* The first change after as_of, of every kind, at any of the instants at which there can be one. */
static void
first_changes(const CdpkStretch *stretch, const CdpkQuestion *question, const Event *events,
			  size_t count, int64_t *changes)
{
	Answers before = answers_at(*stretch, stretch->as_of, question, events, count);

	for (int kind = 0; kind < ANSWERS_KINDS; kind++)
		changes[kind] = CDPK_NEVER;
	for (size_t i = 0; i < count; i++)
	{
		int64_t edges[] = {0, stretch->within, stretch->older_than};

		for (int j = 0; j < 9; j++)
		{
			int64_t instant = events[i].at + edges[j / 3] + j % 3 - 1;
			Answers after;

			if (instant <= stretch->as_of)
				continue;
			after = answers_at(*stretch, instant, question, events, count);
			for (int kind = 0; kind < ANSWERS_KINDS; kind++)
				if (instant < changes[kind] && differ(&before, &after, kind))
					changes[kind] = instant;
		}
	}
}

/* Compares the horizons of one column with what is true. */
static void
compare(const CdpkStretch *stretch, const CdpkColumn *column, CdpkQuestion question,
		const int64_t *changes)
{
	int64_t horizon;

	for (int kind = 0; kind < ANSWERS_ALL; kind++)
	{
		question.answer = (CdpkAnswer) kind;
		CHECK(cdpk_horizon_exact(stretch, &question, column, &unit_allocator, &horizon) == CDPK_OK);
		CHECK(horizon == changes[kind]);
	}
	CHECK(cdpk_horizon_bound(stretch, column, &horizon) == CDPK_OK);
	/* a change of the set of events is what the bound waits for */
	CHECK(horizon == changes[ANSWERS_ALL]);
}

static void
agrees_with_trying_all_instants(void)
{
	uint64_t state = 61;
	int finite[ANSWERS_KINDS] = {0};

	for (int i = 0; i < 60000; i++)
	{
		Event events[EVENTS_MAX];
		size_t count = random_events(&state, 30, events);
		CdpkStretch stretch = random_stretch(&state, events, count);
		CdpkQuestion question = {CDPK_ANSWER_COUNT, unit_random(&state) % 4, INT64_MAX};
		int64_t changes[ANSWERS_KINDS];
		int64_t all = CDPK_NEVER;
		CdpkTimeline timeline;
		CdpkColumn column;
		size_t length;
		uint8_t *bytes = timeline_of(events, count, &length);

		if (unit_random(&state) % 2 == 0)
			question.at_most = question.at_least + unit_random(&state) % 3;
		first_changes(&stretch, &question, events, count, changes);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		if (cdpk_timeline_find(&timeline, "view", 4, &column))
			compare(&stretch, &column, question, changes);
		CHECK(cdpk_horizon_bound_all(&stretch, &timeline, &all) == CDPK_OK);
		CHECK(all > stretch.as_of && all <= changes[ANSWERS_ALL]);
		for (int kind = 0; kind < ANSWERS_KINDS; kind++)
			finite[kind] += changes[kind] != CDPK_NEVER;
		free(bytes);
	}
	for (int kind = 0; kind < ANSWERS_KINDS; kind++)
		CHECK(finite[kind] > 3000);
}

/* The end of time is never. */
static void
stops_at_the_end_of_time(void)
{
	Event event = {0, CDPK_TIME_END - 10, false, {0, 0}};
	CdpkStretch stretch = {CDPK_TIME_END - 10, 9, 0, INT64_MIN, INT64_MAX};
	CdpkQuestion question = {CDPK_ANSWER_TIMES, 0, 0};
	CdpkTimeline timeline;
	CdpkColumn column;
	int64_t horizon;
	size_t length;
	uint8_t *bytes = timeline_of(&event, 1, &length);

	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_timeline_find(&timeline, "view", 4, &column));
	CHECK(cdpk_horizon_exact(&stretch, &question, &column, &unit_allocator, &horizon) == CDPK_OK);
	CHECK(horizon == CDPK_TIME_END - 1);
	stretch.within = 10;
	CHECK(cdpk_horizon_exact(&stretch, &question, &column, &unit_allocator, &horizon) == CDPK_OK);
	CHECK(horizon == CDPK_NEVER);
	stretch.within = INT64_MAX;
	CHECK(cdpk_horizon_bound(&stretch, &column, &horizon) == CDPK_OK && horizon == CDPK_NEVER);
	free(bytes);
}

int
main(void)
{
	TEST(agrees_with_trying_all_instants);
	TEST(stops_at_the_end_of_time);
	UNIT_EXIT();
}
