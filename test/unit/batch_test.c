/*
 * batch_test.c: one pass through a batch, against what the whole history says
 *
 * usage: batch_test [number of histories [first seed]]
 * The environment's CDPK_HISTORIES is the number where none is given.
 */
#include "batch_driver.h"
#include "batch_reference.h"

static uint64_t histories = 100;
static uint64_t first_seed = 1;

static History history;
static Tables tables;
static Said said[MAX_EVENTS];

/* ---------------------------------------------------------------- rows */

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

/* ---------------------------------------------------------------- small histories */

static const int events[] = {0, 1, 2};

/* Begin a history without things and events: user ids, one a profile, rank first. */
static void
begin_small(void)
{
	memset(&history, 0, sizeof(history));
	world_init(&history.world, 4);
	history.world.namespaces[0].priority = 10;
	history.world.namespaces[0].max_per_profile = 1;
	memset(said, 0, sizeof(said));
}

static int
add_thing(uint32_t name_space, const char *label)
{
	return world_add_thing(&history.world, name_space, label);
}

/* Make an event of the history that carries two things; it names a view. */
static int
add_event(int64_t at, int a, int b)
{
	int number = history.world.event_count++;
	Event *event = &history.world.events[number];

	event->at = at;
	event->things[event->count++] = a;
	if (b != NOBODY)
		event->things[event->count++] = b;
	said_make(&history.world, number, &said[number], 1);
	bytes_free(&said[number].traits);
	said[number].row.call = CDPK_BATCH_OTHER;
	said[number].row.traits.bytes = NULL;
	said[number].row.account.bytes = NULL;
	said[number].row.expires_at = CDPK_BATCH_NEVER;
	said[number].row.event = bytes_of_text("view");
	said[number].account = -1;
	return number;
}

static int64_t
profile_of(int thing)
{
	return tables.profile_id[thing];
}

/* A profile of which the log lacks events is not taken apart, nor is its sharing changed. */
static void
frozen_profiles_stay_whole(void)
{
	for (int frozen = 0; frozen < 2; frozen++)
	{
		int a, b, u1, u3;

		begin_small();
		u1 = add_thing(0, "u1");
		u3 = add_thing(0, "u3");
		a = add_thing(3, "a");
		b = add_thing(3, "b");
		add_event(1, a, u1);
		add_event(2, u1, b);
		add_event(0, a, u3);
		tables_init(&tables, &history.world, said, 1);
		tables.plain = true;
		tables_batch(&tables, NULL, 0, &events[0], 1);
		tables_batch(&tables, NULL, 0, &events[1], 1);
		CHECK(tables.failed == NULL && profile_of(a) == profile_of(u1));
		CHECK(compare_tables(&tables) == NULL);
		tables.frozen = frozen ? profile_of(a) : 0;
		tables_batch(&tables, NULL, 0, &events[2], 1);
		CHECK(tables.failed == NULL);
		CHECK(profile_of(b) == profile_of(u1) && profile_of(u3) != profile_of(u1));
		CHECK(profile_of(a) == profile_of(frozen ? u1 : u3));
		CHECK((compare_tables(&tables) == NULL) == !frozen);
		/* who would be folded anew: the profile that loses a cookie */
		CHECK(tables.concerned_count == (frozen ? 0 : 2));
		CHECK(frozen || tables.concerned[0] == profile_of(u1));
		CHECK(tables.declined == (size_t) frozen);
		tables_free(&tables);
	}
}

/* Return how many profiles of two cookies and a user need no stitch under limits and a cap. */
static uint64_t
plain_of(uint32_t users, uint32_t cookies, uint32_t cap)
{
	uint64_t plain;
	int a, b, u1;

	begin_small();
	u1 = add_thing(0, "u1");
	a = add_thing(3, "a");
	b = add_thing(3, "b");
	history.world.namespaces[0].max_per_profile = users;
	history.world.namespaces[3].max_per_profile = cookies;
	history.world.rules.cap = cap;
	add_event(1, a, u1);
	add_event(2, u1, b);
	tables_init(&tables, &history.world, said, 1);
	tables.plain = true;
	tables_batch(&tables, NULL, 0, events, 2);
	CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
	plain = tables.plain_profiles;
	CHECK(plain + tables.stitched_profiles == (cookies < 2 || cap < 3 ? 2 : 1));
	tables_free(&tables);
	return plain;
}

/* What is just within the limits needs no stitch; what is over them does. */
static void
plain_is_within_limits(void)
{
	CHECK(plain_of(CDPK_UNLIMITED, CDPK_UNLIMITED, CDPK_UNLIMITED) == 1);
	CHECK(plain_of(1, 2, 3) == 1);
	CHECK(plain_of(1, 1, 3) == 0);
	CHECK(plain_of(1, 2, 2) == 0);
}

static void
sharing_of_frozen_profiles_is_kept(void)
{
	Op op = {OP_SHARING, 0, 0, CDPK_SHARING_ALWAYS};
	int a, u1;

	begin_small();
	a = add_thing(3, "a");
	u1 = add_thing(0, "u1");
	op.a = a;
	add_event(1, a, u1);
	tables_init(&tables, &history.world, said, 1);
	tables.plain = true;
	tables_batch(&tables, NULL, 0, &events[0], 1);
	tables.frozen = profile_of(a);
	tables_batch(&tables, &op, 1, NULL, 0);
	CHECK(tables.failed == NULL && profile_of(a) == profile_of(u1) && !tables.shared[a]);
	CHECK(tables.kept == 1);
	tables.frozen = 0;
	/* the verdict is there still */
	op.kind = OP_SHARING;
	tables.world.sharing[a] = CDPK_SHARING_BY_COUNT;
	tables_batch(&tables, &op, 1, NULL, 0);
	CHECK(tables.failed == NULL && profile_of(a) != profile_of(u1) && tables.shared[a]);
	CHECK(tables.kept == 0 && compare_tables(&tables) == NULL);
	tables_free(&tables);
}

/* A verdict may come before the identifier, and be all that is said of it. */
static void
a_verdict_may_come_first(void)
{
	Op op = {OP_SHARING, 0, 0, CDPK_SHARING_ALWAYS};

	begin_small();
	op.a = add_thing(3, "a");
	add_event(1, op.a, NOBODY);
	tables_init(&tables, &history.world, said, 1);
	tables.plain = true;
	tables_batch(&tables, &op, 1, NULL, 0);
	CHECK(tables.failed == NULL && tables.identifier_id[op.a] == 0);
	tables_batch(&tables, NULL, 0, &events[0], 1);
	CHECK(tables.failed == NULL && tables.shared[op.a] && compare_tables(&tables) == NULL);
	tables_free(&tables);
}

static void
a_forbid_may_come_first(void)
{
	Op op = {OP_FORBID, 0, 0, 0};

	begin_small();
	op.a = add_thing(0, "u1");
	op.b = add_thing(3, "a");
	add_event(1, op.a, op.b);
	tables_init(&tables, &history.world, said, 1);
	tables.plain = true;
	tables_batch(&tables, &op, 1, NULL, 0);
	tables_batch(&tables, NULL, 0, &events[0], 1);
	CHECK(tables.failed == NULL && profile_of(op.a) != profile_of(op.b));
	CHECK(compare_tables(&tables) == NULL);
	tables_free(&tables);
}

/*
 * A refused link that loses its evidence and gets other in the same batch: its end may become shared,
 * or what stood in its way be gone.
 */
static void
evidence_may_be_void_and_come_again(void)
{
	for (int shared = 0; shared < 2; shared++)
	{
		Op ops[2] = {{OP_UNLINK, 0, 0, 0}, {OP_LIMIT, 0, 0, CDPK_UNLIMITED}};
		int a, u1, u2;

		begin_small();
		u1 = add_thing(0, "u1");
		u2 = add_thing(0, "u2");
		a = add_thing(3, "a");
		add_event(1, a, u1);
		add_event(2, a, u2);
		add_event(3, a, u2);
		tables_init(&tables, &history.world, said, 1);
		tables.plain = true;
		tables_batch(&tables, NULL, 0, events, 2);
		CHECK(tables.failed == NULL && tables_refused(&tables, a, u2));
		ops[0].a = a;
		ops[0].b = u2;
		if (shared)
		{
			ops[1].kind = OP_SHARING;
			ops[1].a = a;
			ops[1].value = CDPK_SHARING_ALWAYS;
		}
		tables_batch(&tables, ops, 2, &events[2], 1);
		CHECK(tables.failed == NULL && !tables_refused(&tables, a, u2));
		CHECK((profile_of(a) == profile_of(u2)) == !shared);
		CHECK(compare_tables(&tables) == NULL);
		tables_free(&tables);
	}
}

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

/*
 * Feed the log anew, in chunks, to tables that know nothing but the numbers of identifiers, the rules and
 * the verdicts.  They must be what the tables are.
 */
static const char *
feed_again(void)
{
	static Tables anew;
	int by_number[MAX_EVENTS];
	int count = (int) tables.last_event_id;
	const char *difference;

	tables_init(&anew, &tables.world, said, tables.random);
	memset(anew.world.in_log, 0, sizeof(anew.world.in_log));
	memcpy(anew.identifier_id, tables.identifier_id, sizeof(anew.identifier_id));
	anew.last_id = tables.last_id;
	for (int i = 0; i < count; i++)
		by_number[i] = tables.event_of_id[i + 1];
	for (int at = 0, size; at < count && anew.failed == NULL; at += size)
	{
		size = 1 + (int) pick(&anew.random, 40);
		size = size < count - at ? size : count - at;
		tables_batch(&anew, NULL, 0, by_number + at, size);
	}
	difference = compare_tables(&anew);
	if (difference == NULL &&
		(anew.last_id != tables.last_id ||
		 memcmp(anew.profile_id, tables.profile_id, sizeof(anew.profile_id)) != 0 ||
		 memcmp(anew.anchor, tables.anchor, sizeof(anew.anchor)) != 0))
		difference = "fed anew, the log gives other numbers";
	tables_free(&anew);
	return difference;
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
	if (difference == NULL && tables.failed == NULL)
		difference = feed_again();
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
	uint64_t plain = 0;
	uint64_t stitched = 0;
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
			plain += tables.plain_profiles;
			stitched += tables.stitched_profiles;
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
	CHECK(plain >= 5 * histories && stitched >= 20 * histories);
	printf("# %.1f plain and %.1f stitched profiles a history\n",
		   (double) plain / (double) histories, (double) stitched / (double) histories);
}

/* ---------------------------------------------------------------- wrong calls, wrong rows */

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
	CHECK(cdpk_batch_accept(batch, NULL, 0) == CDPK_OK);
	return batch;
}

static CdpkStatus
give_rules(CdpkBatch *batch)
{
	static CdpkBatchRules rules;

	history.world.rules.namespaces = history.world.namespaces;
	for (int i = 0; i < MAX_NAMES; i++)
		history.world.namespaces[i].max_links = NULL;
	rules.stitch = history.world.rules;
	rules.trust = history.world.trust;
	rules.source_count = 1;
	return cdpk_batch_set_rules(batch, &rules);
}

static void
phases_have_an_order(void)
{
	CdpkBatch *batch = begin_batch();
	CdpkBatchVoid loop = {0, 0, 1};
	size_t first;

	CHECK(give_rules(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_INVALID);
	CHECK(cdpk_batch_identify(batch) == CDPK_OK);
	CHECK(cdpk_batch_identify(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_INVALID);
	CHECK(give_rules(batch) == CDPK_OK);
	CHECK(cdpk_batch_mark(batch, 2, CDPK_BATCH_BLOCKED) == CDPK_INVALID);
	CHECK(cdpk_batch_add_voids(batch, &loop, 1) == CDPK_INVALID);
	CHECK(cdpk_batch_link(batch) == CDPK_INVALID);
	CHECK(cdpk_batch_number(batch, 0) == CDPK_OK);
	CHECK(cdpk_batch_pair(batch) == CDPK_OK);
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
	CdpkBatchKnown known[2] = {{0, false, 5, 5, twice, 2}, {1, false, 5, 5, NULL, 0}};
	CdpkBatchLink link = {7, 5, 0, false, 0, 0, 1, {NULL, 0}};
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

/* ---------------------------------------------------------------- a person in parts */

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

/* ---------------------------------------------------------------- memory */

typedef struct Scarce
{
	int64_t left;
} Scarce;

static void *
scarce_allocate(void *context, size_t size)
{
	Scarce *scarce = context;

	return scarce->left-- > 0 ? malloc(size ? size : 1) : NULL;
}

/* Wherever memory ends the pass says so, and everything is given back. */
static void
memory_may_end_anywhere(void)
{
	Scarce scarce = {0};
	CdpkAllocator allocator = {scarce_allocate, unit_release, &scarce};
	const char *difference = "none yet";

	make_history(3);
	for (int64_t enough = 0; difference != NULL; enough += 1 + enough / 96)
	{
		scarce.left = enough;
		difference = feed_all(FEED_SHUFFLED, 1, &allocator);
		CHECK(difference == NULL || tables.status == CDPK_OUT_OF_MEMORY);
		if (tables.status != CDPK_OUT_OF_MEMORY && difference != NULL)
			break;
	}
	free_history();
}

int
main(int argc, char **argv)
{
	const char *number = argc > 1 ? argv[1] : getenv("CDPK_HISTORIES");

	if (number != NULL)
		histories = strtoull(number, NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	TEST(the_first_good_row_stays);
	TEST(frozen_profiles_stay_whole);
	TEST(plain_is_within_limits);
	TEST(sharing_of_frozen_profiles_is_kept);
	TEST(a_verdict_may_come_first);
	TEST(a_forbid_may_come_first);
	TEST(evidence_may_be_void_and_come_again);
	TEST(phases_have_an_order);
	TEST(wrong_rows_are_noticed);
	TEST(a_person_may_be_folded_in_parts);
	TEST(histories_agree_with_the_reference);
	TEST(memory_may_end_anywhere);
	UNIT_EXIT();
}
