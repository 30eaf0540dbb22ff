/*
 * lookup_list.h
 *		Writes the rows of a query as a list of a document, cut to the room that there is for it.
 */
#ifndef CDP_LOOKUP_LOOKUP_LIST_H
#define CDP_LOOKUP_LOOKUP_LIST_H

#include "utils/jsonb.h"

#include "platform/lookup/lookup_query.h"

/* How a list is written. */
typedef struct LookupList
{
	LookupQuery query;
	int64 room;      /* in bytes */
	bool omits_null; /* members that are NULL are left out */
	bool measured;   /* documents count with their size as text, not as they are stored */
} LookupList;

/* Writes a string. */
extern void lookup_put_string(JsonbParseState **state, JsonbIteratorToken token, const char *text);

/* Writes a value of one of the types that a document has, as a member or an element. */
extern void lookup_put_value(JsonbParseState **state, JsonbIteratorToken token, Datum datum,
							 bool null, Oid type);

/*
 * Writes a member with the rows of the list's query that fit, as objects whose keys are the names of
 * the columns, and if rows are left out, one with their number.
 */
extern void lookup_put_list(JsonbParseState **state, const char *key, const LookupList *list,
							const LookupArguments *arguments);

#endif /* CDP_LOOKUP_LOOKUP_LIST_H */
