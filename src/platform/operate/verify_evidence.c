/*
 * verify_evidence.c
 *		What the events of a chunk say of links.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/operate/verify_event.h"

/* ---------------------------------------------------------------- what counts */

static int
compare_voids(const void *a, const void *b)
{
	const VerifyVoid *x = a;
	const VerifyVoid *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

int
verify_compare_ids(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* compare_events orders by source, then by time; of equal time by message, one without it last. */
static int
compare_events(const VerifyEvent *x, const VerifyEvent *y)
{
	const text *m = x->message_id;
	const text *n = y->message_id;
	int order;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->said_at != y->said_at)
		return x->said_at < y->said_at ? -1 : 1;
	if (m == NULL || n == NULL)
		return (m == NULL) - (n == NULL);
	order = memcmp(VARDATA_ANY(m), VARDATA_ANY(n), Min(VARSIZE_ANY_EXHDR(m), VARSIZE_ANY_EXHDR(n)));
	return order != 0 ? order : (int) VARSIZE_ANY_EXHDR(m) - (int) VARSIZE_ANY_EXHDR(n);
}

/* compare_evidence orders by pair, then as events. */
static int
compare_evidence(const void *a, const void *b)
{
	const VerifyEvidence *x = a;
	const VerifyEvidence *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return compare_events(x->event, y->event);
}

void
verify_read_voids(VerifyCheck *check)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows("SELECT least(x.identifier_id, y.identifier_id),"
										" greatest(x.identifier_id, y.identifier_id), v.until_at"
										" FROM cdp_data.verdict v"
										" CROSS JOIN LATERAL cdp_internal.known_identifier(v.a) x"
										" CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) y"
										" WHERE v.kind = 'unlink'",
										0, NULL, &count);

	check->voids = palloc_extended(sizeof(VerifyVoid) * (count + 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < count; i++)
		check->voids[i] = (VerifyVoid){resolver_int8(rows, i, 1), resolver_int8(rows, i, 2),
									   resolver_int8(rows, i, 3)};
	check->void_count = (int) count;
	qsort(check->voids, count, sizeof(VerifyVoid), compare_voids);
}

/* counts tells whether evidence is asked for and not void. */
static bool
counts(const VerifyCheck *check, const VerifyEvidence *evidence)
{
	if (check->own != NULL &&
		bsearch(&evidence->a, check->own, check->own_count, sizeof(int64), verify_compare_ids) ==
			NULL &&
		bsearch(&evidence->b, check->own, check->own_count, sizeof(int64), verify_compare_ids) ==
			NULL)
		return false;
	if (check->void_count > 0)
	{
		VerifyVoid sought = {evidence->a, evidence->b, 0};
		const VerifyVoid *found =
			bsearch(&sought, check->voids, check->void_count, sizeof(VerifyVoid), compare_voids);

		return found == NULL || evidence->event->last_at > found->until_at;
	}
	return true;
}

/* add_pair adds that an event says two identifiers belong together. */
static void
add_pair(VerifyCheck *check, const VerifyEvent *event, const VerifyName *x, const VerifyName *y,
		 bool is_alias)
{
	VerifyEvidence *evidence = &check->evidence[check->evidence_count];

	evidence->a = Min(x->identifier_id, y->identifier_id);
	evidence->b = Max(x->identifier_id, y->identifier_id);
	evidence->event = event;
	evidence->is_alias = is_alias;
	if (evidence->a != evidence->b && counts(check, evidence))
		check->evidence_count++;
}

/* find_later finds the user_id that an alias names an earlier one of: the first; NULL: there is none. */
static const VerifyName *
find_later(const VerifyCheck *check, const VerifyEvent *event, const VerifyName *earlier)
{
	for (int i = 0; i < event->mention_count; i++)
	{
		const VerifyName *name =
			verify_name(check->names, check->mentions[event->first_mention + i]);

		if (name->payload[1] == earlier->payload[1] &&
			memcmp(name->payload + CDPK_IDENTIFIER_HEADER,
				   earlier->payload + CDPK_IDENTIFIER_HEADER, name->payload[1]) == 0)
			return name;
	}
	return NULL;
}

/* add_alias adds the pair of an alias: the earlier user_id may be on no event. */
static void
add_alias(VerifyCheck *check, const VerifyEvent *event)
{
	const VerifyName *earlier =
		verify_name(check->names, check->mentions[event->first_mention + event->mention_count]);
	const VerifyName *later = find_later(check, event, earlier);

	if (later != NULL && verify_name_usable(later) && !earlier->is_blocked &&
		earlier->identifier_id != 0)
		add_pair(check, event, later, earlier, true);
}

/* add_evidence adds what an event says of its identifiers. */
static void
add_evidence(VerifyCheck *check, const VerifyEvent *event)
{
	const uint32 *mentions = &check->mentions[event->first_mention];

	for (int i = 0; i < event->mention_count; i++)
	{
		const VerifyName *x = verify_name(check->names, mentions[i]);

		for (int k = 0; k < i && verify_name_usable(x); k++)
		{
			const VerifyName *y = verify_name(check->names, mentions[k]);

			if (verify_name_usable(y))
				add_pair(check, event, x, y, false);
		}
	}
	if (event->is_alias)
		add_alias(check, event);
}

/* ---------------------------------------------------------------- result */

/* put_link puts what some evidence of one pair and source, sorted, comes to. */
static void
put_link(const VerifyCheck *check, const VerifyEvidence *first, int64 count)
{
	const VerifySource *source = &check->sources[first->event->source];
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT] = {false};
	TimestampTz last_at = first->event->last_at;
	int64 events = 0;
	int64 aliases = 0;

	for (int64 i = 0; i < count; i++)
	{
		const VerifyEvent *event = first[i].event;

		last_at = Max(last_at, event->last_at);
		events += event->events;
		aliases += first[i].is_alias ? event->events : 0;
	}
	values[COLUMN_A] = Int64GetDatum(first->a);
	values[COLUMN_B] = Int64GetDatum(first->b);
	values[COLUMN_SOURCE_ID] = Int32GetDatum(source->source_id);
	values[COLUMN_SOURCE] = PointerGetDatum(source->name);
	values[COLUMN_FIRST_AT] = TimestampTzGetDatum(first->event->said_at);
	values[COLUMN_LAST_AT] = TimestampTzGetDatum(last_at);
	values[COLUMN_EVENTS] = Int64GetDatum(events);
	values[COLUMN_ALIASES] = Int64GetDatum(aliases);
	values[COLUMN_MESSAGE_ID] = PointerGetDatum(first->event->message_id);
	nulls[COLUMN_EVENT_ID] = nulls[COLUMN_IDENTIFIER] = true;
	nulls[COLUMN_SOURCE_ID] = source->source_id == 0;
	nulls[COLUMN_SOURCE] = source->source_id != 0;
	nulls[COLUMN_MESSAGE_ID] = first->event->message_id == NULL;
	verify_put_row(check, "link", values, nulls);
}

void
verify_put_links(VerifyCheck *check)
{
	int64 first = 0;

	check->evidence = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(VerifyEvidence) * (check->evidence_count + 1));
	check->evidence_count = 0;
	for (int i = 0; i < check->event_count; i++)
		add_evidence(check, &check->events[i]);
	qsort(check->evidence, check->evidence_count, sizeof(VerifyEvidence), compare_evidence);
	for (int64 i = 1; i <= check->evidence_count; i++)
	{
		const VerifyEvidence *start = &check->evidence[first];

		CHECK_FOR_INTERRUPTS();
		if (i < check->evidence_count && start->a == check->evidence[i].a &&
			start->b == check->evidence[i].b &&
			start->event->source == check->evidence[i].event->source)
			continue;
		put_link(check, start, i - first);
		first = i;
	}
}
