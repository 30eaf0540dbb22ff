/*
 * pass_violation.c
 *		Counts what rows break of tracking plans, by day, source, event, field and kind.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_finding.h"

/* so many are written by one statement */
#define AT_ONCE 10000

/* Some findings of the batch, as arrays. */
typedef struct Found
{
	int count;
	Datum *at;
	Datum *sources;
	Datum *types;
	Datum *events;
	Datum *versions;
	Datum *fields;
	Datum *kinds;
	Datum *descriptions;
	Datum *outcomes;
	Datum *message_ids; /* empty: there is none to show */
} Found;

/* the parameters of the statement, behind those of each */
static const Oid types[] = {TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
							INT4ARRAYOID,        TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
							TEXTARRAYOID,        TEXTARRAYOID};

/*
 * Of a source and day at most 1,000 rows are kept, of all 100,000; what else is found is counted in a row of the
 * source and day without an event.
 */
static const char *const statement =
	"INSERT INTO cdp_data.plan_violation AS v (day, source, type, event, version, field, kind, description,"
	" outcome, events, example_message_id)"
	" WITH given AS (SELECT (u.at AT TIME ZONE 'UTC')::date AS day, u.source COLLATE \"C\" AS source,"
	"   u.type COLLATE \"C\" AS type, u.event COLLATE \"C\" AS event, u.version,"
	"   u.field COLLATE \"C\" AS field, u.kind COLLATE \"C\" AS kind,"
	"   u.description COLLATE \"C\" AS description, u.outcome COLLATE \"C\" AS outcome,"
	"   count(*) AS events, min(nullif(u.message_id, '') COLLATE \"C\") AS message_id"
	"  FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS u (at, source, type, event, version,"
	"   field, kind, description, outcome, message_id)"
	"  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),"
	" compared AS (SELECT g.*, k.source IS NOT NULL AS is_known, row_number() OVER (PARTITION BY"
	"   k.source IS NULL, g.source, g.day ORDER BY g.type, g.event, g.version, g.field, g.kind,"
	"   g.description, g.outcome) AS place,"
	"   row_number() OVER (PARTITION BY k.source IS NULL ORDER BY g.source, g.day, g.type, g.event,"
	"   g.version, g.field, g.kind, g.description, g.outcome) AS place_of_all"
	"  FROM given g LEFT JOIN cdp_data.plan_violation k ON (k.day, k.source, k.type, k.event, k.version,"
	"   k.field, k.kind, k.description, k.outcome) = (g.day, g.source, g.type, g.event, g.version,"
	"   g.field, g.kind, g.description, g.outcome)),"
	" kept AS (SELECT c.*, c.is_known OR (c.place_of_all +"
	"   (SELECT count(*) FROM cdp_data.plan_violation) <= 100000 AND c.place +"
	"   (SELECT count(*) FROM cdp_data.plan_violation x WHERE x.day = c.day AND x.source = c.source)"
	"   <= 1000) AS is_kept FROM compared c)"
	" SELECT s.day, s.source, s.type, s.event, s.version, s.field, s.kind, s.description, s.outcome,"
	"  s.events, s.message_id FROM kept s WHERE s.is_kept"
	" UNION ALL SELECT s.day, s.source, '', '', 0, '', 'other', 'what else was found', s.outcome,"
	"  sum(s.events), NULL FROM kept s WHERE NOT s.is_kept GROUP BY s.day, s.source, s.outcome"
	" ON CONFLICT (day, source, type, event, version, field, kind, description, outcome) DO UPDATE"
	" SET events = v.events + excluded.events,"
	"  example_message_id = coalesce(v.example_message_id, excluded.example_message_id)";

/* is_counted tells whether what was found of a row counts: it was accepted, or refused for it. */
static bool
is_counted(const TakenRow *row, const CdpkBatchJudged *judged)
{
	if (row->findings == NULL)
		return false;
	return judged->outcome == CDPK_BATCH_ACCEPTED ||
		   (row->reason != NULL && (strcmp(row->reason, "plan_violation") == 0 ||
									strcmp(row->reason, "unplanned_event") == 0));
}

/* add_row adds the findings of a row. */
static void
add_row(const Pass *pass, int number, Found *found)
{
	const TakenRow *row = &pass->rows[number];
	const text *source = pass->sources[pass->batch_rows[number].source].name;
	bool has_id = row->reason == NULL && !row->columns.nulls[INBOX_MESSAGE_ID];

	for (int i = 0; i < row->findings->count; i++)
	{
		const PassFinding *finding = &row->findings->items[i];
		int at = found->count++;

		found->at[at] = TimestampTzGetDatum(row->at);
		found->sources[at] = PointerGetDatum(source);
		found->types[at] = CStringGetTextDatum(onboard_call_name(row->findings->type));
		found->events[at] = CStringGetTextDatum(row->findings->event);
		found->versions[at] = Int32GetDatum(finding->version);
		found->fields[at] = CStringGetTextDatum(finding->field);
		found->kinds[at] = CStringGetTextDatum(finding->kind);
		found->descriptions[at] = CStringGetTextDatum(finding->description);
		found->outcomes[at] = CStringGetTextDatum(row->reason != NULL   ? "quarantined"
												  : finding->is_dropped ? "dropped"
																		: "allowed");
		found->message_ids[at] =
			has_id ? row->columns.values[INBOX_MESSAGE_ID] : CStringGetTextDatum("");
	}
}

/* make_found makes room for so many findings. */
static Found
make_found(int64 count)
{
	Found found = {0,
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum)),
				   pass_array(count, sizeof(Datum))};

	return found;
}

/* write_found adds them to the table. */
static void
write_found(Pass *pass, const Found *found)
{
	Datum arguments[] = {
		PointerGetDatum(construct_array(found->at, found->count, TIMESTAMPTZOID,
										sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
		pass_value_array(found->sources, found->count, TEXTOID),
		pass_value_array(found->types, found->count, TEXTOID),
		pass_value_array(found->events, found->count, TEXTOID),
		PointerGetDatum(construct_array(found->versions, found->count, INT4OID, sizeof(int32), true,
										TYPALIGN_INT)),
		pass_value_array(found->fields, found->count, TEXTOID),
		pass_value_array(found->kinds, found->count, TEXTOID),
		pass_value_array(found->descriptions, found->count, TEXTOID),
		pass_value_array(found->outcomes, found->count, TEXTOID),
		pass_value_array(found->message_ids, found->count, TEXTOID)};

	pass_run(pass, statement, lengthof(types), types, arguments);
}

void
pass_note_violations(Pass *pass)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work = NULL;
	Found found;

	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_counted(&pass->rows[i], &judged[i]))
			continue;
		if (work == NULL)
		{
			work = AllocSetContextCreate(caller, "cdp violations", ALLOCSET_DEFAULT_SIZES);
			MemoryContextSwitchTo(work);
			found = make_found(AT_ONCE + PASS_FINDINGS_MAX);
		}
		add_row(pass, i, &found);
		if (found.count >= AT_ONCE)
		{
			write_found(pass, &found);
			MemoryContextSwitchTo(caller);
			MemoryContextDelete(work);
			work = NULL;
		}
	}
	if (work != NULL)
		write_found(pass, &found);
	MemoryContextSwitchTo(caller);
}
