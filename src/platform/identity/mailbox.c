/*
 * mailbox.c
 *		cdp_internal.mailbox: the identifier of the mailbox that an e-mail address names.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cdp.h"
#include "toolkit/identifier/identifier.h"

/* cdp_mailbox implements cdp_internal.mailbox. */
CDP_FUNCTION(cdp_mailbox);
Datum
cdp_mailbox(PG_FUNCTION_ARGS)
{
	text *name = PG_GETARG_TEXT_PP(1);
	CdpkMailbox rule;

	if (!cdpk_mailbox_read(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &rule))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no rule \"%s\" for mailboxes", text_to_cstring(name))));
	PG_RETURN_POINTER(identifier_mailbox(PG_GETARG_IDENTIFIER_PP(0), rule));
}
