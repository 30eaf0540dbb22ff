/* idmap_test.c: a hash table from ids to numbers, against an array */
#include "core/base/idmap.h"
#include "unit.h"

#define KEYS 5000

static void
keys_keep_their_last_number(void)
{
	static uint32_t expected[KEYS];
	uint64_t state = 7;
	CdpkIdMap map;

	cdpk_idmap_init(&map, &unit_allocator);
	for (int i = 0; i < KEYS; i++)
		expected[i] = CDPK_IDMAP_NONE;
	for (int i = 0; i < 4 * KEYS; i++)
	{
		/* keys far apart, negative ones too */
		int key = (int) (unit_random(&state) % KEYS);
		uint64_t spread = ((uint64_t) key - KEYS / 2) * UINT64_C(0x100000001);

		CHECK(cdpk_idmap_get(&map, spread) == expected[key]);
		expected[key] = (uint32_t) (unit_random(&state) % CDPK_IDMAP_NONE);
		CHECK(cdpk_idmap_put(&map, spread, expected[key]) == CDPK_OK);
		CHECK(cdpk_idmap_get(&map, spread) == expected[key]);
	}
	cdpk_idmap_free(&map);
	CHECK(cdpk_idmap_get(&map, 0) == CDPK_IDMAP_NONE);
}

static void *
nothing_left(void *context, size_t size)
{
	int *left = context;

	return (*left)-- > 0 ? malloc(size) : NULL;
}

/* Where there is no room to grow, what is there stays. */
static void
no_memory_is_said(void)
{
	for (int enough = 0; enough < 4; enough++)
	{
		int left = enough;
		CdpkAllocator allocator = {nothing_left, unit_release, &left};
		CdpkStatus status = CDPK_OK;
		CdpkIdMap map;
		uint64_t key = 0;

		cdpk_idmap_init(&map, &allocator);
		while (status == CDPK_OK && key < KEYS)
		{
			key++;
			status = cdpk_idmap_put(&map, key, (uint32_t) key);
		}
		CHECK(status == CDPK_OUT_OF_MEMORY && (enough < 2) == (key == 1));
		for (uint64_t known = 1; known < key; known++)
			CHECK(cdpk_idmap_get(&map, known) == known);
		CHECK(cdpk_idmap_get(&map, key) == CDPK_IDMAP_NONE);
		cdpk_idmap_free(&map);
	}
}

/* Nothing is allocated for keys that room was made for, and what was there stays. */
static void
room_is_made(void)
{
	for (uint64_t before = 0; before < 200; before += 7)
		for (uint64_t more = 1; more < 3000; more += more / 2 + 1)
		{
			int left = 1000;
			CdpkAllocator allocator = {nothing_left, unit_release, &left};
			CdpkIdMap map;

			cdpk_idmap_init(&map, &allocator);
			cdpk_idmap_prefetch(&map, 1);
			for (uint64_t key = 0; key < before; key++)
				CHECK(cdpk_idmap_put(&map, key, (uint32_t) key) == CDPK_OK);
			CHECK(cdpk_idmap_reserve(&map, more) == CDPK_OK);
			left = 0;
			for (uint64_t key = before; key < before + more; key++)
				CHECK(cdpk_idmap_put(&map, key, (uint32_t) key) == CDPK_OK);
			for (uint64_t key = 0; key < before + more; key++)
				CHECK(cdpk_idmap_get(&map, key) == key);
			CHECK(cdpk_idmap_reserve(&map, SIZE_MAX / 2) == CDPK_OUT_OF_MEMORY);
			cdpk_idmap_free(&map);
		}
}

int
main(void)
{
	TEST(room_is_made);
	TEST(keys_keep_their_last_number);
	TEST(no_memory_is_said);
	UNIT_EXIT();
}
