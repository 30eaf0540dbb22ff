/*
 * subject.c
 *		What is in segments and has computed traits: people, or accounts.
 */
#include "postgres.h"

#include "platform/segment/subject.h"

const Subject subjects[SUBJECTS] = {[SUBJECT_PERSON] = {"person", "profile_row", "judged_row",
														"profile_id", "profile", "membership"},
									[SUBJECT_ACCOUNT] = {"account", "account_row", "judged_account",
														 "account_id", "account",
														 "account_membership"}};

SubjectKind
subject_of(const char *word)
{
	for (int i = 0; i < SUBJECTS; i++)
		if (strcmp(word, subjects[i].word) == 0)
			return (SubjectKind) i;
	elog(ERROR, "there are no segments of \"%s\"", word);
}
