"""What the gateway's memory does: dialogs that stay, messages that pass."""
import os
import shutil
import time

from lib import peers, proc, sipp

OPEN_RATE = 1000 # dialogs begun in a second
SAMPLE_S = 2
# From here on as many transactions end as begin (64*T1, and some), and from
# there on the heap has seen each of its places used a second time.
BALANCED_S, STEADY_S = 40, 100
MESSAGES_OF_A_CALL = 6 # INVITE, 180, 200, ACK, BYE, 200


def _open(rig, n, hold_ms):
    return rig.start_uac(OPEN_RATE, n, n + 1000, scenario='hold',
                         hold_ms=hold_ms)


def _dialogs(rig, gw, n):
    """Growth for each of n dialogs that are held open."""
    pid = gw.process.pid
    p, base = _open(rig, n, 10)
    proc.reap(p, n / OPEN_RATE + 30)
    first = sipp.succeeded(base)
    gone_s = gw.settle()
    idle = proc.rss(pid)
    # Long enough for their INVITE transactions to end meanwhile.
    hold = n / OPEN_RATE + 45
    p, base = _open(rig, n, int(hold * 1000))
    time.sleep(n / OPEN_RATE + 1)
    open_gone_s = gw.settle()
    held = proc.rss(pid)
    still = gw.metric('mcxgw_transactions')
    proc.reap(p, hold + n / OPEN_RATE + 30)
    done = sipp.succeeded(base)
    gw.settle()
    return {'dialogs': n, 'first': first, 'completed': done,
            'idle_rss': idle, 'held_rss': held,
            'octets_each': (held - idle) / n, 'gone_s': max(
                gone_s, open_gone_s), 'transactions_held': still}


def _received(gw):
    return gw.metric('mcxgw_received_messages_total')


def _flood(rig, gw, n, rate):
    """RSS over n messages at a steady rate of calls, once it is steady."""
    pid = gw.process.pid
    calls = n // MESSAGES_OF_A_CALL + 1 + STEADY_S * rate
    p, base = rig.start_uac(rate, calls, 20000)
    began, samples = time.time(), []
    while p.poll() is None and time.time() - began < calls / rate * 2 + 60:
        samples.append((time.time() - began, proc.rss(pid),
                        gw.metric('mcxgw_transactions'), _received(gw)))
        time.sleep(SAMPLE_S)
    proc.finish(p)
    last = proc.rss(pid)
    balanced = next(x for x in samples if x[0] >= BALANCED_S)
    early = [x for x in samples if x[0] < STEADY_S]
    late = [x for x in samples if x[0] >= STEADY_S]
    # A stall of the machine heaps up transactions; that is no leak.
    more = max(x[2] for x in late) - max(x[2] for x in early)
    count = _received(gw) - late[0][3]
    gone_s = gw.settle()
    return {'messages': count, 'calls': sipp.succeeded(base), 'rate': rate,
            'steady_rss': late[0][1], 'last_rss': last,
            'settling': late[0][1] - balanced[1],
            'growth': last - late[0][1],
            'more_transactions': max(0, more),
            'gone_s': gone_s, 'rss_after': proc.rss(pid),
            'samples': samples}


def measure(options, traffic, work, certs):
    """(dialogs, flood) as dictionaries."""
    gw = peers.Gateway('gw-memory', work, certs, options.build)
    folder = os.path.join(work, 'sipp-memory')
    shutil.rmtree(folder, ignore_errors=True)
    try:
        gw.start('udp')
        with sipp.Rig(folder, traffic, certs, gw.address('udp'), 'udp',
                      False) as rig:
            rig.warm_up()
            dialogs = _dialogs(rig, gw, options.dialogs)
            flood = _flood(rig, gw, options.messages, options.flood_rate)
    finally:
        gw.stop()
    return dialogs, flood
