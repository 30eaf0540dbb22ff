-- A message as it was sent, made of what the log has of it: see sent_message.h.

CREATE FUNCTION cdp_internal.sent_time(at timestamptz) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN to_char(at AT TIME ZONE 'UTC', CASE WHEN date_part('microseconds', at)::bigint % 1000 = 0
		THEN 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END);
COMMENT ON FUNCTION cdp_internal.sent_time(timestamptz) IS
	'Internal: writes a time as JavaScript does, with six digits of a fraction where three are not enough.';

CREATE FUNCTION cdp_internal.put_back_dropped(document jsonb, dropped jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_put_back_dropped' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.put_back_dropped(jsonb, jsonb) IS
	'Internal: returns a document of an event of the log as it was sent. dropped: what the member _dropped of the '
	'context has of it; NULL: nothing.';

CREATE FUNCTION cdp_internal.sent_message(type text, event text, message_id text, anonymous_id text, user_id text,
	group_id text, previous_id text, identifiers jsonb, properties jsonb, traits jsonb, context jsonb,
	"timestamp" timestamptz, sent_at timestamptz, original_timestamp timestamptz) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	dropped jsonb := context -> '_dropped';
	notes jsonb := coalesce(context -> '_sent', '{}');
	extra jsonb := coalesce(context -> '_extra', '{}');
	given jsonb := notes || extra;
	folded text[] := ARRAY(
		SELECT n.key FROM jsonb_each(notes) n WHERE n.key IN ('name', 'category') AND n.value = 'true');
	lifted text[] := ARRAY(
		SELECT u.key FROM unnest('{integrations,mergeProperties}'::text[]) AS u (key)
		WHERE NOT given ? u.key);
	own_context jsonb;
	own_properties jsonb;
	message jsonb := '{}';
	field record;
BEGIN
	IF notes -> 'snowplow' = '"event"' AND jsonb_typeof(extra -> 'snowplow') = 'object' THEN
		RETURN (extra - 'snowplow') || (extra -> 'snowplow');
	END IF;
	IF dropped IS NOT NULL THEN
		properties := cdp_internal.put_back_dropped(properties, dropped -> 'properties');
		traits := cdp_internal.put_back_dropped(traits, dropped -> 'traits');
		context := cdp_internal.put_back_dropped(context - '_dropped', dropped -> 'context');
	END IF;
	own_context := context - '_extra' - '_sent' - lifted;
	own_properties := properties - folded;
	FOR field IN
		SELECT v.*
		FROM (VALUES
			('messageId', 'message_id', to_jsonb(message_id), true),
			('type', 'type', to_jsonb(type), true),
			('event', 'event', to_jsonb(event), type = 'track'),
			('anonymousId', 'anonymous_id', to_jsonb(anonymous_id), true),
			('userId', 'user_id', to_jsonb(user_id), true),
			('groupId', 'group_id', to_jsonb(group_id), true),
			('previousId', 'previous_id', to_jsonb(previous_id), true),
			('identifiers', 'identifiers', identifiers, true),
			('properties', 'properties', own_properties, own_properties <> '{}' OR folded = '{}'),
			('traits', 'traits', traits, type <> 'identify' OR traits IS DISTINCT FROM context -> 'traits'),
			('context', 'context', own_context, own_context <> '{}'),
			('timestamp', 'timestamp', to_jsonb(cdp_internal.sent_time(coalesce(original_timestamp, "timestamp"))),
				NOT given ?| '{originalTimestamp,original_timestamp}'),
			('sentAt', 'sent_at', to_jsonb(cdp_internal.sent_time(sent_at)), true),
			('originalTimestamp', 'original_timestamp', to_jsonb(cdp_internal.sent_time(original_timestamp)), false),
			('name', 'name', properties -> 'name', false),
			('category', 'category', properties -> 'category', false),
			('integrations', 'integrations', context -> 'integrations', 'integrations' = ANY (lifted)),
			('mergeProperties', 'mergeProperties', context -> 'mergeProperties', 'mergeProperties' = ANY (lifted)))
			AS v (usual, snake, value, is_usual)
	LOOP
		IF notes -> field.usual IN ('true', '"copied"') THEN
			message := message || jsonb_build_object(field.usual, field.value);
		ELSIF notes -> field.snake = 'true' THEN
			message := message || jsonb_build_object(field.snake, field.value);
		ELSIF field.is_usual AND field.value IS NOT NULL AND NOT given ?| ARRAY[field.usual, field.snake] THEN
			message := message || jsonb_build_object(field.usual, field.value);
		END IF;
	END LOOP;
	RETURN message || (SELECT coalesce(jsonb_object_agg(n.key, n.value), '{}') FROM jsonb_each(notes) n
		WHERE n.value = 'null') || extra;
END
$function$;
COMMENT ON FUNCTION cdp_internal.sent_message(text, text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb,
	timestamptz, timestamptz, timestamptz) IS
	'Internal: returns the message that an event of the log was, as it was sent as a line; of a call of a batch with '
	'what the batch handed down to it. The arguments are the columns of cdp.events.';

REVOKE ALL ON FUNCTION cdp_internal.sent_time(timestamptz), cdp_internal.put_back_dropped(jsonb, jsonb),
	cdp_internal.sent_message(text, text, text, text, text,
	text, text, jsonb, jsonb, jsonb, jsonb, timestamptz, timestamptz, timestamptz) FROM PUBLIC;
