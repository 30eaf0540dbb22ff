/*
 * sequence_correlated_test.c: sequences with conditions, and with events that have something in common
 * or compare with the one before, against their definition; and their horizon
 *
 * The reference knows events, their values, and the parts of a sequence; it makes each history that
 * toolkit/DEFINITIONS.md speaks of, and tries every choice of its events.  The horizon is compared with
 * the answers at all later instants.
 */
#include <limits.h>

#include "core/sequence/sequence_form.h"
#include "core/timeline/timeline_compact.h"
#include "unit.h"

#define EVENTS_MAX 8
#define VALUES_MAX 3

/* ---------------------------------------------------------------- events */

/* A value of the property p or n: numbers, the texts "1" and "2.0", which are numbers, and "x". */
typedef enum Kind
{
	LEFT_OUT,
	NUMBER,
	TEXT_NUMBER,
	TEXT
} Kind;

typedef struct Value
{
	Kind kind;
	int number;
	unsigned element;
} Value;

typedef struct Event
{
	int64_t at;
	char name;
	Value p[VALUES_MAX];
	unsigned p_count;
	Value n[VALUES_MAX];
	unsigned n_count;
} Event;

/* ---------------------------------------------------------------- conditions, as a step defines them */

typedef enum Truth
{
	NO,
	UNKNOWN,
	YES
} Truth;

static bool
holds(CdpkStepOperator operation, int64_t a, int64_t b)
{
	return operation == CDPK_STEP_LESS       ? a < b
		   : operation == CDPK_STEP_AT_MOST  ? a <= b
		   : operation == CDPK_STEP_GREATER  ? a > b
		   : operation == CDPK_STEP_AT_LEAST ? a >= b
											 : a == b;
}

/* A condition on n, by the values of an element and of none. */
static Truth
condition_truth(const CdpkCondition *condition, const Event *event, unsigned element)
{
	CdpkStepOperator operation = condition->operation;
	bool denied = operation == CDPK_STEP_NOT_EQUAL;
	bool exists = false;
	bool left_out = false;
	bool any = false;

	for (unsigned i = 0; i < event->n_count; i++)
	{
		const Value *value = &event->n[i];

		if (value->element != 0 && value->element != element)
			continue;
		exists = true;
		left_out = left_out || value->kind == LEFT_OUT;
		if (condition->count > 0 && (value->kind == NUMBER || value->kind == TEXT_NUMBER))
			any = any || holds(operation, value->number, condition->literals[0].number.mantissa);
	}
	if (operation == CDPK_STEP_EXISTS || operation == CDPK_STEP_NOT_EXISTS)
		return exists == (operation == CDPK_STEP_EXISTS) ? YES : NO;
	if (any)
		return denied ? NO : YES;
	if (left_out)
		return UNKNOWN;
	return denied && exists ? YES : NO;
}

static bool
is_named(const CdpkAlternative *alternative, char name)
{
	return alternative->any || *alternative->name.text == name;
}

static Truth
element_truth(const CdpkAlternative *alternative, const Event *event, unsigned element)
{
	Truth truth = is_named(alternative, event->name) ? YES : NO;

	for (unsigned i = 0; i < alternative->count; i++)
	{
		Truth one = condition_truth(&alternative->conditions[i], event, element);

		truth = one < truth ? one : truth;
	}
	return truth;
}

static Truth
event_truth(const CdpkAlternative *alternative, const Event *event)
{
	Truth truth = NO;
	bool any = false;

	for (unsigned i = 0; i < event->n_count && alternative->count > 0; i++)
		if (event->n[i].element != 0)
		{
			Truth one = element_truth(alternative, event, event->n[i].element);

			any = true;
			truth = one > truth ? one : truth;
		}
	return any ? truth : element_truth(alternative, event, 0);
}

/* The alternatives that an event satisfies by an element, or (0) as a whole. */
static uint32_t
satisfied(const CdpkSequence *sequence, const Event *event, unsigned element, bool *unknown)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkAlternative *alternative = cdpk_step_alternatives(&sequence->alternative[i]);
		Truth truth = element != 0 ? element_truth(alternative, event, element)
								   : event_truth(alternative, event);

		set |= (uint32_t) (truth == YES) << i;
		*unknown = *unknown || truth == UNKNOWN;
	}
	return set;
}

/* ---------------------------------------------------------------- histories */

/* An event of a history, with the numbers that are compared. */
typedef struct Entry
{
	int64_t at;
	uint32_t set;
	int numbers[VALUES_MAX * VALUES_MAX];
	unsigned count;
} Entry;

typedef struct World
{
	const CdpkSequence *sequence;
	Entry entries[EVENTS_MAX]; /* in the order of reading */
	unsigned count;
	int64_t as_of;
} World;

static void
add_numbers(const CdpkSequence *sequence, const Event *event, unsigned element, Entry *entry,
			bool *unknown)
{
	for (unsigned i = 0; i < event->n_count && sequence->compared.length > 0; i++)
	{
		const Value *value = &event->n[i];

		if (element != 0 && value->element != 0 && value->element != element)
			continue;
		*unknown = *unknown || value->kind == LEFT_OUT;
		if (value->kind == NUMBER || value->kind == TEXT_NUMBER)
			entry->numbers[entry->count++] = value->number;
	}
}

static bool
same_value(const Value *a, const Value *b)
{
	bool a_text = a->kind == TEXT;
	bool b_text = b->kind == TEXT;

	return a_text == b_text && a->number == b->number;
}

/* What an event is in the history of a value (NULL: of all); false if it is not there. */
static bool
make_entry(const CdpkSequence *sequence, const Event *event, const Value *common, Entry *entry,
		   bool *unknown)
{
	entry->at = event->at;
	entry->set = 0;
	entry->count = 0;
	if (common == NULL)
	{
		entry->set = satisfied(sequence, event, 0, unknown);
		if (entry->set != 0)
			add_numbers(sequence, event, 0, entry, unknown);
		return entry->set != 0;
	}
	for (unsigned i = 0; i < event->p_count; i++)
	{
		const Value *value = &event->p[i];
		uint32_t set;

		if (value->kind != LEFT_OUT && !same_value(value, common))
			continue;
		set = satisfied(sequence, event, value->element, unknown);
		if (set == 0)
			continue;
		*unknown = *unknown || value->kind == LEFT_OUT;
		entry->set |= set;
		add_numbers(sequence, event, value->element, entry, unknown);
	}
	return entry->set != 0;
}

/* The order of events of one time: the dictionary order of the lists of what they satisfy. */
static bool
comes_before(uint32_t a, uint32_t b)
{
	for (unsigned i = 0; i < 32 && a != b; i++, a >>= 1, b >>= 1)
	{
		if (a == 0 || b == 0)
			return a == 0;
		if ((a & 1) != (b & 1))
			return (a & 1) != 0;
	}
	return false;
}

/* Of events that satisfy the same, the order of their least numbers, then of their greatest; none is least. */
static bool
has_lesser(const Entry *a, const Entry *b)
{
	int low[2] = {INT_MAX, INT_MAX};
	int high[2] = {-1, -1};
	const Entry *both[2] = {a, b};

	for (int i = 0; i < 2; i++)
	{
		for (unsigned j = 0; j < both[i]->count; j++)
		{
			low[i] = both[i]->numbers[j] < low[i] ? both[i]->numbers[j] : low[i];
			high[i] = both[i]->numbers[j] > high[i] ? both[i]->numbers[j] : high[i];
		}
		low[i] = both[i]->count == 0 ? -1 : low[i];
	}
	return low[0] != low[1] ? low[0] < low[1] : high[0] < high[1];
}

static void
add_entry(World *w, const Entry *entry)
{
	unsigned place = w->count++;

	for (; place > 0 && (w->entries[place - 1].at > entry->at ||
						 (w->entries[place - 1].at == entry->at &&
						  (comes_before(entry->set, w->entries[place - 1].set) ||
						   (entry->set == w->entries[place - 1].set &&
							has_lesser(entry, &w->entries[place - 1])))));
		 place--)
		w->entries[place] = w->entries[place - 1];
	w->entries[place] = *entry;
}

/* ---------------------------------------------------------------- a match */

static bool
none_between(const World *w, const CdpkSequenceItem *item, unsigned from, unsigned to,
			 int64_t until)
{
	for (unsigned i = from; i < to; i++)
		if ((item->any & w->entries[i].set) != 0 && w->entries[i].at <= until)
			return false;
	return true;
}

static bool
compares(const Entry *now, const Entry *before, CdpkStepOperator operation)
{
	for (unsigned i = 0; i < now->count; i++)
		for (unsigned j = 0; j < before->count; j++)
			if (holds(operation, now->numbers[i], before->numbers[j]))
				return true;
	return false;
}

static bool find_item(const World *w, unsigned item, int first, int last);

/* Chooses the events of an item that must be there, "left" of them, the first of them "begin". */
static bool
find_events(const World *w, unsigned item, unsigned left, int first, int former, int begin,
			int last)
{
	const CdpkSequenceItem *it = &w->sequence->item[item];

	if (left == 0)
	{
		int64_t since = w->entries[former >= 0 ? former : begin].at;

		if (it->within != 0 && w->entries[last].at - since > it->within)
			return false;
		return find_item(w, item + 1, first, last);
	}
	for (unsigned place = (unsigned) (last + 1); place < w->count; place++)
	{
		const Entry *entry = &w->entries[place];

		if ((it->any & entry->set) == 0)
			continue;
		if (it->previous != 0 &&
			!compares(entry, &w->entries[last], (CdpkStepOperator) it->previous))
			continue;
		if (begin < 0 && former >= 0)
		{
			if (entry->at - w->entries[former].at < it->after)
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
		return s->whole == 0 || w->entries[last].at - w->entries[first].at <= s->whole;
	if (!it->absent)
		return find_events(w, item, it->times, first, last, -1, last);
	if (item + 1 < s->items)
		return find_item(w, item + 1, first, last);
	if (it->within != 0 && w->as_of - w->entries[last].at < it->within)
		return false;
	return none_between(w, it, (unsigned) last + 1, w->count,
						it->within != 0 ? w->entries[last].at + it->within : INT64_MAX) &&
		   find_item(w, item + 1, first, last);
}

/* ---------------------------------------------------------------- the answer */

static bool
is_in_range(const Event *event, int64_t within, int64_t as_of)
{
	return event->at <= as_of && (within == 0 || event->at > as_of - within);
}

/* The number of the session of a time: how many sessions begin not later. */
static unsigned
session_of(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
		   int64_t as_of, int64_t at)
{
	unsigned sessions = 0;

	for (unsigned i = 0; i < count; i++)
	{
		bool begins = is_in_range(&events[i], within, as_of) && events[i].at <= at;

		for (unsigned j = 0; j < count && begins; j++)
			if (j != i && is_in_range(&events[j], within, as_of) &&
				(events[j].at < events[i].at || (events[j].at == events[i].at && j < i)) &&
				events[i].at - events[j].at <= sequence->session)
				begins = false;
		sessions += begins;
	}
	return sessions;
}

/* Whether the events with a value (NULL: all) and of a session (0: of any) have the sequence. */
static bool
history_matches(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
				int64_t as_of, const Value *common, unsigned session, bool *unknown)
{
	World w = {sequence, {{0, 0, {0}, 0}}, 0, as_of};

	for (unsigned i = 0; i < count; i++)
	{
		Entry entry;

		if (!is_in_range(&events[i], within, as_of) ||
			(session != 0 &&
			 session_of(sequence, events, count, within, as_of, events[i].at) != session))
			continue;
		if (make_entry(sequence, &events[i], common, &entry, unknown))
			add_entry(&w, &entry);
	}
	return find_item(&w, 0, -1, -1);
}

/* Whether each event that must be there has its name somewhere in the timeline. */
static bool
has_names(const CdpkSequence *sequence, const Event *events, unsigned count)
{
	for (unsigned i = 0; i < sequence->items; i++)
	{
		bool any = sequence->item[i].absent;

		for (unsigned j = 0; j < sequence->alternatives; j++)
			for (unsigned k = 0; k < count && (sequence->item[i].any >> j & 1) != 0; k++)
				any = any ||
					  is_named(cdpk_step_alternatives(&sequence->alternative[j]), events[k].name);
		if (!any)
			return false;
	}
	return true;
}

static bool
reference_matches(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
				  int64_t as_of, bool *unknown)
{
	unsigned sessions =
		sequence->session == 0 ? 0 : session_of(sequence, events, count, within, as_of, INT64_MAX);
	bool matches = false;

	for (unsigned session = sequence->session != 0; session <= sessions; session++)
	{
		if (sequence->same.length == 0)
			matches |=
				history_matches(sequence, events, count, within, as_of, NULL, session, unknown);
		for (unsigned i = 0; i < count && sequence->same.length > 0; i++)
			for (unsigned j = 0; j < events[i].p_count; j++)
				matches |= history_matches(sequence, events, count, within, as_of, &events[i].p[j],
										   session, unknown) &&
						   events[i].p[j].kind != LEFT_OUT;
	}
	return matches;
}

static Truth
reference(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
		  int64_t as_of)
{
	bool unknown = false;
	bool matches = reference_matches(sequence, events, count, within, as_of, &unknown);

	if (!has_names(sequence, events, count))
		return NO;
	return unknown ? UNKNOWN : matches ? YES : NO;
}

/* The sequence with as many of the events that must be there, and nothing after them. */
static CdpkSequence
cut_sequence(const CdpkSequence *sequence, unsigned depth)
{
	CdpkSequence cut = *sequence;
	unsigned events = 0;

	for (cut.items = 0; events < depth; cut.items++)
	{
		CdpkSequenceItem *item = &cut.item[cut.items];

		if (item->absent)
			continue;
		if (events + item->times > depth)
			item->times = depth - events;
		events += item->times;
	}
	return cut;
}

/* How many events of the sequence there are, from the first on; -1: unknown. */
static int
reference_depth(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
				int64_t as_of)
{
	unsigned most = 0;
	CdpkSequence first = cut_sequence(sequence, 1);

	for (unsigned i = 0; i < sequence->items; i++)
		most += sequence->item[i].absent ? 0 : sequence->item[i].times;
	if (!has_names(&first, events, count))
		return 0;
	for (unsigned depth = most; depth > 0; depth--)
	{
		CdpkSequence cut = cut_sequence(sequence, depth);
		bool unknown = false;
		bool matches = reference_matches(&cut, events, count, within, as_of, &unknown);

		if (unknown)
			return -1;
		if (matches)
			return (int) depth;
	}
	return 0;
}

/* ---------------------------------------------------------------- random sequences */

static const char *
pick(uint64_t *state, const char *const *words, unsigned count)
{
	return words[unit_random(state) % count];
}

static char *
put_length(uint64_t *state, char *to, const char *word, unsigned one_in)
{
	if (unit_random(state) % one_in != 0)
		return to;
	return to + sprintf(to, " %s %d microseconds", word, 1 + (int) (unit_random(state) % 6));
}

static char *
put_item(uint64_t *state, char *to, bool first, bool last)
{
	static const char *const events[] = {
		"a",        "b",        "c",         "*",           "a",
		"a[n > 1]", "b[n = 1]", "c[n <> 1]", "*[n exists]", "b[n not exists]"};
	static const char *const compared[] = {"a[n < previous]", "b[n <= previous]", "c[n > previous]",
										   "*[n >= previous]", "a[n > 0, n < previous]"};
	bool absent = !first && unit_random(state) % (last ? 2 : 4) == 0;

	if (!first)
		to += sprintf(to, " -> ");
	if (absent)
		to += sprintf(to, "!");
	else if (unit_random(state) % 8 == 0)
		to += sprintf(to, "2 x ");
	if (!first && !absent && unit_random(state) % 3 == 0)
		to += sprintf(to, "%s", pick(state, compared, 5));
	else if (unit_random(state) % 5 == 0)
		to += sprintf(to, "(%s | %s)", pick(state, events, 10), pick(state, events, 10));
	else
		to += sprintf(to, "%s", pick(state, events, 10));
	to = put_length(state, to, "after", 6);
	return put_length(state, to, "within", absent ? 2 : 5);
}

/* A random sequence that goes together. */
static uint8_t *
random_sequence(uint64_t *state, CdpkSequence *sequence, size_t *length)
{
	CdpkTextProblem problem;
	char text[1000];
	uint8_t *bytes;

	for (;;)
	{
		unsigned items = 1 + (unsigned) (unit_random(state) % 4);
		char *to = text;

		for (unsigned i = 0; i < items; i++)
			to = put_item(state, to, i == 0, i + 1 == items);
		to = put_length(state, to, "in", 4);
		if (unit_random(state) % 2 == 0)
			to += sprintf(to, " same p");
		if (unit_random(state) % 4 == 0)
			put_length(state, to + sprintf(to, " same session"), "gap", 1);
		if (cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &bytes, length, &problem) !=
			CDPK_OK)
			continue;
		CHECK(cdpk_sequence_read(bytes, *length, &unit_allocator, sequence) == CDPK_OK);
		return bytes;
	}
}

/* ---------------------------------------------------------------- random events */

static Value
random_value(uint64_t *state, bool has_elements, unsigned left_out_in)
{
	Value value = {(Kind) (1 + unit_random(state) % 3), (int) (unit_random(state) % 3), 0};

	if (left_out_in > 0 && unit_random(state) % left_out_in == 0)
		value.kind = LEFT_OUT;
	if (value.kind == TEXT_NUMBER)
		value.number = 1 + (int) (unit_random(state) % 2);
	if (has_elements)
		value.element = (unsigned) (unit_random(state) % 3);
	return value;
}

/* Values of a property, of which one at most was left out. */
static unsigned
random_values(uint64_t *state, bool has_elements, unsigned left_out_in, Value *values)
{
	unsigned count = (unsigned) (unit_random(state) % 8 + 2) / 3;
	bool left_out = false;

	for (unsigned i = 0; i < count; i++)
	{
		values[i] = random_value(state, has_elements, left_out ? 0 : left_out_in);
		left_out = left_out || values[i].kind == LEFT_OUT;
	}
	return count;
}

static unsigned
random_events(uint64_t *state, Event *events)
{
	unsigned count = (unsigned) (unit_random(state) % (EVENTS_MAX + 1));
	uint64_t instants = 1 + unit_random(state) % 14;
	unsigned left_out_in = unit_random(state) % 4 == 0 ? 8 : 0;

	for (unsigned i = 0; i < count; i++)
	{
		Event *event = &events[i];
		bool has_elements = unit_random(state) % 3 == 0;

		event->at = (int64_t) (unit_random(state) % instants);
		event->name = "aabbccd"[unit_random(state) % 7];
		event->p_count = random_values(state, has_elements, left_out_in, event->p);
		event->n_count = random_values(state, has_elements, left_out_in, event->n);
		for (unsigned j = 0; j < event->n_count; j++)
			event->n[j].kind = event->n[j].kind == TEXT ? NUMBER : event->n[j].kind;
	}
	return count;
}

static CdpkLogValue
log_value(CdpkTimelineLog **log, const char *property, const Value *value)
{
	CdpkLogValue result;
	const char *text = value->kind == TEXT  ? (value->number == 0   ? "x"
											   : value->number == 1 ? "y"
																	: "z")
					   : value->number == 1 ? "1"
											: "2.0";

	memset(&result, 0, sizeof(result));
	CHECK(cdpk_log_name(log, &unit_allocator, property, 1, &result.name) == CDPK_OK);
	result.value.element = (uint16_t) value->element;
	result.value.kind = value->kind == LEFT_OUT ? CDPK_LEFT_OUT
						: value->kind == NUMBER ? CDPK_NUMBER
												: CDPK_TEXT;
	if (value->kind == NUMBER)
		result.value.mantissa = value->number;
	else if (value->kind != LEFT_OUT)
		CHECK(cdpk_log_text(log, &unit_allocator, text, strlen(text), &result.value.text) ==
			  CDPK_OK);
	return result;
}

static uint8_t *
make_timeline(const Event *events, unsigned count, size_t *length)
{
	CdpkTimelineLog *log;
	uint8_t *bytes;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (unsigned i = 0; i < count; i++)
	{
		const Event *event = &events[i];
		CdpkLogValue values[2 * VALUES_MAX];
		unsigned value_count = 0;
		uint32_t name;

		for (unsigned j = 0; j < event->p_count; j++)
			values[value_count++] = log_value(&log, "p", &event->p[j]);
		for (unsigned j = 0; j < event->n_count; j++)
			values[value_count++] = log_value(&log, "n", &event->n[j]);
		CHECK(cdpk_log_name(&log, &unit_allocator, &event->name, 1, &name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, event->at, values, value_count) ==
			  CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, length) == CDPK_OK);
	free(log);
	return bytes;
}

/* ---------------------------------------------------------------- the comparison */

static int64_t
next_change(const CdpkSequence *s, const Event *events, unsigned count, int64_t within,
			int64_t as_of, Truth answer)
{
	for (int64_t at = as_of + 1; at < as_of + 25; at++)
		if (reference(s, events, count, within, at) != answer)
			return at;
	return CDPK_NEVER;
}

static Truth
truth_of(const CdpkSequenceAnswer *answer)
{
	return answer->unknown ? UNKNOWN : answer->matches ? YES : NO;
}

static void
check_depth(const CdpkSequence *s, const CdpkTimeline *timeline, const Event *events,
			unsigned count, int64_t within, int64_t as_of)
{
	CdpkTimeRange range = {within != 0 ? as_of - within + 1 : INT64_MIN, as_of};
	unsigned depth;
	bool unknown;

	CHECK(cdpk_sequence_depth(s, timeline, range, &unit_allocator, &depth, &unknown) == CDPK_OK);
	CHECK((unknown ? -1 : (int) depth) == reference_depth(s, events, count, within, as_of));
}

/* How often something was seen. */
typedef struct Seen
{
	unsigned answers[3];
	unsigned same[3];
	unsigned sessions[3];
	unsigned compared[3];
	unsigned exact; /* horizons */
} Seen;

/* Print what went wrong. */
static void
show(const uint8_t *form, size_t form_length, int64_t within, int64_t as_of, Truth expected,
	 const CdpkSequenceAnswer *result)
{
	char *text;

	CHECK(cdpk_sequence_print(form, form_length, &unit_allocator, &text) == CDPK_OK);
	printf("# %s, within %lld, as of %lld: %d, not %d, horizon %lld\n", text, (long long) within,
		   (long long) as_of, expected, truth_of(result), (long long) result->horizon);
	free(text);
}

static void
print_values(const char *name, const Value *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		printf(" %s%u:%c%d", name, values[i].element, "?nsx"[values[i].kind], values[i].number);
}

static void
compare_one(uint64_t *state, Seen *seen)
{
	CdpkSequence s;
	size_t form_length;
	uint8_t *form = random_sequence(state, &s, &form_length);
	Event events[EVENTS_MAX];
	unsigned count = random_events(state, events);
	int64_t as_of = (int64_t) (unit_random(state) % 16);
	int64_t within = unit_random(state) % 3 == 0 ? 2 + 2 * (int64_t) (unit_random(state) % 6) : 0;
	size_t length;
	uint8_t *bytes = make_timeline(events, count, &length);
	CdpkTimeline timeline;
	CdpkSequenceAnswer result;
	CdpkSequenceAnswer quick;
	Truth expected = reference(&s, events, count, within, as_of);
	/* finding the change takes most of the time */
	int64_t change = unit_random(state) % 2 == 0
						 ? next_change(&s, events, count, within, as_of, expected)
						 : CDPK_NEVER;

	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, true, &unit_allocator, &result) ==
		  CDPK_OK);
	CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, false, &unit_allocator, &quick) ==
		  CDPK_OK);
	CHECK(truth_of(&result) == expected);
	CHECK(truth_of(&quick) == expected);
	check_depth(&s, &timeline, events, count, within, as_of);
	CHECK(result.horizon > as_of && result.horizon <= change);
	if (unit_failures > 0)
	{
		show(form, form_length, within, as_of, expected, &result);
		for (unsigned i = 0; i < count; i++)
		{
			printf("# %lld %c", (long long) events[i].at, events[i].name);
			print_values("p", events[i].p, events[i].p_count);
			print_values("n", events[i].n, events[i].n_count);
			printf("\n");
		}
	}
	seen->exact += result.horizon != CDPK_NEVER && result.horizon == change;
	seen->answers[expected]++;
	seen->same[expected] += s.same.length > 0;
	seen->sessions[expected] += s.session != 0;
	seen->compared[expected] += s.compared.length > 0;
	cdpk_sequence_free(&unit_allocator, &s);
	free(bytes);
	free(form);
}

static void
agrees_with_the_definition(void)
{
	Seen seen;
	uint64_t state = 71;

	memset(&seen, 0, sizeof(seen));
	for (int i = 0; i < 80000 && unit_failures == 0; i++)
		compare_one(&state, &seen);
	for (int i = 0; i < 3; i++)
	{
		CHECK(seen.answers[i] > 2000 && seen.same[i] > 800 && seen.sessions[i] > 400 &&
			  seen.compared[i] > 500);
	}
	CHECK(seen.exact > 1000);
}

/* Without an event to come, a horizon is exact unless an absence is at the end. */
static void
horizons_are_exact_where_only_time_passes(void)
{
	uint64_t state = 72;
	unsigned changes[2] = {0};

	for (int i = 0; i < 40000 && unit_failures == 0; i++)
	{
		CdpkSequence s;
		size_t length;
		uint8_t *form = random_sequence(&state, &s, &length);
		Event events[EVENTS_MAX];
		unsigned count = random_events(&state, events);
		int64_t as_of = 14 + (int64_t) (unit_random(&state) % 4);
		int64_t within = 4 + (int64_t) (unit_random(&state) % 14);
		uint8_t *bytes = make_timeline(events, count, &length);
		Truth answer = reference(&s, events, count, within, as_of);
		CdpkTimeline timeline;
		CdpkSequenceAnswer result;

		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, true, &unit_allocator,
									 &result) == CDPK_OK);
		if (!s.item[s.items - 1].absent)
		{
			CHECK(result.horizon == next_change(&s, events, count, within, as_of, answer));
			changes[s.compared.length > 0] += answer == YES;
		}
		cdpk_sequence_free(&unit_allocator, &s);
		free(bytes);
		free(form);
	}
	CHECK(changes[0] > 1000 && changes[1] > 100);
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(horizons_are_exact_where_only_time_passes);
	UNIT_EXIT();
}
