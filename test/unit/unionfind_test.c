/* unionfind_test.c: the partition equals a naive one, whatever the order of the joins */
#include "core/base/unionfind.h"
#include "unit.h"

#define NODES_MAX 300

/* The naive partition: every node carries the smallest node of its component. */
static void
naive_join(uint32_t *label, uint32_t count, uint32_t a, uint32_t b)
{
	uint32_t from = label[a] > label[b] ? label[a] : label[b];
	uint32_t to = label[a] > label[b] ? label[b] : label[a];

	for (uint32_t i = 0; i < count; i++)
		if (label[i] == from)
			label[i] = to;
}

/* Compares every root, and the labels that follow from them. */
static bool
agrees(CdpkUnionFind *partition, const uint32_t *naive)
{
	uint32_t labels[NODES_MAX];
	uint32_t expected[NODES_MAX];
	uint32_t components = 0;
	bool same = true;

	for (uint32_t i = 0; i < partition->count; i++)
		expected[i] = naive[i] == i ? components++ : expected[naive[i]];
	same = same && cdpk_unionfind_labels(partition, labels) == components;
	for (uint32_t i = 0; i < partition->count; i++)
	{
		same = same && labels[i] == expected[i];
		same = same && cdpk_unionfind_find(partition, i) == naive[i];
	}
	/* finding shortens paths, it does not change the answer */
	same = same && cdpk_unionfind_labels(partition, labels) == components;
	return same && memcmp(labels, expected, partition->count * sizeof(uint32_t)) == 0;
}

static void
random_joins_equal_the_naive_partition(void)
{
	uint64_t state = 42;

	for (int round = 0; round < 2000; round++)
	{
		CdpkUnionFind partition;
		uint32_t naive[NODES_MAX];
		uint32_t joins = (uint32_t) (unit_random(&state) % (2 * NODES_MAX));

		cdpk_unionfind_init(&partition, &unit_allocator);
		CHECK(cdpk_unionfind_extend(&partition, 1) == CDPK_OK);
		naive[0] = 0;
		for (uint32_t i = 0; i < joins; i++)
		{
			uint32_t a;
			uint32_t b;
			bool apart;

			/* nodes come between the joins */
			if (partition.count < NODES_MAX && unit_random(&state) % 2 == 0)
			{
				uint32_t count = partition.count + (uint32_t) (unit_random(&state) % 4);

				count = count < NODES_MAX ? count : NODES_MAX;
				for (uint32_t node = partition.count; node < count; node++)
					naive[node] = node;
				CHECK(cdpk_unionfind_extend(&partition, count) == CDPK_OK);
				CHECK(partition.count == count);
			}
			a = (uint32_t) (unit_random(&state) % partition.count);
			b = (uint32_t) (unit_random(&state) % partition.count);
			apart = naive[a] != naive[b];
			CHECK(cdpk_unionfind_join(&partition, a, b) == apart);
			naive_join(naive, partition.count, a, b);
		}
		CHECK(agrees(&partition, naive));
		cdpk_unionfind_free(&partition);
	}
}

/* A long chain in each direction, and the order that makes the longest paths. */
static void
chains_become_one_component(void)
{
	const uint32_t count = 1000000;
	CdpkUnionFind partition;

	for (int order = 0; order < 3; order++)
	{
		uint32_t *labels = malloc(count * sizeof(uint32_t));

		cdpk_unionfind_init(&partition, &unit_allocator);
		CHECK(cdpk_unionfind_extend(&partition, count) == CDPK_OK);
		for (uint32_t i = 1; i < count; i++)
		{
			uint32_t node = order == 0 ? i : count - i;
			uint32_t other = order == 2 ? count - 1 : node - 1;

			CHECK(cdpk_unionfind_join(&partition, node, other) == (node != other));
		}
		if (order == 2)
			CHECK(cdpk_unionfind_join(&partition, 0, 1));
		CHECK(cdpk_unionfind_labels(&partition, labels) == 1);
		CHECK(cdpk_unionfind_find(&partition, count - 1) == 0);
		CHECK(!cdpk_unionfind_join(&partition, 0, count - 1));
		free(labels);
		cdpk_unionfind_free(&partition);
	}
}

static void *
allocate_up_to_8k(void *context, size_t size)
{
	(void) context;
	return size <= 8192 ? malloc(size) : NULL;
}

static void
running_out_of_memory_loses_nothing(void)
{
	CdpkAllocator small = {allocate_up_to_8k, unit_release, NULL};
	CdpkUnionFind partition;

	cdpk_unionfind_init(&partition, &small);
	CHECK(cdpk_unionfind_extend(&partition, 2000) == CDPK_OK);
	CHECK(cdpk_unionfind_join(&partition, 7, 1999));
	CHECK(cdpk_unionfind_extend(&partition, 3000) == CDPK_OUT_OF_MEMORY);
	CHECK(partition.count == 2000);
	CHECK(cdpk_unionfind_find(&partition, 1999) == 7);
	CHECK(cdpk_unionfind_extend(&partition, 2048) == CDPK_OK);
	CHECK(cdpk_unionfind_find(&partition, 2047) == 2047);
	cdpk_unionfind_free(&partition);
	CHECK(partition.count == 0 && partition.parent == NULL);
}

static void
an_empty_partition_has_no_component(void)
{
	CdpkUnionFind partition;

	cdpk_unionfind_init(&partition, &unit_allocator);
	CHECK(cdpk_unionfind_extend(&partition, 0) == CDPK_OK);
	CHECK(cdpk_unionfind_labels(&partition, NULL) == 0);
	cdpk_unionfind_free(&partition);
}

int
main(void)
{
	TEST(random_joins_equal_the_naive_partition);
	TEST(chains_become_one_component);
	TEST(running_out_of_memory_loses_nothing);
	TEST(an_empty_partition_has_no_component);
	UNIT_EXIT();
}
