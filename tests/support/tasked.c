/*
 * tasked.c: files, requests and copies of what core does.
 */
#include "support/tasked.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX (64u << 20)
#define TEXT_MAX  16384

static const char config[] =
    "<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n"
    "<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"
    "<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5070\" system=\"bravo\" advertise=\"out.gw.example:5070\"/>\n"
    "<listener id=\"c-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5071\" system=\"charlie\" advertise=\"out.gw.example:5071\"/>\n"
    "<listener id=\"d-udp\" transport=\"udp\" address=\"127.0.0.1\""
    " port=\"5072\" system=\"delta\" advertise=\"in.gw.example:5072\"/>\n"
    "<http-listener id=\"h\" address=\"127.0.0.1\" port=\"8080\""
    " system=\"alpha\" authority=\"gw.example:8080\"/>\n"
    "<system id=\"alpha\" side=\"local\"><domain name=\"alpha.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5080\" transport=\"udp\""
    " udp-limit=\"60000\"/>\n"
    "<lookup adapter=\"kms\" kms=\"kms.alpha.example\""
    " authority=\"lookup.alpha.example\">"
    "<endpoint address=\"127.0.0.1:8180\"/></lookup>\n"
    "<kms uri=\"kms.alpha.example\"><endpoint address=\"127.0.0.1:8181\"/>"
    "</kms></system>\n"
    "<system id=\"bravo\" side=\"partner\"><domain name=\"bravo.example\"/>\n"
    "<migrated user=\"sip:roam@alpha.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5090\" transport=\"udp\""
    " udp-limit=\"60000\"/>\n"
    "<lookup adapter=\"domain-lookup\" authority=\"lookup.bravo.example\">"
    "<endpoint address=\"127.0.0.1:8190\"/></lookup>\n"
    "<kms uri=\"kms.bravo.example\" prefix=\"/b\" %s>"
    "<endpoint address=\"127.0.0.1:8191\"/></kms>\n"
    "<kms uri=\"kms.tac.example\" authority=\"tac.example:99\">"
    "<endpoint address=\"127.0.0.1:8192\"/></kms></system>\n"
    "<system id=\"charlie\" side=\"partner\">"
    "<domain name=\"charlie.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5100\" transport=\"udp\""
    " udp-limit=\"60000\"/></system>\n"
    "<system id=\"delta\" side=\"local\"><domain name=\"delta.example\"/>\n"
    "<next-hop address=\"127.0.0.1:5110\" transport=\"udp\""
    " udp-limit=\"60000\"/></system>\n"
    "<topology keys=\"token.keys\"/>\n"
    "<policy agreements=\"agreements\"/>\n"
    "<lookups none-after=\"100ms\" failures=\"2\" down=\"10s\" %s/>\n"
    "</mcxgw>\n";

static const char agreement[] =
    "<agreement xmlns=\"urn:mcxgw:agreement:1\" id=\"ab\" serial=\"1\""
    " valid-from=\"2026-01-01T00:00:00Z\""
    " valid-until=\"2030-01-01T00:00:00Z\">"
    "<party system=\"alpha\"><domain name=\"alpha.example\"/>"
    "<security-domain kms=\"kms.alpha.example\"/></party>"
    "<party system=\"bravo\"><domain name=\"bravo.example\"/>"
    "<security-domain kms=\"kms.bravo.example\" %s/>"
    "<security-domain kms=\"kms.tac.example\"/>"
    "<security-domain kms=\"kms.hidden.example\"/>%s</party>";

static void
give_up(const char *what)
{
	fprintf(stderr, "tasked: %s\n", what);
	abort();
}

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* The files of s; the texts are static. */
static struct rig_files
files_of(const struct tasked_settings *s)
{
	static char conf[TEXT_MAX], head[TEXT_MAX];
	const char *rules = TASKED_PERMIT TASKED_TELL_ALPHA TASKED_TELL_BRAVO;

	snprintf(conf, sizeof(conf), config, or_empty(s->kms_bravo),
	    or_empty(s->lookups));
	snprintf(head, sizeof(head), agreement, or_empty(s->pin),
	    or_empty(s->party));
	return (struct rig_files){ .config = conf,
		.agreement = head,
		.permits = s->rules != NULL ? s->rules : rules,
		.watches = s->watches };
}

void
tasked_open(struct tasked *t, const struct tasked_settings *s)
{
	struct rig_files files = files_of(s);

	*t = (struct tasked){ .arena = gw_arena_new(ARENA_MAX) };
	if (t->arena == NULL)
		give_up("no memory");
	rig_open_with(&t->rig, &files);
}

void
tasked_reload(struct tasked *t, const struct tasked_settings *s)
{
	struct rig_files files = files_of(s);

	rig_reload(&t->rig, &files);
}

void
tasked_close(struct tasked *t)
{
	rig_close(&t->rig);
	gw_arena_free(t->arena);
}

/* ---- what core does ---- */

static struct gw_span
copy(struct tasked *t, struct gw_span text)
{
	char *p = gw_arena_str(t->arena, text);

	if (p == NULL)
		give_up("no memory");
	return (struct gw_span){ (const uint8_t *)p, text.len };
}

static void
copy_text(struct gw_span text, char *out, size_t size)
{
	if (text.len >= size)
		give_up("a field is too long");
	if (text.len > 0)
		memcpy(out, text.p, text.len);
	out[text.len] = '\0';
}

static void
keep_answer(struct tasked *t, const struct core_action *a)
{
	struct tasked_answer *k = &t->answers[t->n_answers++];
	const struct gw_http_response *r = a->http.response;

	if (t->n_answers == TASKED_KEPT)
		give_up("too many answers");
	*k = (struct tasked_answer){ .stream = a->stream,
		.at_us = t->rig.now.mono_us,
		.status = r->status,
		.retry_after_s = r->retry_after_s,
		.body = copy(t, r->body) };
	copy_text(r->content_type, k->type, sizeof(k->type));
	copy_text(r->allow, k->allow, sizeof(k->allow));
}

static void
keep_question(struct tasked *t, const struct core_action *a)
{
	struct tasked_question *k = &t->questions[t->n_questions++];

	if (t->n_questions == TASKED_KEPT)
		give_up("too many questions");
	*k = (struct tasked_question){ .ticket = a->ticket,
		.service = a->service,
		.deadline_ms = a->deadline_ms,
		.safe = a->safe,
		.r = *a->http.request };
	k->r.path = copy(t, k->r.path);
	k->r.authority = copy(t, k->r.authority);
	k->r.content_type = copy(t, k->r.content_type);
	k->r.accept = copy(t, k->r.accept);
	k->r.authorization = copy(t, k->r.authorization);
	k->r.body = copy(t, k->r.body);
}

static void
look(struct tasked *t)
{
	const struct core_actions *all = core_actions(t->rig.core);

	for (size_t i = 0; i < all->n; i++) {
		const struct core_action *a = &all->at[i];
		if (a->kind == CORE_ANSWER)
			keep_answer(t, a);
		else if (a->kind == CORE_ASK)
			keep_question(t, a);
		else if (a->kind == CORE_ASK_DROP)
			for (size_t k = 0; k < t->n_questions; k++)
				if (t->questions[k].ticket == a->ticket)
					t->questions[k].dropped = true;
	}
}

void
tasked_wait(struct tasked *t, unsigned ms)
{
	struct gw_now *now = &t->rig.now;
	uint64_t end = now->mono_us + (uint64_t)ms * 1000;

	for (;;) {
		uint64_t next = core_next_us(t->rig.core);
		if (next > end)
			next = end;
		if (next > now->mono_us) {
			now->wall_us += (int64_t)(next - now->mono_us);
			now->mono_us = next;
		}
		bool more = core_tick(t->rig.core, *now);
		look(t);
		if (!more && now->mono_us == end)
			break;
	}
}

/* ---- askers ---- */

uint64_t
tasked_in(struct tasked *t, const char *system, const struct gw_http_request *r)
{
	struct core_asker from = { .stream = ++t->stream };

	from.system = conf_system_by_id(t->rig.snap->conf, gw_span_of(system));
	core_asked(t->rig.core, &from, r, t->rig.now);
	look(t);
	return from.stream;
}

static struct gw_lookup_ends
ends(const struct tasked *t, const char *authority)
{
	return (struct gw_lookup_ends){ .self = GW_SPAN("sip:server.example"),
		.authority = gw_span_of(authority),
		.prefix = GW_SPAN(""),
		.names = &gw_lookup_names_3gpp,
		.wall_us = t->rig.now.wall_us };
}

static const struct gw_lookup_adapter *
adapter_of(const char *name)
{
	const struct gw_lookup_adapter *a = gw_lookup_adapter(gw_span_of(name));

	if (a == NULL)
		give_up(name);
	return a;
}

uint64_t
tasked_ask(
    struct tasked *t, const char *system, const char *adapter, const char *user)
{
	struct gw_lookup_ends e = ends(t, "gw.example:8080");
	const struct gw_lookup_question q = { gw_span_of(user),
		GW_SPAN("sip:server.example") };
	struct gw_http_request r;

	if (adapter_of(adapter)->ask(t->arena, &e, &q, &r) != GW_OK)
		give_up("the question cannot be written");
	return tasked_in(t, system, &r);
}

void
tasked_gone(struct tasked *t, uint64_t stream)
{
	core_asker_gone(t->rig.core, stream, t->rig.now);
	look(t);
}

const struct tasked_answer *
tasked_answer(const struct tasked *t, uint64_t stream)
{
	const struct tasked_answer *found = NULL;

	for (size_t i = 0; i < t->n_answers; i++) {
		if (t->answers[i].stream != stream)
			continue;
		if (found != NULL)
			give_up("a stream is answered twice");
		found = &t->answers[i];
	}
	return found;
}

const char *
tasked_domains(struct tasked *t, const char *adapter, const char *user,
    const struct tasked_answer *a)
{
	static char out[TEXT_MAX];
	struct gw_lookup_ends e = ends(t, "gw.example:8080");
	const struct gw_lookup_question q = { gw_span_of(user),
		GW_SPAN("sip:server.example") };
	const struct gw_http_response r = { .status = a->status,
		.content_type = gw_span_of(a->type),
		.body = a->body };
	struct gw_lookup_answer got;
	struct gw_fault fault = { 0, "" };
	size_t len = 0;

	if (adapter_of(adapter)->take(t->arena, &e, &q, &r, &got, &fault) !=
	    GW_OK)
		give_up(fault.why);
	out[0] = '\0';
	for (size_t i = 0; i < got.n_domains; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%.*s",
		    i > 0 ? " " : "", GW_FMT(got.domains[i].kms));
	return out;
}

/* ---- services ---- */

struct tasked_question *
tasked_question(struct tasked *t)
{
	if (t->n_questions == 0)
		give_up("nothing was asked");
	return &t->questions[t->n_questions - 1];
}

void
tasked_respond(struct tasked *t, const struct tasked_question *q,
    const struct gw_http_response *r)
{
	core_heard(t->rig.core, q->ticket, r, t->rig.now);
	look(t);
}

void
tasked_fail(struct tasked *t, const struct tasked_question *q)
{
	core_unheard(t->rig.core, q->ticket, "no connection", t->rig.now);
	look(t);
}

void
tasked_serve(struct tasked *t, const struct tasked_question *q,
    const char *adapter, const char *user, const char *domains)
{
	struct gw_lookup_ends e = { .self = GW_SPAN("sip:lookup.example"),
		.kms = GW_SPAN("kms.alpha.example"),
		.authority = q->r.authority,
		.prefix = GW_SPAN(""),
		.names = &gw_lookup_names_3gpp,
		.wall_us = t->rig.now.wall_us };
	const struct gw_lookup_question asked = { gw_span_of(user),
		GW_SPAN("") };
	struct gw_lookup_answer a = { .ttl_ms = 60000 };
	struct gw_span list = gw_span_of(domains);
	struct gw_http_response r;

	for (size_t at = 0; at < list.len; at++) {
		size_t end = gw_span_find(list, at, ' ');
		a.domains[a.n_domains++].kms = gw_span_sub(list, at, end - at);
		at = end;
	}
	if (adapter_of(adapter)->answer(t->arena, &e, &asked, &a, &r) != GW_OK)
		give_up("the answer cannot be written");
	tasked_respond(t, q, &r);
}
