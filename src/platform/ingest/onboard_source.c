/*
 * onboard_source.c
 *		What rules of its source a row is cleaned by.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "platform/ingest/ingest.h"
#include "platform/ingest/onboard.h"

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
	/* the row without a source has the rule of the namespace */
	int result =
		SPI_execute("SELECT s.source::pg_catalog.text, s.phone_region, s.keep_unidentified,"
					" s.own_message_ids FROM cdp_data.source s"
					" WHERE s.phone_region IS NOT NULL OR s.keep_unidentified OR s.own_message_ids"
					" UNION ALL SELECT NULL, n.mailbox, false, false"
					" FROM cdp_data.namespace n WHERE n.mailbox IS NOT NULL",
					true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	sources->items = MemoryContextAllocZero(context, sizeof(OnboardSource) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc descriptor = SPI_tuptable->tupdesc;
		OnboardSource *source = &sources->items[sources->count];
		CdpkSpan rule = read_text(row, descriptor, 2, context);
		bool isnull;

		source->name = read_text(row, descriptor, 1, context);
		if (source->name.length == 0)
		{
			if (!cdpk_mailbox_read(rule.text, rule.length, &sources->mailbox))
				elog(ERROR, "there is no rule \"%s\" for mailboxes", rule.text);
			continue;
		}
		strlcpy(source->phone_region, rule.text, sizeof(source->phone_region));
		source->keeps_unidentified = DatumGetBool(SPI_getbinval(row, descriptor, 3, &isnull));
		source->owns_message_ids = DatumGetBool(SPI_getbinval(row, descriptor, 4, &isnull));
		sources->any_owns_message_ids |= source->owns_message_ids;
		sources->count++;
	}
	SPI_freetuptable(SPI_tuptable);
	return sources;
}

const OnboardSource *
onboard_source_rules(const OnboardSources *sources, CdpkSpan name)
{
	static const OnboardSource usual = {{"", 0}, "", false, false};

	for (int i = 0; sources != NULL && i < sources->count; i++)
		if (sources->items[i].name.length == name.length &&
			memcmp(sources->items[i].name.text, name.text, name.length) == 0)
			return &sources->items[i];
	return &usual;
}

bool
onboard_message_key(const OnboardSources *sources, const CdpkSipHashKey *hash_by, CdpkSpan source,
					CdpkSpan message_id, pg_uuid_t *key)
{
	OnboardedRow named;
	Refusal refusal;

	if (sources == NULL || !sources->any_owns_message_ids)
		return ingest_message_key(hash_by, NULL, message_id, key);
	onboard_source(source, &named, &refusal);
	return ingest_message_key(
		hash_by,
		onboard_source_rules(sources, named.source)->owns_message_ids ? &named.source : NULL,
		message_id, key);
}
