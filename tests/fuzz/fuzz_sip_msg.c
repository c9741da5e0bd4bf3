/*
 * fuzz_sip_msg.c: for any input the message reader and those of the values
 *   1. stay inside the buffer (ASan checks, hence the copy), spans too
 *   2. on GW_OK, account for every octet: start line, rows, empty line and
 *      body join back to msg.raw
 *   3. give the same answer twice
 *   4. on failure, point inside the input and say why
 *   5. leave a request that can be answered: the reply is one frame, and
 *      can be read if the request could
 *   6. terminate on every value as a list of addresses, Vias, parameters,
 *      and as a URI
 */
#include <stdlib.h>

#include "codec/sip/sip_addr.h"
#include "codec/sip/sip_build.h"
#include "codec/sip/sip_frame.h"
#include "codec/sip/sip_via.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct gw_span whole, struct gw_span part)
{
	CHECK(part.len == 0 ||
	      (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

static void
check_rows(struct gw_span in, const struct sip_msg *m)
{
	const uint8_t *at = m->start.p + m->start.len;
	size_t linked = 0;

	CHECK(m->raw.p == in.p && m->start.p == in.p);
	for (size_t i = 0; i < m->n_hdrs; i++) {
		const struct sip_hdr *h = &m->hdrs[i];
		CHECK(h->line.p == at);
		at += h->line.len;
		check_inside(h->line, h->name);
		check_inside(h->line, h->value);
		CHECK(h->id == sip_hdr_find(h->name));
		CHECK(
		    h->next == 0 || (h->next > i + 1 && h->next <= m->n_hdrs &&
					m->hdrs[h->next - 1].id == h->id));
	}
	CHECK(at[0] == '\r' && at[1] == '\n' && at + 2 == m->body.p);
	CHECK(m->body.p + m->body.len == m->raw.p + m->raw.len);
	for (unsigned id = 0; id < SIP_HDR_N; id++)
		for (const struct sip_hdr *h =
			 sip_msg_hdr(m, (enum sip_hdr_id)id);
		     h != NULL; h = sip_msg_next(m, h))
			linked++;
	CHECK(linked == m->n_hdrs);
}

static void
read_uri(struct gw_span v)
{
	struct gw_fault fault = { 0, NULL };
	struct sip_uri u;

	if (sip_uri_parse(v, &u, &fault) != GW_OK) {
		CHECK(fault.why != NULL && fault.at <= v.len);
		return;
	}
	check_inside(v, u.user);
	check_inside(v, u.host);
	check_inside(v, u.params);
	check_inside(v, u.headers);
	CHECK(sip_uri_same_user(&u, &u));
	CHECK(u.scheme == SIP_SCHEME_OTHER || u.scheme == SIP_SCHEME_TEL ||
	      u.host.len > 0);
}

static void
read_addresses(struct gw_span v)
{
	struct gw_fault fault = { 0, NULL };
	struct sip_addr a;
	size_t pos = 0, before = 0;
	enum gw_err err;

	while ((err = sip_addr_next(v, &pos, &a, &fault)) == GW_OK) {
		CHECK(pos > before && pos <= v.len);
		before = pos;
		check_inside(v, a.all);
		check_inside(a.all, a.display);
		check_inside(a.all, a.uri);
		check_inside(a.all, a.params);
		CHECK(a.is_star || a.uri.len > 0);
		read_uri(a.uri);
	}
	CHECK(
	    err == GW_ENOTFOUND || (err == GW_EMALFORMED && fault.at <= v.len &&
				       fault.why != NULL && pos == before));
}

static void
read_vias(struct gw_span v)
{
	struct gw_fault fault = { 0, NULL };
	struct sip_via via;
	size_t pos = 0, before = 0;
	enum gw_err err;

	while ((err = sip_via_next(v, &pos, &via, &fault)) == GW_OK) {
		CHECK(pos > before && pos <= v.len);
		before = pos;
		check_inside(v, via.all);
		check_inside(via.all, via.host);
		check_inside(via.all, via.params);
		check_inside(via.params, via.branch);
		check_inside(via.params, via.received);
		CHECK(via.host.len > 0 && via.transport.len > 0);
	}
	CHECK(err == GW_ENOTFOUND ||
	      (err == GW_EMALFORMED && fault.at <= v.len && fault.why != NULL));
}

static void
read_params(struct gw_span v)
{
	struct gw_span name, value;
	size_t pos = 0, before = 0;

	while (sip_param_next(v, &pos, &name, &value)) {
		CHECK(pos > before && pos <= v.len && name.len > 0);
		before = pos;
		check_inside(v, name);
		check_inside(v, value);
	}
	(void)sip_host_is_address(v);
}

static void
check_reply(const struct sip_msg *m, bool good)
{
	static struct sip_msg back;
	struct sip_reply r = { .status = 400,
		.to_tag = GW_LIT("g"),
		.received = GW_LIT("::1"),
		.rport = 9 };
	struct gw_fault fault = { 0, NULL };
	struct sip_framer f = { 0 };
	struct sip_frame frame;
	struct gw_buf out;

	gw_buf_init(&out, 65536);
	sip_reply_build(&out, m, &r);
	CHECK(gw_buf_ok(&out));
	if (out.len <= SIP_HEAD_MAX) {
		CHECK(sip_frame_next(&f, gw_buf_span(&out), SIP_MSG_MAX, &frame,
			  &fault) == GW_OK);
		CHECK(frame.kind == SIP_FRAME_MESSAGE && frame.len == out.len);
		enum gw_err err =
		    sip_msg_parse(gw_buf_span(&out), &back, &fault);
		CHECK(err == GW_OK || !good);
		CHECK(back.status == 400 && !back.is_request);
	}
	if (good) {
		gw_buf_reset(&out);
		sip_cancel_build(&out, m);
		CHECK(gw_buf_ok(&out));
		CHECK(sip_msg_parse(gw_buf_span(&out), &back, &fault) == GW_OK);
		CHECK(back.method == SIP_METHOD_CANCEL && back.cseq == m->cseq);
	}
	gw_buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg a, b;
	struct gw_fault fa = { 0, NULL }, fb = { 0, NULL };

	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */
	if (size == 0 || copy == NULL)
		goto out;
	struct gw_span in = { memcpy(copy, data, size), size };

	enum gw_err err = sip_msg_parse(in, &a, &fa);
	if (err == GW_OK)
		check_rows(in, &a);
	else
		CHECK(fa.at < size && fa.why != NULL);
	CHECK(sip_msg_parse(in, &b, &fb) == err && a.n_hdrs == b.n_hdrs &&
	      fa.at == fb.at && fa.why == fb.why &&
	      a.answerable == b.answerable);
	for (size_t i = 0; i < a.n_hdrs; i++) {
		read_addresses(a.hdrs[i].value);
		read_vias(a.hdrs[i].value);
		read_params(a.hdrs[i].value);
		read_uri(a.hdrs[i].value);
	}
	read_addresses(in);
	read_vias(in);
	read_params(in);
	read_uri(in);
	if (a.answerable)
		check_reply(&a, err == GW_OK);
out:
	free(copy);
	return 0;
}
