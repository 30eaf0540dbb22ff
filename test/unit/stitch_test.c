/*
 * stitch_test.c: the incremental stitch against a naive reference
 *
 * usage: stitch_test [histories [first seed]]; CDPK_HISTORIES in the environment does the same
 */
#include "stitch_history.h"

static uint64_t histories = 400;
static uint64_t first_seed = 1;

/* The random histories, each in four orders. */
static void
histories_agree_with_the_reference(void)
{
	static History history;
	static Store store;
	static Reference reference;
	CdpkStitchStatistics total;
	uint64_t wrong = 0;

	memset(&total, 0, sizeof(total));
	for (uint64_t seed = first_seed; seed < first_seed + histories && wrong < 5; seed++)
	{
		history_make(&history, seed);
		for (int order = 0; order < FEED_ORDERS; order++)
		{
			const char *difference = feed_history(&history, (FeedOrder) order, seed * 4 + order,
												  CDPK_FAULT_NONE, &store, &reference);

			if (difference != NULL)
			{
				printf("# history %llu, order %d: %s\n", (unsigned long long) seed, order,
					   difference);
				wrong++;
			}
			total.early_conflicts += store.statistics.early_conflicts;
			total.reworks += store.statistics.reworks;
			total.profiles_grown += store.statistics.profiles_grown;
			total.refused_after_search += store.statistics.refused_after_search;
			total.refused_at_once += store.statistics.refused_at_once;
		}
	}
	printf("# early %llu reworks %llu grown %llu refused at once %llu after search %llu\n",
		   (unsigned long long) total.early_conflicts, (unsigned long long) total.reworks,
		   (unsigned long long) total.profiles_grown, (unsigned long long) total.refused_at_once,
		   (unsigned long long) total.refused_after_search);
	CHECK(wrong == 0);
}

/* A test that could not fail would prove nothing: each fault must be noticed, and soon. */
static void
faults_are_noticed(void)
{
	static History history;
	static Store store;
	static Reference reference;

	for (int fault = CDPK_FAULT_NONE + 1; fault < CDPK_FAULTS_END; fault++)
	{
		const char *difference = NULL;
		uint64_t seed = 0;

		while (difference == NULL && seed++ < 400)
		{
			history_make(&history, seed);
			for (int order = 0; order < FEED_ORDERS && difference == NULL; order++)
				difference = feed_history(&history, (FeedOrder) order, seed * 4 + order,
										  (CdpkStitchFault) fault, &store, &reference);
		}
		printf("# fault %d: history %llu, %s\n", fault, (unsigned long long) seed, difference);
		CHECK(difference != NULL);
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		histories = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	TEST(histories_agree_with_the_reference);
	TEST(faults_are_noticed);
	UNIT_EXIT();
}
