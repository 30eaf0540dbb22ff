/*
 * audience_test.c: audiences against sorted lists of ids, on random sets of all shapes; bytes that are
 * changed; memory that ends
 */
#include "core/audience/audience_build.h"
#include "core/audience/audience_combine.h"
#include "core/audience/audience_text.h"
#include "unit.h"

#define IDS_MAX 400000

/* ids, ascending and each once, and the audience of them */
typedef struct Set
{
	int64_t *ids;
	size_t count;
	uint8_t *bytes;
	size_t length;
	CdpkAudience audience;
} Set;

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a;
	int64_t y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

static size_t
sort_ids(int64_t *ids, size_t count)
{
	size_t kept = 0;

	qsort(ids, count, sizeof(int64_t), compare_ids);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

static void
build(const int64_t *ids, size_t count, uint8_t **bytes, size_t *length)
{
	CdpkAudienceBuilder builder;

	CHECK(cdpk_audience_build_begin(&builder, &unit_allocator) == CDPK_OK);
	for (size_t i = 0; i < count; i++)
		CHECK(cdpk_audience_add_id(&builder, ids[i]) == CDPK_OK);
	CHECK(cdpk_audience_build_finish(&builder, &unit_allocator, 0, bytes, length) == CDPK_OK);
	cdpk_audience_build_free(&builder);
}

static void
open_set(Set *set)
{
	CHECK(cdpk_audience_check(set->bytes, set->length) == CDPK_OK);
	CHECK(cdpk_audience_open(set->bytes, set->length, &set->audience) == CDPK_OK);
}

/* Where the chunks of random sets are: often the same, at both ends of the type, beyond 32 bits. */
static int64_t
random_base(uint64_t *state)
{
	static const int64_t bases[] = {0,         65536,
									131072,    INT64_C(1) << 33,
									-65536,    -(INT64_C(1) << 40),
									INT64_MIN, INT64_MAX - 65535};

	return bases[unit_random(state) % 8];
}

/* Append ids of one chunk in one of many shapes, in a random order. */
static void
random_chunk(Set *set, uint64_t *state)
{
	int64_t base = random_base(state);
	uint64_t start = unit_random(state) % 65536;
	uint64_t amount = unit_random(state) % (UINT64_C(1) << (unit_random(state) % 15));
	uint64_t shape = unit_random(state) % 5;
	uint64_t step = shape == 1 ? 1 : 1 + unit_random(state) % 3;

	if (shape == 2)
		amount = 4080 + unit_random(state) % 40; /* about as many as the largest array */
	if (shape == 3 && unit_random(state) % 4 == 0)
		amount = 65536; /* all of it */
	for (uint64_t i = 0; i < amount && set->count < IDS_MAX; i++)
	{
		uint64_t low = shape == 0 || shape == 2 ? unit_random(state) % 65536
					   : shape == 4             ? (start + i * 2 + (i % 4 < 2)) % 65536
												: (start + i * step) % 65536;

		set->ids[set->count++] = base + (int64_t) low;
	}
}

static Set
random_set(uint64_t *state)
{
	Set set = {malloc(IDS_MAX * sizeof(int64_t)), 0, NULL, 0, {0}};
	uint64_t chunks = unit_random(state) % 5;

	for (uint64_t i = 0; i < chunks; i++)
		random_chunk(&set, state);
	if (unit_random(state) % 8 == 0)
		for (int i = 0; i < 100; i++)
			set.ids[set.count++] = (int64_t) unit_random(state);
	build(set.ids, set.count, &set.bytes, &set.length);
	set.count = sort_ids(set.ids, set.count);
	open_set(&set);
	CHECK(set.audience.size == set.count);
	return set;
}

static void
free_set(Set *set)
{
	free(set->ids);
	free(set->bytes);
}

/* Whether the walk gives exactly these ids. */
static bool
walks(const CdpkAudience *audience, const int64_t *ids, size_t count)
{
	CdpkAudienceWalk walk;
	int64_t first;
	int64_t last;
	size_t at = 0;

	cdpk_audience_walk(audience, &walk);
	while (cdpk_audience_next(&walk, &first, &last))
		for (uint64_t i = 0; i <= (uint64_t) last - (uint64_t) first; i++)
			if (at == count || ids[at++] != (int64_t) ((uint64_t) first + i))
				return false;
	return walk.status == CDPK_OK && at == count;
}

/* The ids that an operation gives, by a merge of the lists. */
static Set
expected_set(CdpkSetOperation operation, const Set *a, const Set *b)
{
	Set set = {malloc((a->count + b->count + 1) * sizeof(int64_t)), 0, NULL, 0, {0}};
	size_t i = 0;
	size_t j = 0;

	while (i < a->count || j < b->count)
	{
		bool in_a = i < a->count && (j == b->count || a->ids[i] <= b->ids[j]);
		bool in_b = j < b->count && (i == a->count || b->ids[j] <= a->ids[i]);
		int64_t id = in_a ? a->ids[i] : b->ids[j];
		bool stays = operation == CDPK_SET_AND     ? in_a && in_b
					 : operation == CDPK_SET_OR    ? true
					 : operation == CDPK_SET_MINUS ? in_a && !in_b
												   : in_a != in_b;

		if (stays)
			set.ids[set.count++] = id;
		i += in_a;
		j += in_b;
	}
	build(set.ids, set.count, &set.bytes, &set.length);
	open_set(&set);
	return set;
}

static void
operations(void)
{
	uint64_t state = 1;

	for (int round = 0; round < 300; round++)
	{
		Set a = random_set(&state);
		Set b = random_set(&state);

		CHECK(walks(&a.audience, a.ids, a.count));
		for (int operation = CDPK_SET_AND; operation <= CDPK_SET_XOR; operation++)
		{
			Set expected = expected_set((CdpkSetOperation) operation, &a, &b);
			uint8_t *bytes;
			size_t length;
			uint64_t common;

			CHECK(cdpk_audience_combine((CdpkSetOperation) operation, &a.audience, &b.audience,
										&unit_allocator, 3, NULL, &bytes, &length) == CDPK_OK);
			CHECK(length == expected.length && memcmp(bytes + 3, expected.bytes, length) == 0);
			CHECK(walks(&expected.audience, expected.ids, expected.count));
			CHECK(cdpk_audience_common(&a.audience, &b.audience, NULL, &common) == CDPK_OK);
			CHECK(operation != CDPK_SET_AND || common == expected.count);
			free(bytes);
			free_set(&expected);
		}
		free_set(&a);
		free_set(&b);
	}
}

static void
membership(void)
{
	uint64_t state = 2;

	for (int round = 0; round < 100; round++)
	{
		Set set = random_set(&state);

		for (int i = 0; i < 500; i++)
		{
			int64_t id = i % 2 == 0 && set.count > 0
							 ? set.ids[unit_random(&state) % set.count]
							 : random_base(&state) + (int64_t) (unit_random(&state) % 65536);
			bool has;

			CHECK(cdpk_audience_has(&set.audience, id, &has) == CDPK_OK);
			CHECK(has == (bsearch(&id, set.ids, set.count, sizeof(int64_t), compare_ids) != NULL));
		}
		free_set(&set);
	}
}

/* Audiences and builders that are added to a builder, and ids after it was finished. */
static void
building(void)
{
	uint64_t state = 3;

	for (int round = 0; round < 150; round++)
	{
		Set a = random_set(&state);
		Set b = random_set(&state);
		Set expected = expected_set(CDPK_SET_OR, &a, &b);
		CdpkAudienceBuilder builder;
		CdpkAudienceBuilder other;
		uint8_t *bytes;
		size_t length;

		CHECK(cdpk_audience_build_begin(&builder, &unit_allocator) == CDPK_OK);
		CHECK(cdpk_audience_build_begin(&other, &unit_allocator) == CDPK_OK);
		CHECK(cdpk_audience_add(&builder, &a.audience) == CDPK_OK);
		CHECK(cdpk_audience_build_finish(&builder, &unit_allocator, 0, &bytes, &length) == CDPK_OK);
		CHECK(length == a.length && memcmp(bytes, a.bytes, length) == 0);
		free(bytes);
		for (size_t i = b.count; i-- > 0;)
			CHECK(cdpk_audience_add_id(&other, b.ids[i]) == CDPK_OK);
		CHECK(cdpk_audience_add_builder(&builder, &other) == CDPK_OK);
		CHECK(cdpk_audience_build_finish(&builder, &unit_allocator, 0, &bytes, &length) == CDPK_OK);
		CHECK(length == expected.length && memcmp(bytes, expected.bytes, length) == 0);
		free(bytes);
		cdpk_audience_build_free(&builder);
		cdpk_audience_build_free(&other);
		free_set(&a);
		free_set(&b);
		free_set(&expected);
	}
}

static void
overlaps(void)
{
	uint64_t state = 4;

	for (int round = 0; round < 20; round++)
	{
		Set sets[7];
		CdpkAudience audiences[7];
		uint64_t common[49];

		for (int i = 0; i < 7; i++)
		{
			sets[i] = random_set(&state);
			audiences[i] = sets[i].audience;
		}
		CHECK(cdpk_audience_overlaps(audiences, 7, &unit_allocator, NULL, common) == CDPK_OK);
		for (int i = 0; i < 7; i++)
			for (int j = i + 1; j < 7; j++)
			{
				Set expected = expected_set(CDPK_SET_AND, &sets[i], &sets[j]);

				CHECK(common[i * 7 + j] == expected.count);
				free_set(&expected);
			}
		for (int i = 0; i < 7; i++)
			free_set(&sets[i]);
	}
}

static void
text_round_trip(void)
{
	uint64_t state = 5;

	for (int round = 0; round < 60; round++)
	{
		Set set = random_set(&state);
		CdpkTextProblem problem;
		uint8_t *bytes;
		size_t length;
		char *text;

		CHECK(cdpk_audience_print(&set.audience, &unit_allocator, &text) == CDPK_OK);
		CHECK(cdpk_audience_parse(text, strlen(text), &unit_allocator, 0, NULL, &bytes, &length,
								  &problem) == CDPK_OK);
		CHECK(length == set.length && memcmp(bytes, set.bytes, length) == 0);
		free(bytes);
		free(text);
		free_set(&set);
	}
}

/* What a text is written as, or why it is refused. */
static void
text_is(const char *text, CdpkStatus expected, const char *written)
{
	CdpkTextProblem problem = {"", 0};
	CdpkAudience audience;
	uint8_t *bytes;
	size_t length;
	char *again;
	CdpkStatus status = cdpk_audience_parse(text, strlen(text), &unit_allocator, 0, NULL, &bytes,
											&length, &problem);

	CHECK(status == expected);
	if (status != CDPK_OK)
	{
		CHECK(status != CDPK_INVALID || strcmp(problem.words, written) == 0);
		return;
	}
	CHECK(cdpk_audience_check(bytes, length) == CDPK_OK);
	CHECK(cdpk_audience_open(bytes, length, &audience) == CDPK_OK);
	CHECK(cdpk_audience_print(&audience, &unit_allocator, &again) == CDPK_OK);
	CHECK(strcmp(again, written) == 0);
	free(bytes);
	free(again);
}

static void
texts(void)
{
	text_is("{}", CDPK_OK, "{}");
	text_is(" { 7 ,\n3..5, 4 .. 6 , -2 } ", CDPK_OK, "{-2,3..7}");
	text_is("{1,2}", CDPK_OK, "{1,2}");
	text_is("{65535,65536,65537,1..3}", CDPK_OK, "{1..3,65535..65537}");
	text_is("{-9223372036854775808..-9223372036854775807,9223372036854775807}", CDPK_OK,
			"{-9223372036854775808,-9223372036854775807,9223372036854775807}");
	text_is("{9223372036854775806..9223372036854775807,0}", CDPK_OK,
			"{0,9223372036854775806,9223372036854775807}");
	text_is("{9223372036854775808}", CDPK_INVALID, "an id is out of range for type bigint");
	text_is("{-9223372036854775809}", CDPK_INVALID, "an id is out of range for type bigint");
	text_is("{5..3}", CDPK_INVALID, "a range ends before it begins");
	text_is("{1,}", CDPK_INVALID, "an id is expected");
	text_is("{1 2}", CDPK_INVALID, "a comma or a closing brace is expected");
	text_is("{1}x", CDPK_INVALID, "nothing may follow the closing brace");
	text_is("1", CDPK_INVALID, "an opening brace is expected");
	text_is("", CDPK_INVALID, "an opening brace is expected");
	text_is("{- 1}", CDPK_INVALID, "an id is expected");
	text_is("{1..9223372036854775807}", CDPK_TOO_LONG, "");
	text_is("{-9223372036854775808..9223372036854775807}", CDPK_TOO_LONG, "");
}

/* Every bit of a small audience changed: refused, or still the one form of another set. */
static void
changed_bytes(void)
{
	static const int64_t ids[] = {-5, 1, 2, 3, 4, 5, 6, 7, 100, 65536, 65540, INT64_C(1) << 40};
	uint8_t *bytes;
	uint8_t *copy;
	size_t length;

	build(ids, sizeof(ids) / sizeof(ids[0]), &bytes, &length);
	copy = malloc(length);
	for (size_t bit = 0; bit < 8 * length; bit++)
	{
		CdpkAudience audience;

		memcpy(copy, bytes, length);
		copy[bit / 8] = (uint8_t) (copy[bit / 8] ^ 1U << bit % 8);
		if (cdpk_audience_check(copy, length) == CDPK_OK)
		{
			CdpkAudienceBuilder builder;
			uint8_t *again;
			size_t again_length;

			CHECK(cdpk_audience_open(copy, length, &audience) == CDPK_OK);
			CHECK(cdpk_audience_build_begin(&builder, &unit_allocator) == CDPK_OK);
			CHECK(cdpk_audience_add(&builder, &audience) == CDPK_OK);
			CHECK(cdpk_audience_build_finish(&builder, &unit_allocator, 0, &again, &again_length) ==
				  CDPK_OK);
			CHECK(again_length == length && memcmp(again, copy, length) == 0);
			free(again);
			cdpk_audience_build_free(&builder);
		}
	}
	for (size_t cut = 0; cut < length; cut++)
		CHECK(cdpk_audience_check(bytes, cut) != CDPK_OK);
	free(copy);
	free(bytes);
}

/* Memory that ends at any point: an error, and nothing is lost. */
static void
scarce_memory(void)
{
	uint64_t state = 6;
	Set a = random_set(&state);
	Set b = random_set(&state);
	bool whole = false;

	for (int64_t left = 0; !whole && left < 10000; left += 1 + left / 16)
	{
		UnitScarce scarce = {left};
		CdpkAllocator allocator = {unit_scarce_allocate, unit_release, &scarce};
		CdpkAudienceBuilder builder;
		CdpkTextProblem problem;
		uint8_t *bytes = NULL;
		size_t length;
		CdpkStatus status = cdpk_audience_build_begin(&builder, &allocator);

		if (status == CDPK_OK)
			status = cdpk_audience_add(&builder, &a.audience);
		if (status == CDPK_OK)
			status = cdpk_audience_build_finish(&builder, &allocator, 0, &bytes, &length);
		cdpk_audience_build_free(&builder);
		free(bytes);
		bytes = NULL;
		if (status == CDPK_OK)
			status = cdpk_audience_combine(CDPK_SET_XOR, &a.audience, &b.audience, &allocator, 0,
										   NULL, &bytes, &length);
		free(bytes);
		bytes = NULL;
		if (status == CDPK_OK)
			status =
				cdpk_audience_parse("{1..5,9}", 8, &allocator, 0, NULL, &bytes, &length, &problem);
		free(bytes);
		CHECK(status == CDPK_OK || status == CDPK_OUT_OF_MEMORY);
		whole = status == CDPK_OK;
	}
	CHECK(whole);
	free_set(&a);
	free_set(&b);
}

int
main(void)
{
	unit_use_all();
	TEST(operations);
	TEST(membership);
	TEST(building);
	TEST(overlaps);
	TEST(text_round_trip);
	TEST(texts);
	TEST(changed_bytes);
	TEST(scarce_memory);
	UNIT_EXIT();
}
