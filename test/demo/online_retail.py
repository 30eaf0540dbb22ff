#!/usr/bin/env python3
"""Turns the Online Retail data set (.csv or .csv.xz) into rows for cdp.inbox.

Writes them to standard output, for load_retail.sql.  An invoice becomes an anonymous id and a
customer a user id, because many invoices have no customer.  Each line of an invoice is an event,
"Order Line" or "Order Line Cancelled" (invoices that begin with C); a customer's country is an
identify call whenever it changes.  Lines have no id in the data set, and equal lines occur, so
there is no message_id.
"""
import csv
import json
import lzma
import sys

COLUMNS = {"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}
NULL = "\\N"


def escaped(document):
    return json.dumps(document).replace("\\", "\\\\")


def rows(lines):
    country_of = {}
    reader = csv.DictReader(lines)
    missing = COLUMNS - set(reader.fieldnames or [])
    if missing:
        sys.exit("not the Online Retail data set: it has no column " + ", ".join(sorted(missing)))
    for line in reader:
        invoice, customer, country = line["InvoiceNo"], line["CustomerID"] or NULL, line["Country"]
        at = line["InvoiceDate"] + "+00"
        quantity, price = int(line["Quantity"]), float(line["UnitPrice"])
        event = "Order Line Cancelled" if invoice.startswith("C") else "Order Line"
        properties = {"stock_code": line["StockCode"], "description": line["Description"], "quantity": quantity,
                      "unit_price": price, "total": round(quantity * price, 2)}
        yield "track", event, invoice, customer, escaped(properties), NULL, at, "retail"
        if customer != NULL and country_of.get(customer) != country:
            country_of[customer] = country
            yield "identify", NULL, invoice, customer, NULL, escaped({"country": country}), at, "retail"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: online_retail.py FILE.csv[.xz]")
    open_text = lzma.open if sys.argv[1].endswith(".xz") else open
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with open_text(sys.argv[1], "rt", encoding="utf-8", newline="") as lines:
        sys.stdout.writelines("\t".join(row) + "\n" for row in rows(lines))


if __name__ == "__main__":
    main()
