/*
 * connection.h
 *		A connection to a table of others: what it runs, and as whom.
 *
 * The expressions of a connection are code of its owner.  They are run as that role, in a
 * security-restricted context, read only and for a limited time, for every caller; and only for roles that could
 * act as the owner themselves, or for the owner of cdp's tables, who refreshes.
 */
#ifndef CDP_FOLLOW_CONNECTION_H
#define CDP_FOLLOW_CONNECTION_H

#include "executor/spi.h"

typedef struct Connection
{
	Oid owner;
	Oid relation;
	char *query;     /* what to run; $1 … are its parameters */
	char *time_zone; /* of times without one */
} Connection;

/* Defines the setting cdp.connection_timeout. */
extern void connection_define_settings(void);

/*
 * Reads a row (owner, relation, query, time zone) that the query gives: of a connection by its name, or, where
 * that is none, of what the caller is about to connect.  Raises an error if the caller may not run it.
 */
extern void connection_load(const char *query, int parameters, Oid *types, Datum *values,
							const char *nulls, Connection *connection);

/*
 * Runs work(arg) as the owner of the connection.  Returns the error, as SQLSTATE: message, or NULL.  Sets
 * *is_slow, unless that is NULL, if it is that it takes longer than cdp.connection_timeout.
 */
extern char *connection_run(const Connection *connection, void (*work)(void *arg), void *arg,
							bool *is_slow);

/* Plans the connection's query, and checks who owns the functions that it calls; for work(). */
extern SPIPlanPtr connection_prepare(const Connection *connection, int parameters, Oid *types);

/* Makes sure that a value can be read when the query that gave it is over. */
extern Datum connection_flatten(Datum value, bool isnull, int16 length);

#endif /* CDP_FOLLOW_CONNECTION_H */
