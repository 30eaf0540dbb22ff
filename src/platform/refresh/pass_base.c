/*
 * pass_base.c
 *		Rows of the base.  Each takes part in a pass as an event does.
 */
#include "postgres.h"

#include "platform/catalogue/packed_row.h"
#include "platform/profile/renew_traits.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_base.h"

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

/* set_traits sets what a row says of a person or an account; the bytes last. */
static void
set_traits(const Pass *pass, CdpkBatchRow *row, Datum said, TimestampTz traits_at)
{
	TraitsRenewal renewal = renewal_of(pass, row->source);
	Traits *traits = (Traits *) DatumGetPointer(said);
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

/* grow_array gives an array of the rows the present room. */
static void *
grow_array(const PassBase *base, void *array, Size size)
{
	return array == NULL ? pass_array(base->capacity, size)
						 : repalloc_huge(array, size * base->capacity);
}

/* make_room makes room for one more row. */
static void
make_room(PassBase *base)
{
	if (base->count < base->capacity)
		return;
	base->capacity = Max(256, base->capacity * 2);
	base->anchors = grow_array(base, base->anchors, sizeof(int64));
	base->keys = grow_array(base, base->keys, sizeof(int));
	base->traits_at = grow_array(base, base->traits_at, sizeof(TimestampTz));
	base->values = grow_array(base, base->values, sizeof(Datum) * BASE_COLUMNS);
	base->nulls = grow_array(base, base->nulls, sizeof(bool) * BASE_COLUMNS);
	base->rows = grow_array(base, base->rows, sizeof(CdpkBatchRow));
	base->first_id = grow_array(base, base->first_id, sizeof(int));
}

/* note_ids notes the identifiers of a row, until their values are looked up. */
static void
note_ids(PassBase *base, const CdpkPacked *packed)
{
	int64 *ids = packed_row_ids(packed);

	base->first_id[base->count] = base->ids.count;
	for (uint32_t i = 0; i < packed->id_count + packed->is_alias; i++)
		pass_add_id(&base->ids, ids[i]);
	pfree(ids);
}

/* set_packed sets what "packed" of a row holds. */
static void
set_packed(Pass *pass, CdpkBatchRow *row, const CdpkPacked *packed)
{
	CdpkBatchSpan *span = palloc(sizeof(CdpkBatchSpan));

	span->events = packed->events;
	span->last_at = packed->last_at;
	span->last_said_at = packed->last_said_at;
	span->after = packed->after;
	row->span = span;
	row->at = packed->first_at;
	row->said_at = packed->first_said_at;
	row->expires_at = CDPK_BATCH_NEVER;
	row->source = pass_numbered_source(pass, Int32GetDatum(packed->source_id));
	row->identifier_count = packed->id_count;
	row->is_alias = packed->is_alias;
	if (packed->message_length > 0)
		row->message_id = pass_bytes(PointerGetDatum(packed_row_message(packed)), false);
}

/* copy_values copies the columns of a row, and returns them. */
static const Datum *
copy_values(PassBase *base, const Datum *values, const bool *nulls)
{
	Datum *copy = &base->values[base->count * BASE_COLUMNS];

	memcpy(copy, values, sizeof(Datum) * BASE_COLUMNS);
	memcpy(&base->nulls[base->count * BASE_COLUMNS], nulls, sizeof(bool) * BASE_COLUMNS);
	for (int i = BASE_PACKED; i < BASE_LEFT_AT; i++)
		if (!nulls[i])
			copy[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[i]));
	return copy;
}

/* pass_take_base adds a row of the base, by all its columns; its identifiers get values by pass_name_base. */
void
pass_take_base(Pass *pass, int key, const Datum *values, const bool *nulls, PassBase *base)
{
	CdpkBatchRow *row;
	CdpkPacked packed;

	make_room(base);
	values = copy_values(base, values, nulls);
	row = &base->rows[base->count];
	memset(row, 0, sizeof(*row));
	base->anchors[base->count] = DatumGetInt64(values[BASE_IDENTIFIER_ID]);
	base->keys[base->count] = key;
	packed_row_read(values[BASE_PACKED], base->anchors[base->count], &packed);
	base->traits_at[base->count] = packed.traits_at;
	set_packed(pass, row, &packed);
	row->call = nulls[BASE_GROUP_ID] ? CDPK_BATCH_IDENTIFY : CDPK_BATCH_GROUP;
	row->account = pass_bytes(values[BASE_GROUP_ID], nulls[BASE_GROUP_ID]);
	row->event = pass_bytes(values[BASE_TIMELINE], nulls[BASE_TIMELINE]);
	row->has_left = !nulls[BASE_LEFT_AT];
	if (row->has_left)
		row->left_at = DatumGetTimestampTz(values[BASE_LEFT_AT]);
	if (!nulls[BASE_TRAITS])
		set_traits(pass, row, values[BASE_TRAITS], packed.traits_at);
	note_ids(base, &packed);
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

/* pack_anew packs a row for another anchor. */
static Datum
pack_anew(Datum packed, int64 from, int64 to)
{
	CdpkPacked row;

	packed_row_read(packed, from, &row);
	row.ids = (const int64_t *) packed_row_ids(&row);
	if (row.message_length > 0)
		row.message_id = VARDATA(packed_row_message(&row));
	row.anchor = to;
	return packed_row_write(&row);
}

/* add_stored adds a row as it is stored to the rows to be written, at another anchor. */
static void
add_stored(const PassBase *base, int row, int64 anchor, PassBaseWritten *written)
{
	const Datum *values = &base->values[row * BASE_COLUMNS];

	for (int i = 0; i < BASE_COLUMNS; i++)
	{
		written->values[i][written->count] = values[i];
		written->nulls[i][written->count] = base->nulls[row * BASE_COLUMNS + i];
	}
	if (anchor != base->anchors[row])
	{
		written->values[BASE_IDENTIFIER_ID][written->count] = Int64GetDatum(anchor);
		written->values[BASE_PACKED][written->count] =
			pack_anew(values[BASE_PACKED], base->anchors[row], anchor);
	}
	written->count++;
}

/* pass_begin_base makes room for so many rows to be written. */
void
pass_begin_base(PassBaseWritten *written, int rows)
{
	memset(written, 0, sizeof(*written));
	written->columns.rows = rows;
	for (int i = 0; i < BASE_COLUMNS; i++)
		written->values[i] = pass_null_column(&written->columns, i, &written->nulls[i]);
}

/*
 * pass_write_base writes rows.  The stored ones of some anchors, all of which are in "base", are written anew, since no
 * index tells one from another: each at an anchor of "to", or not at all.
 */
void
pass_write_base(Pass *pass, const PassBase *base, PassIds *anchors, const int64 *to,
				PassBaseWritten *written)
{
	PassColumns key = {0};
	Datum *identifier_id;

	pass_sort_ids(anchors);
	for (int i = 0; i < base->count; i++)
		if (to[i] != PASS_BASE_GONE && pass_has_id(anchors, base->anchors[i]))
			add_stored(base, i, to[i], written);
	if (anchors->count > 0)
	{
		key.rows = anchors->count;
		identifier_id = pass_column(&key, BASE_IDENTIFIER_ID);
		for (int i = 0; i < anchors->count; i++)
			identifier_id[i] = Int64GetDatum(anchors->items[i]);
		store_delete(pass_table(pass, TABLE_BASE), key.rows, pass_columns(&key));
	}
	if (written->count > 0)
		store_insert(pass_table(pass, TABLE_BASE), written->count, pass_columns(&written->columns));
}

/* pass_move_base brings the rows of the base that moved to their anchors. */
void
pass_move_base(Pass *pass)
{
	const PassBase *base = &pass->base_strays;
	int64 *to = pass_array(base->count, sizeof(int64));
	PassIds anchors = {NULL};
	PassBaseWritten written;

	for (int i = 0; i < base->count; i++)
		to[i] = base->anchors[i];
	for (size_t i = 0; i < pass->moved_count; i++)
	{
		const CdpkBatchReanchored *moved = &pass->moved[i];

		if (moved->event_id != 0)
			continue;
		to[moved->stray - (uint32_t) pass->event_strays] = moved->to;
		pass_add_id(&anchors, moved->from);
	}
	if (anchors.count == 0)
		return;
	pass_begin_base(&written, base->count);
	pass_write_base(pass, base, &anchors, to, &written);
}
