-- One row of the inbox: the parts of an event, or the reason why it cannot be one.

CREATE FUNCTION cdp_internal.onboard(type text, event text,
	anonymous_id text, user_id text, group_id text, previous_id text, identifiers jsonb,
	properties jsonb, traits jsonb, context jsonb,
	"timestamp" timestamptz, sent_at timestamptz, original_timestamp timestamptz, received_at timestamptz,
	source_given text, as_of timestamptz, max_identifiers integer DEFAULT 256,
	is_logged boolean DEFAULT false,
	OUT call_type text, OUT event_name text, OUT at timestamptz, OUT source text,
	OUT ids cdp.identifier[], OUT reason text, OUT detail text, OUT repeats integer, OUT earlier cdp.identifier,
	OUT rejected jsonb)
	LANGUAGE C STABLE PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'cdp_onboard';
COMMENT ON FUNCTION cdp_internal.onboard(text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb,
	timestamptz, timestamptz, timestamptz, timestamptz, text, timestamptz, integer, boolean) IS
$comment$Internal: cleans one row of the inbox. Returns the parts of an event, or the reason why the row cannot be one.
If there is a reason, all else but source is NULL. No content of a row raises an error; as_of, the time of the
batch, must be finite. JSON null and blank text count as not given.
call_type: identify, track, page, screen, group, alias or merge, in any case. If not given: track for a row with an
event; else alias with a previous_id; merge with context.mergeProperties; group with a group_id; page with a name in
properties; identify with traits, or with traits in context.
event_name: the event of a track, page or screen call. Of a page or screen call without one: page: and the name in
properties, if it has at most 255 bytes then and no control character; else page. NULL for other calls.
at: the sender's time is timestamp, else original_timestamp, else sent_at, else received_at, else as_of. If not both of
timestamp and original_timestamp are given, it is corrected for the sender's clock, by received_at - sent_at, unless
the row was sent more than a day before it was received: then it was loaded from a store. It is corrected all the same
if both sent_at and that time are before 2005: the clock was not set. It is never
later than received_at (as_of, if that is no time from 1970 to a day after as_of).
source: source_given, trimmed; default if it is not given or not a valid name.
ids: the identifiers of the row, distinct, in ascending order, without those whose value is meaningless (see
cdp.is_meaningless). They are: user_id; anonymous_id; previous_id of an alias call, as an anonymous_id; the members of
identifiers, namespace to scalar or array of scalars; email and phone in the traits of an identify call and in
context.traits of any call; the pairs of type and value in context.mergeProperties of a merge call; context.device.id
(device_id), token (push_token) and, only if adTrackingEnabled is true, advertisingId (idfa on ios, gaid on android,
else advertising_id); context.externalIds or externalId, [{id, type, collection}], type being the namespace, unless the
collection is not users; clientId of an integration that is Google Analytics (ga_client_id); click ids (gclid, dclid,
fbclid, msclkid, ttclid, twclid, li_fat_id, sccid, rdt_cid, epik, yclid, irclickid) and the cookies fbp, ttp and fbc (of
which the fbclid is taken) among the members of context, context.campaign, each of context.integrations, and properties,
and among the parameters of url and search of context.page and of properties, where the first of a name counts. Names
within context may be in camelCase or snake_case. E-mail addresses are those of the mailbox, by the rule of
cdp.set_rules(). group_id names an account and is not an identifier. A meaningless value that does not have its
namespace's form counts as not given.
rejected: the values in these places that cannot be identifiers, by namespace and reason: [{namespace, reason,
occurrences, example}]; NULL: none.
reason: the first that applies of too_deep (over 64 levels), invalid_source (over 63 bytes, or a control character),
invalid_properties, invalid_traits, invalid_context, invalid_identifiers (neither an object nor null), missing_type,
unknown_type, missing_event (a track call without one), invalid_event (over 255 bytes, or a control character),
missing_group_id (a group call without one), invalid_group_id (over 512 bytes, or a control character),
timestamp_out_of_range (not finite, before 1970-01-01 UTC, or more than a week after as_of),
too_many_identifiers (over max_identifiers, 1 to 256), no_identifier (unless the source keeps such events).
is_logged: the row is one of the log. Its timestamp counts as it is, and it may be without identifiers.
detail: the field and what is wrong with it, never the value of an identifier.
repeats: number of times that the row names an identifier again. Such a link of an identifier with itself is
ignored.
earlier: the previous_id of an alias call as a user_id, which is no identifier of the row; NULL: none.$comment$;

CREATE FUNCTION cdp_internal.planned_name(type text, event text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_planned_name' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.planned_name(text, text) IS
	'Internal: returns the name by which a plan knows an event of the log: of page: Pricing it is Pricing; empty for '
	'one without a name.';

REVOKE ALL ON FUNCTION cdp_internal.planned_name(text, text),
	cdp_internal.onboard(text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb,
		timestamptz, timestamptz, timestamptz, timestamptz, text, timestamptz, integer, boolean) FROM PUBLIC;
