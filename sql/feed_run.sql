-- Changes of one profile that follow each other are a run, which is found by its first: on random changes, as some are
-- erased and the oldest leave the feed.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_feed_run ENCODING 'UTF8' TEMPLATE template0;
\c cdp_feed_run
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.create_segment('s' || i, 'false') FROM generate_series(1, 3) i;
-- a draw from 0 to below a limit, the same in each run of this test
CREATE FUNCTION draw(k integer, salt integer, below integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(k || ' ' || salt), 1, 7))::bit(28)::integer % below)
$$;
-- the changes of a part: people have up to 6 that follow each other, one in 7 is of two people
CREATE PROCEDURE record(part integer) LANGUAGE sql AS $$
	SELECT cdp_internal.record_changes(array_agg(CASE WHEN c.other IS NULL THEN 'entered' ELSE 'split' END ORDER BY c.k), array_agg(c.person ORDER BY c.k),
		array_agg(1 + draw(c.k, 1, 3) ORDER BY c.k), array_agg(c.other ORDER BY c.k), array_agg(timestamptz '2026-01-01' ORDER BY c.k),
		array_agg('event'::text ORDER BY c.k), NULL, in_batch => false)
	FROM (SELECT k, (1 + draw(k / (1 + draw(part, 2, 6)), 3, 20))::bigint AS person, CASE WHEN draw(k, 4, 7) = 0 THEN (21 + draw(k, 5, 20))::bigint END AS other
		  FROM generate_series(part * 100, part * 100 + draw(part, 6, 60)) k) c
$$;
-- what is wrong with the runs, and which people are found to have other changes than they have
CREATE FUNCTION wrong() RETURNS TABLE (what text, number bigint) LANGUAGE sql AS $$
	SELECT 'changes that are not in one run', count(*)
	FROM cdp_data.change c
	WHERE (SELECT count(*) FROM cdp_data.change r WHERE r.profile_id = c.profile_id AND c.change_id BETWEEN r.change_id AND r.change_id + r.run - 1) <> 1
	UNION ALL
	SELECT 'runs with changes of others', count(*)
	FROM cdp_data.change r JOIN cdp_data.change c ON c.change_id BETWEEN r.change_id AND r.change_id + r.run - 1
	WHERE c.profile_id <> r.profile_id OR (r.run > 1 AND num_nonnulls(c.other_profile_id, r.other_profile_id) > 0)
	UNION ALL
	SELECT 'people with other changes', count(*)
	FROM generate_series(1, 41) p
	WHERE ARRAY(SELECT c.change_id FROM cdp_internal.changes_of(p, '{1,3}', 70) c)
		IS DISTINCT FROM ARRAY(SELECT c.change_id FROM cdp_data.change c WHERE p IN (c.profile_id, c.other_profile_id) AND c.change_id > 70
							   AND (c.segment_id IN (1, 3) OR c.kind = 'erased') ORDER BY 1)
$$;
DO $$ BEGIN FOR part IN 1 .. 20 LOOP CALL record(part); END LOOP; END $$;
SELECT count(*), count(run) AS runs, max(run) AS longest, count(other_profile_id) AS of_two FROM cdp_data.change;
SELECT * FROM wrong();

-- people whose changes are alone, and beside those of others
SELECT cdp_internal.erase_changes('{3,7,25,30}', in_batch => false);
SELECT count(*), count(*) FILTER (WHERE kind = 'erased') AS erased FROM cdp_data.change WHERE profile_id IN (3, 7, 25, 30) OR other_profile_id IN (3, 7, 25, 30);
SELECT * FROM wrong();

-- a part of the feed at a time, each up to the end of a run
CREATE TABLE cut (trimmed bigint, last bigint, is_last boolean, wrong numeric);
DO $$
DECLARE
	number bigint;
BEGIN
	LOOP
		number := cdp_internal.trim_changes('2100-01-01', 37);
		EXIT WHEN number = 0;
		INSERT INTO cut
		SELECT number, s.trimmed_change_id, coalesce((SELECT c.run IS NOT NULL FROM cdp_data.change c ORDER BY c.change_id LIMIT 1), true), (SELECT sum(w.number) FROM wrong() w)
		FROM cdp_data.state s;
	END LOOP;
END
$$;
SELECT count(*) AS parts, min(trimmed) FILTER (WHERE last <> (SELECT max(last) FROM cut)) AS fewest, max(trimmed) AS most, bool_and(is_last) AS at_ends, sum(wrong) AS wrong FROM cut;
SELECT count(*) FROM cdp_data.change;

\c :origin
DROP DATABASE cdp_feed_run;
