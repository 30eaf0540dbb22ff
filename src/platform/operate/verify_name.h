/*
 * verify_name.h
 *		The identifiers of a chunk of the log or the base, each once, and their rows in the tables.
 */
#ifndef CDP_OPERATE_VERIFY_NAME_H
#define CDP_OPERATE_VERIFY_NAME_H

#include "toolkit/identifier/identifier.h"

typedef struct VerifyName
{
	const uint8 *payload;
	uint32 length;
	int64 identifier_id; /* 0: the tables do not know it */
	bool shared;         /* as its row says */
	bool row_blocked;
	bool in_profile;
	bool is_carried; /* events have it as their own, which the caller sets */
	/* what the rules say, which the caller sets */
	bool is_blocked;
	bool has_rule; /* its namespace is listed */
	int32 priority;
} VerifyName;

typedef struct VerifyNames VerifyNames;

/* Makes an empty list in the current memory context; close it before that goes. */
extern VerifyNames *verify_names_new(void);
extern void verify_names_close(VerifyNames *names);

/* Adds an identifier, unless it is there, and returns its place. */
extern uint32 verify_names_add(VerifyNames *names, const uint8 *payload, size_t length);

#define VERIFY_NO_NAME UINT32_MAX

/* Adds the identifiers of these numbers, with their rows, and sets their places; VERIFY_NO_NAME: it has no row. */
extern void verify_names_add_ids(VerifyNames *names, const int64 *ids, int count, uint32 *places);

extern uint32 verify_names_count(const VerifyNames *names);
extern VerifyName *verify_name(const VerifyNames *names, uint32 place);

/* Finds the rows of those that no rule blocks. */
extern void verify_names_look_up(VerifyNames *names);

/* Makes a value of type cdp.identifier. */
extern Datum verify_name_value(const VerifyName *name);

/* Tells whether an event can be anchored at an identifier. */
static inline bool
verify_name_usable(const VerifyName *name)
{
	return !name->is_blocked && name->has_rule && name->identifier_id != 0 && !name->row_blocked &&
		   name->in_profile;
}

/* Orders usable identifiers by strength: not shared, then by priority, then by bytes. */
extern int verify_name_compare(const VerifyName *x, const VerifyName *y);

#endif /* CDP_OPERATE_VERIFY_NAME_H */
