/*
 * test_http_worker.c: askers, questions and settings in one whole worker,
 * where what one of them does reaches the others.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "net/conns.h"
#include "net/dial.h"
#include "net/http/http_conn.h"
#include "net/http/http_pool.h"
#include "net/http/http_server.h"
#include "net/listen.h"
#include "net/sock.h"
#include "net/stream.h"
#include "net/worker.h"
#include "support/tpki.h"

#define SCHEMAS GW_SOURCE_DIR "/conf/schema"
#define TEXT	8192
#define ASKERS	128

static char *dir;
static struct snapshot *snap;
static struct mbox *main_box;
static struct worker *w;
static int askers[ASKERS];
static size_t n_askers;

static void
write_file(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

/* bravo's services are at a port where nobody listens. */
static struct snapshot *
settings(void)
{
	char path[256];

	write_file("worker.xml",
	    "<mcxgw xmlns='urn:mcxgw:config:1' name='gw.example'>"
	    "<listener id='a' transport='udp' address='127.0.0.1' "
	    "port='5060' system='alpha'/>"
	    "<listener id='b' transport='udp' address='127.0.0.1' "
	    "port='5070' system='bravo'/>"
	    "<http-listener id='plain' address='127.0.0.1' port='8080' "
	    "system='alpha'/>"
	    "<lookups connections='40'/>"
	    "<system id='alpha' side='local'><domain name='alpha.example'/>"
	    "<next-hop address='127.0.0.1:5080' transport='udp'/></system>"
	    "<system id='bravo' side='partner'>"
	    "<domain name='bravo.example'/>"
	    "<kms uri='kms.bravo.example' watch='24h'>"
	    "<endpoint address='127.0.0.1:1'/></kms>"
	    "<next-hop address='127.0.0.1:5090' transport='udp'/></system>"
	    "<topology keys='pki/token.keys'/>"
	    "<policy agreements='agreements'/></mcxgw>");
	write_file("agreements/ab.xml",
	    "<agreement xmlns='urn:mcxgw:agreement:1' id='ab' serial='1' "
	    "valid-from='2026-01-01T00:00:00Z' "
	    "valid-until='2100-01-01T00:00:00Z'>"
	    "<party system='alpha'><domain name='alpha.example'/>"
	    "<security-domain kms='kms.alpha.example'/></party>"
	    "<party system='bravo'><domain name='bravo.example'/>"
	    "<security-domain kms='kms.bravo.example'/></party>"
	    "<permit from='alpha' to='bravo' id='calls'>"
	    "<communication service='mcptt' kind='private'/>"
	    "<initiator><any/></initiator><target><any/></target>"
	    "<domains initiator='kms.alpha.example' "
	    "receiver='kms.bravo.example'/>"
	    "<key-message presence='optional' signature='off'/></permit>"
	    "<kms from='alpha' to='bravo' cert='yes'/>"
	    "</agreement>");
	snprintf(path, sizeof(path), "%s/worker.xml", dir);
	struct gw_diag *d = gw_diag_new();
	struct snapshot *s =
	    snapshot_load(path, SCHEMAS, gw_now_read(), NULL, d);
	assert_non_null(s);
	assert_true(netset_attach(s, gw_now_read(), d));
	gw_diag_free(d);
	return s;
}

static int
set_up(void **state)
{
	struct worker *all[1] = { NULL };

	(void)state;
	snap = settings();
	main_box = mbox_new(MBOX_MAX);
	const struct worker_setup setup = {
		.n = 1, .snap = snap, .main = main_box, .all = all
	};
	w = worker_new(&setup);
	assert_non_null(w);
	n_askers = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	worker_free(w);
	for (size_t i = 0; i < n_askers; i++)
		(void)close(askers[i]);
	mbox_free(main_box);
	snapshot_unref(snap);
	return 0;
}

/* An asker of alpha; false: it was not taken. */
static bool
connects(void)
{
	size_t n = w->http->n;
	int fds[2];

	assert_in_range(n_askers, 0, ASKERS - 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	askers[n_askers++] = fds[1];
	worker_tick(w);
	const struct stream_setup setup = {
		.fd = fds[0],
		.transport = CONF_TCP,
		.peer = { .ip = { [10] = 0xff, 0xff, 127, 0, 0, 2 },
		    .port = 4711 },
		.snap = w->snap,
		.system = 0,
		.tls = UINT16_MAX,
	};
	assert_true(http_server_accept(w, &setup));
	return w->http->n > n;
}

static void
ask(void)
{
	static const char text[] = "POST /keymanagement/identity/v1/cert/"
				   "kms.bravo.example HTTP/1.1\r\n"
				   "Host: gw.example\r\n"
				   "Content-Length: 0\r\n\r\n";

	assert_int_equal(
	    send(askers[n_askers - 1], text, sizeof(text) - 1, MSG_NOSIGNAL),
	    sizeof(text) - 1);
	assert_int_not_equal(
	    event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	stream_run_busy(w->http);
}

/* The asker goes with its worker, and takes its question back. */
static void
a_worker_ends_while_a_question_is_open(void **state)
{
	(void)state;
	assert_true(connects());
	ask();
	assert_int_equal(w->pool->n, 1);
	assert_int_equal(w->http_open, 1);
}

/* Who drains waits for requests as it does for calls. */
static void
a_request_is_open_until_it_is_answered(void **state)
{
	(void)state;
	assert_true(connects());
	ask();
	worker_turn(w);
	assert_int_equal(atomic_load(&w->open), 1);
	for (int i = 0; i < 1000 && w->pool->n > 0; i++) {
		assert_int_not_equal(event_base_loop(w->base, EVLOOP_ONCE), -1);
		worker_turn(w);
	}
	assert_int_equal(w->http_open, 0); /* nobody can be asked: 503 */
	assert_int_equal(atomic_load(&w->open), 0);
}

/* One system takes half of the connections at most, however many it may have
 * of SIP's. */
static void
no_system_takes_all_connections(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(connects());
	assert_false(connects());
	assert_int_equal(
	    atomic_load(&w->metrics.at[METRIC_HTTP_REFUSED_LIMIT]), 1);
}

/* A connection to the listener of a socket at any port. */
static void
knock(const struct conf_addr *at)
{
	assert_in_range(n_askers, 0, ASKERS - 1);
	askers[n_askers] = sock_connect(NULL, at);
	assert_true(askers[n_askers++] >= 0);
	for (int i = 0; i < 4; i++)
		assert_int_not_equal(
		    event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK),
		    -1);
	conns_empty_grave(w->http);
}

/* Calls wait for the answers of services: askers leave room for them. */
static void
askers_leave_connections_to_services(void **state)
{
	int fds[3] = { -1, -1, -1 };
	struct conf_addr any = { .port = 0 };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	(void)state;
	assert_true(conf_addr_parse(GW_SPAN("127.0.0.1"), &any));
	fds[2] = sock_listen(&any);
	assert_int_equal(getsockname(fds[2], (struct sockaddr *)&at, &len), 0);
	assert_true(sock_get(&at, &any));
	listens_use(w->listens, snap, fds);
	for (int i = 0; i < 20; i++)
		assert_true(connects());
	/* As if they were of others. */
	w->http->per_system[0] = 0;
	for (int i = 0; i < 40; i++)
		knock(&any);
	assert_int_equal(w->http->n, 30);
	assert_in_range(
	    atomic_load(&w->metrics.at[METRIC_HTTP_REFUSED_LIMIT]), 30, 40);
	w->http->per_system[0] += 20;
	const struct conf_endpoint *e = snap->conf->endpoints[0];
	int fd = dial_endpoint(w, e);
	assert_true(fd >= 0);
	(void)close(fd);
}

/* ---- who reads, and when ---- */

/* A connection whose octets take longer than HTTP may take of a turn. */
struct slow {
	struct stream s;
	unsigned n; /* times that it was read */
};

static void
slow_take(struct stream *s, struct gw_span in, unsigned *budget)
{
	uint64_t began = gw_now_read().mono_us;

	(void)budget;
	if (in.len == 0)
		return;
	((struct slow *)s)->n++;
	while (gw_now_read().mono_us - began <= STREAM_HTTP_US)
		continue;
}

static void
slow_nothing(struct stream *s)
{
	(void)s;
}

static void
slow_closed(struct stream *s, const char *why)
{
	(void)s;
	(void)why;
}

static const char *
slow_listener(const struct conf *c, uint16_t i, uint16_t *system)
{
	(void)c;
	(void)i;
	*system = 0;
	return "slow";
}

static const struct stream_class slow_class = { .http = true,
	.connections = METRIC_HTTP_CONNECTIONS,
	.opened = slow_nothing,
	.take = slow_take,
	.ended = slow_nothing,
	.written = slow_nothing,
	.closed = slow_closed,
	.clear = slow_nothing,
	.listener = slow_listener };

static struct slow *
slow_new(bool outbound, int *end)
{
	struct slow *s = calloc(1, sizeof(*s));
	int fds[2];

	assert_non_null(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	worker_tick(w);
	const struct stream_setup setup = { .fd = fds[0],
		.outbound = outbound,
		.transport = CONF_TCP,
		.snap = w->snap,
		.system = 0,
		.tls = UINT16_MAX,
		.write_max = 65536 };
	assert_true(stream_start(&s->s, w, w->http, &slow_class, &setup));
	askers[n_askers++] = *end = fds[1];
	return s;
}

static void
a_turn(void)
{
	assert_int_not_equal(
	    event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
	stream_run_busy(w->http);
}

/* SIP has its turn between any two of them, what services answer comes
 * first, and each has its turn. */
static void
askers_share_what_a_turn_has_for_them(void **state)
{
	enum { ASK_N = 4 };
	struct slow *s[ASK_N], *service;
	int ends[ASK_N], end;
	unsigned read = 0;

	(void)state;
	for (size_t i = 0; i < ASK_N; i++)
		s[i] = slow_new(false, &ends[i]);
	service = slow_new(true, &end);
	a_turn();
	for (int turns = 1; turns <= 2 * ASK_N; turns++) {
		for (size_t i = 0; i < ASK_N; i++)
			assert_int_equal(send(ends[i], "x", 1, 0), 1);
		assert_int_equal(send(end, "x", 1, 0), 1);
		a_turn();
		read = 0;
		for (size_t i = 0; i < ASK_N; i++)
			read += s[i]->n;
		assert_int_equal(read, turns);
		assert_int_equal(service->n, turns);
		assert_true(conns_have_work(w->http));
	}
	for (size_t i = 0; i < ASK_N; i++)
		assert_int_equal(s[i]->n, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_worker_ends_while_a_question_is_open),
		TEST(a_request_is_open_until_it_is_answered),
		TEST(no_system_takes_all_connections),
		TEST(askers_leave_connections_to_services),
		TEST(askers_share_what_a_turn_has_for_them),
#undef TEST
	};

	(void)signal(SIGPIPE, SIG_IGN);
	dir = tpki_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tpki_free(dir);
	return failed;
}
