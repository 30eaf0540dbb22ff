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
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/json.h"
#include "core/text/utf8.h"
#include "platform/ingest/dropped.h"
#include "platform/ingest/onboard.h"
#include "toolkit/identifier/hashed.h"

#define EVENT_MAX 255    /* bytes of an event's name */
#define SOURCE_MAX 63    /* bytes of a source's name */
#define GROUP_ID_MAX 512 /* bytes of an account's group_id */
#define EXAMPLE_MAX 100  /* bytes of a rejected value that are kept */

/* the arguments of cdp_internal.onboard, in the order of onboard.sql: some columns, then these */
static const InboxColumn argument_columns[] = {INBOX_TYPE,
											   INBOX_EVENT,
											   INBOX_ANONYMOUS_ID,
											   INBOX_USER_ID,
											   INBOX_GROUP_ID,
											   INBOX_PREVIOUS_ID,
											   INBOX_IDENTIFIERS,
											   INBOX_PROPERTIES,
											   INBOX_TRAITS,
											   INBOX_CONTEXT,
											   INBOX_TIMESTAMP,
											   INBOX_SENT_AT,
											   INBOX_ORIGINAL_TIMESTAMP,
											   INBOX_RECEIVED_AT,
											   INBOX_SOURCE};

enum
{
	ARG_AS_OF = lengthof(argument_columns),
	ARG_MAX_IDENTIFIERS,
	ARG_IS_LOGGED
};

/* its results */
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
	OUT_EARLIER,
	OUT_REJECTED,
	OUT_COUNT
};

static const char *const call_names[] = {"identify", "track", "page", "screen",
										 "group",    "alias", "merge"};

typedef enum JsonShape
{
	JSON_ABSENT, /* NULL or JSON's null */
	JSON_OBJECT,
	JSON_OTHER
} JsonShape;

CDP_FUNCTION(cdp_onboard);

/*
 * Return the shape of a jsonb, from its first bytes, so that a large value is not decompressed.
 * A scalar is stored as an array with one element.
 */
static JsonShape
json_shape(const InboxRow *row, InboxColumn column)
{
	struct varlena *start;
	uint32 words[2] = {0, 0};

	if (row->nulls[column])
		return JSON_ABSENT;
	start = (struct varlena *) DatumGetPointer(row->values[column]);
	if (VARATT_IS_COMPRESSED(start) || VARATT_IS_EXTERNAL(start))
		start = PG_DETOAST_DATUM_SLICE(row->values[column], 0, sizeof(words));
	memcpy(words, VARDATA_ANY(start), Min(sizeof(words), VARSIZE_ANY_EXHDR(start)));
	if (words[0] & JB_FOBJECT)
		return JSON_OBJECT;
	return (words[0] & JB_FSCALAR) && JBE_ISNULL(words[1]) ? JSON_ABSENT : JSON_OTHER;
}

/* Refuse a jsonb column that is neither an object nor absent. */
static bool
check_shapes(const InboxRow *row, Refusal *refusal)
{
	static const struct
	{
		InboxColumn column;
		const char *name;
		const char *reason;
	} columns[] = {{INBOX_PROPERTIES, "properties", "invalid_properties"},
				   {INBOX_TRAITS, "traits", "invalid_traits"},
				   {INBOX_CONTEXT, "context", "invalid_context"},
				   {INBOX_IDENTIFIERS, "identifiers", "invalid_identifiers"}};

	for (int i = 0; i < lengthof(columns); i++)
		if (json_shape(row, columns[i].column) == JSON_OTHER)
			return ingest_refuse(refusal, columns[i].reason, "%s: not a JSON object",
								 columns[i].name);
	return true;
}

/* Return whether a jsonb nests too deep.  Each level takes at least eight bytes, so a small value is not walked. */
static bool
is_deep(const InboxRow *row, InboxColumn column, int levels)
{
	Jsonb *document;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	int depth = 0;

	if (row->nulls[column] || toast_raw_datum_size(row->values[column]) <= (Size) 8 * levels)
		return false;
	document = DatumGetJsonbP(row->values[column]);
	iterator = JsonbIteratorInit(&document->root);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if ((token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT) && ++depth > levels)
			return true;
	}
	return false;
}

/*
 * Check the depths first: a jsonb that is too deep cannot even be copied safely.  None may be deeper than a line of JSON,
 * but for what was dropped, which the context has.
 */
static bool
check_depths(const InboxRow *row, OnboardOptions options, Refusal *refusal)
{
	static const struct
	{
		InboxColumn column;
		const char *name;
	} columns[] = {{INBOX_PROPERTIES, "properties"},
				   {INBOX_TRAITS, "traits"},
				   {INBOX_CONTEXT, "context"},
				   {INBOX_IDENTIFIERS, "identifiers"}};

	for (int i = 0; i < lengthof(columns); i++)
		if (is_deep(row, columns[i].column,
					columns[i].column == INBOX_CONTEXT && (options.is_logged || options.has_dropped)
						? CDPK_JSON_DEPTH_MAX + DROPPED_LEVELS
						: CDPK_JSON_DEPTH_MAX))
			return ingest_refuse(refusal, "too_deep", "%s: more than %d levels deep",
								 columns[i].name, CDPK_JSON_DEPTH_MAX);
	return true;
}

/* Return a column that is a JSON object, else NULL. */
static Jsonb *
object_column(const InboxRow *row, InboxColumn column)
{
	return json_shape(row, column) == JSON_OBJECT ? DatumGetJsonbP(row->values[column]) : NULL;
}

/* Return whether a column is an object that has a member, of any value but null. */
static bool
has_member(const InboxRow *row, InboxColumn column, const char *key)
{
	Jsonb *object = object_column(row, column);
	JsonbValue value;

	return object != NULL &&
		   getKeyJsonValueFromContainer(&object->root, key, strlen(key), &value) != NULL &&
		   value.type != jbvNull;
}

/* Return whether a column has a text in it. */
static bool
has_text(const InboxRow *row, InboxColumn column)
{
	return ingest_trim(ingest_column(row, column)).length > 0;
}

/* Infer the type of a call from what only such calls have; false: nothing says it. */
static bool
infer_type(const InboxRow *row, OnboardedRow *event)
{
	if (event->event.length > 0)
		event->type = CALL_TRACK;
	else if (has_text(row, INBOX_PREVIOUS_ID))
		event->type = CALL_ALIAS;
	else if (has_member(row, INBOX_CONTEXT, "mergeProperties"))
		event->type = CALL_MERGE;
	else if (has_text(row, INBOX_GROUP_ID))
		event->type = CALL_GROUP;
	else if (has_member(row, INBOX_PROPERTIES, "name"))
		event->type = CALL_PAGE;
	else if (json_shape(row, INBOX_TRAITS) == JSON_OBJECT ||
			 has_member(row, INBOX_CONTEXT, "traits"))
		event->type = CALL_IDENTIFY;
	else
		return false;
	return true;
}

/* Read the type of the call, or infer it if it is not given. */
static bool
find_type(const InboxRow *row, OnboardedRow *event, Refusal *refusal)
{
	CdpkSpan type = ingest_trim(ingest_column(row, INBOX_TYPE));

	if (type.length == 0)
		return infer_type(row, event) ||
			   ingest_refuse(refusal, "missing_type",
							 "neither a type is given nor what only one type of call has");
	for (event->type = 0; event->type < CALL_COUNT; event->type++)
		if (strlen(call_names[event->type]) == type.length &&
			pg_strncasecmp(call_names[event->type], type.text, type.length) == 0)
			return true;
	return ingest_refuse(refusal, "unknown_type",
						 "type: not one of identify, track, page, screen, group, alias, merge");
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

/*
 * Name the event of a page or screen call after the page, "page: Pricing"; without a name that an event can have it is
 * "page".
 */
static CdpkSpan
view_name(const InboxRow *row, CallType type)
{
	Jsonb *properties = object_column(row, INBOX_PROPERTIES);
	const char *kind = call_names[type];
	JsonbValue value;
	Refusal ignored;
	CdpkSpan name;

	if (properties == NULL ||
		getKeyJsonValueFromContainer(&properties->root, "name", strlen("name"), &value) == NULL ||
		value.type != jbvString)
		return ingest_span(kind);
	name.text = value.val.string.val;
	name.length = value.val.string.len;
	name = ingest_trim(name);
	if (name.length == 0 ||
		!check_name(name, EVENT_MAX - strlen(kind) - strlen(": "), "name", "", &ignored))
		return ingest_span(kind);
	return ingest_span(psprintf("%s: %.*s", kind, (int) name.length, name.text));
}

/* Set the name of the event; only track, page and screen calls have one. */
static bool
find_event(const InboxRow *row, OnboardedRow *event, Refusal *refusal)
{
	bool view = event->type == CALL_PAGE || event->type == CALL_SCREEN;

	if (event->type != CALL_TRACK && !view)
	{
		event->event.length = 0;
		return true;
	}
	if (view && event->event.length == 0)
		event->event = view_name(row, event->type);
	if (event->event.length == 0)
		return ingest_refuse(refusal, "missing_event", "event: a track call needs a name");
	return check_name(event->event, EVENT_MAX, "event", "invalid_event", refusal);
}

/*
 * Collect all identifiers of the row.  Traits describe the person only in an identify call (those of
 * a group call describe the account); traits in context always do.  group_id is not an identifier.
 */
static bool
find_identifiers(const InboxRow *row, OnboardOptions options, OnboardedRow *event, Refusal *refusal)
{
	IdentifierSet *set = &event->identifiers;
	const OnboardSource *rules = onboard_source_rules(options.sources, event->source);
	IdentifierSink sink = {set, &event->rejections, rules->phone_region,
						   options.sources != NULL ? options.sources->mailbox : CDPK_MAILBOX_EXACT};
	Jsonb *identifiers = object_column(row, INBOX_IDENTIFIERS);
	Jsonb *traits = event->type == CALL_IDENTIFY ? object_column(row, INBOX_TRAITS) : NULL;
	Jsonb *context = object_column(row, INBOX_CONTEXT);
	Jsonb *properties = object_column(row, INBOX_PROPERTIES);

	set->count = 0;
	set->repeats = 0;
	set->max = options.max_identifiers;
	if (!identifiers_add_column(&sink, "user_id", ingest_column(row, INBOX_USER_ID), refusal) ||
		!identifiers_add_column(&sink, "anonymous_id", ingest_column(row, INBOX_ANONYMOUS_ID),
								refusal))
		return false;
	if (event->type == CALL_ALIAS &&
		!identifiers_add_column(&sink, "anonymous_id", ingest_column(row, INBOX_PREVIOUS_ID),
								refusal))
		return false;
	if (identifiers != NULL && !identifiers_add_object(&sink, identifiers, refusal))
		return false;
	if (traits != NULL && !identifiers_add_traits(&sink, &traits->root, refusal))
		return false;
	if (context != NULL && !identifiers_add_context(&sink, &context->root, refusal))
		return false;
	if (context != NULL && event->type == CALL_MERGE &&
		!identifiers_add_merged(&sink, &context->root, refusal))
		return false;
	if (!identifiers_add_clicks(&sink, context != NULL ? &context->root : NULL,
								properties != NULL ? &properties->root : NULL, refusal))
		return false;
	/* an account needs no person */
	if (set->count > 0 || event->type == CALL_GROUP || rules->keeps_unidentified ||
		options.is_logged)
		return true;
	if (event->rejections.count > 0 && event->rejections.items[0].name_space.length > 0)
		return ingest_refuse(refusal, "no_identifier", "%.*s: %s",
							 (int) event->rejections.items[0].name_space.length,
							 event->rejections.items[0].name_space.text,
							 event->rejections.items[0].reason);
	return ingest_refuse(refusal, "no_identifier", "no field that can name a person has a value");
}

/* Refuse a group call without a valid group_id. */
static bool
check_group(const InboxRow *row, OnboardedRow *event, Refusal *refusal)
{
	CdpkSpan group_id = ingest_trim(ingest_column(row, INBOX_GROUP_ID));

	if (event->type != CALL_GROUP)
		return true;
	if (group_id.length == 0)
		return ingest_refuse(refusal, "missing_group_id", "group_id: a group call needs one");
	return check_name(group_id, GROUP_ID_MAX, "group_id", "invalid_group_id", refusal);
}

/* Remove the identifiers that are meaningless. */
static void
drop_meaningless(IdentifierSet *set)
{
	int count = 0;

	for (int i = 0; i < set->count; i++)
		if (!identifier_meaningless(IdentifierPayload(set->members[i]),
									IdentifierLength(set->members[i])))
			set->members[count++] = set->members[i];
	set->count = count;
}

/*
 * Read the previous_id of an alias call as the earlier user_id.  It is no identifier of the event, so one
 * that cannot be a user_id is as if it were not given.
 */
static Identifier *
find_earlier(const InboxRow *row, const OnboardedRow *event)
{
	CdpkSpan value = ingest_column(row, INBOX_PREVIOUS_ID);
	CdpkSpan name_space = ingest_span("user_id");
	CdpkStatus status;
	Identifier *earlier;

	if (event->type != CALL_ALIAS || value.length == 0)
		return NULL;
	earlier =
		identifier_make(name_space.text, name_space.length, value.text, value.length, &status);
	if (status == CDPK_OUT_OF_MEMORY)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return earlier != NULL &&
				   !identifier_meaningless(IdentifierPayload(earlier), IdentifierLength(earlier))
			   ? earlier
			   : NULL;
}

void
onboard_check_options(OnboardOptions options)
{
	if (TIMESTAMP_NOT_FINITE(options.as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("as_of must be a finite time"),
				 errhint("Give the time of the batch, for example now().")));
	if (options.max_identifiers < 1 || options.max_identifiers > INGEST_IDENTIFIERS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_identifiers must be from 1 to %d", INGEST_IDENTIFIERS_MAX)));
}

const char *
onboard_call_name(CallType type)
{
	return call_names[type];
}

bool
onboard_lacks(const Refusal *refusal)
{
	static const char *const reasons[] = {"missing_type", "missing_event", "missing_group_id",
										  "no_identifier"};

	for (int i = 0; i < lengthof(reasons); i++)
		if (strcmp(refusal->reason, reasons[i]) == 0)
			return true;
	return false;
}

bool
onboard_source(CdpkSpan given, OnboardedRow *event, Refusal *refusal)
{
	CdpkSpan source = ingest_trim(given);
	bool valid = check_name(source, SOURCE_MAX, "source", "invalid_source", refusal);

	event->source = valid && source.length > 0 ? source : ingest_span("default");
	return valid;
}

bool
onboard_row(const InboxRow *row, CdpkSpan source, OnboardOptions options, OnboardedRow *event,
			Refusal *refusal)
{
	bool named = onboard_source(source, event, refusal);

	event->rejections.count = 0;
	event->event = ingest_trim(ingest_column(row, INBOX_EVENT));
	if (!check_depths(row, options, refusal) || !named || !check_shapes(row, refusal) ||
		!find_type(row, event, refusal) || !find_event(row, event, refusal) ||
		!check_group(row, event, refusal) || !onboard_time(row, options, event, refusal) ||
		!find_identifiers(row, options, event, refusal))
		return false;
	drop_meaningless(&event->identifiers);
	event->earlier = find_earlier(row, event);
	return true;
}

int
onboard_count_identifiers(const InboxRow *row, CdpkSpan source, OnboardOptions options)
{
	OnboardedRow event = {0};
	Refusal refusal = {NULL, ""};

	(void) onboard_source(source, &event, &refusal);
	if (!find_type(row, &event, &refusal))
		event.type = CALL_TRACK;
	options.is_logged = true;
	options.max_identifiers = INGEST_IDENTIFIERS_MAX;
	if (find_identifiers(row, options, &event, &refusal))
		drop_meaningless(&event.identifiers);
	return event.identifiers.count;
}

bool
onboard_leaves_account(Datum context, bool isnull)
{
	Jsonb *document;
	JsonbValue left;

	if (isnull)
		return false;
	document = DatumGetJsonbP(context);
	return JB_ROOT_IS_OBJECT(document) &&
		   getKeyJsonValueFromContainer(&document->root, "groupLeft", strlen("groupLeft"), &left) !=
			   NULL &&
		   left.type == jbvBool && left.val.boolean;
}

int
onboard_example_length(const Rejection *rejection)
{
	return pg_mbcliplen(rejection->example.text, (int) Min(rejection->example.length, PG_INT32_MAX),
						EXAMPLE_MAX);
}

/* Make the array of the identifiers. */
static Datum
identifier_array(const IdentifierSet *set)
{
	Datum members[INGEST_IDENTIFIERS_MAX];

	for (int i = 0; i < set->count; i++)
		members[i] = PointerGetDatum(set->members[i]);
	return PointerGetDatum(
		construct_array(members, set->count, identifier_type_oid(), -1, false, TYPALIGN_INT));
}

/* Read the arguments that are columns. */
static void
read_columns(FunctionCallInfo fcinfo, InboxRow *row)
{
	memset(row->nulls, true, sizeof(row->nulls));
	for (int i = 0; i < lengthof(argument_columns); i++)
	{
		row->values[argument_columns[i]] = PG_GETARG_DATUM(i);
		row->nulls[argument_columns[i]] = PG_ARGISNULL(i);
	}
}

/* Push a text, or a key, to the jsonb in the making. */
static void
push_text(JsonbParseState **state, JsonbIteratorToken place, const char *text, size_t length)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, text);
	value.val.string.len = (int) length;
	pushJsonbValue(state, place, &value);
}

/* Make the list of the rejected values. */
static Datum
rejected_array(const Rejections *rejections)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < rejections->count; i++)
	{
		const Rejection *item = &rejections->items[i];
		JsonbValue count;

		count.type = jbvNumeric;
		count.val.numeric = int64_to_numeric(item->count);
		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_text(&state, WJB_KEY, "namespace", strlen("namespace"));
		push_text(&state, WJB_VALUE, item->name_space.text, item->name_space.length);
		push_text(&state, WJB_KEY, "reason", strlen("reason"));
		push_text(&state, WJB_VALUE, item->reason, strlen(item->reason));
		push_text(&state, WJB_KEY, "occurrences", strlen("occurrences"));
		pushJsonbValue(&state, WJB_VALUE, &count);
		push_text(&state, WJB_KEY, "example", strlen("example"));
		push_text(&state, WJB_VALUE, item->example.text, onboard_example_length(item));
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}

/* What cdp_internal.onboard keeps from call to call of a query. */
typedef struct OnboardCalls
{
	TupleDesc descriptor;
	const OnboardSources *sources;
} OnboardCalls;

/* Prepare the calls of a query. */
static const OnboardCalls *
prepare_calls(FunctionCallInfo fcinfo)
{
	OnboardCalls *calls = fcinfo->flinfo->fn_extra;
	TupleDesc descriptor;
	MemoryContext caller;

	if (calls != NULL)
		return calls;
	descriptor = ingest_result_descriptor(fcinfo, OUT_COUNT);
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	calls = palloc0(sizeof(OnboardCalls));
	calls->descriptor = descriptor;
	/* without tables all sources have the usual rules */
	if (OidIsValid(get_relname_relid("source", get_namespace_oid("cdp_data", true))))
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		calls->sources = onboard_sources_read();
		SPI_finish();
	}
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = calls;
	return calls;
}

/* Implement cdp_internal.onboard. */
Datum
cdp_onboard(PG_FUNCTION_ARGS)
{
	const OnboardCalls *calls = prepare_calls(fcinfo);
	OnboardOptions options = {
		PG_ARGISNULL(ARG_AS_OF) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(ARG_AS_OF),
		PG_ARGISNULL(ARG_MAX_IDENTIFIERS) ? 0 : PG_GETARG_INT32(ARG_MAX_IDENTIFIERS),
		!PG_ARGISNULL(ARG_IS_LOGGED) && PG_GETARG_BOOL(ARG_IS_LOGGED), calls->sources};
	Refusal refusal = {NULL, ""};
	InboxRow row;
	OnboardedRow event;
	Datum values[OUT_COUNT];
	bool nulls[OUT_COUNT];

	onboard_check_options(options);
	read_columns(fcinfo, &row);
	memset(nulls, true, sizeof(nulls));
	if (onboard_row(&row, ingest_column(&row, INBOX_SOURCE), options, &event, &refusal))
	{
		memset(nulls, false, OUT_REASON);
		values[OUT_CALL_TYPE] = CStringGetTextDatum(call_names[event.type]);
		values[OUT_EVENT_NAME] = ingest_text_datum(event.event);
		nulls[OUT_EVENT_NAME] = event.event.length == 0;
		values[OUT_AT] = TimestampTzGetDatum(event.at);
		values[OUT_IDS] = identifier_array(&event.identifiers);
		values[OUT_REPEATS] = Int32GetDatum(event.identifiers.repeats);
		nulls[OUT_REPEATS] = false;
		values[OUT_EARLIER] = PointerGetDatum(event.earlier);
		nulls[OUT_EARLIER] = event.earlier == NULL;
		nulls[OUT_REJECTED] = event.rejections.count == 0;
		if (!nulls[OUT_REJECTED])
			values[OUT_REJECTED] = rejected_array(&event.rejections);
	}
	else
	{
		values[OUT_REASON] = CStringGetTextDatum(refusal.reason);
		values[OUT_DETAIL] = CStringGetTextDatum(refusal.detail);
		nulls[OUT_REASON] = nulls[OUT_DETAIL] = false;
	}
	values[OUT_SOURCE] = ingest_text_datum(event.source);
	nulls[OUT_SOURCE] = false;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(calls->descriptor, values, nulls)));
}
