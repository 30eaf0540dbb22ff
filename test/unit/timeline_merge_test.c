/*
 * timeline_merge_test.c: two compact timelines merged against the open form of all their events
 */
#include "core/timeline/timeline_merge.h"
#include "timeline_events.h"
#include "unit.h"

static int
latest_first(const void *left, const void *right)
{
	const Event *a = left;
	const Event *b = right;

	return (a->at < b->at) - (a->at > b->at);
}

/* Merging two compact forms gives the bytes of all their events, be one of them later or not. */
static void
merges_compact_forms(void)
{
	uint64_t state = 15;
	Event events[EVENTS_MAX];

	for (int i = 0; i < 20000; i++)
	{
		size_t count = random_events(&state, events);
		size_t part = count > 0 ? unit_random(&state) % (count + 1) : 0;
		size_t length;
		size_t lengths[2];
		size_t merged_length = 0;
		uint8_t *bytes = compact(log_of(events, count), &length);
		uint8_t *parts[2];
		uint8_t *merged = NULL;

		shuffle(&state, events, count);
		if (i % 2 == 0)
			qsort(events, count, sizeof(Event), latest_first);
		/* a small part before a large one, as an append, or the other way round */
		parts[0] = compact(log_of(events, part), &lengths[0]);
		parts[1] = compact(log_of(events + part, count - part), &lengths[1]);
		for (unsigned first = 0; first < 2; first++)
		{
			CHECK(cdpk_timeline_merge(parts[first], lengths[first], parts[1 - first],
									  lengths[1 - first], &unit_allocator, &unit_allocator, 4,
									  &merged, &merged_length) == CDPK_OK);
			CHECK(merged_length == length && memcmp(merged + 4, bytes, length) == 0);
			free(merged);
		}
		free(parts[0]);
		free(parts[1]);
		free(bytes);
	}
}

/* Corrupt bytes are refused or merged into something, and nothing else is read or written. */
static void
merges_changed_bytes(void)
{
	uint64_t state = 16;
	Event events[EVENTS_MAX];
	int refused = 0;

	for (int i = 0; i < 20000; i++)
	{
		size_t count;
		size_t length;
		size_t other_length;
		size_t merged_length;
		uint8_t *bytes = random_timeline(&state, events, &count, &length);
		uint8_t *other = compact(log_of(events, count / 2), &other_length);
		uint8_t *merged = NULL;
		CdpkStatus status;

		bytes[unit_random(&state) % length] ^= (uint8_t) (1 << unit_random(&state) % 8);
		if (unit_random(&state) % 3 == 0)
			length = unit_random(&state) % length;
		status = cdpk_timeline_merge(bytes, length, other, other_length, &unit_allocator,
									 &unit_allocator, 0, &merged, &merged_length);
		if (status == CDPK_OK)
			free(merged);
		refused += status != CDPK_OK;
		free(bytes);
		free(other);
	}
	CHECK(refused > 5000);
}

/* an allocator that fails after so many times */
static void *
allocate_some(void *context, size_t size)
{
	int *left = context;

	return (*left)-- > 0 ? malloc(size) : NULL;
}

/* Where memory runs out, nothing is left behind (the sanitizer looks). */
static void
merges_without_memory(void)
{
	uint64_t state = 17;
	Event events[EVENTS_MAX];
	int failures = 0;

	for (int i = 0; i < 300; i++)
	{
		size_t count = random_events(&state, events);
		size_t lengths[2];
		size_t length;
		uint8_t *merged = NULL;
		uint8_t *parts[2];
		CdpkStatus status = CDPK_OUT_OF_MEMORY;

		parts[0] = compact(log_of(events, count / 2), &lengths[0]);
		parts[1] = compact(log_of(events + count / 2, count - count / 2), &lengths[1]);
		for (int some = 0; status != CDPK_OK; some++)
		{
			int left = some;
			CdpkAllocator allocator = {allocate_some, unit_release, &left};

			status = cdpk_timeline_merge(parts[0], lengths[0], parts[1], lengths[1], &allocator,
										 &allocator, 0, &merged, &length);
			CHECK(status == CDPK_OK || status == CDPK_OUT_OF_MEMORY);
			failures += status != CDPK_OK;
		}
		free(merged);
		free(parts[0]);
		free(parts[1]);
	}
	CHECK(failures > 300);
}

int
main(void)
{
	TEST(merges_compact_forms);
	TEST(merges_changed_bytes);
	TEST(merges_without_memory);
	UNIT_EXIT();
}
