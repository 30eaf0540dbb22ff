/*
 * stitch_load_test.c: what a stitch asks for, how often, and what it does where
 * rows are missing, wrong, or memory ends
 *
 * The tables are made up on the spot.  Identifier 1 is a user_id, and profile 1 a
 * giant: the devices 2 … GIANT, each linked to it.  Above BASE are families of
 * three: a user_id and a device in one profile, and a user_id that is alone.
 */
#include "stitch_examples.h"

#define GIANT 1000000
#define BASE 2000000
#define FAMILIES 3000
#define USER(family) (BASE + 3 * (family))
#define DEVICE(family) (BASE + 3 * (family) + 1)
#define LONER(family) (BASE + 3 * (family) + 2)

typedef enum Damage
{
	SOUND,
	NO_IDENTITY,
	NO_SUMMARY,
	EMPTY_SUMMARY,
	LOOP,
	WRONG_NAMESPACE,
	WRONG_COUNT,
	LATE_MEMBER,
	ALL_SHARED,
	FORBID_LOOP,
	FAILURE
} Damage;

typedef struct Tables
{
	Damage damage;
	int calls;
	int contents;
	int interrupts;
	int64_t giant_loaded;
} Tables;

static const CdpkStitchNamespace namespaces[] = {{"user_id", 7, 10, 1, NULL},
												 {"device_id", 9, 60, CDPK_UNLIMITED, NULL}};
static const CdpkStitchRules rules = {namespaces, 2, CDPK_UNLIMITED};

static bool
is_user(int64_t id)
{
	return id == 1 || (id >= BASE && (id - BASE) % 3 != 1);
}

/* The profile of an identifier by the tables; new ones have ids below zero, turned round. */
static int64_t
profile_of(int64_t id)
{
	if (id <= GIANT)
		return 1;
	return id >= BASE && (id - BASE) % 3 == 1 ? id - 1 : id;
}

static CdpkStatus
add_identifier(CdpkStitch *stitch, const Tables *tables, int64_t id, int64_t profile_id)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	char value[32];
	CdpkStitchIdentifier row;

	memset(&row, 0, sizeof(row));
	snprintf(value, sizeof(value), "%lld", (long long) id);
	row.identifier_id = id;
	row.profile_id = profile_id;
	row.name_space = tables->damage == WRONG_NAMESPACE ? 2 : !is_user(id);
	row.payload = payload;
	row.present = true;
	row.shared = tables->damage == ALL_SHARED;
	row.forbidden = tables->damage == FORBID_LOOP;
	CHECK(cdpk_identifier_make(namespaces[!is_user(id)].name, namespaces[!is_user(id)].name_length,
							   value, strlen(value), NULL, payload, &row.length) == CDPK_OK);
	return cdpk_stitch_add_identifiers(stitch, &row, 1);
}

static CdpkStatus
load_identifiers(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	tables->calls++;
	for (size_t i = 0; i < count && tables->damage != NO_IDENTITY; i++)
		STITCH_TRY(add_identifier(stitch, tables, ids[i], profile_of(ids[i])));
	return tables->damage == FAILURE ? CDPK_UNSUPPORTED : CDPK_OK;
}

static CdpkStatus
load_profiles(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	tables->calls++;
	for (size_t i = 0; i < count && tables->damage != NO_SUMMARY; i++)
	{
		CdpkStitchCount users = {tables->damage == WRONG_COUNT ? 7 : 0, is_user(ids[i])};
		CdpkStitchProfile row;

		memset(&row, 0, sizeof(row));
		row.profile_id = ids[i];
		row.identifiers = ids[i] == 1 ? GIANT : 1 + (profile_of(ids[i] + 1) == ids[i]);
		row.counts = &users;
		row.count_length = 1;
		row.has_forbid = tables->damage == FORBID_LOOP;
		row.last_known = true;
		row.last.first_at = ids[i] == 1 ? GIANT : 10;
		if (tables->damage == EMPTY_SUMMARY)
			row.identifiers = 0;
		STITCH_TRY(cdpk_stitch_add_profiles(stitch, &row, 1));
	}
	return CDPK_OK;
}

static CdpkStatus
add_link(CdpkStitch *stitch, const Tables *tables, int64_t a, int64_t b, int64_t at)
{
	CdpkStitchLink row = {a, tables->damage == LOOP ? a : b, {0, at}, false};

	return cdpk_stitch_add_links(stitch, &row, 1);
}

static CdpkStatus
load_contents(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	tables->calls++;
	for (size_t i = 0; i < count; i++)
	{
		int64_t end = ids[i] == 1 ? GIANT : profile_of(ids[i] + 1) == ids[i] ? ids[i] + 1 : ids[i];

		tables->contents++;
		tables->giant_loaded += ids[i] == 1;
		for (int64_t id = ids[i]; id <= end && !(tables->damage == LATE_MEMBER && id == end); id++)
		{
			STITCH_TRY(add_identifier(stitch, tables, id, ids[i]));
			if (id > ids[i])
				STITCH_TRY(add_link(stitch, tables, ids[i], id, ids[i] == 1 ? id : 10));
		}
		/* a member that the contents lack is met as the end of a link */
		if (tables->damage == LATE_MEMBER)
			STITCH_TRY(add_link(stitch, tables, ids[i], end, 10));
	}
	return CDPK_OK;
}

static CdpkStatus
load_links(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	(void) stitch;
	(void) ids;
	(void) count;
	((Tables *) context)->calls++;
	return CDPK_OK;
}

static CdpkStatus
load_forbids(void *context, CdpkStitch *stitch, const int64_t *profile_ids, size_t profile_count,
			 const int64_t *identifier_ids, size_t identifier_count)
{
	CdpkStitchForbid pair = {profile_count > 0 ? profile_ids[0] : identifier_ids[0], 0};

	(void) identifier_count;
	((Tables *) context)->calls++;
	pair.b = pair.a;
	return cdpk_stitch_add_forbids(stitch, &pair, 1);
}

static void
check_interrupts(void *context)
{
	((Tables *) context)->interrupts++;
}

static CdpkStitch *
begin(Tables *tables, Damage damage, CdpkStitchStore *callbacks)
{
	CdpkStitchStore made = {tables,     load_identifiers, load_profiles,   load_contents,
							load_links, load_forbids,     check_interrupts};
	CdpkStitch *stitch = NULL;

	memset(tables, 0, sizeof(*tables));
	tables->damage = damage;
	*callbacks = made;
	CHECK(cdpk_stitch_new(&rules, callbacks, &unit_allocator, &stitch) == CDPK_OK);
	return stitch;
}

/* A link that was not there before. */
static void
link_appears(CdpkStitch *stitch, int64_t a, int64_t b, int64_t at)
{
	CdpkStitchChange change;

	memset(&change, 0, sizeof(change));
	change.a = a;
	change.b = b;
	change.exists = true;
	change.now.first_at = at;
	CHECK(cdpk_stitch_evidence_changed(stitch, &change, 1) == CDPK_OK);
}

/* ---------------------------------------------------------------- giants */

/* Joining a giant, and being refused by one, takes its summary alone. */
static void
a_giant_is_not_loaded_to_be_joined(void)
{
	Tables tables;
	CdpkStitchStore callbacks;
	CdpkStitch *stitch = begin(&tables, SOUND, &callbacks);
	const CdpkStitchResult *result;

	CHECK(add_identifier(stitch, &tables, GIANT + 1, 0) == CDPK_OK);
	link_appears(stitch, 5, 7, 3);                /* inside */
	link_appears(stitch, 9, GIANT + 1, 3);        /* a new identifier */
	link_appears(stitch, 11, GIANT + 2, 3);       /* a weaker profile */
	link_appears(stitch, 13, USER(0), GIANT + 5); /* too late for what it is */
	CHECK(cdpk_stitch_run(stitch) == CDPK_OK);
	CHECK(tables.contents == 0 && tables.calls <= 3);
	/* the result stays */
	cdpk_stitch_finish(stitch);
	result = cdpk_stitch_result(stitch);
	CHECK(result->profile_move_count == 1 && result->profile_moves[0].from == GIANT + 2 &&
		  result->profile_moves[0].to == 1);
	CHECK(result->identifier_move_count == 1 && result->identifier_moves[0].id == GIANT + 1 &&
		  result->identifier_moves[0].from == 0 && result->identifier_moves[0].to == 1);
	CHECK(result->ended_count == 1 && result->ended[0] == GIANT + 2);
	CHECK(result->link_count == 1 && result->links[0].refused);
	CHECK(result->profile_count == 1 && result->profiles[0].profile_id == 1 &&
		  result->profiles[0].identifiers == GIANT + 2 && result->profiles[0].last_known &&
		  result->profiles[0].last.first_at == GIANT);
	CHECK(result->statistics.inserted == 3 && result->statistics.joined == 2 &&
		  result->statistics.refused_at_once == 1);
	cdpk_stitch_free(stitch);
}

/* A link that may belong before what keeps it out is worth a look inside, once. */
static void
a_giant_is_loaded_for_a_conflict(void)
{
	Tables tables;
	CdpkStitchStore callbacks;
	CdpkStitch *stitch = begin(&tables, SOUND, &callbacks);
	const CdpkStitchResult *result;

	link_appears(stitch, 13, USER(0), GIANT / 2);
	link_appears(stitch, 14, LONER(0), GIANT / 2);
	CHECK(cdpk_stitch_run(stitch) == CDPK_OK);
	CHECK(tables.giant_loaded == 1 && tables.interrupts > 0);
	result = cdpk_stitch_result(stitch);
	CHECK(result->statistics.refused_after_search == 2 && result->link_count == 2);
	CHECK(result->profile_move_count + result->identifier_move_count + result->profile_count == 0);
	cdpk_stitch_free(stitch);
}

/* A rework does not see what is still to be inserted. */
static void
a_giant_is_not_loaded_for_a_neighbour(void)
{
	static const int64_t neighbour = GIANT + 2;
	Tables tables;
	CdpkStitchStore callbacks;
	CdpkStitch *stitch = begin(&tables, SOUND, &callbacks);
	const CdpkStitchResult *result;

	CHECK(cdpk_stitch_check_profiles(stitch, &neighbour, 1) == CDPK_OK);
	link_appears(stitch, 11, neighbour, 3);
	CHECK(cdpk_stitch_run(stitch) == CDPK_OK);
	CHECK(tables.contents == 1 && tables.giant_loaded == 0);
	result = cdpk_stitch_result(stitch);
	CHECK(result->identifier_move_count == 1 && result->identifier_moves[0].to == 1);
	CHECK(result->statistics.reworks == 1 && result->statistics.identifiers_reworked == 1);
	cdpk_stitch_free(stitch);
}

/* ---------------------------------------------------------------- round trips */

/* Early conflicts of many families are searched and reworked together. */
static void
many_conflicts_take_few_calls(void)
{
	Tables tables;
	CdpkStitchStore callbacks;
	CdpkStitch *stitch = begin(&tables, SOUND, &callbacks);
	const CdpkStitchResult *result;
	uint64_t moved = 0;

	for (int64_t family = 0; family < FAMILIES; family++)
	{
		link_appears(stitch, DEVICE(family), LONER(family), 5);
		/* this one is looked at by the rework, and searches nothing before it */
		link_appears(stitch, DEVICE(family), LONER(family + FAMILIES), 7);
	}
	CHECK(cdpk_stitch_run(stitch) == CDPK_OK);
	CHECK(tables.calls <= 5 && tables.interrupts > 0);
	result = cdpk_stitch_result(stitch);
	CHECK(result->statistics.early_conflicts == FAMILIES &&
		  result->statistics.reworks == FAMILIES && result->statistics.largest_rework == 3);
	CHECK(result->statistics.refused_at_once == FAMILIES &&
		  result->statistics.refused_after_search == 0);
	CHECK(result->identifier_move_count == FAMILIES && result->link_count == 2 * FAMILIES);
	CHECK(result->profile_move_count == 0 && result->ended_count == 0);
	for (size_t i = 0; i < result->identifier_move_count; i++)
		moved += result->identifier_moves[i].from == result->identifier_moves[i].id - 1 &&
				 result->identifier_moves[i].to == result->identifier_moves[i].id + 1;
	CHECK(moved == FAMILIES);
	cdpk_stitch_free(stitch);
}

/* ---------------------------------------------------------------- bad rows */

/* Rows that contradict each other end the run; nothing is lost or read out of bounds. */
static void
wrong_rows_are_noticed(void)
{
	static const struct
	{
		Damage damage;
		CdpkStatus status;
	} cases[] = {{SOUND, CDPK_OK},
				 {NO_IDENTITY, CDPK_CORRUPT},
				 {NO_SUMMARY, CDPK_CORRUPT},
				 {EMPTY_SUMMARY, CDPK_CORRUPT},
				 {LOOP, CDPK_CORRUPT},
				 {WRONG_NAMESPACE, CDPK_CORRUPT},
				 {WRONG_COUNT, CDPK_CORRUPT},
				 {LATE_MEMBER, CDPK_CORRUPT},
				 {ALL_SHARED, CDPK_CORRUPT},
				 {FORBID_LOOP, CDPK_CORRUPT},
				 {FAILURE, CDPK_UNSUPPORTED}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Tables tables;
		CdpkStitchStore callbacks;
		CdpkStitch *stitch = begin(&tables, cases[i].damage, &callbacks);

		link_appears(stitch, USER(0), LONER(0), 20);
		link_appears(stitch, DEVICE(1), LONER(1), 5);
		if (tables.damage == ALL_SHARED)
			CHECK(cdpk_stitch_forbidden(stitch, DEVICE(1), LONER(1)) == CDPK_OK);
		CHECK(cdpk_stitch_run(stitch) == cases[i].status);
		cdpk_stitch_free(stitch);
	}
}

static void
wrong_calls_are_noticed(void)
{
	static const int64_t no_id = 0;
	CdpkStitchNamespace none[] = {{"user_id", 7, 10, 0, NULL}};
	CdpkStitchRules wrong = {none, 1, CDPK_UNLIMITED};
	Tables tables;
	CdpkStitchStore callbacks;
	CdpkStitch *stitch = begin(&tables, SOUND, &callbacks);
	CdpkStitch *other = NULL;

	/* sharing is decided only for known identifiers */
	CHECK(cdpk_stitch_judge_sharing(stitch, 5, CDPK_SHARING_ALWAYS, NULL, 0) == CDPK_INVALID);
	link_appears(stitch, 5, 5, 1);
	CHECK(cdpk_stitch_run(stitch) == CDPK_INVALID);
	cdpk_stitch_free(stitch);
	stitch = begin(&tables, SOUND, &callbacks);
	CHECK(cdpk_stitch_forbidden(stitch, 5, 5) == CDPK_OK);
	CHECK(cdpk_stitch_run(stitch) == CDPK_INVALID);
	cdpk_stitch_free(stitch);
	stitch = begin(&tables, SOUND, &callbacks);
	CHECK(cdpk_stitch_check_profiles(stitch, &no_id, 1) == CDPK_OK);
	CHECK(cdpk_stitch_run(stitch) == CDPK_INVALID);
	cdpk_stitch_free(stitch);
	/* a limit or cap of 0 would allow no identifier */
	CHECK(cdpk_stitch_new(&wrong, &callbacks, &unit_allocator, &other) == CDPK_OUT_OF_RANGE);
	none[0].max_per_profile = 1;
	wrong.cap = 0;
	CHECK(cdpk_stitch_new(&wrong, &callbacks, &unit_allocator, &other) == CDPK_OUT_OF_RANGE);
}

/* ---------------------------------------------------------------- memory */

/* Feeds a history with less and less memory missing, until none is. */
static void
starve(uint64_t seed)
{
	static History history;
	static Store store;
	static Reference reference;
	UnitScarce scarce = {0};
	CdpkAllocator allocator = {unit_scarce_allocate, unit_release, &scarce};
	bool ended = true;

	history_make(&history, seed);
	for (int64_t enough = 0; ended; enough += 1 + enough / 64)
	{
		const Phase *left = NULL;

		store_init(&store, &history.world, 1);
		store.allocator = &allocator;
		scarce.left = enough;
		for (int i = 0; i < history.phase_count && store.failed == NULL; i++)
			feed_phase(&store, &history.phases[i], FEED_SHUFFLED, &left, &reference);
		ended = store.failed != NULL;
		CHECK(!ended || store.status == CDPK_OUT_OF_MEMORY);
	}
	CHECK(compare_with_reference(&store, &reference) == NULL);
}

/* Wherever memory ends the run says so, and everything is given back. */
static void
memory_may_end_anywhere(void)
{
	for (uint64_t seed = 1; seed <= 4; seed++)
		starve(seed);
}

int
main(void)
{
	TEST(a_giant_is_not_loaded_to_be_joined);
	TEST(a_giant_is_loaded_for_a_conflict);
	TEST(a_giant_is_not_loaded_for_a_neighbour);
	TEST(many_conflicts_take_few_calls);
	TEST(wrong_rows_are_noticed);
	TEST(wrong_calls_are_noticed);
	TEST(memory_may_end_anywhere);
	UNIT_EXIT();
}
