/*
 * pass_link_counts.c
 *		Link counts of identifiers: as they are stored, and core/stitch's form.
 */
#include "postgres.h"

#include "core/identifier/link_counts.h"
#include "platform/refresh/pass.h"

/* pass_read_link_counts reads link counts, which last as long as the pass. */
const CdpkStitchCount *
pass_read_link_counts(Pass *pass, Datum link_counts, uint32_t *length)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(link_counts);
	Size size = VARSIZE_ANY_EXHDR(bytes);
	CdpkReader reader = cdpk_reader(VARDATA_ANY(bytes), size);
	CdpkLinkCount next = {0, 0};
	CdpkStitchCount *counts = NULL;

	*length = 0;
	if (size > 0)
		counts = MemoryContextAlloc(pass->context, sizeof(CdpkStitchCount) *
													   (size / CDPK_LINK_COUNT_SIZE_MIN + 1));
	while (cdpk_link_counts_next(&reader, &next))
	{
		counts[*length].name_space = resolver_numbered_namespace(pass->resolver, next.namespace_id);
		counts[(*length)++].count = next.count;
	}
	if (reader.failed)
		pass_check(CDPK_CORRUPT);
	if ((Pointer) bytes != DatumGetPointer(link_counts))
		pfree(bytes);
	return counts;
}

/* pass_make_link_counts makes link counts in the current memory context. */
Datum
pass_make_link_counts(const Pass *pass, const CdpkStitchCount *counts, size_t length)
{
	CdpkLinkCount few[16];
	CdpkLinkCount *numbered =
		length <= lengthof(few) ? few : palloc(sizeof(CdpkLinkCount) * length);
	bytea *made = palloc(VARHDRSZ + CDPK_LINK_COUNT_SIZE_MAX * length);

	for (size_t i = 0; i < length; i++)
	{
		numbered[i].namespace_id = pass->resolver->namespace_ids[counts[i].name_space];
		numbered[i].count = counts[i].count;
	}
	SET_VARSIZE(made,
				VARHDRSZ + cdpk_link_counts_write(numbered, length, (uint8_t *) VARDATA(made)));
	if (numbered != few)
		pfree(numbered);
	return PointerGetDatum(made);
}
