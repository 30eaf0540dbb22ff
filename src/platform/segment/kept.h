/*
 * kept.h
 *		The kept memberships of some people: read, judged again, written.
 *
 * A computed trait is kept as a segment whose members are those who have a value, with the value beside since when.
 *
 * People are judged in memory, and then written at once.  Readers do the same, but for the writing.
 *
 * Accounts are judged and kept as people are, in a table of their own, by segments of their own; what is said of people
 * here, and where these are used, holds for them too.
 */
#ifndef CDP_SEGMENT_KEPT_H
#define CDP_SEGMENT_KEPT_H

#include "platform/segment/evaluate.h"
#include "platform/store/store.h"

typedef enum KeptState
{
	KEPT_LIVE,
	KEPT_BUILDING,
	KEPT_FAILING,
	KEPT_TOO_SLOW
} KeptState;

/* a segment of cdp_data.segment */
typedef struct KeptSegment
{
	Segment segment; /* found is false: its definition is gone, locked, not readable, or too new */
	SubjectKind subject; /* as the row says */
	bool found;
	bool asked; /* it is judged in this run */
	bool is_list;
	int32 segment_id;
	int32 level;
	int depend_count;
	int32 *depends_on;
	KeptState state;
	int64 built_until;      /* PG_INT64_MAX: it is built */
	int64 error_profile_id; /* 0: it does not fail, or as a whole */
	int64 trial_profile_id; /* the first it failed for; 0: any */
	TimestampTz checked_at;
	TimestampTz failing_since;
	char *value_type;    /* of a computed trait; NULL: it is none */
	double hold_out;     /* the share of people who are held out */
	int64 gained;        /* members in this run */
	Judgement judgement; /* the first failure of this run */
	int64 failing;       /* people that it failed for in this run */
	bool fails_all;      /* it failed for all people of a page */
} KeptSegment;

/* all segments of a subject, by level, then owner */
typedef struct KeptSegments
{
	SubjectKind subject;
	struct KeptSegments
		*people; /* of accounts: the segments whose members they count; NULL: none */
	int count;
	KeptSegment *items;
	int *by_number;  /* places, by segment_id */
	bool has_traits; /* there are computed traits */
	bool later;      /* definitions are locked when they are asked for */
	int64 salt;      /* of hold-outs */
	MemoryContext context;
} KeptSegments;

typedef struct KeptPerson
{
	int64 profile_id;
	TimestampTz horizon; /* as stored, then as judged; DT_NOEND: never */
	TimestampTz stored_horizon;
	const char *
		group_id; /* of an account; NULL: it is a person, or an account that is gone and was not kept */
	bool stored; /* there is a row */
	bool judged; /* by the group at hand */
} KeptPerson;

/* a change of membership or of a value; segment_id 0: of the profile's identity */
typedef struct KeptChange
{
	const char *kind;
	const char *cause;
	int64 profile_id;
	int64 other_profile_id;
	int32 segment_id;
	TimestampTz at;
	int64 event_id;
	TimestampTz since;       /* of the profile in the segment before; DT_NOBEGIN: not in it */
	TimestampTz other_since; /* of the other profile */
	const char *trait;       /* the name of the computed trait that it is of; NULL: of none */
	const char *type;
	const char *value;    /* NULL: none */
	const char *group_id; /* of an account, whose profile_id is its number below 0 */
} KeptChange;

typedef struct KeptChanges
{
	MemoryContext context;
	int count;
	int allocated;
	KeptChange *items;
} KeptChanges;

/*
 * Memberships of some people: since[person * segments->count + segment], DT_NOBEGIN: the condition does not hold.  People
 * who are held out are in these arrays as the others; see kept_member_since().
 */
typedef struct Kept
{
	MemoryContext context;
	KeptSegments *segments;
	int count;
	KeptPerson *people; /* by profile_id */
	Store *store;       /* open until kept_write() */
	TimestampTz *stored;
	TimestampTz *since;
	const char **stored_values; /* of computed traits, as text; NULL where there is none */
	const char **values;
	struct KeptMembers *members; /* the people of accounts; NULL: not read */
} Kept;

/* Called for each membership that changes in kept_judge(); former: its "since" before. */
typedef void (*KeptFlip)(void *arg, const Kept *kept, int person, int segment, TimestampTz at,
						 TimestampTz former);

/* Reads the segments of a subject and locks their definitions; flags are those of definition_find(). */
extern KeptSegments *kept_read_segments(SubjectKind subject, int flags);
extern void kept_release_segments(KeptSegments *segments);

/* Returns the place of a segment by its number, or -1. */
extern int kept_segment(const KeptSegments *segments, int32 segment_id);

/*
 * Tells whether a person is held out of a segment, if its condition holds for the person.  The draw depends on nothing but
 * the numbers of both and the salt.
 */
extern bool kept_holds_out(const KeptSegments *segments, int place, int64 profile_id);

/*
 * Marks a segment, and those that its condition needs, to be judged; locks their definitions.  One that is newer than
 * the active snapshot is not found: its memberships are those of the last batch that is seen.  So it is where the
 * statement waited for a transaction that redefined the segment, and in REPEATABLE READ.
 */
extern void kept_ask_with_needs(KeptSegments *segments, int place);

/* Marks the segments of people that those of accounts that are asked count members of, with what they need. */
extern void kept_ask_people(KeptSegments *segments);

/* Tells whether a segment of accounts counts members of one that is not built. */
extern bool kept_awaits_people(const KeptSegments *segments, const KeptSegment *segment);

/* Returns the last person that all segments that are asked have been judged for since they were made or changed. */
extern int64 kept_built_until(const KeptSegments *segments);

/*
 * Raises an error unless the current role, as which a condition is judged, may read another segment, which the condition
 * uses: the right may have been taken away, and a definition be written by hand.
 */
extern void kept_check_use(const KeptSegment *segment);

/*
 * Judges people in the lists that are asked, each at the same place of "instants", or at "at": who has an identifier of
 * a list is in it.
 */
extern void kept_judge_lists(Kept *kept, const int *people, int count, TimestampTz at,
							 const TimestampTz *instants, KeptFlip flip, void *arg);

/* Takes a verdict of a segment over, and calls "flip" if the membership changes. */
extern void kept_apply(Kept *kept, int person, int place, const Verdict *verdict, TimestampTz at,
					   KeptFlip flip, void *arg);

/*
 * Reads the memberships of these people, which it sorts; memory is in CurrentMemoryContext. With STORE_WRITE, kept_write()
 * must follow, once.
 */
extern Kept *kept_read(KeptSegments *segments, int64 *ids, int64 count, StoreAccess access);
extern int kept_find(const Kept *kept, int64 profile_id);

/* Returns the value of a computed trait of a person, "" of a segment that the person is a member of; NULL: none. */
extern const char *kept_value(const Kept *kept, int person, int segment);

/* Gives a person what another has in a segment, and leaves a value of the person's own. */
extern void kept_copy(Kept *kept, int to, int from, int segment);

/* Ends what a person has in a segment. */
extern void kept_end(Kept *kept, int person, int segment);

/* Returns since when a person is a member, DT_NOBEGIN: not, or held out. */
extern TimestampTz kept_member_since(const Kept *kept, int person, int place);

/*
 * Judges these people in the segments that are asked, each at "at" or at the instant of the person's horizon
 * (at_horizon), and sets their horizons.  Those whom a condition fails for stay as they are.  If not all segments are
 * asked, a horizon that has not passed only comes nearer.
 */
extern void kept_judge(Kept *kept, const int *people, int count, TimestampTz at, bool at_horizon,
					   KeptFlip flip, void *arg);

/* Reads the people of accounts, if conditions that are asked count them, with what they are in up to an instant. */
extern void kept_read_members(Kept *kept, TimestampTz until);

/* The EvaluateMembers of accounts whose people were read; arg is the Kept. */
extern int64 kept_count_members(Kept *kept, int64 account_id, int32 segment_id, TimestampTz as_of,
								TimestampTz *until);

/* Judges people at each of their horizons up to an instant. */
extern void kept_judge_lapsed(Kept *kept, TimestampTz until, KeptFlip flip, void *arg);

/* Writes what has changed at an instant, counts it in the segments, and closes the store. */
extern void kept_write(Kept *kept, TimestampTz as_of);

/*
 * Writes the sizes of segments, and those as failing for which this run failed.  recover: those that failed before and
 * did not in this run are to be built anew.
 */
extern void kept_write_segments(KeptSegments *segments, bool recover);

/* Writes how far a segment is built; PG_INT64_MAX: it is built. */
extern void kept_write_built(KeptSegment *segment, int64 built_until);

/* Notes as a failure that a segment could not be judged, as its definition is gone, locked or not readable. */
extern void kept_note_missing(KeptSegment *segment);

/* Tells whether all are in a segment or not as last judged: it fails as a whole, or is too slow. */
extern bool kept_stays(const KeptSegment *segment);

/* Tells whether those after built_until are to be judged. */
extern bool kept_is_unbuilt(const KeptSegment *segment);

extern void kept_add_change(KeptChanges *changes, KeptChange change);

/* Hands the changes to the feed, in their order, and forgets them. */
extern void kept_record(KeptChanges *changes);

#endif /* CDP_SEGMENT_KEPT_H */
