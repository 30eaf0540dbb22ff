/*
 * pass_value.c
 *		What is folded of one row: its traits, and the properties that the timeline carries.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "platform/refresh/pass.h"

void
pass_read_value_rules(Pass *pass)
{
	Jsonb *carried = pass_ask_kept(pass, "SELECT cdp_internal.carried_rules()", "carried_property");

	if (JB_ROOT_COUNT(carried) > 0)
	{
		pass->carried_rules = carried;
		pass->carries_context = carried_rules_need_context(carried);
	}
	pass->trait_document = pass_ask_kept(pass, "SELECT cdp.trait_rules()", "trait_rule");
	pass->trait_rules = traits_rules_compile(pass->trait_document, pass->context);
}

/* ---------------------------------------------------------------- traits */

/* without_refused takes away the keys whose values their rules cannot take. */
static Jsonb *
without_refused(const Pass *pass, Jsonb *traits)
{
	ArrayType *refused = NULL;

	if (traits_rules_may_refuse(pass->trait_rules))
		refused = traits_row_refused(traits, pass->trait_rules);
	if (refused == NULL)
		return traits;
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_delete_array, JsonbPGetDatum(traits), PointerGetDatum(refused)));
}

/* make_traits makes what a row says of a person or an account, in scratch memory. */
static Traits *
make_traits(const Pass *pass, const CdpkBatchRow *row, Datum said)
{
	const PassSource *source = &pass->sources[row->source];
	TraitsOrigin origin = {row->said_at, source->trust, VARDATA_ANY(source->name),
						   (int) VARSIZE_ANY_EXHDR(source->name)};
	Jsonb *traits = without_refused(pass, DatumGetJsonbP(said));
	CdpkTraitsState state;
	TraitsProblem problem;

	if (traits_row_empty(traits))
		return NULL;
	traits_row_begin(&state, traits, &origin);
	if (!traits_row_put(&state, traits, pass->trait_rules, &origin, &problem))
		traits_problem_report(&problem);
	return traits_compact(&state.view);
}

/* set_traits sets what an identify or group call says, unless it has lapsed. */
static void
set_traits(Pass *pass, CdpkBatchRow *row, Datum said)
{
	const Interval *expires_after = pass->sources[row->source].expires_after;
	Traits *traits;

	if (expires_after != NULL && !pass->keep_expired)
	{
		TimestampTz expires_at = DatumGetTimestampTz(
			DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(row->said_at),
								IntervalPGetDatum(unconstify(Interval *, expires_after))));

		if (expires_at <= pass->as_of)
			return;
		row->expires_at = expires_at;
	}
	traits = make_traits(pass, row, said);
	if (traits != NULL)
	{
		uint8 *bytes = MemoryContextAlloc(pass->context, Max(VARSIZE_ANY_EXHDR(traits), 1));

		row->traits.length = VARSIZE_ANY_EXHDR(traits);
		memcpy(bytes, VARDATA_ANY(traits), row->traits.length);
		row->traits.bytes = bytes;
	}
}

/* ---------------------------------------------------------------- properties */

/* note_left_out remembers that a property of a new event could not be carried. */
static void
note_left_out(Pass *pass, const CdpkBatchRow *row, const CdpkName *name)
{
	PassLeftOut *note;

	if (pass->left_out_count == pass->left_out_capacity)
	{
		pass->left_out_capacity = Max(64, pass->left_out_capacity * 2);
		if (pass->left_out == NULL)
			pass->left_out = MemoryContextAllocHuge(pass->context,
													sizeof(PassLeftOut) * pass->left_out_capacity);
		else
			pass->left_out =
				repalloc_huge(pass->left_out, sizeof(PassLeftOut) * pass->left_out_capacity);
	}
	note = &pass->left_out[pass->left_out_count++];
	MemoryContextSwitchTo(pass->context);
	note->event = PointerGetDatum(
		cstring_to_text_with_len((const char *) row->event.bytes, (int) row->event.length));
	note->name = PointerGetDatum(cstring_to_text_with_len(name->text, (int) name->length));
	MemoryContextSwitchTo(pass->scratch);
}

/* keep_values copies the values of an event into memory that lasts; names are those of the rules. */
static void
keep_values(Pass *pass, CdpkBatchRow *row, const CarriedProperties *carried)
{
	unsigned count = carried->values.count;
	CdpkBatchValue *values;
	Size texts = 0;
	uint8 *text;

	for (unsigned i = 0; i < count; i++)
		if (carried->values.items[i].value.kind == CDPK_TEXT)
			texts += carried->values.items[i].text.length;
	values = MemoryContextAlloc(pass->context, sizeof(CdpkBatchValue) * count + texts);
	text = (uint8 *) (values + count);
	for (unsigned i = 0; i < count; i++)
	{
		const CdpkEventValue *from = &carried->values.items[i];
		const CdpkName *name = &carried->names[from->name];

		values[i].name.bytes = (const uint8_t *) name->text;
		values[i].name.length = (uint32_t) name->length;
		values[i].value = from->value;
		values[i].text.bytes = text;
		values[i].text.length = 0;
		if (from->value.kind != CDPK_TEXT)
			continue;
		values[i].text.length = (uint32_t) from->text.length;
		memcpy(text, from->text.text, from->text.length);
		text += from->text.length;
	}
	row->values = values;
	row->value_count = count;
}

/* set_values sets what the timeline carries of an event. */
static void
set_values(Pass *pass, CdpkBatchRow *row, const PassSaid *said, bool is_new)
{
	CarriedRules rules = pass_carried_rules(pass, &row->event);
	CarriedProperties carried;
	Jsonb *properties;
	Jsonb *context;
	int last = -1;

	if (rules.count == 0)
		return;
	properties = said->no_properties ? NULL : DatumGetJsonbP(said->properties);
	context = pass->carries_context ? pass_whole_context(pass, said) : NULL;
	if (!carried_properties(&rules, properties, context, &carried))
		return;
	keep_values(pass, row, &carried);
	if (!is_new || carried.values.left_out == 0)
		return;
	for (unsigned i = 0; i < carried.values.count; i++)
	{
		const CdpkEventValue *value = &carried.values.items[i];

		if (value->value.kind != CDPK_LEFT_OUT || (int) value->name == last)
			continue;
		last = (int) value->name;
		note_left_out(pass, row, &carried.names[last]);
	}
}

/*
 * pass_fold_values sets what is folded of a row whose call, times, source and event are set.
 * is_new: what cannot be carried of it is noted, for pass_count_left_out.
 */
void
pass_fold_values(Pass *pass, CdpkBatchRow *row, const PassSaid *said, bool is_new)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	bool has_traits = !said->no_traits && row->call != CDPK_BATCH_OTHER;
	bool has_values = row->event.bytes != NULL && pass->carried_rules != NULL;

	row->expires_at = CDPK_BATCH_NEVER;
	if (has_traits)
		set_traits(pass, row, said->traits);
	if (has_values)
		set_values(pass, row, said, is_new);
	MemoryContextSwitchTo(caller);
	if (has_traits || has_values)
		MemoryContextReset(pass->scratch);
}

/*
 * pass_count_left_out adds to cdp.carried_property what could not be carried of new events (sign 1), or
 * subtracts what could not be of those that are taken back (-1).
 */
void
pass_count_left_out(Pass *pass, int sign)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID, INT4OID};
	int count = pass->left_out_count;
	Datum *events = pass_array(count, sizeof(Datum));
	Datum *names = pass_array(count, sizeof(Datum));
	Datum arguments[3];

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		events[i] = pass->left_out[i].event;
		names[i] = pass->left_out[i].name;
	}
	arguments[0] = pass_value_array(events, count, TEXTOID);
	arguments[1] = pass_value_array(names, count, TEXTOID);
	arguments[2] = Int32GetDatum(sign);
	pass->left_out_count = 0;
	pass_run(
		pass,
		"UPDATE cdp_data.carried_property c SET left_out = greatest(c.left_out + $5 * n.events, 0)"
		" FROM (SELECT coalesce(own.event, '*') AS event, l.name, count(*) AS events"
		"  FROM unnest($3, $4) AS l (event, name)"
		"  LEFT JOIN cdp_data.carried_property own ON own.event = l.event AND own.name = l.name"
		"  GROUP BY 1, 2) n WHERE c.event = n.event AND c.name = n.name",
		3, types, arguments);
}
