/*
 * sequence_timeline_test.c: sequences over timelines against their definition, and their horizon
 *
 * The reference knows events and the parts of a sequence, and tries every choice of events as
 * toolkit/DEFINITIONS.md says.  The horizon is compared with the answers at all later instants.
 */
#include "core/sequence/sequence_timeline.h"
#include "core/timeline/timeline_compact.h"
#include "unit.h"

#define EVENTS_MAX 8
#define NAMES 3

/* ---------------------------------------------------------------- the reference */

typedef struct Event
{
	int64_t at;
	uint32_t name;
} Event;

typedef struct World
{
	const CdpkSequence *sequence;
	Event events[EVENTS_MAX]; /* in the order of reading */
	unsigned count;
	int64_t as_of;
} World;

/* Whether an item's events may be those between two places, none included. */
static bool
none_between(const World *w, const CdpkSequenceItem *item, unsigned from, unsigned to,
			 int64_t until)
{
	for (unsigned i = from; i < to; i++)
		if ((item->any >> w->events[i].name & 1) != 0 && w->events[i].at <= until)
			return false;
	return true;
}

/* What is known of a choice: the places of the first event and of the last so far. */
static bool find_item(const World *w, unsigned item, int first, int last);

/* Chooses the events of an item that must be there, waiting of them, the first of them "begin". */
static bool
find_events(const World *w, unsigned item, unsigned left, int first, int former, int begin,
			int last)
{
	const CdpkSequenceItem *it = &w->sequence->item[item];

	if (left == 0)
	{
		int64_t since = w->events[former >= 0 ? former : begin].at;

		if (it->within != 0 && w->events[last].at - since > it->within)
			return false;
		return find_item(w, item + 1, first, last);
	}
	for (unsigned place = (unsigned) (last + 1); place < w->count; place++)
	{
		if ((it->any >> w->events[place].name & 1) == 0)
			continue;
		if (begin < 0 && former >= 0)
		{
			if (w->events[place].at - w->events[former].at < it->after)
				continue;
			if (item > 0 && w->sequence->item[item - 1].absent &&
				!none_between(w, &w->sequence->item[item - 1], (unsigned) former + 1, place,
							  INT64_MAX))
				continue;
		}
		if (find_events(w, item, left - 1, first < 0 ? (int) place : first, former,
						begin < 0 ? (int) place : begin, (int) place))
			return true;
	}
	return false;
}

static bool
find_item(const World *w, unsigned item, int first, int last)
{
	const CdpkSequence *s = w->sequence;
	const CdpkSequenceItem *it = &s->item[item];

	if (item == s->items)
		return s->whole == 0 || w->events[last].at - w->events[first].at <= s->whole;
	if (!it->absent)
		return find_events(w, item, it->times, first, last, -1, last);
	if (item + 1 < s->items)
		return find_item(w, item + 1, first, last);
	if (it->within != 0 && w->as_of - w->events[last].at < it->within)
		return false;
	return none_between(w, it, (unsigned) last + 1, w->count,
						it->within != 0 ? w->events[last].at + it->within : INT64_MAX) &&
		   find_item(w, item + 1, first, last);
}

/* The answer for the events of the window. */
static bool
reference(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
		  int64_t as_of)
{
	World w = {sequence, {{0, 0}}, 0, as_of};

	for (unsigned i = 0; i < count; i++)
		if (events[i].at <= as_of && (within == 0 || events[i].at > as_of - within))
			w.events[w.count++] = events[i];
	return find_item(&w, 0, -1, -1);
}

/* ---------------------------------------------------------------- random sequences and events */

static int64_t
random_length(uint64_t *state, unsigned one_in)
{
	return unit_random(state) % one_in == 0 ? 1 + (int64_t) (unit_random(state) % 6) : 0;
}

/* A random sequence that goes together; its names are a, b and c as they appear. */
static void
random_sequence(uint64_t *state, CdpkSequence *s)
{
	static const char *const names[NAMES] = {"a", "b", "c"};
	CdpkTextProblem problem;

	do
	{
		memset(s, 0, sizeof(*s));
		s->items = 1 + (unsigned) (unit_random(state) % 4);
		for (unsigned i = 0; i < s->items; i++)
		{
			CdpkSequenceItem *item = &s->item[i];
			unsigned name = (unsigned) (unit_random(state) %
										(s->alternatives < NAMES ? s->alternatives + 1 : 3));

			item->any = UINT32_C(1) << name;
			s->alternatives += name == s->alternatives;
			if (s->alternatives > 1 && unit_random(state) % 5 == 0)
				item->any |= UINT32_C(1) << unit_random(state) % s->alternatives;
			item->absent = i > 0 && unit_random(state) % 3 == 0;
			item->times = !item->absent && unit_random(state) % 4 == 0 ? 2 : 1;
			item->after = random_length(state, 4);
			item->within = random_length(state, 3);
		}
		s->whole = random_length(state, 3);
		for (unsigned i = 0; i < s->alternatives; i++)
		{
			s->alternative[i] = cdpk_plain_step(names[i], 1);
		}
	} while (cdpk_sequence_check(s, &problem) != CDPK_OK);
}

/* Events in the order in which a sequence reads them: by time, and by the numbers of the names. */
static unsigned
random_events(uint64_t *state, Event *events)
{
	unsigned count = (unsigned) (unit_random(state) % (EVENTS_MAX + 1));
	uint64_t instants = 1 + unit_random(state) % 14;

	for (unsigned i = 0; i < count; i++)
	{
		Event event = {(int64_t) (unit_random(state) % instants),
					   (uint32_t) (unit_random(state) % NAMES)};
		unsigned place = i;

		for (; place > 0 &&
			   (events[place - 1].at > event.at ||
				(events[place - 1].at == event.at && events[place - 1].name > event.name));
			 place--)
			events[place] = events[place - 1];
		events[place] = event;
	}
	return count;
}

/* The compact form of a timeline with the events, and some of another name. */
static uint8_t *
make_timeline(const Event *events, unsigned count, size_t *length)
{
	static const char *const names[NAMES + 1] = {"a", "b", "c", "zz"};
	CdpkTimelineLog *log;
	uint8_t *bytes;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (unsigned i = 0; i <= count; i++)
	{
		uint32_t place;
		uint32_t name = i < count ? events[i].name : NAMES;

		CHECK(cdpk_log_name(&log, &unit_allocator, names[name], strlen(names[name]), &place) ==
			  CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, place, i < count ? events[i].at : 5, NULL, 0) ==
			  CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, length) == CDPK_OK);
	free(log);
	return bytes;
}

/* ---------------------------------------------------------------- the comparison */

/* Through text and bytes, as a stored sequence comes. */
static void
pass_through(CdpkSequence *sequence, CdpkSequence *result, uint8_t **bytes)
{
	uint8_t *first = malloc(cdpk_sequence_room(sequence));
	size_t length = cdpk_sequence_write(sequence, first);
	CdpkTextProblem problem;
	char *text;

	CHECK(cdpk_sequence_print(first, length, &unit_allocator, &text) == CDPK_OK);
	CHECK(cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, bytes, &length, &problem) ==
		  CDPK_OK);
	CHECK(cdpk_sequence_read(*bytes, length, &unit_allocator, result) == CDPK_OK);
	free(first);
	free(text);
}

/* Until when the answer stays, up to an instant after which nothing happens. */
static int64_t
next_change(const CdpkSequence *s, const Event *events, unsigned count, int64_t within,
			int64_t as_of)
{
	bool answer = reference(s, events, count, within, as_of);

	for (int64_t at = as_of + 1; at < as_of + 50; at++)
		if (reference(s, events, count, within, at) != answer)
			return at;
	return CDPK_NEVER;
}

static void
agrees_with_the_definition(void)
{
	uint64_t state = 61;
	unsigned answers[2] = {0};
	unsigned changes[2] = {0};
	unsigned exact = 0;

	for (int i = 0; i < 40000; i++)
	{
		CdpkSequence made;
		CdpkSequence s;
		Event events[EVENTS_MAX];
		unsigned count = random_events(&state, events);
		int64_t as_of = (int64_t) (unit_random(&state) % 16);
		int64_t within = random_length(&state, 3) * 2;
		size_t length;
		uint8_t *form;
		uint8_t *bytes = make_timeline(events, count, &length);
		CdpkTimeline timeline;
		CdpkSequenceAnswer result;
		CdpkSequenceAnswer quick;
		int64_t change;

		random_sequence(&state, &made);
		pass_through(&made, &s, &form);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, true, &unit_allocator,
									 &result) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, false, &unit_allocator,
									 &quick) == CDPK_OK);
		CHECK(result.matches == reference(&s, events, count, within, as_of));
		CHECK(quick.matches == result.matches);
		change = next_change(&s, events, count, within, as_of);
		CHECK(result.horizon > as_of && result.horizon <= change);
		/* a horizon is given for a reason: an event that comes due, or time that passes */
		if (result.horizon != CDPK_NEVER)
			changes[result.horizon == change]++;
		exact += result.horizon == change;
		answers[result.matches]++;
		free(bytes);
		free(form);
	}
	CHECK(answers[0] > 10000 && answers[1] > 5000);
	CHECK(changes[1] > 2000 && exact > 30000);
}

/* Without an event to come, a horizon is exact unless an absence is at the end. */
static void
horizons_are_exact_where_only_time_passes(void)
{
	uint64_t state = 62;
	unsigned changes = 0;

	for (int i = 0; i < 20000; i++)
	{
		CdpkSequence s;
		Event events[EVENTS_MAX];
		unsigned count = random_events(&state, events);
		int64_t as_of = 14 + (int64_t) (unit_random(&state) % 4);
		int64_t within = 4 + (int64_t) (unit_random(&state) % 14);
		size_t length;
		uint8_t *bytes = make_timeline(events, count, &length);
		CdpkTimeline timeline;
		CdpkSequenceAnswer result;

		random_sequence(&state, &s);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, true, &unit_allocator,
									 &result) == CDPK_OK);
		if (!s.item[s.items - 1].absent)
		{
			CHECK(result.horizon == next_change(&s, events, count, within, as_of));
			changes += result.horizon != CDPK_NEVER;
		}
		free(bytes);
	}
	CHECK(changes > 1000);
}

static void
no_timeline_matches_nothing(void)
{
	static const char text[] = "a -> b";
	CdpkSequence s;
	CdpkTextProblem problem;
	uint8_t *bytes;
	size_t length;
	CdpkSequenceAnswer result;

	CHECK(cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &bytes, &length, &problem) ==
		  CDPK_OK);
	CHECK(cdpk_sequence_read(bytes, length, &unit_allocator, &s) == CDPK_OK);
	CHECK(cdpk_sequence_evaluate(&s, NULL, 0, 0, true, &unit_allocator, &result) == CDPK_OK);
	CHECK(!result.matches && result.horizon == CDPK_NEVER);
	free(bytes);
}

/* Lengths that reach over all time, and events at its ends. */
static void
ends_of_time_are_no_trouble(void)
{
	static const char text[] = "a -> not b within 9223372036854775807 microseconds";
	Event events[2] = {{CDPK_TIME_MIN, 0}, {CDPK_TIME_END - 1, 0}};
	CdpkSequence s;
	CdpkTextProblem problem;
	uint8_t *form;
	size_t length;
	uint8_t *bytes;
	CdpkTimeline timeline;
	CdpkSequenceAnswer result;

	CHECK(cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &form, &length, &problem) ==
		  CDPK_OK);
	CHECK(cdpk_sequence_read(form, length, &unit_allocator, &s) == CDPK_OK);
	bytes = make_timeline(events, 2, &length);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_sequence_evaluate(&s, &timeline, INT64_MAX, CDPK_TIME_END - 1, true, &unit_allocator,
								 &result) == CDPK_OK);
	CHECK(!result.matches && result.horizon == CDPK_NEVER);
	CHECK(cdpk_sequence_evaluate(&s, &timeline, 1, CDPK_TIME_MIN, true, &unit_allocator, &result) ==
		  CDPK_OK);
	CHECK(!result.matches && result.horizon == INT64_MAX + CDPK_TIME_MIN);
	free(bytes);
	free(form);
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(horizons_are_exact_where_only_time_passes);
	TEST(no_timeline_matches_nothing);
	TEST(ends_of_time_are_no_trouble);
	UNIT_EXIT();
}
