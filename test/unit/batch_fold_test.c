/* batch_fold_test.c: a person may be folded in parts */
#include "batch_small.h"

/* Fold some events of profile 1 anew, onto what others were folded into (NULL: nothing), in a batch without rows. */
static CdpkBatch *
fold_again(const CdpkBatchLogged *events, size_t count, const CdpkBatchPart *folded)
{
	static const int64_t refolded[] = {1, 2};
	static const CdpkBatchRow no_row;
	static CdpkStitchProfile summary;
	CdpkBatchChanges changes;
	CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};
	CdpkStitchStore store;
	CdpkBatch *batch;

	memset(&changes, 0, sizeof(changes));
	memset(&store, 0, sizeof(store));
	changes.refolded = refolded;
	changes.refolded_count = 2;
	summary.profile_id = 1;
	summary.identifiers = 7;
	CHECK(cdpk_batch_new(&setup, &batch) == CDPK_OK);
	CHECK(cdpk_batch_begin(batch, &no_row, 0, &changes) == CDPK_OK);
	CHECK(cdpk_batch_accept(batch, NULL, 0) == CDPK_OK && cdpk_batch_identify(batch) == CDPK_OK);
	CHECK(give_rules(batch) == CDPK_OK && cdpk_batch_number(batch, 9) == CDPK_OK);
	CHECK(cdpk_batch_pair(batch) == CDPK_OK && cdpk_batch_link(batch) == CDPK_OK);
	CHECK(cdpk_batch_stitch(batch, &store) == CDPK_OK && cdpk_batch_anchor(batch) == CDPK_OK);
	CHECK(cdpk_batch_add_summaries(batch, &summary, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_plan(batch) == CDPK_OK);
	CHECK(cdpk_batch_set_logged(batch, events, count) == CDPK_OK);
	summary.profile_id = 3;
	CHECK(cdpk_batch_add_summaries(batch, &summary, 1) == CDPK_INVALID);
	summary.profile_id = 1;
	CHECK(cdpk_batch_add_summaries(batch, &summary, 1) == CDPK_OK);
	if (folded != NULL)
		CHECK(cdpk_batch_add_folded(batch, folded, 1) == CDPK_OK);
	CHECK(cdpk_batch_fold(batch) == CDPK_OK);
	return batch;
}

static bool
same_bytes(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
{
	return a->length == b->length && a->bytes != NULL && b->bytes != NULL &&
		   memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* What is folded part by part is what is folded at once; one that no table has is written with its summary. */
static void
a_person_may_be_folded_in_parts(void)
{
	enum
	{
		EVENTS = 60
	};
	static CdpkBatchLogged events[EVENTS];
	CdpkBatchPart part;
	CdpkBatch *whole;
	CdpkBatch *batches[EVENTS];
	int batch_count = 0;
	const CdpkBatchProfile *expected;
	size_t count;

	make_history(5);
	for (int i = 0; i < EVENTS; i++)
	{
		const Said *of = &said[i % history.world.event_count];

		memset(&events[i], 0, sizeof(events[i]));
		events[i].event_id = i + 1;
		events[i].anchor = events[i].profile_id = 1;
		events[i].row.at = events[i].row.said_at = (i * 37) % 50;
		events[i].row.expires_at = i % 9 == 4 ? 1000 - i : CDPK_BATCH_NEVER;
		events[i].row.call = i % 3 == 0 ? CDPK_BATCH_IDENTIFY : CDPK_BATCH_OTHER;
		if (i % 3 == 0)
			events[i].row.traits = (CdpkBatchBytes){of->traits.bytes, (uint32_t) of->traits.length};
		else
			events[i].row.event =
				(CdpkBatchBytes){(const uint8_t *) (i % 2 ? "View" : "Buy"), i % 2 ? 4 : 3};
	}
	whole = fold_again(events, EVENTS, NULL);
	expected = cdpk_batch_profiles(whole, &count);
	CHECK(count == 1 && expected->summary != NULL && expected->summary->identifiers == 7);
	CHECK(!expected->stored && expected->events == EVENTS && expected->traits.bytes != NULL);
	for (int at = 0; at < EVENTS; at += 7)
	{
		CdpkBatch *batch = fold_again(events + at, EVENTS - at < 7 ? EVENTS - at : 7,
									  batch_count == 0 ? NULL : &part);
		const CdpkBatchProfile *profile = cdpk_batch_profiles(batch, &count);

		part = (CdpkBatchPart){1,
							   profile->events,
							   profile->first_at,
							   profile->last_at,
							   profile->expires_at,
							   profile->traits,
							   profile->timeline};
		/* the next part may be no more than what this one points to */
		batches[batch_count++] = batch;
	}
	CHECK(part.events == EVENTS && part.first_at == expected->first_at);
	CHECK(part.last_at == expected->last_at && part.expires_at == expected->expires_at);
	CHECK(same_bytes(&part.traits, &expected->traits));
	CHECK(same_bytes(&part.timeline, &expected->timeline));
	/* nothing is said of those that are not folded anew */
	part.profile_id = 3;
	CHECK(cdpk_batch_add_folded(whole, &part, 1) == CDPK_INVALID);
	while (batch_count > 0)
		cdpk_batch_free(batches[--batch_count]);
	cdpk_batch_free(whole);
	free_history();
}

int
main(void)
{
	TEST(a_person_may_be_folded_in_parts);
	UNIT_EXIT();
}
