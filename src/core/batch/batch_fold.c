/*
 * batch_fold.c
 *		The rows of profiles to be written: each is built once, of all that becomes part of it.
 *
 * What becomes part of profiles comes in lists that are sorted by profile: events, rows of the tables,
 * summaries.  They are walked through together.
 */
#include "core/batch/batch_state.h"

typedef struct List
{
	BatchItem *items; /* key: a profile's id */
	size_t count;
	size_t at;
} List;

/* What is walked through. */
typedef struct Lists
{
	List rows;      /* places in "fold" */
	List gone;      /* parts of profiles that moved into this one */
	List own;       /* parts that are this one's row */
	List folded;    /* parts that an earlier batch folded */
	List summaries; /* places in the stitch's result, then in "given_summaries" */
	List rebuilt;
	List moved; /* profile moves: another profile is in this one */
	List split; /* identifier moves: identifiers of another profile are in this one */
	/* room for what one profile is made of */
	const CdpkBatchRow **identify_rows;
	const CdpkBatchRow **event_rows;
	CdpkBatchBytes *traits;
	CdpkBatchBytes *timelines;
} Lists;

/* ---------------------------------------------------------------- lists */

static CdpkStatus
make_list(CdpkBatch *batch, List *list, size_t most)
{
	list->items = batch_allocate(batch, most, sizeof(BatchItem));
	list->count = 0;
	list->at = 0;
	return list->items != NULL ? CDPK_OK : CDPK_OUT_OF_MEMORY;
}

static void
add_item(List *list, int64_t profile_id, uint32_t value)
{
	list->items[list->count].key = (uint64_t) profile_id;
	list->items[list->count++].value = value;
}

static CdpkStatus
sort_list(CdpkBatch *batch, List *list)
{
	BatchItem *scratch = batch_allocate(batch, list->count, sizeof(BatchItem));

	if (scratch == NULL)
		return CDPK_OUT_OF_MEMORY;
	batch_sort(list->items, scratch, list->count);
	stitch_release(&batch->memory, scratch);
	return CDPK_OK;
}

/* Return how many items of a list are of a profile; the list is at them, or at what follows. */
static size_t
items_of(List *list, int64_t profile_id, const BatchItem **items)
{
	size_t start;

	while (list->at < list->count && list->items[list->at].key < (uint64_t) profile_id)
		list->at++;
	start = list->at;
	*items = list->items + start;
	while (list->at < list->count && list->items[list->at].key == (uint64_t) profile_id)
		list->at++;
	return list->at - start;
}

/* Put an event of the log on the list of what is folded. */
static CdpkStatus
add_fold_event(CdpkBatch *batch, const CdpkBatchRow *row, int64_t event_id, int64_t profile_id)
{
	BatchFoldEvent event = {row, event_id, profile_id};

	if (profile_id != 0)
		STITCH_PUSH(batch, batch->fold_events, event);
	return CDPK_OK;
}

/* List the events of the log that are folded. */
static CdpkStatus
list_fold_events(CdpkBatch *batch)
{
	for (uint32_t i = 0; i < batch->reanchored.count; i++)
	{
		const CdpkBatchReanchored *moved = &batch->reanchored.items[i];
		int64_t profile_id = batch_profile_of_anchor(batch, moved->to);

		if (cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) profile_id) == CDPK_IDMAP_NONE)
			STITCH_TRY(add_fold_event(batch, &batch->strays[moved->stray].row, moved->event_id,
									  profile_id));
	}
	for (size_t i = 0; i < batch->logged_count; i++)
	{
		const CdpkBatchLogged *event = &batch->logged[i];

		if (cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) event->profile_id) == CDPK_IDMAP_NONE)
			return CDPK_INVALID;
		STITCH_TRY(add_fold_event(batch, &event->row, event->event_id, event->profile_id));
	}
	return batch->fold_events.count < BATCH_NONE - batch->row_count ? CDPK_OK : CDPK_TOO_LONG;
}

/* Return the event of the log that a number beyond those of the rows stands for, or NULL. */
static const BatchFoldEvent *
fold_event(const CdpkBatch *batch, uint32_t number)
{
	return number < batch->row_count ? NULL : &batch->fold_events.items[number - batch->row_count];
}

static const CdpkBatchRow *
fold_row(const CdpkBatch *batch, uint32_t number)
{
	const BatchFoldEvent *event = fold_event(batch, number);

	return event != NULL ? event->row : &batch->rows[number];
}

/* List what is folded by profile: the rows of the batch in their order, then the events of the log. */
static CdpkStatus
list_rows(CdpkBatch *batch, List *list)
{
	STITCH_TRY(list_fold_events(batch));
	STITCH_TRY(make_list(batch, list, (size_t) batch->log_order.count + batch->fold_events.count));
	for (uint32_t i = 0; i < batch->log_order.count; i++)
		if (batch->profile_of_row[batch->log_order.items[i]] != 0)
			add_item(list, batch->profile_of_row[batch->log_order.items[i]],
					 batch->log_order.items[i]);
	for (uint32_t i = 0; i < batch->fold_events.count; i++)
		add_item(list, batch->fold_events.items[i].profile_id, batch->row_count + i);
	return sort_list(batch, list);
}

/* List the rows of the tables: what became part of another profile, and what is there still. */
static CdpkStatus
list_parts(CdpkBatch *batch, List *gone, List *own)
{
	STITCH_TRY(
		make_list(batch, gone, batch->result->profile_move_count > 0 ? batch->parts.count : 0));
	STITCH_TRY(make_list(batch, own, batch->parts.count));
	for (uint32_t i = 0; i < batch->parts.count; i++)
	{
		int64_t profile_id = batch->parts.items[i].profile_id;
		uint32_t move = cdpk_idmap_get(&batch->profile_move, (uint64_t) profile_id);

		add_item(own, profile_id, i);
		if (move == CDPK_IDMAP_NONE)
			continue;
		if (cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) batch->result->profile_moves[move].to) ==
			CDPK_IDMAP_NONE)
			add_item(gone, batch->result->profile_moves[move].to, i);
	}
	STITCH_TRY(sort_list(batch, gone));
	return sort_list(batch, own);
}

/* List from where identifiers came to each profile. */
static CdpkStatus
list_split(CdpkBatch *batch, List *list)
{
	const CdpkStitchResult *result = batch->result;
	size_t most = 0;

	for (size_t i = 0; i < result->identifier_move_count; i++)
		most += result->identifier_moves[i].from != 0;
	STITCH_TRY(make_list(batch, list, most));
	for (size_t i = 0; most > 0 && i < result->identifier_move_count; i++)
		if (result->identifier_moves[i].from != 0 && result->identifier_moves[i].to != 0)
			add_item(list, result->identifier_moves[i].from, (uint32_t) i);
	STITCH_TRY(sort_list(batch, list));
	for (size_t i = 0; i < list->count; i++)
		list->items[i].key = (uint64_t) result->identifier_moves[list->items[i].value].to;
	return sort_list(batch, list);
}

/* Return how many items of one profile a list has at most. */
static size_t
longest_run(const List *list)
{
	size_t longest = 0;

	for (size_t start = 0, end; start < list->count; start = end)
	{
		for (end = start + 1; end < list->count && list->items[end].key == list->items[start].key;)
			end++;
		if (end - start > longest)
			longest = end - start;
	}
	return longest;
}

/* Return how many profiles the two long lists are of. */
static size_t
count_profiles(const List *rows, const List *summaries)
{
	size_t profiles = 0;

	for (size_t x = 0, y = 0; x < rows->count || y < summaries->count; profiles++)
	{
		uint64_t key = x < rows->count ? rows->items[x].key : UINT64_MAX;

		if (y < summaries->count && summaries->items[y].key < key)
			key = summaries->items[y].key;
		while (x < rows->count && rows->items[x].key == key)
			x++;
		while (y < summaries->count && summaries->items[y].key == key)
			y++;
	}
	return profiles;
}

/* Make room for what is made of the lists. */
static CdpkStatus
make_room(CdpkBatch *batch, Lists *lists)
{
	size_t rows = longest_run(&lists->rows);
	size_t parts = longest_run(&lists->gone) + longest_run(&lists->folded) + 1;

	STITCH_TRY(STITCH_RESERVE(batch, batch->profiles,
							  count_profiles(&lists->rows, &lists->summaries) + lists->gone.count +
								  lists->rebuilt.count + lists->moved.count + lists->split.count));
	STITCH_TRY(STITCH_RESERVE(batch, batch->fold_order, lists->rows.count));
	lists->identify_rows = batch_allocate(batch, rows, sizeof(CdpkBatchRow *));
	lists->event_rows = batch_allocate(batch, rows, sizeof(CdpkBatchRow *));
	lists->traits = batch_allocate(batch, parts, sizeof(CdpkBatchBytes));
	/* a row of the base has a timeline of its own */
	lists->timelines = batch_allocate(batch, parts + rows, sizeof(CdpkBatchBytes));
	return lists->identify_rows != NULL && lists->event_rows != NULL && lists->traits != NULL &&
				   lists->timelines != NULL
			   ? CDPK_OK
			   : CDPK_OUT_OF_MEMORY;
}

/* List the summaries; where there are two of a profile the stitch's comes first. */
static CdpkStatus
list_summaries(CdpkBatch *batch, List *list)
{
	uint32_t count = (uint32_t) batch->result->profile_count;

	STITCH_TRY(make_list(batch, list, (size_t) count + batch->given_summaries.count));
	for (uint32_t i = 0; i < count; i++)
		add_item(list, batch->result->profiles[i].profile_id, i);
	for (uint32_t i = 0; i < batch->given_summaries.count; i++)
		add_item(list, batch->given_summaries.items[i].profile_id, count + i);
	return sort_list(batch, list);
}

/* Return a summary of that list. */
static const CdpkStitchProfile *
summary_at(const CdpkBatch *batch, uint32_t place)
{
	uint32_t count = (uint32_t) batch->result->profile_count;

	return place < count ? &batch->result->profiles[place]
						 : &batch->given_summaries.items[place - count];
}

static CdpkStatus
make_lists(CdpkBatch *batch, Lists *lists)
{
	memset(lists, 0, sizeof(*lists));
	STITCH_TRY(list_rows(batch, &lists->rows));
	STITCH_TRY(list_parts(batch, &lists->gone, &lists->own));
	STITCH_TRY(list_split(batch, &lists->split));
	STITCH_TRY(list_summaries(batch, &lists->summaries));
	STITCH_TRY(make_list(batch, &lists->folded, batch->folded_parts.count));
	for (uint32_t i = 0; i < batch->folded_parts.count; i++)
		add_item(&lists->folded, batch->folded_parts.items[i].profile_id, i);
	STITCH_TRY(sort_list(batch, &lists->folded));
	STITCH_TRY(make_list(batch, &lists->rebuilt, batch->rebuilt.count));
	STITCH_TRY(make_list(batch, &lists->moved, batch->result->profile_move_count));
	for (size_t i = 0; i < batch->result->profile_move_count; i++)
		add_item(&lists->moved, batch->result->profile_moves[i].to, (uint32_t) i);
	STITCH_TRY(sort_list(batch, &lists->moved));
	for (uint32_t i = 0; i < batch->rebuilt.count; i++)
		add_item(&lists->rebuilt, batch->rebuilt.items[i], i);
	STITCH_TRY(sort_list(batch, &lists->rebuilt));
	return make_room(batch, lists);
}

static void
release_lists(CdpkBatch *batch, Lists *lists)
{
	List *all[] = {&lists->rows,      &lists->gone,    &lists->own,   &lists->folded,
				   &lists->summaries, &lists->rebuilt, &lists->moved, &lists->split};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		stitch_release(&batch->memory, all[i]->items);
	stitch_release(&batch->memory, lists->identify_rows);
	stitch_release(&batch->memory, lists->event_rows);
	stitch_release(&batch->memory, lists->traits);
	stitch_release(&batch->memory, lists->timelines);
}

/* Return the smallest profile that any list but "own" is at; false at the end. */
static bool
next_profile(const Lists *lists, int64_t *profile_id)
{
	const List *all[] = {&lists->rows,    &lists->gone,  &lists->summaries,
						 &lists->rebuilt, &lists->moved, &lists->split};
	bool found = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		if (all[i]->at == all[i]->count)
			continue;
		if (!found || (int64_t) all[i]->items[all[i]->at].key < *profile_id)
			*profile_id = (int64_t) all[i]->items[all[i]->at].key;
		found = true;
	}
	return found;
}

/* ---------------------------------------------------------------- one profile */

static CdpkStatus
touch(CdpkBatch *batch, int64_t profile_id, int64_t former, CdpkBatchCause cause, int64_t event_id)
{
	CdpkBatchTouched touched = {profile_id, former, BATCH_NONE, cause, event_id};

	STITCH_PUSH(batch, batch->touched, touched);
	return CDPK_OK;
}

/* Add the number of events and their times. */
static void
add_events(CdpkBatchProfile *profile, int64_t events, int64_t first_at, int64_t last_at)
{
	if (events == 0)
		return;
	if (profile->events == 0 || first_at < profile->first_at)
		profile->first_at = first_at;
	if (profile->events == 0 || last_at > profile->last_at)
		profile->last_at = last_at;
	profile->events += events;
}

/* Add what the tables have of a profile that becomes part of this one. */
static void
add_part(CdpkBatchProfile *profile, const CdpkBatchPart *part, Lists *lists, uint32_t *parts)
{
	add_events(profile, part->events, part->first_at, part->last_at);
	if (part->expires_at < profile->expires_at)
		profile->expires_at = part->expires_at;
	lists->traits[*parts] = part->traits;
	lists->timelines[(*parts)++] = part->timeline;
}

/* Add the events that are folded into a profile; of those of the batch their order is kept. */
static CdpkStatus
add_rows(CdpkBatch *batch, CdpkBatchProfile *profile, Lists *lists, uint32_t *identify_count,
		 uint32_t *event_count, uint32_t *timeline_count)
{
	const BatchItem *items;
	size_t count = items_of(&lists->rows, profile->profile_id, &items);

	profile->first_row = batch->fold_order.count;
	for (size_t i = 0; i < count; i++)
	{
		const BatchFoldEvent *event = fold_event(batch, items[i].value);
		const CdpkBatchRow *row = fold_row(batch, items[i].value);

		batch_tick(batch);
		add_events(profile, batch_events(row), row->at, batch_last_at(row));
		if (row->call == CDPK_BATCH_IDENTIFY)
		{
			lists->identify_rows[(*identify_count)++] = row;
			if (row->expires_at < profile->expires_at)
				profile->expires_at = row->expires_at;
		}
		if (row->span != NULL)
			lists->timelines[(*timeline_count)++] = row->event;
		else if (row->event.bytes != NULL)
			lists->event_rows[(*event_count)++] = row;
		if (event == NULL)
		{
			STITCH_PUSH(batch, batch->fold_order, items[i].value);
			profile->rows++;
		}
		else if (!profile->rebuilt)
			STITCH_TRY(touch(batch, profile->profile_id, 0, CDPK_BATCH_GAINED, event->event_id));
	}
	profile->folded |= count > 0;
	return CDPK_OK;
}

/* Say from where profiles and identifiers came to a profile. */
static CdpkStatus
touch_moved(CdpkBatch *batch, Lists *lists, int64_t profile_id)
{
	const BatchItem *items;
	size_t count = items_of(&lists->moved, profile_id, &items);
	int64_t former = 0;

	for (size_t i = 0; i < count; i++)
		STITCH_TRY(touch(batch, profile_id, batch->result->profile_moves[items[i].value].from,
						 CDPK_BATCH_MOVED, 0));
	count = items_of(&lists->split, profile_id, &items);
	for (size_t i = 0; i < count; i++)
	{
		int64_t from = batch->result->identifier_moves[items[i].value].from;

		if (from != former)
			STITCH_TRY(touch(batch, profile_id, from, CDPK_BATCH_SPLIT, 0));
		former = from;
	}
	return CDPK_OK;
}

/* Build the row of a profile. */
static CdpkStatus
fold_profile(CdpkBatch *batch, Lists *lists, CdpkBatchProfile *profile)
{
	int64_t profile_id = profile->profile_id;
	const BatchItem *items;
	uint32_t parts = 0;
	uint32_t identify_count = 0;
	uint32_t event_count = 0;
	uint32_t timeline_count;
	size_t count;

	profile->expires_at = CDPK_BATCH_NEVER;
	profile->rebuilt = items_of(&lists->rebuilt, profile_id, &items) > 0;
	profile->folded = profile->rebuilt;
	if (items_of(&lists->summaries, profile_id, &items) > 0)
		profile->summary = summary_at(batch, items->value);
	STITCH_TRY(touch_moved(batch, lists, profile_id));
	count = items_of(&lists->gone, profile_id, &items);
	profile->folded |= count > 0;
	for (size_t i = 0; i < count; i++)
		add_part(profile, &batch->parts.items[items[i].value], lists, &parts);
	profile->stored = items_of(&lists->own, profile_id, &items) > 0;
	if (profile->stored &&
		cdpk_idmap_get(&batch->is_ended, (uint64_t) profile_id) == CDPK_IDMAP_NONE)
		add_part(profile, &batch->parts.items[items->value], lists, &parts);
	count = items_of(&lists->folded, profile_id, &items);
	for (size_t i = 0; i < count; i++)
		add_part(profile, &batch->folded_parts.items[items[i].value], lists, &parts);
	timeline_count = parts;
	STITCH_TRY(add_rows(batch, profile, lists, &identify_count, &event_count, &timeline_count));
	STITCH_TRY(batch_merge_traits(batch, lists->identify_rows, identify_count, lists->traits, parts,
								  &profile->traits));
	return batch_merge_timelines(batch, lists->event_rows, event_count, lists->timelines,
								 timeline_count, &profile->timeline);
}

/* Return whether a profile is one after the batch; one that is folded anew need not be. */
static bool
is_written(CdpkBatch *batch, const CdpkBatchProfile *profile)
{
	uint32_t ended = cdpk_idmap_get(&batch->is_ended, (uint64_t) profile->profile_id);

	return profile->summary != NULL || ended == CDPK_IDMAP_NONE ||
		   (ended == BATCH_ROW_REPLACED && profile->stored);
}

CdpkStatus
cdpk_batch_fold(CdpkBatch *batch)
{
	CdpkBatchProfile profile;
	Lists lists;
	int64_t profile_id = 0;

	if (!batch->planned || batch->folded)
		return CDPK_INVALID;
	batch->folded = true;
	STITCH_TRY(batch_fold_accounts(batch));
	STITCH_TRY(make_lists(batch, &lists));
	while (next_profile(&lists, &profile_id))
	{
		batch_tick(batch);
		memset(&profile, 0, sizeof(profile));
		profile.profile_id = profile_id;
		STITCH_TRY(fold_profile(batch, &lists, &profile));
		if (!is_written(batch, &profile))
		{
			/* no event is anchored in it */
			if (profile.rebuilt)
				STITCH_TRY(touch(batch, profile_id, 0, CDPK_BATCH_REBUILT, 0));
			continue;
		}
		STITCH_PUSH(batch, batch->profiles, profile);
		if (cdpk_idmap_get(&batch->is_ended, (uint64_t) profile_id) != CDPK_IDMAP_NONE)
			STITCH_TRY(cdpk_idmap_put(&batch->is_ended, (uint64_t) profile_id, BATCH_ROW_WRITTEN));
	}
	for (uint32_t i = 0; i < batch->ended.count; i++)
		if (cdpk_idmap_get(&batch->is_ended, (uint64_t) batch->ended.items[i]) != BATCH_ROW_WRITTEN)
			STITCH_PUSH(batch, batch->deleted_profiles, batch->ended.items[i]);
	release_lists(batch, &lists);
	return CDPK_OK;
}

const CdpkBatchProfile *
cdpk_batch_profiles(const CdpkBatch *batch, size_t *count)
{
	*count = batch->profiles.count;
	return batch->profiles.items;
}

const int64_t *
cdpk_batch_ended(const CdpkBatch *batch, size_t *count)
{
	*count = batch->deleted_profiles.count;
	return batch->deleted_profiles.items;
}

const uint32_t *
cdpk_batch_fold_order(const CdpkBatch *batch, size_t *count)
{
	*count = batch->fold_order.count;
	return batch->fold_order.items;
}

/* Say why a profile that is written was touched, as far as its row tells; false: there is no such cause. */
static bool
cause_of(const CdpkBatch *batch, const CdpkBatchProfile *profile, size_t cause,
		 CdpkBatchTouched *touched)
{
	uint32_t row;

	touched->profile_id = profile->profile_id;
	touched->former_profile_id = 0;
	touched->account = BATCH_NONE;
	touched->event_id = 0;
	if (cause < 2)
	{
		touched->cause = cause == 0 ? CDPK_BATCH_REBUILT : CDPK_BATCH_SUMMARY;
		return cause == 0 ? profile->rebuilt : profile->summary != NULL;
	}
	row = batch->fold_order.items[profile->first_row + cause - 2];
	touched->cause = CDPK_BATCH_EVENT;
	touched->event_id = batch->judged_rows[row].event_id;
	if (batch->account_of_row != NULL)
		touched->account = batch->account_of_row[row];
	return true;
}

bool
cdpk_batch_next_touched(const CdpkBatch *batch, CdpkBatchPosition *position,
						CdpkBatchTouched *touched)
{
	while (position->profile < batch->profiles.count)
	{
		const CdpkBatchProfile *profile = &batch->profiles.items[position->profile];

		if (position->other < batch->touched.count &&
			batch->touched.items[position->other].profile_id < profile->profile_id)
			break;
		while (position->cause < 2 + (size_t) profile->rows)
			if (cause_of(batch, profile, position->cause++, touched))
				return true;
		position->profile++;
		position->cause = 0;
	}
	if (position->other == batch->touched.count)
		return false;
	*touched = batch->touched.items[position->other++];
	return true;
}
