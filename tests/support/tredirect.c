/*
 * tredirect.c: see tredirect.h.
 */
#include "support/tredirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define TEXT_MAX  16384
#define ARENA_MAX (16u << 20)

static const char config[] =
    "<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n"
    "%s\n"
    "<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"
    "<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5070\" system=\"bravo\" advertise=\"out.gw.example:5070\"/>\n"
    "<system id=\"alpha\" side=\"local\" %s\n"
    "<domain name=\"mcptt.alpha.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5080\" transport=\"udp\""
    " udp-limit=\"65000\"/></system>\n"
    "<system id=\"bravo\" side=\"partner\" %s\n"
    "<domain name=\"mcptt.bravo.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5090\" transport=\"udp\""
    " udp-limit=\"65000\"/></system>\n"
    "<topology keys=\"token.keys\"/>\n"
    "<policy agreements=\"agreements\" file=\"policy.xml\"/>\n</mcxgw>\n";

static const char rule[] =
    "<permit from=\"%s\" to=\"%s\" id=\"%s\">"
    "<communication service=\"mcptt\""
    " kind=\"private message publish subscribe register\"/>"
    "<initiator><any/></initiator>"
    "<target match=\"sip:*@mcptt.%s.example\"/>"
    "<domains initiator=\"%s\" receiver=\"%s\"/>"
    "<key-message presence=\"required\" signature=\"off\"/>"
    "<redirect %s/></permit>\n";

static const char usual_pairs[] = TKRR_ONE " " TKRR_TWO;

static const char *
either(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

void
tredirect_open(struct tredirect *r, const struct tredirect_settings *s)
{
	static char conf[TEXT_MAX], rules[TEXT_MAX];
	const char *pairs = either(s->pairs, usual_pairs);
	const char *redirect = either(s->redirect, "");
	int n;

	snprintf(conf, sizeof(conf), config,
	    either(s->ours, "<redirect author=\"" TREDIRECT_AUTHOR "\"/>"),
	    either(s->alpha, ">"), either(s->bravo, ">"));
	n = snprintf(rules, sizeof(rules), rule, "alpha", "bravo", "calls",
	    "bravo", TREDIRECT_ALICES, pairs, redirect);
	snprintf(rules + n, sizeof(rules) - (size_t)n, rule, "bravo", "alpha",
	    "back", "alpha", pairs, TREDIRECT_ALICES, redirect);
	if (r->arena == NULL)
		r->arena = gw_arena_new(ARENA_MAX);
	assert_non_null(r->arena);
	if (r->talk.rig.core == NULL)
		tcalls_init(&r->calls, &r->talk);
	else
		rig_close(&r->talk.rig);
	rig_open_with(
	    &r->talk.rig, &(struct rig_files){ .config = conf,
			      .agreement = TCALL_PARTIES(""),
			      .permits = rules,
			      .policy = either(s->policy,
				  "<policy xmlns=\"urn:mcxgw:policy:1\"/>\n"),
			      .wall_us = s->wall_us });
}

struct gw_span
tredirect_body(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	uint64_t n = 0;
	char length[32];

	assert_non_null(end);
	rig_field(text, "Content-Length", length, sizeof(length));
	assert_int_equal(
	    gw_span_to_u64(gw_span_of(length), RIG_TEXT_MAX, &n), GW_OK);
	assert_int_equal(strlen(end + 4), n);
	return gw_span_of(end + 4);
}

/* The one message that was sent, a response with a KRR alone. */
struct krr
tredirect_krr(struct tredirect *r, unsigned status)
{
	struct krr_fault no;
	struct krr k;
	char type[128];

	talk_back(&r->talk, status);
	rig_field(r->talk.rig.sent, "Content-Type", type, sizeof(type));
	assert_string_equal(type, KRR_MEDIA_TYPE);
	if (krr_read(tredirect_body(r->talk.rig.sent), tkrr_dialects(),
		r->arena, &k, &no) != GW_OK)
		fail_msg("%s in\n%s", no.fault.why, r->talk.rig.sent);
	return k;
}

/* The one message that was sent is a response without a KRR that says so. */
void
tredirect_plain(struct tredirect *r, unsigned status, const char *says)
{
	talk_back(&r->talk, status);
	talk_lacks(r->talk.rig.sent, KRR_MEDIA_TYPE);
	talk_lacks(r->talk.rig.sent, "KmsUri");
	talk_has(r->talk.rig.sent, says);
	assert_int_equal(tredirect_body(r->talk.rig.sent).len, 0);
}

void
tredirect_lists(const struct krr *k, size_t n, const char *const *domains)
{
	assert_int_equal(k->n_domains, n);
	for (size_t i = 0; i < n; i++)
		assert_true(gw_span_eq(k->domains[i], gw_span_of(domains[i])));
}

void
tredirect_is(struct gw_span got, const char *want)
{
	if (!gw_span_eq(got, gw_span_of(want)))
		fail_msg("%.*s is not %s", GW_FMT(got), want);
}

/* A call of alice crosses; it waits for an answer. */
void
tredirect_call(struct tredirect *r)
{
	tcall_in(&r->calls, &(struct tcall){ 0 });
	talk_crossed(&r->talk, 5090);
}

/* bravo's 488 with a body of that type; the far ACK is taken off. */
const char *
tredirect_answers(
    struct tredirect *r, unsigned status, const char *type, struct gw_span body)
{
	static char text[RIG_TEXT_MAX], back[RIG_TEXT_MAX];
	char via[4096], from[512], to[512], id[512], cseq[64];
	const char *tag;
	unsigned hop;

	rig_field(r->talk.sent, "Via", via, sizeof(via));
	rig_field(r->talk.sent, "From", from, sizeof(from));
	rig_field(r->talk.sent, "To", to, sizeof(to));
	tag = strstr(to, "tag=") == NULL ? ";tag=b1" : "";
	rig_field(r->talk.sent, "Call-ID", id, sizeof(id));
	rig_field(r->talk.sent, "CSeq", cseq, sizeof(cseq));
	int n = snprintf(text, sizeof(text),
	    "SIP/2.0 %u Said\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s\r\n"
	    "Call-ID: %s\r\nCSeq: %s\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\n\r\n%.*s",
	    status, via, from, to, tag, id, cseq, type, body.len, GW_FMT(body));
	assert_in_range(n, 1, (int)sizeof(text) - 1);
	struct core_flow flow = rig_flow(&r->talk.rig, RIG_BRAVO);
	core_message(r->talk.rig.core, &flow,
	    (struct gw_span){ (const uint8_t *)text, (size_t)n }, 0,
	    r->talk.rig.now);
	back[0] = '\0';
	for (size_t i = 0; i < rig_count(&r->talk.rig); i++) {
		const char *out = rig_sent(&r->talk.rig, i, &hop);
		if (hop == 0)
			snprintf(back, sizeof(back), "%s", out);
		else
			assert_int_equal(strncmp(out, "ACK ", 4), 0);
	}
	assert_in_range(rig_count(&r->talk.rig), 0, 2);
	return back;
}

/* A KRR of bravo's gateway that offers what is named. */
struct gw_span
tredirect_offer(struct tredirect *r, size_t n, const char *const *domains,
    const struct krr_signer *s)
{
	struct krr k = tkrr_example();
	struct krr_fault no;
	struct gw_span text = { NULL, 0 };
	struct gw_buf out;

	k.initiator_domain = gw_span_of(TREDIRECT_ALICES);
	k.refused = gw_span_of(TKRR_ONE);
	k.n_domains = n;
	for (size_t i = 0; i < n; i++)
		k.domains[i] = gw_span_of(domains[i]);
	gw_buf_init(&out, KRR_OCTETS_MAX);
	assert_int_equal(
	    s == NULL ? krr_build(&k, &out, &no) : krr_sign(s, &k, &out, &no),
	    GW_OK);
	assert_true(gw_arena_copy(r->arena, gw_buf_span(&out), &text));
	gw_buf_clear(&out);
	return text;
}

struct gw_span
tredirect_keep(struct tredirect *r, struct gw_span text)
{
	struct gw_span copy = { NULL, 0 };

	assert_true(gw_arena_copy(r->arena, text, &copy));
	return copy;
}

struct gw_span
tredirect_replace(
    struct tredirect *r, struct gw_span text, const char *from, const char *to)
{
	return tredirect_keep(r, tkrr_replace(text, from, to));
}

void
tredirect_starts(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("not %s:\n%s", with, text);
}

/* What came back is a plain response of the gateway's that says why. */
void
tredirect_came_plain(const char *back, const char *status, const char *why)
{
	tredirect_starts(back, status);
	talk_has(back, why);
	talk_has(back, "Warning: 399 gw.example \"redirect; decision ");
	talk_lacks(back, KRR_MEDIA_TYPE);
	talk_lacks(back, "KmsUri");
	assert_int_equal(tredirect_body(back).len, 0);
}

struct krr
tredirect_came_krr(struct tredirect *r, const char *back)
{
	struct krr_fault no;
	struct krr k;

	tredirect_starts(back, "SIP/2.0 488 ");
	if (krr_read(tredirect_body(back), tkrr_dialects(), r->arena, &k,
		&no) != GW_OK)
		fail_msg("%s in\n%s", no.fault.why, back);
	return k;
}

void
tredirect_close(struct tredirect *r)
{
	rig_close(&r->talk.rig);
	gw_arena_free(r->arena);
	*r = (struct tredirect){ .arena = NULL };
}
