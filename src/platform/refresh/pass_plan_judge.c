/*
 * pass_plan_judge.c
 *		Judges rows by the tracking plan of their source, and does what it says of those that break it.
 *
 * A row is judged when it is cleaned, before anything is looked up: whether its message is known or not.  What is
 * dropped counts for nothing: the row is cleaned again without it.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "platform/ingest/planned_name.h"
#include "platform/refresh/pass_finding.h"
#include "platform/refresh/pass_plan_drop.h"
#include "toolkit/schema/jsonb_document.h"

#define FIELD_MAX 200

/* What is found of a row. */
typedef struct Judging
{
	const PassPlans *plans;
	const PassPlan *plan;
	PassPlanAction action; /* what is done with the event if it breaks its schema */
	bool is_identify;
	int version; /* of the schema that it is judged by */
	int count;
	PassFinding findings[PASS_FINDINGS_MAX];
	PassPlanDrop drop;
} Judging;

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

/* note_finding adds a finding, unless it is there. */
static void
note_finding(Judging *judging, const PassFinding *finding)
{
	for (int i = 0; i < judging->count; i++)
		if (judging->findings[i].version == finding->version &&
			strcmp(judging->findings[i].field, finding->field) == 0 &&
			strcmp(judging->findings[i].kind, finding->kind) == 0 &&
			strcmp(judging->findings[i].description, finding->description) == 0)
			return;
	judging->findings[judging->count++] = *finding;
}

/* note_violation is the JsonSchemaReport. */
static void
note_violation(void *arg, const JsonViolation *found)
{
	Judging *judging = arg;
	PassFinding finding = {.version = judging->version};
	char description[CDPK_VIOLATION_TEXT_MAX];
	StringInfoData field;

	finding.is_dropped = judging->action == PLAN_DROP_PROPERTY &&
						 pass_note_drop(&judging->drop, judging->plan, found);
	if (judging->count == PASS_FINDINGS_MAX)
		return;
	initStringInfo(&field);
	json_schema_append_field(&field, found);
	field.data[pg_mbcliplen(field.data, field.len, FIELD_MAX)] = '\0';
	cdpk_violation_describe(found->schema, found->violation, description);
	finding.field = field.data;
	finding.kind = cdpk_keyword_name(found->violation->keyword);
	finding.description = pstrdup(description);
	note_finding(judging, &finding);
}

/* judge_by judges a message by a schema. */
static void
judge_by(Judging *judging, const JsonbDocument *message, PassPlanned *planned)
{
	judging->version = planned->version;
	json_schema_node_violations(pass_open_schema(judging->plans, planned), message->nodes,
								note_violation, judging);
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
	MemoryContext caller = MemoryContextSwitchTo(pass_plan_context(judging->plans));
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

/* act does with a row that breaks the plan what the plan says. */
static TakeJudgement
act(const Judging *judging, InboxRow *columns, const char **reason, const char **detail)
{
	if (judging->action == PLAN_ALLOW ||
		(judging->action == PLAN_DROP_PROPERTY && judging->drop.count == 0))
		return TAKE_ALLOWED;
	*reason = "plan_violation";
	*detail = describe(judging);
	if (judging->action == PLAN_QUARANTINE)
		return TAKE_REFUSED;
	pass_drop(&judging->drop, judging->is_identify, columns);
	return TAKE_CHANGED;
}

/* note_unplanned notes that an event is not planned, and refuses it if the plan says so. */
static TakeJudgement
note_unplanned(Judging *judging, const char **reason, const char **detail)
{
	PassFinding finding = {.field = "event", .kind = "unplanned", .description = "is not planned"};

	note_finding(judging, &finding);
	if (!pass_refuses_unplanned(judging->plan))
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
					   .plan = pass_find_plan(arg, event->source),
					   .is_identify = event->type == CALL_IDENTIFY};
	CdpkSpan type = ingest_span(onboard_call_name(event->type));
	CdpkSpan name = planned_name(type, event->event);
	JsonbDocument message;
	PassPlanned *own;
	PassPlanned *common;
	TakeJudgement judgement = TAKE_ALLOWED;
	int unplanned = 0;

	if (judging.plan->actions == NULL)
		return TAKE_ALLOWED;
	judging.action = pass_plan_action(judging.plan, type, name);
	own = pass_find_planned(judging.plan, type, name, columns);
	if (own == NULL && name.length > 0)
		own = pass_find_planned(judging.plan, type, ingest_span(""), columns);
	common = pass_find_planned(judging.plan, ingest_span("common"), ingest_span(""), columns);
	if (own == NULL && pass_plans_type(judging.plan, type))
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
		judgement = act(&judging, columns, reason, detail);
	*findings = keep_findings(&judging, event->type, name);
	return judgement;
}
