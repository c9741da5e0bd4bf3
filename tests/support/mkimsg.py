#!/usr/bin/env python3
"""Make a fresh, signed MIKEY-SAKKE I_MESSAGE (TS 33.180 clause 5.2, E.1).

The key messages of tests/corpus carry times of their own; a running gateway
has a clock and refuses what is too old.  This makes one for now, or for any
other time, with the test keys of tests/corpus/kms.

usage: mkimsg.py INITIATOR RECEIVER INITIATOR-KMS RECEIVER-KMS
                 [--purpose PCK] [--time SECONDS] [--raw]

KMS are URIs such as kms.alpha.example.  The result is base64 on standard
output, or the octets themselves (--raw).  --time is Unix time.
"""
import argparse
import base64
import json
import os
import secrets
import struct
import sys
import time

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '..', 'corpus')
sys.path.insert(0, os.path.join(CORPUS, 'tools'))
import eccsi  # noqa: E402
import mcx_uid  # noqa: E402
import sakke  # noqa: E402

PURPOSES = ('GMK', 'PCK', 'CSK', 'SPK', 'MKFC', 'MSCCK', 'MuSiK')
KEY_LEN = 16
T, RAND, IDR, SAKKE, SIGN = 5, 11, 14, 26, 4
IDRI, IDRR, IDRKMSI, IDRKMSR = 1, 2, 6, 7


class Kms:
    """The secrets of one test KMS."""

    def __init__(self, name):
        path = os.path.join(CORPUS, 'kms', name, 'material.json')
        with open(path, encoding='utf-8') as f:
            m = json.load(f)
        self.uri = m['kms_uri']
        self.period = m['user_key_period']
        self.offset = m['user_key_offset']
        self.ksak = int(m['KSAK'], 16)
        self.kpak = bytes.fromhex(m['KPAK'])
        self.z_pub = bytes.fromhex(m['Z_T'])

    def uid(self, user, ntp, spelled=None):
        """spelled: the KMS URI as the message has it."""
        number = mcx_uid.period_no(ntp, self.period, self.offset)
        return mcx_uid.uid(user, spelled or self.uri, self.period,
                           self.offset, number)


def kms_of(uri):
    """The test KMS behind a URI, or None if the corpus has none."""
    for name in ('alpha', 'bravo', 'charlie'):
        if uri.lower() == 'kms.%s.example' % name:
            return Kms(name)
    return None


def _idr(following, role, text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack('!BBBH', following, role, 1, len(data)) + data


def _head(purpose, names, ntp, rand, sakke_data):
    """Everything up to the signature; names are (role, text) pairs."""
    csb = PURPOSES.index(purpose) << 28 | secrets.randbits(28)
    out = struct.pack('!BBBBIBB', 1, 26, T, 0, csb, 0, 1)
    out += struct.pack('!BBII', RAND, 0, ntp, 0)
    out += struct.pack('!BB', IDR, len(rand)) + rand
    for i, (role, text) in enumerate(names):
        out += _idr(IDR if i + 1 < len(names) else SAKKE, role, text)
    out += struct.pack('!BBBH', SIGN, 1, 2, len(sakke_data)) + sakke_data
    return out + struct.pack('!H', 2 << 12 | eccsi.SIG_LEN)


def make(initiator, receiver, initiator_kms, receiver_kms, purpose='PCK',
         when=None, signer_kms=None):
    """The octets of an I_MESSAGE made at Unix time `when` (default: now).

    The domain of a KMS that the corpus does not have borrows the keys of
    alpha (initiator) or bravo (receiver).  signer_kms: sign with another
    KMS's keys than the message says, which makes the signature wrong.
    """
    ntp = int(time.time() if when is None else when) + mcx_uid.NTP_UNIX
    own = kms_of(signer_kms or initiator_kms) or Kms('alpha')
    other = kms_of(receiver_kms) or Kms('bravo')
    ident = own.uid(initiator, ntp, initiator_kms)
    ssk, pvt = eccsi.new_user_keys(own.ksak, ident,
                                   secrets.randbelow(eccsi.Q - 1) + 1)
    hidden = sakke.encapsulate(secrets.token_bytes(KEY_LEN),
                               other.uid(receiver, ntp, receiver_kms),
                               other.z_pub)
    head = _head(purpose, [(IDRI, initiator), (IDRR, receiver),
                           (IDRKMSI, initiator_kms), (IDRKMSR, receiver_kms)],
                 ntp, secrets.token_bytes(16), hidden)
    return head + eccsi.sign(own.kpak, ident, ssk, pvt, head,
                             secrets.randbelow(eccsi.Q - 1) + 1)


def main():
    p = argparse.ArgumentParser(
        usage=__doc__.split('usage: ')[1].split('\n\n')[0],
        description=__doc__.split('\n')[0])
    p.add_argument('initiator')
    p.add_argument('receiver')
    p.add_argument('initiator_kms')
    p.add_argument('receiver_kms')
    p.add_argument('--purpose', choices=PURPOSES, default='PCK')
    p.add_argument('--time', type=float)
    p.add_argument('--raw', action='store_true')
    a = p.parse_args()
    octets = make(a.initiator, a.receiver, a.initiator_kms, a.receiver_kms,
                  a.purpose, a.time)
    if a.raw:
        sys.stdout.buffer.write(octets)
    else:
        print(base64.b64encode(octets).decode())


if __name__ == '__main__':
    main()
