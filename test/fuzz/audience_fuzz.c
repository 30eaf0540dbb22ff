/*
 * audience_fuzz.c: any bytes as two audiences, the first byte says where they are cut: searched, walked
 * and combined whether they are right or not, and where they are right written again in all ways
 */
#include <stdlib.h>
#include <string.h>

#include "core/audience/audience_build.h"
#include "core/audience/audience_combine.h"
#include "core/audience/audience_text.h"

#include "fuzz.h"

/* Combines two in every way, and looks at the laws if both are right. */
static void
combine(const CdpkAudience *a, const CdpkAudience *b, bool right)
{
	uint64_t sizes[4] = {0};
	CdpkAudience audiences[3] = {*a, *b, *a};
	uint64_t common[9];
	uint64_t size;

	for (int operation = CDPK_SET_AND; operation <= CDPK_SET_XOR; operation++)
	{
		uint8_t *bytes;
		size_t length;

		if (cdpk_audience_combine((CdpkSetOperation) operation, a, b, &fuzz_allocator, 0, NULL,
								  &bytes, &length) != CDPK_OK)
			continue;
		if (right && (cdpk_audience_check(bytes, length) != CDPK_OK ||
					  cdpk_audience_size(bytes, length, &sizes[operation]) != CDPK_OK))
			abort();
		free(bytes);
	}
	if (cdpk_audience_common(a, b, NULL, &size) != CDPK_OK)
		size = UINT64_MAX;
	if (cdpk_audience_overlaps(audiences, 3, &fuzz_allocator, NULL, common) != CDPK_OK)
		common[1] = common[2] = UINT64_MAX;
	if (right && (size != sizes[CDPK_SET_AND] || common[1] != size || common[2] != a->size ||
				  sizes[CDPK_SET_OR] != a->size + b->size - size ||
				  sizes[CDPK_SET_MINUS] != a->size - size ||
				  sizes[CDPK_SET_XOR] != a->size + b->size - 2 * size))
		abort();
}

/* Reads one whether it is right or not; one that is right is written again as it was. */
static bool
read_one(const uint8_t *data, size_t size, CdpkAudience *audience)
{
	bool right = cdpk_audience_check(data, size) == CDPK_OK;
	CdpkAudienceBuilder builder;
	CdpkAudienceWalk walk;
	CdpkTextProblem problem;
	uint8_t *bytes;
	size_t length;
	int64_t first;
	int64_t last;
	char *text;
	bool has;

	cdpk_audience_has(audience, 5, &has);
	cdpk_audience_walk(audience, &walk);
	while (cdpk_audience_next(&walk, &first, &last))
		if (right && (cdpk_audience_has(audience, last, &has) != CDPK_OK || !has))
			abort();
	if (cdpk_audience_build_begin(&builder, &fuzz_allocator) != CDPK_OK)
		abort();
	if (cdpk_audience_add(&builder, audience) == CDPK_OK &&
		cdpk_audience_build_finish(&builder, &fuzz_allocator, 0, &bytes, &length) == CDPK_OK)
	{
		if (cdpk_audience_check(bytes, length) != CDPK_OK ||
			(right && (length != size || memcmp(bytes, data, size) != 0)))
			abort();
		free(bytes);
	}
	cdpk_audience_build_free(&builder);
	if (!right)
		return false;
	if (cdpk_audience_print(audience, &fuzz_allocator, &text) != CDPK_OK ||
		cdpk_audience_parse(text, strlen(text), &fuzz_allocator, 0, NULL, &bytes, &length,
							&problem) != CDPK_OK ||
		length != size || memcmp(bytes, data, size) != 0)
		abort();
	free(text);
	free(bytes);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkAudience a;
	CdpkAudience b;
	size_t cut;
	bool right;

	if (size < 1)
		return 0;
	cut = data[0] < size - 1 ? data[0] : size - 1;
	if (cdpk_audience_open(data + 1, cut, &a) != CDPK_OK)
		return 0;
	right = read_one(data + 1, cut, &a);
	if (cdpk_audience_open(data + 1 + cut, size - 1 - cut, &b) != CDPK_OK)
		return 0;
	right = read_one(data + 1 + cut, size - 1 - cut, &b) && right;
	combine(&a, &b, right);
	return 0;
}
