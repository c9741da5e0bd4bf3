#!/usr/bin/env python3
"""Reloads under load lose no call; a mistake leaves the old settings.

SIPp calls from alpha to bravo, 500 a second, while the files are loaded
again and again by SIGHUP and by `mcxgw ctl reload`.
"""
import itertools
import json
import os
import signal

from lib import case, conf, env, sipp, ua
from lib.gateway import mcxgw
from lib.pair import Pair
from lib.site import Site

RATE = 500 if not env.SANITIZED else 60
CALLS = 5 * RATE


def under_load(transport):
    with Site(transport, transport, peers=False, limits='message="65536"',
              udp_limit=65507) as site:
        load = sipp.Load(site, RATE, CALLS)
        gen = itertools.count(2)
        reloads = 0
        with load:
            while load.running():
                edit(site, reloads)
                want = next(gen)
                if reloads % 2:
                    site.gateway.process.send_signal(signal.SIGHUP)
                else:
                    code, out = site.gateway.ctl('reload')
                    assert code == 0, out
                # The log folds what it says too often.
                case.until(lambda: site.gateway.status()['generation'] ==
                           want)
                reloads += 1
        assert reloads >= 5, reloads
        load.check()
        print('     %d reloads during %d calls' % (reloads, CALLS))


def edit(site, n):
    """Something is different each time: a rule, a limit, the log."""
    site.agreements['alpha-bravo.xml'] = conf.agreement(
        attributes=' suspended="no"' if n % 2 else '')
    site.write(workers='2', limits='message="%d"' % (60000 + n))


def mistake():
    """A reload with a mistake is refused, told, and changes nothing."""
    with Site('udp', 'udp') as site:
        p = Pair(site, 'alpha', 'bravo')
        da, db = p.call()
        with open(site.path('mcxgw.xml'), encoding='utf-8') as f:
            text = f.read()
        conf.put(site.folder, 'mcxgw.xml',
                 text.replace('system="bravo"', 'system="brave"'))
        since = site.gateway.reload()
        line = site.gateway.wait_log('gateway.reload-refused', since)
        assert line['generation_in_force'] == '1', line
        code, out = site.gateway.ctl('reload')
        assert code == 1 and 'conf.unknown-system' in out, out
        assert site.gateway.status()['generation'] == 1
        p.end(da, db, p.a, p.b)
        p.end(*p.call(), p.a, p.b)
        os.unlink(site.path('policy.xml'))
        conf.put(site.folder, 'mcxgw.xml', text)
        code, out = site.gateway.ctl('reload')
        assert code == 1 and 'policy.xml' in out, out
        p.end(*p.call(), p.a, p.b)
        site.write()
        code, out = site.gateway.ctl('reload')
        assert code == 0, out
        assert site.gateway.status()['generation'] == 2
        p.check()
        # What the gateway said of the mistakes is no complaint of its own.
        site.gateway.lines = [x for x in site.gateway.lines
                              if 'error' not in x.text]


def explain(site, system, raw):
    r = mcxgw('explain', '-c', site.path('mcxgw.xml'), '--schema',
              env.SCHEMA, '--from', system, '--json', '-', input=raw)
    assert r.returncode in (0, 1), r.stderr
    return json.loads(r.stdout)


def takes_effect():
    """What is changed holds for the next request, not for the dialog."""
    with Site('udp', 'udp') as site:
        p = Pair(site, 'alpha', 'bravo')
        da, db = p.call()
        site.agreements['alpha-bravo.xml'] = conf.agreement(
            attributes=' suspended="yes"')
        site.write()
        site.gateway.wait_log('gateway.reloaded', site.gateway.reload())
        d = p.a.invite('bravo')
        end = p.a.peer.expect(403)
        assert 'no-agreement' in ' '.join(end.all('warning')), end.head
        d.ack_failure(end)
        p.end(db, da, p.b, p.a)
        # `explain` knows the dialog by its token as the gateway does.
        told = explain(site, 'bravo', db.raw)
        assert (told['verdict'], told['rule']) == ('permit', 'dialog'), told
        assert told['steps'] == [] and told['changes'], told
        told = explain(site, 'alpha', d.raw)
        assert (told['verdict'], told['reason']) == (
            'refuse', 'no-agreement'), told
        p.check()


def new_system():
    """A third system, with its listener, comes and goes."""
    with Site('udp', 'udp', charlie='udp') as site:
        site.transports.pop('charlie')
        site.write()
        site.gateway.wait_log('gateway.reloaded', site.gateway.reload())
        site.transports['charlie'] = 'udp'
        site.agreements['c.xml'] = conf.agreement('alpha', 'charlie')
        site.write()
        since = site.gateway.reload()
        line = site.gateway.wait_log('gateway.reloaded', since)
        told = line['needs_restart']
        a, c = ua.Server(site, 'alpha'), ua.Server(site, 'charlie')
        a.single('MESSAGE', 'charlie', [('Content-Type', 'text/plain')], 'x')
        m = c.peer.expect('MESSAGE')
        c.reply(m, 200)
        a.peer.expect(200)
        assert told in ('', '-', 'none') or 'listener' not in told, line
        assert mcxgw('check', '-c', site.path('mcxgw.xml'), '--schema',
                     env.SCHEMA).returncode == 0


def main():
    case.run([('a mistake', mistake), ('takes effect', takes_effect),
              ('a new system', new_system),
              ('under load, udp', lambda: under_load('udp')),
              ('under load, tcp', lambda: under_load('tcp'))])


if __name__ == '__main__':
    main()
