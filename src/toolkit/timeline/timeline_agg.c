/*
 * timeline_agg.c
 *		Building timelines from rows, and merging them.
 *
 * The state of the aggregates is a timeline in its open form.  It is changed in place; where it
 * must grow, the larger copy is made in the per-row memory context, and the executor takes it over
 * and frees the former one.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/timeline/timeline_merge.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/property_values.h"
#include "toolkit/timeline/timeline.h"

CDP_FUNCTION(cdp_timeline_agg_trans);
CDP_FUNCTION(cdp_timeline_agg_trans_properties);
CDP_FUNCTION(cdp_timeline_combine);
CDP_FUNCTION(cdp_timeline_final);
CDP_FUNCTION(cdp_timeline_concat);
CDP_FUNCTION(cdp_timeline_whole);

/*
 * Return the log of the state, argument 0: itself where it is in the open form, else a
 * new log with its events.
 */
static CdpkTimelineLog *
get_state(FunctionCallInfo fcinfo)
{
	CdpkTimelineLog *log;
	Timeline *state = NULL;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "transition function of cdp.timeline called outside of an aggregate");
	if (!PG_ARGISNULL(0))
	{
		state = (Timeline *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
		if (VARSIZE(state) >= sizeof(CdpkTimelineLog) &&
			((CdpkTimelineLog *) state)->form == CDPK_TIMELINE_OPEN)
			return (CdpkTimelineLog *) state;
	}
	cdpk_log_new(&cdp_state_allocator, &log);
	if (state != NULL)
		timeline_append(&log, &cdp_state_allocator, state);
	return log;
}

/* Append one event to the state, with values whose names are places of the log, or NULL. */
static void
add_event(CdpkTimelineLog **log, TimestampTz at, text *event, const CdpkEventValues *values)
{
	const char *name = VARDATA_ANY(event);
	size_t length = VARSIZE_ANY_EXHDR(event);
	uint32_t place;
	CdpkStatus status = cdpk_log_name(log, &cdp_state_allocator, name, length, &place);

	if (status == CDPK_OK && values != NULL)
		status = cdpk_log_event_values(log, &cdp_state_allocator, place, at, values);
	else if (status == CDPK_OK)
		status = cdpk_log_event(log, &cdp_state_allocator, place, at, NULL, 0);
	if (status != CDPK_OK)
		timeline_refuse_event(status, name, length);
}

/* timeline_agg_trans(state, at, event): skip rows without a time or an event. */
Datum
cdp_timeline_agg_trans(PG_FUNCTION_ARGS)
{
	CdpkTimelineLog *log;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	log = get_state(fcinfo);
	add_event(&log, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TEXT_PP(2), NULL);
	return cdp_varlena(log, log->size);
}

/* Raise the error for properties of the wrong form. */
static void
refuse_properties(const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("properties must be a JSON object"), errdetail_internal("%s", detail)));
}

/* Add the property of a name. */
static void
add_property(CdpkTimelineLog **log, CdpkEventValues *values, uint64 element, const JsonbValue *key,
			 const JsonbValue *value)
{
	uint32_t name;
	CdpkStatus status = cdpk_log_name(log, &cdp_state_allocator, key->val.string.val,
									  (size_t) key->val.string.len, &name);

	if (status == CDPK_EMPTY)
		refuse_properties("A property has a name.");
	if (status != CDPK_OK)
		timeline_refuse_event(status, key->val.string.val, (size_t) key->val.string.len);
	if (property_values_add(values, name, element, value) != CDPK_OK)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("an event has more than %d properties", CDPK_PROPERTIES_MAX)));
}

static bool
is_elements_key(const JsonbValue *key)
{
	return key->val.string.len == CDPK_ELEMENTS_KEY_LENGTH &&
		   memcmp(key->val.string.val, CDPK_ELEMENTS_KEY, CDPK_ELEMENTS_KEY_LENGTH) == 0;
}

/* Read the properties of the elements of an array. */
static void
read_elements(CdpkTimelineLog **log, CdpkEventValues *values, const JsonbValue *array)
{
	static const char form[] = "Its key \"[]\" is an array of objects, which have no such key.";
	JsonbWalk elements;
	JsonbValue element;

	if (array->type != jbvBinary || !JsonContainerIsArray(array->val.binary.data))
		refuse_properties(form);
	elements = jsonb_walk(array->val.binary.data);
	while (jsonb_walk_element(&elements, &element))
	{
		JsonbWalk walk;
		JsonbValue key;
		JsonbValue value;

		if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data))
			refuse_properties(form);
		walk = jsonb_walk(element.val.binary.data);
		while (jsonb_walk_member(&walk, &key, &value))
		{
			if (is_elements_key(&key))
				refuse_properties(form);
			add_property(log, values, elements.next, &key, &value);
		}
	}
}

/* Read an object of properties; JSON nulls count as absent. */
static void
read_properties(CdpkTimelineLog **log, CdpkEventValues *values, Jsonb *object)
{
	JsonbWalk walk = jsonb_walk(&object->root);
	JsonbValue key;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(object))
		refuse_properties("Its keys are the names of the properties.");
	while (jsonb_walk_member(&walk, &key, &value))
		if (is_elements_key(&key))
			read_elements(log, values, &value);
		else
			add_property(log, values, 0, &key, &value);
}

/* timeline_agg_trans(state, at, event, properties): the same with properties, or NULL for none. */
Datum
cdp_timeline_agg_trans_properties(PG_FUNCTION_ARGS)
{
	CdpkEventValues values = cdpk_values(&cdp_state_allocator);
	CdpkTimelineLog *log;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	log = get_state(fcinfo);
	if (!PG_ARGISNULL(3))
		read_properties(&log, &values, PG_GETARG_JSONB_P(3));
	add_event(&log, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TEXT_PP(2), &values);
	return cdp_varlena(log, log->size);
}

/* timeline_combine(state, timeline): add all events of the second to the first; strict. */
Datum
cdp_timeline_combine(PG_FUNCTION_ARGS)
{
	CdpkTimelineLog *log = get_state(fcinfo);

	timeline_append(&log, &cdp_state_allocator, (Timeline *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1)));
	return cdp_varlena(log, log->size);
}

/* timeline_final(state): make the compact form, and leave the state as it is. */
Datum
cdp_timeline_final(PG_FUNCTION_ARGS)
{
	Timeline *state = (Timeline *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	const CdpkTimelineLog *log = (const CdpkTimelineLog *) state;

	if (VARSIZE(state) >= sizeof(CdpkTimelineLog) && log->form == CDPK_TIMELINE_OPEN)
		state = timeline_from_log(log);
	PG_RETURN_POINTER(state);
}

/* Make the timeline with the events of both. */
static Timeline *
merge_timelines(Timeline *a, Timeline *b)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	uint8_t *result;
	size_t a_length;
	size_t b_length;
	size_t length;
	const uint8_t *a_bytes = timeline_bytes(a, &a_length);
	const uint8_t *b_bytes = timeline_bytes(b, &b_length);
	CdpkStatus status = cdpk_timeline_merge(a_bytes, a_length, b_bytes, b_length, &scratch,
											&cdp_palloc_allocator, VARHDRSZ, &result, &length);

	timeline_check(status);
	return (Timeline *) DatumGetPointer(cdp_varlena(result, VARHDRSZ + length));
}

/* timeline_concat(a, b): the events of both; NULL is no events. */
Datum
cdp_timeline_concat(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	PG_RETURN_POINTER(merge_timelines(PG_GETARG_TIMELINE_PP(0), PG_GETARG_TIMELINE_PP(1)));
}

/*
 * One alone is not copied.  The cheapest order is from the smallest to the largest: each is copied
 * with all before it.
 */
Timeline *
timeline_whole(const Datum *parts, const bool *nulls, int count)
{
	Timeline *whole = NULL;
	bool empty = true; /* what whole is */

	for (int i = 0; i < count; i++)
	{
		Timeline *part;
		CdpkTimeline opened;

		if (nulls[i])
			continue;
		part = (Timeline *) PG_DETOAST_DATUM_PACKED(parts[i]);
		timeline_open(part, &opened);
		if (!empty && opened.names > 0)
			whole = merge_timelines(whole, part);
		else if (empty)
			whole = part;
		empty = empty && opened.names == 0;
	}
	return whole;
}

/* timeline_whole(a, b, c, d): the events of all; NULL is no events. */
Datum
cdp_timeline_whole(PG_FUNCTION_ARGS)
{
	Datum parts[4];
	bool nulls[4];
	Timeline *whole;

	for (int i = 0; i < lengthof(parts); i++)
	{
		parts[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i);
	}
	whole = timeline_whole(parts, nulls, lengthof(parts));
	if (whole == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(whole);
}
