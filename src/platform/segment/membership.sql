-- The kept memberships: what a batch does to them, and the view of all.

CREATE FUNCTION cdp_internal.keep_lapsed(until timestamptz, accounts boolean) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_keep_lapsed' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.keep_lapsed(timestamptz, boolean) IS
	'Internal: judges those whose horizon has passed, at each of their horizons in turn up to an instant, writes their '
	'memberships, and hands the changes to the feed in the order of instants. accounts: these too. Returns how many '
	'these were.';

CREATE FUNCTION cdp_internal.keep_touched(profile_ids bigint[], causes text[], former_profile_ids bigint[],
	event_ids bigint[], cause text, others bigint[]) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_keep_touched' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.keep_touched(bigint[], text[], bigint[], bigint[], text, bigint[]) IS
	'Internal: moves memberships with profiles that the batch merged, split or gave another number, and judges those '
	'whom it touched, at its time. The arrays are those of cdp_internal.touched. cause: of the batch; event: of each '
	'person what touched it. others: further people to judge. A segment that failed before, and does not in this run, '
	'is to be built anew; one that fails as a whole is left out while it fails for the person that it is tried with.';

CREATE FUNCTION cdp_internal.keep_slice(people bigint, cause text, subject text DEFAULT 'person') RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_keep_slice' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.keep_slice(bigint, text, text) IS
	'Internal: judges so many people, or accounts, by the segments that are built least far. Returns false if all are '
	'built that can be: one that counts the members of a segment of people waits for that.';

CREATE FUNCTION cdp_internal.has_recovered() RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_has_recovered' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.has_recovered() IS
	'Internal: returns whether a segment that fails does not for the person that it failed for.';

CREATE FUNCTION cdp_internal.is_unbuilt(built_until bigint, state text, error_profile_id bigint, kind text)
	RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN built_until IS NOT NULL AND state <> 'too_slow'
		AND (state <> 'failing' OR error_profile_id IS NOT NULL OR kind = 'list');
COMMENT ON FUNCTION cdp_internal.is_unbuilt(bigint, text, bigint, text) IS
	'Internal: returns whether people are still to be judged by a segment that is being built, as kept_is_unbuilt() '
	'says.';

CREATE FUNCTION cdp_internal.has_unbuilt_segments() RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN EXISTS (
		SELECT
		FROM cdp_data.segment s
		WHERE cdp_internal.is_unbuilt(s.built_until, s.state, s.error_profile_id, s.kind));
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_unbuilt_segments() IS
	'Internal: returns whether people are still to be judged by segments that are being built.';

CREATE FUNCTION cdp_internal.has_due_memberships(as_of timestamptz) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.segment) THEN
		RETURN false;
	END IF;
	RETURN EXISTS (SELECT FROM cdp_data.membership m WHERE m.horizon <= as_of AND m.horizon < 'infinity')
		OR EXISTS (SELECT FROM cdp_data.account_membership m WHERE m.horizon <= as_of AND m.horizon < 'infinity')
		OR EXISTS (
			SELECT FROM cdp_data.segment s
			WHERE s.state = 'too_slow' AND s.checked_at <= clock_timestamp() - interval '10 minutes')
		OR cdp_internal.has_unbuilt_segments()
		OR EXISTS (SELECT FROM cdp_data.list l WHERE l.next_read_at <= as_of)
		OR EXISTS (SELECT FROM cdp_data.segment s WHERE s.state = 'failing' AND s.kind <> 'list')
			AND cdp_internal.has_recovered();
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_due_memberships(timestamptz) IS
	'Internal: returns whether a batch without rows has memberships to judge.';

CREATE FUNCTION cdp_internal.slice_people() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 10000;
COMMENT ON FUNCTION cdp_internal.slice_people() IS
	'Internal: returns how many people a batch judges by segments that are being built, if that takes up to a second.';

-- Account traits are of all members of an account, but a batch touches only those whom its events name.
CREATE FUNCTION cdp_internal.members_of_accounts(group_ids text[]) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT DISTINCT i.profile_id
		FROM cdp_data.account_member m
		JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
		WHERE m.group_id = ANY (members_of_accounts.group_ids) AND i.profile_id <> 0);
END
$function$;
COMMENT ON FUNCTION cdp_internal.members_of_accounts(text[]) IS
	'Internal: returns the profiles that belong to one of these accounts.';

-- One that was dropped has no row any more that would say what its members were: so both tables are looked at.
CREATE FUNCTION cdp_internal.forget_segment(number integer, trait text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.forget_memberships('cdp_data.membership', 'profile_id', 'profile_id', 'NULL', number, trait);
	PERFORM cdp_internal.forget_memberships('cdp_data.account_membership', 'account_id', '-account_id', 'group_id',
		number, trait);
	UPDATE cdp_data.segment s SET members = 0 WHERE s.segment_id = number;
	DELETE FROM cdp_data.list_identifier l WHERE l.segment_id = number;
	DELETE FROM cdp_data.list l WHERE l.segment_id = number;
	IF NOT cdp_internal.has_account_segments() THEN
		-- nothing judges them any more
		DELETE FROM cdp_data.account_membership;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_segment(integer, text) IS
	'Internal: ends the memberships in a segment, or the values of a computed trait (of this name; NULL: it is a '
	'segment), that is dropped, or of a trait that has another type, in a batch.';

CREATE FUNCTION cdp_internal.forget_memberships(kept regclass, key text, feed_id text, feed_group_id text,
	number integer, trait text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	gone record;
	at timestamptz := cdp_internal.batch_as_of();
BEGIN
	EXECUTE format($sql$
		WITH left_out AS (
			UPDATE %1$s m
			SET (segments, since, computed) = (
				SELECT coalesce(array_agg(u.segment_id ORDER BY u.place), '{}'),
					   coalesce(array_agg(u.since ORDER BY u.place), '{}'),
					   CASE WHEN count(u.value) > 0 THEN array_agg(u.value ORDER BY u.place) END
				FROM unnest(m.segments, m.since, m.computed) WITH ORDINALITY AS u (segment_id, since, value, place)
				WHERE u.segment_id NOT IN ($1, -$1))
			FROM (SELECT w.*, %3$s AS feed_id, %4$s::text AS feed_group_id FROM %1$s w) was
			WHERE m.segments && ARRAY[$1, -$1] AND was.%2$I = m.%2$I
			RETURNING m.%2$I AS id, was.since[array_position(was.segments, $1)] AS since, was.feed_id,
				was.feed_group_id)
		-- those who were held out have no "since"
		SELECT array_agg(l.feed_id ORDER BY l.id) FILTER (WHERE l.since IS NOT NULL) AS ids,
			   array_agg(l.feed_group_id ORDER BY l.id) FILTER (WHERE l.since IS NOT NULL) AS group_ids,
			   array_agg(l.since ORDER BY l.id) FILTER (WHERE l.since IS NOT NULL) AS sinces, array_agg(l.id) AS keys
		FROM left_out l
	$sql$, kept, key, feed_id, feed_group_id) INTO gone USING number;
	EXECUTE format($sql$
		DELETE FROM %s m WHERE m.%I = ANY ($1) AND m.segments = '{}' AND m.horizon = 'infinity'
	$sql$, kept, key) USING gone.keys;
	IF gone.ids IS NOT NULL THEN
		PERFORM cdp_internal.record_changes(
			array_fill(CASE WHEN trait IS NULL THEN 'exited' ELSE 'trait_changed' END, n.length), gone.ids,
			array_fill(number, n.length), NULL, array_fill(at, n.length),
			array_fill('definition'::text, n.length), NULL,
			CASE WHEN trait IS NOT NULL THEN array_fill(trait, n.length) END,
			sinces => CASE WHEN trait IS NULL THEN gone.sinces END, group_ids => gone.group_ids)
		FROM (SELECT ARRAY[cardinality(gone.ids)] AS length) n;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_memberships(regclass, text, text, text, integer, text) IS
	'Internal: what cdp_internal.forget_segment() does with one table of memberships. feed_id, feed_group_id: '
	'expressions of what the feed calls a member.';

CREATE FUNCTION cdp_internal.init_membership_view() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.membership AS
		SELECT m.segment, m.profile_id, m.since FROM cdp_internal.memberships() m;
	COMMENT ON VIEW cdp.membership IS
		'Who is in which segments: those that the current role may read, exact as cdp.members() is.';
	COMMENT ON COLUMN cdp.membership.segment IS 'The segment.';
	COMMENT ON COLUMN cdp.membership.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.membership.since IS 'Since when; see cdp.members().';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_membership_view() IS 'Internal: makes the view of all memberships.';

REVOKE ALL ON FUNCTION cdp_internal.keep_lapsed(timestamptz, boolean),
	cdp_internal.keep_touched(bigint[], text[], bigint[], bigint[], text, bigint[]),
	cdp_internal.keep_slice(bigint, text, text), cdp_internal.has_recovered(),
	cdp_internal.is_unbuilt(bigint, text, bigint, text), cdp_internal.has_unbuilt_segments(),
	cdp_internal.has_due_memberships(timestamptz), cdp_internal.slice_people(),
	cdp_internal.members_of_accounts(text[]), cdp_internal.forget_segment(integer, text),
	cdp_internal.forget_memberships(regclass, text, text, text, integer, text),
	cdp_internal.init_membership_view() FROM PUBLIC;
