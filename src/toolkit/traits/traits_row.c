/*
 * traits_row.c
 *		Merging one row's jsonb into traits: the rules by key, and what a row may
 *		hold.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/text/digits.h"
#include "core/text/value_size.h"
#include "toolkit/traits/traits.h"
#include "toolkit/bridge/jsonb_walk.h"

/* the rule of one key; the keys point into the rules' own copy of the jsonb */
typedef struct KeyRule
{
	const char *key;
	int key_length;
	uint8 rule;
} KeyRule;

struct TraitsRules
{
	Jsonb *source;
	uint8 fallback;  /* of the keys that are not named: the one of "*", or "last" */
	bool may_refuse; /* some rule cannot take every value */
	int count;
	KeyRule keys[FLEXIBLE_ARRAY_MEMBER]; /* in jsonb's order */
};

/* Read the rule of a key, or raise an error. */
static uint8
parse_rule(const JsonbValue *key, const JsonbValue *value)
{
	uint8 code;

	if (value->type != jbvString ||
		!cdpk_rule_parse(value->val.string.val, (size_t) value->val.string.len, &code))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid rule for trait \"%.*s\"", key->val.string.len, key->val.string.val),
			 errhint(
				 "Rules are \"last\", \"first\", \"min\", \"max\", \"sum\", \"union\", "
				 "\"most_frequent\" and \"merge\", with \"trusted_\" before them where the trust of the "
				 "source comes first, and \"keep_\" before \"last\", \"first\", \"min\" or "
				 "\"max\" where each source's own value is kept.")));
	return code;
}

/* Return whether a rule refuses values that others accept. */
static bool
rule_may_refuse(uint8 code)
{
	return (code & CDPK_RULE_BASE) == CDPK_RULE_SUM ||
		   cdpk_value_size_max(code) < CDPK_TRAITS_VALUE_MAX;
}

/* Compile rules. */
TraitsRules *
traits_rules_compile(Jsonb *rules, MemoryContext context)
{
	MemoryContext old_context;
	TraitsRules *compiled;
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(rules))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("rules of traits must be a JSON object"),
						errhint("For example: {\"visits\": \"sum\", \"*\": \"last\"}.")));
	old_context = MemoryContextSwitchTo(context);
	compiled = palloc0(offsetof(TraitsRules, keys) + JB_ROOT_COUNT(rules) * sizeof(KeyRule));
	compiled->source = palloc(VARSIZE(rules));
	memcpy(compiled->source, rules, VARSIZE(rules));
	MemoryContextSwitchTo(old_context);
	walk = jsonb_walk(&compiled->source->root);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		KeyRule *rule = &compiled->keys[compiled->count];

		rule->key = key.val.string.val;
		rule->key_length = key.val.string.len;
		rule->rule = parse_rule(&key, &value);
		compiled->may_refuse |= rule_may_refuse(rule->rule);
		if (rule->key_length == 1 && rule->key[0] == '*')
			compiled->fallback = rule->rule;
		else
			compiled->count++;
	}
	return compiled;
}

/* Free compiled rules. */
void
traits_rules_free(TraitsRules *compiled)
{
	pfree(compiled->source);
	pfree(compiled);
}

/* Return whether rules were compiled from these very bytes. */
bool
traits_rules_match(const TraitsRules *compiled, const Jsonb *rules)
{
	return VARSIZE(compiled->source) == VARSIZE(rules) &&
		   memcmp(compiled->source, rules, VARSIZE(rules)) == 0;
}

/* Find a key's rule; *next is where to look, for keys in jsonb's order. */
static uint8
rule_for(const TraitsRules *rules, const JsonbValue *key, int *next)
{
	if (rules == NULL)
		return CDPK_RULE_LAST;
	for (; *next < rules->count; (*next)++)
	{
		const KeyRule *rule = &rules->keys[*next];
		int order = rule->key_length - key->val.string.len;

		if (order == 0)
			order = memcmp(rule->key, key->val.string.val, (size_t) rule->key_length);
		if (order == 0)
			return rule->rule;
		if (order > 0)
			break;
	}
	return rules->fallback;
}

/* Note why a row cannot be merged; return false. */
static bool
set_problem(TraitsProblem *problem, int sqlerrcode, const char *reason, const char *hint)
{
	problem->sqlerrcode = sqlerrcode;
	problem->reason = reason;
	problem->hint = hint;
	return false;
}

/* Return whether a value is one that its rule can merge. */
static bool
check_value(const CdpkTrait *trait, TraitsProblem *problem)
{
	const CdpkValue *value = &trait->value;
	size_t whole;
	size_t fraction;

	if (value->length <= CDPK_TRAITS_VALUE_MAX &&
		(value->type == CDPK_VALUE_ARRAY || value->type == CDPK_VALUE_OBJECT) &&
		cdpk_value_depth(value->bytes, value->length) > CDPK_VALUE_DEPTH_MAX)
		return set_problem(problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						   "arrays and objects are nested more than 256 levels deep", NULL);
	if (!cdpk_value_fits(value, cdpk_value_size_max(trait->rule)))
		return set_problem(
			problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			cdpk_value_size_max(trait->rule) < CDPK_TRAITS_VALUE_MAX
				? "a value of a key with the rule \"union\", \"most_frequent\" or \"merge\" is "
				  "larger than 1750 bytes"
				: "the value is larger than 32000 bytes",
			"What counts is the greater of its JSON text and its jsonb.");
	if ((trait->rule & CDPK_RULE_BASE) != CDPK_RULE_SUM || value->type == CDPK_VALUE_NULL)
		return true;
	if (value->type != CDPK_VALUE_NUMBER)
		return set_problem(problem, ERRCODE_INVALID_PARAMETER_VALUE,
						   "a value of a key with the rule \"sum\" is not a number", NULL);
	cdpk_digits_count(value->bytes, value->length, &whole, &fraction);
	if (whole > CDPK_TRAITS_DIGITS_MAX || fraction > CDPK_TRAITS_DIGITS_MAX)
		return set_problem(problem, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
						   "a number has more than 1000 digits on one side of the point and cannot "
						   "be summed",
						   NULL);
	return true;
}

/* Return whether a member is an array whose elements are merged one by one. */
static bool
is_elements(uint8 rule, const JsonbValue *value)
{
	return (rule & CDPK_RULE_BASE) == CDPK_RULE_UNION && value->type == jbvBinary &&
		   JsonContainerIsArray(value->val.binary.data);
}

/* Return whether an array has no more elements than a key can have. */
static bool
check_elements(const JsonbValue *array, TraitsProblem *problem)
{
	return JsonContainerSize(array->val.binary.data) <= CDPK_TRAITS_VALUES_MAX ||
		   set_problem(problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					   "an array of a key with the rule \"union\" has more than 1000 elements",
					   NULL);
}

/* What goes through the leaves of an object: the rule merge. */
typedef struct Leaves
{
	CdpkTraitsState *state; /* NULL: they are only checked */
	CdpkTrait *trait;
	StringInfoData path; /* the text up to the leaf */
	int depth;
	int count;
	uint32 index;
	TraitsProblem *problem;
} Leaves;

/* Return whether a member is an object whose members are merged one by one. */
static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

/* Merge, or check, one leaf. */
static bool
put_leaf(Leaves *leaves, const JsonbValue *value)
{
	CdpkValue leaf = traits_value_read(value);
	int length = leaves->path.len;
	bool done;

	if (++leaves->count > CDPK_TRAITS_VALUES_MAX)
		return set_problem(leaves->problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						   "an object of a key with the rule \"merge\" has more than 1000 values",
						   NULL);
	leaves->trait->value = leaf;
	if (leaf.length > CDPK_TRAITS_ELEMENT_MAX)
		return check_value(leaves->trait, leaves->problem);
	traits_value_append(&leaves->path, &leaf);
	for (int i = 0; i < leaves->depth; i++)
		appendStringInfoChar(&leaves->path, '}');
	leaves->trait->value.type = CDPK_VALUE_OBJECT;
	leaves->trait->value.bytes = (const uint8 *) leaves->path.data;
	leaves->trait->value.length = (size_t) leaves->path.len;
	done = check_value(leaves->trait, leaves->problem);
	if (done && leaves->state != NULL)
		traits_check_merge(cdpk_traits_put(leaves->state, leaves->trait, &leaves->index));
	leaves->path.len = length;
	return done;
}

/* Go through the leaves of an object; one without members says nothing. */
static bool
put_leaves(Leaves *leaves, JsonbContainer *object)
{
	JsonbWalk walk = jsonb_walk(object);
	int length = leaves->path.len;
	JsonbValue key;
	JsonbValue value;
	bool done = true;

	check_stack_depth();
	leaves->depth++;
	while (done && jsonb_walk_member(&walk, &key, &value))
	{
		CdpkValue name = traits_value_read(&key);

		CHECK_FOR_INTERRUPTS();
		appendStringInfoChar(&leaves->path, '{');
		traits_value_append(&leaves->path, &name);
		appendStringInfoString(&leaves->path, ": ");
		done = is_object(&value) ? put_leaves(leaves, value.val.binary.data)
								 : put_leaf(leaves, &value);
		leaves->path.len = length;
	}
	leaves->depth--;
	return done;
}

/* Merge the leaves of an object, or check them where there is no state. */
static bool
put_object(CdpkTraitsState *state, CdpkTrait *trait, const JsonbValue *value, uint32 index,
		   TraitsProblem *problem)
{
	Leaves leaves = {.state = state, .trait = trait, .index = index, .problem = problem};
	bool done;

	initStringInfo(&leaves.path);
	done = put_leaves(&leaves, value->val.binary.data);
	pfree(leaves.path.data);
	return done;
}

/* Return whether a value is an object whose leaves are merged. */
static bool
is_leaves(uint8 rule, const JsonbValue *value)
{
	return (rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE && is_object(value);
}

/* Return whether a member of the object is one that its rule can merge. */
static bool
check_member(CdpkTrait *trait, const JsonbValue *value, TraitsProblem *problem)
{
	JsonbValue element;
	JsonbWalk walk;

	if (is_leaves(trait->rule, value))
		return put_object(NULL, trait, value, 0, problem);
	if (!is_elements(trait->rule, value))
	{
		trait->value = traits_value_read(value);
		return check_value(trait, problem);
	}
	if (!check_elements(value, problem))
		return false;
	walk = jsonb_walk(value->val.binary.data);
	while (jsonb_walk_element(&walk, &element))
	{
		trait->value = traits_value_read(&element);
		if (!check_value(trait, problem))
			return false;
	}
	return true;
}

/* Merge the elements of an array, one by one: the rule union. */
static bool
put_elements(CdpkTraitsState *state, CdpkTrait *trait, JsonbContainer *array, uint32 index,
			 TraitsProblem *problem)
{
	JsonbWalk walk = jsonb_walk(array);
	JsonbValue element;

	while (jsonb_walk_element(&walk, &element))
	{
		/* ignore null elements; null as the whole value removes the key */
		if (element.type == jbvNull)
			continue;
		trait->value = traits_value_read(&element);
		if (!check_value(trait, problem))
			return false;
		traits_check_merge(cdpk_traits_put(state, trait, &index));
	}
	return true;
}

/* Merge a member of the object; *index is where the one before it was. */
static bool
put_member(CdpkTraitsState *state, CdpkTrait *trait, const JsonbValue *value, uint32 *index,
		   TraitsProblem *problem)
{
	CdpkTrait present;
	bool found;

	*index = cdpk_traits_find(&state->view, *index, trait->key, trait->key_length, &found);
	if (found && !cdpk_traits_get(&state->view, *index, &present))
		traits_check_merge(CDPK_CORRUPT);
	if (found && cdpk_trait_outdated(&present, trait->rule, trait->at))
		return true;
	if (is_elements(trait->rule, value))
		return check_elements(value, problem) &&
			   put_elements(state, trait, value->val.binary.data, *index, problem);
	if (is_leaves(trait->rule, value))
		return put_object(state, trait, value, *index, problem);
	trait->value = traits_value_read(value);
	if (!check_value(trait, problem))
		return false;
	traits_check_merge(cdpk_traits_put_at(state, trait, *index, found ? &present : NULL));
	*index = cdpk_traits_hint(state, *index);
	return true;
}

/* Return whether a row is one to merge at all. */
static bool
check_row(Jsonb *object, const TraitsOrigin *origin, TraitsProblem *problem)
{
	if (!JB_ROOT_IS_OBJECT(object))
		return set_problem(problem, ERRCODE_INVALID_PARAMETER_VALUE, "traits are not a JSON object",
						   "Pass an object: {\"key\": value}.");
	if (JB_ROOT_COUNT(object) > CDPK_TRAITS_KEYS_MAX)
		return set_problem(problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "there are more than 4096 keys",
						   "Do not use identifiers or times as keys of traits.");
	if (origin->source_length > CDPK_TRAITS_SOURCE_MAX)
		return set_problem(problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						   "the name of the source is longer than 255 bytes", NULL);
	if (origin->trust < PG_INT8_MIN || origin->trust > PG_INT8_MAX)
		return set_problem(problem, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
						   "the trust of the source is not between -128 and 127", NULL);
	return true;
}

/* Remember the key where a problem was met. */
static bool
note_key(TraitsProblem *problem, const JsonbValue *key)
{
	int length = pg_mbcliplen(key->val.string.val, key->val.string.len, 64);

	problem->key = pnstrdup(key->val.string.val, (Size) length);
	return false;
}

/* the members of an object, with their rules */
typedef struct RowWalk
{
	JsonbWalk members;
	const TraitsRules *rules;
	int next_rule;
	JsonbValue key;
	JsonbValue value;
} RowWalk;

/* Begin to walk over an object. */
static RowWalk
row_walk(Jsonb *object, const TraitsRules *rules)
{
	RowWalk walk = {.members = jsonb_walk(&object->root), .rules = rules};

	return walk;
}

/* Go on to the next member and set the key and the rule; false at the end. */
static bool
row_next(RowWalk *walk, CdpkTrait *trait)
{
	CHECK_FOR_INTERRUPTS();
	if (!jsonb_walk_member(&walk->members, &walk->key, &walk->value))
		return false;
	trait->key = (const uint8 *) walk->key.val.string.val;
	trait->key_length = (uint8) walk->key.val.string.len;
	trait->rule = rule_for(walk->rules, &walk->key, &walk->next_rule);
	return true;
}

/* Return whether a member's key is short enough. */
static bool
check_key(const RowWalk *walk, TraitsProblem *problem)
{
	return walk->key.val.string.len <= CDPK_TRAITS_KEY_MAX ||
		   set_problem(problem, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the key is longer than 255 bytes",
					   NULL);
}

/* Merge an object's members into a state. */
bool
traits_row_put(CdpkTraitsState *state, Jsonb *object, const TraitsRules *rules,
			   const TraitsOrigin *origin, TraitsProblem *problem)
{
	CdpkTrait trait = {.at = origin->at,
					   .trust = (int8) origin->trust,
					   .source = (const uint8 *) origin->source,
					   .source_length = (uint8) origin->source_length,
					   .count = 1};
	uint32 index = 0;
	RowWalk walk;

	memset(problem, 0, sizeof(*problem));
	if (!check_row(object, origin, problem))
		return false;
	walk = row_walk(object, rules);
	while (row_next(&walk, &trait))
	{
		if (!check_key(&walk, problem) || !put_member(state, &trait, &walk.value, &index, problem))
			return note_key(problem, &walk.key);
	}
	return true;
}

/* Return whether a jsonb is the JSON null, which counts as no traits. */
bool
traits_row_empty(Jsonb *object)
{
	JsonbValue value;

	return JB_ROOT_IS_SCALAR(object) && JsonbExtractScalar(&object->root, &value) &&
		   value.type == jbvNull;
}

/* Begin a state with room for a row. */
void
traits_row_begin(CdpkTraitsState *state, Jsonb *object, const TraitsOrigin *origin)
{
	size_t cells = JB_ROOT_IS_OBJECT(object) ? JB_ROOT_COUNT(object) : 0;

	if (cells > CDPK_TRAITS_KEYS_MAX)
		cells = CDPK_TRAITS_KEYS_MAX;
	/* jsonb has 8 bytes of offsets for each member, which we do not copy */
	traits_begin(state, cells,
				 VARSIZE(object) - 8 * cells + cells * (size_t) origin->source_length);
}

/* Return whether traits can be merged. */
bool
traits_row_check(Jsonb *object, const TraitsRules *rules, TraitsProblem *problem)
{
	TraitsOrigin origin = {0};
	CdpkTrait trait = {0};
	RowWalk walk;

	memset(problem, 0, sizeof(*problem));
	if (traits_row_empty(object))
		return true;
	if (!check_row(object, &origin, problem))
		return false;
	walk = row_walk(object, rules);
	while (row_next(&walk, &trait))
	{
		if (!check_key(&walk, problem) || !check_member(&trait, &walk.value, problem))
			return note_key(problem, &walk.key);
	}
	return true;
}

/* Return whether any rule refuses values that others would take. */
bool
traits_rules_may_refuse(const TraitsRules *rules)
{
	return rules->may_refuse;
}

/* List the keys whose values their rules cannot take; NULL if there are none. */
ArrayType *
traits_row_refused(Jsonb *object, const TraitsRules *rules)
{
	ArrayBuildState *refused = NULL;
	CdpkTrait trait = {0};
	TraitsProblem problem;
	RowWalk walk;

	if (!JB_ROOT_IS_OBJECT(object))
		return NULL;
	walk = row_walk(object, rules);
	while (row_next(&walk, &trait))
	{
		if (rule_may_refuse(trait.rule) && !check_member(&trait, &walk.value, &problem))
			refused = accumArrayResult(refused,
									   PointerGetDatum(cstring_to_text_with_len(
										   walk.key.val.string.val, walk.key.val.string.len)),
									   false, TEXTOID, CurrentMemoryContext);
	}
	return refused ? DatumGetArrayTypeP(makeArrayResult(refused, CurrentMemoryContext)) : NULL;
}

/* Return a problem in words. */
const char *
traits_problem_text(const TraitsProblem *problem)
{
	return problem->key ? psprintf("%s (\"%s\")", problem->reason, problem->key) : problem->reason;
}

/* Raise a problem as an error. */
void
traits_problem_report(const TraitsProblem *problem)
{
	ereport(ERROR, (errcode(problem->sqlerrcode), errmsg("invalid traits: %s", problem->reason),
					problem->key ? errdetail("The key is \"%s\".", problem->key) : 0,
					problem->hint ? errhint("%s", problem->hint) : 0));
}
