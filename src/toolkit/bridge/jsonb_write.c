/*
 * jsonb_write.c
 *		An array or object of jsonb, written piece by piece as bytes.
 */
#include "postgres.h"

#include "compat.h"
#include "toolkit/bridge/jsonb_write.h"

void
jsonb_write_begin(JsonbWriter *writer)
{
	initStringInfo(&writer->entries);
	initStringInfo(&writer->data);
}

/* Append a piece, aligned as numbers and containers are, and its entry. */
static void
append(JsonbWriter *writer, uint32 type, const void *bytes, size_t length, bool aligned)
{
	static const char zeros[sizeof(int32)] = {0};
	StringInfo data = &writer->data;
	int start = data->len;
	int place = writer->entries.len / (int) sizeof(JEntry);
	JEntry entry;

	if (aligned)
		appendBinaryStringInfo(data, zeros, (int) (INTALIGN(data->len) - data->len));
	if (length > JENTRY_OFFLENMASK - (size_t) data->len)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("jsonb value is too large"),
						errdetail("It has at most %u bytes.", JENTRY_OFFLENMASK)));
	if (length > 0)
		appendBinaryStringInfo(data, bytes, (int) length);
	/* now and then an entry says where its piece ends, not how long it is */
	entry = type | (place % JB_OFFSET_STRIDE == 0 ? (uint32) data->len | JENTRY_HAS_OFF
												  : (uint32) (data->len - start));
	appendBinaryStringInfo(&writer->entries, (const char *) &entry, sizeof(entry));
}

void
jsonb_write(JsonbWriter *writer, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			append(writer, JENTRY_ISNULL, NULL, 0, false);
			break;
		case jbvBool:
			append(writer, value->val.boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE, NULL, 0,
				   false);
			break;
		case jbvString:
			append(writer, JENTRY_ISSTRING, value->val.string.val, (size_t) value->val.string.len,
				   false);
			break;
		case jbvNumeric:
			append(writer, JENTRY_ISNUMERIC, value->val.numeric, VARSIZE_ANY(value->val.numeric),
				   true);
			break;
		case jbvBinary:
			append(writer, JENTRY_ISCONTAINER, value->val.binary.data,
				   (size_t) value->val.binary.len, true);
			break;
		default:
			elog(ERROR, "unexpected jsonb value of type %d", (int) value->type);
	}
}

Jsonb *
jsonb_write_end(JsonbWriter *writer, bool is_object)
{
	uint32 count = (uint32) writer->entries.len / sizeof(JEntry) / (is_object ? 2 : 1);
	Size size = offsetof(Jsonb, root) + offsetof(JsonbContainer, children) +
				(Size) writer->entries.len + (Size) writer->data.len;
	Jsonb *result = palloc(size);

	SET_VARSIZE(result, size);
	result->root.header = count | (is_object ? JB_FOBJECT : JB_FARRAY);
	memcpy(result->root.children, writer->entries.data, (size_t) writer->entries.len);
	memcpy((char *) result->root.children + writer->entries.len, writer->data.data,
		   (size_t) writer->data.len);
	jsonb_write_drop(writer);
	return result;
}

void
jsonb_write_drop(JsonbWriter *writer)
{
	pfree(writer->entries.data);
	pfree(writer->data.data);
}
