/*
 * sequence_survey.c
 *		Which columns of a timeline a sequence reads.
 */
#include "core/sequence/sequence_survey.h"

#include <string.h>

/* Note a column that has events of some alternatives. */
static CdpkStatus
note_column(CdpkSurvey *survey, const CdpkColumn *column, uint32_t named)
{
	/* every event takes a byte */
	if (column->count > cdpk_left(&column->times))
		return CDPK_CORRUPT;
	survey->present |= named;
	survey->most += column->count;
	return CDPK_OK;
}

/* List the names that alternatives ask for, each once; false if one asks for any. */
static bool
list_names(const CdpkSequence *sequence, CdpkSurvey *survey, CdpkName *names)
{
	survey->count = 0;
	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkAlternative *alternative = cdpk_step_alternatives(&sequence->alternative[i]);
		unsigned j = 0;

		if (alternative->any)
			return false;
		while (j < survey->count &&
			   (names[j].length != alternative->name.length ||
				memcmp(names[j].text, alternative->name.text, names[j].length) != 0))
			j++;
		if (j == survey->count)
		{
			names[survey->count] = alternative->name;
			survey->named[survey->count++] = 0;
		}
		survey->named[j] |= UINT32_C(1) << i;
	}
	return true;
}

/* Find the columns of names. */
static CdpkStatus
find_names(CdpkSurvey *survey, const CdpkName *names)
{
	CdpkStatus status = CDPK_OK;

	if (!cdpk_timeline_find_all(&survey->timeline, names, survey->count, survey->column))
		return CDPK_CORRUPT;
	for (unsigned i = 0; i < survey->count && status == CDPK_OK; i++)
		if (survey->column[i].count > 0)
			status = note_column(survey, &survey->column[i], survey->named[i]);
	return status;
}

/* Find all columns that have events of alternatives. */
static CdpkStatus
find_columns(CdpkSurvey *survey, const CdpkStepSet *set)
{
	CdpkTimeline passage = survey->timeline;
	CdpkColumn column;
	CdpkStatus status = CDPK_OK;

	while (status == CDPK_OK && cdpk_timeline_next(&passage, &column))
	{
		uint32_t named = cdpk_step_set_named(set, column.name, column.name_length);

		if (named != 0 || survey->strangers)
			status = note_column(survey, &column, named);
	}
	return status == CDPK_OK && cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : status;
}

/* Return the alternatives up to the first place that must be reached and of which there is no event. */
static uint32_t
find_needed(const CdpkSequence *sequence, uint32_t present)
{
	uint32_t needed = 0;

	if (sequence->any_order)
		return UINT32_MAX;
	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];

		if (!item->absent && !item->optional && (item->any & present) == 0)
			break;
		needed |= item->any;
	}
	return needed;
}

CdpkStatus
cdpk_survey(const CdpkAsked *asked, const CdpkTimeline *timeline, const CdpkStepSet *set,
			CdpkSurvey *survey)
{
	CdpkName names[CDPK_SEQUENCE_ALTERNATIVES_MAX];
	CdpkStatus status;

	survey->timeline = *timeline;
	survey->present = 0;
	survey->needed = UINT32_MAX;
	survey->most = 0;
	survey->strangers = cdpk_asks_for_strangers(asked);
	survey->listed = !survey->strangers && list_names(asked->sequence, survey, names);
	status = survey->listed ? find_names(survey, names) : find_columns(survey, set);
	if (asked->wanted >= CDPK_WANT_DEPTH && !survey->strangers)
		survey->needed = find_needed(asked->sequence, survey->present);
	return status;
}

void
cdpk_survey_start(const CdpkSurvey *survey, CdpkSurveyPassage *passage)
{
	passage->timeline = survey->timeline;
	passage->next = 0;
}

bool
cdpk_survey_next(const CdpkSurvey *survey, CdpkSurveyPassage *passage, const CdpkStepSet *set,
				 CdpkColumn *column)
{
	while (survey->listed && passage->next < survey->count)
	{
		unsigned i = passage->next++;

		if (survey->column[i].count == 0 || (survey->named[i] & survey->needed) == 0)
			continue;
		*column = survey->column[i];
		return true;
	}
	while (!survey->listed && cdpk_timeline_next(&passage->timeline, column))
		if (survey->strangers ||
			(cdpk_step_set_named(set, column->name, column->name_length) & survey->needed) != 0)
			return true;
	return false;
}
