-- One line of JSON, into the columns of the inbox.

CREATE FUNCTION cdp_internal.parse_line(line text,
	OUT message_id text, OUT type text, OUT event text,
	OUT anonymous_id text, OUT user_id text, OUT group_id text, OUT previous_id text, OUT identifiers jsonb,
	OUT properties jsonb, OUT traits jsonb, OUT context jsonb,
	OUT "timestamp" timestamptz, OUT sent_at timestamptz, OUT original_timestamp timestamptz,
	OUT received_at timestamptz,
	OUT source text, OUT reason text, OUT detail text)
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'cdp_parse_line';
COMMENT ON FUNCTION cdp_internal.parse_line(text) IS
$comment$Internal: reads a line as one JSON object in the shape of the Segment spec, into the columns of cdp.inbox. If
that is not possible, reason and detail say why, and all else is NULL. No text raises an error.
Keys may be in camelCase or snake_case. message_id, anonymous_id, user_id, group_id and previous_id may be numbers;
these become text without the zeros that end a fraction (7.0 is 7). Of another type they count as not given. Times are
texts in any form of ISO 8601, UTC without a zone, or seconds, milliseconds, microseconds or nanoseconds since 1970,
told by the size; a blank time counts as not given. name and category become members of properties, integrations and
mergeProperties of context. Of a repeated key the last value counts.
What the columns do not give back as it was sent is kept in context: as _extra the members that have no column, and
those that their column does not give back; as _sent, how keys were sent: true, the key stood there; false, it did not;
null, it was null; copied: it stands in properties too. cdp_internal.sent_message() makes the message of it.
reason: empty_line; line_too_long (over 4 MB); invalid_json (also: not UTF-8, \u0000, half of a surrogate pair, nested
deeper than 64, a number of more than 1000 digits or with an exponent beyond 400); not_an_object; invalid_field (a JSON
type that its column does not take, two spellings of a key with different values, or a batch, whose calls are read one
by one); invalid_timestamp.
detail: the position (in bytes, from 1) and what is wrong there, or the field and what is wrong with it; never content
of the line.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.parse_line(text) FROM PUBLIC;
