/*
 * lookup_query.h
 *		The queries of a look-up, planned once in a session.
 */
#ifndef CDP_LOOKUP_LOOKUP_QUERY_H
#define CDP_LOOKUP_LOOKUP_QUERY_H

#include "executor/spi.h"
#include "tcop/dest.h"

/* named in cdp_internal.lookup_query(), which says what each returns */
typedef enum LookupQuery
{
	QUERY_STRONGEST,
	QUERY_IDENTIFIED,
	QUERY_NUMBERED,
	QUERY_NUMBERS,
	QUERY_IDENTIFIERS,
	QUERY_PROVENANCE,
	QUERY_EVENTS,
	QUERY_HAS_CASE_EVENT,
	QUERY_CASES,
	QUERY_HAS_REFUSED_LINK,
	QUERY_REFUSED_LINKS,
	QUERY_ACCOUNTS,
	QUERY_COUNT
} LookupQuery;

/* the parameters of all of them, in this order */
typedef struct LookupArguments
{
	int64 number;      /* an identifier_id, a profile_id or a hash */
	int32 last_events; /* at most so many */
	Datum ids;         /* identifier_ids; 0: none are given */
} LookupArguments;

/* Checks that the tables are there, and forgets the plans if the extension was made anew. */
extern void lookup_check_tables(void);

/* Runs a query over the open connection; *count is the number of rows. */
extern SPITupleTable *lookup_rows(LookupQuery query, const LookupArguments *arguments,
								  uint64 *count);

/* Runs a query over the open connection, and passes its rows on. */
extern void lookup_pass_rows(LookupQuery query, const LookupArguments *arguments,
							 DestReceiver *receiver);

/* Returns the answer of a query that has one row of one boolean. */
extern bool lookup_has(LookupQuery query, const LookupArguments *arguments);

#endif /* CDP_LOOKUP_LOOKUP_QUERY_H */
