#!/usr/bin/env python3
"""Generates a year of events of a fictional shop: what six sources send, and the truth about who did what.

The same arguments give the same bytes, with any Python version on any day: the only source of
randomness is random.Random(seed).random(), and nothing depends on the order of a set or on a hash.

Writes these files into the directory OUT, for load_shop.sql:
  inbox.tsv        rows for cdp.inbox, in the order of arrival
  raw.tsv          lines for cdp.inbox_raw: the contact centre's JSON lines, a few of them malformed
  identifiers.tsv  the truth: identifier, person (a shared identifier has one line for each person)
  messages.tsv     the truth: message_id, person

The sources know the same people under different identifiers:
  web             anonymous ids (some browsers lose theirs after 7 days), logins, e-mails entered
                  at the checkout; a kiosk in the store, a tablet in some families
  app             device ids, logins, the SHA-256 of the e-mail
  shop            orders: customer number, e-mail and its SHA-256, phone
  crm             contacts: CRM id, customer number, e-mail, phone, traits; no message ids
  contact_centre  calls: only the phone
  enrichment      a bought list: e-mail or its SHA-256, traits; some rows are wrong
"""
import argparse
import datetime
import hashlib
import json
import math
import os
import random

NULL = "\\N"
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000  # times are milliseconds since the start of the year
YEAR = 365 * DAY

FIRST = """Ada Alan Alice Amir Anna Anton Beatrice Ben Camille Carlos Chloe Clara Daniel David Dora Edith Elena Eli Emil
Emma Erik Fatima Felix Fiona Grace Greta Hana Hassan Hugo Ida Irene Isaac Ivan Jack James Jane Jonas Julia Karim Kate
Laura Leo Lina Louis Lucy Marc Maria Martin Maya Mina Nadia Nils Nina Noah Olga Oscar Paul Petra Priya Rosa Ruth Sam Sara
Simon Sofia Tara Theo Thomas Uma Vera Victor Wendy Yusuf Zoe""".split()
LAST = """Abbott Adler Ahmed Bailey Baker Barnes Bauer Bell Bernard Blanc Brandt Brown Carter Chen Clarke Collins Cooper
Cruz Dahl Davies Dubois Duval Evans Fischer Fontaine Foster Garcia Girard Gray Green Hall Hansen Harris Hughes Ito Jensen
Johnson Jones Kaur Keller King Klein Kumar Lambert Lee Lefevre Lewis Lopez Marsh Martin Meyer Mills Moore Morel Moreau
Nguyen Novak Olsen Owen Park Patel Perrin Petit Quinn Reed Renard Rossi Roux Sato Schmidt Shaw Silva Singh Smith Stone
Taylor Turner Vidal Walker Ward Weber White Wilson Wood Wright Young Zhang""".split()
CITIES = {"GB": ["London", "Leeds", "Bristol", "Glasgow", "Cardiff", "Belfast"],
          "FR": ["Paris", "Lyon", "Lille", "Nantes", "Rennes"]}
# Prefixes that the regulators reserve for fiction; the last digits are added.
PHONES = {"GB": ["+44 20 7946 0", "+44 113 496 0", "+44 114 496 0", "+44 116 496 0", "+44 117 496 0", "+44 118 496 0",
                 "+44 121 496 0", "+44 131 496 0", "+44 141 496 0", "+44 151 496 0", "+44 161 496 0", "+44 191 498 0",
                 "+44 28 9649 6", "+44 29 2018 0"],
          "FR": ["+33 1 99 00 ", "+33 2 61 91 ", "+33 3 53 01 ", "+33 4 65 71 ", "+33 5 36 49 "]}
MAX_PEOPLE = 25_000  # limited by the British phone numbers
GOODS = {"kitchen": "mug teapot bowl tray apron whisk jar", "garden": "lantern trowel planter gloves hose",
         "home": "candle cushion vase clock blanket frame lamp", "gift": "card ribbon puzzle notebook pen"}
GARBAGE = ["null", "undefined", "anonymous", "00000000-0000-0000-0000-000000000000", " NULL "]


class Person:
    """A real person: what the sources know about them, and their habits."""
    __slots__ = ("number", "name", "country", "city", "emails", "phones", "user_id", "customer_no", "crm_id",
                 "device_id", "browsers", "tablet", "birthday", "joined", "gap", "churn", "appetite")


class Browser:
    """A browser; a forgetful one gets a new anonymous id every 7 days."""
    __slots__ = ("anonymous_id", "since", "forgetful")

    def __init__(self, forgetful):
        self.anonymous_id, self.since, self.forgetful = None, 0, forgetful


class Shop:
    def __init__(self, people, seed, until):
        self.chance = random.Random(seed).random
        self.rows, self.raw, self.messages = [], [], []  # rows, raw: (received, number, line)
        self.truth = {}  # (identifier, person) -> None, in order of first use
        self.sent = self.orders = 0
        first = until - datetime.timedelta(days=364)
        self.days = [(first + datetime.timedelta(days=day)).isoformat() for day in range(380)]
        self.seconds = ["%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60) for s in range(86_400)]
        self.goods = []
        for category, names in GOODS.items():
            for name in names.split():
                cents = 150 + 50 * self.below(80)
                self.goods.append((cents, f'{{"sku":"{name}","category":"{category}","price":{self.money(cents)}}}'))
        self.kiosk = Browser(False)
        self.kiosk.anonymous_id = "kiosk-1"
        self.phones = {country: self.free_numbers(PHONES[country]) for country in PHONES}
        self.people = self.populate(people)

    # ------------------------------------------------------------ randomness
    def below(self, n):
        return int(self.chance() * n)

    def pick(self, options):
        return options[int(self.chance() * len(options))]

    def wait(self, mean):
        """Returns an exponentially distributed time in whole milliseconds."""
        return int(-mean * math.log(1 - self.chance()))

    def hex_id(self):
        return "%012x" % self.below(1 << 48)

    # ------------------------------------------------------------ people
    @staticmethod
    def free_numbers(prefixes):
        digits = 3 if prefixes[0].startswith("+44") else 4
        for number in range(10 ** digits):
            for prefix in prefixes:
                yield prefix + f"{number:0{digits}d}"

    def populate(self, count):
        people, taken = [], {}
        while len(people) < count:
            size = 1 if self.chance() < .6 else 2 + self.below(3)
            country = "GB" if self.chance() < .6 else "FR"
            city, last = self.pick(CITIES[country]), self.pick(LAST)
            tablet = Browser(False) if size > 1 and self.chance() < .2 else None
            landline = next(self.phones[country]) if size > 1 and self.chance() < .1 else None
            for _ in range(min(size, count - len(people))):
                person = self.person(len(people), last, country, city, taken)
                person.tablet = tablet
                if landline and person.phones and self.chance() < .4:
                    person.phones.append(landline)
                people.append(person)
        return people

    def person(self, number, last, country, city, taken):
        """Returns a new person.  The first one, whom the demo shows, is known to every source."""
        p, chance, known = Person(), self.chance, number == 0
        first = self.pick(FIRST)
        p.number, p.name, p.country, p.city = number, (first, last), country, city
        p.emails = [self.mailbox(f"{first}.{last}".lower(), "example.com", taken)]
        if chance() < .12 or known:
            p.emails.append(self.mailbox(f"{first[0]}{last}".lower(), "work.example.org", taken))
        p.phones = [next(self.phones[country])] if chance() < .7 or known else []
        p.user_id = f"u-{100_000 + number}" if chance() < .65 or known else None
        p.customer_no = f"C{500_000 + 7 * number}" if chance() < .8 or known else None
        p.crm_id = f"003{self.hex_id()}" if chance() < .45 or known else None
        p.device_id = self.hex_id().upper() if chance() < .4 or known else None
        p.browsers = [Browser(chance() < .25) for _ in range(2 if chance() < .3 or known else 1)]
        p.birthday = f"{1945 + self.below(60)}-{1 + self.below(12):02d}-{1 + self.below(28):02d}"
        p.joined = self.below(30 * DAY) if chance() < .25 else self.below(YEAR)
        p.gap = 10 * DAY + self.wait(25 * DAY)
        p.churn = 1 if chance() < .15 else .03 + .2 * chance()
        p.appetite = .3 + chance()
        if known:
            p.joined, p.gap, p.churn, p.appetite = 200 * DAY, 25 * DAY, 0, 1.3
        return p

    @staticmethod
    def mailbox(local, domain, taken):
        """Returns the next free address for a name: ann.lee@, ann.lee2@, …"""
        taken[local] = taken.get(local, 0) + 1
        return f"{local}{taken[local] if taken[local] > 1 else ''}@{domain}"

    # ------------------------------------------------------------ identifiers, as people and programs spell them
    def owns(self, person, namespace, value):
        self.truth[f"{namespace}:{value}", person.number] = None
        return value

    def email(self, p):
        """Returns one of the person's addresses, as typed."""
        address, how = p.emails[0] if self.chance() < .85 else p.emails[-1], self.chance()
        self.owns(p, "email", address)
        if how < .85:
            return address
        local, domain = address.split("@")
        return (address.upper() if how < .9 else f"{local.title()}@{domain}" if how < .95
                else f" {address} " if how < .98 else f"{local}@{domain.upper()}")

    def sha256(self, p):
        """Returns the hash of the person's first address, normalised."""
        return self.owns(p, "email_sha256", hashlib.sha256(p.emails[0].encode()).hexdigest())

    def phone(self, p):
        """Returns the person's first phone number, or any of theirs, as typed."""
        number, how = p.phones[0] if self.chance() < .7 else self.pick(p.phones), self.chance()
        compact = self.owns(p, "phone", number.replace(" ", ""))
        return (compact if how < .5 else number if how < .75 else f"{number[:3]} (0){number[4:]}" if how < .9
                else number.replace(" ", "-"))

    def anonymous(self, p, browser, at):
        if browser.anonymous_id is None or browser.forgetful and at - browser.since > 7 * DAY:
            browser.anonymous_id, browser.since = f"a-{self.hex_id()}", at
        return self.owns(p, "anonymous_id", browser.anonymous_id)

    def known_by(self, p, customer_no):
        """Returns the identifiers of an order or a contact as members of a JSON object."""
        ids = [f'"customer_no":"{self.owns(p, "customer_no", p.customer_no)}"'] if customer_no else []
        ids.append(f'"email":"{self.email(p)}"')
        if p.phones and self.chance() < .6:
            ids.append(f'"phone":"{self.phone(p)}"')
        return ids

    # ------------------------------------------------------------ sending
    @staticmethod
    def money(cents):
        return f"{cents // 100}.{cents % 100:02d}"

    def time(self, at, ahead=0):
        day, rest = divmod(at, DAY)
        return f"{self.days[day + ahead]} {self.seconds[rest // 1000]}.{rest % 1000:03d}+00"

    def message(self, p, source):
        self.sent += 1
        name = f"{source}-{self.sent}"
        if p:
            self.messages.append(f"{name}\t{p.number}\n")
        return name

    def send(self, p, source, at, delay, kind="track", event=NULL, anonymous=NULL, user=NULL, previous=NULL,
             ids=NULL, properties=NULL, traits=NULL, context=NULL, timestamp=None, sent=NULL, original=NULL):
        """Adds a row to the inbox; one in a hundred rows with a message_id arrives twice.  Rows that
        would arrive after the end of the year are left out."""
        if at + delay >= YEAR:
            return
        message = NULL if source == "crm" else self.message(p, source)
        row = (f"{message}\t{kind}\t{event}\t{anonymous}\t{user}\t{previous}\t{ids}\t{properties}\t{traits}\t{context}\t"
               f"{timestamp or self.time(at)}\t{sent}\t{original}\t")
        self.arrive(self.rows, row, at + delay, source)
        if message is not NULL and self.chance() < .01:
            self.arrive(self.rows, row, at + delay + self.wait(6 * HOUR), source)

    def arrive(self, rows, row, received, source):
        if received < YEAR:
            rows.append((received, len(rows), f"{row}{self.time(received)}\t{source}\n"))

    # ------------------------------------------------------------ visits
    def basket(self, p):
        """Returns a visit as (time since its start, event, properties), and the cents of its order or None."""
        steps, cents, at = [], [], 0
        for _ in range(1 + min(self.wait(2.8), 12)):
            at += 10 * SECOND + self.wait(40 * SECOND)
            price, product = self.pick(self.goods)
            steps.append((at, "Product Viewed", product))
            if self.chance() < .16 * p.appetite:
                at += 5 * SECOND + self.wait(20 * SECOND)
                quantity = 1 + self.below(3)
                steps.append((at, "Product Added", f'{product[:-1]},"quantity":{quantity}}}'))
                cents.append(price * quantity)
        if not cents or self.chance() > .6:
            return steps, None
        at += 30 * SECOND + self.wait(MINUTE)
        steps.append((at, "Checkout Started", f'{{"value":{self.money(sum(cents))}}}'))
        return steps, sum(cents) if self.chance() < .7 else None

    def web_visit(self, p, start):
        browser = self.browser(p)
        anonymous = self.anonymous(p, browser, start)
        login = p.user_id is not None and self.chance() < (.7 if browser is self.kiosk else .45)
        user, garbled = NULL, self.chance()
        if garbled < .004:
            user, login = self.pick(GARBAGE), False
        elif garbled < .005:
            anonymous, login = "undefined", False
        self.send(p, "web", start, self.web_delay(), "page", anonymous=anonymous, user=user,
                  properties='{"path":"/","title":"Home"}')
        if login:
            user = self.owns(p, "user_id", p.user_id)
            self.login(p, start + 8 * SECOND, anonymous, user)
        steps, cents = self.basket(p)
        for after, event, properties in steps:
            if event == "Checkout Started" and not login and garbled >= .005:
                self.send(p, "web", start + after - SECOND, self.web_delay(), "identify", anonymous=anonymous,
                          traits=f'{{"email":"{self.email(p)}"}}')
            self.send(p, "web", start + after, self.web_delay(), event=event, anonymous=anonymous, user=user,
                      properties=properties)
        if cents:
            self.order(p, start + steps[-1][0] + MINUTE, cents, "web")

    def browser(self, p):
        which = self.chance()
        if which < .002:
            return self.kiosk
        if p.tablet and which < .3:
            return p.tablet
        return self.pick(p.browsers)

    def login(self, p, at, anonymous, user):
        how = self.chance()
        if how < .1:
            self.send(p, "web", at, self.web_delay(), "alias", user=user, previous=anonymous)
        elif how < .6:
            self.send(p, "web", at, self.web_delay(), "identify", anonymous=anonymous, user=user,
                      traits=f'{{"email":"{self.email(p)}","first_name":"{p.name[0]}","last_name":"{p.name[1]}"}}')

    def web_delay(self):
        """Returns a second or two; sometimes hours, as a browser sends late."""
        return 200 + self.below(2 * SECOND) if self.chance() < .99 else self.wait(5 * HOUR)

    def app_visit(self, p, start):
        """The app stores its events while it is offline, and knows only the phone's clock: one in twenty
        is a day ahead.  Half of the phones name the device in the context."""
        device = self.owns(p, "device_id", p.device_id)
        ahead = int(int(device, 16) % 20 == 0)
        offline = 0 if self.chance() < .9 else min(self.wait(30 * HOUR), 10 * DAY)
        login = p.user_id is not None and self.chance() < .75
        user = self.owns(p, "user_id", p.user_id) if login else NULL
        if int(device, 16) % 2:
            ids, context = NULL, f'{{"device":{{"id":"{device}","type":"ios"}},"app":{{"version":"4.1"}}}}'
        else:
            ids, context = f'{{"device_id":"{device}"}}', '{"device":{"type":"android"},"app":{"version":"4.1"}}'

        def send(after, **columns):
            sent = start + offline + after + SECOND // 10
            self.send(p, "app", start + after, offline + SECOND // 2, user=user, context=context, timestamp=NULL,
                      original=self.time(start + after, ahead), sent=self.time(sent, ahead), **columns)

        if login and self.chance() < .6:
            more = f'"email_sha256":"{self.sha256(p)}"'
            send(0, kind="identify", ids=f"{{{more}}}" if ids is NULL else f"{ids[:-1]},{more}}}")
        steps, cents = self.basket(p)
        for after, event, properties in steps:
            send(after, event=event, ids=ids, properties=properties)
        if cents:
            self.order(p, start + steps[-1][0] + MINUTE, cents, "app")

    # ------------------------------------------------------------ the other sources
    def order(self, p, at, cents, channel):
        """The shop's system identifies an order by the customer, not by the visitor who placed it."""
        self.orders += 1
        order = f'"order_id":"O{70_000 + self.orders}"'
        if channel != "store" or self.chance() < .6:
            ids = self.known_by(p, p.customer_no)
            if self.chance() < .5:
                ids.append(f'"email_sha256":"{self.sha256(p)}"')
        elif p.customer_no:
            ids = [f'"customer_no":"{self.owns(p, "customer_no", p.customer_no)}"']
            if self.chance() < .3:
                ids.append('"email":"unknown@example.com"')
        else:
            ids = ['"email":"unknown@example.com"']
        ids = "{" + ",".join(ids) + "}"
        delay = 5 * SECOND + self.below(MINUTE) if channel != "store" else DAY - at % DAY + HOUR
        self.send(p, "shop", at, delay, event="Order Completed", ids=ids,
                  properties=f'{{{order},"total":{self.money(cents)},"channel":"{channel}"}}')
        if channel == "store":
            return
        shipped = at + 8 * HOUR + self.wait(DAY)
        self.send(p, "shop", shipped, MINUTE, event="Order Shipped", ids=ids, properties=f"{{{order}}}")
        if self.chance() < .06:
            returned = shipped + 3 * DAY + self.wait(6 * DAY)
            self.send(p, "shop", returned, MINUTE, event="Order Refunded", ids=ids,
                      properties=f'{{{order},"total":{self.money(cents)}}}')
            if p.phones:
                self.call(p, returned - 2 * DAY, "refund")

    def call(self, p, at, topic):
        received = at + HOUR - at % HOUR
        if received >= YEAR:
            return
        outcome = self.chance()
        call = {"messageId": self.message(p, "call"), "type": "track", "event": "Call Ended",
                "identifiers": {"phone": self.phone(p)}, "timestamp": self.time(at),
                "properties": {"topic": topic, "seconds": 20 + self.below(900), "agent": f"agent-{1 + self.below(12)}",
                               "outcome": "resolved" if outcome < .65 else "escalated" if outcome < .8
                               else "called back" if outcome < .9 else "hung up"}}
        self.arrive(self.raw, json.dumps(call) + "\t", received, "contact_centre")

    def contact(self, p):
        """The person's record in the CRM, sent in the night after each change; the latest traits win."""
        at = p.joined
        for tier in ["bronze", "silver", "gold"][:1 + self.below(3)]:
            ids = [f'"crm_id":"{self.owns(p, "crm_id", p.crm_id)}"']
            ids += self.known_by(p, p.customer_no and self.chance() < .5)
            traits = (f'{{"first_name":"{p.name[0]}","last_name":"{p.name[1]}","city":"{p.city}","country":"{p.country}",'
                      f'"birthday":"{p.birthday}","tier":"{tier}","newsletter":{"true" if self.chance() < .5 else "false"}}}')
            self.send(p, "crm", at, DAY - at % DAY + 2 * HOUR, "identify", ids="{" + ",".join(ids) + "}", traits=traits)
            at += DAY + self.wait(90 * DAY)

    def enrich(self):
        """The bought list of the eighth month.  One row in a hundred has the phone of another person."""
        at = 240 * DAY
        for p in self.people:
            if p.number and self.chance() > .3:
                continue
            ids = (f'"email_sha256":"{self.sha256(p)}"' if self.chance() < .7
                   else f'"email":"{self.owns(p, "email", p.emails[0])}"')
            if p.number and self.chance() < .01:
                stranger = self.pick(self.people)
                if stranger.phones:
                    ids += f',"phone":"{stranger.phones[0]}"'
            at += self.below(2 * SECOND)
            traits = (f'{{"household_size":{1 + self.below(5)},"income_band":"{self.pick("ABCDE")}",'
                      f'"interests":["{self.pick(list(GOODS))}","{self.pick(["travel", "music", "sport", "books"])}"]}}')
            self.send(p, "enrichment", at, 2 * DAY, "identify", ids=f"{{{ids}}}", traits=traits)

    def malformed(self):
        """Rows that cannot become events: each kind once for 400 people."""
        kinds = [dict(), dict(ids='{"email":"ann(at)example.com"}'), dict(ids='{"phone":"ask reception"}'),
                 dict(anonymous="a-clock", timestamp="2099-01-01 00:00:00+00"),
                 dict(anonymous="a-clock", timestamp="1969-12-31 00:00:00+00"),
                 dict(ids=f'{{"customer_no":"{"9" * 600}"}}'), dict(ids='["C1","C2"]')]
        lines = ['{"type":"track","event":"Call En', "Call Ended;+44 20 7946 0958;resolved", "[]",
                 '{"type":"track","event":"Call Ended","identifiers":{"phone":"\\\\u0000"}}', "", "null"]
        for _ in range(1 + len(self.people) // 400):
            for kind in kinds:
                at = self.below(YEAR)
                self.send(None, "web", at, SECOND, event="Product Viewed", **kind)
            for line in lines:
                self.arrive(self.raw, line + "\t", self.below(YEAR), "contact_centre")

    # ------------------------------------------------------------ the year
    def habits(self, p):
        """Visits until the person loses interest, with orders in the store, calls and the CRM record."""
        at = p.joined
        while at < YEAR:
            at = at - at % DAY + 7 * HOUR + self.below(15 * HOUR)
            if p.device_id and self.chance() < .6:
                self.app_visit(p, at)
            else:
                self.web_visit(p, at)
            if self.chance() < p.churn:
                break
            if self.chance() < .06 * p.appetite:
                self.order(p, at + self.below(3 * DAY), 500 + self.below(6000), "store")
            if p.phones and self.chance() < .1:
                self.call(p, at + self.below(2 * DAY), self.pick(["delivery", "product", "account"]))
            at += DAY + self.wait(p.gap)
        if p.crm_id:
            self.contact(p)

    def write(self, folder):
        for p in self.people:
            self.habits(p)
        self.enrich()
        self.malformed()
        os.makedirs(folder, exist_ok=True)
        for name, lines in (("inbox", self.arrived(self.rows)), ("raw", self.arrived(self.raw)),
                            ("messages", self.messages),
                            ("identifiers", (f"{identifier}\t{person}\n" for identifier, person in self.truth))):
            with open(os.path.join(folder, name + ".tsv"), "w", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)

    @staticmethod
    def arrived(rows):
        rows.sort()
        return (line for _, _, line in rows)


def main():
    yesterday = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
    parser = argparse.ArgumentParser(description="Makes up a year of a shop's events and the truth about them.")
    parser.add_argument("out", help="the directory for the files")
    parser.add_argument("--people", type=int, default=20_000, help=f"how many, up to {MAX_PEOPLE}; 25 events each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", type=datetime.date.fromisoformat, default=yesterday,
                        help="the last day of the year (UTC), yesterday unless given")
    options = parser.parse_args()
    if not 1 <= options.people <= MAX_PEOPLE:
        parser.error(f"--people must be between 1 and {MAX_PEOPLE}")
    shop = Shop(options.people, options.seed, options.until)
    shop.write(options.out)
    print(f"{len(shop.people)} people, {len(shop.rows)} rows, {len(shop.raw)} raw lines, {shop.orders} orders")


if __name__ == "__main__":
    main()
