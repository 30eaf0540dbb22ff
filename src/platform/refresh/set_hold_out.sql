-- Setting the share of a segment that is held out: a batch of its own.

CREATE FUNCTION cdp.set_hold_out(name text, share double precision) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF share BETWEEN 0 AND 1 IS NOT TRUE THEN
		RAISE EXCEPTION 'share must be from 0 to 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = set_hold_out.name AND s.subject = 'account') THEN
		RAISE EXCEPTION 'segment "%" is one of accounts, not of people', name USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Only people are held out.';
	END IF;
	PERFORM cdp_data.begin_definition();
	UPDATE cdp_data.segment s SET hold_out = set_hold_out.share
	WHERE s.name = set_hold_out.name AND s.kind <> 'trait'
	RETURNING s.segment_id INTO number;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment "%" does not exist', name USING ERRCODE = 'undefined_object',
			HINT = 'cdp.segment lists the segments.';
	ELSIF NOT EXISTS (
		SELECT FROM pg_class c
		WHERE c.relnamespace = to_regnamespace('cdp_segment') AND c.relname = set_hold_out.name
			AND pg_has_role(c.relowner, 'USAGE'))
	THEN
		RAISE EXCEPTION 'must be owner of segment "%"', name USING ERRCODE = 'insufficient_privilege';
	END IF;
	PERFORM cdp_data.end_definition(number, NULL);
END
$function$;
COMMENT ON FUNCTION cdp.set_hold_out(text, double precision) IS
$comment$Holds a share (0 to 1) of those for whom the condition of a segment holds out of it, for comparison:
cdp.members(), the view of the segment, cdp.in_segment(), consumers and the feed do not have them, cdp.held_out() lists
them. 0 ends it. Who is held out is drawn by profile_id, with a salt of the installation, for each segment by itself:
the same people always, and with a greater share those of a smaller one and more. When people are merged, or a profile
gets another number, the draw of the number that is left holds; whom that brings in or out enters or exits with the
cause hold_out, as do those whom a change of the share does. Segments that use it are built anew. Only the owner of the
segment's view can. READ COMMITTED only. Errors: a share that is NULL or not from 0 to 1 (22023), undefined_object,
wrong_object_type (it is one of accounts), insufficient_privilege.$comment$;

REVOKE ALL ON FUNCTION cdp.set_hold_out(text, double precision) FROM PUBLIC;
