/*
 * account_id.c
 *		cdp_internal.account_id: the stored form of a group_id.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "compat.h"
#include "core/text/utf8.h"

CDP_FUNCTION(cdp_account_id);

/* cdp_account_id trims a group_id; NULL if nothing is left. */
Datum
cdp_account_id(PG_FUNCTION_ARGS)
{
	text *argument = PG_GETARG_TEXT_PP(0);
	const char *group_id = VARDATA_ANY(argument);
	size_t length = VARSIZE_ANY_EXHDR(argument);

	cdpk_trim(&group_id, &length);
	if (length == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(group_id, (int) length));
}
