-- cdp.verify(): compares the tables with what follows from the log, the rules and the verdicts.
--
-- Everything is checked where it is: an event by the row of each of its identifiers, a link by the events that say it,
-- a profile by its own links and by those that are refused at its ends (core/stitch/stitch_check.h), a summary by the
-- events of its identifiers.  If each of these is right, so is the whole.  Nothing is computed for all people at once:
-- memory is that of a sort, of a slice of profiles, or of one person.  All queries see the snapshot of the caller's
-- statement, since the functions are STABLE, so what a refresh writes meanwhile makes no difference.

CREATE FUNCTION cdp_internal.verify_person(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 1000000
	SET search_path = pg_catalog, cdp, pg_temp
	-- for all that it calls: each statement runs once, so compiling it takes longer than it saves
	SET jit = off
	SET max_parallel_workers_per_gather = 0
AS $function$
DECLARE
	own bigint[] := CASE WHEN person IS NOT NULL THEN ARRAY(
		SELECT i.identifier_id FROM cdp_data.identifier i WHERE i.profile_id = person) END;
	total record;
BEGIN
	SELECT s.event_id - s.retracted - s.lost - (SELECT coalesce(sum(f.gone), 0) FROM cdp_data.folded_month f)::bigint
			+ cdp_internal.about_rows('cdp_data.base') AS events, s.identifier_id AS identifiers,
		   cdp_internal.about_rows('cdp_data.link') AS links, cdp_internal.about_rows('cdp_data.profile') AS profiles
	INTO STRICT total FROM cdp_data.state s;
	IF person IS NULL THEN
		PERFORM cdp_internal.progress_begin('verify', total.events);
	ELSE
		PERFORM cdp_internal.progress_end();
	END IF;
	PERFORM cdp_internal.progress_set('log', 0, total.events + total.links);
	RETURN QUERY SELECT * FROM cdp_internal.verify_missing(person);
	RETURN QUERY SELECT * FROM cdp_internal.verify_log(own);
	PERFORM cdp_internal.progress_set('identifiers', 0, total.identifiers);
	RETURN QUERY SELECT * FROM cdp_internal.verify_identifiers(own);
	RETURN QUERY SELECT * FROM cdp_internal.verify_history(own);
	PERFORM cdp_internal.progress_set('numbers', 0, 0);
	RETURN QUERY SELECT * FROM cdp_internal.verify_numbers(own);
	PERFORM cdp_internal.progress_set('profiles', 0, total.profiles);
	RETURN QUERY SELECT * FROM cdp_internal.verify_profiles(person);
	-- by the numbers of the profiles
	PERFORM cdp_internal.progress_set('partitions', 0, total.identifiers);
	RETURN QUERY SELECT * FROM cdp_internal.verify_partitions(person);
	RETURN QUERY SELECT * FROM cdp_internal.verify_same(own);
	PERFORM cdp_internal.progress_set('members', 0, 0);
	RETURN QUERY SELECT * FROM cdp_internal.verify_members(own);
	IF person IS NULL THEN
		RETURN QUERY SELECT * FROM cdp_internal.verify_statements();
		PERFORM cdp_internal.progress_set('contexts', 0, 0);
		RETURN QUERY SELECT * FROM cdp_internal.verify_contexts();
		PERFORM cdp_internal.progress_set('accounts', 0, 0);
		RETURN QUERY SELECT * FROM cdp_internal.verify_accounts();
		PERFORM cdp_internal.progress_set('segments', 0, 0);
		RETURN QUERY SELECT * FROM cdp_internal.verify_segments();
		RETURN QUERY SELECT * FROM cdp_internal.verify_feed();
	END IF;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_person(bigint) IS
	'Internal: what cdp.verify() returns. person: a profile_id, NULL: all.';

CREATE FUNCTION cdp_internal.verify_tables(profile_id bigint, identifier text)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 1000000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	person bigint;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.check_tables();
	IF verify_tables.profile_id IS NOT NULL THEN
		person := cdp.profile_of(verify_tables.profile_id);
		IF person IS NULL THEN
			RAISE EXCEPTION 'there is no profile %', verify_tables.profile_id USING ERRCODE = 'undefined_object',
				DETAIL = format('It is %s.', (SELECT r.reason FROM cdp.resolve_profile(verify_tables.profile_id) r));
		END IF;
	ELSIF verify_tables.identifier IS NOT NULL THEN
		person := cdp.profile_of(verify_tables.identifier::cdp.identifier);
		IF person IS NULL THEN
			RAISE EXCEPTION '"%" belongs to no profile', verify_tables.identifier USING ERRCODE = 'undefined_object',
				DETAIL = format('It is %s.', (SELECT r.reason FROM cdp.resolve_profile(verify_tables.identifier) r));
		END IF;
	END IF;
	RETURN QUERY SELECT * FROM cdp_internal.verify_person(person);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_tables(bigint, text) IS
	'Internal: what cdp.verify() does, for the owner of the tables. The arguments name one person; both NULL: all.';

CREATE FUNCTION cdp_internal.init_verify() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- SECURITY DEFINER and made here for the reasons of cdp_data.refresh(): what row security hides is no
	-- difference.  The text is read as an identifier.
	CREATE FUNCTION cdp_data.verify(profile_id bigint, identifier text)
		RETURNS TABLE (stage text, item text, expected text, found text)
		LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER COST 1000000
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.verify_tables(profile_id, identifier);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.verify(bigint, text) IS
		'Internal: cdp.verify(), as the owner of the tables, for one person or for all (both arguments NULL).';
	REVOKE ALL ON FUNCTION cdp_data.verify(bigint, text) FROM PUBLIC;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_verify() IS
	'Internal: makes the function that verifies as the owner of the tables, owned by that role.';

CREATE FUNCTION cdp.verify() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 1000000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	RETURN QUERY SELECT * FROM cdp_data.verify(NULL, NULL);
END
$function$;
COMMENT ON FUNCTION cdp.verify() IS
$comment$Compares the tables with what follows from the log, the rules and the verdicts, and judges the segments.
Returns the differences; no row means that all is well.
stage: log (it lacks events, so what these said could not be checked), undone (left undone by cdp.refresh(), as the log
lacked events), base (rows for events of dropped months name what the tables lack, are too few, lack a property, or
have the identifiers that a former phone_region gave them),
identifier, link, anchor, message (but of those that cdp.set_message_memory() let go), history, profile, traits,
timeline, accounts, statement (what holds of a message of a mutable source), context, segment (with who is held out)
or feed (numbers that it lacks; changes that do not say what was before them; where it does not add up to the
memberships). item: the identifier, pair, event, row of the base, message, person, segment or change. expected: what
follows from the log, the base and the other rows. found: what the tables hold. NULL: nothing. A profile is named by its
strongest identifier.
Each row is compared with those that it follows from, so a wrong one can make several differences: cdp.restitch()
corrects them all, except those of log, base, message, history, segment and feed, a context that is lost, and a
statement that is a deletion. Not compared, as
nothing says what they should be: the batches of rows, former profiles and anchors, quarantine, the counts of sources
and of tracking plans, and the contents of messages whose events the log lacks, of which a notice gives the number.
It works as the owner of the tables, so row security hides nothing from it.
It reads one snapshot, so refreshes may run meanwhile; it takes no lock that they wait for, changes nothing, works on a
hot standby, and can be cancelled. It takes memory for sorting (work_mem), for some ten thousand identifiers, and for
the largest person; and space on disk (temp_file_limit) for a few hundred bytes an event.$comment$;

-- No row would say that all is well.
CREATE FUNCTION cdp_internal.check_named(person text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF person IS NULL THEN
		RAISE EXCEPTION 'no person is named' USING ERRCODE = 'null_value_not_allowed',
			DETAIL = 'The argument is null.', HINT = 'cdp.verify() without an argument verifies all.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_named(text) IS
	'Internal: raises an error if the person to verify is NULL.';

CREATE FUNCTION cdp.verify(profile_id bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	PERFORM cdp_internal.check_named(verify.profile_id::text);
	RETURN QUERY SELECT * FROM cdp_data.verify(verify.profile_id, NULL);
END
$function$;
COMMENT ON FUNCTION cdp.verify(bigint) IS
	'The same for one person, by a present or former profile_id: the identifiers, their links and events, and the '
	'profile; not accounts and segments. A link whose row is missing is found if an event that says it is anchored at '
	'an identifier of the person or one linked to it. Errors: there is no such person now (42704), or it is '
	'NULL (22004).';

CREATE FUNCTION cdp.verify(identifier cdp.identifier)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	PERFORM cdp_internal.check_named(verify.identifier::text);
	RETURN QUERY SELECT * FROM cdp_data.verify(NULL, verify.identifier::text);
END
$function$;
COMMENT ON FUNCTION cdp.verify(cdp.identifier) IS
	'The same for one person, by any identifier. Errors: it belongs to no person (42704), or it is NULL (22004).';

CREATE FUNCTION cdp.verify(identifier text)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := cdp_internal.person_id(verify.identifier);
BEGIN
	IF asked IS NULL THEN
		RETURN QUERY SELECT * FROM cdp.verify(verify.identifier::cdp.identifier);
	ELSE
		RETURN QUERY SELECT * FROM cdp.verify(asked);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.verify(text) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

REVOKE ALL ON FUNCTION cdp_internal.verify_person(bigint), cdp_internal.verify_tables(bigint, text),
	cdp_internal.init_verify(), cdp_internal.check_named(text), cdp.verify(), cdp.verify(bigint),
	cdp.verify(cdp.identifier), cdp.verify(text) FROM PUBLIC;
