/*
 * suppression.c
 *		What is suppressed, in memory: the tags of identifiers, and the namespaces that have any.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "core/base/idmap.h"
#include "core/identifier/hexid.h"
#include "platform/suppression/suppression.h"
#include "platform/suppression/suppression_key.h"
#include "toolkit/bridge/status.h"
#include "toolkit/identifier/hashed.h"

/* rows that are fetched together */
#define FETCH_ROWS 10000

struct Suppressed
{
	MemoryContext context;
	Oid database;
	int64 version; /* cdp_data.state.suppression_version */
	CdpkSipHashKey key;
	CdpkIdMap tags;
	int name_space_count;
	char **name_spaces;
	bool by_hashes; /* hashes are suppressed of which the values are not known */
};

/* what was read last in the session */
static Suppressed *kept = NULL;

/* forget gives what was read back. */
static void
forget(void)
{
	if (kept != NULL)
		MemoryContextDelete(kept->context);
	kept = NULL;
}

/* add_tag adds the tag of a row. */
static void
add_tag(Suppressed *suppressed, Datum tag)
{
	/* SPI has another context */
	MemoryContext caller = MemoryContextSwitchTo(suppressed->context);

	if (cdpk_idmap_put(&suppressed->tags, (uint64_t) DatumGetInt64(tag), 0) != CDPK_OK)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	MemoryContextSwitchTo(caller);
}

/* query runs a query of the rows of an erasure; 0: of all. */
static void
query(const char *text, int64 erasure_id)
{
	Oid types[] = {INT8OID};
	Datum arguments[] = {Int64GetDatum(erasure_id)};
	int status = SPI_execute_with_args(text, 1, types, arguments, NULL, true, 0);

	if (status != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(status));
}

/* read_tags reads the tags of what is suppressed. */
static void
read_tags(Suppressed *suppressed, int64 erasure_id)
{
	Oid types[] = {INT8OID};
	Datum arguments[] = {Int64GetDatum(erasure_id)};
	Portal portal = SPI_cursor_open_with_args(
		NULL, "SELECT s.tag FROM cdp_data.suppressed s WHERE $1 = 0 OR s.erasure_id = $1", 1, types,
		arguments, NULL, true, 0);
	bool isnull;
	uint64 fetched;

	do
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		fetched = SPI_processed;
		for (uint64 i = 0; i < fetched; i++)
			add_tag(suppressed,
					SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		SPI_freetuptable(SPI_tuptable);
	} while (fetched == FETCH_ROWS);
	SPI_cursor_close(portal);
}

/* read_name_spaces reads the namespaces that have any. */
static void
read_name_spaces(Suppressed *suppressed, int64 erasure_id)
{
	query("SELECT s.namespace::text, bool_or(NOT s.derived) FROM cdp_data.suppressed s"
		  " WHERE $1 = 0 OR s.erasure_id = $1 GROUP BY s.namespace ORDER BY s.namespace",
		  erasure_id);
	suppressed->name_spaces =
		MemoryContextAlloc(suppressed->context, sizeof(char *) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		bool isnull;
		bool given =
			DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));

		suppressed->name_spaces[suppressed->name_space_count++] =
			MemoryContextStrdup(suppressed->context, name);
		if (given && identifier_is_of_hashes(name, strlen(name)))
			suppressed->by_hashes = true;
	}
	SPI_freetuptable(SPI_tuptable);
}

/* read_rows reads what an erasure suppressed (0: all), in a memory context below the current one. */
static Suppressed *
read_rows(int64 erasure_id)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "cdp suppressed", ALLOCSET_DEFAULT_SIZES);
	Suppressed *suppressed = MemoryContextAllocZero(context, sizeof(Suppressed));

	suppressed->context = context;
	suppressed->key = suppression_tag_key();
	cdpk_idmap_init(&suppressed->tags, &cdp_huge_palloc_allocator);
	read_tags(suppressed, erasure_id);
	read_name_spaces(suppressed, erasure_id);
	MemoryContextSwitchTo(caller);
	return suppressed;
}

const Suppressed *
suppressed_read_of(int64 erasure_id)
{
	return read_rows(erasure_id);
}

/* check_key raises an error if the key is another than the one by which the tables were written. */
static void
check_key(const bytea *stored)
{
	uint8_t fingerprint[SUPPRESSION_FINGERPRINT_LENGTH];

	suppression_fingerprint(fingerprint);
	if (VARSIZE_ANY_EXHDR(stored) != sizeof(fingerprint) ||
		memcmp(VARDATA_ANY(stored), fingerprint, sizeof(fingerprint)) != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the setting cdp.suppression_key is not the key of this database"),
						errdetail("People who were erased would not be recognised by it."),
						errhint("Set the key again by which they were erased.")));
}

const Suppressed *
suppressed_read(void)
{
	MemoryContext caller = CurrentMemoryContext;
	Suppressed *suppressed;
	bool isnull;
	bool no_version;
	Datum fingerprint;
	int64 version;

	query(
		"SELECT s.suppression_fingerprint, s.suppression_version FROM cdp_data.state s WHERE $1 = 0",
		0);
	if (SPI_processed != 1)
		elog(ERROR, "cdp_data.state has " UINT64_FORMAT " rows", SPI_processed);
	fingerprint = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	version =
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &no_version));
	if (!isnull)
		check_key(DatumGetByteaPP(fingerprint));
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(caller);
	if (isnull)
		return NULL;
	if (kept != NULL && kept->version == version && kept->database == MyDatabaseId)
		return kept;
	forget();
	suppressed = read_rows(0);
	suppressed->database = MyDatabaseId;
	suppressed->version = version;
	/* an error before this frees all of it with the memory of the caller */
	MemoryContextSetParent(suppressed->context, CacheMemoryContext);
	kept = suppressed;
	return suppressed;
}

/* has_tag tells whether an identifier itself is suppressed. */
static bool
has_tag(const Suppressed *suppressed, const Identifier *identifier)
{
	return cdpk_idmap_get(&suppressed->tags, suppression_tag(&suppressed->key, identifier)) !=
		   CDPK_IDMAP_NONE;
}

/* has_hash tells whether the hash of an identifier is suppressed, of which the value was not known. */
static bool
has_hash(const Suppressed *suppressed, const Identifier *identifier)
{
	const uint8_t *payload = IdentifierPayload(identifier);
	const char *name = cdpk_identifier_namespace(payload);
	size_t length = cdpk_identifier_namespace_length(payload);
	const char *partner = identifier_hash_partner(name, length);
	char digits[CDPK_SHA256_DIGITS];
	Identifier *hashed;
	CdpkStatus status;
	bool found;

	if (partner == NULL || identifier_is_of_hashes(name, length) ||
		!identifier_hash_digits(payload, IdentifierLength(identifier), digits))
		return false;
	hashed = identifier_make(partner, strlen(partner), digits, sizeof(digits), &status);
	found = hashed != NULL && has_tag(suppressed, hashed);
	if (hashed != NULL)
		pfree(hashed);
	return found;
}

bool
suppressed_has(const Suppressed *suppressed, const Identifier *identifier)
{
	return has_tag(suppressed, identifier) ||
		   (suppressed->by_hashes && has_hash(suppressed, identifier));
}

/* has_value tells whether a text is a suppressed identifier of a namespace. */
static bool
has_value(const Suppressed *suppressed, const char *name_space, CdpkSpan text, const char *region)
{
	static const CdpkMailbox rules[] = {CDPK_MAILBOX_EXACT, CDPK_MAILBOX_GMAIL, CDPK_MAILBOX_PLUS};
	CdpkStatus status;
	Identifier *identifier = identifier_make_in_region(name_space, strlen(name_space), text.text,
													   text.length, region, &status);
	bool is_address = strcmp(name_space, "email") == 0;

	if (identifier == NULL)
		return false;
	for (int i = 0; i < (is_address ? lengthof(rules) : 1); i++)
	{
		Identifier *copy = palloc(VARSIZE_ANY(identifier));

		memcpy(copy, identifier, VARSIZE_ANY(identifier));
		if (suppressed_has(suppressed, identifier_mailbox(copy, rules[i])))
			return true;
	}
	return false;
}

bool
suppressed_has_text(const Suppressed *suppressed, CdpkSpan text, const char *region)
{
	static const char *const hashed[] = {"email", "phone"};

	if (text.length == 0 || text.length > CDPK_IDENTIFIER_MAX)
		return false;
	for (int i = 0; i < suppressed->name_space_count; i++)
		if (has_value(suppressed, suppressed->name_spaces[i], text, region))
			return true;
	for (int i = 0; suppressed->by_hashes && i < lengthof(hashed); i++)
		if (has_value(suppressed, hashed[i], text, region))
			return true;
	return false;
}
