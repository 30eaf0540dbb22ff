CREATE TYPE cdp.timeline;

CREATE FUNCTION cdp_internal.timeline_in(cstring) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_in(cstring) IS 'Internal: reads the text form.';

CREATE FUNCTION cdp_internal.timeline_out(cdp.timeline) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_timeline_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_out(cdp.timeline) IS 'Internal: writes the text form.';

CREATE FUNCTION cdp_internal.timeline_recv(internal) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_recv(internal) IS
	'Internal: reads the binary form; an error for bytes that timeline_send does not write.';

CREATE FUNCTION cdp_internal.timeline_send(cdp.timeline) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_timeline_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_send(cdp.timeline) IS 'Internal: writes the binary form (FORMAT.md).';

-- compressed already: storage without pglz, and large ones outside of the row
CREATE TYPE cdp.timeline (
	INPUT = cdp_internal.timeline_in,
	OUTPUT = cdp_internal.timeline_out,
	RECEIVE = cdp_internal.timeline_recv,
	SEND = cdp_internal.timeline_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE cdp.timeline IS
	'What a person did: a multiset of events (name, time to the microsecond, properties by name), compressed to about '
	'five bytes an event. Text form: a JSON object from names to arrays of times, newest first, such as {"view": '
	'["2026-01-01T10:00:00Z"]}; an event with properties is [time, {"total": 40.5, "category": "shoes"}], in the form '
	'that cdp.timeline_agg takes. Names are UTF-8 and not empty, times are finite. At most 256 MB, and 512 MB while an '
	'aggregate builds it: about 60 million events without properties. More is an error (54000), and so is a text form '
	'of more than 1 GB.';

CREATE FUNCTION cdp_internal.timeline_eq(cdp.timeline, cdp.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_timeline_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_eq(cdp.timeline, cdp.timeline) IS 'Internal: the operator =.';

CREATE FUNCTION cdp_internal.timeline_ne(cdp.timeline, cdp.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_timeline_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_ne(cdp.timeline, cdp.timeline) IS 'Internal: the operator <>.';

CREATE FUNCTION cdp_internal.timeline_lt(cdp.timeline, cdp.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_timeline_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_lt(cdp.timeline, cdp.timeline) IS 'Internal: the operator <.';

CREATE FUNCTION cdp_internal.timeline_le(cdp.timeline, cdp.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_timeline_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_le(cdp.timeline, cdp.timeline) IS 'Internal: the operator <=.';

CREATE FUNCTION cdp_internal.timeline_gt(cdp.timeline, cdp.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_timeline_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_gt(cdp.timeline, cdp.timeline) IS 'Internal: the operator >.';

CREATE FUNCTION cdp_internal.timeline_ge(cdp.timeline, cdp.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_timeline_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_ge(cdp.timeline, cdp.timeline) IS 'Internal: the operator >=.';

CREATE FUNCTION cdp_internal.timeline_cmp(cdp.timeline, cdp.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_timeline_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_cmp(cdp.timeline, cdp.timeline) IS
	'Internal: compares two timelines by their bytes.';

CREATE FUNCTION cdp_internal.timeline_hash(cdp.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_timeline_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_hash(cdp.timeline) IS 'Internal: hashes for joins and hash indexes.';

CREATE FUNCTION cdp_internal.timeline_hash_extended(cdp.timeline, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_timeline_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_hash_extended(cdp.timeline, bigint) IS
	'Internal: hashes with a seed, for hash partitions.';

CREATE OPERATOR cdp.= (
	FUNCTION = cdp_internal.timeline_eq, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.=), NEGATOR = OPERATOR(cdp.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR cdp.= (cdp.timeline, cdp.timeline) IS 'equal: the same events, each as often';

CREATE OPERATOR cdp.<> (
	FUNCTION = cdp_internal.timeline_ne, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.<>), NEGATOR = OPERATOR(cdp.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR cdp.<> (cdp.timeline, cdp.timeline) IS 'not equal';

CREATE OPERATOR cdp.< (
	FUNCTION = cdp_internal.timeline_lt, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.>), NEGATOR = OPERATOR(cdp.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR cdp.< (cdp.timeline, cdp.timeline) IS 'less than, by bytes: for sorting and grouping only';

CREATE OPERATOR cdp.<= (
	FUNCTION = cdp_internal.timeline_le, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.>=), NEGATOR = OPERATOR(cdp.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR cdp.<= (cdp.timeline, cdp.timeline) IS
	'less than or equal, by bytes: for sorting and grouping only';

CREATE OPERATOR cdp.> (
	FUNCTION = cdp_internal.timeline_gt, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.<), NEGATOR = OPERATOR(cdp.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR cdp.> (cdp.timeline, cdp.timeline) IS 'greater than, by bytes: for sorting and grouping only';

CREATE OPERATOR cdp.>= (
	FUNCTION = cdp_internal.timeline_ge, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.<=), NEGATOR = OPERATOR(cdp.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR cdp.>= (cdp.timeline, cdp.timeline) IS
	'greater than or equal, by bytes: for sorting and grouping only';

CREATE OPERATOR CLASS cdp.timeline_ops DEFAULT FOR TYPE cdp.timeline USING btree AS
	OPERATOR 1 cdp.<,
	OPERATOR 2 cdp.<=,
	OPERATOR 3 cdp.=,
	OPERATOR 4 cdp.>=,
	OPERATOR 5 cdp.>,
	FUNCTION 1 cdp_internal.timeline_cmp(cdp.timeline, cdp.timeline);

CREATE OPERATOR CLASS cdp.timeline_hash_ops DEFAULT FOR TYPE cdp.timeline USING hash AS
	OPERATOR 1 cdp.=,
	FUNCTION 1 cdp_internal.timeline_hash(cdp.timeline),
	FUNCTION 2 cdp_internal.timeline_hash_extended(cdp.timeline, bigint);

CREATE FUNCTION cdp_internal.timeline_agg_trans(cdp.timeline, timestamptz, text) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_agg_trans(cdp.timeline, timestamptz, text) IS
	'Internal: adds a row to cdp.timeline_agg.';

CREATE FUNCTION cdp_internal.timeline_agg_trans(cdp.timeline, timestamptz, text, jsonb) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_agg_trans_properties' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_agg_trans(cdp.timeline, timestamptz, text, jsonb) IS
	'Internal: adds a row with properties to cdp.timeline_agg.';

CREATE FUNCTION cdp_internal.timeline_combine(cdp.timeline, cdp.timeline) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_combine(cdp.timeline, cdp.timeline) IS
	'Internal: adds the events of the second timeline to the first, the state of an aggregate.';

CREATE FUNCTION cdp_internal.timeline_final(cdp.timeline) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.timeline_final(cdp.timeline) IS 'Internal: returns the compact form of a state.';

CREATE AGGREGATE cdp.timeline_agg(at timestamptz, event text) (
	SFUNC = cdp_internal.timeline_agg_trans, STYPE = cdp.timeline, SSPACE = 512,
	FINALFUNC = cdp_internal.timeline_final, COMBINEFUNC = cdp_internal.timeline_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.timeline_agg(timestamptz, text) IS
	'Collects rows, in any order, into a timeline. Skips rows without a time or an event; NULL if no row is left. '
	'Errors: an infinite time (22008), an empty event (22023).';

CREATE AGGREGATE cdp.timeline_agg(at timestamptz, event text, properties jsonb) (
	SFUNC = cdp_internal.timeline_agg_trans, STYPE = cdp.timeline, SSPACE = 512,
	FINALFUNC = cdp_internal.timeline_final, COMBINEFUNC = cdp_internal.timeline_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.timeline_agg(timestamptz, text, jsonb) IS
$comment$Collects rows with properties into a timeline.
properties: a JSON object such as {"total": 40.5, "category": "shoes", "gift": true}, or NULL. The values are numbers,
texts and booleans, or arrays of them: several values. JSON nulls are left out. What belongs to elements of an array
stands in the objects under "[]": {"[]": [{"sku": "a", "price": 5}, {"sku": "b"}]}.
A value that cannot be carried is marked as left out ({} in the text form): an object, a text of more than 256 bytes, a
number of more than 18 digits, more than 255 values of a property, elements after the first 1,024.
Further errors: properties of another form (22023), more than 32 properties of an event (54000).$comment$;

CREATE AGGREGATE cdp.timeline_union(timeline cdp.timeline) (
	SFUNC = cdp_internal.timeline_combine, STYPE = cdp.timeline, SSPACE = 512,
	FINALFUNC = cdp_internal.timeline_final, COMBINEFUNC = cdp_internal.timeline_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.timeline_union(cdp.timeline) IS
	'Collects all events of all timelines; equal events of two timelines are two events. Skips NULLs.';

CREATE FUNCTION cdp.timeline_concat(cdp.timeline, cdp.timeline) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.timeline_concat(cdp.timeline, cdp.timeline) IS
	'Returns the events of both timelines. A NULL counts as no events; NULL if both are.';

CREATE OPERATOR cdp.|| (
	FUNCTION = cdp.timeline_concat, LEFTARG = cdp.timeline, RIGHTARG = cdp.timeline,
	COMMUTATOR = OPERATOR(cdp.||)
);
COMMENT ON OPERATOR cdp.|| (cdp.timeline, cdp.timeline) IS 'the events of both timelines; a NULL counts as no events';

CREATE FUNCTION cdp.events(timeline cdp.timeline, OUT event text, OUT at timestamptz,
	OUT properties jsonb) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION cdp.events(cdp.timeline) IS
	'Returns the events as rows: by name, newest first. properties: in the form that cdp.timeline_agg takes; NULL for '
	'an event without any.';

CREATE FUNCTION cdp.drop_before(timeline cdp.timeline, before timestamptz) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_drop_before' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.drop_before(cdp.timeline, timestamptz) IS
	'Returns the timeline without the events before a time; an event at that time stays.';

CREATE FUNCTION cdp.event_count(timeline cdp.timeline) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_event_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.event_count(cdp.timeline) IS 'Returns the number of all events.';

CREATE FUNCTION cdp.event_names(timeline cdp.timeline) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cdp_event_names' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.event_names(cdp.timeline) IS 'Returns the distinct names of events, ordered by bytes.';

CREATE FUNCTION cdp_internal.timeline_whole(timeline cdp.timeline, level_1 cdp.timeline, level_2 cdp.timeline,
	level_3 cdp.timeline) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_whole' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION cdp_internal.timeline_whole(cdp.timeline, cdp.timeline, cdp.timeline, cdp.timeline) IS
	'Internal: returns the parts in which a timeline is stored as one timeline. A NULL part has no events; NULL if all '
	'are NULL. Its cost is that of an operator, because few timelines have more than one part.';
