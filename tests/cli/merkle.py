"""The root of a Merkle tree (RFC 6962, 2.1) over an export, by nothing but hashlib.

It reads an export of `countersign audit export` on standard input, makes each leaf from the
fields of its entry, as docs/audit.md describes them, and prints the root over all of them.
"""

import base64
import hashlib
import json
import sys


def encode(raw):
    return base64.b64encode(raw).decode()


def commitment(field):
    if field is None:
        return None
    if "commitment" in field:
        return field["commitment"]
    salted = base64.b64decode(field["salt"]) + field["value"].encode()
    return encode(hashlib.sha256(salted).digest())


def leaf(entry):
    if "kind" not in entry:
        return base64.b64decode(entry["leaf"])
    form = [
        "countersign.event.v1",
        entry["event"],
        entry["at"],
        entry["kind"],
        entry["outcome"],
        entry["request"],
        commitment(entry["customer"]),
        entry["channel"],
        commitment(entry["contact"]),
        entry["clerk"],
        entry["counter"],
        commitment(entry["detail"]),
    ]
    facts = [entry.get(name) for name in ("purpose", "provider", "asked_at")]
    if any(fact is not None for fact in facts):
        form = ["countersign.event.v2", *form[1:], *facts]
    text = json.dumps(form, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


lines = [json.loads(line) for line in sys.stdin]
print(len(lines) - 2)
print(encode(root([leaf(line) for line in lines[1:-1]])))
