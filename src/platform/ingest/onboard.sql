-- One row of the inbox: the parts of an event, or the reason why it cannot be one.

CREATE FUNCTION cdp_internal.onboard(type text, event text,
	anonymous_id text, user_id text, group_id text, previous_id text, identifiers jsonb,
	properties jsonb, traits jsonb, context jsonb,
	"timestamp" timestamptz, sent_at timestamptz, original_timestamp timestamptz, received_at timestamptz,
	source_given text, as_of timestamptz, max_identifiers integer DEFAULT 256,
	OUT call_type text, OUT event_name text, OUT at timestamptz, OUT source text,
	OUT ids cdp.identifier[], OUT reason text, OUT detail text, OUT repeats integer, OUT earlier cdp.identifier)
	LANGUAGE C STABLE PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'cdp_onboard';
COMMENT ON FUNCTION cdp_internal.onboard(text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb,
	timestamptz, timestamptz, timestamptz, timestamptz, text, timestamptz, integer) IS
$comment$Internal: cleans one row of the inbox. Returns the parts of an event, or the reason why the row cannot be one.
If there is a reason, all else but source is NULL. No content of a row raises an error; as_of, the time of the
batch, must be finite. JSON null and blank text count as not given.
call_type: identify, track, page, screen, group or alias, in any case. If not given: track for a row with an event,
else identify for a row with traits.
event_name: the event of a track, page or screen call; page or screen if those have none; NULL for other calls.
at: timestamp; else received_at - (sent_at - original_timestamp), which corrects the sender's clock; else the first
given of original_timestamp, sent_at, received_at and as_of.
source: source_given, trimmed; default if it is not given or not a valid name.
ids: the identifiers of the row, distinct, in ascending order, without those whose value is meaningless (see
cdp.is_meaningless). They are: user_id; anonymous_id; previous_id of an alias call, as an anonymous_id; the members of
identifiers, namespace to scalar or array of scalars; email and phone in the traits of an identify call and in
context.traits of any call; context.device.id (device_id), token (push_token) and, only if adTrackingEnabled is true,
advertisingId (idfa on ios, gaid on android, else advertising_id); context.externalIds, [{id, type, collection}], type
being the namespace, unless the collection is not users; context.integrations."Google Analytics".clientId
(ga_client_id). Names within context may be in camelCase or snake_case. group_id names an account and is not an
identifier. A meaningless value that does not have its namespace's form counts as not given.
reason: the first that applies of too_deep (over 64 levels), invalid_source (over 63 bytes, or a control character),
invalid_properties, invalid_traits, invalid_context, invalid_identifiers (neither an object nor null), missing_type,
unknown_type, missing_event (a track call without one), invalid_event (over 255 bytes, or a control character),
missing_group_id (a group call without one), invalid_group_id (over 512 bytes, or a control character),
timestamp_out_of_range (not finite, before 2000-01-01 UTC, or more than 24 hours after as_of), invalid_identifier (not
of its namespace's form, too long, or not a scalar), too_many_identifiers (over max_identifiers, 1 to 256),
no_identifier.
detail: the field and what is wrong with it, never the value of an identifier.
repeats: number of times that the row names an identifier again. Such a link of an identifier with itself is
ignored.
earlier: the previous_id of an alias call as a user_id, which is no identifier of the row; NULL: none.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.onboard(text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb,
	timestamptz, timestamptz, timestamptz, timestamptz, text, timestamptz, integer) FROM PUBLIC;
