/*
 * signal_answers.c
 *		cdp_internal.signal_answers: what an event answers to consent signals.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "platform/consent/read_signals.h"

CDP_FUNCTION(cdp_signal_answers);

/* read_texts reads an array of texts, none of which may be null. */
static Datum *
read_texts(ArrayType *array, int *count)
{
	Datum *values;
	bool *nulls;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, count);
	for (int i = 0; i < *count; i++)
		if (nulls[i])
			elog(ERROR, "a kind or key of a signal is null");
	return values;
}

/* read_asked reads the signals that are asked for, as the pass does; *place: of each, in the arrays. */
static CdpkSignal *
read_asked(ArrayType *kind_array, ArrayType *key_array, int *count, int *asked_count, int **place)
{
	int key_count;
	Datum *kinds = read_texts(kind_array, count);
	Datum *keys = read_texts(key_array, &key_count);
	CdpkSignal *asked = palloc(sizeof(CdpkSignal) * Max(*count, 1));

	if (key_count != *count)
		elog(ERROR, "signals have %d kinds and %d keys", *count, key_count);
	*place = palloc(sizeof(int) * Max(*count, 1));
	*asked_count = 0;
	for (int i = 0; i < *count; i++)
	{
		text *kind = DatumGetTextPP(kinds[i]);
		text *key = DatumGetTextPP(keys[i]);
		bool kind_is_known;

		if (cdpk_signal_parse(VARDATA_ANY(kind), VARSIZE_ANY_EXHDR(kind), VARDATA_ANY(key),
							  VARSIZE_ANY_EXHDR(key), &asked[*asked_count],
							  &kind_is_known) == CDPK_OK)
			(*place)[(*asked_count)++] = i;
	}
	return asked;
}

Datum
cdp_signal_answers(PG_FUNCTION_ARGS)
{
	bool has_name = !PG_ARGISNULL(3) && !PG_ARGISNULL(4);
	text *name = has_name ? PG_GETARG_TEXT_PP(4) : NULL;
	CdpkSignals signals = {0};
	int count;
	int asked_count;
	int *place;
	Datum *values;
	bool *nulls;
	int lengths[1];
	int lower_bounds[1] = {1};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	signals.signals = read_asked(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1), &count,
								 &asked_count, &place);
	signals.count = (size_t) asked_count;
	signals.answers = palloc0(Max(asked_count, 1));
	read_signals(&signals, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2),
				 has_name ? VARDATA_ANY(name) : NULL, has_name ? VARSIZE_ANY_EXHDR(name) : 0,
				 has_name ? PG_GETARG_DATUM(3) : (Datum) 0);
	if (!signals.any)
		PG_RETURN_NULL();
	values = palloc0(sizeof(Datum) * Max(count, 1));
	nulls = palloc(Max(count, 1));
	memset(nulls, true, Max(count, 1));
	for (int i = 0; i < asked_count; i++)
	{
		nulls[place[i]] = signals.answers[i] == CDPK_SAYS_NONE;
		values[place[i]] = BoolGetDatum(signals.answers[i] == CDPK_SAYS_NO);
	}
	lengths[0] = count;
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, 1, lengths, lower_bounds, BOOLOID,
											 sizeof(bool), true, TYPALIGN_CHAR));
}
