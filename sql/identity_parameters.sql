-- Whoever asks for a person may bind text, integers, or write literals; and an old profile id answers for the person it became.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_parameters ENCODING 'UTF8' TEMPLATE template0;
\c cdp_parameters
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\pset null '-'
INSERT INTO cdp.inbox (type, anonymous_id, user_id, event, "timestamp") VALUES ('track', 'an-1', NULL, 'Viewed', now() - interval '3 hours'), ('track', NULL, 'us-1', 'Ordered', now() - interval '2 hours');
SELECT accepted FROM cdp.refresh();
SELECT cdp.profile_of('anonymous_id:an-1') AS old_id \gset
SELECT clock_timestamp() AS before_merge \gset
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp") VALUES ('identify', 'an-1', 'us-1', now() - interval '1 hour');
SELECT profiles_merged FROM cdp.refresh();
SELECT cdp.profile_of('user_id:us-1') AS new_id, cdp.profile_of('user_id:us-1') <> :old_id AS another \gset
\echo another :another

-- every function with a profile id among its arguments: a new one must be added here and below
SELECT p.oid::regprocedure AS function FROM pg_proc p
WHERE p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND 'profile_id' = ANY (p.proargnames[:p.pronargs]) AND obj_description(p.oid, 'pg_proc') NOT LIKE 'Internal:%' ORDER BY 1::text COLLATE "C";
SELECT cdp.profile_of(:old_id) = :new_id AS profile_of, (cdp.resolve_profile(:old_id)).profile_id = :new_id AS resolve_profile,
	(cdp.lookup(:old_id) ->> 'profile_id')::bigint = :new_id AS lookup, cdp.export_person(:old_id) #>> '{profile,profile_id}' = :'new_id' AS export_person, cdp.profile_at(:old_id, now()) = :new_id AS profile_at,
	cdp.profile_at(:old_id, :'before_merge') = :old_id AS profile_at_before;

-- prepared statements of every parameter type that a driver sends
CREATE FUNCTION pg_temp.bound(call text, type text, VARIADIC arguments text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('PREPARE bound (%s) AS SELECT format(''%%s'', t) FROM %s t',
		(SELECT string_agg(type, ', ') FROM unnest(arguments)), call);
	EXECUTE format('EXECUTE bound (%s)', (SELECT string_agg(quote_literal(a), ', ') FROM unnest(arguments) a)) INTO result;
	DEALLOCATE bound;
	RETURN coalesce(result, 'no row');
EXCEPTION WHEN OTHERS THEN
	IF EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'bound') THEN
		DEALLOCATE bound;
	END IF;
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT c.call, t.type, pg_temp.bound(c.call, t.type, VARIADIC c.arguments) = CASE c.answer WHEN 'new' THEN :'new_id' WHEN 'old' THEN :'old_id' ELSE c.answer END AS right
FROM (VALUES ('cdp.profile_of($1)', ARRAY['user_id:us-1'], 'new'), ('cdp.profile_of($1)', ARRAY[:'old_id'], 'new'),
	('cdp.profile_of($1)', ARRAY[' ' || :'old_id' || ' '], 'new'), ('cdp.profile_of($1)', ARRAY['999999'], ''),
	('jsonb_path_query(cdp.lookup($1), ''$.profile_id'')', ARRAY['user_id:us-1'], 'new'), ('jsonb_path_query(cdp.lookup($1), ''$.profile_id'')', ARRAY[:'old_id'], 'new'),
	('cdp.profile_at($1, now())', ARRAY['anonymous_id:an-1'], 'new'), ('cdp.profile_at($1, now())', ARRAY[:'old_id'], 'new'),
	('cdp.resolve_profile($1)', ARRAY[:'old_id'], '(' || :'new_id' || ',)'), ('cdp.resolve_profile($1)', ARRAY['user_id:us-1'], '(' || :'new_id' || ',)'),
	('cdp.resolve_profile($1)', ARRAY['user_id:never'], '(,unknown)'), ('cdp.resolve_profile($1)', ARRAY['0'], '(,unknown)'),
	('(SELECT count(*) FROM cdp.explain($1, $2) WHERE NOT refused)', ARRAY['anonymous_id:an-1', 'user_id:us-1'], '(1)'),
	('(SELECT count(*) FROM cdp.explain($1, $2) WHERE NOT refused)', ARRAY[:'old_id', :'new_id'], '(1)')) c(call, arguments, answer)
CROSS JOIN (VALUES ('text'), ('varchar'), ('integer'), ('bigint'), ('cdp.identifier'), ('unknown')) t(type)
-- digits are no identifier, and what is none is no number
WHERE CASE WHEN t.type IN ('integer', 'bigint') THEN c.arguments[1] ~ '^[ 0-9]+$'
	WHEN t.type = 'cdp.identifier' THEN c.arguments[1] !~ '^[ 0-9]+$' AND c.call NOT LIKE '%resolve%' ELSE true END
ORDER BY c.call COLLATE "C", c.arguments, t.type;

-- text that is neither; a number that no profile had
SELECT cdp.profile_of('us-1');
SELECT cdp.profile_of('99999999999999999999');
SELECT * FROM cdp.explain('999999', 'user_id:us-1');
SELECT cdp.profile_of(NULL::text) IS NULL AS no_text, cdp.profile_of(NULL::bigint) IS NULL AS no_id, cdp.profile_at(NULL::text, now()) IS NULL AS no_text_then;

-- verdicts
PREPARE forbid (text, text) AS SELECT cdp.forbid($1, $2);
PREPARE forbid_why (text, text, text) AS SELECT cdp.forbid($1, $2, $3);
PREPARE allow (text, text) AS SELECT cdp.allow($1, $2);
PREPARE mark_shared (text, boolean) AS SELECT cdp.mark_shared($1, $2);
PREPARE unlink_two (text, text) AS SELECT count(*) FROM cdp.unlink($1, $2);
PREPARE unlink_one (varchar) AS SELECT count(*) FROM cdp.unlink($1);
EXECUTE forbid('anonymous_id:an-1', 'user_id:us-1');
EXECUTE forbid_why('anonymous_id:an-1', 'user_id:us-1', 'a kiosk');
SELECT kind, a, b, reason FROM cdp.verdict;
SELECT cdp.profile_of(:old_id) = :old_id AS apart_again;
EXECUTE allow('anonymous_id:an-1', 'user_id:us-1');
EXECUTE mark_shared('anonymous_id:an-1', true);
SELECT identifier FROM cdp.shared_identifiers;
EXECUTE mark_shared('anonymous_id:an-1', NULL);
EXECUTE unlink_one('us-1');
EXECUTE unlink_one('user_id:us-1');
EXECUTE unlink_two('anonymous_id:an-1', 'user_id:us-1');
-- literals and columns
SELECT cdp.forbid('anonymous_id:an-1', 'user_id:us-1'), cdp.allow('anonymous_id:an-1', i.identifier) FROM cdp_data.identifier i WHERE i.identifier OPERATOR(cdp.=) 'user_id:us-1';
SELECT cdp.allow('anonymous_id:an-1', 'user_id:us-1');
-- an analyst may ask in every form
CREATE ROLE regress_parameters;
SELECT cdp.grant_access('regress_parameters', 'analyst');
SET ROLE regress_parameters;
SELECT cdp.profile_of('user_id:us-1') = cdp.profile_of(:'new_id'::text) AS of, cdp.profile_at(:'new_id', now()) = cdp.profile_at(:new_id, now()) AS at,
	(cdp.resolve_profile(:'new_id'::text)).profile_id = :new_id AS resolved, (SELECT count(*) FROM cdp.explain(:old_id, :new_id)) AS explained;
RESET ROLE;
\c :origin
DROP DATABASE cdp_parameters;
DROP ROLE regress_parameters;
