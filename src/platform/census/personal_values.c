/*
 * personal_values.c
 *		The values of a document, with what of them looks like personal data.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "compat.h"
#include "core/personal/personal.h"
#include "toolkit/bridge/jsonb_walk.h"

/* the columns of the result */
enum
{
	OUT_PATH,
	OUT_BY_KEY,
	OUT_HITS,
	OUT_NEAR,
	OUT_HASH,
	OUT_MASK,
	OUT_COLUMNS
};

/* more of a path is not written */
#define PATH_MAX_BYTES 500

/* digits of whole numbers that can be personal data */
#define DIGITS_MIN 9
#define DIGITS_MAX 19

typedef struct Walk
{
	ReturnSetInfo *result;
	StringInfoData path;
	MemoryContext each; /* of one row */
	int year;
	bool traits_of_person; /* members of "traits" describe a person, and not an account */
} Walk;

/* make_kinds makes an array of the names of kinds; none: NULL. */
static Datum
make_kinds(uint32 found, bool *isnull)
{
	Datum names[CDPK_PERSONAL_VALUE_KINDS];
	int count = 0;

	for (int kind = 0; kind < CDPK_PERSONAL_VALUE_KINDS; kind++)
		if ((found & (UINT32_C(1) << kind)) != 0)
			names[count++] = CStringGetTextDatum(cdpk_personal_name((CdpkPersonal) kind));
	*isnull = count == 0;
	if (count == 0)
		return (Datum) 0;
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* put_value puts the row of a value; found: what is known of its key already. */
static void
put_value(Walk *walk, const char *text, int length, bool by_content, CdpkPersonal by_key,
		  CdpkPersonalFound found)
{
	MemoryContext caller = MemoryContextSwitchTo(walk->each);
	char mask[CDPK_PERSONAL_MASK_MAX + 1];
	Datum values[OUT_COLUMNS] = {0};
	bool nulls[OUT_COLUMNS] = {false};

	if (by_content)
	{
		CdpkPersonalFound more = cdpk_personal_value(text, (size_t) length, walk->year);

		found.hits |= more.hits;
		found.near |= more.near;
	}
	values[OUT_PATH] = PointerGetDatum(cstring_to_text_with_len(walk->path.data, walk->path.len));
	nulls[OUT_BY_KEY] = by_key == CDPK_PERSONAL_KINDS;
	if (!nulls[OUT_BY_KEY])
		values[OUT_BY_KEY] = CStringGetTextDatum(cdpk_personal_name(by_key));
	values[OUT_HITS] = make_kinds(found.hits, &nulls[OUT_HITS]);
	values[OUT_NEAR] = make_kinds(found.near, &nulls[OUT_NEAR]);
	nulls[OUT_HASH] = nulls[OUT_MASK] = nulls[OUT_BY_KEY] && nulls[OUT_HITS];
	if (!nulls[OUT_MASK])
	{
		cdpk_personal_mask(text, (size_t) length, mask);
		values[OUT_HASH] =
			Int64GetDatum((int64) hash_bytes_extended((const unsigned char *) text, length, 0));
		values[OUT_MASK] = CStringGetTextDatum(mask);
	}
	tuplestore_putvalues(walk->result->setResult, walk->result->setDesc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(walk->each);
}

/* put_number does so for a number, of which only one that is whole and long enough is looked at. */
static void
put_number(Walk *walk, Numeric number, CdpkPersonal by_key, CdpkPersonalFound found)
{
	MemoryContext caller = MemoryContextSwitchTo(walk->each);
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
	int length = (int) strlen(text);
	bool is_id = length >= DIGITS_MIN && length <= DIGITS_MAX &&
				 strspn(text, "0123456789") == (size_t) length;

	MemoryContextSwitchTo(caller);
	put_value(walk, text, length, is_id, by_key, found);
}

/* add_step adds a step to the path, but not one that is a value itself; it gives what that is. */
static CdpkPersonalFound
add_step(Walk *walk, const JsonbValue *key)
{
	CdpkPersonalFound found = {0, 0};
	const char *bytes = key->val.string.val;
	int length = key->val.string.len;

	if (walk->path.len > 0)
		appendStringInfoChar(&walk->path, '.');
	if (cdpk_personal_key_is_value(bytes, (size_t) length) ||
		walk->path.len + length > PATH_MAX_BYTES)
	{
		found = cdpk_personal_value(bytes, (size_t) length, walk->year);
		/* what is short or has no check digits is no finding in a key */
		found.hits &= (UINT32_C(1) << CDPK_PERSONAL_EMAIL) | (UINT32_C(1) << CDPK_PERSONAL_CARD) |
					  (UINT32_C(1) << CDPK_PERSONAL_IBAN);
		found.near = 0;
		appendStringInfoChar(&walk->path, '*');
	}
	else
		appendBinaryStringInfo(&walk->path, bytes, length);
	return found;
}

/* walk_value puts the rows of a value and what is in it. */
static void
walk_value(Walk *walk, const JsonbValue *value, CdpkPersonal by_key, CdpkPersonalFound found,
		   bool of_person)
{
	JsonbWalk members;
	JsonbValue key;
	JsonbValue member;
	int length = walk->path.len;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (value->type == jbvString && value->val.string.len > 0)
		put_value(walk, value->val.string.val, value->val.string.len, true, by_key, found);
	else if (value->type == jbvNumeric)
		put_number(walk, value->val.numeric, by_key, found);
	else if (value->type != jbvBinary && found.hits != 0)
		put_value(walk, "", 0, false, CDPK_PERSONAL_KINDS, found);
	if (value->type != jbvBinary)
		return;
	members = jsonb_walk(value->val.binary.data);
	if (!JsonContainerIsObject(value->val.binary.data))
	{
		appendStringInfoString(&walk->path, length > 0 ? ".$" : "$");
		while (jsonb_walk_element(&members, &member))
			walk_value(walk, &member, by_key, found, of_person);
	}
	else
		while (jsonb_walk_member(&members, &key, &member))
		{
			const char *bytes = key.val.string.val;
			Size size = (Size) key.val.string.len;
			CdpkPersonalFound in_key = add_step(walk, &key);

			in_key.hits |= found.hits;
			walk_value(walk, &member, cdpk_personal_key(bytes, size, of_person), in_key,
					   of_person || cdpk_personal_of_person(bytes, size) ||
						   (walk->traits_of_person && size == strlen("traits") &&
							memcmp(bytes, "traits", size) == 0));
			walk->path.len = length;
			walk->path.data[length] = '\0';
		}
	walk->path.len = length;
	walk->path.data[length] = '\0';
}

/* this_year returns the year in UTC. */
static int
this_year(void)
{
	struct pg_tm tm;
	fsec_t fraction;

	if (timestamp2tm(GetCurrentTransactionStartTimestamp(), NULL, &tm, &fraction, NULL, NULL) != 0)
		return 2000;
	return tm.tm_year;
}

CDP_FUNCTION(cdp_personal_values);

/* cdp_personal_values implements cdp_internal.personal_values(jsonb, boolean). */
Datum
cdp_personal_values(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	CdpkPersonalFound none = {0, 0};
	JsonbValue root;
	Walk walk;

	InitMaterializedSRF(fcinfo, 0);
	walk.result = (ReturnSetInfo *) fcinfo->resultinfo;
	walk.each =
		AllocSetContextCreate(CurrentMemoryContext, "row of personal values", ALLOCSET_SMALL_SIZES);
	walk.year = this_year();
	walk.traits_of_person = PG_GETARG_BOOL(1);
	initStringInfo(&walk.path);
	if (!JB_ROOT_IS_SCALAR(document))
	{
		root.type = jbvBinary;
		root.val.binary.data = &document->root;
		root.val.binary.len = (int) VARSIZE(document) - VARHDRSZ;
		walk_value(&walk, &root, CDPK_PERSONAL_KINDS, none, false);
	}
	MemoryContextDelete(walk.each);
	return (Datum) 0;
}

CDP_FUNCTION(cdp_personal_category);

/* cdp_personal_category implements cdp_internal.personal_category(text). */
Datum
cdp_personal_category(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	for (int kind = 0; kind < CDPK_PERSONAL_KINDS; kind++)
		if (strcmp(name, cdpk_personal_name((CdpkPersonal) kind)) == 0)
			PG_RETURN_TEXT_P(cstring_to_text(cdpk_personal_category((CdpkPersonal) kind)));
	PG_RETURN_NULL();
}
