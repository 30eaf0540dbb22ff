/*
 * row_text.c
 *		Rows of followed tables as texts, as record_out() writes them.
 *
 * Columns are known by their numbers, which stay when a column is renamed.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "platform/follow/row_text.h"

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
row_text_as_json(const char *row, const int16 *columns, int count, TupleDesc now, StringInfo text)
{
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

		if (column == NULL || column->attisdropped)
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
