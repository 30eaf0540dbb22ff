/*
 * container.c
 *		The ids of one chunk of an audience: membership, runs, what two have in common.
 */
#include "core/audience/container.h"

/* Use the processor's instruction that counts bits, where it has one: builds for any x86-64 do not. */
#if defined(__x86_64__) && defined(__GNUC__)
#define WITH_POPCNT __attribute__((target("popcnt")))
#define HAS_POPCNT() __builtin_cpu_supports("popcnt")
#else
#define WITH_POPCNT
#define HAS_POPCNT() false
#endif
#define INLINE static inline __attribute__((always_inline))

/* arrays from which on one is made a bitmap, since a merge guesses wrong at most of its branches */
#define LARGE_ARRAY 64

INLINE void
measure(const uint8_t *bitmap, uint32_t *count, uint32_t *runs)
{
	uint64_t before = 0; /* the highest bit of the last word */

	*count = *runs = 0;
	for (uint32_t i = 0; i < CDPK_BITMAP_WORDS; i++)
	{
		uint64_t word = cdpk_le64(bitmap + 8 * (size_t) i);

		*count += (uint32_t) __builtin_popcountll(word);
		*runs += (uint32_t) __builtin_popcountll(word & ~(word << 1 | before));
		before = word >> 63;
	}
}

WITH_POPCNT static void
measure_popcnt(const uint8_t *bitmap, uint32_t *count, uint32_t *runs)
{
	measure(bitmap, count, runs);
}

void
cdpk_bitmap_measure(const uint8_t *bitmap, uint32_t *count, uint32_t *runs)
{
	if (HAS_POPCNT())
		measure_popcnt(bitmap, count, runs);
	else
		measure(bitmap, count, runs);
}

INLINE uint32_t
both_bits(const uint8_t *a, const uint8_t *b)
{
	uint32_t count = 0;

	for (size_t i = 0; i < CDPK_BITMAP_SIZE; i += 8)
		count += (uint32_t) __builtin_popcountll(cdpk_le64(a + i) & cdpk_le64(b + i));
	return count;
}

WITH_POPCNT static uint32_t
both_bits_popcnt(const uint8_t *a, const uint8_t *b)
{
	return both_bits(a, b);
}

/* Return the word of the bits from first to last, both of this word. */
static uint64_t
mask_of(unsigned first, unsigned last)
{
	return (UINT64_MAX << first) & (UINT64_MAX >> (63 - last));
}

INLINE uint32_t
bits_of_runs(const uint8_t *bitmap, const CdpkContainer *runs)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < runs->items; i++)
	{
		CdpkRun run = cdpk_run(runs->bytes, i);
		uint32_t end = run.last / 64U;

		for (uint32_t word = run.first / 64U; word <= end; word++)
			count += (uint32_t) __builtin_popcountll(
				cdpk_le64(bitmap + 8 * (size_t) word) &
				mask_of(word == run.first / 64U ? run.first % 64U : 0,
						word == end ? run.last % 64U : 63));
	}
	return count;
}

WITH_POPCNT static uint32_t
bits_of_runs_popcnt(const uint8_t *bitmap, const CdpkContainer *runs)
{
	return bits_of_runs(bitmap, runs);
}

static uint32_t
bits_of_array(const uint8_t *bitmap, const CdpkContainer *array)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < array->items; i++)
		count += cdpk_bit(bitmap, cdpk_array_value(array->bytes, i));
	return count;
}

/* Count what an array has in common with runs, or with a shorter array. */
static uint32_t
common_by_merge(const CdpkContainer *array, const CdpkContainer *other)
{
	CdpkRunWalk walk = cdpk_run_walk(other);
	CdpkRun run;
	uint32_t count = 0;
	uint32_t i = 0;

	while (cdpk_run_next(&walk, &run))
	{
		while (i < array->items && cdpk_array_value(array->bytes, i) < run.first)
			i++;
		for (; i < array->items && cdpk_array_value(array->bytes, i) <= run.last; i++)
			count++;
	}
	return count;
}

static uint32_t
common_of_runs(const CdpkContainer *a, const CdpkContainer *b)
{
	uint32_t count = 0;
	uint32_t i = 0;
	uint32_t j = 0;

	while (i < a->items && j < b->items)
	{
		CdpkRun x = cdpk_run(a->bytes, i);
		CdpkRun y = cdpk_run(b->bytes, j);
		uint16_t first = x.first > y.first ? x.first : y.first;
		uint16_t last = x.last < y.last ? x.last : y.last;

		if (first <= last)
			count += (uint32_t) (last - first) + 1;
		if (x.last <= y.last)
			i++;
		if (y.last <= x.last)
			j++;
	}
	return count;
}

/* Count what a few ids have in common with an array, by looking for each. */
static uint32_t
common_by_search(const CdpkContainer *few, const CdpkContainer *array)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < few->items; i++)
		count += cdpk_container_has(array, cdpk_array_value(few->bytes, i));
	return count;
}

static uint32_t
common_of_arrays(const CdpkContainer *a, const CdpkContainer *b)
{
	const CdpkContainer *small = a->items < b->items ? a : b;
	const CdpkContainer *large = small == a ? b : a;
	uint8_t bitmap[CDPK_BITMAP_SIZE];

	if (small->items * 16 < large->items)
		return common_by_search(small, large);
	if (small->items < LARGE_ARRAY)
		return common_by_merge(large, small);
	memset(bitmap, 0, sizeof(bitmap));
	cdpk_set_container(bitmap, small);
	return bits_of_array(bitmap, large);
}

uint32_t
cdpk_container_common(const CdpkContainer *a, const CdpkContainer *b)
{
	/* the bitmap first, then the array */
	if (a->kind != CDPK_CONTAINER_BITMAP &&
		(b->kind == CDPK_CONTAINER_BITMAP || a->kind == CDPK_CONTAINER_RUNS))
	{
		const CdpkContainer *other = a;

		a = b;
		b = other;
	}
	if (a->kind == CDPK_CONTAINER_BITMAP)
		switch (b->kind)
		{
			case CDPK_CONTAINER_BITMAP:
				return HAS_POPCNT() ? both_bits_popcnt(a->bytes, b->bytes)
									: both_bits(a->bytes, b->bytes);
			case CDPK_CONTAINER_RUNS:
				return HAS_POPCNT() ? bits_of_runs_popcnt(a->bytes, b) : bits_of_runs(a->bytes, b);
			case CDPK_CONTAINER_ARRAY:
				return bits_of_array(a->bytes, b);
		}
	if (a->kind == CDPK_CONTAINER_RUNS)
		return common_of_runs(a, b);
	return b->kind == CDPK_CONTAINER_RUNS ? common_by_merge(a, b) : common_of_arrays(a, b);
}

/* Find the next bit that is as asked for, from a place on; 65536 if there is none. */
static uint32_t
next_bit(const uint8_t *bitmap, uint32_t from, bool set)
{
	for (uint32_t word = from / 64; word < CDPK_BITMAP_WORDS; word++, from = 0)
	{
		uint64_t bits = cdpk_le64(bitmap + 8 * (size_t) word);

		bits = (set ? bits : ~bits) & UINT64_MAX << (from % 64);
		if (bits != 0)
			return word * 64 + (uint32_t) __builtin_ctzll(bits);
	}
	return CDPK_CHUNK_IDS;
}

bool
cdpk_run_next(CdpkRunWalk *walk, CdpkRun *run)
{
	const CdpkContainer *container = walk->container;
	uint32_t first;

	if (container->kind == CDPK_CONTAINER_BITMAP)
	{
		if (walk->next >= CDPK_CHUNK_IDS ||
			(first = next_bit(container->bytes, walk->next, true)) >= CDPK_CHUNK_IDS)
			return false;
		walk->next = next_bit(container->bytes, first, false);
		run->first = (uint16_t) first;
		run->last = (uint16_t) (walk->next - 1);
		return true;
	}
	if (walk->next >= container->items)
		return false;
	if (container->kind == CDPK_CONTAINER_RUNS)
	{
		*run = cdpk_run(container->bytes, walk->next++);
		return true;
	}
	run->first = run->last = cdpk_array_value(container->bytes, walk->next++);
	while (walk->next < container->items && run->last < UINT16_MAX &&
		   cdpk_array_value(container->bytes, walk->next) == run->last + 1)
	{
		walk->next++;
		run->last++;
	}
	return true;
}

bool
cdpk_container_has(const CdpkContainer *container, uint16_t low)
{
	uint32_t start = 0;
	uint32_t end = container->items;
	bool runs = container->kind == CDPK_CONTAINER_RUNS;

	if (container->kind == CDPK_CONTAINER_BITMAP)
		return cdpk_bit(container->bytes, low);
	/* the first item that ends at the id or after it */
	while (start < end)
	{
		uint32_t middle = start + (end - start) / 2;
		uint16_t last =
			cdpk_le16(container->bytes + (runs ? 4 * (size_t) middle + 2 : 2 * (size_t) middle));

		if (last < low)
			start = middle + 1;
		else
			end = middle;
	}
	if (start == container->items)
		return false;
	return runs ? cdpk_run(container->bytes, start).first <= low
				: cdpk_array_value(container->bytes, start) == low;
}

void
cdpk_set_run(uint8_t *bitmap, CdpkRun run)
{
	size_t first = run.first / 8U;
	size_t last = run.last / 8U;
	uint8_t head = (uint8_t) (0xffU << (run.first & 7));
	uint8_t tail = (uint8_t) (0xffU >> (7 - (run.last & 7)));

	if (run.first > run.last)
		return;
	if (first == last)
	{
		bitmap[first] = (uint8_t) (bitmap[first] | (head & tail));
		return;
	}
	bitmap[first] = (uint8_t) (bitmap[first] | head);
	memset(bitmap + first + 1, 0xff, last - first - 1);
	bitmap[last] = (uint8_t) (bitmap[last] | tail);
}

void
cdpk_set_container(uint8_t *bitmap, const CdpkContainer *container)
{
	switch (container->kind)
	{
		case CDPK_CONTAINER_ARRAY:
			for (uint32_t i = 0; i < container->items; i++)
				cdpk_set_bit(bitmap, cdpk_array_value(container->bytes, i));
			break;
		case CDPK_CONTAINER_RUNS:
			for (uint32_t i = 0; i < container->items; i++)
				cdpk_set_run(bitmap, cdpk_run(container->bytes, i));
			break;
		case CDPK_CONTAINER_BITMAP:
			for (size_t i = 0; i < CDPK_BITMAP_SIZE; i++)
				bitmap[i] = bitmap[i] | container->bytes[i];
			break;
	}
}

/* Count the ids and runs of an array or of runs; false if they do not ascend. */
static bool
measure_items(const CdpkContainer *container, uint32_t *count, uint32_t *runs)
{
	int32_t before = -2; /* the last id so far */

	*count = *runs = 0;
	for (uint32_t i = 0; i < container->items; i++)
	{
		CdpkRun run;

		if (container->kind == CDPK_CONTAINER_RUNS)
			run = cdpk_run(container->bytes, i);
		else
			run.first = run.last = cdpk_array_value(container->bytes, i);
		if (run.first <= before || run.last < run.first)
			return false;
		/* runs are as long as they can be */
		if (container->kind == CDPK_CONTAINER_RUNS && run.first == before + 1)
			return false;
		*runs += run.first != before + 1;
		*count += (uint32_t) (run.last - run.first) + 1;
		before = run.last;
	}
	return true;
}

bool
cdpk_container_valid(const CdpkContainer *container)
{
	uint32_t count;
	uint32_t runs;

	if (container->kind == CDPK_CONTAINER_BITMAP)
		cdpk_bitmap_measure(container->bytes, &count, &runs);
	else if (!measure_items(container, &count, &runs))
		return false;
	return count == container->count && container->kind == cdpk_container_kind(count, runs);
}
