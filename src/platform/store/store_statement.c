/*
 * store_statement.c
 *		Prepared statements, and the planner's settings for them.
 *
 * Plans are generic: one that knows how many keys there are would be made anew at each call, and the
 * planner would look at each member of an array that it knows.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "compat.h"
#include "platform/store/store_internal.h"
#include "platform/store/store_statement.h"

/* statements that a session keeps; more are prepared anew each time */
#define KEPT_STATEMENTS 256

/* A statement that was prepared. */
typedef struct Prepared
{
	uint64 hash; /* of text and types */
	char *text;
	int count;
	Oid *types;
	SPIPlanPtr plan;
} Prepared;

static HTAB *prepared = NULL;

/*
 * What leaves a nested loop over an index as the only plan.  A scan of an index alone, or of its bitmap,
 * could go through all of it; and it costs more to keep rows in memory than to find them again.
 */
static const char *const settings[][2] = {
	{"enable_seqscan", "off"},       {"enable_hashjoin", "off"},
	{"enable_mergejoin", "off"},     {"enable_bitmapscan", "off"},
	{"enable_indexonlyscan", "off"}, {"enable_memoize", "off"},
	{"enable_material", "off"},      {"enable_nestloop", "on"},
	{"enable_indexscan", "on"},      {"jit", "off"}};

/* make_table makes the table of statements. */
static void
make_table(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(uint64);
	control.entrysize = sizeof(Prepared);
	control.hcxt = TopMemoryContext;
	prepared =
		hash_create("cdp store statements", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* hash_statement hashes all that a plan depends on. */
static uint64
hash_statement(const char *text, int count, const Oid *types)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) text, (int) strlen(text), 0);

	return hash_bytes_extended((const unsigned char *) types, (int) sizeof(Oid) * count, hash);
}

/* is_same tells whether an entry is of a statement. */
static bool
is_same(const Prepared *entry, const char *text, int count, const Oid *types)
{
	return entry->count == count && strcmp(entry->text, text) == 0 &&
		   memcmp(entry->types, types, sizeof(Oid) * count) == 0;
}

/* keep keeps a plan for the session. */
static void
keep(uint64 hash, const char *text, int count, const Oid *types, SPIPlanPtr plan)
{
	Oid *kept_types = MemoryContextAlloc(TopMemoryContext, sizeof(Oid) * Max(count, 1));
	char *kept_text = MemoryContextStrdup(TopMemoryContext, text);
	Prepared *entry;

	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	entry = hash_search(prepared, &hash, HASH_ENTER, NULL);
	memcpy(kept_types, types, sizeof(Oid) * count);
	entry->text = kept_text;
	entry->count = count;
	entry->types = kept_types;
	entry->plan = plan;
}

/* prepare gives the plan of a statement, which lasts for the session or for this connection of SPI. */
static SPIPlanPtr
prepare(const char *text, int count, const Oid *types)
{
	uint64 hash = hash_statement(text, count, types);
	const Prepared *entry;
	SPIPlanPtr plan;
	int options;

	if (prepared == NULL)
		make_table();
	entry = hash_search(prepared, &hash, HASH_FIND, NULL);
	if (entry != NULL && is_same(entry, text, count, types))
		return entry->plan;
	/* where tables may be distributed, plans must know the parameters */
	options = store_may_be_distributed() ? CURSOR_OPT_CUSTOM_PLAN : CURSOR_OPT_GENERIC_PLAN;
	plan = SPI_prepare_cursor(text, count, unconstify(Oid *, types), options);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	/* none is ever dropped, as it may be running */
	if (entry == NULL && hash_get_num_entries(prepared) < KEPT_STATEMENTS)
		keep(hash, text, count, types, plan);
	return plan;
}

/* enter_planner changes the settings until AtEOXact_GUC(true, what this returns), or an error. */
static int
enter_planner(void)
{
	int nest_level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
						  GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

uint64
store_statement_run(const char *text, int count, const Oid *types, const SPIExecuteOptions *options)
{
	int nest_level;
	int result;
	uint64 touched;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	nest_level = enter_planner();
	result = SPI_execute_plan_extended(prepare(text, count, types), options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	touched = SPI_processed;
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	return touched;
}
