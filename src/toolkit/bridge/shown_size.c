/*
 * shown_size.c
 *		How large a jsonb is as text: a number of twelve bytes can have 147,000 characters.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "cdp.h"
#include "core/base/bytes.h"
#include "core/text/value.h"
#include "core/text/value_size.h"
#include "toolkit/bridge/raw_size.h"
#include "toolkit/bridge/shown_size.h"

/* a document that is larger is not read: its text has hardly less */
#define READ_MAX (64 << 20)

/* what numeric_send writes before the digits, each in two bytes */
enum
{
	SENT_GROUPS,
	SENT_WEIGHT,
	SENT_SIGN,
	SENT_SCALE,
	SENT_HEAD
};

/* decimal digits to a group */
#define NUMERIC_GROUP 4

CDP_FUNCTION(cdp_shown_size);

/* string_size counts the bytes of a string with its quotes and escapes. */
static int64
string_size(const char *bytes, int length)
{
	CdpkValue value = {
		.type = CDPK_VALUE_STRING, .bytes = (const uint8_t *) bytes, .length = (size_t) length};

	return 2 + (int64) cdpk_value_size(&value);
}

/* number_size bounds the bytes of a number, without writing it. */
static int64
number_size(Numeric number)
{
	bytea *sent = DatumGetByteaP(DirectFunctionCall1(numeric_send, NumericGetDatum(number)));
	CdpkReader reader = cdpk_reader((const uint8_t *) VARDATA(sent), VARSIZE(sent) - VARHDRSZ);
	int16 head[SENT_HEAD];

	for (int i = 0; i < SENT_HEAD; i++)
	{
		head[i] = (int16) (cdpk_read_u8(&reader) << 8);
		head[i] |= cdpk_read_u8(&reader);
	}
	pfree(sent);
	/* sign and point */
	return 2 + (int64) Max(head[SENT_WEIGHT] + 1, 1) * NUMERIC_GROUP + head[SENT_SCALE];
}

/* item_size bounds what one step through a document adds to its text, the separator included. */
static int64
item_size(JsonbIteratorToken token, const JsonbValue *value)
{
	if (token != WJB_KEY && token != WJB_VALUE && token != WJB_ELEM)
		return 2; /* a bracket, and a separator after it */
	switch (value->type)
	{
		case jbvString:
			return 2 + string_size(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return 2 + number_size(value->val.numeric);
		default:
			return 2 + (int64) strlen("false");
	}
}

/* shown_size: see the header. */
int64
shown_size(Datum value)
{
	int64 raw = raw_size(value, -1);
	int64 size = 0;
	Jsonb *document;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;

	if (raw > READ_MAX)
		return raw;
	document = DatumGetJsonbP(value);
	iterator = JsonbIteratorInit(&document->root);
	while ((token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		size += item_size(token, &item);
	}
	if ((Pointer) document != DatumGetPointer(value))
		pfree(document);
	return Max(raw, size);
}

/* cdp_shown_size implements cdp_internal.shown_size. */
Datum
cdp_shown_size(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(shown_size(PG_GETARG_DATUM(0)));
}
