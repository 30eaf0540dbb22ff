-- Accounts of group calls: traits, members, and what follows when people merge, fall apart or are blocked.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_account ENCODING 'UTF8' TEMPLATE template0;
\c cdp_account
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
SET search_path = public, cdp;
CREATE FUNCTION who(id bigint) RETURNS text LANGUAGE sql AS $$ SELECT identifiers[1] FROM cdp.profiles WHERE profile_id = id $$;
CREATE FUNCTION "call"(anonymous_id text, user_id text, group_id text, traits jsonb, day integer, source text DEFAULT 'app') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, anonymous_id, user_id, group_id, traits, "timestamp", received_at, source)
	VALUES (CASE WHEN group_id IS NULL THEN 'identify' ELSE 'group' END, anonymous_id, user_id, group_id, traits, timestamptz '2026-01-01' + day * interval '1 day', '2026-06-01', source)
$$;
CREATE VIEW members AS SELECT group_id, who(profile_id), since::date, last_at::date, events FROM cdp.account_members WHERE group_id <> 'fleeting' ORDER BY group_id, who(profile_id);

SELECT "call"(NULL, 'ann', 'acme', '{"name": "Acme", "plan": "free", "seats": 5}', 1), "call"(NULL, 'ann', ' acme ', '{"plan": "pro"}', 3), "call"(NULL, 'bob', 'acme', '{"plan": "trial", "size": "small"}', 2),
	"call"(NULL, 'bob', 'smith family', '{"pets": ["cat"]}', 4), "call"('a1', NULL, 'acme', NULL, 5), "call"('a2', NULL, 'other', '{"plan": "old"}', 6);
-- what is no account
SELECT "call"(NULL, 'ann', '  ', NULL, 1), "call"(NULL, 'ann', repeat('x', 513), NULL, 1), "call"(NULL, 'ann', E'a\nb', NULL, 1), "call"(NULL, 'ann', 'acme', '[1]', 1), "call"(NULL, NULL, 'acme', '{"plan": "x"}', 1);
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT reason, detail, count(*) FROM cdp.quarantine GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM cdp.accounts ORDER BY group_id;
SELECT * FROM members;
SELECT p.key, p.value, p.source, p.at FROM cdp_data.account a CROSS JOIN LATERAL cdp.provenance(a.traits) p WHERE a.group_id = 'acme' ORDER BY 1;
-- a group's traits are not the person's
SELECT who(profile_id), traits FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();

-- in conditions
SELECT who(profile_id), accounts, account_traits::jsonb FROM cdp.profile_row ORDER BY 1;
SELECT cdp.create_segment('of_acme', $$ 'acme' = ANY (accounts) $$), cdp.create_segment('on_pro', $$ account_traits->>'plan' = 'pro' $$),
	cdp.create_segment('with_pets', $$ account_traits @> '{"pets": ["cat"]}' AND cardinality(accounts) > 1 $$), cdp.create_segment('of_none', 'account_traits IS NULL');
-- errors show when a condition is given
SELECT cdp.create_segment('broken', $$ (account_traits->>'name')::integer > 5 $$);
SELECT cdp.create_segment('broken', $$ (accounts[1])::integer > 5 $$);
SELECT array_agg(who(profile_id) ORDER BY who(profile_id)) FROM cdp.members('on_pro');
SELECT cdp.lookup('user_id:bob', 'accounts,segments') - 'profile_id';

-- a1 turns out to be Ann: her membership and a1's are one, and nothing of the accounts changes
SELECT "call"('a1', 'ann', NULL, '{"n": 1}', 7);
SELECT accepted, profiles_merged FROM cdp.refresh();
SELECT * FROM members;
SELECT group_id, members, events FROM cdp.accounts ORDER BY group_id;
SELECT count(*) FROM cdp.unlink('anonymous_id:a1', 'user_id:ann');
SELECT * FROM members;
SELECT * FROM cdp.verify();
-- a call that carries both moves when its anchor does
SELECT "call"('a3', 'cid', 'acme', '{"seats": 9}', 8), "call"('a3', 'cid', 'other', NULL, 9), "call"('a4', 'cid', 'acme', NULL, 10);
SELECT accepted FROM cdp.refresh();
SELECT * FROM members WHERE who = 'user_id:cid';
SELECT count(*) FROM cdp.set_rules('{"user_id": {"blocked": ["cid"]}}');
SELECT * FROM members;
SELECT * FROM cdp.verify();
-- all its identifiers are blocked: the account stays, nobody is its member
SELECT count(*) FROM cdp.set_rules('{"anonymous_id": {"blocked": ["a2", "a3", "a4"]}}');
SELECT * FROM members;
SELECT group_id, members, events, traits FROM cdp.accounts ORDER BY group_id;
SELECT * FROM cdp.verify();
SELECT count(*) FROM cdp.set_rules('{"anonymous_id": {"blocked": []}}');
SELECT count(*) FROM cdp.set_rules('{"user_id": {"blocked": []}}');
SELECT * FROM members;
SELECT * FROM cdp.verify();
-- a shared identifier is no member
SELECT cdp.mark_shared('anonymous_id:a2', true) IS NOT NULL AS marked;
SELECT group_id, members FROM cdp.accounts ORDER BY group_id;
SELECT * FROM cdp.verify();

-- rules and trust act on the history of accounts too, and what lapses lapses
SELECT cdp.set_trait_rules('{"seats": "sum"}');
SELECT group_id, traits FROM cdp.accounts WHERE group_id = 'acme';
SELECT "call"(NULL, 'bob', 'acme', '{"plan": "gold"}', 0, 'billing');
SELECT accepted FROM cdp.refresh();
SELECT traits ->> 'plan' AS plan FROM cdp.accounts WHERE group_id = 'acme';
SELECT count(*) FROM cdp.set_sources('{"billing": {"trust": 9}}');
SELECT traits ->> 'plan' AS plan FROM cdp.accounts WHERE group_id = 'acme';
SELECT * FROM cdp.verify();
SELECT count(*) FROM cdp.set_sources('{"billing": {"expires_after": "36500 days"}}');
SELECT traits ->> 'plan' AS plan FROM cdp.accounts WHERE group_id = 'acme';
SELECT expires_at FROM cdp_data.account WHERE group_id = 'acme';
SELECT count(*) FROM cdp.set_sources('{"billing": {"expires_after": "1 day"}}');
SELECT a.traits ->> 'plan' AS plan, a.expires_at FROM cdp_data.account a WHERE group_id = 'acme';
SELECT * FROM cdp.verify();
-- something that lapses by itself: what is said by then is gone at the next refresh
INSERT INTO cdp.inbox (type, user_id, group_id, traits, source) VALUES ('group', 'bob', 'fleeting', '{"mood": "good"}', 'rumour');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.set_sources('{"rumour": {"expires_after": "4 seconds"}}');
SELECT traits FROM cdp.accounts WHERE group_id = 'fleeting';
SELECT pg_sleep(greatest(0, extract(epoch FROM expires_at - clock_timestamp())) + 0.01) FROM cdp_data.account WHERE group_id = 'fleeting';
SELECT taken FROM cdp.refresh();
SELECT traits FROM cdp.accounts WHERE group_id = 'fleeting';
SELECT * FROM cdp.verify();

-- verify names what is wrong, restitch repairs it
UPDATE cdp_data.account SET events = 77 WHERE group_id = 'other';
DELETE FROM cdp_data.account WHERE group_id = 'smith family';
UPDATE cdp_data.account_member SET events = 5 WHERE identifier_id = (SELECT identifier_id FROM cdp.identifiers WHERE identifier = 'user_id:ann');
INSERT INTO cdp_data.account_member VALUES (424242, 'ghosts', now(), now(), 1);
SELECT stage, item, expected, regexp_replace(found, ' from .*', '') AS found FROM cdp.verify() ORDER BY 1, 2;
SELECT identifiers_moved FROM cdp.restitch();
SELECT * FROM cdp.verify();
SELECT * FROM members;

-- the same however it was cut into batches, in random worlds with conflicts
CREATE FUNCTION dice(i integer, k integer, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT ((hashint8extended(i, k) & 1048575) % sides)::integer $$;
CREATE TABLE feed AS
SELECT i, CASE WHEN dice(i, 1, 10) < 6 THEN 'group' ELSE 'identify' END AS type, CASE WHEN dice(i, 2, 10) < 7 THEN 'x' || dice(i, 3, 20) END AS anonymous_id,
	'v' || dice(i, 4, 12) AS user_id, 'g' || dice(i, 5, 7) AS group_id, jsonb_build_object('k' || dice(i, 6, 4), dice(i, 7, 100)) AS traits,
	timestamptz '2026-02-01' + dice(i, 8, 2000) * interval '1 hour' AS at, 's' || dice(i, 9, 3) AS source
FROM generate_series(1, 400) i;
DO $$
DECLARE
	cut integer;
	differences bigint := 0;
BEGIN
	FOR cut IN 0 .. 9 LOOP
		INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, group_id, traits, "timestamp", received_at, source)
		SELECT 'f' || i, type, anonymous_id, user_id, CASE type WHEN 'group' THEN group_id END, traits, at, '2026-06-01', source FROM feed WHERE i % 10 = cut;
		PERFORM cdp.refresh();
		differences := differences + (SELECT count(*) FROM cdp.verify());
		IF cut = 4 THEN
			PERFORM cdp.unlink(a.identifier::identifier, b.identifier::identifier) FROM cdp_data.link l JOIN cdp_data.identifier a ON a.identifier_id = l.a JOIN cdp_data.identifier b ON b.identifier_id = l.b
			WHERE l.source_id = (SELECT source_id FROM cdp_data.source WHERE source = 's1') ORDER BY a.identifier, b.identifier LIMIT 3;
			PERFORM cdp.mark_shared('anonymous_id:x3', true);
		END IF;
	END LOOP;
	IF differences > 0 THEN
		RAISE EXCEPTION '% differences', differences;
	END IF;
END $$;
SELECT count(*) AS accounts, sum(events) AS calls, sum((SELECT count(*) FROM jsonb_object_keys(traits))) AS traits FROM cdp.accounts WHERE group_id LIKE 'g_';
\c :origin
DROP DATABASE cdp_account;
