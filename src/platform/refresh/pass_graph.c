/*
 * pass_graph.c
 *		Brings the rows of identifiers to what the batch makes of them.
 */
#include "postgres.h"

#include "utils/datum.h"

#include "core/base/idmap.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_kin.h"

/* A row of an identifier that is not what it was. */
typedef struct Changed
{
	int64 identifier_id;
	int64 was_in; /* the profile, and the batch that put it there */
	int64 since;
	int64 profile_id;
	int64 class_id;
	bool shared;
	bool blocked;
	Datum link_counts;
	Datum identifier;
} Changed;

typedef struct ChangedRows
{
	Pass *pass;
	CdpkIdMap place;   /* of each identifier that is to be read, or was read */
	CdpkIdMap move;    /* … of profiles, in the result */
	CdpkIdMap alone;   /* … of identifiers that move by themselves, in the result */
	CdpkIdMap class;   /* … of those whose class changes */
	CdpkIdMap blocked; /* those that the batch blocks */
	Changed *rows;
	int count;
	int capacity;
} ChangedRows;

/* note_row is the StoreRowFunction that takes the row of an identifier, once. */
static void
note_row(void *arg, int key, const Datum *values, const bool *nulls)
{
	ChangedRows *changed = arg;
	int64 identifier_id = DatumGetInt64(values[0]);
	Changed *row;

	if (cdpk_idmap_get(&changed->place, (uint64_t) identifier_id) != CDPK_IDMAP_NONE)
		return;
	if (changed->count == changed->capacity)
	{
		changed->capacity = Max(1024, changed->capacity * 2);
		changed->rows = changed->rows == NULL
							? pass_array(changed->capacity, sizeof(Changed))
							: repalloc_huge(changed->rows, sizeof(Changed) * changed->capacity);
	}
	pass_check(
		cdpk_idmap_put(&changed->place, (uint64_t) identifier_id, (uint32_t) changed->count));
	row = &changed->rows[changed->count++];
	row->identifier_id = identifier_id;
	row->was_in = row->profile_id = DatumGetInt64(values[1]);
	row->shared = DatumGetBool(values[2]);
	row->blocked = DatumGetBool(values[3]);
	row->link_counts = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[4]));
	row->since = DatumGetInt64(values[5]);
	row->identifier = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[6]));
	row->class_id = DatumGetInt64(values[7]);
}

static const int wanted_columns[] = {
	IDENTIFIER_ID,          IDENTIFIER_PROFILE_ID,     IDENTIFIER_SHARED, IDENTIFIER_BLOCKED,
	IDENTIFIER_LINK_COUNTS, IDENTIFIER_SINCE_BATCH_ID, IDENTIFIER_VALUE,  IDENTIFIER_CLASS_ID};

/* has_no_row tells whether an identifier is new to the tables that are written. */
static bool
has_no_row(const Pass *pass, uint32_t place)
{
	const CdpkBatchIdentifier *identifier = cdpk_batch_identifier(pass->batch, place);

	return identifier->is_new || pass_is_claimed(pass, identifier->identifier_id);
}

/*
 * read_moved reads the identifiers of profiles that move whole, and then those that move alone, or change
 * their sharing or their class.
 */
static void
read_moved(ChangedRows *changed)
{
	Pass *pass = changed->pass;
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	PassIds ids = {NULL};

	for (size_t i = 0; i < result->profile_move_count; i++)
	{
		pass_check(
			cdpk_idmap_put(&changed->move, (uint64_t) result->profile_moves[i].from, (uint32_t) i));
		pass_add_id(&ids, result->profile_moves[i].from);
	}
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_PROFILE_ID, ids.items, ids.count,
				  lengthof(wanted_columns), wanted_columns, note_row, changed);
	ids.count = 0;
	for (size_t i = 0; i < result->identifier_move_count; i++)
	{
		const CdpkStitchMove *move = &result->identifier_moves[i];
		uint32_t place = cdpk_batch_place(pass->batch, move->id);

		if (place != CDPK_BATCH_NONE && has_no_row(pass, place))
			continue;
		pass_check(cdpk_idmap_put(&changed->alone, (uint64_t) move->id, (uint32_t) i));
		pass_add_id(&ids, move->id);
	}
	for (size_t i = 0; i < result->sharing_count; i++)
		if (!pass_is_claimed(pass, result->sharing[i].identifier_id))
			pass_add_id(&ids, result->sharing[i].identifier_id);
	for (size_t i = 0; i < result->class_count; i++)
	{
		uint32_t place = cdpk_batch_place(pass->batch, result->classes[i].identifier_id);

		pass_check(cdpk_idmap_put(&changed->class, (uint64_t) result->classes[i].identifier_id,
								  (uint32_t) i));
		if (place == CDPK_BATCH_NONE || !has_no_row(pass, place))
			pass_add_id(&ids, result->classes[i].identifier_id);
	}
	pass_find_ids(pass, TABLE_IDENTIFIER, IDENTIFIER_ID, ids.items, ids.count,
				  lengthof(wanted_columns), wanted_columns, note_row, changed);
}

/* is_blocked tells whether an identifier that is in no profile is blocked: else no event carries it. */
static bool
is_blocked(const ChangedRows *changed, int64 identifier_id)
{
	CdpkBatch *batch = changed->pass->batch;
	uint32_t place = cdpk_batch_place(batch, identifier_id);

	if (place != CDPK_BATCH_NONE && cdpk_batch_identifier(batch, place)->blocked)
		return true;
	return cdpk_idmap_get(&changed->blocked, (uint64_t) identifier_id) != CDPK_IDMAP_NONE;
}

/* class_of tells the class of an identifier, which was in the given one. */
static int64
class_of(const ChangedRows *changed, int64 identifier_id, int64 was)
{
	uint32_t place = cdpk_idmap_get(&changed->class, (uint64_t) identifier_id);

	return place == CDPK_IDMAP_NONE
			   ? was
			   : cdpk_batch_result(changed->pass->batch)->classes[place].class_id;
}

/* move_rows sets the profiles of rows, their sharing and their class. */
static void
move_rows(ChangedRows *changed)
{
	const CdpkStitchResult *result = cdpk_batch_result(changed->pass->batch);

	for (int i = 0; i < changed->count; i++)
	{
		Changed *row = &changed->rows[i];
		uint32_t alone = cdpk_idmap_get(&changed->alone, (uint64_t) row->identifier_id);
		uint32_t move = cdpk_idmap_get(&changed->move, (uint64_t) row->was_in);

		if (alone != CDPK_IDMAP_NONE)
		{
			row->profile_id = result->identifier_moves[alone].to;
			row->blocked = row->profile_id == 0 && is_blocked(changed, row->identifier_id);
		}
		else if (move != CDPK_IDMAP_NONE)
			row->profile_id = result->profile_moves[move].to;
		row->class_id = class_of(changed, row->identifier_id, row->class_id);
	}
	for (size_t i = 0; i < result->sharing_count; i++)
	{
		uint32_t place =
			cdpk_idmap_get(&changed->place, (uint64_t) result->sharing[i].identifier_id);

		if (place != CDPK_IDMAP_NONE)
			changed->rows[place].shared = result->sharing[i].shared;
	}
}

/* moved tells whether a row is in another profile, or was told so. */
static bool
moved(const ChangedRows *changed, const Changed *row)
{
	return cdpk_idmap_get(&changed->alone, (uint64_t) row->identifier_id) != CDPK_IDMAP_NONE ||
		   cdpk_idmap_get(&changed->move, (uint64_t) row->was_in) != CDPK_IDMAP_NONE;
}

/* note_places notes which identifiers are in another profile than before, as long as the pass lasts. */
static void
note_places(const ChangedRows *changed)
{
	Pass *pass = changed->pass;
	MemoryContext caller = MemoryContextSwitchTo(pass->context);

	pass->places = pass_array(changed->count, sizeof(PassPlace));
	for (int i = 0; i < changed->count; i++)
	{
		const Changed *row = &changed->rows[i];
		PassPlace *place = &pass->places[pass->place_count];

		if (row->was_in == row->profile_id)
			continue;
		place->identifier_id = row->identifier_id;
		place->from = row->was_in;
		place->to = row->profile_id;
		place->payload = pass_payload(datumCopy(row->identifier, false, -1));
		pass->place_count++;
	}
	MemoryContextSwitchTo(caller);
}

/* write_history writes where identifiers were until now. */
static void
write_history(const ChangedRows *changed)
{
	PassColumns row = {changed->count};
	Datum *identifier_id = pass_column(&row, HISTORY_IDENTIFIER_ID);
	Datum *from = pass_column(&row, HISTORY_FROM_BATCH_ID);
	Datum *until = pass_column(&row, HISTORY_UNTIL_BATCH_ID);
	Datum *profile_id = pass_column(&row, HISTORY_PROFILE_ID);
	int count = 0;

	for (int i = 0; i < changed->count; i++)
	{
		if (!moved(changed, &changed->rows[i]) ||
			pass_has_left(changed->pass, changed->rows[i].identifier_id))
			continue;
		identifier_id[count] = Int64GetDatum(changed->rows[i].identifier_id);
		from[count] = Int64GetDatum(changed->rows[i].since);
		until[count] = Int64GetDatum(changed->pass->batch_id);
		profile_id[count++] = Int64GetDatum(changed->rows[i].was_in);
	}
	store_insert(pass_table(changed->pass, TABLE_IDENTIFIER_HISTORY), count, pass_columns(&row));
}

/* write_moved writes the rows that move, or change their sharing or their class. */
static void
write_moved(const ChangedRows *changed)
{
	PassColumns key = {changed->count};
	PassColumns set = {changed->count};
	Datum *identifier_id = pass_column(&key, IDENTIFIER_ID);
	Datum *profile_id = pass_column(&set, IDENTIFIER_PROFILE_ID);
	Datum *since = pass_column(&set, IDENTIFIER_SINCE_BATCH_ID);
	Datum *shared = pass_column(&set, IDENTIFIER_SHARED);
	Datum *blocked = pass_column(&set, IDENTIFIER_BLOCKED);
	Datum *link_counts = pass_column(&set, IDENTIFIER_LINK_COUNTS);
	Datum *class_id = pass_column(&set, IDENTIFIER_CLASS_ID);

	for (int i = 0; i < changed->count; i++)
	{
		const Changed *row = &changed->rows[i];

		identifier_id[i] = Int64GetDatum(row->identifier_id);
		profile_id[i] = Int64GetDatum(row->profile_id);
		since[i] = Int64GetDatum(moved(changed, row) ? changed->pass->batch_id : row->since);
		shared[i] = BoolGetDatum(row->shared);
		blocked[i] = BoolGetDatum(row->blocked);
		link_counts[i] = row->link_counts;
		class_id[i] = Int64GetDatum(row->class_id);
	}
	if (changed->count > 0)
		store_update(pass_table(changed->pass, TABLE_IDENTIFIER), changed->count,
					 pass_columns(&key), pass_columns(&set));
}

/* write_counts writes the counts of known identifiers whose rows are otherwise as they were. */
static void
write_counts(ChangedRows *changed)
{
	Pass *pass = changed->pass;
	size_t total;
	const uint32_t *places = cdpk_batch_recounted(pass->batch, &total);
	PassColumns key = {(int) total};
	PassColumns set = {(int) total};
	Datum *identifier_id = pass_column(&key, IDENTIFIER_ID);
	Datum *link_counts = pass_column(&set, IDENTIFIER_LINK_COUNTS);
	int count = 0;

	for (size_t i = 0; i < total; i++)
	{
		const CdpkBatchIdentifier *identifier = cdpk_batch_identifier(pass->batch, places[i]);
		Datum counts;
		uint32_t row;

		if (has_no_row(pass, places[i]))
			continue;
		counts = pass_make_link_counts(pass, identifier->counts, identifier->count_length);
		row = cdpk_idmap_get(&changed->place, (uint64_t) identifier->identifier_id);
		if (row != CDPK_IDMAP_NONE)
		{
			changed->rows[row].link_counts = counts;
			continue;
		}
		identifier_id[count] = Int64GetDatum(identifier->identifier_id);
		link_counts[count++] = counts;
	}
	if (count > 0)
		store_update(pass_table(pass, TABLE_IDENTIFIER), count, pass_columns(&key),
					 pass_columns(&set));
}

/* list_new lists the places of identifiers that have no rows yet. */
static uint32_t *
list_new(const Pass *pass, size_t *count)
{
	size_t total;
	const uint32_t *fresh = cdpk_batch_fresh(pass->batch, count);
	uint32_t *places;

	cdpk_batch_names(pass->batch, &total);
	places = pass_array((int64) (pass->anew ? total : *count), sizeof(uint32_t));
	memcpy(places, fresh, sizeof(uint32_t) * *count);
	for (uint32_t i = 0; pass->anew && i < total; i++)
		if (pass_is_claimed(pass, cdpk_batch_identifier(pass->batch, i)->identifier_id))
			places[(*count)++] = i;
	return places;
}

/* write_new writes the rows of new identifiers. */
static void
write_new(const ChangedRows *changed)
{
	Pass *pass = changed->pass;
	size_t total;
	const uint32_t *fresh = list_new(pass, &total);
	PassColumns row = {(int) total};
	Datum *identifier_id = pass_column(&row, IDENTIFIER_ID);
	Datum *identifier = pass_column(&row, IDENTIFIER_VALUE);
	Datum *profile_id = pass_column(&row, IDENTIFIER_PROFILE_ID);
	Datum *shared = pass_column(&row, IDENTIFIER_SHARED);
	Datum *link_counts = pass_column(&row, IDENTIFIER_LINK_COUNTS);
	Datum *batch_id = pass_column(&row, IDENTIFIER_BATCH_ID);
	Datum *since = pass_column(&row, IDENTIFIER_SINCE_BATCH_ID);

	for (size_t i = 0; i < total; i++)
	{
		const CdpkBatchIdentifier *made = cdpk_batch_identifier(pass->batch, fresh[i]);

		CHECK_FOR_INTERRUPTS();
		identifier_id[i] = Int64GetDatum(made->identifier_id);
		identifier[i] = pass_identifier(&made->payload);
		profile_id[i] = Int64GetDatum(made->profile_after);
		shared[i] = BoolGetDatum(made->shared_after);
		link_counts[i] = pass_make_link_counts(pass, made->counts, made->count_length);
		batch_id[i] = since[i] = Int64GetDatum(pass->batch_id);
	}
	if (cdpk_batch_result(pass->batch)->class_count > 0)
	{
		Datum *class_id = pass_column(&row, IDENTIFIER_CLASS_ID);

		for (int i = 0; i < row.rows; i++)
			class_id[i] = Int64GetDatum(class_of(changed, DatumGetInt64(identifier_id[i]), 0));
	}
	store_insert(pass_table(pass, TABLE_IDENTIFIER), (int) total, pass_columns(&row));
}

void
pass_write_identifiers(Pass *pass)
{
	ChangedRows changed = {pass};

	cdpk_idmap_init(&changed.place, &pass->allocator);
	cdpk_idmap_init(&changed.move, &pass->allocator);
	cdpk_idmap_init(&changed.alone, &pass->allocator);
	cdpk_idmap_init(&changed.class, &pass->allocator);
	cdpk_idmap_init(&changed.blocked, &pass->allocator);
	for (size_t i = 0; i < pass->changes.blocked_count; i++)
		pass_check(cdpk_idmap_put(&changed.blocked, (uint64_t) pass->changes.blocked[i], 0));
	read_moved(&changed);
	move_rows(&changed);
	if (!pass->anew)
	{
		note_places(&changed);
		write_history(&changed);
		pass_forget_left(pass);
	}
	write_counts(&changed);
	write_moved(&changed);
	write_new(&changed);
	cdpk_idmap_free(&changed.place);
	cdpk_idmap_free(&changed.move);
	cdpk_idmap_free(&changed.alone);
	cdpk_idmap_free(&changed.class);
	cdpk_idmap_free(&changed.blocked);
}
