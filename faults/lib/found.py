"""Opens databases that a power loss left: are they whole, and are the answered messages there?

Reads lines `DATABASE IDS`, IDS being a file with a JSON list, and answers each with a line of JSON.
"""
import json
import sqlite3
import sys


def found(database, ids):
    with open(ids, encoding="ascii") as file:
        answered = set(json.load(file))
    connection = sqlite3.connect(database)
    try:
        whole = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        stored = {row[0] for row in connection.execute("SELECT id FROM messages")}
    except sqlite3.Error as error:
        return {"integrity": [str(error)], "missing": [], "stored": 0}
    finally:
        connection.close()
    return {"integrity": whole, "missing": sorted(answered - stored), "stored": len(stored)}


for line in sys.stdin:
    print(json.dumps(found(*line.split())), flush=True)
