/*
 * kept_judge.c
 *		The kept memberships of some people: judged again.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "platform/segment/kept.h"

/* how many people are judged at once */
#define PAGE_PEOPLE 10000

/* some segments of one owner and level, and a page of people */
typedef struct KeptGroup
{
	Kept *kept;
	const int *people; /* places in kept */
	int people_count;
	TimestampTz at;
	const TimestampTz *instants; /* NULL: at */
	int count;
	int *places;  /* of the segments in kept->segments */
	bool *usable; /* of all segments: it was found that the owner may read it */
	Verdict *verdicts;
	Judgement *results;
} KeptGroup;

/* place_of returns the place in the page of a person, who is there. */
static int
place_of(const KeptGroup *group, int person)
{
	int low = 0;
	int high = group->people_count - 1;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (group->people[middle] < person)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(group->people[low] == person);
	return low;
}

void
kept_check_use(const KeptSegment *segment)
{
	const char *name = NameStr(segment->segment.name);

	if (!definition_is_readable(name, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, name);
}

/* look_up is the EvaluateKeptValue that looks at what is kept, and at what this run has found. */
static const char *
look_up(void *arg, int64 profile_id, int32 segment_id)
{
	const KeptGroup *group = arg;
	int person = kept_find(group->kept, profile_id);
	int place = kept_segment(group->kept->segments, segment_id);

	if (place >= 0 && !group->usable[place])
	{
		kept_check_use(&group->kept->segments->items[place]);
		group->usable[place] = true;
	}
	return person >= 0 && place >= 0 ? kept_value(group->kept, person, place) : NULL;
}

/* count_members is the EvaluateMembers that looks at the people of accounts. */
static int64
count_members(void *arg, int64 account_id, int32 segment_id, TimestampTz as_of, TimestampTz *until)
{
	const KeptGroup *group = arg;

	return kept_count_members(group->kept, account_id, segment_id, as_of, until);
}

/* instant_of is the EvaluateInstant of people who are judged at their horizons. */
static TimestampTz
instant_of(void *arg, int64 profile_id)
{
	const KeptGroup *group = arg;

	return group->instants[place_of(group, kept_find(group->kept, profile_id))];
}

/* take is the EvaluateTake that notes the verdicts of a person. */
static void
take(void *arg, int64 profile_id, const Verdict *verdicts)
{
	KeptGroup *group = arg;
	int person = kept_find(group->kept, profile_id);
	Verdict *taken = &group->verdicts[(Size) place_of(group, person) * group->count];

	group->kept->people[person].judged = true;
	memcpy(taken, verdicts, group->count * sizeof(Verdict));
	for (int i = 0; i < group->count; i++)
		if (taken[i].value != NULL && !taken[i].failing)
			taken[i].value = pstrdup(taken[i].value);
}

/* apply_value takes a value over; returns whether it is another. */
static bool
apply_value(Kept *kept, Size cell, const Verdict *verdict)
{
	const char *value = verdict->holds ? verdict->value : NULL;

	if (value == kept->values[cell] ||
		(value != NULL && kept->values[cell] != NULL && strcmp(value, kept->values[cell]) == 0))
		return false;
	kept->values[cell] = value != NULL ? MemoryContextStrdup(kept->context, value) : NULL;
	return true;
}

void
kept_apply(Kept *kept, int person, int place, const Verdict *verdict, TimestampTz at, KeptFlip flip,
		   void *arg)
{
	Size cell = (Size) person * kept->segments->count + place;
	TimestampTz *since = &kept->since[cell];
	TimestampTz former = *since;
	bool holds = verdict->known && verdict->holds;

	if (verdict->failing)
		return;
	kept->people[person].horizon = Min(kept->people[person].horizon, verdict->until);
	if (kept->segments->items[place].segment.is_trait ? !apply_value(kept, cell, verdict)
													  : holds == (former != DT_NOBEGIN))
		return;
	*since = holds ? at : DT_NOBEGIN;
	if (flip != NULL)
		flip(arg, kept, person, place, at, former);
}

/*
 * note_judgement keeps the first failure of a segment in this run, the worst of a kind.  That it fails for all of a few
 * people does not mean that it fails as a whole.
 */
static void
note_judgement(KeptSegments *segments, KeptSegment *segment, Judgement *result)
{
	Judgement *kept = &segment->judgement;

	segment->failing += result->failing;
	if (result->whole && result->profile_id != 0 && result->failing <= EVALUATE_FAILING_MAX)
	{
		result->whole = false;
		segment->fails_all = true;
	}
	if (result->message == NULL || (kept->message != NULL && (kept->whole || !result->whole)))
		return;
	*kept = *result;
	kept->message = MemoryContextStrdup(segments->context, result->message);
}

/* judge_group judges a page of people in the segments of a group. */
static void
judge_group(KeptGroup *group, KeptFlip flip, void *arg)
{
	Kept *kept = group->kept;
	Segment *segments = palloc(group->count * sizeof(Segment));
	int64 *ids = palloc(Max(group->people_count, 1) * sizeof(int64));
	static const Verdict out = {.known = true, .until = DT_NOEND};

	group->results = palloc0(group->count * sizeof(Judgement));
	group->usable = palloc0(kept->segments->count * sizeof(bool));
	group->verdicts = palloc(Max((Size) group->people_count * group->count, 1) * sizeof(Verdict));
	for (int i = 0; i < group->count; i++)
		segments[i] = kept->segments->items[group->places[i]].segment;
	for (int i = 0; i < group->people_count; i++)
	{
		ids[i] = kept->people[group->people[i]].profile_id;
		kept->people[group->people[i]].judged = false;
	}
	evaluate_people(segments, group->count, ids, group->people_count, group->at,
					group->instants != NULL ? instant_of : NULL, look_up, count_members, take,
					group, group->results);
	for (int i = 0; i < group->count; i++)
		note_judgement(kept->segments, &kept->segments->items[group->places[i]],
					   &group->results[i]);
	for (int i = 0; i < group->people_count; i++)
	{
		int person = group->people[i];

		/* those who have no row are not there any more */
		for (int j = 0; j < group->count; j++)
			if (!group->results[j].whole)
				kept_apply(kept, person, group->places[j],
						   kept->people[person].judged
							   ? &group->verdicts[(Size) i * group->count + j]
							   : &out,
						   group->instants != NULL ? group->instants[i] : group->at, flip, arg);
	}
}

/* same_group tells whether two segments are judged in one go. */
static bool
same_group(const KeptSegment *a, const KeptSegment *b)
{
	return a->level == b->level && a->segment.owner == b->segment.owner;
}

/* judge_page judges a page of people in all segments that are asked, level by level. */
static void
judge_page(Kept *kept, const int *people, int count, TimestampTz at, const TimestampTz *instants,
		   KeptFlip flip, void *arg)
{
	KeptSegments *segments = kept->segments;
	KeptGroup group = {kept, people, count, at, instants};

	kept_judge_lists(kept, people, count, at, instants, flip, arg);
	group.places = palloc(segments->count * sizeof(int));
	for (int i = 0; i < segments->count; i++)
	{
		if (segments->items[i].found && segments->items[i].asked && !segments->items[i].is_list)
			group.places[group.count++] = i;
		if (group.count > 0 &&
			(i + 1 == segments->count ||
			 !same_group(&segments->items[group.places[0]], &segments->items[i + 1])))
		{
			judge_group(&group, flip, arg);
			group.count = 0;
		}
	}
}

/* asks_all tells whether all segments that can be judged are. */
static bool
asks_all(const KeptSegments *segments)
{
	for (int i = 0; i < segments->count; i++)
		if (segments->items[i].found && !segments->items[i].asked)
			return false;
	return true;
}

void
kept_judge(Kept *kept, const int *people, int count, TimestampTz at, bool at_horizon, KeptFlip flip,
		   void *arg)
{
	MemoryContext page =
		AllocSetContextCreate(CurrentMemoryContext, "cdp kept page", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(page);
	bool all = asks_all(kept->segments);

	if (count > 0)
		kept_read_members(kept, at);
	for (int first = 0; first < count; first += PAGE_PEOPLE)
	{
		int length = Min(count - first, PAGE_PEOPLE);
		TimestampTz *instants = at_horizon ? palloc(length * sizeof(TimestampTz)) : NULL;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < length; i++)
		{
			KeptPerson *person = &kept->people[people[first + i]];

			if (at_horizon)
				instants[i] = person->horizon;
			if (all || at_horizon)
				person->horizon = DT_NOEND;
		}
		judge_page(kept, people + first, length, at, instants, flip, arg);
		MemoryContextReset(page);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(page);
}

void
kept_judge_lapsed(Kept *kept, TimestampTz until, KeptFlip flip, void *arg)
{
	int *people = palloc_extended(Max(kept->count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	int count;

	do
	{
		count = 0;
		for (int i = 0; i < kept->count; i++)
			if (kept->people[i].horizon <= until)
				people[count++] = i;
		if (count > 0)
			kept_judge(kept, people, count, until, true, flip, arg);
	} while (count > 0);
	pfree(people);
}
