/*
 * fuzz_krr_read.c: for any document, as a KRR
 *   1. a refusal has a reason, a clause and a place in the document
 *   2. what is read lies in the document or the arena and within its limits
 *   3. the same document gives the same answer twice
 *   4. what was read can be written, in its canonical form, and reads as the
 *      same then
 *   5. the canonical form that signatures are made over is that of libxml2
 *   6. a Signature is of the profile or is refused with a reason
 */
#include <stdlib.h>

#include <libxml/c14n.h>
#include <libxml/parser.h>

#include "codec/krr/krr_c14n.h"
#include "codec/krr/krr_sig.h"
#include "support/tkrr.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;
static struct gw_buf out;

static bool
is_inside(struct gw_span in, struct gw_span s)
{
	return s.len == 0 || (s.p >= in.p && s.p + s.len <= in.p + in.len);
}

static void
check_value(struct gw_span s, size_t max)
{
	CHECK(krr_is_value(s, max));
}

static void
check_krr(struct gw_span doc, const struct krr *k)
{
	CHECK(k->dialect != NULL);
	CHECK(k->n_domains <= KRR_DOMAINS_MAX);
	CHECK(k->nested <= KRR_NESTED_MAX);
	for (size_t i = 0; i < k->n_domains; i++) {
		CHECK(k->domains[i].len != 0);
		check_value(k->domains[i], KRR_DOMAIN_MAX);
	}
	check_value(k->author, KRR_TEXT_MAX);
	check_value(k->initiator, KRR_TEXT_MAX);
	check_value(k->initiator_domain, KRR_TEXT_MAX);
	check_value(k->receiver, KRR_TEXT_MAX);
	check_value(k->refused, KRR_TEXT_MAX);
	CHECK(is_inside(doc, k->element) && k->element.len != 0);
	CHECK(is_inside(k->element, k->body) && k->body.len != 0);
	CHECK(is_inside(k->body, k->embedded));
	CHECK(is_inside(k->element, k->signature));
	CHECK(k->element.p[0] == '<');
	CHECK(k->element.p[k->element.len - 1] == '>');
}

static void
check_same(const struct krr *a, const struct krr *b)
{
	CHECK(a->dialect == b->dialect);
	CHECK(gw_span_eq(a->author, b->author));
	CHECK(gw_span_eq(a->initiator, b->initiator));
	CHECK(gw_span_eq(a->initiator_domain, b->initiator_domain));
	CHECK(gw_span_eq(a->receiver, b->receiver));
	CHECK(gw_span_eq(a->refused, b->refused));
	CHECK(gw_span_eq(a->prefix, b->prefix));
	CHECK(a->n_domains == b->n_domains);
	for (size_t i = 0; i < a->n_domains; i++)
		CHECK(gw_span_eq(a->domains[i], b->domains[i]));
}

/* The canonical form as libxml2 has it; false where it has none (of a
 * relative namespace name). */
static bool
is_canonical(struct gw_span doc, struct gw_span canonical)
{
	xmlDoc *d = xmlReadMemory((const char *)doc.p, (int)doc.len, NULL,
	    "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlChar *text = NULL;

	if (d == NULL)
		return false;
	int len = xmlC14NDocDumpMemory(d, NULL, XML_C14N_1_0, NULL, 0, &text);
	if (len >= 0)
		CHECK(gw_span_eq(
		    canonical, (struct gw_span){ text, (size_t)len }));
	xmlFree(text);
	xmlFreeDoc(d);
	return len >= 0;
}

static void
check_written(const struct krr *k)
{
	struct krr copy = *k, again;
	struct krr_fault no;

	copy.embedded.len = 0;
	copy.nested = 0;
	copy.id = GW_SPAN("id");
	gw_buf_reset(&out);
	enum gw_err err = krr_build(&copy, &out, &no);
	if (err != GW_OK) { /* a required value that is empty */
		CHECK(no.why == KRR_MISSING);
		return;
	}
	CHECK(krr_read(gw_buf_span(&out), tkrr_dialects(), arena, &again,
		  &no) == GW_OK);
	check_same(k, &again);
	(void)is_canonical(gw_buf_span(&out), gw_buf_span(&out));
}

static void
check_canonical(struct gw_span doc)
{
	struct gw_fault fault;

	gw_buf_reset(&out);
	CHECK(krr_c14n(doc, &out, &fault) == GW_OK);
	(void)is_canonical(doc, gw_buf_span(&out));
}

static void
check_signature(struct gw_span doc, const struct krr *k)
{
	struct krr_certs certs = { 0 };
	struct krr_fault no = { KRR_NONE, { 0, NULL } };

	if (krr_sig_read(doc, k, arena, &certs, &no) == GW_OK)
		CHECK(certs.n > 0 && k->signature.len != 0);
	else
		CHECK(no.why != KRR_NONE && no.fault.why != NULL &&
		      no.fault.at <= doc.len);
	krr_certs_clear(&certs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_span doc = { data, size };
	struct krr_fault no = { KRR_NONE, { 0, NULL } };
	struct krr k, again;

	if (arena == NULL) {
		arena = gw_arena_new(8u << 20);
		gw_buf_init(&out, 1u << 20);
		CHECK(krr_init() == GW_OK);
	}
	gw_arena_reset(arena);
	if (krr_read(doc, tkrr_dialects(), arena, &k, &no) != GW_OK) {
		CHECK(no.why != KRR_NONE && no.fault.why != NULL);
		CHECK(no.fault.at <= size);
		return 0;
	}
	check_krr(doc, &k);
	CHECK(krr_read(doc, tkrr_dialects(), arena, &again, &no) == GW_OK);
	check_same(&k, &again);
	check_written(&k);
	check_canonical(doc);
	check_signature(doc, &k);
	return 0;
}
