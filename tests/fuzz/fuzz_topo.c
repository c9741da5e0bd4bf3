/*
 * fuzz_topo.c: any message that can be read crosses or is refused with a
 * reason, and
 *   1. what crossed can be read, has one Via, no Route and no routes but ours,
 *      and grew by no more than it may
 *   2. crossing again gives the same octets
 *   3. a response to it brings back its Vias, and says where it came from;
 *      any other response that crossed can be read, and is the same in
 *      status and body
 *   4. what it says of tokens leads nowhere, as none was made
 */
#include <stdlib.h>

#include "codec/sip/sip_build.h"
#include "support/ttopo.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ttopo *x;
static struct sip_edits edits;
static struct iovec iov[SIP_IOV_MAX];
static uint8_t first[2 * TTOPO_MAX], second[2 * TTOPO_MAX];

/* Octets of the changed message, 0 if it was refused. */
static size_t
apply(enum gw_err err, size_t before, uint8_t *out, size_t max)
{
	size_t n, len, at = 0;

	if (err == GW_OK)
		err = sip_edits_apply(&edits, iov, &n, &len);
	CHECK(err == GW_OK || err == GW_EMALFORMED || err == GW_ELIMIT);
	if (err != GW_OK)
		return 0;
	CHECK(len <= before + TOPO_GROWTH_MAX && len <= max);
	for (size_t i = 0; i < n; i++) {
		memcpy(out + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	return at;
}

static size_t
cross(const struct sip_msg *m, uint8_t *out, size_t max)
{
	struct topo t = ttopo_way(x, ALPHA, BRAVO);
	struct topo_target target;
	struct gw_fault fault = { 0, NULL };
	enum gw_err err = topo_find_target(&t, m, &target, &fault);

	CHECK(err == GW_OK || fault.why != NULL);
	if (err != GW_OK)
		return 0;
	CHECK(!target.has_token);
	struct topo_request r = { .target = &target,
		.branch = GW_SPAN("z9hG4bK0123456789abcdef00c0ffee"),
		.worker = 200,
		.source = x->source,
		.cap_p = 3,
		.cap_q = 3,
		.handling = &x->handling };
	sip_edits_init(&edits, m->raw);
	err = topo_edit_request(&t, m, &r, &edits, &fault);
	CHECK(err == GW_OK || fault.why != NULL);
	return apply(err, m->raw.len, out, max);
}

static void
check_crossed(const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_VIA);

	CHECK(h != NULL && h->next == 0);
	CHECK(sip_msg_hdr(m, SIP_HDR_ROUTE) == NULL);
	h = sip_msg_hdr(m, SIP_HDR_RECORD_ROUTE);
	CHECK(h == NULL || h->next == 0);
	CHECK(topo_is_loop(&x->snap, m, 0x00c0ffee));
}

static void
answer(const struct sip_msg *m, const struct sip_msg *sent)
{
	static struct sip_msg rsp;
	struct topo t = ttopo_way(x, BRAVO, ALPHA);
	struct sip_reply reply = { .status = 200, .to_tag = GW_SPAN("t") };
	struct gw_fault fault = { 0, NULL };
	struct topo_back back;
	struct topo_via via;
	struct gw_buf out;

	if (!sent->answerable || sent->method == SIP_METHOD_ACK)
		return;
	gw_buf_init(&out, sizeof(first));
	sip_reply_build(&out, sent, &reply);
	CHECK(gw_buf_ok(&out));
	CHECK(sip_msg_parse(gw_buf_span(&out), &rsp, &fault) == GW_OK);
	CHECK(topo_read_via(&x->snap, &rsp, &via) && via.worker == 200);
	CHECK(topo_open_via(&t, &via, &back) == GW_OK);
	CHECK(back.to == ALPHA && back.addr.port == x->source.port);
	struct topo_response r = { .vias = back.vias,
		.handling = &x->handling };
	sip_edits_init(&edits, rsp.raw);
	size_t len = apply(topo_edit_response(&t, &rsp, &r, &edits, &fault),
	    rsp.raw.len, second, sizeof(second));
	if (len > 0) {
		static struct sip_msg end;
		struct gw_span text = { second, len };
		CHECK(sip_msg_parse(text, &end, &fault) == GW_OK);
		/* As many rows of Via as the request had. */
		const struct sip_hdr *a = sip_msg_hdr(m, SIP_HDR_VIA);
		const struct sip_hdr *b = sip_msg_hdr(&end, SIP_HDR_VIA);
		while (a != NULL && b != NULL) {
			a = sip_msg_next(m, a);
			b = sip_msg_next(&end, b);
		}
		CHECK(a == NULL && b == NULL);
	}
	gw_buf_clear(&out);
}

/* A response from outside: only our entry of the Vias counts, and it was read
 * before. */
static void
check_response(const struct sip_msg *m)
{
	static struct sip_msg end;
	struct topo t = ttopo_way(x, BRAVO, ALPHA);
	struct topo_response r = { .vias =
				       GW_SPAN("Via: SIP/2.0/UDP inner\r\n"),
		.handling = &x->handling };
	struct gw_fault fault = { 0, NULL };

	sip_edits_init(&edits, m->raw);
	enum gw_err err = topo_edit_response(&t, m, &r, &edits, &fault);
	CHECK(err == GW_OK || fault.why != NULL);
	size_t len = apply(err, m->raw.len, first, sizeof(first));
	if (len == 0)
		return;
	struct gw_span text = { first, len };
	CHECK(sip_msg_parse(text, &end, &fault) == GW_OK);
	CHECK(sip_msg_hdr(&end, SIP_HDR_VIA)->next == 0);
	CHECK(end.status == m->status && gw_span_eq(end.body, m->body));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg m, sent;
	struct gw_fault fault = { 0, NULL };
	struct gw_span in = { data, size };

	if (x == NULL)
		x = ttopo_new();
	gw_arena_reset(x->arena);
	x->handling.hide_call_id = size % 2 == 0;
	x->handling.drop_unknown = size % 3 == 0;
	if (sip_msg_parse(in, &m, &fault) != GW_OK)
		return 0;
	if (!m.is_request) {
		check_response(&m);
		return 0;
	}
	size_t len = cross(&m, first, sizeof(first));
	CHECK(cross(&m, second, sizeof(second)) == len);
	CHECK(memcmp(first, second, len) == 0);
	if (len == 0)
		return 0;
	CHECK(sip_msg_parse((struct gw_span){ first, len }, &sent, &fault) ==
	      GW_OK);
	check_crossed(&sent);
	answer(&m, &sent);
	return 0;
}
