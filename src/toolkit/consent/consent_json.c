/*
 * consent_json.c
 *		A document of a consent string, piece by piece.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/numeric.h"

#include "compat.h"
#include "toolkit/consent/consent_json.h"

Datum
consent_document(const ConsentJson *json)
{
	return JsonbPGetDatum(JsonbValueToJsonb(json->document));
}

void
consent_begin_object(ConsentJson *json)
{
	(void) pushJsonbValue(&json->state, WJB_BEGIN_OBJECT, NULL);
}

void
consent_end_object(ConsentJson *json)
{
	json->document = pushJsonbValue(&json->state, WJB_END_OBJECT, NULL);
}

void
consent_begin_array(ConsentJson *json)
{
	(void) pushJsonbValue(&json->state, WJB_BEGIN_ARRAY, NULL);
}

void
consent_end_array(ConsentJson *json)
{
	(void) pushJsonbValue(&json->state, WJB_END_ARRAY, NULL);
}

void
consent_key(ConsentJson *json, const char *key)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = pstrdup(key);
	value.val.string.len = (int) strlen(key);
	(void) pushJsonbValue(&json->state, WJB_KEY, &value);
}

/* number_value makes a value of a number. */
static JsonbValue
number_value(int64 number)
{
	JsonbValue value = {.type = jbvNumeric};

	value.val.numeric = int64_to_numeric(number);
	return value;
}

void
consent_number(ConsentJson *json, const char *key, int64 number)
{
	JsonbValue value = number_value(number);

	consent_key(json, key);
	(void) pushJsonbValue(&json->state, WJB_VALUE, &value);
}

void
consent_element(ConsentJson *json, int64 number)
{
	JsonbValue value = number_value(number);

	(void) pushJsonbValue(&json->state, WJB_ELEM, &value);
}

void
consent_boolean(ConsentJson *json, const char *key, bool boolean)
{
	JsonbValue value = {.type = jbvBool};

	value.val.boolean = boolean;
	consent_key(json, key);
	(void) pushJsonbValue(&json->state, WJB_VALUE, &value);
}

void
consent_text(ConsentJson *json, const char *key, const char *text, Size length)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = pnstrdup(text, length);
	value.val.string.len = (int) length;
	consent_key(json, key);
	(void) pushJsonbValue(&json->state, WJB_VALUE, &value);
}

void
consent_mask(ConsentJson *json, const char *key, uint64 mask)
{
	consent_key(json, key);
	consent_begin_array(json);
	for (int id = 1; mask != 0; id++, mask >>= 1)
		if (mask & 1)
			consent_element(json, id);
	consent_end_array(json);
}

/* mark_ids marks the ids of a set. */
static uint8 *
mark_ids(const CdpkIdSet *set)
{
	uint8 *has = palloc0(CDPK_ID_MAX + 1);
	CdpkIdWalk walk = cdpk_id_walk(set);
	uint32 first;
	uint32 last;

	while (cdpk_id_next(&walk, &first, &last))
	{
		CHECK_FOR_INTERRUPTS();
		memset(has + first, 1, last - first + 1);
	}
	return has;
}

/* consent_ids gives each id once, in order: ranges may be in any, and overlap. */
void
consent_ids(ConsentJson *json, const char *key, const CdpkIdSet *set)
{
	uint8 *has = mark_ids(set);

	consent_key(json, key);
	consent_begin_array(json);
	for (int id = 1; id <= CDPK_ID_MAX; id++)
	{
		if (!has[id])
			continue;
		if (++json->ids > CONSENT_IDS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("consent string names too many vendors"),
					 errdetail("A document of it would have more than %d.", CONSENT_IDS_MAX)));
		consent_element(json, id);
	}
	consent_end_array(json);
	pfree(has);
}
