/*
 * schema_form_fuzz.c
 *		The stored form of a schema, which may be any bytes: what is read judges documents, and ends.
 */
#include "fuzz.h"

#include "../unit/schema_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const documents[] = {
	"{\"a\":[\"a\",{\"b\":-1.5}],\"b\":\"aa\",\"c\":[1,2,4],\"d\":{\"a\":{\"a\":{}}},\"x\":1,\"zz\":[{}]}",
	"[1,1.0,\"2024-01-01\",[[[null]]],true,{\"a\":{\"a\":[]}}]", "\"text\"", "1e100"};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Judge judge;
	CdpkSpan text;

	memset(&judge, 0, sizeof(judge));
	judge.allocator = &fuzz_allocator;
	cdpk_schema_text(data, size, &text);
	if (cdpk_schema_read(data, size, &fuzz_allocator, &judge.schema) != CDPK_OK)
		return 0;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		judge_text(&judge, documents[i], strlen(documents[i]));
	cdpk_schema_free(&judge.schema, &fuzz_allocator);
	return 0;
}
