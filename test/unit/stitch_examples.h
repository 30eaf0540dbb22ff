/*
 * stitch_examples.h
 *		Examples in words.  "does": what happens, as one batch or one by one:
 *			[source/]time:identifier,identifier		an event
 *			[source/]time:identifier<earlier		an alias; "~earlier" is an identifier of it
 *			forbid(a,b) allow(a,b) unlink(a,b) unlink(a) block(a)
 *			same(a,b) believe(source)=n unblock(a) retract(n), an event by its number
 *			sharing(a)=n cap()=n limit(namespace)=n max_links(namespace,namespace)=n trust(source)=n
 *		The namespace of an identifier shows in its first letter: u, g: user_id; e: mail;
 *		p: tel; all others: device_id.
 *
 *		What is expected stands in alphabetical order: the profiles, with a star
 *		after what is shared; the refused links with their reasons; and for each
 *		event in the order of the example the strongest identifier of its profile.
 */
#ifndef STITCH_EXAMPLES_H
#define STITCH_EXAMPLES_H

#include "stitch_history.h"

typedef struct ExampleStep
{
	const char *does;
	const char *profiles;
	const char *refused;
	const char *events;
} ExampleStep;

typedef struct Example
{
	const char *name;
	const char *rules;
	ExampleStep steps[4];
} Example;

static const Example examples[] = {
	{"family tablet",
	 "",
	 {{"1:a 2:a,u1 3:a 4:a,u2 5:a", "{a u1} {u2}", "a-u2:user_id", "u1 u1 u1 u2 u1"}}},
	{"family tablet, shared",
	 "max_links(device_id,user_id)=1",
	 {{"1:a 2:a,u1 3:a 4:a,u2 5:a", "{a*} {u1} {u2}", "", "a u1 a u2 a"}}},
	{"late evidence",
	 "",
	 {{"1:a 2:a,u1 3:a 4:a,u2 5:a", "{a u1} {u2}", "a-u2:user_id", "u1 u1 u1 u2 u1"},
	  {"0:a,u2", "{a u2} {u1}", "a-u1:user_id", "u2 u1 u2 u2 u2 u2"}}},
	{"cascade",
	 "",
	 {{"10:a,u1 11:a,e 12:e,u2", "{a e u1} {u2}", "e-u2:user_id", "u1 u1 u2"},
	  {"9:a,u2", "{a e u2} {u1}", "a-u1:user_id", "u1 u2 u2 u2"}}},
	{"late but harmless",
	 "",
	 {{"1:a,u1 2:a,u2 5:u1,e", "{a e u1} {u2}", "a-u2:user_id", "u1 u2 u1"},
	  {"0:u1,p", "{a e p u1} {u2}", "a-u2:user_id", "u1 u2 u1 u1"}}},
	{"guest orders",
	 "max_links(user_id,mail)=2",
	 {{"1:guest,e1,a1 2:guest,e2,a2", "{a1 a2 e1 e2 guest}", "", "guest guest"},
	  {"3:guest,e3,a3", "{a1 e1} {a2 e2} {a3 e3} {guest*}", "", "e1 e2 e3"}}},
	{"two users on one event",
	 "",
	 {{"1:u1,u2,a", "{a u1} {u2}", "a-u2:user_id u1-u2:user_id", "u1"}}},
	{"one import, one time",
	 "",
	 {{"1:e,p 1:u1,p 1:u2,e", "{e u2} {p u1}", "e-p:user_id", "u2 u1 u2"}}},
	{"trust",
	 "trust(0)=1",
	 {{"0/1:e,p 1/2:u1,e 1/3:u2,p", "{e u1} {p u2}", "e-p:user_id", "u1 u1 u2"},
	  {"trust(0)=3", "{e p u1} {u2}", "p-u2:user_id", "u1 u1 u2"}}},
	{"forbid",
	 "",
	 {{"1:u1,a 2:a,e 3:e,p", "{a e p u1}", "", "u1 u1 u1"},
	  {"forbid(u1,p)", "{a e u1} {p}", "e-p:forbid", "u1 u1 u1"},
	  {"allow(u1,p) forbid(u1,e)", "{a u1} {e p}", "a-e:forbid", "u1 e e"}}},
	{"unlink of one link, detour",
	 "",
	 {{"1:u1,e,a", "{a e u1}", "", "u1"}, {"unlink(u1,e)", "{a e u1}", "", "u1"}}},
	{"unlink of an identifier",
	 "",
	 {{"1:u1,e,a", "{a e u1}", "", "u1"}, {"unlink(e)", "{a u1} {e}", "", "u1"}}},
	{"forbid, detour",
	 "",
	 {{"1:u1,e,a", "{a e u1}", "", "u1"},
	  {"forbid(u1,e)", "{a u1} {e}", "a-e:forbid e-u1:forbid", "u1"}}},
	{"not redundant",
	 "",
	 {{"1:a,b 2:a,u1 3:b,u2 10:a,c 11:c,b", "{a b c u1} {u2}", "b-u2:user_id", "u1 u1 u2 u1 u1"},
	  {"unlink(a,b)", "{a c u1} {b u2}", "b-c:user_id", "u1 u1 u2 u1 u2"}}},
	{"wrong first",
	 "",
	 {{"1:e,u9 2:e,u1 3:e,u1", "{e u9} {u1}", "e-u1:user_id", "u9 u1 u1"},
	  {"unlink(e,u9)", "{e u1} {u9}", "", "u9 u1 u1"}}},
	{"cap",
	 "cap()=3",
	 {{"1:u1,a1 2:u1,a2 3:u1,a3 4:u1,a4", "{a1 a2 u1} {a3} {a4}", "a3-u1:cap a4-u1:cap",
	   "u1 u1 u1 u1"}}},
	{"kiosk",
	 "max_links(device_id,user_id)=2",
	 {{"1:k,u1 2:k,u2 3:k,u3 9:k", "{k*} {u1} {u2} {u3}", "", "u1 u2 u3 k"}}},
	{"shared mailbox",
	 "max_links(mail,user_id)=2",
	 {{"1:e,u1 2:e,u2 3:e,u3 4:e,u4", "{e*} {u1} {u2} {u3} {u4}", "", "u1 u2 u3 u4"},
	  {"sharing(e)=2", "{e u1} {u2} {u3} {u4}", "e-u2:user_id e-u3:user_id e-u4:user_id",
	   "u1 u2 u3 u4"}}},
	{"blocked", "", {{"block(a) 1:a 2:a,u1", "{u1}", "", "- u1"}}},
	{"all reasons",
	 "cap()=3 limit(mail)=1",
	 {{"1:u1,e1 2:u2,e2 3:u2,e2,a 4:e1,e2 forbid(e1,e2)", "{a e2 u2} {e1 u1}",
	   "e1-e2:forbid+user_id+mail+cap", "u1 u2 u2 u1"}}},
	{"same",
	 "",
	 {{"1:u1,a 2:u2,b", "{a u1} {b u2}", "", "u1 u2"},
	  {"same(u1,u2)", "{a b u1 u2}", "", "u1 u1"},
	  {"allow(u1,u2)", "{a u1} {b u2}", "", "u1 u2"}}},
	{"counts as one",
	 "",
	 {{"1:a,u1 2:a,u2 3:a,u3", "{a u1} {u2} {u3}", "a-u2:user_id a-u3:user_id", "u1 u2 u3"},
	  {"same(u1,u2)", "{a u1 u2} {u3}", "a-u3:user_id", "u1 u1 u3"},
	  {"allow(u1,u2) same(u2,u3)", "{a u1} {u2 u3}", "a-u2:user_id a-u3:user_id", "u1 u2 u2"}}},
	{"before all evidence",
	 "",
	 {{"0:e,u2 1:u1,a 2:e,b", "{a u1} {b e u2}", "", "u2 u1 u2"},
	  {"same(u1,e)", "{a b e u1} {u2}", "e-u2:user_id", "u2 u1 u1"}}},
	{"shared end",
	 "max_links(mail,user_id)=2",
	 {{"1:e,u1 2:e,u2 3:e,u3 same(e,u2)", "{e*} {u1} {u2} {u3}", "", "u1 u2 u3"},
	  {"sharing(e)=2", "{e u2} {u1} {u3}", "e-u1:user_id e-u3:user_id", "u1 u2 u3"}}},
	{"no contraction",
	 "max_links(device_id,user_id)=2",
	 {{"1:k,u1 2:k,u2 3:k,u3 same(u2,u3)", "{k*} {u1} {u2 u3}", "", "u1 u2 u2"}}},
	{"forbid meets a class",
	 "",
	 {{"1:u1 2:p,a 3:a,e same(u1,p) forbid(u1,e)", "{a p u1} {e}", "a-e:forbid", "u1 u1 e"},
	  /* both contradict a verdict in force */
	  {"forbid(u1,p) same(e,p)", "{a p u1} {e}", "a-e:forbid", "u1 u1 e"}}},
	{"unlink beside a class",
	 "",
	 {{"1:u1,e 2:u2,e same(u1,u2)", "{e u1 u2}", "", "u1 u1"},
	  {"unlink(u1,e)", "{e u1 u2}", "", "u1 u1"},
	  {"unlink(u1,u2)", "{e u1 u2}", "", "u1 u1"},
	  {"allow(u1,u2)", "{e u2} {u1}", "", "u1 u2"}}},
	{"middle not seen",
	 "",
	 {{"1:u1 2:u3 same(u1,u2) same(u2,u3)", "{u1} {u3}", "", "u1 u3"},
	  {"3:u2", "{u1 u2 u3}", "", "u1 u1 u1"},
	  {"retract(2)", "{u1} {u3}", "", "u1 u3 -"}}},
	{"alias, believed",
	 "believe(0)=1",
	 {{"2:u2<u1", "{u2 ~u1}", "", "u2"},
	  {"3:u2 1:u1", "{u1 u2 ~u1}", "", "u1 u1 u1"},
	  {"retract(2)", "{u2 ~u1}", "", "u2 u2 -"},
	  {"4:u1 believe(0)=0", "{u1} {u2 ~u1}", "u1-u2:user_id", "u2 u2 - u1"}}},
	{"alias, an ordinary link",
	 "",
	 {{"2:u2<u1 3:u2", "{u2 ~u1}", "", "u2 u2"},
	  {"1:u1", "{u1} {u2 ~u1}", "u1-u2:user_id", "u2 u2 u1"},
	  {"1:u1,~u1", "{u1 ~u1} {u2}", "u1-u2:user_id u2-~u1:user_id", "u2 u2 u1 u1"}}},
	{"chain of aliases",
	 "believe(0)=1",
	 {{"1:u1 2:u2<u1 3:u3<u2", "{u1 u2 u3 ~u1 ~u2}", "", "u1 u1 u1"},
	  {"forbid(u1,u3)", "{u1 u2 ~u1} {u3 ~u2}", "u2-u3:forbid", "u1 u1 u3"},
	  {"allow(u1,u3) block(u2)", "{u1} {u3 ~u2} {~u1}", "", "u1 ~u1 u3"}}},
	{"hub of aliases",
	 "believe(0)=1 max_links(user_id,user_id)=2",
	 {{"1:u1<g 2:u2<g 4:g", "{g u1 u2 ~g}", "", "g g g"},
	  {"3:u3<g", "{g} {u1 ~g} {u2} {u3}",
	   "g-u1:user_id g-u2:user_id g-u3:user_id u2-~g:user_id u3-~g:user_id", "u1 u2 g u3"}}},
	{"taken back",
	 "",
	 {{"1:a 2:a,u1", "{a u1}", "", "u1 u1"},
	  {"retract(1)", "{a}", "", "a -"},
	  {"2:a,u1", "{a u1}", "", "u1 - u1"}}},
	{"taken back at a kiosk",
	 "max_links(device_id,user_id)=2",
	 {{"1:k,u1 2:k,u2 3:k,u3 9:k", "{k*} {u1} {u2} {u3}", "", "u1 u2 u3 k"},
	  {"retract(2)", "{k u1} {u2}", "k-u2:user_id", "u1 u2 - u1"}}},
	{"folded: without the base",
	 "",
	 {{"1:a,u1 2:a,u1 3:a 0:a,u2", "{a u2} {u1}", "a-u1:user_id", "u1 u1 u2 u2"},
	  {"block(u1)", "{a u2}", "", "u2 u2 u2 u2"}}},
	{"unlink and later evidence",
	 "",
	 {{"1:u1,e", "{e u1}", "", "u1"},
	  {"unlink(u1,e)", "{e} {u1}", "", "u1"},
	  {"9:u1,e 9:u1,e", "{e u1}", "", "u1 u1 u1"},
	  {"allow(u1,e) 2:e,u2", "{e u1} {u2}", "e-u2:user_id", "u1 u1 u1 u2"}}},
};

/* ---------------------------------------------------------------- reading */

static inline int
example_thing(World *world, const char *label, size_t length)
{
	char copy[16];
	uint32_t name_space;

	snprintf(copy, sizeof(copy), "%.*s", (int) length, label);
	for (int i = 0; i < world->thing_count; i++)
		if (strcmp(world->things[i].label, copy) == 0)
			return i;
	switch (copy[0])
	{
		case 'u':
		case 'g':
			name_space = 0;
			break;
		case 'e':
			name_space = 1;
			break;
		case 'p':
			name_space = 2;
			break;
		default:
			name_space = 3;
	}
	return world_add_thing(world, name_space, copy);
}

/* A namespace, a source or an identifier, whichever the text is. */
static inline int
example_argument(World *world, const char *text, size_t length)
{
	for (int i = 0; i < MAX_NAMES; i++)
		if (strlen(world_names[i]) == length && strncmp(world_names[i], text, length) == 0)
			return i;
	if (length > 0 && text[0] >= '0' && text[0] <= '9')
		return atoi(text);
	return length > 0 ? example_thing(world, text, length) : 0;
}

static inline Op
example_op(World *world, const char *word)
{
	static const struct
	{
		const char *verb;
		OpKind kind;
	} verbs[] = {{"forbid", OP_FORBID},
				 {"allow", OP_ALLOW},
				 {"unlink", OP_UNLINK},
				 {"block", OP_BLOCK},
				 {"cap", OP_CAP},
				 {"same", OP_SAME},
				 {"believe", OP_BELIEVE},
				 {"unblock", OP_UNBLOCK},
				 {"retract", OP_ERASE},
				 {"limit", OP_LIMIT},
				 {"max_links", OP_MAX_LINKS},
				 {"trust", OP_TRUST},
				 {"sharing", OP_SHARING}};
	const char *open = strchr(word, '(');
	const char *close = strchr(word, ')');
	const char *comma = strchr(word, ',');
	Op op = {OP_KINDS, 0, 0, 0};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].verb) == (size_t) (open - word) &&
			strncmp(word, verbs[i].verb, (size_t) (open - word)) == 0)
			op.kind = verbs[i].kind;
	if (comma == NULL || comma > close)
	{
		op.a = example_argument(world, open + 1, (size_t) (close - open - 1));
		if (op.kind == OP_UNLINK)
			op.kind = OP_UNLINK_ALL;
	}
	else
	{
		op.a = example_argument(world, open + 1, (size_t) (comma - open - 1));
		op.b = example_argument(world, comma + 1, (size_t) (close - comma - 1));
	}
	if (close[1] == '=')
		op.value = atoi(close + 2);
	return op;
}

static inline void
example_event(World *world, const char *word)
{
	Event *event = &world->events[world->event_count++];
	const char *slash = strchr(word, '/');
	const char *at = strchr(word, ':') + 1;

	memset(event, 0, sizeof(*event));
	event->source = slash != NULL ? atoi(word) : 0;
	event->at = atoi(slash != NULL ? slash + 1 : word);
	while (*at != '\0' && *at != ' ')
	{
		size_t length = strcspn(at, "<, ");

		event->things[event->count++] = example_thing(world, at, length);
		at += length;
		if (*at == '<')
		{
			char cookie[16];

			length = strcspn(++at, ", ");
			snprintf(cookie, sizeof(cookie), "~%.*s", (int) length, at);
			event->previous = 1 + example_thing(world, at, length);
			event->things[event->count++] = example_thing(world, cookie, strlen(cookie));
			at += length;
		}
		at += *at == ',';
	}
}

/* Reads words into operations and events; returns the number of operations. */
static inline int
example_read(World *world, const char *words, Op *ops)
{
	int count = 0;

	while (*words != '\0')
	{
		size_t length = strcspn(words, " ");

		if (memchr(words, '(', length) != NULL)
			ops[count++] = example_op(world, words);
		else
			example_event(world, words);
		words += length + (words[length] == ' ');
	}
	return count;
}

/* ---------------------------------------------------------------- writing */

typedef struct Words
{
	char text[MAX_THINGS * 4][64];
	int count;
} Words;

static inline int
words_compare(const void *x, const void *y)
{
	return strcmp(x, y);
}

static inline void
words_join(Words *words, const char *open, const char *close, char *text, size_t size)
{
	size_t length;

	qsort(words->text, (size_t) words->count, sizeof(words->text[0]), words_compare);
	length = (size_t) snprintf(text, size, "%s", open);
	for (int i = 0; i < words->count; i++)
		length += (size_t) snprintf(text + length, size - length, "%s%s", i > 0 ? " " : "",
									words->text[i]);
	snprintf(text + length, size - length, "%s", close);
}

static inline void
example_profiles(const Store *store, char *text, size_t size)
{
	static Words profiles;
	static Words members;

	profiles.count = 0;
	for (int a = 0; a < store->world.thing_count; a++)
	{
		if (store->profile_id[a] == 0 || store->profile_id[a] != store->identifier_id[a])
			continue;
		members.count = 0;
		for (int b = 0; b < store->world.thing_count; b++)
			if (store->profile_id[b] == store->profile_id[a])
				snprintf(members.text[members.count++], 64, "%s%s", store->world.things[b].label,
						 store->shared[b] ? "*" : "");
		words_join(&members, "{", "}", profiles.text[profiles.count++], 64);
	}
	words_join(&profiles, "", "", text, size);
}

static inline void
example_refused(Store *store, char *text, size_t size)
{
	static Words links;

	links.count = 0;
	for (int a = 0; a < store->world.thing_count; a++)
		for (int b = 0; b < store->world.thing_count; b++)
		{
			unsigned reasons;
			size_t length;
			char *word = links.text[links.count];

			if (!store->refused[a][b] ||
				strcmp(store->world.things[a].label, store->world.things[b].label) >= 0)
				continue;
			links.count++;
			reasons = compare_reasons(store, a, b);
			length = (size_t) snprintf(word, 64, "%s-%s:%s", store->world.things[a].label,
									   store->world.things[b].label,
									   reasons & REASON_FORBID ? "forbid+" : "");
			for (int i = 0; i < MAX_NAMES; i++)
				if (reasons & REASON_LIMIT(i))
					length += (size_t) snprintf(word + length, 64 - length, "%s+", world_names[i]);
			if (reasons & REASON_CAP)
				length += (size_t) snprintf(word + length, 64 - length, "cap+");
			word[length - 1] = '\0';
		}
	words_join(&links, "", "", text, size);
}

static inline void
example_anchors(const Store *store, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; i < store->world.event_count; i++)
	{
		int anchor = store->anchor[i];
		int64_t profile = anchor >= 0 ? store->profile_id[anchor] : 0;

		length += (size_t) snprintf(
			text + length, size - length, "%s%s", i > 0 ? " " : "",
			profile != 0 ? store->world.things[store_thing(store, profile)].label : "-");
	}
}

/* ---------------------------------------------------------------- checking */

static inline bool
example_is(const char *name, int step, const char *expected, const char *found)
{
	if (strcmp(expected, found) == 0)
		return true;
	printf("# %s, step %d: expected \"%s\", found \"%s\"\n", name, step + 1, expected, found);
	return false;
}

/* An example's world: one user_id a profile, first-party sources. */
static inline void
example_begin(Store *store, const char *rules)
{
	static World world;
	static Batch batch;
	static const int32_t priorities[] = {10, 30, 40, 60};
	Op ops[8];
	int count;

	world_init(&world, 4);
	for (int i = 0; i < 4; i++)
		world.namespaces[i].priority = priorities[i];
	world.namespaces[0].max_per_profile = 1;
	count = example_read(&world, rules, ops);
	store_init(store, &world, 1);
	store->plain = true;
	for (int i = 0; i < count; i++)
		driver_apply_op(store, &batch, &ops[i]);
}

/* Plays words in one batch; whether the tables are right afterwards. */
static inline bool
example_play(Store *store, Reference *reference, const char *words)
{
	Op ops[8];
	int events[16];
	int first = store->world.event_count;
	int op_count = example_read(&store->world, words, ops);

	for (int i = first; i < store->world.event_count; i++)
		events[i - first] = i;
	driver_batch(store, ops, op_count, events, store->world.event_count - first);
	return compare_with_reference(store, reference) == NULL;
}

/* Plays an example, its events in one batch, one by one, or one by one backwards. */
static inline bool
example_plays(const Example *example, int manner)
{
	static Store store;
	static Reference reference;
	char text[1024];
	bool right = true;

	example_begin(&store, example->rules);
	for (int step = 0; step < 4 && example->steps[step].does != NULL; step++)
	{
		Op ops[8];
		int events[16];
		int first = store.world.event_count;
		int op_count = example_read(&store.world, example->steps[step].does, ops);
		int count = store.world.event_count - first;
		const char *difference;

		for (int i = 0; i < count; i++)
			events[i] = manner == 2 ? store.world.event_count - 1 - i : first + i;
		driver_batch(&store, ops, op_count, events, manner == 0 ? count : 0);
		for (int i = 0; i < count && manner > 0; i++)
			driver_batch(&store, NULL, 0, &events[i], 1);
		difference = compare_with_reference(&store, &reference);
		right &= example_is(example->name, step, "", difference != NULL ? difference : "");
		example_profiles(&store, text, sizeof(text));
		right &= example_is(example->name, step, example->steps[step].profiles, text);
		example_refused(&store, text, sizeof(text));
		right &= example_is(example->name, step, example->steps[step].refused, text);
		example_anchors(&store, text, sizeof(text));
		right &= example_is(example->name, step, example->steps[step].events, text);
	}
	return right;
}

#endif /* STITCH_EXAMPLES_H */
