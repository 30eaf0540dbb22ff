/*
 * step_events.c
 *		The events of a step as rows, marked by whether they are of two other steps.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/step_args.h"

CDP_FUNCTION(cdp_step_events);

#define ARG_MARK 2
#define MARKS 2

/* Where reading stands between two rows. */
typedef struct Walk
{
	CdpkStep step;
	CdpkStepEvents events;
	bool in_column;
	text *name;
	bool marked[MARKS]; /* whether the step of a mark is given */
	CdpkStep marks[MARKS];
	CdpkStepFilter filters[MARKS];
} Walk;

/* Set up the filters of the marks for the present column. */
static void
open_column(Walk *walk)
{
	CdpkStepEvents *events = &walk->events;

	walk->name = cstring_to_text_with_len(events->column.name, (int) events->column.name_length);
	walk->in_column = true;
	if (!cdpk_step_open_filter(events))
		return;
	for (int i = 0; i < MARKS; i++)
		if (walk->marked[i])
			timeline_check(cdpk_step_filter(&walk->marks[i], &events->properties, &events->column,
											&cdp_palloc_allocator, &events->texts,
											&walk->filters[i]));
}

/* Move to the next event; false after the last. */
static bool
next_event(Walk *walk, int64_t *at)
{
	for (;;)
	{
		while (walk->in_column && cdpk_step_next_event(&walk->events, at))
			if (!walk->events.unknown)
				return true;
		if (walk->in_column)
			for (int i = 0; i < MARKS; i++)
				if (walk->marked[i])
					cdpk_step_filter_free(&walk->filters[i]);
		walk->in_column = false;
		if (!cdpk_step_next_column(&walk->events))
			return false;
		open_column(walk);
	}
}

/* Return whether the present event is of the step of a mark. */
static bool
is_marked(Walk *walk, int mark)
{
	CdpkTruth truth;

	if (!walk->marked[mark] || walk->filters[mark].count == 0)
		return false;
	timeline_check(cdpk_step_filter_event(&walk->filters[mark], walk->events.event, &truth));
	return truth == CDPK_YES;
}

/* Set up the reading of a timeline. */
static Walk *
start_walk(FunctionCallInfo fcinfo)
{
	CdpkTimeRange ever = {PG_INT64_MIN, PG_INT64_MAX};
	Walk *walk = palloc0(sizeof(Walk));
	CdpkTimeline timeline;

	step_read(PG_GETARG_VARLENA_PP(ARG_STEP), &walk->step);
	for (int i = 0; i < MARKS; i++)
	{
		walk->marked[i] = !PG_ARGISNULL(ARG_MARK + i);
		if (walk->marked[i])
			step_read(PG_GETARG_VARLENA_PP(ARG_MARK + i), &walk->marks[i]);
	}
	timeline_open((Timeline *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(ARG_TIMELINE)), &timeline);
	cdpk_step_events(&walk->step, &timeline, ever, &cdp_palloc_allocator, &walk->events);
	return walk;
}

/* step_events(timeline, step, from_step, to_step) */
Datum
cdp_step_events(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	MemoryContext former;
	Walk *walk;
	int64_t at;

	if (SRF_IS_FIRSTCALL())
	{
		TupleDesc descriptor;

		context = SRF_FIRSTCALL_INIT();
		former = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("function returning a row called where none is accepted")));
		context->tuple_desc = BlessTupleDesc(descriptor);
		context->user_fctx =
			PG_ARGISNULL(ARG_TIMELINE) || PG_ARGISNULL(ARG_STEP) ? NULL : start_walk(fcinfo);
		MemoryContextSwitchTo(former);
	}
	context = SRF_PERCALL_SETUP();
	walk = context->user_fctx;
	if (walk != NULL)
	{
		bool found;
		bool marks[MARKS] = {false, false};

		former = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		found = next_event(walk, &at);
		for (int i = 0; i < MARKS && found; i++)
			marks[i] = is_marked(walk, i);
		MemoryContextSwitchTo(former);
		if (found)
		{
			Datum values[4] = {PointerGetDatum(walk->name), TimestampTzGetDatum(at),
							   BoolGetDatum(marks[0]), BoolGetDatum(marks[1])};
			bool nulls[4] = {false, false, false, false};

			SRF_RETURN_NEXT(context,
							HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
		}
		timeline_check(cdpk_step_close(&walk->events));
	}
	SRF_RETURN_DONE(context);
}
