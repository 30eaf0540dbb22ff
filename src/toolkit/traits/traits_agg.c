/*
 * traits_agg.c
 *		Aggregates over cdp.traits, and the functions that make and merge it.
 *
 * An aggregate's state is a cdp.traits in its loose form, changed in place.  When
 * it must move, the new one is made in the per-row context and returned: the
 * executor copies it to the aggregate's context and frees the old one.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "toolkit/traits/traits.h"

#define CACHE_LINE 64
#define FETCH_FIRST 192
#define FETCH_MAX 4096

/*
 * Prefetch all cache lines of a state. Groups come in any order, and waiting for one line after
 * the other takes longer than the merge itself.
 */
static void
fetch(const void *memory, size_t size)
{
	for (size_t at = 0; at < size && at < FETCH_MAX; at += CACHE_LINE)
		__builtin_prefetch((const char *) memory + at, 1);
}

/* Open an aggregate's state to change it in place, if it is ours to change. */
static void
resume_state(CdpkTraitsState *state, Datum datum)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	if (!VARATT_IS_4B_U(value))
		value = PG_DETOAST_DATUM_COPY(datum);
	traits_check_merge(cdpk_traits_resume(state, &traits_allocator, (uint8 *) VARDATA(value),
										  VARSIZE(value) - VARHDRSZ));
	fetch(state->bytes + state->view.size - state->view.heap, state->view.heap);
}

/* Refuse a call that is not an aggregate's: the state is changed in place. */
static void
require_aggregate(FunctionCallInfo fcinfo)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a transition function of an aggregate was called by itself")));
}

/* Compile an argument with rules; the compiled form is kept from call to call. */
static TraitsRules *
compiled_rules(FunctionCallInfo fcinfo, int argument)
{
	TraitsRules *compiled = fcinfo->flinfo->fn_extra;
	Jsonb *rules;

	if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
		return NULL;
	rules = PG_GETARG_JSONB_P(argument);
	if (compiled && traits_rules_match(compiled, rules))
		return compiled;
	fcinfo->flinfo->fn_extra = NULL;
	if (compiled)
		traits_rules_free(compiled);
	compiled = traits_rules_compile(rules, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = compiled;
	return compiled;
}

/* Read the arguments at, source, rules, trust, the first of which is "first". */
static TraitsOrigin
row_origin(FunctionCallInfo fcinfo, int first)
{
	TraitsOrigin origin = {.at = PG_GETARG_TIMESTAMPTZ(first)};
	int trust = first + 3;

	if (!PG_ARGISNULL(first + 1))
	{
		text *source = PG_GETARG_TEXT_PP(first + 1);

		origin.source = VARDATA_ANY(source);
		origin.source_length = (int) VARSIZE_ANY_EXHDR(source);
	}
	if (PG_NARGS() > trust && !PG_ARGISNULL(trust))
		origin.trust = PG_GETARG_INT32(trust);
	return origin;
}

CDP_FUNCTION(cdp_traits_agg_trans);

/* Merge a row (traits, at, source [, rules [, trust]]) into the state. */
Datum
cdp_traits_agg_trans(PG_FUNCTION_ARGS)
{
	CdpkTraitsState state;
	TraitsOrigin origin;
	TraitsProblem problem;
	Jsonb *object;

	require_aggregate(fcinfo);
	if (!PG_ARGISNULL(0))
		fetch(PG_GETARG_POINTER(0), FETCH_FIRST);
	object = PG_ARGISNULL(1) || PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(1);
	if (object == NULL || traits_row_empty(object))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	origin = row_origin(fcinfo, 2);
	if (PG_ARGISNULL(0))
		traits_row_begin(&state, object, &origin);
	else
		resume_state(&state, PG_GETARG_DATUM(0));
	if (!traits_row_put(&state, object, compiled_rules(fcinfo, 4), &origin, &problem))
		traits_problem_report(&problem);
	PG_RETURN_POINTER(traits_loose(&state));
}

CDP_FUNCTION(cdp_traits_combine);

/* Merge a value into a state: transition of the union, combine of both. */
Datum
cdp_traits_combine(PG_FUNCTION_ARGS)
{
	CdpkTraitsState state;
	CdpkTraitsView other;

	require_aggregate(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	other = traits_open(PG_GETARG_TRAITS_PP(1));
	if (PG_ARGISNULL(0))
		traits_begin(&state, 0, other.size);
	else
		resume_state(&state, PG_GETARG_DATUM(0));
	traits_merge(&state, &other);
	PG_RETURN_POINTER(traits_loose(&state));
}

CDP_FUNCTION(cdp_traits_final);

/* Make the compact form of a state. */
Datum
cdp_traits_final(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = traits_open(PG_GETARG_TRAITS_PP(0));

	PG_RETURN_POINTER(traits_compact(&view));
}

CDP_FUNCTION(cdp_traits_concat);

/* Merge two values, NULL being none: the operator ||. */
Datum
cdp_traits_concat(PG_FUNCTION_ARGS)
{
	CdpkTraitsState state;
	CdpkTraitsView left;
	CdpkTraitsView right;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	left = traits_open(PG_GETARG_TRAITS_PP(0));
	right = traits_open(PG_GETARG_TRAITS_PP(1));
	traits_begin(&state, 0, left.size + right.size);
	traits_merge(&state, &left);
	traits_merge(&state, &right);
	PG_RETURN_POINTER(traits_compact(&state.view));
}

CDP_FUNCTION(cdp_traits_from_jsonb);

/* Make a value from plain traits, without time, source or rules. */
Datum
cdp_traits_from_jsonb(PG_FUNCTION_ARGS)
{
	TraitsOrigin origin = {.at = DT_NOBEGIN};
	Jsonb *object = PG_GETARG_JSONB_P(0);
	CdpkTraitsState state;
	TraitsProblem problem;

	if (traits_row_empty(object))
		PG_RETURN_NULL();
	traits_row_begin(&state, object, &origin);
	if (!traits_row_put(&state, object, NULL, &origin, &problem))
		traits_problem_report(&problem);
	PG_RETURN_POINTER(traits_compact(&state.view));
}

CDP_FUNCTION(cdp_traits_problem);

/* Return why a row's traits cannot be merged, or NULL: an error in words. */
Datum
cdp_traits_problem(PG_FUNCTION_ARGS)
{
	TraitsProblem problem;

	if (PG_ARGISNULL(0) ||
		traits_row_check(PG_GETARG_JSONB_P(0), compiled_rules(fcinfo, 1), &problem))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(traits_problem_text(&problem)));
}

CDP_FUNCTION(cdp_refused_keys);

/* List the keys of a row whose values their rules cannot take; NULL if there are none. */
Datum
cdp_refused_keys(PG_FUNCTION_ARGS)
{
	TraitsRules *rules = compiled_rules(fcinfo, 1);
	ArrayType *refused = NULL;

	/* if no rule refuses anything, the row need not be read */
	if (traits_rules_may_refuse(rules))
		refused = traits_row_refused(PG_GETARG_JSONB_P(0), rules);
	if (refused == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(refused);
}

CDP_FUNCTION(cdp_is_trait_rule);

/* Return whether a text is the name of a rule. */
Datum
cdp_is_trait_rule(PG_FUNCTION_ARGS)
{
	text *name = PG_GETARG_TEXT_PP(0);
	uint8 code;

	PG_RETURN_BOOL(cdpk_rule_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &code));
}

CDP_FUNCTION(cdp_traits_make);

/* traits(traits, at, source, rules, trust): make a value of one row */
Datum
cdp_traits_make(PG_FUNCTION_ARGS)
{
	CdpkTraitsState state;
	TraitsOrigin origin;
	TraitsProblem problem;
	Jsonb *object;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	object = PG_GETARG_JSONB_P(0);
	if (traits_row_empty(object))
		PG_RETURN_NULL();
	origin = row_origin(fcinfo, 1);
	traits_row_begin(&state, object, &origin);
	if (!traits_row_put(&state, object, compiled_rules(fcinfo, 3), &origin, &problem))
		traits_problem_report(&problem);
	PG_RETURN_POINTER(traits_compact(&state.view));
}
