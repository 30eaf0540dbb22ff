/*
 * step_combinations.c
 *		The combinations of values that the events of a step have of several properties.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "toolkit/bridge/status.h"
#include "toolkit/timeline/step_combinations.h"
#include "toolkit/timeline/timeline.h"

void
step_properties_init(StepProperties *properties, ArrayType *names)
{
	Datum *name;
	bool *is_null;
	int count = 0;

	if (names != NULL)
		deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &name, &is_null, &count);
	if (count > STEP_PROPERTIES_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("at most %d properties can be combined", STEP_PROPERTIES_MAX)));
	properties->count = count;
	properties->found = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	for (int i = 0; i < count; i++)
	{
		const text *value = is_null[i] ? NULL : DatumGetTextPP(name[i]);

		if (value == NULL || VARSIZE_ANY_EXHDR(value) == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the name of a property must not be empty")));
		properties->name[i].text = VARDATA_ANY(value);
		properties->name[i].length = VARSIZE_ANY_EXHDR(value);
	}
}

bool
step_properties_find(CdpkStepEvents *events, StepProperties *properties)
{
	bool found = false;

	for (int i = 0; i < properties->count; i++)
	{
		step_property_find(events, &properties->name[i], &properties->column[i]);
		found |= properties->column[i].found;
	}
	return found;
}

int
step_combination_compare(int count, const CdpkPropertyValue *a, const CdpkPropertyValue *b)
{
	int order = 0;

	for (int i = 0; i < count && order == 0; i++)
		order = step_value_compare(&a[i], &b[i]);
	return order;
}

/* Compare two combinations, for qsort_arg. */
static int
compare_combinations(const void *a, const void *b, void *arg)
{
	const CdpkPropertyValue *left = a;
	const CdpkPropertyValue *right = b;
	int order = step_combination_compare(((const StepProperties *) arg)->count, left, right);

	CHECK_FOR_INTERRUPTS();
	if (order != 0)
		return order;
	return left->element < right->element ? -1 : left->element > right->element;
}

/* Return whether a value counts in an element: it is of it, or of the event as a whole. */
static bool
is_in(const CdpkPropertyValue *value, unsigned element)
{
	return value->element == element || value->element == 0;
}

/*
 * Add a combination; values of the event as a whole alone belong to no element, whichever was looked
 * at.
 */
static void
add_combination(StepProperties *properties, const CdpkPropertyValue *values)
{
	size_t size = (size_t) properties->count * sizeof(CdpkPropertyValue);
	unsigned element = 0;
	CdpkPropertyValue *added;

	for (int i = 0; i < properties->count; i++)
		element = Max(element, (unsigned) values[i].element);
	cdpk_put_bytes(&properties->found, values, size);
	timeline_check(properties->found.status);
	added = (CdpkPropertyValue *) (properties->found.bytes + properties->found.used - size);
	for (int i = 0; i < properties->count; i++)
		added[i].element = (uint16_t) element;
}

/* Return how many combinations there are in an element. */
static size_t
count_combinations(const StepProperties *properties, unsigned element)
{
	size_t count = 1;

	for (int i = 0; i < properties->count && count <= STEP_COMBINATIONS_MAX; i++)
	{
		size_t values = 0;

		for (unsigned j = 0; j < properties->value_count[i]; j++)
			values += is_in(&properties->value[i][j], element);
		count *= Max(values, 1);
	}
	return count;
}

/* Move to the next value of a property in an element, from place "from" on; false after the last. */
static bool
find_value(const StepProperties *properties, int property, unsigned element, unsigned *from)
{
	while (*from < properties->value_count[property] &&
		   !is_in(&properties->value[property][*from], element))
		(*from)++;
	return *from < properties->value_count[property];
}

/* Add all combinations of an element. */
static void
add_element(StepProperties *properties, unsigned element)
{
	CdpkPropertyValue values[STEP_PROPERTIES_MAX];
	unsigned place[STEP_PROPERTIES_MAX];
	size_t former = properties->found.used / ((size_t) properties->count * sizeof(values[0]));
	bool too_many = former + count_combinations(properties, element) > STEP_COMBINATIONS_MAX;
	int i;

	memset(values, 0, sizeof(values));
	for (i = 0; i < properties->count; i++)
	{
		place[i] = 0;
		values[i].element = 0;
		values[i].kind = too_many ? CDPK_LEFT_OUT : STEP_NO_VALUE;
		if (!too_many && find_value(properties, i, element, &place[i]))
			values[i] = properties->value[i][place[i]];
	}
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		add_combination(properties, values);
		/* as a counter goes on: the last property first */
		for (i = properties->count - 1; i >= 0 && !too_many; i--)
		{
			if (values[i].kind == STEP_NO_VALUE)
				continue;
			place[i]++;
			if (find_value(properties, i, element, &place[i]))
			{
				values[i] = properties->value[i][place[i]];
				break;
			}
			place[i] = 0;
			(void) find_value(properties, i, element, &place[i]);
			values[i] = properties->value[i][place[i]];
		}
		if (i < 0 || too_many)
			return;
	}
}

/* Add the combinations of all elements in which there is a value; false if there is none. */
static bool
add_elements(StepProperties *properties)
{
	bool seen[CDPK_PROPERTY_ELEMENTS_MAX + 1];
	bool any = false;

	for (int i = 0; i < properties->count; i++)
		for (unsigned j = 0; j < properties->value_count[i]; j++)
		{
			unsigned element = properties->value[i][j].element;

			if (element == 0)
				continue;
			if (!any)
				memset(seen, 0, sizeof(seen));
			any = true;
			if (seen[element])
				continue;
			seen[element] = true;
			add_element(properties, element);
		}
	return any;
}

size_t
step_combinations_read(StepProperties *properties, uint64_t event)
{
	size_t count;

	if (properties->count == 0)
		return 1;
	properties->found.used = 0;
	for (int i = 0; i < properties->count; i++)
		properties->value_count[i] =
			step_property_read(&properties->column[i], event, properties->value[i]);
	if (!add_elements(properties))
		add_element(properties, 0); /* the event as a whole */
	count = properties->found.used / ((size_t) properties->count * sizeof(CdpkPropertyValue));
	if (count > 1)
		qsort_arg(properties->found.bytes, count,
				  (size_t) properties->count * sizeof(CdpkPropertyValue), compare_combinations,
				  properties);
	return count;
}
