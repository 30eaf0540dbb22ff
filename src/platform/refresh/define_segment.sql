-- Making, renaming and dropping segments, and building those that are new: batches of their own.
--
-- The definition is made as the caller, who owns it; the batch works as the owner of the tables.

CREATE FUNCTION cdp_internal.begin_definition() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.start_batch();
	-- what has changed as time passed did so by the definitions as they were
	PERFORM cdp_internal.keep_lapsed(cdp_internal.batch_as_of(), cdp_internal.has_account_segments());
END
$function$;
COMMENT ON FUNCTION cdp_internal.begin_definition() IS
	'Internal: takes the lock, begins a batch, and judges those whose horizon has passed.';

CREATE FUNCTION cdp_internal.end_definition(changed integer, trait text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	IF EXISTS (SELECT FROM cdp_data.segment s WHERE s.segment_id = changed AND s.kind <> 'trait') THEN
		PERFORM cdp_internal.draw_hold_out(changed);
	ELSIF changed IS NOT NULL AND NOT EXISTS (
		SELECT FROM cdp_data.segment s
		WHERE s.segment_id = changed AND s.built_until IS DISTINCT FROM 0)
	THEN
		PERFORM cdp_internal.forget_segment(changed, trait);
	END IF;
	PERFORM cdp_internal.process_batch(cause => 'definition');
	PERFORM cdp_internal.batch_end();
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.end_definition(integer, text) IS
	'Internal: takes the batch through all stages, with a slice of segments that are to be built. changed: the number '
	'of a segment or computed trait that was dropped, of a trait that has another type, or of a segment whose hold-out '
	'changed, or NULL; trait: the name of the trait, or NULL.';

CREATE FUNCTION cdp_internal.report_definition(number integer) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	made cdp_data.segment;
	kind text;
BEGIN
	SELECT s.* INTO STRICT made FROM cdp_data.segment s WHERE s.segment_id = number;
	kind := CASE made.kind WHEN 'trait' THEN 'computed trait' WHEN 'list' THEN 'list' ELSE 'segment' END;
	IF made.state = 'failing' AND made.error_profile_id IS NULL THEN
		RAISE EXCEPTION 'the % of % "%" cannot be %', CASE made.kind WHEN 'trait' THEN 'expression'
				WHEN 'list' THEN 'query' ELSE 'condition' END, kind, made.name,
				CASE made.kind WHEN 'list' THEN 'read' ELSE 'judged' END
			USING ERRCODE = split_part(made.error, ': ', 1), DETAIL = substr(made.error, 8);
	ELSIF made.state IN ('failing', 'too_slow') THEN
		RAISE WARNING '% "%" is %', kind, made.name, replace(made.state, '_', ' ')
			USING DETAIL = concat_ws(' ', made.error,
					CASE made.subject WHEN 'account' THEN '(account ' ELSE '(profile ' END || made.error_profile_id
						|| ')'),
				HINT = 'cdp.segment shows the state of all segments.';
	ELSIF made.built_until IS NOT NULL THEN
		RAISE NOTICE '% "%" is being built', kind, made.name
			USING DETAIL = format('Each refresh judges some %s. Those who read it have the others judged.',
				CASE made.subject WHEN 'account' THEN 'accounts' ELSE 'people' END),
				HINT = 'CALL cdp.build_segments() judges all.';
	END IF;
	RETURN CASE WHEN made.built_until IS NULL AND made.state <> 'too_slow' THEN made.members END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.report_definition(integer) IS
	'Internal: raises an error, a warning or a notice unless a segment or computed trait that was made is live; '
	'returns its size, if that is known.';

CREATE FUNCTION cdp_internal.create_segment(name text, condition text, description text, replace boolean,
	subject text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_segment_name(create_segment.name);
	PERFORM cdp_data.begin_definition();
	number := cdp_internal.define_segment(create_segment.name, create_segment.condition, create_segment.description,
		create_segment.replace, false, create_segment.subject);
	PERFORM cdp_data.end_definition(NULL, NULL);
	RETURN cdp_internal.report_definition(number);
END
$function$;
COMMENT ON FUNCTION cdp_internal.create_segment(text, text, text, boolean, text) IS
	'Internal: creates a segment of a subject.';

CREATE FUNCTION cdp.create_segment(name text, condition text, description text DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.create_segment(name, condition, description, replace, 'person');
END
$function$;
COMMENT ON FUNCTION cdp.create_segment(text, text, text, boolean) IS
$comment$Creates a segment: the people for whom a condition holds. Makes the view cdp_segment.<name>, which belongs to
the caller. Returns the number of members now; NULL if it is too slow, or if there are more than 10,000 people: then it
is building, each refresh judges so many, and CALL cdp.build_segments() all; meanwhile those who read it have the others
judged. The condition is one boolean SQL expression over the columns of cdp.profile_row, without subqueries, aggregates,
window, set-returning and volatile functions, CASE, and what depends on settings or tables. It can use now() where a
timestamptz is compared with it, plus or minus a constant interval, and other segments by cdp.in_segment('name').
Functions outside pg_catalog and cdp need their schema, and must belong to the owner of the view or to a superuser.
The condition is judged with the owner's rights, in a security-restricted context, for at most cdp.segment_timeout for
each 100,000 people. If it fails for some people, the segment is created and marked as failing, with a warning; if it
fails for all, that is an error. replace => true replaces the condition and description of an existing segment: all
people are judged anew, and the changes have the cause definition. It waits for a refresh that runs. READ COMMITTED
only. Errors: invalid_name, syntax_error, datatype_mismatch, feature_not_supported, insufficient_privilege,
duplicate_object, and the error of the condition.$comment$;

-- Without cdp on the search path the server's errors name views with their schema.
CREATE FUNCTION cdp_internal.drop_definition(name text, is_trait boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	number integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_data.begin_definition();
	PERFORM cdp_internal.check_unused(s.segment_id), cdp_internal.check_unconsumed(s.segment_id)
	FROM cdp_data.segment s
	WHERE s.name = drop_definition.name AND (s.kind = 'trait') = is_trait;
	DELETE FROM cdp_data.segment s
	WHERE s.name = drop_definition.name AND (s.kind = 'trait') = is_trait
	RETURNING s.segment_id INTO number;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% "%" does not exist', CASE WHEN is_trait THEN 'computed trait' ELSE 'segment' END, name
			USING ERRCODE = 'undefined_object', HINT = CASE WHEN is_trait
				THEN 'cdp.computed_trait lists the computed traits.' ELSE 'cdp.segment lists the segments.' END;
	END IF;
	EXECUTE format('DROP VIEW IF EXISTS cdp_segment.%I', name);
	EXECUTE format('DROP VIEW IF EXISTS cdp_condition.%I', name);
	PERFORM cdp_data.end_definition(number, CASE WHEN is_trait THEN name END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.drop_definition(text, boolean) IS
	'Internal: drops a segment, or a computed trait.';

CREATE FUNCTION cdp.drop_segment(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.drop_definition(drop_segment.name, false);
END
$function$;
COMMENT ON FUNCTION cdp.drop_segment(text) IS
	'Drops a segment, of people or accounts, its view and its memberships; its members leave it with the cause '
	'definition. Only the owner of the view can. Refused while other segments or views use it; the error names '
	'them. READ COMMITTED only. Errors: undefined_object, dependent_objects_still_exist.';

CREATE FUNCTION cdp_internal.create_trait(name text, expression text, description text, replace boolean,
	subject text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	former_type text;
	number integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_segment_name(create_trait.name, 'a computed trait');
	PERFORM cdp_data.begin_definition();
	former_type := (SELECT s.value_type FROM cdp_data.segment s WHERE s.name = create_trait.name);
	IF former_type IS NULL THEN
		PERFORM cdp_internal.check_trait_name(create_trait.name);
	END IF;
	number := cdp_internal.define_segment(create_trait.name, create_trait.expression, create_trait.description,
		create_trait.replace, true, create_trait.subject);
	-- values of another type could not be read
	PERFORM cdp_data.end_definition(
		(SELECT s.segment_id FROM cdp_data.segment s WHERE s.segment_id = number AND s.value_type <> former_type),
		create_trait.name);
	RETURN cdp_internal.report_definition(number);
END
$function$;
COMMENT ON FUNCTION cdp_internal.create_trait(text, text, text, boolean, text) IS
	'Internal: creates a computed trait of a subject.';

CREATE FUNCTION cdp.create_trait(name text, expression text, description text DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.create_trait(name, expression, description, replace, 'person');
END
$function$;
COMMENT ON FUNCTION cdp.create_trait(text, text, text, boolean) IS
$comment$Creates a computed trait: an SQL expression over the columns of cdp.profile_row whose value is kept for each
person, as the memberships of segments are: judged when something changes or time passes, exact when read, right after
merges, unmerges and retractions. Makes the view cdp_segment.<name> (profile_id, value, since), which belongs to the
caller. Returns how many people have a value; NULL while it is being built, as of cdp.create_segment(), whose rules
hold for the expression too. Its type is text, boolean, a number, timestamptz, date, text[] or jsonb; a value has at
most 64 kB as text. NULL is no value. Use cdp.computed('name') in conditions and in other computed traits;
cdp.create_profile_view() shows it by the column 'name computed'; cdp.lookup() by the key computed; the feed says
trait_changed. A segment, a computed trait and a trait of a source cannot have one name; a trait that a source gives
later stays apart, in traits.
replace => true replaces expression and description. Another type is refused while segments or computed traits use it;
it makes the views again that cdp.create_profile_view() made. cdp.rename_segment() renames it. READ COMMITTED only.
Errors: those of cdp.create_segment().$comment$;

CREATE FUNCTION cdp.drop_trait(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.drop_definition(drop_trait.name, true);
END
$function$;
COMMENT ON FUNCTION cdp.drop_trait(text) IS
	'Drops a computed trait, of people or accounts, its view and its values. Only the owner of the view can. '
	'Refused while segments, other computed traits or views use it; the error names them. READ COMMITTED only. '
	'Errors: undefined_object, dependent_objects_still_exist.';

CREATE FUNCTION cdp.rename_segment(name text, new_name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_segment_name(rename_segment.new_name);
	PERFORM cdp_data.begin_definition();
	PERFORM cdp_internal.check_trait_name(rename_segment.new_name) FROM cdp_data.segment s
	WHERE s.name = rename_segment.name AND s.kind = 'trait';
	UPDATE cdp_data.profile_view v
	SET columns = cdp_internal.rename_columns(v.columns, rename_segment.name, rename_segment.new_name)
	WHERE EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = rename_segment.name AND s.kind = 'trait');
	IF EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = rename_segment.new_name) THEN
		RAISE EXCEPTION 'segment "%" already exists', rename_segment.new_name USING ERRCODE = 'duplicate_object',
			HINT = 'Drop it with cdp.drop_segment.';
	END IF;
	UPDATE cdp_data.segment s SET name = rename_segment.new_name WHERE s.name = rename_segment.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment "%" does not exist', rename_segment.name USING ERRCODE = 'undefined_object',
			HINT = 'cdp.segment lists the segments.';
	END IF;
	UPDATE cdp_data.segment s
	SET condition = cdp_internal.rename_in_condition(s.condition, rename_segment.name, rename_segment.new_name)
	WHERE ARRAY(SELECT u.segment_id FROM cdp_data.segment u WHERE u.name = rename_segment.new_name) <@ s.depends_on;
	EXECUTE format('ALTER VIEW cdp_condition.%I RENAME TO %I', rename_segment.name, rename_segment.new_name);
	EXECUTE format('ALTER VIEW cdp_segment.%I RENAME TO %I', rename_segment.name, rename_segment.new_name);
	PERFORM cdp_internal.make_segment_view(rename_segment.new_name, true);
	PERFORM cdp_data.end_definition(NULL, NULL);
END
$function$;
COMMENT ON FUNCTION cdp.rename_segment(text, text) IS
	'Gives a segment or computed trait and its view another name, also in the conditions that use it. Its '
	'number and its members stay. '
	'Only the owner of the view can. READ COMMITTED only. Errors: invalid_name, undefined_object, duplicate_object, '
	'insufficient_privilege.';

CREATE FUNCTION cdp_internal.build_slice() RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.begin_definition();
	PERFORM cdp_internal.end_definition(NULL, NULL);
	RETURN cdp_internal.has_unbuilt_segments();
END
$function$;
COMMENT ON FUNCTION cdp_internal.build_slice() IS
	'Internal: judges a slice of the people by segments that are being built, as a batch; returns whether there is '
	'more to do.';

-- Without a search path of its own, since it commits.
CREATE PROCEDURE cdp.build_segments()
	LANGUAGE plpgsql
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	WHILE cdp_data.build_slice() LOOP
		COMMIT;
	END LOOP;
END
$function$;
COMMENT ON PROCEDURE cdp.build_segments() IS
	'Judges all people by the segments that are building, and commits after each 10,000 people, or those whom it '
	'judged in a second, so that other refreshes run between. CALL it outside of a transaction block.';

REVOKE ALL ON FUNCTION cdp_internal.begin_definition(), cdp_internal.end_definition(integer, text),
	cdp_internal.report_definition(integer), cdp.create_segment(text, text, text, boolean),
	cdp_internal.create_segment(text, text, text, boolean, text),
	cdp_internal.create_trait(text, text, text, boolean, text),
	cdp_internal.drop_definition(text, boolean), cdp.drop_segment(text),
	cdp.create_trait(text, text, text, boolean), cdp.drop_trait(text), cdp.rename_segment(text, text),
	cdp_internal.build_slice() FROM PUBLIC;
REVOKE ALL ON PROCEDURE cdp.build_segments() FROM PUBLIC;
