/*
 * pass_purpose.c
 *		Whether there are purposes, and what the rows of profiles say of them.
 */
#include "postgres.h"

#include "platform/refresh/pass.h"

void
pass_read_purposes(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows;

	pass->has_purposes = pass_ask(pass, "SELECT EXISTS (SELECT FROM cdp_data.purpose)");
	if (!pass->has_purposes)
		return;
	rows = pass_query(pass,
					  "SELECT sum(CASE cdp_internal.purpose_fallback(p.fallback, p.by_region, NULL)"
					  " WHEN 'opt_in' THEN 0 ELSE 1::bigint << p.purpose_id END)::bigint,"
					  " bool_or(p.by_region <> '{}') FROM cdp_data.purpose p",
					  0, NULL, NULL, &count);
	pass->fallback_purposes = resolver_int8(rows, 0, 1);
	pass->purposes_by_region = resolver_bool(rows, 0, 2);
	SPI_freetuptable(rows);
}

void
pass_note_stamped(Pass *pass, int64 profile_id, bool shared, bool consents)
{
	if (!shared && !consents)
		pass_check(cdpk_idmap_put(&pass->silent, (uint64_t) profile_id, 1));
}
