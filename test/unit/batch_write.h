/*
 * batch_write.h
 *		Writes to the tables what a batch says.
 */
#ifndef BATCH_WRITE_H
#define BATCH_WRITE_H

#include "batch_base.h"

/* ---------------------------------------------------------------- the graph */

static inline void
pass_write_links(Tables *tables, const CdpkBatchLink *rows, size_t count, bool exists)
{
	for (size_t i = 0; i < count; i++)
	{
		LinkRow *row = &tables->links[tables_thing(tables, rows[i].a)]
									 [tables_thing(tables, rows[i].b)][rows[i].source];

		if (row->exists != exists)
			tables_fail(tables, "a link is inserted that is there, or updated that is not");
		/* the message may be the one that is there */
		if (rows[i].message_id.bytes == NULL)
			row->message_id[0] = '\0';
		else
		{
			memmove(row->message_id, rows[i].message_id.bytes, rows[i].message_id.length);
			row->message_id[rows[i].message_id.length] = '\0';
		}
		row->exists = true;
		row->refused = rows[i].refused;
		row->first_at = rows[i].first_at;
		row->last_at = rows[i].last_at;
		row->events = rows[i].events;
		row->aliases = rows[i].aliases;
		row->believed = rows[i].believed;
	}
}

/* Write which links and verdicts are refused; rows that are written have their flags already. */
static inline void
pass_write_refused(Tables *tables, const CdpkStitchResult *result)
{
	for (size_t i = 0; i < result->link_count; i++)
	{
		int a = tables_thing(tables, result->links[i].a);
		int b = tables_thing(tables, result->links[i].b);

		for (int source = 0; source < MAX_SOURCES; source++)
		{
			tables->links[a][b][source].refused = result->links[i].refused;
			tables->links[b][a][source].refused = result->links[i].refused;
		}
		tables->same_refused[a][b] = tables->same_refused[b][a] =
			result->links[i].refused && world_is_declared(&tables->world, a, b);
	}
}

/* Write identifiers, their profiles and links. */
static inline void
pass_write_graph(Tables *tables)
{
	const CdpkStitchResult *result = cdpk_batch_result(tables->batch);
	const CdpkBatchLinks *links = cdpk_batch_links(tables->batch);
	int64_t old[MAX_THINGS];
	size_t count;
	const uint32_t *places = cdpk_batch_fresh(tables->batch, &count);

	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *row = cdpk_batch_identifier(tables->batch, places[i]);
		int thing = pass_thing(tables, &row->payload);

		if (row->identifier_id != tables->last_id + 1 ||
			(i > 0 &&
			 reference_bytes(&tables->world, tables_thing(tables, tables->last_id), thing) >= 0))
			tables_fail(tables, "numbers do not follow the order of the bytes");
		tables->last_id = tables->identifier_id[thing] = row->identifier_id;
		tables->profile_id[thing] = row->profile_after;
	}
	memcpy(old, tables->profile_id, sizeof(old));
	for (size_t i = 0; i < result->profile_move_count; i++)
		for (int a = 0; a < tables->world.thing_count; a++)
			if (old[a] == result->profile_moves[i].from)
				tables->profile_id[a] = result->profile_moves[i].to;
	for (size_t i = 0; i < result->identifier_move_count; i++)
		tables->profile_id[tables_thing(tables, result->identifier_moves[i].id)] =
			result->identifier_moves[i].to;
	for (size_t i = 0; i < result->sharing_count; i++)
		tables->shared[tables_thing(tables, result->sharing[i].identifier_id)] =
			result->sharing[i].shared;
	places = cdpk_batch_recounted(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *row = cdpk_batch_identifier(tables->batch, places[i]);
		uint32_t *counts = tables->counts[pass_thing(tables, &row->payload)];

		memset(counts, 0, sizeof(tables->counts[0]));
		for (uint32_t k = 0; k < row->count_length; k++)
			counts[row->counts[k].name_space] = row->counts[k].count;
	}
	for (size_t i = 0; i < result->class_count; i++)
	{
		int64_t *class_id =
			&tables->class_id[tables_thing(tables, result->classes[i].identifier_id)];

		if (*class_id == result->classes[i].class_id)
			tables_fail(tables, "a class changes to what it was");
		*class_id = result->classes[i].class_id;
	}
	pass_write_refused(tables, result);
	pass_write_links(tables, links->inserted, links->inserted_count, false);
	pass_write_links(tables, links->updated, links->updated_count, true);
}

/* ---------------------------------------------------------------- folds */

static inline bool
folded_equal(const Folded *a, const Folded *b)
{
	return a->events == b->events && a->first_at == b->first_at && a->last_at == b->last_at &&
		   a->expires_at == b->expires_at && bytes_equal(&a->traits, &b->traits) &&
		   bytes_equal(&a->timeline, &b->timeline);
}

/* A person that changed must be on the list of touched people; one whose row ended, as "former" at least. */
static inline void
pass_check_touched(Tables *tables, const PersonRow *before)
{
	bool listed[2 * MAX_THINGS] = {false};
	CdpkBatchPosition position = {0, 0, 0};
	CdpkBatchTouched touched;
	int64_t last = 0;

	while (cdpk_batch_next_touched(tables->batch, &position, &touched))
	{
		tables->touched++;
		if (touched.profile_id < last)
			tables_fail(tables, "who was touched is not in order");
		last = touched.profile_id;
		listed[touched.profile_id] = listed[touched.former_profile_id] = true;
		if ((touched.cause == CDPK_BATCH_EVENT || touched.cause == CDPK_BATCH_GAINED) !=
				(touched.event_id != 0) &&
			(tables->base_count == 0 || touched.event_id != 0))
			tables_fail(tables, "an event is no cause, or another cause has an event");
	}
	for (int id = 1; id < 2 * MAX_THINGS; id++)
	{
		const PersonRow *now = &tables->people[id];

		if (!listed[id] &&
			(now->exists != before[id].exists || !folded_equal(&now->folded, &before[id].folded) ||
			 now->summary.identifiers != before[id].summary.identifiers ||
			 now->summary.shared != before[id].summary.shared))
			tables_fail(tables, "a profile is another, and not on the list of who was touched");
	}
}

static inline void
pass_write_people(Tables *tables)
{
	size_t count;
	const int64_t *ids = cdpk_batch_ended(tables->batch, &count);
	const CdpkBatchProfile *profiles;

	/* values may lead into the rows that are written here */
	static PersonRow written[2 * MAX_THINGS];

	memcpy(written, tables->people, sizeof(written));
	for (size_t i = 0; i < count; i++)
	{
		tables->people[ids[i]].exists = false;
		memset(&tables->people[ids[i]].folded, 0, sizeof(Folded));
		tables->people[ids[i]].folded.expires_at = CDPK_BATCH_NEVER;
	}
	profiles = cdpk_batch_profiles(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		PersonRow *row = &tables->people[profiles[i].profile_id];
		const CdpkStitchProfile *summary = profiles[i].summary;

		if (profiles[i].stored != written[profiles[i].profile_id].exists)
			tables_fail(tables, "a profile is inserted that is there, or updated that is not");
		if (i > 0 && profiles[i - 1].profile_id >= profiles[i].profile_id)
			tables_fail(tables, "profiles are not in their order");
		if (!row->exists && summary == NULL)
			tables_fail(tables, "a profile begins without a summary");
		row->exists = true;
		if (summary != NULL)
		{
			row->summary = *summary;
			memset(row->counts, 0, sizeof(row->counts));
			for (size_t k = 0; k < summary->count_length; k++)
				row->counts[summary->counts[k].name_space] = summary->counts[k].count;
		}
		memset(&row->folded.traits, 0, 2 * sizeof(Bytes));
		row->folded.events = profiles[i].events;
		row->folded.first_at = profiles[i].first_at;
		row->folded.last_at = profiles[i].last_at;
		row->folded.expires_at = profiles[i].expires_at;
		bytes_set(&row->folded.traits, profiles[i].traits.bytes, profiles[i].traits.length);
		bytes_set(&row->folded.timeline, profiles[i].timeline.bytes, profiles[i].timeline.length);
	}
	pass_check_touched(tables, written);
	for (int id = 0; id < 2 * MAX_THINGS; id++)
	{
		if (written[id].folded.traits.bytes != tables->people[id].folded.traits.bytes)
			free(written[id].folded.traits.bytes);
		if (written[id].folded.timeline.bytes != tables->people[id].folded.timeline.bytes)
			free(written[id].folded.timeline.bytes);
	}
}

static inline void
pass_write_accounts(Tables *tables)
{
	size_t count;
	const CdpkBatchAccount *accounts = cdpk_batch_accounts(tables->batch, &count);
	const CdpkBatchMember *members;
	int number[ACCOUNTS] = {0};

	for (size_t i = 0; i < count; i++)
	{
		while (strlen(account_names[number[i]]) != accounts[i].account.length ||
			   memcmp(account_names[number[i]], accounts[i].account.bytes,
					  accounts[i].account.length) != 0)
			number[i]++;
		account_add(&tables->accounts[number[i]], &accounts[i]);
	}
	members = cdpk_batch_members(tables->batch, &count);
	for (size_t i = 0; i < count; i++)
	{
		MemberRow *row = &tables->members[members[i].identifier_id][number[members[i].account]];

		if (i > 0 && members[i - 1].identifier_id > members[i].identifier_id)
			tables_fail(tables, "members are not in their order");
		member_add(row, members[i].events, members[i].first_at, members[i].last_at);
		member_left(row, members[i].has_left, members[i].left_at);
	}
}

static inline void
pass_write_log(Tables *tables, const Handed *handed)
{
	const CdpkBatchJudged *judged = cdpk_batch_judged(tables->batch);
	const int64_t *anchors = cdpk_batch_anchors(tables->batch);
	const int64_t *profiles = cdpk_batch_anchor_profiles(tables->batch);

	for (int i = 0; i < handed->row_count; i++)
	{
		int event = handed->events[i];

		if (judged[i].outcome != CDPK_BATCH_ACCEPTED)
			continue;
		if (event >= MAX_EVENTS)
		{
			base_accept(tables, event - MAX_EVENTS, anchors[i]);
			continue;
		}
		if (tables->event_id[event] != 0 || judged[i].event_id != tables->last_event_id + 1)
			tables_fail(tables, "an event is accepted twice, or numbers are left out");
		tables->event_id[event] = tables->last_event_id = judged[i].event_id;
		tables->event_of_id[judged[i].event_id] = event;
		tables->anchor[event] = anchors[i];
		tables->world.in_log[event] = true;
		if (profiles[i] !=
			(anchors[i] == 0 ? 0 : tables->profile_id[tables_thing(tables, anchors[i])]))
			tables_fail(tables, "an anchor is in another profile");
	}
}

/* Count the memberships of identifiers that group calls left or came to. */
static inline void
pass_recount_members(Tables *tables)
{
	for (int id = 0; id < 2 * MAX_THINGS; id++)
	{
		if (!tables->recount[id])
			continue;
		tables->recount[id] = false;
		memset(tables->members[id], 0, sizeof(tables->members[id]));
		for (int i = 0; i < tables->world.event_count; i++)
			if (tables_is_logged(tables, i) && tables->anchor[i] == id &&
				tables->said[i].account >= 0)
			{
				MemberRow *row = &tables->members[id][tables->said[i].account];

				member_add(row, 1, tables->said[i].row.at, tables->said[i].row.at);
				member_left(row, tables->said[i].row.has_left, tables->said[i].row.at);
			}
		for (int i = 0; i < tables->base_count; i++)
			if (tables->base[i].there && tables->base[i].anchor == id &&
				tables->base[i].said.account >= 0)
			{
				MemberRow *row = &tables->members[id][tables->base[i].said.account];

				member_add(row, tables->base[i].span.events, tables->base[i].said.row.at,
						   tables->base[i].span.last_at);
				member_left(row, tables->base[i].said.row.has_left,
							tables->base[i].said.row.left_at);
			}
	}
}

/* Fold the accounts anew of which group calls were taken back. */
static inline void
pass_refold_accounts(Tables *tables)
{
	for (int account = 0; account < ACCOUNTS; account++)
	{
		bool which[MAX_EVENTS] = {false};

		if (!tables->refold[account])
			continue;
		tables->refold[account] = false;
		for (int i = 0; i < tables->world.event_count; i++)
			which[i] = tables_is_logged(tables, i) && tables->said[i].account == account;
		folded_free(&tables->accounts[account]);
		expect_times(tables, which, &tables->accounts[account]);
		expect_traits(tables, which, CDPK_BATCH_GROUP, &tables->accounts[account]);
		for (int i = 0; i < tables->base_count; i++)
			if (tables->base[i].said.account == account)
				base_add_to_account(tables, i, account);
	}
}

#endif /* BATCH_WRITE_H */
