/*
 * components_collect.c
 *		Turns rows into a partition of the identifiers in them.
 *
 * Rows are not kept, nor are raw values: memory follows the distinct identifiers.
 * The cost is that of cache misses, so values are taken in batches, and each step
 * of looking them up is done for the whole batch with the next step's memory
 * asked for ahead.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/memutils.h"

#include "toolkit/components/components_collect.h"
#include "toolkit/components/components_column.h"
#include "toolkit/components/components_nodes.h"

#define BATCH_VALUES 256
#define BATCH_BYTES (32 * 1024)

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
	ComponentsNodes nodes;
	ComponentsColumn *columns;
	int columns_count;
	bool in_row; /* the current row has put a value into the batch */
	int values_count;
	int joins_count;
	uint32 bytes_count;
	/* value 0 is the last of the batch before, so that a row may go on from there */
	BatchValue values[BATCH_VALUES + 1];
	/* the values that are joined with the one before them */
	uint16 joins[BATCH_VALUES];
	uint8_t bytes[BATCH_BYTES];
};

/* Find the node of each value of the batch. */
static void
look_up(ComponentsCollector *collector)
{
	const CdpkIntern *identifiers = &collector->nodes.identifiers;
	BatchValue *values = collector->values;
	int count = collector->values_count;

	for (int i = 1; i <= count; i++)
		cdpk_intern_prefetch(identifiers, values[i].hash);
	for (int i = 1; i <= count; i++)
	{
		values[i].node = cdpk_intern_candidate(identifiers, values[i].hash, values[i].length);
		if (values[i].node == CDPK_INTERN_NOTHING)
			cdpk_textcache_prefetch(&collector->nodes.unusual, values[i].hash);
	}
	for (int i = 1; i <= count; i++)
	{
		const uint8_t *key = collector->bytes + values[i].offset;

		if (values[i].node != CDPK_INTERN_NOTHING &&
			cdpk_intern_is(identifiers, values[i].node, key, values[i].length))
			values[i].node = cdpk_intern_record(identifiers, values[i].node)->number;
		else
			values[i].node = nodes_resolve(&collector->nodes, values[i].hash, key, values[i].length,
										   values[i].is_canonical);
		/* a value that is not an identifier is passed over: its neighbours in the row are joined */
		if (values[i].node == NO_NODE && !values[i].starts_row)
			values[i].node = values[i - 1].node;
	}
}

/* Join the nodes of each row of the batch, neighbour by neighbour. */
static void
join_rows(ComponentsCollector *collector)
{
	CdpkUnionFind *partition = &collector->nodes.partition;

	for (int i = 0; i < collector->joins_count; i++)
	{
		const BatchValue *value = &collector->values[collector->joins[i]];

		if (value[-1].node == NO_NODE || value->node == NO_NODE)
			continue;
		__builtin_prefetch(&partition->parent[value[-1].node]);
		__builtin_prefetch(&partition->parent[value->node]);
	}
	for (int i = 0; i < collector->joins_count; i++)
	{
		const BatchValue *value = &collector->values[collector->joins[i]];

		if (value[-1].node != NO_NODE && value->node != NO_NODE)
			cdpk_unionfind_join(partition, value[-1].node, value->node);
	}
}

/* Work the batch off; the present row may go on in the next one. */
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
 * Put a key into the batch.  The value is hashed where it lies: reading what was
 * just copied is slow.
 */
static inline void
put_key(ComponentsCollector *collector, uint32 space, const char *text, size_t length,
		bool is_canonical)
{
	BatchValue *value = &collector->values[++collector->values_count];
	uint8_t *key = collector->bytes + collector->bytes_count;

	value->hash = nodes_hash(&collector->nodes, space, text, length);
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

	put_key(collector, nodes_space(&collector->nodes, payload, head_length),
			(const char *) payload + head_length, length - head_length, true);
}

/* Take a raw value that is too long to be canonical as it stands. */
static void
put_long_text(ComponentsCollector *collector, uint32 space, const char *text, size_t length)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];

	if (nodes_normalize(&collector->nodes.spaces[space], text, length, payload, &length))
		put_payload(collector, payload, length);
}

/* Take one value that is not NULL. */
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
			collector->columns[i].space = nodes_space(&collector->nodes, collector->columns[i].head,
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

/* Make an empty collector. */
ComponentsCollector *
components_collector(void)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp components", ALLOCSET_DEFAULT_SIZES);
	ComponentsCollector *collector = MemoryContextAllocZero(context, sizeof(ComponentsCollector));

	collector->receiver.receiveSlot = collect_row;
	collector->receiver.rStartup = collect_startup;
	collector->receiver.rShutdown = collect_shutdown;
	collector->receiver.rDestroy = collect_destroy;
	collector->receiver.mydest = DestNone;
	collector->context = context;
	collector->scratch =
		AllocSetContextCreate(context, "cdp components row", ALLOCSET_DEFAULT_SIZES);
	nodes_init(&collector->nodes, context);
	collector->values[0].node = NO_NODE;
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
	return collector->nodes.identifiers.count;
}

uint32
components_labels(ComponentsCollector *collector, uint32 *labels)
{
	return cdpk_unionfind_labels(&collector->nodes.partition, labels);
}

/* Put namespace and value together again. */
bool
components_next(ComponentsCollector *collector, ComponentsIdentifier *identifier)
{
	const CdpkInternRecord *record =
		cdpk_intern_next(&collector->nodes.identifiers, &identifier->position);
	const NodeSpace *space;
	uint32 number;
	uint8_t *payload = (uint8_t *) VARDATA(&identifier->varlena);

	if (record == NULL)
		return false;
	memcpy(&number, record->bytes, KEY_HEAD);
	space = &collector->nodes.spaces[number];
	memcpy(payload, space->head, space->length);
	memcpy(payload + space->length, record->bytes + KEY_HEAD, record->length - KEY_HEAD);
	SET_VARSIZE(&identifier->varlena, VARHDRSZ + space->length + record->length - KEY_HEAD);
	identifier->number = record->number;
	return true;
}

void
components_seal(ComponentsCollector *collector)
{
	nodes_seal(&collector->nodes);
	MemoryContextDelete(collector->scratch);
	collector->scratch = NULL;
}

void
components_free(ComponentsCollector *collector)
{
	MemoryContextDelete(collector->context);
}
