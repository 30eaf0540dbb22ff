/* link_counts_fuzz.c: any bytes as link counts: what is read is written as the same bytes */
#include <stdlib.h>
#include <string.h>

#include "core/identifier/link_counts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkLinkCount *counts = malloc(sizeof(CdpkLinkCount) * (size + 1));
	uint8_t *bytes = malloc(CDPK_LINK_COUNT_SIZE_MAX * (size + 1));
	CdpkReader reader = cdpk_reader(data, size);
	CdpkLinkCount next = {0, 0};
	size_t count = 0;
	size_t length;

	while (cdpk_link_counts_next(&reader, &next))
		counts[count++] = next;
	if (count > size / CDPK_LINK_COUNT_SIZE_MIN)
		abort();
	/* from the last to the first, as the writer sorts them */
	for (size_t i = 0; i < count / 2; i++)
	{
		next = counts[i];
		counts[i] = counts[count - 1 - i];
		counts[count - 1 - i] = next;
	}
	length = cdpk_link_counts_write(counts, count, bytes);
	if (length > size || memcmp(bytes, data, length) != 0 || (!reader.failed && length != size))
		abort();
	free(bytes);
	free(counts);
	return 0;
}
