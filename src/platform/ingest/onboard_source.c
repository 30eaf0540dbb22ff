/*
 * onboard_source.c
 *		What rules of its source a row is cleaned by.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "platform/ingest/ingest.h"
#include "platform/ingest/onboard_source.h"

/* read_text reads a column of a row of the result; empty for NULL. */
static CdpkSpan
read_text(HeapTuple row, TupleDesc descriptor, int column, MemoryContext context)
{
	CdpkSpan span = {"", 0};
	char *value = SPI_getvalue(row, descriptor, column);

	if (value == NULL)
		return span;
	span.text = MemoryContextStrdup(context, value);
	span.length = strlen(value);
	pfree(value);
	return span;
}

const OnboardSources *
onboard_sources_read(void)
{
	MemoryContext context = CurrentMemoryContext;
	OnboardSources *sources = palloc0(sizeof(OnboardSources));
	int result = SPI_execute("SELECT s.source::pg_catalog.text, s.phone_region, s.keep_unidentified"
							 " FROM cdp_data.source s"
							 " WHERE s.phone_region IS NOT NULL OR s.keep_unidentified",
							 true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	sources->count = (int) SPI_processed;
	sources->items =
		MemoryContextAllocZero(context, sizeof(OnboardSource) * Max(sources->count, 1));
	for (int i = 0; i < sources->count; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc descriptor = SPI_tuptable->tupdesc;
		OnboardSource *source = &sources->items[i];
		bool isnull;

		source->name = read_text(row, descriptor, 1, context);
		strlcpy(source->phone_region, read_text(row, descriptor, 2, context).text,
				sizeof(source->phone_region));
		source->keeps_unidentified = DatumGetBool(SPI_getbinval(row, descriptor, 3, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
	return sources;
}

const OnboardSource *
onboard_source_rules(const OnboardSources *sources, CdpkSpan name)
{
	static const OnboardSource usual = {{"", 0}, "", false};

	for (int i = 0; sources != NULL && i < sources->count; i++)
		if (sources->items[i].name.length == name.length &&
			memcmp(sources->items[i].name.text, name.text, name.length) == 0)
			return &sources->items[i];
	return &usual;
}
