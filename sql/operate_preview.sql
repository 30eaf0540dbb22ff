-- cdp.preview_rules() says what a change of the rules would do, and does nothing.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_preview ENCODING 'UTF8' TEMPLATE template0;
\c cdp_preview
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.preview_rules('{"email": {"max_links": 1}}');
SELECT cdp.init();

INSERT INTO cdp.inbox (type, event, message_id, user_id, anonymous_id, identifiers, "timestamp", received_at, source)
SELECT 'track', 'View', n::text, u, a, i::jsonb, timestamptz '2026-01-01' + n * interval '1 hour', '2026-02-01', s
FROM (VALUES (1, NULL, 'a', NULL, 'web'), (2, 'u1', 'a', NULL, 'web'), (3, 'u2', 'a', NULL, 'app'),
	(4, 'u3', NULL, '{"email": "x@example.com"}', 'web'), (5, 'u4', NULL, '{"email": "x@example.com"}', 'web'), (6, 'u5', 'b', '{"email": "y@example.com"}', 'web'),
	(7, 'void', NULL, NULL, 'web')) AS e (n, u, a, i, s);
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('everyone', 'true'), cdp.create_segment('marked', $$ identifiers[1] >= 'user_id:u2' $$);
CREATE TABLE before AS SELECT i.*, l.refused FROM cdp_data.identifier i LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE l.refused) AS refused FROM cdp_data.link l WHERE i.identifier_id IN (l.a, l.b)) l ON true;

-- ids of profiles are told by the identifier that gives them
CREATE FUNCTION name(id bigint) RETURNS text LANGUAGE sql STABLE RETURN (SELECT i.identifier::text FROM cdp_data.identifier i WHERE i.identifier_id = id);
CREATE FUNCTION told(change text, number bigint, profile_id bigint, becomes bigint, identifiers text[], segment text, before bigint, after bigint) RETURNS text LANGUAGE sql STABLE
	RETURN CASE WHEN num_nonnulls(profile_id, becomes) > 0 THEN concat_ws(' ', change, number, coalesce(name(profile_id), '-'), '->', coalesce(name(becomes), '-'), identifiers)
		ELSE concat_ws(' ', change, number, segment, before || ' -> ' || after) END;
\set told 'told(change, number, profile_id, becomes, identifiers, segment, before, after)'
-- the summary alone
SELECT :told FROM cdp.preview_rules('{"user_id": {"max_per_profile": 2}}', details => 0);
-- and what it stands for; rows of the summary that count nothing are left out here
SELECT :told FROM cdp.preview_rules('{"user_id": {"max_per_profile": 2}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"user_id": {"blocked": ["u1", "void", "^u5"]}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"email": {"max_links": 1}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"email": {"max_links": {"user_id": 1}}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"email": {"max_links": "unlimited"}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"email": {"priority": 1}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"email": {"priority": 1}}', details => 1) WHERE number <> 0 OR number IS NULL;
-- the cap and a source's trust, alone and together
SELECT :told FROM cdp.preview_rules('{"*": {"cap": 2}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"*": {"sources": {"app": {"trust": 5}}}}') WHERE number <> 0 OR number IS NULL;
SELECT :told FROM cdp.preview_rules('{"user_id": {"max_per_profile": "unlimited"}, "*": {"cap": "unlimited", "sources": {"app": {"trust": 5}}}}') WHERE number <> 0 OR number IS NULL;
-- a namespace that nobody has used is no error, and is not listed by a preview
SELECT :told FROM cdp.preview_rules('{"club": {"max_per_profile": 1}}') WHERE number <> 0 OR number IS NULL;

-- nothing has changed
SELECT count(*) FROM cdp.namespace WHERE namespace = 'club';
SELECT s.batch_id, (SELECT count(*) FROM cdp.batch) AS batches, s.cap, (SELECT max(trust) FROM cdp_data.source) AS trust FROM cdp_data.state s;
SELECT count(*) FROM cdp_data.identifier_history;
SELECT count(*) FROM (SELECT i.*, l.refused FROM cdp_data.identifier i LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE l.refused) AS refused FROM cdp_data.link l WHERE i.identifier_id IN (l.a, l.b)) l ON true EXCEPT SELECT * FROM before) d;
SELECT * FROM cdp.verify();

-- a value that was blocked
SELECT cdp.set_rules('{"user_id": {"blocked": ["u1", "void"]}}');
SELECT :told FROM cdp.preview_rules('{"user_id": {"blocked": null}}') WHERE number <> 0 OR number IS NULL;

-- what makes no sense is the error of the function itself
SELECT cdp.preview_rules('{}');
SELECT cdp.preview_rules('{"email": {}}', details => -1);
SELECT cdp.preview_rules('{"email": {}}', details => NULL);
SELECT cdp.preview_rules('{"E mail": {}}');
SELECT cdp.preview_rules('{"email": {"max_per_profile": 0}}');
SELECT cdp.preview_rules('{"email": {"blocked": [null]}}');
SELECT cdp.preview_rules('{"email": {"blocked": [["a", "b"]]}}');
SELECT cdp.preview_rules('{"email": {"blocked": ["^("]}}');
SELECT cdp.preview_rules('{"email": {"max_links": {"nobody": 1}}}');
SELECT cdp.preview_rules('{"*": {"cap": 0}}');
SELECT cdp.preview_rules('{"*": {"sources": {"app": {"trusts": 1}}}}');
SELECT cdp.preview_rules('{"*": {"sources": {"nobody": {"licence": "A"}}}}');
SELECT cdp.preview_rules('{"*": {"sources": 1}}');
SELECT cdp.preview_rules('{"cap": 5}');
SELECT cdp.preview_rules(NULL);
-- and of the transaction
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT cdp.preview_rules('{"*": {"cap": 1}}');
ROLLBACK;
BEGIN READ ONLY;
SELECT cdp.preview_rules('{"*": {"cap": 1}}');
ROLLBACK;
-- the one writer still works after an error inside
SELECT number FROM cdp.preview_rules('{"*": {"cap": 1}}') WHERE change = 'stay';
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_preview;
