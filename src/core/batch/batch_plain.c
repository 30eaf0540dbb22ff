/*
 * batch_plain.c
 *		Profiles of new identifiers alone, which core/stitch need not see.
 *
 * Where new links connect new identifiers, none of them is shared or named by a forbid, and all of
 * them together are within the limits, every link is accepted whatever its rank: the component is
 * the profile.  Most people who come for the first time are such.  Whatever else is near a component
 * leaves it to the stitch.
 */
#include "core/batch/batch_state.h"
#include "core/stitch/stitch_rules.h"

/* New identifiers are known by their place among the numbers of the batch. */
typedef struct Components
{
	CdpkUnionFind joined;
	bool *left;      /* to the stitch; of a root: the whole component */
	uint32_t *next;  /* the ring of a component */
	uint32_t *row;   /* of a root: its place among the summaries */
	uint32_t *limit; /* of each namespace: its place among those with a limit, or "limited" */
	uint32_t *limited_namespaces;
	uint32_t limited;
	uint32_t *counts;       /* of the component at hand, by limit */
	CdpkStitchCount *pairs; /* where those of the next summary are put */
} Components;

static uint32_t
fresh_number(const CdpkBatch *batch, int64_t identifier_id)
{
	return identifier_id > batch->last_identifier_id
			   ? (uint32_t) (identifier_id - batch->last_identifier_id - 1)
			   : BATCH_NONE;
}

static const CdpkBatchIdentifier *
fresh_identifier(const CdpkBatch *batch, uint32_t number)
{
	return &batch->identifiers.items[batch->fresh.items[number]];
}

static CdpkStatus
begin_components(CdpkBatch *batch, Components *components)
{
	const CdpkStitchRules *rules = &batch->rules.stitch;
	uint32_t count = batch->fresh.count;

	memset(components, 0, sizeof(*components));
	cdpk_unionfind_init(&components->joined, &batch->memory.allocator);
	STITCH_TRY(cdpk_unionfind_reserve(&components->joined, count));
	STITCH_TRY(cdpk_unionfind_extend(&components->joined, count));
	components->left = batch_allocate(batch, count, sizeof(bool));
	components->next = batch_allocate(batch, count, sizeof(uint32_t));
	components->row = batch_allocate(batch, count, sizeof(uint32_t));
	components->limit = batch_allocate(batch, rules->namespace_count, sizeof(uint32_t));
	components->limited_namespaces =
		batch_allocate(batch, rules->namespace_count, sizeof(uint32_t));
	components->counts = batch_allocate(batch, rules->namespace_count, sizeof(uint32_t));
	if (components->left == NULL || components->next == NULL || components->row == NULL ||
		components->limit == NULL || components->limited_namespaces == NULL ||
		components->counts == NULL)
		return CDPK_OUT_OF_MEMORY;
	components->limited = stitch_list_limited(rules, components->limited_namespaces);
	for (uint32_t i = 0; i < rules->namespace_count; i++)
		components->limit[i] = components->limited;
	for (uint32_t i = 0; i < components->limited; i++)
		components->limit[components->limited_namespaces[i]] = i;
	return CDPK_OK;
}

static void
release_components(CdpkBatch *batch, Components *components)
{
	cdpk_unionfind_free(&components->joined);
	stitch_release(&batch->memory, components->left);
	stitch_release(&batch->memory, components->next);
	stitch_release(&batch->memory, components->row);
	stitch_release(&batch->memory, components->limit);
	stitch_release(&batch->memory, components->limited_namespaces);
	stitch_release(&batch->memory, components->counts);
}

/* Leave what holds an identifier to the stitch, if it is a new one. */
static void
leave(const CdpkBatch *batch, Components *components, int64_t identifier_id)
{
	uint32_t number = fresh_number(batch, identifier_id);

	if (number < batch->fresh.count)
		components->left[number] = true;
}

/* Join the ends of new links, and note what is left to the stitch. */
static void
join_components(CdpkBatch *batch, Components *components)
{
	const CdpkBatchChanges *changes = &batch->changes;

	for (uint32_t i = 0; i < batch->fresh.count; i++)
	{
		const CdpkBatchIdentifier *identifier = fresh_identifier(batch, i);

		/* the earlier user_id of an alias may be in no profile */
		components->left[i] =
			!batch_usable(identifier) || identifier->forbidden ||
			stitch_is_shared(&batch->rules.stitch, identifier->name_space, identifier->sharing,
							 identifier->counts, identifier->count_length);
	}
	for (uint32_t i = 0; i < batch->link_changes.count; i++)
	{
		const CdpkStitchChange *change = &batch->link_changes.items[i];
		uint32_t a = fresh_number(batch, change->a);
		uint32_t b = fresh_number(batch, change->b);

		batch_tick(batch);
		/* no row of the tables has a new number, and it is greater than others: the link is new, too */
		if (a != BATCH_NONE && change->now.trust < CDPK_TRUST_ALIAS)
			(void) cdpk_unionfind_join(&components->joined, a, b);
		else
		{
			/* a class is the stitch's business */
			leave(batch, components, change->a);
			leave(batch, components, change->b);
		}
	}
	for (size_t i = 0; i < changes->retry_count; i++)
	{
		leave(batch, components, changes->retry[i].a);
		leave(batch, components, changes->retry[i].b);
	}
	for (size_t i = 0; i < changes->forbid_count; i++)
	{
		leave(batch, components, changes->forbids[i].a);
		leave(batch, components, changes->forbids[i].b);
	}
}

/* Make a ring of each component; what leaves one of it to the stitch leaves all.  Returns how many roots are not. */
static uint32_t
ring_components(CdpkBatch *batch, Components *components)
{
	uint32_t count = batch->fresh.count;
	uint32_t roots = 0;

	/* a root is the first of its component */
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t root = cdpk_unionfind_find(&components->joined, i);

		components->left[root] |= components->left[i];
		components->next[i] = i;
		if (root == i)
			continue;
		components->next[i] = components->next[root];
		components->next[root] = i;
	}
	for (uint32_t i = 0; i < count; i++)
		roots += cdpk_unionfind_find(&components->joined, i) == i && !components->left[i];
	return roots;
}

/* Add up a component; false if it is over the cap or a limit. */
static bool
sum_component(CdpkBatch *batch, Components *components, uint32_t root, CdpkStitchProfile *summary)
{
	const CdpkStitchRules *rules = &batch->rules.stitch;
	const CdpkBatchIdentifier *strongest = fresh_identifier(batch, root);
	uint32_t number = root;

	memset(summary, 0, sizeof(*summary));
	memset(components->counts, 0, components->limited * sizeof(uint32_t));
	do
	{
		const CdpkBatchIdentifier *identifier = fresh_identifier(batch, number);
		uint32_t limit = components->limit[identifier->name_space];
		int32_t priority = rules->namespaces[identifier->name_space].priority;
		int32_t highest = rules->namespaces[strongest->name_space].priority;

		batch_tick(batch);
		summary->identifiers++;
		if (limit < components->limited &&
			++components->counts[limit] > rules->namespaces[identifier->name_space].max_per_profile)
			return false;
		/* numbers are in the order of the bytes */
		if (priority < highest ||
			(priority == highest && identifier->identifier_id < strongest->identifier_id))
			strongest = identifier;
		number = components->next[number];
	} while (number != root);
	summary->profile_id = strongest->identifier_id;
	return summary->identifiers <= rules->cap;
}

/* Make the summary of a component, and put its identifiers into the profile. */
static void
settle_component(CdpkBatch *batch, Components *components, uint32_t root,
				 CdpkStitchProfile *summary)
{
	uint32_t number = root;

	summary->counts = components->pairs;
	for (uint32_t limit = 0; limit < components->limited; limit++)
		if (components->counts[limit] > 0)
		{
			components->pairs->name_space = components->limited_namespaces[limit];
			(components->pairs++)->count = components->counts[limit];
			summary->count_length++;
		}
	do
	{
		uint32_t place = batch->fresh.items[number];

		batch->plain[place] = true;
		batch->identifiers.items[place].profile_after = summary->profile_id;
		number = components->next[number];
	} while (number != root);
	components->row[root] = batch->summaries.count;
	batch->summaries.items[batch->summaries.count++] = *summary;
	batch->plain_statistics.joined += summary->identifiers - 1;
}

/* Bring in the links: the last of each profile. */
static void
settle_plain_links(CdpkBatch *batch, Components *components)
{
	for (uint32_t i = 0; i < batch->link_changes.count; i++)
	{
		const CdpkStitchChange *change = &batch->link_changes.items[i];
		CdpkStitchProfile *summary;

		if (!batch_is_plain(batch, batch_place_of_id(batch, change->a)))
			continue;
		summary = &batch->summaries.items[components->row[cdpk_unionfind_find(
			&components->joined, fresh_number(batch, change->a))]];
		batch_tick(batch);
		if (!summary->last_known || batch_evidence_before(&summary->last, &change->now))
			summary->last = change->now;
		summary->last_known = true;
		batch->plain_statistics.inserted++;
	}
}

/* Find what need not be stitched, once; it is settled whatever the stitch says of the rest. */
CdpkStatus
batch_settle_plain(CdpkBatch *batch)
{
	Components components;
	uint32_t in_limits = 0;

	if (batch->plain != NULL || batch->all_stitched)
		return CDPK_OK;
	STITCH_TRY(begin_components(batch, &components));
	join_components(batch, &components);
	STITCH_TRY(STITCH_RESERVE(batch, batch->summaries, ring_components(batch, &components)));
	for (uint32_t i = 0; i < batch->fresh.count; i++)
		in_limits += components.limit[fresh_identifier(batch, i)->name_space] < components.limited;
	components.pairs = batch_allocate(batch, in_limits, sizeof(CdpkStitchCount));
	batch->plain = batch_allocate(batch, batch->identifiers.count, sizeof(bool));
	if (components.pairs == NULL || batch->plain == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(batch->plain, 0, batch->identifiers.count * sizeof(bool));
	for (uint32_t i = 0; i < batch->fresh.count; i++)
	{
		CdpkStitchProfile summary;

		if (cdpk_unionfind_find(&components.joined, i) == i && !components.left[i] &&
			sum_component(batch, &components, i, &summary))
			settle_component(batch, &components, i, &summary);
	}
	batch->plain_profiles = batch->summaries.count;
	settle_plain_links(batch, &components);
	release_components(batch, &components);
	return CDPK_OK;
}
