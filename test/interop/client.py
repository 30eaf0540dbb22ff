"""A client with psycopg2: writes to cdp.inbox by COPY and by INSERT with parameters, refreshes, and
prints as one JSON object what it then reads.  client.js does the same with node's pg.

The connection comes from libpq's environment variables; the database has cdp and its tables, empty."""

import csv
import io
import json
from datetime import datetime, timedelta, timezone

import psycopg2
import psycopg2.extras

COLUMNS = ["message_id", "type", "anonymous_id", "user_id", "event", "properties", "traits", "timestamp", "source"]

COPIED = [
    ["m-1", "track", "a-1", None, "Page Viewed", '{"title": "Zażółć \\"gęślą\\"\\njaźń", "n": 1.50}', None, "2026-03-01 10:00:00+02", "web"],
    ["m-2", "identify", "a-1", "u-1", None, None, '{"email": " Zofia@Example.COM", "name": "Zofia, O\'Neil"}', "2026-03-01T09:00:00Z", "web"],
    ["m-2", "identify", "a-1", "u-1", None, None, '{"name": "Zofia, O\'Neil", "email": " Zofia@Example.COM"}', "2026-03-01T09:00:00Z", "web"],
    ["m-3", "track", None, None, "Page Viewed", None, None, "2026-03-01 12:00:00+00", "web"],
]

INSERTED = [
    ["m-4", "track", None, "u-1", "Order Completed", {"total": 40, "tags": ["a", "b"]}, None, datetime(2026, 3, 2, 8, 30, tzinfo=timezone(timedelta(hours=1))), "shop"],
    ["m-5", "track", "a-2", None, "Page Viewed", {"title": "100% \\ 'quoted'"}, None, datetime(2026, 3, 3, tzinfo=timezone.utc), "web"],
]


def copy_in(cursor):
    """COPY in CSV format; an unquoted empty field is NULL."""
    file = io.StringIO()
    csv.writer(file).writerows([["" if value is None else value for value in row] for row in COPIED])
    file.seek(0)
    cursor.copy_expert("COPY cdp.inbox (%s) FROM STDIN WITH (FORMAT csv)" % ", ".join(f'"{name}"' for name in COLUMNS), file)


def insert(cursor):
    """One INSERT for all rows, values as parameters."""
    rows = [[psycopg2.extras.Json(value) if isinstance(value, dict) else value for value in row] for row in INSERTED]
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    psycopg2.extras.execute_values(cursor, f"INSERT INTO cdp.inbox ({names}) VALUES %s", rows)


def instant(moment):
    """A time as every client can write it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def refused(connection, cursor):
    """What the driver makes of an error in a segment's condition."""
    connection.commit()
    try:
        cursor.execute("SELECT cdp.create_segment(%s, %s)", ["bad", "events > 1) OR (true"])
    except psycopg2.Error as error:
        connection.rollback()
        return {"code": error.pgcode, "message": error.diag.message_primary,
                "position": int(error.diag.internal_position), "query": error.diag.internal_query}
    return None


def main():
    connection = psycopg2.connect("", cursor_factory=psycopg2.extras.RealDictCursor)
    seen = {}
    with connection, connection.cursor() as cursor:
        copy_in(cursor)
        insert(cursor)
    with connection, connection.cursor() as cursor:
        cursor.execute('SELECT taken, waiting, accepted, duplicate, quarantined, profiles_created FROM cdp.refresh()')
        seen["refresh"] = cursor.fetchone()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT profile_id, first_seen, last_seen, identifiers, traits, events FROM cdp.profiles ORDER BY last_seen")
        profiles = cursor.fetchall()
        people = {profile["profile_id"]: profile["identifiers"][0] for profile in profiles}
        seen["profiles"] = [{**profile, "profile_id": people[profile["profile_id"]], "first_seen": instant(profile["first_seen"]),
                             "last_seen": instant(profile["last_seen"])} for profile in profiles]
        cursor.execute('SELECT profile_id, type, event, properties, source, "timestamp" FROM cdp.events WHERE source = ANY (%s) ORDER BY "timestamp"', [["web", "shop"]])
        seen["events"] = [{**event, "profile_id": people[event["profile_id"]], "timestamp": instant(event["timestamp"])} for event in cursor.fetchall()]
        cursor.execute("SELECT reason, source, record ->> 'message_id' AS message_id FROM cdp.quarantine")
        seen["quarantine"] = cursor.fetchall()
        cursor.execute("SELECT cdp.lookup(%s) -> 'traits' -> 'name' AS name", ["email:ZOFIA@example.com"])
        seen["lookup"] = cursor.fetchone()["name"]
        cursor.execute("SELECT cdp.profile_of(%s::text) AS id", ["email:ZOFIA@example.com"])
        asked = cursor.fetchone()["id"]
        cursor.execute("SELECT cdp.profile_of(%s::text) AS profile_id UNION ALL SELECT cdp.profile_of(%s)", [str(asked), asked])
        seen["asked"] = [people[row["profile_id"]] for row in cursor.fetchall()]
        cursor.execute("SELECT cdp.create_segment(%s, %s) AS size", ["buyers", "cdp.did(timeline, 'Order Completed')"])
        seen["size"] = cursor.fetchone()["size"]
        cursor.execute("SELECT profile_id, cdp.is_member(%s, profile_id) AS answer FROM cdp.members(%s)", ["buyers", "buyers"])
        seen["members"] = [{"profile_id": people[row["profile_id"]], "answer": row["answer"]} for row in cursor.fetchall()]
        seen["refused"] = refused(connection, cursor)
    print(json.dumps(seen))


main()
