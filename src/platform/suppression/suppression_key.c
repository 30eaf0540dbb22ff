/*
 * suppression_key.c
 *		The setting cdp.suppression_key, and the hashes that are made by it.
 */
#include "postgres.h"

#include "common/hmac.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "cdp.h"
#include "core/identifier/identifier.h"
#include "platform/suppression/suppression.h"
#include "platform/suppression/suppression_key.h"

CDP_FUNCTION(cdp_suppression_fingerprint);
CDP_FUNCTION(cdp_suppression_hash);
CDP_FUNCTION(cdp_suppression_tag);
CDP_FUNCTION(cdp_suppression_key_is_exposed);

/* characters of a key, at least: half as many bytes, if they are hexadecimal digits */
#define KEY_MIN 32

/* the setting, and where its value comes from */
static char *suppression_key = NULL;
static GucSource key_source = PGC_S_DEFAULT;

/* check_key is the check hook of the setting. */
static bool
check_key(char **value, void **extra, GucSource source)
{
	if (*value == NULL || **value == '\0' || strlen(*value) >= KEY_MIN)
	{
		key_source = source;
		return true;
	}
	GUC_check_errdetail("It must have at least %d characters.", KEY_MIN);
	GUC_check_errhint("For example, what \"openssl rand -hex 32\" gives.");
	return false;
}

void
suppression_define_settings(void)
{
	DefineCustomStringVariable(
		"cdp.suppression_key",
		"The key by which the identifiers of people who were erased are hashed.",
		"It stands outside of the tables and their dumps; without it nothing can be taken in any more.",
		&suppression_key, "", PGC_SUSET, GUC_SUPERUSER_ONLY | GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE,
		check_key, NULL, NULL);
}

bool
suppression_key_is_set(void)
{
	return suppression_key != NULL && suppression_key[0] != '\0';
}

/* require_key raises an error if there is no key. */
static void
require_key(void)
{
	if (!suppression_key_is_set())
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the setting cdp.suppression_key is empty"),
			 errdetail("Identifiers of people who are erased are kept as hashes by this key."),
			 errhint(
				 "A superuser sets it in the configuration of the server, and keeps a copy of it "
				 "apart from the backups of the database.")));
}

/* hash computes the HMAC-SHA-256 of a purpose, a zero byte, and bytes. */
static void
hash(const char *purpose, const uint8_t *bytes, size_t length, uint8 *result)
{
	pg_hmac_ctx *context;

	require_key();
	context = pg_hmac_create(PG_SHA256);
	if (context == NULL ||
		pg_hmac_init(context, (const uint8 *) suppression_key, strlen(suppression_key)) < 0 ||
		pg_hmac_update(context, (const uint8 *) purpose, strlen(purpose) + 1) < 0 ||
		pg_hmac_update(context, bytes, length) < 0 ||
		pg_hmac_final(context, result, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute an HMAC")));
	pg_hmac_free(context);
}

void
suppression_fingerprint(uint8_t *fingerprint)
{
	uint8 result[PG_SHA256_DIGEST_LENGTH];

	hash("fingerprint", NULL, 0, result);
	memcpy(fingerprint, result, SUPPRESSION_FINGERPRINT_LENGTH);
}

CdpkSipHashKey
suppression_tag_key(void)
{
	uint8 result[PG_SHA256_DIGEST_LENGTH];

	hash("tag", NULL, 0, result);
	return cdpk_siphash_key(result);
}

uint64
suppression_tag(const CdpkSipHashKey *key, const Identifier *identifier)
{
	/* without the byte of the version: the form of the bytes may change, the identifier stays */
	return cdpk_siphash(key, IdentifierPayload(identifier) + 1, IdentifierLength(identifier) - 1);
}

/* cdp_suppression_fingerprint implements cdp_internal.suppression_fingerprint. */
Datum
cdp_suppression_fingerprint(PG_FUNCTION_ARGS)
{
	bytea *result = palloc(VARHDRSZ + SUPPRESSION_FINGERPRINT_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + SUPPRESSION_FINGERPRINT_LENGTH);
	suppression_fingerprint((uint8_t *) VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

/* cdp_suppression_hash implements cdp_internal.suppression_hash. */
Datum
cdp_suppression_hash(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	bytea *result = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	hash("identifier", IdentifierPayload(identifier) + 1, IdentifierLength(identifier) - 1,
		 (uint8 *) VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

/* cdp_suppression_tag implements cdp_internal.suppression_tag. */
Datum
cdp_suppression_tag(PG_FUNCTION_ARGS)
{
	CdpkSipHashKey key = suppression_tag_key();

	PG_RETURN_INT64((int64) suppression_tag(&key, PG_GETARG_IDENTIFIER_PP(0)));
}

/*
 * cdp_suppression_key_is_exposed implements cdp_internal.suppression_key_is_exposed: before a session loads the
 * library, the setting is one that the server knows nothing of, and shows to all; and what is set for a database or a
 * role stands in a catalog that all may read.
 */
Datum
cdp_suppression_key_is_exposed(PG_FUNCTION_ARGS)
{
	bool is_loaded = strstr(session_preload_libraries_string, "cdp") != NULL ||
					 strstr(shared_preload_libraries_string, "cdp") != NULL;

	if (!suppression_key_is_set())
		PG_RETURN_BOOL(false);
	switch (key_source)
	{
		case PGC_S_GLOBAL:
		case PGC_S_DATABASE:
		case PGC_S_USER:
		case PGC_S_DATABASE_USER:
			PG_RETURN_BOOL(true);
		case PGC_S_FILE:
		case PGC_S_ARGV:
			PG_RETURN_BOOL(!is_loaded);
		default:
			PG_RETURN_BOOL(false);
	}
}
