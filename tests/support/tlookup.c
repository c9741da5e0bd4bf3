/*
 * tlookup.c: see tlookup.h.
 */
#include "support/tlookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/explain_lookup.h"

#define TEXT_MAX  16384
#define BODY_MAX  65536
#define ARENA_MAX (16u << 20)

static const char config[] =
    "<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n"
    "<redirect author=\"%s\"/>\n"
    "<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"
    "<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5070\" system=\"bravo\" advertise=\"out.gw.example:5070\"/>\n"
    "<system id=\"alpha\" side=\"local\">\n"
    "<domain name=\"mcptt.alpha.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5080\" transport=\"udp\""
    " udp-limit=\"65000\"/></system>\n"
    "<system id=\"bravo\" side=\"partner\">\n"
    "<domain name=\"mcptt.bravo.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5090\" transport=\"udp\""
    " udp-limit=\"65000\"/>%s</system>\n"
    "<lookups %s/>\n"
    "<topology keys=\"token.keys\"/>\n"
    "<policy agreements=\"agreements\" file=\"policy.xml\"/>\n"
    "<limits transactions=\"20000\"/>\n</mcxgw>\n";

static const char usual_service[] =
    "<lookup adapter=\"domain-lookup\" authority=\"lookup.bravo.example\">"
    "<endpoint address=\"127.0.0.1:8444\"/></lookup>\n";

static const char agreement[] =
    "<agreement xmlns=\"urn:mcxgw:agreement:1\" id=\"ab\" serial=\"1\"\n"
    " valid-from=\"2026-01-01T00:00:00Z\""
    " valid-until=\"2030-01-01T00:00:00Z\">\n"
    "<party system=\"alpha\"><domain name=\"mcptt.alpha.example\"/>"
    "<security-domain kms=\"" TLOOKUP_ALPHA "\""
    " certificate=\"" TCALL_CORPUS "alpha/certificate.xml\"/></party>\n"
    "<party system=\"bravo\"><domain name=\"mcptt.bravo.example\"/>"
    "<security-domain kms=\"" TLOOKUP_BRAVO "\"/>"
    "<security-domain kms=\"" TLOOKUP_TAC "\"/>"
    "<security-domain kms=\"" TLOOKUP_OLD "\"/>%s</party>\n";

static const char rule[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"calls\" %s>"
    "<communication service=\"mcptt\" kind=\"private message\"/>"
    "<initiator><any/></initiator>"
    "<target match=\"sip:*@mcptt.bravo.example\"/>"
    "<domains initiator=\"" TLOOKUP_ALPHA "\""
    " receiver=\"" TLOOKUP_TAC " " TLOOKUP_BRAVO "\"/>"
    "<key-message presence=\"required\" signature=\"require\"/>"
    "%s</permit>\n";

static const char *
either(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

/* The texts are those of the last call. */
static struct rig_files
files(const struct tlookup_settings *s)
{
	static char conf[TEXT_MAX], rules[TEXT_MAX], parties[TEXT_MAX];

	snprintf(conf, sizeof(conf), config,
	    either(s->author, "sip:gw.border.example"),
	    either(s->service, usual_service), either(s->lookups, ""));
	snprintf(parties, sizeof(parties), agreement, either(s->maps, ""));
	snprintf(rules, sizeof(rules), rule,
	    either(s->rule, "lookup=\"always\""), either(s->limit, ""));
	return (struct rig_files){ .config = conf,
		.agreement = parties,
		.permits = rules,
		.policy = "<policy xmlns=\"urn:mcxgw:policy:1\"/>\n" };
}

void
tlookup_open(struct tlookup *t, const struct tlookup_settings *s)
{
	struct rig_files f = files(s);

	memset(t, 0, sizeof(*t));
	t->arena = gw_arena_new(ARENA_MAX);
	assert_non_null(t->arena);
	tcalls_init(&t->calls, &t->talk);
	rig_open_with(&t->talk.rig, &f);
}

void
tlookup_reload(struct tlookup *t, const struct tlookup_settings *s)
{
	struct rig_files f = files(s);

	rig_reload(&t->talk.rig, &f);
}

void
tlookup_close(struct tlookup *t)
{
	rig_close(&t->talk.rig);
	gw_arena_free(t->arena);
}

static void
keep_call(struct tlookup *t)
{
	size_t n = 0;

	for (const char *p = t->talk.text; *p != '\0'; p++) {
		assert_true(n + 2 < sizeof(t->raw));
		if (*p == '\n' && (n == 0 || t->raw[n - 1] != '\r'))
			t->raw[n++] = '\r';
		t->raw[n++] = *p;
	}
	t->raw[n] = '\0';
}

void
tlookup_call(struct tlookup *t, const struct tcall *c)
{
	t->calls.ready_key = NULL;
	tcall_in(&t->calls, c);
	keep_call(t);
}

void
tlookup_again(struct tlookup *t, const struct tcall *c)
{
	static char key[TCALL_KEY_MAX];

	if (t->calls.ready_key == NULL)
		tcall_key(&t->calls, c, 1, key);
	t->calls.ready_key = key;
	tcall_with(&t->calls, c, 1, "again");
	keep_call(t);
}

static const struct core_action *
action(const struct tlookup *t, size_t i)
{
	const struct core_actions *all = core_actions(t->talk.rig.core);

	if (i >= all->n)
		fail_msg("%zu actions", all->n);
	return &all->at[i];
}

size_t
tlookup_count(const struct tlookup *t)
{
	const struct core_actions *all = core_actions(t->talk.rig.core);
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->at[i].kind == CORE_ASK;
	return n;
}

void
tlookup_asks(struct tlookup *t, size_t i)
{
	const struct core_action *a = action(t, i);

	assert_int_equal(a->kind, CORE_ASK);
	assert_true(a->safe);
	assert_true(a->deadline_ms > 0);
	assert_string_equal(
	    a->snap->conf->systems[a->snap->conf->services[a->service]->system]
		.base.id,
	    "bravo");
	t->ticket = a->ticket;
	snprintf(
	    t->path, sizeof(t->path), "%.*s", GW_FMT(a->http.request->path));
	snprintf(t->authorization, sizeof(t->authorization), "%.*s",
	    GW_FMT(a->http.request->authorization));
}

void
tlookup_waits(struct tlookup *t)
{
	if (rig_count(&t->talk.rig) != 2)
		fail_msg("%zu actions, not a question and a 100: %s",
		    rig_count(&t->talk.rig), rig_sent(&t->talk.rig, 0, NULL));
	tlookup_asks(t, 0);
	assert_int_equal(action(t, 1)->kind, CORE_SEND_BACK);
	talk_has(rig_sent(&t->talk.rig, 1, NULL), "SIP/2.0 100 ");
}

void
tlookup_answer(struct tlookup *t, unsigned status, const char *body)
{
	struct gw_http_response r = { .status = status,
		.content_type = GW_SPAN("application/xml"),
		.body = gw_span_of(body) };

	core_heard(t->talk.rig.core, t->ticket, &r, t->talk.rig.now);
}

void
tlookup_silence(struct tlookup *t, const char *why)
{
	core_unheard(t->talk.rig.core, t->ticket, why, t->talk.rig.now);
}

static void
put_domain(struct gw_buf *out, const char *text)
{
	struct gw_span all = gw_span_of(text);
	size_t end = gw_span_find(all, 0, '>');
	struct gw_span rest = gw_span_sub(all, end + 1, all.len);

	gw_buf_text(out, "<domain kms=\"");
	gw_buf_add(out, gw_span_sub(all, 0, end));
	gw_buf_text(out, "\">");
	if (end < all.len)
		gw_buf_text(out, "<external>");
	while (rest.len > 0) {
		size_t n = gw_span_find(rest, 0, ',');
		gw_buf_text(out, "<domain kms=\"");
		gw_buf_add(out, gw_span_sub(rest, 0, n));
		gw_buf_text(out, "\"/>");
		rest = gw_span_sub(rest, n + 1, rest.len);
	}
	if (end < all.len)
		gw_buf_text(out, "</external>");
	gw_buf_text(out, "</domain>");
}

const char *
tlookup_body(
    const char *user, unsigned ttl, size_t n, const char *const *domains)
{
	static char text[BODY_MAX];
	struct gw_buf out;

	gw_buf_init(&out, sizeof(text) - 1);
	gw_buf_fmt(&out,
	    "<domain-lookup xmlns=\"urn:mcxgw:domain-lookup:1\" user=\"%s\"",
	    user);
	if (ttl > 0)
		gw_buf_fmt(&out, " ttl=\"%u\"", ttl);
	gw_buf_text(&out, ">");
	for (size_t i = 0; i < n; i++)
		put_domain(&out, domains[i]);
	gw_buf_text(&out, "</domain-lookup>");
	assert_true(gw_buf_ok(&out));
	memcpy(text, out.p, out.len);
	text[out.len] = '\0';
	gw_buf_clear(&out);
	return text;
}

const char *
tlookup_nobody(void)
{
	return tlookup_body(TCALL_BOB, 0, 0, NULL);
}

/* The verdict as the last call to the core told it. */
static void
compare(struct tlookup *t, const struct gw_verdict *v)
{
	char line[128];

	if (v->outcome == GW_PERMIT) {
		talk_crossed(&t->talk, 5090);
		return;
	}
	talk_back(&t->talk, v->status);
	snprintf(
	    line, sizeof(line), "\"%s; decision ", gw_reason_name(v->reason));
	talk_has(t->talk.rig.sent, line);
	if (v->outcome != GW_REDIRECT)
		return;
	const char *at = strstr(t->talk.rig.sent, "; receiver domains:");
	assert_non_null(at);
	at += strlen("; receiver domains:");
	for (unsigned i = 0; i < v->n_domains; i++) {
		snprintf(line, sizeof(line), " %.*s", GW_FMT(v->domains[i]));
		if (strncmp(at, line, strlen(line)) != 0)
			fail_msg("\"%s\" is not next in \"%s\"", line, at);
		at += strlen(line);
	}
	assert_int_equal(*at, '"');
}

const struct gw_verdict *
tlookup_explain(struct tlookup *t, const char *said, const char *text)
{
	static struct gate_case judged;
	static struct sip_msg m;
	struct gate g = { .verifier = eccsi_verifier_new(16) };
	struct gate_ask ask = { .from =
				    rig_flow(&t->talk.rig, RIG_ALPHA).system,
		.to = GW_SYSTEM_NONE };
	struct explain_lookup l;
	struct gw_fault fault;

	gw_arena_reset(t->arena);
	assert_int_equal(sip_msg_parse(gw_span_of(t->raw), &m, &fault), GW_OK);
	gate_judge(
	    &g, t->talk.rig.snap, &m, &ask, t->talk.rig.now, t->arena, &judged);
	explain_lookup_settle(&g, t->talk.rig.snap, said, gw_span_of(text),
	    t->talk.rig.now, t->arena, &judged, &l);
	eccsi_verifier_free(g.verifier);
	return &judged.verdict;
}

void
tlookup_explains(struct tlookup *t, const char *said, const char *text)
{
	compare(t, tlookup_explain(t, said, text));
}
