/*
 * schema_reference.c
 *		What a $ref of a schema refers to: a place within the text, or the meta-schema.
 */
#include "core/schema/metaschema.h"
#include "core/schema/schema_build.h"
#include "core/schema/uri.h"

/* ---------------------------------------------------------------- names */

/* Find a URI among those that are known, or add it. */
static bool
find_base(CdpkSchemaBuild *build, CdpkSpan uri, uint32_t *base)
{
	CdpkSpan *bases;
	char *copy;

	for (*base = 0; *base < build->base_count; (*base)++)
		if (build->bases[*base].length == uri.length &&
			(uri.length == 0 || memcmp(build->bases[*base].text, uri.text, uri.length) == 0))
			return true;
	bases = cdpk_arena_grow(&build->arena, build->bases, build->base_count, sizeof(CdpkSpan));
	copy = cdpk_arena_allocate(&build->arena, uri.length);
	if (bases == NULL || copy == NULL)
		return cdpk_build_no_memory(build);
	if (uri.length > 0)
		memcpy(copy, uri.text, uri.length);
	build->bases = bases;
	build->bases[build->base_count].text = copy;
	build->bases[build->base_count++].length = uri.length;
	return true;
}

/* Resolve a reference against a base, without its fragment. */
static bool
resolve_base(CdpkSchemaBuild *build, CdpkSpan reference, uint32_t *base)
{
	CdpkSpan from = build->bases[*base];
	char *uri = cdpk_arena_allocate(&build->arena, from.length + reference.length + 2);
	CdpkSpan result = {uri, 0};

	if (uri == NULL)
		return cdpk_build_no_memory(build);
	result.length = cdpk_uri_resolve(from, reference, uri);
	return find_base(build, result, base);
}

/* Note that a place has a URI, or a name within it; the first of two that have the same keeps it. */
static bool
add_named(CdpkSchemaBuild *build, uint32_t base, CdpkSpan name, uint32_t place)
{
	CdpkNamed *named;

	if (build->named_count == CDPK_SCHEMA_NAMES_MAX)
		return cdpk_build_refuse(build, CDPK_TOO_LONG, NULL, "more than %d schemas with an $id",
								 CDPK_SCHEMA_NAMES_MAX);
	named = cdpk_arena_grow(&build->arena, build->named, build->named_count, sizeof(CdpkNamed));
	if (named == NULL)
		return cdpk_build_no_memory(build);
	build->named = named;
	build->named[build->named_count++] = (CdpkNamed){base, name, place};
	return true;
}

/* Find the place that has a URI (name without text) or a name within it. */
static bool
find_named(const CdpkSchemaBuild *build, uint32_t base, CdpkSpan name, uint32_t *place)
{
	for (uint32_t i = 0; i < build->named_count; i++)
	{
		const CdpkNamed *named = &build->named[i];

		if (named->base == base && (named->name.text == NULL) == (name.text == NULL) &&
			named->name.length == name.length &&
			(name.length == 0 || memcmp(named->name.text, name.text, name.length) == 0))
		{
			*place = named->place;
			return true;
		}
	}
	return false;
}

/* Return a string's text as a span. */
static CdpkSpan
string_of(const CdpkNode *node)
{
	return (CdpkSpan){node->value.text, node->count};
}

bool
cdpk_build_id(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t *base)
{
	static const CdpkSpan whole = {NULL, 0};
	const CdpkNode *id = cdpk_node_member(schema, "$id", 3);
	CdpkUri uri;

	if (id == NULL)
		return true;
	if (id->kind != CDPK_NODE_STRING || !cdpk_uri_valid(string_of(id), true))
		return cdpk_build_refuse(build, CDPK_INVALID, id->key, "$id must be a URI reference");
	uri = cdpk_uri_split(string_of(id));
	if (uri.fragment.text != NULL && uri.fragment.length > 0 &&
		!add_named(build, *base, uri.fragment, cdpk_build_place(build, schema)))
		return false;
	if (id->count > 0 && id->value.text[0] == '#')
		return true;
	return resolve_base(build, string_of(id), base) &&
		   add_named(build, *base, whole, cdpk_build_place(build, schema));
}

bool
cdpk_build_reference(CdpkSchemaBuild *build, const CdpkNode *string, uint32_t base, uint32_t check)
{
	CdpkReference *references = cdpk_arena_grow(&build->arena, build->references,
												build->reference_count, sizeof(CdpkReference));

	if (references == NULL)
		return cdpk_build_no_memory(build);
	build->references = references;
	build->references[build->reference_count++] =
		(CdpkReference){check, cdpk_build_place(build, string), base};
	return true;
}

bool
cdpk_build_begin_references(CdpkSchemaBuild *build)
{
	static const CdpkSpan none = {NULL, 0};
	uint32_t base;

	return find_base(build, none, &base) && add_named(build, base, none, 0);
}

/* ---------------------------------------------------------------- pointers */

static int
hexadecimal(char byte)
{
	return byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
}

/* Take %xx out of a fragment that is valid. */
static size_t
decode(CdpkSpan fragment, char *result)
{
	size_t length = 0;

	for (size_t i = 0; i < fragment.length; i++)
	{
		if (fragment.text[i] == '%')
		{
			result[length++] =
				(char) (hexadecimal(fragment.text[i + 1]) * 16 + hexadecimal(fragment.text[i + 2]));
			i += 2;
		}
		else
			result[length++] = fragment.text[i];
	}
	return length;
}

/* Take ~0 and ~1 out of a pointer's segment in place. */
static size_t
unescape(char *segment, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++)
	{
		bool escape =
			segment[i] == '~' && i + 1 < length && (segment[i + 1] == '0' || segment[i + 1] == '1');

		segment[kept++] = escape ? (segment[i + 1] == '0' ? '~' : '/') : segment[i];
		i += escape;
	}
	return kept;
}

/* Return the element of an array that a segment numbers, or the member that it names. */
static const CdpkNode *
step(const CdpkNode *node, const char *segment, size_t length)
{
	const CdpkNode *element = node + 1;
	uint64_t place = 0;

	if (node->kind != CDPK_NODE_ARRAY)
		return cdpk_node_member(node, segment, length);
	for (size_t i = 0; i < length; i++)
	{
		if (segment[i] < '0' || segment[i] > '9' || place > UINT32_MAX)
			return NULL;
		place = place * 10 + (uint64_t) (segment[i] - '0');
	}
	if (length == 0 || place >= node->count)
		return NULL;
	while (place-- > 0)
		element += element->size;
	return element;
}

/* Follow a pointer from a node; *base is that of the schemas on the way. */
static const CdpkNode *
follow(CdpkSchemaBuild *build, const CdpkNode *node, char *pointer, size_t length, uint32_t *base)
{
	char *end = pointer + length;

	while (node != NULL && pointer < end)
	{
		char *segment = pointer + 1; /* after the slash */
		char *next = memchr(segment, '/', (size_t) (end - segment));
		const CdpkNode *id;

		if (next == NULL)
			next = end;
		node = step(node, segment, unescape(segment, (size_t) (next - segment)));
		id = node != NULL && next < end ? cdpk_node_member(node, "$id", 3) : NULL;
		if (id != NULL && id->kind == CDPK_NODE_STRING && cdpk_uri_valid(string_of(id), true) &&
			!resolve_base(build, string_of(id), base))
			return NULL;
		pointer = next;
	}
	return node;
}

/* ---------------------------------------------------------------- references */

/* Read the meta-schema, as the document after the text. */
static bool
add_metaschema(CdpkSchemaBuild *build, uint32_t base)
{
	static const CdpkSpan whole = {NULL, 0};
	const char *problem;
	size_t position;
	uint32_t *rule_of;
	uint32_t count = build->document.count;

	if (cdpk_document_read(cdpk_metaschema, strlen(cdpk_metaschema), build->arena.allocator,
						   &build->metaschema, &problem, &position) != CDPK_OK)
		return cdpk_build_no_memory(build);
	rule_of =
		cdpk_arena_allocate(&build->arena, (count + build->metaschema.count) * sizeof(uint32_t));
	if (rule_of == NULL)
		return cdpk_build_no_memory(build);
	memcpy(rule_of, build->rule_of, count * sizeof(uint32_t));
	for (uint32_t i = 0; i < build->metaschema.count; i++)
		rule_of[count + i] = CDPK_RULE_NONE;
	build->rule_of = rule_of;
	return add_named(build, base, whole, count);
}

/* Find the schema of a URI: one of the text, or the meta-schema. */
static bool
find_document(CdpkSchemaBuild *build, uint32_t base, uint32_t *place)
{
	static const CdpkSpan whole = {NULL, 0};
	const CdpkSpan *uri = &build->bases[base];

	if (find_named(build, base, whole, place))
		return true;
	return build->metaschema.nodes == NULL && uri->length == strlen(CDPK_METASCHEMA_URI) &&
		   memcmp(uri->text, CDPK_METASCHEMA_URI, uri->length) == 0 &&
		   add_metaschema(build, base) && find_named(build, base, whole, place);
}

/* Find the node that a fragment of a document names. */
static const CdpkNode *
find_fragment(CdpkSchemaBuild *build, CdpkSpan fragment, uint32_t place, uint32_t *base)
{
	char *decoded;

	if (fragment.length == 0)
		return cdpk_build_node(build, place);
	if (fragment.text[0] != '/' && fragment.text[0] != '%')
		return find_named(build, *base, fragment, &place) ? cdpk_build_node(build, place) : NULL;
	decoded = cdpk_arena_allocate(&build->arena, fragment.length);
	if (decoded == NULL)
	{
		cdpk_build_no_memory(build);
		return NULL;
	}
	fragment.length = decode(fragment, decoded);
	return decoded[0] == '/'
			   ? follow(build, cdpk_build_node(build, place), decoded, fragment.length, base)
			   : NULL;
}

bool
cdpk_build_resolve(CdpkSchemaBuild *build, const CdpkReference *reference)
{
	const CdpkNode *string = cdpk_build_node(build, reference->place);
	CdpkSpan text = string_of(string);
	CdpkUri uri;
	uint32_t base = reference->base;
	uint32_t check = reference->check;
	uint32_t place;
	uint32_t rule;
	const CdpkNode *node;

	if (!cdpk_uri_valid(text, true))
		return cdpk_build_refuse(build, CDPK_INVALID, string->key, "$ref must be a URI reference");
	uri = cdpk_uri_split(text);
	if (!resolve_base(build, text, &base))
		return false;
	if (!find_document(build, base, &place))
		return build->status == CDPK_OK && cdpk_build_refuse(build, CDPK_UNSUPPORTED, string->key,
															 "$ref leads out of the schema");
	node = find_fragment(build, uri.fragment, place, &base);
	if (node == NULL)
		return build->status == CDPK_OK &&
			   cdpk_build_refuse(build, CDPK_INVALID, string->key, "$ref leads to nothing");
	if (!cdpk_build_rule(build, node, base, &rule))
		return false;
	build->schema.checks[check].a = rule;
	return true;
}
