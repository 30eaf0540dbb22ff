/*
 * nearest.c
 *		The name that one most likely meant.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "cdp.h"

/* longer names, in bytes, are compared with none: the distance takes time with the square */
#define NAME_MAX_BYTES 255

CDP_FUNCTION(cdp_nearest_name);

/*
 * Return the name that the fewest changes of a character make of
 * another, the first of several; NULL if more than half of it would change.
 */
Datum
cdp_nearest_name(PG_FUNCTION_ARGS)
{
	text *wanted = PG_GETARG_TEXT_PP(0);
	ArrayType *names = PG_GETARG_ARRAYTYPE_P(1);
	const char *name = VARDATA_ANY(wanted);
	int length = (int) VARSIZE_ANY_EXHDR(wanted);
	int best = pg_mbstrlen_with_len(name, length) / 2 + 1;
	text *nearest = NULL;
	Datum *elements;
	bool *nulls;
	int count;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count && length <= NAME_MAX_BYTES && best > 1; i++)
	{
		text *other = nulls[i] ? NULL : DatumGetTextPP(elements[i]);
		int distance;

		CHECK_FOR_INTERRUPTS();
		if (other == NULL || VARSIZE_ANY_EXHDR(other) > NAME_MAX_BYTES)
			continue;
		distance =
			varstr_levenshtein_less_equal(name, length, VARDATA_ANY(other),
										  (int) VARSIZE_ANY_EXHDR(other), 1, 1, 1, best - 1, true);
		if (distance >= best)
			continue;
		best = distance;
		nearest = other;
	}
	if (nearest == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(
		cstring_to_text_with_len(VARDATA_ANY(nearest), (int) VARSIZE_ANY_EXHDR(nearest)));
}
