-- The claim: which rows of the inboxes a refresh takes.  Nothing frees the rows that earlier ones
-- deleted but autovacuum; so each claim goes on where the last one ended, and a pass from block 0
-- finds what came to stand before that: rows of writers that committed late, and in space used again.

CREATE FUNCTION cdp_internal.max_batch_bytes() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 256 * 1024 * 1024;
COMMENT ON FUNCTION cdp_internal.max_batch_bytes() IS 'Internal: how many bytes, uncompressed, the rows of a batch may have.';

CREATE FUNCTION cdp_internal.max_row_bytes() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 64 * 1024 * 1024;
COMMENT ON FUNCTION cdp_internal.max_row_bytes() IS
	'Internal: how many bytes a row of an inbox may have, uncompressed, and its documents as text; '
	'a larger one goes to quarantine, cut.';

CREATE FUNCTION cdp_internal.claim_rows(inbox regclass, from_block bigint, max_rows bigint, max_bytes bigint,
	max_row_bytes bigint, cut_bytes bigint, OUT places tid[], OUT bytes bigint, OUT first_block bigint,
	OUT last_block bigint, OUT blocks bigint, OUT ended boolean)
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'cdp_claim_rows';
COMMENT ON FUNCTION cdp_internal.claim_rows(regclass, bigint, bigint, bigint, bigint, bigint) IS
	'Internal: the places of the rows of a table from a block on, up to max_rows of them and max_bytes uncompressed, '
	'but at least one; one over max_row_bytes counts as cut_bytes. first_block: where it began, 0 where the file ends '
	'before from_block; last_block: that of the last row; blocks: of the file; ended: there are no more behind.';

-- What of an inbox a batch could take.
CREATE FUNCTION cdp_internal.claim_inbox(inbox text, from_block bigint, max_rows bigint, max_bytes bigint,
	OUT places tid[], OUT bytes bigint, OUT first_block bigint, OUT last_block bigint, OUT blocks bigint,
	OUT ended boolean, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	-- what is kept of a row that is cut are 16 columns of 4 kB at most
	SELECT c.* INTO places, bytes, first_block, last_block, blocks, ended
	FROM cdp_internal.claim_rows(CASE inbox WHEN 'inbox' THEN 'cdp.inbox' ELSE 'cdp.inbox_raw' END::regclass, from_block,
		max_rows, max_bytes, cdp_internal.max_row_bytes(), 65536) c;
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp_internal.claim_inbox(text, bigint, bigint, bigint) IS
	'Internal: cdp_internal.claim_rows() of an inbox, by the limits on rows, and how long it took.';

-- Where the next claim of an inbox begins: at the mark, or for a pass at 0.
CREATE FUNCTION cdp_internal.next_block(inbox text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mark record;
	age interval;
BEGIN
	SELECT m.* INTO STRICT mark FROM cdp_data.inbox_mark m WHERE m.inbox = next_block.inbox;
	IF isfinite(mark.passed_at) THEN
		age := clock_timestamp() - mark.passed_at;
	END IF;
	-- a fiftieth of the time at most, but once a minute; a clock that was set back is no reason to wait
	RETURN CASE WHEN age BETWEEN interval '0' AND least(50 * mark.pass_cost, interval '1 minute') THEN mark.block
				ELSE 0 END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.next_block(text) IS
	'Internal: the block where the next claim of an inbox begins: the mark, or 0 where a pass is due.';

-- Remembers how far a claim came, and what a pass costs.
CREATE FUNCTION cdp_internal.move_mark(inbox text, first_block bigint, last_block bigint, blocks bigint, ended boolean,
	elapsed interval) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mark record;
	reached bigint;
BEGIN
	SELECT m.block, m.pass_until, m.pass_cost INTO STRICT mark FROM cdp_data.inbox_mark m WHERE m.inbox = move_mark.inbox;
	reached := CASE WHEN ended THEN greatest(last_block, least(mark.block, blocks - 1)) ELSE last_block END;
	UPDATE cdp_data.inbox_mark m SET
		-- a megabyte is always read again: it costs nothing, and in a small inbox no row is ever late
		block = CASE WHEN reached < 128 THEN 0 ELSE reached END,
		passed_at = CASE WHEN first_block = 0 THEN clock_timestamp() ELSE m.passed_at END,
		pass_until = CASE WHEN first_block = 0 THEN mark.block ELSE m.pass_until END,
		pass_cost = CASE WHEN first_block = 0 THEN elapsed
						 WHEN first_block < mark.pass_until THEN mark.pass_cost + elapsed ELSE m.pass_cost END
	WHERE m.inbox = move_mark.inbox;
END
$function$;
COMMENT ON FUNCTION cdp_internal.move_mark(text, bigint, bigint, bigint, boolean, interval) IS
	'Internal: remembers what cdp_internal.claim_inbox() gave.';

-- The rows of the next batch.
CREATE FUNCTION cdp_internal.refresh_claim(max_rows bigint, OUT places tid[], OUT line_places tid[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	max_bytes bigint := cdp_internal.max_batch_bytes();
	-- a tenth is kept for lines, if there are any, so that a busy inbox does not starve them; a single row is
	-- of either inbox by turns
	line_share bigint := CASE WHEN max_rows > 1 THEN least((max_rows + 9) / 10, max_rows - 1)
		ELSE (SELECT s.batch_id % 2 FROM cdp_data.state s) END;
	from_block bigint := cdp_internal.next_block('inbox');
	from_line_block bigint := cdp_internal.next_block('inbox_raw');
	rows record;
	lines record;
BEGIN
	LOOP
		SELECT c.* INTO lines FROM cdp_internal.claim_inbox('inbox_raw', from_line_block, line_share, max_bytes / 10) c;
		SELECT c.* INTO rows
		FROM cdp_internal.claim_inbox('inbox', from_block, max_rows - cardinality(lines.places), max_bytes - lines.bytes) c;
		IF NOT lines.ended THEN
			SELECT c.* INTO lines FROM cdp_internal.claim_inbox(
				'inbox_raw', from_line_block, max_rows - cardinality(rows.places), max_bytes - rows.bytes) c;
		END IF;
		EXIT WHEN cardinality(rows.places) + cardinality(lines.places) > 0 OR (from_block = 0 AND from_line_block = 0);
		-- nothing from the marks on: look before them
		from_block := 0;
		from_line_block := 0;
	END LOOP;
	places := rows.places;
	line_places := lines.places;
	-- where nothing was found the next refresh makes a pass again, and this one writes nothing
	IF cardinality(places) + cardinality(line_places) > 0 THEN
		IF cardinality(places) > 0 OR rows.ended THEN
			PERFORM cdp_internal.move_mark('inbox', rows.first_block, rows.last_block, rows.blocks, rows.ended, rows.elapsed);
		END IF;
		IF cardinality(line_places) > 0 OR lines.ended THEN
			PERFORM cdp_internal.move_mark(
				'inbox_raw', lines.first_block, lines.last_block, lines.blocks, lines.ended, lines.elapsed);
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_claim(bigint) IS
	'Internal: the places of the rows of cdp.inbox and of the lines of cdp.inbox_raw that the next batch takes, up to '
	'max_rows and cdp_internal.max_batch_bytes() together.';

CREATE FUNCTION cdp_internal.count_waiting() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	place tid;
	line_place tid;
BEGIN
	SELECT format('(%s,0)', m.block) INTO STRICT place FROM cdp_data.inbox_mark m WHERE m.inbox = 'inbox';
	SELECT format('(%s,0)', m.block) INTO STRICT line_place FROM cdp_data.inbox_mark m WHERE m.inbox = 'inbox_raw';
	RETURN (SELECT count(*) FROM (SELECT FROM cdp.inbox i WHERE i.ctid >= place LIMIT 1000000) w)
		+ (SELECT count(*) FROM (SELECT FROM cdp.inbox_raw l WHERE l.ctid >= line_place LIMIT 1000000) w);
END
$function$;
COMMENT ON FUNCTION cdp_internal.count_waiting() IS
	'Internal: how many rows wait in the inboxes, up to a million in each, without those that came to stand before '
	'the marks.';

REVOKE ALL ON FUNCTION cdp_internal.max_batch_bytes(), cdp_internal.max_row_bytes(),
	cdp_internal.claim_rows(regclass, bigint, bigint, bigint, bigint, bigint),
	cdp_internal.claim_inbox(text, bigint, bigint, bigint), cdp_internal.next_block(text),
	cdp_internal.move_mark(text, bigint, bigint, bigint, boolean, interval), cdp_internal.refresh_claim(bigint),
	cdp_internal.count_waiting() FROM PUBLIC;
