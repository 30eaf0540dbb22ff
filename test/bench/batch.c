/*
 * batch.c: what core/batch takes for a batch: microseconds of CPU a row, by phase, and bytes a row
 *
 * usage: batch [rows [batches]]
 *
 * Rows are like those of a web site: an anonymous id, for most a user id, an event or (one in five) an
 * identify call with traits.  "new" batches bring people that the tables do not know, "known" ones
 * those of the batches before.  People do not share cookies, so that no profile is searched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/idmap.h"
#include "core/base/intern.h"
#include "core/batch/batch.h"
#include "core/identifier/identifier.h"
#include "core/traits/traits_merge.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_view.h"

#define TRY(call)                                            \
	do                                                       \
	{                                                        \
		CdpkStatus try_status_ = (call);                     \
		if (try_status_ != CDPK_OK)                          \
		{                                                    \
			fprintf(stderr, "%s: %d\n", #call, try_status_); \
			exit(1);                                         \
		}                                                    \
	} while (0)

#define PAYLOAD_ROOM 64

enum
{
	DEDUPE,
	IDENTIFY,
	NUMBER,
	EVIDENCE,
	STITCH,
	ANCHOR,
	FOLD,
	RELEASE,
	PHASES
};

static const char *const phase_names[PHASES] = {"dedupe", "intern", "number", "evidence",
												"stitch", "anchor", "fold",   "release"};

typedef struct Row
{
	uint8_t key[CDPK_BATCH_KEY_SIZE];
	uint8_t payload[2][PAYLOAD_ROOM];
	CdpkBatchBytes identifiers[2];
	uint8_t *traits;
} Row;

/* The tables: an identifier's number is its place, and mostly its profile's number too. */
typedef struct Known
{
	uint8_t payload[PAYLOAD_ROOM];
	uint32_t length;
	uint32_t name_space;
	int64_t profile_id;
	CdpkStitchCount counts[2];
	uint32_t count_length;
	CdpkStitchProfile summary;
	CdpkStitchCount limited;
	CdpkBatchPart part;
} Known;

static Known *tables;
static int64_t last_id;
static CdpkIntern by_payload; /* its number + 1 is the identifier's */
static CdpkIdMap link_of_pair;
static CdpkBatchLink *links;
static uint32_t link_count;
static int64_t last_event_id;
static uint64_t random_state = 7;
static const char *const names[] = {"page_viewed", "product_viewed", "product_list_viewed",
									"product_added", "order_completed"};

static const CdpkStitchNamespace namespaces[] = {{"anonymous_id", 12, 70, CDPK_UNLIMITED, NULL},
												 {"user_id", 7, 10, 1, NULL}};
static const int32_t trust[] = {3};

static uint64_t *people; /* of the new batches */
static size_t people_count;

static void *
bench_allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size ? size : 1);
}

static void
bench_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

static const CdpkAllocator allocator = {bench_allocate, bench_release, NULL};

/* The memory of one batch, in bytes. */
typedef struct Taken
{
	size_t held;
	size_t most;
	size_t all; /* as if nothing were given back */
} Taken;

static void *
counted_allocate(void *context, size_t size)
{
	Taken *taken = context;
	size_t *block = malloc(size + 16);

	if (block == NULL)
		return NULL;
	block[0] = size;
	taken->all += size;
	taken->held += size;
	if (taken->held > taken->most)
		taken->most = taken->held;
	return block + 2;
}

static void
counted_release(void *context, void *pointer)
{
	Taken *taken = context;
	size_t *block = (size_t *) pointer - 2;

	taken->held -= block[0];
	free(block);
}

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* ---------------------------------------------------------------- rows */

static void
make_identifier(Row *row, int place, const char *name_space, const char *value)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	TRY(cdpk_identifier_make(name_space, strlen(name_space), value, strlen(value), NULL, payload,
							 &length));
	memcpy(row->payload[place], payload, length);
	row->identifiers[place].bytes = row->payload[place];
	row->identifiers[place].length = (uint32_t) length;
}

static void
make_traits(Row *row, CdpkBatchRow *made)
{
	static const char *const keys[] = {"city", "first_name", "plan", "score"};
	CdpkTraitsState state;
	uint32_t hint = 0;
	size_t size;

	TRY(cdpk_traits_begin(&state, &allocator, 4, 100));
	for (int i = 0; i < 4; i++)
	{
		CdpkTrait trait = {0};

		trait.key = (const uint8_t *) keys[i];
		trait.key_length = (uint8_t) strlen(keys[i]);
		trait.at = made->said_at;
		trait.source = (const uint8_t *) "web";
		trait.source_length = 3;
		trait.count = 1;
		trait.value.type = CDPK_VALUE_STRING;
		trait.value.bytes = (const uint8_t *) "a value or so";
		trait.value.length = 13;
		TRY(cdpk_traits_put(&state, &trait, &hint));
	}
	size = cdpk_traits_compact_size(&state.view);
	row->traits = malloc(size);
	cdpk_traits_compact(&state.view, size, row->traits);
	made->traits.bytes = row->traits;
	made->traits.length = (uint32_t) size;
	free(state.bytes);
}

static void
make_row(Row *row, CdpkBatchRow *made, uint64_t person)
{
	uint64_t cookie = person * 3 + next_random(&random_state) % 2;
	uint64_t words[2];
	char text[40];
	const char *name = names[next_random(&random_state) % 5];

	memset(made, 0, sizeof(*made));
	memset(row, 0, sizeof(*row));
	words[0] = next_random(&random_state);
	words[1] = next_random(&random_state);
	memcpy(row->key, words, sizeof(words));
	words[0] = next_random(&cookie);
	words[1] = next_random(&cookie);
	snprintf(text, sizeof(text), "%08x-%04x-4%03x-8%03x-%012llx", (unsigned) words[0],
			 (unsigned) (words[0] >> 32) & 0xffff, (unsigned) (words[0] >> 48) & 0xfff,
			 (unsigned) words[1] & 0xfff, (unsigned long long) words[1] >> 16);
	make_identifier(row, 0, "anonymous_id", text);
	made->identifier_count = 1;
	if (person % 10 < 7)
	{
		snprintf(text, sizeof(text), "u_%llu", (unsigned long long) (100000000 + person));
		make_identifier(row, 1, "user_id", text);
		made->identifier_count = 2;
	}
	made->message_key = row->key;
	made->message_id.bytes = row->key;
	made->message_id.length = sizeof(row->key);
	made->identifiers = row->identifiers;
	made->at = made->said_at =
		INT64_C(820000000000000) + (int64_t) (next_random(&random_state) % 7776000) * 1000000;
	made->expires_at = CDPK_BATCH_NEVER;
	if (next_random(&random_state) % 5 == 0)
	{
		made->call = CDPK_BATCH_IDENTIFY;
		make_traits(row, made);
		return;
	}
	made->event.bytes = (const uint8_t *) name;
	made->event.length = (uint32_t) strlen(name);
}

/* ---------------------------------------------------------------- tables */

static uint32_t
hash_payload(const uint8_t *payload, size_t length)
{
	return cdpk_intern_hash(&by_payload, cdpk_intern_hash_head(&by_payload, NULL, 0), payload,
							length);
}

static int64_t
find_payload(const CdpkBatchBytes *payload)
{
	uint32_t reference =
		cdpk_intern_find(&by_payload, hash_payload(payload->bytes, payload->length), payload->bytes,
						 payload->length);

	return reference == CDPK_INTERN_NOTHING
			   ? 0
			   : (int64_t) cdpk_intern_record(&by_payload, reference)->number + 1;
}

static CdpkStatus
load_identifiers(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	(void) context;
	for (size_t i = 0; i < count; i++)
	{
		const Known *known = &tables[ids[i]];
		CdpkStitchIdentifier row = {ids[i],
									known->profile_id,
									known->payload,
									known->length,
									known->name_space,
									true,
									false,
									false,
									0};

		TRY(cdpk_stitch_add_identifiers(stitch, &row, 1));
	}
	return CDPK_OK;
}

static CdpkStatus
load_profiles(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		TRY(cdpk_stitch_add_profiles(stitch, &tables[ids[i]].summary, 1));
	return load_identifiers(context, stitch, ids, count);
}

static CdpkStatus
load_nothing(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	(void) context;
	(void) stitch;
	(void) ids;
	(void) count;
	return CDPK_UNSUPPORTED;
}

static CdpkStatus
load_no_forbids(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count,
				const int64_t *others, size_t other_count)
{
	(void) others;
	(void) other_count;
	return load_nothing(context, stitch, ids, count);
}

static void
give_known(CdpkBatch *batch)
{
	size_t count;
	const CdpkBatchBytes *payloads = cdpk_batch_names(batch, &count);
	CdpkBatchKnown *rows = calloc(count, sizeof(*rows));
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
	{
		int64_t id = find_payload(&payloads[i]);

		if (id == 0)
			continue;
		rows[found].place = (uint32_t) i;
		rows[found].shared = false;
		rows[found].identifier_id = id;
		rows[found].profile_id = tables[id].profile_id;
		rows[found].counts = tables[id].counts;
		rows[found++].count_length = tables[id].count_length;
	}
	TRY(cdpk_batch_add_known(batch, rows, found));
	free(rows);
}

static void
give_links(CdpkBatch *batch)
{
	size_t count;
	const CdpkBatchIdPair *pairs = cdpk_batch_pairs(batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		uint32_t found =
			cdpk_idmap_get(&link_of_pair, (uint64_t) pairs[i].a << 32 | (uint64_t) pairs[i].b);

		if (found != CDPK_IDMAP_NONE)
			TRY(cdpk_batch_add_links(batch, &links[found], 1));
	}
}

static void
give_parts(CdpkBatch *batch)
{
	size_t count;
	const int64_t *ids = cdpk_batch_profiles_wanted(batch, &count);

	for (size_t i = 0; i < count; i++)
		if (tables[ids[i]].part.profile_id != 0)
			TRY(cdpk_batch_add_parts(batch, &tables[ids[i]].part, 1));
}

static CdpkBatchBytes
copy_bytes(CdpkBatchBytes bytes)
{
	uint8_t *copy = bytes.bytes != NULL ? malloc(bytes.length) : NULL;

	if (copy != NULL)
		memcpy(copy, bytes.bytes, bytes.length);
	bytes.bytes = copy;
	return bytes;
}

/* Write what the batch says, as far as later batches ask for it; profiles do not end here. */
static void
write_tables(CdpkBatch *batch)
{
	size_t count;
	const uint32_t *places = cdpk_batch_fresh(batch, &count);
	const CdpkBatchLinks *made = cdpk_batch_links(batch);
	const CdpkBatchProfile *profiles;

	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *row = cdpk_batch_identifier(batch, places[i]);
		Known *known = &tables[row->identifier_id];

		TRY(cdpk_intern_add(&by_payload, hash_payload(row->payload.bytes, row->payload.length),
							row->payload.bytes, row->payload.length));
		memcpy(known->payload, row->payload.bytes, row->payload.length);
		known->length = row->payload.length;
		known->name_space = row->name_space;
		known->profile_id = row->profile_after;
		last_id = row->identifier_id;
	}
	places = cdpk_batch_recounted(batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *row = cdpk_batch_identifier(batch, places[i]);
		Known *known = &tables[row->identifier_id];

		known->profile_id = row->profile_after;
		known->count_length = row->count_length;
		memcpy(known->counts, row->counts, row->count_length * sizeof(CdpkStitchCount));
	}
	for (size_t i = 0; i < made->inserted_count; i++)
	{
		const CdpkBatchLink *link = &made->inserted[i];

		TRY(cdpk_idmap_put(&link_of_pair, (uint64_t) link->a << 32 | (uint64_t) link->b,
						   link_count));
		links[link_count] = *link;
		links[link_count++].message_id.bytes = NULL;
	}
	profiles = cdpk_batch_profiles(batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchProfile *row = &profiles[i];
		Known *known = &tables[row->profile_id];
		CdpkBatchPart part = {row->profile_id,
							  row->events,
							  row->first_at,
							  row->last_at,
							  row->expires_at,
							  copy_bytes(row->traits),
							  copy_bytes(row->timeline)};

		known->part = part;
		if (row->summary == NULL)
			continue;
		known->summary = *row->summary;
		if (row->summary->count_length > 0)
			known->limited = row->summary->counts[0];
		known->summary.counts = &known->limited;
	}
}

/* ---------------------------------------------------------------- one batch */

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double) time.tv_sec * 1e6 + (double) time.tv_nsec / 1e3;
}

/* Time one phase; what the tables do between is left out. */
#define TIMED(phase, ...)               \
	do                                  \
	{                                   \
		double start_ = now();          \
		__VA_ARGS__;                    \
		spent[phase] += now() - start_; \
	} while (0)

static void
run_batch(const CdpkBatchRow *rows, size_t count, double *spent, Taken *taken)
{
	CdpkAllocator counted = {counted_allocate, counted_release, taken};
	CdpkBatchSetup setup = {&counted, NULL, NULL, 1};
	CdpkBatchRules rules = {{namespaces, 2, 1000}, trust, 1};
	CdpkStitchStore store = {NULL,         load_identifiers, load_profiles, load_nothing,
							 load_nothing, load_no_forbids,  NULL};
	CdpkBatch *batch;

	TIMED(DEDUPE, TRY(cdpk_batch_new(&setup, &batch));
		  TRY(cdpk_batch_begin(batch, rows, count, NULL));
		  TRY(cdpk_batch_accept(batch, NULL, last_event_id)));
	last_event_id += (int64_t) count;
	TIMED(IDENTIFY, TRY(cdpk_batch_identify(batch)); TRY(cdpk_batch_set_rules(batch, &rules)));
	give_known(batch);
	TIMED(NUMBER, TRY(cdpk_batch_number(batch, last_id)));
	TIMED(EVIDENCE, TRY(cdpk_batch_pair(batch)));
	give_links(batch);
	TIMED(EVIDENCE, TRY(cdpk_batch_link(batch)));
	TIMED(STITCH, TRY(cdpk_batch_stitch(batch, &store)));
	TIMED(ANCHOR, TRY(cdpk_batch_anchor(batch)));
	TIMED(FOLD, TRY(cdpk_batch_plan(batch)));
	give_parts(batch);
	TIMED(FOLD, TRY(cdpk_batch_fold(batch)));
	write_tables(batch);
	TIMED(RELEASE, cdpk_batch_free(batch));
}

static void
print_spent(const char *what, size_t rows, int64_t identifiers, const double *spent,
			const Taken *taken)
{
	double sum = 0;

	printf("%-6s %.2f new identifiers a row:", what, (double) identifiers / (double) rows);
	for (int i = 0; i < PHASES; i++)
	{
		printf(" %s %.2f", phase_names[i], spent[i] / (double) rows);
		sum += spent[i] / (double) rows;
	}
	printf(" = %.2f us; bytes: %.0f at most, %.0f in all\n", sum,
		   (double) taken->most / (double) rows, (double) taken->all / (double) rows);
}

int
main(int argc, char **argv)
{
	size_t row_count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	int batches = argc > 2 ? atoi(argv[2]) : 3;
	size_t room = 4 * row_count * (size_t) batches + 1; /* two identifiers a row, new and known */
	Row *values = malloc(row_count * sizeof(Row));
	CdpkBatchRow *rows = malloc(row_count * sizeof(CdpkBatchRow));

	people = malloc((size_t) batches * row_count * sizeof(uint64_t));
	tables = calloc(room, sizeof(Known));
	links = malloc(room * sizeof(CdpkBatchLink));
	TRY(cdpk_intern_init(&by_payload, &allocator, 3));
	cdpk_idmap_init(&link_of_pair, &allocator);
	for (int known = 0; known < 2; known++)
		for (int i = 0; i < batches; i++)
		{
			double spent[PHASES] = {0};
			Taken taken = {0, 0, 0};
			int64_t before = last_id;

			for (size_t k = 0; k < row_count; k++)
			{
				if (!known)
					people[people_count++] = next_random(&random_state) % (30 * row_count);
				make_row(
					&values[k], &rows[k],
					people[known ? next_random(&random_state) % people_count : people_count - 1]);
			}
			run_batch(rows, row_count, spent, &taken);
			print_spent(known ? "known" : "new", row_count, last_id - before, spent, &taken);
			for (size_t k = 0; k < row_count; k++)
				free(values[k].traits);
		}
	return 0;
}
