/*
 * pass_counts.c
 *		Numbers of identifiers by namespace: objects of namespace to number, and core/stitch's form.
 *
 * Most profiles have few identifiers, so that few objects occur: the last ones are kept.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "platform/refresh/pass.h"
#include "toolkit/bridge/jsonb_walk.h"

/* a power of two */
#define KEPT 1024

/* Counts, and the object that they are. */
typedef struct Kept
{
	const CdpkStitchCount *counts;
	uint32_t length;
	Jsonb *object; /* NULL: the place is free */
} Kept;

struct PassKeptCounts
{
	Kept read[KEPT]; /* by the bytes of the object */
	Kept made[KEPT]; /* by those of the counts */
};

/* kept_counts returns what is kept, made when it is asked for first. */
static PassKeptCounts *
kept_counts(Pass *pass)
{
	if (pass->kept_counts == NULL)
		pass->kept_counts = MemoryContextAllocZero(pass->context, sizeof(PassKeptCounts));
	return pass->kept_counts;
}

/* find_place gives the place of some bytes. */
static Kept *
find_place(Kept *kept, const void *bytes, Size length)
{
	return &kept[DatumGetUInt32(hash_any(bytes, (int) length)) & (KEPT - 1)];
}

/* read_counts reads an object that is kept. */
static void
read_counts(Pass *pass, Kept *kept)
{
	JsonbWalk walk = jsonb_walk(&kept->object->root);
	CdpkStitchCount *counts =
		MemoryContextAlloc(pass->context, sizeof(CdpkStitchCount) * Max(walk.count, 1));
	JsonbValue name;
	JsonbValue value;

	kept->counts = counts;
	kept->length = 0;
	while (jsonb_walk_member(&walk, &name, &value))
	{
		if (value.type != jbvNumeric)
			pass_check(CDPK_CORRUPT);
		counts[kept->length].name_space =
			resolver_namespace(pass->resolver, name.val.string.val, name.val.string.len);
		counts[kept->length++].count = (uint32_t) DatumGetInt32(
			DirectFunctionCall1(numeric_int4, NumericGetDatum(value.val.numeric)));
	}
}

/* pass_read_counts reads how many identifiers of each limited namespace a profile has. */
void
pass_read_counts(Pass *pass, Datum counted, const CdpkStitchCount **counts, uint32_t *length)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	Jsonb *object = DatumGetJsonbP(counted);
	Kept *kept = find_place(kept_counts(pass)->read, object, VARSIZE(object));

	if (kept->object == NULL || VARSIZE(kept->object) != VARSIZE(object) ||
		memcmp(kept->object, object, VARSIZE(object)) != 0)
	{
		Jsonb *copy = MemoryContextAlloc(pass->context, VARSIZE(object));

		memcpy(copy, object, VARSIZE(object));
		kept->object = copy;
		read_counts(pass, kept);
	}
	*counts = kept->counts;
	*length = kept->length;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(pass->scratch);
}

/* make_counts makes an object of namespace to number. */
static Jsonb *
make_counts(const Pass *pass, const CdpkStitchCount *counts, size_t length)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < length; i++)
	{
		const CdpkStitchNamespace *of = &pass->resolver->rules.namespaces[counts[i].name_space];
		JsonbValue value;

		value.type = jbvString;
		value.val.string.val = unconstify(char *, of->name);
		value.val.string.len = (int) of->name_length;
		pushJsonbValue(&state, WJB_KEY, &value);
		value.type = jbvNumeric;
		value.val.numeric = int64_to_numeric((int64) counts[i].count);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* pass_make_counts makes such an object; it lasts as long as the pass, and so must the counts. */
Datum
pass_make_counts(Pass *pass, const CdpkStitchCount *counts, size_t length)
{
	static const CdpkStitchCount none;
	Size size = sizeof(CdpkStitchCount) * length;
	MemoryContext caller;
	Kept *kept;

	if (length == 0)
		counts = &none;
	kept = find_place(kept_counts(pass)->made, counts, size);
	if (kept->object != NULL && kept->length == length && memcmp(kept->counts, counts, size) == 0)
		return JsonbPGetDatum(kept->object);
	caller = MemoryContextSwitchTo(pass->context);
	kept->counts = counts;
	kept->length = (uint32_t) length;
	kept->object = make_counts(pass, counts, length);
	MemoryContextSwitchTo(caller);
	return JsonbPGetDatum(kept->object);
}
