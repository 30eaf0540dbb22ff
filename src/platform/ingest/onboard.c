/*
 * onboard.c
 *		cdp_internal.onboard: a row of the inbox becomes the parts of an event, or a refusal.
 *
 * Called for every row of a batch.  onboard_row makes the checks in a fixed order; the first that
 * fails is the row's reason.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/json.h"
#include "core/text/timestamp.h"
#include "core/text/utf8.h"
#include "platform/ingest/onboard.h"

#define EVENT_MAX 255    /* bytes of an event's name */
#define SOURCE_MAX 63    /* bytes of a source's name */
#define GROUP_ID_MAX 512 /* bytes of an account's group_id */

/* the arguments and results of cdp_internal.onboard, in the order of onboard.sql */
enum
{
	ARG_TYPE,
	ARG_EVENT,
	ARG_ANONYMOUS_ID,
	ARG_USER_ID,
	ARG_GROUP_ID,
	ARG_PREVIOUS_ID,
	ARG_IDENTIFIERS,
	ARG_PROPERTIES,
	ARG_TRAITS,
	ARG_CONTEXT,
	ARG_TIMESTAMP,
	ARG_SENT_AT,
	ARG_ORIGINAL_TIMESTAMP,
	ARG_RECEIVED_AT,
	ARG_SOURCE_GIVEN,
	ARG_AS_OF,
	ARG_MAX_IDENTIFIERS
};

enum
{
	OUT_CALL_TYPE,
	OUT_EVENT_NAME,
	OUT_AT,
	OUT_SOURCE,
	OUT_IDS,
	OUT_REASON,
	OUT_DETAIL,
	OUT_REPEATS,
	OUT_COUNT
};

typedef enum CallType
{
	CALL_IDENTIFY,
	CALL_TRACK,
	CALL_PAGE,
	CALL_SCREEN,
	CALL_GROUP,
	CALL_ALIAS,
	CALL_COUNT
} CallType;

static const char *const call_names[] = {"identify", "track", "page", "screen", "group", "alias"};

typedef enum JsonShape
{
	JSON_ABSENT, /* NULL or JSON's null */
	JSON_OBJECT,
	JSON_OTHER
} JsonShape;

/* The parts of an event. */
typedef struct OnboardedRow
{
	CallType type;
	CdpkSpan event;  /* empty if the call has none */
	CdpkSpan source; /* set for a refused row too */
	TimestampTz at;
	IdentifierSet identifiers;
} OnboardedRow;

CDP_FUNCTION(cdp_onboard);

/*
 * Return the shape of a jsonb, from its first bytes, so that a large value is not decompressed.
 * A scalar is stored as an array with one element.
 */
static JsonShape
json_shape(FunctionCallInfo fcinfo, int number)
{
	struct varlena *start;
	uint32 words[2] = {0, 0};

	if (PG_ARGISNULL(number))
		return JSON_ABSENT;
	start = PG_GETARG_RAW_VARLENA_P(number);
	start = PG_DETOAST_DATUM_SLICE(PointerGetDatum(start), 0, sizeof(words));
	memcpy(words, VARDATA_ANY(start), Min(sizeof(words), VARSIZE_ANY_EXHDR(start)));
	if (words[0] & JB_FOBJECT)
		return JSON_OBJECT;
	return (words[0] & JB_FSCALAR) && JBE_ISNULL(words[1]) ? JSON_ABSENT : JSON_OTHER;
}

/* Refuse a jsonb column that is neither an object nor absent. */
static bool
check_shapes(FunctionCallInfo fcinfo, Refusal *refusal)
{
	static const struct
	{
		int number;
		const char *column;
		const char *reason;
	} columns[] = {{ARG_PROPERTIES, "properties", "invalid_properties"},
				   {ARG_TRAITS, "traits", "invalid_traits"},
				   {ARG_CONTEXT, "context", "invalid_context"},
				   {ARG_IDENTIFIERS, "identifiers", "invalid_identifiers"}};

	for (int i = 0; i < lengthof(columns); i++)
		if (json_shape(fcinfo, columns[i].number) == JSON_OTHER)
			return ingest_refuse(refusal, columns[i].reason, "%s: not a JSON object",
								 columns[i].column);
	return true;
}

/*
 * Return whether a jsonb nests deeper than a line of JSON may.  Each level takes at least eight
 * bytes, so a small value is not walked.
 */
static bool
is_deep(FunctionCallInfo fcinfo, int number)
{
	Jsonb *document;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	int depth = 0;

	if (PG_ARGISNULL(number) ||
		toast_raw_datum_size(PG_GETARG_DATUM(number)) <= 8 * CDPK_JSON_DEPTH_MAX)
		return false;
	document = PG_GETARG_JSONB_P(number);
	iterator = JsonbIteratorInit(&document->root);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if ((token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT) &&
				 ++depth > CDPK_JSON_DEPTH_MAX)
			return true;
	}
	return false;
}

/* Check the depths first: a jsonb that is too deep cannot even be copied safely. */
static bool
check_depths(FunctionCallInfo fcinfo, Refusal *refusal)
{
	static const struct
	{
		int number;
		const char *column;
	} columns[] = {{ARG_PROPERTIES, "properties"},
				   {ARG_TRAITS, "traits"},
				   {ARG_CONTEXT, "context"},
				   {ARG_IDENTIFIERS, "identifiers"}};

	for (int i = 0; i < lengthof(columns); i++)
		if (is_deep(fcinfo, columns[i].number))
			return ingest_refuse(refusal, "too_deep", "%s: more than %d levels deep",
								 columns[i].column, CDPK_JSON_DEPTH_MAX);
	return true;
}

/* Read the type of the call, or infer it if it is not given. */
static bool
find_type(FunctionCallInfo fcinfo, OnboardedRow *row, Refusal *refusal)
{
	CdpkSpan type = ingest_trim(ingest_text_argument(fcinfo, ARG_TYPE));

	if (type.length == 0)
	{
		row->type = row->event.length > 0 ? CALL_TRACK : CALL_IDENTIFY;
		return row->event.length > 0 || json_shape(fcinfo, ARG_TRAITS) == JSON_OBJECT ||
			   ingest_refuse(refusal, "missing_type", "neither type, event nor traits are given");
	}
	for (row->type = 0; row->type < CALL_COUNT; row->type++)
		if (strlen(call_names[row->type]) == type.length &&
			pg_strncasecmp(call_names[row->type], type.text, type.length) == 0)
			return true;
	return ingest_refuse(refusal, "unknown_type",
						 "type: not one of identify, track, page, screen, group, alias");
}

/* Refuse a trimmed name that is too long or not printable. */
static bool
check_name(CdpkSpan name, size_t max, const char *column, const char *reason, Refusal *refusal)
{
	const char *end = name.text + name.length;
	uint32_t character;
	size_t bytes;

	if (name.length > max)
		return ingest_refuse(refusal, reason, "%s: longer than %zu bytes", column, max);
	for (const char *at = name.text; at < end; at += bytes)
	{
		bytes = cdpk_utf8_decode(at, end, &character);
		if (bytes == 0)
			return ingest_refuse(refusal, reason, "%s: not valid UTF-8", column);
		if (cdpk_is_control(character))
			return ingest_refuse(refusal, reason, "%s: holds a control character", column);
	}
	return true;
}

/* Set the name of the event; identify, group and alias calls have none. */
static bool
find_event(OnboardedRow *row, Refusal *refusal)
{
	bool view = row->type == CALL_PAGE || row->type == CALL_SCREEN;

	if (row->type != CALL_TRACK && !view)
	{
		row->event.length = 0;
		return true;
	}
	if (view && row->event.length == 0)
		row->event = ingest_span(call_names[row->type]);
	if (row->event.length == 0)
		return ingest_refuse(refusal, "missing_event", "event: a track call needs a name");
	return check_name(row->event, EVENT_MAX, "event", "invalid_event", refusal);
}

/* Set the source, "default" if no valid name is given. */
static bool
find_source(FunctionCallInfo fcinfo, OnboardedRow *row, Refusal *refusal)
{
	CdpkSpan source = ingest_trim(ingest_text_argument(fcinfo, ARG_SOURCE_GIVEN));
	bool valid = check_name(source, SOURCE_MAX, "source", "invalid_source", refusal);

	if (!valid || source.length == 0)
		source = ingest_span("default");
	row->source = source;
	return valid;
}

/*
 * Correct a time for the sender's clock: the difference of two of its times is right even if the
 * clock is wrong.  Return false if the result overflows.
 */
static bool
corrected_time(TimestampTz received, TimestampTz sent, TimestampTz original, TimestampTz *at)
{
	int64 delay;

	return !TIMESTAMP_NOT_FINITE(received) && !TIMESTAMP_NOT_FINITE(sent) &&
		   !TIMESTAMP_NOT_FINITE(original) && !pg_sub_s64_overflow(sent, original, &delay) &&
		   !pg_sub_s64_overflow(received, delay, at);
}

/* Choose the best time of the row; *column names where it is from. */
static bool
choose_time(FunctionCallInfo fcinfo, TimestampTz *at, const char **column, Refusal *refusal)
{
	static const struct
	{
		int number;
		const char *column;
	} others[] = {{ARG_ORIGINAL_TIMESTAMP, "original_timestamp"},
				  {ARG_SENT_AT, "sent_at"},
				  {ARG_RECEIVED_AT, "received_at"},
				  {ARG_AS_OF, "as_of"}};
	int i = 0;

	*column = "timestamp";
	if (!PG_ARGISNULL(ARG_TIMESTAMP))
	{
		*at = PG_GETARG_TIMESTAMPTZ(ARG_TIMESTAMP);
		return true;
	}
	if (!PG_ARGISNULL(ARG_RECEIVED_AT) && !PG_ARGISNULL(ARG_SENT_AT) &&
		!PG_ARGISNULL(ARG_ORIGINAL_TIMESTAMP))
	{
		*column = "received_at - (sent_at - original_timestamp)";
		return corrected_time(PG_GETARG_TIMESTAMPTZ(ARG_RECEIVED_AT),
							  PG_GETARG_TIMESTAMPTZ(ARG_SENT_AT),
							  PG_GETARG_TIMESTAMPTZ(ARG_ORIGINAL_TIMESTAMP), at) ||
			   ingest_refuse(refusal, "timestamp_out_of_range", "%s: not a finite time", *column);
	}
	while (PG_ARGISNULL(others[i].number))
		i++; /* as_of is never NULL */
	*column = others[i].column;
	*at = PG_GETARG_TIMESTAMPTZ(others[i].number);
	return true;
}

/* Set the time of the event; refuse it before 2000 or more than a day after the batch. */
static bool
find_time(FunctionCallInfo fcinfo, OnboardedRow *row, Refusal *refusal)
{
	TimestampTz latest = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF) + CDPK_DAY;
	char at[CDPK_TIMESTAMP_TEXT_MAX];
	char bound[CDPK_TIMESTAMP_TEXT_MAX];
	const char *column;

	if (!choose_time(fcinfo, &row->at, &column, refusal))
		return false;
	if (TIMESTAMP_NOT_FINITE(row->at))
		return ingest_refuse(refusal, "timestamp_out_of_range", "%s: not a finite time", column);
	if (row->at >= 0 && row->at <= latest)
		return true;
	cdpk_timestamp_print(row->at, at);
	cdpk_timestamp_print(row->at < 0 ? 0 : latest, bound);
	return ingest_refuse(refusal, "timestamp_out_of_range",
						 row->at < 0 ? "%s: %s is before %s"
									 : "%s: %s is after %s, a day after the batch",
						 column, at, bound);
}

/* Return an argument that is a JSON object, else NULL. */
static Jsonb *
object_argument(FunctionCallInfo fcinfo, int number)
{
	return json_shape(fcinfo, number) == JSON_OBJECT ? PG_GETARG_JSONB_P(number) : NULL;
}

/*
 * Collect all identifiers of the row.  Traits describe the person only in an identify call (those of
 * a group call describe the account); traits in context always do.  group_id is not an identifier.
 */
static bool
find_identifiers(FunctionCallInfo fcinfo, OnboardedRow *row, Refusal *refusal)
{
	IdentifierSet *set = &row->identifiers;
	Jsonb *identifiers = object_argument(fcinfo, ARG_IDENTIFIERS);
	Jsonb *traits = row->type == CALL_IDENTIFY ? object_argument(fcinfo, ARG_TRAITS) : NULL;
	Jsonb *context = object_argument(fcinfo, ARG_CONTEXT);

	set->count = 0;
	set->repeats = 0;
	set->max = PG_GETARG_INT32(ARG_MAX_IDENTIFIERS);
	if (!identifiers_add_column(set, "user_id", "user_id",
								ingest_text_argument(fcinfo, ARG_USER_ID), refusal) ||
		!identifiers_add_column(set, "anonymous_id", "anonymous_id",
								ingest_text_argument(fcinfo, ARG_ANONYMOUS_ID), refusal))
		return false;
	if (row->type == CALL_ALIAS &&
		!identifiers_add_column(set, "previous_id", "anonymous_id",
								ingest_text_argument(fcinfo, ARG_PREVIOUS_ID), refusal))
		return false;
	if (identifiers != NULL && !identifiers_add_object(set, identifiers, refusal))
		return false;
	if (traits != NULL && !identifiers_add_traits(set, "traits", &traits->root, refusal))
		return false;
	if (context != NULL && !identifiers_add_context(set, &context->root, refusal))
		return false;
	return set->count > 0 ||
		   ingest_refuse(refusal, "no_identifier", "no field that can name a person has a value");
}

/* Refuse a group call without a valid group_id. */
static bool
check_group(FunctionCallInfo fcinfo, OnboardedRow *row, Refusal *refusal)
{
	CdpkSpan group_id = ingest_trim(ingest_text_argument(fcinfo, ARG_GROUP_ID));

	if (row->type != CALL_GROUP)
		return true;
	if (group_id.length == 0)
		return ingest_refuse(refusal, "missing_group_id", "group_id: a group call needs one");
	return check_name(group_id, GROUP_ID_MAX, "group_id", "invalid_group_id", refusal);
}

/* Clean a row; false with a refusal if it cannot be an event. */
static bool
onboard_row(FunctionCallInfo fcinfo, OnboardedRow *row, Refusal *refusal)
{
	bool named;

	row->event = ingest_trim(ingest_text_argument(fcinfo, ARG_EVENT));
	named = find_source(fcinfo, row, refusal);
	return check_depths(fcinfo, refusal) && named && check_shapes(fcinfo, refusal) &&
		   find_type(fcinfo, row, refusal) && find_event(row, refusal) &&
		   check_group(fcinfo, row, refusal) && find_time(fcinfo, row, refusal) &&
		   find_identifiers(fcinfo, row, refusal);
}

/* Make the array of the identifiers that are not meaningless. */
static Datum
identifier_array(const IdentifierSet *set)
{
	Datum members[INGEST_IDENTIFIERS_MAX];
	int count = 0;

	for (int i = 0; i < set->count; i++)
		if (!cdpk_identifier_meaningless(IdentifierPayload(set->members[i]),
										 IdentifierLength(set->members[i])))
			members[count++] = PointerGetDatum(set->members[i]);
	return PointerGetDatum(
		construct_array(members, count, identifier_type_oid(), -1, false, TYPALIGN_INT));
}

/* Implement cdp_internal.onboard. */
Datum
cdp_onboard(PG_FUNCTION_ARGS)
{
	TupleDesc descriptor = ingest_result_descriptor(fcinfo, OUT_COUNT);
	Refusal refusal = {NULL, ""};
	OnboardedRow row;
	Datum values[OUT_COUNT];
	bool nulls[OUT_COUNT];

	if (PG_ARGISNULL(ARG_AS_OF) || TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(ARG_AS_OF)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("as_of must be a finite time"),
				 errhint("Give the time of the batch, for example now().")));
	if (PG_ARGISNULL(ARG_MAX_IDENTIFIERS) || PG_GETARG_INT32(ARG_MAX_IDENTIFIERS) < 1 ||
		PG_GETARG_INT32(ARG_MAX_IDENTIFIERS) > INGEST_IDENTIFIERS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_identifiers must be from 1 to %d", INGEST_IDENTIFIERS_MAX)));
	memset(nulls, true, sizeof(nulls));
	if (onboard_row(fcinfo, &row, &refusal))
	{
		memset(nulls, false, OUT_REASON);
		values[OUT_CALL_TYPE] = CStringGetTextDatum(call_names[row.type]);
		values[OUT_EVENT_NAME] = ingest_text_datum(row.event);
		nulls[OUT_EVENT_NAME] = row.event.length == 0;
		values[OUT_AT] = TimestampTzGetDatum(row.at);
		values[OUT_IDS] = identifier_array(&row.identifiers);
		values[OUT_REPEATS] = Int32GetDatum(row.identifiers.repeats);
		nulls[OUT_REPEATS] = false;
	}
	else
	{
		values[OUT_REASON] = CStringGetTextDatum(refusal.reason);
		values[OUT_DETAIL] = CStringGetTextDatum(refusal.detail);
		nulls[OUT_REASON] = nulls[OUT_DETAIL] = false;
	}
	values[OUT_SOURCE] = ingest_text_datum(row.source);
	nulls[OUT_SOURCE] = false;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}
