/*
 * visible.c
 *		Which people, and which identifiers, the current role may see.
 *
 * A few are looked up one by one; who asks for many gets a set of all, as bits, which is found by one scan.  The set
 * serves as long as the snapshot, the statement, the subtransaction and the role are the same: a statement whose
 * snapshot sees newer consent has a set of its own.  Within one backend the transactions that a snapshot sees as
 * running only become fewer while its bounds stay, so those, and how many they are, tell snapshots apart.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/catalogue/sees_all.h"
#include "platform/profile/visible.h"

/* of so many rows one is looked up by itself before all are read */
#define LOOK_UPS_SHARE 40
#define LOOK_UPS_MIN 100

/* what a set was made for */
typedef struct SetKey
{
	Oid role;
	TimestampTz statement;
	TransactionId xmin;
	TransactionId xmax;
	uint32 running;
	int32 running_below;
	bool overflowed;
	CommandId command;
	LocalTransactionId transaction;
	SubTransactionId subtransaction; /* its end may take back what it wrote */
} SetKey;

/* the numbers that are seen in a table */
typedef struct VisibleSet
{
	const char *all; /* query of all that are seen */
	const char *one; /* query of one */
	const char *table;
	SPIPlanPtr plan; /* of the latter */
	SetKey key;
	bool everything;       /* all that is there is seen */
	int64 looked_up;       /* with this key */
	int64 last;            /* the number that was looked up last */
	bool last_seen;        /* whether it is seen */
	MemoryContext context; /* of the bits; NULL: there are none */
	uint64 *bits;
	int64 size; /* in words */
	MemoryContextCallback gone;
} VisibleSet;

static VisibleSet profiles = {
	.all = "SELECT p.profile_id FROM cdp_data.profile p",
	.one = "SELECT FROM cdp_data.profile p WHERE p.profile_id OPERATOR(pg_catalog.=) $1",
	.table = "profile"};
static VisibleSet identifiers = {
	.all = "SELECT i.identifier_id FROM cdp_data.identifier i",
	.one = "SELECT FROM cdp_data.identifier i WHERE i.identifier_id OPERATOR(pg_catalog.=) $1",
	.table = "identifier"};

/* table_of returns the table of a set; who reads a view over it may have no right to the schema. */
static Oid
table_of(const VisibleSet *set)
{
	return get_relname_relid(set->table, get_namespace_oid("cdp_data", false));
}

bool
visible_all(Oid role)
{
	return sees_all(table_of(&profiles), role);
}

/* make_key returns the key of what is asked now. */
static SetKey
make_key(void)
{
	Snapshot snapshot = GetActiveSnapshot();
	SetKey key;

	memset(&key, 0, sizeof(key));
	key.role = GetUserId();
	key.statement = GetCurrentStatementStartTimestamp();
	key.xmin = snapshot->xmin;
	key.xmax = snapshot->xmax;
	key.running = snapshot->xcnt;
	key.running_below = snapshot->subxcnt;
	key.overflowed = snapshot->suboverflowed;
	key.command = snapshot->curcid;
	key.transaction = cdp_local_transaction();
	key.subtransaction = GetCurrentSubTransactionId();
	return key;
}

/* forget_bits is called when the memory of the bits of a set is freed. */
static void
forget_bits(void *arg)
{
	VisibleSet *set = arg;

	set->context = NULL;
	set->bits = NULL;
	set->size = 0;
}

/* follow makes a set anew if it was made for something else. */
static void
follow(VisibleSet *set)
{
	SetKey key = make_key();

	if (memcmp(&key, &set->key, sizeof(key)) == 0)
		return;
	if (set->context != NULL)
		MemoryContextDelete(set->context);
	set->key = key;
	set->everything = sees_all(table_of(set), key.role);
	set->looked_up = 0;
	set->last = 0;
	set->last_seen = false;
}

/* add_number adds a number to a set. */
static void
add_number(VisibleSet *set, int64 number)
{
	int64 word = number / 64;

	if (number < 0)
		return;
	if (word >= set->size)
	{
		int64 size = Max(word + 1, set->size * 2);

		set->bits = set->bits == NULL ? MemoryContextAllocHuge(set->context, size * sizeof(uint64))
									  : repalloc_huge(set->bits, size * sizeof(uint64));
		memset(set->bits + set->size, 0, (size - set->size) * sizeof(uint64));
		set->size = size;
	}
	set->bits[word] |= UINT64CONST(1) << (number % 64);
}

/* takes the numbers that a query finds */
typedef struct SetReceiver
{
	DestReceiver receiver;
	VisibleSet *set;
} SetReceiver;

/* take_number is the receiveSlot of the receiver. */
static bool
take_number(TupleTableSlot *slot, DestReceiver *receiver)
{
	bool isnull;
	Datum number = slot_getattr(slot, 1, &isnull);

	if (!isnull)
		add_number(((SetReceiver *) receiver)->set, DatumGetInt64(number));
	return true;
}

/* start, the rStartup of the receiver, has nothing to do. */
static void
start(DestReceiver *receiver, int operation, TupleDesc row)
{
}

/* end, the rShutdown and the rDestroy of the receiver, has nothing to do. */
static void
end(DestReceiver *receiver)
{
}

/* read_all reads the whole set, planned anew for the current role. */
static void
read_all(VisibleSet *set)
{
	SetReceiver self = {{take_number, start, end, end, DestTuplestore}, set};
	SPIExecuteOptions options = {.read_only = true, .dest = &self.receiver};
	SPIPlanPtr plan;
	SetKey key = set->key;

	/* until it is whole it serves nothing: an error may be caught */
	set->key.role = InvalidOid;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	set->context =
		AllocSetContextCreate(TopTransactionContext, "cdp visible", ALLOCSET_SMALL_SIZES);
	set->gone = (MemoryContextCallback){.func = forget_bits, .arg = set};
	MemoryContextRegisterResetCallback(set->context, &set->gone);
	plan = SPI_prepare(set->all, 0, NULL);
	if (plan == NULL || SPI_execute_plan_extended(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not read who is seen");
	/* also of an empty table */
	add_number(set, 0);
	set->bits[0] &= ~UINT64CONST(1);
	SPI_finish();
	set->key = key;
}

/* look_up looks up one number. */
static bool
look_up(VisibleSet *set, int64 number)
{
	Datum value = Int64GetDatum(number);
	bool seen;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (set->plan == NULL)
	{
		Oid type = INT8OID;
		SPIPlanPtr made = SPI_prepare(set->one, 1, &type);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
		set->plan = made;
	}
	/* the server plans it anew for another role */
	if (SPI_execute_plan(set->plan, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for who is seen");
	seen = SPI_processed > 0;
	SPI_finish();
	return seen;
}

/* is_due tells whether so many were looked up that reading all costs no more. */
static bool
is_due(const VisibleSet *set)
{
	HeapTuple tuple;
	float4 rows;

	if (set->looked_up < LOOK_UPS_MIN || set->looked_up % LOOK_UPS_MIN != 0)
		return false;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table_of(set)));
	if (!HeapTupleIsValid(tuple))
		return false;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return (float4) set->looked_up * LOOK_UPS_SHARE >= rows;
}

/* has tells whether a set has a number, once all were read. */
static bool
has(const VisibleSet *set, int64 number)
{
	return number >= 0 && number / 64 < set->size &&
		   (set->bits[number / 64] >> (number % 64) & 1) != 0;
}

/* sees tells whether a number is seen. */
static bool
sees(VisibleSet *set, int64 number)
{
	follow(set);
	if (set->everything)
		return true;
	/* not a person: an account, in the feed */
	if (number <= 0)
		return false;
	if (set->bits == NULL && set->looked_up > 0 && set->last == number)
		return set->last_seen;
	if (set->bits == NULL && is_due(set))
		read_all(set);
	if (set->bits != NULL)
		return has(set, number);
	set->last_seen = look_up(set, number);
	set->last = number;
	set->looked_up++;
	return set->last_seen;
}

int64
visible_keep(int64 *ids, int64 count)
{
	int64 kept = 0;

	follow(&profiles);
	if (count > LOOK_UPS_MIN && !profiles.everything && profiles.bits == NULL)
		read_all(&profiles);
	for (int64 i = 0; i < count; i++)
		if (sees(&profiles, ids[i]))
			ids[kept++] = ids[i];
	return kept;
}

int64 *
visible_list(int64 *count)
{
	int64 *ids;

	follow(&profiles);
	if (profiles.bits == NULL)
		read_all(&profiles);
	*count = 0;
	for (int64 i = 0; i < profiles.size; i++)
		*count += pg_popcount64(profiles.bits[i]);
	ids = palloc_extended(Max(*count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	*count = 0;
	for (int64 i = 0; i < profiles.size * 64; i++)
		if (has(&profiles, i))
			ids[(*count)++] = i;
	return ids;
}

CDP_FUNCTION(cdp_sees_identifier);
CDP_FUNCTION(cdp_sees_person);

/* cdp_sees_identifier tells whether the current role sees an identifier. */
Datum
cdp_sees_identifier(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees(&identifiers, PG_GETARG_INT64(0)));
}

/* cdp_sees_person tells whether the current role sees a person. */
Datum
cdp_sees_person(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees(&profiles, PG_GETARG_INT64(0)));
}
