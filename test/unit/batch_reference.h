/*
 * batch_reference.h
 *		What the tables must be after any batches, computed from the whole history as plainly as
 *		possible: who is who by stitch_reference.h, all else by reading the log for each row.
 */
#ifndef BATCH_REFERENCE_H
#define BATCH_REFERENCE_H

#include "batch_store.h"

/* ---------------------------------------------------------------- links */

/* The row of a pair and a source, from all events that carry both. */
static inline void
expect_link(const Tables *tables, int a, int b, int source, LinkRow *row)
{
	const World *world = &tables->world;

	memset(row, 0, sizeof(*row));
	for (int i = 0; i < world->event_count; i++)
	{
		const Event *event = &world->events[i];
		const char *message_id = tables->said[i].message_id;

		bool alias = event->previous > 0 && ((event->things[0] == a && event->previous - 1 == b) ||
											 (event->things[0] == b && event->previous - 1 == a));

		if (!world->in_log[i] || event->source != source ||
			(!alias && (!driver_carries(event, a) || !driver_carries(event, b))) ||
			world->blocked[a] || world->blocked[b] || world_is_void(world, a, b, event->at))
			continue;
		row->aliases += alias;
		if (!row->exists || event->at < row->first_at)
		{
			row->first_at = event->at;
			strcpy(row->message_id, message_id);
		}
		else if (event->at == row->first_at && message_id[0] != '\0' &&
				 (row->message_id[0] == '\0' || strcmp(message_id, row->message_id) < 0))
			strcpy(row->message_id, message_id);
		if (!row->exists || event->at > row->last_at)
			row->last_at = event->at;
		row->events++;
		row->exists = true;
	}
}

static inline const char *
compare_link_rows(const Tables *tables, const Reference *reference)
{
	for (int a = 0; a < tables->world.thing_count; a++)
		for (int b = 0; b < tables->world.thing_count; b++)
			for (int source = 0; source < MAX_SOURCES; source++)
			{
				const LinkRow *row = &tables->links[a][b][source];
				LinkRow expected;

				if (tables->identifier_id[a] == 0 || tables->identifier_id[b] == 0 ||
					tables->identifier_id[a] >= tables->identifier_id[b])
					continue;
				expect_link(tables, a, b, source, &expected);
				if (row->exists != expected.exists)
					return "a link has a row too many, or too few";
				if (row->exists && row->refused != reference->refused[a][b])
					return "a link is refused, or not, against the rules";
				if (row->exists && row->aliases != expected.aliases)
					return "a link has another number of aliases";
				if (row->exists &&
					row->believed != reference_is_believed(&tables->world, reference, a, b))
					return "aliases are believed, or not, against the rules";
				if (row->first_at != expected.first_at || row->last_at != expected.last_at)
					return "a link has other times";
				if (row->events != expected.events)
					return "a link has another number of events";
				if (strcmp(row->message_id, expected.message_id) != 0)
					return "a link has another earliest message";
			}
	return NULL;
}

static inline int64_t
expect_class(const Tables *tables, const Reference *reference, int a)
{
	int64_t smallest = tables->identifier_id[a];
	int size = 0;

	for (int b = 0; b < tables->world.thing_count; b++)
	{
		if (!reference->present[a] || reference->class_of[b] != reference->class_of[a])
			continue;
		size++;
		if (tables->identifier_id[b] < smallest)
			smallest = tables->identifier_id[b];
	}
	return size > 1 ? smallest : 0;
}

static inline const char *
compare_identifiers(const Tables *tables, const Reference *reference)
{
	for (int a = 0; a < tables->world.thing_count; a++)
	{
		uint32_t counts[MAX_NAMES] = {0};
		int strongest = reference->strongest[a];

		for (int b = 0; b < tables->world.thing_count; b++)
			if (reference->evident[a][b])
				counts[tables->world.things[b].name_space]++;
		if (memcmp(counts, tables->counts[a], sizeof(counts)) != 0)
			return "an identifier is linked to other numbers";
		if (tables->profile_id[a] != (strongest == NOBODY ? 0 : tables->identifier_id[strongest]))
			return "an identifier is in another profile";
		if (tables->shared[a] != reference->shared[a])
			return "an identifier is shared, or not, against the rules";
		if (tables->class_id[a] != expect_class(tables, reference, a))
			return "an identifier is in another class";
		for (int b = 0; b < tables->world.thing_count; b++)
			if (world_is_declared(&tables->world, a, b) &&
				tables->same_refused[a][b] != reference->refused[a][b])
				return "a verdict is refused, or not, against the rules";
	}
	return NULL;
}

/* ---------------------------------------------------------------- folds */

/* The traits of some events, one after the other; which: those of a profile, or of an account. */
static inline void
expect_traits(const Tables *tables, const bool *which, CdpkBatchCall call, Folded *folded)
{
	CdpkTraitsState state;
	bool any = false;
	size_t size;

	cdpk_traits_begin(&state, &unit_allocator, 3, 100);
	for (int i = 0; i < tables->world.event_count; i++)
	{
		const CdpkBatchRow *row = &tables->said[i].row;
		CdpkTraitsView view;

		if (!which[i] || row->call != call)
			continue;
		if (row->expires_at < folded->expires_at)
			folded->expires_at = row->expires_at;
		if (row->traits.bytes == NULL)
			continue;
		any = true;
		if (cdpk_traits_open(&view, row->traits.bytes, row->traits.length) != CDPK_OK ||
			cdpk_traits_merge(&state, &view, 0, view.count) != CDPK_OK)
			abort();
	}
	if (any)
	{
		size = cdpk_traits_compact_size(&state.view);
		folded->traits.bytes = malloc(size);
		folded->traits.length = size;
		cdpk_traits_compact(&state.view, size, folded->traits.bytes);
	}
	free(state.bytes);
}

static inline void
expect_timeline(const Tables *tables, const bool *which, Folded *folded)
{
	CdpkTimelineLog *log;

	cdpk_log_new(&unit_allocator, &log);
	for (int i = 0; i < tables->world.event_count; i++)
	{
		const CdpkBatchRow *row = &tables->said[i].row;
		CdpkLogValue values[SAID_VALUES];
		uint32_t name;

		if (!which[i] || row->event.bytes == NULL)
			continue;
		cdpk_log_name(&log, &unit_allocator, (const char *) row->event.bytes, row->event.length,
					  &name);
		for (uint32_t j = 0; j < row->value_count; j++)
		{
			const CdpkBatchValue *value = &row->values[j];

			values[j].value = value->value;
			cdpk_log_name(&log, &unit_allocator, (const char *) value->name.bytes,
						  value->name.length, &values[j].name);
			if (value->value.kind == CDPK_TEXT)
				cdpk_log_text(&log, &unit_allocator, (const char *) value->text.bytes,
							  value->text.length, &values[j].value.text);
		}
		cdpk_log_event(&log, &unit_allocator, name, row->at, values, row->value_count);
	}
	if (log->events > 0)
		cdpk_log_compact(log, &unit_allocator, 0, &folded->timeline.bytes,
						 &folded->timeline.length);
	free(log);
}

static inline void
expect_times(const Tables *tables, const bool *which, Folded *folded)
{
	folded->expires_at = CDPK_BATCH_NEVER;
	for (int i = 0; i < tables->world.event_count; i++)
	{
		int64_t at = tables->said[i].row.at;

		if (!which[i])
			continue;
		if (folded->events == 0 || at < folded->first_at)
			folded->first_at = at;
		if (folded->events == 0 || at > folded->last_at)
			folded->last_at = at;
		folded->events++;
	}
}

static inline const char *
compare_folded(const Folded *found, Folded *expected)
{
	const char *difference = NULL;

	if (found->events != expected->events)
		difference = "another number of events is folded";
	else if (found->events > 0 &&
			 (found->first_at != expected->first_at || found->last_at != expected->last_at))
		difference = "the first or last event is another";
	else if (found->expires_at != expected->expires_at)
		difference = "traits lapse at another time";
	else if (!bytes_equal(&found->traits, &expected->traits))
		difference = "traits are others";
	else if (!bytes_equal(&found->timeline, &expected->timeline))
		difference = "a timeline is another";
	folded_free(expected);
	return difference;
}

static inline const char *
compare_person(const Tables *tables, const Reference *reference, int strongest)
{
	const PersonRow *row = &tables->people[tables->identifier_id[strongest]];
	bool which[MAX_EVENTS] = {false};
	Folded expected;
	uint32_t size = 0;

	memset(&expected, 0, sizeof(expected));
	for (int i = 0; i < tables->world.event_count; i++)
	{
		int anchor = reference->anchor[i];

		which[i] = anchor != NOBODY && reference->strongest[anchor] == strongest;
	}
	for (int a = 0; a < tables->world.thing_count; a++)
		size += reference->strongest[a] == strongest;
	if (!row->exists)
		return "a profile has no row";
	if (row->summary.identifiers != size || row->summary.shared != reference->shared[strongest])
		return "a summary is another";
	expect_times(tables, which, &expected);
	expect_traits(tables, which, CDPK_BATCH_IDENTIFY, &expected);
	expect_timeline(tables, which, &expected);
	return compare_folded(&row->folded, &expected);
}

static inline const char *
compare_people(const Tables *tables, const Reference *reference)
{
	int people = 0;

	for (int id = 0; id < 2 * MAX_THINGS; id++)
		people -= tables->people[id].exists;
	for (int a = 0; a < tables->world.thing_count; a++)
	{
		const char *difference;

		if (reference->strongest[a] != a)
			continue;
		people++;
		difference = compare_person(tables, reference, a);
		if (difference != NULL)
			return difference;
	}
	return people != 0 ? "there are other profiles" : NULL;
}

static inline const char *
compare_accounts(const Tables *tables, const Reference *reference)
{
	static MemberRow members[2 * MAX_THINGS][ACCOUNTS];

	memset(members, 0, sizeof(members));
	for (int account = 0; account < ACCOUNTS; account++)
	{
		bool which[MAX_EVENTS] = {false};
		Folded expected;
		const char *difference;

		memset(&expected, 0, sizeof(expected));
		for (int i = 0; i < tables->world.event_count; i++)
		{
			int anchor = reference->anchor[i];

			which[i] = tables->world.in_log[i] && tables->said[i].account == account;
			if (which[i])
			{
				MemberRow *row =
					&members[anchor == NOBODY ? 0 : tables->identifier_id[anchor]][account];

				member_add(row, 1, tables->said[i].row.at, tables->said[i].row.at);
				member_left(row, tables->said[i].row.has_left, tables->said[i].row.at);
			}
		}
		expect_times(tables, which, &expected);
		expect_traits(tables, which, CDPK_BATCH_GROUP, &expected);
		difference = compare_folded(&tables->accounts[account], &expected);
		if (difference != NULL)
			return difference;
	}
	return memcmp(members, tables->members, sizeof(members)) != 0 ? "accounts have other members"
																  : NULL;
}

static inline const char *
compare_anchors(const Tables *tables, const Reference *reference)
{
	for (int i = 0; i < tables->world.event_count; i++)
	{
		int anchor = reference->anchor[i];

		if ((tables->event_id[i] != 0) != tables->world.in_log[i])
			return "an event is not in the log";
		if (tables->event_id[i] != 0 &&
			(tables_is_folded(tables, i)
				 ? tables->base[tables->base_of[i] - 1].anchor
				 : tables->anchor[i]) != (anchor == NOBODY ? 0 : tables->identifier_id[anchor]))
			return "an event has another anchor";
	}
	return NULL;
}

/* What differs between the tables and the history, or NULL. */
static inline const char *
compare_tables(const Tables *tables)
{
	static Reference reference;
	const char *difference = tables->failed;

	reference_run(&tables->world, &reference);
	if (difference == NULL)
		difference = compare_identifiers(tables, &reference);
	if (difference == NULL)
		difference = compare_link_rows(tables, &reference);
	if (difference == NULL)
		difference = compare_anchors(tables, &reference);
	if (difference == NULL)
		difference = compare_people(tables, &reference);
	return difference != NULL ? difference : compare_accounts(tables, &reference);
}

#endif /* BATCH_REFERENCE_H */
