/*
 * batch_sort_test.c: the sorts of a batch, against qsort
 */
#include "core/batch/batch_sort.h"
#include "unit.h"

static CdpkBatchBytes strings[2000];

static int
by_bytes(const void *x, const void *y)
{
	uint32_t a = ((const BatchItem *) x)->value;
	uint32_t b = ((const BatchItem *) y)->value;
	int order = batch_compare_bytes(&strings[a], &strings[b]);

	return order != 0 ? order : (a > b) - (a < b);
}

static int
by_key(const void *x, const void *y)
{
	const BatchItem *a = x;
	const BatchItem *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->value > b->value) - (a->value < b->value);
}

/* Strings with long prefixes in common, prefixes of each other, equal ones, ones with NUL. */
static void
sorts_are_stable(void)
{
	static uint8_t bytes[2000][64];
	static BatchItem items[4000];
	static BatchItem expected[2000];
	uint64_t random = 5;

	for (int round = 0; round < 200; round++)
	{
		size_t count = unit_random(&random) % (round % 4 == 0 ? 2000 : 70);
		unsigned letters = 1 + unit_random(&random) % 4;
		uint32_t longest = 1 + (uint32_t) (unit_random(&random) % 63);
		uint64_t mask = UINT64_MAX >> unit_random(&random) % 64;

		for (size_t i = 0; i < count; i++)
		{
			uint32_t same = (uint32_t) (unit_random(&random) % longest);

			strings[i].bytes = bytes[i];
			strings[i].length = (uint32_t) (unit_random(&random) % longest);
			memset(bytes[i], 'p', sizeof(bytes[i]));
			for (uint32_t k = same; k < sizeof(bytes[i]); k++)
				bytes[i][k] = (uint8_t) (unit_random(&random) % letters);
			items[i].value = expected[i].value = (uint32_t) i;
			items[i].key = 0;
		}
		batch_sort_strings(items, items + count, count, strings);
		qsort(expected, count, sizeof(BatchItem), by_bytes);
		for (size_t i = 0; i < count; i++)
			CHECK(items[i].value == expected[i].value);
		for (size_t i = 0; i < count; i++)
		{
			items[i].value = expected[i].value = (uint32_t) i;
			items[i].key = expected[i].key = unit_random(&random) & mask;
		}
		batch_sort(items, items + count, count);
		qsort(expected, count, sizeof(BatchItem), by_key);
		CHECK(memcmp(items, expected, count * sizeof(BatchItem)) == 0);
	}
}

int
main(void)
{
	TEST(sorts_are_stable);
	UNIT_EXIT();
}
