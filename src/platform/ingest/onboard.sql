CREATE FUNCTION cdp.onboard(type text, event text, anonymous_id text, user_id text, group_id text, previous_id text,
	identifiers jsonb, properties jsonb, traits jsonb, context jsonb,
	"timestamp" timestamptz, sent_at timestamptz, original_timestamp timestamptz, received_at timestamptz,
	source text, as_of timestamptz, max_identifiers integer DEFAULT 256,
	OUT call_type text, OUT event_name text, OUT at timestamptz, OUT feed text,
	OUT ids cdp.identifier[], OUT reason text, OUT detail text, OUT repeats integer)
	LANGUAGE c STABLE PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'cdp_onboard';
COMMENT ON FUNCTION cdp.onboard(text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb, timestamptz, timestamptz, timestamptz, timestamptz, text, timestamptz, integer) IS
$comment$Cleans one row of the inbox: gives the parts of an event, or the reason why it cannot be one; feed is always set, all else is NULL where there is a reason. No content of a row raises an error; as_of, the time of the batch, must be finite. JSON null and blank text count as not given.
call_type: identify, track, page, screen, group or alias, whatever the case; not given: track if there is an event, else identify if there are traits.
event_name: the event of a track, page or screen call; page or screen where those have none; NULL for the others.
at: timestamp; else received_at - (sent_at - original_timestamp), which takes out what the sender's clock is wrong by; else original_timestamp, sent_at, received_at or as_of, the first that is there.
feed: the source; default where none is given or its name is invalid.
ids: every identifier of the row, each once, in ascending order, without those whose value means nothing (null, unknown, zeros, see cdp.meaningless). They are: user_id; anonymous_id; in alias calls previous_id, as an anonymous_id; the members of identifiers, namespace to scalar or array of scalars; email and phone of an identify call's traits and of any call's context.traits; context.device.id (device_id), token (push_token) and, only where adTrackingEnabled is true, advertisingId (idfa on ios, gaid on android, else advertising_id); context.externalIds, [{id, type, collection}], the type being the namespace, unless the collection is another than users; context.integrations."Google Analytics".clientId (ga_client_id). Within context the names may be in camelCase or snake_case. group_id names an account and is no identifier. A value that means nothing and has not even its namespace's form counts as not given.
reason, the first of: invalid_source (over 63 bytes, or a control character), invalid_properties, invalid_traits, invalid_context, invalid_identifiers (neither an object nor null), missing_type, unknown_type, missing_event (a track call without one), invalid_event (over 255 bytes, or a control character), missing_group_id (a group call without one), timestamp_out_of_range (not finite, before 2000-01-01 UTC, or more than 24 hours after as_of), invalid_identifier (not of its namespace's form, too long, or not a scalar), too_many_identifiers (over max_identifiers, 1 to 256), no_identifier.
detail: the field and what is wrong with it, never the value of an identifier.
repeats: how often the row names an identifier that it has named already; that would be a link of it with itself, and is ignored.$comment$;

