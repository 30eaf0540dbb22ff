/*
 * pass.h
 *		One pass of a batch: what the files of it share; pass_data.h has its types.
 *
 * core/batch decides; these files look up what it asks for, and write what it says.  Each calls
 * only files above it in this list:
 *	pass_columns	the tables and their columns, by number
 *	pass_table		the tables, columns as arrays
 *	pass_statement	statements, for what is rare
 *	pass_context	what contexts have in common
 *	pass_event		names of events, each once, and what rules carry of them
 *	pass_value		traits and numbers of one row
 *	pass_counts		numbers of identifiers by namespace, of profiles
 *	pass_link_counts	the same of identifiers
 *	pass_older		rows whose messages may be forgotten
 *	pass_month		months that are folded into the base
 *	pass_plan		the tracking plans of sources
 *	pass_plan_drop	what rows have that breaks them, dropped
 *	pass_plan_judge	what rows break of the tracking plan of their source
 *	pass_row		the rows of the batch, their sources
 *	pass_base		rows of the base
 *	pass_reject		values that cannot be identifiers
 *	pass_logged		events of the log, cleaned
 *	pass_lacking	people of whom the log lacks events
 *	pass_version	rows of mutable sources, compared
 *	pass_corrected	what is written of those that hold
 *	pass_correct	which of them hold
 *	pass_change		what else the batch changes
 *	pass_taken		events that are taken back: out of the log
 *	pass_said		what was said, by whom and when
 *	pass_same_content	rows that say the same as an event
 *	pass_neighbour	links and unlinks of identifiers
 *	pass_left		who leaves the graph with them
 *	pass_survivor	events that stay, of links that are counted anew
 *	pass_quarantine	rows that cannot become events
 *	pass_hour		what goes to quarantine, by hour
 *	pass_judge		what becomes of each row
 *	pass_kin		pairs of verdicts, and those of user_ids and earlier ones
 *	pass_look_up	what the tables know of identifiers, by the map
 *	pass_identify	identifiers: numbers, rules, verdicts
 *	pass_link		links
 *	pass_resolve	what core/stitch asks for
 *	pass_undone		what is left undone, as the log lacks events
 *	pass_anchor		events of the log with other anchors
 *	pass_graph		identifiers in other profiles
 *	pass_log		the log
 *	pass_point		what was said of purposes, once
 *	pass_signal		what events answer to consent signals
 *	pass_ledger		rows of the ledger of consent
 *	pass_consent	what becomes of these
 *	pass_account	accounts
 *	pass_held_account	accounts of a profile
 *	pass_held		identifiers of a profile
 *	pass_profile	rows of profiles
 *	pass_fold		what is folded into them
 *	pass_name		names of events and traits
 *	pass_violation	what was found by tracking plans, counted
 *	pass_stamp		purposes that people may be used for
 *	pass_touched	whom it touched, and why
 *	pass			the order of it all
 */
#ifndef CDP_REFRESH_PASS_H
#define CDP_REFRESH_PASS_H

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "platform/catalogue/hash_key.h"
#include "platform/catalogue/held_max.h"
#include "platform/refresh/pass_data.h"
#include "toolkit/timeline/carried_property.h"

/* ---------------------------------------------------------------- pass_table.c */

#define PASS_COLUMNS_MAX 21

/* Some columns, of so many rows. */
typedef struct PassColumns
{
	int rows;
	int count;
	StoreColumn column[PASS_COLUMNS_MAX];
} PassColumns;

/* Opens a table, the first time, to read and write. */
extern Store *pass_table(Pass *pass, PassTable table);

/* Tells whether a table has a partition for a value, see store_has_range(). */
extern bool pass_has_range(PassTable table, Datum value);

/* Puts the indexes of months off that are new: those of a load, whose rows are mostly not looked for before its end. */
extern void pass_defer_log(Pass *pass);

/* Builds indexes that were put off, before events of the log are looked for; pass_build_log outside of a pass. */
extern void pass_index_log(Pass *pass);
extern void pass_build_log(void);

/*
 * Puts the indexes off by which each message and identifier is looked for, where there are none yet, tells how many rows
 * are found without them, and builds them: pass_index_keys before statements look for such rows.  "last": as of store_build_indexes().
 */
extern void pass_defer_keys(void);
extern int64 pass_count_deferred(void);
extern void pass_build_keys(bool last);
extern void pass_index_keys(Pass *pass);

extern void pass_close_tables(Pass *pass);

/* Closes one, so that partitions can be added to it. */
extern void pass_close_table(Pass *pass, PassTable table);

/* Adds a column without nulls, and returns its values, to be set. */
extern Datum *pass_column(PassColumns *columns, int column);

/* Adds a column, and returns its values, to be set; *nulls: all false. */
extern Datum *pass_null_column(PassColumns *columns, int column, bool **nulls);

/* Makes columns of so many rows the argument of a store's function. */
extern StoreColumns pass_columns(const PassColumns *columns);

/* Finds rows by one column of type bigint. */
extern void pass_find_ids(Pass *pass, PassTable table, int column, const int64 *ids, int count,
						  int wanted_count, const int *wanted, StoreRowFunction function,
						  void *arg);

/* Allocates an array of so many items, which may be more than 1 GB. */
extern void *pass_array(int64 count, Size size);

/* Makes a value of bytes. */
extern Datum pass_varlena(const CdpkBatchBytes *bytes);

/* Makes bytes of a value, which is detoasted where it must be; NULL of none. */
extern CdpkBatchBytes pass_bytes(Datum value, bool isnull);

/* The same of an identifier: what stands before the bytes is its header of 4 bytes. */
extern CdpkBatchBytes pass_payload(Datum identifier);

/* Returns the identifier that bytes are of, which came from pass_payload. */
extern Datum pass_identifier(const CdpkBatchBytes *payload);

extern void pass_add_id(PassIds *ids, int64 id);

/* Sorts numbers, and drops those that are there twice. */
extern void pass_sort_ids(PassIds *ids);

/* Tells whether a number is among these, which are sorted. */
extern bool pass_has_id(const PassIds *ids, int64 id);

/* ---------------------------------------------------------------- pass_statement.c */

/* Raises the error for a status of core/batch, unless it is CDPK_OK. */
extern void pass_check(CdpkStatus status);

/* Runs a query, and returns its rows; SPI_freetuptable frees them.  $1 is batch_id, $2 as_of. */
extern SPITupleTable *pass_query(Pass *pass, const char *query, int argument_count,
								 const Oid *types, const Datum *arguments, uint64 *count);

/* Does so for a query that finds rows by their keys, which are in its arguments. */
extern SPITupleTable *pass_query_by_keys(Pass *pass, const char *query, int argument_count,
										 const Oid *types, const Datum *arguments, uint64 *count);

/* Runs a statement, and returns the number of rows processed. */
extern uint64 pass_run(Pass *pass, const char *statement, int argument_count, const Oid *types,
					   const Datum *arguments);

/* Raises an error unless as many events have left their places in the log as had to. */
extern void pass_check_gone(int64 gone, int64 expected);

/* Makes a path of an array of texts, which must outlive it; and of a column; none of NULL. */
extern PassPath pass_make_path(ArrayType *array);
extern PassPath pass_read_path(SPITupleTable *rows, uint64 row, int column);

/* Runs a query of one bool. */
extern bool pass_ask(Pass *pass, const char *query);

/*
 * Runs a query of one jsonb, which lasts as long as the pass.  It reads one table of cdp_data, and is not run if
 * the table's rows are still those of the last time in the session.  The query must be a constant.
 */
extern Jsonb *pass_ask_kept(Pass *pass, const char *query, const char *table);

/* Makes an array of bigints. */
extern Datum pass_id_array(const int64 *ids, int count);

/* Makes an array of values of a type of variable length, none null. */
extern Datum pass_value_array(Datum *values, int count, Oid type);

/* ---------------------------------------------------------------- pass.c */

/* Makes a pass of the current batch, over an open connection; its memory is below the current context. */
extern Pass *pass_new(void);

/* Makes the batch of core/batch, which cdpk_batch_begin begins. */
extern void pass_new_batch(Pass *pass);

/* Closes the tables, and releases all memory. */
extern void pass_free(Pass *pass);

/* ---------------------------------------------------------------- the stages */

/* pass_event.c */

/* Points the name of an event to the bytes of all rows that have it. */
extern void pass_share_event(Pass *pass, CdpkBatchBytes *name);

/* Returns what the rules of carried properties, which there must be, say of an event. */
extern CarriedRules pass_carried_rules(Pass *pass, const CdpkBatchBytes *name);

/* pass_value.c */
extern void pass_read_value_rules(Pass *pass);
extern void pass_fold_values(Pass *pass, CdpkBatchRow *row, const PassSaid *said, bool is_new);
extern void pass_count_left_out(Pass *pass, int sign);

/* pass_counts.c */
extern void pass_read_counts(Pass *pass, Datum counted, const CdpkStitchCount **counts,
							 uint32_t *length);
extern Datum pass_make_counts(Pass *pass, const CdpkStitchCount *counts, size_t length);

/* pass_link_counts.c */
extern const CdpkStitchCount *pass_read_link_counts(Pass *pass, Datum link_counts,
													uint32_t *length);
extern Datum pass_make_link_counts(const Pass *pass, const CdpkStitchCount *counts, size_t length);

/* pass_older.c */
extern void pass_refuse_older(Pass *pass);

/* pass_plan.c */
typedef struct PassPlans PassPlans;

/* Returns what rows are judged by; NULL: no source has a plan. */
extern PassPlans *pass_new_plans(Pass *pass);

/* pass_plan_judge.c: the TakeJudge, of PassPlans */
extern TakeJudgement pass_judge_by_plan(void *arg, const OnboardedRow *event, InboxRow *columns,
										TakeFindings **findings, const char **reason,
										const char **detail);

/* pass_row.c */
extern void pass_read_rows(Pass *pass);
extern void pass_load_sources(Pass *pass);
extern void pass_add_sources(Pass *pass, Datum *names, int count);
extern uint32 pass_source(const Pass *pass, const char *name, int length);
extern uint32 pass_known_source(const Pass *pass, Datum name);
extern uint32 pass_numbered_source(const Pass *pass, Datum source_id);
extern CdpkBatchCall pass_call(Datum call_type);
extern void pass_set_identifiers(Datum ids, CdpkBatchRow *row);
extern void pass_set_earlier(Datum earlier, bool isnull, CdpkBatchRow *row);

/* the condition of cdp_internal.is_logged_condition() */
#define PASS_IS_LOGGED                                                                           \
	"(e.\"timestamp\" >= (SELECT coalesce(max(n.month) AT TIME ZONE 'UTC' + interval '1 month'," \
	" '-infinity') AT TIME ZONE 'UTC' FROM cdp_data.folded_month n WHERE n.event_id > 0)"        \
	" OR NOT EXISTS (SELECT FROM cdp_data.folded_month f"                                        \
	" WHERE f.month = date_trunc('month', e.\"timestamp\", 'UTC') AND f.event_id >= e.event_id))"

/* pass_month.c */

/* the months that are folded, by time */
#define PASS_MONTHS_QUERY                                                                   \
	"SELECT m.month, (m.month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'," \
	" m.event_id FROM cdp_data.folded_month m ORDER BY m.month"

extern PassMonth *pass_make_months(SPITupleTable *rows, uint64 count);
extern bool pass_month_is_folded(const PassMonth *months, int count, int64 event_id,
								 TimestampTz at);
extern void pass_read_months(Pass *pass);
extern bool pass_is_folded(const Pass *pass, int64 event_id, TimestampTz at);

/* pass_lacking.c */

/* A person of whom the log lacks events. */
typedef struct PassLacking
{
	int64 profile_id;
	int64 lacks;
} PassLacking;

/* Rows of identifiers: their numbers and profiles. */
typedef struct PassHomes
{
	CdpkStitchMove *moves;
	int count;
} PassHomes;

/* Finds the profiles of identifiers, as the tables have them. */
extern PassHomes pass_find_homes(Pass *pass, const int64 *ids, int count);

/* Finds those of the profiles of whom the log holds fewer events than they have. */
extern int pass_find_lacking(Pass *pass, const PassIds *profile_ids, PassLacking **lacking);

/* Adds to "lacks" those of the identifiers of whose people the log lacks events, and notes who is whole. */
extern void pass_find_whole(Pass *pass, const PassIds *identifier_ids, CdpkIdMap *lacks);

/* pass_version.c */

/* Returns the version that a row of a mutable source has, a number or a string; NULL: none. */
extern Jsonb *pass_row_version(const Pass *pass, int row);

/* Tells whether a row of a mutable source deletes. */
extern bool pass_row_deletes(const Pass *pass, int row);

/* Compares two: none, then numbers, then strings by their bytes. */
extern int pass_compare_versions(Jsonb *a, Jsonb *b);

/* Append the content of a row, and of an event of the log, as a text: see message_content_text(). */
extern void pass_row_content(const Pass *pass, int row, StringInfo content);
extern void pass_logged_content(Pass *pass, int64 anchor, TimestampTz at, int64 event_id,
								StringInfo content);

/* pass_corrected.c */
extern bool pass_meets_mutable(const Pass *pass);
extern void pass_note_corrected(Pass *pass);
extern int64 pass_message_hint(const CdpkSipHashKey *key, const CdpkBatchRow *row);
extern void pass_note_statements(Pass *pass);
extern void pass_move_statements(Pass *pass, const Datum *places);

/* pass_correct.c */
extern void pass_correct(Pass *pass);

/* pass_change.c */
extern void pass_read_changes(Pass *pass);

/* pass_logged.c */

/* Makes of the columns of an event of the log a row of the inbox. */
extern void pass_inbox_row(const Datum *logged, const bool *nulls, InboxRow *columns);

/* Finds the content hash that a message most likely came with; 0: the event would be refused now. */
extern uint64 pass_logged_hash(Pass *pass, const Datum *logged, const bool *nulls);

/* Makes a row of an event of the log, by its columns; it outlives these, but has no source and values yet. */
extern void pass_clean_logged(Pass *pass, const Datum *logged, const bool *nulls,
							  CdpkBatchRow *row);

/* Finds events of the log by the leading columns of their key; all columns are wanted. */
extern void pass_find_logged(Pass *pass, const PassColumns *key, StoreRowFunction function,
							 void *arg);

/* pass_said.c */
typedef struct PassSpans PassSpans;

/* What a row or an event says, and when its sender says that it was. */
typedef struct PassStatement
{
	uint64 content; /* a hash, see message_same_content() */
	TimestampTz at;
	const CdpkBatchBytes *identifiers;
	int count;
} PassStatement;

/* Makes room for what was said, to be found within these spans of time, in microseconds, each once. */
extern PassSpans *pass_new_spans(Pass *pass, const int64 *within, int count);

extern void pass_free_spans(PassSpans *spans);

/* Adds what was said. */
extern void pass_add_said(PassSpans *spans, const PassStatement *said);

/* Tells whether the same was said within one of the spans, with one of the identifiers. */
extern bool pass_was_said(const PassSpans *spans, int64 within, const PassStatement *said);

/* pass_same_content.c */

/* Finds the rows that say the same as an event of the log, or of the batch before them: these are duplicates. */
extern void pass_find_same_content(Pass *pass);

/* pass_neighbour.c */
extern void pass_add_neighbours(Pass *pass, const int64 *ids, int count, PassIds *places);

/* pass_taken.c */
extern void pass_take_back(Pass *pass);
extern void pass_forget_left(Pass *pass);

/* pass_left.c */
extern void pass_find_named(Pass *pass);
extern bool pass_has_left(const Pass *pass, int64 identifier_id);

/* pass_survivor.c */
extern void pass_find_survivors(Pass *pass);

/* pass_quarantine.c */
extern void pass_quarantine(Pass *pass);

/* pass_hour.c */

/* Counts by hour what the batch sent to quarantine, and what sources sent in all. */
extern void pass_count_hours(Pass *pass);

/* pass_judge.c */
extern void pass_judge(Pass *pass);

/* pass_look_up.c */
extern void pass_look_up_names(Pass *pass, size_t first);
extern void pass_find_numbers(Pass *pass, int64 *numbers);

/* pass_identify.c */
extern void pass_read_rules(Pass *pass);
extern void pass_identify(Pass *pass);
extern void pass_find_voids(Pass *pass);

/* pass_link.c */
extern void pass_link(Pass *pass);
extern void pass_write_links(Pass *pass);

/* pass_resolve.c */
extern void pass_prepare_resolve(Pass *pass);

/* pass_undone.c */
extern void pass_resolve(Pass *pass);
extern void pass_find_places(Pass *pass, PassIds *places);

/* pass_anchor.c */
extern void pass_anchor(Pass *pass);
extern void pass_add_base_strays(const Pass *pass, CdpkBatchStray *strays);
extern void pass_reanchor(Pass *pass, CdpkBatchStray *strays, size_t count);
extern void pass_move_events(Pass *pass);

/* pass_graph.c */
extern void pass_write_identifiers(Pass *pass);

/* pass_context.c */
typedef struct PassContexts PassContexts;

/* Finds what the contexts of accepted rows have in common, and keeps it; the result is in the current memory context. */
extern PassContexts *pass_share_contexts(Pass *pass);

/* Returns the context of an event, or NULL; it lasts as long as what was said, or the current memory context. */
extern Jsonb *pass_whole_context(Pass *pass, const PassSaid *said);

/* Returns the hash of what the context of a row has in common, and sets what is its own; 0: all is its own. */
extern int64 pass_own_context(const PassContexts *contexts, uint32_t row, Datum *own, bool *isnull);

/* pass_log.c */
extern void pass_log(Pass *pass);

/* pass_consent.c */
extern void pass_consent(Pass *pass);

/* pass_stamp.c */
extern void pass_read_purposes(Pass *pass);

/* Stamps those for whom that can matter. */
extern void pass_stamp(Pass *pass);

/* pass_account.c */
extern void pass_fold_accounts(Pass *pass);

/* pass_fold.c */
extern void pass_fold(Pass *pass);

/* pass_name.c */
extern void pass_note_names(Pass *pass);

/* pass_reject.c */

/* Counts values that cannot be identifiers. */
extern void pass_add_rejected(PassRejected *rejected, CdpkSpan source,
							  const Rejections *rejections);
extern void pass_note_rejected(Pass *pass);
extern void pass_fold_rejected(Pass *pass, const PassRejected *rejected);

/* pass_violation.c */

/* Counts what was found of rows that were accepted, or refused for it. */
extern void pass_note_violations(Pass *pass);

/* pass_touched.c */

/* Counts the profiles that were touched. */
extern void pass_count_touched(Pass *pass);

/* Makes the value of type cdp_internal.touched. */
extern Datum pass_make_touched(Pass *pass, Oid type);

#endif /* CDP_REFRESH_PASS_H */
