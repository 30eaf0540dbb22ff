/*
 * traits_path.c
 *		The path of a value of the rule "merge".
 */
#include "core/traits/traits_path.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/text/json.h"

/*
 * Skip the opening bracket and the key of an object with members, as jsonb prints them; NULL: there is no such object.
 */
static const char *
skip_key(const char *at, const char *end)
{
	if (end - at < 2 || at[0] != '{' || at[1] != '"')
		return NULL;
	at = cdpk_json_skip(at + 1, end);
	return at != NULL && end - at > 2 && at[0] == ':' && at[1] == ' ' ? at + 2 : NULL;
}

/* Find the leaf, and how many objects it stands in. */
static const char *
find_leaf(const CdpkValue *value, size_t *depth)
{
	const char *at = (const char *) value->bytes;
	const char *end = at + value->length;
	const char *next;

	*depth = 0;
	if (value->type != CDPK_VALUE_OBJECT)
		return at;
	while ((next = skip_key(at, end)) != NULL)
	{
		at = next;
		(*depth)++;
	}
	return at;
}

size_t
cdpk_path_length(const CdpkValue *value)
{
	size_t depth;

	return value->type == CDPK_VALUE_OBJECT
			   ? (size_t) (find_leaf(value, &depth) - (const char *) value->bytes)
			   : 0;
}

/* Nothing but closing brackets may follow the leaf. */
bool
cdpk_path_valid(const CdpkValue *value)
{
	const char *end = (const char *) value->bytes + value->length;
	size_t depth;
	const char *leaf = find_leaf(value, &depth);

	if (value->type != CDPK_VALUE_OBJECT)
		return true;
	if (depth == 0 || leaf == end || *leaf == '{')
		return false;
	leaf = cdpk_json_skip(leaf, end);
	if (leaf == NULL || (size_t) (end - leaf) != depth)
		return false;
	while (leaf < end && *leaf == '}')
		leaf++;
	return leaf == end;
}

int
cdpk_path_compare(const CdpkValue *a, const CdpkValue *b)
{
	return cdpk_compare_bytes(a->bytes, cdpk_path_length(a), b->bytes, cdpk_path_length(b));
}

bool
cdpk_path_leads_on(const CdpkValue *from, const CdpkValue *to)
{
	size_t length = cdpk_path_length(from);

	return length == 0 ||
		   (length <= cdpk_path_length(to) && memcmp(from->bytes, to->bytes, length) == 0);
}
