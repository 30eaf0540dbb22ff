-- The ledger of consent as people read it, and the signals that write to it.

CREATE FUNCTION cdp_internal.answer_name(answer "char") RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE answer WHEN 'y' THEN 'yes' WHEN 'n' THEN 'no' ELSE 'reset' END;
COMMENT ON FUNCTION cdp_internal.answer_name("char") IS
	'Internal: returns the word for an answer of cdp_data.consent.';

CREATE FUNCTION cdp_internal.init_consent_views() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.consent AS
		SELECT i.profile_id, i.identifier::text AS identifier, p.name AS purpose,
			cdp_internal.answer_name(c.answer) AS answer, c.first_time, c.last_time, c.expires_at,
			s.source, c.first_event_id, c.event_id, c.evidence,
			c.consent_id, c.batch_id
		FROM cdp_data.consent c
		JOIN cdp_data.purpose p USING (purpose_id)
		JOIN cdp_data.identifier i USING (identifier_id)
		LEFT JOIN cdp_data.source s USING (source_id);
	COMMENT ON VIEW cdp.consent IS
		'The ledger: what was said of purposes, a row for each identifier that said it. Which of it decides: see '
		'cdp.consent_of().';
	COMMENT ON COLUMN cdp.consent.profile_id IS
		'The profile that the identifier is in now; 0: none, it is blocked, or no event carries it.';
	COMMENT ON COLUMN cdp.consent.identifier IS 'The identifier.';
	COMMENT ON COLUMN cdp.consent.purpose IS 'Name of the purpose.';
	COMMENT ON COLUMN cdp.consent.answer IS
		'yes, no, or reset: what was said before, and not by a stronger identifier, counts no more.';
	COMMENT ON COLUMN cdp.consent.first_time IS
		'When it was said first: least(timestamp, received_at) of the event.';
	COMMENT ON COLUMN cdp.consent.last_time IS 'When it was said last.';
	COMMENT ON COLUMN cdp.consent.expires_at IS 'When the yes ends; NULL: never.';
	COMMENT ON COLUMN cdp.consent.source IS 'The source that sent it; NULL: cdp.set_consent() was called.';
	COMMENT ON COLUMN cdp.consent.first_event_id IS 'The event that said it first; 0: none did.';
	COMMENT ON COLUMN cdp.consent.event_id IS 'The event that said it last; 0: none did.';
	COMMENT ON COLUMN cdp.consent.evidence IS 'What was given with it as proof; NULL: nothing.';
	COMMENT ON COLUMN cdp.consent.consent_id IS
		'Number of the statement, the same in the rows of all identifiers of its event.';
	COMMENT ON COLUMN cdp.consent.batch_id IS 'The batch that last changed the row.';

	CREATE VIEW cdp.signal AS
		SELECT s.kind, s.key, p.name AS purpose
		FROM cdp_data.signal s
		JOIN cdp_data.purpose p USING (purpose_id);
	COMMENT ON VIEW cdp.signal IS 'Which signals of events speak of which purposes, as cdp.map_signal() has set it.';
	COMMENT ON COLUMN cdp.signal.kind IS 'category, tcf, tcf_objection, gpp, google or gpc.';
	COMMENT ON COLUMN cdp.signal.key IS 'Which of its kind; empty for gpc.';
	COMMENT ON COLUMN cdp.signal.purpose IS 'Name of the purpose that it speaks of.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_consent_views() IS 'Internal: makes the views of consent.';

CREATE FUNCTION cdp_internal.purpose_number(name text) RETURNS smallint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number smallint := (SELECT p.purpose_id FROM cdp_data.purpose p WHERE p.name = purpose_number.name);
BEGIN
	IF name IS NULL THEN
		RAISE EXCEPTION 'the name of a purpose is NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF number IS NULL THEN
		RAISE EXCEPTION 'purpose "%" does not exist', left(name, 64) USING ERRCODE = 'undefined_object',
			HINT = coalesce('The nearest is "' || cdp_internal.nearest_name(name,
				ARRAY(SELECT p.name FROM cdp_data.purpose p ORDER BY p.name)) || '".',
				'cdp.purpose lists the purposes.');
	END IF;
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp_internal.purpose_number(text) IS
	'Internal: returns the number of a purpose. Errors: NULL (22004), there is none of this name (42704).';

REVOKE ALL ON FUNCTION cdp_internal.answer_name("char"), cdp_internal.init_consent_views(),
	cdp_internal.purpose_number(text) FROM PUBLIC;
