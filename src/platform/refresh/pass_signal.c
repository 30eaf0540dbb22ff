/*
 * pass_signal.c
 *		What an event answers to the consent signals that speak of purposes, and what of it is not valid.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "platform/consent/read_signals.h"
#include "platform/refresh/pass_consent.h"

/* How often something of a kind was not valid. */
typedef int64 InvalidCounts[CDPK_SIGNAL_KINDS];

struct PassSignals
{
	Pass *pass;
	MemoryContext work; /* reset with each event */
	CdpkSignals signals;
	int16 *purpose_ids;     /* of each signal */
	InvalidCounts *invalid; /* of each source */
};

/* read_text reads a text of a row of the rules, which outlives it. */
static const char *
read_text(SPITupleTable *rows, uint64 row, int column, size_t *length)
{
	text *value = DatumGetTextPCopy(PointerGetDatum(resolver_text(rows, row, column)));

	*length = VARSIZE_ANY_EXHDR(value);
	return VARDATA_ANY(value);
}

PassSignals *
pass_read_signals(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows =
		pass_query(pass, "SELECT s.kind::text, s.key::text, s.purpose_id FROM cdp_data.signal s", 0,
				   NULL, NULL, &count);
	CdpkSignal *asked;
	PassSignals *signals;

	if (count == 0)
	{
		SPI_freetuptable(rows);
		return NULL;
	}
	signals = palloc0(sizeof(PassSignals));
	asked = palloc(sizeof(CdpkSignal) * count);
	signals->purpose_ids = palloc(sizeof(int16) * count);
	for (uint64 i = 0; i < count; i++)
	{
		size_t kind_length;
		size_t key_length;
		const char *kind = read_text(rows, i, 1, &kind_length);
		const char *key = read_text(rows, i, 2, &key_length);
		bool kind_is_known;
		bool isnull;

		if (cdpk_signal_parse(kind, kind_length, key, key_length, &asked[signals->signals.count],
							  &kind_is_known) != CDPK_OK)
			continue; /* of a release that knew another key */
		signals->purpose_ids[signals->signals.count++] =
			DatumGetInt16(SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull));
	}
	SPI_freetuptable(rows);
	signals->pass = pass;
	signals->work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp signals", ALLOCSET_DEFAULT_SIZES);
	signals->signals.signals = asked;
	signals->signals.answers = palloc0(count);
	signals->invalid = palloc0(sizeof(InvalidCounts) * Max(pass->source_count, 1));
	return signals;
}

/* find_documents finds the documents of an event in which signals may be. */
static void
find_documents(Pass *pass, const PassSaid *said, const CdpkBatchBytes *event, Jsonb **context,
			   Jsonb **properties)
{
	*context = pass_whole_context(pass, said);
	*properties = !said->no_properties && event->bytes != NULL &&
						  cdpk_is_consent_event((const char *) event->bytes, event->length)
					  ? DatumGetJsonbP(said->properties)
					  : NULL;
}

/* Of several signals of one purpose a no counts. */
int
pass_event_answers(PassSignals *signals, const PassSaid *said, const CdpkBatchBytes *event,
				   int16 *purpose_ids, bool *no)
{
	MemoryContext caller = MemoryContextSwitchTo(signals->work);
	Jsonb *context;
	Jsonb *properties;
	int count = 0;

	find_documents(signals->pass, said, event, &context, &properties);
	read_signals(&signals->signals, context, properties);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(signals->work);
	for (size_t i = 0; signals->signals.any && i < signals->signals.count; i++)
	{
		int at = 0;

		if (signals->signals.answers[i] == CDPK_SAYS_NONE)
			continue;
		while (at < count && purpose_ids[at] != signals->purpose_ids[i])
			at++;
		if (at == count)
		{
			purpose_ids[count] = signals->purpose_ids[i];
			no[count++] = false;
		}
		no[at] |= signals->signals.answers[i] == CDPK_SAYS_NO;
	}
	return count;
}

void
pass_count_invalid(PassSignals *signals, uint32 source)
{
	for (int kind = 0; kind < CDPK_SIGNAL_KINDS; kind++)
		signals->invalid[source][kind] += signals->signals.invalid[kind];
}

void
pass_note_invalid(PassSignals *signals)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID};
	Pass *pass = signals->pass;
	Datum *sources = pass_array((int64) pass->source_count * CDPK_SIGNAL_KINDS, sizeof(Datum));
	Datum *kinds = pass_array((int64) pass->source_count * CDPK_SIGNAL_KINDS, sizeof(Datum));
	int64 *counts = pass_array((int64) pass->source_count * CDPK_SIGNAL_KINDS, sizeof(int64));
	int count = 0;
	Datum arguments[lengthof(types)];

	for (int i = 0; i < pass->source_count; i++)
		for (int kind = 0; kind < CDPK_SIGNAL_KINDS; kind++)
			if (signals->invalid[i][kind] > 0)
			{
				sources[count] = PointerGetDatum(pass->sources[i].name);
				kinds[count] = CStringGetTextDatum(cdpk_signal_kind_name((CdpkSignalKind) kind));
				counts[count++] = signals->invalid[i][kind];
			}
	if (count == 0)
		return;
	arguments[0] = pass_value_array(sources, count, TEXTOID);
	arguments[1] = pass_value_array(kinds, count, TEXTOID);
	arguments[2] = pass_id_array(counts, count);
	pass_run(
		pass,
		"INSERT INTO cdp_data.invalid_signal AS s (source, kind, occurrences, first_batch_id, last_batch_id)"
		" SELECT u.source, u.kind, u.occurrences, $1, $1"
		" FROM unnest($3, $4, $5) AS u (source, kind, occurrences)"
		" ON CONFLICT (source, kind) DO UPDATE"
		" SET occurrences = s.occurrences + excluded.occurrences, last_batch_id = excluded.last_batch_id",
		lengthof(types), types, arguments);
}
