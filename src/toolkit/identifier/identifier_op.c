/*
 * identifier_op.c
 *		Comparing, sorting and hashing identifiers.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/sortsupport.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"

CDP_FUNCTION(cdp_identifier_eq);
CDP_FUNCTION(cdp_identifier_ne);
CDP_FUNCTION(cdp_identifier_lt);
CDP_FUNCTION(cdp_identifier_le);
CDP_FUNCTION(cdp_identifier_gt);
CDP_FUNCTION(cdp_identifier_ge);
CDP_FUNCTION(cdp_identifier_cmp);
CDP_FUNCTION(cdp_identifier_sortsupport);
CDP_FUNCTION(cdp_identifier_hash);
CDP_FUNCTION(cdp_identifier_hash_extended);

/* Return the order of two values, and free what it had to detoast. */
static int
compare(Datum left, Datum right)
{
	Identifier *a = DatumGetIdentifierPP(left);
	Identifier *b = DatumGetIdentifierPP(right);
	int order = cdpk_identifier_compare(IdentifierPayload(a), IdentifierLength(a),
										IdentifierPayload(b), IdentifierLength(b));

	if ((Pointer) a != DatumGetPointer(left))
		pfree(a);
	if ((Pointer) b != DatumGetPointer(right))
		pfree(b);
	return order;
}

/* Compare the bytes: equal identifiers have equal ones. */
static bool
same(Datum left, Datum right)
{
	Identifier *a = DatumGetIdentifierPP(left);
	Identifier *b = DatumGetIdentifierPP(right);
	bool result = IdentifierLength(a) == IdentifierLength(b) &&
				  memcmp(IdentifierPayload(a), IdentifierPayload(b), IdentifierLength(a)) == 0;

	if ((Pointer) a != DatumGetPointer(left))
		pfree(a);
	if ((Pointer) b != DatumGetPointer(right))
		pfree(b);
	return result;
}

Datum
cdp_identifier_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}

Datum
cdp_identifier_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}

Datum
cdp_identifier_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)) < 0);
}

Datum
cdp_identifier_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)) <= 0);
}

Datum
cdp_identifier_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)) > 0);
}

Datum
cdp_identifier_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)) >= 0);
}

/* Compare two identifiers for the btree operator class. */
Datum
cdp_identifier_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}

static int
compare_for_sort(Datum left, Datum right, SortSupport sort)
{
	return compare(left, right);
}

/* Let a sort compare without the function manager. */
Datum
cdp_identifier_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport sort = (SortSupport) PG_GETARG_POINTER(0);

	sort->comparator = compare_for_sort;
	PG_RETURN_VOID();
}

/* Hash the stored bytes. */
Datum
cdp_identifier_hash(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	Datum hash = hash_any(IdentifierPayload(identifier), (int) IdentifierLength(identifier));

	PG_FREE_IF_COPY(identifier, 0);
	return hash;
}

/* Hash to 64 bits with a seed. */
Datum
cdp_identifier_hash_extended(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	Datum hash = hash_any_extended(IdentifierPayload(identifier),
								   (int) IdentifierLength(identifier), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(identifier, 0);
	return hash;
}
