/*
 * pass_profile.c
 *		Writes profiles, each row once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_fold.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/timeline.h"

/* what of the row of a profile is written: its values, and … */
#define SET_SUMMARY 1 /* what its identifiers are */
#define SET_TRAITS 2
#define SET_TIMELINE 4
#define SET_LEVELS 8 /* they become empty: the timeline is made anew */
#define SET_HELD 16  /* its identifiers */
#define SET_ACCOUNTS 32
#define SET_CLASSES 64
#define SET_NOTHING SET_CLASSES

/* a timeline above so many bytes is moved out of the column that new events are added to */
#define HEAVY 8000

/* find_part gives what the tables have of a profile, or NULL. */
static const CdpkBatchPart *
find_part(const PassFold *fold, const CdpkBatchProfile *profile)
{
	uint32_t place = cdpk_idmap_get(&fold->part, (uint64_t) profile->profile_id);

	return place != CDPK_IDMAP_NONE ? &fold->parts[place] : NULL;
}

static bool
same_bytes(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
{
	if (a->bytes == NULL || b->bytes == NULL)
		return a->bytes == b->bytes;
	return a->length == b->length &&
		   (a->bytes == b->bytes || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* delete_ended deletes the rows of profiles that have ended. */
static void
delete_ended(Pass *pass)
{
	size_t count;
	const int64_t *ended = cdpk_batch_ended(pass->batch, &count);
	PassColumns key = {(int) count};
	Datum *profile_id;

	if (count == 0)
		return;
	profile_id = pass_column(&key, PROFILE_ID);
	for (size_t i = 0; i < count; i++)
		profile_id[i] = Int64GetDatum(ended[i]);
	store_delete(pass_table(pass, TABLE_PROFILE), (int) count, pass_columns(&key));
}

/* ---------------------------------------------------------------- columns */

/* add_values adds the columns of what is folded. */
static void
add_values(PassColumns *columns, const CdpkBatchProfile *const *profiles, bool with_traits)
{
	bool *no_first;
	bool *no_last;
	bool *no_expiry;
	bool *no_traits;
	Datum *first = pass_null_column(columns, PROFILE_FIRST_SEEN, &no_first);
	Datum *last = pass_null_column(columns, PROFILE_LAST_SEEN, &no_last);
	Datum *events = pass_column(columns, PROFILE_EVENTS);
	Datum *expires_at = pass_null_column(columns, PROFILE_EXPIRES_AT, &no_expiry);
	Datum *traits = with_traits ? pass_null_column(columns, PROFILE_TRAITS, &no_traits) : NULL;

	for (int i = 0; i < columns->rows; i++)
	{
		const CdpkBatchProfile *profile = profiles[i];

		no_first[i] = no_last[i] = profile->events == 0;
		first[i] = TimestampTzGetDatum(profile->first_at);
		last[i] = TimestampTzGetDatum(profile->last_at);
		events[i] = Int64GetDatum(profile->events);
		no_expiry[i] = profile->expires_at == CDPK_BATCH_NEVER;
		expires_at[i] = TimestampTzGetDatum(profile->expires_at);
		if (!with_traits)
			continue;
		no_traits[i] = profile->traits.bytes == NULL;
		if (!no_traits[i])
			traits[i] = pass_varlena(&profile->traits);
	}
}

void
pass_add_summaries(Pass *pass, PassColumns *columns, const CdpkStitchProfile *const *summaries)
{
	bool *no_trust;
	bool *no_last;
	Datum *shared = pass_column(columns, PROFILE_SHARED);
	Datum *identifiers = pass_column(columns, PROFILE_IDENTIFIER_COUNT);
	Datum *limited = pass_column(columns, PROFILE_LIMITED);
	Datum *has_forbid = pass_column(columns, PROFILE_HAS_FORBID);
	Datum *trust = pass_null_column(columns, PROFILE_LAST_TRUST, &no_trust);
	Datum *last_at = pass_null_column(columns, PROFILE_LAST_AT, &no_last);

	for (int i = 0; i < columns->rows; i++)
	{
		const CdpkStitchProfile *summary = summaries[i];

		shared[i] = BoolGetDatum(summary->shared);
		identifiers[i] = Int32GetDatum((int32) summary->identifiers);
		limited[i] = pass_make_counts(pass, summary->counts, summary->count_length);
		has_forbid[i] = BoolGetDatum(summary->has_forbid);
		no_trust[i] = no_last[i] = !summary->last_known;
		trust[i] = Int32GetDatum(summary->last.trust);
		last_at[i] = TimestampTzGetDatum(summary->last.first_at);
	}
}

/* add_summary adds the columns of what the identifiers of a profile are. */
static void
add_summary(Pass *pass, PassColumns *columns, const CdpkBatchProfile *const *profiles)
{
	const CdpkStitchProfile **summaries = pass_array(columns->rows, sizeof(*summaries));

	for (int i = 0; i < columns->rows; i++)
		summaries[i] = profiles[i]->summary;
	pass_add_summaries(pass, columns, summaries);
	pfree(summaries);
}

/* empty_timeline makes the timeline of who has done nothing yet. */
static Datum
empty_timeline(void)
{
	CdpkTimelineLog *log;

	timeline_check(cdpk_log_new(&cdp_palloc_allocator, &log));
	return PointerGetDatum(timeline_from_log(log));
}

/* add_timelines adds the column of what they did. */
static void
add_timelines(PassColumns *columns, const CdpkBatchProfile *const *profiles)
{
	Datum *timeline = pass_column(columns, PROFILE_TIMELINE);
	Datum empty = empty_timeline();

	for (int i = 0; i < columns->rows; i++)
		timeline[i] =
			profiles[i]->timeline.bytes != NULL ? pass_varlena(&profiles[i]->timeline) : empty;
}

/* place_of gives the place of a profile in the result. */
static size_t
place_of(const PassFold *fold, const CdpkBatchProfile *profile)
{
	return (size_t) (profile - fold->profiles);
}

/* add_held adds the columns of their identifiers. */
static void
add_held(const PassFold *fold, PassColumns *columns, const CdpkBatchProfile *const *profiles)
{
	bool *no_identifiers;
	bool *no_ids;
	Datum *identifiers = pass_null_column(columns, PROFILE_IDENTIFIERS, &no_identifiers);
	Datum *ids = pass_null_column(columns, PROFILE_IDENTIFIER_IDS, &no_ids);

	for (int i = 0; i < columns->rows; i++)
	{
		const PassHeld *held = &fold->helds[place_of(fold, profiles[i])];

		no_identifiers[i] = held->no_identifiers;
		identifiers[i] = held->identifiers;
		no_ids[i] = held->no_ids;
		ids[i] = held->ids;
	}
}

/* add_accounts adds the column of their accounts. */
static void
add_accounts(const PassFold *fold, PassColumns *columns, const CdpkBatchProfile *const *profiles)
{
	bool *no_accounts;
	Datum *accounts = pass_null_column(columns, PROFILE_ACCOUNTS, &no_accounts);

	for (int i = 0; i < columns->rows; i++)
	{
		const PassHeld *held = &fold->helds[place_of(fold, profiles[i])];

		no_accounts[i] = held->no_accounts;
		accounts[i] = held->accounts;
	}
}

/* add_ids adds the column of the profiles' numbers. */
static void
add_ids(PassColumns *columns, const CdpkBatchProfile *const *profiles)
{
	Datum *profile_id = pass_column(columns, PROFILE_ID);

	for (int i = 0; i < columns->rows; i++)
		profile_id[i] = Int64GetDatum(profiles[i]->profile_id);
}

/* add_stamps adds the stamps of people who are new, as if it were not known where they are; of shared ones 0. */
static void
add_stamps(Pass *pass, PassColumns *columns, const CdpkBatchProfile *const *profiles)
{
	Datum *purposes = pass_column(columns, PROFILE_PURPOSES);

	for (int i = 0; i < columns->rows; i++)
		purposes[i] = Int64GetDatum(profiles[i]->summary->shared ? 0 : pass->fallback_purposes);
}

/* note_stamped notes whose rows are new, and whose traits are others than before. */
static void
note_stamped(Pass *pass, const CdpkBatchProfile *profile, bool is_new, int class)
{
	MemoryContext work = MemoryContextSwitchTo(pass->context);

	if (is_new)
		pass_add_id(&pass->created, profile->profile_id);
	if (pass->purposes_by_region && (is_new ? profile->traits.bytes != NULL : (class & SET_TRAITS)))
		pass_add_id(&pass->retraited, profile->profile_id);
	MemoryContextSwitchTo(work);
}

/* ---------------------------------------------------------------- rows */

/* insert_profiles writes the rows of new profiles. */
static void
insert_profiles(const PassFold *fold, const CdpkBatchProfile *const *profiles, int count)
{
	Pass *pass = fold->pass;
	PassColumns row = {count};

	if (count == 0)
		return;
	add_ids(&row, profiles);
	add_values(&row, profiles, true);
	add_summary(pass, &row, profiles);
	add_timelines(&row, profiles);
	add_held(fold, &row, profiles);
	add_accounts(fold, &row, profiles);
	if (pass->has_purposes)
		add_stamps(pass, &row, profiles);
	store_insert(pass_table(pass, TABLE_PROFILE), count, pass_columns(&row));
}

/* update_profiles writes those rows of profiles of which the same is to be set. */
static void
update_profiles(const PassFold *fold, const CdpkBatchProfile *const *profiles, int count, int class)
{
	Pass *pass = fold->pass;
	PassColumns key = {count};
	PassColumns set = {count};

	if (count == 0)
		return;
	add_ids(&key, profiles);
	add_values(&set, profiles, class & SET_TRAITS);
	if (class & SET_SUMMARY)
		add_summary(pass, &set, profiles);
	if (class & SET_TIMELINE)
		add_timelines(&set, profiles);
	if (class & SET_HELD)
		add_held(fold, &set, profiles);
	if (class & SET_ACCOUNTS)
		add_accounts(fold, &set, profiles);
	for (int level = PROFILE_LEVEL_1; (class & SET_LEVELS) && level <= PROFILE_LEVEL_3; level++)
	{
		bool *nulls;

		pass_null_column(&set, level, &nulls);
		memset(nulls, true, count);
	}
	store_update(pass_table(pass, TABLE_PROFILE), count, pass_columns(&key), pass_columns(&set));
}

/* list_replaced lists the profiles of which nothing is kept. */
static void
list_replaced(PassFold *fold)
{
	const CdpkStitchResult *result = cdpk_batch_result(fold->pass->batch);
	size_t count;
	const int64_t *rebuilt = cdpk_batch_rebuilt(fold->pass->batch, &count);

	for (size_t i = 0; i < count; i++)
		pass_check(cdpk_idmap_put(&fold->replaced, (uint64_t) rebuilt[i], 0));
	for (size_t i = 0; i < result->profile_move_count; i++)
		pass_check(cdpk_idmap_put(&fold->replaced, (uint64_t) result->profile_moves[i].from, 0));
	for (size_t i = 0; i < result->ended_count; i++)
		pass_check(cdpk_idmap_put(&fold->replaced, (uint64_t) result->ended[i], 0));
}

/* same_accounts tells whether a profile is in the accounts that it was in. */
static bool
same_accounts(const PassHeld *a, const PassHeld *b)
{
	if (a->no_accounts || b->no_accounts)
		return a->no_accounts && b->no_accounts;
	return datum_image_eq(a->accounts, b->accounts, false, -1);
}

/* same_values tells whether what is folded of a profile, traits and timeline aside, is what its row says. */
static bool
same_values(const CdpkBatchPart *part, const CdpkBatchProfile *profile)
{
	return part->events == profile->events && part->first_at == profile->first_at &&
		   part->last_at == profile->last_at && part->expires_at == profile->expires_at;
}

/* same_timeline tells whether a timeline that was folded anew is what its row has, levels included. */
static bool
same_timeline(const PassFold *fold, const CdpkBatchProfile *profile, const CdpkBatchPart *part)
{
	CdpkBatchBytes folded = profile->timeline;

	if (cdpk_idmap_get(&fold->rebuilt, (uint64_t) profile->profile_id) == CDPK_IDMAP_NONE)
		return false;
	if (folded.bytes == NULL)
		folded = pass_bytes(empty_timeline(), false);
	return same_bytes(&part->timeline, &folded);
}

/* profile_class tells what of the row of a profile, which has this part, is to be set. */
static int
profile_class(const PassFold *fold, const CdpkBatchProfile *profile, const CdpkBatchPart *part)
{
	const PassHeld *held = &fold->helds[place_of(fold, profile)];
	const PassHeld *former = &fold->formers[part - fold->parts].held;
	int class = 0;

	if (held->changed && !(held->no_identifiers && former->no_identifiers))
		class |= SET_HELD;
	if (held->accounts_changed && !same_accounts(held, former))
		class |= SET_ACCOUNTS;
	if (profile->summary != NULL)
		class |= SET_SUMMARY;
	if (!same_bytes(&part->traits, &profile->traits))
		class |= SET_TRAITS;
	if (cdpk_idmap_get(&fold->replaced, (uint64_t) profile->profile_id) != CDPK_IDMAP_NONE)
		class |= same_timeline(fold, profile, part) ? 0 : SET_TIMELINE | SET_LEVELS;
	else if (!same_bytes(&part->timeline, &profile->timeline))
		class |= SET_TIMELINE;
	if (class == 0 && (!profile->folded || same_values(part, profile)))
		return SET_NOTHING;
	return class;
}

/* seal_timelines moves what has become large to the first level that can take all before it. */
static void
seal_timelines(Pass *pass, const int64 *profile_ids, int count)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument = pass_id_array(profile_ids, count);

	pass_run(pass, "SELECT cdp_internal.seal_timelines($3)", 1, types, &argument);
}

void
pass_write_profiles(PassFold *fold)
{
	Pass *pass = fold->pass;
	size_t total = fold->profile_count;
	const CdpkBatchProfile *profiles = fold->profiles;
	const CdpkBatchProfile **chosen = pass_array((int64) total, sizeof(*chosen));
	uint8 *classes = pass_array((int64) total, 1);
	int class_counts[SET_CLASSES + 1] = {0};
	PassIds heavy = {NULL};
	int count = 0;

	delete_ended(pass);
	list_replaced(fold);
	for (size_t i = 0; i < total; i++)
	{
		const CdpkBatchPart *part = find_part(fold, &profiles[i]);

		if (part == NULL && profiles[i].summary == NULL)
			pass_check(CDPK_CORRUPT);
		classes[i] = part == NULL ? SET_NOTHING : profile_class(fold, &profiles[i], part);
		class_counts[classes[i]]++;
		if (pass->has_purposes)
			note_stamped(pass, &profiles[i], part == NULL, classes[i]);
		if (part == NULL)
			chosen[count++] = &profiles[i];
		if (part == NULL || classes[i] != SET_NOTHING ||
			fold->helds[place_of(fold, &profiles[i])].changed)
			pass_add_id(&fold->written, profiles[i].profile_id);
		if ((part == NULL || (classes[i] & SET_TIMELINE)) &&
			profiles[i].timeline.length + VARHDRSZ > HEAVY)
			pass_add_id(&heavy, profiles[i].profile_id);
	}
	insert_profiles(fold, chosen, count);
	for (int class = 0; class < SET_CLASSES; class ++)
	{
		if (class_counts[class] == 0)
			continue;
		count = 0;
		for (size_t i = 0; i < total; i++)
			if (classes[i] == class)
				chosen[count++] = &profiles[i];
		update_profiles(fold, chosen, count, class);
	}
	if (heavy.count > 0)
		seal_timelines(pass, heavy.items, heavy.count);
	pfree(chosen);
	pfree(classes);
}
