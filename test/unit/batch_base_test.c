/* batch_base_test.c: rows of the base, one by one */
#include "batch_small.h"

/* Begin the tables of a small history of which the first events are in the log. */
static void
begin_tables(void)
{
	tables_init(&tables, &history.world, said, 1);
	tables.plain = true;
}

static void
take_events(int first, int count)
{
	int numbers[MAX_EVENTS];

	for (int i = 0; i < count; i++)
		numbers[i] = first + i;
	tables_batch(&tables, NULL, 0, numbers, count);
}

static void
do_one(OpKind kind, int a, int b, int64_t value)
{
	Op op = {kind, a, b, value};

	tables_batch(&tables, &op, 1, NULL, 0);
}

/* Return the row of the base that an event is in. */
static const BaseRow *
row_of(int event)
{
	return &tables.base[tables.base_of[event] - 1];
}

static const LinkRow *
link_of(int a, int b)
{
	bool first = tables.identifier_id[a] < tables.identifier_id[b];

	return &tables.links[first ? a : b][first ? b : a][0];
}

static void
check_row(int event, int64_t first, int64_t last, int64_t events, int64_t after)
{
	const BaseRow *row = row_of(event);

	CHECK(row->said.row.said_at == first && row->span.last_said_at == last);
	CHECK(row->span.events == events && row->span.after == after);
}

/* Rows are anchored anew as events are, and make room for earlier evidence. */
static void
what_is_dropped_counts_as_before(void)
{
	for (int shared = 0; shared < 2; shared++)
	{
		int a, u1, u2;

		begin_small();
		u1 = add_thing(0, "u1");
		u2 = add_thing(0, "u2");
		a = add_thing(3, "a");
		add_event(1, a, u1);
		add_event(2, a, u1);
		add_event(3, a, NOBODY);
		add_event(0, a, u2);
		begin_tables();
		take_events(0, 3);
		base_drop_month(&tables, 0);
		CHECK(tables.base_count == 2 && compare_tables(&tables) == NULL);
		check_row(0, 1, 2, 2, CDPK_BATCH_EVER);
		check_row(2, 3, 3, 1, CDPK_BATCH_EVER);
		CHECK(row_of(1) == row_of(0) && row_of(0)->anchor == tables.identifier_id[u1]);
		CHECK(row_of(2)->anchor == tables.identifier_id[a]);
		do_one(shared ? OP_SHARING : OP_BLOCK, u1, 0, CDPK_SHARING_ALWAYS);
		CHECK(row_of(0)->anchor == tables.identifier_id[a] && compare_tables(&tables) == NULL);
		CHECK(tables.people[profile_of(a)].folded.events == 3);
		do_one(shared ? OP_SHARING : OP_UNBLOCK, u1, 0, CDPK_SHARING_BY_COUNT);
		CHECK(row_of(0)->anchor == tables.identifier_id[u1] && compare_tables(&tables) == NULL);
		take_events(3, 1);
		CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
		CHECK(profile_of(a) == profile_of(u2) && profile_of(u1) != profile_of(u2));
		/* the month begins anew, and goes again */
		CHECK(tables_is_logged(&tables, 3));
		base_drop_month(&tables, 0);
		CHECK(tables.base_count == 3 && compare_tables(&tables) == NULL);
		tables_free(&tables);
	}
}

/* What came before an unlink and what came after it stay apart, so it can be withdrawn. */
static void
an_unlink_may_be_withdrawn_later(void)
{
	int e, u1;

	begin_small();
	u1 = add_thing(0, "u1");
	e = add_thing(1, "e");
	add_event(1, e, u1);
	add_event(9, e, u1);
	add_event(9, e, u1);
	begin_tables();
	take_events(0, 1);
	do_one(OP_UNLINK, u1, e, 0);
	take_events(1, 2);
	base_drop_month(&tables, 0);
	CHECK(tables.failed == NULL && tables.base_count == 2 && compare_tables(&tables) == NULL);
	check_row(0, 1, 1, 1, CDPK_BATCH_EVER);
	check_row(1, 9, 9, 2, 1);
	CHECK(link_of(u1, e)->first_at == 9 && link_of(u1, e)->events == 2);
	do_one(OP_ALLOW, u1, e, 0);
	CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
	CHECK(link_of(u1, e)->first_at == 1 && link_of(u1, e)->last_at == 9);
	CHECK(link_of(u1, e)->events == 3);
	tables_free(&tables);
}

/* Of two user_ids on an alias the first is the one that has another earlier; who that is stays known. */
static void
whose_alias_it_is_stays_known(void)
{
	int u[3];

	begin_small();
	history.world.namespaces[0].max_per_profile = CDPK_UNLIMITED;
	history.world.rules.cap = CDPK_UNLIMITED;
	for (int i = 0; i < 3; i++)
		u[i] = add_thing(0, i == 0 ? "u1" : i == 1 ? "u2" : "u3");
	for (int i = 0; i < 2; i++)
	{
		int event = add_event(1 + i, u[i], u[1 - i]);

		history.world.events[event].previous = u[2] + 1;
		said[event].row.is_alias = true;
		said[event].identifiers[2].bytes = history.world.things[u[2]].payload;
		said[event].identifiers[2].length = (uint32_t) history.world.things[u[2]].length;
	}
	add_event(3, u[2], NOBODY);
	begin_tables();
	take_events(0, 2);
	base_drop_month(&tables, 0);
	CHECK(tables.base_count == 2 && row_of(0) != row_of(1) && compare_tables(&tables) == NULL);
	/* all is read again of what is no longer blocked */
	for (int i = 0; i < 2; i++)
	{
		do_one(OP_BLOCK, u[i], 0, 0);
		do_one(OP_UNBLOCK, u[i], 0, 0);
		CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
		CHECK(link_of(u[i], u[2])->aliases == 1 && link_of(u[i], u[2])->first_at == 1 + i);
	}
	take_events(2, 1);
	CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
	tables_free(&tables);
}

/* Begin a batch of one row of the base that is taken, or taken back; it carries two things, without and with a number. */
static CdpkStatus
run_base_row(bool taken_back, CdpkBatch **batch)
{
	static CdpkBatchSpan span = {3, 5, 5, CDPK_BATCH_EVER};
	static CdpkBatchReread reread;
	static CdpkBatchChanges changes;
	CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};

	begin_small();
	add_thing(0, "u1");
	add_event(1, add_thing(3, "a"), 0);
	memset(&reread, 0, sizeof(reread));
	memset(&changes, 0, sizeof(changes));
	reread.row = said[0].row;
	reread.row.message_key = NULL;
	reread.row.event.bytes = NULL;
	reread.row.span = &span;
	changes.taken_back = &reread;
	changes.taken_back_count = 1;
	STITCH_TRY(cdpk_batch_new(&setup, batch));
	STITCH_TRY(
		cdpk_batch_begin(*batch, &reread.row, taken_back ? 0 : 1, taken_back ? &changes : NULL));
	STITCH_TRY(cdpk_batch_accept(*batch, NULL, 7));
	CHECK(taken_back || cdpk_batch_judged(*batch)->event_id == 0);
	STITCH_TRY(cdpk_batch_identify(*batch));
	STITCH_TRY(give_rules(*batch));
	STITCH_TRY(cdpk_batch_number(*batch, 0));
	return cdpk_batch_pair(*batch);
}

static void
what_is_folded_is_taken_back_whole(void)
{
	CdpkBatch *batch;
	size_t count;

	CHECK(run_base_row(true, &batch) == CDPK_OK);
	cdpk_batch_free(batch);
	CHECK(run_base_row(false, &batch) == CDPK_OK && cdpk_batch_link(batch) == CDPK_OK);
	CHECK(cdpk_batch_links(batch)->inserted_count == 1);
	CHECK(cdpk_batch_links(batch)->inserted->events == 3);
	CHECK(cdpk_batch_links(batch)->inserted->first_at == 1);
	CHECK(cdpk_batch_links(batch)->inserted->last_at == 5);
	(void) cdpk_batch_fresh(batch, &count);
	CHECK(count == 2);
	cdpk_batch_free(batch);
}

/* Rows that agree become one, also two of the base; and nothing is folded before rows are accepted, or twice. */
static void
what_agrees_becomes_one(void)
{
	static CdpkBatchSpan span = {1, 1, 1, CDPK_BATCH_EVER};
	CdpkBatchRow rows[2];
	const CdpkBatchFolded *folded;
	size_t count;

	for (int two = 0; two < 2; two++)
	{
		CdpkBatchSetup setup = {&unit_allocator, NULL, NULL, 1};
		CdpkBatch *batch;

		begin_small();
		add_event(1, add_thing(3, "a"), NOBODY);
		rows[0] = rows[1] = said[0].row;
		rows[0].message_key = rows[1].message_key = NULL;
		rows[0].event.bytes = NULL;
		rows[0].span = &span;
		if (two)
			rows[1] = rows[0];
		CHECK(cdpk_batch_new(&setup, &batch) == CDPK_OK);
		CHECK(cdpk_batch_begin(batch, rows, 2, NULL) == CDPK_OK);
		CHECK(cdpk_batch_fold_base(batch, &folded, &count) == CDPK_INVALID);
		CHECK(cdpk_batch_accept(batch, NULL, 0) == CDPK_OK);
		CHECK(cdpk_batch_identify(batch) == CDPK_OK);
		CHECK(cdpk_batch_fold_base(batch, &folded, &count) == CDPK_OK);
		CHECK(count == 1 && folded->row_count == 2);
		CHECK(folded->row.span->events == 2);
		CHECK(cdpk_batch_fold_base(batch, &folded, &count) == CDPK_INVALID);
		cdpk_batch_free(batch);
	}
}

int
main(void)
{
	TEST(what_is_dropped_counts_as_before);
	TEST(an_unlink_may_be_withdrawn_later);
	TEST(whose_alias_it_is_stays_known);
	TEST(what_is_folded_is_taken_back_whole);
	TEST(what_agrees_becomes_one);
	UNIT_EXIT();
}
