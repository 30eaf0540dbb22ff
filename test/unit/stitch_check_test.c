/*
 * stitch_check_test.c: a partition is right exactly if nothing is reported
 *
 * usage: stitch_check_test [number of histories [first seed]]
 */
#include "core/stitch/stitch_check.h"
#include "stitch_history.h"

static uint64_t histories = 2000;
static uint64_t first_seed = 1;

static History history;
static Reference reference;
static CdpkStitchIdentifier identifiers[MAX_THINGS];
static CdpkStitchProfile profiles[MAX_THINGS];
static CdpkStitchLink links[MAX_THINGS * MAX_THINGS];
static CdpkStitchForbid forbids[MAX_THINGS * MAX_THINGS];
static int reports[CDPK_WRONG_CLASS + 1];

static void
count_report(void *context, const CdpkStitchWrong *wrong)
{
	(void) context;
	reports[wrong->kind]++;
}

/* The class_id by the reference. */
static int64_t
class_of(const World *world, int a)
{
	int smallest = a;
	int size = 0;

	for (int b = world->thing_count - 1; b >= 0; b--)
		if (reference.class_of[b] == reference.class_of[a])
		{
			smallest = b;
			size++;
		}
	return size > 1 ? smallest + 1 : 0;
}

/* Makes the rows of the partition "part"; -1: in no profile. */
static CdpkStitchPartition
make_partition(const World *world, const int *part)
{
	CdpkStitchPartition made = {identifiers, 0, links, 0, forbids, 0, profiles, 0};

	for (int a = 0; a < world->thing_count; a++)
	{
		CdpkStitchIdentifier *row = &identifiers[made.identifier_count];
		int strongest = a;

		if (part[a] < 0)
			continue;
		for (int b = 0; b < world->thing_count; b++)
		{
			if (part[b] == part[a] && reference_stronger(world, b, strongest))
				strongest = b;
			if (a < b && reference.linked[a][b] && !reference.shared[a] && !reference.shared[b])
				links[made.link_count++] =
					(CdpkStitchLink){a + 1, b + 1, reference.evidence[a][b], false};
			if (world->forbidden[a][b])
				forbids[made.forbid_count++] = (CdpkStitchForbid){a + 1, b + 1};
		}
		memset(row, 0, sizeof(*row));
		row->identifier_id = a + 1;
		row->profile_id = strongest + 1;
		row->present = true;
		row->class_id = class_of(world, a);
		row->payload = world->things[a].payload;
		row->length = world->things[a].length;
		row->name_space = world->things[a].name_space;
		made.identifier_count++;
	}
	return made;
}

/* Returns how many things are wrong with a partition. */
static int
count_wrong(const World *world, const CdpkStitchPartition *partition)
{
	CdpkStitchStore store = {0};
	int sum = 0;

	memset(reports, 0, sizeof(reports));
	CHECK(cdpk_stitch_check(&world->rules, &store, &unit_allocator, partition, count_report,
							NULL) == CDPK_OK);
	for (int i = 0; i <= CDPK_WRONG_CLASS; i++)
		sum += reports[i];
	return sum;
}

static int
check_parts(const World *world, const int *part)
{
	CdpkStitchPartition partition = make_partition(world, part);

	return count_wrong(world, &partition);
}

/* A world after all events, and with some verdicts; the rest of them have no part in this. */
static void
make_world(uint64_t seed)
{
	World *world = &history.world;
	uint64_t random = seed ^ 4711;

	history_make(&history, seed);
	for (int i = 0; i < world->event_count; i++)
		world->in_log[i] = true;
	for (uint64_t i = pick(&random, 6); i > 0; i--)
	{
		int a = (int) pick(&random, (uint64_t) world->thing_count);
		int b = (int) pick(&random, (uint64_t) world->thing_count);

		if (a != b && !world_parts_declared(world, a, b))
			world->forbidden[a][b] = world->forbidden[b][a] = true;
	}
	for (uint64_t i = history.same ? pick(&random, 6) : 0; i > 0; i--)
	{
		int a = (int) pick(&random, (uint64_t) world->thing_count);
		int b = (int) pick(&random, (uint64_t) world->thing_count);

		if (a != b && !world_cannot_be_same(world, a, b))
			world->same[a][b] = world->same[b][a] = true;
	}
	reference_run(world, &reference);
}

static bool
same_parts(const World *world, const int *x, const int *y)
{
	for (int a = 0; a < world->thing_count; a++)
		for (int b = 0; b < world->thing_count; b++)
			if ((x[a] == x[b]) != (y[a] == y[b]))
				return false;
	return true;
}

/* Another partition of the same identifiers. */
static void
disturb(const World *world, uint64_t *random, int *part)
{
	int a = (int) pick(random, (uint64_t) world->thing_count);
	int b = (int) pick(random, (uint64_t) world->thing_count);
	int from = part[a];

	if (part[a] < 0 || part[b] < 0)
		return;
	switch (pick(random, 3))
	{
		case 0: /* alone */
			part[a] = MAX_THINGS;
			break;
		case 1: /* elsewhere */
			part[a] = part[b];
			break;
		default: /* all of them */
			for (int c = 0; c < world->thing_count; c++)
				if (part[c] == from)
					part[c] = part[b];
	}
}

static void
the_right_partition_is_right(void)
{
	for (uint64_t seed = first_seed; seed < first_seed + histories; seed++)
	{
		make_world(seed);
		CHECK(check_parts(&history.world, reference.part) == 0);
	}
}

static void
any_other_partition_is_wrong(void)
{
	int found[CDPK_WRONG_CLASS + 1] = {0};
	uint64_t random = first_seed;

	for (uint64_t seed = first_seed; seed < first_seed + histories; seed++)
	{
		make_world(seed);
		for (int round = 0; round < 5; round++)
		{
			int part[MAX_THINGS];

			memcpy(part, reference.part, sizeof(part));
			for (uint64_t i = 1 + pick(&random, 3); i > 0; i--)
				disturb(&history.world, &random, part);
			if (same_parts(&history.world, part, reference.part))
				continue;
			CHECK(check_parts(&history.world, part) > 0);
			for (int i = 0; i <= CDPK_WRONG_CLASS; i++)
				found[i] += reports[i] > 0;
		}
	}
	CHECK(found[CDPK_WRONG_APART] > 0 && found[CDPK_WRONG_BREAKS] > 0);
	CHECK(found[CDPK_WRONG_REFUSED] > 0 && found[CDPK_WRONG_STRONGEST] == 0);
	CHECK(found[CDPK_WRONG_CLASS] > 0);
}

/* The number of a profile, and the bound of its links. */
static void
summaries_are_checked(void)
{
	static const int part[] = {0, 0};
	CdpkStitchPartition partition;

	world_init(&history.world, 2);
	world_add_thing(&history.world, 0, "u");
	world_add_thing(&history.world, 1, "m");
	history.world.namespaces[0].priority = 10;
	history.world.events[0] = (Event){7, 0, {0, 1}, 2, 0};
	history.world.event_count = 1;
	history.world.in_log[0] = true;
	reference_run(&history.world, &reference);
	partition = make_partition(&history.world, part);
	partition.profile_count = 1;
	memset(profiles, 0, sizeof(profiles));
	profiles[0].profile_id = 1;
	CHECK(count_wrong(&history.world, &partition) == 0);
	profiles[0].last_known = true;
	profiles[0].last = (CdpkEvidence){3, 7};
	CHECK(count_wrong(&history.world, &partition) == 0);
	profiles[0].last.first_at = 6;
	CHECK(count_wrong(&history.world, &partition) == 1 && reports[CDPK_WRONG_LAST] == 1);
	profiles[0].last.trust = 2;
	CHECK(count_wrong(&history.world, &partition) == 0);
	identifiers[1].class_id = 1;
	CHECK(count_wrong(&history.world, &partition) == 1 && reports[CDPK_WRONG_CLASS] == 1);
	identifiers[1].class_id = 0;
	identifiers[0].profile_id = identifiers[1].profile_id = 2;
	CHECK(count_wrong(&history.world, &partition) == 1 && reports[CDPK_WRONG_STRONGEST] == 1);
}

int
main(int argc, char **argv)
{
	unit_read_histories(argc, argv, &histories, &first_seed);
	TEST(the_right_partition_is_right);
	TEST(any_other_partition_is_wrong);
	TEST(summaries_are_checked);
	UNIT_EXIT();
}
