/* sort_test.c: the merge sort against what qsort gives, on random, ordered and reversed input */
#include "core/base/sort.h"
#include "unit.h"

#define ITEMS_MAX 300

static int
by_time_and_value(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	int order = cdpk_oldest_first(a, b, context);

	return order != 0 ? order : (a->value > b->value) - (a->value < b->value);
}

static int
for_qsort(const void *a, const void *b)
{
	return by_time_and_value(a, b, NULL);
}

static void
sorts_as_qsort_does(void)
{
	uint64_t state = 3;
	CdpkTimed items[ITEMS_MAX];
	CdpkTimed expected[ITEMS_MAX];
	CdpkTimed scratch[ITEMS_MAX];

	for (int i = 0; i < 20000; i++)
	{
		size_t count = unit_random(&state) % (i % 10 == 0 ? ITEMS_MAX : 12);
		uint64_t spread = 1 + unit_random(&state) % 400;
		uint64_t shape = unit_random(&state) % 4; /* random, ascending, descending, runs */
		bool same = true;

		memset(items, 0, sizeof(items));
		for (size_t j = 0; j < count; j++)
		{
			int64_t at = (int64_t) (unit_random(&state) % spread) - 100;

			items[j].at = shape == 0   ? at
						  : shape == 1 ? (int64_t) j
						  : shape == 2 ? -(int64_t) j
									   : at / 50;
			items[j].value = (uint32_t) (unit_random(&state) % 3);
		}
		memcpy(expected, items, sizeof(items));
		qsort(expected, count, sizeof(CdpkTimed), for_qsort);
		cdpk_sort(items, count, scratch, by_time_and_value, NULL);
		for (size_t j = 0; j < count; j++)
			same = same && by_time_and_value(&items[j], &expected[j], NULL) == 0;
		CHECK(same);
	}
}

int
main(void)
{
	TEST(sorts_as_qsort_does);
	UNIT_EXIT();
}
