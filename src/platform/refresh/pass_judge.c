/*
 * pass_judge.c
 *		What becomes of each row: accepted, duplicate, quarantined, or a deletion.
 */
#include "postgres.h"

#include "utils/uuid.h"

#include "platform/catalogue/hash_key.h"
#include "platform/ingest/message_content.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"

/* timeless_content computes the content hash that a row would have had without a time. */
static uint64
timeless_content(const TakenRow *row)
{
	CdpkSipHashKey hash_by = hash_key(HASH_CONTENT);
	OnboardedRow event = {.type = row->call_type, .event = row->event};
	InboxRow columns = row->columns;

	columns.nulls[INBOX_TIMESTAMP] = columns.nulls[INBOX_ORIGINAL_TIMESTAMP] = true;
	return message_content(&hash_by, &columns, &event);
}

/* note_key is the StoreRowFunction that notes what the tables have of a message key. */
static void
note_key(void *arg, int key, const Datum *values, const bool *nulls)
{
	CdpkBatchMessage *known = (CdpkBatchMessage *) arg + key;

	/* negative: it is kept for ever */
	known->batch_id = DatumGetInt64(values[0]);
	known->content = (uint64) DatumGetInt64(values[1]);
}

/*
 * compare_kept compares rows with the messages whose keys are kept for ever.  The content of such a message may have been
 * found by its event, when it was forgotten; and an event does not tell whether its message had a time.
 */
static void
compare_kept(Pass *pass, CdpkBatchMessage *known, size_t count)
{
	const uint32_t *places = cdpk_batch_key_places(pass->batch);

	for (int i = 0; i < pass->row_count; i++)
	{
		CdpkBatchRow *row = &pass->batch_rows[i];
		const CdpkBatchMessage *kept;

		CHECK_FOR_INTERRUPTS();
		if (places[i] == CDPK_BATCH_NONE || known[places[i]].batch_id >= 0)
			continue;
		kept = &known[places[i]];
		if (kept->content != 0 && kept->content != row->content &&
			timeless_content(&pass->rows[i]) == kept->content)
			row->content = kept->content;
	}
	for (size_t i = 0; i < count; i++)
		if (known[i].batch_id < 0)
			known[i].batch_id = -known[i].batch_id;
}

/* accept_rows looks the message keys up, writes the new ones, and decides. */
static void
accept_rows(Pass *pass)
{
	CdpkSipHashKey hash_by = hash_key(HASH_IDENTIFIER);
	static const int wanted[] = {MESSAGE_BATCH_ID, MESSAGE_CONTENT_HASH};
	size_t count;
	const CdpkBatchKey *keys = cdpk_batch_keys(pass->batch, &count);
	CdpkBatchMessage *known = palloc_extended(sizeof(CdpkBatchMessage) * Max(count, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	PassColumns key = {(int) count};
	PassColumns set = {(int) count};
	Datum *values = pass_column(&key, MESSAGE_KEY);
	Datum *batch_id = pass_column(&set, MESSAGE_BATCH_ID);
	Datum *content = pass_column(&set, MESSAGE_CONTENT_HASH);
	bool *no_event;
	Datum *hint = pass_null_column(&set, MESSAGE_HINT, &no_event);
	const uint32_t *places = cdpk_batch_key_places(pass->batch);
	pg_uuid_t *copies = pass_array((int64) count, sizeof(pg_uuid_t));

	/* through the rows in their order, as memory has them: that of keys is another, in which the store goes on */
	for (int i = 0; i < pass->row_count; i++)
	{
		const CdpkBatchRow *row = &pass->batch_rows[i];
		uint32_t to = places[i];

		/* of several rows with one key, the first */
		if (to == CDPK_BATCH_NONE || keys[to].row != (uint32_t) i)
			continue;
		memcpy(copies[to].data, row->message_key, UUID_LEN);
		values[to] = UUIDPGetDatum(&copies[to]);
		batch_id[to] = Int64GetDatum(pass->batch_id);
		content[to] = Int64GetDatum((int64) row->content);
		hint[to] = Int64GetDatum(pass_message_hint(&hash_by, row));
		no_event[to] = row->deletes;
	}
	if (count > 0)
		store_find_or_insert(pass_table(pass, TABLE_MESSAGE), (int) count, pass_columns(&key),
							 pass_columns(&set), lengthof(wanted), wanted, note_key, known);
	compare_kept(pass, known, count);
	pass_check(cdpk_batch_accept(pass->batch, known, pass->last_event_id));
	pfree(copies);
	pfree(values);
	pfree(batch_id);
	pfree(content);
	pfree(hint);
	pfree(no_event);
	pfree(known);
}

/* refuse_reused refuses a row whose message id another message has. */
static void
refuse_reused(Pass *pass, TakenRow *row, int64 first_batch_id)
{
	char detail[100];

	snprintf(detail, sizeof(detail),
			 "message_id: batch " INT64_FORMAT " accepted other content with it",
			 first_batch_id != 0 ? first_batch_id : pass->batch_id);
	row->reason = "message_id_reused";
	row->detail = MemoryContextStrdup(pass->context, detail);
}

/* count_outcomes counts what became of rows, in all and by source; and gives those that are refused now a reason. */
static void
count_outcomes(Pass *pass)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);

	for (int i = 0; i < pass->row_count; i++)
	{
		PassSource *source = &pass->sources[pass->batch_rows[i].source];

		switch (judged[i].outcome)
		{
			case CDPK_BATCH_ACCEPTED:
				source->accepted++;
				pass->counts[COUNT_ACCEPTED]++;
				pass->counts[COUNT_SELF_LINKS] += pass->rows[i].repeats;
				break;
			case CDPK_BATCH_DUPLICATE:
				source->duplicate++;
				source->same_content += pass->batch_rows[i].same_content;
				pass->counts[COUNT_DUPLICATE]++;
				break;
			case CDPK_BATCH_DELETED:
				source->deletions++;
				pass->counts[COUNT_DELETIONS]++;
				break;
			case CDPK_BATCH_REUSED:
				refuse_reused(pass, &pass->rows[i], judged[i].first_batch_id);
				/* FALLTHROUGH */
			case CDPK_BATCH_QUARANTINED:
				source->quarantined++;
				pass->counts[COUNT_QUARANTINED]++;
				break;
		}
	}
	pass->last_event_id += pass->counts[COUNT_ACCEPTED];
}

/* write_sources brings the counts of sources up to date. */
static void
write_sources(Pass *pass)
{
	PassColumns key = {pass->source_count};
	PassColumns set = {pass->source_count};
	Datum *name = pass_column(&key, SOURCE_NAME);
	Datum *accepted = pass_column(&set, SOURCE_ACCEPTED);
	Datum *duplicate = pass_column(&set, SOURCE_DUPLICATE);
	Datum *same_content = pass_column(&set, SOURCE_SAME_CONTENT);
	Datum *quarantined = pass_column(&set, SOURCE_QUARANTINED);
	Datum *deletions = pass_column(&set, SOURCE_DELETIONS);
	Datum *suppressed = pass_column(&set, SOURCE_SUPPRESSED);
	Datum *last_batch_id = pass_column(&set, SOURCE_LAST_BATCH_ID);
	Datum *last_at = pass_column(&set, SOURCE_LAST_AT);
	int count = 0;

	for (int i = 0; i < pass->source_count; i++)
	{
		const PassSource *source = &pass->sources[i];

		if (!source->met)
			continue;
		name[count] = PointerGetDatum(source->name);
		accepted[count] = Int64GetDatum(source->accepted);
		duplicate[count] = Int64GetDatum(source->duplicate);
		same_content[count] = Int64GetDatum(source->same_content);
		quarantined[count] = Int64GetDatum(source->quarantined);
		deletions[count] = Int64GetDatum(source->deletions);
		suppressed[count] = Int64GetDatum(source->suppressed);
		last_at[count] = TimestampTzGetDatum(pass->as_of);
		last_batch_id[count++] = Int64GetDatum(pass->batch_id);
	}
	if (count > 0)
		store_update(pass_table(pass, TABLE_SOURCE), count, pass_columns(&key), pass_columns(&set));
}

/* set_values sets what is folded of accepted rows. */
static void
set_values(Pass *pass)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(pass->batch);

	for (int i = 0; i < pass->row_count; i++)
	{
		const InboxRow *row = &pass->rows[i].columns;
		PassSaid said = {.traits = row->values[INBOX_TRAITS],
						 .properties = row->values[INBOX_PROPERTIES],
						 .context = row->values[INBOX_CONTEXT],
						 .no_traits = row->nulls[INBOX_TRAITS],
						 .no_properties = row->nulls[INBOX_PROPERTIES],
						 .no_context = row->nulls[INBOX_CONTEXT],
						 .no_context_hash = true};

		CHECK_FOR_INTERRUPTS();
		progress_step(i);
		if (judged[i].outcome == CDPK_BATCH_ACCEPTED)
			pass_fold_values(pass, &pass->batch_rows[i], &said, true);
	}
	pass_count_left_out(pass, 1);
}

void
pass_judge(Pass *pass)
{
	accept_rows(pass);
	count_outcomes(pass);
	if (pass->counts[COUNT_QUARANTINED] > 0)
		pass_quarantine(pass);
	pass_count_hours(pass);
	write_sources(pass);
	set_values(pass);
}
