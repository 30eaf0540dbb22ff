/*
 * pass_older.c
 *		Rows of messages that may have been accepted so long ago that their keys are forgotten.
 */
#include "postgres.h"

#include "platform/refresh/pass.h"

/* is_older tells whether the key of a row may be forgotten. */
static bool
is_older(const Pass *pass, const TakenRow *row)
{
	return row->reason == NULL && row->has_key && row->at < pass->oldest;
}

/* note_known is the StoreRowFunction that notes that a key is not forgotten. */
static void
note_known(void *arg, int key, const Datum *values, const bool *nulls)
{
	((bool *) arg)[key] = true;
}

/* refuse refuses a row. */
static void
refuse(Pass *pass, TakenRow *row)
{
	row->reason = "older_than_memory";
	row->detail = MemoryContextStrdup(
		pass->context, psprintf("timestamp: before %s, so its message_id may be forgotten",
								timestamptz_to_str(pass->oldest)));
}

/* pass_refuse_older refuses rows whose keys may be forgotten and are not known. */
void
pass_refuse_older(Pass *pass)
{
	PassColumns key = {0};
	Datum *keys;
	bool *known;
	int count = 0;

	for (int i = 0; i < pass->row_count; i++)
		key.rows += is_older(pass, &pass->rows[i]);
	if (key.rows == 0)
		return;
	keys = pass_column(&key, MESSAGE_KEY);
	known = pass_array(key.rows, sizeof(bool));
	memset(known, 0, key.rows);
	for (int i = 0; i < pass->row_count; i++)
		if (is_older(pass, &pass->rows[i]))
			keys[count++] = PointerGetDatum(pass->rows[i].message_key.data);
	store_find(pass_table(pass, TABLE_MESSAGE), count, pass_columns(&key), 0, NULL, note_known,
			   known);
	count = 0;
	for (int i = 0; i < pass->row_count; i++)
		if (is_older(pass, &pass->rows[i]) && !known[count++])
			refuse(pass, &pass->rows[i]);
	pfree(keys);
	pfree(known);
}
