/*
 * batch_types.h
 *		The rows, changes, table rows and results of a batch.
 *
 * Pointers of what is handed in lead into memory of the caller's, which lives and
 * stays unchanged as long as the batch; pointers of results live as long as it, too,
 * unless said otherwise.
 */
#ifndef CDPK_BATCH_TYPES_H
#define CDPK_BATCH_TYPES_H

#include "core/base/cdpk.h"
#include "core/stitch/stitch_types.h"
#include "core/timeline/property.h"

#define CDPK_BATCH_KEY_SIZE 16

/* no place in an array */
#define CDPK_BATCH_NONE UINT32_MAX

/* a time that never comes */
#define CDPK_BATCH_NEVER INT64_MAX

/* A byte string; NULL is no string. */
typedef struct CdpkBatchBytes
{
	const uint8_t *bytes;
	uint32_t length;
} CdpkBatchBytes;

/* ---------------------------------------------------------------- rows */

typedef enum CdpkBatchCall
{
	CDPK_BATCH_OTHER,
	CDPK_BATCH_IDENTIFY, /* its traits are those of a person */
	CDPK_BATCH_GROUP     /* its traits are those of an account */
} CdpkBatchCall;

/* A value of a property that a timeline carries with an event. */
typedef struct CdpkBatchValue
{
	CdpkBatchBytes name;
	CdpkPropertyValue value;
	CdpkBatchBytes text; /* of a text, which has no code */
} CdpkBatchValue;

/* a time before all others */
#define CDPK_BATCH_EVER INT64_MIN

/* How many events a row of the base stands for, and until when: since "at" and "said_at" of the row. */
typedef struct CdpkBatchSpan
{
	int64_t events;
	int64_t last_at;
	int64_t last_said_at;
	int64_t
		after; /* the latest unlink of two of them that was in force when they were folded; or EVER */
} CdpkBatchSpan;

/*
 * A cleaned row of an inbox; or an event of the log, which was one; or a row of the base: events with the
 * same identifiers, source and account, of which the log has none any more.
 */
typedef struct CdpkBatchRow
{
	const uint8_t *message_key;        /* of CDPK_BATCH_KEY_SIZE bytes; NULL: no duplicate of any */
	uint64_t content;                  /* the content hash of a message with a key */
	CdpkBatchBytes message_id;         /* names the earliest message of a link */
	const CdpkBatchBytes *identifiers; /* payloads of core/identifier/identifier.h, each once */
	uint32_t identifier_count;
	uint32_t source; /* a place in the sources of CdpkBatchRules */
	uint32_t value_count;
	uint8_t call; /* a CdpkBatchCall; of a row of the base: whose its traits are */
	bool quarantined;
	bool deletes;      /* it is no event, but the key is used */
	bool same_content; /* it says the same as an event: a duplicate, and the key is not used */
	/*
	 * behind the identifiers stands the earlier user_id: it is none of them, but evidence for the pair
	 * of it and the first of them that is of its namespace
	 */
	bool is_alias;
	int64_t at;             /* the event's time */
	int64_t said_at;        /* the evidence's: not later than it was received */
	int64_t expires_at;     /* when its traits lapse, or NEVER; those that have are not given */
	CdpkBatchBytes traits;  /* core/traits, of this row alone */
	CdpkBatchBytes account; /* of a group call */
	bool has_left;          /* a group call that says that its person leaves the account */
	int64_t left_at;        /* then: its time; of a row of the base that of the latest such call */
	CdpkBatchBytes
		event; /* the name, of calls that timelines show; of a row of the base: its timeline */
	const CdpkBatchValue *values; /* of its properties, one property after the other */
	const CdpkBatchSpan *span;    /* of a row of the base; else NULL */
} CdpkBatchRow;

/* A row of the base to be written: of the events of the batch, and of the rows that the base has of them. */
typedef struct CdpkBatchFolded
{
	CdpkBatchRow row; /* with a span; the user of an alias stands first among the identifiers */
	const uint32_t
		*places; /* of these among the names of the batch, of an alias the earlier user_id last */
	uint32_t first_row; /* its rows: in cdpk_batch_folded_order from here on */
	uint32_t row_count;
} CdpkBatchFolded;

typedef enum CdpkBatchOutcome
{
	CDPK_BATCH_ACCEPTED,
	CDPK_BATCH_DUPLICATE,
	CDPK_BATCH_REUSED, /* its key is known, but of another content */
	CDPK_BATCH_QUARANTINED,
	CDPK_BATCH_DELETED /* it would be accepted, but deletes */
} CdpkBatchOutcome;

/* A message key, and the first good row that has it. */
typedef struct CdpkBatchKey
{
	const uint8_t *key;
	uint32_t row;
} CdpkBatchKey;

/* The message that was accepted with a key. */
typedef struct CdpkBatchMessage
{
	int64_t batch_id; /* 0: there is none */
	uint64_t content; /* 0: it is not known, and any is a duplicate */
} CdpkBatchMessage;

typedef struct CdpkBatchJudged
{
	CdpkBatchOutcome outcome;
	int64_t event_id; /* of an accepted event, else 0 */
	int64_t
		first_batch_id; /* of a reused one: the batch of the message with its key; 0: this one */
} CdpkBatchJudged;

/* ---------------------------------------------------------------- what else changes */

typedef struct CdpkBatchIdPair
{
	int64_t a;
	int64_t b;
} CdpkBatchIdPair;

typedef struct CdpkBatchForbid
{
	int64_t a;
	int64_t b;
	bool in_force;
} CdpkBatchForbid;

/* An event of the log, or a row of the base (0): of the row, the identifiers, is_alias, source, said_at and message_id count. */
typedef struct CdpkBatchReread
{
	int64_t event_id;
	int64_t anchor;
	CdpkBatchRow row;
} CdpkBatchReread;

/*
 * What a batch changes beside its rows: verdicts and rules that are given or withdrawn.  All of it is
 * in force when the batch begins.  Identifiers and profiles are named by their numbers.
 */
typedef struct CdpkBatchChanges
{
	const CdpkBatchIdPair *unlinked; /* a < b: the link rows that are there are void */
	size_t unlinked_count;
	const int64_t *blocked; /* identifiers that are blocked now */
	size_t blocked_count;
	const CdpkStitchLink
		*retry; /* refused links that may be accepted now, with their best evidence */
	size_t retry_count;
	const int64_t *check; /* profiles that may break a rule, or whose links have other ranks */
	size_t check_count;
	const CdpkBatchForbid *forbids;
	size_t forbid_count;
	const int64_t *judged; /* identifiers whose verdict or max_links changed */
	size_t judged_count;
	const CdpkBatchReread
		*reread; /* events that carry identifiers which are not blocked any more, or name one as
				  * an earlier user_id */
	size_t reread_count;
	const CdpkBatchReread *
		taken_back; /* events that leave the log, or whole rows of the base; none of them is reread */
	size_t taken_back_count;
	const CdpkBatchIdPair *relinked; /* a < b: whose unlink is withdrawn; counted anew */
	size_t relinked_count;
	const int64_t
		*realiased; /* both ends of pairs with aliases of a source that is believed now, or
							   * no longer; all that have aliases if their bound changed */
	size_t realiased_count;
	const int64_t *reranked; /* identifiers of which events may have another anchor now */
	size_t reranked_count;
	const int64_t *refolded; /* profiles to be folded anew from the log */
	size_t refolded_count;
} CdpkBatchChanges;

/* ---------------------------------------------------------------- rules, rows of tables */

typedef struct CdpkBatchRules
{
	CdpkStitchRules stitch;
	const int32_t *trust; /* of each source */
	uint32_t source_count;
	const bool *believed; /* of each source: its aliases make same pairs; NULL: of none */
	uint32_t alias_bound; /* believed where neither end is in such pairs with more others */
} CdpkBatchRules;

/* The row of an identifier of the batch that has a number. */
typedef struct CdpkBatchKnown
{
	uint32_t place; /* in cdpk_batch_names */
	bool shared;
	int64_t identifier_id;
	int64_t profile_id;            /* 0: blocked until now, or carried by no event */
	const CdpkStitchCount *counts; /* the identifiers of each namespace that it is linked to */
	uint32_t count_length;
	bool was_blocked; /* before the batch */
	int64_t class_id; /* of the result of a stitch; 0: in no class with others */
} CdpkBatchKnown;

/* The row of an identifier that was asked for by its number. */
typedef struct CdpkBatchOther
{
	int64_t identifier_id;
	int64_t profile_id;
	CdpkBatchBytes payload;
	const CdpkStitchCount *counts;
	uint32_t count_length;
	CdpkSharing sharing;
	bool shared;
	bool present; /* not blocked before this batch, and carried by some event */
	bool forbidden;
	int64_t class_id;
} CdpkBatchOther;

/* A verdict "same", or a pair that is the same by its making; both ends are known to the batch. */
typedef struct CdpkBatchSame
{
	int64_t a;
	int64_t b;
	bool was; /* in force before the batch */
	bool is;
	bool refused; /* as stored with it */
} CdpkBatchSame;

/* A row of the links of one end that has aliases among its events. */
typedef struct CdpkBatchAlias
{
	int64_t end;
	int64_t other;
	uint32_t source;
	bool present;  /* "other" is in a profile */
	bool believed; /* as the row has it */
} CdpkBatchAlias;

typedef enum CdpkBatchMark
{
	CDPK_BATCH_BLOCKED,   /* by a rule that is in force now */
	CDPK_BATCH_FORBIDDEN, /* a forbid in force names it */
	CDPK_BATCH_SHARED,    /* a person's verdict */
	CDPK_BATCH_NOT_SHARED /* a person's verdict */
} CdpkBatchMark;

/* An unlink verdict about two identifiers of the batch, as places in cdpk_batch_names. */
typedef struct CdpkBatchVoid
{
	uint32_t a;
	uint32_t b;
	int64_t until_at;
} CdpkBatchVoid;

/* A row of the links: the evidence of one source. */
typedef struct CdpkBatchLink
{
	int64_t a; /* a < b */
	int64_t b;
	uint32_t source;
	bool refused;
	bool believed; /* aliases make it a same pair, sharing aside: alike in all rows of the pair */
	int64_t first_at;
	int64_t last_at;
	int64_t events;
	int64_t aliases;           /* of the events */
	CdpkBatchBytes message_id; /* of the earliest; of several the smallest by bytes */
} CdpkBatchLink;

/* An identifier that the batch knows, now and after it. */
typedef struct CdpkBatchIdentifier
{
	CdpkBatchBytes payload;
	/* 0: none, as it is blocked, or only an event to be anchored anew has it */
	int64_t identifier_id;
	int64_t profile_id; /* as the tables have it */
	int64_t profile_after;
	const CdpkStitchCount *counts; /* from cdpk_batch_link on as they are after the batch */
	uint32_t count_length;
	uint32_t name_space; /* of the rules; NONE: no identifier of the tables is in it */
	uint8_t sharing;     /* a CdpkSharing */
	bool is_new;
	bool present; /* after the batch */
	bool blocked; /* by the rule, as marked */
	bool forbidden;
	bool shared; /* as the tables have it */
	bool shared_after;
	bool was_blocked;
} CdpkBatchIdentifier;

/* What becomes of links; each sorted by (a, b, source). */
typedef struct CdpkBatchLinks
{
	const CdpkBatchLink *inserted;
	size_t inserted_count;
	const CdpkBatchLink *updated;
	size_t updated_count;
	const CdpkBatchIdPair *deleted; /* all rows of the pair, before anything is inserted */
	size_t deleted_count;
} CdpkBatchLinks;

/* ---------------------------------------------------------------- anchors */

/* An event of the log, or a row of the base, that may have to be anchored anew. */
typedef struct CdpkBatchStray
{
	int64_t event_id; /* 0: of the base */
	int64_t anchor;
	CdpkBatchRow row;
} CdpkBatchStray;

typedef struct CdpkBatchReanchored
{
	uint32_t stray; /* its place */
	int64_t event_id;
	int64_t from; /* identifiers; 0: none */
	int64_t to;
} CdpkBatchReanchored;

/* ---------------------------------------------------------------- folds */

/* An event of the log, or a row of the base, that is folded anew with all others of its profile. */
typedef struct CdpkBatchLogged
{
	int64_t event_id; /* 0: of the base */
	int64_t anchor;
	int64_t profile_id; /* of the anchor, after the batch */
	CdpkBatchRow row;
} CdpkBatchLogged;

/* What the tables know of a profile: its row. */
typedef struct CdpkBatchPart
{
	int64_t profile_id;
	int64_t events;
	int64_t first_at; /* looked at where there are events */
	int64_t last_at;
	int64_t expires_at; /* or NEVER */
	CdpkBatchBytes traits;
	CdpkBatchBytes timeline;
} CdpkBatchPart;

/* A row to be written, of a profile. */
typedef struct CdpkBatchProfile
{
	int64_t profile_id;
	bool stored;  /* the tables have it, and it stays */
	bool rebuilt; /* from the log alone */
	bool folded;  /* the values below may be others than in the tables */
	uint32_t
		rows; /* … of this batch that are folded into it: in cdpk_batch_fold_order from first_row on */
	uint32_t first_row;
	const CdpkStitchProfile *summary; /* NULL: as it is in the tables */
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	int64_t expires_at;
	CdpkBatchBytes traits;
	CdpkBatchBytes timeline;
} CdpkBatchProfile;

/* What group calls of the batch said of an account: to be added to its row. */
typedef struct CdpkBatchAccount
{
	CdpkBatchBytes account;
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	int64_t expires_at;
	CdpkBatchBytes traits;
} CdpkBatchAccount;

/* Group calls of one anchor for one account. */
typedef struct CdpkBatchMember
{
	int64_t identifier_id; /* 0: no identifier */
	uint32_t account;      /* a place in the accounts */
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	bool has_left;   /* some of them say that it leaves the account */
	int64_t left_at; /* the latest of these; it belongs to the account if another call is later */
} CdpkBatchMember;

typedef enum CdpkBatchCause
{
	CDPK_BATCH_EVENT,   /* an event of the batch */
	CDPK_BATCH_MOVED,   /* the whole profile "former" is in it now */
	CDPK_BATCH_SPLIT,   /* identifiers of the profile "former" are in it now */
	CDPK_BATCH_REBUILT, /* folded anew: identifiers or events left it or came to it */
	CDPK_BATCH_GAINED,  /* an event of the log, or a row of the base, came to it */
	CDPK_BATCH_SUMMARY  /* another set of identifiers, another sharing, forbid, latest link */
} CdpkBatchCause;

/* Who was touched, and why. */
typedef struct CdpkBatchTouched
{
	int64_t profile_id;
	int64_t former_profile_id; /* of MOVED and SPLIT, else 0 */
	uint32_t account;          /* of a group call: a place in the accounts, else NONE */
	CdpkBatchCause cause;
	int64_t event_id; /* of EVENT, and of GAINED by an event; else 0 */
} CdpkBatchTouched;

/* Where a walk through those who were touched is. */
typedef struct CdpkBatchPosition
{
	size_t profile; /* to be written */
	size_t cause;   /* of what is said of it */
	size_t other;   /* in the list of what is not */
} CdpkBatchPosition;

#endif /* CDPK_BATCH_TYPES_H */
