/*
 * schema_fuzz.c
 *		A schema and a document, with a NUL between them: whatever they are, both ways to judge agree, and the schema
 *		keeps its text.
 */
#include "fuzz.h"

#include "../unit/schema_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t length = end != NULL ? (size_t) (end - data) : size;
	CdpkSchemaProblem problem = {"", 0};
	Judge judge;
	uint8_t *bytes;
	CdpkStatus status = judge_begin(&judge, &fuzz_allocator, text, length, &bytes, &problem);

	if (status == CDPK_OK)
	{
		if (judge.schema.text.length != length || memcmp(judge.schema.text.text, text, length) != 0)
			abort();
		if (end != NULL)
			judge_text(&judge, text + length + 1, size - length - 1);
		/* a schema is a document too, and judges itself */
		judge_text(&judge, text, length);
	}
	else if (status == CDPK_CORRUPT || status == CDPK_UNKNOWN_VERSION || problem.words[0] == '\0' ||
			 problem.position > length + 1)
		abort();
	judge_end(&judge, bytes);
	return 0;
}
