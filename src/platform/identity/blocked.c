/*
 * blocked.c
 *		cdp_internal.is_blocked: whether the rules block an identifier.
 *
 * The rules are the same for all identifiers of a statement, so they are read once.  Exact values are
 * sorted.  Patterns are joined into few, because the server's cache of compiled patterns is small.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "core/identifier/hexid.h"
#include "platform/identity/blocked.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/identifier/hashed.h"

CDP_FUNCTION(cdp_is_blocked);

/* number of patterns that are joined into one */
#define PATTERNS_TOGETHER 64

typedef struct BlockedSpace
{
	const char *name; /* in the rules */
	int name_length;
	text **values; /* exact values in lower case, in byte order */
	int value_count;
	text **patterns;
	int pattern_count;
	text **
		hashes; /* of the exact values, if others know the namespace's values by them, in byte order */
	int hash_count;
} BlockedSpace;

struct BlockedRules
{
	MemoryContext context; /* of the whole structure */
	Jsonb *rules;
	BlockedSpace *spaces;
	int space_count;
};

static int
compare_texts(const void *a, const void *b)
{
	text *x = *(text *const *) a;
	text *y = *(text *const *) b;
	size_t x_length = VARSIZE_ANY_EXHDR(x);
	size_t y_length = VARSIZE_ANY_EXHDR(y);
	int order = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(x_length, y_length));

	if (order == 0 && x_length != y_length)
		order = x_length < y_length ? -1 : 1;
	return order;
}

static text *
to_lower(text *value)
{
	return DatumGetTextP(
		DirectFunctionCall1Coll(lower, DEFAULT_COLLATION_OID, PointerGetDatum(value)));
}

/* refers_back returns whether a pattern has a back reference; it cannot be joined, as groups are counted. */
static bool
refers_back(const char *pattern, int length)
{
	for (int i = 0; i + 1 < length; i++)
	{
		if (pattern[i] != '\\')
			continue;
		i++;
		if (pattern[i] >= '1' && pattern[i] <= '9')
			return true;
	}
	return false;
}

/* add_pattern joins a pattern to the previous ones. */
static void
add_pattern(BlockedSpace *space, StringInfo joined, int *together, const char *pattern, int length)
{
	bool alone = refers_back(pattern, length);

	if (*together > 0 && (alone || *together == PATTERNS_TOGETHER))
	{
		space->patterns[space->pattern_count++] =
			cstring_to_text_with_len(joined->data, joined->len);
		resetStringInfo(joined);
		*together = 0;
	}
	if (alone)
	{
		space->patterns[space->pattern_count++] = cstring_to_text_with_len(pattern, length);
		return;
	}
	appendStringInfoString(joined, *together > 0 ? "|(?:" : "(?:");
	appendBinaryStringInfo(joined, pattern, length);
	appendStringInfoChar(joined, ')');
	(*together)++;
}

/* read_hashes makes the hashes of the exact values, as identifiers have them; what is no identifier has none. */
static void
read_hashes(BlockedSpace *space)
{
	space->hashes = palloc(sizeof(text *) * Max(space->value_count, 1));
	for (int i = 0; i < space->value_count; i++)
	{
		char digits[CDPK_SHA256_DIGITS];
		CdpkStatus status;
		Identifier *plain =
			identifier_make(space->name, space->name_length, VARDATA_ANY(space->values[i]),
							VARSIZE_ANY_EXHDR(space->values[i]), &status);

		if (plain != NULL &&
			identifier_hash_digits(IdentifierPayload(plain), IdentifierLength(plain), digits))
			space->hashes[space->hash_count++] =
				cstring_to_text_with_len(digits, CDPK_SHA256_DIGITS);
	}
	qsort(space->hashes, space->hash_count, sizeof(text *), compare_texts);
}

/* read_space reads the list of one namespace. */
static void
read_space(BlockedSpace *space, const JsonbValue *name, const JsonbValue *list)
{
	JsonbWalk walk = jsonb_walk(list->val.binary.data);
	JsonbValue entry;
	StringInfoData joined;
	int together = 0;

	space->name = name->val.string.val;
	space->name_length = name->val.string.len;
	space->values = palloc(sizeof(text *) * Max(walk.count, 1));
	space->patterns = palloc(sizeof(text *) * (walk.count + 1));
	initStringInfo(&joined);
	while (jsonb_walk_element(&walk, &entry))
	{
		const char *value = entry.val.string.val;
		int length = entry.val.string.len;

		if (entry.type != jbvString)
			continue;
		if (length > 0 && value[0] == '^')
		{
			add_pattern(space, &joined, &together, value, length);
			continue;
		}
		for (; length > 0 && value[0] == ' '; value++)
			length--;
		while (length > 0 && value[length - 1] == ' ')
			length--;
		space->values[space->value_count++] = to_lower(cstring_to_text_with_len(value, length));
	}
	if (together > 0)
		space->patterns[space->pattern_count++] = cstring_to_text_with_len(joined.data, joined.len);
	pfree(joined.data);
	qsort(space->values, space->value_count, sizeof(text *), compare_texts);
	if (identifier_hash_partner(space->name, space->name_length) != NULL &&
		!identifier_is_of_hashes(space->name, space->name_length))
		read_hashes(space);
}

BlockedRules *
blocked_rules_read(Jsonb *rules, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "cdp blocked", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	BlockedRules *read = palloc0(sizeof(BlockedRules));
	JsonbValue name;
	JsonbValue list;
	JsonbWalk walk;

	read->context = context;
	read->rules = palloc(VARSIZE(rules));
	memcpy(read->rules, rules, VARSIZE(rules));
	if (!JB_ROOT_IS_OBJECT(read->rules))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("rules must be a JSON object of lists")));
	walk = jsonb_walk(&read->rules->root);
	read->spaces = palloc0(sizeof(BlockedSpace) * Max(walk.count, 1));
	while (jsonb_walk_member(&walk, &name, &list))
		if (list.type == jbvBinary && JsonContainerIsArray(list.val.binary.data))
			read_space(&read->spaces[read->space_count++], &name, &list);
	MemoryContextSwitchTo(caller);
	return read;
}

/* kept_rules returns the rules of a call, and reads them again only if they changed. */
static BlockedRules *
kept_rules(FunctionCallInfo fcinfo)
{
	BlockedRules *kept = fcinfo->flinfo->fn_extra;
	Jsonb *rules;

	if (kept != NULL && get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		return kept;
	rules = PG_GETARG_JSONB_P(1);
	if (kept != NULL)
	{
		if (VARSIZE(kept->rules) == VARSIZE(rules) &&
			memcmp(kept->rules, rules, VARSIZE(rules)) == 0)
			return kept;
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(kept->context);
	}
	kept = blocked_rules_read(rules, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = kept;
	return kept;
}

static bool
is_listed(text *value, text **list, int count)
{
	return count > 0 && bsearch(&value, list, count, sizeof(text *), compare_texts) != NULL;
}

static bool
is_blocked_in(const BlockedSpace *space, text *value)
{
	if (space->value_count > 0 && is_listed(to_lower(value), space->values, space->value_count))
		return true;
	for (int i = 0; i < space->pattern_count; i++)
		if (DatumGetBool(DirectFunctionCall2Coll(texticregexeq, DEFAULT_COLLATION_OID,
												 PointerGetDatum(value),
												 PointerGetDatum(space->patterns[i]))))
			return true;
	return false;
}

static const BlockedSpace *
find_space(const BlockedRules *rules, const char *name, size_t length)
{
	for (int i = 0; i < rules->space_count; i++)
		if (rules->spaces[i].name_length == (int) length &&
			memcmp(rules->spaces[i].name, name, length) == 0)
			return &rules->spaces[i];
	return NULL;
}

/*
 * is_blocked_by_hash returns whether the other one of a value and its hash is blocked.  Of a hash only listed values
 * tell: what matches a pattern is not known.
 */
static bool
is_blocked_by_hash(const BlockedRules *rules, const uint8_t *payload, size_t length)
{
	const char *name = cdpk_identifier_namespace(payload);
	size_t name_length = cdpk_identifier_namespace_length(payload);
	const char *partner = identifier_hash_partner(name, name_length);
	const BlockedSpace *space =
		partner == NULL ? NULL : find_space(rules, partner, strlen(partner));
	char digits[CDPK_SHA256_DIGITS];
	text *hash;

	if (space == NULL || !identifier_hash_digits(payload, length, digits))
		return false;
	hash = cstring_to_text_with_len(digits, CDPK_SHA256_DIGITS);
	return identifier_is_of_hashes(name, name_length)
			   ? is_listed(hash, space->hashes, space->hash_count)
			   : is_blocked_in(space, hash);
}

bool
blocked_rules_match(const BlockedRules *rules, const uint8_t *payload, size_t length)
{
	const BlockedSpace *space = find_space(rules, cdpk_identifier_namespace(payload),
										   cdpk_identifier_namespace_length(payload));

	if (space != NULL &&
		is_blocked_in(
			space, cstring_to_text_with_len(cdpk_identifier_value(payload),
											(int) cdpk_identifier_value_length(payload, length))))
		return true;
	return is_blocked_by_hash(rules, payload, length);
}

/* cdp_is_blocked judges an identifier by the rules given. */
Datum
cdp_is_blocked(PG_FUNCTION_ARGS)
{
	Identifier *identifier = PG_GETARG_IDENTIFIER_PP(0);

	PG_RETURN_BOOL(blocked_rules_match(kept_rules(fcinfo), IdentifierPayload(identifier),
									   IdentifierLength(identifier)));
}
