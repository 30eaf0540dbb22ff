/*
 * click_namespaces.c
 *		cdp_internal.click_namespaces: the list of core/identifier/click.c for SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "core/identifier/click.h"

/* is_listed tells whether a namespace is of a place before this one. */
static bool
is_listed(const CdpkClickName *name, size_t place)
{
	for (size_t i = 0; i < place; i++)
		if (strcmp(cdpk_click_at(i)->name_space, name->name_space) == 0)
			return true;
	return false;
}

/* cdp_click_namespaces returns the namespaces of click ids, or of the cookies of browsers. */
CDP_FUNCTION(cdp_click_namespaces);
Datum
cdp_click_namespaces(PG_FUNCTION_ARGS)
{
	bool of_browsers = PG_GETARG_BOOL(0);
	ArrayBuildState *names = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	const CdpkClickName *name;

	for (size_t place = 0; (name = cdpk_click_at(place)) != NULL; place++)
		if ((name->kind == CDPK_CLICK_BROWSER) == of_browsers && !is_listed(name, place))
			accumArrayResult(names, CStringGetTextDatum(name->name_space), false, TEXTOID,
							 CurrentMemoryContext);
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}
