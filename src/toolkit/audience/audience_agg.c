/*
 * audience_agg.c
 *		Audiences from ids, and the union of many.
 *
 * The state of the aggregates is a builder in the memory context of the aggregate, which frees it. The
 * final function leaves it such that more may be added.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "cdp.h"
#include "core/audience/audience_build.h"
#include "toolkit/audience/audience.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_audience_trans);
CDP_FUNCTION(cdp_audience_union_trans);
CDP_FUNCTION(cdp_audience_combine);
CDP_FUNCTION(cdp_audience_serialize);
CDP_FUNCTION(cdp_audience_deserialize);
CDP_FUNCTION(cdp_audience_final);
CDP_FUNCTION(cdp_audience_of);

/* ids that are added between two chances for a cancelled query */
#define PAUSE_EVERY 65536

typedef struct State
{
	CdpkAllocator allocator;
	CdpkAudienceBuilder builder;
	bytea *received; /* of a state from another process, which is only added to another */
} State;

static void *
state_allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

static void
state_release(void *context, void *pointer)
{
	pfree(pointer);
}

/* Make a state in a memory context. */
static State *
make_state(MemoryContext context)
{
	State *state = MemoryContextAllocZero(context, sizeof(State));
	CdpkAllocator allocator = {state_allocate, state_release, context};

	state->allocator = allocator;
	audience_check(cdpk_audience_build_begin(&state->builder, &state->allocator));
	return state;
}

/* Return the state, argument 0, made if there is none. */
static State *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "transition function of cdp.audience called outside of an aggregate");
	return PG_ARGISNULL(0) ? make_state(context) : (State *) PG_GETARG_POINTER(0);
}

/* audience_trans(state, id): add an id; skip NULL. */
Datum
cdp_audience_trans(PG_FUNCTION_ARGS)
{
	State *state = get_state(fcinfo);

	if (!PG_ARGISNULL(1))
		audience_check(cdpk_audience_add_id(&state->builder, PG_GETARG_INT64(1)));
	PG_RETURN_POINTER(state);
}

/* audience_union_trans(state, audience): add the ids of an audience; skip NULL. */
Datum
cdp_audience_union_trans(PG_FUNCTION_ARGS)
{
	State *state = get_state(fcinfo);

	if (!PG_ARGISNULL(1))
	{
		CdpkAudience audience = audience_open(PG_GETARG_AUDIENCE_PP(1));

		audience_check(cdpk_audience_add(&state->builder, &audience));
	}
	PG_RETURN_POINTER(state);
}

/* audience_combine(state, state): add the ids of the second to the first. */
Datum
cdp_audience_combine(PG_FUNCTION_ARGS)
{
	State *state = get_state(fcinfo);
	State *other = PG_ARGISNULL(1) ? NULL : (State *) PG_GETARG_POINTER(1);

	if (other != NULL && other->received != NULL)
	{
		CdpkAudience audience = audience_open((Audience *) other->received);

		audience_check(cdpk_audience_add(&state->builder, &audience));
	}
	else if (other != NULL)
		audience_check(cdpk_audience_add_builder(&state->builder, &other->builder));
	PG_RETURN_POINTER(state);
}

/* Return the audience of a state. */
static Datum
finish(State *state)
{
	uint8_t *bytes;
	size_t length;
	CdpkStatus status = cdpk_audience_build_finish(&state->builder, &cdp_palloc_allocator, VARHDRSZ,
												   &bytes, &length);

	return audience_datum(status, bytes, length);
}

/* audience_serialize(state): the bytes of the audience. */
Datum
cdp_audience_serialize(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "audience_serialize called outside of an aggregate");
	return finish((State *) PG_GETARG_POINTER(0));
}

/* audience_deserialize(bytes, internal): a state to add to another. */
Datum
cdp_audience_deserialize(PG_FUNCTION_ARGS)
{
	State *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "audience_deserialize called outside of an aggregate");
	state = palloc0(sizeof(State));
	state->received = PG_GETARG_BYTEA_PP(0);
	PG_RETURN_POINTER(state);
}

/* audience_final(state): the audience, empty without a state. */
Datum
cdp_audience_final(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "audience_final called outside of an aggregate");
	return finish(PG_ARGISNULL(0) ? make_state(CurrentMemoryContext)
								  : (State *) PG_GETARG_POINTER(0));
}

/* audience_of(ids): the audience of an array, whose NULLs are skipped. */
Datum
cdp_audience_of(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	State *state = make_state(CurrentMemoryContext);
	const bits8 *nulls = ARR_NULLBITMAP(array);
	const char *element = ARR_DATA_PTR(array);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Datum result;

	for (int i = 0; i < count; i++)
	{
		int64 id;

		if (i % PAUSE_EVERY == 0)
			audience_pause();
		if (nulls != NULL && (nulls[i / 8] & (1 << i % 8)) == 0)
			continue;
		memcpy(&id, element, sizeof(id));
		element += sizeof(id);
		audience_check(cdpk_audience_add_id(&state->builder, id));
	}
	result = finish(state);
	cdpk_audience_build_free(&state->builder);
	return result;
}
