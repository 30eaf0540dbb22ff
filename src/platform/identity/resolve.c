/*
 * resolve.c
 *		cdp_internal.restitch_resolve: gives the changes of the batch to core/stitch/stitch.h, and
 *		returns what the tables must become as rows.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/identity/resolve.h"
#include "platform/batch/batch.h"
#include "toolkit/bridge/huge.h"

CDP_FUNCTION(cdp_restitch_resolve);

/* columns of the result, see resolve.sql */
enum
{
	COLUMN_KIND,
	COLUMN_ID,
	COLUMN_OTHER,
	COLUMN_FLAG,
	COLUMN_SECOND_FLAG,
	COLUMN_NUMBER,
	COLUMN_TRUST,
	COLUMN_AT,
	COLUMN_COUNTS,
	COLUMN_COUNT
};

typedef struct ResultRow
{
	Datum values[COLUMN_COUNT];
	bool nulls[COLUMN_COUNT];
} ResultRow;

/* ---------------------------------------------------------------- the changes of the batch */

/* number of rows that are fetched at a time from queries whose result may be as large as the log */
#define PORTION 10000

typedef void (*GivePortion)(Resolver *resolver, CdpkStitch *stitch, SPITupleTable *rows,
							uint64 count);

/* give_portions passes on the rows of a query, PORTION at a time. */
static void
give_portions(Resolver *resolver, CdpkStitch *stitch, const char *query, GivePortion give)
{
	Portal portal = SPI_cursor_open_with_args(NULL, query, 0, NULL, NULL, NULL, true, 0);

	for (;;)
	{
		SPI_cursor_fetch(portal, true, PORTION);
		if (SPI_processed == 0)
			break;
		give(resolver, stitch, SPI_tuptable, SPI_processed);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_cursor_close(portal);
}

static void
give_identifiers(Resolver *resolver, CdpkStitch *stitch, SPITupleTable *rows, uint64 count)
{
	CdpkStitchIdentifier *identifiers = palloc(sizeof(CdpkStitchIdentifier) * count);

	for (uint64 i = 0; i < count; i++)
		resolver_identifier(resolver, rows, i, &identifiers[i]);
	resolver_check(cdpk_stitch_add_identifiers(stitch, identifiers, count));
	pfree(identifiers);
}

static void
give_evidence(Resolver *resolver, CdpkStitch *stitch, SPITupleTable *rows, uint64 count)
{
	CdpkStitchChange *changes = palloc0(sizeof(CdpkStitchChange) * count);

	for (uint64 i = 0; i < count; i++)
	{
		changes[i].a = resolver_int8(rows, i, 1);
		changes[i].b = resolver_int8(rows, i, 2);
		changes[i].refused = resolver_bool(rows, i, 3);
		changes[i].existed = !resolver_isnull(rows, i, 5);
		if (changes[i].existed)
		{
			changes[i].before.trust = resolver_int4(rows, i, 4);
			changes[i].before.first_at = resolver_int8(rows, i, 5);
		}
		changes[i].exists = !resolver_isnull(rows, i, 7);
		if (changes[i].exists)
		{
			changes[i].now.trust = resolver_int4(rows, i, 6);
			changes[i].now.first_at = resolver_int8(rows, i, 7);
		}
	}
	resolver_check(cdpk_stitch_evidence_changed(stitch, changes, count));
	pfree(changes);
}

/* give_sharing reads the rows of one identifier one after the other: one for each namespace linked to it. */
static void
give_sharing(Resolver *resolver, CdpkStitch *stitch)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"SELECT s.identifier_id, s.verdict, c.key, c.value::integer FROM batch_sharing_changed s"
		" LEFT JOIN LATERAL pg_catalog.jsonb_each_text(s.links) c ON true ORDER BY s.identifier_id",
		0, NULL, &count);
	CdpkStitchCount *counts = palloc(sizeof(CdpkStitchCount) * Max(count, 1));
	size_t length = 0;

	for (uint64 i = 0; i < count; i++)
	{
		int64 identifier_id = resolver_int8(rows, i, 1);

		if (!resolver_isnull(rows, i, 3))
		{
			text *name = resolver_text(rows, i, 3);

			counts[length].name_space =
				resolver_namespace(resolver, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
			counts[length++].count = (uint32_t) resolver_int4(rows, i, 4);
		}
		if (i + 1 == count || resolver_int8(rows, i + 1, 1) != identifier_id)
		{
			resolver_check(cdpk_stitch_judge_sharing(
				stitch, identifier_id, (CdpkSharing) resolver_int4(rows, i, 2), counts, length));
			length = 0;
		}
	}
	pfree(counts);
	SPI_freetuptable(rows);
}

static void
give_forbids(CdpkStitch *stitch)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows("SELECT a, b FROM batch_forbid_changed", 0, NULL, &count);

	for (uint64 i = 0; i < count; i++)
		resolver_check(
			cdpk_stitch_forbidden(stitch, resolver_int8(rows, i, 1), resolver_int8(rows, i, 2)));
	SPI_freetuptable(rows);
}

/* ---------------------------------------------------------------- what the tables must become */

/* start_row makes a row with kind and id, all else NULL. */
static ResultRow
start_row(const char *kind, int64 id)
{
	ResultRow row;

	memset(&row, 0, sizeof(row));
	memset(row.nulls, true, sizeof(row.nulls));
	row.values[COLUMN_KIND] = CStringGetTextDatum(kind);
	row.values[COLUMN_ID] = Int64GetDatum(id);
	row.nulls[COLUMN_KIND] = row.nulls[COLUMN_ID] = false;
	return row;
}

static void
set_column(ResultRow *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

static void
put_row(ReturnSetInfo *result, ResultRow *row)
{
	tuplestore_putvalues(result->setResult, result->setDesc, row->values, row->nulls);
}

static void
put_pair(ReturnSetInfo *result, const char *kind, int64 id, int64 other)
{
	ResultRow row = start_row(kind, id);

	set_column(&row, COLUMN_OTHER, Int64GetDatum(other));
	put_row(result, &row);
}

static void
put_flag(ReturnSetInfo *result, const char *kind, int64 id, bool flag)
{
	ResultRow row = start_row(kind, id);

	set_column(&row, COLUMN_FLAG, BoolGetDatum(flag));
	put_row(result, &row);
}

/* make_counts makes a jsonb object of the counts; names of namespaces need no escapes. */
static Datum
make_counts(const Resolver *resolver, const CdpkStitchProfile *profile)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (size_t i = 0; i < profile->count_length; i++)
	{
		const CdpkStitchNamespace *name_space =
			&resolver->rules.namespaces[profile->counts[i].name_space];

		appendStringInfo(&json, "%s\"%s\": %u", i > 0 ? ", " : "", name_space->name,
						 profile->counts[i].count);
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

static void
put_profile(const Resolver *resolver, ReturnSetInfo *result, const CdpkStitchProfile *profile)
{
	ResultRow row = start_row("profile", profile->profile_id);

	set_column(&row, COLUMN_FLAG, BoolGetDatum(profile->has_forbid));
	set_column(&row, COLUMN_SECOND_FLAG, BoolGetDatum(profile->shared));
	set_column(&row, COLUMN_NUMBER, Int64GetDatum((int64) profile->identifiers));
	set_column(&row, COLUMN_COUNTS, make_counts(resolver, profile));
	if (profile->last_known)
	{
		set_column(&row, COLUMN_TRUST, Int32GetDatum(profile->last.trust));
		set_column(&row, COLUMN_AT, TimestampTzGetDatum(profile->last.first_at));
	}
	put_row(result, &row);
}

static void
put_statistics(ReturnSetInfo *result, const CdpkStitchStatistics *statistics)
{
	put_pair(result, "reworks", (int64) statistics->reworks, (int64) statistics->largest_rework);
	put_pair(result, "reworked", (int64) statistics->identifiers_reworked,
			 (int64) statistics->profiles_split);
}

static void
put_result(const Resolver *resolver, ReturnSetInfo *result, const CdpkStitchResult *stitched)
{
	for (size_t i = 0; i < stitched->profile_move_count; i++)
		put_pair(result, "move", stitched->profile_moves[i].from, stitched->profile_moves[i].to);
	for (size_t i = 0; i < stitched->identifier_move_count; i++)
	{
		const CdpkStitchMove *move = &stitched->identifier_moves[i];
		ResultRow row = start_row("identifier", move->id);

		set_column(&row, COLUMN_NUMBER, Int64GetDatum(move->from));
		set_column(&row, COLUMN_OTHER, Int64GetDatum(move->to));
		put_row(result, &row);
	}
	for (size_t i = 0; i < stitched->ended_count; i++)
	{
		ResultRow row = start_row("ended", stitched->ended[i]);

		put_row(result, &row);
	}
	for (size_t i = 0; i < stitched->profile_count; i++)
		put_profile(resolver, result, &stitched->profiles[i]);
	for (size_t i = 0; i < stitched->link_count; i++)
	{
		ResultRow row = start_row("link", stitched->links[i].a);

		set_column(&row, COLUMN_OTHER, Int64GetDatum(stitched->links[i].b));
		set_column(&row, COLUMN_FLAG, BoolGetDatum(stitched->links[i].refused));
		put_row(result, &row);
	}
	for (size_t i = 0; i < stitched->sharing_count; i++)
		put_flag(result, "sharing", stitched->sharing[i].identifier_id,
				 stitched->sharing[i].shared);
	for (size_t i = 0; i < stitched->reanchor_count; i++)
		put_flag(result, "reanchor", stitched->reanchor[i].identifier_id,
				 stitched->reanchor[i].events == CDPK_CARRYING);
	put_statistics(result, &stitched->statistics);
}

/* cdp_restitch_resolve implements cdp_internal.restitch_resolve. */
Datum
cdp_restitch_resolve(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Resolver *resolver;
	CdpkAllocator allocator;
	CdpkStitch *stitch;
	int nest_level;

	InitMaterializedSRF(fcinfo, 0);
	batch_connect();
	nest_level = batch_enter_planner();
	resolver = resolver_new();
	resolver->forbids = resolver_staged_forbids;
	allocator = cdp_huge_scratch(CurrentMemoryContext);
	resolver_check(cdpk_stitch_new(&resolver->rules, &resolver->store, &allocator, &stitch));
	give_portions(resolver, stitch,
				  "SELECT identifier_id, profile_id, identifier, present, shared, forbidden"
				  " FROM batch_identifier_changed",
				  give_identifiers);
	give_portions(resolver, stitch,
				  "SELECT a, b, refused, before_trust, before_at, now_trust, now_at"
				  " FROM batch_evidence_changed",
				  give_evidence);
	give_sharing(resolver, stitch);
	give_forbids(stitch);
	resolver_check(cdpk_stitch_run(stitch));
	put_result(resolver, result, cdpk_stitch_result(stitch));
	AtEOXact_GUC(true, nest_level);
	SPI_finish(); /* also frees the stitch */
	return (Datum) 0;
}
