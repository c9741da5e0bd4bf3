"""Where things are, and how long to wait on this machine."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, '..', '..', '..'))
TESTS = os.path.join(ROOT, 'tests')
CORPUS = os.path.join(TESTS, 'corpus')
SCHEMA = os.path.join(ROOT, 'conf', 'schema')
sys.path.insert(0, os.path.join(TESTS, 'support'))

# Every deadline is multiplied by this; sanitizer builds are slow.
PATIENCE = float(os.environ.get('GW_LIVE_PATIENCE', '1'))
# The program under test; tests.cmake says where it is built.
BINARY = os.environ.get('MCXGW', os.path.join(ROOT, 'build', 'dev', 'mcxgw'))
SANITIZED = os.environ.get('GW_LIVE_SANITIZED', '') != ''


def address(n):
    """A loopback address of this process alone: no ports are shared."""
    pid = os.getpid()
    return '127.%d.%d.%d' % (64 + (pid >> 8) % 128, pid % 256, n)
