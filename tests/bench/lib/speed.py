"""CPU time and latency of calls through each peer, side by side."""
import os
import shutil

from lib import peers, proc, sipp

TRANSPORTS = ('udp', 'tcp', 'tls')
AT_ONCE = 500


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


def _measure(rig, peer, options):
    pids = peer.pids() if peer else []
    rig.warm_up()
    proc.wait_quiet()
    fixed = rig.run(pids, options.rate, options.seconds, AT_ONCE)
    full = rig.run(pids, 0, options.seconds, AT_ONCE) if peer else None
    row = {'p50_ms': sipp.percentile(fixed.latencies, .5),
           'p99_ms': sipp.percentile(fixed.latencies, .99),
           'fixed_calls': fixed.calls, 'fixed_bad':
           fixed.failed + fixed.repeated,
           'other': max(r.other for r in (fixed, full) if r),
           'stolen': max(r.stolen for r in (fixed, full) if r)}
    if not peer:
        return row
    # Finished transactions are put away seconds later: that work belongs to
    # these calls too.
    before = proc.cpu_s(pids)
    peer.rest()
    late = (proc.cpu_s(pids) - before) * 1e6 / (fixed.calls + full.calls)
    row.update(late_us=late, fixed_us=fixed.us() + late,
               full_us=full.us() + late, full_calls=full.calls,
               full_cps=full.calls / full.seconds,
               full_bad=full.failed + full.repeated,
               peer_busy=full.peer_s / options.seconds, load_busy=full.load)
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
        with sipp.Rig(rig_folder, traffic, certs, target, transport,
                      name == 'gw-check') as rig:
            row = _measure(rig, peer, options)
    finally:
        if peer:
            peer.stop()
    row.update(transport=transport, peer=name)
    return row
