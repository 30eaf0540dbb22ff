/*
 * traits_rule.h
 *		The rules by which the values of a key become one, and their names.
 */
#ifndef CDPK_TRAITS_RULE_H
#define CDPK_TRAITS_RULE_H

#include "core/base/cdpk.h"

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
	CDPK_RULE_MERGE, /* objects key by key: traits_path.h; null removes what is up to its time */
	CDPK_RULES       /* how many there are */
} CdpkTraitsRule;

/* A rule's code is one of these, and flags. */
#define CDPK_RULE_BASE 7
#define CDPK_RULE_TRUSTED 8 /* higher trust comes before anything else */
#define CDPK_RULE_KEEP 16   /* each source's own value is kept; only of last, first, min, max */
#define CDPK_RULE_CODE_MAX 31

#define CDPK_RULE_NAME_SIZE 32

/* Return whether a code names a rule. */
extern bool cdpk_rule_valid(unsigned code);

/* Write the name of a rule: "last", "trusted_last", "keep_last", "keep_trusted_last". */
extern void cdpk_rule_name(unsigned code, char name[CDPK_RULE_NAME_SIZE]);

/* Return the code of a name; false if there is no such rule. */
extern bool cdpk_rule_parse(const char *name, size_t length, uint8_t *code);

/* Return whether a key with this rule may have more than one cell. */
static inline bool
cdpk_rule_many(unsigned code)
{
	return (code & CDPK_RULE_KEEP) || (code & CDPK_RULE_BASE) == CDPK_RULE_UNION ||
		   (code & CDPK_RULE_BASE) == CDPK_RULE_MOST_FREQUENT ||
		   (code & CDPK_RULE_BASE) == CDPK_RULE_MERGE;
}

/* Return whether a null is something to merge; the other rules ignore it. */
static inline bool
cdpk_rule_removes(unsigned code)
{
	return (code & CDPK_RULE_BASE) == CDPK_RULE_LAST ||
		   (code & CDPK_RULE_BASE) == CDPK_RULE_UNION || (code & CDPK_RULE_BASE) == CDPK_RULE_MERGE;
}

#endif /* CDPK_TRAITS_RULE_H */
