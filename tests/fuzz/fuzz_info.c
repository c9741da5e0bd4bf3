/*
 * fuzz_info.c: for any info document and any resource list
 *   1. cuts lie in the document in order, begin with '<', end with '>', hold
 *      the name of an access token, and do not overlap
 *   2. the document without its cuts is read too, has no cut any more and
 *      gives the same facts
 *   3. no name of an access token's element is left in it as a start tag
 *   4. the same input gives the same answer twice
 *   5. what is encrypted has no value
 *   6. a fault lies inside the document and has a reason
 *
 * The first octet says which service's document it is.
 */
#include <stdlib.h>

#include "codec/mcx/mcx_info.h"
#include "codec/mcx/mcx_list.h"

#define DOC_MAX 65536

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_same(const struct mcx_info *a, const struct mcx_info *b)
{
	CHECK(gw_span_eq(a->session_type, b->session_type));
	CHECK(gw_span_eq(a->request_uri, b->request_uri));
	CHECK(gw_span_eq(a->calling_user, b->calling_user));
	CHECK(gw_span_eq(a->called_party, b->called_party));
	CHECK(gw_span_eq(a->calling_group, b->calling_group));
	CHECK(a->emergency == b->emergency && a->alert == b->alert);
	CHECK(a->imminent_peril == b->imminent_peril);
	CHECK(a->broadcast == b->broadcast);
	CHECK(a->any_encrypted == b->any_encrypted);
	CHECK(a->n_unknown == b->n_unknown);
}

static void
check_info(struct gw_span doc, const struct mcx_info *i)
{
	const uint8_t *last = doc.p;

	CHECK(i->n_cuts <= MCX_CUTS_MAX);
	for (unsigned k = 0; k < i->n_cuts; k++) {
		struct gw_span c = i->cuts[k];
		CHECK(c.p >= last && c.p + c.len <= doc.p + doc.len);
		CHECK(c.p[0] == '<' && c.p[c.len - 1] == '>');
		CHECK(gw_span_search(c, GW_SPAN("-access-token")) < c.len);
		last = c.p + c.len;
	}
	CHECK(!i->request_uri_encrypted || i->request_uri.len == 0);
	CHECK(!i->calling_user_encrypted || i->calling_user.len == 0);
	CHECK(!i->called_party_encrypted || i->called_party.len == 0);
	CHECK(!i->calling_group_encrypted || i->calling_group.len == 0);
}

/* What would cross the border: a value that a cut stood next to may be in
 * one piece then, so that it reads where it did not; never the reverse. */
static void
check_without_cuts(
    struct gw_span doc, const struct mcx_info *i, struct gw_arena *arena)
{
	static uint8_t rest[DOC_MAX];
	struct mcx_info again;
	struct gw_fault fault;
	const uint8_t *from = doc.p;
	size_t n = 0;

	for (unsigned k = 0; k < i->n_cuts; k++) {
		memcpy(rest + n, from, (size_t)(i->cuts[k].p - from));
		n += (size_t)(i->cuts[k].p - from);
		from = i->cuts[k].p + i->cuts[k].len;
	}
	memcpy(rest + n, from, (size_t)(doc.p + doc.len - from));
	n += (size_t)(doc.p + doc.len - from);
	CHECK(mcx_info_read((struct gw_span){ rest, n }, i->service, arena,
		  &again, &fault) == GW_OK);
	CHECK(again.n_cuts == 0);
	check_same(i, &again);
}

static void
check_list(struct gw_span doc, struct gw_arena *arena)
{
	struct mcx_list l;
	struct gw_fault fault = { 0, NULL };
	enum gw_err err = mcx_list_read(doc, arena, &l, &fault);

	if (err == GW_OK)
		CHECK(l.entries > 0 || l.target.len == 0);
	else
		CHECK(fault.why != NULL && fault.at <= doc.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gw_arena *arena;
	struct mcx_info a, b;
	struct gw_fault fault = { 0, NULL };

	if (arena == NULL)
		arena = gw_arena_new(1u << 20);
	if (size == 0 || size > DOC_MAX)
		return 0;
	enum mcx_service service = (enum mcx_service)(1 + data[0] % 3);
	struct gw_span doc = { data + 1, size - 1 };
	gw_arena_reset(arena);
	enum gw_err err = mcx_info_read(doc, service, arena, &a, &fault);
	if (err == GW_OK) {
		check_info(doc, &a);
		CHECK(mcx_info_read(doc, service, arena, &b, &fault) == GW_OK);
		check_same(&a, &b);
		if (a.n_cuts > 0)
			check_without_cuts(doc, &a, arena);
	} else {
		CHECK(fault.why != NULL && fault.at <= doc.len);
	}
	check_list(doc, arena);
	return 0;
}
