-- Views of people, and of accounts, with selected traits as columns of plain types, for tools that cannot read jsonb.

-- A column is written as: trait type, or: trait as name type.  A name with blanks is in double quotes.
CREATE FUNCTION cdp_internal.profile_view_column(spec text, OUT key text, OUT name text, OUT type text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	parts text[] := regexp_match(spec,
		'^\s*("(?:[^"]|"")+"|[^\s"]+)\s+(?:as\s+("(?:[^"]|"")+"|[^\s"]+)\s+)?(\S.*?)\s*$', 'i');
	asked text := lower(regexp_replace(parts[3], '\s+', ' ', 'g'));
BEGIN
	IF parts IS NULL THEN
		RAISE EXCEPTION 'column "%" is not of the form: trait type, or trait as name type', spec
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Examples: ''age integer'', ''signup_date as signed_up timestamptz'', '
					'''"Lead Score" as score numeric'', ''email identifier''.';
	END IF;
	key := CASE WHEN parts[1] LIKE '"%' THEN replace(substr(parts[1], 2, length(parts[1]) - 2), '""', '"')
		ELSE parts[1] END;
	name := CASE WHEN parts[2] LIKE '"%' THEN replace(substr(parts[2], 2, length(parts[2]) - 2), '""', '"')
		ELSE coalesce(parts[2], key) END;
	SELECT t.type INTO type
	FROM (VALUES
		('integer', '{integer,int,int4}'::text[]),
		('bigint', '{bigint,int8}'),
		('numeric', '{numeric,decimal}'),
		('double precision', '{double precision,double,float8}'),
		('boolean', '{boolean,bool}'),
		('date', '{date}'),
		('timestamptz', '{timestamptz,timestamp with time zone}'),
		('text', '{text,varchar,character varying}'),
		('jsonb', '{jsonb,json}'),
		('computed', '{computed}'),
		('identifier', '{identifier}')) AS t (type, names)
	WHERE asked = ANY (t.names);
	IF type IS NULL THEN
		RAISE EXCEPTION 'column "%" has the unknown type "%"', name, asked
			USING ERRCODE = 'undefined_object',
				HINT = 'Types are integer, bigint, numeric, double precision, boolean, date, timestamptz, text, jsonb, '
					'identifier for the strongest identifier of a namespace, and computed for a computed trait.';
	END IF;
	IF octet_length(name) > 63 THEN
		RAISE EXCEPTION 'column name "%" is too long', name
			USING ERRCODE = 'name_too_long',
				DETAIL = 'A column name has at most 63 bytes.',
				HINT = 'Choose another name: trait as name type.';
	END IF;
	IF type = 'identifier' THEN
		key := lower(key);
		IF key !~ '^[a-z][a-z0-9_.-]{0,62}$' THEN
			RAISE EXCEPTION 'column "%" has the invalid namespace "%"', name, key
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = 'A namespace is a letter followed by up to 62 letters, digits, "_", "." or "-".';
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.profile_view_column(text) IS
	'Internal: parses a column of cdp.create_profile_view().';

CREATE FUNCTION cdp_internal.profile_view_value(key text, type text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN CASE type
		WHEN 'identifier' THEN format($sql$(
			SELECT cdp.value(i.identifier)
			FROM unnest(p.identifiers) AS i (identifier)
			WHERE cdp.namespace(i.identifier) = %L
			ORDER BY i.identifier
			LIMIT 1)$sql$, key)
		WHEN 'computed' THEN format('%I.value', upper(key))
		WHEN 'text' THEN format('p.traits ->> %L', key)
		WHEN 'jsonb' THEN format('p.traits -> %L', key)
		ELSE format('cdp.try_%s(p.traits -> %L)', split_part(type, ' ', 1), key)
	END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.profile_view_value(text, text) IS
	'Internal: returns the value of a column as an expression over p, a row of people, and over the views of '
	'computed traits, named in upper case.';

CREATE FUNCTION cdp_internal.profile_view_joins(columns text[], subject text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	missing text;
	joins text;
BEGIN
	SELECT min(c.key) FILTER (WHERE NOT EXISTS (
			SELECT
			FROM cdp_data.segment s
			WHERE s.name = c.key AND s.kind = 'trait' AND s.subject = profile_view_joins.subject)),
		string_agg(DISTINCT format(' LEFT JOIN cdp_segment.%I AS %I ON %2$I.%3$I = p.%3$I', c.key, upper(c.key),
			CASE subject WHEN 'account' THEN 'group_id' ELSE 'profile_id' END), '')
	INTO missing, joins
	FROM unnest(columns) AS u (spec)
	CROSS JOIN LATERAL cdp_internal.profile_view_column(u.spec) c
	WHERE c.type = 'computed';
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'computed trait "%"% does not exist', missing,
				CASE subject WHEN 'account' THEN ' of accounts' ELSE '' END
			USING ERRCODE = 'undefined_object', HINT = 'cdp.computed_trait lists the computed traits.';
	END IF;
	RETURN coalesce(joins, '');
END
$function$;
COMMENT ON FUNCTION cdp_internal.profile_view_joins(text[], text) IS
	'Internal: returns the joins of a view with the views of the computed traits that its columns show.';

CREATE FUNCTION cdp_internal.rename_columns(columns text[], name text, new_name text) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT CASE WHEN c.type = 'computed' AND c.key = rename_columns.name
			THEN format('%s as "%s" computed', new_name, replace(c.name, '"', '""')) ELSE u.spec END
		FROM unnest(columns) WITH ORDINALITY AS u (spec, place)
		CROSS JOIN LATERAL cdp_internal.profile_view_column(u.spec) c
		ORDER BY u.place);
END
$function$;
COMMENT ON FUNCTION cdp_internal.rename_columns(text[], text, text) IS
	'Internal: returns the columns of a view with the new name of a computed trait.';

CREATE FUNCTION cdp_internal.comment_profile_view(view text, columns text[], subject text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	col record;
BEGIN
	EXECUTE format('COMMENT ON VIEW %s IS %L', view,
		CASE subject WHEN 'account' THEN 'Accounts' ELSE 'People' END
			|| format(', one row each, with traits in columns of plain types; made by cdp.create_%s_view().',
				CASE subject WHEN 'account' THEN subject ELSE 'profile' END));
	FOR col IN
		SELECT f.name, f.words
		FROM (VALUES
			('person', 'profile_id', 'Number of the person.'),
			('person', 'first_seen', 'Time of the earliest event.'),
			('person', 'last_seen', 'Time of the latest event.'),
			('account', 'group_id', 'The group_id of its group calls, without surrounding blanks.'),
			('account', 'first_seen', 'Time of the earliest group call.'),
			('account', 'last_seen', 'Time of the latest group call.')) AS f (subject, name, words)
		WHERE f.subject = comment_profile_view.subject
		UNION ALL
		SELECT c.name, CASE c.type
			WHEN 'identifier' THEN format('The first of the identifiers of namespace %s.', c.key)
			WHEN 'computed' THEN format('Computed trait "%s".', c.key)
			WHEN 'text' THEN format('Trait "%s".', c.key)
			WHEN 'jsonb' THEN format('Trait "%s", as JSON.', c.key)
			ELSE format('Trait "%s" as %s; NULL also if its value does not cast.', c.key, c.type) END
		FROM unnest(columns) AS u (spec)
		CROSS JOIN LATERAL cdp_internal.profile_view_column(u.spec) c
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', view, col.name, col.words);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.comment_profile_view(text, text[], text) IS
	'Internal: writes the comments of a view and its columns.';

CREATE FUNCTION cdp_internal.make_profile_view(schema text, name text, columns text[], subject text) RETURNS regclass
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	parts text[];
	list text := '';
	key text := CASE subject WHEN 'account' THEN 'group_id' ELSE 'profile_id' END;
	seen text[] := ARRAY[key, 'first_seen', 'last_seen'];
	spec text;
	col record;
	view text;
BEGIN
	PERFORM cdp_internal.check_tables();
	BEGIN
		parts := parse_ident(name);
	EXCEPTION WHEN invalid_parameter_value THEN
		parts := NULL;
	END;
	IF parts IS NULL OR cardinality(parts) > 2 OR octet_length(parts[cardinality(parts)]) > 63 THEN
		RAISE EXCEPTION '"%" cannot be the name of a view', name
			USING ERRCODE = 'invalid_name',
				HINT = 'Write name or schema.name. A name with other characters than lower-case letters, digits and '
					'underscores needs double quotes.';
	END IF;
	IF cardinality(parts) = 1 THEN
		parts := ARRAY[schema, parts[1]];
	END IF;
	IF parts[1] IS NULL THEN
		RAISE EXCEPTION 'no schema has been selected to create "%" in', parts[2]
			USING ERRCODE = 'invalid_schema_name', HINT = 'Write schema.name, or set search_path.';
	END IF;
	IF coalesce(cardinality(columns), 0) = 0 OR cardinality(columns) > 500 THEN
		RAISE EXCEPTION 'a view has 1 to 500 columns, not %', coalesce(cardinality(columns), 0)
			USING ERRCODE = 'too_many_columns';
	END IF;
	FOREACH spec IN ARRAY columns LOOP
		SELECT c.* INTO col FROM cdp_internal.profile_view_column(spec) c;
		IF col.name = ANY (seen) THEN
			RAISE EXCEPTION 'column "%" is specified more than once', col.name
				USING ERRCODE = 'duplicate_column',
					DETAIL = format('Every view has the columns %s, first_seen and last_seen.', key),
					HINT = 'Choose another name: trait as name type.';
		END IF;
		IF col.type = 'identifier' AND subject = 'account' THEN
			RAISE EXCEPTION 'column "%" cannot be an identifier', col.name USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'Accounts have no identifiers but group_id.';
		END IF;
		seen := seen || col.name;
		list := list || format(', %s AS %I', cdp_internal.profile_view_value(col.key, col.type), col.name);
	END LOOP;

	view := format('%I.%I', parts[1], parts[2]);
	-- readers need no right to the tables, but see no one whom row security hides from them
	EXECUTE format('CREATE VIEW %s WITH (security_barrier) AS SELECT p.%I, p.first_seen, p.last_seen%s FROM %s p%s%s',
		view, key, list, CASE subject WHEN 'account' THEN 'cdp.account_row' ELSE 'cdp_data.judged_row' END,
		cdp_internal.profile_view_joins(columns, subject),
		CASE subject WHEN 'account' THEN '' ELSE ' WHERE cdp_internal.sees_person(p.profile_id)' END);
	PERFORM cdp_internal.comment_profile_view(view, columns, subject);
	DELETE FROM cdp_data.profile_view v
	WHERE (v.schema_name, v.view_name) = (parts[1], parts[2]) OR NOT EXISTS (
		SELECT
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = v.schema_name AND c.relname = v.view_name AND c.relkind = 'v');
	INSERT INTO cdp_data.profile_view (schema_name, view_name, columns, subject)
	VALUES (parts[1], parts[2], columns, subject);
	RETURN view;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_profile_view(text, text, text[], text) IS
	'Internal: makes a view of people, or of accounts; schema: the schema if the name has none.';

-- Has no pinned search path: a view without a schema is made in the caller's.
CREATE FUNCTION cdp.create_profile_view(name text, VARIADIC columns text[]) RETURNS regclass
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	RETURN cdp_internal.make_profile_view(current_schema(), create_profile_view.name, create_profile_view.columns,
		'person');
COMMENT ON FUNCTION cdp.create_profile_view(text, text[]) IS
$comment$Makes a view of people, one row each, for BI tools. Its columns are profile_id, first_seen, last_seen and those
given; each has a comment. The view belongs to the caller: drop it with DROP VIEW, share it with GRANT SELECT. Once
roles are bound to purposes (see cdp.grant_access), it shows each reader the people whom it may see.
name: name or schema.name of the view; without a schema it is made in the first schema of the search path.
columns: 1 to 500 of 'trait type' or 'trait as name type', such as 'age integer', 'signup_date as signed_up
timestamptz', '"Lead Score" as score numeric'. type: integer, bigint, numeric, double precision, boolean, date,
timestamptz, text or jsonb; computed for a computed trait, in its type; or identifier, for the first identifier (in
byte order) of the namespace that is written in place of the trait, such as 'email identifier'.
A value that does not cast to the column's type shows as NULL (see cdp.try_integer and the like);
cdp.profile_view_problems() counts these values.
Errors: invalid name of the view (42602), the view exists (42P07), invalid column (22023), unknown type (42704), column
specified twice (42701), name of a column too long (42622), no columns or too many (54011).$comment$;

CREATE FUNCTION cdp.create_account_view(name text, VARIADIC columns text[]) RETURNS regclass
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	RETURN cdp_internal.make_profile_view(current_schema(), create_account_view.name, create_account_view.columns,
		'account');
COMMENT ON FUNCTION cdp.create_account_view(text, text[]) IS
	'Makes a view of accounts, as cdp.create_profile_view() does of people: with group_id, first_seen and last_seen. '
	'Types are the same but identifier; computed is for computed traits of accounts.';

CREATE FUNCTION cdp.profile_view_problems(view regclass, OUT column_name text, OUT trait text, OUT type text,
	OUT people bigint, OUT problems bigint) RETURNS SETOF record
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	columns text[];
	subject text;
	counts bigint[];
	list text;
BEGIN
	PERFORM cdp_internal.check_tables();
	SELECT v.columns, v.subject INTO columns, subject
	FROM cdp_data.profile_view v
	JOIN pg_namespace n ON n.nspname = v.schema_name
	JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.view_name
	WHERE c.oid = profile_view_problems.view;
	IF NOT FOUND THEN
		RAISE EXCEPTION '"%" is not a view made by cdp.create_profile_view()', profile_view_problems.view
			USING ERRCODE = 'undefined_object',
				DETAIL = 'A view that was renamed or moved to another schema is not found.',
				HINT = 'cdp.profile_view lists these views.';
	END IF;
	SELECT string_agg(
		format('count(*) FILTER (WHERE p.traits ? %1$L), count(*) FILTER (WHERE p.traits ? %1$L AND %2$s IS NULL)',
			c.key, cdp_internal.profile_view_value(c.key, c.type)), ', ' ORDER BY u.place)
	INTO list
	FROM unnest(columns) WITH ORDINALITY AS u (spec, place)
	CROSS JOIN LATERAL cdp_internal.profile_view_column(u.spec) c
	WHERE c.type NOT IN ('identifier', 'computed');
	IF list IS NULL THEN
		RETURN;
	END IF;
	EXECUTE format('SELECT ARRAY[%s] FROM cdp.%I p', list,
		CASE subject WHEN 'account' THEN 'account_row' ELSE 'profile_row' END) INTO counts;
	RETURN QUERY
		SELECT c.name, c.key, c.type, counts[c.number * 2 - 1], counts[c.number * 2]
		FROM (
			SELECT c.*, row_number() OVER (ORDER BY u.place) AS number
			FROM unnest(columns) WITH ORDINALITY AS u (spec, place)
			CROSS JOIN LATERAL cdp_internal.profile_view_column(u.spec) c
			WHERE c.type NOT IN ('identifier', 'computed')) c
		ORDER BY c.number;
END
$function$;
COMMENT ON FUNCTION cdp.profile_view_problems(regclass) IS
	'Returns for each trait column of a view made by cdp.create_profile_view() or cdp.create_account_view(): how many '
	'people, or accounts, have the trait (people), and the number of those whose value does not cast to the type of '
	'the column and shows as NULL (problems). Reads all once. Error: no such view (42704).';

REVOKE ALL ON FUNCTION cdp_internal.profile_view_column(text), cdp_internal.profile_view_value(text, text),
	cdp_internal.profile_view_joins(text[], text), cdp_internal.rename_columns(text[], text, text),
	cdp_internal.comment_profile_view(text, text[], text), cdp_internal.make_profile_view(text, text, text[], text),
	cdp.create_profile_view(text, text[]), cdp.create_account_view(text, text[]),
	cdp.profile_view_problems(regclass) FROM PUBLIC;
