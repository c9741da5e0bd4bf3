"""Key messages for the bench: genuine MIKEY-SAKKE I_MESSAGEs of now.

Made from the test keys of tests/corpus/kms with the tools of tests/corpus.
Each user's signing key (SSK, PVT) is made once, as a KMS would, and lasts for
all its messages.  The ephemeral j of the signature is the same for all
messages of a user, which saves a point multiplication each: with these keys,
which the whole world knows, nothing is lost.  SAKKE data is made once per
receiver for the same reason; the gateway never opens it.
"""
import base64
import json
import os
import secrets
import struct
import sys
import time

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '..', '..', 'corpus')
sys.path.insert(0, os.path.join(CORPUS, 'tools'))
import eccsi  # noqa: E402
import mcx_uid  # noqa: E402
import sakke  # noqa: E402

T, RAND, IDR, SAKKE, SIGN = 5, 11, 14, 26, 4
PCK = 1
# Base64 digits 32 to 39 are octets 24 to 29, in the middle of RAND.
VARY_AT, VARY_LEN = 32, 8


class Kms:
    def __init__(self, name):
        path = os.path.join(CORPUS, 'kms', name, 'material.json')
        with open(path, encoding='utf-8') as f:
            m = json.load(f)
        self.certificate = os.path.join(CORPUS, 'kms', name,
                                        'certificate.xml')
        self.uri = m['kms_uri']
        self.period, self.offset = m['user_key_period'], m['user_key_offset']
        self.ksak = int(m['KSAK'], 16)
        self.kpak = bytes.fromhex(m['KPAK'])
        self.z_pub = bytes.fromhex(m['Z_T'])

    def uid(self, user, ntp):
        number = mcx_uid.period_no(ntp, self.period, self.offset)
        return mcx_uid.uid(user, self.uri, self.period, self.offset, number)


class Signer:
    """One user with its key for the current period."""

    def __init__(self, kms, user, ntp):
        self.user, self.kms, self.ntp = user, kms, ntp
        uid = kms.uid(user, ntp)
        v = secrets.randbelow(eccsi.Q - 1) + 1
        self.ssk, pvt = eccsi.new_user_keys(kms.ksak, uid, v)
        self.j = secrets.randbelow(eccsi.Q - 1) + 1
        self.hs = eccsi.hs(kms.kpak, uid, pvt)
        self.r = eccsi.mul(self.j, eccsi.G)[0].to_bytes(eccsi.N, 'big')
        self.pvt = pvt

    def sign(self, text):
        """RFC 6507, 5.2.1, with what does not depend on text kept."""
        e = int.from_bytes(eccsi.he(self.hs, self.r, text), 'big')
        t = (e + int.from_bytes(self.r, 'big') *
             int.from_bytes(self.ssk, 'big')) % eccsi.Q
        s = pow(t, -1, eccsi.Q) * self.j % eccsi.Q
        return self.r + s.to_bytes(eccsi.N, 'big') + self.pvt


def _idr(following, role, text):
    data = text.encode()
    return struct.pack('!BBBH', following, role, 1, len(data)) + data


def _message(signer, receiver, receiver_kms, hidden):
    csb = PCK << 28 | secrets.randbits(28)
    names = ((1, signer.user), (2, receiver), (6, signer.kms.uri),
             (7, receiver_kms))
    out = struct.pack('!BBBBIBB', 1, 26, T, 0, csb, 0, 1)
    out += struct.pack('!BBII', RAND, 0, signer.ntp, 0)
    out += struct.pack('!BB', IDR, 16) + secrets.token_bytes(16)
    for i, (role, text) in enumerate(names):
        out += _idr(IDR if i + 1 < len(names) else SAKKE, role, text)
    out += struct.pack('!BBBH', SIGN, 1, 2, len(hidden)) + hidden
    out += struct.pack('!H', 2 << 12 | eccsi.SIG_LEN)
    return base64.b64encode(out + signer.sign(out)).decode()


def make(users, n):
    """n key messages in base64: one for each (caller, callee) of users in
    turn, over and over.  No two are the same."""
    alpha, bravo = Kms('alpha'), Kms('bravo')
    ntp = int(time.time()) + mcx_uid.NTP_UNIX
    signers = [Signer(alpha, caller, ntp) for caller, _ in users]
    hidden = sakke.encapsulate(secrets.token_bytes(16),
                               bravo.uid(users[0][1], ntp), bravo.z_pub)
    return [_message(signers[i % len(users)], users[i % len(users)][1],
                     bravo.uri, hidden) for i in range(n)]


def split(text):
    """What stands before and after the digits that may be varied."""
    return text[:VARY_AT], text[VARY_AT + VARY_LEN:]
