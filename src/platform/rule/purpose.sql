-- Purposes: what people can be used for, and which signals speak of them.  A change acts on everyone, as one batch.

CREATE FUNCTION cdp_internal.check_purpose(name text, fallback text, by_region jsonb, retention interval) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong record;
BEGIN
	IF name IS NULL OR fallback IS NULL THEN
		RAISE EXCEPTION 'the name or fallback of a purpose is NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF name = '' OR octet_length(name) > 63 THEN
		RAISE EXCEPTION 'the name of a purpose has 1 to 63 bytes' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.check_object(by_region, 'by_region');
	SELECT g.key, g.value INTO wrong
	FROM (SELECT NULL AS key, to_jsonb(fallback) AS value UNION ALL SELECT r.* FROM jsonb_each(by_region) r) g
	WHERE g.value NOT IN ('"opt_in"', '"opt_out"', '"none"')
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'default % of purpose "%" is unknown', left(wrong.value::text, 64), name
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It is opt_in, opt_out or none, in by_region too.',
			HINT = cdp_internal.hint_at(wrong.value #>> '{}', '{opt_in,opt_out,none}');
	END IF;
	SELECT r.key INTO wrong
	FROM jsonb_object_keys(by_region) AS r (key)
	WHERE r.key !~ '^([A-Z]{2}(-[A-Z0-9]{1,3})?|EEA)$'
	ORDER BY r.key COLLATE "C"
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'region "%" of purpose "%" is unknown', left(wrong.key, 64), name
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A region is a code of ISO 3166 in upper case, of a country (FR) or a part of one (US-CA), or EU '
				'or EEA.';
	END IF;
	PERFORM cdp_internal.in_hours(retention, format('the retention of purpose "%s"', name), 'NULL: none is given.');
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_purpose(text, text, jsonb, interval) IS
	'Internal: raises an error unless these can be the name, fallback, by_region and retention of a purpose.';

CREATE FUNCTION cdp_internal.new_purpose_number() RETURNS smallint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number smallint;
BEGIN
	UPDATE cdp_data.state s SET purpose_id = s.purpose_id + 1 WHERE s.purpose_id < 62
	RETURNING s.purpose_id INTO number;
	IF number IS NULL THEN
		-- one of a purpose that was dropped, whose stamps and statements are gone
		number := (
			SELECT min(g.number) FROM generate_series(0, 62) AS g (number)
			WHERE NOT EXISTS (SELECT FROM cdp_data.purpose p WHERE p.purpose_id = g.number));
	END IF;
	IF number IS NULL THEN
		RAISE EXCEPTION 'there are 63 purposes' USING ERRCODE = 'program_limit_exceeded',
			HINT = 'Drop one with cdp.drop_purpose().';
	END IF;
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp_internal.new_purpose_number() IS
	'Internal: returns a number for a new purpose; one that was used before only if no other is left.';

CREATE FUNCTION cdp.create_purpose(name text, fallback text DEFAULT 'opt_in', by_region jsonb DEFAULT '{}',
	lawful_basis text DEFAULT NULL, description text DEFAULT NULL, retention interval DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_purpose(create_purpose.name, create_purpose.fallback, create_purpose.by_region,
		create_purpose.retention);
	PERFORM cdp_internal.start_batch();
	IF NOT coalesce(create_purpose.replace, false)
		AND EXISTS (SELECT FROM cdp_data.purpose p WHERE p.name = create_purpose.name)
	THEN
		RAISE EXCEPTION 'purpose "%" exists already', create_purpose.name USING ERRCODE = 'duplicate_object',
			HINT = 'Change it with replace => true.';
	END IF;
	UPDATE cdp_data.purpose p
	SET fallback = create_purpose.fallback, by_region = create_purpose.by_region,
		lawful_basis = create_purpose.lawful_basis, retention = create_purpose.retention,
		description = create_purpose.description
	WHERE p.name = create_purpose.name;
	IF NOT FOUND THEN
		INSERT INTO cdp_data.purpose (purpose_id, name, fallback, by_region, lawful_basis, retention, description)
		VALUES (cdp_internal.new_purpose_number(), create_purpose.name, create_purpose.fallback,
			create_purpose.by_region, create_purpose.lawful_basis, create_purpose.retention,
			create_purpose.description);
	END IF;
	PERFORM cdp_internal.change_graph(consenting => NULL, cause => 'rule');
END
$function$;
COMMENT ON FUNCTION cdp.create_purpose(text, text, jsonb, text, text, interval, boolean) IS
$comment$Makes a purpose that people can be used for, such as marketing, and stamps everyone anew, as one batch.
fallback: what holds of those who have said nothing: opt_in: they cannot be used; opt_out: they can; none: they can, and
a no does not count (a contract, a legal duty). by_region: the same for countries and regions, by their codes of ISO
3166, EU and EEA, in place of fallback: {"EU": "opt_in", "US-CA": "opt_out"}; a part of a country before the country,
that before EU, that before EEA. Where a person is, a trait says: see cdp.set_region_trait(); of those of whom it does
not, the strictest of all these holds. lawful_basis, retention, description: for those who read cdp.purpose.
replace: changes a purpose that exists. At most 63 exist.
Errors: NULL (22004); an invalid name, default, region or retention (22023); the purpose exists (42710); there are 63
(54000).$comment$;

CREATE FUNCTION cdp.drop_purpose(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	number smallint;
	bound text;
BEGIN
	PERFORM cdp_internal.start_batch();
	number := cdp_internal.purpose_number(name);
	bound := (SELECT string_agg(b.role, ', ' ORDER BY b.role) FROM cdp_data.purpose_role b WHERE b.purpose_id = number);
	IF bound IS NOT NULL THEN
		RAISE EXCEPTION 'roles are bound to purpose "%"', name USING ERRCODE = 'dependent_objects_still_exist',
			DETAIL = format('Roles: %s.', bound), HINT = 'First revoke their access with cdp.revoke_access().';
	END IF;
	bound := (
		SELECT string_agg(format('"%s"', s.name), ', ' ORDER BY s.name) FROM cdp_data.segment s
		WHERE s.purpose_id = number);
	IF bound IS NOT NULL THEN
		RAISE EXCEPTION 'segments are bound to purpose "%"', name USING ERRCODE = 'dependent_objects_still_exist',
			DETAIL = format('Segments: %s.', bound),
			HINT = 'First unbind them with cdp.set_segment_purpose(…, NULL), or drop them.';
	END IF;
	DELETE FROM cdp_data.signal s WHERE s.purpose_id = number;
	DELETE FROM cdp_data.consent c WHERE c.purpose_id = number;
	DELETE FROM cdp_data.purpose p WHERE p.purpose_id = number;
	PERFORM cdp_internal.change_graph(consenting => NULL, cause => 'rule');
END
$function$;
COMMENT ON FUNCTION cdp.drop_purpose(text) IS
	'Drops a purpose, what was said of it, and the signals that speak of it, and clears its stamps, as one batch. '
	'Errors: NULL (22004), there is none of this name (42704), roles or segments are bound to it '
	'(2BP01).';

CREATE FUNCTION cdp_internal.check_signal(kind text, key text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kinds text[] := '{category,tcf,tcf_objection,gpp,google,gpc}';
BEGIN
	IF kind IS NULL OR key IS NULL THEN
		RAISE EXCEPTION 'the kind or key of a signal is NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF kind <> ALL (kinds) THEN
		RAISE EXCEPTION 'there is no kind of signal "%"', left(kind, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = cdp_internal.hint_at(kind, kinds);
	ELSIF NOT cdp_internal.is_signal(kind, key) OR octet_length(key) > 255 THEN
		RAISE EXCEPTION 'key "%" of a signal of kind "%" is invalid', left(key, 64), kind
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'That of tcf and tcf_objection is the number of a purpose, of 1 to 24, or that of one and of a '
				'vendor, as 2/755; that of gpp a section and a field of it that is a choice, as usnat.SaleOptOut, with '
				'the place of one of several values, as usnat.SensitiveDataProcessing.3; that of google a type of '
				'consent, as ad_storage; that of category a name of at most 255 bytes; that of gpc is empty.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_signal(text, text) IS
	'Internal: raises an error unless there can be such a signal.';

CREATE FUNCTION cdp.map_signal(kind text, key text, purpose text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_signal(kind, key);
	PERFORM cdp_internal.refresh_lock(wait => true);
	IF purpose IS NULL THEN
		DELETE FROM cdp_data.signal s WHERE s.kind = map_signal.kind AND s.key = map_signal.key;
	ELSE
		INSERT INTO cdp_data.signal (kind, key, purpose_id)
		VALUES (kind, key, cdp_internal.purpose_number(purpose))
		ON CONFLICT DO NOTHING;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.map_signal(text, text, text) IS
$comment$Lets a signal that events carry speak of a purpose, from the next batch on; it can speak of several. purpose
NULL: of none any more. kind and key: category and a key of categoryPreferences (Segment); tcf and the number of a
purpose of the IAB's TCF, its consent; tcf_objection and such a number, an objection to legitimate interest; gpp and a
field of a section of the IAB's GPP, as usnat.SaleOptOut; google and a type of consent of Google Consent Mode, as
ad_storage; gpc and an empty key, Global Privacy Control. Where several signals of an event speak of one purpose, a no
holds.
Errors: NULL (22004), an unknown kind or an invalid key (22023), there is no such purpose (42704).$comment$;

CREATE FUNCTION cdp_internal.template_purposes(template text)
	RETURNS TABLE (name text, fallback text, lawful_basis text, description text, signals jsonb)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
	SELECT t.name, t.fallback, t.lawful_basis, t.description, t.signals::jsonb
	FROM (VALUES
		('gdpr', 1, 'essential', 'none', 'contract', 'What the service cannot do without.', '{}'),
		('gdpr', 2, 'analytics', 'opt_in', 'consent', 'To measure how the service is used.',
			'{"category": ["Analytics"], "google": ["analytics_storage"],
			"tcf": ["8", "9"], "tcf_objection": ["8", "9"]}'),
		('gdpr', 3, 'personalization', 'opt_in', 'consent', 'To choose content for a person.',
			'{"category": ["Functional"], "google": ["functionality_storage", "personalization_storage"],
			"tcf": ["5", "6"]}'),
		('gdpr', 4, 'marketing', 'opt_in', 'consent', 'To write to a person about offers.',
			'{"category": ["Marketing"]}'),
		('gdpr', 5, 'advertising', 'opt_in', 'consent', 'To choose advertisements for a person, and to measure them.',
			'{"category": ["Advertising"], "google": ["ad_storage", "ad_user_data", "ad_personalization"],
			"tcf": ["2", "3", "4", "7"], "tcf_objection": ["2", "7"]}'),
		('ccpa', 1, 'sale', 'opt_out', NULL, 'To sell personal information.',
			'{"gpc": [""], "category": ["DataSharing"], "gpp": ["usnat.SaleOptOut", "usca.SaleOptOut"]}'),
		('ccpa', 2, 'sharing', 'opt_out', NULL,
			'To share personal information for advertising across contexts.',
			'{"gpc": [""], "gpp": ["usnat.SharingOptOut", "usnat.TargetedAdvertisingOptOut", "usca.SharingOptOut"]}')
		) AS t (template, place, name, fallback, lawful_basis, description, signals)
	WHERE t.template = template_purposes.template
	ORDER BY t.place;
END;
COMMENT ON FUNCTION cdp_internal.template_purposes(text) IS
	'Internal: lists the purposes of a template of cdp.apply_purpose_template(), with their signals: kind to keys.';

CREATE FUNCTION cdp.apply_purpose_template(template text) RETURNS SETOF text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	made record;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF template IS NULL OR template NOT IN ('gdpr', 'ccpa') THEN
		RAISE EXCEPTION 'there is no template "%"', left(template, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It is gdpr or ccpa.';
	END IF;
	PERFORM cdp_internal.start_batch();
	FOR made IN
		SELECT t.* FROM cdp_internal.template_purposes(template) t
		WHERE NOT EXISTS (SELECT FROM cdp_data.purpose p WHERE p.name = t.name)
	LOOP
		INSERT INTO cdp_data.purpose (purpose_id, name, fallback, lawful_basis, description)
		VALUES (cdp_internal.new_purpose_number(), made.name, made.fallback, made.lawful_basis, made.description);
		INSERT INTO cdp_data.signal (kind, key, purpose_id)
		SELECT s.key, k.key, p.purpose_id
		FROM jsonb_each(made.signals) s
		CROSS JOIN LATERAL jsonb_array_elements_text(s.value) AS k (key)
		JOIN cdp_data.purpose p ON p.name = made.name;
		RETURN NEXT made.name;
	END LOOP;
	PERFORM cdp_internal.change_graph(consenting => NULL, cause => 'rule');
END
$function$;
COMMENT ON FUNCTION cdp.apply_purpose_template(text) IS
$comment$Makes the purposes of a template, with the signals that speak of them, and returns their names; a purpose that
exists already stays as it is. gdpr: essential, analytics, personalization, marketing and advertising, all but the first
only by consent. ccpa: sale and sharing, until a person objects. Change them by cdp.create_purpose() with replace =>
true, and cdp.map_signal(). Error: an unknown template (22023).$comment$;

CREATE FUNCTION cdp.set_region_trait(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF name IS NULL THEN
		RAISE EXCEPTION 'the name of the trait is NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF name = '' OR octet_length(name) > 255 THEN
		RAISE EXCEPTION 'trait "%" is invalid', left(name, 64) USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The name of a trait has 1 to 255 bytes.';
	END IF;
	PERFORM cdp_internal.start_batch();
	PERFORM cdp_internal.notice_unseen('trait', name);
	UPDATE cdp_data.state s SET region_trait = name;
	PERFORM cdp_internal.change_graph(consenting => NULL, cause => 'rule');
END
$function$;
COMMENT ON FUNCTION cdp.set_region_trait(text) IS
	'Sets which trait says in which country or region a person is, for by_region of purposes; at first it is country. '
	'Its value is a code of ISO 3166: FR, or US-CA; other values say nothing. Stamps everyone anew, as one batch. '
	'Errors: NULL (22004), a name of 0 or more than 255 bytes (22023).';

REVOKE ALL ON FUNCTION cdp.set_region_trait(text), cdp_internal.check_purpose(text, text, jsonb, interval),
	cdp_internal.new_purpose_number(),
	cdp.create_purpose(text, text, jsonb, text, text, interval, boolean), cdp.drop_purpose(text),
	cdp_internal.check_signal(text, text), cdp.map_signal(text, text, text), cdp_internal.template_purposes(text),
	cdp.apply_purpose_template(text) FROM PUBLIC;
