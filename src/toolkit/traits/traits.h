/*
 * traits.h
 *		The type cdp.traits: the server's side of core/traits/traits.h.
 */
#ifndef CDP_PROFILE_TRAITS_H
#define CDP_PROFILE_TRAITS_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "core/traits/traits_check.h"
#include "core/traits/traits_limit.h"
#include "core/traits/traits_merge.h"
#include "core/traits/traits_order.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_path.h"
#include "core/traits/traits_view.h"

/* a varlena whose content is the bytes of core/traits/traits.h, compact or loose */
typedef struct varlena Traits;

#define DatumGetTraitsPP(datum) ((Traits *) PG_DETOAST_DATUM_PACKED(datum))
#define PG_GETARG_TRAITS_PP(n) DatumGetTraitsPP(PG_GETARG_DATUM(n))

/* ---- traits.c ---- */

/* Open a value to read; raises an error for bytes that are not of the type. */
extern CdpkTraitsView traits_open(Traits *traits);

/* Begin a state to merge into, with room for about so many cells and bytes. */
extern void traits_begin(CdpkTraitsState *state, size_t cells, size_t bytes);

/* Return the state as a value in its loose form, which shares its memory. */
extern Traits *traits_loose(const CdpkTraitsState *state);

/* Return a compact copy. */
extern Traits *traits_compact(const CdpkTraitsView *view);

/* Merge another value into a state; raises an error where it cannot. */
extern void traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other);

/* Raise the error of a merge that did not end with CDPK_OK. */
extern void traits_check_merge(CdpkStatus status);

/* The memory of states: palloc, with a varlena's header in front. */
extern const CdpkAllocator traits_allocator;

/* ---- traits_op.c ---- */

/* Return the cast to jsonb, for the functions that index it. */
extern Datum cdp_traits_to_jsonb(PG_FUNCTION_ARGS);

/* ---- traits_value.c: single values ---- */

/*
 * Return a jsonb value other than a string in canonical form. For an array or object that is
 * too large for a trait returns no bytes, and a length above CDPK_TRAITS_VALUE_MAX.
 */
extern CdpkValue traits_value_make(const JsonbValue *value);

/* Return a jsonb value in canonical form, which may point into it. */
static inline CdpkValue
traits_value_read(const JsonbValue *value)
{
	CdpkValue string = {CDPK_VALUE_STRING, NULL, 0};

	if (value->type != jbvString)
		return traits_value_make(value);
	string.bytes = (const uint8 *) value->val.string.val;
	string.length = (size_t) value->val.string.len;
	return string;
}

/* Return a jsonb value from a canonical one, into which it may point. */
extern JsonbValue traits_value_jsonb(const CdpkValue *value);

/* Append the canonical text. */
extern void traits_value_append(StringInfo text, const CdpkValue *value);

/* ---- traits_object.c: the rule merge ---- */

/* Return the object that the cells first .. end - 1 of a key with the rule "merge" show, if any of them is of a path. */
extern Jsonb *traits_object(const CdpkTraitsView *view, uint32 first, uint32 end);

/* Return of each cell of such a key whether it takes part in what is shown, a removal included. */
extern bool *traits_object_shows(const CdpkTraitsView *view, uint32 first, uint32 end);

/* ---- traits_row.c: one row of an aggregate ---- */

/* {"key": "rule"}, compiled */
typedef struct TraitsRules TraitsRules;

/* what all the values of a row have in common */
typedef struct TraitsOrigin
{
	int64 at;
	int32 trust;
	const char *source;
	int source_length;
} TraitsOrigin;

/* why a row's traits cannot be merged */
typedef struct TraitsProblem
{
	int sqlerrcode;
	const char *reason; /* "the key is longer than 255 bytes" */
	const char *hint;   /* or NULL */
	char *key;          /* where, or NULL */
} TraitsProblem;

/* Compile rules in a memory context; raises an error if they are invalid. */
extern TraitsRules *traits_rules_compile(Jsonb *rules, MemoryContext context);

extern void traits_rules_free(TraitsRules *compiled);

/* Return whether the rules were compiled from these bytes. */
extern bool traits_rules_match(const TraitsRules *compiled, const Jsonb *rules);

/* Return whether any of them refuses values that others would take. */
extern bool traits_rules_may_refuse(const TraitsRules *rules);

/* Return whether a jsonb is the JSON null, which counts as no traits. */
extern bool traits_row_empty(Jsonb *object);

/* Begin a state with room for a row. */
extern void traits_row_begin(CdpkTraitsState *state, Jsonb *object, const TraitsOrigin *origin);

/* Return whether traits_row_put would take these traits; rules may be NULL.  False with the reason. */
extern bool traits_row_check(Jsonb *object, const TraitsRules *rules, TraitsProblem *problem);

/*
 * Merge an object's members into a state; rules may be NULL. False, with the reason, if it
 * cannot: then the state must not be used again.
 */
extern bool traits_row_put(CdpkTraitsState *state, Jsonb *object, const TraitsRules *rules,
						   const TraitsOrigin *origin, TraitsProblem *problem);

/* Return the keys of an object whose values their rules cannot take, as text[]; NULL if there are none. */
extern ArrayType *traits_row_refused(Jsonb *object, const TraitsRules *rules);

/* Return a problem in words, with the key where there is one. */
extern const char *traits_problem_text(const TraitsProblem *problem);

/* Raise a problem as an error. */
extern void traits_problem_report(const TraitsProblem *problem) __attribute__((noreturn));

#endif /* CDP_PROFILE_TRAITS_H */
