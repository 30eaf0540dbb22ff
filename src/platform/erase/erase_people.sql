-- What stewards call.

CREATE FUNCTION cdp.erase(people text[], mode text DEFAULT 'erase', purpose text DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, reason text DEFAULT NULL,
	request text DEFAULT NULL, regulation text DEFAULT 'gdpr', received_at timestamptz DEFAULT now(),
	keep_properties text[] DEFAULT '{}') RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN cdp_data.erase(people, mode, purpose, since, until, reason, request, regulation, received_at,
		keep_properties);
END
$function$;
COMMENT ON FUNCTION cdp.erase(text[], text, text, timestamptz, timestamptz, text, text, text, timestamptz, text[]) IS
$comment$Erases people: of each an identifier of it, as email:ann@example.com, or the SHA-256, SHA-1 or MD5 of the value
of one, as hexadecimal digits (in normal form: of an e-mail address also the mailbox, of a phone number also without the
plus). Of a hash all identifiers are compared. All in one transaction, for many people in one call.
All that is in their profiles goes: the events that their identifiers anchor, in all months and in the base; the
identifiers, their links, verdicts, history, accounts, memberships, what is in quarantine and in the feed (consumers are
told by a change of kind erased). Events of others that name them stay without their identifiers. Identifiers that they
share with others stay shared: a verdict is written for each, and no people are merged.
From then on their identifiers, as hashes by cdp.suppression_key, are suppressed: they are taken out of rows that come
with one as an identifier, from all columns, also of rows that wait in the inboxes; a row with none left is dropped and
counted as suppressed. What rows of others say of them in properties alone is not searched, but in quarantine. Calls
such as cdp.forbid() and cdp.set_consent() refuse them.
A value of up to three characters counts only where identifiers are expected. cdp.allow_again() ends that.
mode: erase; anonymise (events stay for statistics, without identifiers, traits, context and message id, at the
beginning of their day in UTC, with the properties in keep_properties that are no objects or arrays); preview (the
counts, without a change). since (inclusive), until (exclusive): only events of that time; then nothing is suppressed,
and identifiers stay that other events carry. request, reason, regulation (gdpr or ccpa, or another), received_at: kept
in cdp.erasure; from the last two follows until when it is due.
Returns the certificate (OpenDSR 2.0): how many rows of which tables, what is not done yet and where, and no identifier.
held: people on whom a hold is in force; these are erased when it ends, see cdp.hold().
Errors: a person NULL (22004), no identifier (22P02, 22023), shared or blocked (55000); no or another
cdp.suppression_key (55000); unknown mode, since not before until (22023); folded events to be erased in part, or the
log lacks events of people concerned (55000); purpose given (0A000).$comment$;

CREATE FUNCTION cdp.erase(person text, mode text DEFAULT 'erase', purpose text DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, reason text DEFAULT NULL,
	request text DEFAULT NULL, regulation text DEFAULT 'gdpr', received_at timestamptz DEFAULT now(),
	keep_properties text[] DEFAULT '{}') RETURNS jsonb
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT cdp.erase(ARRAY[person], mode, purpose, since, until, reason, request, regulation, received_at,
		keep_properties)
$function$;
COMMENT ON FUNCTION cdp.erase(text, text, text, timestamptz, timestamptz, text, text, text, timestamptz, text[]) IS
	'Erases a person: an identifier of it, or the SHA-256, SHA-1 or MD5 of the value of one. See the function of an '
	'array.';

CREATE FUNCTION cdp.hold(identifier cdp.identifier, reason text, until timestamptz DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	IF identifier IS NULL OR reason IS NULL THEN
		RAISE EXCEPTION 'identifier and reason must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN cdp_data.hold(identifier, reason, until);
END
$function$;
COMMENT ON FUNCTION cdp.hold(cdp.identifier, text, timestamptz) IS
	'Has a person not be erased, whatever identifiers it has, until a time (NULL: until cdp.end_hold()), as for a '
	'lawsuit or a debt: cdp.erase() then notes the request as held. Returns the number of the hold. Errors: identifier '
	'or reason NULL (22004); an identifier that is shared or blocked, or of a person who '
	'was erased (55000).';

CREATE FUNCTION cdp.end_hold(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	IF identifier IS NULL THEN
		RAISE EXCEPTION 'an identifier is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN cdp_data.end_hold(identifier);
END
$function$;
COMMENT ON FUNCTION cdp.end_hold(cdp.identifier) IS
	'Ends all holds on a person (of an identifier that has become shared or blocked, those on it), and returns how '
	'many. cdp.carry_out_erasures() then erases it, if that was asked for. '
	'Error: NULL (22004).';

CREATE FUNCTION cdp.carry_out_erasures() RETURNS SETOF jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY SELECT c.* FROM cdp_data.carry_out_held() c;
END
$function$;
COMMENT ON FUNCTION cdp.carry_out_erasures() IS
	'Erases the people whose erasure was held and on whom no hold is in force any more; returns the certificates. One '
	'that is refused (55000), as when its identifier has become shared, stays held, with a warning. Errors: as of '
	'cdp.erase().';

CREATE FUNCTION cdp.reapply_erasures() RETURNS SETOF jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY SELECT c.* FROM cdp_data.reapply_erasures() c;
END
$function$;
COMMENT ON FUNCTION cdp.reapply_erasures() IS
	'To be called after a restore of the database to before erasures, and before the next cdp.refresh(): erases the '
	'identifiers again that cdp_data.suppressed and cdp_data.erasure have, to which the rows of a later copy of these '
	'two tables were added. Returns the certificates, which are new ones. Errors: as of cdp.erase().';

REVOKE ALL ON FUNCTION
	cdp.erase(text[], text, text, timestamptz, timestamptz, text, text, text, timestamptz, text[]),
	cdp.erase(text, text, text, timestamptz, timestamptz, text, text, text, timestamptz, text[]),
	cdp.hold(cdp.identifier, text, timestamptz), cdp.end_hold(cdp.identifier), cdp.carry_out_erasures(),
	cdp.reapply_erasures() FROM PUBLIC;
