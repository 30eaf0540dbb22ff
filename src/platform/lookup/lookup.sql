-- One person as one document, by any identifier or by any present or former profile_id.

CREATE FUNCTION cdp.lookup(identifier cdp.identifier,
	parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts',
	last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_identifier' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(cdp.identifier, text, integer) IS
$comment$Returns a person as one JSON document; NULL if the identifier was never seen. The document has profile_id,
shared (true: not a person, but a shared identifier), first_seen, last_seen, event_count, and the parts asked for,
separated by commas; by default all but provenance.
identifiers: namespace, value, first_known, shared; strongest first.
traits: key to value.
provenance: the origin of each value of a trait, by key.
events: the last_events latest events, newest first, up to 64 MB.
cases: open cases of the contact centre (cdp.open_cases).
segments: names of the segments that the person is in now, among those that the caller may read; segments_failing, if
there are any: those that cannot be judged for this person (see cdp.segment).
refused_links: own and other identifier, other profile, reasons; at most 100, latest first.
accounts: accounts that the person belongs to, with since, last_at and traits.
Each other list holds up to 8 MB. Entries that did not fit are counted in events_left_out, identifiers_left_out and so
on; an entry that is too large by itself is left out alone.
Errors: an unknown part, or last_events below 0 (22023). Works on a hot standby.$comment$;

CREATE FUNCTION cdp.lookup(identifier text,
	parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts',
	last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_text' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(text, text, integer) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

CREATE FUNCTION cdp.lookup(profile_id bigint,
	parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts',
	last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_bigint' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(bigint, text, integer) IS
	'The same for a present or former profile_id; NULL if there is no such person now. cdp.resolve_profile() returns '
	'the reason.';

REVOKE ALL ON FUNCTION cdp.lookup(cdp.identifier, text, integer), cdp.lookup(text, text, integer),
	cdp.lookup(bigint, text, integer) FROM PUBLIC;
