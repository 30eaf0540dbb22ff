/*
 * stitch_explain.c
 *		Chains of links.
 *
 * Dijkstra's algorithm with the cost (refused links, links), one layer for each
 * number of refused links, so that a layer loads its profiles in one go.  Links
 * of one identifier are taken in order of rank: of equally good chains the
 * evidence alone decides which is written.
 */
#include "core/stitch/stitch_explain.h"

#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_load.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch_result.h"
#include "core/stitch/stitch_rules.h"

/* A way to come to a node: the last link of it, and how many there are. */
typedef struct Arrival
{
	uint32_t node;
	uint32_t edge; /* of the node before it, or NONE at the start */
	uint32_t links;
} Arrival;

typedef STITCH_ARRAY(Arrival) Arrivals;

typedef struct Explanation
{
	uint32_t target;
	Arrivals seeds;    /* of this layer; in order of "links", as all of them */
	Arrivals queue;    /* found inside the profiles of this layer */
	Arrivals next;     /* found after a refused link */
	CdpkIdMap came_by; /* node → 1 + edge of the node before it; 0: the start */
	StitchNumbers edges;
	size_t profiles;
	bool found;
} Explanation;

/* Load the profiles of the seeds; false if they are too many. */
static CdpkStatus
load_layer(CdpkStitch *stitch, Explanation *work, size_t max_profiles, bool *loaded)
{
	StitchNumbers roots = {NULL, 0, 0};

	for (uint32_t i = 0; i < work->seeds.count; i++)
	{
		uint32_t root = stitch_profile_of(stitch, work->seeds.items[i].node);

		if (!stitch_has_contents(stitch, root))
			STITCH_TRY(stitch_list_profile(stitch, &roots, root));
	}
	work->profiles += roots.count;
	*loaded = work->profiles <= max_profiles;
	if (*loaded)
		STITCH_TRY(stitch_load_contents(stitch, &roots));
	stitch_release(&stitch->memory, roots.items);
	return CDPK_OK;
}

/* Find where the links of a node lead. */
static CdpkStatus
leave(CdpkStitch *stitch, Explanation *work, const Arrival *here)
{
	uint32_t root = stitch_profile_of(stitch, here->node);

	work->edges.count = 0;
	for (uint32_t edge = stitch_node(stitch, here->node)->first_edge; edge != STITCH_NONE;
		 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
		STITCH_PUSH(stitch, work->edges, edge / 2);
	STITCH_TRY(stitch_sort_links(stitch, &work->edges));
	for (uint32_t i = 0; i < work->edges.count; i++)
	{
		uint32_t link = work->edges.items[i];
		uint32_t edge = 2 * link + (stitch->links.items[link].rank.strong == here->node ? 0 : 1);
		Arrival arrival = {stitch_far_end(stitch, edge), edge, here->links + 1};
		const StitchNode *far = stitch_node(stitch, arrival.node);

		stitch_tick(stitch);
		if (!stitch_links_count(far) || far->profile == STITCH_NONE ||
			cdpk_idmap_get(&work->came_by, arrival.node) != CDPK_IDMAP_NONE)
			continue;
		if (stitch_root(stitch, far->profile) == root)
			STITCH_PUSH(stitch, work->queue, arrival);
		else
			STITCH_PUSH(stitch, work->next, arrival);
	}
	return CDPK_OK;
}

/* Visit what the seeds reach inside their profiles, nearest first. */
static CdpkStatus
walk_layer(CdpkStitch *stitch, Explanation *work)
{
	uint32_t seed = 0;
	uint32_t queued = 0;

	work->queue.count = 0;
	work->next.count = 0;
	while (!work->found && (seed < work->seeds.count || queued < work->queue.count))
	{
		Arrival here;

		if (seed == work->seeds.count ||
			(queued < work->queue.count &&
			 work->queue.items[queued].links <= work->seeds.items[seed].links))
			here = work->queue.items[queued++];
		else
			here = work->seeds.items[seed++];
		if (cdpk_idmap_get(&work->came_by, here.node) != CDPK_IDMAP_NONE)
			continue;
		STITCH_TRY(cdpk_idmap_put(&work->came_by, here.node,
								  here.edge == STITCH_NONE ? 0 : here.edge + 1));
		work->found = here.node == work->target;
		if (!work->found)
			STITCH_TRY(leave(stitch, work, &here));
	}
	return CDPK_OK;
}

/* Go layer by layer until the target is found. */
static CdpkStatus
find_path(CdpkStitch *stitch, Explanation *work, size_t max_profiles, CdpkStitchPath *path)
{
	while (work->seeds.count > 0)
	{
		Arrivals seeds = work->seeds;
		bool loaded;

		STITCH_TRY(load_layer(stitch, work, max_profiles, &loaded));
		if (!loaded)
		{
			*path = CDPK_PATH_GIVEN_UP;
			return CDPK_OK;
		}
		STITCH_TRY(walk_layer(stitch, work));
		if (work->found)
		{
			*path = CDPK_PATH_FOUND;
			return CDPK_OK;
		}
		work->seeds = work->next;
		work->next = seeds;
	}
	*path = CDPK_PATH_NONE;
	return CDPK_OK;
}

/* Find the count of a namespace in a summary. */
static uint64_t
count_of(const CdpkStitchProfile *profile, uint32_t name_space)
{
	for (size_t i = 0; i < profile->count_length; i++)
		if (profile->counts[i].name_space == name_space)
			return profile->counts[i].count;
	return 0;
}

/* Return whether a profile with these two summaries would be over the cap. */
static bool
is_over_cap(const CdpkStitchRules *rules, const CdpkStitchProfile *x, const CdpkStitchProfile *y)
{
	return rules->cap != CDPK_UNLIMITED && (uint64_t) x->identifiers + y->identifiers > rules->cap;
}

size_t
cdpk_stitch_same_reasons(const CdpkStitchRules *rules, const CdpkStitchProfile *x,
						 const CdpkStitchProfile *y, bool forbidden, int32_t *reasons)
{
	size_t count = 0;

	if (forbidden)
		reasons[count++] = CDPK_REASON_FORBID;
	if (is_over_cap(rules, x, y))
		reasons[count++] = CDPK_REASON_CAP;
	return count;
}

size_t
cdpk_stitch_reasons(const CdpkStitchRules *rules, const CdpkStitchProfile *x,
					const CdpkStitchProfile *y, bool forbidden, int32_t *reasons)
{
	size_t count = 0;
	size_t first;

	if (forbidden)
		reasons[count++] = CDPK_REASON_FORBID;
	first = count;
	for (uint32_t name_space = 0; name_space < rules->namespace_count; name_space++)
	{
		uint32_t limit = rules->namespaces[name_space].max_per_profile;
		size_t place = count;

		if (limit == CDPK_UNLIMITED || count_of(x, name_space) + count_of(y, name_space) <= limit)
			continue;
		for (; place > first &&
			   stitch_limit_compare(rules, name_space, (uint32_t) reasons[place - 1]) < 0;
			 place--)
			reasons[place] = reasons[place - 1];
		reasons[place] = (int32_t) name_space;
		count++;
	}
	if (is_over_cap(rules, x, y))
		reasons[count++] = CDPK_REASON_CAP;
	return count;
}

/* Write why a link is refused. */
static CdpkStatus
write_reasons(CdpkStitch *stitch, uint32_t x, uint32_t y, CdpkStitchStep *step)
{
	uint32_t a = stitch_profile_of(stitch, x);
	uint32_t b = stitch_profile_of(stitch, y);
	StitchBody sides[2];
	CdpkStitchProfile rows[2];
	bool forbidden;
	int32_t *reasons = stitch_allocate(&stitch->memory, (size_t) stitch->rules->namespace_count + 2,
									   sizeof(int32_t));

	if (reasons == NULL)
		return CDPK_OUT_OF_MEMORY;
	sides[0] = stitch_body_of_profile(stitch, a);
	sides[1] = stitch_body_of_profile(stitch, b);
	STITCH_TRY(stitch_make_summary(stitch, a, &rows[0]));
	STITCH_TRY(stitch_make_summary(stitch, b, &rows[1]));
	step->reasons = reasons;
	forbidden = stitch_breaks_forbid(stitch, &sides[0], &sides[1]);
	step->reason_count =
		(stitch_is_same(&step->evidence) ? cdpk_stitch_same_reasons : cdpk_stitch_reasons)(
			stitch->rules, &rows[0], &rows[1], forbidden, reasons);
	return CDPK_OK;
}

/* Write the steps of the chain that was found. */
static CdpkStatus
write_path(CdpkStitch *stitch, const Explanation *work, const CdpkStitchStep **steps,
		   size_t *step_count)
{
	CdpkStitchStep *written;
	uint32_t node = work->target;
	size_t count = 0;
	uint32_t edge;

	while ((edge = cdpk_idmap_get(&work->came_by, node)) != 0)
	{
		node = stitch_far_end(stitch, (edge - 1) ^ 1);
		count++;
	}
	written = stitch_allocate(&stitch->memory, count + 1, sizeof(CdpkStitchStep));
	if (written == NULL)
		return CDPK_OUT_OF_MEMORY;
	*steps = written;
	*step_count = count;
	node = work->target;
	while ((edge = cdpk_idmap_get(&work->came_by, node)) != 0)
	{
		uint32_t before = stitch_far_end(stitch, (edge - 1) ^ 1);
		CdpkStitchStep *step = &written[--count];

		step->from = stitch_node(stitch, before)->identifier_id;
		step->to = stitch_node(stitch, node)->identifier_id;
		step->evidence = stitch->links.items[(edge - 1) / 2].rank.evidence;
		step->refused = stitch_profile_of(stitch, before) != stitch_profile_of(stitch, node);
		step->reasons = NULL;
		step->reason_count = 0;
		if (step->refused)
			STITCH_TRY(write_reasons(stitch, before, node, step));
		node = before;
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_explain(CdpkStitch *stitch, int64_t a, int64_t b, size_t max_profiles,
					CdpkStitchPath *path, const CdpkStitchStep **steps, size_t *step_count)
{
	Explanation work = {0};
	Arrival start = {0, STITCH_NONE, 0};

	*steps = NULL;
	*step_count = 0;
	if (a == b)
		return CDPK_INVALID;
	STITCH_TRY(stitch_want_identifier(stitch, a));
	STITCH_TRY(stitch_want_identifier(stitch, b));
	STITCH_TRY(stitch_load_identifiers(stitch));
	start.node = stitch_find_node(stitch, a);
	work.target = stitch_find_node(stitch, b);
	*path = CDPK_PATH_ABSENT;
	if (!stitch_node(stitch, start.node)->present || !stitch_node(stitch, work.target)->present)
		return CDPK_OK;
	*path = CDPK_PATH_SHARED;
	if (stitch_node(stitch, start.node)->shared || stitch_node(stitch, work.target)->shared)
		return CDPK_OK;
	cdpk_idmap_init(&work.came_by, &stitch->memory.allocator);
	STITCH_PUSH(stitch, work.seeds, start);
	STITCH_TRY(find_path(stitch, &work, max_profiles, path));
	if (*path == CDPK_PATH_FOUND)
		STITCH_TRY(write_path(stitch, &work, steps, step_count));
	stitch_release(&stitch->memory, work.seeds.items);
	stitch_release(&stitch->memory, work.queue.items);
	stitch_release(&stitch->memory, work.next.items);
	stitch_release(&stitch->memory, work.edges.items);
	cdpk_idmap_free(&work.came_by);
	return CDPK_OK;
}
