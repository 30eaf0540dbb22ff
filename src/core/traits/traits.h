/*
 * traits.h
 *		What is known about a profile: key -> (value, time, source, rule), as flat
 *		bytes that merge.
 *
 * The bytes (FORMAT.md) are a page: slots in the order of the keys grow from the
 * front, cells from the end, and what is free lies between.  In the compact form
 * nothing is free and the cells lie in the order of their slots, so that equal
 * traits are equal bytes; the loose form is that of aggregate states.
 *
 * A key with one value has one cell.  A key of the rules "union" and
 * "most_frequent" has one for each value, one of "merge" one for each path, and
 * one of a rule that keeps what was outdone one for each source.
 *
 * Each file calls only files above it in this list:
 *	traits_rule		the rules by which values merge, and their names
 *	traits_path		the path of a value of the rule "merge"
 *	traits.h		what the files below share
 *	traits_cell		the bytes of slots and cells
 *	traits_order	which of two cells wins, and which comes first
 *	traits_view		reads the bytes
 *	traits_page		changes the bytes of a state
 *	traits_limit	what is left out where there is too much
 *	traits_merge	merges a value into a state
 *	traits_check	whether bytes from anywhere are traits
 */
#ifndef CDPK_TRAITS_H
#define CDPK_TRAITS_H

#include "core/base/cdpk.h"
#include "core/text/value.h"
#include "core/traits/traits_rule.h"

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

/* One value of one key; pointers lead into bytes that others own. */
typedef struct CdpkTrait
{
	const uint8_t *key;
	uint8_t key_length;
	uint8_t rule; /* a code */
	int8_t trust;
	uint8_t slack; /* of a cell that was read: unused bytes after it */
	int64_t at;    /* microseconds since 2000-01-01, as timestamptz */
	const uint8_t *source;
	uint8_t source_length;
	uint64_t count;  /* how often it came, for most_frequent; else 1 */
	CdpkValue value; /* null: removes what was there up to "at" */
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

/*
 * Return the maximum size of a value by its key's rule, as cdpk_value_size counts. All cells
 * together then fit into CDPK_TRAITS_SIZE_MAX, and the plain values into a jsonb of 128 MB.
 */
static inline size_t
cdpk_value_size_max(unsigned code)
{
	return cdpk_rule_many(code) && !(code & CDPK_RULE_KEEP) ? CDPK_TRAITS_ELEMENT_MAX
															: CDPK_TRAITS_VALUE_MAX;
}

#endif /* CDPK_TRAITS_H */
