-- What people say by their events, and what follows: twelve examples, each with people of its own
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_consent_signal_examples ENCODING 'UTF8' TEMPLATE template0;
\c cdp_consent_signal_examples
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
SET timezone = 'UTC';
SELECT cdp.create_purpose('marketing'), cdp.create_purpose('sale', 'opt_out'),
	cdp.create_purpose('abroad', 'opt_out', '{"EU": "opt_in"}');
SELECT cdp.map_signal('category', 'Marketing', 'marketing'), cdp.map_signal('category', 'Sale', 'sale'),
	cdp.map_signal('gpc', '', 'sale');

-- one event of a week that begins on Sunday: who, and what the answer of a category was; yes and no are those of Marketing
CREATE FUNCTION send(example text, day integer, user_id text, anonymous_id text, answer boolean DEFAULT NULL,
	context jsonb DEFAULT NULL) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, context, source, "timestamp", received_at)
	VALUES ('track', 'View', user_id || example, anonymous_id || example, coalesce(context, CASE WHEN answer IS NOT NULL THEN
		jsonb_build_object('consent', jsonb_build_object('categoryPreferences', jsonb_build_object('Marketing', answer))) END),
		'web', timestamptz '2026-02-01' + day * interval '1 day', '2026-02-20');
END;
CREATE FUNCTION answer(identifier text, purpose text DEFAULT 'marketing') RETURNS text
	LANGUAGE sql
	RETURN (SELECT CASE WHEN c.allowed THEN 'yes' ELSE 'no' END || ' by ' || c.reason FROM cdp.consent_of(identifier, purpose) c);
-- the stamp says the same
CREATE VIEW stamped AS
SELECT i.identifier::text AS identifier, p.name AS purpose, (r.purposes >> p.purpose_id & 1) = 1 AND r.purposes_until > now() AS yes
FROM cdp_data.identifier i JOIN cdp_data.profile r USING (profile_id) CROSS JOIN cdp_data.purpose p;

-- 1: u yes on Monday
SELECT send('1', 1, 'u', NULL, true);
-- 2: u yes on Monday, no on Tuesday; and loaded in the other order
SELECT send('2', 1, 'u', NULL, true), send('2b', 2, 'u', NULL, false);
SELECT count(*) FROM cdp.refresh();
SELECT send('2', 2, 'u', NULL, false), send('2b', 1, 'u', NULL, true);
-- 3: a yes on Monday; a and u linked on Tuesday, nothing else
SELECT send('3', 1, NULL, 'a', true), send('3', 2, 'u', 'a');
-- 4: a no on Monday, u yes on Tuesday, linked on Wednesday
SELECT send('4', 1, NULL, 'a', false), send('4', 2, 'u', NULL, true), send('4', 3, 'u', 'a');
-- 5: linked on Sunday; a no on Monday; u yes on Tuesday, on another device
SELECT send('5', 0, 'u', 'a'), send('5', 1, NULL, 'a', false), send('5', 2, 'u', 'b', true);
-- 6: linked on Sunday; u no on Monday; a yes on Tuesday
SELECT send('6', 0, 'u', 'a'), send('6', 1, 'u', NULL, false), send('6', 2, NULL, 'a', true);
-- 7: an event of both says no, of two others yes; both pairs are unlinked later
SELECT send('7', 1, 'u', 'a', false), send('7b', 1, 'u', 'a', true);
-- 8: u yes and no at the same instant
SELECT send('8', 1, 'u', NULL, true), send('8', 1, 'u', NULL, false);
-- 10: nothing said; and of a purpose that is opt-in in the EU, from an unknown place, Germany, the United States
SELECT send('10', 1, 'u', NULL);
INSERT INTO cdp.inbox (type, user_id, traits, source) VALUES ('identify', 'u10de', '{"country": "DE"}', 'web'),
	('identify', 'u10us', '{"country": "US"}', 'web');
-- 11: a kiosk, which is shared, clicks yes; u at the kiosk no
SELECT send('11', 0, 'v', 'kiosk');
SELECT count(*) FROM cdp.refresh();
SELECT cdp.mark_shared('anonymous_id:kiosk11', true);
SELECT send('11', 1, NULL, 'kiosk', true), send('11', 2, 'u', 'kiosk', false), send('11b', 2, 'w', NULL);
-- 12: GPC on an event of a and u; u later says yes; then GPC again
SELECT send('12', 1, 'u', 'a', context => '{"gpc": true}');
SELECT count(*) FROM cdp.refresh();
SELECT e.identifier, answer(e.identifier, e.purpose)
FROM (VALUES ('user_id:u1', 'marketing'), ('user_id:u2', 'marketing'), ('user_id:u2b', 'marketing'),
	('user_id:u3', 'marketing'), ('user_id:u4', 'marketing'), ('user_id:u5', 'marketing'), ('user_id:u6', 'marketing'),
	('user_id:u7', 'marketing'), ('user_id:u7b', 'marketing'), ('user_id:u8', 'marketing'), ('user_id:u10', 'sale'),
	('user_id:u10', 'marketing'), ('user_id:u10', 'abroad'), ('user_id:u10de', 'abroad'), ('user_id:u10us', 'abroad'),
	('anonymous_id:kiosk11', 'marketing'), ('user_id:u11', 'marketing'), ('user_id:v11', 'marketing'),
	('user_id:u12', 'sale')) AS e (identifier, purpose);
SELECT count(*) FROM cdp.unlink('user_id:u7', 'anonymous_id:a7');
SELECT count(*) FROM cdp.unlink('user_id:u7b', 'anonymous_id:a7b');
SELECT e.identifier, answer(e.identifier)
FROM unnest('{user_id:u7,anonymous_id:a7,user_id:u7b,anonymous_id:a7b}'::text[]) AS e (identifier);
SELECT send('12', 2, 'u', NULL, context => '{"consent": {"categoryPreferences": {"Sale": true}}}');
SELECT count(*) FROM cdp.refresh();
SELECT answer('user_id:u12', 'sale'), answer('anonymous_id:a12', 'sale');
SELECT send('12', 3, NULL, 'a', context => '{"gpc": true}');
SELECT count(*) FROM cdp.refresh();
SELECT answer('user_id:u12', 'sale');
-- 9: a yes that expires, as signals do not
SELECT send('9', 1, 'u', NULL, false);
SELECT count(*) FROM cdp.refresh();
SELECT cdp.set_consent('user_id:u9', 'marketing', 'yes', expires_at => now() + interval '1 hour');
SELECT answer('user_id:u9') AS now, c.reason AS later FROM cdp.consent_of('user_id:u9', 'marketing', now() + interval '2 hours') c;

SELECT s.identifier, s.purpose, s.yes, c.allowed
FROM stamped s CROSS JOIN LATERAL cdp.consent_of(s.identifier, s.purpose) c WHERE s.yes <> c.allowed;

-- a no of an identifier that is kept out of the person reaches the person whose it is, though no event of theirs says it
SELECT send('13', 1, 'u', 'a'), send('13', 1, 'w', 'b');
SELECT count(*) FROM cdp.refresh();
SELECT cdp.forbid('anonymous_id:a13', 'user_id:w13') IS NOT NULL AS forbidden;
SELECT send('13', 2, 'w', 'a', context => '{"gpc": true}');
SELECT count(*) FROM cdp.refresh();
SELECT s.identifier, s.yes, answer(s.identifier, 'sale') FROM stamped s WHERE s.identifier ~ '13$' AND s.purpose = 'sale' ORDER BY 1;
-- the event is taken back
SELECT events FROM cdp.retract(query => $$SELECT e.event_id FROM cdp.events e WHERE e.user_id = 'w13' AND e.anonymous_id = 'a13'$$);
SELECT s.identifier, s.yes, answer(s.identifier, 'sale') FROM stamped s WHERE s.identifier ~ '13$' AND s.purpose = 'sale' ORDER BY 1;

-- a no between what was said again and again, which comes later: of both runs the ends are what the log says
SELECT send('14', day, 'u', NULL, true) FROM unnest('{1,2,4,5}'::integer[]) AS day;
SELECT count(*) FROM cdp.refresh();
SELECT c.answer, c.first_time, c.last_time FROM cdp.consent c WHERE c.identifier = 'user_id:u14' ORDER BY c.first_time;
SELECT send('14', 3, 'u', NULL, false);
SELECT count(*) FROM cdp.refresh();
SELECT c.answer, c.first_time, c.last_time FROM cdp.consent c WHERE c.identifier = 'user_id:u14' ORDER BY c.first_time;

SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_consent_signal_examples;
