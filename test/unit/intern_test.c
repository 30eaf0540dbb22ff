/* intern_test.c: equal strings get one number, others never do, also where hashes collide */
#include "core/base/intern.h"
#include "core/base/textcache.h"
#include "unit.h"

#define STRING_MAX 40

/* The hash of a string without a head. */
static uint32_t
hash_of(const CdpkIntern *intern, const void *bytes, size_t length)
{
	return cdpk_intern_hash(intern, cdpk_intern_hash_head(intern, NULL, 0), bytes, length);
}

typedef struct String
{
	size_t length;
	uint8_t bytes[STRING_MAX];
} String;

/* Strings over two letters, so that many are equal and many differ in one place only. */
static String
random_string(uint64_t *state)
{
	String string;

	string.length = 1 + (size_t) (unit_random(state) % STRING_MAX);
	if (unit_random(state) % 2 == 0)
		string.length = 1 + string.length % 12;
	memset(string.bytes, 'a', STRING_MAX);
	for (int changes = (int) (unit_random(state) % 3); changes >= 0; changes--)
		string.bytes[unit_random(state) % string.length] = (uint8_t) ('a' + unit_random(state) % 3);
	return string;
}

/* The number of a string as a caller gets it: the candidate, else the search, else it is added. */
static uint32_t
number_of(CdpkIntern *intern, uint32_t hash, const String *string)
{
	uint32_t reference;

	cdpk_intern_prefetch(intern, hash);
	reference = cdpk_intern_candidate(intern, hash, string->length);
	if (reference == CDPK_INTERN_NOTHING ||
		!cdpk_intern_is(intern, reference, string->bytes, string->length))
		reference = cdpk_intern_find(intern, hash, string->bytes, string->length);
	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(intern, reference)->number;
	CHECK(cdpk_intern_add(intern, hash, string->bytes, string->length) == CDPK_OK);
	return intern->count - 1;
}

/* Feeds random strings with "bits" bits of hash left, beside a list that is searched through. */
static void
compare_with_a_list(unsigned bits, int strings, uint64_t seed)
{
	String *list = malloc((size_t) strings * sizeof(String));
	uint32_t listed = 0;
	uint64_t state = seed;
	uint64_t position = 0;
	CdpkIntern intern;

	CHECK(cdpk_intern_init(&intern, &unit_allocator, seed) == CDPK_OK);
	for (int i = 0; i < strings; i++)
	{
		String string = random_string(&state);
		uint32_t hash = hash_of(&intern, string.bytes, string.length);
		uint32_t expected = 0;

		hash = bits == 0 ? UINT32_MAX : hash >> (32 - bits) << (32 - bits);
		while (expected < listed &&
			   (list[expected].length != string.length ||
				memcmp(list[expected].bytes, string.bytes, string.length) != 0))
			expected++;
		if (expected == listed)
			list[listed++] = string;
		CHECK(number_of(&intern, hash, &string) == expected);
	}
	CHECK(intern.count == listed);
	cdpk_intern_seal(&intern);
	for (uint32_t i = 0; i < listed; i++)
	{
		const CdpkInternRecord *record = cdpk_intern_next(&intern, &position);

		CHECK(record != NULL && record->number == i && record->length == list[i].length &&
			  memcmp(record->bytes, list[i].bytes, list[i].length) == 0);
	}
	CHECK(cdpk_intern_next(&intern, &position) == NULL);
	cdpk_intern_free(&intern);
	CHECK(intern.allocated == 0);
	free(list);
}

static void
numbers_equal_those_of_a_list(void)
{
	/* at first all hashes are equal, and wrap round at the end of the slots */
	static const unsigned bits[] = {0, 1, 4, 8, 12, 32};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		compare_with_a_list(bits[i], 6000, i);
}

/* Many strings of many lengths: the records go over several blocks and extents. */
static void
records_survive_growth(void)
{
	const uint32_t strings = 300000;
	uint8_t bytes[600];
	uint64_t position = 0;
	size_t text = 0;
	int excess = 0;
	CdpkIntern intern;

	CHECK(cdpk_intern_init(&intern, &unit_allocator, 7) == CDPK_OK);
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < strings; i++)
		{
			size_t length = 4 + i % 97 + (i % 1000 == 0 ? 499 : 0);
			uint32_t hash;
			uint32_t reference;

			memset(bytes, (int) (i % 251), length);
			memcpy(bytes, &i, sizeof(i));
			hash = hash_of(&intern, bytes, length);
			reference = cdpk_intern_find(&intern, hash, bytes, length);
			CHECK((reference == CDPK_INTERN_NOTHING) == (pass == 0));
			if (pass == 0)
			{
				CHECK(cdpk_intern_add(&intern, hash, bytes, length) == CDPK_OK);
				text += length;
			}
			else
				CHECK(cdpk_intern_record(&intern, reference)->number == i);
			/* slots, the record's head and padding, and an extent just begun */
			if (intern.allocated > (text + (size_t) intern.count * (22 + 6 + 7)) * 9 / 8 + 2500000)
				excess++;
		}
	CHECK(excess == 0);
	cdpk_intern_seal(&intern);
	for (uint32_t i = 0; i < strings; i++)
		CHECK(cdpk_intern_next(&intern, &position)->number == i);
	CHECK(cdpk_intern_next(&intern, &position) == NULL);
	cdpk_intern_free(&intern);
}

/* Every bit of a string and its length matter, and the seed does. */
static void
hashes_differ(void)
{
	CdpkIntern intern;
	CdpkIntern other;
	uint8_t bytes[70];
	int equal = 0;

	CHECK(cdpk_intern_init(&intern, &unit_allocator, 1) == CDPK_OK);
	CHECK(cdpk_intern_init(&other, &unit_allocator, 2) == CDPK_OK);
	memset(bytes, 0, sizeof(bytes));
	for (size_t length = 1; length < sizeof(bytes); length++)
	{
		uint32_t hash = hash_of(&intern, bytes, length);

		equal += hash == hash_of(&intern, bytes, length + 1 <= sizeof(bytes) ? length + 1 : 1);
		equal += hash == hash_of(&other, bytes, length);
		for (size_t bit = 0; bit < 8 * length; bit++)
		{
			bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
			equal += hash == hash_of(&intern, bytes, length);
			bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
		}
	}
	/* the head counts, and its bytes are not those of the rest */
	for (size_t split = 0; split < 40; split++)
	{
		uint64_t head = cdpk_intern_hash_head(&intern, bytes, split);

		equal +=
			split > 0 && cdpk_intern_hash(&intern, head, bytes, 20) == hash_of(&intern, bytes, 20);
		equal += split > 0 && head == cdpk_intern_hash_head(&intern, bytes, split - 1);
	}
	CHECK(equal == 0);
	cdpk_intern_free(&intern);
	cdpk_intern_free(&other);
}

static void *
allocate_some(void *context, size_t size)
{
	int *left = context;

	return (*left)-- > 0 ? malloc(size) : NULL;
}

/* Memory runs out at each of the first allocations; then there is some again. */
static void
running_out_of_memory_loses_nothing(void)
{
	int left = 0;
	CdpkAllocator sparse = {allocate_some, unit_release, &left};
	CdpkIntern intern;
	int failures = 0;

	CHECK(cdpk_intern_init(&intern, &sparse, 3) == CDPK_OUT_OF_MEMORY);
	left = 1;
	CHECK(cdpk_intern_init(&intern, &sparse, 3) == CDPK_OK);
	for (uint32_t i = 0; i < 100000; i++)
	{
		const uint8_t *bytes = (const uint8_t *) &i;
		uint32_t hash = hash_of(&intern, bytes, sizeof(i));
		int allocations = 0;

		left = 0;
		while (cdpk_intern_add(&intern, hash, bytes, sizeof(i)) == CDPK_OUT_OF_MEMORY)
		{
			CHECK(intern.count == i);
			CHECK(cdpk_intern_find(&intern, hash, bytes, sizeof(i)) == CDPK_INTERN_NOTHING);
			left = ++allocations;
			failures++;
		}
		CHECK(intern.count == i + 1);
	}
	CHECK(failures > 10);
	for (uint32_t i = 0; i < 100000; i++)
	{
		uint32_t hash = hash_of(&intern, &i, sizeof(i));
		uint32_t reference = cdpk_intern_find(&intern, hash, (const uint8_t *) &i, sizeof(i));

		CHECK(reference != CDPK_INTERN_NOTHING &&
			  cdpk_intern_record(&intern, reference)->number == i);
	}
	cdpk_intern_free(&intern);
}

/* The cache may forget, but what it says is right. */
static void
the_text_cache_is_never_wrong(void)
{
	CdpkTextCache cache;
	uint64_t state = 5;
	uint32_t number;
	int known = 0;

	CHECK(cdpk_textcache_init(&cache, &unit_allocator, 6) == CDPK_OK);
	CHECK(cdpk_textcache_places(&cache) == 64);
	for (int i = 0; i < 100000; i++)
	{
		uint8_t bytes[CDPK_TEXTCACHE_LENGTH_MAX + 1];
		uint32_t value = (uint32_t) (unit_random(&state) % 200);
		size_t length = 1 + value % sizeof(bytes);
		uint32_t hash = value * 0x9e3779b1u;

		memset(bytes, (int) value, sizeof(bytes));
		if (cdpk_textcache_get(&cache, hash, bytes, length, &number))
		{
			CHECK(number == value * 3);
			known++;
		}
		cdpk_textcache_put(&cache, hash, bytes, length, value * 3);
		CHECK(cdpk_textcache_get(&cache, hash, bytes, length, &number) ==
			  (length <= CDPK_TEXTCACHE_LENGTH_MAX));
	}
	CHECK(known > 10000);
	CHECK(!cdpk_textcache_get(&cache, 0, (const uint8_t *) "", 0, &number));
	cdpk_textcache_free(&cache);
}

int
main(void)
{
	TEST(numbers_equal_those_of_a_list);
	TEST(records_survive_growth);
	TEST(hashes_differ);
	TEST(running_out_of_memory_loses_nothing);
	TEST(the_text_cache_is_never_wrong);
	UNIT_EXIT();
}
