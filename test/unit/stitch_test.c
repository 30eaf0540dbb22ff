/*
 * stitch_test.c: who is who, kept up to date, against a naive reference
 *
 * usage: stitch_test [number of histories [first seed]]
 * The environment's CDPK_HISTORIES is the number where none is given.
 */
#include "stitch_chain.h"
#include "stitch_examples.h"

#define FAULT_HISTORIES 400 /* a fault must be noticed within so many */

static uint64_t histories = 400;
static uint64_t first_seed = 1;

static History history;
static Store store;
static Reference reference;

/* ---------------------------------------------------------------- examples */

static void
examples_come_out(void)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		for (int manner = 0; manner < 3; manner++)
			CHECK(example_plays(&examples[i], manner));
}

static int
thing(const char *label)
{
	return example_thing(&store.world, label, strlen(label));
}

/* A profile keeps its id for as long as its strongest identifier stays. */
static void
ids_stay_with_the_strongest(void)
{
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:a"));
	CHECK(store.profile_id[thing("a")] == 1);
	CHECK(example_play(&store, &reference, "2:a,u1"));
	CHECK(store.profile_id[thing("a")] == 2 && store.profile_id[thing("u1")] == 2);
	CHECK(example_play(&store, &reference, "3:a,u2"));
	CHECK(store.profile_id[thing("u1")] == 2 && store.profile_id[thing("u2")] == 3);
	CHECK(example_play(&store, &reference, "0:a,u2"));
	CHECK(store.profile_id[thing("u1")] == 2 && store.profile_id[thing("u2")] == 3);
	CHECK(store.profile_id[thing("a")] == 3);
}

/* What a search inside the profiles shows to be refused takes nothing apart. */
static void
nothing_is_reworked_in_vain(void)
{
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:a,b 10:b,c forbid(a,k)"));
	CHECK(example_play(&store, &reference, "5:b,k"));
	CHECK(store.statistics.refused_after_search == 1 && store.statistics.early_conflicts == 0);
	CHECK(store.statistics.reworks == 0);

	/* a neighbour that a forbid keeps out at the link's place is not taken in */
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:a,b 10:b,c 2:k,l 20:l,m forbid(a,l)"));
	CHECK(example_play(&store, &reference, "5:b,k"));
	CHECK(example_play(&store, &reference, "unlink(b,c)"));
	CHECK(store.statistics.reworks == 1 && store.statistics.identifiers_reworked == 3);
	CHECK(store.statistics.profiles_grown == 0 && store.statistics.profiles_split == 1);

	/* one that the split lets in is */
	example_begin(&store, "cap()=3");
	CHECK(example_play(&store, &reference, "1:a,b 2:b,c 5:b,k"));
	CHECK(example_play(&store, &reference, "unlink(b,c)"));
	CHECK(store.statistics.reworks == 1 && store.statistics.identifiers_reworked == 4);
	CHECK(store.statistics.profiles_grown == 1);
}

/* A same pair between profiles joins them without a rework; a class that grows lets others in. */
static void
same_pairs_join(void)
{
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:u1,a 2:u2,b 3:a,u3 4:b,c"));
	CHECK(example_play(&store, &reference, "same(u1,u2)"));
	CHECK(store.statistics.reworks == 0 && store.profile_id[thing("c")] == 1);
	CHECK(store.class_id[thing("u1")] == store.identifier_id[thing("u1")] &&
		  store.class_id[thing("u2")] == store.identifier_id[thing("u1")]);
	CHECK(store.refused[thing("a")][thing("u3")]);
	/* a link that u2's limit refused is accepted */
	CHECK(example_play(&store, &reference, "same(u3,u2)"));
	CHECK(store.statistics.reworks == 0 && !store.refused[thing("a")][thing("u3")]);
	CHECK(store.class_id[thing("u3")] == store.identifier_id[thing("u1")]);
	CHECK(example_play(&store, &reference, "allow(u1,u2)"));
	CHECK(store.class_id[thing("u1")] == 0);
	CHECK(store.class_id[thing("u3")] == store.identifier_id[thing("u2")]);

	/* inside a profile: the border is tried again */
	example_begin(&store, "limit(mail)=2");
	CHECK(example_play(&store, &reference, "1:u1,e1 2:u1,e2 3:u1,e3"));
	CHECK(store.profile_id[thing("e3")] == store.identifier_id[thing("e3")]);
	CHECK(example_play(&store, &reference, "same(e1,e2)"));
	CHECK(store.statistics.reworks == 0);
	CHECK(store.profile_id[thing("e3")] == store.identifier_id[thing("u1")]);

	/* one that must push another out takes both apart */
	example_begin(&store, "limit(mail)=1");
	CHECK(example_play(&store, &reference, "1:u1,e1 2:u2,e2"));
	CHECK(example_play(&store, &reference, "same(u1,u2)"));
	CHECK(store.statistics.reworks == 1 && store.refused[thing("u2")][thing("e2")]);
}

/* A frozen profile grows, but what would take it apart, or take it in, is declined. */
static void
frozen_profiles_stay_whole(void)
{
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:a,u1 2:u1,b"));
	store.frozen = store.profile_id[thing("a")];
	CHECK(example_play(&store, &reference, "3:a,c"));
	CHECK(store.profile_id[thing("c")] == store.frozen && store.declined == 0);
	CHECK(example_play(&store, &reference, "4:a,u2"));
	CHECK(store.declined == 0);
	example_play(&store, &reference, "0:a,u3 5:u3,d");
	CHECK(store.declined == 1 && store.failed == NULL);
	CHECK(store.refused[thing("a")][thing("u3")]);
	CHECK(store.profile_id[thing("a")] == store.frozen);
	CHECK(store.profile_id[thing("b")] == store.frozen);
	CHECK(store.profile_id[thing("d")] == store.profile_id[thing("u3")]);
	CHECK(store.statistics.reworks == 0 && store.statistics.early_conflicts == 1);

	/* without it the same is done */
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:a,u1 2:u1,b 3:a,c 4:a,u2"));
	CHECK(example_play(&store, &reference, "0:a,u3 5:u3,d"));
	CHECK(store.profile_id[thing("a")] == store.profile_id[thing("u3")] && store.declined == 0);

	/* a same pair that breaks no rule joins it, one that would take it apart is declined */
	example_begin(&store, "limit(mail)=1");
	CHECK(example_play(&store, &reference, "1:a,u1 2:b,u2 3:u3,e3 4:u1,e1"));
	store.frozen = store.profile_id[thing("a")];
	CHECK(example_play(&store, &reference, "same(u1,u2)"));
	CHECK(store.profile_id[thing("b")] == store.frozen && store.declined == 0);
	example_play(&store, &reference, "same(u1,u3)");
	CHECK(store.declined == 1 && store.failed == NULL && store.statistics.reworks == 0);
	CHECK(store.refused[thing("u1")][thing("u3")] && store.class_id[thing("u3")] == 0);

	/* one that joins a frozen profile in the same batch is whole from then on */
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:a,u1 9:f,u4"));
	store.frozen = store.profile_id[thing("f")];
	example_play(&store, &reference, "0:a,u3 0:f,u3");
	CHECK(store.failed == NULL && store.profile_id[thing("f")] == store.frozen);
	CHECK(store.declined == 1 && store.refused[thing("f")][thing("u3")]);

	/* a neighbour that a rework would take in */
	example_begin(&store, "cap()=3");
	CHECK(example_play(&store, &reference, "1:a,b 2:b,c 5:b,k"));
	store.frozen = store.profile_id[thing("k")];
	example_play(&store, &reference, "unlink(b,c)");
	CHECK(store.declined == 1 && store.failed == NULL && store.statistics.profiles_grown == 0);
	CHECK(store.profile_id[thing("k")] == store.frozen && store.refused[thing("b")][thing("k")]);
}

/* ---------------------------------------------------------------- histories */

/* Chains between some pairs; the first one must be the same in every order. */
static const char *
chains_agree(int order, uint64_t seed)
{
	static Chain first;
	Chain chain;
	const char *difference = NULL;

	for (int i = 0; i < 4 && difference == NULL; i++)
	{
		int from = (int) (unit_random(&seed) % (uint64_t) store.world.thing_count);
		int to = (int) (unit_random(&seed) % (uint64_t) store.world.thing_count);

		if (from == to || store.identifier_id[from] == 0 || store.identifier_id[to] == 0)
			continue;
		difference = chain_compare(&store, &reference, from, to, &chain);
		if (i == 0 && order == 0)
			first = chain;
		if (i == 0 && difference == NULL && strcmp(first.text, chain.text) != 0)
			difference = "a chain depends on the order of arrival";
	}
	return difference;
}

/* Counts how histories end: identifiers in classes, same pairs by aliases, refused same pairs. */
static void
count_kin(uint64_t kin[3])
{
	for (int a = 0; a < store.world.thing_count; a++)
	{
		kin[0] += store.class_id[a] != 0;
		for (int b = 0; b < a; b++)
		{
			kin[1] += reference.evidence[a][b].trust == CDPK_TRUST_ALIAS;
			kin[2] += stitch_is_same(&reference.evidence[a][b]) && reference.refused[a][b];
		}
	}
}

/* The random histories, each in four orders and many ways to cut it into batches. */
static void
histories_agree_with_the_reference(void)
{
	static World first;
	CdpkStitchStatistics total;
	uint64_t kin[3] = {0};
	int wrong = 0;

	memset(&total, 0, sizeof(total));
	for (uint64_t seed = first_seed; seed < first_seed + histories && wrong < 5; seed++)
	{
		history_make(&history, seed);
		for (int order = 0; order < FEED_ORDERS; order++)
		{
			const char *difference = feed_history(&history, (FeedOrder) order, 4 * seed + order,
												  CDPK_FAULT_NONE, &store, &reference);

			if (order == 0)
				first = store.world;
			else if (difference == NULL &&
					 memcmp(first.unlinked, store.world.unlinked, sizeof(first.unlinked)) != 0)
				difference = "the test is wrong: the orders do not end in one world";
			if (difference == NULL)
				difference = chains_agree(order, seed);
			if (difference != NULL)
			{
				printf("# history %d, order %d: %s\n", (int) seed, order, difference);
				wrong++;
			}
			driver_add_statistics(&total, &store.statistics);
			count_kin(kin);
		}
	}
	CHECK(wrong == 0);
	/* the histories go everywhere */
	CHECK(kin[0] >= histories && kin[1] >= histories / 10 && kin[2] >= histories / 10);
	CHECK(total.joined >= 20 * histories && total.refused_at_once >= 50 * histories);
	CHECK(total.refused_after_search >= 10 * histories);
	CHECK(total.early_conflicts >= 5 * histories && total.reworks >= 10 * histories);
	CHECK(total.profiles_grown >= 2 * histories && total.profiles_split >= 5 * histories);
}

/* A test that could not fail would prove nothing: each fault must be noticed, and soon. */
static void
faults_are_noticed(void)
{
	for (int fault = CDPK_FAULT_NONE + 1; fault < CDPK_FAULTS_END; fault++)
	{
		const char *difference = NULL;

		for (uint64_t seed = 1; seed <= FAULT_HISTORIES && difference == NULL; seed++)
		{
			history_make(&history, seed);
			for (int order = 0; order < FEED_ORDERS && difference == NULL; order++)
				difference = feed_history(&history, (FeedOrder) order, 4 * seed + order,
										  (CdpkStitchFault) fault, &store, &reference);
		}
		if (difference == NULL)
			printf("# fault %d was not noticed\n", fault);
		CHECK(difference != NULL);
	}
}

int
main(int argc, char **argv)
{
	unit_read_histories(argc, argv, &histories, &first_seed);
	TEST(examples_come_out);
	TEST(ids_stay_with_the_strongest);
	TEST(nothing_is_reworked_in_vain);
	TEST(same_pairs_join);
	TEST(frozen_profiles_stay_whole);
	TEST(histories_agree_with_the_reference);
	TEST(faults_are_noticed);
	UNIT_EXIT();
}
