#!/usr/bin/env python3
"""Verifies Fieldseal proofs with nothing of Fieldseal's: only cbor2, cryptography and docs/proof-format.md.

    verify.py --devices devices.json FILE...   one JSON verdict a line
    verify.py --vectors DIR                    the vectors of test/vectors, and what they are to come to

Ends 0 where all is good, 1 where anything is not, 2 on bad usage.
"""

import argparse
import hashlib
import hmac
import io
import json
import pathlib
import sys

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

# No __pycache__ beside the sources.
sys.dont_write_bytecode = True
import columns  # noqa: E402

CURVES = {
    "secp256k1": (8, ec.SECP256K1(), 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141, (-47,)),
    "P-256": (1, ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551, (-7, -9)),
}
ZERO = bytes(32)


class Refused(Exception):
    def __init__(self, reason, detail):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


def need(condition, reason, detail):
    if not condition:
        raise Refused(reason, detail)


def sha256(data):
    return hashlib.sha256(data).digest()


def unb64(text):
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(data):
    """Decodes one item of deterministic CBOR."""
    try:
        value = cbor2.loads(data)
    except Exception as error:
        raise Refused("parse", str(error)) from None
    need(cbor2.dumps(value, canonical=True) == data, "canonical", "not deterministic CBOR")
    return value


def split(message):
    """A CBOR sequence of a COSE_Sign1 and a byte string, as their bytes."""
    stream = io.BytesIO(message)
    try:
        cbor2.CBORDecoder(stream, read_size=1).decode()
    except TypeError:
        stream.seek(0)
        cbor2.CBORDecoder(stream).decode()
    except Exception as error:
        raise Refused("parse", str(error)) from None
    end = stream.tell()
    return message[:end], message[end:]


class Key:
    def __init__(self, jwk):
        self.curve, curve, self.order, self.algorithms = CURVES[jwk["crv"]]
        x, y = unb64(jwk["x"]), unb64(jwk["y"])
        cose = cbor2.dumps({1: 2, -1: self.curve, -2: x, -3: y}, canonical=True)
        self.kid = sha256(cose)
        self.public = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve).public_key()


def open_sign1(cose, kind):
    tagged = canonical(cose)
    need(isinstance(tagged, cbor2.CBORTag) and tagged.tag == 18, "parse", "not a tagged COSE_Sign1")
    need(isinstance(tagged.value, (list, tuple)) and len(tagged.value) == 4, "parse", "not an array of four")
    protected, unprotected, payload, signature = tagged.value
    need(unprotected == {}, "parse", "unprotected header not empty")
    header = canonical(protected)
    need(set(header) == {1, 3, 4} and header[3] == f"application/fieldseal-{kind}+cbor", "parse", "not this content type")
    structure = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
    return header, payload, signature, structure


def check_signature(key, header, signature, structure):
    need(header[4] == key.kid, "unknown-device", "not the key's id")
    need(header[1] in key.algorithms, "algorithm", "not the key's algorithm")
    need(len(signature) == 64, "parse", "not 64 bytes of signature")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    need(s <= key.order // 2, "high-s", "S above half the order")
    try:
        key.public.verify(utils.encode_dss_signature(r, s), structure, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused("signature", "not the key's signature") from None


def merkle(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + merkle(leaves[:left]) + merkle(leaves[left:]))


def salt_of(secret, index):
    return hmac.new(secret, index.to_bytes(4, "big"), hashlib.sha256).digest()[:16]


def open_rows(block, payload):
    size = payload[5]
    if size == 0:
        need(block == b"", "block", "a block where there are no readings")
        return [], b""
    parts = canonical(block)
    need(isinstance(parts, (list, tuple)) and len(parts) == 4 and parts[0] == 1, "block", "not a block of codec 1")
    _, secret, packed, check = parts
    need(sha256(secret + packed)[:4] == check and len(secret) == 32, "block", "its bytes were changed")
    try:
        return [cbor2.dumps(row) for row in columns.unpack(packed, size)], secret
    except (columns.BlockError, IndexError, StopIteration, ValueError) as error:
        raise Refused("block", str(error)) from None


def check_losses(losses):
    """Each is [reason, count, from, to], and a range of proofs [epoch, first, last] where it names any."""
    need(losses is None or 1 <= len(losses) <= 64, "canonical", "an empty list of losses")
    for loss in losses or []:
        need(len(loss) in (4, 5) and all(isinstance(n, int) and n >= 0 for n in loss[:4]), "parse", "not a loss")
        need(1 <= loss[0] <= 9, "parse", "a loss reason of no known meaning")
        if len(loss) == 5:
            epoch, first, last = loss[4]
            need(isinstance(epoch, bytes) and len(epoch) == 16 and 0 <= first <= last, "parse", "not a range of proofs")


def verify(message, devices):
    """One proof by itself: structure, signature, rows, root."""
    need(len(message) <= 120_000, "size", "too long")
    cose, rest = split(message)
    header, payload_bytes, signature, structure = open_sign1(cose, "batch")
    block = canonical(rest)
    need(isinstance(block, bytes), "parse", "the block is not a byte string")
    payload = canonical(payload_bytes)
    need(payload.get(1) == 1, "version", "not version 1")
    need(set(payload) - {10, 11} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13}, "parse", "not the members of a payload")
    check_losses(payload.get(11))
    key = devices.get(header[4])
    need(key is not None, "unknown-device", "no such device")
    check_signature(key, header, signature, structure)
    rows, secret = open_rows(block, payload)
    leaves = [sha256(b"\x00" + salt_of(secret, i) + row) for i, row in enumerate(rows)]
    need(merkle(leaves) == payload[6], "root", "the readings are not the ones signed")
    times = [cbor2.loads(row)[2] for row in rows]
    need(not times or (times[0], times[-1]) == (payload[7], payload[8]), "root", "first or last is another time")
    return {"kid": header[4], "payload": payload, "digest": sha256(structure), "rows": rows, "cose": cose}


def check_chains(proofs):
    """Continuity of epoch, seq and prev, in whatever order the proofs came. Gives each proof's reasons."""
    known = {}
    for proof in proofs:
        place = (proof["kid"], proof["payload"][2], proof["payload"][3])
        earlier = known.setdefault(place, proof)
        proof["reasons"] = []
        if earlier is not proof:
            proof["reasons"] = ["duplicate" if earlier["digest"] == proof["digest"] else "equivocation"]
    for (kid, epoch, seq), proof in known.items():
        prev = proof["payload"][4]
        if seq == 0:
            if prev != ZERO:
                proof["reasons"].append("chain")
        elif (kid, epoch, seq - 1) not in known:
            if any(other[:2] == (kid, epoch) and other[2] < seq for other in known):
                proof["reasons"].append("gap")
        elif known[kid, epoch, seq - 1]["digest"] != prev:
            proof["reasons"].append("chain")


def devices_of(path):
    keys = [Key(device["publicKey"]) for device in json.loads(path.read_text())["devices"]]
    return {key.kid: key for key in keys}


def verify_files(devices, files):
    proofs, lines = [], []
    for file in files:
        try:
            proof = verify(pathlib.Path(file).read_bytes(), devices)
            proofs.append(proof)
            lines.append((file, proof))
        except Refused as refused:
            lines.append((file, refused))
    check_chains(proofs)
    good = True
    for file, outcome in lines:
        if isinstance(outcome, Refused):
            line = {"file": str(file), "ok": False, "reasons": [outcome.reason], "detail": str(outcome)}
        else:
            payload, reasons = outcome["payload"], outcome["reasons"]
            line = {
                "file": str(file),
                "ok": not reasons,
                "reasons": reasons,
                "device": outcome["kid"].hex(),
                "epoch": payload[2].hex(),
                "seq": payload[3],
                "size": payload[5],
                "digest": outcome["digest"].hex(),
            }
        good = good and line["ok"]
        print(json.dumps(line))
    return good


def walk(leaf, index, size, path, root):
    """RFC 9162, section 2.1.3.2."""
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if index % 2 == 1 or index == last:
            leaf = sha256(b"\x01" + sibling + leaf)
            while index % 2 == 0 and index != 0:
                index, last = index >> 1, last >> 1
        else:
            leaf = sha256(b"\x01" + leaf + sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and leaf == root


def verify_reading(key, disclosed):
    raw = {name: bytes.fromhex(disclosed[name]) for name in ("row", "salt", "cose")}
    header, payload, signature, structure = open_sign1(raw["cose"], "batch")
    check_signature(key, header, signature, structure)
    root, size = canonical(payload)[6], canonical(payload)[5]
    leaf, path = sha256(b"\x00" + raw["salt"] + raw["row"]), [bytes.fromhex(one) for one in disclosed["path"]]
    need(size == disclosed["size"], "root", "another size")
    need(walk(leaf, disclosed["index"], size, path, root), "root", "the path does not lead to the root")


def verify_vectors(folder):
    good, count = True, 0
    for case in sorted(path for path in folder.iterdir() if path.is_dir()):
        devices = devices_of(case / "devices.json")
        (device,) = devices.values()
        verifier = Key(json.loads((case / "verifier.json").read_text()))
        proofs = []
        for file in sorted(case.glob("*.json")):
            expected = json.loads(file.read_text())
            reasons = []
            try:
                if file.stem.startswith("proof-"):
                    proof = verify(file.with_suffix(".cose").read_bytes(), devices)
                    proofs.append(proof)
                    need(proof["digest"].hex() == expected["digest"], "signature", "another digest than the vector's")
                    need(proof["payload"][6].hex() == expected["payload"]["root"], "root", "another root")
                    need([row.hex() for row in proof["rows"]] == expected["rows"], "root", "other rows")
                elif file.stem in ("receipt", "challenge", "enrolment"):
                    key = device if file.stem == "enrolment" else verifier
                    header, payload, signature, structure = open_sign1(file.with_suffix(".cose").read_bytes(), file.stem)
                    check_signature(key, header, signature, structure)
                    need(canonical(payload)[1] == 1, "version", "not version 1")
                    need(payload.hex() == expected["payload"], "parse", "another payload")
                elif file.stem == "reading":
                    verify_reading(device, expected)
                else:
                    continue
            except Refused as refused:
                reasons = [str(refused)]
            count += 1
            good = good and not reasons
            print(json.dumps({"vector": f"{case.name}/{file.stem}", "ok": not reasons, "reasons": reasons}))
        check_chains(proofs)
        broken = [reason for proof in proofs for reason in proof["reasons"]]
        good = good and not broken and len(proofs) > 0
        print(json.dumps({"vector": f"{case.name}/chain", "ok": not broken, "reasons": broken, "proofs": len(proofs)}))
    return good and count > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=pathlib.Path)
    parser.add_argument("--vectors", type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    if options.vectors and not options.files and not options.devices:
        return 0 if verify_vectors(options.vectors) else 1
    if options.devices and options.files and not options.vectors:
        return 0 if verify_files(devices_of(options.devices), options.files) else 1
    parser.print_usage(sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
