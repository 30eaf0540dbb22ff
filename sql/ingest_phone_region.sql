-- The region of a source's phone numbers; a change cleans the log anew.
-- (the _1 output: libphonenumber is not installed)
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_region ENCODING 'UTF8' TEMPLATE template0;
\c cdp_region
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE FUNCTION has_library() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN cdp.phone('(201) 555-0123', 'US') = '+12015550123';
EXCEPTION WHEN feature_not_supported THEN
	RETURN false;
END
$$;
SELECT has_library() AS has_library, NOT has_library() AS has_none \gset
\if :has_none
\c :origin
DROP DATABASE cdp_region;
\q
\endif
INSERT INTO cdp.inbox (type, user_id, traits, source) VALUES ('identify', 'u1', '{"phone": "(201) 555-0123"}', 'crm'), ('identify', 'u2', '{"phone": "+12015550123"}', 'shop'), ('identify', 'u3', '{"phone": "089 123456"}', 'crm'),
 ('identify', 'u4', '{"phone": "ask him"}', 'crm'), ('identify', 'u5', '{"phone": "(201) 555-0123"}', 'shop');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT source, namespace, reason, occurrences FROM cdp.rejected_value ORDER BY 1, 2, 3;
-- both forms of the number are one, by sources; before and after
SELECT cdp.set_sources('{"crm": {"phone_region": "us"}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT source, namespace, reason, occurrences FROM cdp.rejected_value ORDER BY 1, 2, 3;
SELECT * FROM cdp.verify();
INSERT INTO cdp.inbox (type, user_id, traits, source) VALUES ('identify', 'u6', '{"phone": "201 555 0199"}', 'crm'), ('identify', 'u7', '{"phone": "201 555 0199"}', 'shop');
INSERT INTO cdp.inbox (event, user_id, context, source) VALUES ('E', 'u8', '{"traits": {"phone": "201.555.0188"}}', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles WHERE identifiers[1] ~ 'u[678]' ORDER BY identifiers;
SELECT * FROM cdp.verify();
-- another region, none; what is no region
SELECT cdp.set_sources('{"crm": {"phone_region": "DE"}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT cdp.set_sources('{"crm": {"phone_region": null}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT source, namespace, reason, occurrences FROM cdp.rejected_value ORDER BY 1, 2, 3;
SELECT * FROM cdp.verify();
\set VERBOSITY terse
SELECT cdp.set_sources('{"crm": {"phone_region": "XX"}}');
SELECT cdp.set_sources('{"crm": {"phone_region": "Germany"}}');
SELECT cdp.set_sources('{"crm": {"phone_region": 49}}');
SELECT phone_region FROM cdp.sources WHERE source = 'crm';
\set VERBOSITY default
-- what has left the log is not cleaned anew, and that is said
INSERT INTO cdp.inbox (type, user_id, traits, source, "timestamp") VALUES ('identify', 'u9', '{"phone": "(201) 555-0177"}', 'crm', '2025-01-01Z');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_sources('{"crm": {"keep_events": "300 days"}, "shop": {"keep_events": "300 days"}}');
SELECT source, state, events FROM cdp.drop_old_events();
SELECT cdp.set_sources('{"crm": {"phone_region": "US"}, "shop": {"phone_region": "US"}}');
SELECT identifiers FROM cdp.profiles WHERE identifiers[1] ~ 'u[19]' ORDER BY identifiers;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_region;
