/*
 * test_http_client.c: questions over real connections to small services, in
 * HTTP/2 and HTTP/1.1, plain and over TLS.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>

#include "net/conns.h"
#include "net/http/http_pool.h"
#include "net/stream.h"
#include "net/stream_peer.h"
#include "net/worker.h"
#include "support/thttpd.h"
#include "support/tpki.h"

#define SCHEMAS GW_SOURCE_DIR "/conf/schema"
#define SERVERS 3
#define TEXT	8192
#define TURNS	20000
#define TOLD	4096

static char *dir;
static struct snapshot *snap;
static struct worker *w;
static struct mbox *main_box;
static struct thttpd *servers[SERVERS];

static struct {
	size_t n_heard, n_unheard;
	uint8_t told[TOLD];
	char body[64], why[128]; /* of the last */
} t;

static void
heard(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	(void)arg;
	assert_int_equal(r->status, 200);
	snprintf(t.body, sizeof(t.body), "%.*s", GW_FMT(r->body));
	t.n_heard++;
	t.told[ticket]++;
}

static void
unheard(void *arg, uint64_t ticket, const char *why)
{
	(void)arg;
	snprintf(t.why, sizeof(t.why), "%s", why);
	t.n_unheard++;
	t.told[ticket]++;
}

static const struct http_pool_user user = { heard, unheard };

/* ---- settings ---- */

struct setting {
	const char *tls; /* attributes of each endpoint */
	const char *more; /* attributes of the lookup */
	size_t n; /* endpoints */
};

static const struct setting plain = { "", "", 1 };
static const struct setting plain_three = { "", "", 3 };
static const struct setting secure = {
	"tls='border' tls-name='lookup.bravo.example'", "", 1
};

static struct snapshot *
settings(const struct setting *s, const struct snapshot *old)
{
	char text[TEXT], endpoints[1024] = "", path[256];
	size_t at = 0;

	for (size_t i = 0; i < s->n; i++)
		at += (size_t)snprintf(endpoints + at, sizeof(endpoints) - at,
		    "<endpoint address='127.0.0.1:%u' priority='%zu' %s/>",
		    servers[i]->port, i + 1, s->tls);
	snprintf(text, sizeof(text),
	    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.border.example'>"
	    "<tls id='border' certificate='pki/gateway.pem' "
	    "key='pki/gateway.key' ca='pki/ca.pem' crl='pki/ca.crl'/>"
	    "<tls id='bravo' certificate='pki/bravo-lookup.pem' "
	    "key='pki/bravo-lookup.key' ca='pki/ca.pem' crl='pki/ca.crl'/>"
	    "<tls id='alpha' certificate='pki/alpha.pem' "
	    "key='pki/alpha.key' ca='pki/ca.pem' crl='pki/ca.crl'/>"
	    "<listener id='a' transport='udp' address='127.0.0.1' "
	    "port='5060' system='alpha'/>"
	    "<listener id='b' transport='udp' address='127.0.0.1' "
	    "port='5070' system='bravo'/>"
	    "<lookups down='10s' failures='3'/>"
	    "<system id='alpha' side='local'><domain name='alpha.example'/>"
	    "<next-hop address='127.0.0.1:5080' transport='udp'/></system>"
	    "<system id='bravo' side='partner'>"
	    "<domain name='bravo.example'/>"
	    "<identity tls='lookup.bravo.example'/>"
	    "<lookup adapter='domain-lookup' "
	    "authority='lookup.bravo.example' %s>%s</lookup>"
	    "<next-hop address='127.0.0.1:5090' transport='udp'/></system>"
	    "<topology keys='pki/token.keys'/>"
	    "<policy agreements='agreements'/></mcxgw>",
	    s->more, endpoints);
	snprintf(path, sizeof(path), "%s/client.xml", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
	struct gw_diag *d = gw_diag_new();
	struct gw_buf said;
	gw_buf_init(&said, TEXT);
	struct snapshot *out =
	    snapshot_load(path, SCHEMAS, gw_now_read(), old, d);
	bool ok = out != NULL && netset_attach(out, gw_now_read(), d);
	gw_diag_print(d, &said);
	if (!ok)
		print_error("%.*s", (int)said.len, (const char *)said.p);
	assert_true(ok);
	gw_buf_clear(&said);
	gw_diag_free(d);
	return out;
}

static const struct tls_ctx *
context(size_t i)
{
	return &netset_of(snap)->tls[i];
}

/* ---- a worker whose turns are the test's ---- */

static void
open_servers(struct event_base *base)
{
	for (size_t i = 0; i < SERVERS; i++) {
		servers[i] = calloc(1, sizeof(*servers[i]));
		assert_non_null(servers[i]);
		thttpd_open(servers[i], base, NULL, false);
	}
}

static void
set_up(const struct setting *s)
{
	/* The ports are known before the settings are. */
	struct event_base *first = event_base_new();
	struct worker *all[1] = { NULL };

	memset(&t, 0, sizeof(t));
	assert_non_null(first);
	open_servers(first);
	snap = settings(s, NULL);
	main_box = mbox_new(MBOX_MAX);
	const struct worker_setup setup = {
		.n = 1, .snap = snap, .main = main_box, .all = all
	};
	w = worker_new(&setup);
	assert_non_null(w);
	http_pool_free(w->pool);
	w->pool = http_pool_new(w, &user, NULL);
	assert_non_null(w->pool);
	for (size_t i = 0; i < SERVERS; i++)
		thttpd_move(servers[i], w->base);
	event_base_free(first);
}

static void
tear_down(void)
{
	for (size_t i = 0; i < SERVERS; i++) {
		thttpd_close(servers[i]);
		free(servers[i]);
	}
	worker_free(w);
	mbox_free(main_box);
	snapshot_unref(snap);
}

static void
turn(bool wait)
{
	bool more = http_pool_has_more(w->pool) || conns_have_work(w->http);
	int flags = EVLOOP_ONCE | (more || !wait ? EVLOOP_NONBLOCK : 0);

	assert_int_not_equal(event_base_loop(w->base, flags), -1);
	worker_tick(w);
	stream_run_busy(w->http);
	stream_peer_more(w->http);
	http_pool_turn(w->pool);
	stream_flush(w->http);
	conns_empty_grave(w->http);
}

/* Until that many questions have come to an end. */
static void
run_until(size_t ends)
{
	for (int i = 0; i < TURNS && t.n_heard + t.n_unheard < ends; i++)
		turn(true);
	assert_int_equal(t.n_heard + t.n_unheard, ends);
}

static void
ask_as(uint64_t ticket, bool safe, uint32_t deadline_ms, const char *token)
{
	char body[32];
	struct gw_http_request r = { .method = GW_HTTP_POST,
		.authorization = gw_span_of(token),
		.path = GW_LIT("/v1/x?y=%20"),
		.authority = GW_LIT("lookup.bravo.example"),
		.content_type = GW_LIT("text/plain") };

	snprintf(
	    body, sizeof(body), "question %llu", (unsigned long long)ticket);
	r.body = gw_span_of(body);
	const struct core_action a = { .kind = CORE_ASK,
		.snap = w->snap,
		.ticket = ticket,
		.deadline_ms = deadline_ms,
		.safe = safe,
		.http.request = &r };
	http_pool_ask(w->pool, &a);
}

static void
ask_of(uint64_t ticket, bool safe, uint32_t deadline_ms)
{
	ask_as(ticket, safe, deadline_ms, NULL);
}

static void
ask(uint64_t ticket)
{
	ask_of(ticket, true, 5000);
}

static void
each_was_told_once(size_t n)
{
	for (size_t i = 1; i <= n; i++)
		assert_int_equal(t.told[i], 1);
}

/* The first server speaks over TLS with the i-th of the contexts. */
static void
secure_server(size_t i, bool h2)
{
	servers[0]->tls = context(i);
	servers[0]->h2 = h2;
}

/* ---- what is asked is answered ---- */

static void
over_http1(void **state)
{
	(void)state;
	set_up(&plain);
	for (uint64_t i = 1; i <= 200; i++)
		ask(i);
	run_until(200);
	assert_int_equal(t.n_heard, 200);
	each_was_told_once(200);
	assert_in_range(servers[0]->n_conns, 1, HTTP_WAY_CONNS_MAX);
	assert_string_equal(servers[0]->path, "/v1/x?y=%20");
	assert_string_equal(servers[0]->authorization, "");
	ask(201); /* warm */
	unsigned before = servers[0]->n_conns;
	run_until(201);
	assert_int_equal(servers[0]->n_conns, before);
	assert_string_equal(t.body, "question 201");
	tear_down();
}

static void
over_tls(bool h2)
{
	set_up(&secure);
	secure_server(1, h2);
	for (uint64_t i = 1; i <= 200; i++)
		ask(i);
	run_until(200);
	assert_string_equal(t.why, "");
	assert_int_equal(t.n_heard, 200);
	each_was_told_once(200);
	assert_in_range(servers[0]->n_conns, 1, h2 ? 2 : HTTP_WAY_CONNS_MAX);
	if (h2)
		assert_ptr_equal(servers[0]->conns[0].class, &http2_class);
	else
		assert_ptr_equal(servers[0]->conns[0].class, &http1_class);
	tear_down();
}

static void
over_http2(void **state)
{
	(void)state;
	over_tls(true);
}

static void
over_http1_with_tls(void **state)
{
	(void)state;
	over_tls(false);
}

static void
with_the_token_of_who_asks_alone(void **state)
{
	static const struct setting with = {
		"tls='border' tls-name='lookup.bravo.example'",
		"token-file='pki/bearer'", 1
	};

	(void)state;
	tpki_run("umask 077; echo T0KEN >%s/pki/bearer", dir);
	set_up(&with);
	secure_server(1, true);
	ask(1);
	run_until(1);
	assert_string_equal(servers[0]->authorization, "");
	ask_as(2, true, 5000, "Bearer 0THER");
	run_until(2);
	assert_string_equal(servers[0]->authorization, "Bearer 0THER");
	tear_down();
}

/* ---- who is asked ---- */

static void
nobody_but_the_service_hears_the_question(void **state)
{
	(void)state;
	set_up(&secure);
	secure_server(2, true); /* gw.alpha.example */
	for (uint64_t i = 1; i <= 50; i++)
		ask(i);
	run_until(50);
	assert_int_equal(t.n_unheard, 50);
	assert_int_equal(servers[0]->n_requests, 0);
	assert_int_equal(servers[0]->n_conns, 1);
	tear_down();
	/* Nor does one who speaks plainly where TLS was expected. */
	set_up(&secure);
	ask(1);
	run_until(1);
	assert_int_equal(t.n_unheard, 1);
	assert_int_equal(servers[0]->n_requests, 0);
	tear_down();
}

static void
the_next_is_asked_when_one_is_not_there(void **state)
{
	(void)state;
	set_up(&plain_three);
	thttpd_deafen(servers[0]);
	for (uint64_t i = 1; i <= 100; i++)
		ask(i);
	run_until(100);
	assert_int_equal(t.n_heard, 100);
	assert_int_equal(servers[1]->n_requests, 100);
	assert_int_equal(servers[2]->n_requests, 0);
	tear_down();
}

static void
what_is_safe_goes_to_the_next(void **state)
{
	static const enum thttpd_mood moods[] = { THTTPD_HANGS_UP,
		THTTPD_GARBAGE };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(moods); i++) {
		set_up(&plain_three);
		servers[0]->mood = moods[i];
		ask(1);
		run_until(1);
		assert_int_equal(t.n_heard, 1);
		assert_int_equal(servers[0]->n_requests, 1);
		assert_int_equal(servers[1]->n_requests, 1);
		ask_of(2, false, 5000);
		run_until(2);
		assert_int_equal(t.n_unheard, 1);
		assert_int_equal(servers[1]->n_requests, 1);
		tear_down();
	}
}

static void
a_dead_service_costs_few_connections(void **state)
{
	(void)state;
	set_up(&plain_three);
	for (size_t i = 0; i < SERVERS; i++)
		servers[i]->mood = THTTPD_HANGS_UP;
	for (uint64_t i = 1; i <= 2000; i++)
		ask(i);
	run_until(2000);
	assert_int_equal(t.n_unheard, 2000);
	each_was_told_once(2000);
	for (size_t i = 0; i < SERVERS; i++)
		assert_in_range(servers[i]->n_conns, 1, 40);
	tear_down();
}

/* What answers there is no HTTP: it is not connected to over and over. */
static void
who_speaks_first_is_not_dialled_for_ever(void **state)
{
	(void)state;
	set_up(&plain_three);
	servers[0]->mood = THTTPD_GREETS;
	for (uint64_t i = 1; i <= 20; i++)
		ask(i);
	run_until(20);
	assert_int_equal(t.n_heard, 20);
	assert_in_range(servers[0]->n_conns, 1, 10);
	tear_down();
}

/* ---- connections that end ---- */

/* Whoever is on the way can end a connection, but cannot say goodbye. */
static void
half_an_answer_is_none(void **state)
{
	(void)state;
	set_up(&secure);
	secure_server(1, false);
	servers[0]->mood = THTTPD_ENDS;
	ask(1);
	run_until(1);
	assert_int_equal(t.n_heard, 1);
	assert_string_equal(t.body, "some of it");
	servers[0]->mood = THTTPD_BREAKS_OFF;
	ask(2);
	run_until(2);
	assert_int_equal(t.n_heard, 1);
	assert_int_equal(t.n_unheard, 1);
	tear_down();
}

static void
one_question_on_each_connection(bool h2)
{
	set_up(&secure);
	secure_server(1, h2);
	servers[0]->mood = THTTPD_ONE_EACH;
	for (uint64_t i = 1; i <= 20; i++) {
		ask(i);
		run_until(i);
	}
	assert_int_equal(t.n_heard, 20);
	assert_int_equal(servers[0]->n_requests, 20);
	tear_down();
}

static void
the_peer_ends_each_connection(void **state)
{
	(void)state;
	one_question_on_each_connection(false);
	one_question_on_each_connection(true);
}

/* GOAWAY while many are under way: those that were not begun are asked again,
 * and none is lost or told twice. */
static void
a_goaway_in_the_midst(void **state)
{
	(void)state;
	set_up(&secure);
	secure_server(1, true);
	ask(1);
	run_until(1);
	for (uint64_t round = 0; round < 10; round++) {
		for (uint64_t i = 0; i < 20; i++)
			ask(2 + round * 20 + i);
		turn(false); /* they are written */
		for (unsigned i = 0; i < servers[0]->n_conns; i++)
			if (!servers[0]->conns[i].dead)
				servers[0]->conns[i].class->end(
				    servers[0]->conns[i].p);
		run_until(1 + (round + 1) * 20);
	}
	assert_int_equal(t.n_heard, 201);
	each_was_told_once(201);
	tear_down();
}

static void
an_idle_connection_may_be_gone(void **state)
{
	(void)state;
	set_up(&plain);
	ask(1);
	run_until(1);
	for (uint64_t i = 2; i <= 10; i++) {
		thttpd_hang_up(servers[0]);
		ask(i); /* sent before we have seen it */
		run_until(i);
	}
	assert_int_equal(t.n_heard, 10);
	tear_down();
}

/* ---- time ---- */

static void
a_deadline_holds(bool h2)
{
	set_up(&secure);
	secure_server(1, h2);
	servers[0]->mood = THTTPD_SILENT;
	for (uint64_t i = 1; i <= 5; i++)
		ask_of(i, true, 300);
	run_until(5);
	assert_int_equal(t.n_unheard, 5);
	assert_string_equal(t.why, "no answer in time");
	assert_true(servers[0]->n_requests >= 1);
	servers[0]->mood = THTTPD_ECHO;
	tear_down();
}

static void
a_silent_service_is_not_waited_for(void **state)
{
	(void)state;
	a_deadline_holds(true);
	a_deadline_holds(false);
}

static void
dropped_questions_come_to_nothing(void **state)
{
	(void)state;
	for (int h2 = 0; h2 < 2; h2++) {
		set_up(&secure);
		secure_server(1, h2);
		for (uint64_t i = 1; i <= 10; i++)
			ask(i);
		for (int i = 0; i < 5; i++)
			turn(false);
		for (uint64_t i = 1; i <= 9; i++)
			http_pool_drop(w->pool, i);
		size_t before = t.n_heard;
		run_until(before + 1 - t.told[10]);
		assert_int_equal(t.told[10], 1);
		ask(11);
		run_until(t.n_heard + 1);
		assert_int_equal(t.told[11], 1);
		assert_int_equal(t.n_unheard, 0);
		tear_down();
	}
}

/* ---- settings ---- */

static void
a_reload_moves_to_another_endpoint(void **state)
{
	struct snapshot *next;
	uint16_t port;

	(void)state;
	set_up(&plain);
	ask(1);
	run_until(1);
	for (uint64_t i = 2; i <= 9; i++)
		ask(i);
	turn(false);
	/* The second server takes the place of the first. */
	port = servers[0]->port;
	servers[0]->port = servers[1]->port;
	next = settings(&plain, snap);
	servers[0]->port = port;
	struct snapshot *old = w->snap;
	w->snap = snapshot_ref(next);
	stream_peer_use(w->http, w->snap);
	http_pool_use(w->pool);
	snapshot_unref(old);
	run_until(9);
	assert_int_equal(t.n_heard, 9);
	ask(10);
	run_until(10);
	assert_int_equal(t.n_heard, 10);
	assert_true(servers[1]->n_requests >= 1);
	tear_down();
	snapshot_unref(next);
}

static int
make_files(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	dir = tpki_new();
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	tpki_free(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_http1),
		cmocka_unit_test(over_http2),
		cmocka_unit_test(over_http1_with_tls),
		cmocka_unit_test(with_the_token_of_who_asks_alone),
		cmocka_unit_test(nobody_but_the_service_hears_the_question),
		cmocka_unit_test(the_next_is_asked_when_one_is_not_there),
		cmocka_unit_test(what_is_safe_goes_to_the_next),
		cmocka_unit_test(a_dead_service_costs_few_connections),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(who_speaks_first_is_not_dialled_for_ever),
		cmocka_unit_test(the_peer_ends_each_connection),
		cmocka_unit_test(a_goaway_in_the_midst),
		cmocka_unit_test(an_idle_connection_may_be_gone),
		cmocka_unit_test(a_silent_service_is_not_waited_for),
		cmocka_unit_test(dropped_questions_come_to_nothing),
		cmocka_unit_test(a_reload_moves_to_another_endpoint),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
