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

#include "core/intern.h"
#include "core/meaningless.h"
#include "core/textcache.h"
#include "core/unionfind.h"
#include "identity/components.h"
#include "util/huge.h"
#include "util/status.h"

#define BATCH_VALUES 256
#define BATCH_BYTES (32 * 1024)
#define FIRST_SPACES 16

/* a value that is no identifier */
#define NOBODY UINT32_MAX

/* the cache of raw values: 64 KB, and beyond that 8 bytes an identifier */
#define FIRST_CACHE_BITS 10
#define LAST_CACHE_BITS 24
#define IDENTIFIERS_PER_PLACE 8

/*
 * What is interned is a key: the number of the namespace, then the value.  It is
 * shorter than the payload, which matters where it is compared.
 */
#define KEY_HEAD sizeof(uint32)
#define KEY_MAX (KEY_HEAD + CDPK_IDENTIFIER_MAX)

/* a namespace: how a payload begins, and the state of a hash behind it */
typedef struct Space
{
	uint64 hash;
	size_t length;
	uint8_t head[CDPK_IDENTIFIER_HEADER + CDPK_NAMESPACE_MAX];
} Space;

typedef struct BatchValue
{
	uint32 hash;
	uint32 node; /* at first the candidate's reference */
	uint32 offset;
	uint16 length; /* of the key */
	bool starts_row;
	bool is_canonical;
} BatchValue;

struct ComponentsCollector
{
	DestReceiver receiver;
	MemoryContext context; /* of all that follows */
	MemoryContext scratch; /* for one row */
	CdpkAllocator allocator;
	CdpkIntern space_numbers; /* payload heads */
	Space *spaces;
	uint32 spaces_count;
	uint32 spaces_capacity;
	CdpkIntern identifiers; /* keys */
	CdpkUnionFind partition;
	CdpkTextCache unusual; /* raw keys that are not canonical */
	unsigned unusual_bits;
	ComponentsColumn *columns;
	int columns_count;
	bool in_row; /* the present row has put a value into the batch */
	int values_count;
	int joins_count;
	uint32 bytes_count;
	/* value 0 is the last of the batch before, so that a row may go on from there */
	BatchValue values[BATCH_VALUES + 1];
	/* the values that are joined with the one before them */
	uint16 joins[BATCH_VALUES];
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

/* The number of a namespace, given as the head of its payloads. */
static uint32
space_number(ComponentsCollector *collector, const uint8_t *head, size_t length)
{
	CdpkIntern *numbers = &collector->space_numbers;
	uint32 hash = cdpk_intern_hash(numbers, cdpk_intern_hash_head(numbers, NULL, 0), head, length);
	uint32 reference = cdpk_intern_find(numbers, hash, head, length);
	Space *space;

	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(numbers, reference)->number;
	if (collector->spaces_count == collector->spaces_capacity)
	{
		collector->spaces_capacity *= 2;
		collector->spaces =
			repalloc_huge(collector->spaces, sizeof(Space) * collector->spaces_capacity);
	}
	check_status(cdpk_intern_add(numbers, hash, head, length));
	space = &collector->spaces[collector->spaces_count];
	space->hash = cdpk_intern_hash_head(&collector->identifiers, head, length);
	space->length = length;
	memcpy(space->head, head, length);
	return collector->spaces_count++;
}

/* Adds a key that is not there; it is alone in its component at first. */
static uint32
add_key(ComponentsCollector *collector, uint32 hash, const uint8_t *key, size_t length)
{
	CdpkIntern *identifiers = &collector->identifiers;

	check_status(cdpk_intern_add(identifiers, hash, key, length));
	/* as many nodes as there may be identifiers before their table grows */
	check_status(cdpk_unionfind_reserve(&collector->partition, identifiers->limit));
	check_status(cdpk_unionfind_extend(&collector->partition, identifiers->count));
	return identifiers->count - 1;
}

static inline uint32
hash_key(ComponentsCollector *collector, uint32 space, const char *value, size_t length)
{
	return cdpk_intern_hash(&collector->identifiers, collector->spaces[space].hash,
							(const uint8_t *) value, length);
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

/* The node of the canonical form of a raw key, which is another key. */
static uint32
node_of_payload(ComponentsCollector *collector, uint32 space, const uint8_t *payload, size_t length)
{
	uint8_t key[KEY_MAX];
	const char *value = cdpk_identifier_value(payload);
	size_t value_length = cdpk_identifier_value_length(payload, length);
	uint32 hash = hash_key(collector, space, value, value_length);
	uint32 reference;

	memcpy(key, &space, KEY_HEAD);
	memcpy(key + KEY_HEAD, value, value_length);
	length = KEY_HEAD + value_length;
	reference = cdpk_intern_find(&collector->identifiers, hash, key, length);
	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(&collector->identifiers, reference)->number;
	return add_key(collector, hash, key, length);
}

/* Makes the payload of a key's value; false where it is no identifier. */
static bool
make_payload(const Space *space, const BatchValue *value, const char *text, size_t text_length,
			 uint8_t *payload, size_t *length)
{
	if (value->is_canonical)
	{
		memcpy(payload, space->head, space->length);
		memcpy(payload + space->length, text, text_length);
		*length = space->length + text_length;
	}
	else if (!normalize((const char *) space->head + CDPK_IDENTIFIER_HEADER,
						space->length - CDPK_IDENTIFIER_HEADER, text, text_length, payload, length))
		return false;
	return !cdpk_identifier_meaningless(payload, *length);
}

/* The node of a key that neither is known as it stands nor was met lately. */
static uint32
node_of_new(ComponentsCollector *collector, const BatchValue *value)
{
	const uint8_t *key = collector->bytes + value->offset;
	const char *text = (const char *) key + KEY_HEAD;
	size_t text_length = value->length - KEY_HEAD;
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;
	uint32 space;
	uint32 node = NOBODY;

	memcpy(&space, key, KEY_HEAD);
	if (make_payload(&collector->spaces[space], value, text, text_length, payload, &length))
	{
		if (cdpk_identifier_value_length(payload, length) == text_length &&
			memcmp(cdpk_identifier_value(payload), text, text_length) == 0)
			return add_key(collector, value->hash, key, value->length);
		node = node_of_payload(collector, space, payload, length);
	}
	remember_unusual(collector, value, node);
	return node;
}

/* The node of a value whose candidate was not the right one, or that had none. */
static uint32
resolve(ComponentsCollector *collector, const BatchValue *value)
{
	const CdpkIntern *identifiers = &collector->identifiers;
	const uint8_t *key = collector->bytes + value->offset;
	uint32 reference = cdpk_intern_find(identifiers, value->hash, key, value->length);
	uint32 node;

	if (reference != CDPK_INTERN_NOTHING)
		return cdpk_intern_record(identifiers, reference)->number;
	if (cdpk_textcache_get(&collector->unusual, value->hash, key, value->length, &node))
		return node;
	return node_of_new(collector, value);
}

/* Finds the node of each value of the batch. */
static void
look_up(ComponentsCollector *collector)
{
	const CdpkIntern *identifiers = &collector->identifiers;
	BatchValue *values = collector->values;
	int count = collector->values_count;

	for (int i = 1; i <= count; i++)
		cdpk_intern_prefetch(identifiers, values[i].hash);
	for (int i = 1; i <= count; i++)
	{
		values[i].node = cdpk_intern_candidate(identifiers, values[i].hash, values[i].length);
		if (values[i].node == CDPK_INTERN_NOTHING)
			cdpk_textcache_prefetch(&collector->unusual, values[i].hash);
	}
	for (int i = 1; i <= count; i++)
	{
		if (values[i].node != CDPK_INTERN_NOTHING &&
			cdpk_intern_is(identifiers, values[i].node, collector->bytes + values[i].offset,
						   values[i].length))
			values[i].node = cdpk_intern_record(identifiers, values[i].node)->number;
		else
			values[i].node = resolve(collector, &values[i]);
		/* what is no identifier leaves its neighbours in the row neighbours */
		if (values[i].node == NOBODY && !values[i].starts_row)
			values[i].node = values[i - 1].node;
	}
}

/* Joins the nodes of each row of the batch, neighbour by neighbour. */
static void
join_rows(ComponentsCollector *collector)
{
	CdpkUnionFind *partition = &collector->partition;

	for (int i = 0; i < collector->joins_count; i++)
	{
		const BatchValue *value = &collector->values[collector->joins[i]];

		if (value[-1].node == NOBODY || value->node == NOBODY)
			continue;
		__builtin_prefetch(&partition->parent[value[-1].node]);
		__builtin_prefetch(&partition->parent[value->node]);
	}
	for (int i = 0; i < collector->joins_count; i++)
	{
		const BatchValue *value = &collector->values[collector->joins[i]];

		if (value[-1].node != NOBODY && value->node != NOBODY)
			cdpk_unionfind_join(partition, value[-1].node, value->node);
	}
}

/* Works the batch off; the present row may go on in the next one. */
static void
flush(ComponentsCollector *collector)
{
	look_up(collector);
	join_rows(collector);
	collector->values[0] = collector->values[collector->values_count];
	collector->values_count = 0;
	collector->joins_count = 0;
	collector->bytes_count = 0;
	CHECK_FOR_INTERRUPTS();
}

/*
 * Puts a key into the batch.  The value is hashed where it lies: reading what was
 * just copied is slow.
 */
static inline void
put_key(ComponentsCollector *collector, uint32 space, const char *text, size_t length,
		bool is_canonical)
{
	BatchValue *value = &collector->values[++collector->values_count];
	uint8_t *key = collector->bytes + collector->bytes_count;

	value->hash = hash_key(collector, space, text, length);
	value->offset = collector->bytes_count;
	value->length = (uint16) (KEY_HEAD + length);
	value->starts_row = !collector->in_row;
	value->is_canonical = is_canonical;
	memcpy(key, &space, KEY_HEAD);
	memcpy(key + KEY_HEAD, text, length);
	collector->bytes_count += value->length;
	collector->joins[collector->joins_count] = (uint16) collector->values_count;
	collector->joins_count += collector->in_row;
	collector->in_row = true;
}

static void
put_payload(ComponentsCollector *collector, const uint8_t *payload, size_t length)
{
	size_t head_length = CDPK_IDENTIFIER_HEADER + cdpk_identifier_namespace_length(payload);

	put_key(collector, space_number(collector, payload, head_length),
			(const char *) payload + head_length, length - head_length, true);
}

/* Takes a raw value that is too long to be canonical as it stands. */
static void
put_long_text(ComponentsCollector *collector, uint32 space, const char *text, size_t length)
{
	const Space *head = &collector->spaces[space];
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];

	if (normalize((const char *) head->head + CDPK_IDENTIFIER_HEADER,
				  head->length - CDPK_IDENTIFIER_HEADER, text, length, payload, &length))
		put_payload(collector, payload, length);
}

/* Takes one value that is not NULL. */
static inline void
take_value(ComponentsCollector *collector, ComponentsColumn *column, Datum datum)
{
	char buffer[COMPONENTS_NUMBER_MAX];
	size_t length;
	const char *text = column->form == COLUMN_TEXT
						   ? components_bytes(datum, &length)
						   : components_value(column, datum, buffer, &length);

	if (collector->values_count == BATCH_VALUES || collector->bytes_count > BATCH_BYTES - KEY_MAX)
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
	if (length > CDPK_IDENTIFIER_MAX)
		put_long_text(collector, column->space, text, length);
	else if (length > 0)
		put_key(collector, column->space, text, length, false);
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

	if (!collector->scratch->isReset)
		MemoryContextReset(collector->scratch);
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
		if (collector->columns[i].form != COLUMN_IDENTIFIER)
			collector->columns[i].space = space_number(collector, collector->columns[i].head,
													   collector->columns[i].head_length);
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
		AllocSetContextCreate(context, "cdp components row", ALLOCSET_DEFAULT_SIZES);
	collector->allocator = cdp_huge_allocator(context);
	collector->values[0].node = NOBODY;
	if (!pg_strong_random(&seed, sizeof(seed)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number")));
	collector->spaces_capacity = FIRST_SPACES;
	collector->spaces = MemoryContextAlloc(context, sizeof(Space) * FIRST_SPACES);
	check_status(cdpk_intern_init(&collector->space_numbers, &collector->allocator, seed));
	check_status(cdpk_intern_init(&collector->identifiers, &collector->allocator, ~seed));
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

uint32
components_count(ComponentsCollector *collector)
{
	return collector->identifiers.count;
}

uint32
components_labels(ComponentsCollector *collector, uint32 *labels)
{
	return cdpk_unionfind_labels(&collector->partition, labels);
}

/* components_next puts namespace and value together again. */
bool
components_next(ComponentsCollector *collector, ComponentsIdentifier *identifier)
{
	const CdpkInternRecord *record =
		cdpk_intern_next(&collector->identifiers, &identifier->position);
	const Space *space;
	uint32 number;
	uint8_t *payload = (uint8_t *) VARDATA(&identifier->varlena);

	if (record == NULL)
		return false;
	memcpy(&number, record->bytes, KEY_HEAD);
	space = &collector->spaces[number];
	memcpy(payload, space->head, space->length);
	memcpy(payload + space->length, record->bytes + KEY_HEAD, record->length - KEY_HEAD);
	SET_VARSIZE(&identifier->varlena, VARHDRSZ + space->length + record->length - KEY_HEAD);
	identifier->number = record->number;
	return true;
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
