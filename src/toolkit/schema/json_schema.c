/*
 * json_schema.c
 *		A cdp.json_schema made ready to judge documents.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "toolkit/bridge/status.h"
#include "toolkit/schema/json_schema.h"
#include "toolkit/schema/jsonb_document.h"
#include "toolkit/schema/schema_pattern.h"

struct JsonSchema
{
	MemoryContext context; /* of all of it */
	CdpkSchema schema;
	const uint8_t *bytes;
	size_t length;
	regex_t **patterns; /* NULL until it is needed */
	/* while a document is judged */
	const CdpkNode *document;
	CdpkWay *ways; /* NULL: not needed so far */
	JsonSchemaReport report;
	void *report_context;
};

JsonSchema *
json_schema_open(MemoryContext parent, const void *bytes, size_t length)
{
	MemoryContext context = AllocSetContextCreate(parent, "cdp.json_schema", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	JsonSchema *schema = palloc0(sizeof(JsonSchema));
	uint8_t *copy = palloc(length);
	CdpkStatus status;

	memcpy(copy, bytes, length);
	schema->context = context;
	schema->bytes = copy;
	schema->length = length;
	status = cdpk_schema_read(copy, length, &cdp_palloc_allocator, &schema->schema);
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.json_schema");
	schema->patterns = palloc0((schema->schema.pattern_count + 1) * sizeof(regex_t *));
	MemoryContextSwitchTo(caller);
	return schema;
}

void
json_schema_close(JsonSchema *schema)
{
	MemoryContextDelete(schema->context);
}

bool
json_schema_is(const JsonSchema *schema, const void *bytes, size_t length)
{
	return schema->length == length && memcmp(schema->bytes, bytes, length) == 0;
}

/* ---------------------------------------------------------------- what core calls */

static bool
matches(void *context, uint32_t pattern, const char *text, size_t length)
{
	JsonSchema *schema = context;
	const CdpkSpan *span = &schema->schema.patterns[pattern];

	if (schema->patterns[pattern] == NULL)
		schema->patterns[pattern] =
			schema_pattern_compile(schema->context, span->text, span->length);
	return schema_pattern_matches(schema->patterns[pattern], text, length);
}

static void
report(void *context, const CdpkViolation *violation)
{
	JsonSchema *schema = context;
	JsonViolation found = {&schema->schema, schema->document, NULL, violation};

	if (schema->ways == NULL)
	{
		schema->ways = palloc_extended(sizeof(CdpkWay) * schema->document->size, MCXT_ALLOC_HUGE);
		cdpk_document_ways(schema->document, schema->ways);
	}
	found.ways = schema->ways;
	schema->report(schema->report_context, &found);
}

static void
interrupt(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

/* ---------------------------------------------------------------- documents */

/* Judge a document. */
static bool
judge(JsonSchema *schema, const CdpkNode *document, void (*take)(void *, const CdpkViolation *))
{
	CdpkSchemaRun run = {&cdp_huge_palloc_allocator, schema, matches, take, interrupt};
	CdpkStatus status;
	bool valid;

	schema->document = document;
	status = cdpk_schema_run(&schema->schema, document, &run, &valid);
	if (status != CDPK_OK)
		ereport(ERROR, (errcode(cdp_status_errcode(status)), errmsg("out of memory")));
	return valid;
}

bool
json_schema_matches(JsonSchema *schema, Jsonb *jsonb)
{
	JsonbDocument document;
	bool valid;

	jsonb_document_read(&document, jsonb);
	valid = judge(schema, document.nodes, NULL);
	jsonb_document_free(&document);
	return valid;
}

bool
json_schema_violations(JsonSchema *schema, Jsonb *jsonb, JsonSchemaReport take, void *context)
{
	JsonbDocument document;
	bool valid;

	jsonb_document_read(&document, jsonb);
	valid = json_schema_node_violations(schema, document.nodes, take, context);
	jsonb_document_free(&document);
	return valid;
}

bool
json_schema_node_violations(JsonSchema *schema, const CdpkNode *document, JsonSchemaReport take,
							void *context)
{
	bool valid;

	schema->report = take;
	schema->report_context = context;
	schema->ways = NULL;
	valid = judge(schema, document, report);
	if (schema->ways != NULL)
		pfree(schema->ways);
	return valid;
}

uint32 *
json_schema_way(const JsonViolation *found, int *count)
{
	uint32 node = (uint32) (found->violation->node - found->document);
	uint32 *way;
	int at = 0;

	for (uint32 i = node; i != 0; i = found->ways[i].parent)
		at++;
	*count = at;
	way = palloc(sizeof(uint32) * Max(at, 1));
	for (uint32 i = node; i != 0; i = found->ways[i].parent)
		way[--at] = i;
	return way;
}

void
json_schema_append_field(StringInfo field, const JsonViolation *found)
{
	const char *dot = "";
	int count;
	uint32 *way = json_schema_way(found, &count);

	for (int i = 0; i < count; i++, dot = ".")
	{
		const CdpkNode *node = &found->document[way[i]];

		appendStringInfoString(field, dot);
		if (node->key != NULL)
			appendBinaryStringInfo(field, node->key, (int) node->key_length);
		else
			appendStringInfo(field, "%u", found->ways[way[i]].place);
	}
	if (found->violation->key != NULL)
	{
		appendStringInfoString(field, dot);
		appendBinaryStringInfo(field, found->violation->key, (int) found->violation->key_length);
	}
	pfree(way);
}
