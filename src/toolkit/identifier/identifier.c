/*
 * identifier.c
 *		The type cdp.identifier: making, reading and writing it, and its parts.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"
#include "toolkit/identifier/phone_module.h"
#include "toolkit/bridge/status.h"

/* bytes of a refused value shown in its error */
#define SHOWN_MAX 128

CDP_FUNCTION(cdp_identifier_in);
CDP_FUNCTION(cdp_identifier_out);
CDP_FUNCTION(cdp_identifier_recv);
CDP_FUNCTION(cdp_identifier_send);
CDP_FUNCTION(cdp_identifier);
CDP_FUNCTION(cdp_try_identifier);
CDP_FUNCTION(cdp_namespace);
CDP_FUNCTION(cdp_value);
CDP_FUNCTION(cdp_has_identifier);

/* Copy a valid payload into a varlena. */
static Identifier *
from_payload(const uint8_t *payload, size_t length)
{
	Identifier *identifier = palloc(VARHDRSZ + length);

	SET_VARSIZE(identifier, VARHDRSZ + length);
	memcpy(VARDATA(identifier), payload, length);
	return identifier;
}

/* Make an identifier, or say in *status why there is none. */
Identifier *
identifier_make(const char *name_space, size_t namespace_length, const char *value,
				size_t value_length, CdpkStatus *status)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	*status = cdpk_identifier_make(name_space, namespace_length, value, value_length,
								   phone_module_normalizer(), payload, &length);
	return *status == CDPK_OK ? from_payload(payload, length) : NULL;
}

/* Make an identifier, of a phone number in a region. */
Identifier *
identifier_make_in_region(const char *name_space, size_t namespace_length, const char *value,
						  size_t value_length, const char *region, CdpkStatus *status)
{
	CdpkPhone phone = phone_module_in_region(region);
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];
	size_t length;

	if (region[0] == '\0')
		return identifier_make(name_space, namespace_length, value, value_length, status);
	*status = cdpk_identifier_make(name_space, namespace_length, value, value_length, &phone,
								   payload, &length);
	return *status == CDPK_OK ? from_payload(payload, length) : NULL;
}

Identifier *
identifier_mailbox(Identifier *identifier, CdpkMailbox rule)
{
	uint8_t payload[CDPK_IDENTIFIER_PAYLOAD_MAX];

	if (rule == CDPK_MAILBOX_EXACT)
		return identifier;
	return from_payload(payload,
						cdpk_identifier_mailbox(IdentifierPayload(identifier),
												IdentifierLength(identifier), rule, payload));
}

/* Copy the start of a text, for an error message. */
char *
identifier_shown(const char *text, size_t length)
{
	if (length <= SHOWN_MAX)
		return pnstrdup(text, length);
	return psprintf("%s...", pnstrdup(text, pg_mbcliplen(text, (int) length, SHOWN_MAX)));
}

/* A namespace's rules in words; those of the last row hold for every other namespace. */
typedef struct Form
{
	const char *name_space;
	const char *detail;
	const char *hint;
} Form;

static const Form forms[] = {
	{"email",
	 "An e-mail address is local@domain: the local part has at most 64 bytes and no blanks, "
	 "the domain consists of labels of letters, digits and inner hyphens.",
	 "Give the address alone, without a name or \"mailto:\"."},
	{"phone",
	 "A phone number is a plus sign, the country code and the number, without an extension.",
	 "Numbers typed without a country code can be completed by cdp.phone(value, region)."},
	{"email_sha256",
	 "The SHA-256 of an e-mail address is 64 hexadecimal digits, or 32 bytes in base64.",
	 "Hashes of other kinds have namespaces of their own, such as email_md5; those with a salt must not be called "
	 "email_sha256."},
	{"phone_sha256",
	 "The SHA-256 of a phone number is 64 hexadecimal digits, or 32 bytes in base64.",
	 "Hashes of other kinds have namespaces of their own, such as phone_md5; those with a salt must not be called "
	 "phone_sha256."},
	{NULL, "A value holds no control characters.",
	 "cdp.try_identifier(namespace, value) gives NULL instead of this error."},
};

static const Form namespace_form = {
	NULL, "A namespace is a letter, followed by letters, digits, \"_\", \".\" or \"-\".",
	"cdp.try_identifier(namespace, value) gives NULL instead of this error."};

/* Find the rules of the namespace of a refused text. */
static const Form *
find_form(const char *name_space, size_t length)
{
	char folded[CDPK_NAMESPACE_MAX + 1];
	const Form *form = forms;

	if (cdpk_namespace_fold(name_space, length, folded) != CDPK_OK)
		return &namespace_form;
	folded[length] = '\0';
	while (form->name_space != NULL && strcmp(form->name_space, folded) != 0)
		form++;
	return form;
}

/*
 * Report text that is no identifier: softly where escontext takes the
 * error (PostgreSQL 16 and later), else by raising it.
 */
static void
refuse(Node *escontext, CdpkStatus status, const char *name_space, size_t namespace_length,
	   const char *value, size_t value_length)
{
	char *namespace_shown = identifier_shown(name_space, namespace_length);
	const Form *form = find_form(name_space, namespace_length);

	switch (status)
	{
		case CDPK_EMPTY:
			errsave(escontext,
					(errcode(cdp_status_errcode(status)),
					 errmsg("identifier of namespace \"%s\" has no value", namespace_shown),
					 errdetail("Nothing is left when white space is trimmed."),
					 errhint("Give NULL instead of an identifier without a value.")));
			break;
		case CDPK_BAD_ENCODING:
			errsave(escontext,
					(errcode(cdp_status_errcode(status)),
					 errmsg("identifier of namespace \"%s\" is not valid UTF-8", namespace_shown),
					 errdetail("The encoding of this database is %s.", GetDatabaseEncodingName()),
					 errhint("Identifiers are UTF-8: use a database with that encoding.")));
			break;
		case CDPK_TOO_LONG:
			errsave(escontext,
					(errcode(cdp_status_errcode(status)),
					 errmsg("identifier \"%s:%s\" is too long", namespace_shown,
							identifier_shown(value, value_length)),
					 errdetail("An identifier has at most %d bytes, and its namespace at most %d.",
							   CDPK_IDENTIFIER_MAX, CDPK_NAMESPACE_MAX),
					 errhint("Use a hash of the value as the identifier.")));
			break;
		case CDPK_UNSUPPORTED:
			errsave(
				escontext,
				(errcode(cdp_status_errcode(status)),
				 errmsg(
					 "phone number \"%s\" is not in E.164 form, and the module cdp_phone is not installed",
					 identifier_shown(value, value_length)),
				 errdetail("The server said: %s.", phone_module_problem()),
				 errhint(
					 "Give the number as a plus sign, the country code and digits only; or install cdp_phone, "
					 "which \"make install\" does where libphonenumber's development files are found, "
					 "and open a new session.")));
			break;
		case CDPK_OUT_OF_MEMORY:
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
			break;
		default:
			errsave(escontext, (errcode(cdp_status_errcode(status)),
								errmsg("invalid identifier \"%s:%s\"", namespace_shown,
									   identifier_shown(value, value_length)),
								errdetail_internal("%s", form->detail), errhint("%s", form->hint)));
			break;
	}
}

/* Raise the error for text that identifier_make refused. */
void
identifier_report(CdpkStatus status, const char *name_space, size_t namespace_length,
				  const char *value, size_t value_length)
{
	refuse(NULL, status, name_space, namespace_length, value, value_length);
	pg_unreachable();
}

/* Say in a few words why text was refused. */
const char *
identifier_reason(CdpkStatus status)
{
	switch (status)
	{
		case CDPK_EMPTY:
			return "an empty value";
		case CDPK_TOO_LONG:
			return "too long";
		case CDPK_BAD_ENCODING:
			return "not valid UTF-8";
		case CDPK_UNSUPPORTED:
			return "not E.164, and the module cdp_phone is not installed";
		case CDPK_OUT_OF_MEMORY:
			return "out of memory";
		default:
			return "not of its namespace's form";
	}
}

static Oid type_oid = InvalidOid;

/* Forget the oid, because some type was made, changed or dropped. */
static void
forget_type_oid(Datum argument, int cache_id, uint32 hash_value)
{
	type_oid = InvalidOid;
}

/* Look the type up, and again whenever pg_type has changed. */
Oid
identifier_type_oid(void)
{
	static bool registered = false;

	if (OidIsValid(type_oid))
		return type_oid;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(TYPEOID, forget_type_oid, (Datum) 0);
		registered = true;
	}
	type_oid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("identifier"),
							   ObjectIdGetDatum(get_namespace_oid("cdp", false)));
	if (!OidIsValid(type_oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("type cdp.identifier does not exist"),
				 errhint("Run CREATE EXTENSION cdp in this database.")));
	return type_oid;
}

/* Read "namespace:value" and normalise it. */
Datum
cdp_identifier_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	char *colon = strchr(text, ':');
	Identifier *identifier;
	CdpkStatus status;

	if (colon == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid identifier \"%s\"", identifier_shown(text, strlen(text))),
				 errdetail("There is no colon between a namespace and a value."),
				 errhint("Write namespace:value, such as email:ann@example.com.")));
	identifier = identifier_make(text, colon - text, colon + 1, strlen(colon + 1), &status);
	if (identifier == NULL)
	{
		refuse(fcinfo->context, status, text, colon - text, colon + 1, strlen(colon + 1));
		PG_RETURN_NULL();
	}
	PG_RETURN_POINTER(identifier);
}

/* Write "namespace:value". */
Datum
cdp_identifier_out(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	const uint8_t *payload = IdentifierPayload(identifier);
	size_t namespace_length = cdpk_identifier_namespace_length(payload);
	size_t value_length = cdpk_identifier_value_length(payload, IdentifierLength(identifier));
	char *text = palloc(namespace_length + value_length + 2);

	memcpy(text, cdpk_identifier_namespace(payload), namespace_length);
	text[namespace_length] = ':';
	memcpy(text + namespace_length + 1, cdpk_identifier_value(payload), value_length);
	text[namespace_length + 1 + value_length] = '\0';
	PG_RETURN_CSTRING(text);
}

/* Take the stored form and nothing that is not normalised. */
Datum
cdp_identifier_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	size_t length = message->len - message->cursor;
	const uint8_t *payload = (const uint8_t *) pq_getmsgbytes(message, (int) length);
	CdpkStatus status = cdpk_identifier_check(payload, length);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.identifier");
	PG_RETURN_POINTER(from_payload(payload, length));
}

/* Return the stored form. */
Datum
cdp_identifier_send(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) IdentifierPayload(identifier),
				 (int) IdentifierLength(identifier));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* Make an identifier of two SQL values; NULL and *status as in identifier_make. */
static Identifier *
make_from_texts(text *name_space, text *value, CdpkStatus *status)
{
	return identifier_make(VARDATA_ANY(name_space), VARSIZE_ANY_EXHDR(name_space),
						   VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), status);
}

/* Raise the error for what make_from_texts refused. */
static void
report_texts(CdpkStatus status, text *name_space, text *value)
{
	identifier_report(status, VARDATA_ANY(name_space), VARSIZE_ANY_EXHDR(name_space),
					  VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* Make an identifier of a namespace and a value. */
Datum
cdp_identifier(PG_FUNCTION_ARGS)
{
	text *name_space = PG_GETARG_TEXT_PP(0);
	text *value = PG_GETARG_TEXT_PP(1);
	CdpkStatus status;
	Identifier *identifier = make_from_texts(name_space, value, &status);

	if (identifier == NULL)
		report_texts(status, name_space, value);
	PG_RETURN_POINTER(identifier);
}

/* Make an identifier, or return NULL for text that cannot be one. */
Datum
cdp_try_identifier(PG_FUNCTION_ARGS)
{
	text *name_space = PG_GETARG_TEXT_PP(0);
	text *value = PG_GETARG_TEXT_PP(1);
	CdpkStatus status;
	Identifier *identifier = make_from_texts(name_space, value, &status);

	/* out of memory says nothing about the text */
	if (identifier == NULL && status == CDPK_OUT_OF_MEMORY)
		report_texts(status, name_space, value);
	if (identifier == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(identifier);
}

/* Return what stands before the colon. */
Datum
cdp_namespace(PG_FUNCTION_ARGS)
{
	const uint8_t *payload = IdentifierPayload(PG_GETARG_IDENTIFIER_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(cdpk_identifier_namespace(payload),
											  (int) cdpk_identifier_namespace_length(payload)));
}

/* Return what stands after the first colon. */
Datum
cdp_value(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);
	const uint8_t *payload = IdentifierPayload(identifier);
	size_t length = cdpk_identifier_value_length(payload, IdentifierLength(identifier));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(cdpk_identifier_value(payload), (int) length));
}

/* Return whether one of some identifiers is of a namespace. */
Datum
cdp_has_identifier(PG_FUNCTION_ARGS)
{
	ArrayType *identifiers = PG_GETARG_ARRAYTYPE_P(0);
	text *given = PG_GETARG_TEXT_PP(1);
	char name_space[CDPK_NAMESPACE_MAX];
	size_t length = VARSIZE_ANY_EXHDR(given);
	ArrayIterator iterator;
	Datum value;
	bool isnull;
	bool found = false;

	if (cdpk_namespace_fold(VARDATA_ANY(given), length, name_space) != CDPK_OK)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" cannot be a namespace", identifier_shown(VARDATA_ANY(given), length)),
			 errhint("A namespace is a letter, followed by letters, digits, \"_\", \".\" "
					 "or \"-\".")));
	iterator = array_create_iterator(identifiers, 0, NULL);
	while (!found && array_iterate(iterator, &value, &isnull))
	{
		const uint8_t *payload = isnull ? NULL : IdentifierPayload(DatumGetIdentifierPP(value));

		found = payload != NULL && cdpk_identifier_namespace_length(payload) == length &&
				memcmp(cdpk_identifier_namespace(payload), name_space, length) == 0;
	}
	array_free_iterator(iterator);
	PG_RETURN_BOOL(found);
}
