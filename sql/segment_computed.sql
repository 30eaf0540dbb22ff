-- Computed traits: types, values between refreshes, views, use in conditions, the feed, names, rights.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_computed ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_computed
SET client_min_messages = warning;
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_computer;
CREATE ROLE regress_cdp_reader;
\set VERBOSITY terse
SELECT cdp.init();
SELECT cdp.carry_property('order', 'total'), cdp.carry_property('order', 'sku');
-- time begins two days ahead, so that the clock of the machine does not matter
UPDATE cdp_data.state SET as_of = date_trunc('day', now()) + interval '2 days';
SELECT as_of AS start FROM cdp_data.state \gset
CREATE TABLE public.start AS SELECT as_of AS at FROM cdp_data.state;
CREATE FUNCTION public.who(profile_id bigint) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT cdp.value(i.identifier) FROM cdp_data.identifier i WHERE i.identifier_id = who.profile_id);
CREATE FUNCTION public.hours(at timestamptz) RETURNS numeric LANGUAGE sql STABLE
	RETURN round(extract(epoch FROM at - (SELECT s.at FROM public.start s)) / 3600, 2);
CREATE VIEW changes AS SELECT c.change_id, c.kind, public.who(c.profile_id) AS profile, c.segment, public.who(c.other_profile_id) AS other, c.trait, c.value, public.hours(c.at) AS at, c.cause FROM cdp.change c;

-- ui ordered i times, an hour apart
INSERT INTO cdp.inbox (type, event, message_id, user_id, traits, properties, "timestamp", received_at)
SELECT 'identify', NULL, 'i' || i, 'u' || i, jsonb_build_object('age', 20 + i), NULL::jsonb, :'start'::timestamptz - interval '10 days', :'start'::timestamptz FROM generate_series(1, 4) i
UNION ALL
SELECT 'track', 'order', format('o%s-%s', i, j), 'u' || i, NULL, jsonb_build_object('total', j * 1.5, 'sku', 's' || j % 2), :'start'::timestamptz - j * interval '1 hour', :'start' FROM generate_series(1, 3) i, generate_series(1, i) j;
SELECT taken, profiles_created FROM cdp.refresh();

-- each type
SELECT cdp.create_trait('orders', $$cdp.count_events(timeline, 'order', within => '150 minutes')$$, 'Orders of late') AS people;
SELECT cdp.create_trait('spent', $$cdp.sum(timeline, 'order', 'total')$$) AS people;
SELECT cdp.create_trait('last_order', $$cdp.last_time(timeline, 'order')$$) AS people;
SELECT cdp.create_trait('first_day', $$(cdp.first_time(timeline, 'order') AT TIME ZONE 'UTC')::date$$) AS people;
SELECT cdp.create_trait('skus', $$cdp.unique_values(timeline, 'order', 'sku')$$) AS people;
SELECT cdp.create_trait('active', $$cdp.did(timeline, 'order', within => '90 minutes') OR events > 3$$) AS people;
SELECT cdp.create_trait('level', $$CASE WHEN cdp.computed('spent') > 8 THEN 'gold' WHEN cdp.computed('spent') > 0 THEN 'silver' END$$) AS people;
SELECT cdp.create_trait('third', $$cdp.computed('spent')::double precision / 3$$) AS people;
SELECT cdp.create_trait('card', $$jsonb_build_object('age', traits -> 'age', 'skus', cardinality(cdp.computed('skus')), 'gold', cdp.computed('level') = 'gold')$$) AS people;
SELECT name, expression, type, description, people, state FROM cdp.computed_trait ORDER BY name;
SELECT a.attrelid::regclass AS view, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'cdp_segment'::regnamespace AND a.attname = 'value' ORDER BY c.relname;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.spent ORDER BY 1;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.skus ORDER BY 1;
SELECT public.who(profile_id) AS person, value, public.hours(judged_at) AS judged_at FROM cdp.trait_values('level') ORDER BY 1;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.card ORDER BY 1;
SELECT (cdp.lookup('user_id:u3', 'segments') -> 'computed') - '{last_order,first_day}'::text[] AS computed;
SELECT (cdp.lookup('user_id:u3', 'segments') #>> '{computed,last_order}')::timestamptz = :'start'::timestamptz - interval '1 hour' AS last_order, (cdp.lookup('user_id:u3', 'segments') #>> '{computed,first_day}')::date = ((:'start'::timestamptz - interval '3 hours') AT TIME ZONE 'UTC')::date AS first_day;
SELECT cdp.lookup('user_id:u4', 'segments') -> 'computed' AS computed;

-- in conditions, by number
SELECT cdp.create_segment('best', $$cdp.computed('level') = 'gold' AND NOT cdp.computed('active')$$) AS members;
SELECT cdp.create_segment('of_late', $$cdp.computed('last_order') > now() - interval '2 hours' AND cdp.computed('orders') > 1$$) AS members;
SELECT pg_get_viewdef('cdp_condition.best') LIKE '%computed(7, NULL::text) = ''gold''::text%' AS by_number;
SELECT name, level, depends_on FROM cdp_data.segment ORDER BY segment_id;
SELECT public.who(profile_id) AS person FROM cdp.members('best') ORDER BY 1;
SELECT line, depth, part, "values", holds, public.hours(until) AS until, change FROM cdp.why('best', 'user_id:u3');

-- an hour later: who reads sees it, the refresh says when
UPDATE cdp_data.state SET as_of = as_of + interval '1 hour';
SELECT public.who(profile_id) AS person, value FROM cdp_segment.orders ORDER BY 1;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.active ORDER BY 1;
SELECT public.who(profile_id) AS person FROM cdp.members('best') ORDER BY 1;
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT taken FROM cdp.refresh();
SELECT kind, profile, segment, value, at, cause FROM changes WHERE change_id > :last ORDER BY change_id;
SELECT public.who(profile_id) AS person, value, public.hours(since) AS since FROM cdp_segment.orders ORDER BY 1;

-- people who are merged, and split again; an event that is taken back
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT cdp.same('user_id:u1', 'user_id:u2');
SELECT kind, profile, segment, other, value, cause FROM changes WHERE change_id > :last AND (segment IS NULL OR segment IN ('spent', 'orders', 'skus')) ORDER BY change_id;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.spent ORDER BY 1;
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT cdp.allow('user_id:u1', 'user_id:u2') IS NOT NULL AS allowed;
SELECT kind, profile, segment, other, value, cause FROM changes WHERE change_id > :last AND (segment IS NULL OR segment IN ('spent', 'orders', 'skus')) ORDER BY change_id;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.spent ORDER BY 1;
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT count(*) FROM cdp.retract(message_ids => ARRAY['o3-3']);
SELECT kind, profile, segment, value, cause FROM changes WHERE change_id > :last ORDER BY change_id;
SELECT * FROM cdp.verify();
-- what is kept wrongly is found
UPDATE cdp_data.membership SET computed[2] = '7' WHERE public.who(profile_id) = 'u1';
SELECT * FROM cdp.verify() ORDER BY item;
UPDATE cdp_data.membership SET computed[2] = '1.5' WHERE public.who(profile_id) = 'u1';
-- an array that is too short is an error, and no crash
BEGIN;
UPDATE cdp_data.membership SET computed = '{1}' WHERE public.who(profile_id) = 'u1';
SELECT cdp.lookup('user_id:u1', 'segments');
ROLLBACK;

-- columns of a view; another type makes it again, with its owner and privileges
SELECT cdp.grant_access('regress_cdp_computer', 'steward'), cdp.grant_access('regress_cdp_reader', 'analyst');
SELECT cdp.create_profile_view('public.crm', 'age integer', 'spent computed', 'level as grade computed', 'spent as "As Text" computed');
GRANT SELECT ON public.crm TO regress_cdp_reader;
SELECT age, spent, grade, "As Text" FROM public.crm ORDER BY age;
SET ROLE regress_cdp_reader;
SELECT age, grade FROM public.crm ORDER BY age;
SELECT public.who(profile_id) FROM cdp_segment.spent WHERE value > 5;
SELECT kind, count(*) FROM cdp.change WHERE trait = 'spent' GROUP BY 1;
RESET ROLE;
SELECT cdp.create_profile_view('public.none', 'none computed');
SELECT cdp.create_profile_view('public.none', 'best computed');
SELECT cdp.create_trait('spent', $$cdp.sum(timeline, 'order', 'total')::text$$, replace => true);
SELECT cdp.create_trait('level', $$events$$, replace => true);
SELECT cdp.drop_segment('best'), cdp.drop_trait('card');
SELECT cdp.create_trait('level', $$events$$, 'How many events', replace => true) AS people;
SELECT age, spent, grade FROM public.crm ORDER BY age;
SELECT format_type(a.atttypid, NULL) AS type, col_description(a.attrelid, a.attnum) AS comment FROM pg_attribute a WHERE a.attrelid = 'public.crm'::regclass AND a.attname = 'grade';
SELECT obj_description('cdp_segment.level'::regclass);
SET ROLE regress_cdp_reader;
SELECT age, grade FROM public.crm ORDER BY age;
SELECT count(*) FROM cdp_segment.level;
RESET ROLE;
SELECT column_name, trait, type, people, problems FROM cdp.profile_view_problems('public.crm');

-- another name
SELECT cdp.rename_segment('spent', 'total_spent');
SELECT expression FROM cdp.computed_trait WHERE name = 'third';
SELECT v.columns FROM cdp_data.profile_view v;
SELECT age, spent FROM public.crm ORDER BY age;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.total_spent ORDER BY 1;
SELECT cdp.rename_segment('total_spent', 'age');
SELECT cdp.drop_trait('total_spent');
SELECT cdp.drop_trait('third');
SELECT cdp.drop_trait('total_spent');
DROP VIEW public.crm;
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT cdp.drop_trait('total_spent');
SELECT kind, profile, trait, value, cause FROM cdp_data.change c CROSS JOIN LATERAL (SELECT public.who(c.profile_id) AS profile) w WHERE c.change_id > :last ORDER BY change_id;
SELECT * FROM cdp.verify();

-- what is refused
SELECT cdp.create_trait('age', 'events');
SELECT cdp.create_trait('of_late', 'events');
SELECT cdp.create_segment('orders', 'events > 1', replace => true);
SELECT cdp.create_trait('orders', 'events');
SELECT cdp.create_trait('Orders', 'events');
SELECT cdp.create_trait('x', '');
SELECT cdp.create_trait('x', 'events, events');
SELECT cdp.create_trait('x', 'events AS n');
SELECT cdp.create_trait('x', 'last_seen - first_seen');
SELECT cdp.create_trait('x', 'now()');
SELECT cdp.create_trait('x', 'random()');
SELECT cdp.create_trait('x', '(SELECT 1)');
SELECT cdp.create_trait('x', $$cdp.computed('x')$$);
SELECT cdp.create_trait('x', $$cdp.computed('of_late')$$);
SELECT cdp.create_trait('x', $$cdp.computed(traits ->> 'a')$$);
SELECT cdp.create_trait('x', $$cdp_internal.computed(1, NULL::text)$$);
SELECT cdp.create_trait('x', $$cdp.in_segment('orders')$$);
SELECT cdp.create_segment('x', $$CASE WHEN events > 1 THEN true END$$);
SELECT cdp.create_trait('skus', $$ARRAY[(cdp.computed('skus'))[1]]$$, replace => true);
SELECT cdp.members('orders'), cdp.trait_values('of_late');
SELECT cdp.is_member('orders', 'user_id:u1');
SELECT * FROM cdp.why('orders', 'user_id:u1');
SELECT cdp.create_consumer('crm', '{orders}');
SELECT cdp.drop_segment('orders'), cdp.drop_trait('of_late');
SELECT cdp.computed('orders');
SELECT cdp_internal.computed(1, NULL::bigint) IS NULL AS nobody_is_judged;
SELECT segment, count(*) FROM cdp.membership GROUP BY 1;

-- fails for one person: the value stays as it was, the others go on
SELECT cdp.create_trait('ratio', $$100 / (cdp.try_integer(traits -> 'age') - 22)$$) AS people;
SELECT name, people, state, error, public.who(error_profile_id) AS profile FROM cdp.computed_trait WHERE name = 'ratio';
SELECT public.who(profile_id) AS person, value FROM cdp_segment.ratio ORDER BY 1;
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) VALUES ('identify', 'u2', '{"age": 24}', :'start', :'start');
SELECT taken FROM cdp.refresh();
SELECT name, people, state, error FROM cdp.computed_trait WHERE name = 'ratio';
SELECT public.who(profile_id) AS person, value FROM cdp_segment.ratio ORDER BY 1;
-- a source gives a trait of that name: each stays apart
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) VALUES ('identify', 'u2', '{"ratio": "theirs"}', :'start', :'start');
SELECT taken FROM cdp.refresh();
SELECT traits ->> 'ratio' AS given, cdp.lookup('user_id:u2', 'segments') -> 'computed' -> 'ratio' AS computed FROM cdp.profiles WHERE public.who(profile_id) = 'u2';
SELECT cdp.create_trait('ratio', $$100 / (cdp.try_integer(traits -> 'age') - 20)$$, replace => true) AS people;
-- and for one that is too long
SELECT cdp.create_trait('long', $$repeat('x', 62000 + events::integer * 1000)$$) AS people;
SELECT error FROM cdp.computed_trait WHERE name = 'long';
SELECT cdp.drop_trait('long');

-- each with the rights of the owner: the trait must be readable to use it, the readers need no other right
SET ROLE regress_cdp_computer;
SELECT cdp.create_trait('theirs', $$cdp.computed('orders') + 1$$) AS people;
RESET ROLE;
REVOKE SELECT ON cdp_segment.skus FROM regress_cdp_computer, regress_cdp_reader;
SET ROLE regress_cdp_computer;
SELECT cdp.create_trait('denied', $$cdp.computed('skus')$$);
SELECT cdp.trait_values('skus');
SELECT count(*) FROM cdp.change WHERE trait = 'skus';
SELECT cdp.lookup('user_id:u3', 'segments') -> 'computed' ? 'skus' AS shown;
SELECT cdp.create_trait('orders', 'events', replace => true);
SET ROLE regress_cdp_reader;
SELECT public.who(profile_id) AS person, value FROM cdp_segment.theirs ORDER BY 1;
SELECT cdp.create_trait('x', 'events');
RESET ROLE;
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_segment_computed;
DROP ROLE regress_cdp_computer, regress_cdp_reader;
