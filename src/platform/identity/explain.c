/*
 * explain.c
 *		The chain of links between two identifiers.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "core/stitch/stitch_explain.h"
#include "platform/identity/resolve.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_explain_path);

/* limit on the profiles that a search looks into */
#define MAX_PROFILES 10000

/* columns of the result, see explain.sql */
enum
{
	COLUMN_STEP,
	COLUMN_FROM,
	COLUMN_TO,
	COLUMN_REFUSED,
	COLUMN_REASONS,
	COLUMN_COUNT
};

/* make_reasons makes a text[] of the reasons of a refused link. */
static Datum
make_reasons(const Resolver *resolver, const CdpkStitchStep *step)
{
	Datum *reasons = palloc(sizeof(Datum) * Max(step->reason_count, 1));

	for (size_t i = 0; i < step->reason_count; i++)
	{
		int32_t reason = step->reasons[i];

		if (reason == CDPK_REASON_FORBID)
			reasons[i] = CStringGetTextDatum("forbid");
		else if (reason == CDPK_REASON_CAP)
			reasons[i] = CStringGetTextDatum("cap");
		else
			reasons[i] =
				CStringGetTextDatum(psprintf("limit %s", resolver->rules.namespaces[reason].name));
	}
	return PointerGetDatum(
		construct_array(reasons, (int) step->reason_count, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
put_step(const Resolver *resolver, ReturnSetInfo *result, int number, const CdpkStitchStep *step)
{
	Datum values[COLUMN_COUNT];
	bool nulls[COLUMN_COUNT] = {false};

	values[COLUMN_STEP] = Int32GetDatum(number);
	values[COLUMN_FROM] = Int64GetDatum(step->from);
	values[COLUMN_TO] = Int64GetDatum(step->to);
	values[COLUMN_REFUSED] = BoolGetDatum(step->refused);
	values[COLUMN_REASONS] = make_reasons(resolver, step);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* put_reason makes the only row of a result without a chain. */
static void
put_reason(ReturnSetInfo *result, int64 from, int64 to, const char *name)
{
	Datum reason = CStringGetTextDatum(name);
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT] = {false};

	values[COLUMN_STEP] = Int32GetDatum(0);
	values[COLUMN_FROM] = Int64GetDatum(from);
	values[COLUMN_TO] = Int64GetDatum(to);
	nulls[COLUMN_REFUSED] = true;
	values[COLUMN_REASONS] =
		PointerGetDatum(construct_array(&reason, 1, TEXTOID, -1, false, TYPALIGN_INT));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* cdp_explain_path finds the chain with the fewest refused links between two identifiers. */
Datum
cdp_explain_path(PG_FUNCTION_ARGS)
{
	static const char *const reasons[] = {
		[CDPK_PATH_NONE] = "not connected",
		[CDPK_PATH_SHARED] = "shared",
		[CDPK_PATH_ABSENT] = "blocked",
		[CDPK_PATH_GIVEN_UP] = "too far",
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64 from = PG_GETARG_INT64(0);
	int64 to = PG_GETARG_INT64(1);
	Resolver *resolver;
	CdpkStitch *stitch;
	CdpkStitchPath path;
	const CdpkStitchStep *steps;
	size_t step_count;

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	resolver = resolver_new();
	resolver_check(
		cdpk_stitch_new(&resolver->rules, &resolver->store, &cdp_palloc_allocator, &stitch));
	resolver_check(cdpk_stitch_explain(stitch, from, to, MAX_PROFILES, &path, &steps, &step_count));
	if (path == CDPK_PATH_FOUND)
		for (size_t i = 0; i < step_count; i++)
			put_step(resolver, result, (int) i + 1, &steps[i]);
	else
		put_reason(result, from, to, reasons[path]);
	SPI_finish(); /* also frees the stitch */
	return (Datum) 0;
}
