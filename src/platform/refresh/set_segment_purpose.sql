-- Binding a segment to a purpose: a batch of its own.

CREATE FUNCTION cdp.set_segment_purpose(name text, purpose text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	bound cdp_data.segment;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = set_segment_purpose.name AND s.subject = 'account') THEN
		RAISE EXCEPTION 'segment "%" is one of accounts, not of people', name USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Only people are asked what they may be used for.';
	END IF;
	PERFORM cdp_data.begin_definition();
	UPDATE cdp_data.segment s
	SET purpose_id = CASE WHEN purpose IS NOT NULL THEN cdp_internal.purpose_number(purpose) END
	WHERE s.name = set_segment_purpose.name AND s.kind = 'live'
	RETURNING s.* INTO bound;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment "%" does not exist', name USING ERRCODE = 'undefined_object',
			HINT = 'cdp.segment lists the segments.';
	END IF;
	-- only the owner of its views can
	PERFORM cdp_internal.define_segment(bound.name, bound.condition, bound.description, true, false,
		bound.subject);
	PERFORM cdp_data.end_definition(NULL, NULL);
	RETURN cdp_internal.report_definition(bound.segment_id);
END
$function$;
COMMENT ON FUNCTION cdp.set_segment_purpose(text, text) IS
$comment$Binds a segment to a purpose: its members are those for whom its condition holds, and who may be used for the
purpose, now. Whoever withdraws consent, or whose consent expires, exits with the cause consent. NULL: it is bound to
none any more. All people are judged anew, with the cause definition, or consent; cdp.create_segment() with
replace => true leaves the purpose as it is. Returns what cdp.create_segment() does. Only the owner of the segment's
view can. READ COMMITTED only. Errors: there is no such segment or purpose (42704), wrong_object_type (it is one
of accounts), insufficient_privilege.$comment$;

REVOKE ALL ON FUNCTION cdp.set_segment_purpose(text, text) FROM PUBLIC;
