/*
 * verify_partition.c
 *		cdp_internal.verify_partition: the stored profiles against core/stitch/stitch_check.h, in slices.
 *
 * A slice has whole profiles.  With them are read the profiles at the other ends of their links,
 * except those of earlier slices: each link between two profiles is checked once.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/stitch/stitch_check.h"
#include "platform/identity/resolve.h"
#include "platform/progress/progress.h"
#include "toolkit/bridge/huge.h"

CDP_FUNCTION(cdp_verify_partition);

/* identifiers in a slice; one more profile than fits */
#define SLICE "20000"

/* columns of the result, see verify_partition.sql */
enum
{
	COLUMN_KIND,
	COLUMN_ID,
	COLUMN_OTHER,
	COLUMN_TRUST,
	COLUMN_AT,
	COLUMN_COUNT
};

/* the columns that resolver_identifier reads, "present" being whether the profile is of the slice */
#define IDENTIFIERS(judged)                                                                    \
	"SELECT i.identifier_id, i.profile_id, i.identifier, " judged ", false, false, i.class_id" \
	" FROM cdp_data.identifier i"                                                              \
	" JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)"                  \
	" WHERE NOT i.blocked AND i.profile_id <> 0 AND i.identifier_id > 0 AND "

#define LINKS(here, there)                                                                   \
	"SELECT l.a, l.b, CASE WHEN l.believed THEN " RESOLVER_TRUST_ALIAS                       \
	" ELSE s.trust END, l.first_at,"                                                         \
	" here.profile_id, there.profile_id"                                                     \
	" FROM cdp_data.identifier here JOIN cdp_data.link l ON l." here " = here.identifier_id" \
	" JOIN cdp_data.identifier there ON there.identifier_id = l." there                      \
	" JOIN cdp_data.source s ON s.source_id = l.source_id"                                   \
	" WHERE NOT here.shared AND NOT here.blocked AND NOT there.shared AND NOT "              \
	"there.blocked AND "

/* $1: after which profile the slice begins, its last profile, the first profile that it is compared with */
#define IN_SLICE(name) name ".profile_id > ($1)[1] AND " name ".profile_id <= ($1)[2]"

/* Two identifiers that are the same, none of which is shared. */
typedef struct SamePair
{
	CdpkStitchLink link;
	int64 a_profile_id;
	int64 b_profile_id;
} SamePair;

typedef struct Slice
{
	ReturnSetInfo *result;
	Resolver *resolver;
	CdpkStitchForbid *forbids;
	uint64 forbid_count;
	SamePair *same;
	uint64 same_count;
	int64 bounds[3];
	/* rows of the slice, in its memory; the bytes of identifiers are in the tables */
	SPITupleTable *tables[2];
	int table_count;
	CdpkStitchIdentifier *identifiers;
	size_t identifier_count;
	CdpkStitchLink *links;
	size_t link_count;
	int64_t *others; /* profiles at the other ends of links, sorted */
	size_t other_count;
	CdpkStitchProfile *profiles;
	size_t profile_count;
} Slice;

static void
put_wrong(void *context, const CdpkStitchWrong *wrong)
{
	static const char *const kinds[] = {
		[CDPK_WRONG_APART] = "apart",         [CDPK_WRONG_BREAKS] = "breaks",
		[CDPK_WRONG_STRONGEST] = "strongest", [CDPK_WRONG_REFUSED] = "refused",
		[CDPK_WRONG_LAST] = "last",           [CDPK_WRONG_CLASS] = "class",
	};
	Slice *slice = context;
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT] = {false};

	values[COLUMN_KIND] = CStringGetTextDatum(kinds[wrong->kind]);
	values[COLUMN_ID] = Int64GetDatum(wrong->id);
	values[COLUMN_OTHER] = Int64GetDatum(wrong->other);
	values[COLUMN_TRUST] = Int32GetDatum(wrong->evidence.trust);
	values[COLUMN_AT] = TimestampTzGetDatum(wrong->evidence.first_at);
	tuplestore_putvalues(slice->result->setResult, slice->result->setDesc, values, nulls);
}

/* ---------------------------------------------------------------- rows */

/* add_identifiers reads identifiers; their bytes stay in the rows. */
static void
add_identifiers(Slice *slice, const char *query, const int64_t *ids, size_t id_count)
{
	Datum argument = resolver_ids(ids, id_count);
	uint64 count;
	SPITupleTable *rows = resolver_rows(query, 1, &argument, &count);
	size_t size = sizeof(CdpkStitchIdentifier) * (slice->identifier_count + count + 1);

	slice->identifiers = slice->identifiers == NULL
							 ? MemoryContextAllocHuge(CurrentMemoryContext, size)
							 : repalloc_huge(slice->identifiers, size);
	slice->tables[slice->table_count++] = rows;
	for (uint64 i = 0; i < count; i++)
		resolver_identifier(slice->resolver, rows, i,
							&slice->identifiers[slice->identifier_count++]);
}

/* add_links reads links, and notes the profiles at their other ends. */
static void
add_links(Slice *slice, const char *query, const int64_t *ids, size_t id_count)
{
	Datum argument = resolver_ids(ids, id_count);
	uint64 count;
	SPITupleTable *rows = resolver_rows(query, 1, &argument, &count);
	size_t size = sizeof(CdpkStitchLink) * (slice->link_count + count + 1);

	slice->links = slice->links == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size)
										: repalloc_huge(slice->links, size);
	slice->others = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64_t) * (count + 1));
	slice->other_count = 0;
	for (uint64 i = 0; i < count; i++)
	{
		CdpkStitchLink *link = &slice->links[slice->link_count++];
		int64 other = resolver_int8(rows, i, 6);

		link->a = resolver_int8(rows, i, 1);
		link->b = resolver_int8(rows, i, 2);
		link->evidence.trust = resolver_int4(rows, i, 3);
		link->evidence.first_at = resolver_int8(rows, i, 4);
		link->refused = false;
		if (other <= slice->bounds[0] || other > slice->bounds[1])
			slice->others[slice->other_count++] = other;
	}
	SPI_freetuptable(rows);
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a;
	int64_t y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

static void
sort_others(Slice *slice)
{
	size_t kept = 0;

	qsort(slice->others, slice->other_count, sizeof(int64_t), compare_ids);
	for (size_t i = 0; i < slice->other_count; i++)
		if (kept == 0 || slice->others[kept - 1] != slice->others[i])
			slice->others[kept++] = slice->others[i];
	slice->other_count = kept;
}

/* read_bounds reads what the summaries say of the links inside. */
static void
read_bounds(Slice *slice)
{
	Datum argument = resolver_ids(slice->bounds, lengthof(slice->bounds));
	uint64 count;
	SPITupleTable *rows =
		resolver_rows("SELECT p.profile_id, p.last_trust, p.last_at FROM cdp_data.profile p WHERE "
					  "p.last_trust IS NOT NULL AND p.last_at IS NOT NULL AND " IN_SLICE("p"),
					  1, &argument, &count);

	slice->profiles =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(CdpkStitchProfile) * (count + 1));
	memset(slice->profiles, 0, sizeof(CdpkStitchProfile) * (count + 1));
	slice->profile_count = count;
	for (uint64 i = 0; i < count; i++)
	{
		slice->profiles[i].profile_id = resolver_int8(rows, i, 1);
		slice->profiles[i].last_known = true;
		slice->profiles[i].last.trust = resolver_int4(rows, i, 2);
		slice->profiles[i].last.first_at = resolver_int8(rows, i, 3);
	}
	SPI_freetuptable(rows);
}

/* read_forbids reads all forbids between identifiers that are known. */
static void
read_forbids(Slice *slice)
{
	SPITupleTable *rows =
		resolver_rows("SELECT a.identifier_id, b.identifier_id FROM cdp_data.verdict v"
					  " CROSS JOIN LATERAL cdp_internal.known_identifier(v.a) a"
					  " CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) b"
					  " WHERE v.kind = 'forbid'",
					  0, NULL, &slice->forbid_count);

	slice->forbids = MemoryContextAllocHuge(CurrentMemoryContext,
											sizeof(CdpkStitchForbid) * (slice->forbid_count + 1));
	for (uint64 i = 0; i < slice->forbid_count; i++)
	{
		slice->forbids[i].a = resolver_int8(rows, i, 1);
		slice->forbids[i].b = resolver_int8(rows, i, 2);
	}
	SPI_freetuptable(rows);
}

/* read_same reads the pairs that are the same, all of them or those of one profile, which are in profiles. */
static void
read_same(Slice *slice, int64 own)
{
	Datum argument = resolver_ids(&own, 1);
	SPITupleTable *rows =
		resolver_rows("SELECT DISTINCT s.a, s.b, s.a_profile, s.b_profile"
					  " FROM cdp_internal.same_pairs(nullif(($1)[1], 0)) s WHERE NOT s.shared",
					  1, &argument, &slice->same_count);

	slice->same =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(SamePair) * (slice->same_count + 1));
	memset(slice->same, 0, sizeof(SamePair) * (slice->same_count + 1));
	for (uint64 i = 0; i < slice->same_count; i++)
	{
		SamePair *pair = &slice->same[i];

		pair->link.a = resolver_int8(rows, i, 1);
		pair->link.b = resolver_int8(rows, i, 2);
		pair->link.evidence.trust = CDPK_TRUST_SAME;
		pair->a_profile_id = resolver_int8(rows, i, 3);
		pair->b_profile_id = resolver_int8(rows, i, 4);
	}
	SPI_freetuptable(rows);
}

static bool
is_in_slice(const Slice *slice, int64 profile_id)
{
	return profile_id > slice->bounds[0] && profile_id <= slice->bounds[1];
}

/* add_same adds those of the slice and of the profiles that it is compared with; other ends are added to these. */
static void
add_same(Slice *slice)
{
	slice->links = repalloc_huge(slice->links, sizeof(CdpkStitchLink) *
												   (slice->link_count + slice->same_count + 1));
	slice->others = repalloc_huge(slice->others,
								  sizeof(int64_t) * (slice->other_count + slice->same_count + 1));
	for (uint64 i = 0; i < slice->same_count; i++)
	{
		const SamePair *pair = &slice->same[i];
		bool a = is_in_slice(slice, pair->a_profile_id);
		bool b = is_in_slice(slice, pair->b_profile_id);

		if ((!a && !b) || Min(pair->a_profile_id, pair->b_profile_id) < slice->bounds[2])
			continue;
		slice->links[slice->link_count++] = pair->link;
		if (!a || !b)
			slice->others[slice->other_count++] = a ? pair->b_profile_id : pair->a_profile_id;
	}
}

/* add_same_of_others adds those within the profiles at other ends, which are sorted. */
static void
add_same_of_others(Slice *slice)
{
	slice->links = repalloc_huge(slice->links, sizeof(CdpkStitchLink) *
												   (slice->link_count + slice->same_count + 1));
	for (uint64 i = 0; i < slice->same_count; i++)
	{
		const SamePair *pair = &slice->same[i];

		if (pair->a_profile_id == pair->b_profile_id &&
			bsearch(&pair->a_profile_id, slice->others, slice->other_count, sizeof(int64_t),
					compare_ids) != NULL)
			slice->links[slice->link_count++] = pair->link;
	}
}

/* ---------------------------------------------------------------- slices */

/* check_slice checks the profiles of the bounds, and their links to those beyond. */
static void
check_slice(Slice *slice)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp verify slice", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	CdpkAllocator allocator = cdp_huge_scratch(context);
	CdpkStitchPartition partition = {0};

	slice->identifiers = NULL;
	slice->links = NULL;
	slice->identifier_count = slice->link_count = 0;
	slice->table_count = 0;
	add_identifiers(slice, IDENTIFIERS("true") IN_SLICE("i"), slice->bounds,
					lengthof(slice->bounds));
	add_links(slice,
			  LINKS("a", "b")
				  IN_SLICE("here") " AND there.profile_id >= ($1)[3] UNION ALL " LINKS("b", "a")
					  IN_SLICE("here") " AND there.profile_id >= ($1)[3]"
									   " AND NOT (" IN_SLICE("there") ")",
			  slice->bounds, lengthof(slice->bounds));
	add_same(slice);
	sort_others(slice);
	if (slice->other_count > 0)
	{
		add_same_of_others(slice);
		add_identifiers(slice, IDENTIFIERS("false") "i.profile_id = ANY ($1)", slice->others,
						slice->other_count);
		add_links(
			slice,
			LINKS("a", "b") "here.profile_id = ANY ($1) AND there.profile_id = here.profile_id",
			slice->others, slice->other_count);
	}
	read_bounds(slice);
	partition.identifiers = slice->identifiers;
	partition.identifier_count = slice->identifier_count;
	partition.links = slice->links;
	partition.link_count = slice->link_count;
	partition.forbids = slice->forbids;
	partition.forbid_count = slice->forbid_count;
	partition.profiles = slice->profiles;
	partition.profile_count = slice->profile_count;
	resolver_check(cdpk_stitch_check(&slice->resolver->rules, &slice->resolver->store, &allocator,
									 &partition, put_wrong, slice));
	for (int i = 0; i < slice->table_count; i++)
		SPI_freetuptable(slice->tables[i]);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* next_slice finds the last profile of the slice after bounds[0]; returns false if there is none. */
static bool
next_slice(Slice *slice)
{
	Datum argument = resolver_ids(slice->bounds, 1);
	uint64 count;
	SPITupleTable *rows = resolver_rows("SELECT max(s.profile_id) FROM (SELECT i.profile_id"
										" FROM cdp_data.identifier i WHERE i.profile_id > ($1)[1]"
										" ORDER BY i.profile_id LIMIT " SLICE ") s",
										1, &argument, &count);
	bool found = !resolver_isnull(rows, 0, 1);

	if (found)
		slice->bounds[1] = resolver_int8(rows, 0, 1);
	SPI_freetuptable(rows);
	return found;
}

/* cdp_verify_partition implements cdp_internal.verify_partition. */
Datum
cdp_verify_partition(PG_FUNCTION_ARGS)
{
	Slice slice = {0};

	slice.result = (ReturnSetInfo *) fcinfo->resultinfo;
	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	slice.resolver = resolver_new();
	read_forbids(&slice);
	read_same(&slice, PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0));
	if (!PG_ARGISNULL(0))
	{
		slice.bounds[1] = PG_GETARG_INT64(0);
		slice.bounds[0] = slice.bounds[1] - 1;
		slice.bounds[2] = 1;
		check_slice(&slice);
	}
	else
		while (next_slice(&slice))
		{
			CHECK_FOR_INTERRUPTS();
			slice.bounds[2] = slice.bounds[0] + 1;
			check_slice(&slice);
			slice.bounds[0] = slice.bounds[1];
			progress_done(slice.bounds[1]);
		}
	SPI_finish();
	return (Datum) 0;
}
