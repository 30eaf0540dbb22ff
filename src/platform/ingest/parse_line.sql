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
these become text without the zeros that end a fraction (7.0 is 7). Times are
YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]][Z|±HH[[:]MM]]], UTC without a zone; a blank time counts as not given. What has no
column is kept unless it is null: name and category in properties, integrations in context, everything else in context
under _extra, also a member that properties or context already have. Of a repeated key the last value counts.
reason: empty_line; line_too_long (over 4 MB); invalid_json (also: not UTF-8, \u0000, half of a surrogate pair, nested
deeper than 64, a number of more than 1000 digits or with an exponent beyond 400); not_an_object; invalid_field (a JSON
type that its column does not take, two spellings of a key with different values, or a batch); invalid_timestamp.
detail: the position (in bytes, from 1) and what is wrong there, or the field and what is wrong with it; never content
of the line.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.parse_line(text) FROM PUBLIC;
