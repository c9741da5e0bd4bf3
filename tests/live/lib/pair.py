"""A caller and a called server, and the calls between them."""
from . import ua


class Pair:
    """Two servers, the caller first, and the checks of both."""

    def __init__(self, site, a, b):
        self.site = site
        self.a, self.b = ua.Server(site, a), ua.Server(site, b)

    def call(self, provisional=True, **invite):
        """INVITE, 183 with PRACK, 200, ACK: (dialog of a, dialog of b)."""
        a, b = self.a, self.b
        da = a.invite(b.system, **invite)
        inv = b.peer.expect('INVITE')
        assert inv.body, 'the offer is lost'
        db = b.accept(inv)
        if provisional:
            b.reply(inv, 183, db, [('Content-Type', 'application/sdp'),
                                   ('Require', '100rel'), ('RSeq', '7')],
                    ua.sdp(b.system))
            early = a.peer.expect(183)
            assert early.body == ua.sdp(b.system).encode(), early.body
            assert early.get('rseq') == '7', early.head
            ua.vias_back(early, da.raw)
            da.learn(early)
            invite_raw = da.raw
            da.request('PRACK', [('RAck', '7 1 INVITE')])
            prack = b.peer.expect('PRACK')
            ua.restored(prack, db, b)
            assert prack.get('rack') == '7 1 INVITE'
            b.reply(prack, 200, db)
            a.peer.expect(lambda m: m.status == 200 and m.method == 'PRACK')
            da.raw = invite_raw
        b.reply(inv, 200, db, [('Content-Type', 'application/sdp')],
                ua.sdp(b.system))
        ok = a.peer.expect(lambda m: m.status == 200 and m.method == 'INVITE')
        ua.vias_back(ok, da.raw)
        assert ok.call_id == da.call_id
        da.learn(ok)
        da.ack()
        ack = b.peer.expect('ACK')
        ua.restored(ack, db, b)
        return da, db

    def end(self, by, other, server, far):
        """BYE by one side, answered by the other."""
        by.request('BYE')
        bye = far.peer.expect('BYE')
        ua.restored(bye, other, far)
        far.reply(bye, 200, other)
        server.peer.expect(lambda m: m.status == 200 and m.method == 'BYE')

    def check(self):
        ua.hidden(self.a, self.b)
        ua.hidden(self.b, self.a)
