/* batch_judge_test.c: which rows of a batch become events */
#include <string.h>

#include "core/batch/batch.h"
#include "unit.h"

static void
the_first_good_row_stays(void)
{
	static const struct
	{
		uint8_t key[CDPK_BATCH_KEY_SIZE]; /* empty: none */
		uint64_t content;
		bool quarantined;
		CdpkBatchOutcome outcome;
		int64_t event_id;
		int64_t first_batch_id;
	} said[] = {
		{"b", 2, true, CDPK_BATCH_QUARANTINED, 0, 0}, {"a", 1, false, CDPK_BATCH_ACCEPTED, 8, 0},
		{"b", 1, false, CDPK_BATCH_ACCEPTED, 9, 0},   {"c", 3, false, CDPK_BATCH_DUPLICATE, 0, 5},
		{"b", 1, false, CDPK_BATCH_DUPLICATE, 0, 0},  {"b", 2, false, CDPK_BATCH_REUSED, 0, 0},
		{"b", 1, true, CDPK_BATCH_QUARANTINED, 0, 0}, {"", 1, false, CDPK_BATCH_ACCEPTED, 10, 0},
		{"", 1, false, CDPK_BATCH_ACCEPTED, 11, 0},   {"c", 4, false, CDPK_BATCH_REUSED, 0, 5},
		{"b", 2, false, CDPK_BATCH_REUSED, 0, 0},     {"c", 4, false, CDPK_BATCH_REUSED, 0, 5},
		{"c", 3, false, CDPK_BATCH_DUPLICATE, 0, 5},  {"d", 0, false, CDPK_BATCH_DUPLICATE, 0, 6}};
	static const CdpkBatchMessage known[] = {{0, 0}, {0, 1}, {5, 3}, {6, 0}};
	CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};
	CdpkBatchRow rows[sizeof(said) / sizeof(said[0])];
	const size_t row_count = sizeof(said) / sizeof(said[0]);
	CdpkBatch *batch;
	const CdpkBatchKey *found;
	size_t count;

	memset(rows, 0, sizeof(rows));
	for (size_t i = 0; i < row_count; i++)
	{
		rows[i].message_key = said[i].key[0] == 0 ? NULL : said[i].key;
		rows[i].content = said[i].content;
		rows[i].quarantined = said[i].quarantined;
	}
	CHECK(cdpk_batch_new(&setup, &batch) == CDPK_OK);
	CHECK(cdpk_batch_accept(batch, NULL, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_begin(batch, rows, row_count, NULL) == CDPK_OK);
	CHECK(cdpk_batch_begin(batch, rows, row_count, NULL) == CDPK_INVALID);
	found = cdpk_batch_keys(batch, &count);
	CHECK(count == 4 && found[0].row == 1 && found[1].row == 2 && found[2].row == 3);
	CHECK(cdpk_batch_accept(batch, known, 7) == CDPK_OK);
	for (size_t i = 0; i < row_count; i++)
	{
		CHECK(cdpk_batch_judged(batch)[i].outcome == said[i].outcome);
		CHECK(cdpk_batch_judged(batch)[i].event_id == said[i].event_id);
		CHECK(cdpk_batch_judged(batch)[i].first_batch_id == said[i].first_batch_id);
	}
	cdpk_batch_free(batch);
}

/* A row that deletes uses its key, but has no number; rows with another content are none of its duplicates. */
static void
a_deletion_is_no_event(void)
{
	static const uint8_t keys[][CDPK_BATCH_KEY_SIZE] = {"a", "a", "a", "b", "c", "c"};
	static const uint64_t contents[] = {1, 1, 2, 5, 3, 3};
	static const CdpkBatchOutcome outcomes[] = {CDPK_BATCH_DELETED,  CDPK_BATCH_DUPLICATE,
												CDPK_BATCH_REUSED,   CDPK_BATCH_DUPLICATE,
												CDPK_BATCH_ACCEPTED, CDPK_BATCH_DUPLICATE};
	static const CdpkBatchMessage known[] = {{0, 0}, {5, 5}, {0, 0}};
	CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};
	CdpkBatchRow rows[7];
	CdpkBatch *batch;

	memset(rows, 0, sizeof(rows));
	for (size_t i = 0; i < 6; i++)
	{
		rows[i].message_key = keys[i];
		rows[i].content = contents[i];
		rows[i].deletes = i != 4;
	}
	/* one that takes the place of another has no key */
	rows[6].deletes = true;
	CHECK(cdpk_batch_new(&setup, &batch) == CDPK_OK);
	CHECK(cdpk_batch_begin(batch, rows, 7, NULL) == CDPK_OK);
	CHECK(cdpk_batch_accept(batch, known, 7) == CDPK_OK);
	for (size_t i = 0; i < 6; i++)
	{
		CHECK(cdpk_batch_judged(batch)[i].outcome == outcomes[i]);
		CHECK(cdpk_batch_judged(batch)[i].event_id == (i == 4 ? 8 : 0));
	}
	CHECK(cdpk_batch_judged(batch)[6].outcome == CDPK_BATCH_DELETED);
	cdpk_batch_free(batch);
}

/* A row that says the same as an event is a duplicate, and leaves its key to the next row that has it. */
static void
the_same_content_uses_no_key(void)
{
	static const uint8_t keys[][CDPK_BATCH_KEY_SIZE] = {"a", "a", "a", "b", "b"};
	static const uint64_t contents[] = {1, 2, 1, 3, 3};
	static const CdpkBatchOutcome outcomes[] = {CDPK_BATCH_DUPLICATE,   CDPK_BATCH_ACCEPTED,
												CDPK_BATCH_REUSED,      CDPK_BATCH_DUPLICATE,
												CDPK_BATCH_QUARANTINED, CDPK_BATCH_DUPLICATE};
	CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};
	CdpkBatchRow rows[6];
	CdpkBatch *batch;
	const CdpkBatchKey *found;
	size_t count;

	memset(rows, 0, sizeof(rows));
	for (size_t i = 0; i < 5; i++)
	{
		rows[i].message_key = keys[i];
		rows[i].content = contents[i];
		rows[i].same_content = i == 0 || i >= 3;
	}
	rows[4].quarantined = true;
	rows[5].same_content = true;
	CHECK(cdpk_batch_new(&setup, &batch) == CDPK_OK);
	CHECK(cdpk_batch_begin(batch, rows, 6, NULL) == CDPK_OK);
	found = cdpk_batch_keys(batch, &count);
	CHECK(count == 1 && found[0].row == 1);
	CHECK(cdpk_batch_accept(batch, NULL, 7) == CDPK_OK);
	for (size_t i = 0; i < 6; i++)
	{
		CHECK(cdpk_batch_judged(batch)[i].outcome == outcomes[i]);
		CHECK(cdpk_batch_judged(batch)[i].event_id == (i == 1 ? 8 : 0));
	}
	cdpk_batch_free(batch);
}

int
main(void)
{
	TEST(the_first_good_row_stays);
	TEST(a_deletion_is_no_event);
	TEST(the_same_content_uses_no_key);
	UNIT_EXIT();
}
