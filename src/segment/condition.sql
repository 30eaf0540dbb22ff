-- The operators of cdp's types lie in schema cdp, and a condition is written without
-- "OPERATOR(cdp.->>)": so wherever a condition is analysed (here and in cdp.create_segment), cdp is on
-- the path; pg_catalog stands before it, and what else the caller has on the path does not
-- count, so that a condition means the same whoever creates it.  Functions of other schemas
-- are written with their schema.
CREATE FUNCTION cdp.check_condition(condition text) RETURNS SETOF text
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 3
SET search_path = pg_catalog, cdp, pg_temp
AS 'MODULE_PATHNAME', 'cdp_check_condition';
REVOKE EXECUTE ON FUNCTION cdp.check_condition FROM PUBLIC;
COMMENT ON FUNCTION cdp.check_condition IS
'Internal: the parts that AND, OR and NOT combine, if the text is one boolean expression over the columns of cdp.profile_row, without subqueries, aggregates, window, set-returning and volatile functions and parameters; else an error with the position in the text.';

-- What is wrong with the constants of a condition (within => '1 month') shows when it is evaluated; there
-- may be nobody yet to evaluate it for, or a part may hide behind another one.
CREATE FUNCTION cdp.try_condition(condition text) RETURNS void
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, cdp, pg_temp
AS $$
DECLARE
	somebody jsonb := jsonb_build_object('profile_id', 1, 'first_seen', now(), 'last_seen', now(), 'events', 1, 'identifiers', '["user_id:somebody"]'::jsonb,
		'traits', cdp.traits('{"name": "Somebody"}', now(), 'made up')::text, 'timeline', (SELECT cdp.timeline_agg(t.at, 'Made up') FROM (VALUES (now())) t (at))::text,
		'accounts', '["made up"]'::jsonb, 'account_traits', cdp.traits('{"name": "Made up"}', now(), 'made up')::text);
	part text;
BEGIN
	FOR part IN SELECT c.part FROM cdp.check_condition(condition) AS c (part) LOOP
		EXECUTE format('SELECT %s FROM jsonb_populate_record(NULL::cdp.profile_row, $1) AS profile_row', part) USING somebody;
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.try_condition FROM PUBLIC;
COMMENT ON FUNCTION cdp.try_condition IS
'Internal: checks a condition as cdp.check_condition does, and evaluates each part of it for somebody made up, so that errors in its constants show.';
