/*
 * audience_ids.c
 *		The ids of an audience, as rows and as an array.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"

#include "cdp.h"
#include "toolkit/audience/audience.h"

CDP_FUNCTION(cdp_ids);
CDP_FUNCTION(cdp_audience_ids);

/* what is kept between two rows */
typedef struct Rows
{
	CdpkAudience audience;
	CdpkAudienceWalk walk;
	uint64 left; /* of the present run, after the next id */
	int64 next;
	bool more;
} Rows;

/* Read the next run. */
static void
next_run(Rows *rows)
{
	int64_t first;
	int64_t last;

	rows->more = cdpk_audience_next(&rows->walk, &first, &last);
	audience_check(rows->walk.status);
	if (!rows->more)
		return;
	rows->next = first;
	rows->left = (uint64) last - (uint64) first;
}

/* Start reading an audience that stays where it is. */
static void
start(Rows *rows, Audience *audience)
{
	rows->audience = audience_open(audience);
	cdpk_audience_walk(&rows->audience, &rows->walk);
	next_run(rows);
}

/* Return each id, ascending. */
Datum
cdp_ids(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Rows *rows;
	int64 id;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		context = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		rows = palloc(sizeof(Rows));
		/* a copy: the argument may not live until the last row */
		start(rows, (Audience *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
		context->user_fctx = rows;
		MemoryContextSwitchTo(caller);
	}
	context = SRF_PERCALL_SETUP();
	rows = context->user_fctx;
	if (!rows->more)
		SRF_RETURN_DONE(context);
	id = rows->next;
	if (rows->left == 0)
		next_run(rows);
	else
	{
		rows->next++;
		rows->left--;
	}
	SRF_RETURN_NEXT(context, Int64GetDatum(id));
}

/* audience_ids(audience): the cast to bigint[]. */
Datum
cdp_audience_ids(PG_FUNCTION_ARGS)
{
	Rows rows;
	ArrayType *array;
	int64 *ids;
	uint64 count = 0;
	Size room;

	start(&rows, PG_GETARG_AUDIENCE_PP(0));
	if (rows.audience.size == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
	if (rows.audience.size > (MaxAllocSize - ARR_OVERHEAD_NONULLS(1)) / sizeof(int64))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("audience is too large for an array"),
						errdetail("It has " UINT64_FORMAT " ids.", (uint64) rows.audience.size),
						errhint("Use cdp.ids(audience).")));
	room = ARR_OVERHEAD_NONULLS(1) + rows.audience.size * sizeof(int64);
	array = palloc(room);
	SET_VARSIZE(array, room);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = INT8OID;
	ARR_DIMS(array)[0] = (int) rows.audience.size;
	ARR_LBOUND(array)[0] = 1;
	ids = (int64 *) ARR_DATA_PTR(array);
	for (; rows.more && count + rows.left < rows.audience.size; next_run(&rows))
	{
		audience_pause();
		for (uint64 i = 0; i <= rows.left; i++)
			ids[count++] = rows.next + (int64) i;
	}
	if (rows.more || count != rows.audience.size)
		audience_check(CDPK_CORRUPT);
	PG_RETURN_ARRAYTYPE_P(array);
}
