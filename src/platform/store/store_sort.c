/*
 * store_sort.c
 *		The order of rows by some of their columns.
 *
 * Most keys are numbers, UUIDs or text of collation "C": the first column is compared as a number of
 * 64 bits that sorts like it, and values are looked at only where these are equal.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* what stands for a value among numbers of 64 bits */
typedef enum PrefixKind
{
	PREFIX_NONE,
	PREFIX_INT64, /* these say all of the value … */
	PREFIX_INT32,
	PREFIX_INT16,
	PREFIX_UINT32,
	PREFIX_BOOL,
	PREFIX_UUID, /* … and these its first bytes */
	PREFIX_BYTES
} PrefixKind;

typedef struct SortEntry
{
	uint64 prefix;
	int row;
} SortEntry;

typedef struct SortInput
{
	int columns;
	const StoreSortColumn *column;
	PrefixKind kinds[INDEX_MAX_KEYS];
} SortInput;

#define SIGN_BIT (UINT64CONST(1) << 63)
#define NULL_PREFIX PG_UINT64_MAX

/* prefix_kind tells by its function of comparison what stands for a column's values. */
static PrefixKind
prefix_kind(const StoreSortColumn *column)
{
	switch (column->compare->fn_oid)
	{
		case F_BTINT8CMP:
		case F_TIMESTAMP_CMP:
		case F_TIMESTAMPTZ_CMP:
			return PREFIX_INT64;
		case F_BTINT4CMP:
		case F_DATE_CMP:
			return PREFIX_INT32;
		case F_BTINT2CMP:
			return PREFIX_INT16;
		case F_BTOIDCMP:
			return PREFIX_UINT32;
		case F_BTBOOLCMP:
			return PREFIX_BOOL;
		case F_UUID_CMP:
			return PREFIX_UUID;
		case F_BTTEXTCMP:
			return column->collation == C_COLLATION_OID ? PREFIX_BYTES : PREFIX_NONE;
		case F_BYTEACMP:
			return PREFIX_BYTES;
		default:
			return PREFIX_NONE;
	}
}

/* bytes_prefix reads up to eight bytes as a big-endian number. */
static uint64
bytes_prefix(const void *bytes, Size length)
{
	uint64 prefix = 0;

	memcpy(&prefix, bytes, Min(length, sizeof(prefix)));
	return pg_ntoh64(prefix);
}

/* varlena_prefix does so for a value of variable length, wherever it is stored. */
static uint64
varlena_prefix(Datum value)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);
	uint64 prefix = bytes_prefix(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));

	if ((Pointer) bytes != DatumGetPointer(value))
		pfree(bytes);
	return prefix;
}

/* make_prefix gives the number that stands for a value that is not null. */
static uint64
make_prefix(PrefixKind kind, Datum value)
{
	switch (kind)
	{
		case PREFIX_INT64:
			return (uint64) DatumGetInt64(value) ^ SIGN_BIT;
		case PREFIX_INT32:
			return (uint64) (int64) DatumGetInt32(value) ^ SIGN_BIT;
		case PREFIX_INT16:
			return (uint64) (int64) DatumGetInt16(value) ^ SIGN_BIT;
		case PREFIX_UINT32:
			return DatumGetObjectId(value);
		case PREFIX_BOOL:
			return DatumGetBool(value);
		case PREFIX_UUID:
			return bytes_prefix(DatumGetUUIDP(value)->data, UUID_LEN);
		case PREFIX_BYTES:
			return varlena_prefix(value);
		case PREFIX_NONE:
			break;
	}
	return 0;
}

static inline bool
is_null(const StoreSortColumn *column, int row)
{
	return column->nulls != NULL && column->nulls[(Size) row * column->stride];
}

/* compare_values compares two rows by one column, nulls last. */
static int
compare_values(const StoreSortColumn *column, PrefixKind kind, int a, int b)
{
	Datum value_a = column->values[(Size) a * column->stride];
	Datum value_b = column->values[(Size) b * column->stride];

	if (is_null(column, a) || is_null(column, b))
		return (int) is_null(column, a) - (int) is_null(column, b);
	if (kind > PREFIX_NONE && kind < PREFIX_UUID)
	{
		uint64 prefix_a = make_prefix(kind, value_a);
		uint64 prefix_b = make_prefix(kind, value_b);

		return (prefix_a > prefix_b) - (prefix_a < prefix_b);
	}
	return DatumGetInt32(FunctionCall2Coll(column->compare, column->collation, value_a, value_b));
}

/* compare_entries compares two rows, and those that are equal by their place. */
static inline int
compare_entries(const SortEntry *a, const SortEntry *b, const SortInput *input)
{
	int first = 0;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	if (input->kinds[0] > PREFIX_NONE && input->kinds[0] < PREFIX_UUID && a->prefix != NULL_PREFIX)
		first = 1;
	for (int i = first; i < input->columns; i++)
	{
		int order = compare_values(&input->column[i], input->kinds[i], a->row, b->row);

		if (order != 0)
			return order;
	}
	return (a->row > b->row) - (a->row < b->row);
}

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE SortEntry
#define ST_COMPARE(a, b, input) compare_entries(a, b, input)
#define ST_COMPARE_ARG_TYPE const SortInput
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* prepare_input works out how columns are compared. */
static SortInput
prepare_input(int columns, const StoreSortColumn *column)
{
	SortInput input = {columns, column};

	for (int i = 0; i < columns; i++)
		input.kinds[i] = prefix_kind(&column[i]);
	return input;
}

/* store_compare compares two rows. */
int
store_compare(int columns, const StoreSortColumn *column, int a, int b)
{
	for (int i = 0; i < columns; i++)
	{
		int order = compare_values(&column[i], prefix_kind(&column[i]), a, b);

		if (order != 0)
			return order;
	}
	return 0;
}

/* store_sort gives the rows in order, nulls last. */
int *
store_sort(int rows, int columns, const StoreSortColumn *column)
{
	SortInput input = prepare_input(columns, column);
	SortEntry *entries = palloc_extended(sizeof(SortEntry) * Max(rows, 1), MCXT_ALLOC_HUGE);
	int *order = palloc_extended(sizeof(int) * Max(rows, 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < rows; i++)
	{
		entries[i].row = i;
		entries[i].prefix =
			is_null(column, i)
				? NULL_PREFIX
				: make_prefix(input.kinds[0], column->values[(Size) i * column->stride]);
	}
	sort_entries(entries, rows, &input);
	for (int i = 0; i < rows; i++)
		order[i] = entries[i].row;
	pfree(entries);
	return order;
}
