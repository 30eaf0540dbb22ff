-- cdp.traits: what is known about a person, key by key, with time, source and rule; it merges.

CREATE TYPE cdp.traits;

CREATE FUNCTION cdp_internal.traits_in(cstring) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_out(cdp.traits) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_traits_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_recv(internal) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_send(cdp.traits) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_traits_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.traits_in(cstring) IS 'Internal: reads the text form.';
COMMENT ON FUNCTION cdp_internal.traits_out(cdp.traits) IS 'Internal: writes the text form.';
COMMENT ON FUNCTION cdp_internal.traits_recv(internal) IS 'Internal: reads the binary form.';
COMMENT ON FUNCTION cdp_internal.traits_send(cdp.traits) IS 'Internal: writes the binary form (FORMAT.md).';

CREATE TYPE cdp.traits (
	INTERNALLENGTH = VARIABLE,
	INPUT = cdp_internal.traits_in,
	OUTPUT = cdp_internal.traits_out,
	RECEIVE = cdp_internal.traits_recv,
	SEND = cdp_internal.traits_send,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE cdp.traits IS
	'The traits of a person: key -> value (any JSON), with its time, source and rule. Two of them merge (||) with the '
	'same result in any order. Cast to jsonb for the plain values. Limits: 255 bytes for keys and sources; for values '
	'32,000 bytes of JSON text, and of jsonb, and 256 levels (1,750 bytes with the rules union and most_frequent); '
	'4,096 keys; 1,000 values of one key (see cdp.is_full). So the plain values have at most 128 MB as jsonb, '
	'whatever was merged.';

-- making one

CREATE FUNCTION cdp.traits(traits jsonb, at timestamptz, source text, rules jsonb DEFAULT NULL,
	trust integer DEFAULT 0) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_make' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.traits(jsonb, timestamptz, text, jsonb, integer) IS
	'Returns the traits that a source gave at a time. traits: an object with a member for each trait; null removes a '
	'trait. rules: {"key": "rule", "*": "rule of the other keys"}; see cdp.traits_agg. trust: the rank of the source, '
	'-128 to 127. NULL if traits (or the JSON null) or at is NULL.';

-- aggregates

CREATE FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text, jsonb) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text, jsonb, integer) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_combine(cdp.traits, cdp.traits) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_final(cdp.traits) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text) IS
	'Internal: adds a row to cdp.traits_agg.';
COMMENT ON FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text, jsonb) IS
	'Internal: adds a row to cdp.traits_agg.';
COMMENT ON FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text, jsonb, integer) IS
	'Internal: adds a row to cdp.traits_agg.';
COMMENT ON FUNCTION cdp_internal.traits_combine(cdp.traits, cdp.traits) IS
	'Internal: merges two states of cdp.traits_agg, or adds a row to cdp.traits_union.';
COMMENT ON FUNCTION cdp_internal.traits_final(cdp.traits) IS 'Internal: returns the compact form of a state.';

CREATE AGGREGATE cdp.traits_agg(traits jsonb, at timestamptz, source text) (
	SFUNC = cdp_internal.traits_agg_trans,
	STYPE = cdp.traits,
	SSPACE = 512,
	COMBINEFUNC = cdp_internal.traits_combine,
	FINALFUNC = cdp_internal.traits_final,
	PARALLEL = SAFE
);
CREATE AGGREGATE cdp.traits_agg(traits jsonb, at timestamptz, source text, rules jsonb) (
	SFUNC = cdp_internal.traits_agg_trans,
	STYPE = cdp.traits,
	SSPACE = 512,
	COMBINEFUNC = cdp_internal.traits_combine,
	FINALFUNC = cdp_internal.traits_final,
	PARALLEL = SAFE
);
CREATE AGGREGATE cdp.traits_agg(traits jsonb, at timestamptz, source text, rules jsonb, trust integer) (
	SFUNC = cdp_internal.traits_agg_trans,
	STYPE = cdp.traits,
	SSPACE = 512,
	COMBINEFUNC = cdp_internal.traits_combine,
	FINALFUNC = cdp_internal.traits_final,
	PARALLEL = SAFE
);
CREATE AGGREGATE cdp.traits_union(cdp.traits) (
	SFUNC = cdp_internal.traits_combine,
	STYPE = cdp.traits,
	SSPACE = 512,
	COMBINEFUNC = cdp_internal.traits_combine,
	FINALFUNC = cdp_internal.traits_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.traits_agg(jsonb, timestamptz, text) IS
	'Merges rows of traits. Each key gets the value with the latest time; of equal times the one whose JSON text has '
	'the greater bytes. null removes a key, and no older value brings it back; an empty string is a value. Skips rows '
	'whose traits or time are NULL. Times are taken as given: pass least("timestamp", received_at) to keep a wrong '
	'clock from winning.';
COMMENT ON AGGREGATE cdp.traits_agg(jsonb, timestamptz, text, jsonb) IS
	'The same with rules, {"key": "rule", "*": "rule of the other keys"}. last: the latest value. first: the '
	'earliest. min, max: numbers by value, strings by bytes (false < true < numbers < strings < arrays < objects). '
	'sum: the exact sum; repeating a row counts it again. union: the set of all elements of arrays (another value is '
	'one element); null removes the elements up to its time. most_frequent: the value that came most often; repeating '
	'a row counts it again. merge: objects are joined key by key, at any depth: each value in them is the latest of '
	'its place, or of a place around it; null removes what is there or within up to its time; an empty object says '
	'nothing. first, min, max, sum and most_frequent ignore null. If two sides of a merge have '
	'different rules for a key, the side whose rule comes later in this list wins.';
COMMENT ON AGGREGATE cdp.traits_agg(jsonb, timestamptz, text, jsonb, integer) IS
	'The same with the trust of the row''s source, -128 to 127. With trusted_ before the name of a rule '
	'(trusted_last) only the values of the highest trust count. With keep_ (keep_last, keep_trusted_first; for last, '
	'first, min and max) each source keeps its own value, and cdp.provenance also shows the values that lost.';
COMMENT ON AGGREGATE cdp.traits_union(cdp.traits) IS
	'Merges traits, with the same result in any order and grouping. Merging a value twice changes nothing, except for '
	'keys with the rules sum and most_frequent, which count it twice.';

CREATE FUNCTION cdp_internal.traits_concat(cdp.traits, cdp.traits) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.traits_concat(cdp.traits, cdp.traits) IS 'Internal: the operator ||.';
CREATE OPERATOR cdp.|| (
	FUNCTION = cdp_internal.traits_concat, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.||)
);
COMMENT ON OPERATOR cdp.|| (cdp.traits, cdp.traits) IS 'Merges two traits, in any order; NULL is the empty traits.';

-- reading one

CREATE FUNCTION cdp_internal.traits_to_jsonb(cdp.traits) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_traits_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.traits_to_jsonb(cdp.traits) IS
	'Internal: casts to jsonb: the plain values of the keys that are not removed.';
CREATE CAST (cdp.traits AS jsonb) WITH FUNCTION cdp_internal.traits_to_jsonb(cdp.traits) AS ASSIGNMENT;
COMMENT ON CAST (cdp.traits AS jsonb) IS 'The plain values of the keys that are not removed.';

CREATE FUNCTION cdp_internal.traits_from_jsonb(jsonb) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.traits_from_jsonb(jsonb) IS
	'Internal: casts from jsonb: plain traits at the time -infinity.';
CREATE CAST (jsonb AS cdp.traits) WITH FUNCTION cdp_internal.traits_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS cdp.traits) IS
	'Plain traits without a source, at the time -infinity: any other value of a key wins.';

CREATE FUNCTION cdp.provenance(traits cdp.traits, OUT key text, OUT value jsonb, OUT at timestamptz, OUT source text,
	OUT rule text, OUT trust integer, OUT removed boolean, OUT current boolean, OUT count bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_provenance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION cdp.provenance(cdp.traits) IS
	'Returns where each value comes from: a row for each key; with the rule union for each element; with '
	'most_frequent for each value, and how often it came (count); with merge for each place, as an object that leads '
	'to it; with a keep_ rule for each source. removed: the '
	'value is NULL because null was sent. current: the key has this value now (or none, if removed); false for a '
	'value that lost.';

CREATE FUNCTION cdp.is_full(traits cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_full' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION cdp.is_full(cdp.traits) IS
	'Returns whether a limit is reached, so that merging may have left something out. Of more than 4,096 keys, '
	'removed ones included, the first in jsonb''s order stay (by length, then by bytes). A key with the rule union '
	'or merge keeps at most 1,000 elements or places, the latest (of equal times the first in the order of values). A '
	'key with most_frequent keeps at most 1,000 values, the first in that order. Both keep fewer if 65,535 divided by '
	'the number of keys is less. A key with a keep_ rule keeps the first 1,000 sources, by bytes; fewer if 4,096 '
	'divided by the number of keys is less. What stays is complete and does not depend on the order of merging.';

CREATE FUNCTION cdp.traits_problem(traits jsonb, rules jsonb DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_traits_problem' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.traits_problem(jsonb, jsonb) IS
	'Returns why cdp.traits_agg would refuse these traits under these rules, in words; NULL if it accepts them. For '
	'checking rows before a batch is merged.';

CREATE FUNCTION cdp.refused_keys(traits jsonb, rules jsonb) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cdp_refused_keys' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.refused_keys(jsonb, jsonb) IS
	'Returns the keys of an object whose values cdp.traits_agg would refuse because of their rule (sum: not a number, '
	'or too many digits; union, most_frequent: too long). NULL if there are none.';

CREATE FUNCTION cdp_internal.is_trait_rule(rule text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_trait_rule' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.is_trait_rule(text) IS 'Internal: returns whether a text is the name of a trait rule.';
