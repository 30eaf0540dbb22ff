
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
COMMENT ON FUNCTION cdp_internal.traits_in(cstring) IS 'Internal: text input of cdp.traits.';
COMMENT ON FUNCTION cdp_internal.traits_out(cdp.traits) IS 'Internal: text output of cdp.traits.';
COMMENT ON FUNCTION cdp_internal.traits_recv(internal) IS 'Internal: binary input of cdp.traits.';
COMMENT ON FUNCTION cdp_internal.traits_send(cdp.traits) IS 'Internal: binary output of cdp.traits.';

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
	'What is known about a person: key -> value (any JSON), with its time, source and rule. Two of them merge (||) '
	'the same way in any order. Cast it to jsonb to see the plain values. Limits: keys and sources 255 bytes, values '
	'32,000 bytes of JSON text, and of jsonb, and 256 levels deep (with the rules union and most_frequent 1,750 '
	'bytes), 4,096 keys, 1,000 values of one key (see cdp.is_full). What is shown of it then has at most 128 MB as '
	'jsonb, whatever was merged.';

-- making one

CREATE FUNCTION cdp.traits(traits jsonb, at timestamptz, source text, rules jsonb DEFAULT NULL, trust integer DEFAULT 0) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_make' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.traits(jsonb, timestamptz, text, jsonb, integer) IS
	'Traits that a source said at a time. traits: an object, one member a trait; null removes a trait. rules: {"key": "rule", "*": "rule of the other keys"}; see cdp.traits_agg. trust: the rank of the source, -128 to 127. NULL where traits (or the JSON null) or at is NULL.';

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
COMMENT ON FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text) IS 'Internal: transition of cdp.traits_agg.';
COMMENT ON FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text, jsonb) IS 'Internal: transition of cdp.traits_agg.';
COMMENT ON FUNCTION cdp_internal.traits_agg_trans(cdp.traits, jsonb, timestamptz, text, jsonb, integer) IS 'Internal: transition of cdp.traits_agg.';
COMMENT ON FUNCTION cdp_internal.traits_combine(cdp.traits, cdp.traits) IS 'Internal: transition of cdp.traits_union, combination of both aggregates.';
COMMENT ON FUNCTION cdp_internal.traits_final(cdp.traits) IS 'Internal: the result of an aggregate, from its state.';

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
	'Merges rows of traits: of each key the value with the latest time; of equal times the one whose JSON text has the greater bytes. null removes a key, and no older value brings it back; an empty string is a value. Rows whose traits or time are NULL do not count. Times are taken as they are: pass least("timestamp", received_at) to keep a wrong clock from winning.';
COMMENT ON AGGREGATE cdp.traits_agg(jsonb, timestamptz, text, jsonb) IS
	'The same with rules, {"key": "rule", "*": "rule of the other keys"}. last: the latest. first: the earliest. min, max: numbers by value, strings by bytes (false < true < numbers < strings < arrays < objects). sum: the exact sum; repeating a row counts it again. union: the set of all elements of arrays (another value is one element); null removes the elements up to its time. most_frequent: the value that came most often; repeating a row counts it again. Under first, min, max, sum and most_frequent a null does not count. Where two sides of a merge have different rules for a key, the later in this list wins whole.';
COMMENT ON AGGREGATE cdp.traits_agg(jsonb, timestamptz, text, jsonb, integer) IS
	'The same with the trust of the row''s source, -128 to 127. Under a rule with trusted_ before its name (trusted_last) only the values of the highest trust count. Under keep_ (keep_last, keep_trusted_first; of last, first, min and max) each source''s own value is kept, and cdp.provenance shows those that were outdone.';
COMMENT ON AGGREGATE cdp.traits_union(cdp.traits) IS
	'Merges traits: the same result in any order and any grouping. Merging a value twice changes nothing, except keys with the rules sum and most_frequent, which count it twice.';

CREATE FUNCTION cdp_internal.traits_concat(cdp.traits, cdp.traits) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.traits_concat(cdp.traits, cdp.traits) IS 'Internal: the operator ||.';
CREATE OPERATOR cdp.|| (LEFTARG = cdp.traits, RIGHTARG = cdp.traits, FUNCTION = cdp_internal.traits_concat, COMMUTATOR = OPERATOR(cdp.||));
COMMENT ON OPERATOR cdp.|| (cdp.traits, cdp.traits) IS 'Merges two traits; the order does not matter, and NULL is none.';

-- reading one

CREATE FUNCTION cdp_internal.traits_to_jsonb(cdp.traits) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_traits_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.traits_to_jsonb(cdp.traits) IS 'Internal: the cast to jsonb, the plain values of the keys that have not been removed.';
CREATE CAST (cdp.traits AS jsonb) WITH FUNCTION cdp_internal.traits_to_jsonb(cdp.traits) AS ASSIGNMENT;
COMMENT ON CAST (cdp.traits AS jsonb) IS 'The plain values of the keys that have not been removed.';

CREATE FUNCTION cdp_internal.traits_from_jsonb(jsonb) RETURNS cdp.traits
	AS 'MODULE_PATHNAME', 'cdp_traits_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.traits_from_jsonb(jsonb) IS 'Internal: the cast from jsonb, plain traits at the time -infinity.';
CREATE CAST (jsonb AS cdp.traits) WITH FUNCTION cdp_internal.traits_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS cdp.traits) IS 'Plain traits without a source, at the time -infinity: any other value of a key wins.';

CREATE FUNCTION cdp.provenance(traits cdp.traits, OUT key text, OUT value jsonb, OUT at timestamptz, OUT source text, OUT rule text, OUT trust integer, OUT removed boolean, OUT current boolean, OUT count bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_provenance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION cdp.provenance(cdp.traits) IS
	'Where each value comes from. One row for a key; for each element under union; for each value, with how often it came (count), under most_frequent; for each source under a keep_ rule. removed: the value is NULL because null was sent. current: the key shows this value (or nothing, if removed) now; false for what was outdone.';

CREATE FUNCTION cdp.is_full(traits cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_full' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION cdp.is_full(cdp.traits) IS
	'Whether a limit is reached, so that merging may have left something out. Of more than 4,096 keys the first stay, in jsonb''s order (by length, then by bytes), removed ones counted. Of one key with the rule union at most 1,000 elements stay, the latest (of equal times the first in the order of values), and with most_frequent 1,000 values, the first in that order; fewer where 65,535 divided by the number of keys is less. With keep_ the first 1,000 sources stay, by bytes; fewer where 4,096 divided by the number of keys is less. What stays is the same whatever the order of merging, and complete.';

CREATE FUNCTION cdp.traits_problem(traits jsonb, rules jsonb DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_traits_problem' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.traits_problem(jsonb, jsonb) IS
	'Why cdp.traits_agg would refuse these traits under these rules, in words; NULL where it takes them. For checking rows before a batch is merged.';
