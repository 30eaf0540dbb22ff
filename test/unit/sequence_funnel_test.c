/*
 * sequence_funnel_test.c: how far timelines go into sequences, with the modes of a funnel and its attempts,
 * and when, against the definition
 */
#include "core/sequence/sequence_columns.h"
#include "sequence_random.h"

static const unsigned modes[] = {0,
								 CDPK_FUNNEL_STRICT_INCREASE,
								 CDPK_FUNNEL_STRICT_ORDER,
								 CDPK_FUNNEL_STRICT_ORDER | CDPK_FUNNEL_ALLOW_REENTRY,
								 CDPK_FUNNEL_STRICT_DEDUPLICATION,
								 CDPK_FUNNEL_STRICT_ONCE,
								 CDPK_FUNNEL_STRICT_INCREASE | CDPK_FUNNEL_STRICT_DEDUPLICATION,
								 CDPK_FUNNEL_STRICT_ORDER | CDPK_FUNNEL_STRICT_INCREASE};

#define MODES (sizeof(modes) / sizeof(*modes))

static Rules
random_rules(uint64_t *state, const CdpkSequence *s)
{
	Rules rules = no_rules;

	if (unit_random(state) % 3 == 0)
		rules.begins.first = (int64_t) (unit_random(state) % 10);
	if (unit_random(state) % 3 == 0)
		rules.begins.last = (int64_t) (unit_random(state) % 12);
	if (s->any_order)
		return rules;
	rules.modes = modes[unit_random(state) % MODES];
	rules.attempts = (CdpkAttempts) (unit_random(state) % 3);
	return rules;
}

static bool
same_reach(const CdpkReach *a, const CdpkReach *b)
{
	return a->reached == b->reached && (!a->reached || (a->at == b->at && a->first == b->first));
}

/* How often each depth was seen, for each mode, and with what. */
typedef struct Seen
{
	unsigned depth[MODES][6]; /* the last: unknown */
	unsigned attempts[3];     /* deeper than 1 */
	unsigned any_order;
	unsigned skipped;
	unsigned columns; /* found without reading all events in their order */
} Seen;

static void
note_seen(Seen *seen, const CdpkSequence *s, const Rules *rules, int depth, const CdpkReach *reach)
{
	unsigned mode = 0;

	while (modes[mode] != rules->modes)
		mode++;
	seen->depth[mode][depth < 0 ? 5 : depth > 4 ? 4 : depth]++;
	seen->attempts[rules->attempts] += depth > 1;
	seen->any_order += s->any_order && depth > 1;
	for (int i = 0; i < depth; i++)
		if (!reach[i].reached)
		{
			seen->skipped++;
			break;
		}
}

/* Print what went wrong. */
static void
show(const uint8_t *form, size_t length, const Rules *rules, CdpkTimeRange range, int expected,
	 int depth)
{
	char *text;

	CHECK(cdpk_sequence_print(form, length, &unit_allocator, &text) == CDPK_OK);
	printf("# %s, modes %u, attempts %u, begins %lld to %lld, range %lld to %lld: %d, not %d\n",
		   text, rules->modes, (unsigned) rules->attempts, (long long) rules->begins.first,
		   (long long) rules->begins.last, (long long) range.first, (long long) range.last,
		   expected, depth);
	free(text);
}

static void
compare_one(uint64_t *state, Seen *seen)
{
	CdpkSequence s;
	size_t form_length;
	uint8_t *form = random_sequence(state, &s, &form_length);
	Event events[EVENTS_MAX];
	unsigned count = random_events(state, events);
	Rules rules = random_rules(state, &s);
	/* no event is read before a match may begin */
	CdpkTimeRange range = {rules.begins.first, (int64_t) (unit_random(state) % 16)};
	CdpkReach reach[CDPK_SEQUENCE_STEPS_MAX];
	int expected = reference_funnel(&s, rules, events, count, range, reach);
	CdpkAsked asked = {&s, CDPK_WANT_TIMES, rules.modes, rules.attempts, true, rules.begins};
	CdpkFunnelAnswer times;
	CdpkFunnelAnswer depth;
	size_t length;
	uint8_t *bytes = make_timeline(events, count, &length);
	CdpkTimeline timeline;

	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_sequence_funnel(&asked, &timeline, range, &unit_allocator, &times) == CDPK_OK);
	asked.wanted = CDPK_WANT_DEPTH;
	CHECK(cdpk_sequence_funnel(&asked, &timeline, range, &unit_allocator, &depth) == CDPK_OK);
	CHECK((times.unknown ? -1 : (int) times.depth) == expected);
	CHECK((depth.unknown ? -1 : (int) depth.depth) == expected);
	for (int i = 0; i < expected; i++)
		CHECK(same_reach(&times.reach[i], &reach[i]));
	if (unit_failures > 0)
	{
		show(form, form_length, &rules, range, expected, times.unknown ? -1 : (int) times.depth);
		for (int i = 0; i < expected; i++)
			printf("# %d: %d %lld %lld, not %d %lld %lld\n", i + 1, reach[i].reached,
				   (long long) reach[i].at, (long long) reach[i].first, times.reach[i].reached,
				   (long long) times.reach[i].at, (long long) times.reach[i].first);
		print_events(events, count);
	}
	note_seen(seen, &s, &rules, expected, reach);
	seen->columns += expected > 1 && cdpk_columns_serve(&asked);
	cdpk_sequence_free(&unit_allocator, &s);
	free(bytes);
	free(form);
}

static void
agrees_with_the_definition(void)
{
	Seen seen;
	uint64_t state = 73;

	memset(&seen, 0, sizeof(seen));
	for (int i = 0; i < 90000 && unit_failures == 0; i++)
		compare_one(&state, &seen);
	for (unsigned i = 0; i < MODES; i++)
		for (unsigned j = 0; j < 6; j++)
			CHECK(seen.depth[i][j] > (j == 3 ? 15 : 80) || j == 4);
	CHECK(seen.attempts[1] > 1000 && seen.attempts[2] > 500);
	CHECK(seen.any_order > 1000 && seen.skipped > 60 && seen.columns > 400);
}

/* A sequence of so many different events, with a text, over "ab..." at 0, 1, ... */
static unsigned
depth_of(const char *text, const char *names, unsigned mode)
{
	CdpkTimelineLog *log;
	CdpkTextProblem problem;
	CdpkSequence s;
	CdpkAsked asked = {&s, CDPK_WANT_DEPTH, mode, CDPK_ATTEMPTS_ALL, false, {0, 0}};
	CdpkTimeRange ever = {INT64_MIN, INT64_MAX};
	CdpkFunnelAnswer answer;
	CdpkTimeline timeline;
	uint8_t *form;
	uint8_t *bytes;
	size_t form_length;
	size_t length;
	uint32_t name;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (size_t i = 0; names[i] != '\0'; i++)
	{
		CHECK(cdpk_log_name(&log, &unit_allocator, names + i, 1, &name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, (int64_t) i, NULL, 0) == CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, &length) == CDPK_OK);
	CHECK(cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &form, &form_length,
							  &problem) == CDPK_OK);
	CHECK(cdpk_sequence_read(form, form_length, &unit_allocator, &s) == CDPK_OK);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_sequence_funnel(&asked, &timeline, ever, &unit_allocator, &answer) == CDPK_OK);
	cdpk_sequence_free(&unit_allocator, &s);
	free(form);
	free(bytes);
	free(log);
	return answer.depth;
}

static void
counts_places_and_reads_limits(void)
{
	CHECK(depth_of("a -> b? -> c", "ac", 0) == 3);
	CHECK(depth_of("a -> b? -> c", "acb", 0) == 3);
	CHECK(depth_of("a -> b? -> c -> d", "ab", 0) == 2);
	CHECK(depth_of("a -> !x -> b? -> c", "axc", 0) == 1);
	CHECK(depth_of("64 x a", "aaa", 0) == 3);
	CHECK(depth_of("a -> b? -> c? -> d? -> e? -> f", "af", 0) == 6);
	CHECK(depth_of("a & b & c", "cxb", 0) == 2);
	CHECK(depth_of("(a | b) & (a | c) & a", "bca", 0) == 3);
	CHECK(depth_of("(a | b) & (a | c) & a in 1 microsecond", "baxa", 0) == 2);
	CHECK(depth_of("63 x * & a", "bbbab", 0) == 5);
	/* thirty-two alternatives with conditions */
	CHECK(depth_of(
			  "(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z|A|B|C|D|E) -> F[n not exists]",
			  "aF", 0) == 2);
	/* one event serves once */
	CHECK(depth_of("a -> a", "a", 0) == 1);
	CHECK(depth_of("a -> b -> c", "abxc", CDPK_FUNNEL_STRICT_ORDER) == 2);
	CHECK(depth_of("a -> b -> c", "abbc", CDPK_FUNNEL_STRICT_ORDER | CDPK_FUNNEL_ALLOW_REENTRY) ==
		  3);
	CHECK(depth_of("a -> b -> c", "abbc", CDPK_FUNNEL_STRICT_DEDUPLICATION) == 2);
	CHECK(depth_of("a -> b -> c -> d", "abcbd", CDPK_FUNNEL_STRICT_DEDUPLICATION) == 3);
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(counts_places_and_reads_limits);
	UNIT_EXIT();
}
