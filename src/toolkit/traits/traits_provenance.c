/*
 * traits_provenance.c
 *		Where each value of cdp.traits comes from.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "toolkit/traits/traits.h"
#include "toolkit/bridge/status.h"

#define COLUMNS 9

/* the cells of one key */
typedef struct Cells
{
	const CdpkTraitsView *view;
	uint32 first;
	uint32 end;
	CdpkTrait current;
	bool *shows; /* of each, with the rule merge; or NULL */
} Cells;

/* Return whether a cell takes part in what its key shows. */
static bool
is_current(const Cells *cells, uint32 index, const CdpkTrait *trait)
{
	const CdpkTrait *current = &cells->current;

	if (cells->shows != NULL)
		return cells->shows[index - cells->first];
	if ((trait->rule & CDPK_RULE_BASE) == CDPK_RULE_UNION)
		return trait->value.type != CDPK_VALUE_NULL || current->value.type == CDPK_VALUE_NULL;
	return trait->key == current->key;
}

/* Put the row of one cell. */
static void
put_row(ReturnSetInfo *result, const Cells *cells, uint32 index, const CdpkTrait *trait)
{
	bool removed = trait->value.type == CDPK_VALUE_NULL;
	char rule[CDPK_RULE_NAME_SIZE];
	Datum values[COLUMNS];
	bool nulls[COLUMNS] = {false};
	JsonbValue value;

	cdpk_rule_name(trait->rule, rule);
	values[0] =
		PointerGetDatum(cstring_to_text_with_len((const char *) trait->key, trait->key_length));
	nulls[1] = removed;
	if (!removed)
	{
		value = traits_value_jsonb(&trait->value);
		values[1] = JsonbPGetDatum(JsonbValueToJsonb(&value));
	}
	values[2] = TimestampTzGetDatum(trait->at);
	nulls[3] = trait->source_length == 0;
	values[3] = PointerGetDatum(
		cstring_to_text_with_len((const char *) trait->source, trait->source_length));
	values[4] = CStringGetTextDatum(rule);
	values[5] = Int32GetDatum(trait->trust);
	values[6] = BoolGetDatum(removed);
	values[7] = BoolGetDatum(is_current(cells, index, trait));
	values[8] = Int64GetDatum((int64) trait->count);
	nulls[8] = (trait->rule & CDPK_RULE_BASE) != CDPK_RULE_MOST_FREQUENT;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

CDP_FUNCTION(cdp_provenance);

/* Return a row for each cell. */
Datum
cdp_provenance(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = traits_open(PG_GETARG_TRAITS_PP(0));
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext each;
	Cells cells;

	InitMaterializedSRF(fcinfo, 0);
	each = AllocSetContextCreate(caller, "row of provenance", ALLOCSET_DEFAULT_SIZES);
	cells.view = &view;
	for (cells.first = 0; cells.first < view.count; cells.first = cells.end)
	{
		CdpkTrait trait;

		cells.end = cdpk_traits_end(&view, cells.first);
		if (!cdpk_traits_current(&view, cells.first, cells.end, &cells.current))
			cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
		cells.shows = (cells.current.rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE
						  ? traits_object_shows(&view, cells.first, cells.end)
						  : NULL;
		for (uint32 i = cells.first; i < cells.end; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!cdpk_traits_get(&view, i, &trait) || !cdpk_rule_valid(trait.rule))
				cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
			MemoryContextSwitchTo(each);
			put_row((ReturnSetInfo *) fcinfo->resultinfo, &cells, i, &trait);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(each);
		}
	}
	MemoryContextDelete(each);
	return (Datum) 0;
}
