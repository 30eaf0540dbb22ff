/*
 * pass_neighbour.c
 *		The neighbours of identifiers: those that a link or an unlink verdict joins with them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "platform/refresh/pass.h"

/* note_neighbours is the StoreRowFunction that takes both ends of a link. */
static void
note_neighbours(void *arg, int key, const Datum *values, const bool *nulls)
{
	pass_add_id(arg, DatumGetInt64(values[0]));
	pass_add_id(arg, DatumGetInt64(values[1]));
}

/* add_unlinked adds the identifiers that an unlink verdict parted from these. */
static void
add_unlinked(Pass *pass, const int64 *ids, int count, PassIds *places)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument = pass_id_array(ids, count);
	uint64 found;
	SPITupleTable *rows =
		pass_query(pass,
				   "SELECT k.identifier_id FROM unnest($3) AS r (identifier_id)"
				   " JOIN cdp_data.identifier i USING (identifier_id)"
				   " JOIN cdp_data.verdict v ON v.kind = 'unlink' AND i.identifier IN (v.a, v.b)"
				   " CROSS JOIN unnest(ARRAY[v.a, v.b]) AS n (identifier)"
				   " CROSS JOIN LATERAL cdp_internal.known_identifier(n.identifier) k",
				   1, types, &argument, &found);

	for (uint64 i = 0; i < found; i++)
		pass_add_id(places, resolver_int8(rows, i, 1));
	SPI_freetuptable(rows);
}

/* pass_add_neighbours adds identifiers, if they have neighbours, and these; some more than once. */
void
pass_add_neighbours(Pass *pass, const int64 *ids, int count, PassIds *places)
{
	static const int wanted[] = {LINK_A, LINK_B};

	if (count == 0)
		return;
	pass_find_ids(pass, TABLE_LINK, LINK_A, ids, count, lengthof(wanted), wanted, note_neighbours,
				  places);
	pass_find_ids(pass, TABLE_LINK, LINK_B, ids, count, lengthof(wanted), wanted, note_neighbours,
				  places);
	if (pass->has_verdicts)
		add_unlinked(pass, ids, count, places);
}
