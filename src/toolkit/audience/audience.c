/*
 * audience.c
 *		Values of the type cdp.audience, and its errors.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "toolkit/audience/audience.h"
#include "toolkit/bridge/status.h"

void
audience_check(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("audience is too large"),
						errdetail("An audience has at most 256 MB.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.audience");
}

CdpkAudience
audience_open(Audience *audience)
{
	CdpkAudience result;

	audience_check(cdpk_audience_open((const uint8_t *) VARDATA_ANY(audience),
									  VARSIZE_ANY_EXHDR(audience), &result));
	return result;
}

Datum
audience_datum(CdpkStatus status, uint8_t *bytes, size_t length)
{
	audience_check(status);
	return cdp_varlena(bytes, VARHDRSZ + length);
}

void
audience_pause(void)
{
	CHECK_FOR_INTERRUPTS();
}
