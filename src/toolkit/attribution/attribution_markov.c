/*
 * attribution_markov.c
 *		The shares of the model markov, from the moves of all people.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "core/attribution/markov.h"
#include "toolkit/attribution/attribution_sum.h"
#include "toolkit/bridge/huge.h"

CDP_FUNCTION(cdp_markov_shares);

#define CHANNELS_MAX 1000

/* An array of texts that may be NULL. */
typedef struct Texts
{
	Datum *value;
	bool *is_null;
	int count;
} Texts;

/* The moves and their different channels, in the order of their bytes. */
typedef struct Moves
{
	Texts from;
	Texts to;
	Datum *converted;
	Datum *count;
	text **channels;
	uint32 channel_count;
} Moves;

static int
by_bytes(const void *a, const void *b)
{
	const text *x = *(text *const *) a;
	const text *y = *(text *const *) b;

	return cdpk_compare_bytes(VARDATA_ANY(x), VARSIZE_ANY_EXHDR(x), VARDATA_ANY(y),
							  VARSIZE_ANY_EXHDR(y));
}

/* Read an array of one dimension; without NULLs where is_null is NULL. */
static int
read_array(ArrayType *array, Oid type, Datum **values, bool **is_null)
{
	int16 length;
	bool by_value;
	char align;
	int count;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, values, is_null, &count);
	return count;
}

/* Add the channels that are not NULL, with repetitions. */
static void
add_channels(Moves *moves, const Texts *texts)
{
	for (int i = 0; i < texts->count; i++)
		if (!texts->is_null[i])
			moves->channels[moves->channel_count++] = DatumGetTextPP(texts->value[i]);
}

/* Read the arguments. */
static void
read_moves(FunctionCallInfo fcinfo, Moves *moves)
{
	uint32 different = 0;

	moves->from.count =
		read_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, &moves->from.value, &moves->from.is_null);
	moves->to.count =
		read_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, &moves->to.value, &moves->to.is_null);
	if (read_array(PG_GETARG_ARRAYTYPE_P(2), BOOLOID, &moves->converted, NULL) !=
			moves->from.count ||
		read_array(PG_GETARG_ARRAYTYPE_P(3), INT8OID, &moves->count, NULL) != moves->from.count ||
		moves->to.count != moves->from.count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("the arrays must have the same length")));
	moves->channel_count = 0;
	moves->channels = MemoryContextAllocHuge(CurrentMemoryContext,
											 ((Size) moves->from.count * 2 + 1) * sizeof(text *));
	add_channels(moves, &moves->from);
	add_channels(moves, &moves->to);
	qsort(moves->channels, moves->channel_count, sizeof(text *), by_bytes);
	for (uint32 i = 0; i < moves->channel_count; i++)
		if (i == 0 || by_bytes(&moves->channels[i], &moves->channels[different - 1]) != 0)
			moves->channels[different++] = moves->channels[i];
	moves->channel_count = different;
	if (different > CHANNELS_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many channels for the model markov"),
						errdetail("There are %u, and at most %d can be compared.", different,
								  CHANNELS_MAX),
						errhint("Name a property with fewer values by channel.")));
}

/* Return the place of a channel. */
static uint32
place_of(const Moves *moves, Datum channel)
{
	text *wanted = DatumGetTextPP(channel);
	text **found =
		bsearch(&wanted, moves->channels, moves->channel_count, sizeof(text *), by_bytes);

	return (uint32) (found - moves->channels);
}

/* Find the part of the journeys that would be lost without each channel. */
static void
find_effects(const Moves *moves, double *effects)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	CdpkMarkov markov;

	attribution_check(cdpk_markov_new(moves->channel_count, &scratch, &markov));
	for (int i = 0; i < moves->from.count; i++)
	{
		CdpkMove move = {CDPK_MOVE_START, CDPK_MOVE_LEFT, DatumGetInt64(moves->count[i])};

		if (!moves->from.is_null[i])
			move.from = place_of(moves, moves->from.value[i]);
		if (!moves->to.is_null[i])
			move.to = place_of(moves, moves->to.value[i]);
		else if (DatumGetBool(moves->converted[i]))
			move.to = CDPK_MOVE_CONVERTED;
		if (move.count < 1 || move.from == move.to)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("a move must be between two channels, and not less than once")));
		cdpk_markov_add(&markov, &move);
	}
	cdpk_markov_prepare(&markov);
	for (uint32 i = 0; i <= moves->channel_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		cdpk_markov_eliminate(&markov, i);
	}
	for (uint32 i = 0; i < moves->channel_count; i++)
	{
		effects[i] = cdpk_markov_effect(&markov, i);
		if (!isfinite(effects[i]))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the moves must end for every channel")));
	}
	cdpk_markov_release(&markov, &scratch);
}

/* markov_shares(sources, targets, converted, counts): the share of each channel; strict. */
Datum
cdp_markov_shares(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CdpkCredit *credits;
	uint32 count = 0;
	double *effects;
	Moves moves;

	InitMaterializedSRF(fcinfo, 0);
	read_moves(fcinfo, &moves);
	effects = palloc0(((Size) moves.channel_count + 1) * sizeof(double));
	credits = palloc0(((Size) moves.channel_count + 1) * sizeof(CdpkCredit));
	find_effects(&moves, effects);
	for (uint32 i = 0; i < moves.channel_count; i++)
		if (effects[i] > 0)
			credits[count++].name = i;
	if (count > 0)
		cdpk_round_shares(effects, credits, count);
	for (uint32 i = 0; i < count; i++)
	{
		Datum values[2] = {PointerGetDatum(moves.channels[credits[i].name]),
						   NumericGetDatum(attribution_shares(credits[i].share))};
		bool nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
