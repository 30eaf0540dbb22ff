/*
 * pass_plan.c
 *		Judges rows by the tracking plan of their source, and does what it says of those that break it.
 *
 * A row is judged when it is cleaned, before anything is looked up: whether its message is known or not.  What cannot
 * be dropped, as it is a member that is missing, or within an array, or where a mutable source has the version of its
 * rows, stays, and is counted.  What is dropped counts for nothing: the row is cleaned again without it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "platform/ingest/dropped.h"
#include "platform/ingest/planned_name.h"
#include "platform/refresh/pass.h"
#include "platform/refresh/pass_plan.h"
#include "toolkit/schema/json_schema.h"
#include "toolkit/schema/jsonb_document.h"

#define FIELD_MAX 200
#define PATH_MAX_KEYS 66

typedef enum Action
{
	ACTION_ALLOW,
	ACTION_QUARANTINE,
	ACTION_DROP_PROPERTY
} Action;

/* A schema of a plan. */
typedef struct Planned
{
	CdpkSpan type;
	CdpkSpan event;
	int version;
	Datum stored;
	JsonSchema *schema; /* NULL: not needed so far */
} Planned;

/* The plan of a source. */
typedef struct SourcePlan
{
	CdpkSpan source;
	JsonbContainer *actions; /* NULL: the source has no plan */
	Planned *planned;        /* by type and name, the latest version first */
	int count;
	PassPath version; /* where rows of a mutable source have what must not be dropped */
	PassPath deleted;
} SourcePlan;

struct PassPlans
{
	Pass *pass;
	Jsonb *actions; /* of all sources with a plan, by name */
	SourcePlan *sources;
	int count;
	int capacity;
};

/* What is found of a row. */
typedef struct Judging
{
	PassPlans *plans;
	const SourcePlan *plan;
	bool identifies; /* the row is an identify call */
	int version;     /* of the schema that it is judged by */
	int count;
	PassFinding findings[PASS_FINDINGS_MAX];
	DroppedPath paths[PASS_FINDINGS_MAX]; /* what each finding would drop; of no key: nothing */
} Judging;

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
read_paths(PassPlans *plans, SourcePlan *plan, Datum name)
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
read_schemas(PassPlans *plans, SourcePlan *plan, Datum name)
{
	static const Oid types[] = {TEXTOID};
	uint64 count;
	SPITupleTable *rows = pass_query(plans->pass,
									 "SELECT p.type::text, p.event::text, p.version, p.schema"
									 " FROM cdp_data.planned_event p WHERE p.source = $3"
									 " ORDER BY p.type, p.event, p.version DESC",
									 1, types, &name, &count);

	plan->planned = pass_array(Max(count, 1), sizeof(Planned));
	plan->count = (int) count;
	for (uint64 i = 0; i < count; i++)
	{
		Planned *planned = &plan->planned[i];
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
static SourcePlan *
add_source(PassPlans *plans, CdpkSpan source)
{
	MemoryContext caller = MemoryContextSwitchTo(plans->pass->context);
	SourcePlan *plan;
	JsonbValue actions;
	Datum name;

	if (plans->count == plans->capacity)
	{
		plans->capacity = Max(8, 2 * plans->capacity);
		plans->sources = plans->sources == NULL
							 ? palloc(sizeof(SourcePlan) * plans->capacity)
							 : repalloc(plans->sources, sizeof(SourcePlan) * plans->capacity);
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

static bool
same_span(CdpkSpan a, CdpkSpan b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* find_source finds the plan of a source. */
static SourcePlan *
find_source(PassPlans *plans, CdpkSpan source)
{
	for (int i = 0; i < plans->count; i++)
		if (same_span(plans->sources[i].source, source))
			return &plans->sources[i];
	return add_source(plans, source);
}

/* read_action reads an action of a document. */
static bool
read_action(JsonbContainer *object, const char *key, size_t length, Action *action)
{
	JsonbValue value;
	CdpkSpan word;

	if (getKeyJsonValueFromContainer(object, key, (int) length, &value) == NULL ||
		value.type != jbvString)
		return false;
	word.text = value.val.string.val;
	word.length = (size_t) value.val.string.len;
	*action = same_span(word, ingest_span("quarantine"))      ? ACTION_QUARANTINE
			  : same_span(word, ingest_span("drop_property")) ? ACTION_DROP_PROPERTY
															  : ACTION_ALLOW;
	return true;
}

/* find_action finds what is to be done with an event that breaks the plan. */
static Action
find_action(const SourcePlan *plan, CdpkSpan type, CdpkSpan event)
{
	Action action = ACTION_ALLOW;
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

/* choose finds the schema of an event: that of the version that the message names, else of the latest. */
static Planned *
choose(const SourcePlan *plan, CdpkSpan type, CdpkSpan event, const InboxRow *columns)
{
	Planned *chosen = NULL;

	for (int i = 0; i < plan->count; i++)
	{
		Planned *planned = &plan->planned[i];

		if (!same_span(planned->type, type) || !same_span(planned->event, event))
			continue;
		if (chosen == NULL)
			chosen = planned;
		/* one version alone holds, whatever the message names */
		if (chosen == planned && (i + 1 == plan->count || !same_span(planned[1].type, type) ||
								  !same_span(planned[1].event, event)))
			break;
		if (names_version(columns, planned->version))
			return planned;
	}
	return chosen;
}

/* plans_type tells whether a plan has events of a type. */
static bool
plans_type(const SourcePlan *plan, CdpkSpan type)
{
	for (int i = 0; i < plan->count; i++)
		if (same_span(plan->planned[i].type, type))
			return true;
	return false;
}

/* ---------------------------------------------------------------- judging */

/* add_column adds a column that is a text to the message that is judged. */
static void
add_column(JsonbDocument *message, const char *key, const InboxRow *columns, InboxColumn column)
{
	CdpkSpan text = ingest_column(columns, column);

	if (!columns->nulls[column])
		jsonb_document_add_text(message, key, text.text, (uint32) text.length);
}

/* add_document adds a column that is a document. */
static void
add_document(JsonbDocument *message, const char *key, const InboxRow *columns, InboxColumn column)
{
	if (!columns->nulls[column])
		jsonb_document_add(message, key, DatumGetJsonbP(columns->values[column]));
}

/* read_message makes the message that schemas are of, as cdp_internal.planned_message() does. */
static void
read_message(JsonbDocument *message, CdpkSpan type, CdpkSpan event, const InboxRow *columns)
{
	jsonb_document_begin(message);
	jsonb_document_add_text(message, "type", type.text, (uint32) type.length);
	if (event.length > 0)
		jsonb_document_add_text(message, "event", event.text, (uint32) event.length);
	add_document(message, "traits", columns, INBOX_TRAITS);
	add_column(message, "userId", columns, INBOX_USER_ID);
	if (!columns->nulls[INBOX_CONTEXT])
	{
		add_document(message, "context", columns, INBOX_CONTEXT);
		jsonb_document_leave_out(message, "_sent");
		jsonb_document_leave_out(message, "_extra");
		jsonb_document_leave_out(message, "_dropped");
	}
	add_column(message, "groupId", columns, INBOX_GROUP_ID);
	add_column(message, "messageId", columns, INBOX_MESSAGE_ID);
	add_document(message, "properties", columns, INBOX_PROPERTIES);
	add_column(message, "anonymousId", columns, INBOX_ANONYMOUS_ID);
}

/* find_path finds the keys that lead to what is wrong, as far as objects go; none where it cannot be dropped. */
static DroppedPath
find_path(const CdpkNode *document, const CdpkViolation *violation)
{
	DroppedPath path = {0};
	CdpkSpan *keys;
	const CdpkNode *node = document;
	uint32_t place;
	int count = 0;

	if (violation->key != NULL)
		return path;
	keys = palloc(sizeof(CdpkSpan) * PATH_MAX_KEYS);
	while ((node = cdpk_violation_step(node, violation->node, &place)) != NULL)
	{
		if (node->key == NULL || count == PATH_MAX_KEYS)
			return path;
		keys[count].text = node->key;
		keys[count++].length = node->key_length;
	}
	path.keys = keys;
	path.count = count;
	return path;
}

/* is_within tells whether one of two paths leads into what the other leads to. */
static bool
is_within(const DroppedPath *path, int from, const PassPath *kept)
{
	int common = Min(path->count - from, kept->count);

	for (int i = 0; i < common; i++)
		if (!same_span(path->keys[from + i], kept->names[i]))
			return false;
	return common > 0;
}

/* can_be_dropped tells whether a path leads to a property or trait that may be dropped. */
static bool
can_be_dropped(const SourcePlan *plan, const DroppedPath *path)
{
	int from = 1;

	if (path->count == 0)
		return false;
	if (same_span(path->keys[0], ingest_span("context")))
	{
		if (path->count < 2 || !same_span(path->keys[1], ingest_span("traits")))
			return false;
		from = 2;
	}
	else if (!same_span(path->keys[0], ingest_span("properties")) &&
			 !same_span(path->keys[0], ingest_span("traits")))
		return false;
	return path->count > from && !is_within(path, from, &plan->version) &&
		   !is_within(path, from, &plan->deleted);
}

/* note_finding adds a finding, unless it is there. */
static void
note_finding(Judging *judging, const PassFinding *finding, DroppedPath path)
{
	for (int i = 0; i < judging->count; i++)
		if (judging->findings[i].version == finding->version &&
			strcmp(judging->findings[i].field, finding->field) == 0 &&
			strcmp(judging->findings[i].kind, finding->kind) == 0 &&
			strcmp(judging->findings[i].description, finding->description) == 0)
			return;
	if (judging->count == PASS_FINDINGS_MAX)
		return;
	judging->paths[judging->count] = path;
	judging->findings[judging->count++] = *finding;
}

/* note_violation is the JsonSchemaReport. */
static void
note_violation(void *arg, const CdpkSchema *schema, const CdpkNode *document,
			   const CdpkViolation *violation)
{
	Judging *judging = arg;
	PassFinding finding = {.version = judging->version};
	char description[CDPK_VIOLATION_TEXT_MAX];
	StringInfoData field;
	DroppedPath path = find_path(document, violation);

	initStringInfo(&field);
	json_schema_append_field(&field, document, violation);
	field.data[pg_mbcliplen(field.data, field.len, FIELD_MAX)] = '\0';
	cdpk_violation_describe(schema, violation, description);
	finding.field = field.data;
	finding.kind = cdpk_keyword_name(violation->keyword);
	finding.description = pstrdup(description);
	if (!can_be_dropped(judging->plan, &path))
		path.count = 0;
	note_finding(judging, &finding, path);
}

/* judge_by judges a message by a schema. */
static void
judge_by(Judging *judging, const JsonbDocument *message, Planned *planned)
{
	const struct varlena *stored = (const struct varlena *) DatumGetPointer(planned->stored);

	if (planned->schema == NULL)
		planned->schema = json_schema_open(judging->plans->pass->context, VARDATA_ANY(stored),
										   VARSIZE_ANY_EXHDR(stored));
	judging->version = planned->version;
	json_schema_node_violations(planned->schema, message->nodes, note_violation, judging);
}

/* describe tells what was found, and no value. */
static const char *
describe(const Judging *judging)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < Min(judging->count, 3); i++)
		appendStringInfo(&text, "%s%s: %s", i == 0 ? "" : "; ", judging->findings[i].field,
						 judging->findings[i].description);
	if (judging->count > 3)
		appendStringInfo(&text, "; and %s%d more",
						 judging->count == PASS_FINDINGS_MAX ? "at least " : "",
						 judging->count - 3);
	return text.data;
}

/* keep_findings copies what was found to the memory of the pass. */
static TakeFindings *
keep_findings(const Judging *judging, CallType type, CdpkSpan event)
{
	MemoryContext caller = MemoryContextSwitchTo(judging->plans->pass->context);
	TakeFindings *kept =
		palloc(offsetof(TakeFindings, items) + sizeof(PassFinding) * judging->count);

	kept->count = judging->count;
	kept->type = type;
	kept->event = pnstrdup(event.text, event.length);
	for (int i = 0; i < judging->count; i++)
	{
		kept->items[i] = judging->findings[i];
		kept->items[i].field = pstrdup(judging->findings[i].field);
		kept->items[i].description = pstrdup(judging->findings[i].description);
	}
	MemoryContextSwitchTo(caller);
	return kept;
}

/* ---------------------------------------------------------------- dropping */

/* Where members are dropped from. */
typedef enum Document
{
	FROM_PROPERTIES,
	FROM_TRAITS,
	FROM_CONTEXT
} Document;

/*
 * Tell where in a document a path leads to, as the number of its keys that lead to the document; -1: it does not.  An
 * identify call has its traits in either place.
 */
static int
keys_before(const DroppedPath *path, Document document, bool identifies)
{
	bool is_context = same_span(path->keys[0], ingest_span("context"));
	bool is_traits = same_span(path->keys[0], ingest_span("traits"));

	switch (document)
	{
		case FROM_PROPERTIES:
			return is_context || is_traits ? -1 : 1;
		case FROM_TRAITS:
			return is_traits ? 1 : is_context && identifies ? 2 : -1;
		case FROM_CONTEXT:
			return is_context ? 1 : is_traits && identifies ? 0 : -1;
	}
	return -1;
}

/* drop_from drops members from a document, and returns them; NULL: none. */
static Jsonb *
drop_from(const Judging *judging, Document document, InboxRow *columns, InboxColumn column)
{
	DroppedPath paths[PASS_FINDINGS_MAX];
	int count = 0;
	Jsonb *before;
	Jsonb *kept;
	Jsonb *dropped;

	if (columns->nulls[column])
		return NULL;
	for (int i = 0; i < judging->count; i++)
	{
		DroppedPath path = judging->paths[i];
		int from;

		if (path.count == 0)
			continue;
		from = keys_before(&path, document, judging->identifies);
		if (from < 0)
			continue;
		paths[count].keys = path.keys + from;
		paths[count++].count = path.count - from;
	}
	before = DatumGetJsonbP(columns->values[column]);
	if (count == 0 || !JB_ROOT_IS_OBJECT(before))
		return NULL;
	dropped_divide(before, paths, count, &kept, &dropped);
	if (dropped != NULL)
		columns->values[column] = JsonbPGetDatum(kept);
	return dropped;
}

/* drop drops what breaks the plan and can be dropped; false: nothing can. */
static bool
drop(Judging *judging, InboxRow *columns)
{
	Jsonb *properties = drop_from(judging, FROM_PROPERTIES, columns, INBOX_PROPERTIES);
	Jsonb *traits = drop_from(judging, FROM_TRAITS, columns, INBOX_TRAITS);
	Jsonb *context = drop_from(judging, FROM_CONTEXT, columns, INBOX_CONTEXT);

	if (properties == NULL && traits == NULL && context == NULL)
		return false;
	dropped_note(columns, properties, traits, context);
	return true;
}

/* can_drop tells whether a finding is of something that can be dropped. */
static bool
can_drop(const Judging *judging)
{
	for (int i = 0; i < judging->count; i++)
		if (judging->paths[i].count > 0)
			return true;
	return false;
}

/* act does with a row that breaks the plan what the plan says. */
static TakeJudgement
act(Judging *judging, Action action, InboxRow *columns, const char **reason, const char **detail)
{
	if (action == ACTION_ALLOW)
		return TAKE_ALLOWED;
	*reason = "plan_violation";
	*detail = describe(judging);
	if (action == ACTION_QUARANTINE)
		return TAKE_REFUSED;
	if (!can_drop(judging))
		return TAKE_ALLOWED;
	if (dropped_is_used(columns))
	{
		*detail = "context: has a member _dropped, in which properties that are dropped are kept";
		return TAKE_REFUSED;
	}
	if (!drop(judging, columns))
		return TAKE_ALLOWED;
	for (int i = 0; i < judging->count; i++)
		judging->findings[i].is_dropped = judging->paths[i].count > 0;
	return TAKE_CHANGED;
}

/* note_unplanned notes that an event is not planned, and refuses it if the plan says so. */
static TakeJudgement
note_unplanned(Judging *judging, const char **reason, const char **detail)
{
	PassFinding finding = {.field = "event", .kind = "unplanned", .description = "is not planned"};
	DroppedPath none = {0};
	Action action = ACTION_ALLOW;

	note_finding(judging, &finding, none);
	read_action(judging->plan->actions, "unplanned", strlen("unplanned"), &action);
	if (action != ACTION_QUARANTINE)
		return TAKE_ALLOWED;
	*reason = "unplanned_event";
	*detail = "event: is not planned";
	return TAKE_REFUSED;
}

TakeJudgement
pass_judge_by_plan(void *arg, const OnboardedRow *event, InboxRow *columns, TakeFindings **findings,
				   const char **reason, const char **detail)
{
	Judging judging = {.plans = arg,
					   .plan = find_source(arg, event->source),
					   .identifies = event->type == CALL_IDENTIFY};
	CdpkSpan type = ingest_span(onboard_call_name(event->type));
	CdpkSpan name = planned_name(type, event->event);
	JsonbDocument message;
	Planned *own;
	Planned *common;
	TakeJudgement judgement = TAKE_ALLOWED;
	int unplanned = 0;

	if (judging.plan->actions == NULL)
		return TAKE_ALLOWED;
	own = choose(judging.plan, type, name, columns);
	if (own == NULL && name.length > 0)
		own = choose(judging.plan, type, ingest_span(""), columns);
	common = choose(judging.plan, ingest_span("common"), ingest_span(""), columns);
	if (own == NULL && plans_type(judging.plan, type))
	{
		judgement = note_unplanned(&judging, reason, detail);
		unplanned = 1;
	}
	if (judgement == TAKE_ALLOWED && (own != NULL || common != NULL))
	{
		read_message(&message, type, event->event, columns);
		if (own != NULL)
			judge_by(&judging, &message, own);
		if (common != NULL)
			judge_by(&judging, &message, common);
		jsonb_document_free(&message);
	}
	if (judging.count == 0)
		return TAKE_ALLOWED;
	if (judgement == TAKE_ALLOWED && judging.count > unplanned)
		judgement = act(&judging, find_action(judging.plan, type, name), columns, reason, detail);
	*findings = keep_findings(&judging, event->type, name);
	return judgement;
}
