CREATE FUNCTION cdp.parse_line(line text,
	OUT message_id text, OUT type text, OUT event text,
	OUT anonymous_id text, OUT user_id text, OUT group_id text, OUT previous_id text, OUT identifiers jsonb,
	OUT properties jsonb, OUT traits jsonb, OUT context jsonb,
	OUT "timestamp" timestamptz, OUT sent_at timestamptz, OUT original_timestamp timestamptz, OUT received_at timestamptz,
	OUT source text, OUT reason text, OUT detail text)
	LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100
	AS 'MODULE_PATHNAME', 'cdp_parse_line';
COMMENT ON FUNCTION cdp.parse_line(text) IS
$comment$Reads a line that may be anything as one JSON object in the shape of the Segment spec, into the columns of cdp.inbox; where that is not possible, reason and detail say why and all else is NULL. No text raises an error.
Keys may be in camelCase or snake_case. message_id, anonymous_id, user_id, group_id and previous_id may be numbers, which are taken as their text, without the zeros that end a fraction (7.0 is 7). Times are YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]][Z|±HH[[:]MM]]], UTC without a zone; a blank one counts as not given. What has no column is kept: name and category in properties, integrations in context, anything else, and what properties or context have themselves, in context under _extra; except where it is null. A key that is there twice counts as it does the last time.
reason: empty_line; line_too_long (over 4 MB); invalid_json (also: not UTF-8, \u0000, half of a surrogate pair, nested deeper than 64, a number of more than 1000 digits or with an exponent beyond 400); not_an_object; invalid_field (of a JSON type that its column does not take, given in two spellings that differ, or a batch); invalid_timestamp.
detail: the position (in bytes, from 1) and what is wrong there, or the field and what is wrong with it; never what the line says.$comment$;

