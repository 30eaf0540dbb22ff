/*
 * pass_reject.c
 *		Counts the values of rows that cannot be identifiers, by source, namespace and reason.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"

/* grow_array makes room in an array. */
static void *
grow_array(void *array, int capacity, Size size)
{
	return array == NULL ? pass_array(capacity, size) : repalloc_huge(array, size * capacity);
}

/* make_room makes room for one more. */
static void
make_room(PassRejected *rejected)
{
	if (rejected->count < rejected->capacity)
		return;
	rejected->capacity = Max(64, rejected->capacity * 2);
	rejected->sources = grow_array(rejected->sources, rejected->capacity, sizeof(Datum));
	rejected->namespaces = grow_array(rejected->namespaces, rejected->capacity, sizeof(Datum));
	rejected->reasons = grow_array(rejected->reasons, rejected->capacity, sizeof(Datum));
	rejected->counts = grow_array(rejected->counts, rejected->capacity, sizeof(int64));
	rejected->examples = grow_array(rejected->examples, rejected->capacity, sizeof(Datum));
}

/* pass_add_rejected adds those of a row. */
void
pass_add_rejected(PassRejected *rejected, CdpkSpan source, const Rejections *rejections)
{
	for (int i = 0; rejections != NULL && i < rejections->count; i++)
	{
		const Rejection *item = &rejections->items[i];
		int at;

		make_room(rejected);
		at = rejected->count++;
		rejected->sources[at] = ingest_text_datum(source);
		rejected->namespaces[at] = ingest_text_datum(item->name_space);
		rejected->reasons[at] = CStringGetTextDatum(item->reason);
		rejected->counts[at] = item->count;
		rejected->examples[at] = ingest_text_datum(item->example);
	}
}

/* what a statement about them begins with */
#define SUMMED                                                                                \
	"SELECT u.source COLLATE \"C\" AS source, u.namespace COLLATE \"C\" AS namespace,"        \
	" u.reason COLLATE \"C\" AS reason, sum(u.occurrences)::bigint AS occurrences,"           \
	" min(u.example COLLATE \"C\") AS example"                                                \
	" FROM unnest($3, $4, $5, $6, $7) AS u (source, namespace, reason, occurrences, example)" \
	" GROUP BY 1, 2, 3"

/* run_summed runs a statement about them, if there are any. */
static void
run_summed(Pass *pass, const PassRejected *rejected, const char *statement)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID,
								TEXTARRAYOID};
	Datum arguments[lengthof(types)];

	if (rejected->count == 0)
		return;
	arguments[0] = pass_value_array(rejected->sources, rejected->count, TEXTOID);
	arguments[1] = pass_value_array(rejected->namespaces, rejected->count, TEXTOID);
	arguments[2] = pass_value_array(rejected->reasons, rejected->count, TEXTOID);
	arguments[3] = pass_id_array(rejected->counts, rejected->count);
	arguments[4] = pass_value_array(rejected->examples, rejected->count, TEXTOID);
	pass_run(pass, statement, lengthof(types), types, arguments);
}

/* pass_note_rejected adds those of the accepted rows to the table, which names as namespaces must not fill. */
void
pass_note_rejected(Pass *pass)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	PassRejected rejected = {0};

	for (int i = 0; i < pass->row_count; i++)
	{
		const text *source = pass->sources[pass->batch_rows[i].source].name;

		CHECK_FOR_INTERRUPTS();
		if (pass->rows[i].rejections != NULL && judged[i].outcome == CDPK_BATCH_ACCEPTED)
			pass_add_rejected(&rejected, ingest_text(PointerGetDatum(source)),
							  pass->rows[i].rejections);
	}
	run_summed(
		pass, &rejected,
		"INSERT INTO cdp_data.rejected_value AS r"
		" (source, namespace, reason, occurrences, example, first_batch_id, last_batch_id)"
		" SELECT n.source, n.namespace, n.reason, n.occurrences, n.example, $1, $1 FROM"
		" (SELECT g.*, k.source IS NOT NULL AS is_known, row_number() OVER"
		"   (PARTITION BY k.source IS NULL ORDER BY g.source, g.namespace, g.reason) AS place"
		"  FROM (" SUMMED ") g"
		"  LEFT JOIN cdp_data.rejected_value k"
		"  ON (k.source, k.namespace, k.reason) = (g.source, g.namespace, g.reason)) n"
		" WHERE n.is_known OR n.place + (SELECT count(*) FROM cdp_data.rejected_value) <= 10000"
		" ON CONFLICT (source, namespace, reason) DO UPDATE"
		" SET occurrences = r.occurrences + excluded.occurrences,"
		" last_batch_id = excluded.last_batch_id");
}

/* pass_fold_rejected notes that the events of these are folded; what the table does not list stays unlisted. */
void
pass_fold_rejected(Pass *pass, const PassRejected *rejected)
{
	run_summed(
		pass, rejected,
		"UPDATE cdp_data.rejected_value r SET folded = r.folded + n.occurrences FROM (" SUMMED ") n"
		" WHERE (r.source, r.namespace, r.reason) = (n.source, n.namespace, n.reason)");
}
