/* answer_test.c: the answer of a person for a purpose: worked examples, and random histories against the definition */
#include "answer_reference.h"
#include "unit.h"

#define TIME_END 12

/* the strongest is 0 */
enum
{
	U,
	A,
	B
};
enum
{
	SUNDAY,
	MONDAY,
	TUESDAY,
	WEDNESDAY,
	JUNE,
	JULY
};

static CdpkAnswer
ask(const World *world, CdpkFallback fallback, int64_t at, CdpkAnswerClaim *claims)
{
	CdpkAnswerInput input = {
		world->identifiers, world->identifier_count, world->links, world->link_count,
		world->statements,  world->statement_count,  fallback,     at};
	CdpkAnswer answer;

	CHECK(cdpk_answer(&input, &unit_allocator, &answer, claims) == CDPK_OK);
	return answer;
}

static bool
says_yes(const World *world)
{
	return ask(world, CDPK_FALLBACK_OPT_IN, JULY, NULL).yes;
}

/* A user_id and two cookies, all of one person. */
static World
three(void)
{
	World world = {.identifiers = {{10, true, true}, {70, true, true}, {70, true, true}},
				   .identifier_count = 3};

	return world;
}

static void
link_at(World *world, uint32_t a, uint32_t b, int64_t since)
{
	world->links[world->link_count++] = (CdpkAnswerLink){a, b, since};
}

/* Says something by one identifier, or by two. */
static void
say(World *world, CdpkAnswerKind kind, int64_t at, uint32_t a, uint32_t b)
{
	uint32_t number = world->statement_count++;

	world->names[number][0] = a;
	world->names[number][1] = b;
	world->statements[number] =
		(CdpkAnswerStatement){kind, at, at, CDPK_ANSWER_NEVER, NULL, a == b ? 1 : 2};
}

/* Points statements to their names, wherever the world lies now. */
static void
settle(World *world)
{
	for (uint32_t i = 0; i < world->statement_count; i++)
		world->statements[i].identifiers = world->names[i];
}

#define CASE(expected, ...)                    \
	do                                         \
	{                                          \
		World world = three();                 \
		__VA_ARGS__;                           \
		settle(&world);                        \
		CHECK(says_yes(&world) == (expected)); \
	} while (0)
#define YES(at, a, b) say(&world, CDPK_ANSWER_YES, at, a, b)
#define NO(at, a, b) say(&world, CDPK_ANSWER_NO, at, a, b)
#define LINK(a, b, since) link_at(&world, a, b, since)

/* the numbers are those of the examples that define it */
static void
worked_examples(void)
{
	/* 1, 2: the last word counts, in whatever order it is loaded */
	CASE(true, YES(MONDAY, U, U));
	CASE(false, YES(MONDAY, U, U), NO(TUESDAY, U, U));
	CASE(false, NO(TUESDAY, U, U), YES(MONDAY, U, U));
	/* 3: one person, who has not said no */
	CASE(true, YES(MONDAY, A, A), LINK(U, A, TUESDAY));
	/* 4: two answers from before they were known as one */
	CASE(false, NO(MONDAY, A, A), YES(TUESDAY, U, U), LINK(U, A, WEDNESDAY));
	/* 5: the person changed their mind */
	CASE(true, LINK(U, A, SUNDAY), LINK(U, B, SUNDAY), NO(MONDAY, A, A), YES(TUESDAY, B, U));
	/* 6: a cookie does not lift what the account said */
	CASE(false, LINK(U, A, SUNDAY), NO(MONDAY, U, U), YES(TUESDAY, A, A));
	/* 7: of an event of two identifiers that are apart now, a no counts for both, a yes for the anchor */
	CASE(false, NO(MONDAY, A, U), world.identifiers[A].inside = false);
	CASE(false, NO(MONDAY, A, U), world.identifiers[U].inside = false);
	CASE(true, YES(MONDAY, A, U), world.identifiers[A].inside = false);
	CASE(false, YES(MONDAY, A, U), world.identifiers[U].inside = false);
	/* 8: at the same instant */
	CASE(false, YES(MONDAY, U, U), NO(MONDAY, U, U));
	/* 11: a shared identifier says yes for no one; a no at it counts for the others on the event */
	CASE(false, YES(MONDAY, A, A),
		 world.identifiers[A].usable = world.identifiers[A].inside = false);
	CASE(false, YES(SUNDAY, U, U), NO(MONDAY, A, U),
		 world.identifiers[A].usable = world.identifiers[A].inside = false);
	CASE(true, YES(MONDAY, A, U),
		 world.identifiers[U].usable = world.identifiers[U].inside = false);
	/* 12: a browser that objects, settings that allow, and the browser again */
	CASE(false, LINK(U, A, SUNDAY), NO(MONDAY, A, U));
	CASE(true, LINK(U, A, SUNDAY), NO(MONDAY, A, U), YES(TUESDAY, U, U));
	CASE(false, LINK(U, A, SUNDAY), NO(MONDAY, A, U), YES(TUESDAY, U, U), NO(WEDNESDAY, A, U));
}

/* 9: a yes that expires; an older no stands again then */
static void
a_yes_expires(void)
{
	for (int with_no = 0; with_no <= 1; with_no++)
	{
		World world = three();
		CdpkAnswer answer;

		YES(TUESDAY, U, U);
		world.statements[0].expires_at = JULY;
		if (with_no)
			NO(MONDAY, U, U);
		settle(&world);
		answer = ask(&world, CDPK_FALLBACK_OPT_OUT, JUNE, NULL);
		CHECK(answer.yes && answer.until == (with_no ? JULY : CDPK_ANSWER_NEVER));
		CHECK(answer.reason == CDPK_ANSWER_BY_YES && answer.statement == 0 &&
			  answer.identifier == U);
		answer = ask(&world, CDPK_FALLBACK_OPT_OUT, JULY, NULL);
		CHECK(answer.yes == !with_no);
		CHECK(answer.reason == (with_no ? CDPK_ANSWER_BY_NO : CDPK_ANSWER_BY_DEFAULT));
		answer = ask(&world, CDPK_FALLBACK_OPT_IN, JUNE, NULL);
		CHECK(answer.yes && answer.until == JULY);
		answer = ask(&world, CDPK_FALLBACK_OPT_IN, JULY, NULL);
		CHECK(!answer.yes && answer.until == CDPK_ANSWER_NEVER);
	}
}

/* 10: the default holds where nothing was said, and what cannot be denied holds whatever was said */
static void
defaults_hold(void)
{
	World world = three();

	CHECK(!ask(&world, CDPK_FALLBACK_OPT_IN, JULY, NULL).yes);
	CHECK(ask(&world, CDPK_FALLBACK_OPT_OUT, JULY, NULL).yes);
	CHECK(ask(&world, CDPK_FALLBACK_OPT_OUT, JULY, NULL).reason == CDPK_ANSWER_BY_DEFAULT);
	NO(MONDAY, U, U);
	settle(&world);
	CHECK(!ask(&world, CDPK_FALLBACK_OPT_OUT, JULY, NULL).yes);
	CHECK(ask(&world, CDPK_FALLBACK_NONE, JULY, NULL).yes);
	CHECK(ask(&world, CDPK_FALLBACK_NONE, JULY, NULL).reason == CDPK_ANSWER_BY_DUTY);
}

/* A reset undoes a yes as well as a no; a yes at the same instant stands. */
static void
a_reset_undoes_both(void)
{
	World world = three();

	NO(SUNDAY, A, A);
	YES(MONDAY, U, U);
	LINK(U, A, SUNDAY);
	say(&world, CDPK_ANSWER_RESET, TUESDAY, U, U);
	settle(&world);
	CHECK(ask(&world, CDPK_FALLBACK_OPT_OUT, JULY, NULL).reason == CDPK_ANSWER_BY_DEFAULT);
	world.statements[2].first_at = world.statements[2].last_at = MONDAY;
	CHECK(ask(&world, CDPK_FALLBACK_OPT_OUT, JULY, NULL).reason == CDPK_ANSWER_BY_YES);
}

/* The explanation says what lifted what, and which statement decides. */
static void
it_is_explained(void)
{
	World world = three();
	CdpkAnswerClaim claims[WORLD_IDENTIFIERS * CDPK_ANSWER_KINDS];
	CdpkAnswer answer;

	LINK(U, A, SUNDAY);
	NO(SUNDAY, A, A);
	NO(MONDAY, A, A);
	YES(TUESDAY, U, U);
	YES(WEDNESDAY, B, B);
	settle(&world);
	answer = ask(&world, CDPK_FALLBACK_OPT_IN, JULY, claims);
	CHECK(answer.yes && answer.reason == CDPK_ANSWER_BY_YES && answer.statement == 3 &&
		  answer.identifier == B);
	CHECK(claims[A * CDPK_ANSWER_KINDS + CDPK_ANSWER_NO].statement == 1 &&
		  claims[A * CDPK_ANSWER_KINDS + CDPK_ANSWER_NO].at == MONDAY &&
		  claims[A * CDPK_ANSWER_KINDS + CDPK_ANSWER_NO].undone_by == 2 &&
		  claims[A * CDPK_ANSWER_KINDS + CDPK_ANSWER_NO].undone_at == U);
	CHECK(claims[U * CDPK_ANSWER_KINDS + CDPK_ANSWER_NO].statement == CDPK_ANSWER_NONE);
	CHECK(claims[U * CDPK_ANSWER_KINDS + CDPK_ANSWER_YES].undone_by == CDPK_ANSWER_NONE);
	answer = ask(&world, CDPK_FALLBACK_OPT_IN, MONDAY, claims);
	CHECK(!answer.yes && answer.reason == CDPK_ANSWER_BY_NO && answer.statement == 1 &&
		  answer.identifier == A);
	CHECK(claims[B * CDPK_ANSWER_KINDS + CDPK_ANSWER_YES].statement == CDPK_ANSWER_NONE);
}

/* ---------------------------------------------------------------- random histories */

static uint32_t
pick(uint64_t *state, uint32_t below)
{
	return (uint32_t) (unit_random(state) % below);
}

static void
random_statement(World *world, uint64_t *state)
{
	uint32_t number = world->statement_count++;
	uint32_t from = pick(state, world->identifier_count);
	CdpkAnswerKind kind = pick(state, 8) == 0 ? CDPK_ANSWER_RESET : pick(state, 2);
	int64_t at = pick(state, TIME_END);
	uint32_t count = 0;

	for (uint32_t i = 0; i < world->identifier_count; i++)
		if (i == from || pick(state, 3) == 0)
			world->names[number][count++] = i;
	world->statements[number] = (CdpkAnswerStatement){
		kind,
		at,
		at + (pick(state, 3) == 0 ? pick(state, 4) : 0),
		kind == CDPK_ANSWER_YES && pick(state, 3) == 0 ? at + pick(state, TIME_END)
													   : CDPK_ANSWER_NEVER,
		NULL,
		count};
}

static void
random_world(World *world, uint64_t *state)
{
	memset(world, 0, sizeof(*world));
	world->identifier_count = 1 + pick(state, WORLD_IDENTIFIERS);
	for (uint32_t i = 0; i < world->identifier_count; i++)
	{
		bool usable = pick(state, 8) > 0;

		world->identifiers[i] = (CdpkAnswerIdentifier){
			i > 0 ? world->identifiers[i - 1].priority + (int32_t) pick(state, 2) : 0, usable,
			usable && pick(state, 5) > 0};
	}
	world->link_count = pick(state, WORLD_LINKS + 1);
	for (uint32_t i = 0; i < world->link_count; i++)
		world->links[i] =
			(CdpkAnswerLink){pick(state, world->identifier_count),
							 pick(state, world->identifier_count), pick(state, TIME_END)};
	for (uint32_t count = pick(state, WORLD_STATEMENTS); count > 0; count--)
		random_statement(world, state);
	settle(world);
}

/* Loads the same in another order. */
static void
shuffle(World *world, uint64_t *state)
{
	for (uint32_t i = world->statement_count; i > 1; i--)
	{
		uint32_t j = pick(state, i);
		CdpkAnswerStatement statement = world->statements[i - 1];

		world->statements[i - 1] = world->statements[j];
		world->statements[j] = statement;
	}
	for (uint32_t i = world->link_count; i > 1; i--)
	{
		uint32_t j = pick(state, i);
		CdpkAnswerLink link = world->links[i - 1];

		world->links[i - 1] = world->links[j];
		world->links[j] = link;
	}
}

static uint64_t history_count = 20000;
static uint64_t first_seed = 1;

/* What was said is as the definition has it; the order of loading is nothing, and a further no loosens nothing. */
static void
random_histories(void)
{
	uint64_t counts[4] = {0};
	uint64_t ends = 0;

	for (uint64_t i = 0; i < history_count; i++)
	{
		uint64_t state = first_seed + i;
		World world;
		int64_t at;
		CdpkFallback fallback;
		CdpkAnswer answer;
		CdpkAnswer other;

		random_world(&world, &state);
		at = pick(&state, TIME_END);
		fallback = pick(&state, 20) == 0 ? CDPK_FALLBACK_NONE : pick(&state, 2);
		answer = ask(&world, fallback, at, NULL);
		CHECK(answer.yes == reference_answer(&world, fallback, at, at));
		CHECK(answer.until == (answer.yes ? reference_until(&world, fallback, at, 2 * TIME_END)
										  : CDPK_ANSWER_NEVER));
		counts[answer.reason]++;
		ends += answer.until != CDPK_ANSWER_NEVER;
		shuffle(&world, &state);
		other = ask(&world, fallback, at, NULL);
		CHECK(answer.yes == other.yes && answer.reason == other.reason &&
			  answer.until == other.until);
		random_statement(&world, &state);
		world.statements[world.statement_count - 1].kind = CDPK_ANSWER_NO;
		world.statements[world.statement_count - 1].identifiers =
			world.names[world.statement_count - 1];
		other = ask(&world, fallback, at, NULL);
		CHECK(answer.yes || !other.yes);
		if (unit_failures > unit_failures_before)
		{
			printf("# seed %llu\n", (unsigned long long) (first_seed + i));
			return;
		}
	}
	/* all that there is to say was said */
	CHECK(history_count < 1000 ||
		  (counts[0] > 100 && counts[1] > 100 && counts[2] > 100 && counts[3] > 10));
	CHECK(history_count < 1000 || ends > 50);
}

static void
lack_of_memory_is_said(void)
{
	uint64_t state = 5;
	World world;

	random_world(&world, &state);
	for (int64_t enough = 0;; enough++)
	{
		UnitScarce scarce = {enough};
		CdpkAllocator allocator = {unit_scarce_allocate, unit_release, &scarce};
		CdpkAnswerInput input = {
			world.identifiers, world.identifier_count, world.links,          world.link_count,
			world.statements,  world.statement_count,  CDPK_FALLBACK_OPT_IN, 0};
		CdpkAnswer answer;
		CdpkStatus status = cdpk_answer(&input, &allocator, &answer, NULL);

		CHECK(status == (enough < 6 ? CDPK_OUT_OF_MEMORY : CDPK_OK));
		if (status == CDPK_OK || enough > 20)
			break;
	}
}

int
main(int argc, char **argv)
{
	unit_read_histories(argc, argv, &history_count, &first_seed);
	TEST(worked_examples);
	TEST(a_yes_expires);
	TEST(defaults_hold);
	TEST(a_reset_undoes_both);
	TEST(it_is_explained);
	TEST(random_histories);
	TEST(lack_of_memory_is_said);
	UNIT_EXIT();
}
