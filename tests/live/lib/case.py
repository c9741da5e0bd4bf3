"""A live test program: cases are functions, one line each in the output."""
import argparse
import sys
import time
import traceback


class Skip(Exception):
    """A tool is missing: the test says so and ends with 77."""


def run(cases, argv=None):
    """Run functions (name, function); exit status 1 if one failed."""
    p = argparse.ArgumentParser()
    p.add_argument('names', nargs='*', help='only these cases')
    a = p.parse_args(argv)
    failed = 0
    for name, function in cases:
        if a.names and name not in a.names:
            continue
        began = time.monotonic()
        try:
            function()
            word = 'ok  '
        except Skip as e:
            print('skip %s: %s' % (name, e))
            sys.exit(77)
        except Exception:
            traceback.print_exc()
            failed += 1
            word = 'FAIL'
        print('%s %s (%.1f s)' % (word, name, time.monotonic() - began),
              flush=True)
    sys.exit(1 if failed else 0)


def until(what, seconds=8, every=0.02):
    """Wait for what() to be true; returns its value."""
    from .env import PATIENCE
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < end, 'never came true: %s' % (
            getattr(what, '__doc__', None) or what)
        time.sleep(every)
