/*
 * identifier.h
 *		The type cdp.identifier for the other rooms.
 */
#ifndef CDP_IDENTIFIER_H
#define CDP_IDENTIFIER_H

#include "fmgr.h"
#include "utils/numeric.h"

#include "cdp.h"
#include "compat.h"
#include "core/identifier/identifier.h"

/* a varlena whose content is a payload of core/identifier/identifier.h */
typedef struct varlena Identifier;

#define DatumGetIdentifierPP(datum) ((Identifier *) PG_DETOAST_DATUM_PACKED(datum))
#define PG_GETARG_IDENTIFIER_PP(n) DatumGetIdentifierPP(PG_GETARG_DATUM(n))
#define IdentifierPayload(identifier) ((const uint8_t *) VARDATA_ANY(identifier))
#define IdentifierLength(identifier) ((size_t) VARSIZE_ANY_EXHDR(identifier))

/*
 * Make an identifier in the current memory context, or return NULL and say
 * why in *status.  Does not raise an error for any text.
 */
extern Identifier *identifier_make(const char *name_space, size_t namespace_length,
								   const char *value, size_t value_length, CdpkStatus *status);

/* Do the same where phone numbers may lack their country code: region is a code of ISO 3166 in capitals, or empty. */
extern Identifier *identifier_make_in_region(const char *name_space, size_t namespace_length,
											 const char *value, size_t value_length,
											 const char *region, CdpkStatus *status);

/* Return the identifier of the mailbox that an e-mail address names by a rule; others as they are. */
extern Identifier *identifier_mailbox(Identifier *identifier, CdpkMailbox rule);

/*
 * Return the value that a number is in an identifier: equal numbers are one text, for
 * the zeros that end a fraction are left out (7.00 is 7, as an integer is).
 */
static inline char *
identifier_number(Numeric number)
{
	return numeric_normalize(number);
}

/* Raise the error for text that identifier_make refused. */
extern void identifier_report(CdpkStatus status, const char *name_space, size_t namespace_length,
							  const char *value, size_t value_length) __attribute__((noreturn));

/* Return the start of a text, as long as it may be in an error message. */
extern char *identifier_shown(const char *text, size_t length);

/* Return a short reason in words ("too long"), for quarantine rows. */
extern const char *identifier_reason(CdpkStatus status);

/* Declare the type's input function, which raises an error for text that is no identifier. */
extern CDP_EXPORT Datum cdp_identifier_in(PG_FUNCTION_ARGS);

/* Return the type's oid, looked up once per backend and again after DROP EXTENSION. */
extern Oid identifier_type_oid(void);

#endif /* CDP_IDENTIFIER_H */
