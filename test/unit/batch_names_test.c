/*
 * batch_names_test.c: places of distinct strings, against a walk through all of them
 */
#include "core/batch/batch_names.h"
#include "unit.h"

#define STRINGS 3000

static uint8_t bytes[STRINGS][8];
static CdpkBatchBytes strings[STRINGS];

/* Random strings of few bytes, many of them alike. */
static void
make_strings(uint64_t *random)
{
	for (int i = 0; i < STRINGS; i++)
	{
		strings[i].bytes = bytes[i];
		strings[i].length = 1 + (uint32_t) (unit_random(random) % 5);
		for (uint32_t k = 0; k < strings[i].length; k++)
			bytes[i][k] = (uint8_t) (unit_random(random) % 5);
	}
}

static uint32_t
walk(const BatchNames *names, const CdpkBatchBytes *name)
{
	for (uint32_t i = 0; i < names->names.count; i++)
		if (names->names.items[i].length == name->length &&
			memcmp(names->names.items[i].bytes, name->bytes, name->length) == 0)
			return i;
	return CDPK_BATCH_NONE;
}

/* few_hashes: strings that differ have one hash; room is made at once, or as it is needed */
static void
check_places(bool few_hashes, bool reserved)
{
	StitchMemory memory;
	BatchNames names;
	uint64_t random = 11;

	make_strings(&random);
	stitch_memory_init(&memory, &unit_allocator);
	batch_names_init(&names, &memory, 5);
	CHECK(batch_names_find(&names, 7, &strings[0]) == CDPK_BATCH_NONE);
	if (reserved)
		CHECK(batch_names_reserve(&names, STRINGS) == CDPK_OK);
	for (int i = 0; i < STRINGS; i++)
	{
		uint32_t hash =
			few_hashes ? UINT32_MAX - strings[i].length : batch_names_hash(&names, &strings[i]);
		uint32_t expected = walk(&names, &strings[i]);

		CHECK(batch_names_find(&names, hash, &strings[i]) == expected);
		if (expected != CDPK_BATCH_NONE)
			continue;
		expected = names.names.count;
		CHECK(batch_names_add(&names, hash, &strings[i]) == CDPK_OK);
		/* the string itself, where it was */
		CHECK(names.names.items[expected].bytes == bytes[i]);
		CHECK(batch_names_find(&names, hash, &strings[i]) == expected);
	}
	CHECK(names.names.count > 1000 && names.names.count < STRINGS);
	stitch_memory_release_all(&memory);
}

static void
distinct_strings_have_places(void)
{
	for (int way = 0; way < 4; way++)
		check_places(way & 1, way & 2);
}

/* What others cannot guess decides where a string is. */
static void
seeds_give_other_hashes(void)
{
	BatchNames names[2];
	StitchMemory memory;
	int equal = 0;
	uint64_t random = 3;

	make_strings(&random);
	stitch_memory_init(&memory, &unit_allocator);
	for (int i = 0; i < 2; i++)
		batch_names_init(&names[i], &memory, (uint64_t) i);
	for (int i = 0; i < STRINGS; i++)
		equal +=
			batch_names_hash(&names[0], &strings[i]) == batch_names_hash(&names[1], &strings[i]);
	CHECK(equal < 3);
	stitch_memory_release_all(&memory);
}

int
main(void)
{
	TEST(distinct_strings_have_places);
	TEST(seeds_give_other_hashes);
	UNIT_EXIT();
}
