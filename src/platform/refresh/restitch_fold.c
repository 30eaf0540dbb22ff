/*
 * restitch_fold.c
 *		cdp_internal.restitch_fold_profiles: folds all people anew from the log, and writes the rows that are not what they
 *		should be.
 *
 * Three queries are walked through together, all in the order of profiles: the summaries that the graph
 * gives, the identifiers and the events.  They are folded in slices; a person may be longer than one.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass_fold.h"
#include "platform/refresh/restitch.h"

/* a slice ends once what is folded of its events has so many bytes */
#define BYTES_MAX (32 * 1024 * 1024)

CDP_FUNCTION(cdp_restitch_fold_profiles);

/* the columns of the summaries */
enum
{
	SUMMARY_PROFILE_ID = 1,
	SUMMARY_DIFFERS,
	SUMMARY_IDENTIFIERS,
	SUMMARY_SHARED,
	SUMMARY_HAS_FORBID,
	SUMMARY_LIMITED,
	SUMMARY_LAST_TRUST,
	SUMMARY_LAST_AT
};

/*
 * last_trust and last_at are a bound, which depends on how the log was cut: one in the tables that is not
 * below the other stays.
 */
static const char summary_query[] =
	"SELECT s.profile_id, p.profile_id IS NULL"
	" OR (p.identifier_count, p.shared, p.has_forbid, p.limited)"
	"  IS DISTINCT FROM (s.identifier_count, s.shared, s.has_forbid, s.limited)"
	" OR (s.identifier_count > 1 AND p.last_at IS NOT NULL"
	"  AND ((p.last_trust, s.last_at) <= (s.last_trust, p.last_at)) IS NOT TRUE),"
	" s.identifier_count, s.shared, s.has_forbid, s.limited, s.last_trust, s.last_at"
	" FROM cdp_data.restitch_profile s"
	" LEFT JOIN cdp_data.profile p ON p.profile_id = s.profile_id"
	" ORDER BY s.profile_id";

/* the columns of events */
enum
{
	EVENT_PROFILE_ID = 1,
	EVENT_NUMBER,
	EVENT_ANCHOR,
	EVENT_AT,
	EVENT_RECEIVED_AT,
	EVENT_TYPE,
	EVENT_SOURCE,
	EVENT_NAME,
	EVENT_PROPERTIES,
	EVENT_TRAITS,
	EVENT_OWN_CONTEXT,
	EVENT_SHARED_CONTEXT
};

static const char event_query[] =
	"SELECT i.profile_id, e.event_id, e.identifier_id, e.\"timestamp\", e.received_at, e.type,"
	" e.source, e.event, CASE WHEN e.event IS NOT NULL THEN e.properties END,"
	" CASE WHEN e.type = 'identify' THEN e.traits END,"
	" CASE WHEN e.event IS NOT NULL THEN e.context END, e.context_hash"
	" FROM cdp_data.event e JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id"
	" WHERE i.profile_id <> 0 AND " PASS_IS_LOGGED " ORDER BY i.profile_id";

/* the columns of rows of the base */
enum
{
	BASED_PROFILE_ID = 1,
	BASED_ALL
};

static const char base_query[] =
	"SELECT i.profile_id, " ALL_OF_BASE
	" FROM cdp_data.base b JOIN cdp_data.identifier i ON i.identifier_id = b.identifier_id"
	" WHERE i.profile_id <> 0 ORDER BY i.profile_id";

/* the columns of identifiers; of a profile the last comes first, as each is linked to the one before it */
enum
{
	HELD_PROFILE_ID = 1,
	HELD_IDENTIFIER_ID,
	HELD_IDENTIFIER
};

static const char identifier_query[] =
	"SELECT i.profile_id, i.identifier_id, i.identifier FROM cdp_data.identifier i"
	" WHERE i.profile_id <> 0 ORDER BY i.profile_id, i.identifier DESC";

/* What goes from slice to slice. */
typedef struct Folder
{
	LogCursor summaries;
	LogCursor events;
	LogCursor base;
	LogCursor identifiers;
	int64 last_identifier_id;
	int64 done; /* events */
	MemoryContext context;
	CdpkBatchPart carried;         /* what earlier slices say of the profile at hand, … */
	MemoryContext carried_context; /* … in this; NULL: nothing */
} Folder;

/* Some profiles with their events. */
typedef struct Slice
{
	Pass *pass;
	PassIds profile_ids;
	CdpkStitchProfile *summaries;
	int summary_count;
	CdpkBatchLogged *events;
	int event_count;
	PassBase base;
	PassIds base_profile_ids; /* of each of its rows */
	PassHeldItem *identifiers;
	int identifier_count;
	int identifier_capacity;
	int64 bytes;
	PassRefold refold;
} Slice;

static bool
is_full(const Slice *slice)
{
	return slice->event_count == restitch_rows() || slice->bytes >= BYTES_MAX;
}

/* ---------------------------------------------------------------- reading */

/* read_event adds the event at hand. */
static void
read_event(const Folder *folder, Slice *slice)
{
	const LogCursor *events = &folder->events;
	Pass *pass = slice->pass;
	CdpkBatchLogged *event = &slice->events[slice->event_count++];
	PassSaid said;
	bool isnull;
	Datum value;

	memset(event, 0, sizeof(*event));
	event->profile_id = log_cursor_int8(events, EVENT_PROFILE_ID);
	event->event_id = log_cursor_int8(events, EVENT_NUMBER);
	event->anchor = log_cursor_int8(events, EVENT_ANCHOR);
	event->row.at = DatumGetTimestampTz(log_cursor_value(events, EVENT_AT, &isnull));
	event->row.said_at = Min(
		event->row.at, DatumGetTimestampTz(log_cursor_value(events, EVENT_RECEIVED_AT, &isnull)));
	event->row.call = pass_call(log_cursor_value(events, EVENT_TYPE, &isnull));
	event->row.source = pass_known_source(pass, log_cursor_value(events, EVENT_SOURCE, &isnull));
	value = log_cursor_value(events, EVENT_NAME, &isnull);
	if (!isnull)
		event->row.event = pass_bytes(PointerGetDatum(PG_DETOAST_DATUM_COPY(value)), false);
	said.properties = log_cursor_value(events, EVENT_PROPERTIES, &said.no_properties);
	said.traits = log_cursor_value(events, EVENT_TRAITS, &said.no_traits);
	said.context = log_cursor_value(events, EVENT_OWN_CONTEXT, &said.no_context);
	said.context_hash = log_cursor_value(events, EVENT_SHARED_CONTEXT, &said.no_context_hash);
	pass_fold_values(pass, &event->row, &said, false);
	slice->bytes += event->row.event.length + event->row.traits.length;
	for (uint32_t i = 0; i < event->row.value_count; i++)
		slice->bytes += sizeof(CdpkBatchValue) + event->row.values[i].text.length;
}

/* read_base adds the rows of the base of a profile. */
static void
read_base(Folder *folder, Slice *slice, int64 profile_id)
{
	LogCursor *at = &folder->base;

	while (log_cursor_look(at) && log_cursor_int8(at, BASED_PROFILE_ID) <= profile_id)
	{
		const CdpkBatchRow *row;

		CHECK_FOR_INTERRUPTS();
		if (log_cursor_int8(at, BASED_PROFILE_ID) < profile_id)
			pass_check(CDPK_CORRUPT);
		chunk_take_base(at, BASED_ALL, slice->pass, &slice->base);
		pass_add_id(&slice->base_profile_ids, profile_id);
		row = &slice->base.rows[slice->base.count - 1];
		slice->bytes += row->event.length + row->traits.length;
		log_cursor_skip(at);
	}
}

/* add_base adds these to the events. */
static void
add_base(Slice *slice)
{
	slice->events = repalloc_huge(slice->events, sizeof(CdpkBatchLogged) *
													 (slice->event_count + slice->base.count + 1));
	for (int i = 0; i < slice->base.count; i++)
	{
		CdpkBatchLogged *event = &slice->events[slice->event_count++];

		memset(event, 0, sizeof(*event));
		event->profile_id = slice->base_profile_ids.items[i];
		event->anchor = slice->base.anchors[i];
		event->row = slice->base.rows[i];
	}
}

/* read_summary adds the summary at hand, where the profile's row has another or is not written yet. */
static void
read_summary(const Folder *folder, Slice *slice)
{
	const LogCursor *at = &folder->summaries;
	CdpkStitchProfile *summary = &slice->summaries[slice->summary_count++];
	bool isnull;
	uint32_t length;

	memset(summary, 0, sizeof(*summary));
	summary->profile_id = log_cursor_int8(at, SUMMARY_PROFILE_ID);
	summary->identifiers =
		(uint32_t) DatumGetInt32(log_cursor_value(at, SUMMARY_IDENTIFIERS, &isnull));
	summary->shared = log_cursor_bool(at, SUMMARY_SHARED);
	summary->has_forbid = log_cursor_bool(at, SUMMARY_HAS_FORBID);
	pass_read_counts(slice->pass, log_cursor_value(at, SUMMARY_LIMITED, &isnull), &summary->counts,
					 &length);
	summary->count_length = length;
	summary->last.trust = DatumGetInt32(log_cursor_value(at, SUMMARY_LAST_TRUST, &isnull));
	summary->last.first_at = DatumGetTimestampTz(log_cursor_value(at, SUMMARY_LAST_AT, &isnull));
	summary->last_known = !isnull;
}

/* read_identifiers adds the identifiers of a profile. */
static void
read_identifiers(Folder *folder, Slice *slice, int64 profile_id)
{
	LogCursor *at = &folder->identifiers;
	uint32_t next = CDPK_IDMAP_NONE;

	while (log_cursor_look(at) && log_cursor_int8(at, HELD_PROFILE_ID) <= profile_id)
	{
		PassHeldItem *item;
		bool isnull;

		if (log_cursor_int8(at, HELD_PROFILE_ID) < profile_id)
			pass_check(CDPK_CORRUPT);
		if (slice->identifier_count == slice->identifier_capacity)
		{
			slice->identifier_capacity = Max(1024, slice->identifier_capacity * 2);
			slice->identifiers =
				slice->identifiers == NULL
					? pass_array(slice->identifier_capacity, sizeof(PassHeldItem))
					: repalloc_huge(slice->identifiers,
									sizeof(PassHeldItem) * slice->identifier_capacity);
		}
		item = &slice->identifiers[slice->identifier_count];
		item->profile_id = profile_id;
		item->identifier_id = log_cursor_int8(at, HELD_IDENTIFIER_ID);
		item->payload = pass_payload(
			PointerGetDatum(PG_DETOAST_DATUM_COPY(log_cursor_value(at, HELD_IDENTIFIER, &isnull))));
		item->leaves = false;
		item->next = next;
		next = (uint32_t) slice->identifier_count++;
		slice->bytes += item->payload.length;
		log_cursor_skip(at);
	}
}

/* read_slice reads profiles until the slice is full; false: there were none. */
static bool
read_slice(Folder *folder, Slice *slice)
{
	LogCursor *events = &folder->events;

	while (!is_full(slice) && slice->profile_ids.count < restitch_rows() &&
		   log_cursor_look(&folder->summaries))
	{
		int64 profile_id = log_cursor_int8(&folder->summaries, SUMMARY_PROFILE_ID);
		bool more;

		CHECK_FOR_INTERRUPTS();
		pass_add_id(&slice->profile_ids, profile_id);
		read_base(folder, slice, profile_id);
		while ((more = log_cursor_look(events)) &&
			   log_cursor_int8(events, EVENT_PROFILE_ID) == profile_id && !is_full(slice))
		{
			CHECK_FOR_INTERRUPTS();
			read_event(folder, slice);
			log_cursor_skip(events);
		}
		if (more && log_cursor_int8(events, EVENT_PROFILE_ID) < profile_id)
			pass_check(CDPK_CORRUPT);
		slice->refold.unfinished = more && log_cursor_int8(events, EVENT_PROFILE_ID) == profile_id;
		if (slice->refold.unfinished || log_cursor_bool(&folder->summaries, SUMMARY_DIFFERS))
			read_summary(folder, slice);
		if (slice->refold.unfinished)
			break;
		read_identifiers(folder, slice, profile_id);
		log_cursor_skip(&folder->summaries);
	}
	return slice->profile_ids.count > 0;
}

/* ---------------------------------------------------------------- folding */

static CdpkBatchBytes
copy_bytes(const CdpkBatchBytes *bytes)
{
	CdpkBatchBytes copy = *bytes;

	if (bytes->bytes != NULL)
	{
		uint8_t *to = palloc_extended(Max(bytes->length, 1), MCXT_ALLOC_HUGE);

		memcpy(to, bytes->bytes, bytes->length);
		copy.bytes = to;
	}
	return copy;
}

/* carry keeps what a profile is so far for the next slice; what it was before may be part of it. */
static void
carry(Folder *folder, const PassRefold *refold)
{
	MemoryContext former = folder->carried_context;
	MemoryContext caller = MemoryContextSwitchTo(folder->context);

	folder->carried_context = NULL;
	if (refold->unfinished)
	{
		folder->carried_context = AllocSetContextCreate(
			folder->context, "cdp restitch unfinished profile", ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(folder->carried_context);
		folder->carried = refold->last;
		folder->carried.traits = copy_bytes(&refold->last.traits);
		folder->carried.timeline = copy_bytes(&refold->last.timeline);
	}
	MemoryContextSwitchTo(caller);
	if (former != NULL)
		MemoryContextDelete(former);
}

/* write_touched lists profiles whose rows were written. */
static void
write_touched(Pass *pass, const PassIds *written)
{
	PassColumns row = {written->count};
	Datum *profile_id = pass_column(&row, TOUCHED_PROFILE_ID);

	for (int i = 0; i < written->count; i++)
		profile_id[i] = Int64GetDatum(written->items[i]);
	if (written->count > 0)
		store_insert(pass_table(pass, TABLE_TOUCHED), written->count, pass_columns(&row));
}

/* fold folds the profiles of a slice, and writes those whose rows differ. */
static void
fold(Folder *folder, Slice *slice)
{
	PassRefold *refold = &slice->refold;
	int64 done = slice->event_count;

	add_base(slice);
	refold->events = slice->events;
	refold->event_count = (size_t) slice->event_count;
	refold->summaries = slice->summaries;
	refold->summary_count = (size_t) slice->summary_count;
	refold->identifiers = slice->identifiers;
	refold->identifier_count = slice->identifier_count;
	refold->folded = folder->carried_context != NULL ? &folder->carried : NULL;
	pass_refold(slice->pass, refold);
	write_touched(slice->pass, &refold->written);
	carry(folder, refold);
	folder->done += done;
}

/* fold_slice folds the next profiles, and counts them; false: there are no more. */
static bool
fold_slice(Folder *folder)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	Slice slice = {pass};
	bool found;

	pass->last_identifier_id = folder->last_identifier_id;
	pass_read_value_rules(pass);
	pass_load_sources(pass);
	slice.events = pass_array(restitch_rows(), sizeof(CdpkBatchLogged));
	slice.summaries = pass_array(restitch_rows(), sizeof(CdpkStitchProfile));
	pass_read_rules(pass);
	found = read_slice(folder, &slice);
	if (found)
	{
		pass->changes.refolded = (const int64_t *) slice.profile_ids.items;
		pass->changes.refolded_count = (size_t) slice.profile_ids.count;
		chunk_stitch_nothing(pass);
		fold(folder, &slice);
	}
	MemoryContextSwitchTo(caller);
	pass_free(pass);
	return found;
}

/* cdp_restitch_fold_profiles implements cdp_internal.restitch_fold_profiles. */
Datum
cdp_restitch_fold_profiles(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Folder folder = {{NULL}};
	int nest_level;

	batch_connect();
	nest_level = batch_enter_planner();
	folder.last_identifier_id = PG_GETARG_INT64(0);
	folder.context = CurrentMemoryContext;
	log_cursor_open(&folder.summaries, summary_query);
	log_cursor_open(&folder.events, event_query);
	log_cursor_open(&folder.base, base_query);
	log_cursor_open(&folder.identifiers, identifier_query);
	do
		progress_closed("fold", folder.done, true);
	while (fold_slice(&folder));
	if (log_cursor_look(&folder.events) || log_cursor_look(&folder.base) ||
		log_cursor_look(&folder.identifiers))
		pass_check(CDPK_CORRUPT);
	log_cursor_close(&folder.identifiers);
	log_cursor_close(&folder.base);
	log_cursor_close(&folder.events);
	log_cursor_close(&folder.summaries);
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	PG_RETURN_VOID();
}
