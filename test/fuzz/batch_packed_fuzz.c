/* batch_packed_fuzz.c: any bytes as a row of the base, after one for its anchor: what is read is written as the same bytes */
#include <stdlib.h>
#include <string.h>

#include "core/batch/batch_packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkPacked row;
	int64_t *ids;
	char *message_id;
	uint8_t *bytes;
	size_t length;

	if (size == 0 || cdpk_packed_read(data + 1, size - 1, data[0], &row) != CDPK_OK)
		return 0;
	if (row.id_count > size)
		abort();
	ids = malloc(sizeof(int64_t) * ((size_t) row.id_count + 2));
	message_id = malloc((size_t) row.message_length + 1);
	bytes = malloc(cdpk_packed_size_max(&row));
	cdpk_packed_ids(&row, ids);
	cdpk_packed_message(&row, message_id);
	row.ids = ids;
	row.message_id = message_id;
	length = cdpk_packed_write(&row, bytes);
	if (length != size - 1 || memcmp(bytes, data + 1, length) != 0)
		abort();
	free(bytes);
	free(message_id);
	free(ids);
	return 0;
}
