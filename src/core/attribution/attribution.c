/*
 * attribution.c
 *		Which share of a conversion each touchpoint before it is given.
 */
#include "core/attribution/attribution.h"

#include <math.h>
#include <stdlib.h>

/* rests are compared in steps, so that equal ones are equal although doubles are not exact */
#define REST_STEPS 100000

/* A touch as it is read, before its name has a number. */
typedef struct Touch
{
	const char *name;
	size_t length;
	int64_t at;
} Touch;

/* Order touches by the bytes of their names. */
static int
by_name(const void *a, const void *b)
{
	const Touch *x = a;
	const Touch *y = b;

	return cdpk_compare_bytes(x->name, x->length, y->name, y->length);
}

/* Order numbered touches by time, those of one instant by name. */
static int
by_time(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	(void) context;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->value > b->value) - (a->value < b->value);
}

/* Return whether a name is "direct" or "(direct)", in any case. */
static bool
is_direct(const char *name, size_t length)
{
	static const char word[] = "direct";

	if (length == sizeof(word) + 1 && name[0] == '(' && name[length - 1] == ')')
	{
		name++;
		length -= 2;
	}
	if (length != sizeof(word) - 1)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((name[i] | 0x20) != word[i])
			return false;
	return true;
}

/* Count touches and conversions; false if the bytes are corrupt. */
static bool
count_rows(CdpkReader rows, CdpkJourneys *journeys)
{
	CdpkAttributionRow row;

	while (cdpk_attribution_next(&rows, &row))
	{
		journeys->touch_count += row.touchpoint_length > 0;
		journeys->conversion_count += row.value_length > 0;
	}
	return !rows.failed;
}

/* Fill in the conversions, and the touches as they are. */
static void
read_rows(CdpkReader rows, CdpkJourneys *journeys, Touch *touches)
{
	CdpkConversion *conversion = journeys->conversions;
	CdpkAttributionRow row;

	while (cdpk_attribution_next(&rows, &row))
	{
		if (row.touchpoint_length > 0)
			*touches++ = (Touch){row.touchpoint, row.touchpoint_length, row.at};
		if (row.value_length > 0)
			*conversion++ = (CdpkConversion){row.at, row.value, row.value_length};
	}
}

/* Give the names their numbers, and order the touches by time. */
static void
number_names(CdpkJourneys *journeys, Touch *touches, CdpkTimed *scratch)
{
	size_t count = journeys->touch_count;

	if (count == 0)
		return;
	qsort(touches, count, sizeof(Touch), by_name);
	for (size_t i = 0; i < count; i++)
	{
		if (i == 0 || by_name(&touches[i - 1], &touches[i]) != 0)
			journeys->names[journeys->name_count++] = (CdpkTouchpoint){
				touches[i].name, touches[i].length, is_direct(touches[i].name, touches[i].length)};
		journeys->touches[i] = (CdpkTimed){touches[i].at, journeys->name_count - 1};
	}
	cdpk_sort(journeys->touches, count, scratch, by_time, NULL);
}

CdpkStatus
cdpk_journeys_load(const CdpkAttributionState *state, const CdpkAllocator *allocator,
				   CdpkJourneys *journeys)
{
	CdpkReader rows;
	CdpkTimed *scratch;
	Touch *touches;
	size_t count;
	CdpkStatus status = CDPK_OUT_OF_MEMORY;

	*journeys = (CdpkJourneys){.setup = cdpk_attribution_open(state, &rows)};
	if (!count_rows(rows, journeys))
		return CDPK_CORRUPT;
	count = journeys->touch_count + 1; /* never nothing */
	touches = cdpk_allocate(allocator, count * sizeof(Touch));
	scratch = cdpk_allocate(allocator, count * sizeof(CdpkTimed));
	journeys->names = cdpk_allocate(allocator, count * sizeof(CdpkTouchpoint));
	journeys->touches = cdpk_allocate(allocator, count * sizeof(CdpkTimed));
	journeys->weight = cdpk_allocate(allocator, count * sizeof(double));
	journeys->credits = cdpk_allocate(allocator, count * sizeof(CdpkCredit));
	journeys->conversions =
		cdpk_allocate(allocator, (journeys->conversion_count + 1) * sizeof(CdpkConversion));
	if (touches != NULL && scratch != NULL && journeys->names != NULL &&
		journeys->touches != NULL && journeys->weight != NULL && journeys->credits != NULL &&
		journeys->conversions != NULL)
	{
		read_rows(rows, journeys, touches);
		number_names(journeys, touches, scratch);
		memset(journeys->weight, 0, count * sizeof(double));
		status = CDPK_OK;
	}
	cdpk_release(allocator, touches);
	cdpk_release(allocator, scratch);
	if (status != CDPK_OK)
		cdpk_journeys_release(journeys, allocator);
	return status;
}

/* Release what loading allocated. */
void
cdpk_journeys_release(CdpkJourneys *journeys, const CdpkAllocator *allocator)
{
	cdpk_release(allocator, journeys->names);
	cdpk_release(allocator, journeys->touches);
	cdpk_release(allocator, journeys->weight);
	cdpk_release(allocator, journeys->credits);
	cdpk_release(allocator, journeys->conversions);
}

/* Count the touches that are not later than a time. */
static size_t
touches_until(const CdpkJourneys *journeys, int64_t at)
{
	size_t low = 0;
	size_t high = journeys->touch_count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (journeys->touches[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

CdpkTouches
cdpk_journeys_touches(const CdpkJourneys *journeys, int64_t at)
{
	int64_t lookback = journeys->setup.lookback;
	CdpkTouches range = {0, touches_until(journeys, at)};

	if (lookback > 0 && at >= INT64_MIN + lookback)
		range.start = touches_until(journeys, at - lookback);
	return range;
}

/* Find the touches within a range that are at the same time as one of them. */
static CdpkTouches
instant_around(const CdpkJourneys *journeys, CdpkTouches range, size_t place)
{
	const CdpkTimed *touches = journeys->touches;
	CdpkTouches instant = {place, place + 1};

	while (instant.start > range.start && touches[instant.start - 1].at == touches[place].at)
		instant.start--;
	while (instant.end < range.end && touches[instant.end].at == touches[place].at)
		instant.end++;
	return instant;
}

/* Add to the weight of a touch's name; names that get some for the first time become credits. */
static void
weigh(CdpkJourneys *journeys, uint32_t *count, uint32_t name, double weight)
{
	if (weight <= 0)
		return;
	if (journeys->weight[name] == 0)
		journeys->credits[(*count)++].name = name;
	journeys->weight[name] += weight;
}

/* Give the touches of a range equal parts of a weight. */
static void
share_equally(CdpkJourneys *journeys, uint32_t *count, CdpkTouches range, double weight)
{
	for (size_t i = range.start; i < range.end; i++)
		weigh(journeys, count, journeys->touches[i].value,
			  weight / (double) (range.end - range.start));
}

/* Give the last touches that are not direct equal parts; the last touch all, if all are direct. */
static void
weigh_non_direct(CdpkJourneys *journeys, uint32_t *count, CdpkTouches range)
{
	size_t place = range.end;
	CdpkTouches instant;

	while (place > range.start && journeys->names[journeys->touches[place - 1].value].direct)
		place--;
	if (place == range.start)
	{
		share_equally(journeys, count, instant_around(journeys, range, range.end - 1), 1);
		return;
	}
	instant = instant_around(journeys, range, place - 1);
	for (size_t i = instant.start; i < instant.end; i++)
		if (!journeys->names[journeys->touches[i].value].direct)
			weigh(journeys, count, journeys->touches[i].value, 1);
}

/* Halve the weight of a touch with each half-life before the last one. */
static void
weigh_by_age(CdpkJourneys *journeys, uint32_t *count, CdpkTouches range)
{
	int64_t newest = journeys->touches[range.end - 1].at;

	for (size_t i = range.start; i < range.end; i++)
	{
		double age = (double) ((uint64_t) newest - (uint64_t) journeys->touches[i].at);

		weigh(journeys, count, journeys->touches[i].value,
			  exp2(-age / (double) journeys->setup.half_life));
	}
}

/* Give parts to the first, the last, and all touches between them. */
static void
weigh_by_position(CdpkJourneys *journeys, uint32_t *count, CdpkTouches range)
{
	CdpkTouches first = instant_around(journeys, range, range.start);
	CdpkTouches last = instant_around(journeys, range, range.end - 1);
	CdpkTouches middle = {first.end, last.start};

	if (first.end == range.end)
	{
		share_equally(journeys, count, range, 1);
		return;
	}
	share_equally(journeys, count, first, journeys->setup.first);
	share_equally(journeys, count, last, journeys->setup.last);
	share_equally(journeys, count, middle, 100.0 - journeys->setup.first - journeys->setup.last);
}

/* Give each different touchpoint of a range the same weight. */
static void
weigh_names(CdpkJourneys *journeys, uint32_t *count, CdpkTouches range)
{
	for (size_t i = range.start; i < range.end; i++)
		if (journeys->weight[journeys->touches[i].value] == 0)
			weigh(journeys, count, journeys->touches[i].value, 1);
}

/* Give the names of a range their weights; return how many have one. */
static uint32_t
weigh_touches(CdpkJourneys *journeys, CdpkTouches range)
{
	uint32_t count = 0;

	switch (journeys->setup.model)
	{
		case CDPK_FIRST_TOUCH:
			share_equally(journeys, &count, instant_around(journeys, range, range.start), 1);
			break;
		case CDPK_LAST_TOUCH:
			share_equally(journeys, &count, instant_around(journeys, range, range.end - 1), 1);
			break;
		case CDPK_LAST_NON_DIRECT:
			weigh_non_direct(journeys, &count, range);
			break;
		case CDPK_LINEAR:
			share_equally(journeys, &count, range, (double) (range.end - range.start));
			break;
		case CDPK_TIME_DECAY:
			weigh_by_age(journeys, &count, range);
			break;
		case CDPK_POSITION_BASED:
			weigh_by_position(journeys, &count, range);
			break;
		case CDPK_SHAPLEY:
			weigh_names(journeys, &count, range);
			break;
	}
	return count;
}

/* Order credits by name. */
static int
by_number(const void *a, const void *b)
{
	const CdpkCredit *x = a;
	const CdpkCredit *y = b;

	return (x->name > y->name) - (x->name < y->name);
}

/* Order credits by what rounding cut off, the most first, equal ones by name. */
static int
by_rest(const void *a, const void *b)
{
	const CdpkCredit *x = a;
	const CdpkCredit *y = b;

	if (x->rest != y->rest)
		return x->rest > y->rest ? -1 : 1;
	return by_number(a, b);
}

void
cdpk_round_shares(double *weight, CdpkCredit *credits, uint32_t count)
{
	int64_t left = CDPK_SHARE_ONE;
	double total = 0;

	qsort(credits, count, sizeof(CdpkCredit), by_number);
	for (uint32_t i = 0; i < count; i++)
		total += weight[credits[i].name];
	for (uint32_t i = 0; i < count; i++)
	{
		double share = weight[credits[i].name] / total * (double) CDPK_SHARE_ONE;

		weight[credits[i].name] = 0;
		credits[i].share = (int64_t) share;
		credits[i].rest = floor((share - (double) credits[i].share) * REST_STEPS + 0.5);
		left -= credits[i].share;
	}
	if (left == 0)
		return;
	qsort(credits, count, sizeof(CdpkCredit), by_rest);
	for (uint32_t i = 0; left > 0; i = (i + 1) % count, left--)
		credits[i].share++;
	for (uint32_t i = count - 1; left < 0; i = (i + count - 1) % count)
		if (credits[i].share > 0)
		{
			credits[i].share--;
			left++;
		}
	qsort(credits, count, sizeof(CdpkCredit), by_number);
}

uint32_t
cdpk_journeys_credit(CdpkJourneys *journeys, const CdpkConversion *conversion)
{
	CdpkTouches range = cdpk_journeys_touches(journeys, conversion->at);
	uint32_t count;

	if (range.start >= range.end)
		return 0;
	count = weigh_touches(journeys, range);
	cdpk_round_shares(journeys->weight, journeys->credits, count);
	return count;
}
