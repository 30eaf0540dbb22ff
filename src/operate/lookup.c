/*
 * lookup.c
 *		One person as one document, found through plans that the backend keeps.
 *
 * An agent's screen asks again and again for the same parts.  The query for a set of
 * parts is written by cdp.lookup_query(), and planned once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "cdp.h"
#include "identifier/identifier.h"

CDP_FUNCTION(cdp_lookup_identifier);
CDP_FUNCTION(cdp_lookup_text);
CDP_FUNCTION(cdp_lookup_bigint);

/* what every document has, in the order of the query's columns */
static const char *const head_names[] = {"profile_id", "shared", "first_seen", "last_seen",
										 "event_count"};

/* and the parts that follow */
enum
{
	PART_IDENTIFIERS,
	PART_TRAITS,
	PART_PROVENANCE,
	PART_EVENTS,
	PART_MATTERS,
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
	[PART_MATTERS] = "matters",
	[PART_SEGMENTS] = "segments",
	[PART_REFUSED_LINKS] = "refused_links",
	[PART_ACCOUNTS] = "accounts",
};

/* all but provenance, which repeats the traits */
#define PARTS_DEFAULT (((1 << PART_COUNT) - 1) & ~(1 << PART_PROVENANCE))
/* those whose rows may be more than a document holds */
#define PARTS_LISTED                                                                       \
	(1 << PART_IDENTIFIERS | 1 << PART_PROVENANCE | 1 << PART_EVENTS | 1 << PART_MATTERS | \
	 1 << PART_ACCOUNTS)
#define EVENTS_DEFAULT 10

/* the plans for each set of parts, by profile id and by identifier */
static SPIPlanPtr document_plans[2][1 << PART_COUNT];
static SPIPlanPtr segments_plan;
/* what they were made for: the identifier type, and in those with segments a text[] */
static Oid planned_type;
static Datum planned_segments;

/* forget_plans drops the plans of the sets that have all of these parts. */
static void
forget_plans(int parts)
{
	for (int by_identifier = 0; by_identifier < 2; by_identifier++)
		for (int i = 0; i < 1 << PART_COUNT; i++)
		{
			SPIPlanPtr plan = document_plans[by_identifier][i];

			if (plan == NULL || (i & parts) != parts)
				continue;
			document_plans[by_identifier][i] = NULL;
			SPI_freeplan(plan);
		}
}

/* keep_plan plans a query for the rest of the session; its arguments are too many to plan for each. */
static SPIPlanPtr
keep_plan(const char *query, int argument_count, Oid *types)
{
	SPIPlanPtr plan = SPI_prepare_cursor(query, argument_count, types, CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare a lookup: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* run runs a plan; false where it gives no row. */
static bool
run(SPIPlanPtr plan, Datum *arguments)
{
	if (SPI_execute_plan(plan, arguments, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "a lookup failed");
	return SPI_processed > 0;
}

/* fetch runs a plan for the one value of its one row; false where there is none. */
static bool
fetch(SPIPlanPtr plan, Datum *arguments, Datum *value)
{
	bool null;

	if (!run(plan, arguments))
		return false;
	*value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
	return !null;
}

/* follow_segments drops the plans for other segments than there are now. */
static void
follow_segments(void)
{
	Datum segments;
	Datum gone = planned_segments;
	MemoryContext caller;

	if (segments_plan == NULL)
		segments_plan = keep_plan("SELECT cdp.lookup_segments()", 0, NULL);
	if (!fetch(segments_plan, NULL, &segments))
		elog(ERROR, "there is no list of segments");
	if (gone != (Datum) 0 && datumIsEqual(segments, gone, false, -1))
		return;
	forget_plans(1 << PART_SEGMENTS);
	caller = MemoryContextSwitchTo(TopMemoryContext);
	planned_segments = datumCopy(segments, false, -1);
	MemoryContextSwitchTo(caller);
	if (gone != (Datum) 0)
		pfree(DatumGetPointer(gone));
}

/* follow_type drops all plans where the extension was dropped and made again. */
static void
follow_type(void)
{
	if (planned_type == identifier_type_oid())
		return;
	forget_plans(0);
	planned_type = identifier_type_oid();
}

/* check_tables raises an error where the tables are missing, or of another release. */
static void
check_tables(void)
{
	if (SPI_execute("SELECT cdp.check_tables()", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not check the tables");
}

/* make_plan writes and plans the query for a set of parts. */
static SPIPlanPtr
make_plan(int parts, bool by_identifier)
{
	Oid query_types[] = {TEXTARRAYOID, BOOLOID, TEXTARRAYOID};
	Oid types[] = {by_identifier ? planned_type : INT8OID, INT4OID};
	Datum arguments[3];
	Datum names[PART_COUNT];
	Datum query;
	int count = 0;

	for (int i = 0; i < PART_COUNT; i++)
		if (parts & (1 << i))
			names[count++] = CStringGetTextDatum(part_names[i]);
	arguments[0] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
	arguments[1] = BoolGetDatum(by_identifier);
	arguments[2] = parts & (1 << PART_SEGMENTS) ? planned_segments
												: PointerGetDatum(construct_empty_array(TEXTOID));
	if (!fetch(SPI_prepare("SELECT cdp.lookup_query($1, $2, $3)", 3, query_types), arguments,
			   &query))
		elog(ERROR, "there is no query for a lookup");
	return keep_plan(TextDatumGetCString(query), 2, types);
}

/* find_plan gives the plan for a set of parts. */
static SPIPlanPtr
find_plan(int parts, bool by_identifier)
{
	SPIPlanPtr *plan = &document_plans[by_identifier][parts];

	follow_type();
	if (*plan == NULL)
		check_tables();
	if (parts & (1 << PART_SEGMENTS))
		follow_segments();
	if (*plan == NULL)
		*plan = make_plan(parts, by_identifier);
	return *plan;
}

/* find_part gives the number of a part by its name, written in any case. */
static int
find_part(const char *name, size_t length)
{
	for (int i = 0; i < PART_COUNT; i++)
		if (strlen(part_names[i]) == length && pg_strncasecmp(part_names[i], name, length) == 0)
			return i;
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("a person has no part \"%s\"", pnstrdup(name, length)),
		 errhint(
			 "The parts are identifiers, traits, provenance, events, matters, segments, refused_links and accounts, separated by commas.")));
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

/* A member of the document: a value that is set is written under the key. */
static void
put_member(JsonbParseState **state, const char *key, JsonbValue *value)
{
	JsonbValue name = {.type = jbvString};

	name.val.string.val = unconstify(char *, key);
	name.val.string.len = (int) strlen(key);
	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, value);
}

/* read_column gives a column of the row that was found, as it stands in a document. */
static JsonbValue
read_column(int number)
{
	bool null;
	Datum datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number + 1, &null);
	JsonbValue value = {.type = jbvNull};

	if (null)
		return value;
	switch (SPI_gettypeid(SPI_tuptable->tupdesc, number + 1))
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
 * put_part writes a part.  Of a list it is what there was room for (cdp.lookup_list), with the number
 * of what is left out beside it.
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
		elog(ERROR, "a part of a lookup is no list");
	put_member(state, part_names[part], value);
	if (left_out.type == jbvNumeric)
		put_member(state, psprintf("%s_left_out", part_names[part]), &left_out);
}

/* make_document writes the row that was found, whose last columns are these parts. */
static Jsonb *
make_document(int parts)
{
	JsonbParseState *state = NULL;
	JsonbValue value;
	int column = 0;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (; column < lengthof(head_names); column++)
	{
		value = read_column(column);
		put_member(&state, head_names[column], &value);
	}
	for (int i = 0; i < PART_COUNT; i++)
		if (parts & (1 << i))
		{
			value = read_column(column++);
			put_part(&state, i, &value);
		}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* look_up makes the document that a call asks for; its first argument is "person". */
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

/* cdp_lookup_identifier looks a person up by an identifier. */
Datum
cdp_lookup_identifier(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return look_up(fcinfo, PG_GETARG_DATUM(0), true);
}

/* cdp_lookup_bigint looks a person up by a present or former profile id. */
Datum
cdp_lookup_bigint(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return look_up(fcinfo, PG_GETARG_DATUM(0), false);
}

/* read_profile_id reads digits, blanks around them aside, that are a bigint. */
static bool
read_profile_id(const char *text, int64 *profile_id)
{
	char *end;

	text += strspn(text, " ");
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*profile_id = strtoll(text, &end, 10);
	return errno == 0 && end[strspn(end, " ")] == '\0';
}

/* cdp_lookup_text looks a person up by the text of either: no identifier begins with a digit. */
Datum
cdp_lookup_text(PG_FUNCTION_ARGS)
{
	char *given;
	int64 profile_id;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	given = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (read_profile_id(given, &profile_id))
		return look_up(fcinfo, Int64GetDatum(profile_id), false);
	return look_up(fcinfo, DirectFunctionCall1(cdp_identifier_in, CStringGetDatum(given)), true);
}
