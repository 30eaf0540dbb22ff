# Connections and rights: the expressions of a connection run as its owner and as no other role, for every role that
# refreshes, whatever the owner of the table does; those who write to the table need no rights and meet no error.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use CdpTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
$node->safe_psql('postgres', q{
	CREATE EXTENSION cdp;
	CREATE ROLE keeper LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE deputy LOGIN; CREATE ROLE mallory LOGIN; CREATE ROLE till LOGIN;
	SELECT cdp.init('keeper');
	CREATE SCHEMA shop AUTHORIZATION mallory;
	GRANT USAGE ON SCHEMA shop TO boss, deputy, till, keeper;
	CREATE SCHEMA boss AUTHORIZATION boss});

sub as
{
	my ($role, $statement) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	is($status, 0, "$role may: $statement") or diag($errors);
	return $output;
}

sub refused
{
	my ($role, $statement, $message) = @_;
	my ($status, $output, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);
	like($errors, $message, "$role may not: $statement");
	return;
}

as('keeper', q{SELECT cdp.grant_access('boss', 'steward'), cdp.grant_access('deputy', 'steward')});
as('mallory', q{
	CREATE TABLE shop.orders (id integer PRIMARY KEY, who text, total numeric, at timestamptz DEFAULT '2026-01-01');
	INSERT INTO shop.orders VALUES (1, 'w1', 1), (2, 'w2', 2);
	GRANT INSERT, UPDATE, DELETE, SELECT ON shop.orders TO till});
my $connect = q{SELECT cdp.connect('shop.orders', event => $$ 'o' $$, at => 'at', identifiers => '{"user_id": "who"}', properties => '["total"]'};
sub state { return as('keeper', q{SELECT state, error FROM cdp.connection WHERE name = 'orders'}); }

# what it takes
refused('mallory', "$connect)", qr/permission denied for schema cdp/);
refused('boss', "$connect)", qr/permission denied for table shop\.orders/);
as('mallory', 'GRANT SELECT (id, who, total) ON shop.orders TO boss');
refused('boss', "$connect)", qr/permission denied for table shop\.orders/);
as('mallory', 'GRANT SELECT ON shop.orders TO boss');
refused('boss', "$connect)", qr/permission denied to create triggers on table shop\.orders\nHINT:  GRANT TRIGGER ON shop\.orders TO boss/);
as('boss', "$connect, cursor_column => 'id')");
is(as('deputy', 'SELECT accepted FROM cdp.refresh()'), '2', 'read, for a steward who may not read the table');
as('boss', q{SELECT cdp.disconnect('orders')});
as('mallory', 'GRANT TRIGGER ON shop.orders TO boss');
as('boss', "$connect)");
as('till', q{INSERT INTO shop.orders VALUES (3, 'w3', 3); UPDATE shop.orders SET total = 33 WHERE id = 3});
refused('till', 'SELECT * FROM cdp_data.followed_row', qr/permission denied/);
refused('till', q{CREATE TEMP TABLE mine (); CREATE TRIGGER t AFTER INSERT ON mine EXECUTE FUNCTION cdp_data.follow_statement('orders')}, qr/permission denied/);
is(as('keeper', 'SELECT taken, quarantined FROM cdp.refresh()'), '5|0', 'and followed');
is(as('boss', q{SELECT string_agg(DISTINCT properties ->> 'total', ',') FROM cdp.events WHERE message_id = 'orders:3'}), '33', 'it has come');
is(state(), 'live|', 'it is live');

# connections of others
# a note has all columns of the table
refused('deputy', 'SELECT new_rows FROM cdp_data.followed_row', qr/permission denied/);
refused('deputy', q{INSERT INTO cdp_data.followed_row (connection, operation) VALUES ('orders', 'truncate')}, qr/permission denied/);
refused('deputy', q{UPDATE cdp_data.connected_table SET mapping = jsonb_set(mapping, '{event}', '"current_user"')}, qr/must be a member of role "boss"/);
refused('deputy', q{UPDATE cdp_data.connected_table SET relation = 'pg_authid'}, qr/must be a member of role "boss"/);
refused('deputy', q{UPDATE cdp_data.connected_table SET owner = 'deputy'; UPDATE cdp_data.connected_table SET owner = 'boss', mapping = '{}'}, qr/must be a member of role "boss"/);
refused('deputy', q{INSERT INTO cdp_data.connected_table (name, owner, relation, relation_name, source, mapping, follow, cursor_column, margin, appends, number)
	VALUES ('x', 'postgres', 'pg_authid', 'x', 'x', '{"key": "1", "event": "rolname"}', 'column', 'oid', '0', true, 1)}, qr/must be a member of role "postgres"/);
refused('deputy', q{ALTER TABLE cdp_data.connected_table DISABLE TRIGGER guard}, qr/must be owner/);
refused('deputy', q{SELECT * FROM cdp.preview_connection('orders')}, qr/must be a member of role "boss"/);
my $owned = qr/must be a member of role "boss"\nDETAIL:  .*\nHINT:  Only roles with the rights of "boss" can change or end it, and "keeper", which owns the tables of cdp\./;
refused('deputy', $_, $owned) for q{SELECT cdp.reconnect('orders')}, q{SELECT cdp.disconnect('orders')}, q{DELETE FROM cdp_data.connected_table},
	q{UPDATE cdp_data.connected_table SET margin = '1 s'}, q{UPDATE cdp_data.connected_table SET number = 0}, q{UPDATE cdp_data.connected_table SET owner = 'deputy'};
refused('deputy', 'DELETE FROM cdp_data.followed_row', qr/permission denied/);
refused('deputy', 'DELETE FROM cdp_data.seen_call', qr/permission denied/);
$node->safe_psql('postgres', 'CREATE ROLE heir LOGIN IN ROLE boss');
as('keeper', q{SELECT cdp.grant_access('heir', 'steward')});
refused('keeper', q{SELECT cdp.reconnect('orders')}, qr/permission denied to create triggers on table shop\.orders/);
as('heir', q{SELECT cdp.reconnect('orders')});
is(as('keeper', 'SELECT taken, deletions FROM cdp.refresh()'), '3|0', 'read anew by one who has the rights of its owner');
as('mallory', 'GRANT TRIGGER ON shop.orders TO keeper');
as('keeper', q{SELECT cdp.reconnect('orders')});
is(as('deputy', 'SELECT taken, deletions FROM cdp.refresh()'), '3|0', 'and by the owner of the tables of cdp');
is(state(), 'live|', 'it is live');
# what stewards see of rows that fail
as('mallory', q{CREATE TABLE shop.bills (id integer PRIMARY KEY, who text, secret text, at text); GRANT SELECT, TRIGGER ON shop.bills TO boss});
as('mallory', q{INSERT INTO shop.bills VALUES (1, 'w1', 'pin 1234', 'never ever')});
as('boss', q{SELECT cdp.connect('shop.bills', event => $$ 'b' $$, at => 'at', identifiers => '{"user_id": "who"}')});
is(as('keeper', 'SELECT quarantined FROM cdp.refresh()'), '1', 'a row fails');
is(as('deputy', q{SELECT line FROM cdp.quarantine WHERE source = 'bills'}), '{"id": "1", "who": "w1", "at": "never ever"}', 'what the mapping uses shows');
as('boss', q{SELECT cdp.disconnect('bills')});
refused('deputy', "$connect, replace => true)", qr/permission denied/);
refused('deputy', q{SELECT * FROM cdp_internal.read_rows('orders', NULL, NULL, NULL, NULL, NULL, 10)}, qr/must be a member of role "boss"/);
refused('deputy', q{SELECT * FROM cdp_internal.map_rows(NULL, 'shop.orders'::regclass, '{"event": "current_user"}', '{1,2,3,4}', '{"(1,w,1,)"}')}, qr/^$/);
is(as('deputy', q{SELECT event FROM cdp_internal.map_rows(NULL, 'shop.orders'::regclass, '{"event": "current_user"}', '{1,2,3,4}', '{"(1,w,1,)"}')}), 'deputy', 'a mapping of its own runs as itself');

# code of others
as('mallory', q{CREATE FUNCTION shop.spy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN current_user; END'});
refused('boss', q{SELECT cdp.connect('shop.orders', event => 'shop.spy(who)', identifiers => '{"user_id": "who"}', name => 'spied')}, qr/function shop\.spy\(pg_catalog\.text\) belongs neither to the role it would run as nor to a superuser/);
as('boss', q{
	CREATE FUNCTION boss.word(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN current_user; END';
	SELECT cdp.connect('shop.orders', event => 'boss.word(who)', identifiers => '{"user_id": "who"}', name => 'spied')});
is(as('keeper', 'SELECT accepted FROM cdp.refresh()'), '3', 'a function of its own');
is(as('keeper', q{SELECT DISTINCT event FROM cdp.events WHERE source = 'spied'}), 'boss', 'runs as the owner of the connection');
$node->safe_psql('postgres', 'GRANT USAGE, CREATE ON SCHEMA boss TO mallory; ALTER FUNCTION boss.word(text) OWNER TO mallory');
as('mallory', q{CREATE OR REPLACE FUNCTION boss.word(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE WARNING ''ran as %'', current_user; RETURN 1; END'});
as('till', q{INSERT INTO shop.orders VALUES (4, 'w4', 4)});
my (undef, undef, $said) = $node->psql('postgres', 'SELECT taken FROM cdp.refresh()', extra_params => [ '-U', 'keeper' ]);
is($said, '', 'a function that is given away does not run');
like(as('keeper', q{SELECT error FROM cdp.connection WHERE name = 'spied'}), qr/^42501: function boss\.word\(pg_catalog\.text\) belongs neither/, 'it shows');
as('boss', q{SELECT cdp.disconnect('spied')});
# views, domains, casts and policies of the owner of the table
as('mallory', q{
	CREATE VIEW shop.seen AS SELECT id, shop.spy(who) AS who FROM shop.orders;
	GRANT SELECT ON shop.seen TO boss;
	CREATE FUNCTION shop.is_fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE WARNING ''ran as %'', current_user; RETURN true; END';
	CREATE DOMAIN shop.fine AS text CHECK (shop.is_fine(value));
	CREATE TABLE shop.domained (id integer PRIMARY KEY, who shop.fine);
	GRANT SELECT, TRIGGER ON shop.domained TO boss;
	CREATE TABLE shop.log (who text);
	CREATE TYPE shop.mood AS ENUM ('fine', 'bad');
	CREATE TABLE shop.cast_by (id integer PRIMARY KEY, mood shop.mood, who text);
	GRANT SELECT, TRIGGER ON shop.cast_by TO boss;
	CREATE FUNCTION shop.tell(shop.mood) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO shop.log VALUES (current_user); RETURN ''x''; END';
	CREATE FUNCTION shop.tell(shop.cast_by) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO shop.log VALUES (current_user); RETURN ''x''; END';
	CREATE FUNCTION shop.tell_json(shop.mood) RETURNS json LANGUAGE plpgsql AS 'BEGIN INSERT INTO shop.log VALUES (current_user); RETURN ''1''; END';
	CREATE CAST (shop.mood AS text) WITH FUNCTION shop.tell(shop.mood) AS IMPLICIT;
	CREATE CAST (shop.cast_by AS text) WITH FUNCTION shop.tell(shop.cast_by) AS IMPLICIT;
	CREATE CAST (shop.mood AS json) WITH FUNCTION shop.tell_json(shop.mood) AS IMPLICIT;
	GRANT INSERT ON shop.log TO PUBLIC});
refused('boss', q{SELECT cdp.connect('shop.seen', event => $$ 's' $$, identifiers => '{"user_id": "who"}', key => 'id', cursor_column => 'id')},
	qr/function shop\.spy\(pg_catalog\.text\) belongs neither/);
as('mallory', 'CREATE OR REPLACE VIEW shop.seen AS SELECT id, who FROM shop.orders');
as('boss', q{SELECT cdp.connect('shop.seen', event => $$ 's' $$, identifiers => '{"user_id": "who"}', key => 'id', cursor_column => 'id')});
as('mallory', 'CREATE OR REPLACE VIEW shop.seen AS SELECT id, shop.spy(who) AS who FROM shop.orders');
as('keeper', 'SELECT cdp.refresh()');
like(as('keeper', q{SELECT error FROM cdp.connection WHERE name = 'seen'}), qr/^42501: function shop\.spy\(pg_catalog\.text\) belongs neither/, 'a view does not run functions of its owner');
refused('boss', q{SELECT cdp.connect('shop.domained', event => $$ 'd' $$, identifiers => '{"user_id": "who"}')}, qr/function shop\.is_fine\(pg_catalog\.text\) belongs neither/);
as('boss', q{SELECT cdp.connect('shop.cast_by', event => $$ 'c' $$, identifiers => '{"user_id": "who"}')});
as('mallory', q{INSERT INTO shop.cast_by VALUES (1, 'fine', 'w'); UPDATE shop.cast_by SET mood = 'bad'; TRUNCATE shop.log});
is(as('keeper', 'SELECT taken, quarantined FROM cdp.refresh()'), '3|0', 'rows of a table with casts arrive');
is(as('mallory', 'SELECT count(*) FROM shop.log'), '0', 'casts of the owner of the table do not run');
as('boss', q{SELECT cdp.disconnect(name) FROM cdp.connection WHERE name <> 'orders'});
# what the owner of the connection itself cannot do in an expression
as('boss', q{
	CREATE TABLE boss.side (n integer);
	CREATE FUNCTION boss.run(text) RETURNS text LANGUAGE plpgsql VOLATILE AS 'BEGIN EXECUTE $1; RETURN current_user; END';
	CREATE FUNCTION boss.side(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN boss.run(''INSERT INTO boss.side VALUES (1)''); END';
	CREATE FUNCTION boss.become(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN boss.run(''SET ROLE keeper''); END';
	CREATE FUNCTION boss.back(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN boss.run(''RESET SESSION AUTHORIZATION''); END';
	CREATE FUNCTION boss.read(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT count(*) FROM cdp_data.connected_table WHERE false) || (SELECT rolpassword FROM pg_authid LIMIT 1); END';
	CREATE FUNCTION boss.fail(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''no''; END';
	CREATE TABLE boss.many (id integer PRIMARY KEY, what text);
	INSERT INTO boss.many VALUES (1, 'side'), (2, 'become'), (3, 'back'), (4, 'read'), (5, 'fail'), (6, 'fine');
	SELECT cdp.connect('boss.many', identifiers => '{"user_id": "id"}', event => $$ CASE what WHEN 'side' THEN boss.side(what) WHEN 'become' THEN boss.become(what)
		WHEN 'back' THEN boss.back(what) WHEN 'read' THEN boss.read(what) WHEN 'fail' THEN boss.fail(what) ELSE 'fine' END $$)});
is($node->safe_psql('postgres', 'SELECT accepted, quarantined FROM cdp.refresh()'), '1|5', 'the other rows arrive, also where a superuser refreshes');
is(as('keeper', q{SELECT string_agg(detail, E'\n' ORDER BY quarantine_id) FROM cdp.quarantine WHERE source = 'many'}),
	join("\n", '25006: cannot execute INSERT in a read-only transaction', '42501: cannot set parameter "role" within security-definer function',
		'42501: cannot set parameter "session_authorization" within security-definer function', '42501: permission denied for table pg_authid', 'P0001: no'), 'and say why');
is(as('boss', 'SELECT count(*) FROM boss.side'), '0', 'nothing is written');
as('boss', q{SELECT cdp.disconnect('many')});
# a search path with functions and operators that shadow those of the server
as('mallory', q{CREATE FUNCTION shop.upper(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'shadowed' $$; GRANT CREATE ON SCHEMA shop TO boss});
as('boss', q{SET search_path = shop, pg_catalog; SELECT cdp.connect('shop.orders', event => 'upper(who)', identifiers => '{"user_id": "who"}', name => 'pathed')});
as('keeper', q{SET search_path = shop, pg_catalog; SELECT cdp.refresh()});
is(as('keeper', q{SELECT count(*) FILTER (WHERE event = 'shadowed'), count(*) FROM cdp.events WHERE source = 'pathed'}), '0|4', 'a search path changes nothing');
as('boss', q{SELECT cdp.disconnect('pathed')});

# rights that are lost
as('mallory', 'REVOKE SELECT ON shop.orders FROM boss');
as('till', q{INSERT INTO shop.orders VALUES (5, 'w5', 5)});
as('keeper', 'SELECT cdp.refresh()');
is(state(), 'failing|42501: role boss may not read table shop.orders', 'without SELECT');
as('mallory', 'GRANT SELECT ON shop.orders TO boss; ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON shop.orders USING (id < 3)');
as('keeper', 'SELECT cdp.refresh()');
is(state(), 'failing|42501: row security hides rows of table shop.orders from role boss, and triggers note them all', 'with row security');
as('boss', "$connect, cursor_column => 'id', name => 'policed', source => 'policed')");
as('keeper', 'SELECT cdp.refresh()');
is(as('keeper', q{SELECT count(*) FROM cdp.events WHERE source = 'policed'}), '2', 'followed by a column only what it may see');
refused('boss', "$connect, name => 'again')", qr/row security applies to role "boss" on table shop\.orders/);
as('boss', q{SELECT cdp.disconnect('policed')});
as('mallory', 'ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY');
is(as('keeper', 'SELECT accepted FROM cdp.refresh()'), '1', 'what waited arrives');
is(state(), 'live|', 'and it is live');
# a role that is no steward any more is bound as any writer
as('keeper', q{SELECT cdp.revoke_access('boss', 'steward')});
as('till', q{INSERT INTO shop.orders VALUES (6, 'w6', 6)});
is(as('keeper', 'SELECT accepted, quarantined FROM cdp.refresh()'), '0|1', 'rows of one who may not write');
is(as('keeper', q{SELECT reason, written_by FROM cdp.quarantine ORDER BY quarantine_id DESC LIMIT 1}), 'foreign_source|boss', 'are foreign');
# the role goes, and another one gets its name
$node->safe_psql('postgres', 'DROP OWNED BY boss CASCADE; DROP ROLE boss; CREATE ROLE boss SUPERUSER LOGIN');
as('till', q{INSERT INTO shop.orders VALUES (7, 'w7', 7)});
as('keeper', 'SELECT cdp.refresh()');
is(state(), 'failing|42704: the role that owns the connection does not exist any more', 'the next role of the name owns nothing');
refused('deputy', q{SELECT cdp.disconnect('orders')}, qr/the role that owns connection "orders" does not exist any more\nHINT:  Role "keeper", which owns the tables of cdp, can end it\./);
my ($status, $output, $errors) = $node->psql('postgres', q{SELECT cdp.disconnect('orders')}, extra_params => [ '-U', 'keeper' ]);
is($status, 0, 'ended by another');
like($errors, qr/only the owner of table shop\.orders can drop the triggers of connection "orders".*HINT:  DROP TRIGGER cdp_follow_orders_insert ON shop\.orders;/s, 'with a word about the triggers');
as('till', q{INSERT INTO shop.orders VALUES (8, 'w8', 8)});
as('keeper', 'SELECT cdp.refresh()');
is(as('keeper', 'SELECT count(*) FROM cdp_data.followed_row'), '0', 'which note for no one');
is(as('keeper', 'SELECT count(*) FROM cdp.verify()'), '0', 'nothing differs');
# and without cdp
$node->safe_psql('postgres', 'DROP EXTENSION cdp CASCADE');
as('till', q{INSERT INTO shop.orders VALUES (9, 'w9', 9)});
$node->safe_psql('postgres', 'DROP SCHEMA cdp_data CASCADE');
as('till', q{INSERT INTO shop.orders VALUES (10, 'w10', 10); DELETE FROM shop.orders WHERE id < 5});

$node->stop;
done_testing();
