-- The worked examples of consent, as events: who may be used for marketing, and why.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_consent_examples ENCODING 'UTF8' TEMPLATE template0;
\c cdp_consent_examples
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.create_purpose('marketing'), cdp.create_purpose('sale', 'opt_out', '{"EU": "opt_in"}'), cdp.create_purpose('service', 'none');
SELECT cdp.map_signal('category', 'M', 'marketing'), cdp.map_signal('gpc', '', 'sale');

-- an example, a day (Sunday is 0), who is on the event, and what it says
CREATE FUNCTION say(example integer, day integer, u text, a text, answer boolean DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, context, "timestamp")
	VALUES ('track', 'Seen', u || example, a || example, CASE WHEN answer IS NOT NULL THEN jsonb_build_object('consent', jsonb_build_object('categoryPreferences', jsonb_build_object('M', answer))) END,
		timestamptz '2025-01-05' + day * interval '1 day')
$$;
CREATE FUNCTION answers(VARIADIC people text[]) RETURNS TABLE (person text, allowed boolean, reason text) LANGUAGE sql AS $$
	SELECT p.person, c.allowed, c.reason FROM unnest(people) WITH ORDINALITY p (person, place) CROSS JOIN LATERAL cdp.consent_of(p.person, 'marketing') c ORDER BY p.place
$$;

-- 1, 2: the last word counts, in whatever order it comes
SELECT say(1, 1, 'u', NULL, true), say(2, 1, 'u', NULL, true), say(2, 2, 'u', NULL, false), say(22, 2, 'u', NULL, false);
-- 3: one person who did not say no; 4: two answers from before they were known as one; 5: as the same person, a changed mind
SELECT say(3, 1, NULL, 'a', true), say(3, 2, 'u', 'a'), say(4, 1, NULL, 'a', false), say(4, 2, 'u', NULL, true), say(4, 3, 'u', 'a');
SELECT say(5, 0, 'u', 'a'), say(5, 0, 'u', 'b'), say(5, 1, NULL, 'a', false), say(5, 2, 'u', 'b', true);
-- 6: a cookie does not lift what the account said; 7: of two that are taken apart; 8: at one instant
SELECT say(6, 0, 'u', 'a'), say(6, 1, 'u', NULL, false), say(6, 2, NULL, 'a', true), say(7, 1, 'u', 'a', false), say(77, 1, 'u', 'a', true), say(8, 1, 'u', NULL, true), say(8, 1, 'u', NULL, false);
-- 11: at a kiosk
SELECT say(11, 0, 'u', 'a'), say(11, 0, 'v', 'a'), say(11, 0, 'w', 'a'), say(11, 0, 'x', 'a'), say(11, 1, NULL, 'a', true), say(11, 2, 'u', 'a', false);
SELECT taken, quarantined FROM cdp.refresh();
SELECT say(22, 1, 'u', NULL, true);
SELECT taken, quarantined FROM cdp.refresh();
SELECT count(*) FROM cdp.unlink('user_id:u7', 'anonymous_id:a7') UNION ALL SELECT count(*) FROM cdp.unlink('user_id:u77', 'anonymous_id:a77');
SELECT * FROM answers('user_id:u1', 'user_id:u2', 'user_id:u22', 'user_id:u3', 'user_id:u4', 'user_id:u5', 'user_id:u6', 'anonymous_id:a6', 'user_id:u7', 'anonymous_id:a7',
	'user_id:u77', 'anonymous_id:a77', 'user_id:u8', 'anonymous_id:a11', 'user_id:u11', 'user_id:v11', 'user_id:missing');
-- the same of a person, explained; before the mind was changed; and by an earlier number of the person
SELECT name, allowed, reason, s ->> 'identifier' AS identifier, s ->> 'answer' AS answer, s ->> 'at' AS at, s ->> 'decides' AS decides, s -> 'lifted_by' ->> 'identifier' AS lifted_by
FROM cdp.consent_of('user_id:u5', 'marketing') LEFT JOIN LATERAL jsonb_array_elements(statements) s ON true;
SELECT name, allowed, reason, s ->> 'identifier' AS identifier, s ->> 'decides' AS decides
FROM cdp.consent_of('anonymous_id:a5', 'marketing', '2025-01-06 12:00Z') LEFT JOIN LATERAL jsonb_array_elements(statements) s ON true;
SELECT c.allowed FROM cdp_internal.known_identifier('anonymous_id:a5'::cdp.identifier) k CROSS JOIN LATERAL cdp.consent_of(k.identifier_id::text, 'marketing') c;

-- 9: a yes that expires; an older no stands again
SELECT cdp.set_consent('user_id:u1', 'marketing', 'yes', '{"document": 7}', now() + interval '1 day'), cdp.set_consent('user_id:u2', 'marketing', 'yes', expires_at => now() + interval '1 day');
SELECT person, c.allowed, c.reason, c.until IS NOT NULL AS ends, d.allowed AS later, d.reason AS later_reason
FROM (VALUES ('user_id:u1'), ('user_id:u2')) p (person) CROSS JOIN LATERAL cdp.consent_of(p.person, 'marketing') c CROSS JOIN LATERAL cdp.consent_of(p.person, 'marketing', now() + interval '2 days') d;
-- a reset: as if nothing had been said
SELECT cdp.set_consent('user_id:u2', 'marketing', 'reset');
SELECT * FROM answers('user_id:u2');
-- 10: nothing was said: where that is not known, the strictest holds; 12: a browser that objects, settings that allow
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'de', '{"country": "de"}'), ('identify', 'us', '{"country": "US-CA"}'), ('identify', 'gr', '{"country": "EL"}'), ('identify', 'xx', '{"country": "Atlantis"}');
INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, context, "timestamp") VALUES ('track', 'Seen', 'us', 'us', '{"consent": {}}', '2025-01-05');
SELECT taken FROM cdp.refresh();
SELECT p.person, c.name, c.allowed, c.reason FROM (VALUES ('de'), ('us'), ('gr'), ('xx')) p (person) CROSS JOIN LATERAL cdp.consent_of('user_id:' || p.person) c WHERE c.name <> 'marketing' ORDER BY 1, 2;
INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, context, "timestamp") VALUES ('track', 'Seen', 'us', 'us', '{"gpc": true}', '2025-01-06');
SELECT taken FROM cdp.refresh();
SELECT allowed, reason FROM cdp.consent_of('anonymous_id:us', 'sale');
SELECT cdp.set_consent('user_id:us', 'sale', 'yes');
INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, context) VALUES ('track', 'Seen', 'us', 'us', '{"gpc": true}');
SELECT taken FROM cdp.refresh();
SELECT allowed, reason FROM cdp.consent_of('anonymous_id:us', 'sale');
SELECT cdp.set_region_trait('land');
SELECT c.allowed, c.reason FROM cdp.consent_of('user_id:de', 'sale') c;
SELECT cdp.set_region_trait('country');

-- one that was never seen says no, which counts when it comes; the hash of an address stands for the address
SELECT cdp.set_consent('email:new@example.com', 'sale', 'no');
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'n1', '{"email": "New@example.com", "country": "US"}'), ('identify', 'n2', '{"email": "other@example.com", "country": "US"}'), ('identify', 'n3', '{"country": "US"}');
SELECT taken FROM cdp.refresh();
SELECT p.person, c.allowed, c.reason FROM (VALUES ('n1'), ('n2'), ('n3')) p (person) CROSS JOIN LATERAL cdp.consent_of('user_id:' || p.person, 'sale') c ORDER BY 1;
SELECT cdp.set_consent(cdp.hashed('email:other@example.com'::cdp.identifier)::text, 'sale', 'no');
SELECT allowed, reason FROM cdp.consent_of('user_id:n2', 'sale');
SELECT * FROM cdp.verify();

-- segments that are bound to a purpose
SELECT cdp.create_segment('mailing', 'events > 0 -- all'), cdp.set_segment_purpose('mailing', 'marketing');
SELECT cdp.set_consent('user_id:u3', 'marketing', 'no'), cdp.set_consent('user_id:u2', 'marketing', 'yes');
SELECT say(77, 9, 'u', NULL, false), say(1, 9, 'u', NULL);
SELECT taken FROM cdp.refresh();
UPDATE cdp_data.consent SET expires_at = now() - interval '1 day' WHERE expires_at IS NOT NULL;
UPDATE cdp_data.profile SET purposes_until = now() - interval '1 day' WHERE purposes_until < 'infinity';
UPDATE cdp_data.membership SET horizon = now() - interval '1 day' WHERE horizon < 'infinity';
SELECT taken FROM cdp.refresh();
SELECT c.kind, cdp.identifiers.value, c.cause FROM cdp.change c JOIN cdp.identifiers USING (profile_id) WHERE cdp.identifiers.namespace = 'user_id' AND c.cause <> 'definition' ORDER BY change_id;
SELECT i.value FROM cdp.members('mailing') m JOIN cdp.identifiers i USING (profile_id) WHERE i.namespace = 'user_id' ORDER BY 1;
SELECT cdp.drop_purpose('marketing');
SELECT cdp.set_segment_purpose('mailing', NULL) > 10 AS all_again;
SELECT * FROM cdp.verify();

-- a number is given again only when none is left
SELECT cdp.drop_purpose('service');
SELECT cdp.create_purpose('another');
SELECT purpose_id, name FROM cdp.purpose ORDER BY 1;
SELECT bool_and(purposes & 4 = 0) FROM cdp_data.profile;
SELECT count(cdp.create_purpose('p' || i)) FROM generate_series(4, 62) i;
SELECT cdp.create_purpose('again');
SELECT purpose_id FROM cdp.purpose WHERE name = 'again';
SELECT cdp.create_purpose('too many');
SELECT count(cdp.drop_purpose(name)) FROM cdp.purpose;
SELECT count(*) FROM cdp_data.profile WHERE purposes <> 0;

-- what is refused
SELECT cdp.create_purpose('marketing', 'opt-in');
SELECT cdp.create_purpose('marketing', by_region => '{"Europe": "opt_in"}');
SELECT cdp.create_purpose('marketing', 'sometimes');
SELECT cdp.create_purpose('marketing', by_region => '{"EU": null}');
SELECT cdp.create_purpose('');
SELECT cdp.create_purpose(NULL);
SELECT cdp.create_purpose('marketing');
SELECT cdp.create_purpose('marketing');
SELECT cdp.map_signal('tfc', '1', 'marketing');
SELECT cdp.map_signal('tcf', '99', 'marketing');
SELECT cdp.map_signal('tcf', '1', 'marketting');
SELECT cdp.set_consent('user_id:u1', 'marketing', 'maybe');
SELECT cdp.set_consent('user_id:u1', 'marketing', 'no', expires_at => now());
SELECT cdp.consent_of(NULL);
SELECT cdp.apply_purpose_template('dsgvo');
SELECT cdp.set_segment_purpose('missing', 'marketing');
SELECT cdp.apply_purpose_template('gdpr');
SELECT cdp.apply_purpose_template('ccpa');
SELECT kind, key, purpose FROM cdp.signal WHERE kind IN ('gpc', 'google') ORDER BY 1, 2, 3;

-- an erased identifier leaves a proof under a key, and what it said together with a stronger one stays without it
SELECT cdp.map_signal('category', 'M', 'marketing');
SELECT say(90, 1, 'u', 'a', false), say(91, 1, 'u', 'a', false);
SELECT taken FROM cdp.refresh();
BEGIN;
SELECT cdp_internal.refresh_lock(true);
SELECT cdp_internal.erase_consent(ARRAY[a.identifier_id, b.identifier_id], ARRAY['\x01'::bytea, '\x02'], now())
FROM cdp_internal.known_identifier('anonymous_id:a90'::cdp.identifier) a CROSS JOIN cdp_internal.known_identifier('user_id:u91'::cdp.identifier) b;
SELECT key, purpose, answer, first_time, source FROM cdp_data.consent_proof ORDER BY 1, 2;
SELECT i.identifier, c.ids IS NULL AS alone FROM cdp_data.consent c JOIN cdp_data.identifier i USING (identifier_id) WHERE i.identifier::text LIKE '%9_' ORDER BY 1;
ROLLBACK;
\c :origin
DROP DATABASE cdp_consent_examples;
