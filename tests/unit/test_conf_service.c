/*
 * test_conf_service.c: listeners for HTTP, lookup services, KMSs and the
 * lookups element: what they say, what holds when they say nothing, and how
 * each mistake in them is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "mcxgw/buf.h"
#include "support/tpki.h"

#define SCHEMAS	 GW_SOURCE_DIR "/conf/schema"
#define TEXT_MAX 16384

static const char base[] =
    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.border.example'>\n"
    "<tls id='border' certificate='pki/gateway.pem' key='pki/gateway.key' "
    "ca='pki/ca.pem' crl='pki/ca.crl'/>\n"
    "<tls id='web' certificate='pki/gateway.pem' key='pki/gateway.key' "
    "ca='pki/ca.pem'/>\n"
    "<listener id='a' transport='tcp' address='127.0.0.1' port='5060' "
    "system='alpha'/><listener id='b' transport='tls' address='127.0.0.1' "
    "port='5061' tls='border' advertise='gw.border.example:5061'/>\n"
    "<http-listener id='a-http' address='127.0.0.1' port='8080' "
    "system='alpha'/>\n"
    "<http-listener id='p-http' address='127.0.0.1' port='8443' tls='border' "
    "authority='GW.border.example:8443'/>\n"
    "<lookups cache='100000'/>\n"
    "<system id='alpha' side='local'><domain name='a.example'/>\n"
    "<lookup adapter='kms' kms='KMS.alpha.example'>\n"
    "<endpoint address='127.0.0.1:8180'/></lookup>\n"
    "<kms uri='KMS.alpha.example' watch='1h'>"
    "<endpoint address='127.0.0.1'/></kms>\n"
    "<kms uri='kms.alpha-2.example'>"
    "<endpoint address='[::1]'/></kms>\n"
    "<next-hop address='127.0.0.1:5080' transport='tcp'/></system>\n"
    "<system id='bravo' side='partner'><domain name='b.example'/>\n"
    "<identity tls='gw.bravo.example'/>\n"
    "<lookup adapter='domain-lookup-json' prefix='/mc/v1' deadline='500ms' "
    "token-file='pki/token'>\n"
    "<endpoint address='192.0.2.7' tls='web' priority='2'/>\n"
    "<endpoint address='192.0.2.9:8190' tls='web' priority='1' weight='10' "
    "tls-name='Lookup.bravo.example'/>\n"
    "<endpoint address='192.0.2.8:8190' tls='web' priority='1'/></lookup>\n"
    "<next-hop address='127.0.0.1:5091' transport='tls' tls='border'/>"
    "</system>\n"
    "<system id='carl' side='partner'><domain name='c.example'/>\n"
    "<identity tls='gw.carl.example'/>\n"
    "<lookup adapter='static' file='policy.xml' kms='kms.carl.example'/>\n"
    "<next-hop address='127.0.0.1:5092' transport='tls' tls='border'/>"
    "</system>\n"
    "<topology keys='pki/token.keys'/><policy agreements='agreements'/>\n"
    "<admin port='9464'/>\n"
    "</mcxgw>\n";

struct loaded {
	struct gw_diag *d;
	struct conf *c;
};

static void
load(struct loaded *l, const char *dir, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/mcxgw.xml", dir);
	l->d = gw_diag_new();
	assert_non_null(l->d);
	l->c = conf_parse(gw_span_of(text), path, SCHEMAS, gw_now_read(), l->d);
}

static void
unload(struct loaded *l)
{
	conf_free(l->c);
	gw_diag_free(l->d);
}

static void
fail_with(const struct loaded *l, const char *want, const char *where)
{
	struct gw_buf b;

	gw_buf_init(&b, 1u << 16);
	gw_diag_print(l->d, &b);
	fail_msg(
	    "want %s for %s: %.*s", want, where, (int)b.len, (const char *)b.p);
}

static void
load_well(struct loaded *l, const char *dir, const char *text)
{
	load(l, dir, text);
	if (l->c == NULL || gw_diag_first(l->d) != NULL)
		fail_with(l, "nothing", text == base ? "base" : text);
}

/* base with the first `from` replaced; the line in which `to` ends. */
static unsigned
change(const char *doc, const char *from, const char *to, char out[TEXT_MAX])
{
	const char *hit = strstr(doc, from);
	unsigned line = 1;

	if (hit == NULL)
		fail_msg("there is no \"%s\"", from);
	size_t before = (size_t)(hit - doc);
	int n = snprintf(out, TEXT_MAX, "%.*s%s%s", (int)before, doc, to,
	    hit + strlen(from));
	assert_true(n > 0 && n < TEXT_MAX);
	for (size_t i = 0; i < before + strlen(to); i++)
		line += out[i] == '\n';
	return line;
}

static const struct gw_diag_entry *
find(const struct gw_diag *d, const char *code)
{
	const struct gw_diag_entry *e = gw_diag_first(d);

	while (e != NULL && strcmp(e->code, code) != 0)
		e = e->next;
	return e;
}

static void
listeners_are_read(void **state)
{
	struct loaded l;

	load_well(&l, *state, base);
	assert_int_equal(l.c->n_http_listeners, 2);
	const struct conf_http_listener *a = &l.c->http_listeners[0];
	const struct conf_http_listener *p = &l.c->http_listeners[1];
	assert_string_equal(a->id, "a-http");
	assert_int_equal(a->addr.port, 8080);
	assert_null(a->authority);
	assert_int_equal(a->system, 0);
	assert_int_equal(a->tls, UINT16_MAX);
	assert_int_equal(a->at.line, 5);
	assert_string_equal(p->id, "p-http");
	assert_string_equal(p->authority, "gw.border.example:8443");
	assert_int_equal(p->system, GW_SYSTEM_NONE);
	assert_int_equal(p->tls, 0);
	unload(&l);
}

static void
services_are_read(void **state)
{
	struct loaded l;

	load_well(&l, *state, base);
	assert_int_equal(l.c->n_services, 5);
	const struct conf_system *alpha = &l.c->systems[0];
	const struct conf_service *a = alpha->lookup;
	assert_non_null(a);
	assert_false(a->is_kms);
	assert_string_equal(a->adapter, "kms");
	assert_string_equal(a->kms, "kms.alpha.example");
	assert_string_equal(a->prefix, "");
	assert_int_equal(a->deadline_ms, 2000);
	assert_null(a->token);
	assert_null(a->file);
	assert_int_equal(a->at.line, 9);
	assert_int_equal(alpha->n_kms, 2);
	assert_true(alpha->kms[0]->is_kms);
	assert_string_equal(alpha->kms[0]->adapter, "kms");
	assert_string_equal(alpha->kms[0]->kms, "kms.alpha.example");
	assert_int_equal(alpha->kms[0]->watch_s, 3600);
	assert_int_equal(alpha->kms[1]->watch_s, 0);
	const struct conf_service *b = l.c->systems[1].lookup;
	assert_int_equal(b->system, 1);
	assert_string_equal(b->adapter, "domain-lookup-json");
	assert_null(b->kms);
	assert_string_equal(b->prefix, "/mc/v1");
	assert_int_equal(b->deadline_ms, 500);
	assert_string_equal(b->token, "a.good-Token~1+/==");
	assert_int_equal(l.c->systems[1].n_kms, 0);
	const struct conf_service *c = l.c->systems[2].lookup;
	assert_string_equal(c->adapter, "static");
	assert_non_null(strstr(c->file, "/policy.xml"));
	assert_int_equal(c->n_endpoints, 0);
	assert_null(c->authority);
	assert_string_equal(c->prefix, "");
	unload(&l);
}

static void
endpoints_are_sorted_and_named(void **state)
{
	static const struct {
		const char *text, *name;
		uint16_t priority, weight;
	} rows[] = {
		{ "192.0.2.9:8190", "lookup.bravo.example", 1, 10 },
		{ "192.0.2.8:8190", NULL, 1, 1 },
		{ "192.0.2.7:443", NULL, 2, 1 },
	};
	struct loaded l;

	load_well(&l, *state, base);
	const struct conf_service *b = l.c->systems[1].lookup;
	assert_int_equal(b->n_endpoints, GW_COUNT(rows));
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct conf_endpoint *e = &b->endpoints[i];
		assert_string_equal(e->text, rows[i].text);
		assert_int_equal(e->priority, rows[i].priority);
		assert_int_equal(e->weight, rows[i].weight);
		assert_int_equal(e->tls, 1);
		if (rows[i].name == NULL)
			assert_null(e->tls_name);
		else
			assert_string_equal(e->tls_name, rows[i].name);
	}
	const struct conf_system *alpha = &l.c->systems[0];
	assert_string_equal(alpha->kms[0]->endpoints[0].text, "127.0.0.1:80");
	assert_string_equal(alpha->kms[1]->endpoints[0].text, "[::1]:80");
	assert_int_equal(alpha->kms[1]->endpoints[0].tls, UINT16_MAX);
	unload(&l);
}

static void
ids_find_what_they_name(void **state)
{
	struct loaded l;

	load_well(&l, *state, base);
	for (uint32_t i = 0; i < l.c->n_services; i++) {
		const struct conf_service *v = l.c->services[i];
		const struct conf_system *s = &l.c->systems[v->system];
		bool found = s->lookup == v;
		assert_int_equal(v->id, i);
		for (size_t k = 0; k < s->n_kms; k++)
			found |= s->kms[k] == v;
		assert_true(found);
	}
	assert_int_equal(l.c->n_endpoints, 6);
	for (uint32_t i = 0; i < l.c->n_endpoints; i++) {
		const struct conf_endpoint *e = l.c->endpoints[i];
		const struct conf_service *v = l.c->services[e->service];
		assert_int_equal(e->id, i);
		assert_true(
		    e >= v->endpoints && e < v->endpoints + v->n_endpoints);
	}
	unload(&l);
}

static void
the_authority_is_that_of_the_first_endpoint(void **state)
{
	static const struct {
		const char *from, *to, *want;
	} rows[] = {
		{ "", "", "lookup.bravo.example:8190" },
		{ " tls-name='Lookup.bravo.example'", "", "192.0.2.9:8190" },
		{ "192.0.2.7' tls='web' priority='2'",
		    "[2001:db8::1]' tls='web' priority='0'",
		    "[2001:db8::1]:443" },
		{ "prefix='/mc/v1'", "authority='DNS.bravo.example:1'",
		    "dns.bravo.example:1" },
		{ "prefix='/mc/v1'", "authority='[::1]' prefix=''", "[::1]" },
	};
	char text[TEXT_MAX];
	struct loaded l;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		change(base, rows[i].from, rows[i].to, text);
		load_well(&l, *state, text);
		assert_string_equal(
		    l.c->systems[1].lookup->authority, rows[i].want);
		unload(&l);
	}
}

static void
lookups_have_defaults(void **state)
{
	static const struct conf_lookups want = { .cache = 100000,
		.ttl_s = 300,
		.ttl_max_s = 3600,
		.negative_s = 30,
		.waiting = 20000,
		.down_s = 10,
		.failures = 3,
		.none_after_ms = 100,
		.asks = 200,
		.streams = 128,
		.idle_s = 300,
		.request_s = 10,
		.http_connections = 4096 };
	char text[TEXT_MAX];
	struct loaded l;

	change(base, "<lookups cache='100000'/>", "", text);
	load_well(&l, *state, text);
	assert_memory_equal(&l.c->lookups, &want, sizeof(want));
	unload(&l);
}

static void
lookups_can_be_said(void **state)
{
	static const struct conf_lookups want = { .cache = 1000000,
		.ttl_s = 60,
		.ttl_max_s = 7200,
		.negative_s = 5,
		.waiting = 7,
		.down_s = 1,
		.failures = 1,
		.none_after_ms = 0,
		.asks = 0,
		.streams = 32,
		.idle_s = 61,
		.request_s = 62,
		.http_connections = 63 };
	char text[TEXT_MAX];
	struct loaded l;

	change(base, "cache='100000'",
	    "cache='1000000' ttl='1min' ttl-max='2h' negative='5s' "
	    "waiting='7' down='1s' failures='1' none-after='0s' asks='0' "
	    "streams='32' idle='61s' request='62s' connections='63'",
	    text);
	load_well(&l, *state, text);
	assert_memory_equal(&l.c->lookups, &want, sizeof(want));
	unload(&l);
}

static void
nothing_of_it_is_needed(void **state)
{
	char one[TEXT_MAX], two[TEXT_MAX];
	struct loaded l;

	change(base, "<http-listener", "<!-- <http-listener", one);
	change(one, "8443'/>", "8443'/> -->", two);
	change(two,
	    "<lookup adapter='static' file='policy.xml' "
	    "kms='kms.carl.example'/>",
	    "", one);
	load_well(&l, *state, one);
	assert_int_equal(l.c->n_http_listeners, 0);
	assert_null(l.c->systems[2].lookup);
	assert_int_equal(l.c->systems[2].n_kms, 0);
	unload(&l);
}

/* The report stands in the line in which `to` ends. */
static const struct mistake {
	const char *code, *from, *to;
	bool warning;
} mistakes[] = {
	{ "conf.id", "id='a-http'", "id='a http'", false },
	{ "conf.id-twice", "id='p-http'", "id='A-http'", false },
	{ "conf.address", "address='127.0.0.1' port='8080'",
	    "address='localhost' port='8080'", false },
	{ "conf.address", "address='127.0.0.1' port='8080'",
	    "address='127.0.0.1:1' port='8080'", false },
	{ "conf.port", "port='8080'", "port='65536'", false },
	{ "conf.unknown-tls", "port='8443' tls='border'",
	    "port='8443' tls='brder'", false },
	{ "conf.unknown-system", "port='8080' system='alpha'",
	    "port='8080' system='alfa'", false },
	{ "conf.http-plain", "address='127.0.0.1' port='8080'",
	    "address='192.0.2.1' port='8080'", false },
	{ "conf.http-plain", "address='127.0.0.1' port='8080'",
	    "address='0.0.0.0' port='8080'", false },
	{ "conf.http-plain", "address='127.0.0.1' port='8443' tls='border'",
	    "address='192.0.2.1' port='8443' system='bravo'", false },
	{ "conf.listener-system", "port='8443' tls='border'", "port='8443'",
	    false },
	{ "conf.listener-identity", "port='8443' tls='border'",
	    "port='8443' tls='border' system='alpha'", false },
	{ "conf.listener-twice", "port='8443'", "port='8080'", false },
	{ "conf.listener-twice", "port='8443'", "port='5060'", false },
	{ "conf.listener-twice", "address='127.0.0.1' port='8443'",
	    "address='0.0.0.0' port='8080'", false },
	{ "conf.listener-twice", "admin port='9464'", "admin port='8443'",
	    false },
	{ "conf.hop-self", "127.0.0.1:5080'", "127.0.0.1:8080'", false },
	{ "conf.http-authority", "GW.border.example:8443",
	    "https://gw.border.example", false },
	{ "conf.http-authority", "GW.border.example:8443",
	    "gw.border.example:0", false },

	{ "conf.range", "cache='100000'", "cache='99'", false },
	{ "conf.unit", "cache='100000'", "ttl='300'", false },
	{ "conf.number", "cache='100000'", "asks='-1'", false },
	{ "conf.range", "cache='100000'", "streams='0'", false },
	{ "conf.range", "cache='100000'", "none-after='5001ms'", false },
	{ "conf.limits", "cache='100000'", "ttl='2h'", false },
	{ "conf.limits", "cache='100000'", "ttl='1s' ttl-max='29s'", false },
	{ "conf.twice", "<lookups", "<lookups/>\n<lookups", false },
	{ "xml.schema", "cache='100000'", "cash='100000'", false },

	{ "conf.twice", "<kms uri='KMS",
	    "<lookup adapter='static' file='policy.xml'/><kms uri='KMS",
	    false },
	{ "xml.schema", "<lookup adapter='kms'", "<lookup", false },
	{ "conf.empty", "adapter='kms'", "adapter=''", false },
	{ "conf.kms", "kms='KMS.alpha.example'", "kms='the kms'", false },
	{ "conf.empty", "kms='KMS.alpha.example'", "kms=''", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='mc/v1'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/mc/v1/'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/mc//v1'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/mc/../v1'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/mc?v=1'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/m c'", false },
	{ "conf.prefix", "prefix='/mc/v1'", "prefix='/mc%2Fv1'", false },
	{ "conf.http-authority", "prefix='/mc/v1'", "authority='a b'", false },
	{ "conf.http-authority", "prefix='/mc/v1'", "authority='[::1'", false },
	{ "conf.range", "deadline='500ms'", "deadline='31s'", false },
	{ "conf.range", "deadline='500ms'", "deadline='9ms'", false },
	{ "conf.range", "watch='1h'", "watch='200h'", false },
	{ "conf.kms-twice", "kms uri='kms.alpha-2.example'",
	    "kms uri='kms.ALPHA.example'", false },
	{ "conf.kms-twice", "<lookup adapter='static'",
	    "<kms uri='kms.alpha.example'><endpoint address='127.0.0.1:1'/>"
	    "</kms><lookup adapter='static'",
	    false },
	{ "conf.file", "token-file='pki/token'", "token-file='pki/none'",
	    false },
	{ "conf.file", "token-file='pki/token'", "token-file='pki'", false },
	{ "conf.file", "token-file='pki/token'", "token-file='pki/long'",
	    false },
	{ "conf.token", "token-file='pki/token'", "token-file='pki/empty'",
	    false },
	{ "conf.token", "token-file='pki/token'", "token-file='pki/two'",
	    false },
	{ "conf.secret-mode", "token-file='pki/token'", "token-file='pki/open'",
	    true },

	{ "conf.lookup-static", " file='policy.xml' kms", " kms", false },
	{ "conf.lookup-static", "kms='kms.carl.example'/>",
	    "kms='kms.carl.example'><endpoint address='127.0.0.1:1'/>"
	    "</lookup>",
	    false },
	{ "conf.lookup-static", "kms='kms.carl.example'", "prefix='/a'",
	    false },
	{ "conf.lookup-static", "kms='kms.carl.example'", "authority='a'",
	    false },
	{ "conf.lookup-static", "kms='kms.carl.example'", "deadline='1s'",
	    false },
	{ "conf.lookup-static", "kms='kms.carl.example'",
	    "token-file='pki/token'", false },
	{ "conf.lookup-static", "adapter='kms'",
	    "adapter='kms' file='policy.xml'", false },
	{ "conf.file", "file='policy.xml'", "file='policies.xml'", false },
	{ "conf.endpoint-missing", "<endpoint address='127.0.0.1'/>", "",
	    false },
	{ "conf.endpoint-missing", "<lookup adapter='static' file='policy.xml'",
	    "<lookup adapter='domain-lookup'", false },

	{ "conf.address", "endpoint address='127.0.0.1:8180'",
	    "endpoint address='kms.alpha.example'", false },
	{ "conf.endpoint-address", "endpoint address='127.0.0.1:8180'",
	    "endpoint address='0.0.0.0:8180'", false },
	{ "conf.endpoint-self", "endpoint address='127.0.0.1:8180'",
	    "endpoint address='127.0.0.1:8080'", false },
	{ "conf.endpoint-self", "endpoint address='127.0.0.1:8180'",
	    "endpoint address='127.0.0.1:5060'", false },
	{ "conf.endpoint-twice", "192.0.2.8:8190", "192.0.2.9:8190", false },
	{ "conf.unknown-tls", "192.0.2.7' tls='web'", "192.0.2.7' tls='x'",
	    false },
	{ "conf.endpoint-plain", "192.0.2.7' tls='web'", "192.0.2.7'", false },
	{ "conf.token-plain", "192.0.2.7' tls='web'", "192.0.2.7'", false },
	{ "conf.token-plain", "[::1]", "192.0.2.3", false }, /* a KMS */
	{ "conf.endpoint-name", "192.0.2.8:8190' tls='web'",
	    "127.0.0.1:8190' tls-name='gw.bravo.example'", false },
	{ "conf.endpoint-name", "Lookup.bravo.example", "GW.carl.example",
	    false },
	{ "conf.host", "Lookup.bravo.example", "lookup bravo", false },
	{ "conf.endpoint-unnamed", "endpoint address='127.0.0.1:8180'",
	    "endpoint address='127.0.0.1:8180' tls='web'", false },
	{ "conf.range", "weight='10'", "weight='0'", false },
	{ "conf.range", "priority='2'", "priority='65536'", false },
	{ "conf.tls-unused", "<http-listener id='a-http'",
	    "<tls id='more' certificate='pki/gateway.pem' "
	    "key='pki/gateway.key' ca='pki/ca.pem'/><http-listener id='a-http'",
	    true },
};

static void
check_mistake(const char *dir, const struct mistake *m)
{
	char text[TEXT_MAX];
	struct loaded l;
	unsigned line = change(base, m->from, m->to, text);

	load(&l, dir, text);
	const struct gw_diag_entry *e = find(l.d, m->code);
	if (e == NULL || (m->to[0] != '\0' && e->where.line != line))
		fail_with(&l, m->code, m->to);
	assert_true(e->where.line > 0);
	assert_true(e->text[0] != '\0');
	assert_true(e->want != NULL && e->want[0] != '\0');
	assert_int_equal(
	    e->level, m->warning ? GW_DIAG_WARNING : GW_DIAG_ERROR);
	if ((l.c != NULL) != m->warning)
		fail_with(&l, m->warning ? "a warning" : "an error", m->to);
	unload(&l);
}

static void
each_mistake_is_told_with_its_place(void **state)
{
	for (size_t i = 0; i < GW_COUNT(mistakes); i++)
		check_mistake(*state, &mistakes[i]);
}

static void
a_certificate_should_name_the_authority(void **state)
{
	char text[TEXT_MAX];
	struct loaded l;

	change(base, "GW.border.example:8443", "gw.alpha.example:8443", text);
	load(&l, *state, text);
	assert_non_null(l.c);
	const struct gw_diag_entry *e = find(l.d, "conf.certificate-name");
	assert_non_null(e);
	assert_int_equal(e->where.line, 2);
	assert_non_null(strstr(e->text, "gw.alpha.example"));
	assert_non_null(strstr(e->text, "p-http"));
	unload(&l);
}

static void
a_local_service_may_be_plain(void **state)
{
	char text[TEXT_MAX];
	struct loaded l;

	change(base, "127.0.0.1:8180", "192.0.2.1:8180", text);
	load_well(&l, *state, text);
	unload(&l);
}

static void
a_token_is_never_told(void **state)
{
	char text[TEXT_MAX];
	struct loaded l;
	struct gw_buf b;

	change(base, "token-file='pki/token'", "token-file='pki/two'", text);
	load(&l, *state, text);
	assert_null(l.c);
	gw_buf_init(&b, 1u << 16);
	gw_diag_print(l.d, &b);
	assert_int_equal(
	    gw_span_search(gw_buf_span(&b), GW_SPAN("secret")), b.len);
	gw_buf_clear(&b);
	unload(&l);
}

static void
too_many_is_told(void **state)
{
	char text[TEXT_MAX], more[TEXT_MAX / 2];
	struct loaded l;
	int n = 0;

	for (int i = 0; i < CONF_ENDPOINTS_MAX; i++)
		n += snprintf(more + n, sizeof(more) - (size_t)n,
		    "<endpoint address='127.0.1.1:%d'/>", 6000 + i);
	snprintf(more + n, sizeof(more) - (size_t)n, "</lookup>\n<kms uri='K");
	change(base, "</lookup>\n<kms uri='K", more, text);
	load(&l, *state, text);
	assert_null(l.c);
	assert_int_equal(find(l.d, "conf.too-many")->where.line, 9);
	unload(&l);

	n = 0;
	for (int i = 0; i < CONF_KMS_MAX - 1; i++)
		n += snprintf(more + n, sizeof(more) - (size_t)n,
		    "<kms uri='k%d'><endpoint address='127.0.1.1'/></kms>", i);
	snprintf(more + n, sizeof(more) - (size_t)n, "<kms uri='K");
	change(base, "<kms uri='K", more, text);
	load(&l, *state, text);
	assert_null(l.c);
	assert_int_equal(find(l.d, "conf.too-many")->where.line, 8);
	unload(&l);
}

static int
set_up(void **state)
{
	char *dir = tpki_new();

	tpki_run("umask 077 && cd %s/pki && echo ' a.good-Token~1+/== ' >token "
		 "&& printf ' \\n' >empty && printf 'secret\\nsecret\\n' >two "
		 "&& cp token open && chmod 644 open && "
		 "head -c 8192 /dev/zero | tr '\\0' x >long",
	    dir);
	*state = dir;
	return 0;
}

static int
tear_down(void **state)
{
	tpki_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_are_read),
		cmocka_unit_test(services_are_read),
		cmocka_unit_test(endpoints_are_sorted_and_named),
		cmocka_unit_test(ids_find_what_they_name),
		cmocka_unit_test(the_authority_is_that_of_the_first_endpoint),
		cmocka_unit_test(lookups_have_defaults),
		cmocka_unit_test(lookups_can_be_said),
		cmocka_unit_test(nothing_of_it_is_needed),
		cmocka_unit_test(each_mistake_is_told_with_its_place),
		cmocka_unit_test(a_certificate_should_name_the_authority),
		cmocka_unit_test(a_local_service_may_be_plain),
		cmocka_unit_test(a_token_is_never_told),
		cmocka_unit_test(too_many_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
