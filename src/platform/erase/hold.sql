-- Holds: people who must not be erased for now.

CREATE FUNCTION cdp_internal.is_held(subjects cdp_internal.subjects) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT EXISTS (
		SELECT FROM cdp_data.hold h
		WHERE h.identifier = ANY (subjects.identifiers) AND h.ended_at IS NULL
			AND (h.until IS NULL OR h.until > clock_timestamp()))
$function$;
COMMENT ON FUNCTION cdp_internal.is_held(cdp_internal.subjects) IS
	'Internal: returns whether a hold is in force on people.';

CREATE FUNCTION cdp_internal.held_ids() RETURNS bigint[]
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT ARRAY(
		SELECT DISTINCT i.identifier_id
		FROM cdp_data.hold h
		CROSS JOIN LATERAL cdp_internal.known_identifier(h.identifier) k
		JOIN cdp_data.identifier i ON i.identifier_id = k.identifier_id
			OR k.profile_id <> 0 AND i.profile_id = k.profile_id
		WHERE h.ended_at IS NULL AND (h.until IS NULL OR h.until > clock_timestamp()))
$function$;
COMMENT ON FUNCTION cdp_internal.held_ids() IS
	'Internal: returns the identifiers of people on whom a hold is in force.';

-- Each of them as it was asked for, so that others can be erased.
CREATE FUNCTION cdp_internal.hold_back(people text[], erasure cdp_internal.erasure_order) RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	held text[];
	asked cdp.identifier[];
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.hold) THEN
		RETURN '{}';
	END IF;
	held := ARRAY(
		SELECT u.asked FROM unnest(people) AS u (asked)
		WHERE cdp_internal.is_held(cdp_internal.erase_subjects(ARRAY[u.asked])));
	IF held <> '{}' THEN
		asked := ARRAY(SELECT a.identifier FROM cdp_internal.erase_asked(held) a);
		INSERT INTO cdp_data.erasure (erasure_id, request, mode, state, regulation, reason, purpose, since, until,
			keep_properties, received_at, due_at, identifiers)
		VALUES (erasure.erasure_id, erasure.request, erasure.mode, 'held', erasure.regulation, erasure.reason,
			erasure.purpose, erasure.since, erasure.until, erasure.keep_properties, erasure.received_at, erasure.due_at,
			asked);
	END IF;
	RETURN held;
END
$function$;
COMMENT ON FUNCTION cdp_internal.hold_back(text[], cdp_internal.erasure_order) IS
	'Internal: notes which of the people that are to be erased are held, and returns these as they were asked for.';

CREATE FUNCTION cdp_internal.audited(identifier cdp.identifier) RETURNS bigint[]
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT ARRAY(
		SELECT k.profile_id FROM cdp_internal.known_identifier(cdp_internal.by_rules(identifier)) k
		WHERE k.profile_id <> 0)
$function$;
COMMENT ON FUNCTION cdp_internal.audited(cdp.identifier) IS
	'Internal: returns the profile of an identifier, as a subject of cdp_data.record_audit(); none if it has none.';

CREATE FUNCTION cdp_internal.hold(identifier cdp.identifier, reason text, until timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number bigint;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.refuse_subject(cdp_internal.by_rules(hold.identifier));
	PERFORM cdp_internal.refuse_suppressed(cdp_internal.by_rules(hold.identifier));
	number := (SELECT coalesce(max(h.hold_id), 0) + 1 FROM cdp_data.hold h);
	INSERT INTO cdp_data.hold (hold_id, identifier, reason, until)
	VALUES (number, cdp_internal.by_rules(hold.identifier), hold.reason, hold.until);
	PERFORM cdp_data.record_audit('hold', cdp_internal.audited(hold.identifier),
		jsonb_build_object('hold_id', number, 'until', hold.until));
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp_internal.hold(cdp.identifier, text, timestamptz) IS
	'Internal: what cdp.hold() does, for the owner of the tables.';

CREATE FUNCTION cdp_internal.end_hold(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	subjects cdp_internal.subjects;
	ended bigint;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	subjects.identifiers := ARRAY[cdp_internal.by_rules(end_hold.identifier)];
	subjects.profile_ids := '{}';
	-- one that has become shared or blocked names no one any more, but its hold must end
	IF NOT EXISTS (
		SELECT FROM cdp_internal.known_identifier(subjects.identifiers[1]) k WHERE k.shared OR k.blocked)
	THEN
		subjects := cdp_internal.erase_subjects(ARRAY[end_hold.identifier::text]);
	END IF;
	UPDATE cdp_data.hold h SET ended_by = session_user, ended_at = clock_timestamp()
	WHERE h.identifier = ANY (subjects.identifiers) AND h.ended_at IS NULL;
	GET DIAGNOSTICS ended = ROW_COUNT;
	PERFORM cdp_data.record_audit('end_hold', subjects.profile_ids, jsonb_build_object('holds', ended));
	RETURN ended;
END
$function$;
COMMENT ON FUNCTION cdp_internal.end_hold(cdp.identifier) IS
	'Internal: what cdp.end_hold() does, for the owner of the tables.';

CREATE FUNCTION cdp_internal.carry_out_held() RETURNS SETOF jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	pending record;
	erasure cdp_internal.erasure_order;
	subjects cdp_internal.subjects;
	certificate jsonb;
	problem text;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	IF EXISTS (SELECT FROM cdp_data.erasure e WHERE e.state = 'held') THEN
		PERFORM cdp_internal.check_suppression_key();
	END IF;
	FOR pending IN SELECT e.* FROM cdp_data.erasure e WHERE e.state = 'held' ORDER BY e.erasure_id LOOP
		BEGIN
			subjects := cdp_internal.erase_subjects(pending.identifiers::text[]);
			CONTINUE WHEN cdp_internal.is_held(subjects);
			erasure := ROW(pending.erasure_id, pending.request, pending.mode, pending.regulation, pending.reason,
				pending.purpose, pending.since, pending.until, pending.keep_properties, pending.received_at,
				pending.due_at);
			certificate := cdp_internal.carry_out(erasure, subjects);
			PERFORM cdp_data.record_audit('carry_out_erasure', subjects.profile_ids,
				jsonb_build_object('erasure_id', pending.erasure_id));
		-- the others are erased
		EXCEPTION WHEN object_not_in_prerequisite_state THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			RAISE WARNING 'erasure % cannot be carried out: %', pending.erasure_id, problem
				USING HINT = 'Erase the person by another identifier of it.';
			CONTINUE;
		END;
		RETURN NEXT certificate;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.carry_out_held() IS
	'Internal: what cdp.carry_out_erasures() does, for the owner of the tables.';

REVOKE ALL ON FUNCTION cdp_internal.audited(cdp.identifier), cdp_internal.is_held(cdp_internal.subjects),
	cdp_internal.held_ids(),
	cdp_internal.hold_back(text[], cdp_internal.erasure_order), cdp_internal.hold(cdp.identifier, text, timestamptz),
	cdp_internal.end_hold(cdp.identifier), cdp_internal.carry_out_held() FROM PUBLIC;
