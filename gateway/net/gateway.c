/*
 * gateway.c: see gateway.h.  The main thread's loop: signals, the control
 * socket, the admin listener, and the news of the workers.
 */
#include "net/gateway.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "mcxgw/json.h"
#include "mcxgw/log.h"
#include "net/admin.h"
#include "net/ctl.h"
#include "net/gather.h"
#include "net/gauges.h"
#include "net/mistakes.h"
#include "net/notify.h"
#include "net/post.h"
#include "net/reload.h"
#include "net/sock.h"

/* Entries of 24 octets: an hour's replay window at 70 key messages a second,
 * or five minutes at 800. */
#define REPLAY_ENTRIES (1u << 18)
#define DRAIN_LOOK_MS  100
/* A worker that has not turned for so long is ill. */
#define BEAT_MAX_US UINT64_C(5000000)
#define REPORT_MAX  (1u << 20)
#define SIGNALS_MAX 5

enum exit_status { EXIT_ASKED = 0, EXIT_MISTAKES = 1, EXIT_SYSTEM = 3 };

/* A question that waits for all workers. */
struct asked {
	uint64_t id; /* of the control session; 0: free */
	unsigned left;
	bool json;
};

struct gateway {
	struct event_base *base;
	struct reload set;
	struct worker *workers[CORE_WORKERS_MAX];
	struct replay *replay;
	struct mbox *mbox;
	struct event *on_mbox, *on_drain, *on_signal[SIGNALS_MAX];
	struct admin *admin;
	struct ctl *ctl;
	struct gw_now started;
	bool ready; /* said once */
	bool draining, leaving;
	uint64_t leave_at_us;
	struct asked whys[CTL_SESSIONS_MAX];
	struct gather lookups;
	struct asked reload; /* waits for swapped workers */
	uint64_t reload_generation;
	struct gw_buf reload_text;
};

static uint64_t
open_transactions(const struct gateway *g)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < g->set.n; i++)
		n += atomic_load(&g->workers[i]->open);
	return n;
}

/* ---- drain and end ---- */

static void
post_all(struct gateway *g, enum post_kind kind)
{
	for (unsigned i = 0; i < g->set.n; i++) {
		struct post_note *note = post_note_new(kind, i, 0);
		if (note != NULL)
			mbox_post_urgent(g->workers[i]->mbox, &note->item);
		else
			LOG_ERROR("gateway.no-memory", kv_num("worker", i));
	}
}

static void
drain(struct gateway *g)
{
	if (g->draining)
		return;
	g->draining = true;
	LOG_INFO("gateway.draining", kv_num("open", open_transactions(g)));
	post_all(g, POST_DRAIN);
}

static void
on_drain(int fd, short what, void *arg)
{
	struct gateway *g = arg;
	uint64_t open = open_transactions(g);
	bool late = gw_now_read().mono_us >= g->leave_at_us;

	(void)fd;
	(void)what;
	if (open > 0 && !late)
		return;
	if (open > 0)
		LOG_WARN("gateway.drain-cut", kv_num("open", open));
	(void)event_base_loopbreak(g->base);
}

/* The first signal drains, the second does not wait. */
static void
leave(struct gateway *g)
{
	static const struct timeval look = { 0, DRAIN_LOOK_MS * 1000 };

	if (g->leaving) {
		(void)event_base_loopbreak(g->base);
		return;
	}
	g->leaving = true;
	g->leave_at_us = gw_now_read().mono_us +
			 g->set.snap->conf->limits.drain_s * UINT64_C(1000000);
	notify_send("STOPPING=1");
	drain(g);
	(void)event_add(g->on_drain, &look);
}

/* ---- reload ---- */

static void
report(const struct gw_diag *d, bool json, uint64_t generation,
    const char *restarts, struct gw_buf *out)
{
	struct gw_json j;

	if (json) {
		gw_json_init(&j, out);
		gw_json_open(&j, NULL, '{');
		gw_json_num(&j, "generation", (int64_t)generation);
		gw_json_text(&j, "needs_restart", restarts);
		gw_diag_json(d, &j);
		gw_json_close(&j, '}');
		return;
	}
	gw_diag_print(d, out);
	gw_buf_fmt(out, "generation %llu is in force\n",
	    (unsigned long long)generation);
	if (restarts[0] != '\0')
		gw_buf_fmt(out, "needs a restart: %s\n", restarts);
}

static void
reload_answer(struct gateway *g)
{
	if (g->reload.id != 0)
		ctl_answer(
		    g->ctl, g->reload.id, true, gw_buf_span(&g->reload_text));
	gw_buf_clear(&g->reload_text);
	g->reload.id = 0;
}

static bool
load_and_apply(struct gateway *g, struct gw_diag *d, struct gw_buf *restarts)
{
	struct gw_now now = gw_now_read();
	struct snapshot *s = reload_load(&g->set, now, d);

	if (s == NULL)
		return false;
	reload_restarts(g->set.snap, s, restarts);
	gw_buf_add(restarts, (struct gw_span){ (const uint8_t *)"", 1 });
	enum gw_err err = reload_apply(&g->set, s);
	if (err == GW_OK)
		return true;
	gw_diag_error(d, &(struct gw_where){ g->set.config, 0 }, "net.ports",
	    "addresses that are free on this machine (see the log)",
	    "the listeners could not be opened: %s", gw_strerror(err));
	snapshot_unref(s);
	return false;
}

/* The answer waits until every worker has swapped. */
static void
reload(struct gateway *g, uint64_t question, bool json)
{
	struct gw_diag *d = gw_diag_new();
	struct gw_buf restarts, text;

	if (d == NULL)
		return;
	gw_buf_init(&restarts, 256);
	gw_buf_init(&text, REPORT_MAX);
	notify_send("RELOADING=1");
	bool ok = load_and_apply(g, d, &restarts);
	const char *words = restarts.len > 0 ? (const char *)restarts.p : "";
	mistakes_log(d);
	if (ok)
		LOG_INFO("gateway.reloaded",
		    kv_num("generation", g->set.snap->generation),
		    kv_num("warnings", gw_diag_warnings(d)),
		    kv_text("needs_restart", words));
	else
		LOG_ERROR("gateway.reload-refused",
		    kv_num("errors", gw_diag_errors(d)),
		    kv_num("generation_in_force", g->set.snap->generation));
	notify_send("READY=1");
	report(d, json, g->set.snap->generation, words, &text);
	if (ok && question != 0) {
		reload_answer(g); /* an earlier one is overtaken */
		g->reload = (struct asked){ question, 0, json };
		g->reload_generation = g->set.snap->generation;
		g->reload_text = text;
	} else {
		ctl_answer(g->ctl, question, ok, gw_buf_span(&text));
		gw_buf_clear(&text);
	}
	gw_buf_clear(&restarts);
	gw_diag_free(d);
}

/* ---- questions of the control socket ---- */

static void
status(struct gateway *g, const struct ctl_question *q)
{
	const struct snapshot *s = g->set.snap;
	const struct gw_now now = gw_now_read();
	uint64_t up_s = (now.mono_us - g->started.mono_us) / 1000000;
	uint64_t conns = 0;
	struct gw_buf out;
	struct gw_json j;

	for (unsigned i = 0; i < g->set.n; i++)
		conns +=
		    atomic_load(&g->workers[i]->metrics.at[METRIC_CONNECTIONS]);
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "generation", s->generation },
		{ "uptime_s", up_s },
		{ "workers", g->set.n },
		{ "systems", s->conf->n_systems },
		{ "transactions", open_transactions(g) },
		{ "connections", conns },
	};
	gw_buf_init(&out, REPORT_MAX);
	gw_json_init(&j, &out);
	if (q->json)
		gw_json_open(&j, NULL, '{');
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (q->json)
			gw_json_num(&j, rows[i].key, (int64_t)rows[i].value);
		else
			gw_buf_fmt(&out, "%s %llu\n", rows[i].key,
			    (unsigned long long)rows[i].value);
	}
	if (q->json) {
		gw_json_text(&j, "version", GW_VERSION);
		gw_json_text(&j, "config", g->set.config);
		gw_json_bool(&j, "draining", g->draining);
		kms_watch_json(s->kms_watch, now.wall_us, &j);
		gw_json_close(&j, '}');
	} else {
		gw_buf_fmt(&out, "version %s\nconfig %s\ndraining %s\n",
		    GW_VERSION, g->set.config, g->draining ? "yes" : "no");
		kms_watch_text(s->kms_watch, now.wall_us, &out);
	}
	ctl_answer(g->ctl, q->id, true, gw_buf_span(&out));
	gw_buf_clear(&out);
}

static void
answer_no(struct gateway *g, uint64_t id, bool json, const char *why)
{
	struct gw_buf out;
	struct gw_json j;

	gw_buf_init(&out, 1024);
	gw_json_init(&j, &out);
	if (json) {
		gw_json_open(&j, NULL, '{');
		gw_json_text(&j, "error", why);
		gw_json_close(&j, '}');
	} else {
		gw_buf_text(&out, why);
	}
	ctl_answer(g->ctl, id, false, gw_buf_span(&out));
	gw_buf_clear(&out);
}

/* Only the worker that decided knows; all are asked. */
static void
why(struct gateway *g, const struct ctl_question *q)
{
	struct asked *a = NULL;

	for (size_t i = 0; i < GW_COUNT(g->whys); i++)
		if (g->whys[i].id == 0)
			a = &g->whys[i];
	if (a == NULL) {
		answer_no(g, q->id, q->json, "too many questions at once");
		return;
	}
	*a = (struct asked){ q->id, 0, q->json };
	for (unsigned i = 0; i < g->set.n; i++) {
		struct post_why *p =
		    post_why_new(POST_WHY, q->id, q->why, q->json);
		if (p == NULL)
			continue;
		a->left++;
		mbox_post_urgent(g->workers[i]->mbox, &p->item);
	}
	if (a->left > 0)
		return;
	a->id = 0;
	answer_no(g, q->id, q->json, "no memory");
}

static void
why_answered(struct gateway *g, const struct post_why *p)
{
	for (size_t i = 0; i < GW_COUNT(g->whys); i++) {
		struct asked *a = &g->whys[i];
		if (a->id != p->question)
			continue;
		a->left--;
		if (p->found)
			ctl_answer(g->ctl, a->id, true, gw_buf_span(&p->text));
		else if (a->left == 0)
			answer_no(g, a->id, a->json,
			    "no decision of that id is remembered");
		if (p->found || a->left == 0)
			a->id = 0;
		return;
	}
}

static void
lookup(struct gateway *g, const struct ctl_question *q)
{
	const char *fault = gather_ask(&g->lookups, g->workers, g->set.n, q);

	if (fault != NULL)
		answer_no(g, q->id, q->json, fault);
}

static void
on_question(void *arg, const struct ctl_question *q)
{
	struct gateway *g = arg;

	switch (q->verb) {
	case CTL_STATUS: status(g, q); break;
	case CTL_RELOAD: reload(g, q->id, q->json); break;
	case CTL_DRAIN:
		drain(g);
		status(g, q);
		break;
	case CTL_WHY: why(g, q); break;
	case CTL_LOOKUP: lookup(g, q); break;
	case CTL_HELP:
	case CTL_VERB_N: break; /* ctl has answered */
	}
}

/* ---- what the admin listener shows ---- */

static void
on_metrics(void *arg, struct gw_buf *out)
{
	struct gateway *g = arg;

	gauges_text(
	    g->set.snap, g->workers, g->set.n, g->draining, gw_now_read(), out);
}

static bool
is_healthy(void *arg)
{
	const struct gateway *g = arg;
	uint64_t now = gw_now_read().mono_us;

	for (unsigned i = 0; i < g->set.n; i++)
		if (now - atomic_load(&g->workers[i]->beat_us) > BEAT_MAX_US)
			return false;
	return true;
}

static bool
is_ready(void *arg)
{
	const struct gateway *g = arg;

	return g->ready && !g->draining && is_healthy(arg);
}

/* ---- news ---- */

static void
swapped(struct gateway *g)
{
	if (!g->ready && reload_is_done(&g->set, 1)) {
		g->ready = true;
		LOG_INFO("gateway.ready", kv_num("workers", g->set.n),
		    kv_num("listeners", g->set.snap->conf->n_listeners),
		    kv_num("systems", g->set.snap->conf->n_systems),
		    kv_num("generation", g->set.snap->generation),
		    kv_text("version", GW_VERSION));
		notify_send("READY=1");
	}
	if (g->reload.id != 0 && reload_is_done(&g->set, g->reload_generation))
		reload_answer(g);
}

static void
on_mbox(int fd, short what, void *arg)
{
	struct gateway *g = arg;
	struct mbox_item *item;

	(void)fd;
	(void)what;
	while ((item = mbox_take(g->mbox)) != NULL) {
		if (item->kind == POST_ANSWER)
			why_answered(g, (const struct post_why *)item);
		else if (item->kind == POST_LOOKED)
			gather_take(&g->lookups, g->ctl,
			    (const struct post_lookup *)item);
		else if (item->kind == POST_SWAPPED)
			swapped(g);
		item->free(item);
	}
}

static void
on_signal(int sig, short what, void *arg)
{
	struct gateway *g = arg;

	(void)what;
	if (sig == SIGHUP)
		reload(g, 0, false);
	else if (sig == SIGTERM || sig == SIGINT)
		leave(g);
}

/* ---- beginning and end ---- */

static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur == files.rlim_max)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		LOG_WARN("gateway.few-files",
		    kv_text("why", "the limit cannot be raised"));
}

static bool
add_events(struct gateway *g)
{
	static const int signals[SIGNALS_MAX] = { SIGHUP, SIGTERM, SIGINT,
		SIGUSR1, SIGUSR2 };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	bool ok;

	g->on_mbox = event_new(
	    g->base, mbox_fd(g->mbox), EV_READ | EV_PERSIST, on_mbox, g);
	g->on_drain = event_new(g->base, -1, EV_PERSIST, on_drain, g);
	ok = g->on_mbox != NULL && g->on_drain != NULL &&
	     event_add(g->on_mbox, NULL) == 0;
	for (size_t i = 0; ok && i < SIGNALS_MAX; i++) {
		/* What libevent puts back: none may cut the end short. */
		(void)sigaction(signals[i], &ignore, NULL);
		g->on_signal[i] = event_new(
		    g->base, signals[i], EV_SIGNAL | EV_PERSIST, on_signal, g);
		ok = g->on_signal[i] != NULL &&
		     event_add(g->on_signal[i], NULL) == 0;
	}
	return ok;
}

static unsigned
worker_count(const struct conf *c, const struct gateway_options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = o != NULL && o->workers != 0 ? o->workers : c->workers;

	if (n == 0)
		n = cores < 1 ? 1 : (unsigned)cores;
	return n < CORE_WORKERS_MAX ? n : CORE_WORKERS_MAX;
}

static bool
make_workers(struct gateway *g, struct snapshot *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct worker_setup setup = { i, n, s, g->replay, g->mbox,
			g->workers };
		g->workers[i] = worker_new(&setup);
		if (g->workers[i] == NULL)
			return false;
		g->set.n = i + 1;
	}
	return true;
}

static bool
open_admin(struct gateway *g)
{
	const struct conf *c = g->set.snap->conf;
	const struct admin_view view = { on_metrics, is_healthy, is_ready, g };
	char text[128], addr[CONF_ADDR_TEXT];

	if (c->admin_on &&
	    (g->admin = admin_new(g->base, &c->admin, &view)) == NULL) {
		conf_addr_text(&c->admin, addr);
		LOG_ERROR("admin.refused", kv_text("address", addr),
		    kv_text("why", sock_error(errno, text, sizeof(text))));
		return false;
	}
	if (c->control_socket != NULL &&
	    (g->ctl = ctl_new(g->base, c->control_socket, on_question, g)) ==
		NULL) {
		LOG_ERROR("ctl.no-socket", kv_text("path", c->control_socket),
		    kv_text("why", sock_error(errno, text, sizeof(text))));
		return false;
	}
	return true;
}

/* The first settings; their mistakes are lines on stderr. */
static struct snapshot *
load_first(struct gateway *g)
{
	struct gw_diag *d = gw_diag_new();
	struct snapshot *s = NULL;
	struct gw_buf text;

	if (d == NULL)
		return NULL;
	gw_buf_init(&text, REPORT_MAX);
	s = reload_load(&g->set, g->started, d);
	gw_diag_print(d, &text);
	if (text.len > 0)
		(void)fwrite(text.p, 1, text.len, stderr);
	gw_buf_clear(&text);
	gw_diag_free(d);
	return s;
}

static bool
start_workers(struct gateway *g)
{
	for (unsigned i = 0; i < g->set.n; i++)
		if (!worker_start(g->workers[i]))
			return false;
	return true;
}

static struct replay *
make_replay(void)
{
	uint8_t key[REPLAY_KEY_LEN];

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return NULL;
	return replay_new(REPLAY_ENTRIES, key);
}

static enum exit_status
start(struct gateway *g, const struct gateway_options *options)
{
	struct snapshot *s = load_first(g);

	if (s == NULL)
		return EXIT_MISTAKES;
	g->base = event_base_new();
	g->mbox = mbox_new(MBOX_MAX);
	g->replay = make_replay();
	if (g->base == NULL || g->mbox == NULL || g->replay == NULL ||
	    !add_events(g) ||
	    !make_workers(g, s, worker_count(s->conf, options)) ||
	    reload_apply(&g->set, s) != GW_OK) {
		snapshot_unref(s);
		LOG_ERROR("gateway.refused",
		    kv_text("why", "memory, a port or a descriptor"));
		return EXIT_SYSTEM;
	}
	if (!open_admin(g) || !start_workers(g)) {
		LOG_ERROR("gateway.refused",
		    kv_text("why", "a port, a socket or a thread"));
		return EXIT_SYSTEM;
	}
	return EXIT_ASKED;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

/* Workers may post to each other until the last has ended. */
static void
stop(struct gateway *g)
{
	post_all(g, POST_END);
	for (unsigned i = 0; i < g->set.n; i++)
		worker_join(g->workers[i]);
	ctl_free(g->ctl);
	admin_free(g->admin);
	for (unsigned i = 0; i < g->set.n; i++)
		worker_free(g->workers[i]);
	free_event(g->on_mbox);
	free_event(g->on_drain);
	for (size_t i = 0; i < SIGNALS_MAX; i++)
		free_event(g->on_signal[i]);
	mbox_free(g->mbox);
	replay_free(g->replay);
	snapshot_unref(g->set.snap);
	gw_buf_clear(&g->reload_text);
	gather_clear(&g->lookups);
	if (g->base != NULL)
		event_base_free(g->base);
}

int
gateway_run(const char *config, const char *schema_dir,
    const struct gateway_options *options)
{
	struct gateway g = { .set = {
				 .config = config, .schema_dir = schema_dir } };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	g.set.workers = g.workers;
	g.started = gw_now_read();
	(void)sigaction(SIGPIPE, &ignore, NULL);
	raise_limits();
	enum exit_status status = start(&g, options);
	if (status == EXIT_ASKED) {
		(void)event_base_dispatch(g.base);
		LOG_INFO(
		    "gateway.ended", kv_num("open", open_transactions(&g)));
	}
	stop(&g);
	return (int)status;
}
