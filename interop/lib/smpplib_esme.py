"""A client of PyPI's smpplib: commands on standard input, what comes on standard output.

One JSON object a line; octets are in hexadecimal.
    smpplib_esme.py PORT SYSTEM_ID PASSWORD MODE
"""

import json
import select
import sys

from smpplib import client, gsm, smpp

FIELDS = (
    "command", "status", "sequence", "message_id", "message_state", "esm_class", "data_coding",
    "source_addr", "destination_addr", "esme_addr", "receipted_message_id", "short_message",
    "message_payload", "sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum",
)


def say(**fields):
    print(json.dumps(fields), flush=True)


def tell(pdu):
    told = {}
    for field in FIELDS:
        value = getattr(pdu, field, None)
        if isinstance(value, bytes):
            readable = field not in ("short_message", "message_payload")
            value = value.decode("latin-1") if readable else value.hex()
        if value is not None:
            told[field] = value
    say(**told)


def octets(fields):
    for field in ("short_message", "message_payload"):
        if field in fields:
            fields[field] = bytes.fromhex(fields[field])
    return fields


def obey(esme, order):
    kind = order.pop("do")
    if kind == "text":
        # The library divides and encodes.
        parts, coding, esm_class = gsm.make_parts(order.pop("text"), order.pop("coding"), order.pop("udh"))
        for number, part in enumerate(parts, start=1):
            sar = {}
            if len(parts) > 1 and not esm_class:
                sar = {"sar_msg_ref_num": 513, "sar_total_segments": len(parts), "sar_segment_seqnum": number}
            esme.send_message(short_message=part, data_coding=coding, esm_class=esm_class, **order, **sar)
    elif kind == "unbind":
        tell(esme.unbind())
        esme.disconnect()
        sys.exit(0)
    elif kind == "submit_sm":
        esme.send_message(**octets(order))
    else:
        esme.send_pdu(smpp.make_pdu(kind, client=esme, **octets(order)))


def main():
    port, system_id, password, mode = sys.argv[1:]
    esme = client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    esme.connect()
    try:
        tell(getattr(esme, "bind_" + mode)(system_id=system_id, password=password))
    except Exception as error:  # The library's own words.
        say(command="failed", error=str(error))
        esme.disconnect()
        return
    esme.set_message_received_handler(lambda pdu: tell(pdu))
    esme.set_message_sent_handler(lambda pdu: tell(pdu))
    esme.set_query_resp_handler(lambda pdu: tell(pdu))
    esme.set_error_pdu_handler(lambda pdu: tell(pdu))
    # Unbuffered: what a buffer holds, select does not see.
    commands = sys.stdin.buffer.raw
    rest = b""
    while True:
        readable, _, _ = select.select([commands, esme._socket], [], [])
        if esme._socket in readable:
            esme.read_once()
        if commands in readable:
            read = commands.read(65536)
            if not read:
                esme._socket.close()
                esme._socket = None
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                obey(esme, json.loads(line))


main()
