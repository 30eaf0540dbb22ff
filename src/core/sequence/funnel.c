/*
 * funnel.c
 *		How deep a history goes into a funnel.
 */
#include "core/sequence/funnel.h"

#include <string.h>

#define NO_STEP 255

/* Set up a funnel that has read nothing. */
void
cdpk_funnel_init(CdpkFunnel *funnel, CdpkTimeKind kind, unsigned modes, unsigned steps,
				 int64_t window)
{
	memset(funnel, 0, sizeof(*funnel));
	funnel->kind = kind;
	funnel->modes = modes;
	funnel->steps = steps;
	funnel->window = window;
}

/* Return whether a time, not before "start", is within the window that began then. */
static bool
in_window(const CdpkFunnel *funnel, int64_t start, int64_t at)
{
	if (funnel->kind == CDPK_TIME_DOUBLE)
		return cdpk_double_of_key(at) <=
			   cdpk_double_of_key(start) + cdpk_double_of_key(funnel->window);
	return (uint64_t) at - (uint64_t) start <= (uint64_t) funnel->window;
}

/* ---------------------------------------------------------------- rows that serve once */

/*
 * A matching of neighbouring steps to different rows of one instant.  As at most 31 rows can be
 * taken by other steps, 32 candidates are enough for each step.
 */
typedef struct Matching
{
	unsigned lowest; /* steps from here on are matched, numbered from 0 */
	uint16_t candidates[CDPK_FUNNEL_STEPS_MAX][CDPK_FUNNEL_STEPS_MAX];
	uint8_t counts[CDPK_FUNNEL_STEPS_MAX];
	uint16_t matched[CDPK_FUNNEL_STEPS_MAX]; /* the row of a matched step */
	/* by row, where rows that are no candidates are left out: the step that has it */
	uint8_t owner[CDPK_FUNNEL_STEPS_MAX * CDPK_FUNNEL_STEPS_MAX];
} Matching;

/* Number the rows that any step needs. */
static void
find_candidates(Matching *m, const CdpkTimed *rows, size_t count, unsigned steps)
{
	unsigned numbered = 0;

	m->lowest = 0;
	memset(m->counts, 0, sizeof(m->counts));
	for (size_t i = 0; i < count; i++)
	{
		bool needed = false;

		for (unsigned step = 0; step < steps; step++)
			if ((rows[i].value >> step & 1) && m->counts[step] < CDPK_FUNNEL_STEPS_MAX)
			{
				m->candidates[step][m->counts[step]++] = (uint16_t) numbered;
				needed = true;
			}
		if (needed)
			m->owner[numbered++] = NO_STEP;
	}
}

/* Find a row for a step, moving other steps to other rows where it must. */
static bool
augment(Matching *m, unsigned step, uint32_t *visited)
{
	*visited |= UINT32_C(1) << step;
	for (unsigned i = 0; i < m->counts[step]; i++)
	{
		uint16_t row = m->candidates[step][i];
		uint8_t owner = m->owner[row];

		if (owner != NO_STEP && ((*visited >> owner & 1) || !augment(m, owner, visited)))
			continue;
		m->owner[row] = (uint8_t) step;
		m->matched[step] = row;
		return true;
	}
	return false;
}

/*
 * Add a step, the one after the last, giving up the lowest ones until all that
 * remain have rows of their own.
 */
static void
match_step(Matching *m, unsigned step)
{
	for (;;)
	{
		uint32_t visited = 0;

		if (augment(m, step, &visited))
			return;
		if (m->lowest == step)
		{
			m->lowest = step + 1;
			return;
		}
		m->owner[m->matched[m->lowest++]] = NO_STEP;
	}
}

/* ---------------------------------------------------------------- one instant */

/* what there is to know of the rows of an instant */
typedef struct Instant
{
	int64_t at;
	bool other;         /* a row satisfies no step */
	uint32_t any;       /* steps that a row satisfies */
	uint32_t several;   /* steps that more than one row satisfies */
	unsigned former;    /* depth before */
	bool matching;      /* whether rows serve once and may be in each other's way */
	Matching matchings; /* set where "matching" */
	int64_t start[CDPK_FUNNEL_STEPS_MAX]; /* of chains that end now, in "now" */
	uint32_t now;
} Instant;

/* Sum up the rows of an instant. */
static void
look_at(const CdpkFunnel *funnel, const CdpkTimed *rows, size_t count, Instant *instant)
{
	instant->at = rows[0].at;
	instant->former = funnel->depth;
	instant->other = false;
	instant->any = instant->several = instant->now = 0;
	for (size_t i = 0; i < count; i++)
	{
		instant->other = instant->other || rows[i].value == 0;
		instant->several |= instant->any & rows[i].value;
		instant->any |= rows[i].value;
	}
	instant->matching = count > 1 && (funnel->modes & CDPK_FUNNEL_STRICT_ONCE) != 0 &&
						(funnel->modes & CDPK_FUNNEL_STRICT_INCREASE) == 0;
	if (instant->matching)
		find_candidates(&instant->matchings, rows, count, funnel->steps);
}

/*
 * Return the first step, from 0, of the longest run of steps up to this one
 * that rows of this instant can fill one after the other.  "previous" is that of the step before.
 */
static unsigned
first_of_instant(const CdpkFunnel *funnel, Instant *instant, unsigned step, unsigned previous)
{
	if (instant->matching)
	{
		match_step(&instant->matchings, step);
		return instant->matchings.lowest;
	}
	/* one row that serves once, or none earlier in time: only this step */
	if ((funnel->modes & (CDPK_FUNNEL_STRICT_ONCE | CDPK_FUNNEL_STRICT_INCREASE)) != 0 ||
		step == 0 || (instant->any >> (step - 1) & 1) == 0)
		return step;
	return previous;
}

/* Use the rows of a step: a run of steps from "first" on, after a former chain. */
static void
extend(CdpkFunnel *funnel, Instant *instant, unsigned step, unsigned first)
{
	int64_t start;

	if (first > instant->former)
		return;
	start = first == 0 ? instant->at : funnel->start[first - 1];
	if (!in_window(funnel, start, instant->at))
		return;
	instant->start[step] = start;
	instant->now |= UINT32_C(1) << step;
	if (step + 1 > funnel->depth)
		funnel->depth = step + 1;
}

/*
 * Read the rows of one step.  Returns whether reading goes on.
 */
static bool
read_step(CdpkFunnel *funnel, Instant *instant, unsigned step, unsigned first)
{
	bool deduplicate = step > 0 && (funnel->modes & CDPK_FUNNEL_STRICT_DEDUPLICATION) != 0;

	if (deduplicate && funnel->depth > step)
		return false;
	if ((funnel->modes & CDPK_FUNNEL_STRICT_ORDER) != 0 && funnel->depth > 0 &&
		funnel->depth < step)
		return (funnel->modes & CDPK_FUNNEL_ALLOW_REENTRY) != 0;
	extend(funnel, instant, step, first);
	return !(deduplicate && funnel->depth > step && (instant->several >> step & 1));
}

/* Feed all rows of one instant, later than those before. */
static void
feed(CdpkFunnel *funnel, const CdpkTimed *rows, size_t count)
{
	Instant instant;
	unsigned first = 0;

	if (funnel->ended || count == 0)
		return;
	look_at(funnel, rows, count, &instant);
	if ((funnel->modes & CDPK_FUNNEL_STRICT_ORDER) != 0 && funnel->depth > 0 && instant.other)
	{
		funnel->ended = true;
		return;
	}
	for (unsigned step = 0; step < funnel->steps && !funnel->ended; step++)
	{
		if ((instant.any >> step & 1) == 0)
		{
			if (instant.matching)
				match_step(&instant.matchings, step); /* nothing fills it: the next run is new */
			continue;
		}
		first = first_of_instant(funnel, &instant, step, first);
		funnel->ended = !read_step(funnel, &instant, step, first) || funnel->depth == funnel->steps;
	}
	for (unsigned step = 0; step < funnel->steps; step++)
		if (instant.now >> step & 1)
			funnel->start[step] = instant.start[step];
}

void
cdpk_funnel_feed_all(CdpkFunnel *funnel, const CdpkTimed *rows, size_t count)
{
	size_t start = 0;

	while (start < count && !funnel->ended)
	{
		size_t end = start + 1;

		while (end < count && rows[end].at == rows[start].at)
			end++;
		feed(funnel, rows + start, end - start);
		start = end;
	}
}

/* ---------------------------------------------------------------- over a state */

CdpkStatus
cdpk_funnel_of_state(const CdpkStepsState *state, const CdpkAllocator *allocator, unsigned *depth)
{
	CdpkFunnel funnel;
	CdpkTimed *rows;
	size_t count;
	CdpkStatus status = cdpk_steps_state_rows(state, allocator, cdpk_oldest_first, &rows, &count);

	if (status != CDPK_OK)
		return status;
	cdpk_funnel_init(&funnel, (CdpkTimeKind) state->kind, state->modes, state->steps,
					 state->window);
	cdpk_funnel_feed_all(&funnel, rows, count);
	*depth = funnel.depth;
	cdpk_release(allocator, rows);
	return CDPK_OK;
}
