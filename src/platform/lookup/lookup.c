/*
 * lookup.c
 *		Returns one person as one document.
 *
 * Each part is read by a small query of its own, as the caller; segments are judged separately, each as
 * its owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"
#include "toolkit/traits/traits.h"
#include "platform/identity/person.h"
#include "platform/lookup/lookup_list.h"
#include "platform/lookup/lookup_person.h"
#include "platform/lookup/lookup_query.h"
#include "platform/lookup/lookup_segments.h"

CDP_FUNCTION(cdp_lookup_identifier);
CDP_FUNCTION(cdp_lookup_text);
CDP_FUNCTION(cdp_lookup_bigint);

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
/* those that need the numbers of the identifiers */
#define PARTS_BY_IDENTIFIER \
	(1 << PART_IDENTIFIERS | 1 << PART_EVENTS | 1 << PART_CASES | 1 << PART_REFUSED_LINKS)
#define EVENTS_DEFAULT 10

#define EVENTS_ROOM (INT64CONST(64) << 20)
#define LIST_ROOM (INT64CONST(8) << 20)

/* those that are lists; of refused links the query limits the number */
static const LookupList lists[PART_COUNT] = {
	[PART_IDENTIFIERS] = {QUERY_IDENTIFIERS, LIST_ROOM},
	[PART_PROVENANCE] = {QUERY_PROVENANCE, LIST_ROOM},
	[PART_EVENTS] = {QUERY_EVENTS, EVENTS_ROOM, .omits_null = true, .measured = true},
	[PART_CASES] = {QUERY_CASES, LIST_ROOM},
	[PART_REFUSED_LINKS] = {QUERY_REFUSED_LINKS, PG_INT64_MAX},
	[PART_ACCOUNTS] = {QUERY_ACCOUNTS, LIST_ROOM},
};

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

/* put_names writes a list of names under a key. */
static void
put_names(JsonbParseState **state, const char *key, List *names)
{
	ListCell *cell;

	lookup_put_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach (cell, names)
		lookup_put_string(state, WJB_ELEM, lfirst(cell));
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* computed_json returns the value of a computed trait as jsonb. */
static Datum
computed_json(const LookupComputed *computed)
{
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(computed->value), CStringGetTextDatum(computed->type)};
	bool isnull;

	if (SPI_execute_with_args("SELECT cdp_internal.computed_json($1, $2)", 2, types, values, NULL,
							  true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not read a computed trait");
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
}

/* put_computed writes the values of computed traits. */
static void
put_computed(JsonbParseState **state, List *computed)
{
	ListCell *cell;

	lookup_put_string(state, WJB_KEY, "computed");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	foreach (cell, computed)
	{
		const LookupComputed *one = lfirst(cell);

		lookup_put_string(state, WJB_KEY, one->name);
		lookup_put_value(state, WJB_VALUE, computed_json(one), false, JSONBOID);
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/*
 * put_segments writes the segments that the person is in, the values of computed traits, and what cannot be judged, if
 * any.
 */
static void
put_segments(JsonbParseState **state, int64 profile_id)
{
	List *members_of;
	List *computed;
	List *failing;

	lookup_segments(profile_id, &members_of, &computed, &failing);
	put_names(state, part_names[PART_SEGMENTS], members_of);
	if (computed != NIL)
		put_computed(state, computed);
	if (failing != NIL)
		put_names(state, "segments_failing", failing);
}

/* put_empty writes a list without entries. */
static void
put_empty(JsonbParseState **state, const char *key)
{
	lookup_put_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* is_empty tells of the lists that few people have, by a smaller query, whether there is nothing in them. */
static bool
is_empty(int part, const LookupPerson *person, const LookupArguments *arguments)
{
	switch (part)
	{
		case PART_CASES:
			return !lookup_has(QUERY_HAS_CASE_EVENT, arguments);
		case PART_REFUSED_LINKS:
			return !person->shared && !lookup_has(QUERY_HAS_REFUSED_LINK, arguments);
		default:
			return false;
	}
}

/* put_traits writes the traits. */
static void
put_traits(JsonbParseState **state, const LookupPerson *person)
{
	lookup_put_string(state, WJB_KEY, part_names[PART_TRAITS]);
	if (!person->nulls[PERSON_TRAITS])
	{
		Datum traits = DirectFunctionCall1(cdp_traits_to_jsonb, person->values[PERSON_TRAITS]);

		lookup_put_value(state, WJB_VALUE, traits, false, JSONBOID);
		return;
	}
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* put_part writes a part. */
static void
put_part(JsonbParseState **state, int part, const LookupPerson *person,
		 const LookupArguments *arguments)
{
	if (part == PART_TRAITS)
		put_traits(state, person);
	else if (part == PART_SEGMENTS)
		put_segments(state, person->profile_id);
	else if (is_empty(part, person, arguments))
		put_empty(state, part_names[part]);
	else
		lookup_put_list(state, part_names[part], &lists[part], arguments);
}

/* put_head writes what every document has. */
static void
put_head(JsonbParseState **state, const LookupPerson *person)
{
	static const struct
	{
		const char *key;
		int column;
		Oid type;
	} head[] = {{"profile_id", PERSON_PROFILE_ID, INT8OID},
				{"shared", PERSON_SHARED, BOOLOID},
				{"first_seen", PERSON_FIRST_SEEN, TIMESTAMPTZOID},
				{"last_seen", PERSON_LAST_SEEN, TIMESTAMPTZOID},
				{"event_count", PERSON_EVENTS, INT8OID}};

	for (int i = 0; i < lengthof(head); i++)
	{
		lookup_put_string(state, WJB_KEY, head[i].key);
		lookup_put_value(state, WJB_VALUE, person->values[head[i].column],
						 person->nulls[head[i].column], head[i].type);
	}
}

/* make_document makes the document of a person. */
static Jsonb *
make_document(const LookupPerson *person, int parts, int32 last_events)
{
	JsonbParseState *state = NULL;
	LookupArguments arguments = {person->profile_id, last_events};

	if (parts & PARTS_BY_IDENTIFIER)
		arguments.ids = lookup_identifier_ids(person);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	put_head(&state, person);
	for (int i = 0; i < PART_COUNT; i++)
		if (parts & (1 << i))
			put_part(&state, i, person, &arguments);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* find_written finds a person by an identifier that is not in the tables as it is given, but as the rules write it. */
static bool
find_written(Datum given, LookupPerson *person)
{
	Oid type = identifier_type_oid();
	const uint8_t *payload = IdentifierPayload(DatumGetIdentifierPP(given));
	bool isnull;

	/* they write e-mail addresses alone */
	if (cdpk_identifier_namespace_length(payload) != strlen("email") ||
		memcmp(cdpk_identifier_namespace(payload), "email", strlen("email")) != 0)
		return false;
	if (SPI_execute_with_args("SELECT cdp_internal.by_rules($1)", 1, &type, &given, NULL, true,
							  1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not read the rules of e-mail addresses");
	return lookup_find_identifier(DatumGetIdentifierPP(SPI_getbinval(
									  SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)),
								  person);
}

/* find_person finds the person given, an identifier or a number. */
static bool
find_person(Datum given, bool by_identifier, LookupPerson *person)
{
	if (!by_identifier)
		return lookup_find_number(DatumGetInt64(given), person);
	return lookup_find_identifier(DatumGetIdentifierPP(given), person) ||
		   find_written(given, person);
}

/* look_up returns the document of the person given, an identifier or a number, or NULL. */
static Datum
look_up(FunctionCallInfo fcinfo, Datum given, bool by_identifier)
{
	int parts =
		PG_ARGISNULL(1) ? PARTS_DEFAULT : parse_parts(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	int32 last_events = PG_ARGISNULL(2) ? EVENTS_DEFAULT : PG_GETARG_INT32(2);
	LookupPerson person;
	Datum document = (Datum) 0;

	if (last_events < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("last_events must not be negative")));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	lookup_check_tables();
	if (find_person(given, by_identifier, &person))
		document = SPI_datumTransfer(JsonbPGetDatum(make_document(&person, parts, last_events)),
									 false, -1);
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
