-- What a refresh left undone because the log lacks events: to take a person apart, or to fold what is
-- known of one anew, all events are needed.

CREATE FUNCTION cdp.init_undone() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp.undone (
		kind text COLLATE "C" NOT NULL CHECK (kind IN ('split', 'sharing', 'expiry')), profile_id bigint NOT NULL,
		a bigint NOT NULL DEFAULT 0, b bigint NOT NULL DEFAULT 0, group_id text COLLATE "C" NOT NULL DEFAULT '',
		lacks bigint NOT NULL, batch_id bigint NOT NULL,
		PRIMARY KEY (kind, profile_id, a, b, group_id));
	COMMENT ON TABLE cdp.undone IS
		'What refresh() left undone because the log lacks events of the people concerned, whose profiles stay as they '
		'are. cdp.restitch() does it all once the log is whole, and empties the table.';
	COMMENT ON COLUMN cdp.undone.kind IS
		'split: a link that would take the person apart is refused; sharing: an identifier is not marked as shared; '
		'expiry: what has lapsed still shows.';
	COMMENT ON COLUMN cdp.undone.profile_id IS 'The person whose events are lacking; 0: an account.';
	COMMENT ON COLUMN cdp.undone.a IS 'Of split one identity of the link, of sharing the identity; 0: none.';
	COMMENT ON COLUMN cdp.undone.b IS 'Of split the other identity of the link; 0: none.';
	COMMENT ON COLUMN cdp.undone.group_id IS 'The account whose calls are lacking; empty: a person.';
	COMMENT ON COLUMN cdp.undone.lacks IS 'How many events the log lacked of the person or account.';
	COMMENT ON COLUMN cdp.undone.batch_id IS 'The refresh that first left it undone.';
END
$function$;
COMMENT ON FUNCTION cdp.init_undone() IS 'Internal: makes the table of what was left undone.';

-- The log is read by its primary key alone.
CREATE FUNCTION cdp.lacking_people(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT p.profile_id, p.events - l.events AS lacks FROM (%s) c JOIN cdp.profile p USING (profile_id)
		CROSS JOIN LATERAL (
			SELECT count(*) AS events FROM cdp.identity i JOIN cdp.event e ON e.identity_id = i.identity_id
			WHERE i.profile_id = p.profile_id) l
		WHERE l.events < p.events
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp.lacking_people(text) IS
	'Internal: a query of (profile_id, lacks), the people of whom the log holds fewer events than they have, for the '
	'statements of a batch. concerned: a query of distinct profile_id.';

CREATE FUNCTION cdp.lacking_accounts(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT a.group_id, a.events - l.events AS lacks FROM (%s) c JOIN cdp.account a USING (group_id)
		CROSS JOIN LATERAL (
			SELECT count(*) AS events FROM cdp.account_member m JOIN cdp.event e ON e.identity_id = m.identity_id
			WHERE m.group_id = a.group_id AND e.type = 'group' AND cdp.account_id(e.group_id) = m.group_id) l
		WHERE l.events < a.events
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp.lacking_accounts(text) IS
	'Internal: a query of (group_id, lacks), the accounts of which the log holds fewer calls than they have, for the '
	'statements of a batch. concerned: a query of distinct group_id.';

REVOKE ALL ON FUNCTION cdp.init_undone(), cdp.lacking_people(text), cdp.lacking_accounts(text) FROM PUBLIC;
