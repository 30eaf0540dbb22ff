/*
 * pass_base.c
 *		Rows of the base, and the months of the log that are folded into it.
 *
 * A row of the base takes part in a pass as an event does.  Events of a month up to its mark are in the base,
 * also while they are in the log: who reads both passes them over.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "platform/profile/renew_traits.h"
#include "platform/refresh/pass.h"

/* ---------------------------------------------------------------- months */

/* pass_make_months makes them of the rows of PASS_MONTHS_QUERY. */
PassMonth *
pass_make_months(SPITupleTable *rows, uint64 count)
{
	PassMonth *months = pass_array((int64) count, sizeof(PassMonth));

	for (uint64 i = 0; i < count; i++)
	{
		months[i].from = resolver_int8(rows, i, 1);
		months[i].until = resolver_int8(rows, i, 2);
		months[i].event_id = resolver_int8(rows, i, 3);
	}
	return months;
}

/* pass_month_is_folded tells whether an event of the log is in the base. */
bool
pass_month_is_folded(const PassMonth *months, int count, int64 event_id, TimestampTz at)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const PassMonth *month = &months[middle];

		if (at < month->from)
			high = middle;
		else if (at >= month->until)
			low = middle + 1;
		else
			return event_id <= month->event_id;
	}
	return false;
}

/* pass_read_months reads which months are folded into a pass. */
void
pass_read_months(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows = pass_query(pass, PASS_MONTHS_QUERY, 0, NULL, NULL, &count);

	pass->months = pass_make_months(rows, count);
	pass->month_count = (int) count;
	pass->has_base = count > 0;
	SPI_freetuptable(rows);
}

/* pass_is_folded tells the same for a pass that has read the months. */
bool
pass_is_folded(const Pass *pass, int64 event_id, TimestampTz at)
{
	return pass_month_is_folded(pass->months, pass->month_count, event_id, at);
}

/* ---------------------------------------------------------------- traits */

static TraitsRenewal
renewal_of(const Pass *pass, uint32 source)
{
	TraitsRenewal renewal = {pass->sources[source].trust, pass->sources[source].expires_after,
							 pass->keep_expired ? CDPK_BATCH_EVER : pass->as_of};

	return renewal;
}

/* pass_has_expired tells whether what a source said at a time has expired. */
bool
pass_has_expired(const Pass *pass, uint32 source, TimestampTz said_at)
{
	TraitsRenewal renewal = renewal_of(pass, source);

	return traits_expire_at(&renewal, said_at) <= pass->as_of;
}

/* set_traits sets what a row says of a person or an account. */
static void
set_traits(const Pass *pass, CdpkBatchRow *row, Datum said, TimestampTz traits_at)
{
	TraitsRenewal renewal = renewal_of(pass, row->source);
	Traits *traits = (Traits *) PG_DETOAST_DATUM_COPY(said);
	CdpkTraitsView view = traits_open(traits);

	if (!traits_are_current(&renewal, &view))
		traits = traits_renew(&renewal, &view);
	if (traits == NULL)
		return;
	row->traits = pass_bytes(PointerGetDatum(traits), false);
	view = traits_open(traits);
	if (!pass->keep_expired)
		row->expires_at = traits_first_expiry(&renewal, &view, traits_at);
}

/* ---------------------------------------------------------------- rows */

/* make_room makes room for one more row. */
static void
make_room(PassBase *base)
{
	if (base->count < base->capacity)
		return;
	base->capacity = Max(256, base->capacity * 2);
	if (base->count == 0)
	{
		base->base_ids = pass_array(base->capacity, sizeof(int64));
		base->anchors = pass_array(base->capacity, sizeof(int64));
		base->keys = pass_array(base->capacity, sizeof(int));
		base->traits_at = pass_array(base->capacity, sizeof(TimestampTz));
		base->rows = pass_array(base->capacity, sizeof(CdpkBatchRow));
		base->first_id = pass_array(base->capacity, sizeof(int));
		return;
	}
	base->base_ids = repalloc_huge(base->base_ids, sizeof(int64) * base->capacity);
	base->anchors = repalloc_huge(base->anchors, sizeof(int64) * base->capacity);
	base->keys = repalloc_huge(base->keys, sizeof(int) * base->capacity);
	base->traits_at = repalloc_huge(base->traits_at, sizeof(TimestampTz) * base->capacity);
	base->rows = repalloc_huge(base->rows, sizeof(CdpkBatchRow) * base->capacity);
	base->first_id = repalloc_huge(base->first_id, sizeof(int) * base->capacity);
}

/* note_ids notes the identifiers of a row, until their values are looked up. */
static void
note_ids(PassBase *base, Datum ids, Datum earlier_id, bool no_earlier)
{
	ArrayType *array = DatumGetArrayTypeP(ids);
	Datum *values;
	int count;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  NULL, &count);
	base->first_id[base->count] = base->ids.count;
	for (int i = 0; i < count; i++)
		pass_add_id(&base->ids, DatumGetInt64(values[i]));
	base->rows[base->count].identifier_count = (uint32_t) count;
	base->rows[base->count].is_alias = !no_earlier;
	if (!no_earlier)
		pass_add_id(&base->ids, DatumGetInt64(earlier_id));
	pfree(values);
}

/* copy_bytes copies a value that may be null. */
static CdpkBatchBytes
copy_bytes(Datum value, bool isnull)
{
	return pass_bytes(isnull ? value : PointerGetDatum(PG_DETOAST_DATUM_COPY(value)), isnull);
}

/* pass_take_base adds a row of the base, by all its columns; its identifiers get values by pass_name_base. */
void
pass_take_base(Pass *pass, int key, const Datum *values, const bool *nulls, PassBase *base)
{
	CdpkBatchSpan *span = palloc(sizeof(CdpkBatchSpan));
	CdpkBatchRow *row;

	make_room(base);
	row = &base->rows[base->count];
	memset(row, 0, sizeof(*row));
	base->base_ids[base->count] = DatumGetInt64(values[BASE_ID]);
	base->anchors[base->count] = DatumGetInt64(values[BASE_IDENTIFIER_ID]);
	base->keys[base->count] = key;
	base->traits_at[base->count] =
		nulls[BASE_TRAITS_AT] ? CDPK_BATCH_NEVER : DatumGetTimestampTz(values[BASE_TRAITS_AT]);
	span->events = DatumGetInt64(values[BASE_EVENTS]);
	span->last_at = DatumGetTimestampTz(values[BASE_LAST_AT]);
	span->last_said_at = DatumGetTimestampTz(values[BASE_LAST_SAID_AT]);
	span->after = DatumGetTimestampTz(values[BASE_AFTER]);
	row->span = span;
	row->at = DatumGetTimestampTz(values[BASE_FIRST_AT]);
	row->said_at = DatumGetTimestampTz(values[BASE_FIRST_SAID_AT]);
	row->expires_at = CDPK_BATCH_NEVER;
	row->source = pass_numbered_source(pass, values[BASE_SOURCE_ID]);
	row->call = nulls[BASE_GROUP_ID] ? CDPK_BATCH_IDENTIFY : CDPK_BATCH_GROUP;
	row->account = copy_bytes(values[BASE_GROUP_ID], nulls[BASE_GROUP_ID]);
	row->message_id = copy_bytes(values[BASE_MESSAGE_ID], nulls[BASE_MESSAGE_ID]);
	row->event = copy_bytes(values[BASE_TIMELINE], nulls[BASE_TIMELINE]);
	if (!nulls[BASE_TRAITS])
		set_traits(pass, row, values[BASE_TRAITS], base->traits_at[base->count]);
	note_ids(base, values[BASE_IDS], values[BASE_EARLIER_ID], nulls[BASE_EARLIER_ID]);
	base->count++;
}

/* Identifiers that are looked up by their numbers. */
typedef struct Named
{
	CdpkIdMap place; /* of each that was found */
	PassIds ids;
	CdpkBatchBytes *payloads;
	int count;
} Named;

/* note_payload is the StoreRowFunction that takes the value of an identifier. */
static void
note_payload(void *arg, int key, const Datum *values, const bool *nulls)
{
	Named *named = arg;

	named->payloads[named->count] = pass_payload(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[0])));
	pass_check(
		cdpk_idmap_put(&named->place, (uint64_t) named->ids.items[key], (uint32_t) named->count++));
}

/* pass_name_base gives the rows of the base that were taken the values of their identifiers. */
void
pass_name_base(Pass *pass, PassBase *base)
{
	static const int wanted[] = {IDENTIFIER_VALUE};
	PassTable table = pass->anew ? TABLE_NUMBERED_IDENTIFIER : TABLE_IDENTIFIER;
	Named named = {0};
	CdpkBatchBytes *identifiers;

	if (base->count == 0)
		return;
	cdpk_idmap_init(&named.place, &pass->allocator);
	for (int i = 0; i < base->ids.count; i++)
		pass_add_id(&named.ids, base->ids.items[i]);
	pass_sort_ids(&named.ids);
	named.payloads = pass_array(named.ids.count, sizeof(CdpkBatchBytes));
	pass_find_ids(pass, table, IDENTIFIER_ID, named.ids.items, named.ids.count, lengthof(wanted),
				  wanted, note_payload, &named);
	identifiers = pass_array(base->ids.count, sizeof(CdpkBatchBytes));
	for (int i = 0; i < base->ids.count; i++)
	{
		uint32_t place = cdpk_idmap_get(&named.place, (uint64_t) base->ids.items[i]);

		if (place == CDPK_IDMAP_NONE)
			ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
							errmsg("identifier " INT64_FORMAT
								   " of the base has no row in cdp_data.identifier",
								   base->ids.items[i])));
		identifiers[i] = named.payloads[place];
	}
	for (int i = 0; i < base->count; i++)
		base->rows[i].identifiers = &identifiers[base->first_id[i]];
	cdpk_idmap_free(&named.place);
}

/* What takes rows of the base. */
typedef struct Finding
{
	Pass *pass;
	PassBase *base;
} Finding;

/* note_base is its StoreRowFunction. */
static void
note_base(void *arg, int key, const Datum *values, const bool *nulls)
{
	Finding *finding = arg;

	CHECK_FOR_INTERRUPTS();
	pass_take_base(finding->pass, key, values, nulls, finding->base);
}

/* find_rows finds the rows of the base that are anchored at identifiers. */
static void
find_rows(Pass *pass, const int64 *anchors, int count, PassBase *base)
{
	Finding finding = {pass, base};
	int wanted[BASE_COLUMNS];

	memset(base, 0, sizeof(*base));
	if (!pass->has_base)
		return;
	for (int i = 0; i < BASE_COLUMNS; i++)
		wanted[i] = i;
	pass_find_ids(pass, TABLE_BASE, BASE_IDENTIFIER_ID, anchors, count, BASE_COLUMNS, wanted,
				  note_base, &finding);
}

/* pass_find_base finds the rows of the base that are anchored at identifiers, with all that they say. */
void
pass_find_base(Pass *pass, const int64 *anchors, int count, PassBase *base)
{
	find_rows(pass, anchors, count, base);
	pass_name_base(pass, base);
}

/* pass_find_base_values does the same, without the identifiers of the rows. */
void
pass_find_base_values(Pass *pass, const int64 *anchors, int count, PassBase *base)
{
	find_rows(pass, anchors, count, base);
	for (int i = 0; i < base->count; i++)
		base->rows[i].identifier_count = 0;
}

/* ---------------------------------------------------------------- anchors */

/* pass_move_base brings the rows of the base that moved to their anchors. */
void
pass_move_base(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID};
	PassIds base_ids = {NULL};
	PassIds from = {NULL};
	PassIds to = {NULL};
	Datum arguments[3];

	for (size_t i = 0; i < pass->moved_count; i++)
	{
		const CdpkBatchReanchored *moved = &pass->moved[i];

		if (moved->event_id != 0)
			continue;
		pass_add_id(&base_ids,
					pass->base_strays.base_ids[moved->stray - (uint32_t) pass->event_strays]);
		pass_add_id(&from, moved->from);
		pass_add_id(&to, moved->to);
	}
	if (base_ids.count == 0)
		return;
	arguments[0] = pass_id_array(base_ids.items, base_ids.count);
	arguments[1] = pass_id_array(from.items, from.count);
	arguments[2] = pass_id_array(to.items, to.count);
	/* delete and insert: the anchor is the distribution key */
	pass_run(
		pass,
		"WITH gone AS ("
		" DELETE FROM cdp_data.base b USING unnest($3, $4, $5) AS r (base_id, old_id, new_id)"
		" WHERE b.base_id = r.base_id AND b.identifier_id = r.old_id RETURNING b.*, r.new_id)"
		" INSERT INTO cdp_data.base (base_id, identifier_id, events, first_at, last_at,"
		" first_said_at, last_said_at, after, traits_at, earlier_id, source_id, ids, group_id,"
		" message_id, traits, timeline)"
		" SELECT base_id, new_id, events, first_at, last_at, first_said_at, last_said_at, after,"
		" traits_at, earlier_id, source_id, ids, group_id, message_id, traits, timeline FROM gone",
		3, types, arguments);
}
