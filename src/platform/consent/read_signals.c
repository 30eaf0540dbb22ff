/*
 * read_signals.c
 *		The consent signals in the documents of an event: core/consent says what its members are.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "platform/consent/read_signals.h"
#include "toolkit/bridge/jsonb_walk.h"

static void read_object(CdpkSignals *signals, JsonbContainer *object, int depth);

/* make_value makes a value for core/consent. */
static CdpkConsentValue
make_value(const JsonbValue *from)
{
	CdpkConsentValue value = {CDPK_FORM_OTHER, NULL, 0};

	switch (from->type)
	{
		case jbvNull:
			value.form = CDPK_FORM_NULL;
			break;
		case jbvBool:
			value.form = from->val.boolean ? CDPK_FORM_TRUE : CDPK_FORM_FALSE;
			break;
		case jbvString:
			value.form = CDPK_FORM_TEXT;
			value.text = from->val.string.val;
			value.length = (size_t) from->val.string.len;
			break;
		case jbvNumeric:
			value.form = CDPK_FORM_TEXT;
			value.text = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(from->val.numeric)));
			value.length = strlen(value.text);
			break;
		default:
			break;
	}
	return value;
}

/* is_object tells whether a value is an object. */
static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

/* is_array tells whether a value is an array. */
static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) &&
		   !JsonContainerIsScalar(value->val.binary.data);
}

/* read_categories hands in an object of categories. */
static void
read_categories(CdpkSignals *signals, const JsonbValue *value)
{
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue item;

	if (!is_object(value))
	{
		if (value->type != jbvNull)
			signals->invalid[CDPK_SIGNAL_CATEGORY]++;
		return;
	}
	walk = jsonb_walk(value->val.binary.data);
	if (walk.count == 0)
		cdpk_signals_no_category(signals);
	while (jsonb_walk_member(&walk, &key, &item))
	{
		CdpkConsentValue given = make_value(&item);

		cdpk_signals_category(signals, key.val.string.val, (size_t) key.val.string.len,
							  cdpk_category_answer(&given));
	}
}

/* read_list hands in an array of categories that are allowed, or denied; or an object whose keys they are. */
static void
read_list(CdpkSignals *signals, const JsonbValue *value, CdpkSignalAnswer answer)
{
	JsonbWalk walk;
	JsonbValue item;
	JsonbValue ignored;

	if (is_object(value))
	{
		walk = jsonb_walk(value->val.binary.data);
		while (jsonb_walk_member(&walk, &item, &ignored))
			cdpk_signals_category(signals, item.val.string.val, (size_t) item.val.string.len,
								  answer);
		return;
	}
	if (!is_array(value))
	{
		if (value->type != jbvNull)
			signals->invalid[CDPK_SIGNAL_CATEGORY]++;
		return;
	}
	walk = jsonb_walk(value->val.binary.data);
	while (jsonb_walk_element(&walk, &item))
	{
		CdpkConsentValue given = make_value(&item);

		if (given.form == CDPK_FORM_TEXT)
			cdpk_signals_category(signals, given.text, given.length, answer);
		else
			signals->invalid[CDPK_SIGNAL_CATEGORY]++;
	}
}

/* read_value hands in a value of a member; of an array, as headers are, each of its elements. */
static void
read_value(CdpkSignals *signals, CdpkConsentMember member, const char *key, const JsonbValue *value)
{
	CdpkConsentValue given;

	if (is_array(value))
	{
		JsonbWalk walk = jsonb_walk(value->val.binary.data);
		JsonbValue item;

		while (jsonb_walk_element(&walk, &item))
		{
			given = make_value(&item);
			cdpk_signals_value(signals, member, key, &given);
		}
		return;
	}
	given = make_value(value);
	cdpk_signals_value(signals, member, key, &given);
}

/* read_member hands in a member of an object. */
static void
read_member(CdpkSignals *signals, const JsonbValue *name, const JsonbValue *value, int depth)
{
	const char *key = NULL;
	CdpkConsentMember member =
		cdpk_consent_member(name->val.string.val, (size_t) name->val.string.len, &key);

	switch (member)
	{
		case CDPK_MEMBER_OTHER:
			return;
		case CDPK_MEMBER_CATEGORIES:
			read_categories(signals, value);
			return;
		case CDPK_MEMBER_ALLOWED:
			read_list(signals, value, CDPK_SAYS_YES);
			return;
		case CDPK_MEMBER_DENIED:
			read_list(signals, value, CDPK_SAYS_NO);
			return;
		default:
			break;
	}
	/* a string may also stand in an object of its name */
	if (is_object(value) && member != CDPK_MEMBER_GOOGLE)
	{
		if (depth < CDPK_MEMBER_DEPTH)
			read_object(signals, value->val.binary.data, depth + 1);
	}
	else if (member != CDPK_MEMBER_INSIDE)
		read_value(signals, member, key, value);
}

/* read_object hands in the members of an object. */
static void
read_object(CdpkSignals *signals, JsonbContainer *object, int depth)
{
	JsonbWalk walk = jsonb_walk_keys(object);
	JsonbValue name;
	JsonbValue value;
	const char *key;

	while (jsonb_walk_key(&walk, &name))
	{
		if (cdpk_consent_member(name.val.string.val, (size_t) name.val.string.len, &key) ==
			CDPK_MEMBER_OTHER)
			continue;
		jsonb_walk_value_of_key(&walk, &value);
		read_member(signals, &name, &value, depth);
	}
}

void
read_signals(CdpkSignals *signals, Jsonb *context, Jsonb *properties)
{
	cdpk_signals_begin(signals);
	if (context != NULL && JB_ROOT_IS_OBJECT(context))
		read_object(signals, &context->root, 0);
	if (properties != NULL && JB_ROOT_IS_OBJECT(properties))
		read_object(signals, &properties->root, 0);
}
