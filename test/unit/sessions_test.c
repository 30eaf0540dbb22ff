/* sessions_test.c: sessions against the definition, event by event */
#include "core/timeline/timeline_compact.h"
#include "core/timeline/sessions.h"
#include "timeline_history.h"

/* Whether an event begins a session: none lies at its time before it in the list, nor in the gap. */
static bool
begins(const CdpkTimeRangeSpec *spec, const Event *events, size_t count, size_t which, int64_t gap)
{
	for (size_t i = 0; i < count; i++)
		if (counts_at(spec, events[i].at) &&
			((events[i].at == events[which].at && i < which) ||
			 (events[i].at < events[which].at && events[i].at >= events[which].at - gap)))
			return false;
	return true;
}

static void
agrees_with_the_definition(void)
{
	uint64_t state = 51;
	int several = 0;

	for (int i = 0; i < 30000; i++)
	{
		Event events[EVENTS_MAX];
		size_t count = random_events(&state, 100, events);
		CdpkTimeRangeSpec spec = random_time_range(&state, events, count);
		int64_t gap =
			1 + (int64_t) (unit_random(&state) % 10) * (count > 0 ? events[0].at / 40 : 1);
		CdpkSessions sessions;
		CdpkTimeline timeline;
		uint64_t expected = 0;
		int64_t last = INT64_MIN;
		size_t length;
		uint8_t *bytes = timeline_of(events, count, &length);

		if (i % 2 == 0)
			spec.as_of = INT64_MAX - 1;
		for (size_t j = 0; j < count; j++)
			if (counts_at(&spec, events[j].at) && begins(&spec, events, count, j, gap))
			{
				expected++;
				last = events[j].at > last ? events[j].at : last;
			}
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_timeline_sessions(&timeline, cdpk_time_range_of(&spec), gap, &unit_allocator,
									 &sessions) == CDPK_OK);
		CHECK(sessions.count == expected && (expected == 0 || sessions.last_start == last));
		several += expected > 2;
		free(bytes);
	}
	CHECK(several > 3000);
}

static void
reads_many_events(void)
{
	CdpkTimeRange range = {INT64_MIN, INT64_MAX};
	CdpkTimelineLog *log;
	CdpkTimeline timeline;
	CdpkSessions sessions;
	uint8_t *bytes;
	size_t length;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (int i = 0; i < 3000; i++)
	{
		const char *text = event_names[i % EVENT_NAMES];
		uint32_t name;

		CHECK(cdpk_log_name(&log, &unit_allocator, text, strlen(text), &name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, i + i / 10 * 5, NULL, 0) == CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, &length) == CDPK_OK);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_timeline_sessions(&timeline, range, 5, &unit_allocator, &sessions) == CDPK_OK);
	CHECK(sessions.count == 300 && sessions.last_start == 2990 + 299 * 5);
	CHECK(cdpk_timeline_sessions(&timeline, range, 6, &unit_allocator, &sessions) == CDPK_OK);
	CHECK(sessions.count == 1 && sessions.last_start == 0);
	free(bytes);
	free(log);
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(reads_many_events);
	UNIT_EXIT();
}
