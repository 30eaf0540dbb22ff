/*
 * audience.c
 *		A set of ids of 64 bits as compressed bytes: read, searched, counted.
 */
#include "core/audience/audience.h"

#include "core/base/bytes.h"

/* chunks after which a cancelled query gets a chance */
#define PAUSE_EVERY 1024
/* an array of more is made a bitmap before it is compared with several */
#define FEW_IDS 32

/* Read the header. */
static CdpkStatus
read_header(const uint8_t *bytes, size_t length, uint32_t *chunks, uint64_t *size)
{
	if (length < 1)
		return CDPK_CORRUPT;
	if (bytes[0] != CDPK_AUDIENCE_VERSION)
		return CDPK_UNKNOWN_VERSION;
	if (length < CDPK_AUDIENCE_HEADER)
		return CDPK_CORRUPT;
	*chunks = (uint32_t) cdpk_le16(bytes + 1) | (uint32_t) cdpk_le16(bytes + 3) << 16;
	*size = cdpk_le64(bytes + 5);
	return CDPK_OK;
}

CdpkStatus
cdpk_audience_size(const uint8_t *bytes, size_t length, uint64_t *size)
{
	uint32_t chunks;

	return read_header(bytes, length, &chunks, size);
}

CdpkStatus
cdpk_audience_open(const uint8_t *bytes, size_t length, CdpkAudience *audience)
{
	CdpkStatus status = read_header(bytes, length, &audience->chunks, &audience->size);
	size_t left;

	if (status != CDPK_OK)
		return status;
	left = length - CDPK_AUDIENCE_HEADER;
	if (audience->chunks > left / CDPK_AUDIENCE_ENTRY)
		return CDPK_CORRUPT;
	audience->data = bytes + CDPK_AUDIENCE_HEADER;
	audience->data_length = left - (size_t) audience->chunks * CDPK_AUDIENCE_ENTRY;
	audience->directory = audience->data + audience->data_length;
	/* a chunk has 1 to 65536 ids */
	if (audience->size < audience->chunks ||
		audience->size > (uint64_t) audience->chunks * CDPK_CHUNK_IDS)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

static const uint8_t *
entry_of(const CdpkAudience *audience, uint32_t chunk)
{
	return audience->directory + (size_t) chunk * CDPK_AUDIENCE_ENTRY;
}

/* Return where the container of a chunk ends in the data. */
static size_t
end_of(const CdpkAudience *audience, uint32_t chunk)
{
	const uint8_t *entry = entry_of(audience, chunk);

	return (size_t) cdpk_le16(entry + 8) | (size_t) cdpk_le16(entry + 10) << 16;
}

uint64_t
cdpk_audience_key(const CdpkAudience *audience, uint32_t chunk)
{
	return cdpk_le64(entry_of(audience, chunk)) & UINT64_C(0xffffffffffff);
}

bool
cdpk_audience_chunk(const CdpkAudience *audience, uint32_t chunk, CdpkContainer *container)
{
	uint64_t head = cdpk_le64(entry_of(audience, chunk));
	size_t start = chunk == 0 ? 0 : end_of(audience, chunk - 1);
	size_t end = end_of(audience, chunk);
	size_t length = end - start;

	if (end > audience->data_length || start >= end || length > CDPK_BITMAP_SIZE)
		return false;
	container->key = head & UINT64_C(0xffffffffffff);
	container->count = (uint32_t) (head >> 48) + 1;
	container->bytes = audience->data + start;
	/* the length tells the kind: runs are kept only where they are shorter than the others */
	if (length == CDPK_BITMAP_SIZE)
	{
		container->kind = CDPK_CONTAINER_BITMAP;
		container->items = 0;
		return true;
	}
	container->kind =
		length == 2 * (size_t) container->count ? CDPK_CONTAINER_ARRAY : CDPK_CONTAINER_RUNS;
	container->items =
		container->kind == CDPK_CONTAINER_ARRAY ? container->count : (uint32_t) (length / 4);
	return container->kind == CDPK_CONTAINER_ARRAY || length % 4 == 0;
}

CdpkStatus
cdpk_audience_check(const uint8_t *bytes, size_t length)
{
	CdpkAudience audience;
	CdpkStatus status = cdpk_audience_open(bytes, length, &audience);
	uint64_t size = 0;

	if (status != CDPK_OK)
		return status;
	if (length > CDPK_AUDIENCE_MAX)
		return CDPK_TOO_LONG;
	for (uint32_t i = 0; i < audience.chunks; i++)
	{
		CdpkContainer container;

		if (!cdpk_audience_chunk(&audience, i, &container) || !cdpk_container_valid(&container) ||
			(i > 0 && container.key <= cdpk_audience_key(&audience, i - 1)))
			return CDPK_CORRUPT;
		size += container.count;
	}
	if (audience.chunks > 0 ? end_of(&audience, audience.chunks - 1) != audience.data_length
							: audience.data_length > 0)
		return CDPK_CORRUPT;
	return size == audience.size ? CDPK_OK : CDPK_CORRUPT;
}

CdpkStatus
cdpk_audience_has(const CdpkAudience *audience, int64_t id, bool *has)
{
	uint64_t key = cdpk_id_key(id);
	uint32_t start = 0;
	uint32_t end = audience->chunks;
	CdpkContainer container;

	while (start < end)
	{
		uint32_t middle = start + (end - start) / 2;

		if (cdpk_audience_key(audience, middle) < key)
			start = middle + 1;
		else
			end = middle;
	}
	*has = false;
	if (start == audience->chunks || cdpk_audience_key(audience, start) != key)
		return CDPK_OK;
	if (!cdpk_audience_chunk(audience, start, &container))
		return CDPK_CORRUPT;
	*has = cdpk_container_has(&container, (uint16_t) ((uint64_t) id & 0xffff));
	return CDPK_OK;
}

CdpkStatus
cdpk_audience_common(const CdpkAudience *a, const CdpkAudience *b, CdpkPause pause,
					 uint64_t *common)
{
	uint32_t i = 0;
	uint32_t j = 0;

	*common = 0;
	while (i < a->chunks && j < b->chunks)
	{
		uint64_t key = cdpk_audience_key(a, i);
		uint64_t other = cdpk_audience_key(b, j);
		CdpkContainer x;
		CdpkContainer y;

		if (pause != NULL && (i + j) % PAUSE_EVERY == 0)
			pause();
		if (key == other)
		{
			if (!cdpk_audience_chunk(a, i, &x) || !cdpk_audience_chunk(b, j, &y))
				return CDPK_CORRUPT;
			*common += cdpk_container_common(&x, &y);
		}
		i += key <= other;
		j += other <= key;
	}
	return CDPK_OK;
}

/* those of several audiences that have ids in one chunk */
typedef struct ChunkMembers
{
	uint32_t *next;   /* of each audience, its next chunk */
	uint32_t *places; /* of those that have this chunk, which audience */
	CdpkContainer *containers;
	uint32_t count;
} ChunkMembers;

/* Collect the containers of the least key that is left; false after the last. */
static bool
next_members(const CdpkAudience *audiences, uint32_t number, ChunkMembers *members,
			 CdpkStatus *status)
{
	uint64_t least = UINT64_MAX;

	members->count = 0;
	for (uint32_t i = 0; i < number; i++)
	{
		uint64_t key;

		if (members->next[i] == audiences[i].chunks)
			continue;
		key = cdpk_audience_key(&audiences[i], members->next[i]);
		if (key < least)
			members->count = 0;
		if (key > least)
			continue;
		least = key;
		members->places[members->count++] = i;
	}
	for (uint32_t k = 0; k < members->count; k++)
	{
		uint32_t place = members->places[k];

		if (!cdpk_audience_chunk(&audiences[place], members->next[place]++,
								 &members->containers[k]))
		{
			*status = CDPK_CORRUPT;
			return false;
		}
	}
	return members->count > 0;
}

/* Order the members by the number of their ids, most first. */
static void
order_members(ChunkMembers *members)
{
	for (uint32_t k = 1; k < members->count; k++)
	{
		CdpkContainer container = members->containers[k];
		uint32_t place = members->places[k];
		uint32_t l = k;

		for (; l > 0 && members->containers[l - 1].count < container.count; l--)
		{
			members->containers[l] = members->containers[l - 1];
			members->places[l] = members->places[l - 1];
		}
		members->containers[l] = container;
		members->places[l] = place;
	}
}

/*
 * Add what each two have in common in this chunk. A long array is made a bitmap once, in which the
 * shorter ones are looked up.
 */
static void
add_overlaps(ChunkMembers *members, uint32_t number, uint64_t *common)
{
	uint8_t bitmap[CDPK_BITMAP_SIZE];

	order_members(members);
	for (uint32_t k = 0; k + 1 < members->count; k++)
	{
		CdpkContainer one = members->containers[k];
		size_t i = members->places[k];

		if (one.kind == CDPK_CONTAINER_ARRAY && one.items > FEW_IDS)
		{
			memset(bitmap, 0, sizeof(bitmap));
			cdpk_set_container(bitmap, &one);
			one.kind = CDPK_CONTAINER_BITMAP;
			one.bytes = bitmap;
		}
		for (uint32_t l = k + 1; l < members->count; l++)
		{
			size_t j = members->places[l];

			common[i < j ? i * number + j : j * number + i] +=
				cdpk_container_common(&one, &members->containers[l]);
		}
	}
}

CdpkStatus
cdpk_audience_overlaps(const CdpkAudience *audiences, uint32_t number, const CdpkAllocator *scratch,
					   CdpkPause pause, uint64_t *common)
{
	size_t room = (size_t) number + 1;
	ChunkMembers members = {cdpk_allocate(scratch, room * sizeof(uint32_t)),
							cdpk_allocate(scratch, room * sizeof(uint32_t)),
							cdpk_allocate(scratch, room * sizeof(CdpkContainer)), 0};
	CdpkStatus status = CDPK_OK;

	if (members.next == NULL || members.places == NULL || members.containers == NULL)
		status = CDPK_OUT_OF_MEMORY;
	else
	{
		memset(members.next, 0, room * sizeof(uint32_t));
		memset(common, 0, (size_t) number * number * sizeof(uint64_t));
		while (next_members(audiences, number, &members, &status))
		{
			add_overlaps(&members, number, common);
			if (pause != NULL)
				pause();
		}
	}
	cdpk_release(scratch, members.next);
	cdpk_release(scratch, members.places);
	cdpk_release(scratch, members.containers);
	return status;
}

void
cdpk_audience_walk(const CdpkAudience *audience, CdpkAudienceWalk *walk)
{
	memset(walk, 0, sizeof(*walk));
	walk->audience = audience;
	walk->runs.container = &walk->container; /* an array of nothing */
}

bool
cdpk_audience_next(CdpkAudienceWalk *walk, int64_t *first, int64_t *last)
{
	CdpkRun run;

	while (walk->status == CDPK_OK)
	{
		if (cdpk_run_next(&walk->runs, &run))
		{
			*first = cdpk_id(walk->container.key, run.first);
			*last = cdpk_id(walk->container.key, run.last);
			if (run.first <= run.last)
				return true;
			walk->status = CDPK_CORRUPT;
		}
		else if (walk->chunk == walk->audience->chunks)
			return false;
		else if (!cdpk_audience_chunk(walk->audience, walk->chunk++, &walk->container))
			walk->status = CDPK_CORRUPT;
		else
			walk->runs = cdpk_run_walk(&walk->container);
	}
	return false;
}
