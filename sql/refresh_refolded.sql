-- Memberships by what is said of an account follow where it is folded anew without a call of the batch: a rule or a source
-- changes, a call is taken back.
CREATE DATABASE cdp_refolded ENCODING 'UTF8' TEMPLATE template0;
SELECT current_database() AS origin \gset
\c cdp_refolded
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp.inbox (message_id, type, user_id, group_id, traits, "timestamp", source) VALUES
	('a', 'group', 'ann', 'acme', '{"plan": "pro"}', '2026-01-03', 'app'),
	('b', 'group', 'bob', 'acme', NULL, '2026-01-02', 'app'),
	('c', 'group', 'eve', 'acme', '{"plan": "old"}', '2026-01-01', 'billing');
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('on_pro', $$ account_traits->>'plan' = 'pro' $$) IS NOT NULL AS made;
CREATE FUNCTION on_pro() RETURNS TABLE (members bigint, problems bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM cdp.members('on_pro')), (SELECT count(*) FROM cdp.verify())
$$;
SELECT * FROM on_pro();
-- a rule
SELECT cdp.set_trait_rules('{"plan": "first"}');
SELECT * FROM on_pro();
SELECT cdp.set_trait_rules('{"plan": null}');
SELECT * FROM on_pro();
-- a source
SELECT count(*) FROM cdp.set_sources('{"billing": {"trust": 9}}');
SELECT * FROM on_pro();
SELECT count(*) FROM cdp.set_sources('{"billing": {"trust": 5}, "app": {"trust": 5}}');
SELECT * FROM on_pro();
-- a call that is taken back, and comes again
SELECT events FROM cdp.retract(message_ids => '{a}');
SELECT * FROM on_pro();
INSERT INTO cdp.inbox (message_id, type, user_id, group_id, traits, "timestamp", source) VALUES
	('a', 'group', 'ann', 'acme', '{"plan": "pro"}', '2026-01-03', 'app');
SELECT accepted FROM cdp.refresh();
SELECT * FROM on_pro();
\c :origin
DROP DATABASE cdp_refolded;
