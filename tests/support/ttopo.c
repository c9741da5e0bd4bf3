/*
 * ttopo.c: see ttopo.h.  Everything is made by hand: a test of topology
 * hiding needs no files.
 */
#include "support/ttopo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/sip/sip_build.h"

#define KEPT 16

const char ttopo_invite[] =
    "INVITE sip:bob@mcptt.bravo.example SIP/2.0\n"
    "Via: SIP/2.0/UDP canary1.alpha.lan:5070;branch=z9hG4bKa1;rport;x=\"y\"\n"
    "v: SIP/2.0/UDP 10.66.0.1;branch=z9hG4bKa2, SIP/2.0/TCP "
    "canary2.alpha.lan;branch=z9hG4bKa3\n"
    "Record-Route: <sip:canary3.alpha.lan;lr>, <sip:10.66.0.2;lr>\n"
    "Record-Route: <sip:canary4.alpha.lan;lr;x=1>;y=2\n"
    "Route: <sip:gw.alpha.example;lr>\n"
    "Max-Forwards: 69\n"
    "From: \"A\" <sip:alice@mcptt.alpha.example>;tag=caller\n"
    "To: <sip:bob@mcptt.bravo.example>\n"
    "Call-ID: abc@canary5.alpha.lan\n"
    "CSeq: 1 INVITE\n"
    "Contact: <sip:alice@10.66.0.3:5071;transport=udp>;+g.3gpp.mcptt\n"
    "Content-Length: 0\n\n";

static const char *const alpha_domains[] = { "mcptt.alpha.example" };
static const char *const bravo_domains[] = { "mcptt.bravo.example" };
static const char *const charlie_domains[] = { "mcptt.charlie.example" };

static const struct conf_system systems[TTOPO_SYSTEMS] = {
	[ALPHA] = { .base = { .id = "alpha",
			.local = true,
			.n_domains = 1,
			.domains = alpha_domains } },
	[BRAVO] = { .base = { .id = "bravo",
			.n_domains = 1,
			.domains = bravo_domains } },
	[CHARLIE] = { .base = { .id = "charlie",
			  .n_domains = 1,
			  .domains = charlie_domains } },
};

/* Index i faces system i. */
static const struct conf_listener listeners[TTOPO_SYSTEMS] = {
	[ALPHA] = { .id = "to-alpha",
	    .transport = CONF_UDP,
	    .advertise = "gw.alpha.example:5060" },
	[BRAVO] = { .id = "to-bravo",
	    .transport = CONF_TLS,
	    .advertise = "gw.border.example:5061" },
	[CHARLIE] = { .id = "to-charlie",
	    .transport = CONF_TCP,
	    .advertise = "gw3.border.example" },
};

static struct conf conf = { .name = "gw.example",
	.n_systems = TTOPO_SYSTEMS,
	.systems = systems,
	.n_listeners = TTOPO_SYSTEMS,
	.listeners = listeners };

void
ttopo_keys(struct ttopo *x, const char *file)
{
	struct gw_now now = { 0, INT64_C(1767225600000000) };
	struct gw_diag *d = gw_diag_new();
	struct token_ring *old = x->snap.tokens;

	x->snap.tokens = token_ring_parse(gw_span_of(file), "keys", now, d);
	assert_non_null(x->snap.tokens);
	assert_int_equal(token_sealer_use(x->sealer, x->snap.tokens), GW_OK);
	token_ring_free(old);
	gw_diag_free(d);
}

struct ttopo *
ttopo_new(void)
{
	struct ttopo *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	x->snap.conf = &conf;
	x->snap.names = names_new(&conf);
	x->arena = gw_arena_new((size_t)1 << 22);
	x->sealer = token_sealer_new();
	assert_non_null(x->snap.names);
	assert_non_null(x->arena);
	assert_non_null(x->sealer);
	x->handling = (struct policy_handling){ .drop_unknown = true,
		.access_token_drop = true };
	x->cap_p = x->cap_q = -1;
	assert_true(conf_addr_parse(GW_SPAN("10.66.0.9:5099"), &x->source));
	ttopo_keys(x, TTOPO_KEY_1);
	return x;
}

void
ttopo_free(struct ttopo *x)
{
	names_free(x->snap.names);
	token_sealer_free(x->sealer);
	token_ring_free(x->snap.tokens);
	gw_arena_free(x->arena);
	free(x);
}

static void
parse(struct ttopo_msg *msg)
{
	struct gw_fault fault = { 0, "" };
	struct gw_span in = { msg->raw, msg->len };

	if (sip_msg_parse(in, &msg->m, &fault) != GW_OK)
		fail_msg("%s at %zu of: %.*s", fault.why, fault.at,
		    (int)msg->len, (const char *)msg->raw);
}

static void
put(struct ttopo_msg *msg, struct gw_span s)
{
	assert_true(s.len <= sizeof(msg->raw) - msg->len);
	memcpy(msg->raw + msg->len, s.p, s.len);
	msg->len += s.len;
}

static void
put_lines(struct ttopo_msg *msg, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			put(msg, GW_SPAN("\r"));
		put(msg, (struct gw_span){ (const uint8_t *)text, 1 });
	}
}

void
ttopo_read(struct ttopo_msg *out, const char *text)
{
	out->len = 0;
	put_lines(out, text);
	parse(out);
}

struct topo
ttopo_way(const struct ttopo *x, uint16_t from, uint16_t to)
{
	return (struct topo){ .snap = &x->snap,
		.sealer = x->sealer,
		.arena = x->arena,
		.now = { 0, INT64_C(1767225600000000) },
		.from = from,
		.to = to,
		.in = from,
		.out = to };
}

enum gw_err
ttopo_target(const struct ttopo *x, uint16_t from, const struct ttopo_msg *in,
    struct topo_target *out)
{
	struct topo t = ttopo_way(x, from, GW_SYSTEM_NONE);
	struct gw_fault fault;

	return topo_find_target(&t, &in->m, out, &fault);
}

/* The changed message, read as the other side reads it. */
static enum gw_err
apply(
    struct sip_edits *edits, const struct ttopo_msg *in, struct ttopo_msg *out)
{
	static struct iovec iov[SIP_IOV_MAX];
	size_t n, len;
	enum gw_err err = sip_edits_apply(edits, iov, &n, &len);

	if (err != GW_OK)
		return err;
	out->len = 0;
	for (size_t i = 0; i < n; i++)
		put(out, (struct gw_span){ iov[i].iov_base, iov[i].iov_len });
	assert_int_equal(out->len, len);
	assert_true(len <= in->m.raw.len + TOPO_GROWTH_MAX);
	parse(out);
	return GW_OK;
}

enum gw_err
ttopo_request(const struct ttopo *x, uint16_t from, uint16_t to,
    const struct ttopo_msg *in, struct ttopo_msg *out)
{
	static struct sip_edits edits;
	struct topo t = ttopo_way(x, from, to);
	struct topo_target target;
	struct gw_fault fault = { 0, NULL };
	enum gw_err err = topo_find_target(&t, &in->m, &target, &fault);

	if (err != GW_OK)
		return err;
	struct topo_request r = { .target = &target,
		.body = x->body,
		.branch = GW_SPAN("z9hG4bK0123456789abcdef00c0ffee"),
		.worker = 3,
		.source = x->source,
		.out_transport = listeners[to].transport,
		.memo = x->memo,
		.cap_p = x->cap_p,
		.cap_q = x->cap_q,
		.handling = &x->handling };
	sip_edits_init(&edits, in->m.raw);
	err = topo_edit_request(&t, &in->m, &r, &edits, &fault);
	if (err != GW_OK)
		assert_non_null(fault.why);
	return err != GW_OK ? err : apply(&edits, in, out);
}

enum gw_err
ttopo_response(const struct ttopo *x, uint16_t from, const struct ttopo_msg *in,
    struct ttopo_msg *out)
{
	static struct sip_edits edits;
	struct topo t = ttopo_way(x, from, GW_SYSTEM_NONE);
	struct gw_fault fault = { 0, NULL };
	struct topo_via via;
	struct topo_back back;
	enum gw_err err;

	if (!topo_read_via(&x->snap, &in->m, &via))
		return GW_ENOTFOUND;
	assert_int_equal(via.worker, 3);
	assert_true(via.id == UINT64_C(0x0123456789abcdef));
	assert_int_equal(via.loop, 0x00c0ffee);
	err = topo_open_via(&t, &via, &back);
	if (err != GW_OK)
		return err;
	assert_int_equal(back.listener, back.to);
	assert_int_equal(back.transport, listeners[back.listener].transport);
	assert_memory_equal(back.addr.ip, x->source.ip, 16);
	assert_int_equal(back.addr.port, x->source.port);
	t.to = t.out = back.to;
	struct topo_response r = { .vias = back.vias,
		.memo = back.memo,
		.handling = &x->handling,
		.body = x->body,
		.answering_side = back.answering };
	sip_edits_init(&edits, in->m.raw);
	err = topo_edit_response(&t, &in->m, &r, &edits, &fault);
	return err != GW_OK ? err : apply(&edits, in, out);
}

/* Rows of id, as they stand. */
static void
copy_rows(struct ttopo_msg *out, const struct sip_msg *m, enum sip_hdr_id id)
{
	const struct sip_hdr *h = sip_msg_hdr(m, id);

	for (; h != NULL; h = sip_msg_next(m, h))
		put(out, h->line);
}

void
ttopo_reply(const struct ttopo_msg *in, unsigned status, const char *more,
    struct ttopo_msg *out)
{
	static const enum sip_hdr_id copied[] = { SIP_HDR_VIA, SIP_HDR_FROM,
		SIP_HDR_CALL_ID, SIP_HDR_CSEQ };
	char line[64];

	out->len = 0;
	(void)snprintf(
	    line, sizeof(line), "SIP/2.0 %u %s\n", status, sip_reason(status));
	put_lines(out, line);
	for (size_t i = 0; i < GW_COUNT(copied); i++)
		copy_rows(out, &in->m, copied[i]);
	put_lines(out, "To: ");
	put(out, sip_msg_value(&in->m, SIP_HDR_TO));
	put_lines(out, sip_msg_in_dialog(&in->m) ? "\n" : ";tag=called\n");
	put_lines(out, more);
	copy_rows(out, &in->m, SIP_HDR_RECORD_ROUTE);
	copy_rows(out, &in->m, SIP_HDR_PATH);
	put_lines(out, "Content-Length: 0\n\n");
	parse(out);
}

void
ttopo_call(const struct ttopo *x, const struct ttopo_msg *invite,
    struct ttopo_msg *out, struct ttopo_msg *reply, struct ttopo_msg *back)
{
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, invite, out), GW_OK);
	ttopo_reply(out, 200,
	    "Record-Route: <sip:canary-b1.bravo.lan;lr>\n"
	    "Record-Route: <sip:canary-b2.bravo.lan;lr>\n"
	    "Contact: <sips:bob@canary-b3.bravo.lan>;isfocus\n",
	    reply);
	assert_int_equal(ttopo_response(x, BRAVO, reply, back), GW_OK);
}

void
ttopo_in_dialog(struct ttopo_msg *out, const char *method, const char *uri,
    const char *route, const char *parties)
{
	char text[32768];

	(void)snprintf(text, sizeof(text),
	    "%s %s SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.7.7;branch=z9hG4bKd1\n"
	    "Max-Forwards: 70\n"
	    "Route: %s\n%s"
	    "Call-ID: abc@canary5.alpha.lan\n"
	    "CSeq: 2 %s\n"
	    "Contact: <sip:me@10.66.7.8>\n"
	    "Content-Length: 0\n\n",
	    method, uri, route, parties, method);
	ttopo_read(out, text);
}

void
ttopo_assert_clean(const struct ttopo_msg *m)
{
	assert_false(ttopo_has(m, "canary"));
	assert_false(ttopo_has(m, "10.66."));
}

void
ttopo_assert_same(
    const struct ttopo_msg *a, const struct ttopo_msg *b, enum sip_hdr_id id)
{
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(
		    ttopo_value(a, id, i), ttopo_value(b, id, i));
}

static const char *
keep(struct gw_span s)
{
	static char kept[KEPT][8192];
	static unsigned next;
	char *text = kept[next++ % KEPT];

	assert_true(s.len < sizeof(kept[0]));
	if (s.len > 0)
		memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return text;
}

const char *
ttopo_value(const struct ttopo_msg *m, enum sip_hdr_id id, size_t nth)
{
	const struct sip_hdr *h = sip_msg_hdr(&m->m, id);

	for (; h != NULL && nth > 0; nth--)
		h = sip_msg_next(&m->m, h);
	return h == NULL ? "" : keep(h->value);
}

const char *
ttopo_uri(const char *s)
{
	struct gw_span all = gw_span_of(s);
	size_t from = gw_span_find(all, 0, '<');
	size_t end = gw_span_find(all, from, '>');

	assert_true(end < all.len);
	return keep(gw_span_sub(all, from + 1, end - from - 1));
}

bool
ttopo_has(const struct ttopo_msg *m, const char *text)
{
	struct gw_span all = { m->raw, m->len }, want = gw_span_of(text);

	for (size_t i = 0; i + want.len <= all.len; i++)
		if (gw_span_istarts(gw_span_sub(all, i, all.len), want))
			return true;
	return false;
}
