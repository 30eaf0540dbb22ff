-- a month goes by two calls, since snapshots from before the fold must have ended; those of other sessions may linger
CREATE PROCEDURE drop_months(before timestamptz) LANGUAGE plpgsql AS $$
BEGIN
	FOR attempt IN 1 .. 200 LOOP
		PERFORM cdp.drop_events(before, 99);
		COMMIT;
		EXIT WHEN NOT EXISTS (SELECT FROM cdp_internal.event_months(before));
		PERFORM pg_sleep(0.02);
	END LOOP;
END
$$;
