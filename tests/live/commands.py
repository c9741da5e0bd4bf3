#!/usr/bin/env python3
"""The verbs of mcxgw: help, exit statuses, the control socket, what the admin
listener tells, and the end by SIGTERM.

usage: commands.py [CASE...]
"""
import json
import os
import re
import signal
import time

from lib import case, conf, env, ua
from lib.gateway import mcxgw
from lib.site import Site

VERBS = ('run', 'check', 'explain', 'decode', 'ctl')
LABELS = r'(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="' \
    r'(?:[^"\\\n]|\\["\\n])*")*\})?'
SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)%s (-?[0-9.]+)' % LABELS)
# 64 times T1 is how long an answered INVITE is remembered.
QUICK = 'message="65536" t1="20ms" t2="40ms" failover="1s" drain="30s"'


def help_of_each_verb():
    for words in (('--help',), *((v, '--help') for v in VERBS)):
        r = mcxgw(*words)
        assert (r.returncode, r.stderr) == (0, b''), (words, r)
        assert r.stdout.startswith(b'usage: mcxgw'), (words, r.stdout)
        for v in VERBS if len(words) == 1 else words[:1]:
            assert v.encode() in r.stdout, (words, v)
    r = mcxgw('--version')
    assert r.returncode == 0 and re.fullmatch(
        rb'mcxgw \d+\.\d+\.\d+\n', r.stdout), r


def wrong_command_lines_end_with_2():
    for words in ((), ('dance',), ('run',), ('check',), ('explain',),
                  ('decode',), ('ctl',), ('run', '-c'),
                  ('run', '-c', 'x', '--workers', '0'),
                  ('run', '-c', 'x', '--workers', 'many'),
                  ('check', '-c', 'x', 'y'), ('check', '-c', 'x', '--yes'),
                  ('explain', '-c', 'x', 'y'),
                  ('decode', '--as', 'pdf', 'x'),
                  ('decode', 'x', '--json=yes'), ('ctl', 'status'),
                  ('ctl', '--socket', '/tmp/x')):
        r = mcxgw(*words)
        assert r.returncode == 2, (words, r)
        assert r.stdout == b'' and r.stderr, (words, r)


def what_is_not_there_ends_with_3():
    with Site(start=False, peers=False) as s:
        nothing = s.path('nothing')
        r = mcxgw('decode', nothing)
        assert r.returncode == 3 and nothing.encode() in r.stderr, r
        r = mcxgw('decode', '--kms', nothing, os.devnull)
        assert r.returncode == 3, r
        r = mcxgw('explain', '-c', nothing, '--from', 'alpha', os.devnull)
        assert r.returncode == 3, r
        for verb in ('status', 'reload', 'drain', 'why 0123456789abcdef'):
            r = mcxgw('ctl', '--socket', nothing, *verb.split())
            assert r.returncode == 3 and r.stdout == b'', (verb, r)
            assert nothing.encode() in r.stderr, r
        # A gateway's own configuration, but no gateway.
        r = mcxgw('ctl', '-c', s.path('mcxgw.xml'), '--schema', env.SCHEMA,
                  'status')
        assert r.returncode == 3, r


def mistakes_end_with_1():
    """check finds them, run does not start with them."""
    with Site(start=False, peers=False) as s:
        words = ('-c', s.path('mcxgw.xml'), '--schema', env.SCHEMA)
        r = mcxgw('check', *words)
        assert r.returncode == 0, r
        good = s.text()
        conf.put(s.folder, 'mcxgw.xml', good.replace(
            'port="%d"' % conf.SIP_PORT['alpha'], 'port="sixty"', 1))
        for verb in ('check', 'run'):
            r = mcxgw(verb, *words)
            assert r.returncode == 1, (verb, r)
            assert b'mcxgw.xml:' in r.stderr and b'sixty' in r.stderr, r
        r = mcxgw('check', '--json', *words)
        found = json.loads(r.stdout)
        assert r.returncode == 1 and found['ok'] is False, found
        assert found['errors'] == len(found['findings']) == 1, found
        assert found['findings'][0]['line'] > 0, found
        conf.put(s.folder, 'mcxgw.xml', good)
        r = mcxgw('explain', *words, '--from', 'nobody', os.devnull)
        assert r.returncode == 2, r


def a_taken_address_ends_with_3():
    with Site() as s:
        r = mcxgw('run', '-c', s.path('mcxgw.xml'), '--schema', env.SCHEMA)
        assert r.returncode == 3, r
        assert b'listen.refused' in r.stderr, r.stderr
        assert s.gateway.status()['draining'] is False
        # The other one's control socket is still there.
        assert s.gateway.ctl('status')[0] == 0


def refused_call(s):
    """A refused INVITE: the decision id that its Warning told."""
    a = ua.Server(s, 'alpha')
    d = a.invite('bravo', uri='sip:nobody@unknown.example', body=(
        'application/sdp', ua.sdp('alpha')))
    no = a.peer.expect(404)
    d.ack_failure(no)
    return re.search(r'decision ([0-9a-f]{16})', no.get('warning')).group(1)


def ctl_asks(s):
    """status, why, help; refusals end with 1."""
    st = s.gateway.status()
    assert set(st) >= {'generation', 'uptime_s', 'workers', 'systems',
                       'transactions', 'connections', 'version', 'config',
                       'draining'}, st
    assert st['generation'] == 1 and st['workers'] == 2, st
    assert st['config'] == s.path('mcxgw.xml'), st
    code, text = s.gateway.ctl('status')
    assert code == 0 and 'generation 1\n' in text, text
    ident = refused_call(s)
    why = s.gateway.why(ident)
    assert why['decision'] == ident and why['verdict'] == 'refuse', why
    assert why['reason'] == 'no-route' and why['status'] == 404, why
    assert why['from'] == 'alpha' and why['method'] == 'INVITE', why
    assert why['steps'] and why['steps'][-1]['outcome'] == 'fail', why
    code, text = s.gateway.ctl('why', ident)
    assert code == 0 and ident in text and 'no-route' in text, text
    code, text = s.gateway.ctl('why', '0' * 16, '--json')
    assert code == 1 and json.loads(text)['error'], (code, text)
    for words in (('why', 'xyz'), ('why',), ('dance',), ('status', 'now')):
        code, text = s.gateway.ctl(*words)
        assert code == 1 and text, (words, code, text)
    code, text = s.gateway.ctl('help')
    assert code == 0, text
    for verb in ('status', 'reload', 'drain', 'why'):
        assert verb in text, text
    mode = os.stat(s.path('ctl')).st_mode & 0o777
    assert mode == 0o600, oct(mode)


def ctl_reloads(s):
    code, text = s.gateway.ctl('reload', '--json')
    got = json.loads(text)
    assert code == 0 and got['generation'] == 2, (code, got)
    assert got['errors'] == 0 and got['needs_restart'] == '', got
    good = s.text()
    s.gateway.provoked |= {'conf.mistake', 'gateway.reload-refused'}
    conf.put(s.folder, 'mcxgw.xml', good.replace('</mcxgw>', ''))
    code, text = s.gateway.ctl('reload', '--json')
    got = json.loads(text)
    assert code == 1 and got['generation'] == 2, (code, got)
    assert got['errors'] > 0 and got['findings'][0]['code'], got
    code, text = s.gateway.ctl('reload')
    assert code == 1 and 'generation 2 is in force' in text, text
    conf.put(s.folder, 'mcxgw.xml', s.text(workers='3'))
    code, text = s.gateway.ctl('reload', '--json')
    got = json.loads(text)
    assert code == 0 and 'workers' in got['needs_restart'], got
    conf.put(s.folder, 'mcxgw.xml', good)
    assert s.gateway.ctl('reload')[0] == 0


def metrics_are_prometheus(s):
    """The text format: HELP and TYPE first, one family together, each sample
    once, counters end in _total or _count."""
    refused_call(s)
    code, text = s.gateway.get('/metrics')
    assert code == 200 and text.endswith('\n'), code
    helped, typed, seen, family = set(), {}, set(), None
    for line in text.splitlines():
        m = re.fullmatch(r'# (HELP|TYPE) ([a-z_]+) (.+)', line)
        if m and m.group(1) == 'HELP':
            assert m.group(2) not in helped, line
            helped.add(m.group(2))
            continue
        if m:
            assert m.group(2) not in typed, line
            assert m.group(3) in ('counter', 'gauge'), line
            typed[m.group(2)] = m.group(3)
            family = m.group(2)
            continue
        m = SAMPLE.fullmatch(line)
        assert m, 'not a sample: %r' % line
        assert m.group(1) == family and family in helped, line
        assert (m.group(1), m.group(2)) not in seen, line
        seen.add((m.group(1), m.group(2)))
        float(m.group(3))
        assert m.group(1).startswith('mcxgw_'), line
        if typed[family] == 'counter':
            assert family.endswith(('_total', '_count', '_sum')), line
    assert len(seen) > 30, text
    values = s.gateway.metrics()
    assert values['mcxgw_decisions_total{verdict="refuse"}'] >= 1, values
    assert values['mcxgw_workers'] == 2 and values['mcxgw_draining'] == 0
    assert 1 << 20 < values['mcxgw_resident_bytes'] < 1 << 30
    for path, status in (('/healthz', 200), ('/readyz', 200),
                         ('/', 404), ('/metrics/x', 404)):
        assert s.gateway.get(path)[0] == status, path


def while_it_runs():
    with Site() as s:
        ctl_asks(s)
        metrics_are_prometheus(s)
        ctl_reloads(s)


def new_calls_get_503(s, server):
    d = server.invite('bravo')
    no = server.peer.expect(503)
    assert int(no.get('retry-after')) > 0, no.head
    d.ack_failure(no)


def drained_by_ctl():
    """No new dialogs, no other new requests; what is in a dialog passes."""
    with Site() as s:
        a, b = ua.Server(s, 'alpha'), ua.Server(s, 'bravo')
        d = a.invite('bravo')
        inv = b.peer.expect('INVITE')
        db = b.accept(inv)
        b.reply(inv, 200, db)
        d.learn(a.peer.expect(200))
        d.ack()
        b.peer.expect('ACK')
        code, text = s.gateway.ctl('drain', '--json')
        assert code == 0 and json.loads(text)['draining'] is True, text
        assert s.gateway.get('/readyz')[0] == 503
        assert s.gateway.get('/healthz')[0] == 200
        assert s.gateway.metrics()['mcxgw_draining'] == 1
        new_calls_get_503(s, a)
        a.single('MESSAGE', 'bravo', [('Content-Type', 'text/plain')], 'x')
        a.peer.expect(503)
        db.request('BYE')
        ua.restored(a.peer.expect('BYE'), d, a)
        assert s.gateway.alive()


def sigterm_lets_an_open_call_finish():
    """It waits for what is open, refuses what is new, and ends with 0."""
    with Site(limits=QUICK) as s:
        a, b = ua.Server(s, 'alpha'), ua.Server(s, 'bravo')
        d = a.invite('bravo')
        inv = b.peer.expect('INVITE')
        db = b.accept(inv)
        b.reply(inv, 180, db)
        a.peer.expect(180)
        gateway = s.gateway
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_log('gateway.draining', open='1')
        assert gateway.get('/readyz')[0] == 503
        new_calls_get_503(s, a)
        b.reply(inv, 200, db)
        d.learn(a.peer.expect(200))
        d.ack()
        b.peer.expect('ACK')
        assert gateway.process.wait(20 * env.PATIENCE) == 0
        gateway.wait_log('txn.done', status='200')
        assert gateway.wait_log('gateway.ended')['open'] == '0'
        assert not os.path.exists(s.path('ctl')), 'the socket is left'


def a_second_sigterm_does_not_wait():
    with Site() as s:
        a, b = ua.Server(s, 'alpha'), ua.Server(s, 'bravo')
        a.invite('bravo')
        b.peer.expect('INVITE')
        s.gateway.process.send_signal(signal.SIGTERM)
        s.gateway.wait_log('gateway.draining')
        assert s.gateway.alive()
        s.gateway.process.send_signal(signal.SIGTERM)
        # Nor do more of them cut the end short.
        for _ in range(20):
            for what in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                s.gateway.process.send_signal(what)
            time.sleep(0.001)
        assert s.gateway.process.wait(5 * env.PATIENCE) == 0


def draining_has_an_end():
    """limits drain: an INVITE that nobody answers does not hold it."""
    limits = 'message="65536" drain="1s"'
    with Site(limits=limits) as s:
        a, b = ua.Server(s, 'alpha'), ua.Server(s, 'bravo')
        a.invite('bravo')
        inv = b.peer.expect('INVITE')
        b.reply(inv, 180, b.accept(inv))
        a.peer.expect(180)
        began = time.monotonic()
        s.gateway.process.send_signal(signal.SIGTERM)
        assert s.gateway.process.wait(10 * env.PATIENCE) == 0
        assert time.monotonic() - began >= 0.9
        assert s.gateway.find('gateway.drain-cut', open='1')


CASES = (help_of_each_verb, wrong_command_lines_end_with_2,
         what_is_not_there_ends_with_3, mistakes_end_with_1,
         a_taken_address_ends_with_3, while_it_runs, drained_by_ctl,
         sigterm_lets_an_open_call_finish, a_second_sigterm_does_not_wait,
         draining_has_an_end)

if __name__ == '__main__':
    case.run([(f.__name__, f) for f in CASES])
