/*
 * sequence_survey.h
 *		Which columns of a timeline a sequence reads.
 */
#ifndef CDPK_SEQUENCE_SURVEY_H
#define CDPK_SEQUENCE_SURVEY_H

#include "core/sequence/sequence_program.h"
#include "core/sequence/step_set.h"

typedef struct CdpkSurvey
{
	CdpkTimeline timeline;
	uint32_t present; /* alternatives whose name, or any, is there */
	uint32_t needed;  /* those whose events are read */
	bool strangers;   /* all events are */
	uint64_t most;    /* events in the columns that are read, at most */
	bool listed;      /* the columns are known: no alternative asks for any event */
	unsigned count;
	CdpkColumn column[CDPK_SEQUENCE_ALTERNATIVES_MAX];
	uint32_t named[CDPK_SEQUENCE_ALTERNATIVES_MAX]; /* alternatives that name it */
} CdpkSurvey;

/*
 * Look what a timeline has for what is asked.  Where the depth is asked for, what comes after a place of which there
 * is no event of its names is not needed.
 */
extern CdpkStatus cdpk_survey(const CdpkAsked *asked, const CdpkTimeline *timeline,
							  const CdpkStepSet *set, CdpkSurvey *survey);

/* Where a reader of the columns is. */
typedef struct CdpkSurveyPassage
{
	CdpkTimeline timeline;
	unsigned next;
} CdpkSurveyPassage;

extern void cdpk_survey_start(const CdpkSurvey *survey, CdpkSurveyPassage *passage);

/* Return the next column that is read; false at the end. */
extern bool cdpk_survey_next(const CdpkSurvey *survey, CdpkSurveyPassage *passage,
							 const CdpkStepSet *set, CdpkColumn *column);

/* Return whether the end was one of corrupt bytes. */
static inline bool
cdpk_survey_failed(const CdpkSurveyPassage *passage)
{
	return cdpk_timeline_failed(&passage->timeline);
}

#endif /* CDPK_SEQUENCE_SURVEY_H */
