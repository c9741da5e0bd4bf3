#!/usr/bin/python3
"""Decisions that need a lookup: who serves the target is asked of its
system's service, which is right, slow, down, wrong, lying or late.

usage: lookup_decisions.py [CASE...]

Each call goes through the running gateway; what its service said, or that it
said nothing, goes to `mcxgw explain --lookup`: the outcome, the status, the
reason and the domains must be the same.
"""
import sys
import time

from lib import case, conf, env, krr, lookups, sipp, ua
from lib.gateway import explain
from lib.lookups import OLD, TAC, LookupSite, agreement
from lib.redirects import AUTHOR, ZULU, key
from lib.service import LIAR

A, B = 'alpha', 'bravo'
KB, TB = conf.KMS[B], TAC[B]
DEADLINE, LATE = 1.0, 1.6
# None of these failures shuts the service out, here.
PATIENT = {'failures': '100', 'down': '1s'}


class Row:
    """A user, as its service knows it; a call to it with a key message for
    kms; what must become of the call."""

    def __init__(self, name, domains, kms, verdict, status=0, reason='none',
                 offered=None, mood='right', asked=1):
        self.name, self.domains, self.kms = name, domains, kms
        self.verdict, self.status, self.reason = verdict, status, reason
        self.offered, self.mood, self.asked = offered, mood, asked

    def user(self, far):
        return lookups.user(far, 'u-' + self.name.replace(' ', '-'))


def permit(name, domains, kms, **more):
    return Row(name, domains, kms, 'permit', **more)


def redirect(name, domains, kms, offered, reason='receiver-domain', **more):
    return Row(name, domains, kms, 'redirect', 488, reason, offered, **more)


def unsettled(mood):
    return Row('mood ' + mood, [(KB, None)], KB, 'refuse', 503,
               'lookup-unsettled', mood=mood)


ALWAYS = (
    permit('in one', [(KB, None)], KB),
    redirect('in another', [(TB, None)], KB, [TB]),
    redirect('old domain', [(KB, None)], OLD[B], [KB]),
    permit('in two', [(TB, None), (KB, None)], KB),
    permit('in two again', [(TB, None), (KB, None)], TB),
    redirect('in two, neither', [(TB, None), (KB, None)], ZULU, [KB, TB]),
    redirect('in none', [], KB, []),
    permit('permits us', [(KB, [ZULU, conf.KMS[A]])], KB),
    redirect('permits nobody', [(KB, [])], KB, [], 'pair'),
    redirect('permits others', [(KB, [ZULU])], KB, [], 'pair'),
    redirect('one of two permits us', [(KB, [ZULU]), (TB, [conf.KMS[A]])],
             KB, [TB], 'pair'),
    redirect('only an old one', [(OLD[B], None)], KB, []),
    redirect('lies', [(KB, None)], KB, [], mood='lying'),
    redirect('lies in part', [(LIAR, None), (TB, None)], KB, [TB]),
    redirect('unknown user', [(KB, None)], KB, [], mood='none'),
)
WRONG = ('fault', 'busy', 'malformed', 'empty', 'html', 'elsewhere', 'huge',
         'wrong_user', 'reset', 'never')
# Of these explain is told that there was no answer.
SILENT = ('fault', 'busy', 'elsewhere', 'huge', 'reset', 'never', 'down')
WELL = ('right', 'none', 'lying')
UNKNOWN = (
    permit('listed', [(TB, None)], KB, asked=0),
    redirect('not listed', [(TB, None)], ZULU, [TB]),
    permit('learned', [(TB, None)], TB, asked=0),
)


def far(system):
    return A if system == B else B


class Site(LookupSite):
    def __init__(self, lookup='always', failure='refuse', **more):
        super().__init__(
            agreements={'a.xml': agreement(lookup, failure)}, deadline='1s',
            settings={**PATIENT, **more.pop('settings', {})},
            more=AUTHOR % '', **more)

    def service(self, system=B):
        return self.services[system]


def octets(row, a, b):
    return ua.key(a, b, receiver=row.user(b), receiver_kms=row.kms)


def call(site, row, a=A, b=B):
    """The row's call: (final response, what crossed, log line)."""
    caller, called = ua.Server(site, a), ua.Server(site, b)
    uri = row.user(b)
    since = site.gateway.mark()
    d = caller.invite(b, uri=uri, body=ua.call_body(
        a, b, [octets(row, a, b)], called=uri))
    crossed = None
    if row.verdict == 'permit':
        crossed = called.peer.expect('INVITE')
        called.reply(crossed, 486)
    end = caller.peer.expect(lambda m: m.call_id == d.call_id and
                             m.status is not None and m.status >= 200)
    d.ack_failure(end)
    return end, crossed, site.gateway.wait_log(
        'txn.done', since, method='INVITE'), d


def check(site, row, a=A, b=B):
    service = site.service(b)
    service.users[row.user(b)] = row.domains
    service.mood = row.mood
    before = service.count()
    end, _, line, d = call(site, row, a, b)
    assert line['verdict'] == row.verdict, line
    if row.verdict != 'permit':
        assert end.status == row.status, (row.name, end.start)
        assert line['reason'] == row.reason, line
    if row.status == 503:
        assert int(end.get('retry-after')) > 0, end.head
    if row.offered is not None:
        assert krr.domains(end.body) == row.offered, (row.name, end.body)
    # What is broken may be asked for once more, at another endpoint or at
    # the only one.
    least = 0 if row.mood == 'down' else row.asked
    most = row.asked if row.mood in WELL else 2
    assert least <= service.count() - before <= most, (
        row.name, service.asked[before:])
    told(site, row, d, a)


def told(site, row, d, a):
    """explain says the same, of what the service said."""
    said = 'down'
    if row.mood not in SILENT:
        said = site.path('said')
        with open(said, 'wb') as f:
            f.write(site.service(far(a)).said)
    r = explain(site.gateway.config, a, d.raw,
                more=['--lookup', said] if row.asked else [])
    assert r['verdict'] == row.verdict, (row.name, r)
    if row.verdict != 'permit':
        assert (r['status'], r['reason']) == (row.status, row.reason), r
    if row.offered is not None:
        assert r['receiver_domains'] == row.offered, (row.name, r)


def each(site, rows, a=A, b=B):
    for row in rows:
        try:
            check(site, row, a, b)
        except AssertionError as e:
            raise AssertionError('%s: %s' % (row.name, e)) from e


def always():
    with Site() as site:
        each(site, ALWAYS)


def back():
    """The other way: bravo calls, alpha's service speaks another dialect
    over another protocol, in which no external domains can be told."""
    swap = {KB: conf.KMS[A], TB: TAC[A], OLD[B]: OLD[A]}
    rows = [Row(r.name, [(swap.get(k, k), None) for k, _ in r.domains],
                swap.get(r.kms, r.kms), r.verdict, r.status, r.reason,
                r.offered and [swap.get(k, k) for k in r.offered], r.mood)
            for r in ALWAYS if 'permits' not in r.name]
    with Site() as site:
        each(site, rows, B, A)


def wrong():
    """Without an answer the call is refused."""
    with Site() as site:
        each(site, [unsettled(m) for m in WRONG])
        assert site.gateway.alive()
        each(site, [permit('right again', [(KB, None)], KB)])


def wrong_but_agreed():
    """Without an answer the agreement's list counts."""
    with Site(failure='agreement') as site:
        each(site, [r for m in ('fault', 'malformed', 'wrong_user', 'never')
                    for r in (
            permit('listed ' + m, [], KB, mood=m),
            redirect('other ' + m, [], ZULU, [KB, TB], mood=m))])


def down():
    """No service at all, or none that shows the right certificate."""
    with Site() as site:
        service = site.service()
        service.stop()
        each(site, [unsettled('down')])
        service.context = site.service_context(B, 'lookup.charlie')
        service.context.set_alpn_protocols(['h2'])
        service.start()
        since = site.gateway.mark()
        # What failed rests for down="1s"; a call after that tries it.
        case.until(lambda: probe(site) == 503 and
                   site.gateway.find('http.refused', since), 10)
        assert service.count() == 0, 'it was asked: %s' % service.asked
        service.stop()
        service.context = site.service_context(B)
        service.context.set_alpn_protocols(['h2'])
        service.start()
        service.mood = 'right'
        case.until(lambda: probe(site) == 486, 10)
        each(site, [permit('up again', [(KB, None)], KB)])


def probe(site):
    """The end of a call to yet another user: 486 if it crossed."""
    row = Row('probe %d' % site.gateway.mark(), [(KB, None)], KB, 'permit')
    site.service().users[row.user(B)] = row.domains
    caller, called = ua.Server(site, A), ua.Server(site, B)
    uri, since = row.user(B), site.gateway.mark()
    d = caller.invite(B, uri=uri, body=ua.call_body(
        A, B, [octets(row, A, B)], called=uri))

    def crossed(m):
        return m.is_request and m.method == 'INVITE'

    def ended(m):
        return m.call_id == d.call_id and (m.status or 0) >= 200
    case.until(lambda: called.peer.has(crossed) or caller.peer.has(ended))
    if called.peer.has(crossed):
        called.reply(called.peer.expect(crossed), 486)
    end = caller.peer.expect(ended)
    d.ack_failure(end)
    site.gateway.wait_log('txn.done', since, method='INVITE')
    return end.status


def slow():
    """While a call waits it got its 100, and other calls go on."""
    with Site() as site:
        service = site.service()
        waits = Row('slow', [(KB, None)], KB, 'permit')
        service.users[waits.user(B)] = waits.domains
        quick = [Row('quick %d' % i, [(KB, None)], KB, 'permit')
                 for i in range(3)]
        service.mood = 'hold'
        a, b = ua.Server(site, A), ua.Server(site, B)
        uri = waits.user(B)
        began = time.monotonic()
        d = a.invite(B, uri=uri, body=ua.call_body(
            A, B, [octets(waits, A, B)], called=uri))
        a.peer.expect(100)
        assert time.monotonic() - began < 0.4 * env.PATIENCE, '100 is late'
        service.wait_asked()
        service.mood = 'right'
        for r in quick:
            service.users[r.user(B)] = r.domains
            end, crossed, _, _ = call(site, r)
            assert end.status == 486 and crossed is not None, end
        assert not b.peer.has(lambda m: m.is_request and
                              m.method == 'INVITE'), 'it did not wait'
        assert service.release() == 1
        inv = b.peer.expect('INVITE')
        assert inv.call_id == d.call_id, inv
        b.reply(inv, 486)
        d.ack_failure(a.peer.expect(486))


def late():
    """An answer after the deadline changes nothing that was decided."""
    with Site() as site:
        service = site.service()
        row = Row('late', [(KB, None)], KB, 'refuse', 503,
                  'lookup-unsettled', mood='hold')
        began = time.monotonic()
        service.users[row.user(B)] = row.domains
        service.mood = 'hold'
        end, _, line, _ = call(site, row)
        took = time.monotonic() - began
        assert end.status == 503 and line['reason'] == row.reason, line
        assert 0.9 < took < DEADLINE + 1 * env.PATIENCE, took
        service.mood = 'right'
        service.release()
        each(site, [permit('after it', [(KB, None)], KB)])
        assert not site.bravo.has(lambda m: m.method == 'INVITE')


def cancelled():
    """A call that is given up while it waits ends at once."""
    with Site() as site:
        service = site.service()
        service.mood = 'hold'
        row = Row('given up', [(KB, None)], KB, 'permit')
        service.users[row.user(B)] = row.domains
        a = ua.Server(site, A)
        uri = row.user(B)
        d = a.invite(B, uri=uri, body=ua.call_body(
            A, B, [octets(row, A, B)], called=uri))
        a.peer.expect(100)
        service.wait_asked()
        d.cancel()
        a.peer.expect(lambda m: m.status == 200 and m.method == 'CANCEL')
        end = a.peer.expect(lambda m: m.status is not None and
                            m.status >= 300)
        assert end.status == 487, end
        d.ack_failure(end)
        site.gateway.wait_log('txn.done', status=487)
        service.release()
        service.mood = 'right'
        each(site, [permit('next', [(KB, None)], KB)])
        assert not site.bravo.has(lambda m: m.call_id == d.call_id)


def when_unknown():
    with Site('when-unknown') as site:
        each(site, UNKNOWN)


def never():
    with Site('never') as site:
        each(site, [permit('never', [], KB, asked=0),
                    redirect('never other', [], ZULU, [KB, TB], asked=0)])


def by_sipp():
    """SIPp is redirected by a lookup to where the user is, and gets through;
    then the same with the lookup in the cache."""
    with Site(bravo='tcp') as site:
        service = site.service()
        service.users[ua.USERS[B]] = [(TB, [conf.KMS[A]]), (ZULU, None)]
        for p in site.peers.values():
            p.close()
        rows = [[key(A, B, None, KB), key(A, B, None, TB)]
                for _ in range(3)]
        with sipp.Play(site, A, B, ('redirected', rows),
                       ('called', ())) as play:
            play.wait()
        no = play.messages('caller', lambda m: m.received and
                           m.status == 488)
        assert len(no) == 3, no
        for m in no:
            assert krr.domains(m.body) == [TB], m.body
        play.check()
        assert service.count(ua.USERS[B]) == 1, service.asked


CASES = (always, back, wrong, wrong_but_agreed, down, slow, late, cancelled,
         when_unknown, never, by_sipp)


def main():
    case.run([(f.__name__, f) for f in CASES], sys.argv[1:])


if __name__ == '__main__':
    main()
