/*
 * pass_plan.c
 *		Reads the tracking plans of sources, and finds in them what an event is judged by: see the header.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"
#include "platform/refresh/pass_plan.h"

struct PassPlans
{
	Pass *pass;
	Jsonb *actions; /* of all sources with a plan, by name */
	PassPlan *sources;
	int count;
	int capacity;
};

/* ---------------------------------------------------------------- reading */

PassPlans *
pass_new_plans(Pass *pass)
{
	Jsonb *actions =
		pass_ask_kept(pass,
					  "SELECT coalesce(jsonb_object_agg(p.source, jsonb_build_object("
					  "'violations', p.violations, 'unplanned', p.unplanned, 'events', p.events)),"
					  " '{}') FROM cdp_data.plan p",
					  "plan");
	PassPlans *plans;

	if (JB_ROOT_COUNT(actions) == 0)
		return NULL;
	plans = pass_array(1, sizeof(PassPlans));
	memset(plans, 0, sizeof(PassPlans));
	plans->pass = pass;
	plans->actions = actions;
	return plans;
}

/* read_paths reads where rows of a source have versions. */
static void
read_paths(PassPlans *plans, PassPlan *plan, Datum name)
{
	static const Oid types[] = {TEXTOID};
	uint64 count;
	SPITupleTable *rows = pass_query(plans->pass,
									 "SELECT s.version, s.deleted FROM cdp_data.source s"
									 " WHERE s.source = $3 AND s.mutable",
									 1, types, &name, &count);

	if (count > 0)
	{
		plan->version = pass_read_path(rows, 0, 1);
		plan->deleted = pass_read_path(rows, 0, 2);
	}
	SPI_freetuptable(rows);
}

/* read_schemas reads the schemas of a plan. */
static void
read_schemas(PassPlans *plans, PassPlan *plan, Datum name)
{
	static const Oid types[] = {TEXTOID};
	uint64 count;
	SPITupleTable *rows = pass_query(plans->pass,
									 "SELECT p.type::text, p.event::text, p.version, p.schema"
									 " FROM cdp_data.planned_event p WHERE p.source = $3"
									 " ORDER BY p.type, p.event, p.version DESC",
									 1, types, &name, &count);

	plan->planned = pass_array(Max(count, 1), sizeof(PassPlanned));
	plan->count = (int) count;
	for (uint64 i = 0; i < count; i++)
	{
		PassPlanned *planned = &plan->planned[i];
		bool isnull;

		planned->type = ingest_text(
			PointerGetDatum(DatumGetTextPCopy(PointerGetDatum(resolver_text(rows, i, 1)))));
		planned->event = ingest_text(
			PointerGetDatum(DatumGetTextPCopy(PointerGetDatum(resolver_text(rows, i, 2)))));
		planned->version = resolver_int4(rows, i, 3);
		planned->stored = PointerGetDatum(
			PG_DETOAST_DATUM_COPY(SPI_getbinval(rows->vals[i], rows->tupdesc, 4, &isnull)));
		planned->schema = NULL;
	}
	SPI_freetuptable(rows);
}

/* add_source reads the plan of a source, or notes that it has none. */
static PassPlan *
add_source(PassPlans *plans, CdpkSpan source)
{
	MemoryContext caller = MemoryContextSwitchTo(plans->pass->context);
	PassPlan *plan;
	JsonbValue actions;
	Datum name;

	if (plans->count == plans->capacity)
	{
		plans->capacity = Max(8, 2 * plans->capacity);
		plans->sources = plans->sources == NULL
							 ? palloc(sizeof(PassPlan) * plans->capacity)
							 : repalloc(plans->sources, sizeof(PassPlan) * plans->capacity);
	}
	plan = &plans->sources[plans->count++];
	memset(plan, 0, sizeof(*plan));
	name = ingest_text_datum(source);
	plan->source = ingest_text(name);
	if (getKeyJsonValueFromContainer(&plans->actions->root, plan->source.text,
									 (int) plan->source.length, &actions) != NULL)
	{
		plan->actions = actions.val.binary.data;
		read_paths(plans, plan, name);
		read_schemas(plans, plan, name);
	}
	MemoryContextSwitchTo(caller);
	return plan;
}

const PassPlan *
pass_find_plan(PassPlans *plans, CdpkSpan source)
{
	for (int i = 0; i < plans->count; i++)
		if (ingest_same_span(plans->sources[i].source, source))
			return &plans->sources[i];
	return add_source(plans, source);
}

/* read_action reads an action of a document. */
static bool
read_action(JsonbContainer *object, const char *key, size_t length, PassPlanAction *action)
{
	JsonbValue value;
	CdpkSpan word;

	if (getKeyJsonValueFromContainer(object, key, (int) length, &value) == NULL ||
		value.type != jbvString)
		return false;
	word.text = value.val.string.val;
	word.length = (size_t) value.val.string.len;
	*action = ingest_same_span(word, ingest_span("quarantine"))      ? PLAN_QUARANTINE
			  : ingest_same_span(word, ingest_span("drop_property")) ? PLAN_DROP_PROPERTY
																	 : PLAN_ALLOW;
	return true;
}

PassPlanAction
pass_plan_action(const PassPlan *plan, CdpkSpan type, CdpkSpan event)
{
	PassPlanAction action = PLAN_ALLOW;
	JsonbValue events;
	JsonbValue named;

	read_action(plan->actions, "violations", strlen("violations"), &action);
	if (onboard_find_object(plan->actions, "events", &events) &&
		getKeyJsonValueFromContainer(events.val.binary.data, type.text, (int) type.length,
									 &named) != NULL &&
		named.type == jbvBinary &&
		!read_action(named.val.binary.data, event.text, event.length, &action))
		read_action(named.val.binary.data, "", 0, &action);
	return action;
}

bool
pass_refuses_unplanned(const PassPlan *plan)
{
	PassPlanAction action = PLAN_ALLOW;

	read_action(plan->actions, "unplanned", strlen("unplanned"), &action);
	return action == PLAN_QUARANTINE;
}

/* ---------------------------------------------------------------- choosing */

/* names_version tells whether a message names a version of its event. */
static bool
names_version(const InboxRow *columns, int version)
{
	JsonbValue protocols;
	JsonbValue named;
	Jsonb *context;
	char *text;

	if (columns->nulls[INBOX_CONTEXT])
		return false;
	context = DatumGetJsonbP(columns->values[INBOX_CONTEXT]);
	if (!JB_ROOT_IS_OBJECT(context) ||
		!onboard_find_object(&context->root, "protocols", &protocols) ||
		getKeyJsonValueFromContainer(protocols.val.binary.data, "event_version",
									 strlen("event_version"), &named) == NULL)
		return false;
	if (named.type == jbvNumeric)
		text =
			DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(named.val.numeric)));
	else if (named.type == jbvString)
		text = pnstrdup(named.val.string.val, named.val.string.len);
	else
		return false;
	return strcmp(text, psprintf("%d", version)) == 0;
}

PassPlanned *
pass_find_planned(const PassPlan *plan, CdpkSpan type, CdpkSpan event, const InboxRow *columns)
{
	PassPlanned *chosen = NULL;

	for (int i = 0; i < plan->count; i++)
	{
		PassPlanned *planned = &plan->planned[i];

		if (!ingest_same_span(planned->type, type) || !ingest_same_span(planned->event, event))
			continue;
		if (chosen == NULL)
			chosen = planned;
		/* one version alone holds, whatever the message names */
		if (chosen == planned &&
			(i + 1 == plan->count || !ingest_same_span(planned[1].type, type) ||
			 !ingest_same_span(planned[1].event, event)))
			break;
		if (names_version(columns, planned->version))
			return planned;
	}
	return chosen;
}

bool
pass_plans_type(const PassPlan *plan, CdpkSpan type)
{
	for (int i = 0; i < plan->count; i++)
		if (ingest_same_span(plan->planned[i].type, type))
			return true;
	return false;
}

JsonSchema *
pass_open_schema(const PassPlans *plans, PassPlanned *planned)
{
	const struct varlena *stored = (const struct varlena *) DatumGetPointer(planned->stored);

	if (planned->schema == NULL)
		planned->schema =
			json_schema_open(plans->pass->context, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	return planned->schema;
}

MemoryContext
pass_plan_context(const PassPlans *plans)
{
	return plans->pass->context;
}
