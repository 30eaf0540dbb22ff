-- A segment that is slow is built in slices of about a second each, so that other refreshes run between, and is exact
-- for its readers meanwhile.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_slice ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_slice
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET cdp.segment_timeout = 0;
INSERT INTO cdp.inbox (user_id, event) SELECT 'u' || i, 'A' FROM generate_series(1, 1500) i;
SELECT accepted FROM cdp.refresh();
CREATE FUNCTION public.slow(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.003); RETURN id % 3 > 0; END $$;
-- once it judged for a second it stops: at most 960 of them
SELECT cdp.create_segment('slow', 'public.slow(profile_id)') IS NULL AS not_yet;
SELECT state, built_until < 1500 AS has_more FROM cdp_data.segment;
CREATE FUNCTION expected() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM cdp.profiles WHERE profile_id % 3 > 0 $$;
SELECT count(*) = expected() AS exact FROM cdp.members('slow');
SELECT batch_id AS before FROM cdp_data.state \gset
CALL cdp.build_segments();
SELECT state, built_until, members = expected() AS exact FROM cdp_data.segment;
SELECT batch_id - :before > 0 AS in_batches_of_their_own FROM cdp_data.state;
SELECT count(*) = expected() AS exact FROM cdp_data.change WHERE kind = 'entered';
-- one that fails for all of the first parts of a slice does not fail as a whole; one that fails for all there are does
CREATE FUNCTION public.late(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
CREATE FUNCTION public.never(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
SELECT cdp.create_segment('late', 'public.late(profile_id)');
SELECT cdp.create_segment('never', 'public.never(profile_id)');
CREATE OR REPLACE FUNCTION public.late(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN ASSERT id > 700; RETURN id % 2 = 0; END $$;
CREATE OR REPLACE FUNCTION public.never(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN ASSERT id > 7000; RETURN true; END $$;
UPDATE cdp_data.segment SET built_until = 0, state = 'building' WHERE name <> 'slow';
CALL cdp.build_segments();
SELECT name, state, error_profile_id, members, built_until FROM cdp_data.segment WHERE name <> 'slow' ORDER BY name;
\c :origin
DROP DATABASE cdp_segment_slice;
