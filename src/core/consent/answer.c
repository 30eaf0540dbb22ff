/*
 * answer.c
 *		Whether a person may be used for a purpose.
 *
 * Of each kind of answer only the last at each identifier matters: what lifts it lifts those before it, and what an
 * earlier yes lifts, a later one lifts too, as links are only added as time passes.  So the work is linear in the
 * statements, and at most quadratic in the identifiers that said something.
 */
#include "core/consent/answer.h"

#include "core/base/sort.h"
#include "core/base/unionfind.h"

typedef struct Answering
{
	const CdpkAnswerInput *input;
	CdpkAnswerClaim *claims; /* by identifier and kind */
	CdpkTimed *links;        /* those inside, by time; then room to sort */
	uint32_t link_count;
	CdpkTimed *undoing; /* claims of yes and reset, by time; then room to sort */
	uint32_t *said;     /* identifiers with a claim */
	uint32_t said_count;
	CdpkUnionFind joined;
} Answering;

static CdpkAnswerClaim *
claim_at(const Answering *answering, uint32_t identifier, CdpkAnswerKind kind)
{
	return &answering->claims[(size_t) identifier * CDPK_ANSWER_KINDS + kind];
}

/* Find when a run of statements was said last up to "at"; false: not yet. */
static bool
said_at(const CdpkAnswerStatement *statement, int64_t at, int64_t *time)
{
	if (statement->first_at > at)
		return false;
	if (statement->last_at <= at)
		*time = statement->last_at;
	else
		*time = statement->kind == CDPK_ANSWER_NO ? at : statement->first_at;
	return true;
}

static void
add_claim(Answering *answering, uint32_t identifier, uint32_t statement, int64_t at)
{
	const CdpkAnswerInput *input = answering->input;
	CdpkAnswerClaim *claim = claim_at(answering, identifier, input->statements[statement].kind);

	if (claim->statement == CDPK_ANSWER_NONE || at > claim->at)
	{
		claim->statement = statement;
		claim->at = at;
	}
}

/* Attribute a statement to identifiers of the person. */
static void
attribute(Answering *answering, uint32_t number, int64_t at)
{
	const CdpkAnswerInput *input = answering->input;
	const CdpkAnswerStatement *statement = &input->statements[number];
	uint32_t anchor = CDPK_ANSWER_NONE;

	for (uint32_t i = 0; i < statement->identifier_count; i++)
	{
		uint32_t identifier = statement->identifiers[i];

		if (!input->identifiers[identifier].usable)
			continue;
		if (statement->kind == CDPK_ANSWER_NO)
		{
			if (input->identifiers[identifier].inside)
				add_claim(answering, identifier, number, at);
		}
		else if (identifier < anchor)
			anchor = identifier;
	}
	if (anchor != CDPK_ANSWER_NONE && input->identifiers[anchor].inside)
		add_claim(answering, anchor, number, at);
}

/* Find the last claims; a yes that ends by "expiry" is none. */
static void
make_claims(Answering *answering, int64_t expiry)
{
	const CdpkAnswerInput *input = answering->input;
	int64_t at;

	for (size_t i = 0; i < (size_t) input->identifier_count * CDPK_ANSWER_KINDS; i++)
		answering->claims[i] =
			(CdpkAnswerClaim){CDPK_ANSWER_NONE, 0, CDPK_ANSWER_NONE, CDPK_ANSWER_NONE};
	for (uint32_t i = 0; i < input->statement_count; i++)
	{
		const CdpkAnswerStatement *statement = &input->statements[i];

		if (!said_at(statement, input->at, &at))
			continue;
		if (statement->kind == CDPK_ANSWER_YES && statement->expires_at <= expiry)
			continue;
		attribute(answering, i, at);
	}
	answering->said_count = 0;
	for (uint32_t i = 0; i < input->identifier_count; i++)
		for (int kind = 0; kind < CDPK_ANSWER_KINDS; kind++)
			if (claim_at(answering, i, kind)->statement != CDPK_ANSWER_NONE)
			{
				answering->said[answering->said_count++] = i;
				break;
			}
}

/* Sort the claims of yes and reset by time, and return how many there are. */
static uint32_t
sort_undoing(Answering *answering)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < answering->said_count; i++)
		for (int kind = CDPK_ANSWER_YES; kind <= CDPK_ANSWER_RESET; kind++)
		{
			const CdpkAnswerClaim *claim = claim_at(answering, answering->said[i], kind);

			if (claim->statement != CDPK_ANSWER_NONE)
				answering->undoing[count++] = (CdpkTimed){
					claim->at, answering->said[i] * CDPK_ANSWER_KINDS + (uint32_t) kind};
		}
	cdpk_sort(answering->undoing, count, answering->undoing + count, cdpk_oldest_first, NULL);
	return count;
}

/* Undo what a yes or reset lifts or replaces; links that were known by then are joined. */
static void
undo(Answering *answering, uint32_t by, int64_t at)
{
	const CdpkAnswerIdentifier *identifiers = answering->input->identifiers;
	uint32_t speaker = by / CDPK_ANSWER_KINDS;
	/* a yes lifts each no; a reset replaces each yes too */
	int last_kind = by % CDPK_ANSWER_KINDS == CDPK_ANSWER_RESET ? CDPK_ANSWER_YES : CDPK_ANSWER_NO;
	uint32_t root = cdpk_unionfind_find(&answering->joined, speaker);

	for (uint32_t i = 0; i < answering->said_count; i++)
	{
		uint32_t other = answering->said[i];

		if (other != speaker && (identifiers[speaker].priority > identifiers[other].priority ||
								 cdpk_unionfind_find(&answering->joined, other) != root))
			continue;
		for (int kind = CDPK_ANSWER_NO; kind <= last_kind; kind++)
		{
			CdpkAnswerClaim *claim = claim_at(answering, other, kind);

			if (claim->statement != CDPK_ANSWER_NONE && claim->at < at &&
				claim->undone_by == CDPK_ANSWER_NONE)
			{
				claim->undone_by = answering->claims[by].statement;
				claim->undone_at = speaker;
			}
		}
	}
}

/* Find the latest claim of a kind that stands; false: there is none. */
static bool
find_standing(const Answering *answering, CdpkAnswerKind kind, CdpkAnswer *answer)
{
	const CdpkAnswerClaim *latest = NULL;

	for (uint32_t i = 0; i < answering->said_count; i++)
	{
		const CdpkAnswerClaim *claim = claim_at(answering, answering->said[i], kind);

		if (claim->statement == CDPK_ANSWER_NONE || claim->undone_by != CDPK_ANSWER_NONE ||
			(latest != NULL && latest->at >= claim->at))
			continue;
		latest = claim;
		answer->statement = claim->statement;
		answer->identifier = answering->said[i];
	}
	return latest != NULL;
}

/* Find the answer among what has not expired by "expiry". */
static CdpkStatus
answer_by(Answering *answering, int64_t expiry, CdpkAnswer *answer)
{
	const CdpkAnswerInput *input = answering->input;
	uint32_t undoing_count;
	uint32_t joined = 0;
	CdpkStatus status;

	make_claims(answering, expiry);
	answering->joined.count = 0;
	status = cdpk_unionfind_reserve(&answering->joined, input->identifier_count);
	if (status == CDPK_OK)
		status = cdpk_unionfind_extend(&answering->joined, input->identifier_count);
	if (status != CDPK_OK)
		return status;
	undoing_count = sort_undoing(answering);
	for (uint32_t i = 0; i < undoing_count; i++)
	{
		int64_t at = answering->undoing[i].at;

		for (; joined < answering->link_count && answering->links[joined].at <= at; joined++)
		{
			const CdpkAnswerLink *link = &input->links[answering->links[joined].value];

			cdpk_unionfind_join(&answering->joined, link->a, link->b);
		}
		undo(answering, answering->undoing[i].value, at);
	}
	answer->statement = CDPK_ANSWER_NONE;
	answer->identifier = CDPK_ANSWER_NONE;
	if (input->fallback == CDPK_FALLBACK_NONE)
		answer->reason = CDPK_ANSWER_BY_DUTY;
	else if (find_standing(answering, CDPK_ANSWER_NO, answer))
		answer->reason = CDPK_ANSWER_BY_NO;
	else if (find_standing(answering, CDPK_ANSWER_YES, answer))
		answer->reason = CDPK_ANSWER_BY_YES;
	else
		answer->reason = CDPK_ANSWER_BY_DEFAULT;
	answer->yes =
		answer->reason == CDPK_ANSWER_BY_DUTY || answer->reason == CDPK_ANSWER_BY_YES ||
		(answer->reason == CDPK_ANSWER_BY_DEFAULT && input->fallback == CDPK_FALLBACK_OPT_OUT);
	return CDPK_OK;
}

/*
 * Find when a yes ends.  As a yes expires the answer can only turn from yes to no, and never back: so the first expiry
 * at which it has is found by halving.
 */
static CdpkStatus
find_until(Answering *answering, CdpkTimed *expiries, CdpkAnswer *answer)
{
	const CdpkAnswerInput *input = answering->input;
	uint32_t low = 0;
	uint32_t high = 0;
	CdpkAnswer later;
	CdpkStatus status;

	answer->until = CDPK_ANSWER_NEVER;
	if (!answer->yes || input->fallback == CDPK_FALLBACK_NONE)
		return CDPK_OK;
	for (uint32_t i = 0; i < input->statement_count; i++)
		if (input->statements[i].kind == CDPK_ANSWER_YES &&
			input->statements[i].expires_at > input->at &&
			input->statements[i].expires_at != CDPK_ANSWER_NEVER)
			expiries[high++] = (CdpkTimed){input->statements[i].expires_at, i};
	cdpk_sort(expiries, high, expiries + high, cdpk_oldest_first, NULL);
	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;

		status = answer_by(answering, expiries[middle].at, &later);
		if (status != CDPK_OK)
			return status;
		if (later.yes)
			low = middle + 1;
		else
		{
			answer->until = expiries[middle].at;
			high = middle;
		}
	}
	return CDPK_OK;
}

/* Note the links inside the person, by time. */
static void
sort_links(Answering *answering)
{
	const CdpkAnswerInput *input = answering->input;

	answering->link_count = 0;
	for (uint32_t i = 0; i < input->link_count; i++)
		if (input->identifiers[input->links[i].a].inside &&
			input->identifiers[input->links[i].b].inside)
			answering->links[answering->link_count++] = (CdpkTimed){input->links[i].since, i};
	cdpk_sort(answering->links, answering->link_count, answering->links + answering->link_count,
			  cdpk_oldest_first, NULL);
}

CdpkStatus
cdpk_answer(const CdpkAnswerInput *input, const CdpkAllocator *scratch, CdpkAnswer *answer,
			CdpkAnswerClaim *claims)
{
	size_t identifiers = input->identifier_count;
	Answering answering = {.input = input};
	CdpkTimed *expiries = cdpk_allocate(scratch, 2 * input->statement_count * sizeof(CdpkTimed));
	CdpkStatus status = CDPK_OUT_OF_MEMORY;

	answering.claims =
		cdpk_allocate(scratch, identifiers * CDPK_ANSWER_KINDS * sizeof(CdpkAnswerClaim));
	answering.links = cdpk_allocate(scratch, 2 * (size_t) input->link_count * sizeof(CdpkTimed));
	answering.undoing = cdpk_allocate(scratch, 4 * identifiers * sizeof(CdpkTimed));
	answering.said = cdpk_allocate(scratch, identifiers * sizeof(uint32_t));
	cdpk_unionfind_init(&answering.joined, scratch);
	if (expiries != NULL && answering.claims != NULL && answering.links != NULL &&
		answering.undoing != NULL && answering.said != NULL)
	{
		sort_links(&answering);
		status = answer_by(&answering, input->at, answer);
		if (status == CDPK_OK && claims != NULL)
			for (size_t i = 0; i < identifiers * CDPK_ANSWER_KINDS; i++)
				claims[i] = answering.claims[i];
		if (status == CDPK_OK)
			status = find_until(&answering, expiries, answer);
	}
	cdpk_release(scratch, expiries);
	cdpk_release(scratch, answering.claims);
	cdpk_release(scratch, answering.links);
	cdpk_release(scratch, answering.undoing);
	cdpk_release(scratch, answering.said);
	cdpk_unionfind_free(&answering.joined);
	return status;
}
