/*
 * pass_reject.c
 *		Counts the values of accepted rows that cannot be identifiers, by source, namespace and reason.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"

/* The rejected values of the batch, as arrays. */
typedef struct Rejected
{
	int count;
	Datum *sources;
	Datum *namespaces;
	Datum *reasons;
	int64 *counts;
	Datum *examples;
} Rejected;

/* add_row adds those of a row. */
static void
add_row(const Pass *pass, int number, Rejected *rejected)
{
	const Rejections *rejections = pass->rows[number].rejections;
	const text *source = pass->sources[pass->batch_rows[number].source].name;

	for (int i = 0; i < rejections->count; i++)
	{
		const Rejection *item = &rejections->items[i];
		int at = rejected->count++;

		rejected->sources[at] = PointerGetDatum(source);
		rejected->namespaces[at] = ingest_text_datum(item->name_space);
		rejected->reasons[at] = CStringGetTextDatum(item->reason);
		rejected->counts[at] = item->count;
		rejected->examples[at] = ingest_text_datum(item->example);
	}
}

/* write_rejected adds them to the table, which names as namespaces must not fill. */
static void
write_rejected(Pass *pass, const Rejected *rejected)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID,
								TEXTARRAYOID};
	Datum arguments[] = {pass_value_array(rejected->sources, rejected->count, TEXTOID),
						 pass_value_array(rejected->namespaces, rejected->count, TEXTOID),
						 pass_value_array(rejected->reasons, rejected->count, TEXTOID),
						 pass_id_array(rejected->counts, rejected->count),
						 pass_value_array(rejected->examples, rejected->count, TEXTOID)};

	pass_run(
		pass,
		"INSERT INTO cdp_data.rejected_value AS r"
		" (source, namespace, reason, occurrences, example, first_batch_id, last_batch_id)"
		" SELECT n.source, n.namespace, n.reason, n.occurrences, n.example, $1, $1 FROM"
		" (SELECT g.*, k.source IS NOT NULL AS is_known, row_number() OVER"
		"   (PARTITION BY k.source IS NULL ORDER BY g.source, g.namespace, g.reason) AS place"
		"  FROM (SELECT u.source COLLATE \"C\" AS source, u.namespace COLLATE \"C\" AS namespace,"
		"    u.reason COLLATE \"C\" AS reason, sum(u.occurrences)::bigint AS occurrences,"
		"    min(u.example COLLATE \"C\") AS example"
		"   FROM unnest($3, $4, $5, $6, $7) AS u (source, namespace, reason, occurrences, example)"
		"   GROUP BY 1, 2, 3) g"
		"  LEFT JOIN cdp_data.rejected_value k"
		"  ON (k.source, k.namespace, k.reason) = (g.source, g.namespace, g.reason)) n"
		" WHERE n.is_known OR n.place + (SELECT count(*) FROM cdp_data.rejected_value) <= 10000"
		" ON CONFLICT (source, namespace, reason) DO UPDATE"
		" SET occurrences = r.occurrences + excluded.occurrences,"
		" last_batch_id = excluded.last_batch_id",
		lengthof(types), types, arguments);
}

void
pass_note_rejected(Pass *pass)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	Rejected rejected = {0};
	int64 count = 0;

	for (int i = 0; i < pass->row_count; i++)
		if (pass->rows[i].rejections != NULL)
			count += pass->rows[i].rejections->count;
	if (count == 0)
		return;
	rejected.sources = pass_array(count, sizeof(Datum));
	rejected.namespaces = pass_array(count, sizeof(Datum));
	rejected.reasons = pass_array(count, sizeof(Datum));
	rejected.counts = pass_array(count, sizeof(int64));
	rejected.examples = pass_array(count, sizeof(Datum));
	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pass->rows[i].rejections != NULL && judged[i].outcome == CDPK_BATCH_ACCEPTED)
			add_row(pass, i, &rejected);
	}
	if (rejected.count > 0)
		write_rejected(pass, &rejected);
}
