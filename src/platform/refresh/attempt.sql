-- Errors during a refresh: finding the rows at fault, setting them aside, and the number of rows that the next refresh
-- takes.

CREATE FUNCTION cdp_internal.is_fault_of_row(state text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN left(state, 2) NOT IN (
		'08', '0A', '0L', '0P', '25', '28', '2D', '3B', '3D', '3F',
		'40', '42', '53', '55', '57', '58', '72', 'F0', 'HV');
COMMENT ON FUNCTION cdp_internal.is_fault_of_row(text) IS
	'Internal: returns whether a row may have caused an error of this SQLSTATE; false for errors of connections, '
	'rights, missing features and objects, transactions, resources, operators and the system.';

CREATE FUNCTION cdp_internal.set_aside(places tid[], line_places tid[], failures text[], cut_all boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	last record;
	passed record;
BEGIN
	PERFORM cdp_internal.next_batch(places, line_places);
	SELECT s.event_id, s.identifier_id, s.quarantine_id INTO STRICT last FROM cdp_data.state s;
	SELECT p.* INTO passed
	FROM cdp_internal.refresh_pass(last.event_id, last.identifier_id, last.quarantine_id, failures => failures,
		cut_all => cut_all) p;
	PERFORM cdp_internal.record_batch(passed.done, started, passed.event_id, passed.identifier_id,
		passed.quarantine_id);
	PERFORM cdp_internal.batch_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.set_aside(tid[], tid[], text[], boolean) IS
	'Internal: quarantines rows of the inboxes as failed, in one batch, each with its error (those of cdp.inbox '
	'first). cut_all: cut them.';

CREATE FUNCTION cdp_internal.set_aside_all(places tid[], line_places tid[], failures text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	of_rows bigint := cardinality(places);
	total bigint := cardinality(places) + cardinality(line_places);
	place tid[];
	line_place tid[];
BEGIN
	IF total = 0 THEN
		RETURN;
	END IF;
	BEGIN
		PERFORM cdp_internal.set_aside(places, line_places, failures, false);
		RETURN;
	EXCEPTION WHEN OTHERS OR assert_failure THEN
		IF NOT cdp_internal.is_fault_of_row(SQLSTATE) THEN
			RAISE;
		END IF;
	END;
	-- a row cannot be stored whole: set each aside alone, and cut that row
	FOR i IN 1 .. total LOOP
		place := places[i:i];
		line_place := line_places[i - of_rows:i - of_rows];
		BEGIN
			PERFORM cdp_internal.set_aside(place, line_place, failures[i:i], total = 1);
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			IF total = 1 OR NOT cdp_internal.is_fault_of_row(SQLSTATE) THEN
				RAISE;
			END IF;
			PERFORM cdp_internal.set_aside(place, line_place, failures[i:i], true);
		END;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.set_aside_all(tid[], tid[], text[]) IS
	'Internal: quarantines rows of the inboxes as failed, each with its error (those of cdp.inbox first), whole or, if '
	'that fails, cut.';

CREATE FUNCTION cdp_internal.refresh_part(places tid[], line_places tid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.next_batch(places, line_places);
	PERFORM cdp_internal.process_batch(leave_undone => true);
	PERFORM cdp_internal.batch_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_part(tid[], tid[]) IS
	'Internal: takes these rows of the inboxes through all stages, as one batch.';

CREATE FUNCTION cdp_internal.check_empty_batch() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.refresh_part('{}', '{}');
	RAISE SQLSTATE 'CDP00';
EXCEPTION WHEN SQLSTATE 'CDP00' THEN
	-- it worked, and is rolled back
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_empty_batch() IS
	'Internal: raises the error, if any, of a batch without rows, which no row can have caused.';

-- All rows of a claim, as one batch or, if that fails, in parts, down to the rows at fault.  A part that worked stays.
-- Parts are quarters, so that one bad row among many costs the work of 2.3 batches; with halves it would cost 3.
CREATE FUNCTION cdp_internal.refresh_rows(places tid[], line_places tid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	max_failures constant integer := 1000;
	of_rows bigint := cardinality(places);
	-- the parts still to be tried, the next one last
	firsts bigint[] := ARRAY[1];
	lasts bigint[] := ARRAY[cardinality(places) + cardinality(line_places)];
	first_row bigint;
	last_row bigint;
	part bigint;
	checked boolean := false;
	failure text;
	counts jsonb := '{}';
	-- the rows at fault, in order, so that those of cdp.inbox come first
	bad bigint[] := '{}';
	failures text[] := '{}';
BEGIN
	WHILE cardinality(firsts) > 0 LOOP
		first_row := firsts[cardinality(firsts)];
		last_row := lasts[cardinality(lasts)];
		firsts := trim_array(firsts, 1);
		lasts := trim_array(lasts, 1);
		PERFORM cdp_internal.progress_part(first_row - 1, last_row - first_row + 1);
		BEGIN
			PERFORM cdp_internal.refresh_part(
				places[first_row:last_row], line_places[greatest(first_row - of_rows, 1):last_row - of_rows]);
			CONTINUE;
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			IF last_row < first_row OR NOT cdp_internal.is_fault_of_row(SQLSTATE) THEN
				RAISE;
			END IF;
			IF NOT checked THEN
				PERFORM cdp_internal.check_empty_batch();
				checked := true;
			END IF;
			IF first_row = last_row THEN
				counts := counts || jsonb_build_object(SQLSTATE, coalesce((counts ->> SQLSTATE)::integer, 0) + 1);
				IF (counts ->> SQLSTATE)::integer > max_failures THEN
					RAISE;
				END IF;
				failure := SQLSTATE || ': ' || left(SQLERRM, 500);
			END IF;
		END;
		IF first_row = last_row THEN
			bad := bad || first_row;
			failures := failures || failure;
		ELSE
			part := (last_row - first_row + 4) / 4;
			FOR i IN REVERSE (last_row - first_row) / part .. 0 LOOP
				firsts := firsts || first_row + i * part;
				lasts := lasts || least(first_row + (i + 1) * part - 1, last_row);
			END LOOP;
		END IF;
	END LOOP;
	IF bad <> '{}' THEN
		PERFORM cdp_internal.set_aside_all(
			ARRAY(SELECT places[b.i] FROM unnest(bad) AS b (i) WHERE b.i <= of_rows ORDER BY b.i),
			ARRAY(SELECT line_places[b.i - of_rows] FROM unnest(bad) AS b (i) WHERE b.i > of_rows ORDER BY b.i),
			failures);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_rows(tid[], tid[]) IS
	'Internal: takes these rows of the inboxes, or of a load, through all stages; rows that fail are quarantined with '
	'their error.';

CREATE FUNCTION cdp_internal.place_number(places tid[], line_places tid[]) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT (cardinality(line_places)::bigint << 48) + (p.place[0]::bigint << 16) + p.place[1]::bigint
	FROM (SELECT (places || line_places)[1]::text::point AS place) p
$function$;
COMMENT ON FUNCTION cdp_internal.place_number(tid[], tid[]) IS
	'Internal: returns the place of one row of either inbox as a number below 2^49, to recognise the row in the next '
	'attempt.';

CREATE FUNCTION cdp_internal.claim_again(before bigint, OUT places tid[], OUT line_places tid[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	place tid := format('(%s,%s)', -before >> 16 & (1::bigint << 32) - 1, -before & 65535);
	is_line boolean := (-before >> 48 & 1) = 1;
BEGIN
	places := ARRAY(SELECT i.ctid FROM cdp.inbox i WHERE NOT is_line AND i.ctid = place);
	line_places := ARRAY(SELECT l.ctid FROM cdp.inbox_raw l WHERE is_line AND l.ctid = place);
END
$function$;
COMMENT ON FUNCTION cdp_internal.claim_again(bigint) IS
	'Internal: returns the row with which the last refresh failed alone, if it is still there. before: what that '
	'refresh left in cdp_data.attempt, a negative number.';

CREATE FUNCTION cdp_internal.claim_batch(max_rows bigint, written bigint, OUT places tid[], OUT line_places tid[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	before bigint := (SELECT a.last_value FROM cdp_data.attempt a);
BEGIN
	IF before < 0 THEN
		-- alone until it works or is set aside; among other rows, which keep coming, it would never be alone three
		-- times
		SELECT c.places, c.line_places INTO places, line_places FROM cdp_internal.claim_again(before) c;
		IF cardinality(places) + cardinality(line_places) > 0 THEN
			RETURN;
		END IF;
	END IF;
	SELECT c.places, c.line_places INTO places, line_places
	FROM cdp_internal.refresh_claim(least(max_rows, greatest(before, 1)), written) c;
END
$function$;
COMMENT ON FUNCTION cdp_internal.claim_batch(bigint, bigint) IS
	'Internal: returns the places of the rows of cdp.inbox and the lines of cdp.inbox_raw that a refresh takes: fewer '
	'after refreshes that were cancelled or ran out of a resource, and one alone after it has failed alone. written: '
	'how many rows this refresh has written to cdp.inbox itself.';

CREATE FUNCTION cdp_internal.refresh_attempt(max_rows bigint, places tid[], line_places tid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	unlimited constant bigint := 9223372036854775807;
	three_times constant text :=
		'broken off three times, by query_canceled, out_of_memory or configuration_limit_exceeded';
	before bigint := (SELECT a.last_value FROM cdp_data.attempt a);
	number bigint := cardinality(places) + cardinality(line_places);
	-- number of attempts in which this row failed alone
	times bigint := 0;
BEGIN
	IF before < 0 AND number = 1 AND -before & ((1::bigint << 49) - 1) = cdp_internal.place_number(places, line_places)
	THEN
		times := -before >> 49;
	END IF;
	BEGIN
		IF times = 3 THEN
			PERFORM cdp_internal.set_aside_all(places, line_places, ARRAY[three_times]);
		ELSE
			PERFORM cdp_internal.progress_begin('refresh', number);
			PERFORM cdp_internal.refresh_rows(places, line_places);
			PERFORM cdp_internal.progress_end();
		END IF;
	EXCEPTION WHEN query_canceled OR out_of_memory OR configuration_limit_exceeded THEN
		PERFORM setval('cdp_data.attempt',
			CASE WHEN number > 1 THEN number / 2
				 ELSE -((least(times + 1, 3) << 49) + cdp_internal.place_number(places, line_places)) END)
		WHERE number > 0;
		RAISE;
	END;
	IF number > 0 AND before < unlimited THEN
		PERFORM setval('cdp_data.attempt',
			CASE WHEN times = 3 OR before >= max_rows / 2 THEN unlimited ELSE 2 * greatest(before, 1) END);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_attempt(bigint, tid[], tid[]) IS
	'Internal: calls refresh_rows() and, if it is cancelled or runs out of a resource, records that in a sequence, '
	'which survives the rollback. After such a refresh, each one that works doubles the number of rows of the next.';

REVOKE ALL ON FUNCTION cdp_internal.is_fault_of_row(text),
	cdp_internal.set_aside(tid[], tid[], text[], boolean), cdp_internal.set_aside_all(tid[], tid[], text[]),
	cdp_internal.refresh_part(tid[], tid[]), cdp_internal.check_empty_batch(), cdp_internal.refresh_rows(tid[], tid[]),
	cdp_internal.place_number(tid[], tid[]), cdp_internal.claim_again(bigint),
	cdp_internal.claim_batch(bigint, bigint), cdp_internal.refresh_attempt(bigint, tid[], tid[]) FROM PUBLIC;
