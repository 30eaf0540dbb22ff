/*
 * resolve.h
 *		Identity resolution over the tables: the rules and the store of core/stitch/stitch.h.
 */
#ifndef CDP_IDENTITY_RESOLVE_H
#define CDP_IDENTITY_RESOLVE_H

#include "executor/spi.h"

#include "core/stitch/stitch.h"

/* Where the namespace of a number stands in the rules. */
typedef struct ResolverNumber
{
	uint32_t namespace_id;
	uint32_t place;
} ResolverNumber;

typedef struct Resolver
{
	CdpkStitchRules rules;           /* namespaces in byte order */
	const uint32_t *namespace_ids;   /* their numbers */
	const ResolverNumber *by_number; /* the same, ascending by number */
	bool has_hashed; /* the tables have hashes of e-mail addresses or phone numbers */
	CdpkStitchStore store;
} Resolver;

/* Reads the rules over an open SPI connection; the resolver is allocated in its memory. */
extern Resolver *resolver_new(void);

/* Returns the position of a namespace in the rules; an error if it is not there. */
extern uint32_t resolver_namespace(const Resolver *resolver, const char *name, size_t length);

/* Returns the position of the namespace of a number; an error if it is not there. */
extern uint32_t resolver_numbered_namespace(const Resolver *resolver, uint32_t namespace_id);

/* CDPK_TRUST_SAME and CDPK_TRUST_ALIAS in queries. */
#define RESOLVER_TRUST_SAME "2147483647"
#define RESOLVER_TRUST_ALIAS "2147483646"

/* Tells whether a namespace is listed. */
extern bool resolver_knows(const Resolver *resolver, const char *name, size_t length);

/* Returns the place of the namespace user_id, or CDPK_UNLIMITED. */
extern uint32_t resolver_user_id(const Resolver *resolver);

/* Returns how many other user_ids a user_id may be an alias of before these aliases are not believed. */
extern uint32_t resolver_alias_bound(const Resolver *resolver);

/* Raises the error for a status of core/stitch/stitch.h, unless it is CDPK_OK. */
extern void resolver_check(CdpkStatus status);

/* Runs a query with arguments of type bigint[] and returns its rows, for SPI_freetuptable. */
extern SPITupleTable *resolver_rows(const char *query, int argument_count, Datum *arguments,
									uint64 *count);

/* Makes an argument for resolver_rows. */
extern Datum resolver_ids(const int64_t *ids, size_t count);

/* Return a column (from 1) of a row; an error if it is NULL. */
extern bool resolver_isnull(SPITupleTable *rows, uint64_t row, int column);
extern int64_t resolver_int8(SPITupleTable *rows, uint64_t row, int column);
extern int32_t resolver_int4(SPITupleTable *rows, uint64_t row, int column);
extern bool resolver_bool(SPITupleTable *rows, uint64_t row, int column);
extern text *resolver_text(SPITupleTable *rows, uint64_t row, int column);

/* Fills an identifier from the columns identifier_id, profile_id, identifier, present, shared, forbidden, class_id. */
extern void resolver_identifier(const Resolver *resolver, SPITupleTable *rows, uint64_t row,
								CdpkStitchIdentifier *identifier);

#endif /* CDP_IDENTITY_RESOLVE_H */
