/*
 * pass_said.c
 *		What was said, by whom and when: whether the same was said by the same person within a span of time.
 *
 * Of each content and identifier the times are divided into buckets that are a little longer than the span: what
 * was said within the span of a time is in its bucket, or the nearest of the one before or after it.
 */
#include "postgres.h"

#include "platform/refresh/pass.h"

/* The first and last time of a bucket. */
typedef struct Bucket
{
	TimestampTz first;
	TimestampTz last;
} Bucket;

/* The buckets for one span. */
typedef struct Span
{
	int64 within;
	CdpkIdMap places; /* of the buckets, by a hash of content, number and identifier */
	Bucket *buckets;
	int count;
	int capacity;
} Span;

struct PassSpans
{
	CdpkSipHashKey key;
	Span *spans;
	int count;
};

PassSpans *
pass_new_spans(Pass *pass, const int64 *within, int count)
{
	PassSpans *spans = palloc(sizeof(PassSpans));

	spans->key = hash_key(HASH_CONTENT);
	spans->spans = palloc0(sizeof(Span) * count);
	spans->count = count;
	for (int i = 0; i < count; i++)
	{
		Span *span = &spans->spans[i];

		span->within = within[i];
		cdpk_idmap_init(&span->places, &pass->allocator);
		span->capacity = 1024;
		span->buckets = pass_array(span->capacity, sizeof(Bucket));
	}
	return spans;
}

void
pass_free_spans(PassSpans *spans)
{
	for (int i = 0; i < spans->count; i++)
	{
		cdpk_idmap_free(&spans->spans[i].places);
		pfree(spans->spans[i].buckets);
	}
}

/* bucket_number returns the number of the bucket of a time: times in one bucket are not farther apart than the span. */
static int64
bucket_number(const Span *span, TimestampTz at)
{
	int64 length = span->within + 1;

	return at / length - (at % length < 0);
}

/* bucket_key returns the key of a bucket. */
static uint64
bucket_key(const PassSpans *spans, uint64 content, int64 number, const CdpkBatchBytes *identifier)
{
	CdpkSipHash hash = cdpk_siphash_begin(&spans->key);
	uint32 whole = identifier->length - identifier->length % 8;

	cdpk_siphash_word(&hash, content);
	cdpk_siphash_word(&hash, (uint64) number);
	for (uint32 i = 0; i < whole; i += 8)
		cdpk_siphash_word(&hash, cdpk_siphash_read(identifier->bytes + i, 8));
	return cdpk_siphash_end(&hash, identifier->bytes + whole, identifier->length - whole);
}

/* find_bucket finds a bucket; NULL: nothing was said in it. */
static Bucket *
find_bucket(const PassSpans *spans, const Span *span, uint64 key)
{
	uint32_t place = cdpk_idmap_get(&span->places, key);

	return place == CDPK_IDMAP_NONE ? NULL : &span->buckets[place];
}

/* add_bucket adds a bucket of one time. */
static void
add_bucket(Span *span, uint64 key, TimestampTz at)
{
	Bucket bucket = {at, at};

	if (span->count == span->capacity)
	{
		span->capacity *= 2;
		span->buckets = repalloc_huge(span->buckets, sizeof(Bucket) * span->capacity);
	}
	pass_check(cdpk_idmap_put(&span->places, key, (uint32_t) span->count));
	span->buckets[span->count++] = bucket;
}

void
pass_add_said(PassSpans *spans, const PassStatement *said)
{
	for (int i = 0; i < spans->count; i++)
	{
		Span *span = &spans->spans[i];
		int64 number = bucket_number(span, said->at);

		for (int k = 0; k < said->count; k++)
		{
			uint64 key = bucket_key(spans, said->content, number, &said->identifiers[k]);
			Bucket *bucket = find_bucket(spans, span, key);

			if (bucket == NULL)
			{
				add_bucket(span, key, said->at);
				continue;
			}
			bucket->first = Min(bucket->first, said->at);
			bucket->last = Max(bucket->last, said->at);
		}
	}
}

/* was_said_by tells whether the same was said with one identifier. */
static bool
was_said_by(const PassSpans *spans, const Span *span, const PassStatement *said,
			const CdpkBatchBytes *identifier)
{
	int64 number = bucket_number(span, said->at);
	const Bucket *bucket;

	if (find_bucket(spans, span, bucket_key(spans, said->content, number, identifier)) != NULL)
		return true;
	bucket = find_bucket(spans, span, bucket_key(spans, said->content, number - 1, identifier));
	if (bucket != NULL && said->at - bucket->last <= span->within)
		return true;
	bucket = find_bucket(spans, span, bucket_key(spans, said->content, number + 1, identifier));
	return bucket != NULL && bucket->first - said->at <= span->within;
}

bool
pass_was_said(const PassSpans *spans, int64 within, const PassStatement *said)
{
	for (int i = 0; i < spans->count; i++)
	{
		if (spans->spans[i].within != within)
			continue;
		for (int k = 0; k < said->count; k++)
			if (was_said_by(spans, &spans->spans[i], said, &said->identifiers[k]))
				return true;
	}
	return false;
}
