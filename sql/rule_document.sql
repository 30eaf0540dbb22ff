-- Rules as documents: what is absent stays, null sets the default, all of a document is one change.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_document ENCODING 'UTF8' TEMPLATE template0;
\c cdp_document
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.rules();
SELECT cdp.init();
SET timezone = 'UTC';

SELECT count(*) AS namespaces, cdp.rules() -> '*' AS limits FROM jsonb_object_keys(cdp.rules());
SELECT cdp.rules() -> 'email' AS email, cdp.rules() -> 'user_id' -> 'max_per_profile' AS user_ids, cdp.rules() -> 'customer_no' -> 'max_per_profile' AS numbers;
CREATE TABLE start AS SELECT cdp.rules() AS rules;
-- of all that a document says nothing of, nothing changes, at each depth; one batch, however many rules
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": 7, "device_id": "unlimited", "club": 2}, "blocked": [" X@Example.com", "^no"]}, "club": {"max_per_profile": 1},
	"phone": {"max_links": 9, "priority": 41}, "gaid": {"max_links": "unlimited"}, "*": {"cap": 50, "sources": {"list": {"party": "third", "expires_after": "36 hours", "licence": "Post"}}}}');
SELECT batch_id FROM cdp.batch;
SELECT r.key, r.value FROM start, LATERAL (SELECT * FROM jsonb_each(cdp.rules()) EXCEPT SELECT * FROM jsonb_each(rules)) r ORDER BY r.key COLLATE "C";
SELECT namespace, max_links FROM cdp.namespace WHERE namespace IN ('email', 'phone', 'gaid') ORDER BY namespace;
-- what the rules say of themselves makes the same rules: here, where nothing changes, and in another place
CREATE TABLE made AS SELECT cdp.rules() AS rules;
SELECT cdp.set_rules(rules) FROM made;
SELECT cdp.rules() = rules AS same FROM made;
SELECT rules FROM made \gset
CREATE DATABASE cdp_document_copy ENCODING 'UTF8' TEMPLATE template0;
\c cdp_document_copy
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.set_rules(:'rules');
SELECT cdp.rules() = :'rules' AS same;
\c cdp_document
SET client_min_messages = warning;
SET timezone = 'UTC';
\set VERBOSITY terse
DROP DATABASE cdp_document_copy;
-- null: one number, one rule, all rules of a namespace, the limits; a source
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": null, "club": null}}, "phone": {"max_links": null}, "*": {"sources": {"list": {"expires_after": null}}}}');
SELECT cdp.rules() -> 'email' -> 'max_links' AS email, cdp.rules() -> 'phone' -> 'priority' AS phone, cdp.rules() -> '*' -> 'sources' AS sources;
SELECT cdp.set_rules('{"email": null, "club": null, "phone": null, "gaid": {"max_links": null}, "*": null}'), cdp.set_sources('{"list": null}');
SELECT r.key, r.value FROM start, LATERAL (SELECT * FROM jsonb_each(cdp.rules()) EXCEPT SELECT * FROM jsonb_each(rules)) r ORDER BY r.key COLLATE "C";

-- sources and what became of their rows; a party that is given without a trust sets it
SELECT cdp.set_sources('{"crm": {"trust": 5}, "list": {"party": "second", "licence": "A"}}');
INSERT INTO cdp.inbox (type, event, user_id, message_id, source) VALUES ('track', 'E', 'u', '1', 'crm'), ('track', 'E', 'u', '1', 'crm'), ('track', NULL, 'u', '2', 'crm'), ('track', 'E', 'u', NULL, 'web');
SELECT taken FROM cdp.refresh();
SELECT s.source, s.party, s.trust, s.expires_after, s.licence, s.accepted, s.duplicate, s.quarantined, f.batch_id AS first, l.batch_id AS last
FROM cdp.sources s JOIN cdp.batch f ON f.as_of = s.first_refresh_at JOIN cdp.batch l ON l.as_of = s.last_refresh_at ORDER BY s.source;
SELECT cdp.set_sources('{"crm": {"party": "third"}, "web": {"trust": -5}}');
SELECT cdp.set_sources('{"web": {"trust": null}}');
SELECT source, party, trust FROM cdp.sources ORDER BY source;

-- a document with an error changes nothing, and leaves no lock
CREATE TABLE before AS SELECT cdp.rules() AS rules, (SELECT max(batch_id) FROM cdp.batch) AS batch_id;
SELECT cdp.set_rules('{"crm_id": {"priority": 1}, "*": {"cap": 9, "sources": {"crm": {"trust": 1000}}}}');
SELECT cdp.set_rules('{"crm_id": {"priority": 1}, "email": {"blocked": ["^("]}}');
SELECT cdp.set_rules('{"crm_id": {"priority": 1}, "new_one": {}, "email": {"max_links": {"new_on": 1}}}');
SELECT cdp.set_sources('{"crm": {"trust": 1}, "unheard": {"licence": "A"}}');
SELECT cdp.set_trait_rules('{"plan": "first", "city": "frist"}');
SELECT cdp.rules() = rules AS same, (SELECT max(b.batch_id) FROM cdp.batch b) - batch_id AS batches FROM before;
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'cdp_data.state'::regclass AND mode LIKE 'Share%Exclusive%';

-- the names that are nearest, at each depth
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT cdp.set_rules('{"email": {"max_link": 1}}');
SELECT cdp.set_rules('{"email": {"zzz": 1}}');
SELECT cdp.set_rules('{"email": {"max_links": {"usre_id": 1}}}');
SELECT cdp.set_rules('{"*": {"caps": 1}}');
SELECT cdp.set_rules('{"cap": 1}');
SELECT cdp.set_rules('{"**": {"cap": 1}}');
SELECT cdp.set_sources('{"crm": {"partys": 1}}');
SELECT cdp.set_sources('{"lists": {"licence": "B"}}');
SELECT cdp.set_trait_rules('{"plan": "trusted_lst"}');
SELECT cdp.set_trait_rules('{"plan": "newest of all"}');
-- names that are also keys are namespaces where they have a namespace's rules
SELECT cdp.set_rules('{"cap": {"max_per_profile": 2}, "sources": {}}');
SELECT namespace, max_per_profile FROM cdp.namespace WHERE namespace IN ('cap', 'sources') ORDER BY namespace;

-- rules of traits
SELECT cdp.trait_rules();
SELECT cdp.set_trait_rules('{"plan": "last", "tags": "union", "*": "last"}');
SELECT cdp.trait_rules();
SELECT cdp.set_trait_rules('{"plan": null, "*": null}');
SELECT cdp.trait_rules();
SELECT cdp.set_trait_rules(cdp.trait_rules());
SELECT trait, rule FROM cdp_data.trait_rule;

\c :origin
DROP DATABASE cdp_document;
