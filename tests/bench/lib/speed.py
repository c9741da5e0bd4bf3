"""CPU time and latency of calls through each peer, side by side."""
import os
import shutil

from lib import calls, peers, proc, sipp

TRANSPORTS = ('udp', 'tcp', 'tls')
AT_ONCE = 500
# So many that the peer has work for some 30 ms before it: a queue does not run
# empty whenever the generator is kept from its CPU.
KEPT_AT_ONCE = 1000


def line_up(options, work, certs):
    """The peers of one round, as (transport, peer or None for direct)."""
    def gateway(name, **how):
        return lambda: peers.Gateway(name, work, certs, options.build, **how)

    def kamailio(name):
        return lambda: peers.Kamailio(name, work, certs)
    out = []
    for t in options.transports:
        out += [(t, 'direct', None), (t, 'K1', kamailio('K1')),
                (t, 'gw', gateway('gw')), (t, 'K3', kamailio('K3')),
                (t, 'gw-check', gateway('gw-check', signature='require'))]
    first = options.transports[0]
    out.append((first, 'gw-log', gateway('gw-log', log='info')))
    out.append((first, 'gw-many', gateway('gw-many',
                                          agreements=options.agreements)))
    return [x for x in out if not options.peers or x[1] in options.peers]


def _with_sipp(rig, pids, options, share):
    """The runs of SIPp: (at a rate, as many as there can be with this share
    of the signed key messages that are left)."""
    rig.warm_up()
    proc.wait_quiet()
    fixed = rig.run(pids, options.rate, options.seconds, AT_ONCE)
    most = int(rig.traffic.left() * share) if rig.signed else sipp.MANY
    return fixed, (rig.run(pids, 0, options.seconds, AT_ONCE, most) if pids
                   else None)


def _row(fixed, others):
    runs = [fixed, *others]
    return {'p50_ms': sipp.percentile(fixed.latencies, .5),
            'p99_ms': sipp.percentile(fixed.latencies, .99),
            'fixed_calls': fixed.calls,
            'fixed_bad': fixed.failed + fixed.repeated,
            'other': max(r.other for r in runs),
            'stolen': max(r.stolen for r in runs)}


def _full(prefix, run, late):
    """What a run of as many calls as there can be says."""
    return {prefix + '_us': run.us() + late, prefix + '_calls': run.calls,
            prefix + '_cps': run.calls / run.seconds,
            prefix + '_bad': run.failed + run.repeated,
            prefix + '_peer_busy': run.peer_s / run.seconds,
            prefix + '_load_busy': run.load}


class _Watched:
    """The CPU time a peer takes while nothing is asked of it.  Finished
    transactions are put away seconds later: that work belongs to the calls of
    all runs."""

    def __init__(self, pids):
        self.pids, self.cpu = pids, 0.0

    def meanwhile(self, wait):
        before = proc.cpu_s(self.pids)
        wait()
        self.cpu += proc.cpu_s(self.pids) - before


def _measure(make_rig, peer, options, keep_full):
    pids = peer.pids() if peer else []
    with make_rig() as rig:
        fixed, full = _with_sipp(rig, pids, options,
                                 .5 if keep_full else 1)
    if not peer:
        return _row(fixed, [])
    late, kept = _Watched(pids), None
    if keep_full:
        late.meanwhile(peer.pause)
        rig.runs += 1
        kept = calls.Run(options.build, rig.folder, rig.traffic, rig.signed,
                         rig.first_varied())
        proc.wait_quiet()
        kept.go(pids, rig.target, options.seconds, KEPT_AT_ONCE)
    late.meanwhile(peer.rest)
    others = [full, kept] if kept else [full]
    row = _row(fixed, others)
    row['late_us'] = late.cpu * 1e6 / sum(r.calls for r in [fixed, *others])
    row['fixed_us'] = fixed.us() + row['late_us']
    row.update(_full('full', full, row['late_us']))
    if kept:
        row.update(_full('kept', kept, row['late_us']))
    return row


def measure(transport, name, make, options, traffic, work, certs):
    """One line of results as a dictionary."""
    peer = make() if make else None
    rig_folder = os.path.join(work, 'sipp')
    shutil.rmtree(rig_folder, ignore_errors=True)
    try:
        if peer:
            peer.start(transport)
            target = peer.address(transport)
        else:
            target = sipp.UAS_IP, (sipp.UAS_TLS_PORT if transport == 'tls'
                                   else sipp.UAS_PORT)
        traffic.rewind()
        row = _measure(
            lambda: sipp.Rig(rig_folder, traffic, certs, target, transport,
                             name == 'gw-check'),
            peer, options, transport == 'udp')
    finally:
        if peer:
            peer.stop()
    row.update(transport=transport, peer=name)
    return row
