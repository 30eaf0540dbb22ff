/*
 * schema_judge.h
 *		Compiles a schema and judges documents by it, as the tests and the fuzzers do.
 */
#ifndef SCHEMA_JUDGE_H
#define SCHEMA_JUDGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema/schema.h"

/* what became of a schema or a document */
typedef enum Judgement
{
	JUDGED_INVALID,
	JUDGED_VALID,
	JUDGED_NO_SCHEMA,
	JUDGED_NO_DOCUMENT,
	JUDGED_NO_MEMORY
} Judgement;

typedef struct Judge
{
	const CdpkAllocator *allocator;
	CdpkSchema schema;
	uint64_t violations; /* of the last document */
	CdpkViolation last;
	const CdpkNode *document;
	char description[CDPK_VIOLATION_TEXT_MAX];
	char path[256]; /* of the last violation, cut */
} Judge;

/* An engine that knows literals only: what is no letter or digit is left out, and so is where a match must stand. */
static inline bool
judge_matches(void *context, uint32_t pattern, const char *text, size_t length)
{
	const CdpkSpan *span = &((Judge *) context)->schema.patterns[pattern];
	char literal[64];
	size_t count = 0;

	for (size_t i = 0; i < span->length && count < sizeof(literal); i++)
		if ((span->text[i] >= 'a' && span->text[i] <= 'z') ||
			(span->text[i] >= '0' && span->text[i] <= '9'))
			literal[count++] = span->text[i];
	for (size_t i = 0; i + count <= length; i++)
		if (memcmp(text + i, literal, count) == 0)
			return true;
	return false;
}

static inline void
judge_add_step(Judge *judge, const char *name, size_t length)
{
	size_t used = strlen(judge->path);

	if (used + length + 2 > sizeof(judge->path))
		return;
	judge->path[used++] = '/';
	memcpy(judge->path + used, name, length);
	judge->path[used + length] = '\0';
}

/* Note a violation, with its way and words. */
static inline void
judge_report(void *context, const CdpkViolation *violation)
{
	Judge *judge = context;
	const CdpkNode *document = judge->document;
	CdpkWay *ways = malloc(sizeof(CdpkWay) * document->size);
	uint32_t way[1000];
	uint32_t count = 0;
	char number[16];

	if (ways == NULL)
		abort();
	cdpk_document_ways(document, ways);

	judge->violations++;
	judge->last = *violation;
	judge->path[0] = '\0';
	for (uint32_t i = (uint32_t) (violation->node - document); i != 0 && count < 1000;
		 i = ways[i].parent)
		way[count++] = i;
	while (count-- > 0)
	{
		const CdpkNode *node = &document[way[count]];

		if (node->key != NULL)
			judge_add_step(judge, node->key, node->key_length);
		else
		{
			snprintf(number, sizeof(number), "%u", (unsigned) ways[way[count]].place);
			judge_add_step(judge, number, strlen(number));
		}
	}
	free(ways);
	if (violation->key != NULL)
		judge_add_step(judge, violation->key, violation->key_length);
	if (cdpk_violation_describe(&judge->schema, violation, judge->description) !=
		strlen(judge->description))
		abort();
}

/* Judge nodes: once for the answer, once for all violations, which must agree. */
static inline Judgement
judge_nodes(Judge *judge, const CdpkNode *document)
{
	CdpkSchemaRun run = {judge->allocator, judge, judge_matches, NULL, NULL};
	bool valid;
	bool all;

	judge->document = document;
	judge->violations = 0;
	if (cdpk_schema_run(&judge->schema, document, &run, &valid) != CDPK_OK)
		return JUDGED_NO_MEMORY;
	run.report = judge_report;
	if (cdpk_schema_run(&judge->schema, document, &run, &all) != CDPK_OK)
		return JUDGED_NO_MEMORY;
	if (valid != all || valid != (judge->violations == 0))
		abort();
	return valid ? JUDGED_VALID : JUDGED_INVALID;
}

/* Judge a text. */
static inline Judgement
judge_text(Judge *judge, const char *text, size_t length)
{
	CdpkDocument document;
	const char *problem;
	size_t position;
	CdpkStatus status =
		cdpk_document_read(text, length, judge->allocator, &document, &problem, &position);
	Judgement result;

	if (status != CDPK_OK)
		return status == CDPK_OUT_OF_MEMORY ? JUDGED_NO_MEMORY : JUDGED_NO_DOCUMENT;
	result = judge_nodes(judge, document.nodes);
	cdpk_document_free(&document, judge->allocator);
	return result;
}

/* Compile a schema, and read its stored form, which *bytes holds until judge_end. */
static inline CdpkStatus
judge_begin(Judge *judge, const CdpkAllocator *allocator, const char *schema, size_t length,
			uint8_t **bytes, CdpkSchemaProblem *problem)
{
	size_t bytes_length;
	CdpkStatus status;

	memset(judge, 0, sizeof(*judge));
	judge->allocator = allocator;
	*bytes = NULL;
	status = cdpk_schema_compile(schema, length, NULL, NULL, allocator, 0, bytes, &bytes_length,
								 problem);
	if (status == CDPK_OK)
		status = cdpk_schema_read(*bytes, bytes_length, allocator, &judge->schema);
	return status;
}

static inline void
judge_end(Judge *judge, uint8_t *bytes)
{
	cdpk_schema_free(&judge->schema, judge->allocator);
	cdpk_release(judge->allocator, bytes);
}

#endif /* SCHEMA_JUDGE_H */
