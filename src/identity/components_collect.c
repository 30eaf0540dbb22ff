/*
 * components_collect.c
 *		Turns rows into a partition of the identifiers in them.
 *
 * Rows are not kept, nor are raw values: memory follows the distinct identifiers.
 * The cost is that of cache misses, so values are taken in batches, and each step
 * of looking them up is done for the whole batch with the next step's memory
 * asked for ahead.
 *
 * A raw value is looked up as if it were canonical, under its column's
 * namespace, which is right for almost all: normalising a canonical value changes
 * nothing, so equal bytes are the same identifier.  Where it is not found, a small
 * cache of raw values that became something else, or nothing, is asked; only then
 * is the value normalised.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/memutils.h"

#include "core/meaningless.h"
#include "core/textcache.h"
#include "identity/components.h"
#include "util/huge.h"
#include "util/status.h"

#define BATCH_VALUES 256
#define BATCH_BYTES (48 * 1024)

/* a value that is no identifier */
#define NOBODY UINT32_MAX

/* the cache of raw values: 64 KB, and beyond that 8 bytes an identifier */
#define FIRST_CACHE_BITS 10
#define LAST_CACHE_BITS 24
#define IDENTIFIERS_PER_PLACE 8

typedef struct BatchValue
{
	uint32 hash;
	uint32 node; /* at first the candidate's reference */
	uint32 offset;
	uint16 length;
	bool starts_row;
	bool is_canonical;
} BatchValue;

struct ComponentsCollector
{
	DestReceiver receiver;
	MemoryContext context; /* of all that follows */
	MemoryContext scratch; /* for one batch */
	CdpkAllocator allocator;
	CdpkIntern identifiers;
	CdpkUnionFind partition;
	CdpkTextCache unusual; /* raw values that are not canonical */
	unsigned unusual_bits;
	ComponentsColumn *columns;
	int columns_count;
	bool in_row;     /* the present row has put a value into the batch */
	uint32 row_node; /* the first identifier of the row that is being joined */
	int values_count;
	uint32 bytes_count;
	BatchValue values[BATCH_VALUES];
	uint8_t bytes[BATCH_BYTES];
};

/* Raises the error of a status that is not about one value. */
static void
check_status(CdpkStatus status)
{
	if (status == CDPK_OK)
		return;
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("query returns too many distinct identifiers"),
						errdetail("They take at most 32 GB."),
						errhint("Leave out columns whose values do not link rows.")));
	ereport(ERROR, (errcode(cdp_status_errcode(status)), errmsg("could not collect identifiers")));
}

/* The hash of a payload: what stands before the value is its head. */
static inline uint32
hash_payload(const CdpkIntern *identifiers, const uint8_t *payload, size_t length)
{
	size_t head_length = CDPK_IDENTIFIER_HEADER + cdpk_identifier_namespace_length(payload);

	return cdpk_intern_hash(identifiers, cdpk_intern_hash_head(identifiers, payload, head_length),
							payload + head_length, length - head_length);
}

/* Adds a payload that is not there; it is alone in its component at first. */
static uint32
add_payload(ComponentsCollector *collector, uint32 hash, const uint8_t *payload, size_t length)
{
	CdpkIntern *identifiers = &collector->identifiers;

	check_status(cdpk_intern_add(identifiers, hash, payload, length));
	/* as many nodes as there may be identifiers before their table grows */
	check_status(cdpk_unionfind_reserve(&collector->partition, identifiers->limit));
	check_status(cdpk_unionfind_extend(&collector->partition, identifiers->count));
	return identifiers->count - 1;
}

/* The number of a payload, which may be there or not. */
static uint32
number_of(ComponentsCollector *collector, const uint8_t *payload, size_t length)
{
	CdpkIntern *identifiers = &collector->identifiers;
	uint32 hash = hash_payload(identifiers, payload, length);
	uint32 reference = cdpk_intern_find(identifiers, hash, payload, length);

	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(identifiers, reference)->number;
	return add_payload(collector, hash, payload, length);
}

/* Remembers what became of a raw value that is not canonical; the cache grows with the identifiers. */
static void
remember_unusual(ComponentsCollector *collector, const BatchValue *value, uint32 node)
{
	CdpkTextCache *cache = &collector->unusual;

	if (collector->unusual_bits < LAST_CACHE_BITS &&
		collector->identifiers.count / IDENTIFIERS_PER_PLACE >= 2 * cdpk_textcache_places(cache))
	{
		cdpk_textcache_free(cache);
		check_status(cdpk_textcache_init(cache, &collector->allocator, ++collector->unusual_bits));
	}
	cdpk_textcache_put(cache, value->hash, collector->bytes + value->offset, value->length, node);
}

/*
 * Makes the payload of a raw value; false where it is no identifier.  What is
 * wrong with the installation and not with the value is an error.
 */
static bool
normalize(const char *name_space, size_t namespace_length, const char *value, size_t value_length,
		  uint8_t *payload, size_t *payload_length)
{
	CdpkStatus status = cdpk_identifier_make(name_space, namespace_length, value, value_length,
											 identifier_phone(), payload, payload_length);

	switch (status)
	{
		case CDPK_OK:
			return true;
		case CDPK_UNSUPPORTED:
			if (cdpk_value_meaningless(value, value_length))
				return false;
			break;
		case CDPK_BAD_ENCODING:
		case CDPK_OUT_OF_MEMORY:
			break;
		default:
			return false;
	}
	identifier_report(status, name_space, namespace_length, value, value_length);
}

/* The node of a value whose candidate was not the right one, or that had none. */
static uint32
resolve(ComponentsCollector *collector, const BatchValue *value)
{
	const uint8_t *bytes = collector->bytes + value->offset;
	uint32 reference = cdpk_intern_find(&collector->identifiers, value->hash, bytes, value->length);
	uint8_t buffer[CDPK_IDENTIFIER_PAYLOAD_MAX];
	const uint8_t *payload = value->is_canonical ? bytes : buffer;
	size_t length = value->length;
	uint32 node;

	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(&collector->identifiers, reference)->number;
	if (cdpk_textcache_get(&collector->unusual, value->hash, bytes, value->length, &node))
		return node;
	if (!value->is_canonical &&
		!normalize(cdpk_identifier_namespace(bytes), cdpk_identifier_namespace_length(bytes),
				   cdpk_identifier_value(bytes), cdpk_identifier_value_length(bytes, length),
				   buffer, &length))
		node = NOBODY;
	else if (cdpk_identifier_meaningless(payload, length))
		node = NOBODY;
	else if (length == value->length && memcmp(payload, bytes, length) == 0)
		return add_payload(collector, value->hash, payload, length);
	else
		node = number_of(collector, payload, length);
	remember_unusual(collector, value, node);
	return node;
}

/* Looks the values of the batch up and joins those of each row. */
static void
flush(ComponentsCollector *collector)
{
	CdpkIntern *identifiers = &collector->identifiers;
	BatchValue *end = collector->values + collector->values_count;
	BatchValue *value;

	for (value = collector->values; value < end; value++)
		cdpk_intern_prefetch(identifiers, value->hash);
	for (value = collector->values; value < end; value++)
	{
		value->node = cdpk_intern_candidate(identifiers, value->hash, value->length);
		if (value->node == CDPK_INTERN_NOTHING)
			cdpk_textcache_prefetch(&collector->unusual, value->hash);
	}
	for (value = collector->values; value < end; value++)
	{
		if (value->node != CDPK_INTERN_NOTHING &&
			cdpk_intern_is(identifiers, value->node, collector->bytes + value->offset,
						   value->length))
			value->node = cdpk_intern_record(identifiers, value->node)->number;
		else
			value->node = resolve(collector, value);
		if (value->node != NOBODY)
			__builtin_prefetch(&collector->partition.parent[value->node]);
	}
	for (value = collector->values; value < end; value++)
	{
		if (value->starts_row)
			collector->row_node = NOBODY;
		if (value->node == NOBODY)
			continue;
		if (collector->row_node == NOBODY)
			collector->row_node = value->node;
		else
			cdpk_unionfind_join(&collector->partition, collector->row_node, value->node);
	}
	collector->values_count = 0;
	collector->bytes_count = 0;
	MemoryContextReset(collector->scratch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * Puts a value into the batch, at most CDPK_IDENTIFIER_PAYLOAD_MAX bytes with its
 * head.  The text is hashed where it lies: reading what was just copied is slow.
 */
static inline void
put_value(ComponentsCollector *collector, uint32 hash, const uint8_t *head, size_t head_length,
		  const char *text, size_t length, bool is_canonical)
{
	BatchValue *value = &collector->values[collector->values_count++];
	uint8_t *bytes = collector->bytes + collector->bytes_count;

	memcpy(bytes, head, head_length);
	memcpy(bytes + head_length, text, length);
	value->hash = hash;
	value->offset = collector->bytes_count;
	value->length = (uint16) (head_length + length);
	value->starts_row = !collector->in_row;
	value->is_canonical = is_canonical;
	collector->bytes_count += value->length;
	collector->in_row = true;
}

static inline void
put_payload(ComponentsCollector *collector, const uint8_t *payload, size_t length)
{
	put_value(collector, hash_payload(&collector->identifiers, payload, length), NULL, 0,
			  (const char *) payload, length, true);
}

/* Takes one value that is not NULL. */
static inline void
take_value(ComponentsCollector *collector, ComponentsColumn *column, Datum datum)
{
	char buffer[COMPONENTS_NUMBER_MAX];
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;
	const char *text = components_value(column, datum, buffer, &length);

	if (collector->values_count == BATCH_VALUES ||
		collector->bytes_count > BATCH_BYTES - CDPK_IDENTIFIER_PAYLOAD_MAX)
		flush(collector);
	if (column->form == COLUMN_IDENTIFIER)
	{
		put_payload(collector, (const uint8_t *) text, length);
		return;
	}
	/* char(n) comes padded; the rest of the white space is the normaliser's */
	while (length > 0 && text[length - 1] == ' ')
		length--;
	while (length > 0 && text[0] == ' ')
	{
		text++;
		length--;
	}
	if (length == 0)
		return;
	if (column->head_length + length <= CDPK_IDENTIFIER_PAYLOAD_MAX)
		put_value(collector,
				  cdpk_intern_hash(&collector->identifiers, column->head_hash,
								   (const uint8_t *) text, length),
				  column->head, column->head_length, text, length, false);
	else if (normalize((const char *) column->head + CDPK_IDENTIFIER_HEADER, column->head[1], text,
					   length, payload, &length))
		put_payload(collector, payload, length);
}

static void
take_array(ComponentsCollector *collector, ComponentsColumn *column, Datum datum)
{
	AnyArrayType *array = DatumGetAnyArrayP(datum);
	int count = ArrayGetNItems(AARR_NDIM(array), AARR_DIMS(array));
	array_iter iterator;

	array_iter_setup(&iterator, array);
	for (int i = 0; i < count; i++)
	{
		bool is_null;
		Datum element = array_iter_next(&iterator, &is_null, i, column->length, column->by_value,
										column->align);

		if (!is_null)
			take_value(collector, column, element);
	}
}

/* Receives one row of the query. */
static bool
collect_row(TupleTableSlot *slot, DestReceiver *self)
{
	ComponentsCollector *collector = (ComponentsCollector *) self;
	MemoryContext old = MemoryContextSwitchTo(collector->scratch);

	slot_getallattrs(slot);
	collector->in_row = false;
	for (int i = 0; i < collector->columns_count; i++)
	{
		if (slot->tts_isnull[i])
			continue;
		if (collector->columns[i].is_array)
			take_array(collector, &collector->columns[i], slot->tts_values[i]);
		else
			take_value(collector, &collector->columns[i], slot->tts_values[i]);
	}
	MemoryContextSwitchTo(old);
	return true;
}

static void
collect_startup(DestReceiver *self, int operation, TupleDesc result)
{
	ComponentsCollector *collector = (ComponentsCollector *) self;
	MemoryContext old = MemoryContextSwitchTo(collector->context);

	collector->columns = components_columns(result);
	collector->columns_count = result->natts;
	for (int i = 0; i < result->natts; i++)
		collector->columns[i].head_hash = cdpk_intern_hash_head(
			&collector->identifiers, collector->columns[i].head, collector->columns[i].head_length);
	MemoryContextSwitchTo(old);
}

static void
collect_shutdown(DestReceiver *self)
{
	flush((ComponentsCollector *) self);
}

static void
collect_destroy(DestReceiver *self)
{
}

/* components_collector makes an empty collector. */
ComponentsCollector *
components_collector(void)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp components", ALLOCSET_DEFAULT_SIZES);
	ComponentsCollector *collector = MemoryContextAllocZero(context, sizeof(ComponentsCollector));
	uint64 seed;

	collector->receiver.receiveSlot = collect_row;
	collector->receiver.rStartup = collect_startup;
	collector->receiver.rShutdown = collect_shutdown;
	collector->receiver.rDestroy = collect_destroy;
	collector->receiver.mydest = DestNone;
	collector->context = context;
	collector->scratch =
		AllocSetContextCreate(context, "cdp components batch", ALLOCSET_DEFAULT_SIZES);
	collector->allocator = cdp_huge_allocator(context);
	collector->row_node = NOBODY;
	if (!pg_strong_random(&seed, sizeof(seed)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number")));
	check_status(cdpk_intern_init(&collector->identifiers, &collector->allocator, seed));
	cdpk_unionfind_init(&collector->partition, &collector->allocator);
	collector->unusual_bits = FIRST_CACHE_BITS;
	check_status(
		cdpk_textcache_init(&collector->unusual, &collector->allocator, collector->unusual_bits));
	return collector;
}

DestReceiver *
components_receiver(ComponentsCollector *collector)
{
	return &collector->receiver;
}

CdpkIntern *
components_identifiers(ComponentsCollector *collector)
{
	return &collector->identifiers;
}

CdpkUnionFind *
components_partition(ComponentsCollector *collector)
{
	return &collector->partition;
}

/* components_seal leaves the records and the partition. */
void
components_seal(ComponentsCollector *collector)
{
	cdpk_textcache_free(&collector->unusual);
	cdpk_intern_seal(&collector->identifiers);
	MemoryContextDelete(collector->scratch);
	collector->scratch = NULL;
}

void
components_free(ComponentsCollector *collector)
{
	MemoryContextDelete(collector->context);
}
