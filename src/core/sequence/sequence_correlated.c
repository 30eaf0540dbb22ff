/*
 * sequence_correlated.c
 *		Sequences whose events have something in common, or compare with the event before.
 */
#include "core/sequence/sequence_correlated.h"

#include "core/sequence/sequence_pairs.h"
#include "core/sequence/sequence_run.h"
#include "core/timeline/sessions.h"

/* ---------------------------------------------------------------- histories */

static int
by_number(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const CdpkBuffer *numbers = context;

	return cdpk_decimal_compare(cdpk_number_at(numbers, a->value),
								cdpk_number_at(numbers, b->value));
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
rank_pairs(CdpkPairReading *r)
{
	uint32_t *numbers;
	size_t count;
	CdpkPair *pairs = cdpk_pairs_of(r, &count);
	CdpkStatus status = rank_numbers(&r->numbers, r->allocator, &numbers);

	for (size_t i = 0; i < count && status == CDPK_OK; i++)
	{
		pairs[i].event.low = numbers[pairs[i].event.low];
		pairs[i].event.high = numbers[pairs[i].event.high];
	}
	cdpk_release(r->allocator, numbers);
	return status;
}

static int
by_history(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const CdpkPair *left = (const CdpkPair *) context + a->value;
	const CdpkPair *right = (const CdpkPair *) context + b->value;
	CdpkTimed events[2] = {{left->event.at, left->event.set}, {right->event.at, right->event.set}};

	int order = cdpk_pairs_compare(left, right);

	if (order != 0)
		return order;
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
order_pairs(const CdpkPair *pairs, const CdpkTimed *starts, size_t start_count, Histories *h)
{
	uint64_t number = 0;
	size_t session = 0;

	cdpk_sort(h->sorted, h->count, h->sorted + h->count, by_history, pairs);
	for (size_t i = 0; i < h->count; i++)
	{
		const CdpkPair *pair = &pairs[h->sorted[i].value];
		const CdpkPair *former = i > 0 ? &pairs[h->sorted[i - 1].value] : pair;
		size_t now = starts != NULL ? find_session(starts, start_count, pair->event.at) : 0;

		number += i == 0 || cdpk_pairs_compare(pair, former) != 0 || now != session;
		session = now;
		h->events[i] = pair->event;
		h->history[i] = number;
	}
}

/* Make the histories of what was read. */
static CdpkStatus
make_histories(CdpkPairReading *r, const CdpkTimeline *timeline, Histories *h)
{
	const CdpkPair *pairs = cdpk_pairs_of(r, &h->count);
	CdpkTimed *starts = NULL;
	size_t start_count = 0;
	CdpkStatus status = CDPK_OK;

	if (r->sequence->compared.length > 0)
		status = rank_pairs(r);
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
match_plainly(const CdpkPairReading *r, const CdpkProgram *program, const CdpkChainEvent *events,
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
match_chains(const CdpkPairReading *r, const CdpkProgram *program, const CdpkChainEvent *events,
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
can_add(const CdpkPairReading *r, const CdpkProgram *program, const CdpkChainEvent *events,
		size_t count)
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
match_all(const CdpkPairReading *r, const CdpkProgram *program, const Histories *h)
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
match_ways(CdpkPairReading *r, CdpkAsked asked, const Histories *h)
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

/* Return whether no event is more than a first one: then the depth is known without histories, and noted. */
static bool
is_shallow(const CdpkPairReading *r)
{
	const CdpkSequence *sequence = r->sequence;
	uint32_t present = 0;
	size_t count;
	const CdpkPair *pairs = cdpk_pairs_of(r, &count);

	if (r->asked->wanted != CDPK_WANT_DEPTH || sequence->any_order)
		return false;
	for (size_t i = 0; i < count; i++)
		present |= pairs[i].event.set;
	for (unsigned i = 1; i < sequence->items; i++)
		if (!sequence->item[i].absent && (sequence->item[i].any & present) != 0)
			return false;
	if (sequence->item[0].times > 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((pairs[i].event.set & sequence->item[0].any) != 0 &&
			cdpk_asked_begins(r->asked, pairs[i].event.at))
			r->correlation->matches.depth = 1;
	return true;
}

CdpkStatus
cdpk_sequence_correlate(const CdpkAsked *asked, const CdpkSurvey *survey, CdpkTimeRange range,
						CdpkStepSet *set, const CdpkAllocator *allocator,
						CdpkCorrelation *correlation)
{
	CdpkPairReading r = {.asked = asked,
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
	r.numbers = cdpk_buffer(allocator, SIZE_MAX);
	status = cdpk_pairs_read(&r, survey);
	if (status == CDPK_OK && r.pairs.used > 0 && !correlation->unknown && !is_shallow(&r))
		status = make_histories(&r, &survey->timeline, &h);
	if (status == CDPK_OK && h.sorted != NULL)
		status = match_ways(&r, *asked, &h);
	cdpk_release(allocator, h.sorted);
	cdpk_buffer_free(&r.pairs);
	cdpk_buffer_free(&r.numbers);
	return status;
}
