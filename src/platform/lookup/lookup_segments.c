/*
 * lookup_segments.c
 *		Finds the segments that a person is in.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "platform/lookup/lookup_segments.h"
#include "platform/segment/reader.h"

/* compare_names orders names by their bytes. */
static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* compare_computed orders computed traits by the bytes of their names. */
static int
compare_computed(const ListCell *a, const ListCell *b)
{
	return strcmp(((LookupComputed *) lfirst(a))->name, ((LookupComputed *) lfirst(b))->name);
}

/* make_computed returns a computed trait. */
static LookupComputed *
make_computed(const char *name, const char *type, const char *value)
{
	LookupComputed *made = palloc(sizeof(LookupComputed));

	*made = (LookupComputed){name, type, value};
	return made;
}

/* judge_failing judges a person by the segments that fail for some people, to find those that fail for this one. */
static void
judge_failing(Kept *kept, TimestampTz at)
{
	KeptSegments *segments = kept->segments;
	int person = 0;

	for (int i = 0; i < segments->count; i++)
		segments->items[i].asked = segments->items[i].asked &&
								   segments->items[i].state == KEPT_FAILING &&
								   !kept_stays(&segments->items[i]);
	kept_judge(kept, &person, 1, at, false, NULL, NULL);
}

void
lookup_segments(int64 profile_id, List **members_of, List **computed, List **failing)
{
	Reader reader;
	bool *readable;
	Kept *kept;

	*members_of = NIL;
	*computed = NIL;
	*failing = NIL;
	reader_check_tables();
	reader_open(&reader, SUBJECT_PERSON);
	readable = reader_readable(&reader);
	for (int i = 0; i < reader.segments->count; i++)
		if (readable[i])
			kept_ask_with_needs(reader.segments, i);
	kept = reader_judge(&reader, &profile_id, 1);
	judge_failing(kept, reader.at);
	for (int i = 0; i < reader.segments->count; i++)
	{
		const KeptSegment *segment = &reader.segments->items[i];
		char *name = pstrdup(NameStr(segment->segment.name));

		if (readable[i] && segment->segment.is_trait && kept_value(kept, 0, i) != NULL)
			*computed = lappend(*computed,
								make_computed(name, segment->value_type, kept_value(kept, 0, i)));
		else if (readable[i] && kept_member_since(kept, 0, i) != DT_NOBEGIN)
			*members_of = lappend(*members_of, name);
		if (readable[i] && (kept_stays(segment) || segment->judgement.message != NULL))
			*failing = lappend(*failing, name);
	}
	reader_close(&reader);
	list_sort(*members_of, compare_names);
	list_sort(*computed, compare_computed);
	list_sort(*failing, compare_names);
}
