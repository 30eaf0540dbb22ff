/*
 * lookup.c
 *		Returns one person as one document, through cached plans.
 *
 * Applications ask for the same parts again and again.  So the query for a set of
 * parts, written by cdp_internal.lookup_query(), is planned once per session.  It
 * reads as the caller; segments are judged separately, each as its owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"
#include "platform/identity/person.h"
#include "platform/lookup/lookup_segments.h"

CDP_FUNCTION(cdp_lookup_identifier);
CDP_FUNCTION(cdp_lookup_text);
CDP_FUNCTION(cdp_lookup_bigint);

/* keys that every document has, in the order of the query's columns */
static const char *const head_names[] = {"profile_id", "shared", "first_seen", "last_seen",
										 "event_count"};

/* the parts, in the order of the document */
enum
{
	PART_IDENTIFIERS,
	PART_TRAITS,
	PART_PROVENANCE,
	PART_EVENTS,
	PART_CASES,
	PART_SEGMENTS,
	PART_REFUSED_LINKS,
	PART_ACCOUNTS,
	PART_COUNT
};

static const char *const part_names[PART_COUNT] = {
	[PART_IDENTIFIERS] = "identifiers",
	[PART_TRAITS] = "traits",
	[PART_PROVENANCE] = "provenance",
	[PART_EVENTS] = "events",
	[PART_CASES] = "cases",
	[PART_SEGMENTS] = "segments",
	[PART_REFUSED_LINKS] = "refused_links",
	[PART_ACCOUNTS] = "accounts",
};

/* all but provenance, which repeats the traits */
#define PARTS_DEFAULT (((1 << PART_COUNT) - 1) & ~(1 << PART_PROVENANCE))
/* parts that are cut to the size of a document: see cdp_internal.lookup_list() */
#define PARTS_LISTED                                                                     \
	(1 << PART_IDENTIFIERS | 1 << PART_PROVENANCE | 1 << PART_EVENTS | 1 << PART_CASES | \
	 1 << PART_ACCOUNTS)
#define EVENTS_DEFAULT 10

/* the plans for each set of parts, by profile id and by identifier */
static SPIPlanPtr document_plans[2][1 << PART_COUNT];
/* the identifier type that they were made for */
static Oid planned_type;

/* forget_plans frees all plans. */
static void
forget_plans(void)
{
	for (int by_identifier = 0; by_identifier < 2; by_identifier++)
		for (int i = 0; i < 1 << PART_COUNT; i++)
		{
			SPIPlanPtr plan = document_plans[by_identifier][i];

			if (plan == NULL)
				continue;
			document_plans[by_identifier][i] = NULL;
			SPI_freeplan(plan);
		}
}

/* keep_plan plans a query, generically, for the rest of the session. */
static SPIPlanPtr
keep_plan(const char *query, int argument_count, Oid *types)
{
	SPIPlanPtr plan = SPI_prepare_cursor(query, argument_count, types, CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare a lookup: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* run runs a plan; returns false if there is no row. */
static bool
run(SPIPlanPtr plan, Datum *arguments)
{
	if (SPI_execute_plan(plan, arguments, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "a lookup failed");
	return SPI_processed > 0;
}

/* fetch runs a plan that returns one value; returns false if there is none. */
static bool
fetch(SPIPlanPtr plan, Datum *arguments, Datum *value)
{
	bool null;

	if (!run(plan, arguments))
		return false;
	*value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
	return !null;
}

/* follow_type frees all plans if the extension was dropped and created again. */
static void
follow_type(void)
{
	if (planned_type == identifier_type_oid())
		return;
	forget_plans();
	planned_type = identifier_type_oid();
}

/* check_tables raises an error if the tables are missing, or of another version. */
static void
check_tables(void)
{
	if (SPI_execute("SELECT cdp_internal.check_tables()", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not check the tables");
}

/* make_plan writes and plans the query for a set of parts. */
static SPIPlanPtr
make_plan(int parts, bool by_identifier)
{
	Oid query_types[] = {TEXTARRAYOID, BOOLOID};
	Oid types[] = {by_identifier ? planned_type : INT8OID, INT4OID};
	Datum arguments[2];
	Datum names[PART_COUNT];
	Datum query;
	int count = 0;

	for (int i = 0; i < PART_COUNT; i++)
		if (parts & (1 << i) && i != PART_SEGMENTS)
			names[count++] = CStringGetTextDatum(part_names[i]);
	arguments[0] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
	arguments[1] = BoolGetDatum(by_identifier);
	if (!fetch(SPI_prepare("SELECT cdp_internal.lookup_query($1, $2)", 2, query_types), arguments,
			   &query))
		elog(ERROR, "there is no query for a lookup");
	return keep_plan(TextDatumGetCString(query), 2, types);
}

/* find_plan returns the plan for a set of parts. */
static SPIPlanPtr
find_plan(int parts, bool by_identifier)
{
	SPIPlanPtr *plan = &document_plans[by_identifier][parts];

	follow_type();
	if (*plan == NULL)
		check_tables();
	if (*plan == NULL)
		*plan = make_plan(parts, by_identifier);
	return *plan;
}

/* find_part returns the number of a part by its name, ignoring case. */
static int
find_part(const char *name, size_t length)
{
	for (int i = 0; i < PART_COUNT; i++)
		if (strlen(part_names[i]) == length && pg_strncasecmp(part_names[i], name, length) == 0)
			return i;
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("part \"%s\" of a person is unknown", pnstrdup(name, length)),
		 errhint(
			 "Parts are identifiers, traits, provenance, events, cases, segments, refused_links and "
			 "accounts, separated by commas.")));
}

/* parse_parts reads the names of parts, separated by commas, as a set. */
static int
parse_parts(const char *text)
{
	static const char *const blank = " \t\n\r";
	int parts = 0;

	if (text[strspn(text, blank)] == '\0')
		return 0;
	for (;;)
	{
		const char *start = text + strspn(text, blank);
		const char *comma = start + strcspn(start, ",");
		const char *end = comma;

		while (end > start && strchr(blank, end[-1]) != NULL)
			end--;
		parts |= 1 << find_part(start, end - start);
		if (*comma == '\0')
			return parts;
		text = comma + 1;
	}
}

/* put_string writes a string. */
static void
put_string(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue string = {.type = jbvString};

	string.val.string.val = unconstify(char *, text);
	string.val.string.len = (int) strlen(text);
	pushJsonbValue(state, token, &string);
}

/* put_member writes a value under a key. */
static void
put_member(JsonbParseState **state, const char *key, JsonbValue *value)
{
	put_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_VALUE, value);
}

/* read_column returns a column of the row as a value of a document. */
static JsonbValue
read_column(SPITupleTable *found, int number)
{
	bool null;
	Datum datum = SPI_getbinval(found->vals[0], found->tupdesc, number + 1, &null);
	JsonbValue value = {.type = jbvNull};

	if (null)
		return value;
	switch (SPI_gettypeid(found->tupdesc, number + 1))
	{
		case INT8OID:
			value.type = jbvNumeric;
			value.val.numeric = int64_to_numeric(DatumGetInt64(datum));
			break;
		case BOOLOID:
			value.type = jbvBool;
			value.val.boolean = DatumGetBool(datum);
			break;
		case TIMESTAMPTZOID:
			value.type = jbvString;
			value.val.string.val = JsonEncodeDateTime(NULL, datum, TIMESTAMPTZOID, NULL);
			value.val.string.len = (int) strlen(value.val.string.val);
			break;
		default:
		{
			Jsonb *document = DatumGetJsonbP(datum);

			value.type = jbvBinary;
			value.val.binary.data = &document->root;
			value.val.binary.len = (int) VARSIZE(document) - VARHDRSZ;
		}
	}
	return value;
}

/*
 * put_part writes a part.  If it is a list that was cut (cdp_internal.lookup_list), writes
 * the number of entries left out beside it.
 */
static void
put_part(JsonbParseState **state, int part, JsonbValue *value)
{
	JsonbValue left_out;

	if (!(PARTS_LISTED & (1 << part)))
	{
		put_member(state, part_names[part], value);
		return;
	}
	if (getKeyJsonValueFromContainer(value->val.binary.data, "left_out", strlen("left_out"),
									 &left_out) == NULL ||
		getKeyJsonValueFromContainer(value->val.binary.data, "list", strlen("list"), value) == NULL)
		elog(ERROR, "a part of a lookup is not a list");
	put_member(state, part_names[part], value);
	if (left_out.type == jbvNumeric)
		put_member(state, psprintf("%s_left_out", part_names[part]), &left_out);
}

/* put_names writes a list of names under a key. */
static void
put_names(JsonbParseState **state, const char *key, List *names)
{
	ListCell *cell;

	put_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach (cell, names)
		put_string(state, WJB_ELEM, lfirst(cell));
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* put_segments writes the segments that the person is in, and those that cannot be judged, if any. */
static void
put_segments(JsonbParseState **state, int64 profile_id)
{
	List *members_of;
	List *failing;

	lookup_segments(profile_id, &members_of, &failing);
	put_names(state, part_names[PART_SEGMENTS], members_of);
	if (failing != NIL)
		put_names(state, "segments_failing", failing);
}

/* make_document makes a document of the row, whose last columns are these parts without segments. */
static Jsonb *
make_document(int parts)
{
	SPITupleTable *found = SPI_tuptable;
	JsonbParseState *state = NULL;
	JsonbValue value;
	int column = 0;
	bool null;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (; column < lengthof(head_names); column++)
	{
		value = read_column(found, column);
		put_member(&state, head_names[column], &value);
	}
	for (int i = 0; i < PART_COUNT; i++)
	{
		if (!(parts & (1 << i)))
			continue;
		if (i == PART_SEGMENTS)
		{
			put_segments(&state,
						 DatumGetInt64(SPI_getbinval(found->vals[0], found->tupdesc, 1, &null)));
			continue;
		}
		value = read_column(found, column++);
		put_part(&state, i, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* look_up returns the document of "person", the first argument, or NULL. */
static Datum
look_up(FunctionCallInfo fcinfo, Datum person, bool by_identifier)
{
	int parts =
		PG_ARGISNULL(1) ? PARTS_DEFAULT : parse_parts(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	int32 last_events = PG_ARGISNULL(2) ? EVENTS_DEFAULT : PG_GETARG_INT32(2);
	Datum arguments[] = {person, Int32GetDatum(last_events)};
	Datum document = (Datum) 0;

	if (last_events < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("last_events must not be negative")));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (run(find_plan(parts, by_identifier), arguments))
		document = SPI_datumTransfer(JsonbPGetDatum(make_document(parts)), false, -1);
	SPI_finish();
	if (document == (Datum) 0)
		PG_RETURN_NULL();
	return document;
}

/* cdp_lookup_identifier looks up a person by an identifier. */
Datum
cdp_lookup_identifier(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return look_up(fcinfo, PG_GETARG_DATUM(0), true);
}

/* cdp_lookup_bigint looks up a person by a present or former profile_id. */
Datum
cdp_lookup_bigint(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return look_up(fcinfo, PG_GETARG_DATUM(0), false);
}

/* cdp_lookup_text looks up a person by the text of an identifier or profile_id. */
Datum
cdp_lookup_text(PG_FUNCTION_ARGS)
{
	char *given;
	int64 profile_id;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	given = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (person_read_id(given, &profile_id))
		return look_up(fcinfo, Int64GetDatum(profile_id), false);
	return look_up(fcinfo, DirectFunctionCall1(cdp_identifier_in, CStringGetDatum(given)), true);
}
