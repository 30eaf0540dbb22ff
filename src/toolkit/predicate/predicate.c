/*
 * predicate.c
 *		The table of predicates and measures on a timeline, and the horizon of a call.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "toolkit/predicate/predicate.h"
#include "cdp.h"
#include "core/timeline/time_range.h"
#include "toolkit/sequence/sequence_horizon.h"
#include "toolkit/timeline/horizon.h"
#include "toolkit/timeline/timeline_args.h"

#define EXACT true
#define BOUND false
#define NAMED false
#define ALL true

#define PREDICATE(name, ...) extern CDP_EXPORT Datum cdp_##name(PG_FUNCTION_ARGS);
#include "toolkit/predicate/predicates.def"
#undef PREDICATE

const Predicate predicate_table[] = {
#define PREDICATE(name, arguments, answer, horizon, precision, reads, selectivity, cost, \
				  definition, documentation)                                             \
	{#name,     arguments, answer,      cdp_##name, horizon,                             \
	 precision, reads,     selectivity, cost,       definition},
#include "toolkit/predicate/predicates.def"
#undef PREDICATE
};

const int predicate_count = lengthof(predicate_table);

const PredicateArgument predicate_arguments[] = {
#define ARGUMENT(name, type, otherwise, sample) {name, type, otherwise, sample},
#include "toolkit/predicate/predicates.def"
#undef ARGUMENT
};

const int predicate_argument_count = lengthof(predicate_arguments);

const Predicate *
predicate_named(const char *name)
{
	for (int i = 0; i < predicate_count; i++)
		if (strcmp(predicate_table[i].name, name) == 0)
			return &predicate_table[i];
	return NULL;
}

const Predicate *
predicate_of(Oid function)
{
	char *name = get_func_name(function);

	if (name == NULL || get_func_namespace(function) != get_namespace_oid("cdp", true))
		return NULL;
	return predicate_named(name);
}

const char *
predicate_instead(Oid function)
{
	static const struct
	{
		const char *name;
		const char *hint;
	} table[] = {
#define INSTEAD(name, hint) {#name, hint},
#include "toolkit/predicate/predicates.def"
#undef INSTEAD
	};
	const Predicate *predicate = predicate_of(function);

	for (int i = 0; predicate != NULL && i < lengthof(table); i++)
		if (strcmp(table[i].name, predicate->name) == 0)
			return table[i].hint;
	return NULL;
}

/* Return the next argument of a list and move on; NULL at the end. */
static const char *
next_argument(const char **list, size_t *length)
{
	const char *start = *list;

	if (*start == '\0')
		return NULL;
	*length = strcspn(start, ",");
	*list = start + *length;
	*list += strspn(*list, ", ");
	return start;
}

int
predicate_argument(const Predicate *predicate, const char *name)
{
	const char *list = predicate->arguments;
	const char *argument;
	size_t length;

	for (int place = ARG_TIMELINE + 1; (argument = next_argument(&list, &length)) != NULL; place++)
		if (strlen(name) == length && memcmp(argument, name, length) == 0)
			return place;
	return -1;
}

int
predicate_required(const Predicate *predicate)
{
	const char *list = predicate->arguments;
	const char *argument;
	size_t length;
	int required = 0;

	while ((argument = next_argument(&list, &length)) != NULL)
		for (int i = 0; i < predicate_argument_count; i++)
			required += predicate_arguments[i].otherwise == NULL &&
						strlen(predicate_arguments[i].name) == length &&
						memcmp(predicate_arguments[i].name, argument, length) == 0;
	return required;
}

/*
 * Raise the errors that the call raises for its arguments, whatever the timeline is.  What the horizon has cached about
 * them is left alone.
 */
static void
check_arguments(const Predicate *predicate, FunctionCallInfo fcinfo)
{
	NullableDatum timeline = fcinfo->args[ARG_TIMELINE];
	FmgrInfo *function = fcinfo->flinfo;
	FmgrInfo own = *function;

	own.fn_expr = NULL;
	own.fn_extra = NULL;
	fcinfo->flinfo = &own;
	fcinfo->args[ARG_TIMELINE].isnull = true;
	predicate->call(fcinfo);
	fcinfo->args[ARG_TIMELINE] = timeline;
	fcinfo->isnull = false;
	fcinfo->flinfo = function;
	/* without an expression nothing is cached but that */
	if (own.fn_extra != NULL)
		pfree(own.fn_extra);
}

bool
predicate_horizon(const Predicate *predicate, FunctionCallInfo fcinfo, int64 *horizon)
{
	StaticAssertStmt(CDPK_NEVER == DT_NOEND, "never is infinity");

	if (PG_ARGISNULL(ARG_AS_OF))
		return false;
	*horizon = CDPK_NEVER;
	/* then the answer is NULL, whatever as_of is */
	if (timeline_args_unknown(fcinfo, predicate_required(predicate)))
		return true;
	check_arguments(predicate, fcinfo);
	*horizon = DatumGetTimestampTz(predicate->horizon(fcinfo));
	return true;
}
