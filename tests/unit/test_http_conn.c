/*
 * test_http_conn.c: askers over real connections: which protocol, who they
 * are, whom they address, and how a connection ends.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conns.h"
#include "net/http/http_conn.h"
#include "net/http/http_proto.h"
#include "net/http/http_server.h"
#include "net/stream.h"
#include "net/stream_peer.h"
#include "net/worker.h"
#include "support/th2.h"
#include "support/tpki.h"

#define SCHEMAS GW_SOURCE_DIR "/conf/schema"
#define TEXT	8192
#define TURNS	200
#define SECOND	1000000u

enum { PLAIN, SECURE }; /* listeners */

static char *dir;
static struct worker *w;
static struct mbox *main_box;
static struct snapshot *snap;
static const struct gw_span none = { NULL, 0 };

static struct {
	int fd; /* the asker's end */
	struct tls *tls;
	struct gw_buf in;
	bool eof;
} asker;

/* ---- settings and a worker whose turns are the test's ---- */

static struct snapshot *
settings_of(const char *identity, const char *tls, const struct snapshot *old)
{
	char text[TEXT], path[256];

	snprintf(text, sizeof(text),
	    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.example'>"
	    "<tls id='border' certificate='pki/gateway.pem' "
	    "key='pki/gateway.key' ca='pki/ca.pem' crl='pki/ca.crl'/>"
	    "<tls id='bravo' certificate='pki/bravo.pem' "
	    "key='pki/bravo.key' ca='pki/ca.pem' crl='pki/ca.crl'/>"
	    "<tls id='alpha' certificate='pki/alpha.pem' "
	    "key='pki/alpha.key' ca='pki/ca.pem' crl='pki/ca.crl'/>"
	    "<listener id='a' transport='udp' address='127.0.0.1' "
	    "port='5060' system='alpha'/>"
	    "<listener id='b' transport='udp' address='127.0.0.1' "
	    "port='5070' system='bravo'/>"
	    "<http-listener id='plain' address='127.0.0.1' port='8080' "
	    "system='alpha'/>"
	    "<http-listener id='secure' address='127.0.0.1' port='8443' "
	    "tls='%s' authority='gw.border.example:8443'/>"
	    "<system id='alpha' side='local'><domain name='alpha.example'/>"
	    "<next-hop address='127.0.0.1:5080' transport='udp'/></system>"
	    "<system id='bravo' side='partner'>"
	    "<domain name='bravo.example'/><identity tls='%s'/>"
	    "<next-hop address='127.0.0.1:5090' transport='udp'/></system>"
	    "<topology keys='pki/token.keys'/>"
	    "<policy agreements='agreements'/></mcxgw>",
	    tls, identity);
	snprintf(path, sizeof(path), "%s/conn.xml", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
	struct gw_diag *d = gw_diag_new();
	struct snapshot *s =
	    snapshot_load(path, SCHEMAS, gw_now_read(), old, d);
	assert_non_null(s);
	assert_true(netset_attach(s, gw_now_read(), d));
	gw_diag_free(d);
	return s;
}

static struct snapshot *
settings(const char *identity, const struct snapshot *old)
{
	return settings_of(identity, "border", old);
}

static int
set_up(void **state)
{
	struct worker *all[1] = { NULL };

	(void)state;
	snap = settings("gw.bravo.example", NULL);
	main_box = mbox_new(MBOX_MAX);
	const struct worker_setup setup = {
		.n = 1, .snap = snap, .main = main_box, .all = all
	};
	w = worker_new(&setup);
	assert_non_null(w);
	asker.fd = -1;
	gw_buf_init(&asker.in, 1u << 20);
	return 0;
}

static void
hang_up(void)
{
	tls_free(asker.tls);
	asker.tls = NULL;
	if (asker.fd >= 0)
		(void)close(asker.fd);
	asker.fd = -1;
	asker.eof = false;
	gw_buf_reset(&asker.in);
}

static int
tear_down(void **state)
{
	(void)state;
	hang_up();
	gw_buf_clear(&asker.in);
	worker_free(w);
	mbox_free(main_box);
	snapshot_unref(snap);
	return 0;
}

static void
connect_to(uint16_t listener)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	hang_up();
	asker.fd = fds[1];
	worker_tick(w);
	const struct stream_setup setup = {
		.fd = fds[0],
		.transport = listener == PLAIN ? CONF_TCP : CONF_TLS,
		.peer = { .ip = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
		    .port = 4711 },
		.snap = w->snap,
		.listener = listener,
		.system = listener == PLAIN ? 0 : GW_SYSTEM_NONE,
		.tls = listener == PLAIN ? UINT16_MAX : 0,
	};
	assert_true(http_server_accept(w, &setup));
}

/* A handshake with certificate number tls, that offers alpn (NULL: nothing)
 * and asks for sni. */
static void
connect_tls(size_t tls, const char *alpn, const char *sni)
{
	connect_to(SECURE);
	asker.tls = tls_new(&netset_of(snap)->tls[tls], asker.fd, false, sni);
	assert_non_null(asker.tls);
	if (alpn != NULL)
		assert_int_equal(
		    SSL_set_alpn_protos(asker.tls->ssl,
			(const unsigned char *)alpn, (unsigned)strlen(alpn)),
		    0);
}

static void
turn(void)
{
	assert_int_not_equal(
	    event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	worker_tick(w);
	stream_run_busy(w->http);
	stream_peer_more(w->http);
	stream_flush(w->http);
	conns_empty_grave(w->http);
}

static void
hear(void)
{
	enum io_status st = IO_OK;
	size_t n = 0;

	while (st == IO_OK && !asker.eof) {
		uint8_t *p = gw_buf_room(&asker.in, 4096);
		assert_non_null(p);
		if (asker.tls != NULL) {
			st = tls_read(asker.tls, p, 4096, &n);
		} else {
			ssize_t got = recv(asker.fd, p, 4096, 0);
			st = got > 0 ? IO_OK : got == 0 ? IO_EOF : IO_AGAIN;
			n = got > 0 ? (size_t)got : 0;
		}
		asker.eof = st == IO_EOF || st == IO_BROKEN;
		if (st == IO_OK)
			gw_buf_took(&asker.in, n);
	}
}

static enum io_status
shake(void)
{
	enum io_status st = IO_AGAIN;

	for (int i = 0; i < TURNS && st == IO_AGAIN; i++) {
		st = tls_handshake(asker.tls);
		turn();
	}
	return st;
}

static void
say(struct gw_span octets)
{
	size_t put = 0;

	if (asker.tls != NULL)
		assert_int_equal(
		    tls_write(asker.tls, octets.p, octets.len, &put), IO_OK);
	else
		put =
		    (size_t)send(asker.fd, octets.p, octets.len, MSG_NOSIGNAL);
	assert_int_equal(put, octets.len);
}

static void
run(void)
{
	for (int i = 0; i < 8; i++) {
		turn();
		hear();
	}
}

static bool
heard(const char *text)
{
	struct gw_span in = gw_buf_span(&asker.in);

	return gw_span_search(in, gw_span_of(text)) < in.len;
}

static struct stream *
only(void)
{
	assert_int_equal(w->http->n, 1);
	return w->http->all;
}

static uint64_t
metric(enum metric id)
{
	return atomic_load(&w->metrics.at[id]);
}

static void
get_h1(const char *host)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "GET /nothing HTTP/1.1\r\nHost: %s\r\n\r\n", host);
	say(gw_span_of(text));
	run();
}

static void
get_h2(uint32_t id, bool first)
{
	struct gw_buf out;

	gw_buf_init(&out, TEXT);
	if (first)
		th2_hello(&out);
	th2_get(&out, id, "/nothing", none); /* of gw.example */
	say(gw_buf_span(&out));
	gw_buf_clear(&out);
	run();
}

/* ---- which protocol ---- */

static void
plain_octets_tell_the_protocol(void **state)
{
	(void)state;
	connect_to(PLAIN);
	get_h1("127.0.0.1:8080");
	assert_true(heard("HTTP/1.1 404 "));
	assert_string_equal(
	    http_conn_protocol(http_conn_of(only())), "http/1.1");
	connect_to(PLAIN);
	run(); /* the first has closed */
	get_h2(1, true);
	assert_int_equal(th2_status(gw_buf_span(&asker.in), 1), 404);
	assert_string_equal(http_conn_protocol(http_conn_of(only())), "h2");
	assert_int_equal(metric(METRIC_HTTP_REQUESTS_1), 1);
	assert_int_equal(metric(METRIC_HTTP_REQUESTS_2), 1);
	assert_int_equal(metric(METRIC_HTTP_4XX), 2);
}

static void
the_preface_may_come_octet_by_octet(void **state)
{
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, TEXT);
	th2_hello(&out);
	th2_get(&out, 1, "/", none);
	connect_to(PLAIN);
	for (size_t i = 0; i < out.len; i++) {
		say((struct gw_span){ out.p + i, 1 });
		turn();
	}
	run();
	assert_int_equal(th2_status(gw_buf_span(&asker.in), 1), 404);
	gw_buf_clear(&out);
	/* It begins like the preface, but is none. */
	connect_to(PLAIN);
	say(GW_SPAN("PRI * "));
	run();
	say(GW_SPAN("HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"));
	run();
	assert_true(heard("HTTP/1.1 400 "));
}

static void
alpn_tells_the_protocol(void **state)
{
	static const struct {
		const char *alpn, *chosen;
	} cases[] = {
		{ "\x02h2\x08http/1.1", "h2" },
		{ "\x08http/1.1\x02h2", "h2" }, /* ours is the order */
		{ "\x08http/1.1", "http/1.1" },
		{ NULL, "http/1.1" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		connect_tls(1, cases[i].alpn, "gw.border.example");
		assert_int_equal(shake(), IO_OK);
		run();
		assert_string_equal(
		    http_conn_protocol(http_conn_of(only())), cases[i].chosen);
	}
	connect_tls(1, "\x03sip", "gw.border.example");
	assert_int_equal(shake(), IO_BROKEN);
	assert_non_null(strstr(asker.tls->why, "no application protocol"));
	run();
	assert_int_equal(w->http->n, 0);
	assert_int_equal(metric(METRIC_HTTP_REFUSED_TLS), 1);
}

/* ---- who asks whom ---- */

static void
a_certificate_is_that_of_one_system(void **state)
{
	(void)state;
	connect_tls(1, "\x08http/1.1", "gw.border.example");
	assert_int_equal(shake(), IO_OK);
	get_h1("gw.border.example:8443");
	assert_true(heard("HTTP/1.1 404 "));
	assert_int_equal(only()->system, 1);
	/* alpha's certificate is no identity of anybody. */
	connect_tls(2, "\x08http/1.1", "gw.border.example");
	(void)shake();
	run();
	assert_true(asker.eof);
	assert_int_equal(w->http->n, 0);
	assert_int_equal(metric(METRIC_HTTP_REFUSED_NAME), 1);
}

static void
a_withdrawn_certificate_ends_its_connection(void **state)
{
	struct snapshot *next = settings("gw.other.example", snap);

	(void)state;
	connect_tls(1, "\x08http/1.1", "gw.border.example");
	assert_int_equal(shake(), IO_OK);
	get_h1("gw.border.example");
	assert_false(asker.eof);
	stream_peer_use(w->http, next);
	run();
	assert_true(asker.eof);
	assert_int_equal(w->http->n, 0);
	assert_int_equal(metric(METRIC_HTTP_REFUSED_SETTINGS), 1);
	snapshot_unref(next);
}

/* What was answered before the settings changed is not told after it. */
static void
an_answer_to_who_is_withdrawn_goes_nowhere(void **state)
{
	struct snapshot *next = settings("gw.other.example", snap);

	(void)state;
	connect_tls(1, "\x08http/1.1", "gw.border.example");
	assert_int_equal(shake(), IO_OK);
	run();
	say(GW_SPAN(
	    "GET /nothing HTTP/1.1\r\nHost: gw.border.example\r\n\r\n"));
	assert_int_not_equal(
	    event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	stream_run_busy(w->http);
	assert_int_equal(metric(METRIC_HTTP_4XX), 1);
	stream_peer_use(w->http, next);
	stream_flush(w->http); /* its turn to be looked at has not come */
	hear();
	assert_false(heard("HTTP/1.1 404 "));
	assert_int_equal(w->http->n, 0);
	assert_int_equal(metric(METRIC_HTTP_REFUSED_SETTINGS), 1);
	snapshot_unref(next);
}

/* Whom it trusts now is not who was trusted then. */
static void
a_listener_with_other_tls_is_another(void **state)
{
	struct snapshot *next = settings_of("gw.bravo.example", "alpha", snap);

	(void)state;
	connect_tls(1, "\x08http/1.1", "gw.border.example");
	assert_int_equal(shake(), IO_OK);
	get_h1("gw.border.example");
	assert_false(asker.eof);
	stream_peer_use(w->http, next);
	run();
	assert_true(asker.eof);
	assert_int_equal(w->http->n, 0);
	snapshot_unref(next);
}

static void
unchanged_settings_leave_connections_alone(void **state)
{
	struct snapshot *next = settings("gw.bravo.example", snap);

	(void)state;
	connect_tls(1, "\x08http/1.1", "gw.border.example");
	assert_int_equal(shake(), IO_OK);
	run();
	stream_peer_use(w->http, next);
	get_h1("gw.border.example");
	assert_true(heard("HTTP/1.1 404 "));
	assert_ptr_equal(only()->snap, next);
	snapshot_unref(next);
}

static void
requests_for_others_are_misdirected(void **state)
{
	static const struct {
		const char *host;
		bool ours;
	} cases[] = {
		{ "gw.border.example:8443", true },
		{ "GW.border.example", true },
		{ "gw.border.example:9", false },
		{ "other.example:8443", false },
		{ "evil.gw.border.example", false },
		{ "sni.example", true },
		{ "sni.example:1", true },
		{ "127.0.0.1:8443", false },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		connect_tls(1, "\x08http/1.1", "sni.example");
		assert_int_equal(shake(), IO_OK);
		get_h1(cases[i].host);
		assert_true(
		    heard(cases[i].ours ? "HTTP/1.1 404 " : "HTTP/1.1 421 "));
	}
}

static void
a_listener_without_a_name_has_its_address(void **state)
{
	const struct conf *c = snap->conf;
	const struct conf_http_listener *l = &c->http_listeners[PLAIN];

	(void)state;
	assert_true(http_server_is_ours(c, l, none, GW_SPAN("127.0.0.1:8080")));
	assert_true(http_server_is_ours(c, l, none, GW_SPAN("127.0.0.1")));
	assert_true(
	    http_server_is_ours(c, l, none, GW_SPAN("gw.example:8080")));
	assert_false(http_server_is_ours(c, l, none, GW_SPAN("gw.example:81")));
	assert_false(http_server_is_ours(c, l, none, GW_SPAN("127.0.0.2")));
	assert_false(http_server_is_ours(c, l, none, GW_SPAN("[::1]:8080")));
	assert_false(http_server_is_ours(c, l, none, GW_SPAN(":8080")));
	assert_false(http_server_is_ours(c, l, none, none));
}

/* ---- ends ---- */

static void
silence_is_not_waited_for(void **state)
{
	(void)state;
	connect_to(PLAIN);
	run();
	worker_tick(w);
	only()->since_us -= 9 * SECOND;
	stream_sweep(w->http);
	assert_int_equal(w->http->n, 1);
	only()->since_us -= 2 * SECOND;
	stream_sweep(w->http);
	run();
	assert_true(asker.eof);
	assert_int_equal(w->http->n, 0);
}

/* So much time goes by; what is written then is heard. */
static void
later(unsigned s)
{
	worker_tick(w);
	w->now.mono_us += (uint64_t)s * SECOND;
	stream_sweep(w->http);
	stream_flush(w->http);
	conns_empty_grave(w->http);
	hear();
}

static void
idle_connections_are_ended(void **state)
{
	struct gw_span frame = none;

	(void)state;
	connect_to(PLAIN);
	get_h1("127.0.0.1:8080");
	later(299);
	assert_false(asker.eof);
	later(301);
	assert_true(asker.eof);
	connect_to(PLAIN);
	run();
	get_h2(1, true);
	assert_false(th2_find(gw_buf_span(&asker.in), TH2_GOAWAY, 0, &frame));
	later(301);
	assert_true(th2_find(gw_buf_span(&asker.in), TH2_GOAWAY, 0, &frame));
}

static void
slow_requests_are_given_up(void **state)
{
	struct gw_span frame = none;
	struct gw_buf out;

	(void)state;
	connect_to(PLAIN);
	say(GW_SPAN("GET /nothing HTTP/1.1\r\nHost: 127"));
	run();
	later(9);
	assert_false(asker.eof);
	later(11);
	assert_true(asker.eof);
	/* HTTP/2: a body that does not come costs its stream alone. */
	gw_buf_init(&out, TEXT);
	th2_hello(&out);
	th2_post(&out, 1, NULL);
	connect_to(PLAIN);
	say(gw_buf_span(&out));
	run();
	for (unsigned i = 0; i <= HTTP_LAPSES; i++)
		later(3 * (i + 1));
	assert_true(th2_find(gw_buf_span(&asker.in), TH2_RST, 1, &frame));
	assert_false(asker.eof);
	gw_buf_clear(&out);
}

static void
draining_says_goodbye_in_two_steps(void **state)
{
	struct gw_span frame = none;
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, TEXT);
	connect_to(PLAIN);
	get_h2(1, true);
	http_server_drain(w);
	run();
	assert_true(th2_find(gw_buf_span(&asker.in), TH2_GOAWAY, 0, &frame));
	assert_memory_equal(frame.p, "\x7f\xff\xff\xff\0\0\0\0", 8);
	assert_true(th2_find(gw_buf_span(&asker.in), TH2_PING, 0, &frame));
	/* It had sent this before it knew. */
	get_h2(3, false);
	assert_int_equal(th2_status(gw_buf_span(&asker.in), 3), 404);
	assert_false(asker.eof);
	th2_frame(&out, TH2_PING, 1, 0, frame);
	say(gw_buf_span(&out));
	run();
	assert_true(th2_find(gw_buf_span(&asker.in), TH2_GOAWAY, 0, &frame));
	assert_memory_equal(frame.p, "\0\0\0\3\0\0\0\0", 8);
	assert_true(asker.eof);
	hang_up();
	run();
	assert_int_equal(w->http->n, 0);
	gw_buf_clear(&out);
}

static void
what_breaks_the_protocol_is_told_why(void **state)
{
	struct gw_span frame = none;
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, TEXT);
	th2_hello(&out);
	th2_frame(&out, TH2_PING, 0, 0, GW_SPAN("short"));
	connect_to(PLAIN);
	say(gw_buf_span(&out));
	run();
	assert_true(th2_find(gw_buf_span(&asker.in), TH2_GOAWAY, 0, &frame));
	assert_int_equal(frame.p[7], 6); /* FRAME_SIZE_ERROR */
	assert_true(asker.eof);
	hang_up();
	run();
	assert_int_equal(w->http->n, 0);
	gw_buf_clear(&out);
}

/* Questions keep coming, answers are not read. */
static void
who_does_not_read_is_not_read_either(void **state)
{
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, 1u << 20);
	connect_to(PLAIN);
	th2_hello(&out);
	th2_frame(&out, TH2_WINDOW, 0, 0, GW_SPAN("\x3f\xff\0\0"));
	for (uint32_t id = 1; id < 40000; id += 2) {
		if (out.len == 0)
			th2_get(&out, id, "/nothing", none);
		ssize_t n = send(asker.fd, out.p, out.len, MSG_NOSIGNAL);
		gw_buf_drop(&out, n > 0 ? (size_t)n : 0);
		turn();
		if (only()->io.paused)
			break;
	}
	assert_true(only()->io.paused);
	assert_in_range(io_waiting(&only()->io), 1, 2 * HTTP_OUT_HIGH);
	/* It reads at last, and all goes on. */
	for (int i = 0; i < TURNS && only()->io.paused; i++) {
		hear();
		gw_buf_reset(&asker.in);
		turn();
	}
	assert_false(only()->io.paused);
	gw_buf_clear(&out);
}

static void
a_handle_outlives_its_connection(void **state)
{
	const struct gw_http_response ok = { .status = 200 };
	struct core_action a = {
		.kind = CORE_ANSWER, .stream = 1, .http.response = &ok
	};

	(void)state;
	http_server_answer(w, &a); /* nobody has that slot */
	connect_to(PLAIN);
	run();
	a.stream = (uint64_t)only()->slot << 48 |
		   ((only()->id + 1) & 0xffff) << 32 | 1;
	http_server_answer(w, &a); /* somebody else has */
	run();
	assert_int_equal(asker.in.len, 0);
	assert_int_equal(metric(METRIC_HTTP_2XX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(plain_octets_tell_the_protocol),
		TEST(the_preface_may_come_octet_by_octet),
		TEST(alpn_tells_the_protocol),
		TEST(a_certificate_is_that_of_one_system),
		TEST(a_withdrawn_certificate_ends_its_connection),
		TEST(an_answer_to_who_is_withdrawn_goes_nowhere),
		TEST(a_listener_with_other_tls_is_another),
		TEST(unchanged_settings_leave_connections_alone),
		TEST(requests_for_others_are_misdirected),
		TEST(a_listener_without_a_name_has_its_address),
		TEST(silence_is_not_waited_for),
		TEST(idle_connections_are_ended),
		TEST(slow_requests_are_given_up),
		TEST(draining_says_goodbye_in_two_steps),
		TEST(what_breaks_the_protocol_is_told_why),
		TEST(who_does_not_read_is_not_read_either),
		TEST(a_handle_outlives_its_connection),
#undef TEST
	};

	(void)signal(SIGPIPE, SIG_IGN);
	dir = tpki_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tpki_free(dir);
	return failed;
}
