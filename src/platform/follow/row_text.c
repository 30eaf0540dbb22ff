/*
 * row_text.c
 *		Rows of followed tables as texts, as record_out() writes them.
 *
 * Columns are known by their numbers, which stay when a column is renamed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "cdp.h"
#include "platform/follow/row_text.h"

CDP_FUNCTION(cdp_split_rows);
CDP_FUNCTION(cdp_row_text);

/* what cdp_row_text keeps of a row type */
typedef struct RowOutput
{
	Oid type;
	int32 typmod;
	TupleDesc desc;
	FmgrInfo *output; /* of each column */
	Datum *values;
	bool *nulls;
	StringInfoData text;
} RowOutput;

/* a field in the text of a row, with its quotes; length 0: NULL */
typedef struct Field
{
	const char *start;
	int length;
} Field;

/* end_of_field returns where the field ends that begins here: at a comma or parenthesis, or at the end. */
static const char *
end_of_field(const char *text)
{
	bool quoted = false;

	for (; *text != '\0'; text++)
	{
		if (*text == '\\' && text[1] != '\0')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && (*text == ',' || *text == ')'))
			break;
	}
	return text;
}

/* split_row finds the fields of a row; NULL: the text is no row of so many columns. */
static Field *
split_row(const char *row, int count)
{
	Field *fields = palloc(sizeof(Field) * Max(count, 1));
	const char *at = row;

	if (*at++ != '(')
		return NULL;
	for (int i = 0; i < count; i++)
	{
		const char *end = end_of_field(at);

		if (*end != (i + 1 < count ? ',' : ')'))
			return NULL;
		fields[i] = (Field){at, (int) (end - at)};
		at = end + 1;
	}
	if (count == 0 && *at++ != ')')
		return NULL;
	return *at == '\0' ? fields : NULL;
}

/* place_of returns the place of a column among those of a row; -1: it has none. */
static int
place_of(int16 column, const int16 *columns, int count)
{
	for (int i = 0; i < count; i++)
		if (columns[i] == column)
			return i;
	return -1;
}

bool
row_text_fits(const int16 *columns, int count, TupleDesc now)
{
	int live = 0;

	for (int i = 0; i < now->natts; i++)
	{
		if (TupleDescAttr(now, i)->attisdropped)
			continue;
		if (live >= count || columns[live] != TupleDescAttr(now, i)->attnum)
			return false;
		live++;
	}
	return live == count;
}

void
row_text_reshape(const char *row, const int16 *columns, int count, TupleDesc now, StringInfo text)
{
	Field *fields = split_row(row, count);
	bool first = true;

	if (fields == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("the text of a followed row is malformed")));
	appendStringInfoChar(text, '(');
	for (int i = 0; i < now->natts; i++)
	{
		int place;

		if (TupleDescAttr(now, i)->attisdropped)
			continue;
		if (!first)
			appendStringInfoChar(text, ',');
		first = false;
		place = place_of(TupleDescAttr(now, i)->attnum, columns, count);
		if (place >= 0)
			appendBinaryStringInfo(text, fields[place].start, fields[place].length);
	}
	appendStringInfoChar(text, ')');
	pfree(fields);
}

/* unquote writes the value of a field, as record_in() reads it. */
static void
unquote(const Field *field, StringInfo value)
{
	bool quoted = false;

	resetStringInfo(value);
	for (int i = 0; i < field->length; i++)
	{
		char c = field->start[i];

		if (c == '\\' && i + 1 < field->length)
			appendStringInfoCharMacro(value, field->start[++i]);
		else if (c == '"' && quoted && i + 1 < field->length && field->start[i + 1] == '"')
		{
			appendStringInfoCharMacro(value, '"');
			i++;
		}
		else if (c == '"')
			quoted = !quoted;
		else
			appendStringInfoCharMacro(value, c);
	}
}

void
row_text_as_json(const char *row, const int16 *columns, int count, TupleDesc now,
				 const Bitmapset *used, StringInfo text)
{
	bool all = bms_is_member(0, used);
	Field *fields = split_row(row, count);
	StringInfoData value;
	bool first = true;

	if (fields == NULL)
	{
		appendStringInfoString(text, row);
		return;
	}
	initStringInfo(&value);
	appendStringInfoChar(text, '{');
	for (int i = 0; i < count; i++)
	{
		Form_pg_attribute column =
			columns[i] > 0 && columns[i] <= now->natts ? TupleDescAttr(now, columns[i] - 1) : NULL;

		if (column == NULL || column->attisdropped || (!all && !bms_is_member(columns[i], used)))
			continue;
		appendStringInfoString(text, first ? "" : ", ");
		first = false;
		escape_json(text, NameStr(column->attname));
		appendStringInfoString(text, ": ");
		if (fields[i].length == 0)
		{
			appendStringInfoString(text, "null");
			continue;
		}
		unquote(&fields[i], &value);
		escape_json(text, value.data);
	}
	appendStringInfoChar(text, '}');
	pfree(value.data);
	pfree(fields);
}

/* cdp_internal.split_rows(text): the texts of rows that stand one after the other. */
Datum
cdp_split_rows(PG_FUNCTION_ARGS)
{
	const char *row = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	while (*row != '\0')
	{
		const char *end = row;
		Datum value;
		bool isnull = false;

		CHECK_FOR_INTERRUPTS();
		/* to the parenthesis that ends the row */
		while (*end != '\0' && *(end = end_of_field(end)) == ',')
			end++;
		if (*end == ')')
			end++;
		value = PointerGetDatum(cstring_to_text_with_len(row, (int) (end - row)));
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
		pfree(DatumGetPointer(value));
		row = end;
	}
	return (Datum) 0;
}

/* prepare_output looks up what it takes to write rows of a type. */
static RowOutput *
prepare_output(FunctionCallInfo fcinfo, HeapTupleHeader row)
{
	RowOutput *output = fcinfo->flinfo->fn_extra;
	MemoryContext caller;

	if (output != NULL && output->type == HeapTupleHeaderGetTypeId(row) &&
		output->typmod == HeapTupleHeaderGetTypMod(row))
		return output;
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	output = palloc0(sizeof(RowOutput));
	output->type = HeapTupleHeaderGetTypeId(row);
	output->typmod = HeapTupleHeaderGetTypMod(row);
	output->desc = lookup_rowtype_tupdesc_copy(output->type, output->typmod);
	output->output = palloc0(sizeof(FmgrInfo) * Max(output->desc->natts, 1));
	output->values = palloc(sizeof(Datum) * Max(output->desc->natts, 1));
	output->nulls = palloc(sizeof(bool) * Max(output->desc->natts, 1));
	for (int i = 0; i < output->desc->natts; i++)
	{
		Oid function;
		bool is_varlena;

		if (TupleDescAttr(output->desc, i)->attisdropped)
			continue;
		getTypeOutputInfo(TupleDescAttr(output->desc, i)->atttypid, &function, &is_varlena);
		fmgr_info_cxt(function, &output->output[i], fcinfo->flinfo->fn_mcxt);
	}
	initStringInfo(&output->text);
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = output;
	return output;
}

/* append_field writes a value, in quotes where record_in() needs them. */
static void
append_field(StringInfo text, const char *value, int length)
{
	bool quoted = length == 0;
	bool doubled = false;

	for (int i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) value[i];

		/* blanks, commas, parentheses, quotes and backslashes; what else stands there needs none */
		if (c > ',' && c != '\\')
			continue;
		doubled |= c == '"' || c == '\\';
		quoted |= c != '#' && c != '$' && c != '+' && c != '*';
	}
	if (quoted)
		appendStringInfoCharMacro(text, '"');
	if (!doubled)
		appendBinaryStringInfo(text, value, length);
	else
		for (int i = 0; i < length; i++)
		{
			if (value[i] == '"' || value[i] == '\\')
				appendStringInfoCharMacro(text, value[i]);
			appendStringInfoCharMacro(text, value[i]);
		}
	if (quoted)
		appendStringInfoCharMacro(text, '"');
}

/* append_value writes the value of a column; texts and whole numbers without a call. */
static void
append_value(StringInfo text, FmgrInfo *output, Oid type, Datum value)
{
	char number[24];
	char *written;

	switch (type)
	{
		case INT4OID:
			appendBinaryStringInfo(text, number, pg_ltoa(DatumGetInt32(value), number));
			return;
		case INT8OID:
			appendBinaryStringInfo(text, number, pg_lltoa(DatumGetInt64(value), number));
			return;
		case TEXTOID:
		case VARCHAROID:
		{
			struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

			append_field(text, VARDATA_ANY(bytes), (int) VARSIZE_ANY_EXHDR(bytes));
			if ((Pointer) bytes != DatumGetPointer(value))
				pfree(bytes);
			return;
		}
		default:
			written = OutputFunctionCall(output, value);
			append_field(text, written, (int) strlen(written));
			pfree(written);
	}
}

/* cdp_internal.row_text(record): the text of a row. */
Datum
cdp_row_text(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	RowOutput *output = prepare_output(fcinfo, row);
	StringInfo text = &output->text;
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	bool first = true;

	ItemPointerSetInvalid(&tuple.t_self);
	heap_deform_tuple(&tuple, output->desc, output->values, output->nulls);
	resetStringInfo(text);
	appendStringInfoCharMacro(text, '(');
	for (int i = 0; i < output->desc->natts; i++)
	{
		if (TupleDescAttr(output->desc, i)->attisdropped)
			continue;
		if (!first)
			appendStringInfoCharMacro(text, ',');
		first = false;
		if (!output->nulls[i])
			append_value(text, &output->output[i], TupleDescAttr(output->desc, i)->atttypid,
						 output->values[i]);
	}
	appendStringInfoCharMacro(text, ')');
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text->data, text->len));
}
