/*
 * pass_data.h
 *		What a pass of a batch holds.
 */
#ifndef CDP_REFRESH_PASS_DATA_H
#define CDP_REFRESH_PASS_DATA_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "core/base/idmap.h"
#include "core/batch/batch.h"
#include "platform/identity/blocked.h"
#include "platform/identity/map_hash.h"
#include "platform/identity/resolve.h"
#include "platform/ingest/take.h"
#include "platform/refresh/pass_columns.h"
#include "platform/store/store.h"
#include "toolkit/traits/traits.h"

/* ---------------------------------------------------------------- rows */

/* A path of names in the properties of a row; of none: there is no such path. */
typedef struct PassPath
{
	int count;
	CdpkSpan *names;
} PassPath;

typedef struct PassSource
{
	text *name;
	int32 source_id;
	int32 trust;
	Interval *expires_after; /* NULL: what it says does not lapse */
	int64 accepted;
	int64 duplicate;
	int64 same_content; /* … of these, by what they say */
	int64 quarantined;
	int64 deletions;
	int64 suppressed;
	int64 rows_before;   /* all that it sent before this batch */
	TimestampTz last_at; /* of its last batch; -infinity: it had none */
	bool met;            /* rows of the batch are of it */
	bool believed;       /* its aliases make same pairs */
	int64 within;        /* what says the same as an event in this span is a duplicate; 0: is not */
	bool is_mutable;     /* of its rows with one message id the greatest holds */
	bool keeps;          /* … and those that are replaced are kept */
	PassPath version;    /* where their properties have a version; none: the later is the greater */
	PassPath deleted;    /* … and whether they delete; none: no row does */
} PassSource;

/* What an event says, as it came or as the log has it. */
typedef struct PassSaid
{
	Datum traits;
	Datum properties;
	Datum context;
	Datum context_hash; /* of what is not in context */
	bool no_traits;
	bool no_properties;
	bool no_context;
	bool no_context_hash;
} PassSaid;

/* What an event is called, where some of its properties could not be carried. */
typedef struct PassLeftOut
{
	Datum event;
	Datum name;
} PassLeftOut;

/* What a batch did, in the order of cdp_internal.batch_counts. */
typedef enum PassCount
{
	COUNT_TAKEN,
	COUNT_ACCEPTED,
	COUNT_DUPLICATE,
	COUNT_QUARANTINED,
	COUNT_IDENTIFIERS,
	COUNT_LINKS,
	COUNT_PROFILES_CREATED,
	COUNT_PROFILES_MERGED,
	COUNT_PROFILES_SPLIT,
	COUNT_PROFILES_TOUCHED,
	COUNT_REWORKS,
	COUNT_IDENTIFIERS_REWORKED,
	COUNT_EVENTS_REANCHORED,
	COUNT_LARGEST_REWORK,
	COUNT_SELF_LINKS,
	COUNT_RETRACTED,
	COUNT_IDENTIFIERS_LEFT,
	COUNT_DELETIONS,
	COUNT_SUPPRESSED,
	PASS_COUNTS
} PassCount;

/* Numbers that grow one by one. */
typedef struct PassIds
{
	int64 *items;
	int count;
	int capacity;
} PassIds;

/* An identifier that was in another profile; 0: in none. */
typedef struct PassPlace
{
	int64 identifier_id;
	int64 from;
	int64 to;
	CdpkBatchBytes payload;
} PassPlace;

/* Rows of the batch that take the place of others, and the events of these; of number 0: it deleted, and has none. */
typedef struct PassCorrected
{
	PassIds rows;
	PassIds event_ids;
	PassIds anchors;
	PassIds times;
} PassCorrected;

/* What is known of events that are taken back. */
typedef struct PassTaken
{
	CdpkIdMap anchors;    /* how many had each */
	PassIds call_anchors; /* of group calls */
	Datum *accounts;      /* which these named */
	PassIds left;         /* identifiers that leave the graph with them, sorted */
	int64 base_events;    /* of rows of the base that go */
} PassTaken;

/* A month of the log: events up to a number are in the base. */
typedef struct PassMonth
{
	TimestampTz from;
	TimestampTz until;
	int64 event_id;
} PassMonth;

/* Rows of the base, as core/batch takes them. */
typedef struct PassBase
{
	int count;
	int capacity;
	int64 *anchors;
	int *keys; /* the anchor that was asked for */
	TimestampTz *traits_at;
	Datum *values; /* BASE_COLUMNS of each, as they are stored */
	bool *nulls;
	CdpkBatchRow *rows;
	PassIds ids; /* of all rows, one after the other; of an alias the earlier user_id last */
	int *first_id;
} PassBase;

/* Values of rows that cannot be identifiers, one after the other, as text. */
typedef struct PassRejected
{
	int count;
	int capacity;
	Datum *sources;
	Datum *namespaces;
	Datum *reasons;
	int64 *counts;
	Datum *examples;
} PassRejected;

typedef struct PassKeptCounts PassKeptCounts;
typedef struct PassEventName PassEventName;

typedef struct Pass
{
	MemoryContext context; /* of all that lasts as long as the pass */
	MemoryContext scratch; /* reset after each row */
	CdpkBatch *batch;
	CdpkAllocator allocator;
	Store *stores[PASS_TABLES];
	int64 batch_id;
	TimestampTz as_of;
	bool anew; /* it builds the graph anew, in tables of its own */
	bool leave_undone;
	bool log_is_indexed; /* all months are, as far as it concerns a load */
	int64 last_event_id;
	int64 last_identifier_id;
	int64 last_quarantine_id;
	int64 counts[PASS_COUNTS];

	const Datum *failures; /* for which each row is set aside, or NULL */
	bool cut_all;
	TimestampTz oldest; /* messages before it may be forgotten */
	int row_count;
	TakenRow *rows;
	CdpkBatchRow *batch_rows;
	PassSource *sources;                   /* all, by name */
	const OnboardSources *onboard_sources; /* their rules by which rows are cleaned */
	int source_count;
	CdpkIdMap source_place; /* of each, by its number */
	CdpkBatchChanges changes;
	PassCorrected corrected;
	PassTaken taken;
	CdpkIdMap
		whole; /* profiles of which the log was found to lack no events, before any is taken back */
	const CdpkBatchForbid *same_changed; /* verdicts "same" that are given or withdrawn */
	size_t same_changed_count;
	bool has_refold; /* traits of some are to be folded anew */

	PassRejected *rejected; /* takes what of events of the log cannot be identifiers; or NULL */

	Jsonb *trait_document;
	TraitsRules *trait_rules;
	Jsonb *carried_rules;       /* NULL: timelines carry no properties */
	bool carries_context;       /* some from the context of events */
	PassEventName *event_names; /* NULL: there are none yet */
	CdpkIdMap shared_place;     /* of shared contexts that were read, by their hash */
	Jsonb **shared_contexts;
	int shared_count;
	int shared_capacity;
	PassLeftOut *left_out;
	int left_out_count;
	int left_out_capacity;

	Resolver *resolver;
	CdpkSipHashKey map_key;
	int64 *map_hashes; /* of the names that were looked up in the map, by their place */
	bool has_verdicts;
	bool has_same;         /* there is a verdict "same" */
	bool has_hashed;       /* there are hashes of e-mail addresses or phone numbers */
	bool has_believed;     /* there is a source whose aliases are believed */
	BlockedRules *blocked; /* NULL: there are none */
	CdpkIdMap claimed; /* identifiers that have numbers, and no rows yet in the graph built anew */
	PassKeptCounts *kept_counts;
	CdpkStitchStore stitch_store;

	CdpkBatchStray *strays; /* events of the log that may have other anchors */
	const CdpkBatchReanchored *moved;
	size_t moved_count;

	PassPlace *places;
	int place_count;

	bool has_purposes;       /* people have stamps, which are to be right after it */
	int64 fallback_purposes; /* of those who said nothing, where it is not known where they are */
	bool purposes_by_region; /* traits say where people are */
	const CdpkBatchLink *was_links; /* the links of the batch, as the tables had them */
	int was_link_count;
	CdpkIdMap silent;   /* profiles of which no identifier had said anything before */
	PassIds created;    /* profiles whose rows are new */
	PassIds restamped;  /* … whose traits changed, or that are shared */
	PassIds consenting; /* identifiers of which statements changed */

	List *left_accounts; /* group_id of accounts that calls of the log left with their anchors */
	PassIds lapsed;      /* profiles whose traits were folded anew after the fold */
	PassIds consented;   /* profiles of which consent changes, and that no event touches */

	PassMonth *months; /* that are folded into the base, by time */
	int month_count;
	bool has_base;
	bool keep_expired;    /* traits are taken though they have expired */
	PassBase base_strays; /* rows of the base among the strays, behind the events */
	int event_strays;
} Pass;

#endif /* CDP_REFRESH_PASS_DATA_H */
