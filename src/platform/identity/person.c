/*
 * person.c
 *		A person given as text: an identifier, or the digits of a profile id.
 */
#include "postgres.h"

#include <errno.h>

#include "utils/builtins.h"

#include "cdp.h"
#include "platform/identity/person.h"

/* person_read_id: see the header. */
bool
person_read_id(const char *text, int64 *profile_id)
{
	char *end;

	text += strspn(text, " ");
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*profile_id = strtoll(text, &end, 10);
	return errno == 0 && end[strspn(end, " ")] == '\0';
}

CDP_FUNCTION(cdp_person_id);

/* cdp_person_id returns the profile id whose digits a text is, else NULL. */
Datum
cdp_person_id(PG_FUNCTION_ARGS)
{
	int64 profile_id;

	if (!person_read_id(text_to_cstring(PG_GETARG_TEXT_PP(0)), &profile_id))
		PG_RETURN_NULL();
	PG_RETURN_INT64(profile_id);
}
