/*
 * timeline_events.c
 *		What is in a timeline: its events as rows, its names, and parts of it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/timeline/property_text.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/property_values.h"
#include "toolkit/timeline/timeline.h"

CDP_FUNCTION(cdp_events);
CDP_FUNCTION(cdp_drop_before);
CDP_FUNCTION(cdp_event_count);
CDP_FUNCTION(cdp_event_names);

/* where cdp.events stands between two rows */
typedef struct Walk
{
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkPropertyPrint print;
	uint64_t event; /* place in the column of the next one */
	bool has_properties;
	text *name;
} Walk;

/* Raise an error where reading stopped before the end. */
static void
close_timeline(const CdpkTimeline *timeline)
{
	if (cdpk_timeline_failed(timeline))
		timeline_corrupt(CDPK_CORRUPT);
}

/* Move to the next event, of this column or the next, and read its properties; false after the last. */
static bool
next_event(Walk *walk, int64_t *at)
{
	CdpkStatus status;

	while (!cdpk_column_next(&walk->column, at))
	{
		if (walk->column.times.failed)
			timeline_corrupt(CDPK_CORRUPT);
		if (!cdpk_timeline_next(&walk->timeline, &walk->column))
		{
			close_timeline(&walk->timeline);
			return false;
		}
		status = cdpk_property_print_column(&walk->print, &walk->column);
		timeline_check(status);
		walk->event = 0;
		walk->name = cstring_to_text_with_len(walk->column.name, (int) walk->column.name_length);
	}
	status = cdpk_property_print_event(&walk->print, walk->event++, &walk->has_properties);
	timeline_check(status);
	return true;
}

/* Return the properties of the present event as jsonb, or NULL if it has none. */
static Jsonb *
event_properties(const Walk *walk)
{
	CdpkBuffer buffer = cdpk_buffer(&cdp_palloc_allocator, CDPK_STATE_MAX);

	if (!walk->has_properties)
		return NULL;
	cdpk_property_print_object(&walk->print, &buffer);
	return property_jsonb(&buffer);
}

/* Set up cdp.events. */
static void
start_walk(FunctionCallInfo fcinfo, FuncCallContext *context)
{
	MemoryContext former = MemoryContextSwitchTo(context->multi_call_memory_ctx);
	Walk *walk = palloc0(sizeof(Walk));
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("function returning a row called where none is accepted")));
	context->tuple_desc = BlessTupleDesc(descriptor);
	/* a copy: the argument may not live as long */
	timeline_open((Timeline *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)), &walk->timeline);
	timeline_check(cdpk_property_print_begin(&walk->print, &walk->timeline, &cdp_palloc_allocator));
	context->user_fctx = walk;
	MemoryContextSwitchTo(former);
}

/* events(timeline): return the events as rows: by name, newest first. */
Datum
cdp_events(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Walk *walk;
	MemoryContext former;
	int64_t at;
	bool more;

	if (SRF_IS_FIRSTCALL())
	{
		context = SRF_FIRSTCALL_INIT();
		start_walk(fcinfo, context);
	}
	context = SRF_PERCALL_SETUP();
	walk = context->user_fctx;
	former = MemoryContextSwitchTo(context->multi_call_memory_ctx);
	more = next_event(walk, &at);
	MemoryContextSwitchTo(former);
	if (more)
	{
		Jsonb *properties = event_properties(walk);
		Datum values[3] = {PointerGetDatum(walk->name), TimestampTzGetDatum(at),
						   PointerGetDatum(properties)};
		bool nulls[3] = {false, false, properties == NULL};
		HeapTuple row = heap_form_tuple(context->tuple_desc, values, nulls);

		SRF_RETURN_NEXT(context, HeapTupleGetDatum(row));
	}
	SRF_RETURN_DONE(context);
}

/* drop_before(timeline, before): leave out the events before a time. */
Datum
cdp_drop_before(PG_FUNCTION_ARGS)
{
	TimestampTz before = PG_GETARG_TIMESTAMPTZ(1);
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkLogSource source;
	CdpkTimelineLog *log;

	timeline_open(PG_GETARG_TIMELINE_PP(0), &timeline);
	cdpk_log_new(&cdp_palloc_allocator, &log);
	timeline_check(cdpk_log_source_open(&source, &timeline, &cdp_palloc_allocator));
	while (cdpk_timeline_next(&timeline, &column))
	{
		CdpkStatus status = cdpk_log_column(&log, &source, &column, before);

		timeline_check(status);
	}
	close_timeline(&timeline);
	PG_RETURN_POINTER(timeline_from_log(log));
}

/* event_count(timeline): count all events. */
Datum
cdp_event_count(PG_FUNCTION_ARGS)
{
	CdpkTimeline timeline;
	CdpkColumn column;
	uint64_t count = 0;

	timeline_open(PG_GETARG_TIMELINE_PP(0), &timeline);
	while (cdpk_timeline_next(&timeline, &column))
		count += column.count;
	close_timeline(&timeline);
	PG_RETURN_INT64((int64) count);
}

/* event_names(timeline): list the different names in the order of their bytes. */
Datum
cdp_event_names(PG_FUNCTION_ARGS)
{
	CdpkTimeline timeline;
	CdpkColumn column;
	ArrayBuildState *names;

	timeline_open(PG_GETARG_TIMELINE_PP(0), &timeline);
	names = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	while (cdpk_timeline_next(&timeline, &column))
		accumArrayResult(
			names, PointerGetDatum(cstring_to_text_with_len(column.name, (int) column.name_length)),
			false, TEXTOID, CurrentMemoryContext);
	close_timeline(&timeline);
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}
