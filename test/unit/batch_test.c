/*
 * batch_test.c: one pass through a batch, against what the whole history says
 *
 * usage: batch_test [number of histories [first seed]]
 * The environment's CDPK_HISTORIES is the number where none is given.
 */
#include "batch_small.h"

static uint64_t histories = 100;
static uint64_t first_seed = 1;

/* ---------------------------------------------------------------- small histories */

static const int events[] = {0, 1, 2, 3};

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

/* An alias is evidence for one pair, which waits for the earlier user_id to be named. */
static void
an_alias_waits_for_its_end(void)
{
	for (int believed = 0; believed < 2; believed++)
	{
		int u1, u2, cookie;

		begin_small();
		u1 = add_thing(0, "u1");
		u2 = add_thing(0, "u2");
		cookie = add_thing(3, "u1");
		history.world.believed[0] = believed;
		add_event(2, u2, cookie);
		history.world.events[0].previous = u1 + 1;
		said[0].row.is_alias = true;
		said[0].identifiers[2].bytes = history.world.things[u1].payload;
		said[0].identifiers[2].length = (uint32_t) history.world.things[u1].length;
		add_event(1, u1, NOBODY);
		tables_init(&tables, &history.world, said, 1);
		tables.plain = true;
		tables_batch(&tables, NULL, 0, &events[0], 1);
		CHECK(tables.failed == NULL && tables.identifier_id[u1] != 0 && profile_of(u1) == 0);
		CHECK(compare_tables(&tables) == NULL && profile_of(cookie) == profile_of(u2));
		tables_batch(&tables, NULL, 0, &events[1], 1);
		CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
		CHECK((profile_of(u1) == profile_of(u2)) == believed);
		CHECK((tables.class_id[u1] != 0) == believed);
		CHECK(tables_refused(&tables, u1, u2) == !believed);
		tables_free(&tables);
	}
}

/* What is taken back leaves nothing behind but numbers; its message may come again. */
static void
what_is_taken_back_may_come_again(void)
{
	Op op = {OP_ERASE, 1, 0, 0};
	int64_t number;
	int a, u1;

	begin_small();
	a = add_thing(3, "a");
	u1 = add_thing(0, "u1");
	add_event(1, a, NOBODY);
	add_event(2, a, u1);
	tables_init(&tables, &history.world, said, 1);
	tables.plain = true;
	tables_batch(&tables, NULL, 0, events, 2);
	number = tables.identifier_id[u1];
	CHECK(tables.failed == NULL && profile_of(a) == number);
	tables_batch(&tables, &op, 1, NULL, 0);
	CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
	CHECK(profile_of(a) == tables.identifier_id[a] && profile_of(u1) == 0);
	CHECK(tables.identifier_id[u1] == number && tables.event_id[1] == 0);
	tables_batch(&tables, NULL, 0, &events[1], 1);
	CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
	CHECK(profile_of(a) == number && profile_of(u1) == number && tables.event_id[1] == 3);
	tables_free(&tables);
}

/* Of a link only the first and last events are worth reading the log for. */
static void
the_middle_of_a_link_is_subtracted(void)
{
	for (int taken = 0; taken < 3; taken++)
	{
		Op op = {OP_ERASE, taken, 0, 0};
		int a, u1;

		begin_small();
		a = add_thing(3, "a");
		u1 = add_thing(0, "u1");
		for (int i = 0; i < 3; i++)
			add_event(1 + i, a, u1);
		tables_init(&tables, &history.world, said, 1);
		tables.plain = true;
		tables_batch(&tables, NULL, 0, events, 3);
		tables_batch(&tables, &op, 1, NULL, 0);
		CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
		CHECK(tables.counted_anew == (taken != 1));
		tables_free(&tables);
	}
}

/* What an unlink voids is in no row: it can neither be subtracted nor be counted anew. */
static void
what_is_void_is_not_taken_back(void)
{
	for (int taken = 0; taken < 4; taken++)
	{
		Op unlink = {OP_UNLINK, 0, 0, 0};
		Op erase = {OP_ERASE, taken, 0, 0};
		Op allow = {OP_ALLOW, 0, 0, 0};

		begin_small();
		unlink.a = allow.a = add_thing(3, "a");
		unlink.b = allow.b = add_thing(0, "u1");
		for (int i = 0; i < 4; i++)
			add_event(1 + i, unlink.a, unlink.b);
		tables_init(&tables, &history.world, said, 1);
		tables.plain = true;
		tables_batch(&tables, NULL, 0, events, 1);
		tables_batch(&tables, &unlink, 1, NULL, 0);
		tables_batch(&tables, NULL, 0, events + 1, 3);
		tables_batch(&tables, &erase, 1, NULL, 0);
		CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
		CHECK(tables.counted_anew == (taken == 1 || taken == 3));
		tables_batch(&tables, &allow, 1, NULL, 0);
		CHECK(tables.failed == NULL && compare_tables(&tables) == NULL);
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
		if (tables.retains && pick(&tables.random, 3) == 0)
			base_retain(&tables);
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

/* Whether events and rows of the base are anchored where they were. */
static bool
same_anchors(const Tables *anew)
{
	for (int i = 0; i < tables.world.event_count; i++)
		if (tables_is_logged(&tables, i) && anew->anchor[i] != tables.anchor[i])
			return false;
	for (int i = 0; i < tables.base_count; i++)
		if (anew->base[i].anchor != tables.base[i].anchor)
			return false;
	return true;
}

/*
 * Feed the log and the base anew, in chunks, to tables that know nothing but the numbers of identifiers, the rules and
 * the verdicts.  They must be what the tables are.
 */
static const char *
feed_again(void)
{
	static Tables anew;
	int by_number[MAX_EVENTS];
	int count;
	const char *difference;

	tables_init(&anew, &tables.world, said, tables.random);
	memset(anew.world.in_log, 0, sizeof(anew.world.in_log));
	count = base_begin_again(&tables, &anew, by_number);
	memcpy(anew.identifier_id, tables.identifier_id, sizeof(anew.identifier_id));
	anew.last_id = tables.last_id;
	for (int id = 1; id <= tables.last_event_id; id++)
		if (tables.event_id[tables.event_of_id[id]] == id &&
			tables_is_logged(&tables, tables.event_of_id[id]))
			by_number[count++] = tables.event_of_id[id];
	for (int at = 0, size; at < count && anew.failed == NULL; at += size)
	{
		size = 1 + (int) pick(&anew.random, 40);
		size = size < count - at ? size : count - at;
		tables_batch(&anew, NULL, 0, by_number + at, size);
	}
	base_end_again(&tables, &anew);
	difference = compare_tables(&anew);
	if (difference == NULL &&
		(anew.last_id != tables.last_id ||
		 memcmp(anew.class_id, tables.class_id, sizeof(anew.class_id)) != 0 ||
		 memcmp(anew.profile_id, tables.profile_id, sizeof(anew.profile_id)) != 0 ||
		 !same_anchors(&anew)))
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
	tables.retains = pick(&tables.random, 3) > 0;
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

/* The random histories, each in four orders and many ways to cut it into batches. */
static void
histories_agree_with_the_reference(void)
{
	uint64_t touched = 0;
	uint64_t taken = 0;
	uint64_t anew = 0;
	uint64_t rebuilt = 0;
	uint64_t reanchored = 0;
	uint64_t plain = 0;
	uint64_t stitched = 0;
	uint64_t folded = 0;
	uint64_t refolded = 0;
	uint64_t not_taken = 0;
	uint64_t moved_base = 0;
	uint64_t dropped = 0;
	int wrong = 0;

	for (uint64_t seed = first_seed; seed < first_seed + histories && wrong < 5; seed++)
	{
		make_history(seed);
		for (int order = 0; order < FEED_ORDERS; order++)
		{
			const char *difference = feed_all((FeedOrder) order, 4 * seed + order, &unit_allocator);

			touched += tables.touched;
			taken += tables.taken;
			anew += tables.counted_anew;
			rebuilt += tables.rebuilt;
			reanchored += tables.reanchored;
			plain += tables.plain_profiles;
			stitched += tables.stitched_profiles;
			folded += tables.folded;
			refolded += tables.refolded;
			not_taken += tables.not_taken;
			moved_base += tables.moved_base;
			dropped += tables.dropped;
			if (difference == NULL)
				continue;
			printf("# history %d, order %d: %s\n", (int) seed, order, difference);
			wrong++;
		}
		free_history();
	}
	CHECK(wrong == 0);
	/* the histories go everywhere */
	CHECK(taken >= 3 * histories && 2 * anew >= histories);
	CHECK(touched >= 100 * histories && rebuilt >= 20 * histories && reanchored >= 20 * histories);
	CHECK(plain >= 5 * histories && stitched >= 20 * histories);
	CHECK(folded >= 50 * histories && refolded >= 2 * histories && dropped >= 5 * histories);
	CHECK(2 * not_taken >= histories && moved_base >= histories);
	printf("# %.1f events folded (%.1f into rows that were there), %.1f months dropped,\n"
		   "# %.1f folded events to be taken back, %.1f rows of the base anchored anew a history\n",
		   (double) folded / (double) histories, (double) refolded / (double) histories,
		   (double) dropped / (double) histories, (double) not_taken / (double) histories,
		   (double) moved_base / (double) histories);
	printf("# %.1f plain and %.1f stitched profiles a history\n",
		   (double) plain / (double) histories, (double) stitched / (double) histories);
}

/* ---------------------------------------------------------------- memory */

/* Wherever memory ends the pass says so, and everything is given back. */
static void
memory_may_end_anywhere(void)
{
	UnitScarce scarce = {0};
	CdpkAllocator allocator = {unit_scarce_allocate, unit_release, &scarce};
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
	unit_read_histories(argc, argv, &histories, &first_seed);
	TEST(frozen_profiles_stay_whole);
	TEST(plain_is_within_limits);
	TEST(sharing_of_frozen_profiles_is_kept);
	TEST(a_verdict_may_come_first);
	TEST(a_forbid_may_come_first);
	TEST(evidence_may_be_void_and_come_again);
	TEST(an_alias_waits_for_its_end);
	TEST(what_is_taken_back_may_come_again);
	TEST(the_middle_of_a_link_is_subtracted);
	TEST(what_is_void_is_not_taken_back);
	TEST(histories_agree_with_the_reference);
	TEST(memory_may_end_anywhere);
	UNIT_EXIT();
}
