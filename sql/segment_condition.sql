-- What is a segment's condition, and what each refusal says.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_condition ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_condition
CREATE EXTENSION cdp;

-- before cdp.init()
SELECT cdp_internal.check_condition('true');

SELECT cdp.init();
CREATE SEQUENCE numbers;
CREATE TABLE other (id bigint);
CREATE DOMAIN truth AS boolean;
CREATE FUNCTION steady(bigint) RETURNS truth IMMUTABLE RETURN $1 > 1;
CREATE FUNCTION shaky(bigint) RETURNS boolean VOLATILE RETURN $1 > 1;
CREATE FUNCTION shaky_equal(bigint, bigint) RETURNS boolean VOLATILE RETURN $1 = $2;
CREATE OPERATOR ==== (FUNCTION = shaky_equal, LEFTARG = bigint, RIGHTARG = bigint);

-- Says what a condition gets: "ok", or the error without its position.
CREATE FUNCTION verdict(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	hint text;
BEGIN
	PERFORM cdp_internal.check_condition(condition);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || message || coalesce(' | ' || nullif(hint, ''), '');
END
$$;

-- accepted
SELECT condition, verdict(condition) FROM (VALUES
	(1, 'true'),
	(2, 'events > 1'),
	(3, 'profile_row.events > 1 AND cdp.profile_row.events < 9'),
	(4, E'  events > 1   -- more than a visit\n  AND /* and */ events < 9 -- end'),
	(5, E'events > 1 /* a /* nested */ comment */'),
	(6, $$traits->>'plan' = 'pro' OR traits->'address'->>'city' = 'Rome'$$),
	(7, $$last_seen > now() - interval '7 days'$$),
	(8, $$last_seen > CURRENT_TIMESTAMP - interval '7 days'$$),
	(9, $$'email:ann@example.com' = ANY (identifiers)$$),
	(10, $$(events > 1) IS NOT TRUE OR coalesce(last_seen > now() - interval '1 day', false) IS UNKNOWN$$),
	(11, 'events IN (1, 2, 3)'),
	(12, 'public.steady(events)'),
	(13, 'NULL::boolean'),
	(14, '((((((((((true))))))))))'),
	(15, $$ 'true); DROP TABLE public.other; --' <> traits->>'plan' $$),
	(16, '(profile_id, events) > (1, 2)'),
	(17, $$cdp.did(timeline, 'Order Completed', within => '90 days') AND NOT cdp.did(timeline, 'Refunded')$$)
) AS c (number, condition) ORDER BY number;

-- no expression, more than one, or more than an expression
SELECT condition, verdict(condition) FROM (VALUES
	(1, ''),
	(2, E' \n\t'),
	(3, '-- nothing'),
	(4, '/* nothing */'),
	(5, '/* not ended'),
	(6, 'true, false'),
	(7, 'true yes'),
	(8, 'true AS yes'),
	(9, 'events > 1 plan'),
	(10, '*'),
	(11, 'profile_row.*'),
	(12, '(profile_row).*'),
	(13, 'ALL true'),
	(14, 'ALL'),
	(15, 'DISTINCT true'),
	(16, 'DISTINCT ON (events) true'),
	(17, 'true FROM public.other'),
	(18, 'true WHERE true'),
	(19, 'true GROUP BY events'),
	(20, 'true HAVING true'),
	(21, 'true WINDOW w AS ()'),
	(22, 'true ORDER BY events'),
	(23, 'true LIMIT 1'),
	(24, 'true OFFSET 1'),
	(25, 'true FETCH FIRST ROW ONLY'),
	(26, 'true FOR UPDATE'),
	(27, 'true INTO public.other'),
	(28, 'true UNION SELECT true'),
	(29, 'WITH w AS (SELECT 1) SELECT true'),
	(30, 'SELECT true'),
	(31, 'x := true'),
	(32, 'true AND'),
	(33, $$traits->>'plan' = 'pro$$),
	(34, 'events >'),
	(35, '(events > 1'),
	(36, 'events > 1)')
) AS c (number, condition) ORDER BY number;

-- attempts to break out of the parentheses
SELECT condition, verdict(condition) FROM (VALUES
	(1, 'true) OR (true'),
	(2, 'true); DROP TABLE public.other; --'),
	(3, 'true; DROP TABLE public.other'),
	(4, 'true;'),
	(5, 'true --'),
	(6, 'true /*'),
	(7, 'true */'),
	(8, E'true --\n) UNION SELECT id FROM (public.other'),
	(9, E'true \\; DROP TABLE public.other'),
	(10, $$E'\') OR (true' = ''$$),
	(11, '$$) OR (true'),
	(12, $$U&'\0061' UESCAPE$$)
) AS c (number, condition) ORDER BY number;

-- expressions that are no boolean function of the row
SELECT condition, verdict(condition) FROM (VALUES
	(1, '1'),
	(2, 'NULL'),
	(3, $$'true'$$),
	(4, 'events'),
	(5, 'traits'),
	(6, 'identifiers'),
	(7, 'now()'),
	(8, '(true, false)'),
	(9, '(SELECT true)'),
	(10, 'EXISTS (SELECT FROM public.other)'),
	(11, 'events IN (SELECT id FROM public.other)'),
	(12, 'events = ANY (ARRAY(SELECT id FROM public.other))'),
	(13, 'count(*) > 1'),
	(14, 'max(events) OVER () > 1'),
	(15, 'bool_or(events > 1) FILTER (WHERE true)'),
	(16, 'GROUPING(events) = 0'),
	(17, 'row_number() OVER (ORDER BY events) > 1'),
	(18, 'generate_series(1, 3) = 2'),
	(19, $$jsonb_array_elements_text(traits->'tags') = 'vip'$$),
	(20, 'random() > 0.5'),
	(21, 'clock_timestamp() > last_seen'),
	(22, $$nextval('public.numbers') = 1$$),
	(23, 'public.shaky(events)'),
	(24, 'events OPERATOR(public.====) 1'),
	(25, 'pg_sleep(0) IS NULL'),
	(26, '$1'),
	(27, 'events = $2'),
	(28, 'profile_row IS NOT NULL'),
	(29, 'profile_row = ROW(1)'),
	(30, 'xmin IS NOT NULL'),
	(31, 'tableoid = 0'),
	(32, 'DEFAULT'),
	(33, 'plan = 1'),
	(34, 'other.id = 1'),
	(35, 'steady(events)'),
	(36, $$events = 'many'$$),
	(37, $$events = 'many'::text$$),
	(38, $$'x'::nothing IS NULL$$),
	(39, $$'a' COLLATE "C" < 'b' COLLATE "POSIX"$$)
) AS c (number, condition) ORDER BY number;

-- the clock, settings, tables: what the answer can depend on besides the person
CREATE FUNCTION unsteady(bigint) RETURNS boolean STABLE RETURN $1 > 1;
SELECT condition, verdict(condition) FROM (VALUES
	(1, $$last_seen > now() - interval '7 days'$$),
	(2, $$now() - interval '7 days' < last_seen$$),
	(3, $$last_seen between current_timestamp - '7 days'::interval and now() - interval '1 hour' * 2$$),
	(4, $$last_seen > now() - interval '1 month'$$),
	(5, $$now() - last_seen > interval '7 days'$$),
	(6, $$last_seen + interval '7 days' > now()$$),
	(7, $$last_seen + interval '1 month' > now()$$),
	(8, $$age(last_seen) > interval '7 days'$$),
	(9, $$last_seen > current_date$$),
	(10, $$last_seen > current_date - 7$$),
	(11, $$last_seen > localtimestamp$$),
	(12, $$last_seen > current_timestamp(0)$$),
	(13, $$last_seen > 'tomorrow'$$),
	(14, $$last_seen > 'yesterday'::timestamptz$$),
	(15, $$last_seen > timestamptz 'now'$$),
	(16, $$last_seen > '2024-01-01'$$),
	(17, $$traits ->> 'plan' = 'today'$$),
	(18, $$'{today,tomorrow}'::date[] is not null$$),
	(19, $$tstzrange('today', 'tomorrow') @> last_seen$$),
	(20, $$'[today,tomorrow)'::tstzrange @> last_seen$$),
	(21, $$(traits ->> 'renewal')::timestamptz < now()$$),
	(22, $$(traits ->> 'renewal')::date < '2024-01-01'$$),
	(23, $$('tomorrow'::text)::date < '2024-01-01'$$),
	(24, $$cdp.try_timestamptz(traits -> 'renewal') < now() + interval '30 days'$$),
	(25, $$coalesce(cdp.try_timestamptz(traits -> 'renewal'), first_seen) < now()$$),
	(26, $$coalesce(last_seen, now()) > '2024-01-01'$$),
	(27, $$coalesce(last_seen > now() - interval '1 day', false)$$),
	(28, $$coalesce(cdp.sum(timeline, 'order', 'total', within => '7 days'), 0) > 5$$),
	(29, $$cdp.last_time(timeline, 'order') < now() - interval '3 days'$$),
	(30, $$cdp.did(timeline, 'order', since => now() - interval '3 days')$$),
	(31, $$cdp.did(timeline, 'order', as_of => now() - interval '3 days')$$),
	(32, $$cdp.did(timeline, 'order', as_of => coalesce(last_seen, now()))$$),
	(33, $$cdp.did(timeline, 'order', as_of => '2024-02-01')$$),
	(34, $$cdp.did(timeline, 'order', as_of => last_seen)$$),
	(35, $$now() > now() - interval '1 day'$$),
	(36, $$last_seen is distinct from now()$$),
	(37, $$last_seen in (now(), now() - interval '1 day')$$),
	(38, $$case when events > 1 then true else false end$$),
	(39, $$statement_timestamp() > last_seen$$),
	(40, $$last_seen::date = '2024-01-01'$$),
	(41, $$(last_seen at time zone 'Europe/Berlin')::date = '2024-01-01'$$),
	(42, $$date_trunc('day', last_seen) = '2024-01-01'$$),
	(43, $$extract(hour from last_seen) = 3$$),
	(44, $$extract(hour from last_seen at time zone 'UTC') = 3$$),
	(45, $$to_char(last_seen, 'Day') = 'x'$$),
	(46, $$last_seen::text = 'x'$$),
	(47, $$'x' || events = 'x1'$$),
	(48, $$'x' || last_seen = 'x1'$$),
	(49, $$format('%s', events) = 'x'$$),
	(50, $$concat(events, last_seen) = 'x'$$),
	(51, $$(traits ->> 'tags')::text[] = '{a}'$$),
	(52, $$(traits ->> 'tags')::int[] = '{1}'$$),
	(53, $$(traits ->> 'n')::int > 3$$),
	(54, $$traits -> 'n' = to_jsonb(3)$$),
	(55, $$current_user = 'ann'$$),
	(56, $$current_setting('x') = 'ann'$$),
	(57, $$pg_has_role('x', 'usage')$$),
	(58, $$'pg_class'::regclass = 3$$),
	(59, $$(traits ->> 'n')::regclass = 3$$),
	(61, $$public.unsteady(events)$$),
	(62, $$cdp.profile_of(profile_id) = 3$$),
	(63, $$cdp.identifier('email', 'a@b.de') = ANY (identifiers)$$),
	(64, $$first_seen::timestamp < '2024-01-01'$$),
	(65, $$first_seen < '2024-01-01'::date$$),
	(66, $$make_timestamptz(2024,1,1,1,1,1) < last_seen$$),
	(67, $$last_seen > greatest(first_seen, now())$$),
	(68, $$(events > 1) is not true and (last_seen > now() - interval '1 day') is unknown$$),
	(69, $$to_tsvector('x') is null$$),
	(70, $$to_tsvector('english','x') is null$$)
) AS c (number, condition) ORDER BY number;
SELECT cdp_internal.check_condition($$events > 1 AND last_seen > current_date$$);
SELECT cdp_internal.check_condition($$events > 1 AND coalesce(last_seen, now()) > first_seen$$);
SELECT cdp_internal.check_condition($$events > 1 AND last_seen > 'today'$$);
SELECT cdp_internal.check_condition($$events > 1 OR CASE WHEN true THEN false END$$);

-- the position is in the condition, not in the statement that brought it
SELECT cdp_internal.check_condition('events > 1 AND plan');
SELECT cdp_internal.check_condition(E'events > 1\n\tAND count(*) > 1');
SELECT cdp_internal.check_condition('events > 1, true');
SELECT cdp_internal.check_condition($$'é' = 'é' AND random() > 0.5$$);
SELECT cdp_internal.check_condition('true) OR (true');
SELECT cdp_internal.check_condition('ALL true');
SELECT cdp_internal.check_condition('events = ''many''');
SELECT cdp_internal.check_condition('true FROM public.other');

-- the caller's path does not count: neither for what is found nor for what is shadowed
CREATE FUNCTION public.now() RETURNS timestamptz VOLATILE RETURN clock_timestamp();
SET search_path = public, pg_catalog;
SELECT verdict('steady(events)');
SELECT verdict('now() > last_seen');
RESET search_path;

-- long and deep: an error at worst
SELECT verdict('events IN (' || string_agg(i::text, ', ') || ')') FROM generate_series(1, 20000) i;
SELECT verdict(repeat('events > 1 AND ', 20000) || 'true');
SELECT verdict(repeat('(', 1000) || 'true' || repeat(')', 1000));
SELECT left(verdict(repeat('(', 100000) || 'true' || repeat(')', 100000)), 30);
SELECT left(verdict(repeat('NOT ', 100000) || 'true'), 30);
SELECT count(*) AS strict FROM cdp_internal.check_condition(NULL);

-- the parts of a condition; each is tried on a made-up person, so that what is wrong with its constants shows while there are no people
SELECT * FROM cdp_internal.check_condition($$ events > 1 AND (NOT did(timeline, 'x', within => '3 days') OR traits ->> 'plan' = 'pro') AND first_seen < now() $$);
\set VERBOSITY terse
SELECT (SELECT count(*) FROM cdp_data.profile) AS people, cdp_internal.try_condition($$ cdp.did(timeline, 'x', within => '1 month') $$);
SELECT cdp_internal.try_condition($$ events > 10 AND cdp.did(timeline, 'x', within => '1 month') $$);
SELECT cdp_internal.try_condition($$ events > 0 OR NOT cdp.did(timeline, 'x', at_least => -1) $$);
SELECT cdp_internal.try_condition($$ traits ->> 'plan' ~ '(' AND events > 10 $$);
SELECT cdp.create_segment('wrong', $$ events > 10 AND cdp.count_events(timeline, 'x', within => '1 month') > 2 $$);
-- what depends on the person is no error
SELECT cdp_internal.try_condition($$ (traits ->> 'age')::int > 3 AND identifiers[7] IS NULL AND profile_row.events > 0 $$);
SELECT cdp_internal.try_condition(NULL);
\set VERBOSITY default

SELECT count(*) AS untouched FROM other;
\c :origin
DROP DATABASE cdp_segment_condition;
