/*
 * consent_json.h
 *		Consent strings as jsonb, with the names that their specifications have for the fields.
 */
#ifndef CDP_CONSENT_JSON_H
#define CDP_CONSENT_JSON_H

#include "utils/jsonb.h"

#include "core/consent/gpp.h"

/* A document under way. */
typedef struct ConsentJson
{
	JsonbParseState *state;
	JsonbValue *document; /* once it has ended */
	int64 ids;            /* that it has; more than CONSENT_IDS_MAX is an error */
} ConsentJson;

/* ranges of ids take few bytes of a string, and many of a document */
#define CONSENT_IDS_MAX 1000000

/* Begin and end an object: the document, or a value of one; the last that ends is the document. */
extern void consent_begin_object(ConsentJson *json);
extern void consent_end_object(ConsentJson *json);

/* Begin and end an array, an object's value. */
extern void consent_begin_array(ConsentJson *json);
extern void consent_end_array(ConsentJson *json);

/* Append a key, whose value comes next. */
extern void consent_key(ConsentJson *json, const char *key);

/* Return the document, a jsonb. */
extern Datum consent_document(const ConsentJson *json);

/* Append a key and its value. */
extern void consent_number(ConsentJson *json, const char *key, int64 number);
extern void consent_boolean(ConsentJson *json, const char *key, bool value);
extern void consent_text(ConsentJson *json, const char *key, const char *text, Size length);
extern void consent_mask(ConsentJson *json, const char *key, uint64 mask);
extern void consent_ids(ConsentJson *json, const char *key, const CdpkIdSet *set);

/* Append an element of an array. */
extern void consent_element(ConsentJson *json, int64 number);

/* Append what a TC string says, as an object. */
extern void consent_tcf(ConsentJson *json, const CdpkTcf *tcf);

#endif /* CDP_CONSENT_JSON_H */
