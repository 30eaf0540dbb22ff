/*
 * batch_test.c: one pass through a batch, against what the whole history says
 *
 * usage: batch_test [number of histories [first seed]]
 * The environment's CDPK_HISTORIES is the number where none is given.
 */
#include "batch_driver.h"
#include "batch_reference.h"

static uint64_t histories = 150;
static uint64_t first_seed = 1;

static History history;
static Tables tables;
static Said said[MAX_EVENTS];

/* ---------------------------------------------------------------- histories */

/* Feed the events of a phase in batches, then its verdicts in one of their own or with the next events. */
static const char *
feed_tables(const Phase *phase, FeedOrder order, const Phase **left)
{
	int events[MAX_EVENTS];
	int longest = 1 + (int) pick(&tables.random, 50);
	const char *difference = NULL;

	feed_arrange(&tables.world, phase, order, &tables.random, events);
	for (int at = 0; at < phase->event_count && difference == NULL;)
	{
		int count = 1 + (int) pick(&tables.random, (uint64_t) longest);

		if (count > phase->event_count - at)
			count = phase->event_count - at;
		tables_batch(&tables, *left != NULL ? (*left)->ops : NULL,
					 *left != NULL ? (*left)->op_count : 0, events + at, count);
		*left = NULL;
		at += count;
		if (tables.failed != NULL || at == phase->event_count || pick(&tables.random, 3) == 0)
			difference = compare_tables(&tables);
	}
	if (difference != NULL)
		return difference;
	if (*left != NULL)
		tables_batch(&tables, (*left)->ops, (*left)->op_count, NULL, 0);
	*left = phase;
	if (pick(&tables.random, 2) == 0)
		return NULL;
	*left = NULL;
	tables_batch(&tables, phase->ops, phase->op_count, NULL, 0);
	return compare_tables(&tables);
}

static const char *
feed_all(FeedOrder order, uint64_t seed, const CdpkAllocator *allocator)
{
	const Phase *left = NULL;
	const char *difference = NULL;

	tables_init(&tables, &history.world, said, seed);
	tables.allocator = allocator;
	for (int i = 0; i < history.phase_count && difference == NULL && tables.failed == NULL; i++)
		difference = feed_tables(&history.phases[i], order, &left);
	if (difference == NULL && left != NULL && tables.failed == NULL)
	{
		tables_batch(&tables, left->ops, left->op_count, NULL, 0);
		difference = compare_tables(&tables);
	}
	tables_free(&tables);
	return difference != NULL ? difference : tables.failed;
}

static void
make_history(uint64_t seed)
{
	history_make(&history, seed);
	for (int i = 0; i < history.world.event_count; i++)
		said_make(&history.world, i, &said[i], seed);
}

static void
free_history(void)
{
	for (int i = 0; i < history.world.event_count; i++)
		bytes_free(&said[i].traits);
}

/* The random histories, each in four orders and many ways to cut it into batches. */
static void
histories_agree_with_the_reference(void)
{
	uint64_t touched = 0;
	uint64_t rebuilt = 0;
	uint64_t reanchored = 0;
	int wrong = 0;

	for (uint64_t seed = first_seed; seed < first_seed + histories && wrong < 5; seed++)
	{
		make_history(seed);
		for (int order = 0; order < FEED_ORDERS; order++)
		{
			const char *difference = feed_all((FeedOrder) order, 4 * seed + order, &unit_allocator);

			touched += tables.touched;
			rebuilt += tables.rebuilt;
			reanchored += tables.reanchored;
			if (difference == NULL)
				continue;
			printf("# history %d, order %d: %s\n", (int) seed, order, difference);
			wrong++;
		}
		free_history();
	}
	CHECK(wrong == 0);
	/* the histories go everywhere */
	CHECK(touched >= 100 * histories && rebuilt >= 20 * histories && reanchored >= 20 * histories);
}

int
main(int argc, char **argv)
{
	const char *number = argc > 1 ? argv[1] : getenv("CDPK_HISTORIES");

	if (number != NULL)
		histories = strtoull(number, NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	TEST(histories_agree_with_the_reference);
	UNIT_EXIT();
}
