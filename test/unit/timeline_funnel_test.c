/*
 * timeline_funnel_test.c: funnels over timelines against the matcher of rows, in every mode, with
 * names that stand for several steps
 */
#include "core/timeline/timeline_compact.h"
#include "core/sequence/timeline_funnel.h"
#include "timeline_history.h"

/* The depth by way of rows: one of each event in the time range, with its set of steps. */
static unsigned
depth_of_rows(const CdpkTimelineFunnel *funnel, const CdpkTimeRangeSpec *spec, const Event *events,
			  size_t count)
{
	CdpkTimed rows[2 * EVENTS_MAX + 1];
	CdpkFunnel matcher;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (!counts_at(spec, events[i].at))
			continue;
		rows[used].at = events[i].at;
		rows[used].value = 0;
		for (unsigned step = 0; step < funnel->count; step++)
			if (strcmp(funnel->steps[step].alone.name.text, event_names[events[i].name]) == 0)
				rows[used].value |= UINT32_C(1) << step;
		used++;
	}
	cdpk_sort(rows, used, rows + used, cdpk_oldest_first, NULL);
	cdpk_funnel_init(&matcher, CDPK_TIME_INSTANT, funnel->modes, funnel->count, funnel->window);
	cdpk_funnel_feed_all(&matcher, rows, used);
	return matcher.depth;
}

static void
agrees_with_rows(void)
{
	uint64_t state = 41;
	int depths[6] = {0};

	for (int i = 0; i < 60000; i++)
	{
		static const char *const wanted[] = {"view", "cart", "order", "none"};
		Event events[EVENTS_MAX];
		size_t count = random_events(&state, 16, events);
		CdpkTimeRangeSpec spec = {INT64_MAX - 1, 0, 0, INT64_MIN, INT64_MAX};
		CdpkStep steps[5];
		bool unknown;
		CdpkTimelineFunnel funnel = {0, 1 + (unsigned) (unit_random(&state) % 5), steps, 0, {0, 0}};
		CdpkTimeline timeline;
		unsigned depth;
		size_t length;
		uint8_t *bytes = timeline_of(events, count, &length);

		if (i % 3 == 0)
			spec = random_time_range(&state, events, count);
		funnel.range = cdpk_time_range_of(&spec);
		funnel.window = random_instant(&state, events, count) / (1 + i % 4);
		if (funnel.window < 0)
			funnel.window = INT64_MAX;
		do
			funnel.modes = (unsigned) (unit_random(&state) % (CDPK_FUNNEL_MODES_MAX + 1));
		while (!cdpk_funnel_modes_valid(funnel.modes));
		if (i % 2 == 0)
			funnel.modes = 0;
		for (unsigned j = 0; j < funnel.count; j++)
		{
			/* one after the other, or any */
			const char *name = wanted[i % 5 == 0 ? unit_random(&state) % 4 : j % 3];

			steps[j] = cdpk_plain_step(name, strlen(name));
		}
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_timeline_funnel(&funnel, &timeline, &unit_allocator, &depth, &unknown) ==
			  CDPK_OK);
		CHECK(depth == depth_of_rows(&funnel, &spec, events, count));
		depths[depth]++;
		free(bytes);
	}
	for (int i = 0; i < 6; i++)
		CHECK(depths[i] > 300);
}

/* More events than a call has room for without an allocation. */
static void
reads_long_columns(void)
{
	const CdpkStep steps[] = {cdpk_plain_step("view", 4), cdpk_plain_step("order", 5),
							  cdpk_plain_step("view", 4)};
	CdpkTimelineFunnel funnel = {0, 3, steps, 10, {INT64_MIN, INT64_MAX}};
	bool unknown;
	CdpkTimelineLog *log;
	CdpkTimeline timeline;
	uint32_t view;
	uint32_t order;
	uint8_t *bytes;
	size_t length;
	unsigned depth;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	CHECK(cdpk_log_name(&log, &unit_allocator, "view", 4, &view) == CDPK_OK);
	CHECK(cdpk_log_name(&log, &unit_allocator, "order", 5, &order) == CDPK_OK);
	for (int i = 0; i < 2000; i++)
		CHECK(cdpk_log_event(&log, &unit_allocator, i % 100 < 50 ? view : order, i, NULL, 0) ==
			  CDPK_OK);
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, &length) == CDPK_OK);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	for (unsigned modes = 0; modes <= CDPK_FUNNEL_STRICT_INCREASE;
		 modes += CDPK_FUNNEL_STRICT_INCREASE)
	{
		funnel.modes = modes;
		/* view at 49, order at 50 to 99, view at 100 */
		funnel.window = 50;
		CHECK(cdpk_timeline_funnel(&funnel, &timeline, &unit_allocator, &depth, &unknown) ==
				  CDPK_OK &&
			  depth == 2);
		funnel.window = 51;
		CHECK(cdpk_timeline_funnel(&funnel, &timeline, &unit_allocator, &depth, &unknown) ==
				  CDPK_OK &&
			  depth == 3);
	}
	free(bytes);
	free(log);
}

int
main(void)
{
	TEST(agrees_with_rows);
	TEST(reads_long_columns);
	UNIT_EXIT();
}
