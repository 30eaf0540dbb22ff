/*
 * ledger.h
 *		Writes what events said of purposes to the ledger, cdp_data.consent.
 */
#ifndef CDP_CONSENT_LEDGER_H
#define CDP_CONSENT_LEDGER_H

#include "postgres.h"

#include "utils/timestamp.h"

/* What an event said of a purpose. */
typedef struct LedgerStatement
{
	const int64 *ids; /* of all its identifiers, blocked ones too; ascending, each once */
	int id_count;     /* at least one */
	int16 purpose_id;
	char answer; /* as in the table */
	int32 source_id;
	TimestampTz at;         /* least(timestamp, received_at) */
	TimestampTz expires_at; /* infinity: never */
	int64 event_id;
} LedgerStatement;

/*
 * Writes statements, in any order, over an open SPI connection.  The caller holds the lock.  Of what one source says of
 * the same identifiers and purpose, equal answers with no other between them are one run, with its first and last event.
 * A statement that comes late, between two others of a run that says something else, is a run of its own.
 */
extern void ledger_record(const LedgerStatement *statements, int count, int64 batch_id);

#endif /* CDP_CONSENT_LEDGER_H */
