/*
 * sequence_correlated.c
 *		Sequences whose events have something in common, or compare with the event before.
 */
#include "core/sequence/sequence_correlated.h"

#include "core/base/buffer.h"
#include "core/sequence/sequence_run.h"
#include "core/timeline/sessions.h"

/* An event with one of the values that events must have in common. */
typedef struct Pair
{
	CdpkChainEvent
		event;      /* its numbers are places in "numbers", from 1 on, before they are ranks */
	uint32_t kind;  /* of the value: a CdpkPropertyKind; all texts that are numbers are numbers */
	uint32_t value; /* the code of a text, or the place of a number, later its rank */
} Pair;

typedef struct Reading
{
	const CdpkAsked *asked;
	const CdpkSequence *sequence;
	const CdpkAllocator *allocator;
	CdpkStepSet *set;
	CdpkProperties properties;
	CdpkStepProperty same;
	CdpkStepProperty compared;
	CdpkTimeRange range;
	CdpkBuffer pairs;   /* Pair */
	CdpkBuffer values;  /* CdpkDecimal: numbers that are values of pairs */
	CdpkBuffer numbers; /* CdpkDecimal: numbers that are compared */
	CdpkCorrelation *correlation;
} Reading;

static Pair *
pairs_of(const Reading *r, size_t *count)
{
	*count = r->pairs.used / sizeof(Pair);
	return (Pair *) r->pairs.bytes;
}

/* Append a number, and return its place, from 1 on. */
static uint32_t
put_number(CdpkBuffer *numbers, CdpkDecimal number)
{
	cdpk_put_bytes(numbers, &number, sizeof(number));
	return (uint32_t) (numbers->used / sizeof(number));
}

static CdpkDecimal
number_at(const CdpkBuffer *numbers, uint32_t place)
{
	return ((const CdpkDecimal *) numbers->bytes)[place - 1];
}

/* ---------------------------------------------------------------- an event */

/* Note the numbers of an event that belong to an element (0: to any), and to none. */
static void
note_numbers(Reading *r, unsigned element, CdpkChainEvent *event, bool *unknown)
{
	const CdpkPropertyValue *values = cdpk_step_property_values(&r->compared);
	CdpkDecimal low = {0, 0};
	CdpkDecimal high = {0, 0};
	bool any = false;

	for (unsigned i = 0; i < r->compared.count; i++)
	{
		CdpkDecimal number;

		if (element != 0 && values[i].element != 0 && values[i].element != element)
			continue;
		*unknown |= values[i].kind == CDPK_LEFT_OUT;
		if (!cdpk_property_as_number(&values[i], r->set->texts, &number))
			continue;
		if (!any || cdpk_decimal_compare(number, low) < 0)
			low = number;
		if (!any || cdpk_decimal_compare(number, high) > 0)
			high = number;
		any = true;
	}
	if (any)
	{
		event->low = put_number(&r->numbers, low);
		event->high = put_number(&r->numbers, high);
	}
}

/*
 * Add an event with one value, if it satisfies any alternative; "pair" is the event without one.
 * *unknown is set where something is; set_unknown: whether it is so for the event as a whole.
 */
static void
add_pair(Reading *r, const CdpkPropertyValue *value, Pair pair, bool set_unknown, bool *unknown)
{
	CdpkDecimal number;
	unsigned element = value != NULL ? value->element : 0;

	if (element != 0)
	{
		uint32_t unknown_set;

		cdpk_step_set_element(r->set, element, &pair.event.set, &unknown_set);
		*unknown |= unknown_set != 0;
	}
	else
		*unknown |= set_unknown;
	if (pair.event.set == 0 && !cdpk_asks_for_strangers(r->asked))
		return;
	if (value != NULL)
	{
		*unknown |= value->kind == CDPK_LEFT_OUT;
		pair.kind = value->kind;
		pair.value = value->text;
		if (cdpk_property_as_number(value, r->set->texts, &number))
		{
			pair.kind = CDPK_NUMBER;
			pair.value = put_number(&r->values, number);
		}
		else if (value->kind != CDPK_TEXT)
			pair.value = 0;
	}
	if (r->sequence->compared.length > 0 && pair.event.set != 0)
		note_numbers(r, element, &pair.event, unknown);
	cdpk_put_bytes(&r->pairs, &pair, sizeof(pair));
}

static int
compare_values(const Reading *r, const Pair *a, const Pair *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == CDPK_NUMBER)
		return cdpk_decimal_compare(number_at(&r->values, a->value),
									number_at(&r->values, b->value));
	return (a->value > b->value) - (a->value < b->value);
}

/* What a comparison of pairs by their places needs. */
typedef struct Order
{
	const Reading *reading;
	const Pair *pairs;
} Order;

static int
by_value(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const Order *order = context;

	return compare_values(order->reading, &order->pairs[a->value], &order->pairs[b->value]);
}

/* Make one pair of two with the same value, which several elements of an event have. */
static void
merge_pair(const Reading *r, Pair *to, const Pair *from)
{
	CdpkChainEvent *event = &to->event;

	event->set |= from->event.set;
	if (from->event.low == 0)
		return;
	if (event->low == 0 || cdpk_decimal_compare(number_at(&r->numbers, from->event.low),
												number_at(&r->numbers, event->low)) < 0)
		event->low = from->event.low;
	if (event->high == 0 || cdpk_decimal_compare(number_at(&r->numbers, from->event.high),
												 number_at(&r->numbers, event->high)) > 0)
		event->high = from->event.high;
}

/* Make the values of an event, which are from "first" on, different. */
static void
merge_values(Reading *r, size_t first)
{
	size_t count;
	Pair *pairs = pairs_of(r, &count);
	CdpkTimed sorted[2 * (CDPK_PROPERTY_VALUES_MAX + 1)];
	Pair merged[CDPK_PROPERTY_VALUES_MAX + 1];
	Order order = {r, NULL};
	size_t kept = 0;

	count -= first;
	if (count < 2 || r->pairs.status != CDPK_OK || r->values.status != CDPK_OK)
		return;
	order.pairs = pairs + first;
	for (size_t i = 0; i < count; i++)
	{
		sorted[i].at = 0;
		sorted[i].value = (uint32_t) i;
	}
	cdpk_sort(sorted, count, sorted + CDPK_PROPERTY_VALUES_MAX + 1, by_value, &order);
	for (size_t i = 0; i < count; i++)
	{
		const Pair *pair = &order.pairs[sorted[i].value];

		if (kept > 0 && compare_values(r, &merged[kept - 1], pair) == 0)
			merge_pair(r, &merged[kept - 1], pair);
		else
			merged[kept++] = *pair;
	}
	memcpy(pairs + first, merged, kept * sizeof(Pair));
	r->pairs.used = (first + kept) * sizeof(Pair);
}

/* Add an event with each of its values. */
static CdpkStatus
add_values(Reading *r, uint64_t place, Pair pair, bool set_unknown, bool *unknown)
{
	size_t first = r->pairs.used / sizeof(Pair);
	CdpkStatus status = CDPK_OK;
	const CdpkPropertyValue *values;

	if (r->sequence->compared.length > 0)
		status = cdpk_step_property_read(&r->compared, place);
	if (status == CDPK_OK && r->sequence->same.length == 0)
	{
		add_pair(r, NULL, pair, set_unknown, unknown);
		return CDPK_OK;
	}
	if (status == CDPK_OK)
		status = cdpk_step_property_read(&r->same, place);
	values = cdpk_step_property_values(&r->same);
	for (unsigned i = 0; status == CDPK_OK && i < r->same.count; i++)
		add_pair(r, &values[i], pair, set_unknown, unknown);
	merge_values(r, first);
	return status;
}

/* Read an event, which is in the time range or later. */
static CdpkStatus
read_event(Reading *r, uint64_t place, int64_t at)
{
	CdpkCorrelation *correlation = r->correlation;
	size_t before = r->pairs.used;
	Pair pair = {{at, 0, 0, 0}, 0, 0};
	uint32_t set_unknown;
	bool unknown = false;
	CdpkStatus status = cdpk_step_set_event(r->set, place, &pair.event.set, &set_unknown);

	if (status == CDPK_OK)
		status = add_values(r, place, pair, set_unknown != 0, &unknown);
	if (r->pairs.used == before && !unknown)
		return status;
	if (at > r->range.last)
	{
		correlation->due = at < correlation->due ? at : correlation->due;
		r->pairs.used = before;
		return status;
	}
	if (unknown && (!correlation->unknown || at > correlation->unknown_at))
		correlation->unknown_at = at;
	correlation->unknown |= unknown;
	return status;
}

/* ---------------------------------------------------------------- the timeline */

/* Start reading the properties of a column. */
static CdpkStatus
open_column(Reading *r, const CdpkColumn *column)
{
	CdpkStepProperty *properties[] = {&r->same, &r->compared};
	CdpkStatus status = CDPK_OK;

	for (int i = 0; i < 2 && status == CDPK_OK; i++)
	{
		CdpkStepProperty *property = properties[i];

		if (property->name.length == 0)
			continue;
		status = cdpk_step_property(property, &r->properties, column, r->allocator);
		if (status == CDPK_OK && property->found && r->set->texts == NULL &&
			property->property.form != CDPK_FORM_NUMBERS)
			status = cdpk_property_texts(&r->properties, r->allocator, &r->set->texts);
	}
	return status;
}

static void
close_column(Reading *r)
{
	cdpk_step_set_close_column(r->set);
	cdpk_release(r->allocator, r->same.several);
	cdpk_release(r->allocator, r->compared.several);
	r->same.several = r->compared.several = NULL;
}

/* Read the events of a column. */
static CdpkStatus
read_column(Reading *r, CdpkColumn *column)
{
	CdpkStatus status = cdpk_step_set_column(r->set, column);
	int64_t at;

	if (status == CDPK_OK)
		status = open_column(r, column);
	if (status == CDPK_OK && column->count > cdpk_left(&column->times))
		status = CDPK_CORRUPT;
	while (status == CDPK_OK && cdpk_column_next(column, &at) && at >= r->range.first)
		status = read_event(r, column->count - column->left - 1, at);
	close_column(r);
	return status == CDPK_OK && column->times.failed ? CDPK_CORRUPT : status;
}

/* Read the events of a timeline. */
static CdpkStatus
read_timeline(Reading *r, CdpkTimeline timeline)
{
	CdpkColumn column;
	CdpkStatus status = cdpk_properties_open(&timeline, &r->properties);

	while (status == CDPK_OK && cdpk_timeline_next(&timeline, &column))
		if (cdpk_asks_for_strangers(r->asked) ||
			cdpk_step_set_named(r->set, column.name, column.name_length) != 0)
			status = read_column(r, &column);
	if (status == CDPK_OK && cdpk_timeline_failed(&timeline))
		status = CDPK_CORRUPT;
	if (status == CDPK_OK)
		status = r->pairs.status != CDPK_OK    ? r->pairs.status
				 : r->values.status != CDPK_OK ? r->values.status
											   : r->numbers.status;
	return status;
}

/* ---------------------------------------------------------------- histories */

static int
by_number(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const CdpkBuffer *numbers = context;

	return cdpk_decimal_compare(number_at(numbers, a->value), number_at(numbers, b->value));
}

/* Replace numbers by their ranks: rank[place], where rank[0] is 0. */
static CdpkStatus
rank_numbers(const CdpkBuffer *numbers, const CdpkAllocator *allocator, uint32_t **ranks)
{
	size_t count = numbers->used / sizeof(CdpkDecimal);
	CdpkTimed *sorted = cdpk_allocate(allocator, (2 * count + 1) * sizeof(CdpkTimed));
	uint32_t rank = 0;

	*ranks = cdpk_allocate(allocator, (count + 1) * sizeof(uint32_t));
	if (sorted == NULL || *ranks == NULL)
	{
		cdpk_release(allocator, sorted);
		return CDPK_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < count; i++)
	{
		sorted[i].at = 0;
		sorted[i].value = (uint32_t) i + 1;
	}
	cdpk_sort(sorted, count, sorted + count, by_number, numbers);
	(*ranks)[0] = 0;
	for (size_t i = 0; i < count; i++)
	{
		rank += i == 0 || by_number(&sorted[i - 1], &sorted[i], numbers) != 0;
		(*ranks)[sorted[i].value] = rank;
	}
	cdpk_release(allocator, sorted);
	return CDPK_OK;
}

/* Replace the places of numbers in all pairs by ranks. */
static CdpkStatus
rank_pairs(Reading *r)
{
	uint32_t *values = NULL;
	uint32_t *numbers = NULL;
	size_t count;
	Pair *pairs = pairs_of(r, &count);
	CdpkStatus status = rank_numbers(&r->values, r->allocator, &values);

	if (status == CDPK_OK)
		status = rank_numbers(&r->numbers, r->allocator, &numbers);
	for (size_t i = 0; i < count && status == CDPK_OK; i++)
	{
		if (pairs[i].kind == CDPK_NUMBER)
			pairs[i].value = values[pairs[i].value];
		pairs[i].event.low = numbers[pairs[i].event.low];
		pairs[i].event.high = numbers[pairs[i].event.high];
	}
	cdpk_release(r->allocator, values);
	cdpk_release(r->allocator, numbers);
	return status;
}

static int
by_history(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const Pair *left = (const Pair *) context + a->value;
	const Pair *right = (const Pair *) context + b->value;
	CdpkTimed events[2] = {{left->event.at, left->event.set}, {right->event.at, right->event.set}};

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->value != right->value)
		return left->value < right->value ? -1 : 1;
	if (events[0].at != events[1].at || events[0].value != events[1].value)
		return cdpk_history_order(&events[0], &events[1], NULL);
	/* what compares may come in either order, so there must be one */
	if (left->event.low != right->event.low)
		return left->event.low < right->event.low ? -1 : 1;
	return (left->event.high > right->event.high) - (left->event.high < right->event.high);
}

/* The histories one after another: the events of each in order, and which history it is. */
typedef struct Histories
{
	CdpkTimed *sorted; /* places of pairs, with room to sort them; the memory of all */
	CdpkChainEvent *events;
	uint64_t *history;
	size_t count;
} Histories;

/* Return how many sessions begin not later than a time. */
static size_t
find_session(const CdpkTimed *starts, size_t count, int64_t at)
{
	size_t low = 0;
	size_t high = count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (starts[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Bring the pairs into their order, and number the histories. */
static void
order_pairs(const Pair *pairs, const CdpkTimed *starts, size_t start_count, Histories *h)
{
	uint64_t number = 0;
	size_t session = 0;

	cdpk_sort(h->sorted, h->count, h->sorted + h->count, by_history, pairs);
	for (size_t i = 0; i < h->count; i++)
	{
		const Pair *pair = &pairs[h->sorted[i].value];
		const Pair *former = i > 0 ? &pairs[h->sorted[i - 1].value] : pair;
		size_t now = starts != NULL ? find_session(starts, start_count, pair->event.at) : 0;

		number +=
			i == 0 || pair->kind != former->kind || pair->value != former->value || now != session;
		session = now;
		h->events[i] = pair->event;
		h->history[i] = number;
	}
}

/* Make the histories of what was read. */
static CdpkStatus
make_histories(Reading *r, const CdpkTimeline *timeline, Histories *h)
{
	const Pair *pairs = pairs_of(r, &h->count);
	CdpkTimed *starts = NULL;
	size_t start_count = 0;
	CdpkStatus status = rank_pairs(r);

	if (status == CDPK_OK && r->sequence->session != 0)
		status = cdpk_timeline_session_starts(timeline, r->range, r->sequence->session,
											  r->allocator, &starts, &start_count);
	if (status == CDPK_OK)
	{
		h->sorted =
			cdpk_allocate(r->allocator, h->count * (2 * sizeof(CdpkTimed) + sizeof(CdpkChainEvent) +
													sizeof(uint64_t)));
		status = h->sorted == NULL ? CDPK_OUT_OF_MEMORY : CDPK_OK;
	}
	if (status == CDPK_OK)
	{
		h->events = (CdpkChainEvent *) (h->sorted + 2 * h->count);
		h->history = (uint64_t *) (h->events + h->count);
		for (size_t i = 0; i < h->count; i++)
		{
			h->sorted[i].at = 0;
			h->sorted[i].value = (uint32_t) i;
		}
		order_pairs(pairs, starts, start_count, h);
	}
	cdpk_release(r->allocator, starts);
	return status;
}

/* ---------------------------------------------------------------- matching */

/* Match a history without comparisons. */
static CdpkStatus
match_plainly(const Reading *r, const CdpkProgram *program, const CdpkChainEvent *events,
			  size_t count)
{
	CdpkRun run;
	CdpkStatus status = CDPK_OK;
	bool over = false;

	cdpk_run_init(&run, program, r->asked->wanted, r->allocator, &r->correlation->matches);
	for (size_t i = 0; i < count && status == CDPK_OK && !over; i++)
	{
		CdpkTimed event = {events[i].at, events[i].set};

		status = cdpk_run_feed(&run, &event, &over);
	}
	cdpk_run_end(&run, r->range.last);
	return status;
}

/* Match a history with comparisons. */
static CdpkStatus
match_chains(const Reading *r, const CdpkProgram *program, const CdpkChainEvent *events,
			 size_t count)
{
	CdpkChainRoom room;
	CdpkStatus status = cdpk_chain_room(&room, count, r->allocator);

	if (status == CDPK_OK)
		cdpk_chain_match(program, events, count, r->range.last, &room, &r->correlation->matches);
	cdpk_release(r->allocator, room.memory);
	return status;
}

/* Return whether a history can add to what is known. */
static bool
can_add(const Reading *r, const CdpkProgram *program, const CdpkChainEvent *events, size_t count)
{
	uint32_t present = 0;
	unsigned possible;

	for (size_t i = 0; i < count; i++)
		present |= events[i].set;
	possible = cdpk_program_possible(program, present);
	if (r->asked->wanted == CDPK_WANT_TIMES)
		return possible > 0;
	if (r->asked->wanted == CDPK_WANT_DEPTH)
		return possible > r->correlation->matches.depth;
	return possible > program->place[program->count - 1];
}

/* Match each history. */
static CdpkStatus
match_all(const Reading *r, const CdpkProgram *program, const Histories *h)
{
	CdpkStatus status = CDPK_OK;
	size_t end;

	for (size_t i = 0; i < h->count && status == CDPK_OK; i = end)
	{
		const CdpkChainEvent *events = h->events + i;

		if (r->asked->wanted == CDPK_WANT_MATCH && r->correlation->matches.matched)
			break;
		for (end = i + 1; end < h->count && h->history[end] == h->history[i];)
			end++;
		if (!can_add(r, program, events, end - i))
			continue;
		status = r->sequence->compared.length > 0 ? match_chains(r, program, events, end - i)
												  : match_plainly(r, program, events, end - i);
	}
	return status;
}

/* Match each history in each way. */
static CdpkStatus
match_ways(Reading *r, CdpkAsked asked, const Histories *h)
{
	unsigned ways = cdpk_sequence_ways(asked.sequence);
	CdpkStatus status = CDPK_OK;

	if (asked.attempts != CDPK_ATTEMPTS_ALL)
	{
		CdpkAttempt attempt = cdpk_attempt(asked.sequence);

		for (size_t i = 0; i < h->count; i++)
			cdpk_attempt_note(&attempt, &asked, h->events[i].at, h->events[i].set);
		if (!cdpk_ask_for_attempt(&asked, &attempt))
			return CDPK_OK;
	}
	for (unsigned way = 0; way < ways && status == CDPK_OK; way++)
	{
		CdpkProgram program;

		cdpk_program_make(&asked, way, &program);
		status = match_all(r, &program, h);
	}
	return status;
}

CdpkStatus
cdpk_sequence_correlate(const CdpkAsked *asked, const CdpkTimeline *timeline, CdpkTimeRange range,
						CdpkStepSet *set, const CdpkAllocator *allocator,
						CdpkCorrelation *correlation)
{
	Reading r = {.asked = asked,
				 .sequence = asked->sequence,
				 .allocator = allocator,
				 .set = set,
				 .range = range,
				 .correlation = correlation};
	Histories h = {NULL, NULL, NULL, 0};
	CdpkStatus status;

	correlation->due = CDPK_NEVER;
	correlation->unknown = false;
	r.same.name = r.sequence->same;
	r.compared.name = r.sequence->compared;
	r.pairs = cdpk_buffer(allocator, SIZE_MAX);
	r.values = cdpk_buffer(allocator, SIZE_MAX);
	r.numbers = cdpk_buffer(allocator, SIZE_MAX);
	status = read_timeline(&r, *timeline);
	if (status == CDPK_OK && r.pairs.used > 0 && !correlation->unknown)
		status = make_histories(&r, timeline, &h);
	if (status == CDPK_OK && h.sorted != NULL)
		status = match_ways(&r, *asked, &h);
	cdpk_release(allocator, h.sorted);
	cdpk_buffer_free(&r.pairs);
	cdpk_buffer_free(&r.values);
	cdpk_buffer_free(&r.numbers);
	return status;
}
