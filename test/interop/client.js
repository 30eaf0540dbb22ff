/*
 * A client with node's pg: writes to cdp.inbox by COPY and by INSERT with parameters, refreshes, and
 * prints as one JSON object what it then reads.  client.py does the same with psycopg2.
 *
 * The connection comes from libpq's environment variables; the database has cdp and its tables, empty.
 */
'use strict';

const { pipeline } = require('stream/promises');
const { Readable } = require('stream');
const { Client } = require('pg');
const { from: copyFrom } = require('pg-copy-streams');

const columns = '"message_id", "type", "anonymous_id", "user_id", "event", "properties", "traits", "timestamp", "source"';

const copied = [
	['m-1', 'track', 'a-1', null, 'Page Viewed', '{"title": "Zażółć \\"gęślą\\"\\njaźń", "n": 1.50}', null, '2026-03-01 10:00:00+02', 'web'],
	['m-2', 'identify', 'a-1', 'u-1', null, null, '{"email": " Zofia@Example.COM", "name": "Zofia, O\'Neil"}', '2026-03-01T09:00:00Z', 'web'],
	['m-2', 'identify', 'a-1', 'u-1', null, null, '{"name": "Zofia, O\'Neil", "email": " Zofia@Example.COM"}', '2026-03-01T09:00:00Z', 'web'],
	['m-3', 'track', null, null, 'Page Viewed', null, null, '2026-03-01 12:00:00+00', 'web'],
];

const inserted = [
	['m-4', 'track', null, 'u-1', 'Order Completed', { total: 40, tags: ['a', 'b'] }, null, new Date('2026-03-02T08:30:00+01:00'), 'shop'],
	['m-5', 'track', 'a-2', null, 'Page Viewed', { title: "100% \\ 'quoted'" }, null, new Date('2026-03-03T00:00:00Z'), 'web'],
];

/* COPY in CSV format; an unquoted empty field is NULL. */
async function copyIn(client) {
	const field = (value) => (value === null ? '' : '"' + value.replaceAll('"', '""') + '"');
	const lines = copied.map((row) => row.map(field).join(',') + '\n');
	await pipeline(Readable.from(lines), client.query(copyFrom(`COPY cdp.inbox (${columns}) FROM STDIN WITH (FORMAT csv)`)));
}

/* One INSERT a row, values as parameters. */
async function insert(client) {
	for (const row of inserted)
		await client.query(`INSERT INTO cdp.inbox (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, row);
}

/* What the driver makes of an error in a segment's condition. */
async function refused(client) {
	try {
		await client.query('SELECT cdp.create_segment($1, $2)', ['bad', 'events > 1) OR (true']);
	} catch (error) {
		return { code: error.code, message: error.message, position: Number(error.internalPosition), query: error.internalQuery };
	}
	return null;
}

/* This driver gives a bigint as text. */
function numbers(row) {
	return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}

async function main() {
	const client = new Client();
	const seen = {};
	const rows = async (text, values) => (await client.query(text, values)).rows;
	await client.connect();
	await copyIn(client);
	await insert(client);
	seen.refresh = numbers((await rows('SELECT taken, waiting, accepted, duplicate, quarantined, profiles_created FROM cdp.refresh()'))[0]);

	const profiles = await rows('SELECT profile_id, first_seen, last_seen, identifiers, traits, events FROM cdp.profiles ORDER BY last_seen');
	const people = Object.fromEntries(profiles.map((profile) => [profile.profile_id, profile.identifiers[0]]));
	const named = (row) => ({ ...row, profile_id: people[row.profile_id] });
	seen.profiles = profiles.map((profile) => ({ ...named(profile), events: Number(profile.events) }));
	seen.events = (await rows('SELECT profile_id, type, event, properties, source, "timestamp" FROM cdp.events WHERE source = ANY ($1) ORDER BY "timestamp"', [['web', 'shop']])).map(named);
	seen.quarantine = await rows("SELECT reason, source, record ->> 'message_id' AS message_id FROM cdp.quarantine");
	seen.lookup = (await rows("SELECT cdp.lookup($1) -> 'traits' -> 'name' AS name", ['email:ZOFIA@example.com']))[0].name;
	const asked = (await rows('SELECT cdp.profile_of($1) AS id', ['email:ZOFIA@example.com']))[0].id;
	seen.asked = (await rows('SELECT cdp.profile_of($1::text) AS profile_id UNION ALL SELECT cdp.profile_of($2::bigint)', [asked, asked])).map((row) => people[row.profile_id]);
	seen.size = Number((await rows('SELECT cdp.create_segment($1, $2) AS size', ['buyers', "cdp.did(timeline, 'Order Completed')"]))[0].size);
	seen.members = (await rows('SELECT profile_id, cdp.is_member($1, profile_id) AS answer FROM cdp.members($1)', ['buyers'])).map(named);
	seen.refused = await refused(client);
	await client.end();
	console.log(JSON.stringify(seen));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
