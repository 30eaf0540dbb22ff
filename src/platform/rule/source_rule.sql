-- The rules of sources: party, trust, how long their values count, and how long their events are kept.

CREATE FUNCTION cdp_internal.init_sources() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.sources AS
		SELECT s.source, s.party, s.trust, s.aliases, s.expires_after, s.keep_events, s.licence, s.mutable,
			s.keep_corrections, s.version, s.deleted, s.phone_region, s.keep_unidentified, s.own_message_ids,
			s.same_content_within, s.accepted, s.duplicate, s.same_content, s.quarantined, s.deletions,
			s.suppressed, s.retracted,
			s.folded_until,
			f.as_of AS first_refresh_at,
			l.as_of AS last_refresh_at
		FROM cdp_data.source s
		LEFT JOIN cdp_data.batch f ON f.batch_id = s.first_batch_id
		LEFT JOIN cdp_data.batch l ON l.batch_id = s.last_batch_id;
	COMMENT ON VIEW cdp.sources IS
		'The sources of events, as set by cdp.set_sources(), and the outcomes of their rows.';
	COMMENT ON COLUMN cdp.sources.source IS 'Name of the source.';
	COMMENT ON COLUMN cdp.sources.party IS
		'first (your own data), second (a partner''s own data) or third (bought data).';
	COMMENT ON COLUMN cdp.sources.trust IS
		'Trust, from -128 to 127; links and values of the more trusted source win.';
	COMMENT ON COLUMN cdp.sources.aliases IS
		'What its aliases of an earlier user_id are: link (evidence like any other) or same (believed as if cdp.same() '
		'said so).';
	COMMENT ON COLUMN cdp.sources.expires_after IS
		'How long its values of traits count, in hours; NULL: they do not expire.';
	COMMENT ON COLUMN cdp.sources.keep_events IS
		'How long its events stay in the log, in hours: see cdp.drop_old_events(). NULL: until their month is dropped.';
	COMMENT ON COLUMN cdp.sources.licence IS 'A note on what its data may be used for; NULL: no note.';
	COMMENT ON COLUMN cdp.sources.mutable IS 'Whether it corrects its rows, by their message ids.';
	COMMENT ON COLUMN cdp.sources.keep_corrections IS 'Whether what is replaced goes to cdp.correction.';
	COMMENT ON COLUMN cdp.sources.version IS
		'Path of the version in the properties, traits or context of its rows; NULL: the later one holds.';
	COMMENT ON COLUMN cdp.sources.deleted IS
		'Path in the properties, traits or context of what says that a row deletes; NULL: none does.';
	COMMENT ON COLUMN cdp.sources.phone_region IS
		'Where its phone numbers without a country code are; NULL: they are no identifiers.';
	COMMENT ON COLUMN cdp.sources.keep_unidentified IS 'Whether its events without any identifier are kept.';
	COMMENT ON COLUMN cdp.sources.own_message_ids IS
		'Whether messages of other sources can have the same ids.';
	COMMENT ON COLUMN cdp.sources.same_content_within IS
		'How far from an event a row that says the same is a duplicate of it, in hours; NULL: it is none.';
	COMMENT ON COLUMN cdp.sources.accepted IS 'Number of rows that were accepted: they became events.';
	COMMENT ON COLUMN cdp.sources.duplicate IS
		'Number of rows whose message was already in the log, or that said the same as an event.';
	COMMENT ON COLUMN cdp.sources.same_content IS
		'How many of these said the same as an event with another message id, or with none.';
	COMMENT ON COLUMN cdp.sources.quarantined IS
		'Number of rows that could not become events; a row that is replayed counts again.';
	COMMENT ON COLUMN cdp.sources.deletions IS 'Number of its rows that held as deletions.';
	COMMENT ON COLUMN cdp.sources.suppressed IS
		'Number of its rows that named none but people who were erased, and were dropped.';
	COMMENT ON COLUMN cdp.sources.retracted IS 'Number of its events that were taken back, replaced or deleted.';
	COMMENT ON COLUMN cdp.sources.folded_until IS
		'cdp.drop_old_events() has gone through its events before this time; -infinity: through none since keep_events '
		'was set.';
	COMMENT ON COLUMN cdp.sources.first_refresh_at IS
		'Time of the refresh or change of rules that first named it.';
	COMMENT ON COLUMN cdp.sources.last_refresh_at IS 'Time of the last refresh that took rows from it.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_sources() IS 'Internal: makes the view of sources.';

CREATE FUNCTION cdp_internal.check_source_name(source text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF coalesce(source, '') = '' OR octet_length(source) > 63 OR source ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION 'source "%" is invalid', left(source, 64) USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The name of a source has 1 to 63 bytes and no control characters.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_source_name(text) IS
	'Internal: raises an error if this cannot be the name of a source.';

CREATE FUNCTION cdp_internal.check_sources(sources jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	rule record;
BEGIN
	PERFORM cdp_internal.check_object(sources, 'sources');
	FOR rule IN SELECT s.key AS source, s.value AS given FROM jsonb_each(sources) s ORDER BY s.key COLLATE "C" LOOP
		PERFORM cdp_internal.check_source_name(rule.source);
		IF rule.given <> 'null' THEN
			PERFORM cdp_internal.check_keys(rule.given,
				'{party,trust,aliases,expires_after,keep_events,licence,mutable,keep_corrections,version,deleted,'
				'phone_region,keep_unidentified,own_message_ids,same_content_within}',
				format('source "%s"', rule.source));
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_sources(jsonb) IS
	'Internal: raises an error if a document of sources has an invalid name of a source or an unknown key.';

CREATE FUNCTION cdp_internal.read_interval(given jsonb, what text, hint text) RETURNS interval
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	period interval;
BEGIN
	BEGIN
		period := CASE jsonb_typeof(given) WHEN 'string' THEN given #>> '{}' END::interval;
	EXCEPTION
		WHEN invalid_datetime_format THEN
			period := NULL;
		WHEN datetime_field_overflow OR interval_field_overflow THEN
			PERFORM cdp_internal.refuse_period(left(given #>> '{}', 64), what, hint);
	END;
	IF period IS NULL THEN
		RAISE EXCEPTION '% is %, which is not an interval', what, left(given::text, 64)
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Write it as a string: "90 days".';
	END IF;
	RETURN cdp_internal.in_hours(period, what, hint);
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_interval(jsonb, text, text) IS
	'Internal: reads an interval of a document, in hours. what: its name in messages; hint: what to write for none.';

CREATE FUNCTION cdp_internal.party_trust(party text) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE party WHEN 'first' THEN 3 WHEN 'second' THEN 2 WHEN 'third' THEN 1 END;
COMMENT ON FUNCTION cdp_internal.party_trust(text) IS
	'Internal: returns the default trust of a source of this party; NULL: there is no such party.';

CREATE FUNCTION cdp_internal.read_source(source text, given jsonb,
	INOUT party text, INOUT trust integer, INOUT aliases text, INOUT expires_after interval, INOUT keep_events interval,
	INOUT licence text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF given = 'null' THEN
		given := '{"party": null, "trust": null, "aliases": null, "expires_after": null, "keep_events": null,
			"licence": null}';
	END IF;
	IF given ? 'party' THEN
		party := coalesce(given ->> 'party', 'first');
		IF cdp_internal.party_trust(party) IS NULL THEN
			RAISE EXCEPTION 'party of source "%" is "%"', source, left(party, 64)
				USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It must be first, second or third, or null for the default.',
				HINT = cdp_internal.hint_at(party, '{first,second,third}');
		END IF;
		trust := cdp_internal.party_trust(party);
	END IF;
	IF given ? 'trust' THEN
		trust := CASE WHEN given -> 'trust' = 'null' THEN cdp_internal.party_trust(party)
			ELSE cdp_internal.read_whole_number(given -> 'trust', format('trust of source "%s"', source), -128,
				127) END;
	END IF;
	IF given ? 'aliases' THEN
		IF given -> 'aliases' NOT IN ('null', '"link"', '"same"') THEN
			RAISE EXCEPTION 'aliases of source "%" is %', source, left(given ->> 'aliases', 64)
				USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It must be link or same, or null for the default.',
				HINT = cdp_internal.hint_at(given ->> 'aliases', '{link,same}');
		END IF;
		aliases := coalesce(given ->> 'aliases', 'link');
	END IF;
	IF given ? 'expires_after' THEN
		expires_after := CASE WHEN given -> 'expires_after' <> 'null'
			THEN cdp_internal.read_interval(given -> 'expires_after', format('expires_after of source "%s"', source),
				'null: values of the source do not expire.') END;
	END IF;
	IF given ? 'keep_events' THEN
		keep_events := CASE WHEN given -> 'keep_events' <> 'null'
			THEN cdp_internal.read_interval(given -> 'keep_events', format('keep_events of source "%s"', source),
				'null: events of the source stay until their month is dropped.') END;
	END IF;
	IF given ? 'licence' THEN
		IF jsonb_typeof(given -> 'licence') NOT IN ('string', 'null') THEN
			RAISE EXCEPTION 'licence of source "%" must be a string', source USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is of type %s.', jsonb_typeof(given -> 'licence'));
		END IF;
		licence := given ->> 'licence';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_source(text, jsonb, text, integer, text, interval, interval, text) IS
	'Internal: applies the part of a document about a source to its present rules; returns the new ones.';

CREATE FUNCTION cdp_internal.read_property_path(source text, given jsonb, key text) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	path text[] := CASE jsonb_typeof(given)
		WHEN 'string' THEN ARRAY[given #>> '{}']
		WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(given)) END;
BEGIN
	IF given = 'null' THEN
		RETURN NULL;
	END IF;
	IF path IS NULL OR path = '{}'
		OR jsonb_path_exists(given, 'strict $[*] ? (@.type() <> "string")', silent => true) THEN
		RAISE EXCEPTION '% of source "%" must be the name of a property, or a path of names', key, source
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example "updated_at", or ["meta", "version"].';
	END IF;
	RETURN path;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_property_path(text, jsonb, text) IS
	'Internal: reads a path of names in the properties of rows; NULL: none. key: what it is of.';

CREATE FUNCTION cdp_internal.read_correction(source text, given jsonb, INOUT mutable boolean,
	INOUT keep_corrections boolean, INOUT version text[], INOUT deleted text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong text;
BEGIN
	IF given = 'null' THEN
		given := '{"mutable": null, "keep_corrections": null, "version": null, "deleted": null}';
	END IF;
	wrong := (
		SELECT min(g.key COLLATE "C")
		FROM jsonb_each(given) g
		WHERE g.key IN ('mutable', 'keep_corrections') AND jsonb_typeof(g.value) NOT IN ('boolean', 'null'));
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '% of source "%" must be true or false', wrong, source
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('It is of type %s.', jsonb_typeof(given -> wrong));
	END IF;
	IF given ? 'mutable' THEN
		mutable := coalesce((given ->> 'mutable')::boolean, false);
	END IF;
	IF given ? 'keep_corrections' THEN
		keep_corrections := coalesce((given ->> 'keep_corrections')::boolean, false);
	END IF;
	IF given ? 'version' THEN
		version := cdp_internal.read_property_path(source, given -> 'version', 'version');
	END IF;
	IF given ? 'deleted' THEN
		deleted := cdp_internal.read_property_path(source, given -> 'deleted', 'deleted');
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_correction(text, jsonb, boolean, boolean, text[], text[]) IS
	'Internal: applies the part of a document about a source to its present rules of corrections; returns the new '
	'ones.';

CREATE FUNCTION cdp_internal.read_phone_region(given jsonb, what text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	region text := upper(given #>> '{}');
BEGIN
	IF given <> 'null' AND (jsonb_typeof(given) <> 'string' OR region !~ '^[A-Z]{2}$') THEN
		RAISE EXCEPTION '% is %, which is no region', what, left(given::text, 64)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a country''s code of ISO 3166, such as "GB".';
	END IF;
	BEGIN
		-- an error says that there is no such region, or no library for it
		PERFORM cdp.phone('0', region) WHERE region IS NOT NULL;
	EXCEPTION WHEN invalid_text_representation THEN
		NULL; -- the region is known
	END;
	RETURN region;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_phone_region(jsonb, text) IS
	'Internal: reads the region of the phone numbers of a source; NULL: none. what: what it is of.';

CREATE FUNCTION cdp_internal.read_cleaning(source text, given jsonb, INOUT phone_region text,
	INOUT keep_unidentified boolean, INOUT own_message_ids boolean, INOUT same_content_within interval)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong text;
BEGIN
	IF given = 'null' THEN
		given := '{"phone_region": null, "keep_unidentified": null, "own_message_ids": null,
			"same_content_within": null}';
	END IF;
	wrong := (
		SELECT min(g.key COLLATE "C")
		FROM jsonb_each(given) g
		WHERE g.key IN ('keep_unidentified', 'own_message_ids') AND jsonb_typeof(g.value) NOT IN ('boolean', 'null'));
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '% of source "%" must be true or false', wrong, source
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('It is of type %s.', jsonb_typeof(given -> wrong));
	END IF;
	IF given ? 'phone_region' THEN
		phone_region := cdp_internal.read_phone_region(given -> 'phone_region',
			format('phone_region of source "%s"', source));
	END IF;
	IF given ? 'keep_unidentified' THEN
		keep_unidentified := coalesce((given ->> 'keep_unidentified')::boolean, false);
	END IF;
	IF given ? 'own_message_ids' THEN
		own_message_ids := coalesce((given ->> 'own_message_ids')::boolean, false);
	END IF;
	IF given ? 'same_content_within' THEN
		same_content_within := CASE WHEN given -> 'same_content_within' <> 'null'
			THEN cdp_internal.read_interval(given -> 'same_content_within',
				format('same_content_within of source "%s"', source),
				'null: only rows with the same message id are duplicates.') END;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_cleaning(text, jsonb, text, boolean, boolean, interval) IS
	'Internal: applies the part of a document about a source to the rules by which its rows are cleaned and compared; '
	'returns the new ones.';

CREATE FUNCTION cdp_internal.check_same_content(source text, mutable boolean, same_content_within interval) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF mutable AND same_content_within IS NOT NULL THEN
		RAISE EXCEPTION 'source "%" cannot be mutable and have same_content_within', source
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'What a row of a mutable source says can change, so it is not compared with what others say.',
			HINT = 'Set the other to null in the same call.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_same_content(text, boolean, interval) IS
	'Internal: raises an error if the rows of a source are to be corrected and to be compared by what they say.';

-- What was sent before is corrected too, unless forgotten.  What a deletion deleted is forgotten when the source is not
-- mutable any more; its message id stays used.
CREATE FUNCTION cdp_internal.note_statements(source text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	DELETE FROM cdp_data.statement s
	USING cdp_data.source n
	WHERE n.source = note_statements.source AND s.source_id = n.source_id
		-- what a deletion, or an event that is folded, has said is nowhere else
		AND NOT (n.mutable AND (s.event_id IS NULL OR s.folded));
	INSERT INTO cdp_data.statement (message_key, event_id, identifier_id, "timestamp", content_hash, source_id, version)
	SELECT l.* FROM cdp_internal.logged_statements(note_statements.source) l
	ON CONFLICT DO NOTHING;
END
$function$;
COMMENT ON FUNCTION cdp_internal.note_statements(text) IS
	'Internal: notes, or forgets, what holds of the messages of a source that becomes mutable, is so no longer, or has '
	'its versions elsewhere.';

CREATE FUNCTION cdp_internal.add_sources(sources jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known text[] := ARRAY(SELECT s.source FROM cdp_data.source s ORDER BY s.source);
	-- a mistyped name must not add a source
	wrong text := (
		SELECT min(g.key COLLATE "C")
		FROM jsonb_each(sources) g
		WHERE g.key <> ALL (known) AND coalesce(g.value ->> 'trust', g.value ->> 'party') IS NULL);
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'source "%" is not known yet', wrong USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A source that has sent no rows is added only if trust or party is given, so that a mistyped name '
				'adds none.',
			HINT = coalesce('The nearest is "' || cdp_internal.nearest_name(wrong, known) || '". ', '')
				|| 'If it is a new one, add "party": "first", or trust.';
	END IF;
	PERFORM cdp_internal.add_source_names(ARRAY(SELECT jsonb_object_keys(sources)), t.batch_id + 1)
	FROM cdp_data.state t;
END
$function$;
COMMENT ON FUNCTION cdp_internal.add_sources(jsonb) IS
	'Internal: adds the sources of a document that are not known yet.';

CREATE FUNCTION cdp_internal.check_expirable(source text, source_id integer) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong record;
BEGIN
	SELECT p.key, p.rule INTO wrong
	FROM cdp_data.base_row b
	CROSS JOIN LATERAL cdp.provenance(b.traits) p
	WHERE b.source_id = check_expirable.source_id AND p.rule !~ '(last|merge)$'
	ORDER BY p.key COLLATE "C" LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'what source "%" says cannot expire', source USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('Values of trait "%s" are folded by the rule %s, and their events have left the log: of '
				'these, those that expired could not be taken away from the others.', left(wrong.key, 64), wrong.rule),
			HINT = 'Leave expires_after as it is, or have what is to expire sent by a source of its own.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_expirable(text, integer) IS
	'Internal: raises an error if the base has values of a source that are folded by another rule than last and '
	'merge.';

CREATE FUNCTION cdp_internal.fold_region(source text, source_id integer, regions jsonb, former text, present text)
	RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	key text := coalesce(former, '');
	-- what has left since the last change was read by the former one
	unnoted bigint := (
		SELECT coalesce(sum(b.events), 0) FROM cdp_data.base_row b WHERE b.source_id = fold_region.source_id
	) - (SELECT coalesce(sum(r.value::bigint), 0) FROM jsonb_each_text(regions) r);
	others bigint;
BEGIN
	IF unnoted > 0 THEN
		regions := regions || jsonb_build_object(key, coalesce((regions ->> key)::bigint, 0) + unnoted);
	END IF;
	others := cdp_internal.other_regions(regions, present);
	IF others > 0 THEN
		RAISE NOTICE '% event(s) of source "%" keep the identifiers that they had', others, source
			USING DETAIL = 'They have left the log, so their phone numbers cannot be read anew.';
	END IF;
	RETURN regions;
END
$function$;
COMMENT ON FUNCTION cdp_internal.fold_region(text, integer, jsonb, text, text) IS
	'Internal: returns folded_regions of a source whose phone_region is about to change; a notice tells how many '
	'events cannot be read anew, as they have left the log.';

CREATE FUNCTION cdp_internal.change_sources(sources jsonb) RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	was record;
	becomes record;
	corrects record;
	cleans record;
	refolded text[] := '{}';
BEGIN
	PERFORM cdp_internal.add_sources(sources);
	FOR was IN SELECT s.* FROM cdp_data.source s WHERE sources ? s.source ORDER BY s.source LOOP
		SELECT * INTO STRICT becomes FROM cdp_internal.read_source(was.source, sources -> was.source,
			was.party, was.trust, was.aliases, was.expires_after, was.keep_events, was.licence);
		IF becomes.expires_after IS DISTINCT FROM was.expires_after AND becomes.expires_after IS NOT NULL THEN
			PERFORM cdp_internal.check_expirable(was.source, was.source_id);
		END IF;
		SELECT * INTO STRICT corrects FROM cdp_internal.read_correction(was.source, sources -> was.source, was.mutable,
			was.keep_corrections, was.version, was.deleted);
		SELECT * INTO STRICT cleans FROM cdp_internal.read_cleaning(was.source, sources -> was.source,
			was.phone_region, was.keep_unidentified, was.own_message_ids, was.same_content_within);
		PERFORM cdp_internal.check_same_content(was.source, corrects.mutable, cleans.same_content_within);
		IF cleans.own_message_ids <> was.own_message_ids THEN
			PERFORM cdp_internal.rekey_messages(was.source, was.source_id, was.retracted, cleans.own_message_ids);
		END IF;
		IF cleans.phone_region IS DISTINCT FROM was.phone_region THEN
			-- which events have other identifiers then, only cleaning them anew says
			RETURN QUERY SELECT 'restitched', was.source;
			was.folded_regions := cdp_internal.fold_region(was.source, was.source_id, was.folded_regions,
				was.phone_region, cleans.phone_region);
		END IF;
		UPDATE cdp_data.source s
		SET party = becomes.party, trust = becomes.trust, aliases = becomes.aliases,
			expires_after = becomes.expires_after, keep_events = becomes.keep_events,
			-- begin anew: a month may have been attached meanwhile
			folded_until = CASE WHEN sources -> s.source = 'null' OR sources -> s.source ? 'keep_events'
				THEN '-infinity' ELSE s.folded_until END,
			licence = becomes.licence, mutable = corrects.mutable, keep_corrections = corrects.keep_corrections,
			version = corrects.version, deleted = corrects.deleted, phone_region = cleans.phone_region,
			folded_regions = was.folded_regions, keep_unidentified = cleans.keep_unidentified,
			own_message_ids = cleans.own_message_ids, same_content_within = cleans.same_content_within
		WHERE s.source = was.source;
		IF corrects.mutable <> was.mutable
			OR corrects.mutable AND corrects.version IS DISTINCT FROM was.version THEN
			-- what is not in the log now could not be corrected later either
			IF corrects.mutable AND was.accepted > was.retracted THEN
				PERFORM cdp_internal.check_log();
			END IF;
			PERFORM cdp_internal.note_statements(was.source);
		END IF;
		IF becomes.trust < was.trust THEN
			-- its links now rank behind the stored bound of their profiles
			UPDATE cdp_data.profile p
			SET last_trust = NULL, last_at = NULL
			FROM (
				SELECT i.profile_id
				FROM cdp_data.link l
				JOIN cdp_data.identifier i ON i.identifier_id = l.a
				WHERE l.source_id = was.source_id) l
			WHERE p.profile_id = l.profile_id;
		END IF;
		IF becomes.aliases <> was.aliases THEN
			RETURN QUERY SELECT c.* FROM cdp_internal.concerned_by_aliases(was.source_id) c;
		END IF;
		IF becomes.trust <> was.trust THEN
			RETURN QUERY SELECT c.* FROM cdp_internal.concerned_by_trust() c;
		END IF;
		IF becomes.trust <> was.trust OR becomes.expires_after IS DISTINCT FROM was.expires_after THEN
			refolded := refolded || was.source;
		END IF;
	END LOOP;
	IF refolded <> '{}' THEN
		RETURN QUERY
			SELECT 'traits_changed', cdp_internal.refold_query(format('e.source = ANY (%L::text[])', refolded),
				format('s.source = ANY (%L::text[])', refolded));
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_sources(jsonb) IS
	'Internal: writes the rules of sources in a document; returns what the change concerns, for '
	'cdp_internal.change_graph().';

REVOKE ALL ON FUNCTION cdp_internal.init_sources(), cdp_internal.check_source_name(text),
	cdp_internal.check_sources(jsonb), cdp_internal.read_interval(jsonb, text, text),
	cdp_internal.read_source(text, jsonb, text, integer, text, interval, interval, text),
	cdp_internal.party_trust(text), cdp_internal.read_property_path(text, jsonb, text),
	cdp_internal.read_correction(text, jsonb, boolean, boolean, text[], text[]),
	cdp_internal.read_phone_region(jsonb, text),
	cdp_internal.read_cleaning(text, jsonb, text, boolean, boolean, interval),
	cdp_internal.check_same_content(text, boolean, interval),
	cdp_internal.note_statements(text), cdp_internal.add_sources(jsonb),
	cdp_internal.check_expirable(text, integer), cdp_internal.fold_region(text, integer, jsonb, text, text),
	cdp_internal.change_sources(jsonb) FROM PUBLIC;
