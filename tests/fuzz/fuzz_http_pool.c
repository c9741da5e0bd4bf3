/*
 * fuzz_http_pool.c: questions, connections, time and settings in any order,
 * and
 *   1. each question that is not dropped is told exactly once, others never
 *   2. none is sent oftener than it may, and none that may have been acted on
 *      again, unless it is safe
 *   3. an endpoint has few connections, and only those of the settings have any
 *
 * The input is a list of steps: an octet that says which, one that says of
 * what.  The functions of http_conn.h are those of a model.
 */
#include <stdlib.h>

#include <event2/event.h>

#include "mcxgw/log.h"
#include "net/http/http_pool.h"
#include "net/worker.h"
#include "support/rig.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)
#define STEPS_MAX 512
#define ASKS_MAX  (STEPS_MAX + 1)
#define CONNS_ALL 4096
#define ROOM_MAX  4
#define CONFIGS	  3
#define SECOND	  UINT64_C(1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	ASK,
	DROP,
	OPEN,
	ANSWER,
	FAIL,
	CLOSE,
	ENDING,
	TURN,
	TIME,
	REST,
	RELOAD,
	BREAK,
	STEP_N
};

enum fate { NOT_ASKED, WAITS, TOLD, DROPPED };

struct ask {
	enum fate fate;
	bool safe;
	bool touched; /* it may have been acted on */
	unsigned sent;
};

struct http_conn {
	bool open, ending, gone;
	uint16_t port;
	uint32_t room;
	size_t n;
	uint64_t asked[ROOM_MAX];
	const struct http_conn_user *user;
	void *arg;
};

static struct {
	struct worker w;
	struct http_pool *p;
	struct ask asks[ASKS_MAX];
	uint64_t n_asks;
	struct http_conn conns[CONNS_ALL];
	size_t n_conns;
	uint16_t broken;
	uint8_t config;
	bool again; /* who is told asks or drops at once */
} t;

static struct snapshot *snaps[CONFIGS];

/* ---- connections ---- */

static bool
is_configured(uint16_t port)
{
	const struct conf *c = t.w.snap->conf;

	for (size_t i = 0; i < c->n_endpoints; i++)
		if (c->endpoints[i]->addr.port == port)
			return true;
	return false;
}

struct http_conn *
http_conn_dial(struct worker *w, const struct conf_endpoint *e,
    const struct http_conn_user *user, void *arg)
{
	size_t going = 0;

	CHECK(w == &t.w && is_configured(e->addr.port));
	if (e->addr.port == t.broken || t.n_conns == CONNS_ALL)
		return NULL;
	for (size_t i = 0; i < t.n_conns; i++) {
		const struct http_conn *c = &t.conns[i];
		going += c->port == e->addr.port && !c->gone && !c->ending;
	}
	CHECK(going < HTTP_WAY_CONNS_MAX);
	struct http_conn *c = &t.conns[t.n_conns++];
	*c = (struct http_conn){
		.port = e->addr.port, .user = user, .arg = arg
	};
	return c;
}

uint32_t
http_conn_room(const struct http_conn *c)
{
	return c->open && !c->ending && !c->gone ? c->room - (uint32_t)c->n : 0;
}

enum gw_err
http_conn_ask(
    struct http_conn *c, uint64_t ticket, const struct gw_http_request *r)
{
	struct ask *a = &t.asks[ticket];

	CHECK(!c->gone && gw_span_eq(r->path, GW_SPAN("/x")));
	if (!c->open || c->ending)
		return GW_EUNSUPPORTED;
	if (c->n == c->room)
		return GW_ELIMIT;
	CHECK(a->fate == WAITS && (a->safe || !a->touched));
	CHECK(++a->sent <= HTTP_POOL_ATTEMPTS_MAX);
	c->asked[c->n++] = ticket;
	return GW_OK;
}

static void
forget(struct http_conn *c, size_t i)
{
	c->asked[i] = c->asked[--c->n];
}

void
http_conn_drop(struct http_conn *c, uint64_t ticket)
{
	size_t i = 0;

	while (i < c->n && c->asked[i] != ticket)
		i++;
	CHECK(i < c->n);
	forget(c, i);
}

void
http_conn_end(struct http_conn *c)
{
	c->ending = true;
}

static void
fails(struct http_conn *c, size_t i, bool untouched)
{
	uint64_t ticket = c->asked[i];

	forget(c, i);
	t.asks[ticket].touched = t.asks[ticket].touched || !untouched;
	c->user->failed(c->arg, c, ticket, untouched, "it broke");
}

void
http_conn_close(struct http_conn *c, const char *why)
{
	bool opened = c->open;

	CHECK(!c->gone);
	while (c->n > 0)
		fails(c, 0, false);
	c->gone = true;
	c->user->closed(c->arg, c, opened, why);
}

/* ---- what is told ---- */

static void
put(bool safe, bool late)
{
	const struct gw_http_request r = { .method = GW_HTTP_POST,
		.path = GW_LIT("/x") };
	const struct core_action a = { .kind = CORE_ASK,
		.snap = t.w.snap,
		.ticket = t.n_asks,
		.deadline_ms = 60000,
		.safe = safe,
		.http.request = &r };
	uint64_t now = t.w.now.mono_us;

	if (t.n_asks == ASKS_MAX)
		return;
	t.asks[t.n_asks++] = (struct ask){ .fate = WAITS, .safe = safe };
	/* One whose deadline passes with the next look at the clock. */
	if (late)
		t.w.now.mono_us -= 100 * SECOND;
	http_pool_ask(t.p, &a);
	t.w.now.mono_us = now;
}

static void
drop(uint64_t ticket)
{
	if (ticket >= t.n_asks)
		return;
	http_pool_drop(t.p, ticket); /* of one that was told, too */
	if (t.asks[ticket].fate == WAITS)
		t.asks[ticket].fate = DROPPED;
}

static void
told(uint64_t ticket)
{
	CHECK(ticket < t.n_asks && t.asks[ticket].fate == WAITS);
	t.asks[ticket].fate = TOLD;
	if (!t.again)
		return;
	t.again = false;
	put(true, false);
	drop(ticket / 2);
}

static void
heard(void *arg, uint64_t ticket, const struct gw_http_response *r)
{
	(void)arg;
	CHECK(r->status == 200);
	told(ticket);
}

static void
unheard(void *arg, uint64_t ticket, const char *why)
{
	(void)arg;
	CHECK(why != NULL);
	told(ticket);
}

static const struct http_pool_user user = { heard, unheard };

/* ---- steps ---- */

/* One of the connections that stand, or NULL. */
static struct http_conn *
some(uint8_t of)
{
	size_t n = 0;

	for (size_t i = 0; i < t.n_conns; i++)
		n += !t.conns[i].gone;
	for (size_t i = 0, k = n == 0 ? 0 : of % n; i < t.n_conns; i++)
		if (!t.conns[i].gone && k-- == 0)
			return &t.conns[i];
	return NULL;
}

static void
of_conn(enum step step, uint8_t of)
{
	const struct gw_http_response ok = { .status = 200 };
	struct http_conn *c = some(of);

	if (c == NULL)
		return;
	if (step == CLOSE) {
		http_conn_close(c, "it closed");
	} else if (step == OPEN && !c->open) {
		c->open = true;
		c->room = 1 + of % ROOM_MAX;
		c->user->open(c->arg, c);
	} else if (step == ENDING && c->open && !c->ending) {
		c->ending = true;
		c->user->ending(c->arg, c);
	} else if (step == FAIL && c->n > 0) {
		fails(c, of % c->n, of & 0x40);
	} else if (step == ANSWER && c->n > 0) {
		uint64_t ticket = c->asked[of % c->n];
		forget(c, of % c->n);
		c->user->response(c->arg, c, ticket, &ok);
	}
}

static void
turn(void)
{
	http_pool_turn(t.p);
}

static void
look_at_the_clock(void)
{
	event_active(t.p->on_timer, EV_TIMEOUT, 1);
	CHECK(event_base_loop(t.w.base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

static void
use(uint8_t which)
{
	t.w.snap = snaps[which % CONFIGS];
	http_pool_use(t.p);
}

static void
step(enum step s, uint8_t of)
{
	switch (s) {
	case ASK:
		t.again = of & 4;
		put(of & 1, of & 2);
		break;
	case DROP: drop(t.n_asks - 1 - of % 8); break;
	case OPEN:
	case ANSWER:
	case FAIL:
	case CLOSE:
	case ENDING: of_conn(s, of); break;
	case TURN: turn(); break;
	case TIME: look_at_the_clock(); break;
	case REST: t.w.now.mono_us += 11 * SECOND; break;
	case RELOAD: use(of); break;
	case BREAK: t.broken = (uint16_t)(8000 + of % 5); break;
	case STEP_N: break;
	}
}

/* All that stands closes, all deadlines pass: nothing is left. */
static void
finish(void)
{
	t.broken = 0;
	for (int i = 0; i < 100 && (t.p->n > 0 || some(0) != NULL); i++) {
		struct http_conn *c;
		turn();
		while ((c = some(0)) != NULL)
			http_conn_close(c, "the end");
	}
	CHECK(t.p->n == 0 && t.p->n_conns == 0);
	for (uint64_t i = 0; i < t.n_asks; i++)
		CHECK(t.asks[i].fate != WAITS);
	for (int i = 0; i < 100 && http_pool_has_more(t.p); i++)
		turn();
	CHECK(!http_pool_has_more(t.p) && t.p->n_retired == 0);
}

/* ---- settings ---- */

#define HEAD                                                                   \
	"<mcxgw xmlns='urn:mcxgw:config:1' name='gw.example'>"                 \
	"<listener id='a' transport='udp' address='127.0.0.1' port='5060' "    \
	"system='alpha'/>"                                                     \
	"<listener id='b' transport='udp' address='127.0.0.1' port='5070' "    \
	"system='bravo'/>"                                                     \
	"<lookups down='10s' failures='3'/>"                                   \
	"<system id='alpha' side='local'><domain name='alpha.example'/>"       \
	"<next-hop address='127.0.0.1:5080' transport='udp'/></system>"        \
	"<system id='bravo' side='partner'><domain name='bravo.example'/>"
#define FOOT                                                                   \
	"<next-hop address='127.0.0.1:5090' transport='udp'/></system>"        \
	"<topology keys='token.keys'/><policy agreements='agreements'/>"       \
	"</mcxgw>"
#define LOOKUP(endpoints)                                                      \
	"<lookup adapter='domain-lookup' "                                     \
	"authority='l.bravo.example'>" endpoints "</lookup>"
#define AT(port, priority)                                                     \
	"<endpoint address='127.0.0.1:" port "' priority='" priority "'/>"

static const char *const configs[CONFIGS] = {
	HEAD LOOKUP(AT("8001", "1") AT("8002", "1") AT("8003", "2")) FOOT,
	HEAD LOOKUP(AT("8003", "1") AT("8004", "2")) FOOT,
	HEAD "<kms uri='kms.bravo.example'>" AT("8001", "1") "</kms>" FOOT,
};

static void
load(void)
{
	static struct rig rig;

	if (snaps[0] != NULL)
		return;
	gw_log_set_level(GW_LOG_ERROR);
	for (size_t i = 0; i < CONFIGS; i++) {
		const struct rig_files files = { .config = configs[i],
			.permits = "" };
		if (i == 0)
			rig_open_with(&rig, &files);
		else
			rig_reload(&rig, &files);
		snaps[i] = snapshot_ref(rig.snap);
	}
	rig_close(&rig);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	load();
	memset(&t, 0, sizeof(t));
	t.w.base = event_base_new();
	t.w.snap = snaps[0];
	t.w.now = gw_now_read();
	CHECK(t.w.base != NULL);
	t.p = http_pool_new(&t.w, &user, NULL);
	CHECK(t.p != NULL);
	for (size_t i = 0; i + 1 < size && i < 2 * STEPS_MAX; i += 2)
		step((enum step)(data[i] % STEP_N), data[i + 1]);
	t.again = false;
	if (size % 2 == 0)
		finish();
	http_pool_free(t.p);
	for (size_t i = 0; i < t.n_conns; i++)
		CHECK(t.conns[i].gone && t.conns[i].n == 0);
	event_base_free(t.w.base);
	return 0;
}
