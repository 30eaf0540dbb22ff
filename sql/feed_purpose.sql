-- Consumers of roles that are bound to a purpose: whom they are given is asked when they read, and a withdrawal is an exit.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_feed_purpose ENCODING 'UTF8' TEMPLATE template0;
\c cdp_feed_purpose
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE ROLE regress_cdp_mark;
CREATE ROLE regress_cdp_all;
SELECT cdp.grant_access('regress_cdp_all', 'analyst');
SELECT cdp.create_purpose('marketing'), cdp.create_purpose('research');
CREATE FUNCTION send(who text, event text, device text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, "timestamp") VALUES ('track', event, who, device, now());
	RETURN (SELECT r.accepted FROM cdp.refresh() r);
END $$;
SELECT send('ann', 'Order'), send('bob', 'Order'), send('cid', 'View'), send('dan', 'View');
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order') AND NOT cdp.did(timeline, 'Leave') $$), cdp.create_segment('viewers', $$ cdp.did(timeline, 'View') $$);
-- without a bound role changes of stamps are no part of the feed
SELECT cdp.set_consent('user_id:ann', 'marketing', 'yes') IS NOT NULL AS said, cdp.set_consent('user_id:cid', 'marketing', 'yes') IS NOT NULL AS said_too;
SELECT count(*) FROM cdp.change WHERE kind = 'purposes_changed';
SELECT cdp.grant_access('regress_cdp_mark', 'analyst', purpose => 'marketing');
SELECT profile_id AS ann FROM cdp.identifiers WHERE identifier = 'user_id:ann' \gset
SELECT profile_id AS bob FROM cdp.identifiers WHERE identifier = 'user_id:bob' \gset
SET ROLE regress_cdp_mark;
SELECT cdp.create_consumer('crm', '{buyers,viewers}', start => 'snapshot') IS NOT NULL AS made;
SELECT cdp.create_consumer('values', '{buyers}', traits => '{orders}');
RESET ROLE;
SET ROLE regress_cdp_all;
SELECT cdp.create_consumer('whole', '{buyers,viewers}', start => 'snapshot') IS NOT NULL AS made;
RESET ROLE;
-- what is at the destination, by what was handed over
CREATE TABLE destination (consumer text, name text, segment text);
GRANT ALL ON destination TO regress_cdp_mark, regress_cdp_all;
CREATE FUNCTION name_of(number bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER RETURN (SELECT min(cdp.value(i.identifier)) FROM cdp_data.identifier i WHERE i.identifier_id = number);
CREATE FUNCTION hand_over(consumer text) RETURNS TABLE (kind text, name text, segment text, from_name text, cause text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE c record;
BEGIN
	FOR c IN SELECT * FROM cdp.next_changes(hand_over.consumer) n LOOP
		IF c.kind IN ('entered', 'snapshot') THEN INSERT INTO destination VALUES (hand_over.consumer, name_of(c.profile_id), c.segment);
		ELSIF c.kind = 'exited' THEN DELETE FROM destination d WHERE (d.consumer, d.name, d.segment) = (hand_over.consumer, name_of(c.profile_id), c.segment);
		ELSIF c.kind IN ('merged', 'renumbered', 'split') THEN
			DELETE FROM destination d WHERE (d.consumer, d.name, d.segment) = (hand_over.consumer, name_of(c.other_profile_id), c.segment) AND c.kind <> 'split';
			INSERT INTO destination VALUES (hand_over.consumer, name_of(c.profile_id), c.segment);
		END IF;
		PERFORM cdp.acknowledge(hand_over.consumer, c.change_id);
		IF c.kind <> 'progress' THEN
			RETURN QUERY SELECT c.kind, name_of(c.profile_id), c.segment, name_of(c.other_profile_id), c.cause;
		END IF;
	END LOOP;
END $$;
-- beside who is in the segments and may be seen now
CREATE FUNCTION wrong(consumer text) RETURNS TABLE (name text, segment text, problem text) LANGUAGE sql STABLE BEGIN ATOMIC
	WITH real AS (SELECT name_of(m.profile_id) AS name, m.segment FROM cdp.membership m), had AS (SELECT DISTINCT d.name, d.segment FROM destination d WHERE d.consumer = wrong.consumer)
	SELECT r.*, 'missing' FROM (SELECT * FROM real EXCEPT SELECT * FROM had) r UNION ALL SELECT r.*, 'left' FROM (SELECT * FROM had EXCEPT SELECT * FROM real) r;
END;
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
RESET ROLE;
-- one says yes, one takes it back, one who may not be used enters a segment
SELECT cdp.set_consent('user_id:bob', 'marketing', 'yes') IS NOT NULL AS said, cdp.set_consent('user_id:ann', 'marketing', 'no') IS NOT NULL AS said_too, send('dan', 'Order'), cdp.set_consent('user_id:cid', 'research', 'yes') IS NOT NULL AS other;
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
SELECT count(*) FROM cdp_data.readable_change WHERE name_of(profile_id) = 'dan';
RESET ROLE;
-- taken back before what was said before is read; given, taken back and given again; an exit that is read after a withdrawal
SELECT cdp.set_consent('user_id:dan', 'marketing', 'yes') IS NOT NULL AS a, send('dan', 'View'), cdp.set_consent('user_id:dan', 'marketing', 'no') IS NOT NULL AS b, cdp.set_consent('user_id:ann', 'marketing', 'yes') IS NOT NULL AS c,
	cdp.set_consent('user_id:ann', 'marketing', 'no') IS NOT NULL AS d, cdp.set_consent('user_id:ann', 'marketing', 'yes') IS NOT NULL AS e, send('bob', 'Leave'), cdp.set_consent('user_id:bob', 'marketing', 'no') IS NOT NULL AS f;
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
RESET ROLE;
-- two are one: the no of one holds for both
SELECT send('eve', 'Order'), cdp.set_consent('user_id:eve', 'marketing', 'yes') IS NOT NULL AS said;
SELECT send(NULL, 'Order', 'phone'), cdp.set_consent('anonymous_id:phone', 'marketing', 'no') IS NOT NULL AS said;
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
RESET ROLE;
SELECT send('eve', 'View', 'phone');
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
RESET ROLE;
-- a yes that expires: nobody sees the person any more at once, and the next refresh tells the consumer
SELECT send('fay', 'Order'), cdp.set_consent('user_id:fay', 'marketing', 'yes') IS NOT NULL AS said;
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
RESET ROLE;
UPDATE cdp_data.profile SET purposes_until = now() - interval '1 minute' WHERE profile_id = cdp.profile_of('user_id:fay');
UPDATE cdp_data.consent SET expires_at = now() - interval '1 minute' WHERE identifier_id = cdp.profile_of('user_id:fay');
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
RESET ROLE;
SELECT taken FROM cdp.refresh();
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('crm');
SELECT * FROM wrong('crm');
RESET ROLE;
-- of a snapshot, too
SET ROLE regress_cdp_mark;
SELECT cdp.create_consumer('late', '{buyers,viewers}', start => 'snapshot') IS NOT NULL AS made;
RESET ROLE;
SELECT cdp.set_consent('user_id:cid', 'marketing', 'no') IS NOT NULL AS said;
SET ROLE regress_cdp_mark;
SELECT * FROM hand_over('late');
SELECT * FROM wrong('late');
RESET ROLE;
-- who sees everyone is told nothing of it, and misses nothing
SET ROLE regress_cdp_all;
SELECT kind, count(*) FROM hand_over('whole') GROUP BY 1 ORDER BY 1;
SELECT * FROM wrong('whole');
SELECT count(*) > 0 AS shown FROM cdp.change WHERE kind = 'purposes_changed';
RESET ROLE;
-- a long random history: after each step the destination has whom it may have
CREATE FUNCTION draw(i integer, what integer, n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (hashint8extended(i, what) & 1048575)::integer % n;
CREATE FUNCTION history(steps integer) RETURNS TABLE (step integer, problems bigint) LANGUAGE plpgsql AS $$
DECLARE i integer;
BEGIN
	FOR i IN 1..steps LOOP
		CASE draw(i, 1, 5)
			WHEN 0, 1 THEN PERFORM send(CASE WHEN draw(i, 2, 3) > 0 THEN 'p' || draw(i, 3, 12) END, (ARRAY['Order', 'View', 'Leave'])[1 + draw(i, 4, 3)], 'd' || draw(i, 5, 16));
			ELSE PERFORM cdp.set_consent(CASE WHEN draw(i, 6, 3) > 0 THEN 'user_id:p' || draw(i, 3, 12) ELSE 'anonymous_id:d' || draw(i, 5, 16) END, 'marketing', (ARRAY['yes', 'yes', 'no', 'reset'])[1 + draw(i, 7, 4)])
				WHERE EXISTS (SELECT FROM cdp.find_identifier(CASE WHEN draw(i, 6, 3) > 0 THEN 'user_id:p' || draw(i, 3, 12) ELSE 'anonymous_id:d' || draw(i, 5, 16) END));
		END CASE;
		IF draw(i, 8, 3) = 0 THEN
			SET LOCAL ROLE regress_cdp_mark;
			PERFORM hand_over('crm');
			step := i;
			problems := (SELECT count(*) FROM wrong('crm'));
			SET LOCAL ROLE NONE;
			IF problems > 0 THEN RETURN NEXT; END IF;
		END IF;
	END LOOP;
END $$;
SELECT * FROM history(300);
SELECT count(*) > 20 AS stamps, count(DISTINCT profile_id) > 5 AS people FROM cdp.change WHERE kind = 'purposes_changed';
SELECT count(*) > 5 AS merges FROM cdp.change WHERE kind = 'merged';
-- a computed trait: of its value a withdrawal says nothing
SELECT cdp.create_trait('orders', $$ cdp.count_events(timeline, 'Order') $$) > 5 AS orders;
SELECT i.value AS who, i.profile_id AS number FROM cdp.identifiers i JOIN cdp.membership m USING (profile_id) WHERE i.namespace = 'user_id' ORDER BY 1 LIMIT 1 \gset
SELECT cdp.set_consent('user_id:' || :'who', 'marketing', 'yes'), cdp.set_consent('user_id:' || :'who', 'marketing', 'no');
SELECT count(*) > 0 AS shown FROM cdp.change WHERE kind = 'purposes_changed' AND segment = 'orders' AND profile_id = :number;
SELECT count(*) AS findings FROM cdp.verify();

\c :origin
DROP DATABASE cdp_feed_purpose;
DROP ROLE regress_cdp_mark;
DROP ROLE regress_cdp_all;
