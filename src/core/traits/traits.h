/*
 * traits.h
 *		What is known about a person: key -> (value, time, source, rule), as flat
 *		bytes that merge.
 *
 * The bytes (FORMAT.md) are a page: slots in the order of the keys grow from the
 * front, cells from the end, and what is free lies between.  In the compact form
 * nothing is free and the cells lie in the order of their slots, so that equal
 * traits are equal bytes; the loose form is that of aggregate states.
 *
 * A key with one value has one cell.  A key of the rules "union" and
 * "most_frequent" has one for each value, and one of a rule that keeps what was
 * outdone has one for each source.
 */
#ifndef CDPK_TRAITS_H
#define CDPK_TRAITS_H

#include "core/base/cdpk.h"
#include "core/text/value.h"

#define CDPK_TRAITS_VERSION 1
#define CDPK_TRAITS_KEY_MAX 255         /* bytes of a key */
#define CDPK_TRAITS_SOURCE_MAX 255      /* bytes of a source's name */
#define CDPK_TRAITS_CELLS_MAX 65535     /* cells of all traits */
#define CDPK_TRAITS_SIZE_MAX (5u << 25) /* bytes of all traits */
#define CDPK_TRAITS_KEYS_MAX 4096       /* keys of all traits */
#define CDPK_TRAITS_VALUES_MAX 1000     /* cells of one key */
#define CDPK_TRAITS_VALUE_MAX 32000     /* size of a value, as cdpk_value_size counts */
#define CDPK_TRAITS_ELEMENT_MAX 1750    /* size of one of many values of a key */
#define CDPK_TRAITS_DIGITS_MAX 1000     /* digits on each side of the point of what is summed */
#define CDPK_TRAITS_CARRY_MAX 20        /* digits by which a sum may be longer */

/*
 * How a key's values become one.  Where the two sides of a merge have different
 * codes for one key, the higher code wins whole.
 */
typedef enum CdpkTraitsRule
{
	CDPK_RULE_LAST = 0,      /* the latest; null removes */
	CDPK_RULE_FIRST,         /* the earliest */
	CDPK_RULE_MIN,           /* the smallest, in the order of cdpk_value_compare */
	CDPK_RULE_MAX,           /* the greatest */
	CDPK_RULE_SUM,           /* the exact decimal sum */
	CDPK_RULE_UNION,         /* the set of all elements; null removes those up to its time */
	CDPK_RULE_MOST_FREQUENT, /* the value that came most often */
	CDPK_RULES               /* how many there are */
} CdpkTraitsRule;

/* A rule's code is one of these, and flags. */
#define CDPK_RULE_BASE 7
#define CDPK_RULE_TRUSTED 8 /* higher trust comes before anything else */
#define CDPK_RULE_KEEP 16   /* each source's own value is kept; only of last, first, min, max */
#define CDPK_RULE_CODE_MAX 31

/* One value of one key; pointers lead into bytes that belong elsewhere. */
typedef struct CdpkTrait
{
	const uint8_t *key;
	uint8_t key_length;
	uint8_t rule; /* a code */
	int8_t trust;
	uint8_t slack; /* of a cell that was read: unused bytes behind it */
	int64_t at;    /* microseconds since 2000-01-01, as timestamptz */
	const uint8_t *source;
	uint8_t source_length;
	uint64_t count;  /* how often it came, for most_frequent; else 1 */
	CdpkValue value; /* null: what was there up to "at" is removed */
} CdpkTrait;

/* Bytes to read. */
typedef struct CdpkTraitsView
{
	const uint8_t *bytes;
	size_t size;
	uint32_t count; /* cells */
	uint32_t heap;  /* bytes of the heap, at the end */
	uint32_t dead;  /* bytes of it that belong to no cell any more */
} CdpkTraitsView;

/*
 * How much a state takes, all that comes after being left out (traits_limit.c).
 * What is left out does not depend on the order.
 */
typedef struct CdpkTraitsLimits
{
	uint32_t keys;
	uint32_t cells;
	uint32_t values; /* cells of one key */
} CdpkTraitsLimits;

/* The limits above; tests have smaller ones. */
extern const CdpkTraitsLimits cdpk_traits_limits;

/*
 * Bytes to change: view.bytes, which moves when it must grow.  The new place comes
 * from the allocator; the old one is left alone, unless it came from there too.
 * The new size plus CDPK_TRAITS_FRONT is a power of two.
 */
typedef struct CdpkTraitsState
{
	CdpkTraitsView view;
	uint8_t *bytes; /* the same place as view.bytes */
	bool moved;     /* it came from the allocator */
	uint32_t keys;  /* how many there are; 0: not counted yet */
	const CdpkTraitsLimits *limits;
	const CdpkAllocator *allocator;
} CdpkTraitsState;

#define CDPK_TRAITS_FRONT 4 /* bytes that the owner has in front of ours */

#define CDPK_RULE_NAME_SIZE 32

/* Whether a code names a rule. */
extern bool cdpk_rule_valid(unsigned code);

/* The name of a rule: "last", "trusted_last", "keep_last", "keep_trusted_last". */
extern void cdpk_rule_name(unsigned code, char name[CDPK_RULE_NAME_SIZE]);

/* The code of a name; false where there is no such rule. */
extern bool cdpk_rule_parse(const char *name, size_t length, uint8_t *code);

/* Whether a key with this rule may have more than one cell. */
static inline bool
cdpk_rule_many(unsigned code)
{
	return (code & CDPK_RULE_KEEP) || (code & CDPK_RULE_BASE) == CDPK_RULE_UNION ||
		   (code & CDPK_RULE_BASE) == CDPK_RULE_MOST_FREQUENT;
}

/* Whether a null is something to merge; the other rules ignore it. */
static inline bool
cdpk_rule_removes(unsigned code)
{
	return (code & CDPK_RULE_BASE) == CDPK_RULE_LAST || (code & CDPK_RULE_BASE) == CDPK_RULE_UNION;
}

/*
 * How large a value may be by its key's rule, as cdpk_value_size counts.  All cells together then
 * fit into CDPK_TRAITS_SIZE_MAX, and what is shown of them into a jsonb of 128 MB.
 */
static inline size_t
cdpk_value_size_max(unsigned code)
{
	return cdpk_rule_many(code) && !(code & CDPK_RULE_KEEP) ? CDPK_TRAITS_ELEMENT_MAX
															: CDPK_TRAITS_VALUE_MAX;
}

/* ---- reading (traits.c) ---- */

/* Opens bytes of either form; looks at the header only. */
extern CdpkStatus cdpk_traits_open(CdpkTraitsView *view, const uint8_t *bytes, size_t size);

/* Reads a cell; false where the bytes are corrupt or there is no such cell. */
extern bool cdpk_traits_get(const CdpkTraitsView *view, uint32_t index, CdpkTrait *trait);

/*
 * Finds the first cell from "from" on whose key is not before this one, and says
 * in *found whether it is this key.
 */
extern uint32_t cdpk_traits_find(const CdpkTraitsView *view, uint32_t from, const uint8_t *key,
								 size_t key_length, bool *found);

/* The cell behind the last one that has the same key as the cell "first". */
extern uint32_t cdpk_traits_end(const CdpkTraitsView *view, uint32_t first);

/*
 * The cell that decides what the key whose cells are first .. end - 1 shows; of
 * a union, its latest element or its removal.  Its value is null where the key is
 * removed.  False where the bytes are corrupt.
 */
extern bool cdpk_traits_current(const CdpkTraitsView *view, uint32_t first, uint32_t end,
								CdpkTrait *current);

/* Whether it is in the compact form. */
extern bool cdpk_traits_is_compact(const CdpkTraitsView *view);

/* The size of the compact form; 0 where the bytes are corrupt. */
extern size_t cdpk_traits_compact_size(const CdpkTraitsView *view);

/* Writes the compact form; size is what cdpk_traits_compact_size said. */
extern void cdpk_traits_compact(const CdpkTraitsView *view, size_t size, uint8_t *result);

/* Whether bytes from anywhere are a compact value that merging could have made. */
extern CdpkStatus cdpk_traits_check(const uint8_t *bytes, size_t size);

/* ---- limits (traits_limit.c) ---- */

/* How much there is. */
typedef struct CdpkTraitsExtent
{
	uint32_t keys;
	uint32_t sources; /* the most cells of a key that keeps what was outdone */
	uint32_t values;  /* the most cells of another key */
} CdpkTraitsExtent;

extern CdpkTraitsExtent cdpk_traits_extent(const CdpkTraitsView *view);

/* Whether it is no more than a value can hold. */
extern bool cdpk_traits_fits(const CdpkTraitsExtent *extent);

/* Whether something may have been left out because a limit was reached. */
extern bool cdpk_traits_full(const CdpkTraitsExtent *extent);

/* ---- merging (traits_merge.c, traits_page.c) ---- */

/* An empty state with room for about that many cells and bytes of keys, sources and values. */
extern CdpkStatus cdpk_traits_begin(CdpkTraitsState *state, const CdpkAllocator *allocator,
									size_t cells, size_t bytes);

/* A state that goes on with these bytes, of either form, changing them where they are. */
extern CdpkStatus cdpk_traits_resume(CdpkTraitsState *state, const CdpkAllocator *allocator,
									 uint8_t *bytes, size_t size);

/*
 * Merges one value.  *hint is where to begin to look for the key: 0, or what the
 * call before left there if keys come in ascending order.
 *
 * CDPK_INVALID: the rule is sum and the value is no number.  CDPK_OUT_OF_RANGE: a
 * number with too many digits to be summed.  CDPK_TOO_LONG: the value is larger than
 * cdpk_value_size_max.
 */
extern CdpkStatus cdpk_traits_put(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t *hint);

/*
 * The same where cdpk_traits_find has found the key's first cell already, and
 * cdpk_traits_get has read it; or the place for it, then present is NULL.
 */
extern CdpkStatus cdpk_traits_put_at(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t index,
									 const CdpkTrait *present);

/*
 * Where to begin to look for the next of ascending keys, when the one before was
 * put at an index: what was left out may have moved it.
 */
static inline uint32_t
cdpk_traits_hint(const CdpkTraitsState *state, uint32_t index)
{
	return state->keys > 0 ? 0 : index;
}

/*
 * Whether merging a value of that time would change nothing: by the rule "last",
 * whatever the value is.  present is the key's first cell.
 */
static inline bool
cdpk_trait_outdated(const CdpkTrait *present, unsigned rule, int64_t at)
{
	return rule == CDPK_RULE_LAST && (present->rule > rule || present->at > at);
}

/* Merges the cells first .. end - 1 of another value. */
extern CdpkStatus cdpk_traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other,
									uint32_t first, uint32_t end);

/* Order of two cells' claims to be what is shown, by their rule; positive: a wins. */
extern int cdpk_trait_prefer(const CdpkTrait *a, const CdpkTrait *b);

/* Order of two cells within their key; 0: they are merged into one. */
extern int cdpk_trait_compare_place(const CdpkTrait *a, const CdpkTrait *b);

#endif /* CDPK_TRAITS_H */
