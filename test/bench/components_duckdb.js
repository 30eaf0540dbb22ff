// The fastest form for DuckDB: integer nodes, then rounds of "smallest label of the neighbours" and pointer
// jumping, until nothing changes.
//   node components_duckdb.js load DATABASE CSV
//   node components_duckdb.js run DATABASE      prints the answer and its seconds
const { DuckDBInstance } = require('@duckdb/node-api');

const prepare = [
	`CREATE TEMP TABLE seen AS SELECT anonymous_id AS a, nullif(user_id, 'undefined') AS u, nullif(email, 'unknown@example.com') AS e FROM links GROUP BY ALL`,
	`CREATE TEMP TABLE node AS SELECT row_number() OVER () AS id, identifier FROM (
		SELECT DISTINCT 'anonymous_id:' || a AS identifier FROM seen UNION ALL SELECT DISTINCT 'user_id:' || u FROM seen WHERE u IS NOT NULL
		UNION ALL SELECT DISTINCT 'email:' || e FROM seen WHERE e IS NOT NULL)`,
	`CREATE TEMP TABLE half AS
		SELECT x.id AS x, y.id AS y FROM (SELECT DISTINCT a, u FROM seen WHERE u IS NOT NULL) JOIN node x ON x.identifier = 'anonymous_id:' || a JOIN node y ON y.identifier = 'user_id:' || u
		UNION ALL
		SELECT x.id, y.id FROM (SELECT DISTINCT a, e FROM seen WHERE e IS NOT NULL) JOIN node x ON x.identifier = 'anonymous_id:' || a JOIN node y ON y.identifier = 'email:' || e`,
	`CREATE TEMP TABLE edge AS SELECT x, y FROM half UNION ALL SELECT y, x FROM half`,
	`CREATE TEMP TABLE label AS SELECT id, id AS label FROM node`,
];
const round = [
	`CREATE OR REPLACE TEMP TABLE smallest AS SELECT label.id, least(label.label, coalesce(n.label, label.label)) AS label
		FROM label LEFT JOIN (SELECT edge.x AS id, min(l.label) AS label FROM edge JOIN label l ON l.id = edge.y GROUP BY 1) n USING (id)`,
	`CREATE OR REPLACE TEMP TABLE jumped AS SELECT s.id, t.label FROM smallest s JOIN smallest t ON t.id = s.label`,
];

async function main([task, database, csv]) {
	const instance = await DuckDBInstance.create(database, { threads: String(process.env.THREADS || 2) });
	const connection = await instance.connect();
	const rows = async (sql) => (await connection.runAndReadAll(sql)).getRows();
	if (task === 'load') {
		await connection.run(`CREATE TABLE links AS SELECT * FROM read_csv('${csv}', header = false, columns = {anonymous_id: 'VARCHAR', user_id: 'VARCHAR', email: 'VARCHAR'})`);
		await connection.run('CHECKPOINT');
		return;
	}
	const start = process.hrtime.bigint();
	for (const sql of prepare) await connection.run(sql);
	for (let changed = 1; changed > 0;) {
		for (const sql of round) await connection.run(sql);
		changed = Number((await rows('SELECT count(*) FROM jumped JOIN label USING (id) WHERE jumped.label <> label.label'))[0][0]);
		await connection.run('CREATE OR REPLACE TEMP TABLE label AS SELECT * FROM jumped');
	}
	await connection.run('CREATE TEMP TABLE component AS SELECT identifier, label FROM node JOIN label USING (id)');
	const seconds = Number(process.hrtime.bigint() - start) / 1e9;
	console.log((await rows('SELECT count(*), count(DISTINCT label) FROM component'))[0].join('|'));
	console.log('seconds ' + seconds.toFixed(4));
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
