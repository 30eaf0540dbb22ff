/*
 * pass_version.c
 *		Rows of mutable sources, compared: by their versions, then by their contents; and those that delete.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "cdp.h"
#include "platform/ingest/message_content.h"
#include "platform/refresh/pass.h"

CDP_FUNCTION(cdp_statement_version);

/* find_value finds what stands at a path of names in an object. */
static bool
find_value(JsonbContainer *object, const PassPath *path, JsonbValue *value)
{
	for (int i = 0; i < path->count; i++)
	{
		if (!JsonContainerIsObject(object) ||
			getKeyJsonValueFromContainer(object, path->names[i].text, (int) path->names[i].length,
										 value) == NULL)
			return false;
		if (value->type == jbvBinary)
			object = value->val.binary.data;
		else if (i + 1 < path->count)
			return false;
	}
	return path->count > 0;
}

/* make_version makes a version of what stands at its path: a number or a string, or there is none. */
static Jsonb *
make_version(JsonbValue *value)
{
	return value->type == jbvNumeric || value->type == jbvString ? JsonbValueToJsonb(value) : NULL;
}

/* cdp_statement_version returns the version at a path of the properties, or else of the traits or the context. */
Datum
cdp_statement_version(PG_FUNCTION_ARGS)
{
	PassPath path;
	Jsonb *version = NULL;
	JsonbValue value;

	if (PG_ARGISNULL(3))
		PG_RETURN_NULL();
	path = pass_make_path(PG_GETARG_ARRAYTYPE_P(3));
	for (int i = 0; i < 3; i++)
		if (!PG_ARGISNULL(i) && find_value(&PG_GETARG_JSONB_P(i)->root, &path, &value))
		{
			version = make_version(&value);
			break;
		}
	if (version == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(version);
}

/* find_in_row finds what stands at a path in the properties of a row, or else in its traits or its context. */
static bool
find_in_row(const InboxRow *columns, const PassPath *path, JsonbValue *value)
{
	static const InboxColumn documents[] = {INBOX_PROPERTIES, INBOX_TRAITS, INBOX_CONTEXT};

	if (path->count == 0)
		return false;
	for (int i = 0; i < lengthof(documents); i++)
		if (!columns->nulls[documents[i]] &&
			find_value(&DatumGetJsonbP(columns->values[documents[i]])->root, path, value))
			return true;
	return false;
}

/* pass_row_version returns the version; what it is found in may have to be copied to be read, and is forgotten. */
Jsonb *
pass_row_version(const Pass *pass, int row)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	JsonbValue value;
	bool found = find_in_row(&pass->rows[row].columns,
							 &pass->sources[pass->batch_rows[row].source].version, &value);
	Jsonb *version;

	MemoryContextSwitchTo(caller);
	version = found ? make_version(&value) : NULL;
	MemoryContextReset(pass->scratch);
	return version;
}

/* says_no tells whether a text says that something is not so, or says nothing. */
static bool
says_no(CdpkSpan text)
{
	bool value;

	text = ingest_trim(text);
	return text.length == 0 || (parse_bool_with_len(text.text, text.length, &value) && !value);
}

/* says_so tells whether a value says that something is so. */
static bool
says_so(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return false;
		case jbvBool:
			return value->val.boolean;
		case jbvNumeric:
			return DatumGetInt32(DirectFunctionCall2(
					   numeric_cmp, NumericGetDatum(value->val.numeric),
					   DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))) != 0;
		case jbvString:
		{
			CdpkSpan text = {value->val.string.val, (size_t) value->val.string.len};

			return !says_no(text);
		}
		default:
			return true;
	}
}

bool
pass_row_deletes(const Pass *pass, int row)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	JsonbValue value;
	bool deletes = find_in_row(&pass->rows[row].columns,
							   &pass->sources[pass->batch_rows[row].source].deleted, &value) &&
				   says_so(&value);

	MemoryContextSwitchTo(caller);
	MemoryContextReset(pass->scratch);
	return deletes;
}

int
pass_compare_versions(Jsonb *a, Jsonb *b)
{
	JsonbValue x;
	JsonbValue y;
	int order;

	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	JsonbExtractScalar(&a->root, &x);
	JsonbExtractScalar(&b->root, &y);
	if (x.type != y.type)
		return x.type == jbvString ? 1 : -1;
	if (x.type == jbvNumeric)
		return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(x.val.numeric),
												 NumericGetDatum(y.val.numeric)));
	order = memcmp(x.val.string.val, y.val.string.val, Min(x.val.string.len, y.val.string.len));
	return order != 0 ? order : x.val.string.len - y.val.string.len;
}

/* ---------------------------------------------------------------- contents */

void
pass_row_content(const Pass *pass, int row, StringInfo content)
{
	const TakenRow *taken = &pass->rows[row];

	message_content_text(content, ingest_span(onboard_call_name(taken->call_type)), taken->event,
						 taken->at, &taken->columns);
}

/* note_logged is the StoreRowFunction that takes the content of an event of the log. */
static void
note_logged(void *arg, int key, const Datum *values, const bool *nulls)
{
	const Datum *logged = values + EVENT_LOGGED;
	CdpkSpan name = {"", 0};
	InboxRow columns;

	pass_inbox_row(logged, nulls + EVENT_LOGGED, &columns);
	if (!nulls[EVENT_LOGGED + LOGGED_EVENT])
		name = ingest_text(logged[LOGGED_EVENT]);
	message_content_text(arg, ingest_text(logged[LOGGED_TYPE]), name,
						 DatumGetTimestampTz(logged[LOGGED_AT]), &columns);
}

void
pass_logged_content(Pass *pass, int64 anchor, TimestampTz at, int64 event_id, StringInfo content)
{
	PassColumns key = {1};

	pass_column(&key, EVENT_IDENTIFIER_ID)[0] = Int64GetDatum(anchor);
	pass_column(&key, EVENT_LOGGED + LOGGED_AT)[0] = TimestampTzGetDatum(at);
	pass_column(&key, EVENT_ID)[0] = Int64GetDatum(event_id);
	pass_find_logged(pass, &key, note_logged, content);
	/* this batch may add partitions */
	pass_close_table(pass, TABLE_EVENT);
}
