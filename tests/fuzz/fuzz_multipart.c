/*
 * fuzz_multipart.c: for any body, under any Content-Type
 *   1. each part lies inside its parent, behind the one before it; the two
 *      never share an octet
 *   2. cutting is complete: what is left between two parts holds the
 *      delimiter and nothing else
 *   3. the same input gives the same answer twice
 *   4. a fault lies inside the message and has a reason
 *
 * The input is the Content-Type, an LF, and the body.
 */
#include <stdlib.h>

#include "codec/mcx/mcx_body.h"
#include "codec/mime/mime_parts.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_inside(struct gw_span s, struct gw_span of)
{
	return s.p >= of.p && s.p + s.len <= of.p + of.len;
}

/* Inner messages bring parts whose type may be joined in the arena. */
static void
check_parts(const struct sip_msg *m, const struct mcx_body *b)
{
	CHECK(b->n_parts <= MCX_PARTS_MAX && b->n_keys <= MCX_KEYS_MAX);
	for (int8_t i = 0; i < b->n_parts; i++) {
		const struct mcx_part *p = &b->parts[i];
		CHECK(is_inside(p->body, m->body));
		CHECK(p->depth <= MCX_DEPTH_MAX && p->parent < i);
		CHECK((p->parent < 0) == (i == 0));
		if (i == 0)
			continue;
		const struct mcx_part *up = &b->parts[p->parent];
		CHECK(up->multipart && p->depth == up->depth + 1);
		CHECK(is_inside(p->body, up->body));
		CHECK(is_inside(p->head, up->body));
		CHECK(p->head.p + p->head.len <= p->body.p);
		for (int8_t k = 1; k < i; k++)
			if (b->parts[k].parent == p->parent)
				CHECK(
				    b->parts[k].body.p + b->parts[k].body.len <
				    p->head.p);
	}
}

static void
check_keys(const struct sip_msg *m, const struct mcx_body *b)
{
	for (unsigned i = 0; i < b->n_keys; i++) {
		const struct mcx_key_msg *k = &b->keys[i];
		const struct mcx_part *p = &b->parts[k->part];
		CHECK(k->part < b->n_parts && k->where != NULL);
		CHECK(p->base64 || k->text.len == 0 ||
		      is_inside(k->text, p->body));
		if (k->err == GW_OK) {
			CHECK(gw_span_eq(k->imsg.raw, k->raw));
			continue;
		}
		CHECK(k->fault.why != NULL);
		CHECK(
		    k->fault.at <= (k->raw.len > 0 ? k->raw.len : k->text.len));
	}
	for (unsigned i = 0; i < b->info.n_cuts; i++) {
		struct gw_span c = b->info.cuts[i];
		CHECK(is_inside(c, b->parts[b->info_part].body));
		CHECK(is_inside(c, m->body));
		CHECK(c.len > 2 && c.p[0] == '<' && c.p[c.len - 1] == '>');
	}
}

/* The octets from the end of a part to the head of the next. */
static void
check_cuts(struct gw_span in, struct gw_span boundary)
{
	struct mime_parts w;
	struct mime_part p;
	struct gw_fault fault;
	const uint8_t *end = NULL;

	mime_parts_init(&w, in, boundary);
	while (mime_parts_next(&w, &p, &fault) == GW_OK) {
		CHECK(is_inside(p.head, in) && is_inside(p.body, in));
		if (end != NULL) {
			size_t gap = (size_t)(p.head.p - end);
			CHECK(gap >= boundary.len + 4);
			const uint8_t *at = end;
			while (*at == '\r' || *at == '\n')
				at++;
			CHECK(memcmp(at, "--", 2) == 0 &&
			      memcmp(at + 2, boundary.p, boundary.len) == 0);
		}
		end = p.body.p + p.body.len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg m;
	static struct mcx_body b[2];
	struct gw_fault fault[2] = { { 0, NULL }, { 0, NULL } };
	enum gw_err err[2];
	struct gw_span in = { data, size };
	size_t lf = gw_span_find(in, 0, '\n');
	static struct gw_arena *arena;

	if (arena == NULL)
		arena = gw_arena_new(65536);
	memset(&m, 0, sizeof(m));
	m.raw = in;
	m.body = gw_span_sub(in, lf + 1, size);
	m.n_hdrs = 1;
	m.first[SIP_HDR_CONTENT_TYPE] = 1;
	m.hdrs[0].id = SIP_HDR_CONTENT_TYPE;
	m.hdrs[0].value = gw_span_trim(gw_span_sub(in, 0, lf));
	for (unsigned i = 0; i < 2; i++) {
		gw_arena_reset(arena);
		err[i] = mcx_body_read(&m, arena, &b[i], &fault[i]);
	}
	CHECK(err[0] == err[1]);
	if (err[0] == GW_OK) {
		CHECK(b[0].n_parts == b[1].n_parts);
		CHECK(b[0].n_keys == b[1].n_keys);
		check_parts(&m, &b[1]);
		check_keys(&m, &b[1]);
	} else {
		CHECK(fault[0].why != NULL && fault[0].at <= size);
		CHECK(fault[0].why == fault[1].why);
		CHECK(fault[0].at == fault[1].at);
	}
	if (lf > 0 && lf <= 70)
		check_cuts(m.body, gw_span_sub(in, 0, lf));
	return 0;
}
