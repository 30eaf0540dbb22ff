/* stitch_explain_test.c: chains of links, in words; stitch_test.c compares random ones */
#include "stitch_chain.h"
#include "stitch_examples.h"

static Store store;
static Reference reference;
static Chain chain;

static int
thing(const char *label)
{
	return example_thing(&store.world, label, strlen(label));
}

/* The chain between two identifiers, refused links as bars. */
static const char *
told(const char *from, const char *to)
{
	CHECK(chain_compare(&store, &reference, thing(from), thing(to), &chain) == NULL);
	return chain.text;
}

static void
a_chain_goes_round_what_is_unlinked(void)
{
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:u1,e,a"));
	CHECK(strcmp(told("e", "u1"), "e-u1") == 0);
	CHECK(example_play(&store, &reference, "unlink(u1,e)"));
	CHECK(strcmp(told("e", "u1"), "e-a-u1") == 0);
	CHECK(strcmp(told("u1", "e"), "u1-a-e") == 0);
}

static void
people_apart_have_refused_links_between_them(void)
{
	example_begin(&store, "");
	/* the shorter way has two refused links, the longer one has one */
	CHECK(example_play(&store, &reference, "1:u1,a 2:u2,b 3:u3,c 4:a,b 5:b,c 6:c,p 7:u1,e 8:e,p"));
	CHECK(strcmp(told("a", "b"), "a|b") == 0);
	CHECK(strcmp(told("u1", "u3"), "u1-e|p-c-u3") == 0);
	CHECK(strcmp(told("u2", "u3"), "u2-b|c-u3") == 0);
}

/* Of equal chains the one of the earlier evidence is told. */
static void
evidence_chooses_between_equal_chains(void)
{
	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "5:u1,a 5:a,e 4:u1,b 6:b,e"));
	CHECK(strcmp(told("u1", "e"), "u1-b-e") == 0);
	CHECK(example_play(&store, &reference, "3:u1,a"));
	CHECK(strcmp(told("u1", "e"), "u1-a-e") == 0);
}

static void
there_may_be_no_chain(void)
{
	example_begin(&store, "max_links(device_id,user_id)=1");
	CHECK(example_play(&store, &reference, "1:u1,a 2:u2,a 3:u3,b block(c) 4:c,u3 forbid(u4,u5)"));
	CHECK(strcmp(told("u1", "u3"), "u1") == 0 && chain.path == CDPK_PATH_NONE);
	CHECK(strcmp(told("u1", "u2"), "u1") == 0 && chain.path == CDPK_PATH_NONE);
	CHECK(strcmp(told("u1", "a"), "u1") == 0 && chain.path == CDPK_PATH_SHARED);
	CHECK(strcmp(told("c", "u3"), "c") == 0 && chain.path == CDPK_PATH_ABSENT);
	CHECK(strcmp(told("u4", "u3"), "u4") == 0 && chain.path == CDPK_PATH_ABSENT);
}

/* Refused links chain most of a base together: the search ends somewhere. */
static void
a_search_can_be_bounded(void)
{
	CdpkStitchStore callbacks;
	const CdpkStitchStep *steps;
	CdpkStitch *stitch;

	example_begin(&store, "");
	CHECK(example_play(&store, &reference, "1:u1,a 1:u2,b 1:u3,c 2:a,b 2:b,c"));
	CHECK(strcmp(told("u1", "u3"), "u1-a|b|c-u3") == 0);
	callbacks = store_callbacks(&store);
	for (size_t limit = 1; limit <= 3; limit++)
	{
		CHECK(cdpk_stitch_new(&store.world.rules, &callbacks, &unit_allocator, &stitch) == CDPK_OK);
		CHECK(chain_ask(&store, stitch, thing("u1"), thing("u3"), limit, &chain, &steps) ==
			  CDPK_OK);
		CHECK(chain.path == (limit < 3 ? CDPK_PATH_GIVEN_UP : CDPK_PATH_FOUND));
		cdpk_stitch_free(stitch);
	}
}

static void
reasons_are_given_in_order(void)
{
	CdpkStitchStore callbacks;
	const CdpkStitchStep *steps;
	CdpkStitch *stitch;

	example_begin(&store, "cap()=3 limit(mail)=1");
	CHECK(example_play(&store, &reference, "1:u1,e1 2:u2,e2 3:u2,e2,a 4:e1,e2 forbid(e1,e2)"));
	callbacks = store_callbacks(&store);
	CHECK(cdpk_stitch_new(&store.world.rules, &callbacks, &unit_allocator, &stitch) == CDPK_OK);
	CHECK(chain_ask(&store, stitch, thing("e1"), thing("e2"), 10, &chain, &steps) == CDPK_OK);
	CHECK(chain.length == 1 && steps[0].refused && steps[0].reason_count == 4);
	CHECK(steps[0].reasons[0] == CDPK_REASON_FORBID && steps[0].reasons[1] == 0);
	CHECK(steps[0].reasons[2] == 1 && steps[0].reasons[3] == CDPK_REASON_CAP);
	/* an identifier with itself makes no chain */
	CHECK(cdpk_stitch_explain(stitch, store.identifier_id[thing("a")],
							  store.identifier_id[thing("a")], 10, &chain.path, &steps,
							  &(size_t){0}) == CDPK_INVALID);
	cdpk_stitch_free(stitch);
}

/* A verdict is a step of a chain, and told by its trust; it is refused by a forbid or the cap only. */
static void
a_same_pair_is_a_step(void)
{
	CdpkStitchStore callbacks;
	const CdpkStitchStep *steps;
	CdpkStitch *stitch;

	example_begin(&store, "cap()=4");
	CHECK(example_play(&store, &reference, "1:u1,e 2:u2,e 3:u2,b same(u1,u2)"));
	CHECK(strcmp(told("u1", "e"), "u1-e") == 0);
	CHECK(example_play(&store, &reference, "unlink(u1,e)"));
	CHECK(strcmp(told("u1", "e"), "u1-u2-e") == 0);
	callbacks = store_callbacks(&store);
	CHECK(cdpk_stitch_new(&store.world.rules, &callbacks, &unit_allocator, &stitch) == CDPK_OK);
	CHECK(chain_ask(&store, stitch, thing("u1"), thing("e"), 10, &chain, &steps) == CDPK_OK);
	CHECK(steps[0].evidence.trust == CDPK_TRUST_SAME && !steps[0].refused);
	CHECK(steps[1].evidence.trust == 3 && steps[1].evidence.first_at == 2);
	cdpk_stitch_free(stitch);

	CHECK(example_play(&store, &reference, "4:u3,u1,c,d cap()=2 same(u3,d) same(d,e)"));
	CHECK(example_play(&store, &reference, "cap()=3 same(d,e) cap()=2"));
	CHECK(strcmp(told("d", "e"), "d|e") == 0);
	CHECK(cdpk_stitch_new(&store.world.rules, &callbacks, &unit_allocator, &stitch) == CDPK_OK);
	CHECK(chain_ask(&store, stitch, thing("d"), thing("e"), 10, &chain, &steps) == CDPK_OK);
	/* there is an e-mail on one side only, but a user_id on both: of a same pair no limit is a reason */
	CHECK(steps[0].reason_count == 1 && steps[0].reasons[0] == CDPK_REASON_CAP);
	cdpk_stitch_free(stitch);
}

int
main(void)
{
	TEST(a_chain_goes_round_what_is_unlinked);
	TEST(people_apart_have_refused_links_between_them);
	TEST(evidence_chooses_between_equal_chains);
	TEST(there_may_be_no_chain);
	TEST(a_search_can_be_bounded);
	TEST(reasons_are_given_in_order);
	TEST(a_same_pair_is_a_step);
	UNIT_EXIT();
}
