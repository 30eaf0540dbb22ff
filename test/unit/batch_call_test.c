/* batch_call_test.c: phases out of order, and rows that contradict each other */
#include "batch_small.h"

static CdpkBatchRow wrong_row;
static CdpkBatchBytes wrong_names[2];

/* Begin a batch of one row that carries the first two things of a small history. */
static CdpkBatch *
begin_batch(void)
{
	CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};
	CdpkBatch *batch;

	begin_small();
	add_thing(0, "u1");
	add_thing(3, "a");
	memset(&wrong_row, 0, sizeof(wrong_row));
	for (int i = 0; i < 2; i++)
	{
		wrong_names[i].bytes = history.world.things[i].payload;
		wrong_names[i].length = (uint32_t) history.world.things[i].length;
	}
	wrong_row.identifiers = wrong_names;
	wrong_row.identifier_count = 2;
	CHECK(cdpk_batch_new(&setup, &batch) == CDPK_OK);
	CHECK(cdpk_batch_begin(batch, &wrong_row, 1, NULL) == CDPK_OK);
	CHECK(cdpk_batch_accept(batch, NULL, INT64_MAX) == CDPK_CORRUPT);
	CHECK(cdpk_batch_accept(batch, NULL, 0) == CDPK_OK);
	return batch;
}

static void
phases_have_an_order(void)
{
	CdpkBatch *batch = begin_batch();
	CdpkBatchVoid loop = {0, 0, 1};
	CdpkBatchSame same = {1, 1, false, true, false};
	CdpkBatchAlias alias = {1, 2, 1, false, false};
	const CdpkBatchIdPair *pairs;
	const int64_t *ids;
	int64_t no_id = 0;
	size_t count;
	size_t first;

	CHECK(give_rules(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_alias_ends(batch, &ids, &count) == CDPK_INVALID);
	CHECK(cdpk_batch_add_same(batch, &same, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_add_forbidden(batch, NULL, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_counted_anew(batch, &pairs, &count) == CDPK_INVALID);
	CHECK(cdpk_batch_identify(batch) == CDPK_OK);
	CHECK(cdpk_batch_identify(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_INVALID);
	CHECK(give_rules(batch) == CDPK_OK);
	CHECK(cdpk_batch_mark(batch, 2, CDPK_BATCH_BLOCKED) == CDPK_INVALID);
	CHECK(cdpk_batch_add_voids(batch, &loop, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_link(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_number(batch, INT64_MAX - 1) == CDPK_CORRUPT);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_OK);
	CHECK(cdpk_batch_add_named(batch, &no_id, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_add_aliases(batch, &alias, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_alias_ends(batch, &ids, &count) == CDPK_OK && count == 0);
	CHECK(cdpk_batch_add_aliases(batch, &alias, 1) == CDPK_INVALID);
	alias.source = 0;
	alias.end = 2;
	CHECK(cdpk_batch_add_aliases(batch, &alias, 1) == CDPK_CORRUPT);
	CHECK(cdpk_batch_add_same(batch, &same, 1) == CDPK_INVALID);
	same.b = 7; /* a number that was not handed out yet */
	CHECK(cdpk_batch_add_same(batch, &same, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_pair(batch) == CDPK_OK);
	CHECK(cdpk_batch_alias_ends(batch, &ids, &count) == CDPK_INVALID);
	CHECK(cdpk_batch_add_survivors(batch, &wrong_row, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_counted_anew(batch, &pairs, &count) == CDPK_OK && count == 0);
	CHECK(cdpk_batch_stitch(batch, NULL) == CDPK_INVALID);
	CHECK(cdpk_batch_anchor(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_link(batch) == CDPK_OK);
	CHECK(cdpk_batch_link(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_add_links(batch, NULL, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_add_others(batch, NULL, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_freeze(batch, NULL, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_add_strays(batch, NULL, 0, &first) == CDPK_INVALID);
	CHECK(cdpk_batch_plan(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_fold(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_find(batch, wrong_names[1].bytes, wrong_names[1].length) == 1);
	CHECK(cdpk_batch_find(batch, wrong_names[1].bytes, 0) == CDPK_BATCH_NONE);
	CHECK(cdpk_batch_place(batch, 3) == CDPK_BATCH_NONE);
	cdpk_batch_free(batch);
}

static void
wrong_rows_are_noticed(void)
{
	static const CdpkStitchCount twice[] = {{0, 1}, {0, 2}};
	CdpkBatchKnown known[2] = {{0, false, 5, 5, twice, 2, false, 0},
							   {1, false, 5, 5, NULL, 0, false, 0}};
	CdpkBatchLink link = {7, 5, 0, false, false, 0, 0, 1, 0, {NULL, 0}};
	CdpkBatch *batch = begin_batch();

	/* a payload that none of ours is */
	wrong_names[1].length = 2;
	CHECK(cdpk_batch_identify(batch) == CDPK_CORRUPT);
	cdpk_batch_free(batch);

	/* a namespace without a rule */
	batch = begin_batch();
	history.world.rules.namespace_count = 1;
	CHECK(cdpk_batch_identify(batch) == CDPK_OK && give_rules(batch) == CDPK_OK);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_INVALID);
	cdpk_batch_free(batch);

	/* two identifiers with one number */
	batch = begin_batch();
	CHECK(cdpk_batch_identify(batch) == CDPK_OK && give_rules(batch) == CDPK_OK);
	CHECK(cdpk_batch_add_known(batch, known, 2) == CDPK_CORRUPT);
	cdpk_batch_free(batch);

	/* a number that was not handed out yet */
	batch = begin_batch();
	CHECK(cdpk_batch_identify(batch) == CDPK_OK && give_rules(batch) == CDPK_OK);
	CHECK(cdpk_batch_add_known(batch, known, 1) == CDPK_OK);
	CHECK(cdpk_batch_number(batch, 4) == CDPK_CORRUPT);
	cdpk_batch_free(batch);

	/* counts with a namespace twice; a link of a source that is none, the wrong way round, of a number of none */
	for (int wrong = 0; wrong < 4; wrong++)
	{
		batch = begin_batch();
		CHECK(cdpk_batch_identify(batch) == CDPK_OK && give_rules(batch) == CDPK_OK);
		known[0].count_length = wrong == 0 ? 2 : 0;
		known[1].identifier_id = 7;
		link.source = wrong == 1;
		if (wrong == 3)
		{
			link.a = 7;
			link.b = 8;
		}
		CHECK(cdpk_batch_add_known(batch, known, 2) == CDPK_OK);
		CHECK(cdpk_batch_number(batch, 7) == CDPK_OK && cdpk_batch_pair(batch) == CDPK_OK);
		if (wrong > 0)
			CHECK(cdpk_batch_add_links(batch, &link, 1) == CDPK_OK);
		CHECK(cdpk_batch_link(batch) == (wrong == 1 ? CDPK_INVALID : CDPK_CORRUPT));
		cdpk_batch_free(batch);
	}
}

int
main(void)
{
	TEST(phases_have_an_order);
	TEST(wrong_rows_are_noticed);
	UNIT_EXIT();
}
