/*
 * test_http_pool.c: which endpoint is asked, when and how often, over
 * connections that do as the test says.
 *
 * The functions of http_conn.h are the test's own; time is real where a
 * deadline passes, and short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>

#include "net/http/http_pool.h"
#include "net/worker.h"
#include "support/rig.h"

#define CONNS 128
#define TOLD  20000

/* ---- connections ---- */

struct http_conn {
	bool used, open, ended, gone;
	uint16_t port; /* of the endpoint */
	const struct http_conn_user *user;
	void *arg;
	uint32_t room;
	uint64_t last; /* ticket */
	unsigned n_asked;
};

static struct {
	struct http_conn at[CONNS];
	size_t n, n_dropped;
	uint16_t broken; /* dialling this port fails at once */
} net;

struct http_conn *
http_conn_dial(struct worker *w, const struct conf_endpoint *e,
    const struct http_conn_user *user, void *arg)
{
	(void)w;
	assert_in_range(net.n, 0, CONNS - 1);
	if (e->addr.port == net.broken)
		return NULL;
	net.at[net.n] = (struct http_conn){
		.used = true, .port = e->addr.port, .user = user, .arg = arg
	};
	return &net.at[net.n++];
}

uint32_t
http_conn_room(const struct http_conn *c)
{
	return c->open && !c->ended ? c->room : 0;
}

enum gw_err
http_conn_ask(
    struct http_conn *c, uint64_t ticket, const struct gw_http_request *r)
{
	if (!c->open || c->ended)
		return GW_EUNSUPPORTED;
	if (c->room == 0)
		return GW_ELIMIT;
	c->room--;
	c->n_asked++;
	c->last = ticket;
	assert_int_equal(r->method, GW_HTTP_POST);
	assert_true(gw_span_eq(r->path, GW_SPAN("/x")));
	assert_true(gw_span_eq(r->body, GW_SPAN("who")));
	return GW_OK;
}

void
http_conn_drop(struct http_conn *c, uint64_t ticket)
{
	(void)c;
	(void)ticket;
	net.n_dropped++;
}

void
http_conn_end(struct http_conn *c)
{
	c->ended = true;
}

static void
closes(struct http_conn *c, const char *why)
{
	bool opened = c->open;

	assert_false(c->gone);
	c->gone = true;
	c->open = false;
	c->user->closed(c->arg, c, opened, why);
}

void
http_conn_close(struct http_conn *c, const char *why)
{
	closes(c, why);
}

static void
opens(struct http_conn *c, uint32_t room)
{
	c->open = true;
	c->room = room;
	c->user->open(c->arg, c);
}

static void
answers(struct http_conn *c, uint64_t ticket)
{
	const struct gw_http_response r = { .status = 200 };

	c->room++;
	c->user->response(c->arg, c, ticket, &r);
}

static void
fails(struct http_conn *c, uint64_t ticket, bool untouched)
{
	c->room++;
	c->user->failed(c->arg, c, ticket, untouched, "it broke");
}

/* ---- the pool under test ---- */

static struct {
	struct rig rig;
	struct worker w;
	struct http_pool *p;
	size_t n_heard, n_unheard;
	const char *why; /* of the last */
	uint8_t told[TOLD]; /* by ticket: how often */
} t;

static void
heard(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	(void)arg;
	assert_int_equal(r->status, 200);
	t.n_heard++;
	t.told[ticket]++;
}

static void
unheard(void *arg, uint64_t ticket, const char *why)
{
	(void)arg;
	assert_non_null(why);
	t.n_unheard++;
	t.told[ticket]++;
	t.why = why;
}

static const struct http_pool_user user = { heard, unheard };

#define TOP                                                                    \
	"<mcxgw xmlns='urn:mcxgw:config:1' name='gw.example'>"                 \
	"<listener id='a' transport='udp' address='127.0.0.1' port='5060' "    \
	"system='alpha'/>"                                                     \
	"<listener id='b' transport='udp' address='127.0.0.1' port='5070' "    \
	"system='bravo'/>"                                                     \
	"<lookups down='10s' failures='3'/>"                                   \
	"<system id='alpha' side='local'><domain name='alpha.example'/>"       \
	"<next-hop address='127.0.0.1:5080' transport='udp'/></system>"        \
	"<system id='bravo' side='partner'><domain name='bravo.example'/>"
#define HEAD_OF(authority)                                                     \
	TOP "<lookup adapter='domain-lookup' authority='" authority "'>"
#define HEAD HEAD_OF("l.bravo.example")
#define END                                                                    \
	"<next-hop address='127.0.0.1:5090' transport='udp'/></system>"        \
	"<topology keys='token.keys'/><policy agreements='agreements'/>"       \
	"</mcxgw>"
#define FOOT "</lookup>" END
#define AT(port, priority)                                                     \
	"<endpoint address='127.0.0.1:" port "' priority='" priority "'/>"

static const char one[] = HEAD AT("8001", "1") FOOT;
static const char three[] =
    HEAD AT("8001", "1") AT("8002", "2") AT("8003", "3") FOOT;
static const char equals[] =
    HEAD "<endpoint address='127.0.0.1:8001' weight='3'/>"
	 "<endpoint address='127.0.0.1:8002' weight='1'/>" FOOT;

static void
tick(void)
{
	t.w.now = gw_now_read();
}

static void
set_up(const char *config)
{
	memset(&net, 0, sizeof(net));
	memset(&t, 0, sizeof(t));
	rig_open_with(
	    &t.rig, &(struct rig_files){ .config = config, .permits = "" });
	t.w.base = event_base_new();
	assert_non_null(t.w.base);
	t.w.snap = t.rig.snap;
	tick();
	t.p = http_pool_new(&t.w, &user, NULL);
	assert_non_null(t.p);
}

static void
tear_down(void)
{
	http_pool_free(t.p);
	for (size_t i = 0; i < net.n; i++)
		assert_true(net.at[i].gone);
	event_base_free(t.w.base);
	rig_close(&t.rig);
}

static void
use(const char *config)
{
	rig_reload(
	    &t.rig, &(struct rig_files){ .config = config, .permits = "" });
	t.w.snap = t.rig.snap;
	http_pool_use(t.p);
}

static void
turn(void)
{
	for (int i = 0; i < 20 && http_pool_has_more(t.p); i++)
		http_pool_turn(t.p);
	assert_false(http_pool_has_more(t.p));
	http_pool_turn(t.p);
}

static void
put(uint64_t ticket, bool safe, uint32_t deadline_ms)
{
	const struct gw_http_request r = { .method = GW_HTTP_POST,
		.path = GW_LIT("/x"),
		.authority = GW_LIT("l.bravo.example"),
		.body = GW_LIT("who") };
	const struct core_action a = { .kind = CORE_ASK,
		.snap = t.w.snap,
		.ticket = ticket,
		.service = 0,
		.deadline_ms = deadline_ms,
		.safe = safe,
		.http.request = &r };

	http_pool_ask(t.p, &a);
}

static void
ask(uint64_t ticket)
{
	put(ticket, true, 60000);
	turn();
}

/* Real time passes until the deadlines of what is open have. */
static void
let_pass(size_t unheard)
{
	for (int i = 0; i < 1000 && t.n_unheard < unheard; i++) {
		assert_int_not_equal(
		    event_base_loop(t.w.base, EVLOOP_ONCE), -1);
		turn();
	}
	assert_int_equal(t.n_unheard, unheard);
}

static uint64_t
counted(enum metric m)
{
	return atomic_load(&t.w.metrics.at[m]);
}

/* ---- connections are shared ---- */

static void
questions_share_a_connection(void **state)
{
	(void)state;
	set_up(one);
	assert_int_equal(net.n, 0); /* none before it is needed */
	for (uint64_t i = 1; i <= 100; i++)
		ask(i);
	assert_int_equal(net.n, 1);
	opens(&net.at[0], 64);
	turn();
	assert_int_equal(net.at[0].n_asked, 64);
	assert_int_equal(net.n, 2); /* the rest needs another */
	for (uint64_t i = 1; i <= 64; i++)
		answers(&net.at[0], i);
	turn();
	assert_int_equal(net.at[0].n_asked, 100);
	for (uint64_t i = 65; i <= 100; i++)
		answers(&net.at[0], i);
	assert_int_equal(t.n_heard, 100);
	ask(101); /* it is kept */
	assert_int_equal(net.at[0].n_asked, 101);
	assert_int_equal(net.n, 2);
	assert_int_equal(counted(METRIC_SERVICE_ASKS), 1);
	tear_down();
	assert_int_equal(t.n_unheard, 0);
}

static void
one_at_a_time_takes_some_connections(void **state)
{
	(void)state;
	set_up(one);
	for (uint64_t i = 1; i <= 100; i++)
		ask(i);
	assert_int_equal(net.n, 1);
	opens(&net.at[0], 1);
	turn();
	assert_int_equal(net.n, HTTP_WAY_CONNS_MAX);
	for (size_t i = 1; i < net.n; i++)
		opens(&net.at[i], 1);
	turn();
	for (uint64_t i = 0; t.n_heard < 100; i++) {
		struct http_conn *c = &net.at[i % HTTP_WAY_CONNS_MAX];
		assert_int_equal(c->room, 0);
		answers(c, c->last);
		turn();
		if (t.n_heard > 100 - HTTP_WAY_CONNS_MAX)
			continue;
		assert_int_equal(c->room, 0);
	}
	assert_int_equal(net.n, HTTP_WAY_CONNS_MAX);
	tear_down();
}

static void
what_waits_is_bounded(void **state)
{
	(void)state;
	set_up(one);
	for (uint64_t i = 0; i < HTTP_WAY_WAITING_MAX + 5; i++)
		put(i, true, 60000);
	turn();
	assert_int_equal(net.n, 1);
	assert_int_equal(t.n_unheard, 5);
	assert_non_null(strstr(t.why, "too many"));
	tear_down();
}

/* ---- which endpoint ---- */

static void
the_first_that_is_up_is_asked(void **state)
{
	(void)state;
	set_up(three);
	ask(1);
	assert_int_equal(net.at[0].port, 8001);
	ask(2);
	closes(&net.at[0], "refused"); /* was never open */
	turn();
	assert_int_equal(net.n, 2);
	assert_int_equal(net.at[1].port, 8002);
	closes(&net.at[1], "refused");
	turn();
	assert_int_equal(net.at[2].port, 8003);
	opens(&net.at[2], 10);
	turn();
	assert_int_equal(net.at[2].n_asked, 2);
	answers(&net.at[2], 1);
	answers(&net.at[2], 2);
	ask(3); /* the others rest */
	assert_int_equal(net.n, 3);
	assert_int_equal(net.at[2].last, 3);
	assert_int_equal(counted(METRIC_SERVICE_RETRIES), 4);
	tear_down();
}

static void
what_cannot_be_dialled_is_passed_over(void **state)
{
	(void)state;
	set_up(three);
	net.broken = 8001;
	ask(1);
	assert_int_equal(net.n, 1);
	assert_int_equal(net.at[0].port, 8002);
	tear_down();
}

static void
weights_share_the_questions(void **state)
{
	size_t first = 0;

	(void)state;
	set_up(equals);
	ask(1);
	for (uint64_t i = 2; net.n < 2; i++)
		ask(i);
	opens(&net.at[0], 100000);
	opens(&net.at[1], 100000);
	for (uint64_t i = 1000; i < 5000; i++)
		ask(i);
	for (size_t i = 0; i < 2; i++)
		if (net.at[i].port == 8001)
			first = net.at[i].n_asked;
	assert_in_range(first, 2800, 3200); /* 3 of 4 */
	tear_down();
}

static void
a_dead_service_costs_few_attempts(void **state)
{
	(void)state;
	set_up(three);
	for (uint64_t i = 1; i <= 5000; i++)
		put(i, true, 60000);
	turn();
	while (net.n > 0 && !net.at[net.n - 1].gone) {
		closes(&net.at[net.n - 1], "refused");
		turn();
	}
	assert_int_equal(net.n, 3); /* one for each endpoint */
	assert_int_equal(t.n_unheard, 5000);
	for (uint64_t i = 5001; i <= 9000; i++)
		ask(i); /* and none while they rest */
	assert_int_equal(net.n, 3);
	assert_int_equal(t.n_unheard, 9000);
	assert_non_null(strstr(t.why, "down"));
	for (size_t i = 1; i <= 9000; i++)
		assert_int_equal(t.told[i], 1);
	/* After its rest it is tried again. */
	t.w.now.mono_us += 11000000;
	ask(9001);
	assert_int_equal(net.n, 4);
	assert_int_equal(net.at[3].port, 8001);
	tear_down();
}

/* ---- asking again ---- */

static void
what_was_not_begun_is_asked_again(void **state)
{
	(void)state;
	set_up(three);
	put(1, false, 60000); /* not even safe */
	turn();
	opens(&net.at[0], 10);
	turn();
	/* GOAWAY: once more there, on a new connection, then elsewhere. */
	net.at[0].ended = true;
	net.at[0].user->ending(net.at[0].arg, &net.at[0]);
	fails(&net.at[0], 1, true);
	turn();
	assert_int_equal(net.n, 2);
	assert_int_equal(net.at[1].port, 8001);
	opens(&net.at[1], 10);
	turn();
	fails(&net.at[1], 1, true);
	turn();
	assert_int_equal(net.at[2].port, 8002);
	opens(&net.at[2], 10);
	turn();
	answers(&net.at[2], 1);
	assert_int_equal(t.n_heard, 1);
	tear_down();
}

static void
what_may_have_been_done_is_not(void **state)
{
	(void)state;
	set_up(three);
	put(1, false, 60000);
	turn();
	opens(&net.at[0], 10);
	turn();
	fails(&net.at[0], 1, false);
	turn();
	assert_int_equal(t.n_unheard, 1);
	assert_string_equal(t.why, "it broke");
	assert_int_equal(net.n, 1);
	/* Nor on a connection that was used before. */
	ask(2);
	answers(&net.at[0], 2);
	put(3, false, 60000);
	turn();
	fails(&net.at[0], 3, false);
	turn();
	assert_int_equal(t.n_unheard, 2);
	tear_down();
}

static void
what_is_safe_goes_on_a_few_times(void **state)
{
	unsigned sent = 0;

	(void)state;
	set_up(three);
	ask(1);
	for (size_t i = 0; i < net.n; i++) {
		opens(&net.at[i], 10);
		turn();
		assert_int_equal(net.at[i].port, 8001 + i);
		sent += net.at[i].n_asked;
		fails(&net.at[i], 1, false);
		turn();
	}
	assert_int_equal(sent, 3);
	assert_int_equal(t.n_unheard, 1);
	tear_down();
	/* However often a peer says that it has not begun. */
	set_up(one);
	ask(1);
	opens(&net.at[0], 10);
	turn();
	for (int i = 0; i < 50 && t.n_unheard == 0; i++) {
		fails(&net.at[0], 1, true);
		turn();
	}
	assert_int_equal(net.at[0].n_asked, 2);
	assert_int_equal(t.n_unheard, 1);
	/* Nor for ever, with one question after the other. */
	for (uint64_t i = 2; i < 100; i++) {
		ask(i);
		while (t.n_unheard < i) {
			fails(&net.at[0], i, true);
			turn();
		}
	}
	assert_int_equal(net.at[0].n_asked, 6);
	tear_down();
}

static void
an_idle_connection_that_closes_is_no_failure(void **state)
{
	(void)state;
	set_up(one);
	ask(1);
	opens(&net.at[0], 10);
	turn();
	answers(&net.at[0], 1);
	ask(2);
	fails(&net.at[0], 2, false);
	closes(&net.at[0], "closed by the peer");
	turn();
	assert_int_equal(net.n, 2); /* the same endpoint again */
	opens(&net.at[1], 10);
	turn();
	answers(&net.at[1], 2);
	assert_int_equal(t.n_heard, 2);
	assert_int_equal(t.n_unheard, 0);
	tear_down();
}

static void
failures_in_a_row_rest_an_endpoint(void **state)
{
	(void)state;
	set_up(three);
	for (uint64_t i = 1; i <= 3; i++) {
		put(i, false, 60000);
		turn();
		if (!net.at[0].open)
			opens(&net.at[0], 10);
		turn();
		assert_int_equal(net.at[0].last, i);
		fails(&net.at[0], i, false);
	}
	ask(4);
	assert_int_equal(net.n, 2);
	assert_int_equal(net.at[1].port, 8002);
	tear_down();
}

static void
answers_in_between_forgive(void **state)
{
	(void)state;
	set_up(three);
	ask(100);
	opens(&net.at[0], 1000);
	turn();
	for (uint64_t i = 1; i <= 20; i++) {
		put(i, false, 30);
		put(i + 50, true, 60000);
		turn();
		let_pass(i);
		answers(&net.at[0], i + 50);
	}
	assert_int_equal(net.n, 1);
	tear_down();
}

/* ---- time ---- */

static void
a_deadline_ends_a_question(void **state)
{
	(void)state;
	set_up(one);
	put(1, true, 30); /* never sent */
	put(2, true, 60000);
	turn();
	let_pass(1);
	assert_string_equal(t.why, "no answer in time");
	opens(&net.at[0], 10);
	put(3, true, 30); /* sent */
	turn();
	assert_int_equal(net.at[0].n_asked, 2);
	let_pass(2);
	assert_int_equal(net.n_dropped, 1);
	answers(&net.at[0], 3); /* late: nobody hears it */
	assert_int_equal(t.n_heard, 0);
	answers(&net.at[0], 2);
	assert_int_equal(t.n_heard, 1);
	assert_int_equal(counted(METRIC_SERVICE_LATE), 2);
	assert_int_equal(counted(METRIC_SERVICE_ASKS), 0);
	tear_down();
}

static void
a_connection_that_does_not_open_is_not_waited_for(void **state)
{
	(void)state;
	set_up(three);
	put(1, true, 300);
	put(2, true, 60000);
	turn();
	assert_int_equal(net.n, 1);
	while (net.n == 1) {
		assert_int_not_equal(
		    event_base_loop(t.w.base, EVLOOP_ONCE), -1);
		turn();
	}
	assert_int_equal(t.n_unheard, 0); /* there is time left */
	assert_int_equal(net.at[1].port, 8002);
	opens(&net.at[1], 10);
	turn();
	assert_int_equal(net.at[1].n_asked, 2);
	answers(&net.at[1], 1);
	assert_int_equal(t.n_heard, 1);
	tear_down();
}

static void
a_dropped_question_is_forgotten(void **state)
{
	(void)state;
	set_up(one);
	ask(1);
	ask(2);
	http_pool_drop(t.p, 1);
	http_pool_drop(t.p, 1);
	http_pool_drop(t.p, 77);
	opens(&net.at[0], 10);
	turn();
	assert_int_equal(net.at[0].n_asked, 1);
	assert_int_equal(net.n_dropped, 0);
	http_pool_drop(t.p, 2);
	assert_int_equal(net.n_dropped, 1);
	answers(&net.at[0], 2);
	turn();
	assert_int_equal(t.n_heard + t.n_unheard, 0);
	assert_int_equal(counted(METRIC_SERVICE_DROPPED), 2);
	tear_down();
}

/* ---- settings ---- */

static void
a_reload_keeps_what_is_the_same(void **state)
{
	(void)state;
	set_up(three);
	ask(1);
	opens(&net.at[0], 10);
	turn();
	use(equals); /* 8001 and 8002, in another order of ids */
	assert_false(net.at[0].ended);
	answers(&net.at[0], 1);
	assert_int_equal(t.n_heard, 1);
	for (uint64_t i = 2; i < 50; i++)
		ask(i);
	assert_true(net.at[0].n_asked > 10);
	tear_down();
}

static void
a_reload_ends_what_is_gone(void **state)
{
	static const char other[] = HEAD AT("8009", "1") FOOT;

	(void)state;
	set_up(one);
	ask(1);
	opens(&net.at[0], 1);
	turn();
	ask(2); /* waits */
	use(other);
	turn();
	assert_true(net.at[0].ended);
	assert_int_equal(net.at[net.n - 1].port, 8009);
	answers(&net.at[0], 1); /* what was open is finished */
	assert_int_equal(t.n_heard, 1);
	closes(&net.at[0], "end");
	opens(&net.at[net.n - 1], 10);
	turn();
	assert_int_equal(net.at[net.n - 1].last, 2);
	for (size_t i = 1; i + 1 < net.n; i++)
		closes(&net.at[i], "end");
	turn();
	tear_down();
}

/* Its questions, and its token, are not for what stands in its place. */
static void
another_service_is_not_asked_instead(void **state)
{
	static const char other[] =
	    HEAD_OF("l.other.example") AT("8001", "1") FOOT;

	(void)state;
	set_up(one);
	ask(1); /* waits for a connection */
	use(other);
	turn();
	assert_int_equal(t.n_unheard, 1);
	assert_true(net.at[0].ended);
	closes(&net.at[0], "end");
	turn();
	assert_int_equal(net.n, 1);
	tear_down();
}

static void
a_service_that_is_gone_is_not_asked(void **state)
{
	static const char none[] = TOP END;

	(void)state;
	set_up(one);
	ask(1);
	use(none);
	turn();
	assert_int_equal(t.n_unheard, 1);
	assert_true(net.at[0].ended);
	closes(&net.at[0], "end");
	turn();
	ask(2);
	assert_int_equal(t.n_unheard, 2);
	assert_int_equal(net.n, 1);
	tear_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_share_a_connection),
		cmocka_unit_test(one_at_a_time_takes_some_connections),
		cmocka_unit_test(what_waits_is_bounded),
		cmocka_unit_test(the_first_that_is_up_is_asked),
		cmocka_unit_test(what_cannot_be_dialled_is_passed_over),
		cmocka_unit_test(weights_share_the_questions),
		cmocka_unit_test(a_dead_service_costs_few_attempts),
		cmocka_unit_test(what_was_not_begun_is_asked_again),
		cmocka_unit_test(what_may_have_been_done_is_not),
		cmocka_unit_test(what_is_safe_goes_on_a_few_times),
		cmocka_unit_test(an_idle_connection_that_closes_is_no_failure),
		cmocka_unit_test(failures_in_a_row_rest_an_endpoint),
		cmocka_unit_test(answers_in_between_forgive),
		cmocka_unit_test(a_deadline_ends_a_question),
		cmocka_unit_test(
		    a_connection_that_does_not_open_is_not_waited_for),
		cmocka_unit_test(a_dropped_question_is_forgotten),
		cmocka_unit_test(a_reload_keeps_what_is_the_same),
		cmocka_unit_test(a_reload_ends_what_is_gone),
		cmocka_unit_test(another_service_is_not_asked_instead),
		cmocka_unit_test(a_service_that_is_gone_is_not_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
