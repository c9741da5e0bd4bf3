#!/usr/bin/env python3
"""`mcxgw decode` over the whole corpus: what it says is what the corpus says.

usage: decode.py [CASE...]
"""
import base64
import concurrent.futures
import glob
import hashlib
import json
import os

from lib import case, env
from lib.gateway import mcxgw

MIKEY = os.path.join(env.CORPUS, 'mikey')
SIP = os.path.join(env.CORPUS, 'sip')
KMS = [os.path.join(env.CORPUS, 'kms', d, 'certificate.xml')
       for d in ('alpha', 'bravo', 'charlie')]


def cases_in(*folder):
    """(path without its ending, JSON) of each case in a folder."""
    for path in sorted(glob.glob(os.path.join(*folder, '*.json'))):
        if not path.endswith('.tshark.json'):
            with open(path, encoding='utf-8') as f:
                yield path[:-len('.json')], json.load(f)


def decode(path, *more, kms=()):
    """(exit status, object)."""
    words = ['decode', '--json', *more]
    if kms:
        words += ['--kms', kms[0]]
    r = mcxgw(*words, path, *kms[1:])
    assert r.returncode in (0, 1), '%s: %s: %s' % (path, r.returncode,
                                                   r.stderr.decode())
    assert r.stderr == b'', (path, r.stderr)
    return r.returncode, json.loads(r.stdout)


def each(function, items):
    """All of them, two at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda x: function(*x), items))


def same(path, got, want, what):
    assert got == want, '%s: %s is %r, not %r' % (path, what, got, want)


def check_error(path, got, size):
    e = got['error']
    assert e['code'] in ('malformed', 'over-limit'), (path, e)
    assert 0 <= e['at'] <= size and e['why'], (path, e)


def check_fields(path, got, want):
    same(path, got['csb_id'], int(want['csb_id'], 16), 'csb_id')
    same(path, got['purpose'], want['purpose'], 'purpose')
    same(path, got['timestamp'][:19], want['timestamp']['iso8601'][:19],
         'timestamp')
    for key, name in (('initiator', 'idri'), ('receiver', 'idrr'),
                      ('initiator_kms', 'idrkmsi'),
                      ('receiver_kms', 'idrkmsr')):
        same(path, got[key], want[name], key)
    for key, name in (('initiator_uid', 'idruidi'),
                      ('receiver_uid', 'idruidr')):
        same(path, got.get(key), want[name], key)
    payloads = [(p['type'], p.get('role'), p['offset'], p['length'])
                for p in got['payloads']]
    same(path, payloads, [(p['name'], p.get('role'), p['offset'],
                           p['length']) for p in want['payloads']],
         'payloads')
    same(path, got['signature']['offset'],
         want['signature']['signature_offset'], 'signature')
    same(path, got['signature']['length'], 129, 'signature')


def state_of(want):
    """What a strict reader says of a valid message's signature."""
    if want['idrkmsi'] is None:
        return 'unverifiable'  # nobody says whose certificate
    if 'bad-signature' in want.get('alternative_verdicts', ()):
        return 'invalid'  # signed as some products do
    return 'valid'


def valid_key_messages():
    """Every field, from the octets and from base64; every signature."""
    def one(path, want):
        code, got = decode(path + '.bin', '--as', 'mikey', kms=KMS)
        same(path, code, 0, 'exit status')
        check_fields(path, got, want)
        state = got['signature']['state']
        same(path, state, state_of(want), 'state')
        assert (got['signature']['why'] == '') == (state == 'valid'), path
        code, plain = decode(path + '.b64', '--as', 'mikey')
        same(path, code, 0, 'exit status of base64')
        assert 'state' not in plain['signature'], path
        del got['signature'], plain['signature']
        same(path, plain, got, 'base64')
    same('', len(each(one, cases_in(MIKEY, 'valid'))), 35, 'messages')


def unverifiable_without_its_kms():
    """A certificate of another KMS says nothing about a signature."""
    path = os.path.join(MIKEY, 'valid', 'o-v007-pck-alpha-charlie-plain.bin')
    code, got = decode(path, '--as', 'mikey', kms=KMS[1:])
    same(path, code, 0, 'exit status')
    same(path, got['signature']['state'], 'unverifiable', 'state')
    assert got['signature']['why'], got


def bad_key_messages():
    """Malformed: exit 1, place and reason.  Others decode, and none is said
    to be valid that its corpus file does not call so."""
    def one(path, want):
        code, got = decode(path + '.bin', '--as', 'mikey', kms=KMS)
        allowed = [want['expected_verdict'],
                   *want.get('alternative_verdicts', ())]
        if code == 1:
            assert 'malformed' in allowed, (path, got)
            check_error(path, got, want['total_length'])
            return 'malformed'
        state = got['signature']['state']
        if want['category'] == 'key':
            # A genuine message that its file tries with other keys.
            same(path, state, 'valid', 'state')
        elif state == 'valid':
            assert 'ok' in allowed, (path, allowed)
        else:
            assert allowed != ['malformed'], (path, got)
        return state
    found = each(one, cases_in(MIKEY, 'negative'))
    same('', len(found), 522, 'messages')
    assert {'malformed', 'invalid'} <= set(found), set(found)


def check_place(path, got, want):
    """Where a key message was found, as the corpus spells it."""
    where = want['where'].split(';')[0]
    if where.startswith('sdp-'):
        same(path, got['where'], 'sdp', 'where')
        assert got['place'].split(':')[0] == where.split(':')[0], (path, got)
    else:
        same(path, got['where'], 'part', 'where')
    same(path, got['octets'], want['length'], 'octets')


def sip_messages():
    """The key messages that are in each, no more and no less."""
    def one(path, want):
        code, got = decode(path + '.sip')
        if want['expected_verdict'] == 'malformed':
            same(path, code, 1, 'exit status')
            bad = [k for k in got.get('key_messages', ()) if 'error' in k]
            check_error(path, bad[0] if bad else got, want['total_length'])
            return
        if want['transport'] == 'tcp':
            return  # two messages; the next case takes it apart
        same(path, code, 0, 'exit status')
        keys = got['key_messages']
        same(path, len(keys), len(want['mikey']), 'key messages')
        for k, w in zip(keys, want['mikey']):
            check_place(path, k, w)
            mikey = glob.glob(os.path.join(
                MIKEY, '*', w['mikey_id'] + '.json'))
            if mikey and '/valid/' in mikey[0]:
                with open(mikey[0], encoding='utf-8') as f:
                    check_fields(path, k, json.load(f))
        leaves = [p['type'] for p in got['parts']
                  if not p['type'].startswith('multipart/')]
        if 'parts' in want:
            same(path, leaves, want['parts'], 'parts')
    same('', len(each(one, cases_in(SIP))), 29, 'messages')


def parts_are_where_they_are_said_to_be():
    """Offsets of parts and info, on an INVITE with three of them."""
    path = os.path.join(SIP, 'o-s01-invite-private-session-keymgmt.sip')
    with open(path, 'rb') as f:
        raw = f.read()
    code, got = decode(path)
    same(path, code, 0, 'exit status')
    same(path, got['kind'], 'request', 'kind')
    same(path, got['method'], 'INVITE', 'method')
    begins = {'application/sdp': b'v=0\r\n',
              'application/vnd.3gpp.mcptt-info+xml': b'<',
              'application/resource-lists+xml': b'<'}
    for p in got['parts']:
        octets = raw[p['offset']:p['offset'] + p['length']]
        same(path, len(octets), p['length'], 'length')
        if p['type'] in begins:
            assert octets.startswith(begins[p['type']]), (p, octets[:40])
    same(path, got['info']['service'], 'mcptt', 'service')
    same(path, got['info']['session_type'], 'private', 'session_type')
    same(path, got['info']['calling_user'], 'sip:alice@mcptt.alpha.example',
         'calling_user')


def messages_of_a_stream():
    """The file that is two messages of a stream, each on its own."""
    path = os.path.join(SIP, 'o-s10-tcp-stream-two-messages.sip')
    with open(path, 'rb') as f:
        raw = f.read().lstrip(b'\r\n')
    with open(path[:-4] + '.json', encoding='utf-8') as f:
        want = json.load(f)['mikey']
    cut = raw.index(b'MESSAGE sip:', 1)
    for octets, w in zip((raw[:cut], raw[cut:]), want):
        r = mcxgw('decode', '--json', '-', input=octets)
        same(path, r.returncode, 0, 'exit status')
        key, = json.loads(r.stdout)['key_messages']
        check_place(path, key, {**w, 'where': 'body'})


def signatures_in_sip():
    """--kms on a whole message, one genuine and one altered."""
    for name, states in (
            ('o-s01-invite-private-session-keymgmt', {'valid'}),
            ('o-s16-neg-kmsi-altered', {'invalid', 'unverifiable'})):
        path = os.path.join(SIP, name + '.sip')
        _, got = decode(path, kms=KMS)
        for k in got['key_messages']:
            assert k['signature']['state'] in states, (path, k)


def bodies_for_people():
    """Without --json the same members, a line each."""
    path = os.path.join(SIP, 'o-s01-invite-private-session-keymgmt.sip')
    r = mcxgw('decode', path)
    same(path, r.returncode, 0, 'exit status')
    text = r.stdout.decode()
    for word in ('"method":"INVITE"', '"purpose":"PCK"'):
        assert word in text.replace(' ', ''), (word, text)
    assert len(text.splitlines()) > 40, text


def fresh_key_message():
    """Made now by the tool of the tests: verifies."""
    import mkimsg
    raw = mkimsg.make('sip:alice@mcptt.alpha.example',
                      'sip:bob@mcptt.bravo.example', 'kms.alpha.example',
                      'kms.bravo.example')
    for octets in (raw, base64.b64encode(raw) + b'\n'):
        r = mcxgw('decode', '--as', 'mikey', '--json', '--kms', KMS[0], '-',
                  input=octets)
        same('-', r.returncode, 0, 'exit status')
        same('-', json.loads(r.stdout)['signature']['state'], 'valid',
             'state')
    changed = bytearray(raw)
    changed[40] ^= 1
    r = mcxgw('decode', '--as', 'mikey', '--json', '--kms', KMS[0], '-',
              input=bytes(changed))
    state = json.loads(r.stdout)['signature']['state']
    same('-', state, 'invalid', 'state')
    assert hashlib.sha256(raw).digest() != hashlib.sha256(changed).digest()


CASES = (valid_key_messages, unverifiable_without_its_kms, bad_key_messages,
         sip_messages, parts_are_where_they_are_said_to_be,
         messages_of_a_stream, signatures_in_sip, bodies_for_people,
         fresh_key_message)

if __name__ == '__main__':
    case.run([(f.__name__, f) for f in CASES])
