#!/usr/bin/env python3
"""The benchmark behind tests/bench/run; see README.md."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from lib import calls, lookups, lookups_table, memory  # noqa: E402
from lib import messages, peers, proc, redirects, redirects_table  # noqa: E402
from lib import speed, table  # noqa: E402

LIMIT_S = 3 * 3600
TITLES = (redirects_table.TITLE, lookups_table.TITLE)


def arguments():
    p = argparse.ArgumentParser(prog='tests/bench/run', description=(
        'Measure the gateway beside Kamailio and nghttpx.'))
    p.add_argument('--repeats', type=int, default=3, help='rounds (3)')
    p.add_argument('--seconds', type=float, default=4.0,
                   help='of each run of calls (4)')
    p.add_argument('--rate', type=int, default=500,
                   help='calls/s of the runs at a fixed rate (500)')
    p.add_argument('--transports', default='udp,tcp,tls')
    p.add_argument('--peers', default='', help='only these, of direct, K1, '
                   'K3, gw, gw-check, gw-log, gw-many')
    p.add_argument('--agreements', type=int, default=10000,
                   help='of gw-many (10000)')
    p.add_argument('--dialogs', type=int, default=20000,
                   help='held open for the memory test (20000)')
    p.add_argument('--messages', type=int, default=1000000,
                   help='of the memory test (1000000)')
    p.add_argument('--flood-rate', type=int, default=2000,
                   help='calls/s of the memory test (2000)')
    p.add_argument('--only', choices=('speed', 'memory', 'redirects',
                                       'lookups'))
    p.add_argument('--quick', action='store_true',
                   help='one short round and 200000 messages')
    p.add_argument('--keep', action='store_true',
                   help='keep the work folder in /dev/shm')
    p.add_argument('--write', action='store_true',
                   help='the result to docs/benchmarks.md too')
    p.add_argument('--build', default=os.path.join(HERE, '..', '..', 'build',
                                                   'release'))
    a = p.parse_args()
    a.transports = a.transports.split(',')
    a.peers = a.peers.split(',') if a.peers else []
    a.build = os.path.abspath(a.build)
    if a.quick:
        a.repeats, a.seconds = 1, 2.0
        a.dialogs, a.messages = 5000, 200000
    if not set(a.transports) <= set(speed.TRANSPORTS):
        p.error('transports are udp, tcp and tls')
    return a


def sh(argv, cwd):
    p = subprocess.run(argv, cwd=cwd, capture_output=True, text=True,
                       check=False)
    if p.returncode != 0:
        raise proc.Trouble('%s failed: %s' % (argv, p.stderr[-400:]))


def show(row):
    keys = [k for k in (
        'full_us', 'full_peer_busy', 'full_load_busy', 'full_cps', 'full_bad',
        'kept_us', 'kept_peer_busy', 'kept_load_busy', 'kept_cps', 'kept_bad',
        'fixed_us', 'fixed_bad', 'late_us', 'p50_ms', 'p99_ms', 'other')
            if k in row]
    print('%-4s %-8s ' % (row['transport'], row['peer']) + ' '.join(
        '%s=%.4g' % (k, row[k]) for k in keys), flush=True)


def run_speed(options, traffic, work, certs, log):
    rows = []
    for n in range(options.repeats):
        for transport, name, make in speed.line_up(options, work, certs):
            try:
                row = speed.measure(transport, name, make, options, traffic,
                                    work, certs)
            except proc.Trouble as e:
                print('bench: %s %s: %s' % (transport, name, e),
                      file=sys.stderr, flush=True)
                continue
            row['round'] = n
            rows.append(row)
            log.write(json.dumps(row) + '\n')
            log.flush()
            show(row)
    return rows


def heading(text):
    return ('# Benchmarks\n\nWritten by `tests/bench/run --write`; what is '
            'measured and how stands in\n[tests/bench/README.md]'
            '(../tests/bench/README.md). %s.\n\n' %
            time.strftime('%Y-%m-%d', time.gmtime()) + text)


def sections(text):
    """The beginning, and each section that has a part of its own."""
    out, name = {'': ''}, ''
    for line in text.splitlines(keepends=True):
        if line.rstrip() in TITLES:
            name = line.rstrip()
        out[name] = out.get(name, '') + line
    return out


def write(path, report, parts):
    """What was not measured now stays as it was.  parts: by title."""
    old = {'': ''}
    if os.path.exists(path):
        with open(path, encoding='utf-8') as f:
            old = sections(f.read())
    old.update(parts)
    if report or not old['']:
        old[''] = heading(report)
    with open(path, 'w', encoding='utf-8') as f:
        f.write('\n\n'.join(old[t].strip('\n') for t in ('', *TITLES)
                             if old.get(t)) + '\n')


def main():
    options = arguments()
    root = os.path.join(HERE, '..', '..')
    work = os.path.join('/dev/shm', 'mcxgw-bench-%d' % os.getpid())
    certs = os.path.join(work, 'certs')
    os.makedirs(work)
    proc.bounded(LIMIT_S)
    for path in (os.path.join(options.build, 'mcxgw'),
                 calls.program(options.build)):
        if not os.access(path, os.X_OK):
            sys.exit('bench: no ' + path)
    try:
        peers.make_certificates(certs, sh)
        print('bench: making key messages', flush=True)
        traffic = messages.Traffic(
            work, 0 if options.only in ('redirects', 'lookups') else
            int((8000 if 'udp' in options.transports else 4000) *
                options.seconds) + 3000)
        rows, held, turned, looked = [], None, None, None
        with open(os.path.join(options.build, 'bench.jsonl'), 'a',
                  encoding='ascii') as log:
            if options.only in (None, 'speed'):
                rows = run_speed(options, traffic, work, certs, log)
            if options.only in (None, 'redirects'):
                turned = redirects.measure(options, traffic, work, certs)
                log.write(json.dumps(turned) + '\n')
            if options.only in (None, 'lookups'):
                looked = lookups.measure(options, traffic, work, certs)
                log.write(json.dumps(looked) + '\n')
            if options.only in (None, 'memory'):
                held = memory.measure(options, traffic, work, certs)
                log.write(json.dumps(held) + '\n')
    except proc.Trouble as e:
        print('bench: %s' % e, file=sys.stderr)
        return 4
    finally:
        proc.finish_all()
    if not options.keep:
        shutil.rmtree(work)
    report = table.text(rows, held, options) if rows or held else ''
    parts = {t.TITLE: t.text(data, options) for t, data in (
        (redirects_table, turned), (lookups_table, looked)) if data}
    whole = '\n'.join([report, *parts.values()])
    print('\n' + whole)
    if options.write:
        write(os.path.join(root, 'docs', 'benchmarks.md'), report, parts)
    return 1 if table.missed(whole) else 0


if __name__ == '__main__':
    sys.exit(main())
