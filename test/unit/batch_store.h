/*
 * batch_store.h
 *		The tables that a batch works for, in small arrays, and the log of all events.
 *
 * Identifiers, rules, verdicts and the evidence of events are those of stitch_world.h;
 * an event's other columns follow from its number.
 */
#ifndef BATCH_STORE_H
#define BATCH_STORE_H

#include "core/batch/batch.h"
#include "core/batch/batch_sort.h"
#include "core/timeline/timeline_compact.h"
#include "core/traits/traits_merge.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_view.h"
#include "stitch_history.h"

#define ACCOUNTS 4
#define MONTHS 8
#define NOBODY_ID 0

typedef struct LinkRow
{
	bool exists;
	bool refused;
	bool believed;
	int64_t first_at;
	int64_t last_at;
	int64_t events;
	int64_t aliases;
	char message_id[16]; /* empty: none */
} LinkRow;

typedef struct Bytes
{
	uint8_t *bytes; /* NULL: none */
	size_t length;
} Bytes;

typedef struct Folded
{
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	int64_t expires_at;
	Bytes traits;
	Bytes timeline;
} Folded;

typedef struct PersonRow
{
	bool exists;
	CdpkStitchProfile summary; /* without counts */
	uint32_t counts[MAX_NAMES];
	Folded folded;
} PersonRow;

typedef struct MemberRow
{
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	bool has_left;
	int64_t left_at;
} MemberRow;

#define SAID_VALUES 4

/* What an event says beside its evidence, made of its number. */
typedef struct Said
{
	CdpkBatchRow row;
	uint8_t key[CDPK_BATCH_KEY_SIZE];
	char message_id[16];
	CdpkBatchBytes identifiers[MAX_ON_EVENT + 1]; /* the last of an alias: the earlier user_id */
	CdpkBatchValue values[SAID_VALUES];
	Bytes traits;
	int account; /* or -1 */
} Said;

/* A row of the base, as it is handed in. */
typedef struct BaseRow
{
	Said said;
	CdpkBatchSpan span;
	Bytes timeline;
	int64_t anchor;
	bool there; /* not so while a log is fed anew */
} BaseRow;

typedef struct Tables
{
	World world;
	uint64_t random;
	bool plain; /* no row comes twice */
	const CdpkAllocator *allocator;
	const char *failed;
	CdpkStatus status;
	const Said *said;
	/* identifiers */
	int64_t last_id;
	int64_t identifier_id[MAX_THINGS]; /* 0: not in the map */
	int64_t profile_id[MAX_THINGS];    /* 0: blocked, or not there */
	bool shared[MAX_THINGS];
	bool blocked[MAX_THINGS];
	int64_t class_id[MAX_THINGS];
	bool same_refused[MAX_THINGS][MAX_THINGS]; /* with verdicts, both ways */
	uint32_t counts[MAX_THINGS][MAX_NAMES];
	LinkRow links[MAX_THINGS][MAX_THINGS][MAX_SOURCES]; /* a < b by number */
	PersonRow people[2 * MAX_THINGS];                   /* by id */
	/* events */
	int64_t last_event_id;
	int64_t event_id[MAX_EVENTS]; /* 0: not in the log */
	int64_t anchor[MAX_EVENTS];
	int event_of_id[2 * MAX_EVENTS];
	/* months of the log: up to its mark, a number of events, all of one is in the base */
	bool retains; /* months are folded and dropped */
	int64_t mark[MONTHS];
	bool gone[MAX_EVENTS]; /* dropped with its month */
	BaseRow base[MAX_EVENTS];
	int base_count;
	int base_of[MAX_EVENTS]; /* 1 + the row that an event is folded into; 0: none */
	/* accounts */
	Folded accounts[ACCOUNTS];
	MemberRow members[2 * MAX_THINGS][ACCOUNTS];
	bool recount[2 * MAX_THINGS];
	bool refold[ACCOUNTS];
	bool taken_back[MAX_EVENTS]; /* its message may come again */
	/* the batch under way, for the store of the stitch */
	CdpkBatch *batch;
	int64_t frozen; /* a profile to be kept whole, or 0 */
	/* … and what was said of it */
	int64_t concerned[2 * MAX_THINGS];
	size_t concerned_count;
	size_t declined;
	size_t kept;
	/* over all batches */
	uint64_t touched;
	uint64_t plain_profiles; /* settled without the stitch, and by it */
	uint64_t stitched_profiles;
	uint64_t rebuilt;
	uint64_t reanchored;
	uint64_t taken;
	uint64_t counted_anew;
	uint64_t folded;     /* events */
	uint64_t refolded;   /* … into a row that is there */
	uint64_t not_taken;  /* events that are folded, and were to be taken back */
	uint64_t moved_base; /* rows of the base that got another anchor */
	uint64_t dropped;    /* months */
} Tables;

static const char *const event_names[] = {"view", "Order Completed", "cart"};
static const char *const account_names[ACCOUNTS] = {"acme", "b", "acme inc", "a much longer name"};
static const char *const trait_keys[] = {"plan", "spent", "tags"};
static const uint8_t trait_rules[] = {CDPK_RULE_LAST, CDPK_RULE_SUM, CDPK_RULE_UNION};
static const char *const source_names[MAX_SOURCES] = {"web", "crm", "list"};

static inline void
tables_fail(Tables *tables, const char *why)
{
	if (tables->failed == NULL)
		tables->failed = why;
}

static inline int
tables_thing(const Tables *tables, int64_t identifier_id)
{
	for (int i = 0; i < tables->world.thing_count; i++)
		if (tables->identifier_id[i] == identifier_id)
			return i;
	return NOBODY;
}

static inline void
bytes_free(Bytes *bytes)
{
	free(bytes->bytes);
	bytes->bytes = NULL;
	bytes->length = 0;
}

static inline void
bytes_set(Bytes *to, const uint8_t *bytes, size_t length)
{
	bytes_free(to);
	if (bytes == NULL)
		return;
	to->bytes = malloc(length > 0 ? length : 1);
	memcpy(to->bytes, bytes, length);
	to->length = length;
}

static inline bool
bytes_equal(const Bytes *a, const Bytes *b)
{
	return (a->bytes == NULL) == (b->bytes == NULL) && a->length == b->length &&
		   (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static inline CdpkBatchBytes
bytes_of(const Bytes *bytes)
{
	CdpkBatchBytes result = {bytes->bytes, (uint32_t) bytes->length};

	return result;
}

static inline CdpkBatchBytes
bytes_of_text(const char *text)
{
	CdpkBatchBytes result = {(const uint8_t *) text, (uint32_t) strlen(text)};

	return result;
}

static inline void
folded_free(Folded *folded)
{
	bytes_free(&folded->traits);
	bytes_free(&folded->timeline);
	memset(folded, 0, sizeof(*folded));
	folded->expires_at = CDPK_BATCH_NEVER;
}

static inline void
member_add(MemberRow *row, int64_t events, int64_t first_at, int64_t last_at)
{
	if (row->events == 0 || first_at < row->first_at)
		row->first_at = first_at;
	if (row->events == 0 || last_at > row->last_at)
		row->last_at = last_at;
	row->events += events;
}

static inline void
member_left(MemberRow *row, bool has_left, int64_t left_at)
{
	if (has_left && (!row->has_left || left_at > row->left_at))
		row->left_at = left_at;
	row->has_left |= has_left;
}

static inline void
tables_init(Tables *tables, const World *world, const Said *said, uint64_t seed)
{
	memset(tables, 0, sizeof(*tables));
	tables->world = *world;
	tables->world.rules.namespaces = tables->world.namespaces;
	for (int i = 0; i < MAX_NAMES; i++)
		tables->world.namespaces[i].max_links = tables->world.max_links[i];
	tables->random = seed;
	tables->allocator = &unit_allocator;
	tables->said = said;
	for (int i = 0; i < 2 * MAX_THINGS; i++)
		tables->people[i].folded.expires_at = CDPK_BATCH_NEVER;
	for (int i = 0; i < ACCOUNTS; i++)
		tables->accounts[i].expires_at = CDPK_BATCH_NEVER;
}

static inline void
tables_free(Tables *tables)
{
	for (int i = 0; i < 2 * MAX_THINGS; i++)
		folded_free(&tables->people[i].folded);
	for (int i = 0; i < ACCOUNTS; i++)
		folded_free(&tables->accounts[i]);
	for (int i = 0; i < tables->base_count; i++)
	{
		bytes_free(&tables->base[i].said.traits);
		bytes_free(&tables->base[i].timeline);
	}
	tables->base_count = 0;
}

static inline int
tables_month(const Tables *tables, int event)
{
	int month = (int) (tables->world.events[event].at / 32);

	return month < MONTHS ? month : MONTHS - 1;
}

/* Whether an event is of the log: not folded, though it may be there still. */
static inline bool
tables_is_logged(const Tables *tables, int event)
{
	return tables->event_id[event] != 0 && !tables->gone[event] &&
		   tables->event_id[event] > tables->mark[tables_month(tables, event)];
}

/* Whether it is in the base. */
static inline bool
tables_is_folded(const Tables *tables, int event)
{
	return tables->event_id[event] != 0 && !tables_is_logged(tables, event);
}

/* What a row of a batch says: the number of an event, or MAX_EVENTS and that of a row of the base. */
static inline const Said *
tables_said(const Tables *tables, int number)
{
	return number < MAX_EVENTS ? &tables->said[number] : &tables->base[number - MAX_EVENTS].said;
}

/* ---------------------------------------------------------------- what events say */

static inline void
said_traits(Said *said, uint64_t *random)
{
	static const char *const numbers[] = {"1", "2.5", "-3"};
	static const char *const texts[] = {"a", "free", "much longer than the others"};
	CdpkTraitsState state;
	uint32_t hint = 0;
	size_t size;

	if (pick(random, 4) == 0)
		return;
	cdpk_traits_begin(&state, &unit_allocator, 3, 100);
	for (unsigned key = 0; key < 3; key++)
	{
		CdpkTrait trait = {0};
		const char *text = (key == 1 ? numbers : texts)[pick(random, 3)];

		if (pick(random, 2) == 0)
			continue;
		trait.key = (const uint8_t *) trait_keys[key];
		trait.key_length = (uint8_t) strlen(trait_keys[key]);
		trait.rule = trait_rules[key];
		trait.at = said->row.said_at;
		trait.source = (const uint8_t *) source_names[said->row.source];
		trait.source_length = (uint8_t) strlen(source_names[said->row.source]);
		trait.count = 1;
		trait.value.type = key == 1 ? CDPK_VALUE_NUMBER : CDPK_VALUE_STRING;
		trait.value.bytes = (const uint8_t *) text;
		trait.value.length = strlen(text);
		hint = 0;
		if (cdpk_traits_put(&state, &trait, &hint) != CDPK_OK)
			abort();
	}
	size = cdpk_traits_compact_size(&state.view);
	said->traits.bytes = malloc(size);
	said->traits.length = size;
	cdpk_traits_compact(&state.view, size, said->traits.bytes);
	free(state.bytes);
	said->row.traits = bytes_of(&said->traits);
}

/* A number, texts, of which two are of elements, or nothing. */
static inline void
said_values(Said *said, uint64_t *random)
{
	static const char *const texts[] = {"shoes", "hats", ""};
	CdpkDecimal number = cdpk_decimal((int64_t) pick(random, 1000), 2);
	CdpkBatchValue total = {
		{NULL, 0}, {CDPK_NUMBER, number.scale, 0, 0, number.mantissa}, {NULL, 0}};
	uint32_t count = pick(random, 3) == 0 ? 1 + (uint32_t) pick(random, SAID_VALUES) : 0;

	total.name = bytes_of_text("total");
	said->values[0] = total;
	for (uint32_t i = 1; i < count; i++)
	{
		CdpkBatchValue text = {{NULL, 0}, {CDPK_TEXT, 0, 0, 0, 0}, {NULL, 0}};

		text.name = bytes_of_text("sku");
		text.value.element = (uint16_t) (i - 1);
		text.text = bytes_of_text(texts[pick(random, 3)]);
		said->values[i] = text;
	}
	said->row.values = said->values;
	said->row.value_count = count;
}

static inline void
said_make(const World *world, int i, Said *said, uint64_t seed)
{
	uint64_t random = seed * 1000 + (uint64_t) i;
	const Event *event = &world->events[i];
	CdpkBatchRow *row = &said->row;

	memset(said, 0, sizeof(*said));
	said->account = -1;
	for (int k = 0; k < event->count; k++)
	{
		said->identifiers[k].bytes = world->things[event->things[k]].payload;
		said->identifiers[k].length = (uint32_t) world->things[event->things[k]].length;
	}
	if (event->previous > 0)
	{
		const Thing *previous = &world->things[event->previous - 1];

		row->is_alias = true;
		said->identifiers[event->count].bytes = previous->payload;
		said->identifiers[event->count].length = (uint32_t) previous->length;
	}
	row->identifiers = said->identifiers;
	row->identifier_count = (uint32_t) event->count;
	row->source = (uint32_t) event->source;
	row->said_at = event->at;
	row->at = event->at + (int64_t) pick(&random, 3);
	row->expires_at = CDPK_BATCH_NEVER;
	/* the first half of a key is the same now and then */
	said->key[0] = (uint8_t) pick(&random, 3);
	memcpy(said->key + 12, &i, sizeof(i));
	if (pick(&random, 5) != 0)
	{
		snprintf(said->message_id, sizeof(said->message_id), "%c%d",
				 (char) ('a' + pick(&random, 26)), i);
		row->message_id = bytes_of_text(said->message_id);
		row->message_key = said->key;
	}
	row->call = (CdpkBatchCall) pick(&random, 3);
	if (row->call == CDPK_BATCH_GROUP && pick(&random, 8) != 0)
	{
		said->account = (int) pick(&random, ACCOUNTS);
		row->account = bytes_of_text(account_names[said->account]);
		row->has_left = pick(&random, 3) == 0;
		row->left_at = row->at;
	}
	if (row->call != CDPK_BATCH_OTHER)
	{
		said_traits(said, &random);
		if (pick(&random, 5) == 0)
			row->expires_at = row->said_at + (int64_t) pick(&random, 100);
	}
	else if (pick(&random, 4) != 0)
	{
		row->event = bytes_of_text(event_names[pick(&random, 3)]);
		said_values(said, &random);
	}
}

/* ---------------------------------------------------------------- rows for the stitch */

static inline bool
tables_is_forbidden(const Tables *tables, int thing)
{
	for (int other = 0; other < tables->world.thing_count; other++)
		if (tables->world.forbidden[thing][other])
			return true;
	return false;
}

static inline CdpkStatus
tables_give_identifier(Tables *tables, CdpkStitch *stitch, int thing)
{
	CdpkStitchIdentifier row;

	row.identifier_id = tables->identifier_id[thing];
	row.profile_id = tables->profile_id[thing];
	row.payload = tables->world.things[thing].payload;
	row.length = tables->world.things[thing].length;
	row.name_space = tables->world.things[thing].name_space;
	row.present = tables->profile_id[thing] != 0;
	row.shared = tables->shared[thing];
	row.forbidden = tables_is_forbidden(tables, thing);
	row.class_id = tables->class_id[thing];
	return cdpk_stitch_add_identifiers(stitch, &row, 1);
}

static inline CdpkStatus
tables_give_links(Tables *tables, CdpkStitch *stitch, int thing)
{
	for (int other = 0; other < tables->world.thing_count; other++)
	{
		CdpkStitchLink same = {tables->identifier_id[thing],
							   tables->identifier_id[other],
							   {CDPK_TRUST_SAME, 0},
							   tables->same_refused[thing][other]};

		if (world_is_declared(&tables->world, thing, other) && tables->profile_id[other] != 0)
			STITCH_TRY(cdpk_stitch_add_links(stitch, &same, 1));
		for (int source = 0; source < MAX_SOURCES; source++)
		{
			bool first = tables->identifier_id[thing] < tables->identifier_id[other];
			const LinkRow *row =
				&tables->links[first ? thing : other][first ? other : thing][source];
			CdpkStitchLink link = {tables->identifier_id[thing],
								   tables->identifier_id[other],
								   {tables->world.trust[source], row->first_at},
								   row->refused};

			if (row->exists && row->believed)
				link.evidence.trust = CDPK_TRUST_ALIAS;
			/* aliases may wait for an end */
			if (row->exists && tables->profile_id[thing] != 0 && tables->profile_id[other] != 0)
				STITCH_TRY(cdpk_stitch_add_links(stitch, &link, 1));
		}
	}
	return CDPK_OK;
}

static inline CdpkStatus
tables_load_identifiers(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	for (size_t i = 0; i < count; i++)
	{
		int thing = tables_thing(tables, ids[i]);

		if (thing == NOBODY)
			tables_fail(tables, "an identifier is asked for that is not in the tables");
		else
			STITCH_TRY(tables_give_identifier(tables, stitch, thing));
	}
	return CDPK_OK;
}

static inline CdpkStatus
tables_load_profiles(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	for (size_t i = 0; i < count; i++)
	{
		const PersonRow *row = &tables->people[ids[i]];
		CdpkStitchProfile profile = row->summary;
		CdpkStitchCount counts[MAX_NAMES];

		if (!row->exists)
			tables_fail(tables, "a summary is asked for that is not there");
		for (uint32_t k = 0; k < tables->world.rules.namespace_count; k++)
		{
			counts[k].name_space = k;
			counts[k].count = row->counts[k];
		}
		profile.counts = counts;
		profile.count_length = tables->world.rules.namespace_count;
		STITCH_TRY(cdpk_stitch_add_profiles(stitch, &profile, 1));
	}
	return CDPK_OK;
}

static inline CdpkStatus
tables_load_contents(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	for (size_t i = 0; i < count; i++)
		for (int thing = 0; thing < tables->world.thing_count; thing++)
			if (tables->profile_id[thing] == ids[i])
			{
				STITCH_TRY(tables_give_identifier(tables, stitch, thing));
				STITCH_TRY(tables_give_links(tables, stitch, thing));
			}
	return CDPK_OK;
}

static inline CdpkStatus
tables_load_links(void *context, CdpkStitch *stitch, const int64_t *ids, size_t count)
{
	Tables *tables = context;

	for (size_t i = 0; i < count; i++)
		STITCH_TRY(tables_give_links(tables, stitch, tables_thing(tables, ids[i])));
	return CDPK_OK;
}

/* The number of a thing: by the tables, or one that the batch under way gives it. */
static inline int64_t
tables_number(const Tables *tables, int thing)
{
	const Thing *item = &tables->world.things[thing];
	uint32_t place = cdpk_batch_find(tables->batch, item->payload, item->length);

	if (tables->identifier_id[thing] != 0 || place == CDPK_BATCH_NONE)
		return tables->identifier_id[thing];
	return cdpk_batch_identifier(tables->batch, place)->identifier_id;
}

static inline CdpkStatus
tables_load_forbids(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
					size_t profile_count, const int64_t *identifier_ids, size_t identifier_count)
{
	Tables *tables = context;

	for (int a = 0; a < tables->world.thing_count; a++)
	{
		bool asked = false;

		for (size_t i = 0; i < profile_count; i++)
			asked |= tables->profile_id[a] == profile_ids[i];
		for (size_t i = 0; i < identifier_count; i++)
			asked |= tables_number(tables, a) == identifier_ids[i];
		for (int b = 0; b < tables->world.thing_count && asked; b++)
		{
			CdpkStitchForbid pair = {tables_number(tables, a), tables_number(tables, b)};

			if (tables->world.forbidden[a][b] && pair.a != 0 && pair.b != 0)
				STITCH_TRY(cdpk_stitch_add_forbids(stitch, &pair, 1));
		}
	}
	return CDPK_OK;
}

static inline CdpkStitchStore
tables_callbacks(Tables *tables)
{
	CdpkStitchStore callbacks = {tables,
								 tables_load_identifiers,
								 tables_load_profiles,
								 tables_load_contents,
								 tables_load_links,
								 tables_load_forbids,
								 NULL};

	return callbacks;
}

#endif /* BATCH_STORE_H */
