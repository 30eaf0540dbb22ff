/*
 * traits.c
 *		Values of cdp.traits in memory: opening them, states to merge into, their
 *		compact form.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "toolkit/traits/traits.h"
#include "toolkit/bridge/status.h"

/* Allocate with a varlena's header in front. */
static void *
allocate_with_header(void *context, size_t size)
{
	return (char *) palloc(size + VARHDRSZ) + VARHDRSZ;
}

/* Free what allocate_with_header allocated. */
static void
release_with_header(void *context, void *pointer)
{
	pfree((char *) pointer - VARHDRSZ);
}

StaticAssertDecl(CDPK_TRAITS_FRONT == VARHDRSZ, "a state's memory begins with a varlena's header");

const CdpkAllocator traits_allocator = {allocate_with_header, release_with_header, NULL};

/* Open a value to read. */
CdpkTraitsView
traits_open(Traits *traits)
{
	CdpkTraitsView view;
	CdpkStatus status =
		cdpk_traits_open(&view, (const uint8 *) VARDATA_ANY(traits), VARSIZE_ANY_EXHDR(traits));

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.traits");
	return view;
}

/* Raise the error of a merge that did not end with CDPK_OK. */
void
traits_check_merge(CdpkStatus status)
{
	if (status == CDPK_OK)
		return;
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a value of traits is larger than its rule allows")));
	if (status == CDPK_OUT_OF_RANGE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("a sum of traits has too many digits")));
	cdp_report_bytes(status, "cdp.traits");
}

#define MERGE_SLICE 1024

/* Merge another value into a state. */
void
traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other)
{
	for (uint32 first = 0; first < other->count; first += MERGE_SLICE)
	{
		CHECK_FOR_INTERRUPTS();
		traits_check_merge(cdpk_traits_merge(state, other, first, first + MERGE_SLICE));
	}
}

/* Begin a state to merge into. */
void
traits_begin(CdpkTraitsState *state, size_t cells, size_t bytes)
{
	traits_check_merge(cdpk_traits_begin(state, &traits_allocator, cells, bytes));
}

/* Return a state as a value, which shares its memory. */
Traits *
traits_loose(const CdpkTraitsState *state)
{
	return (Traits *) DatumGetPointer(
		cdp_varlena(state->bytes - VARHDRSZ, state->view.size + VARHDRSZ));
}

/* Make a compact copy. */
Traits *
traits_compact(const CdpkTraitsView *view)
{
	size_t size = cdpk_traits_compact_size(view);
	Traits *traits;

	if (size == 0)
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	traits = palloc(size + VARHDRSZ);
	SET_VARSIZE(traits, size + VARHDRSZ);
	cdpk_traits_compact(view, size, (uint8 *) VARDATA(traits));
	return traits;
}
