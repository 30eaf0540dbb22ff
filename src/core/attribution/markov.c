/*
 * markov.c
 *		The moves from touchpoint to touchpoint, and how much fewer conversions there would be without
 *		each of them.
 *
 * The chain has the start, the touchpoints, and two ends: a conversion and none.  With Q the
 * probabilities of moves among the first, F = (I - Q)^-1 says how often each is visited.  Of the
 * journeys F(start, c) / F(c, c) ever visit c, and what then converts is what would be lost without it.
 * Moves from a touchpoint to itself change neither, so there are none.
 */
#include "core/attribution/markov.h"

#include <stdlib.h>

/* Order moves by their ends. */
static int
by_ends(const void *a, const void *b)
{
	const CdpkMove *x = a;
	const CdpkMove *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Count for each touch how many conversions it and the next one share; *covered for it alone. */
static void
count_shared(const CdpkJourneys *journeys, int64_t *pair, int64_t *covered)
{
	for (size_t i = 0; i < journeys->conversion_count; i++)
	{
		CdpkTouches path = cdpk_journeys_touches(journeys, journeys->conversions[i].at);

		if (path.start >= path.end)
			continue;
		covered[path.start]++;
		covered[path.end]--;
		pair[path.start]++;
		pair[path.end - 1]--;
	}
	for (size_t i = 1; i < journeys->touch_count; i++)
	{
		covered[i] += covered[i - 1];
		pair[i] += pair[i - 1];
	}
}

/* Add a move, unless it is none. */
static void
add_move(CdpkMove *moves, size_t *count, uint32_t from, uint32_t to, int64_t times)
{
	if (times > 0 && from != to)
		moves[(*count)++] = (CdpkMove){from, to, times};
}

/* Add the moves of the paths that convert. */
static void
add_converting(const CdpkJourneys *journeys, const int64_t *pair, CdpkMove *moves, size_t *count)
{
	const CdpkTimed *touches = journeys->touches;

	for (size_t i = 0; i < journeys->conversion_count; i++)
	{
		CdpkTouches path = cdpk_journeys_touches(journeys, journeys->conversions[i].at);

		if (path.start >= path.end)
			continue;
		add_move(moves, count, CDPK_MOVE_START, touches[path.start].value, 1);
		add_move(moves, count, touches[path.end - 1].value, CDPK_MOVE_CONVERTED, 1);
	}
	for (size_t i = 0; i + 1 < journeys->touch_count; i++)
		add_move(moves, count, touches[i].value, touches[i + 1].value, pair[i]);
}

/* Add the moves of the path that does not convert. */
static void
add_left(const CdpkJourneys *journeys, const int64_t *covered, int64_t first, int64_t last,
		 CdpkMove *moves, size_t *count)
{
	uint32_t from = CDPK_MOVE_START;

	for (size_t i = 0; i < journeys->touch_count; i++)
	{
		const CdpkTimed *touch = &journeys->touches[i];

		if (covered[i] > 0 || touch->at < first || touch->at > last)
			continue;
		add_move(moves, count, from, touch->value, 1);
		from = touch->value;
	}
	if (from != CDPK_MOVE_START)
		add_move(moves, count, from, CDPK_MOVE_LEFT, 1);
}

/* Make the moves of each pair one. */
static size_t
join_moves(CdpkMove *moves, size_t count)
{
	size_t joined = 0;

	qsort(moves, count, sizeof(CdpkMove), by_ends);
	for (size_t i = 0; i < count; i++)
	{
		if (joined > 0 && by_ends(&moves[joined - 1], &moves[i]) == 0)
			moves[joined - 1].count += moves[i].count;
		else
			moves[joined++] = moves[i];
	}
	return joined;
}

CdpkStatus
cdpk_journeys_moves(const CdpkJourneys *journeys, int64_t first, int64_t last,
					const CdpkAllocator *allocator, CdpkMove **moves, size_t *count)
{
	size_t touches = journeys->touch_count + 1; /* never nothing */
	size_t room = 2 * touches + 2 * journeys->conversion_count;
	int64_t *pair = cdpk_allocate(allocator, touches * sizeof(int64_t));
	int64_t *covered = cdpk_allocate(allocator, touches * sizeof(int64_t));
	CdpkStatus status = CDPK_OUT_OF_MEMORY;

	*count = 0;
	*moves = cdpk_allocate(allocator, room * sizeof(CdpkMove));
	if (pair != NULL && covered != NULL && *moves != NULL)
	{
		memset(pair, 0, touches * sizeof(int64_t));
		memset(covered, 0, touches * sizeof(int64_t));
		count_shared(journeys, pair, covered);
		add_converting(journeys, pair, *moves, count);
		add_left(journeys, covered, first, last, *moves, count);
		*count = join_moves(*moves, *count);
		status = CDPK_OK;
	}
	cdpk_release(allocator, pair);
	cdpk_release(allocator, covered);
	if (status != CDPK_OK)
		cdpk_release(allocator, *moves);
	return status;
}

CdpkStatus
cdpk_markov_new(uint32_t count, const CdpkAllocator *allocator, CdpkMarkov *markov)
{
	size_t places = (size_t) count + 1;

	*markov = (CdpkMarkov){count, cdpk_allocate(allocator, places * places * sizeof(double)),
						   cdpk_allocate(allocator, places * sizeof(double)),
						   cdpk_allocate(allocator, places * sizeof(double)),
						   cdpk_allocate(allocator, places * sizeof(double))};
	if (markov->matrix == NULL || markov->converts == NULL || markov->ends == NULL ||
		markov->moves == NULL)
	{
		cdpk_markov_release(markov, allocator);
		return CDPK_OUT_OF_MEMORY;
	}
	memset(markov->matrix, 0, places * places * sizeof(double));
	memset(markov->converts, 0, places * sizeof(double));
	memset(markov->ends, 0, places * sizeof(double));
	memset(markov->moves, 0, places * sizeof(double));
	return CDPK_OK;
}

/* Release what a chain holds. */
void
cdpk_markov_release(CdpkMarkov *markov, const CdpkAllocator *allocator)
{
	cdpk_release(allocator, markov->matrix);
	cdpk_release(allocator, markov->converts);
	cdpk_release(allocator, markov->ends);
	cdpk_release(allocator, markov->moves);
}

/* Return the row of a place. */
static double *
row_of(const CdpkMarkov *markov, uint32_t place)
{
	return markov->matrix + (size_t) place * ((size_t) markov->count + 1);
}

void
cdpk_markov_add(CdpkMarkov *markov, const CdpkMove *move)
{
	uint32_t from = move->from == CDPK_MOVE_START ? 0 : move->from + 1;

	markov->moves[from] += (double) move->count;
	if (move->to == CDPK_MOVE_CONVERTED)
		markov->converts[from] += (double) move->count;
	if (move->to == CDPK_MOVE_CONVERTED || move->to == CDPK_MOVE_LEFT)
		markov->ends[from] += (double) move->count;
	else
		row_of(markov, from)[move->to + 1] += (double) move->count;
}

void
cdpk_markov_prepare(CdpkMarkov *markov)
{
	for (uint32_t i = 0; i <= markov->count; i++)
	{
		double *row = row_of(markov, i);

		if (markov->moves[i] == 0)
		{
			markov->ends[i] = 1;
			continue;
		}
		for (uint32_t j = 0; j <= markov->count; j++)
			row[j] /= -markov->moves[i];
		markov->converts[i] /= markov->moves[i];
		markov->ends[i] /= markov->moves[i];
	}
}

/*
 * One step of the inversion in place.  The matrix is diagonally dominant, so no pivot is looked for.
 * Its diagonal is not stored: each pivot is the sum of the moves that are left, so nothing is lost by
 * subtraction where touchpoints follow each other very often before a journey ends.
 */
void
cdpk_markov_eliminate(CdpkMarkov *markov, uint32_t place)
{
	double *pivot = row_of(markov, place);
	double factor = markov->ends[place];

	for (uint32_t j = place + 1; j <= markov->count; j++)
		factor -= pivot[j];
	factor = 1 / factor;
	pivot[place] = 1;
	for (uint32_t j = 0; j <= markov->count; j++)
		pivot[j] *= factor;
	markov->ends[place] *= factor;
	for (uint32_t i = 0; i <= markov->count; i++)
	{
		double *row = row_of(markov, i);

		factor = row[place];
		if (i == place || factor == 0)
			continue;
		row[place] = 0;
		for (uint32_t j = 0; j <= markov->count; j++)
			row[j] -= factor * pivot[j];
		if (i > place)
			markov->ends[i] -= factor * markov->ends[place];
	}
}

double
cdpk_markov_effect(const CdpkMarkov *markov, uint32_t name)
{
	const double *row = row_of(markov, name + 1);
	double converts = 0;

	for (uint32_t i = 0; i <= markov->count; i++)
		converts += row[i] * markov->converts[i];
	return row_of(markov, 0)[name + 1] / row[name + 1] * converts;
}
