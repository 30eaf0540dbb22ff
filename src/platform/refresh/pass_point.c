/*
 * pass_point.c
 *		That something was said of a purpose, once; and by what such sayings are one row of the ledger.
 */
#include "postgres.h"

#include "platform/refresh/pass_consent.h"

ConsentPoints *
pass_new_points(Pass *pass)
{
	ConsentPoints *points = palloc0(sizeof(ConsentPoints));

	points->pass = pass;
	points->hash_key = hash_key(HASH_CONTENT);
	cdpk_idmap_init(&points->places, &pass->allocator);
	return points;
}

/* hash_of returns a hash of a key; attempt: another one, where something else has it. */
static uint64
hash_of(const ConsentPoints *points, const ConsentKey *key, uint64 attempt)
{
	CdpkSipHash hash = cdpk_siphash_begin(&points->hash_key);

	cdpk_siphash_word(&hash, attempt);
	cdpk_siphash_word(&hash, (uint64) (uint32) key->source_id << 32 | (uint16) key->purpose_id);
	for (int i = 0; i < key->id_count; i++)
		cdpk_siphash_word(&hash, (uint64) key->ids[i]);
	return cdpk_siphash_end(&hash, NULL, 0);
}

static bool
is_same_key(const ConsentKey *a, const ConsentKey *b)
{
	return a->purpose_id == b->purpose_id && a->source_id == b->source_id &&
		   a->id_count == b->id_count && memcmp(a->ids, b->ids, sizeof(int64) * a->id_count) == 0;
}

int
pass_consent_key(ConsentPoints *points, const ConsentKey *key, bool add)
{
	uint64 hash = hash_of(points, key, 0);
	uint32_t place;
	ConsentKey *added;
	int64 *ids;

	for (uint64 attempt = 1; (place = cdpk_idmap_get(&points->places, hash)) != CDPK_IDMAP_NONE;
		 attempt++)
	{
		if (is_same_key(&points->keys[place], key))
			return (int) place;
		hash = hash_of(points, key, attempt);
	}
	if (!add)
		return -1;
	if (points->key_count == points->key_capacity)
	{
		points->key_capacity = Max(64, points->key_capacity * 2);
		points->keys = points->keys == NULL
						   ? pass_array(points->key_capacity, sizeof(ConsentKey))
						   : repalloc_huge(points->keys, sizeof(ConsentKey) * points->key_capacity);
	}
	pass_check(cdpk_idmap_put(&points->places, hash, (uint32_t) points->key_count));
	ids = palloc(sizeof(int64) * key->id_count);
	memcpy(ids, key->ids, sizeof(int64) * key->id_count);
	added = &points->keys[points->key_count];
	*added = *key;
	added->ids = ids;
	added->first_row = added->row_count = 0;
	added->reread = false;
	return points->key_count++;
}

void
pass_add_point(ConsentPoints *points, int key, bool no, TimestampTz at, int64 event_id)
{
	ConsentPoint point = {key, no, at, event_id};

	if (points->count == points->capacity)
	{
		points->capacity = Max(64, points->capacity * 2);
		points->points =
			points->points == NULL
				? pass_array(points->capacity, sizeof(ConsentPoint))
				: repalloc_huge(points->points, sizeof(ConsentPoint) * points->capacity);
	}
	points->points[points->count++] = point;
}

int
pass_compare_points(const ConsentPoint *a, const ConsentPoint *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->no != b->no)
		return a->no ? 1 : -1;
	return (a->event_id > b->event_id) - (a->event_id < b->event_id);
}

/* compare_points is the order in which they are sorted. */
static int
compare_points(const void *a, const void *b)
{
	const ConsentPoint *left = a;
	const ConsentPoint *right = b;

	return left->key != right->key ? (left->key > right->key) - (left->key < right->key)
								   : pass_compare_points(left, right);
}

void
pass_sort_points(ConsentPoints *points)
{
	if (points->count > 1)
		qsort(points->points, points->count, sizeof(ConsentPoint), compare_points);
}

int
pass_consent_ids(const Pass *pass, const CdpkBatchRow *row, int64 *ids)
{
	PassIds found = {ids};

	for (uint32 i = 0; i < row->identifier_count; i++)
	{
		const CdpkBatchBytes *payload = &row->identifiers[i];
		uint32_t place = cdpk_batch_find(pass->batch, payload->bytes, payload->length);
		const CdpkBatchIdentifier *identifier;

		if (place == CDPK_BATCH_NONE)
		{
			if (pass->blocked == NULL ||
				!blocked_rules_match(pass->blocked, payload->bytes, payload->length))
				return 0;
			continue;
		}
		identifier = cdpk_batch_identifier(pass->batch, place);
		if (!identifier->blocked && identifier->identifier_id != 0)
			ids[found.count++] = identifier->identifier_id;
	}
	pass_sort_ids(&found);
	return found.count;
}
