/*
 * subject.h
 *		What is in segments and has computed traits: people, or accounts.
 */
#ifndef CDP_SEGMENT_SUBJECT_H
#define CDP_SEGMENT_SUBJECT_H

typedef enum SubjectKind
{
	SUBJECT_PERSON,
	SUBJECT_ACCOUNT
} SubjectKind;

#define SUBJECTS 2

typedef struct Subject
{
	const char *word;        /* in cdp_data.segment */
	const char *row_view;    /* of schema cdp: what conditions are evaluated over */
	const char *judged_view; /* of schema cdp_data: the same, of all, whoever reads it */
	const char *key;         /* the number of a subject, in all of these */
	const char *table;       /* of schema cdp_data */
	const char *membership;  /* of schema cdp_data: what is kept */
} Subject;

extern const Subject subjects[SUBJECTS];

/* Returns the subject that a word names. */
extern SubjectKind subject_of(const char *word);

#endif /* CDP_SEGMENT_SUBJECT_H */
