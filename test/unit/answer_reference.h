/*
 * answer_reference.h
 *		The answer of a person, by the words of the definition: slow, and without any order.
 */
#ifndef ANSWER_REFERENCE_H
#define ANSWER_REFERENCE_H

#include "core/consent/answer.h"

#define WORLD_IDENTIFIERS 6
#define WORLD_LINKS 10
#define WORLD_STATEMENTS 10

typedef struct World
{
	CdpkAnswerIdentifier identifiers[WORLD_IDENTIFIERS];
	uint32_t identifier_count;
	CdpkAnswerLink links[WORLD_LINKS];
	uint32_t link_count;
	CdpkAnswerStatement statements[WORLD_STATEMENTS];
	uint32_t names[WORLD_STATEMENTS][WORLD_IDENTIFIERS];
	uint32_t statement_count;
} World;

/* Whether links inside the person that were known at a time join two identifiers. */
static inline bool
reference_joined(const World *world, uint32_t from, uint32_t to, int64_t at)
{
	bool reached[WORLD_IDENTIFIERS] = {false};

	reached[from] = true;
	for (uint32_t round = 0; round < world->identifier_count; round++)
		for (uint32_t i = 0; i < world->link_count; i++)
		{
			const CdpkAnswerLink *link = &world->links[i];

			if (link->since <= at && world->identifiers[link->a].inside &&
				world->identifiers[link->b].inside && (reached[link->a] || reached[link->b]))
				reached[link->a] = reached[link->b] = true;
		}
	return reached[to];
}

static inline bool
reference_speaks_for(const World *world, uint32_t j, uint32_t i, int64_t at)
{
	return i == j || (world->identifiers[j].priority <= world->identifiers[i].priority &&
					  reference_joined(world, j, i, at));
}

/* Whether a statement counts for an identifier of the person at an instant, and when it was said. */
static inline bool
reference_counts(const World *world, const CdpkAnswerStatement *statement, uint32_t i, int64_t at,
				 int64_t expiry, int64_t *said)
{
	bool named = false;

	if (!world->identifiers[i].usable || !world->identifiers[i].inside || statement->first_at > at)
		return false;
	if (statement->kind == CDPK_ANSWER_YES && statement->expires_at <= expiry)
		return false;
	for (uint32_t k = 0; k < statement->identifier_count; k++)
	{
		uint32_t other = statement->identifiers[k];

		named = named || other == i;
		/* a stronger one that is usable is the anchor */
		if (statement->kind != CDPK_ANSWER_NO && other < i && world->identifiers[other].usable)
			return false;
	}
	if (statement->last_at <= at)
		*said = statement->last_at;
	else
		*said = statement->kind == CDPK_ANSWER_NO ? at : statement->first_at;
	return named;
}

/* Whether what was said at an identifier at a time is undone by another statement. */
static inline bool
reference_undone(const World *world, CdpkAnswerKind kind, uint32_t i, int64_t said, int64_t at,
				 int64_t expiry)
{
	int64_t later;

	for (uint32_t s = 0; s < world->statement_count; s++)
		for (uint32_t j = 0; j < world->identifier_count; j++)
		{
			const CdpkAnswerStatement *statement = &world->statements[s];

			if (statement->kind != CDPK_ANSWER_RESET &&
				!(kind == CDPK_ANSWER_NO && statement->kind == CDPK_ANSWER_YES))
				continue;
			if (reference_counts(world, statement, j, at, expiry, &later) && later > said &&
				reference_speaks_for(world, j, i, later))
				return true;
		}
	return false;
}

static inline bool
reference_stands(const World *world, CdpkAnswerKind kind, int64_t at, int64_t expiry)
{
	int64_t said;

	for (uint32_t s = 0; s < world->statement_count; s++)
		for (uint32_t i = 0; i < world->identifier_count; i++)
			if (world->statements[s].kind == kind &&
				reference_counts(world, &world->statements[s], i, at, expiry, &said) &&
				!reference_undone(world, kind, i, said, at, expiry))
				return true;
	return false;
}

/* The answer at an instant, of what has not expired by another. */
static inline bool
reference_answer(const World *world, CdpkFallback fallback, int64_t at, int64_t expiry)
{
	if (fallback == CDPK_FALLBACK_NONE)
		return true;
	if (reference_stands(world, CDPK_ANSWER_NO, at, expiry))
		return false;
	return reference_stands(world, CDPK_ANSWER_YES, at, expiry) ||
		   fallback == CDPK_FALLBACK_OPT_OUT;
}

/* The first instant after "at", of times up to "end", at which a yes is a no. */
static inline int64_t
reference_until(const World *world, CdpkFallback fallback, int64_t at, int64_t end)
{
	for (int64_t later = at + 1; later <= end; later++)
		if (!reference_answer(world, fallback, at, later))
			return later;
	return CDPK_ANSWER_NEVER;
}

#endif /* ANSWER_REFERENCE_H */
