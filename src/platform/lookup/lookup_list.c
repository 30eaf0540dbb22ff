/*
 * lookup_list.c
 *		Writes the rows of a query as a list of a document, cut to the room that there is for it.
 *
 * A jsonb holds at most 256 MB.  Traits take up to 128 of them, events 64, every other list 8: so a
 * look-up never fails because too much is known about a person.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "platform/lookup/lookup_list.h"
#include "toolkit/bridge/raw_size.h"
#include "toolkit/bridge/shown_size.h"

/* upper bound on the keys, times and numbers of an entry, in bytes */
#define ENTRY_SIZE 256

/* takes the rows of a list, in their order */
typedef struct ListReceiver
{
	DestReceiver receiver;
	const LookupList *list;
	JsonbParseState **state;
	MemoryContext context; /* of the document; the rows are freed before it is made */
	char **keys;
	int64 stored; /* sizes of the rows so far that could fit, as they are stored */
	int64 filled; /* … as they count */
	int64 left_out;
} ListReceiver;

/* put_bytes writes a string that lasts as long as the document. */
static void
put_bytes(JsonbParseState **state, JsonbIteratorToken token, char *bytes, int length)
{
	JsonbValue string = {.type = jbvString};

	string.val.string.val = bytes;
	string.val.string.len = length;
	pushJsonbValue(state, token, &string);
}

void
lookup_put_string(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	put_bytes(state, token, unconstify(char *, text), (int) strlen(text));
}

/* put_text writes a text, which may not last. */
static void
put_text(JsonbParseState **state, JsonbIteratorToken token, Datum datum)
{
	text *value = DatumGetTextPP(datum);
	int length = (int) VARSIZE_ANY_EXHDR(value);

	put_bytes(state, token, pnstrdup(VARDATA_ANY(value), length), length);
}

/* put_document writes a jsonb, which may not last. */
static void
put_document(JsonbParseState **state, JsonbIteratorToken token, Datum datum)
{
	Jsonb *document = DatumGetJsonbPCopy(datum);
	JsonbValue value = {.type = jbvBinary};

	value.val.binary.data = &document->root;
	value.val.binary.len = (int) VARSIZE(document) - VARHDRSZ;
	pushJsonbValue(state, token, &value);
}

/* put_texts writes a text[]. */
static void
put_texts(JsonbParseState **state, Datum datum)
{
	Datum *values;
	bool *nulls;
	int count;

	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &count);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
		lookup_put_value(state, WJB_ELEM, values[i], nulls[i], TEXTOID);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

void
lookup_put_value(JsonbParseState **state, JsonbIteratorToken token, Datum datum, bool null,
				 Oid type)
{
	JsonbValue value = {.type = jbvNull};

	if (null)
		type = InvalidOid;
	switch (type)
	{
		case InvalidOid:
			break;
		case INT8OID:
			value.type = jbvNumeric;
			value.val.numeric = int64_to_numeric(DatumGetInt64(datum));
			break;
		case INT4OID:
			value.type = jbvNumeric;
			value.val.numeric = int64_to_numeric(DatumGetInt32(datum));
			break;
		case BOOLOID:
			value.type = jbvBool;
			value.val.boolean = DatumGetBool(datum);
			break;
		case TIMESTAMPTZOID:
			lookup_put_string(state, token, JsonEncodeDateTime(NULL, datum, TIMESTAMPTZOID, NULL));
			return;
		case TEXTOID:
			put_text(state, token, datum);
			return;
		case TEXTARRAYOID:
			put_texts(state, datum);
			return;
		case JSONBOID:
			put_document(state, token, datum);
			return;
		default:
			elog(ERROR, "a value of type %u cannot stand in a document", type);
	}
	pushJsonbValue(state, token, &value);
}

/* ---------------------------------------------------------------- rows */

/* stored_size returns the size of a row as it is stored. */
static int64
stored_size(TupleTableSlot *slot)
{
	TupleDesc row = slot->tts_tupleDescriptor;
	int64 size = 0;

	for (int i = 0; i < row->natts; i++)
		if (!slot->tts_isnull[i] && TupleDescAttr(row, i)->attlen == -1)
			size += raw_size(slot->tts_values[i], -1);
	return size;
}

/* measured_size returns the size of a row with its documents as text. */
static int64
measured_size(TupleTableSlot *slot)
{
	TupleDesc row = slot->tts_tupleDescriptor;
	int64 size = 0;

	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(row, i);

		if (slot->tts_isnull[i] || column->attlen != -1)
			continue;
		size += column->atttypid == JSONBOID ? shown_size(slot->tts_values[i])
											 : raw_size(slot->tts_values[i], -1);
	}
	return size;
}

/*
 * fits tells whether there is room for a row.  The stored size is a lower bound, so documents are read
 * only of rows that could fit by it.
 */
static bool
fits(ListReceiver *self, TupleTableSlot *slot)
{
	const LookupList *list = self->list;
	int64 size = stored_size(slot);

	if (size > list->room)
		return false;
	self->stored += size;
	if (list->measured && self->stored <= list->room)
		size = measured_size(slot);
	if (size > list->room)
		return false;
	self->filled += size + ENTRY_SIZE;
	return self->filled <= list->room;
}

/* put_row writes a row. */
static void
put_row(ListReceiver *self, TupleTableSlot *slot)
{
	TupleDesc row = slot->tts_tupleDescriptor;

	pushJsonbValue(self->state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < row->natts; i++)
	{
		bool null = slot->tts_isnull[i];

		if (null && self->list->omits_null)
			continue;
		lookup_put_string(self->state, WJB_KEY, self->keys[i]);
		lookup_put_value(self->state, WJB_VALUE, slot->tts_values[i], null,
						 TupleDescAttr(row, i)->atttypid);
	}
	pushJsonbValue(self->state, WJB_END_OBJECT, NULL);
}

/* start is the rStartup of the receiver. */
static void
start(DestReceiver *receiver, int operation, TupleDesc row)
{
	ListReceiver *self = (ListReceiver *) receiver;
	MemoryContext caller = MemoryContextSwitchTo(self->context);

	self->keys = palloc(sizeof(char *) * row->natts);
	for (int i = 0; i < row->natts; i++)
		self->keys[i] = pstrdup(NameStr(TupleDescAttr(row, i)->attname));
	MemoryContextSwitchTo(caller);
}

/* take_row is the receiveSlot of the receiver. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	ListReceiver *self = (ListReceiver *) receiver;
	MemoryContext caller = MemoryContextSwitchTo(self->context);

	slot_getallattrs(slot);
	if (fits(self, slot))
		put_row(self, slot);
	else
		self->left_out++;
	MemoryContextSwitchTo(caller);
	return true;
}

/* end is the rShutdown and the rDestroy of the receiver, which have nothing to do. */
static void
end(DestReceiver *receiver)
{
}

void
lookup_put_list(JsonbParseState **state, const char *key, const LookupList *list,
				const LookupArguments *arguments)
{
	ListReceiver self = {
		{take_row, start, end, end, DestTuplestore}, list, state, CurrentMemoryContext};

	lookup_put_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	lookup_pass_rows(list->query, arguments, &self.receiver);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	if (self.left_out == 0)
		return;
	lookup_put_string(state, WJB_KEY, psprintf("%s_left_out", key));
	lookup_put_value(state, WJB_VALUE, Int64GetDatum(self.left_out), false, INT8OID);
}
