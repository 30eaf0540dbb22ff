/*
 * sequence_reference.h
 *		Sequences by their definition: whether a timeline has one, and how far it goes into it, as into a funnel.
 *
 * The reference knows events, their values, and the parts of a sequence; it makes each history that
 * toolkit/DEFINITIONS.md speaks of, and tries every choice of its events.
 */
#ifndef SEQUENCE_REFERENCE_H
#define SEQUENCE_REFERENCE_H

#include <limits.h>

#include "core/sequence/sequence_timeline.h"
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

static inline bool
holds(CdpkStepOperator operation, int64_t a, int64_t b)
{
	return operation == CDPK_STEP_LESS       ? a < b
		   : operation == CDPK_STEP_AT_MOST  ? a <= b
		   : operation == CDPK_STEP_GREATER  ? a > b
		   : operation == CDPK_STEP_AT_LEAST ? a >= b
											 : a == b;
}

/* A condition on n, by the values of an element and of none. */
static inline Truth
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

static inline bool
is_named(const CdpkAlternative *alternative, char name)
{
	return alternative->any || *alternative->name.text == name;
}

static inline Truth
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

static inline Truth
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

/* Where what is unknown is tried both ways: a bit for each alternative of which it is not known, in turn. */
static struct
{
	bool on;
	uint32_t bits;
	unsigned place;
	unsigned decided; /* answers that are the same in all ways */
} trial;

/* The alternatives that an event satisfies by an element, or (0) as a whole. */
static inline uint32_t
satisfied(const CdpkSequence *sequence, const Event *event, unsigned element, bool *unknown)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkAlternative *alternative = cdpk_step_alternatives(&sequence->alternative[i]);
		Truth truth = element != 0 ? element_truth(alternative, event, element)
								   : event_truth(alternative, event);

		if (truth == UNKNOWN && trial.on)
			truth = (trial.bits >> trial.place++ & 1) != 0 ? YES : NO;
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

static inline void
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

static inline bool
same_value(const Value *a, const Value *b)
{
	bool a_text = a->kind == TEXT;
	bool b_text = b->kind == TEXT;

	return a_text == b_text && a->number == b->number;
}

/*
 * What an event is in the history of a value (NULL: of all); false if it is not there, or a stranger to the
 * sequence where these do not matter.
 */
static inline bool
make_entry(const CdpkSequence *sequence, const Event *event, const Value *common, bool strangers,
		   Entry *entry, bool *unknown)
{
	bool there = false;

	entry->at = event->at;
	entry->set = 0;
	entry->count = 0;
	if (common == NULL)
	{
		entry->set = satisfied(sequence, event, 0, unknown);
		if (entry->set != 0)
			add_numbers(sequence, event, 0, entry, unknown);
		return entry->set != 0 || strangers;
	}
	for (unsigned i = 0; i < event->p_count; i++)
	{
		const Value *value = &event->p[i];
		uint32_t set;

		if (value->kind != LEFT_OUT && !same_value(value, common))
			continue;
		set = satisfied(sequence, event, value->element, unknown);
		if (set == 0 && !strangers)
			continue;
		there = true;
		*unknown = *unknown || value->kind == LEFT_OUT;
		entry->set |= set;
		if (set != 0)
			add_numbers(sequence, event, value->element, entry, unknown);
	}
	return there;
}

/* The order of events of one time: the dictionary order of the lists of what they satisfy. */
static inline bool
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
static inline bool
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

static inline bool
is_read_before(const Entry *a, const Entry *b)
{
	return a->at < b->at || (a->at == b->at && (comes_before(a->set, b->set) ||
												(a->set == b->set && has_lesser(a, b))));
}

/* ---------------------------------------------------------------- what is asked for */

/* How a funnel counts. */
typedef struct Rules
{
	unsigned modes;
	CdpkAttempts attempts;
	CdpkTimeRange begins;
} Rules;

static const Rules no_rules = {0, CDPK_ATTEMPTS_ALL, {INT64_MIN, INT64_MAX}};

/* A timeline, and what is asked of it. */
typedef struct Story
{
	const CdpkSequence *sequence;
	Rules rules;
	const Event *events;
	unsigned count;
	CdpkTimeRange range;
	uint32_t needed; /* events of the names of these alternatives are read */
	bool unknown;    /* something is */
} Story;

/* The events of one history, in the order of reading, and the best of the matches that were found. */
typedef struct World
{
	CdpkSequence sequence; /* without optional events */
	Rules rules;
	Entry entries[EVENTS_MAX];
	unsigned count;
	int64_t as_of;
	bool found;
	int64_t at;    /* the earliest end of a match, ... */
	int64_t first; /* ... and the latest beginning of those that end then */
} World;

static inline void
note(World *w, int64_t at, int64_t first)
{
	if (!w->found || at < w->at || (at == w->at && first > w->first))
	{
		w->at = at;
		w->first = first;
	}
	w->found = true;
}

/* ---------------------------------------------------------------- a match */

static inline bool
none_between(const World *w, uint32_t any, unsigned from, unsigned to, int64_t until)
{
	for (unsigned i = from; i < to; i++)
		if ((any & w->entries[i].set) != 0 && w->entries[i].at <= until)
			return false;
	return true;
}

static inline bool
compares(const Entry *now, const Entry *before, CdpkStepOperator operation)
{
	for (unsigned i = 0; i < now->count; i++)
		for (unsigned j = 0; j < before->count; j++)
			if (holds(operation, now->numbers[i], before->numbers[j]))
				return true;
	return false;
}

/* Whether the modes let an event follow another; taken: the alternatives of the events so far, but for the first. */
static inline bool
may_follow(const World *w, int last, unsigned place, uint32_t taken)
{
	unsigned modes = w->rules.modes;
	bool strangers = false;

	if (last < 0)
		return w->entries[place].at >= w->rules.begins.first &&
			   w->entries[place].at <= w->rules.begins.last;
	for (unsigned i = (unsigned) last + 1; i < place; i++)
		strangers = strangers || w->entries[i].set == 0;
	if ((modes & CDPK_FUNNEL_STRICT_INCREASE) && w->entries[place].at <= w->entries[last].at)
		return false;
	if ((modes & CDPK_FUNNEL_STRICT_DEDUPLICATION) &&
		!none_between(w, taken, (unsigned) last + 1, place, INT64_MAX))
		return false;
	if (modes & CDPK_FUNNEL_ALLOW_REENTRY)
		return !strangers;
	return !(modes & CDPK_FUNNEL_STRICT_ORDER) || place == (unsigned) last + 1;
}

static inline void find_item(World *w, unsigned item, int first, int last, uint32_t taken);

/* Chooses the events of an item that must be there, "left" of them, the first of them "begin". */
static inline void
find_events(World *w, unsigned item, unsigned left, int first, int former, int begin, int last,
			uint32_t taken)
{
	const CdpkSequenceItem *it = &w->sequence.item[item];

	if (left == 0)
	{
		int64_t since = w->entries[former >= 0 ? former : begin].at;

		if (it->within == 0 || w->entries[last].at - since <= it->within)
			find_item(w, item + 1, first, last, taken);
		return;
	}
	for (unsigned place = (unsigned) (last + 1); place < w->count; place++)
	{
		const Entry *entry = &w->entries[place];

		if ((it->any & entry->set) == 0 || !may_follow(w, last, place, taken | it->any))
			continue;
		if (it->previous != 0 &&
			!compares(entry, &w->entries[last], (CdpkStepOperator) it->previous))
			continue;
		if (begin < 0 && former >= 0)
		{
			if (entry->at - w->entries[former].at < it->after)
				continue;
			if (item > 0 && w->sequence.item[item - 1].absent &&
				!none_between(w, w->sequence.item[item - 1].any, (unsigned) former + 1, place,
							  INT64_MAX))
				continue;
		}
		find_events(w, item, left - 1, first < 0 ? (int) place : first, former,
					begin < 0 ? (int) place : begin, (int) place, last < 0 ? 0 : taken | it->any);
	}
}

static inline void
find_item(World *w, unsigned item, int first, int last, uint32_t taken)
{
	const CdpkSequence *s = &w->sequence;
	const CdpkSequenceItem *it = &s->item[item];

	if (item == s->items)
	{
		if (s->whole == 0 || w->entries[last].at - w->entries[first].at <= s->whole)
			note(w, w->entries[last].at, w->entries[first].at);
		return;
	}
	if (!it->absent)
		find_events(w, item, it->times, first, last, -1, last, taken);
	else if (item + 1 < s->items ||
			 ((it->within == 0 || w->as_of - w->entries[last].at >= it->within) &&
			  none_between(w, it->any, (unsigned) last + 1, w->count,
						   it->within != 0 ? w->entries[last].at + it->within : INT64_MAX)))
		find_item(w, item + 1, first, last, taken);
}

/* Chooses different events for "wanted" of the steps from one on, in any order. */
static inline void
find_any(World *w, unsigned item, unsigned times, unsigned wanted, unsigned used)
{
	const CdpkSequence *s = &w->sequence;

	if (wanted == 0)
	{
		int64_t first = INT64_MAX;
		int64_t last = INT64_MIN;

		for (unsigned i = 0; i < w->count; i++)
			if (used >> i & 1)
			{
				first = w->entries[i].at < first ? w->entries[i].at : first;
				last = w->entries[i].at > last ? w->entries[i].at : last;
			}
		if ((s->whole == 0 || last - first <= s->whole) && first >= w->rules.begins.first &&
			first <= w->rules.begins.last)
			note(w, last, first);
		return;
	}
	if (item == s->items)
		return;
	if (times == s->item[item].times)
	{
		find_any(w, item + 1, 0, wanted, used);
		return;
	}
	find_any(w, item, times + 1, wanted, used);
	for (unsigned i = 0; i < w->count; i++)
		if ((s->item[item].any & w->entries[i].set) != 0 && (used >> i & 1) == 0)
			find_any(w, item, times + 1, wanted - 1, used | 1U << i);
}

/* ---------------------------------------------------------------- histories of a timeline */

static inline bool
is_in_range(const Event *event, CdpkTimeRange range)
{
	return event->at >= range.first && event->at <= range.last;
}

/* Whether an event is read: its name is that of an alternative that is needed, or all are. */
static inline bool
is_needed(const Story *story, const Event *event)
{
	for (unsigned i = 0; i < story->sequence->alternatives; i++)
		if ((story->needed >> i & 1) != 0 &&
			is_named(cdpk_step_alternatives(&story->sequence->alternative[i]), event->name))
			return true;
	return (story->rules.modes & CDPK_FUNNEL_STRICT_ORDER) != 0;
}

/* The number of the session of a time: how many sessions begin not later. */
static inline unsigned
session_of(const Story *story, int64_t at)
{
	unsigned sessions = 0;

	for (unsigned i = 0; i < story->count; i++)
	{
		const Event *event = &story->events[i];
		bool begins = is_in_range(event, story->range) && event->at <= at;

		for (unsigned j = 0; j < story->count && begins; j++)
		{
			const Event *other = &story->events[j];

			if (j != i && is_in_range(other, story->range) &&
				(other->at < event->at || (other->at == event->at && j < i)) &&
				event->at - other->at <= story->sequence->session)
				begins = false;
		}
		sessions += begins;
	}
	return sessions;
}

/* Makes the history of the events with a value (NULL: all) and of a session (0: of any). */
static inline void
make_world(Story *story, const Value *common, unsigned session, World *w)
{
	memset(w, 0, sizeof(*w));
	w->as_of = story->range.last;
	w->rules = story->rules;
	for (unsigned i = 0; i < story->count; i++)
	{
		const Event *event = &story->events[i];
		Entry entry;
		unsigned place;

		if (!is_in_range(event, story->range) || !is_needed(story, event) ||
			(session != 0 && session_of(story, event->at) != session) ||
			!make_entry(story->sequence, event, common,
						(story->rules.modes & CDPK_FUNNEL_STRICT_ORDER) != 0, &entry,
						&story->unknown))
			continue;
		for (place = w->count++; place > 0 && is_read_before(&entry, &w->entries[place - 1]);
			 place--)
			w->entries[place] = w->entries[place - 1];
		w->entries[place] = entry;
	}
}

/* Visits each history: one, or one for each value and session. */
static inline void
visit_histories(Story *story, void (*visit)(World *w, void *context), void *context)
{
	const CdpkSequence *sequence = story->sequence;
	unsigned sessions = sequence->session == 0 ? 0 : session_of(story, INT64_MAX);
	World w;

	for (unsigned session = sequence->session != 0; session <= sessions; session++)
	{
		if (sequence->same.length == 0)
		{
			make_world(story, NULL, session, &w);
			visit(&w, context);
		}
		for (unsigned i = 0; i < story->count && sequence->same.length > 0; i++)
			for (unsigned j = 0; j < story->events[i].p_count; j++)
			{
				const Value *value = &story->events[i].p[j];

				/* one that was left out only tells what is unknown */
				make_world(story, value, session, &w);
				if (value->kind != LEFT_OUT)
					visit(&w, context);
			}
	}
}

/* ---------------------------------------------------------------- optional events */

/* The sequence without the optional events that a way leaves out; two absences then become one. */
static inline CdpkSequence
leave_out(const CdpkSequence *sequence, unsigned way)
{
	CdpkSequence left = *sequence;
	unsigned optional = 0;

	left.items = 0;
	for (unsigned i = 0; i < sequence->items; i++)
	{
		CdpkSequenceItem item = sequence->item[i];

		if (item.optional && (way >> optional++ & 1) != 0)
			continue;
		if (item.absent && left.items > 0 && left.item[left.items - 1].absent)
			item.any |= left.item[--left.items].any;
		left.item[left.items++] = item;
	}
	/* what must be absent before an event at the end that is left out */
	if (left.item[left.items - 1].absent && !sequence->item[sequence->items - 1].absent)
		left.items--;
	return left;
}

static inline unsigned
count_ways(const CdpkSequence *sequence)
{
	unsigned ways = 1;

	for (unsigned i = 0; i < sequence->items; i++)
		ways <<= sequence->item[i].optional;
	return ways;
}

/* ---------------------------------------------------------------- whether it matches */

/* Whether each event that must be there has its name somewhere in the timeline. */
static inline bool
has_names(const CdpkSequence *sequence, const Event *events, unsigned count)
{
	for (unsigned i = 0; i < sequence->items; i++)
	{
		bool any = sequence->item[i].absent || sequence->item[i].optional;

		for (unsigned j = 0; j < sequence->alternatives; j++)
			for (unsigned k = 0; k < count && (sequence->item[i].any >> j & 1) != 0; k++)
				any = any ||
					  is_named(cdpk_step_alternatives(&sequence->alternative[j]), events[k].name);
		if (!any)
			return false;
	}
	return true;
}

static inline unsigned
count_places(const CdpkSequence *sequence)
{
	unsigned places = 0;

	for (unsigned i = 0; i < sequence->items; i++)
		places += sequence->item[i].absent ? 0 : sequence->item[i].times;
	return places;
}

/* A sequence that is looked for in each history, in the ways given. */
typedef struct Search
{
	CdpkSequence sequence;
	unsigned wanted; /* of events in any order */
	unsigned ways;
	CdpkReach best;
} Search;

static inline void
search(World *w, void *context)
{
	Search *s = context;

	for (unsigned way = 0; way < s->ways; way++)
	{
		w->sequence = leave_out(&s->sequence, way);
		if (w->sequence.any_order)
			find_any(w, 0, 0, s->wanted, 0);
		else
			find_item(w, 0, -1, -1, 0);
	}
	if (w->found && (!s->best.reached || w->at < s->best.at ||
					 (w->at == s->best.at && w->first > s->best.first)))
	{
		s->best.reached = true;
		s->best.at = w->at;
		s->best.first = w->first;
	}
}

/* Whether it is said to be unknown whatever the answer would be: see DEFINITIONS.md. */
static inline bool
stays_unknown(const Story *story)
{
	const CdpkSequence *sequence = story->sequence;
	uint32_t roles[2] = {0, 0};

	if (sequence->same.length > 0 || sequence->session != 0 || sequence->compared.length > 0)
		return true;
	for (unsigned i = 0; i < sequence->items; i++)
		roles[sequence->item[i].absent] |= sequence->item[i].any;
	for (unsigned i = 0; i < story->count; i++)
	{
		bool unknown = false;

		if (!is_in_range(&story->events[i], story->range))
			continue;
		for (unsigned j = 0; j < sequence->alternatives; j++)
			if (event_truth(cdpk_step_alternatives(&sequence->alternative[j]), &story->events[i]) ==
				UNKNOWN)
			{
				unknown = true;
				if ((roles[0] & roles[1] & UINT32_C(1) << j) != 0)
					return true;
			}
		for (unsigned j = 0; j < story->count && unknown; j++)
		{
			bool other = false;

			if (j != i && story->events[j].at == story->events[i].at &&
				(satisfied(sequence, &story->events[j], 0, &other) != 0 || other))
				return true;
		}
	}
	return false;
}

static inline Truth
reference(const CdpkSequence *sequence, const Event *events, unsigned count, int64_t within,
		  int64_t as_of)
{
	Story story = {sequence, no_rules, events, count, {INT64_MIN, as_of}, UINT32_MAX, false};
	Search s = {*sequence, count_places(sequence), count_ways(sequence), {false, 0, 0}};
	bool seen[2] = {false, false};
	unsigned unknown;

	if (within != 0)
		story.range.first = as_of - within + 1;
	if (!has_names(sequence, events, count))
		return NO;
	visit_histories(&story, search, &s);
	if (!story.unknown)
		return s.best.reached ? YES : NO;
	if (stays_unknown(&story))
		return UNKNOWN;
	trial.on = true;
	trial.bits = unknown = 0;
	do
	{
		s.best.reached = false;
		trial.place = 0;
		visit_histories(&story, search, &s);
		unknown = trial.place;
		seen[s.best.reached] = true;
	} while (!(seen[0] && seen[1]) && ++trial.bits < UINT32_C(1) << unknown);
	trial.on = false;
	trial.decided += !(seen[0] && seen[1]);
	return seen[0] && seen[1] ? UNKNOWN : seen[1] ? YES : NO;
}

/* ---------------------------------------------------------------- how far it goes */

/* The sequence up to a place, with the event there, and nothing after it. */
static inline CdpkSequence
cut_sequence(const CdpkSequence *sequence, unsigned places)
{
	CdpkSequence cut = *sequence;
	unsigned events = 0;

	for (cut.items = 0; events < places; cut.items++)
	{
		CdpkSequenceItem *item = &cut.item[cut.items];

		if (item->absent)
			continue;
		if (events + item->times > places)
			item->times = places - events;
		events += item->times;
	}
	cut.item[cut.items - 1].optional = false;
	return cut;
}

/* The alternatives up to the first place that must be reached and of which the timeline has no event of its names. */
static inline uint32_t
needed_alternatives(const CdpkSequence *sequence, const Event *events, unsigned count)
{
	uint32_t needed = 0;

	if (sequence->any_order)
		return UINT32_MAX;
	for (unsigned i = 0; i < sequence->items; i++)
	{
		CdpkSequence one = *sequence;

		one.item[0] = sequence->item[i];
		one.items = 1;
		if (!has_names(&one, events, count))
			break;
		needed |= sequence->item[i].any;
	}
	return needed;
}

/* The beginning of the first or the last attempt. */
typedef struct Beginning
{
	const Story *story;
	bool found;
	int64_t at;
} Beginning;

static inline void
find_beginning(World *w, void *context)
{
	Beginning *beginning = context;
	const Story *story = beginning->story;

	for (unsigned i = 0; i < w->count; i++)
	{
		int64_t at = w->entries[i].at;

		if ((w->entries[i].set & story->sequence->item[0].any) == 0 ||
			at < story->rules.begins.first || at > story->rules.begins.last)
			continue;
		if (!beginning->found ||
			(story->rules.attempts == CDPK_ATTEMPTS_FIRST ? at < beginning->at
														  : at > beginning->at))
			beginning->at = at;
		beginning->found = true;
	}
}

/* When each place is reached; the answer: how many at most, or -1: unknown. */
static inline int
reference_funnel(const CdpkSequence *sequence, Rules rules, const Event *events, unsigned count,
				 CdpkTimeRange range, CdpkReach *reach)
{
	Story story = {sequence, rules, events, count, range, UINT32_MAX, false};
	unsigned places = count_places(sequence);
	CdpkSequence first = cut_sequence(sequence, 1);
	Beginning beginning = {&story, false, 0};
	bool named = false;
	int depth = 0;

	memset(reach, 0, places * sizeof(*reach));
	for (unsigned i = 0; i < sequence->items && sequence->any_order; i++)
	{
		first.item[0].any = sequence->item[i].any;
		named = named || has_names(&first, events, count);
	}
	if (!(sequence->any_order ? named : has_names(&first, events, count)))
		return 0;
	story.needed = needed_alternatives(sequence, events, count);
	visit_histories(&story, find_beginning, &beginning);
	if (story.unknown)
		return -1;
	if (rules.attempts != CDPK_ATTEMPTS_ALL)
	{
		if (!beginning.found)
			return 0;
		story.rules.begins.first = story.rules.begins.last = beginning.at;
	}
	for (unsigned place = 1; place <= places; place++)
	{
		Search s = {*sequence, place, 1, {false, 0, 0}};

		if (!sequence->any_order)
		{
			s.sequence = cut_sequence(sequence, place);
			s.ways = count_ways(&s.sequence);
		}
		visit_histories(&story, search, &s);
		reach[place - 1] = s.best;
		if (s.best.reached)
			depth = (int) place;
	}
	return depth;
}

#endif /* SEQUENCE_REFERENCE_H */
