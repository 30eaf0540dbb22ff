/*
 * pass_consent.h
 *		What the events of a batch say of purposes.
 */
#ifndef CDP_REFRESH_PASS_CONSENT_H
#define CDP_REFRESH_PASS_CONSENT_H

#include "platform/refresh/pass.h"

/* so many purposes there are at most */
#define CONSENT_PURPOSES 63

/* The identifiers of an event, a purpose, and the source: what says the same of these again is one row of the ledger. */
typedef struct ConsentKey
{
	const int64 *ids; /* ascending */
	int id_count;
	int16 purpose_id;
	int32 source_id;
	int first_row; /* its rows in the ledger */
	int row_count;
	bool reread; /* all that was said of it is read anew from the log */
} ConsentKey;

/* That something was said once. */
typedef struct ConsentPoint
{
	int key;
	bool no;
	TimestampTz at;
	int64 event_id;
} ConsentPoint;

/* Points, or points and keys, that grow one by one. */
typedef struct ConsentPoints
{
	Pass *pass;
	CdpkIdMap places; /* of keys, by a hash */
	CdpkSipHashKey hash_key;
	ConsentKey *keys;
	int key_count;
	int key_capacity;
	ConsentPoint *points;
	int count;
	int capacity;
} ConsentPoints;

/* pass_point.c */

/* Makes points, of which there are none, in the current memory context. */
extern ConsentPoints *pass_new_points(Pass *pass);

/* Finds a key, or adds it; ids are copied.  -1: it is not there, and not to be added. */
extern int pass_consent_key(ConsentPoints *points, const ConsentKey *key, bool add);

extern void pass_add_point(ConsentPoints *points, int key, bool no, TimestampTz at, int64 event_id);

/* Sorts points by key, then time, then yes before no, then event; compares two of one key. */
extern void pass_sort_points(ConsentPoints *points);
extern int pass_compare_points(const ConsentPoint *a, const ConsentPoint *b);

/* Puts the numbers of the identifiers of an event that are not blocked into ids, ascending; 0: the batch lacks one. */
extern int pass_consent_ids(const Pass *pass, const CdpkBatchRow *row, int64 *ids);

/* pass_signal.c */
typedef struct PassSignals PassSignals;

/* Reads which signals speak of which purposes; NULL: none does. */
extern PassSignals *pass_read_signals(Pass *pass);

/* Finds what an event answers; returns how many purposes, each with whether the answer is no. */
extern int pass_event_answers(PassSignals *signals, const PassSaid *said,
							  const CdpkBatchBytes *event, int16 *purpose_ids, bool *no);

/* Counts what the last event had that is not valid, for the source at a place; and writes what was counted. */
extern void pass_count_invalid(PassSignals *signals, uint32 source);
extern void pass_note_invalid(PassSignals *signals);

/* pass_ledger.c */

/* A row of the ledger, without its identifiers. */
typedef struct LedgerRow
{
	int key;
	int64 consent_id;
	bool no;
	TimestampTz first_time;
	TimestampTz last_time;
	int64 first_event_id;
	int64 event_id;
} LedgerRow;

/* Adds the keys of rows that rest on events, by the numbers of their identifiers and of the events. */
extern void pass_add_resting(ConsentPoints *points, const PassIds *ids, const PassIds *event_ids);

/* Reads the rows of all keys, by key and time. */
extern LedgerRow *pass_read_ledger(ConsentPoints *points, int *count);

/* Writes rows: an old one in place of which stands another (the same number), or none (deleted); a new one has no number. */
extern void pass_change_ledger(ConsentPoints *points, const LedgerRow *changed, int changed_count,
							   const LedgerRow *deleted, int deleted_count, LedgerRow *inserted,
							   int inserted_count);

#endif /* CDP_REFRESH_PASS_CONSENT_H */
