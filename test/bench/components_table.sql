BEGIN;
CREATE TEMPORARY TABLE component ON COMMIT DROP AS SELECT * FROM cdp.components('SELECT anonymous_id, user_id, email FROM links');
\timing off
SELECT count(*), max(component) FROM component;
COMMIT;
