/*
 * pass_month.c
 *		The months of the log that are folded into the base.
 *
 * Events of a month up to its mark are in the base, also while they are in the log: who reads both passes them over.
 */
#include "postgres.h"

#include "platform/refresh/pass.h"

/* pass_make_months makes them of the rows of PASS_MONTHS_QUERY. */
PassMonth *
pass_make_months(SPITupleTable *rows, uint64 count)
{
	PassMonth *months = pass_array((int64) count, sizeof(PassMonth));

	for (uint64 i = 0; i < count; i++)
	{
		months[i].from = resolver_int8(rows, i, 1);
		months[i].until = resolver_int8(rows, i, 2);
		months[i].event_id = resolver_int8(rows, i, 3);
	}
	return months;
}

/* pass_month_is_folded tells whether an event of the log is in the base. */
bool
pass_month_is_folded(const PassMonth *months, int count, int64 event_id, TimestampTz at)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const PassMonth *month = &months[middle];

		if (at < month->from)
			high = middle;
		else if (at >= month->until)
			low = middle + 1;
		else
			return event_id <= month->event_id;
	}
	return false;
}

/* pass_read_months reads which months are folded into a pass. */
void
pass_read_months(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows = pass_query(pass, PASS_MONTHS_QUERY, 0, NULL, NULL, &count);

	pass->months = pass_make_months(rows, count);
	pass->month_count = (int) count;
	pass->has_base = count > 0;
	SPI_freetuptable(rows);
}

/* pass_is_folded tells the same for a pass that has read the months. */
bool
pass_is_folded(const Pass *pass, int64 event_id, TimestampTz at)
{
	return pass_month_is_folded(pass->months, pass->month_count, event_id, at);
}
