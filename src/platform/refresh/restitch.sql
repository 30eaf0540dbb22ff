-- Everything that follows from the log, computed anew in place.

CREATE FUNCTION cdp.restitch(incomplete boolean DEFAULT false, OUT identifiers bigint, OUT links bigint,
	OUT identifiers_moved bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT events_reanchored bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- each of its statements runs once
	SET jit = off
AS $function$
#variable_conflict use_column
DECLARE
	started timestamptz := clock_timestamp();
	done cdp_internal.batch_counts;
	missing bigint;
BEGIN
	PERFORM cdp_internal.start_batch();
	missing := cdp_internal.count_missing();
	IF missing > 0 AND NOT coalesce(restitch.incomplete, false) THEN
		RAISE EXCEPTION 'the log lacks % of the events that were accepted',
			missing USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'Who is known from the missing ones alone would be forgotten.',
			HINT = 'Attach the months that were detached, or go by what is left with cdp.restitch(incomplete => true).';
	END IF;
	DELETE FROM cdp_data.undone;
	UPDATE cdp_data.state s SET lost = greatest(s.event_id - (SELECT count(*) FROM cdp_data.event), 0);
	done := cdp_internal.process_batch(whole => true);
	PERFORM cdp_internal.batch_end();
	identifiers := done.identifiers;
	links := done.links;
	identifiers_moved := (
		SELECT count(*) FROM cdp_data.identifier_history h, cdp_data.state s WHERE h.until_batch_id = s.batch_id);
	profiles_created := done.profiles_created;
	profiles_merged := done.profiles_merged;
	profiles_split := done.profiles_split;
	events_reanchored := done.events_reanchored;
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp.restitch(boolean) IS
$comment$Computes anew, from the log, the rules and the verdicts, who is who and what is known of whom, in place: identifiers keep their numbers, and so profiles have the very same ids. For repair, and after a change of what makes identifiers equal; cdp.verify() is empty afterwards. Where nothing was wrong no identifier moves; traits and timelines are folded anew in any case.
Returns what was wrong: identifiers that the tables did not have; links whose rows were missing, otherwise or too many; identifiers in another profile now; profiles that were missing, became part of others, or fell apart; events anchored elsewhere. An identifier that no event of the log carries is in no profile afterwards; one that the present normalisers spell otherwise keeps its number, the first of several that have become one.
Reads the whole log, and holds the one writer's lock meanwhile: a refresh waits, who writes to the inboxes or reads does not. READ COMMITTED only.
Error: the log lacks events that were accepted, as after months were detached (55000); incomplete => true goes by what is left.$comment$;

REVOKE ALL ON FUNCTION cdp.restitch(boolean) FROM PUBLIC;

