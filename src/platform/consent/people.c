/*
 * people.c
 *		What people said of purposes, read from the tables.
 *
 * Few people contradict themselves.  Of the others the answer does not depend on which identifier said what, nor on
 * links, and these are not read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "platform/consent/people.h"
#include "platform/identity/resolve.h"
#include "toolkit/bridge/status.h"

#define PEOPLE_QUERY(region)                                                           \
	"SELECT p.profile_id, p.purposes, p.purposes_until, p.shared, p.consents, " region \
	" FROM unnest($1) AS u (profile_id) JOIN cdp_data.profile p USING (profile_id)"

#define REGION \
	"cdp_internal.region_code(p.traits OPERATOR(cdp.->>) (SELECT s.region_trait FROM cdp_data.state s))"

#define STATEMENT_QUERY                                                                         \
	"SELECT i.profile_id, c.purpose_id, c.consent_id, c.identifier_id, c.answer, c.first_time," \
	" c.last_time, c.expires_at, c.ids FROM unnest($1) AS u (profile_id)"                       \
	" JOIN cdp_data.identifier i USING (profile_id)"                                            \
	" JOIN cdp_data.consent c USING (identifier_id)"

/* those of these people, and others that are on events with them; by strength */
#define IDENTIFIER_QUERY                                                               \
	"SELECT i.identifier_id, i.profile_id, n.priority, NOT i.blocked AND NOT i.shared" \
	" FROM (SELECT o.identifier_id FROM unnest($1) AS p (profile_id)"                  \
	" JOIN cdp_data.identifier o USING (profile_id) UNION SELECT unnest($2)) u"        \
	" JOIN cdp_data.identifier i USING (identifier_id)"                                \
	" JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)"          \
	" ORDER BY n.priority, i.identifier"

/* inside of one person; verdicts count from when they were given, hashes always */
#define LINK_QUERY                                                                         \
	"SELECT x.profile_id, l.a, l.b, min(l.first_at)"                                       \
	" FROM unnest($1) AS u (profile_id) JOIN cdp_data.identifier x USING (profile_id)"     \
	" JOIN cdp_data.link l ON l.a = x.identifier_id"                                       \
	" JOIN cdp_data.identifier y ON y.identifier_id = l.b AND y.profile_id = x.profile_id" \
	" WHERE NOT l.refused GROUP BY x.profile_id, l.a, l.b"                                 \
	" UNION ALL"                                                                           \
	" SELECT x.profile_id, x.identifier_id, y.identifier_id, v.decided_at"                 \
	" FROM unnest($1) AS u (profile_id) JOIN cdp_data.identifier x USING (profile_id)"     \
	" JOIN cdp_data.verdict v ON v.a = x.identifier AND v.kind = 'same'"                   \
	" CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) y"                             \
	" WHERE y.profile_id = x.profile_id"                                                   \
	" UNION ALL"                                                                           \
	" SELECT x.profile_id, x.identifier_id, y.identifier_id, '-infinity'::timestamptz"     \
	" FROM unnest($1) AS u (profile_id) JOIN cdp_data.identifier x USING (profile_id)"     \
	" CROSS JOIN LATERAL cdp_internal.hashed_partner(x.identifier) y"                      \
	" WHERE (SELECT cdp_internal.has_hashed()) AND cdp_internal.has_hash(x.identifier)"    \
	" AND y.profile_id = x.profile_id"

#define FALLBACK_QUERY                                                  \
	"SELECT cdp_internal.purpose_fallback(p.fallback, p.by_region, $1)" \
	" FROM cdp_data.purpose p ORDER BY p.purpose_id"

static void *
make_array(int64 count, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * size);
}

/* ---------------------------------------------------------------- purposes and regions */

static void
read_purposes(ConsentPeople *people)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows("SELECT p.purpose_id, p.by_region <> '{}'"
										" FROM cdp_data.purpose p ORDER BY p.purpose_id",
										0, NULL, &count);

	people->purpose_count = (int) count;
	people->purpose_ids = make_array((int64) count, sizeof(int16));
	for (uint64 i = 0; i < count; i++)
	{
		bool isnull;

		people->purpose_ids[i] =
			DatumGetInt16(SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull));
		people->by_region = people->by_region || resolver_bool(rows, i, 2);
	}
	SPI_freetuptable(rows);
}

static CdpkFallback
read_fallback(const char *name)
{
	if (strcmp(name, "opt_in") == 0)
		return CDPK_FALLBACK_OPT_IN;
	return strcmp(name, "opt_out") == 0 ? CDPK_FALLBACK_OPT_OUT : CDPK_FALLBACK_NONE;
}

/* Reads what holds in a region, or where it is not known. */
static void
read_region(ConsentPeople *people, ConsentRegion *region)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {region->code != NULL ? CStringGetTextDatum(region->code) : (Datum) 0};
	char nulls[] = {region->code != NULL ? ' ' : 'n', '\0'};

	if (SPI_execute_with_args(FALLBACK_QUERY, 1, types, values, nulls, true, 0) != SPI_OK_SELECT ||
		SPI_processed != (uint64) people->purpose_count)
		elog(ERROR, "the purposes could not be read");
	region->fallbacks = make_array(people->purpose_count, sizeof(CdpkFallback));
	region->purposes = 0;
	for (int i = 0; i < people->purpose_count; i++)
	{
		region->fallbacks[i] =
			read_fallback(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
		if (region->fallbacks[i] != CDPK_FALLBACK_OPT_IN)
			region->purposes |= INT64CONST(1) << people->purpose_ids[i];
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Finds the place of a region; there are some hundred at most. */
static int
place_region(ConsentPeople *people, const char *code)
{
	ConsentRegion *regions = people->regions;

	for (int i = 0; i < people->region_count; i++)
		if (code == NULL || regions[i].code == NULL ? code == regions[i].code
													: strcmp(code, regions[i].code) == 0)
			return i;
	/* room for a power of two */
	if ((people->region_count & (people->region_count - 1)) == 0)
	{
		regions = make_array(Max(2 * people->region_count, 1), sizeof(ConsentRegion));
		if (people->region_count > 0)
			memcpy(regions, people->regions, people->region_count * sizeof(ConsentRegion));
		people->regions = regions;
	}
	regions[people->region_count] = (ConsentRegion){code != NULL ? pstrdup(code) : NULL};
	return people->region_count++;
}

/* ---------------------------------------------------------------- people and statements */

static void
read_people(ConsentPeople *people, Datum profile_ids)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		people->by_region ? PEOPLE_QUERY(REGION) : PEOPLE_QUERY("NULL"), 1, &profile_ids, &count);

	people->people = make_array((int64) count, sizeof(ConsentPerson));
	people->person_count = (int) count;
	for (uint64 i = 0; i < count; i++)
	{
		char *code = SPI_getvalue(rows->vals[i], rows->tupdesc, 6);

		people->people[i] = (ConsentPerson){.profile_id = resolver_int8(rows, i, 1),
											.purposes = resolver_int8(rows, i, 2),
											.until = resolver_int8(rows, i, 3),
											.shared = resolver_bool(rows, i, 4),
											.consents = resolver_bool(rows, i, 5),
											.region = place_region(people, code),
											.is_plain = true};
		if (code != NULL)
			pfree(code);
		resolver_check(
			cdpk_idmap_put(&people->place, (uint64) people->people[i].profile_id, (uint32) i));
	}
	SPI_freetuptable(rows);
	for (int i = 0; i < people->region_count; i++)
		read_region(people, &people->regions[i]);
}

/* Finds the place of a person; -1: it is none of those that were read. */
static int
find_person(const ConsentPeople *people, int64 profile_id)
{
	uint32 place = cdpk_idmap_get(&people->place, (uint64) profile_id);

	return place == CDPK_IDMAP_NONE ? -1 : (int) place;
}

static int
find_purpose(const ConsentPeople *people, int16 purpose_id)
{
	int place = 0;

	while (place < people->purpose_count && people->purpose_ids[place] != purpose_id)
		place++;
	return place;
}

static CdpkAnswerKind
read_kind(char answer)
{
	return answer == 'n' ? CDPK_ANSWER_NO : answer == 'y' ? CDPK_ANSWER_YES : CDPK_ANSWER_RESET;
}

static void
read_statement(const ConsentPeople *people, SPITupleTable *rows, uint64 row,
			   ConsentStatement *statement)
{
	bool isnull;
	Datum ids = SPI_getbinval(rows->vals[row], rows->tupdesc, 9, &isnull);
	bool no_ids = isnull;

	statement->person = find_person(people, resolver_int8(rows, row, 1));
	statement->purpose = find_purpose(
		people, DatumGetInt16(SPI_getbinval(rows->vals[row], rows->tupdesc, 2, &isnull)));
	statement->consent_id = resolver_int8(rows, row, 3);
	statement->kind =
		read_kind(DatumGetChar(SPI_getbinval(rows->vals[row], rows->tupdesc, 5, &isnull)));
	statement->first_time = resolver_int8(rows, row, 6);
	statement->last_time = resolver_int8(rows, row, 7);
	statement->expires_at = resolver_isnull(rows, row, 8) ? DT_NOEND : resolver_int8(rows, row, 8);
	statement->own_count = 1;
	statement->id_count = 1;
	if (no_ids)
	{
		statement->ids = palloc(sizeof(int64));
		statement->ids[0] = resolver_int8(rows, row, 4);
	}
	else
	{
		ArrayType *array = DatumGetArrayTypePCopy(ids);

		if (ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT8OID)
			resolver_check(CDPK_CORRUPT);
		statement->ids = (int64 *) ARR_DATA_PTR(array);
		statement->id_count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	}
}

/* By person and purpose, and then in the order of their numbers, so that explanations do not vary. */
static int
compare_statements(const void *a, const void *b)
{
	const ConsentStatement *x = a;
	const ConsentStatement *y = b;

	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	if (x->purpose != y->purpose)
		return x->purpose < y->purpose ? -1 : 1;
	return x->consent_id < y->consent_id ? -1 : x->consent_id > y->consent_id;
}

static void
read_statements(ConsentPeople *people, Datum profile_ids)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(STATEMENT_QUERY, 1, &profile_ids, &count);
	ConsentStatement *statements = make_array((int64) count, sizeof(ConsentStatement));
	int kept = 0;

	for (uint64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_statement(people, rows, i, &statements[i]);
	}
	SPI_freetuptable(rows);
	qsort(statements, count, sizeof(ConsentStatement), compare_statements);
	/* once, however many of its identifiers are of the person */
	for (uint64 i = 0; i < count; i++)
	{
		if (statements[i].person < 0 || statements[i].purpose == people->purpose_count)
			continue;
		if (kept > 0 && compare_statements(&statements[kept - 1], &statements[i]) == 0)
			statements[kept - 1].own_count++;
		else
			statements[kept++] = statements[i];
	}
	people->statements = statements;
	people->statement_count = kept;
	for (int i = kept - 1; i >= 0; i--)
	{
		ConsentPerson *person = &people->people[statements[i].person];

		person->first_statement = i;
		person->statement_count++;
	}
}

/* ---------------------------------------------------------------- identifiers and links */

/* Tells whether all that a person said of each purpose is of one kind, and none of it may be of another person. */
static bool
is_plain(const ConsentPeople *people, const ConsentPerson *person)
{
	const ConsentStatement *said = &people->statements[person->first_statement];

	for (int i = 0; i < person->statement_count; i++)
	{
		if (i > 0 && said[i].purpose == said[i - 1].purpose && said[i].kind != said[i - 1].kind)
			return false;
		if (said[i].kind != CDPK_ANSWER_NO && said[i].own_count < said[i].id_count)
			return false;
	}
	return true;
}

/* Finds out for whom it matters who is who, and returns their profile_ids; *ids: what their statements name. */
static Datum
find_others(ConsentPeople *people, bool explained, Datum *ids, int *count)
{
	int64 *profiles = make_array(people->person_count, sizeof(int64));
	int64 *named;
	int64 named_count = 0;
	Datum result;

	*count = 0;
	for (int i = 0; i < people->statement_count; i++)
		named_count += people->statements[i].id_count;
	named = make_array(named_count, sizeof(int64));
	named_count = 0;
	for (int i = 0; i < people->person_count; i++)
	{
		ConsentPerson *person = &people->people[i];

		if (person->statement_count == 0 || (!explained && is_plain(people, person)))
			continue;
		person->is_plain = false;
		profiles[(*count)++] = person->profile_id;
		for (int k = 0; k < person->statement_count; k++)
		{
			const ConsentStatement *said = &people->statements[person->first_statement + k];

			memcpy(named + named_count, said->ids, said->id_count * sizeof(int64));
			named_count += said->id_count;
		}
	}
	*ids = resolver_ids(named, (size_t) named_count);
	result = resolver_ids(profiles, (size_t) *count);
	pfree(named);
	pfree(profiles);
	return result;
}

static int
compare_ranks(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

/* Reads identifiers, by strength. */
static void
read_identifiers(ConsentPeople *people, Datum profiles, Datum ids)
{
	Datum arguments[] = {profiles, ids};
	uint64 count;
	SPITupleTable *rows = resolver_rows(IDENTIFIER_QUERY, 2, arguments, &count);

	people->found_count = (int) count;
	people->found = make_array((int64) count, sizeof(ConsentIdentifier));
	for (uint64 i = 0; i < count; i++)
	{
		ConsentIdentifier *found = &people->found[i];

		found->identifier_id = resolver_int8(rows, i, 1);
		found->person = find_person(people, resolver_int8(rows, i, 2));
		found->priority = resolver_int4(rows, i, 3);
		found->usable = resolver_bool(rows, i, 4);
		resolver_check(cdpk_idmap_put(&people->rank, (uint64) found->identifier_id, (uint32) i));
	}
	SPI_freetuptable(rows);
}

/* Makes the list of the identifiers of a person and of those on events with them: its own are there, first. */
static void
add_named(ConsentPeople *people, ConsentPerson *person, int own_count)
{
	uint32 *ranks = &people->ranks[person->first_identifier];
	int count = own_count;
	int kept = 0;

	for (int i = 0; i < person->statement_count; i++)
	{
		const ConsentStatement *said = &people->statements[person->first_statement + i];

		for (int k = 0; k < said->id_count; k++)
		{
			uint32 rank = cdpk_idmap_get(&people->rank, (uint64) said->ids[k]);

			/* one that was erased says nothing */
			if (rank != CDPK_IDMAP_NONE)
				ranks[count++] = rank;
		}
	}
	qsort(ranks, count, sizeof(uint32), compare_ranks);
	for (int i = 0; i < count; i++)
		if (i == 0 || ranks[i] != ranks[i - 1])
			ranks[kept++] = ranks[i];
	person->identifier_count = kept;
}

/* Gives each person the list of its identifiers, by strength. */
static void
list_identifiers(ConsentPeople *people)
{
	int *own_counts = palloc0(Max(people->person_count, 1) * sizeof(int));
	int64 total = 0;

	for (int i = 0; i < people->found_count; i++)
		if (people->found[i].person >= 0)
			own_counts[people->found[i].person]++;
	for (int i = 0; i < people->person_count; i++)
	{
		ConsentPerson *person = &people->people[i];

		person->first_identifier = (int) total;
		if (person->is_plain)
			continue;
		total += own_counts[i];
		for (int k = 0; k < person->statement_count; k++)
			total += people->statements[person->first_statement + k].id_count;
		if (total > INT_MAX)
			resolver_check(CDPK_OUT_OF_MEMORY);
		own_counts[i] = 0;
	}
	people->ranks = make_array(total, sizeof(uint32));
	for (int i = 0; i < people->found_count; i++)
	{
		int person = people->found[i].person;

		if (person >= 0 && !people->people[person].is_plain)
			people->ranks[people->people[person].first_identifier + own_counts[person]++] =
				(uint32) i;
	}
	for (int i = 0; i < people->person_count; i++)
		if (!people->people[i].is_plain)
			add_named(people, &people->people[i], own_counts[i]);
	pfree(own_counts);
}

uint32
consent_place(const ConsentPeople *people, const ConsentPerson *person, int64 identifier_id)
{
	uint32 rank = cdpk_idmap_get(&people->rank, (uint64) identifier_id);
	const uint32 *ranks = &people->ranks[person->first_identifier];
	int low = 0;
	int high = person->identifier_count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (ranks[middle] < rank)
			low = middle + 1;
		else
			high = middle;
	}
	return low < person->identifier_count && ranks[low] == rank ? (uint32) low : CDPK_ANSWER_NONE;
}

static int
compare_links(const void *a, const void *b)
{
	const ConsentLink *x = a;
	const ConsentLink *y = b;

	return x->person < y->person ? -1 : x->person > y->person;
}

static void
read_links(ConsentPeople *people, Datum profiles)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(LINK_QUERY, 1, &profiles, &count);

	people->links = make_array((int64) count, sizeof(ConsentLink));
	for (uint64 i = 0; i < count; i++)
		people->links[i] = (ConsentLink){
			(int) cdpk_idmap_get(&people->place, (uint64) resolver_int8(rows, i, 1)),
			resolver_int8(rows, i, 2), resolver_int8(rows, i, 3), resolver_int8(rows, i, 4)};
	SPI_freetuptable(rows);
	qsort(people->links, count, sizeof(ConsentLink), compare_links);
	for (int64 i = (int64) count - 1; i >= 0; i--)
	{
		people->people[people->links[i].person].first_link = (int) i;
		people->people[people->links[i].person].link_count++;
	}
}

ConsentPeople *
consent_read_people(Datum profile_ids, bool explained)
{
	ConsentPeople *people = palloc0(sizeof(ConsentPeople));
	int count;
	Datum ids;
	Datum profiles;

	cdpk_idmap_init(&people->place, &cdp_huge_palloc_allocator);
	cdpk_idmap_init(&people->rank, &cdp_huge_palloc_allocator);
	read_purposes(people);
	read_people(people, profile_ids);
	read_statements(people, profile_ids);
	profiles = find_others(people, explained, &ids, &count);
	if (count > 0)
	{
		read_identifiers(people, profiles, ids);
		list_identifiers(people);
		read_links(people, profiles);
	}
	return people;
}
