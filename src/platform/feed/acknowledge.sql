-- Acknowledging changes, and putting them off.  Writes only rows of the consumer, which is locked meanwhile; so it
-- waits for no refresh, and none waits for it.

CREATE FUNCTION cdp_internal.add_waiting(consumer_id integer, change_id bigint, profile_id bigint,
	other_profile_id bigint) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	INSERT INTO cdp_data.own_consumer_waiting AS w (consumer_id, change_id, profile_id, other_profile_id, due_at,
		attempts)
	VALUES (add_waiting.consumer_id, add_waiting.change_id, add_waiting.profile_id, add_waiting.other_profile_id,
		'-infinity', 0)
	ON CONFLICT DO NOTHING;
	RETURN FOUND;
END
$function$;
COMMENT ON FUNCTION cdp_internal.add_waiting(integer, bigint, bigint, bigint) IS
	'Internal: notes a change that waits for an earlier one of its profiles. Returns false if it waits already.';

-- A change that has two profiles makes the later ones of both wait.
CREATE FUNCTION cdp_internal.hold_back(own cdp_internal.consumer_row, people bigint[], after bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	last bigint := (SELECT s.change_id FROM cdp_data.state s);
	afters bigint[] := array_fill(after, ARRAY[cardinality(people)]);
	later record;
	place integer := 1;
BEGIN
	IF own.held_until < last THEN
		FOR later IN
			SELECT c.change_id, c.profile_id, c.other_profile_id
			FROM cdp_internal.changes_to_hold(own, own.snapshot_change_id, but_for => after) c
		LOOP
			PERFORM cdp_internal.add_waiting(own.consumer_id, later.change_id, later.profile_id,
				later.other_profile_id);
			IF later.other_profile_id IS NOT NULL THEN
				people := people || later.profile_id || later.other_profile_id;
				afters := afters || later.change_id || later.change_id;
			END IF;
		END LOOP;
	END IF;
	WHILE place <= cardinality(people) LOOP
		FOR later IN
			SELECT c.change_id, c.profile_id, c.other_profile_id
			FROM cdp_internal.changes_of(people[place], own.segments,
				greatest(afters[place], own.snapshot_change_id)) c
		LOOP
			IF cdp_internal.add_waiting(own.consumer_id, later.change_id, later.profile_id, later.other_profile_id)
				AND later.other_profile_id IS NOT NULL
			THEN
				people := people || later.profile_id || later.other_profile_id;
				afters := afters || later.change_id || later.change_id;
			END IF;
		END LOOP;
		place := place + 1;
	END LOOP;
	UPDATE cdp_data.own_consumer AS c SET held_until = last
	WHERE c.consumer_id = own.consumer_id AND c.held_until <> last;
END
$function$;
COMMENT ON FUNCTION cdp_internal.hold_back(cdp_internal.consumer_row, bigint[], bigint) IS
	'Internal: notes as waiting all changes of these people after this one, and those recorded since the last call of '
	'all people of whom changes wait.';

CREATE FUNCTION cdp.acknowledge(consumer text, change_id bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	own cdp_internal.consumer_row;
	acknowledged bigint := acknowledge.change_id;
BEGIN
	PERFORM cdp_internal.check_tables();
	own := cdp_internal.lock_consumer(consumer);
	IF acknowledged > (SELECT s.change_id FROM cdp_data.state s) THEN
		RAISE EXCEPTION 'there is no change % yet', acknowledged USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- of the consumer that this one replaced, whose readers must not pass over its snapshot
	IF own.position < 0 AND acknowledged BETWEEN 0 AND own.snapshot_change_id THEN
		RETURN own.position;
	END IF;
	DELETE FROM cdp_data.own_consumer_waiting w WHERE w.consumer_id = own.consumer_id AND w.change_id = acknowledged;
	IF acknowledged < 0 OR own.position < 0 THEN
		DELETE FROM cdp_data.own_consumer_snapshot n
		WHERE n.consumer_id = own.consumer_id
			AND (n.number = acknowledged OR n.number > own.position AND n.number < acknowledged)
			AND NOT EXISTS (
				SELECT FROM cdp_data.own_consumer_waiting w
				WHERE w.consumer_id = own.consumer_id AND w.change_id = n.number);
	END IF;
	UPDATE cdp_data.own_consumer AS c
	SET position = greatest(c.position, acknowledged), acknowledged_at = clock_timestamp()
	WHERE c.consumer_id = own.consumer_id;
	IF EXISTS (SELECT FROM cdp_data.own_consumer_waiting w WHERE w.consumer_id = own.consumer_id) THEN
		PERFORM cdp_internal.hold_back(own, '{}', 0);
	END IF;
	RETURN greatest(own.position, acknowledged);
END
$function$;
COMMENT ON FUNCTION cdp.acknowledge(text, bigint) IS
$comment$Acknowledges all that cdp.next_changes() gave a consumer up to this change_id, which are then not given again.
A change that was put off with cdp.retry(), or waits for one that was, is acknowledged by its own number alone. A
number that is acknowledged already changes nothing. Returns up to where everything is acknowledged, but for what waits.
Errors: undefined_object: the consumer; invalid_parameter_value: there is no such change yet.$comment$;

CREATE FUNCTION cdp_internal.change_to_retry(own cdp_internal.consumer_row, change_id bigint, OUT profile_id bigint,
	OUT other_profile_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	IF change_to_retry.change_id < 0 THEN
		SELECT n.profile_id INTO profile_id
		FROM cdp_data.own_consumer_snapshot n
		WHERE n.consumer_id = own.consumer_id AND n.number = change_to_retry.change_id;
	ELSIF change_to_retry.change_id > own.snapshot_change_id THEN
		SELECT c.profile_id, c.other_profile_id INTO profile_id, other_profile_id
		FROM cdp_data.readable_change c
		WHERE c.change_id = change_to_retry.change_id
			AND (c.segment_id = ANY (own.segments) OR c.kind = 'erased');
	END IF;
	IF profile_id IS NULL THEN
		RAISE EXCEPTION 'there is no change % to put off', change_to_retry.change_id
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It is a row of kind progress, was acknowledged as part of the snapshot, or has left the feed.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_to_retry(cdp_internal.consumer_row, bigint) IS
	'Internal: returns the profiles of a change, or of a row of the snapshot, of a consumer; raises an error if it is '
	'none of this consumer.';

CREATE FUNCTION cdp.retry(consumer text, change_id bigint, after interval) RETURNS integer
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	own cdp_internal.consumer_row;
	who record;
	number integer;
	same record;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF after < interval '0' THEN
		RAISE EXCEPTION 'after must not be negative' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	own := cdp_internal.lock_consumer(consumer);
	PERFORM cdp_internal.check_readable(own.segments);
	SELECT r.profile_id, r.other_profile_id INTO STRICT who
	FROM cdp_internal.change_to_retry(own, retry.change_id) r;
	PERFORM cdp_internal.add_waiting(own.consumer_id, retry.change_id, who.profile_id, who.other_profile_id);
	UPDATE cdp_data.own_consumer_waiting AS w
	SET due_at = clock_timestamp() + after, attempts = w.attempts + 1
	WHERE w.consumer_id = own.consumer_id AND w.change_id = retry.change_id
	RETURNING w.attempts INTO STRICT number;
	IF retry.change_id < 0 THEN
		-- the rows of one profile follow each other, one for each segment
		FOR same IN
			SELECT n.number, n.profile_id
			FROM cdp_data.own_consumer_snapshot n
			WHERE n.consumer_id = own.consumer_id AND n.number > retry.change_id
				AND n.number <= retry.change_id + cardinality(own.segments) AND n.profile_id = who.profile_id
		LOOP
			PERFORM cdp_internal.add_waiting(own.consumer_id, same.number, same.profile_id, NULL);
		END LOOP;
	END IF;
	PERFORM cdp_internal.hold_back(own, array_remove(ARRAY[who.profile_id, who.other_profile_id], NULL),
		retry.change_id);
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp.retry(text, bigint, interval) IS
$comment$Puts off a change that cdp.next_changes() gave a consumer: it is given again once the time has passed. Later
changes of its profile wait for it to be acknowledged; those of others are given meanwhile. For merged, split and
renumbered, the changes of both profiles wait. Each of these is then acknowledged by its own number. Later changes of
the profile are given again even if they were acknowledged. Returns how often it has been put off.
Errors: undefined_object: the consumer; insufficient_privilege: a segment of it; invalid_parameter_value: no such
change, or a negative time.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.add_waiting(integer, bigint, bigint, bigint),
	cdp_internal.hold_back(cdp_internal.consumer_row, bigint[], bigint), cdp.acknowledge(text, bigint),
	cdp_internal.change_to_retry(cdp_internal.consumer_row, bigint), cdp.retry(text, bigint, interval) FROM PUBLIC;
