/*
 * topo_via.c: the Vias of a request, sealed into ours, and back.
 *
 *     flags (1) | hash of the system (8) | of the listener (8) | [memo (8)] |
 *     address (4 or 16) | port (2) | rows
 *
 * is what stands in the token: where the response goes, and the Vias with
 * which it goes there.  Nothing answers an ACK, and its Via has no token.
 */
#include "core/topo_via.h"

#include "codec/sip/sip_via.h"
#include "core/topo_seen.h"

/* The transport in two bits, and */
#define FLAG_IPV4      4u
#define FLAG_ANSWERING 8u
#define FLAG_MEMO      16u
#define FLAGS	       31u
#define HEAD_MIN       (1 + 8 + 8 + 4 + 2)
#define WORKER_LEN     2
#define HEX64_LEN      16
#define HEX32_LEN      8
#define UNREADABLE     "Via cannot be read"

/* Text being written, with a bound. */
struct pen {
	uint8_t *p;
	size_t len, room;
	bool full;
};

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void
put(struct pen *p, struct gw_span s)
{
	if (s.len > p->room - p->len) {
		p->full = true;
		return;
	}
	if (s.len > 0)
		memcpy(p->p + p->len, s.p, s.len);
	p->len += s.len;
}

static void
put64(struct pen *p, uint64_t v)
{
	uint8_t b[8];

	topo_work_put64(b, v);
	put(p, (struct gw_span){ b, 8 });
}

/* The address of source without brackets, and its port as text. */
static void
address_text(const struct conf_addr *source, char text[CONF_ADDR_TEXT],
    struct gw_span *ip, struct gw_span *port)
{
	struct conf_addr a = *source;

	if (a.port == 0)
		a.port = 1; /* so that the form has one */
	conf_addr_text(&a, text);
	struct gw_span s = gw_span_of(text);
	size_t colon = s.len;
	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	*port = gw_span_sub(s, colon, s.len);
	*ip = gw_span_sub(s, 0, colon == 0 ? s.len : colon - 1);
	if (ip->len >= 2 && ip->p[0] == '[')
		*ip = gw_span_sub(*ip, 1, ip->len - 2);
}

/* Is the sent-by the very address that the request came from? */
static bool
is_sent_by(const struct sip_via *via, const struct conf_addr *source)
{
	struct conf_addr a;

	return sip_host_is_address(via->host) &&
	       conf_addr_parse(via->host, &a) &&
	       memcmp(a.ip, source->ip, sizeof(a.ip)) == 0;
}

/* The parameters of the top Via, with received and rport as we saw them (RFC
 * 3261 18.2.1, RFC 3581 4); what the sender claims of them goes. */
static void
put_params(
    struct pen *pen, const struct sip_via *via, const struct conf_addr *source)
{
	char text[CONF_ADDR_TEXT];
	struct gw_span name, value, ip, port;
	size_t from = 0, pos = 0;

	for (; sip_param_next(via->params, &pos, &name, &value); from = pos)
		if (!gw_span_ieq(name, GW_SPAN("received")) &&
		    !gw_span_ieq(name, GW_SPAN("rport")))
			put(pen, gw_span_sub(via->params, from, pos - from));
	address_text(source, text, &ip, &port);
	if (via->has_rport || !is_sent_by(via, source)) {
		put(pen, GW_SPAN(";received="));
		put(pen, ip);
	}
	if (via->has_rport) {
		put(pen, GW_SPAN(";rport="));
		put(pen, port);
	}
}

static enum gw_err
put_rows(struct topo_work *w, struct pen *pen, const struct conf_addr *source)
{
	const struct sip_hdr *h = sip_msg_hdr(w->m, SIP_HDR_VIA);
	const struct sip_via *via = &w->m->via;

	if (via->all.len == 0)
		return topo_work_refuse(w, h->value, UNREADABLE);
	const uint8_t *rest = via->all.p + via->all.len;
	const uint8_t *params = via->params.len > 0 ? via->params.p : rest;
	put(pen, gw_span_sub(h->line, 0, (size_t)(params - h->line.p)));
	put_params(pen, via, source);
	put(pen, gw_span_sub(h->line, (size_t)(rest - h->line.p), h->line.len));
	while ((h = sip_msg_next(w->m, h)) != NULL)
		put(pen, h->line);
	return GW_OK;
}

static enum gw_err
write_plain(struct topo_work *w, const struct topo_request *r, struct pen *pen)
{
	const struct topo *t = w->t;
	const struct conf_addr *from = &r->source;
	bool v4 = memcmp(from->ip, mapped, sizeof(mapped)) == 0;
	unsigned transport = t->snap->conf->listeners[t->in].transport;
	uint8_t flags = (uint8_t)(transport | (v4 ? FLAG_IPV4 : 0) |
				  (r->target->answering ? FLAG_ANSWERING : 0) |
				  (r->memo != 0 ? FLAG_MEMO : 0));
	uint8_t port[2] = { (uint8_t)(from->port >> 8), (uint8_t)from->port };

	put(pen, (struct gw_span){ &flags, 1 });
	put64(pen, w->from);
	put64(pen, names_listener_hash(w->names, t->in));
	if (r->memo != 0)
		put64(pen, r->memo);
	put(pen, v4 ? (struct gw_span){ from->ip + 12, 4 } :
		      (struct gw_span){ from->ip, 16 });
	put(pen, (struct gw_span){ port, 2 });
	enum gw_err err = put_rows(w, pen, from);
	if (err == GW_OK && pen->full)
		err = topo_work_limit(w, "Vias are too long for a token");
	return err;
}

static struct gw_span
protocol_of(enum conf_transport t)
{
	static const struct gw_span protocols[CONF_TRANSPORT_N] = {
		[CONF_UDP] = GW_LIT("Via: SIP/2.0/UDP "),
		[CONF_TCP] = GW_LIT("Via: SIP/2.0/TCP "),
		[CONF_TLS] = GW_LIT("Via: SIP/2.0/TLS "),
	};

	return protocols[t];
}

static void
put_worker(struct pen *pen, uint8_t worker)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hex[WORKER_LEN] = { (uint8_t)digits[worker >> 4],
		(uint8_t)digits[worker & 15] };

	put(pen, (struct gw_span){ hex, WORKER_LEN });
}

/* What the token holds; nothing for an ACK. */
static enum gw_err
write_secret(struct topo_work *w, const struct topo_request *r, struct pen *pen)
{
	if (w->m->method != SIP_METHOD_ACK)
		return write_plain(w, r, pen);
	if (w->m->via.all.len > 0)
		return GW_OK;
	return topo_work_refuse(
	    w, sip_msg_hdr(w->m, SIP_HDR_VIA)->value, UNREADABLE);
}

enum gw_err
topo_via_put(struct topo_work *w, const struct topo_request *r)
{
	const struct conf *c = w->t->snap->conf;
	uint8_t plain[TOKEN_PLAIN_MAX];
	struct pen in = { plain, 0, sizeof(plain), false };
	struct gw_span host = gw_span_of(c->listeners[w->t->out].advertise);
	enum gw_err err = write_secret(w, r, &in);

	if (err != GW_OK)
		return err;
	size_t token_len = in.len > 0 ? TOKEN_TEXT_LEN(in.len) : 0;
	struct pen row = { .room = 64 + host.len + r->branch.len + token_len };
	if ((row.p = gw_arena_bytes(w->t->arena, row.room)) == NULL)
		return GW_ENOMEM;
	put(&row, protocol_of(r->out_transport));
	put(&row, host);
	put(&row, GW_SPAN(";branch="));
	put(&row, r->branch);
	put(&row, GW_SPAN(";rport;gw="));
	put_worker(&row, r->worker);
	if (token_len > 0)
		err = topo_seen_seal(w->t, TOKEN_VIA, w->key_id,
		    (struct gw_span){ plain, in.len }, row.p + row.len);
	if (err != GW_OK)
		return err;
	row.len += token_len;
	put(&row, GW_SPAN("\r\n"));
	return topo_work_add(w, (struct gw_span){ row.p, row.len });
}

/* All of s as hexadecimal digits, at most 16. */
static bool
read_hex(struct gw_span s, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

/* Cut a branch of ours in two. */
static bool
read_branch(struct gw_span branch, uint64_t *id, uint32_t *loop)
{
	struct gw_span cookie = GW_LIT(SIP_BRANCH_COOKIE);
	uint64_t low;

	if (branch.len != TOPO_BRANCH_LEN || !gw_span_istarts(branch, cookie) ||
	    !read_hex(gw_span_sub(branch, cookie.len, HEX64_LEN), id) ||
	    !read_hex(
		gw_span_sub(branch, cookie.len + HEX64_LEN, HEX32_LEN), &low))
		return false;
	*loop = (uint32_t)low;
	return true;
}

/* The parameter that is ours.  It is the first of its kind as we write it. */
static bool
find_gw(const struct sip_via *via, struct gw_span *gw)
{
	if (!gw_span_ieq(via->other, GW_SPAN("gw")))
		return sip_param_find(via->params, "gw", gw);
	*gw = via->other_value;
	return true;
}

bool
topo_read_via(
    const struct snapshot *s, const struct sip_msg *m, struct topo_via *out)
{
	const struct sip_via *via = &m->via;
	struct gw_span gw;
	struct topo_via v;
	uint64_t worker;

	if (via->all.len == 0 ||
	    (s != NULL && !names_is_own(s->names, via->host, via->port)) ||
	    !read_branch(via->branch, &v.id, &v.loop) || !find_gw(via, &gw) ||
	    gw.len < WORKER_LEN ||
	    !read_hex(gw_span_sub(gw, 0, WORKER_LEN), &worker))
		return false;
	v.worker = (uint8_t)worker;
	v.token = gw_span_sub(gw, WORKER_LEN, gw.len);
	*out = v;
	return true;
}

/* plain is what we sealed; its form is looked at all the same. */
static bool
read_plain(const struct names *names, struct gw_span plain, struct topo_back *b)
{
	if (plain.len < HEAD_MIN || plain.p[0] > FLAGS)
		return false;
	unsigned transport = plain.p[0] & 3u;
	bool v4 = (plain.p[0] & FLAG_IPV4) != 0;
	bool memo = (plain.p[0] & FLAG_MEMO) != 0;
	size_t ip = v4 ? 4 : 16, at = memo ? 25 : 17;
	if (transport >= CONF_TRANSPORT_N || plain.len < at + ip + 2)
		return false;
	b->transport = (enum conf_transport)transport;
	b->answering = (plain.p[0] & FLAG_ANSWERING) != 0;
	b->memo = memo ? topo_work_get64(plain.p + 17) : 0;
	b->to = names_system(names, topo_work_get64(plain.p + 1));
	b->listener = names_listener(names, topo_work_get64(plain.p + 9));
	memcpy(b->addr.ip, mapped, sizeof(mapped));
	memcpy(b->addr.ip + 16 - ip, plain.p + at, ip);
	at += ip;
	b->addr.port = (uint16_t)(plain.p[at] << 8 | plain.p[at + 1]);
	b->vias = gw_span_sub(plain, at + 2, plain.len);
	return b->vias.len > 0;
}

enum gw_err
topo_open_via(
    const struct topo *t, const struct topo_via *via, struct topo_back *out)
{
	struct topo_back b;
	struct gw_span plain;
	uint8_t key_id;
	enum gw_err err =
	    topo_seen_open(t, TOKEN_VIA, via->token, &plain, &key_id);

	if (err != GW_OK)
		return err;
	if (!read_plain(t->snap->names, plain, &b))
		return GW_EMALFORMED;
	/* The configuration may have lost them meanwhile. */
	if (b.to == GW_SYSTEM_NONE || b.listener == UINT16_MAX)
		return GW_EAUTH;
	b.key_id = key_id;
	*out = b;
	return GW_OK;
}

static bool
says_loop(const struct names *n, const struct sip_via *via, uint32_t loop)
{
	uint32_t theirs;
	uint64_t id;

	return read_branch(via->branch, &id, &theirs) && theirs == loop &&
	       names_is_own(n, via->host, via->port);
}

/* Does one of the Vias in value say so, from pos on? */
static bool
has_loop(const struct names *n, struct gw_span value, size_t pos, uint32_t loop)
{
	struct gw_fault fault;
	struct sip_via via;

	while (sip_via_next(value, &pos, &via, &fault) == GW_OK)
		if (says_loop(n, &via, loop))
			return true;
	return false;
}

bool
topo_is_loop(const struct snapshot *s, const struct sip_msg *m, uint32_t loop)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_VIA);
	const struct sip_via *top = &m->via;
	size_t pos = 0;

	if (h != NULL && top->all.len > 0) {
		if (says_loop(s->names, top, loop))
			return true;
		/* Behind it there is a comma, or nothing. */
		pos = (size_t)(top->all.p + top->all.len - h->value.p);
		pos = gw_span_find(h->value, pos, ',');
		pos += pos < h->value.len;
	}
	for (; h != NULL; h = sip_msg_next(m, h), pos = 0)
		if (has_loop(s->names, h->value, pos, loop))
			return true;
	return false;
}

bool
topo_is_ours(const struct snapshot *s, struct gw_span host)
{
	return names_is_own(s->names, host, 0);
}
