-- The rules of identity, as one document.  A change acts on all history: what it can concern passes through the
-- stages of a batch again, once for all changes of a document.

CREATE FUNCTION cdp_internal.check_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_object(rules, 'rules');
	PERFORM cdp_internal.check_namespaces(rules - '*');
	IF rules -> '*' <> 'null' THEN
		PERFORM cdp_internal.check_keys(rules -> '*', '{cap,max_identifiers,sources}', '"*"');
		IF rules -> '*' ? 'sources' THEN
			PERFORM cdp_internal.check_sources(rules -> '*' -> 'sources');
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_rules(jsonb) IS
	'Internal: raises an error if a document of rules has an unknown key or a part of the wrong type. Does not check '
	'the values, and reads no table.';

CREATE FUNCTION cdp.set_rules(rules jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	limits jsonb;
	concerned jsonb;
	is_anew boolean;
BEGIN
	PERFORM cdp_internal.check_rules(rules);
	PERFORM cdp_internal.start_batch();
	limits := CASE rules -> '*' WHEN 'null' THEN '{"cap": null, "max_identifiers": null}' ELSE rules -> '*' END;
	concerned := (
		SELECT coalesce(jsonb_object_agg(k.kind, k.query), '{}')
		FROM (
			SELECT c.kind, string_agg(DISTINCT c.query, ' UNION ') AS query
			FROM (
				SELECT n.* FROM cdp_internal.change_namespaces(rules - '*') n
				UNION ALL
				SELECT l.* FROM cdp_internal.change_limits(limits) l
				UNION ALL
				SELECT s.* FROM cdp_internal.change_sources(limits -> 'sources') s) c
			GROUP BY c.kind) k);
	-- everything is computed anew then; what a change concerns could not be found among identifiers of another form
	is_anew := concerned ? 'restitched' AND (SELECT s.event_id > 0 FROM cdp_data.state s);
	IF is_anew THEN
		concerned := '{}';
	END IF;
	IF concerned ?| '{reread,reanchored,traits_changed}' THEN
		PERFORM cdp_internal.start_whole_change();
	END IF;
	PERFORM cdp_internal.change_graph(unlinked => concerned ->> 'unlinked', blocked => concerned ->> 'blocked',
		retry => concerned ->> 'retry', checked => concerned ->> 'checked', judged => concerned ->> 'judged',
		reread => concerned ->> 'reread', reanchored => concerned ->> 'reanchored',
		traits_changed => concerned ->> 'traits_changed', realiased => concerned ->> 'realiased',
		based => concerned ->> 'based', cause => 'rule',
		-- who is as strong as whom decides what consent is worth
		consenting => CASE WHEN concerned ? 'reanchored' AND EXISTS (SELECT FROM cdp_data.purpose)
			THEN NULL ELSE '{}'::bigint[] END);
	IF concerned ? 'blocked' THEN
		PERFORM cdp_internal.flag_blocked(ARRAY(SELECT jsonb_object_keys(rules - '*')));
	END IF;
	PERFORM cdp_internal.drop_limited(rules - '*');
	IF is_anew THEN
		PERFORM cdp.restitch();
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.set_rules(jsonb) IS
$comment$Changes the rules of identity, for all history, as one batch: {"email": {"max_per_profile": 5, "max_links":
{"user_id": 5}}, "*": {"cap": 500}}. The keys are namespaces; a new one is added. An absent key leaves its rule
unchanged, at each depth; null sets the default of one rule, or of all rules of a namespace. cdp.rules() returns all
rules.
priority: an integer; a smaller one is stronger.
max_per_profile: how many identifiers of the namespace a person can have, or "unlimited".
max_links: how many identifiers of another namespace an identifier can be linked to before it is shared and its links
no longer count: an object of namespace to number, with * for all others; or one number for all; "unlimited" in place
of a number, or of all: never shared. That of user_id to user_id is no limit of this kind: to how many others a user_id
may be an alias before its aliases are not believed (default 5), see cdp.set_sources().
blocked: the list of values that identify no one. A value is compared in any case, normalised as the namespace does; one
that begins with ^ is a regular expression over normalised values. The list replaces the former one. A value that
becomes blocked is removed from all events; one that is no longer blocked is searched for in the whole log.
Blocking an e-mail address or phone number blocks its SHA-256, and blocking that blocks the address or number; of what
matches a regular expression the hash is not known, and not blocked.
mailbox, of email alone: what else than the address itself names a mailbox. exact, the default: nothing. gmail: of
gmail.com and googlemail.com, which are one, dots and what follows a plus do not count: A.nn+shop@googlemail.com is
ann@gmail.com. plus: besides, everywhere, what follows a plus does not count; where a provider tells such addresses
apart, that makes one person of several. A change cleans the whole log anew, by cdp.restitch(), and writes verdicts in
the new form; functions that take an identifier write what they are given so, too. Events that have left the log keep
what they were joined to if the rule is taken back, which a notice says.
The key * holds the rules that are not of one namespace. cap: how many identifiers a person can have, or "unlimited".
max_identifiers: how many identifiers an event can carry, 1 to 256; it applies to rows taken from now on, and
cdp.replay() brings back rows that a smaller number kept out. sources: a document of cdp.set_sources(). null in place
of these: the defaults of cap and max_identifiers.
Errors: unknown key (the hint names the nearest), value of the wrong type or out of range, invalid regular expression
(22023, each names the key); NULL (22004); the log lacks events (55000). On an error nothing changes.$comment$;

CREATE FUNCTION cdp.rules() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (
		SELECT coalesce(jsonb_object_agg(n.namespace, jsonb_build_object('priority', n.priority,
			'max_per_profile', coalesce(to_jsonb(n.max_per_profile), '"unlimited"'),
			'max_links', cdp_internal.show_max_links(n.namespace, n.max_links),
			'blocked', coalesce(to_jsonb(n.blocked), '[]'))
			|| CASE WHEN n.namespace = 'email' THEN jsonb_build_object('mailbox', coalesce(n.mailbox, 'exact'))
				ELSE '{}' END), '{}')
		FROM cdp_data.namespace n)
		|| (SELECT jsonb_build_object('*', jsonb_build_object('cap', coalesce(to_jsonb(s.cap), '"unlimited"'),
				'max_identifiers', s.max_identifiers, 'sources', cdp_internal.show_sources()))
			FROM cdp_data.state s);
END
$function$;
COMMENT ON FUNCTION cdp.rules() IS
	'Returns all rules of identity, those of sources included, as a document for cdp.set_rules(): applied here or in '
	'another database, it sets these rules.';

-- Lists the numbers that the default has too: a key that is absent from a document would leave a rule unchanged.
CREATE FUNCTION cdp_internal.show_max_links(namespace text, max_links jsonb) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE
		WHEN max_links IS NULL THEN '"unlimited"'
		WHEN max_links - '*' = '{}' THEN coalesce(to_jsonb(cdp_internal.max_links_to(max_links, '*')), '"unlimited"')
		ELSE (
			SELECT jsonb_object_agg(k.key,
				coalesce(to_jsonb(cdp_internal.max_links_to(max_links, k.key)), '"unlimited"'))
			FROM (
				SELECT jsonb_object_keys(max_links || cdp_internal.default_max_links(namespace) || '{"*": 0}')
			) AS k (key))
	END;
COMMENT ON FUNCTION cdp_internal.show_max_links(text, jsonb) IS
	'Internal: returns max_links of a namespace in the form of a document of rules.';

CREATE FUNCTION cdp_internal.show_sources() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- the same rules must give the same document
	SET intervalstyle = postgres
AS $function$
BEGIN
	RETURN (
		SELECT coalesce(jsonb_object_agg(s.source, jsonb_build_object('party', s.party, 'trust', s.trust,
			'aliases', s.aliases, 'expires_after', justify_hours(s.expires_after),
			'keep_events', justify_hours(s.keep_events), 'licence', s.licence,
			'mutable', s.mutable, 'keep_corrections', s.keep_corrections, 'version', s.version,
			'deleted', s.deleted, 'phone_region', s.phone_region,
			'keep_unidentified', s.keep_unidentified, 'own_message_ids', s.own_message_ids,
			'same_content_within', justify_hours(s.same_content_within))), '{}')
		FROM cdp_data.source s);
END
$function$;
COMMENT ON FUNCTION cdp_internal.show_sources() IS
	'Internal: returns the rules of sources, as a document for cdp.set_sources().';

CREATE FUNCTION cdp.set_sources(sources jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_object(sources, 'sources');
	PERFORM cdp.set_rules(jsonb_build_object('*', jsonb_build_object('sources', sources)));
END
$function$;
COMMENT ON FUNCTION cdp.set_sources(jsonb) IS
$comment$Changes the rules of sources, for all history, as one batch: {"crm": {"party": "first", "trust": 5}, "list":
{"party": "third", "expires_after": "90 days", "licence": "…"}}. An absent key leaves its rule unchanged; null
sets the default of one rule, or of all rules of a source.
A source that has sent no rows yet is added, and needs party or trust.
The view cdp.sources lists all sources.
party: first (the default), second or third.
trust: -128 to 127. If a rule allows only one of several links, the most trusted source's link wins; of several values
of a trait, the most trusted source's value wins, unless the rule of the trait says otherwise. The default depends on
the party: first 3, second 2, third 1; setting party without trust sets it.
aliases: what alias calls of the source that name an earlier user_id (previous_id) are: link (the default), evidence
like any other, or same, believed as if cdp.same() said so: the two count as one towards max_per_profile.
expires_after: how long values of the source count; then values of other sources show again, from the next refresh on,
which needs no rows for that. A string such as "90 days"; a day is 24 hours; default: they do not expire.
keep_events: how long events of the source stay in the log, counted from their time: cdp.drop_old_events(), called from
a schedule, lets older ones go and keeps what they said. A string such as "400 days"; default: until their month is
dropped. Setting it again lets the next call look at all events anew, for example after a month was attached.
licence: a note on what the data may be used for.
mutable: true: the source sends a row again, with the same message id, to correct it. Of all its rows with one message
id the greatest holds, in whatever order they come, in one batch or several: that of the greatest version; of these a
deletion, or else the one of the greatest content, by the bytes of its JSON. What the others said is taken back as by
cdp.retract(). version: the name of a property, or a path of names, that holds the version, a number or a text (compared
by bytes; a number is smaller than a text, and none is the smallest); where the properties of a row lack it, its traits
are searched, then its context. Default: none, so that the later row holds.
deleted: likewise, what says that a row deletes: anything there but null, false, 0, an empty text, and texts such as
"false" and "no". Such a row needs no more than a message id. The message has no event
then, but its message id stays used: smaller rows that come later are duplicates, a greater one is an event again.
Deletions are counted as such, and are neither accepted nor duplicates. Rows that were taken before version or deleted
was set are not looked at again, but for the versions of events in the log; where months have left it by then, see
cdp.drop_events(), rows with other content of such a message are quarantined as message_id_reused. A log that lacks
events since a month was detached by hand must be whole first. keep_corrections: true: events that are replaced or
deleted go to cdp.correction.
A message of a mutable source is remembered as long as it holds, whatever cdp.set_message_memory() says. cdp.retract()
takes back all that was said under the message id of the event that holds, also what is in cdp.correction: what it
replaced does not come back, and the next row, of whatever version, is a new event. Of a deletion there is nothing to
take back. A correction of an event of a person of whom the log lacks events is quarantined as log_lacks_events; a
deletion without a message id as missing_message_id.
phone_region: where phone numbers of the source without a country code are, as a code of ISO 3166 ("GB"); default: such
numbers are no identifiers. A change cleans the whole log anew, by cdp.restitch(); events that have left the log, by
cdp.drop_events() or cdp.drop_old_events(), keep the identifiers that they had, which a notice says, and cdp.verify() as
long as it is another region.
keep_unidentified: true: events without any identifier, such as pages of visitors without cookies, go to the log, where
they belong to no one, instead of to quarantine; cdp.replay('no_identifier') brings back what came before.
own_message_ids: true: the source numbers its messages by itself, so its message ids are compared with each other alone;
default: one message id is one message, whichever source sends it. cdp.replay('message_id_reused') brings back what was
set aside before. A change gives the messages of the source in the log their new keys, and is refused where that cannot
be done for all: some have left the log or are deleted, events were taken back for ever, or other sources have the ids.
same_content_within: for two pipelines that load the same events with message ids of their own, or with none: a row of
the source is a duplicate, and is not stored, if an event says the same that is in the log, or before it in the batch,
from whatever source, also its own. The same: type, event, account, properties and traits (numbers by their values, none
and {} alike), one identifier in common that is not blocked, and times by the sender (original_timestamp, else
timestamp, before the clock is corrected) that differ by no more than this. Of identify, alias and merge calls all
identifiers must be the same, so that no evidence is lost. The context is not compared. A string such as "10 seconds",
shorter than the time in which a person does the same again; default: only rows with the same message id are duplicates.
Which of two comes first stays, so set it for each source that may come second. cdp.sources.same_content counts these
rows. A row is compared with events that stayed, not with rows that were duplicates; its message id stays unused, so
that it can come again after cdp.retract() of the event. Rows and events are not compared that have no identifiers, are
of mutable sources, or had a clock that was wrong by more than a day; nor are events that have left the log, as what
they said is not known any more in full. Events of the log stay there, whatever is set, also in cdp.restitch().
cdp.load() compares too, and is slower then. The source cannot be mutable as well.
Errors: unknown key (the hint names the nearest), invalid name, trust out of range, unknown party, aliases neither
link nor same, neither party nor trust for a new source, expires_after, keep_events or same_content_within not an
interval, with months, not positive, or more than 100 years, mutable, keep_corrections, keep_unidentified and
own_message_ids neither true nor false, an unknown phone_region, version or deleted no path, mutable and
same_content_within together (22023, each names the key); NULL (22004); the log lacks events, or own_message_ids cannot
change (55000). On an error nothing changes.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.check_rules(jsonb), cdp.set_rules(jsonb), cdp.rules(),
	cdp_internal.show_max_links(text, jsonb), cdp_internal.show_sources(), cdp.set_sources(jsonb) FROM PUBLIC;
