/*
 * calls.c: both ends of calls through a peer, over UDP, for little CPU time.
 *
 * usage: bench_calls [-n OPEN] [-r RATE] [-s SECONDS] [-v FIRST] [-u]
 *                    FOLDER KIND ADDRESS PORT
 *
 * Keeps OPEN calls (500) open for SECONDS (4), or with -r begins RATE calls a
 * second; the caller is 127.0.0.2:5070, the callee 127.0.0.3:5080, the peer
 * ADDRESS:PORT.  The texts in FOLDER are of lib/messages.py; KIND names the
 * INVITE and the table of users.  FIRST is what the first call has in its key
 * message as digits of its own, -u: each line of the table is used once.
 *
 * Nothing is repeated: a call that hears nothing for two seconds has failed,
 * as has one with another answer than expected.  The callee answers a BYE
 * only when the ACK came before it.  Between its turns the program sleeps a
 * fixed time instead of waiting for its sockets, so that the peer has not to
 * wake it for each message.  The result is one line of JSON.
 */
#define _GNU_SOURCE /* recvmmsg, sendmmsg */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/calls_text.h"

#define BATCH	    64 /* messages of one system call */
#define OUT	    (2 * BATCH) /* the callee answers an INVITE twice */
#define SLOTS	    4096 /* calls open at once, at most */
#define DIALOGS	    65536 /* that the callee remembers */
#define BUFFER	    (4 << 20) /* of a socket */
#define PATH_LEN    1024
#define NUM_LEN	    24
#define URL_MAX	    1024
#define TAG_MAX	    256
#define ROUTE_MAX   2048
#define SECOND_NS   UINT64_C(1000000000)
#define NAP_NS	    200000
#define TALK_NS	    (SECOND_NS / 100)
#define RAMP_NS	    (SECOND_NS / 5) /* until all calls are open */
#define PATIENCE_NS (2 * SECOND_NS)
#define SWEEP_NS    (SECOND_NS / 10)
#define VARIED_END  UINT64_C(100000000)

/* One side of the calls. */
struct end {
	int fd;
	size_t n_out;
	struct mmsghdr in[BATCH], out[OUT];
	struct iovec in_iov[BATCH], out_iov[OUT];
	struct sockaddr_in from[BATCH], to[OUT];
	uint8_t in_raw[BATCH][CALLS_MSG_MAX], out_raw[OUT][CALLS_MSG_MAX];
};

enum call_state { FREE, INVITED, TALKING, ENDING };

struct call {
	enum call_state state;
	uint64_t number; /* SLOTS times its turn in the slot, and the slot */
	uint64_t heard; /* when it heard of the other side */
	uint64_t talk_end;
	const struct calls_row *row;
	size_t url_len, tag_len, route_len;
	uint8_t url[URL_MAX], tag[TAG_MAX], route[ROUTE_MAX];
};

/* What the callee knows. */
struct dialog {
	uint64_t number;
	bool acked;
};

struct options {
	uint64_t open, rate, seconds, varied;
	bool once;
};

struct load {
	struct options want;
	struct calls_text invite, ack, bye, ringing, answer, ended;
	struct calls_table users;
	struct end caller, callee;
	struct call calls[SLOTS];
	struct call *unused[SLOTS], *talking[SLOTS]; /* a stack, a ring */
	size_t n_unused, first_talking, n_talking;
	struct dialog dialogs[DIALOGS]; /* by number % DIALOGS */
	uint64_t n_dialogs;
	char pid[NUM_LEN];
	struct calls_msg msg; /* the one at hand */
	uint64_t now, began, last, swept;
	uint64_t started, good, failed, ignored;
};

static uint64_t
read_clock(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void
die(const char *why)
{
	fprintf(stderr, "bench_calls: %s\n", why);
	exit(2);
}

/* Send what is ready.  What cannot be sent is lost: its call will fail. */
static void
flush(struct end *e)
{
	for (size_t done = 0; done < e->n_out;) {
		int n = sendmmsg(
		    e->fd, e->out + done, (unsigned)(e->n_out - done), 0);
		done += n > 0 ? (size_t)n : 1;
	}
	e->n_out = 0;
}

/* Make one message ready; to: NULL for the peer to which e is connected. */
static bool
say(struct end *e, const struct calls_text *t, const struct calls_values *v,
    const struct sockaddr_in *to)
{
	if (e->n_out == OUT)
		flush(e);
	size_t i = e->n_out;
	size_t len = calls_text_write(t, v, e->out_raw[i], CALLS_MSG_MAX);
	if (len == 0)
		return false;
	e->out_iov[i] = (struct iovec){ e->out_raw[i], len };
	e->out[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &e->out_iov[i],
					  .msg_iovlen = 1 } };
	if (to != NULL) {
		e->to[i] = *to;
		e->out[i].msg_hdr.msg_name = &e->to[i];
		e->out[i].msg_hdr.msg_namelen = sizeof(e->to[i]);
	}
	e->n_out++;
	return true;
}

/* How many messages there are in e->in. */
static size_t
hear(struct end *e)
{
	for (size_t i = 0; i < BATCH; i++) {
		e->in_iov[i] = (struct iovec){ e->in_raw[i], CALLS_MSG_MAX };
		e->in[i] =
		    (struct mmsghdr){ .msg_hdr = { .msg_iov = &e->in_iov[i],
					  .msg_iovlen = 1,
					  .msg_name = &e->from[i],
					  .msg_namelen = sizeof(e->from[i]) } };
	}
	int n = recvmmsg(e->fd, e->in, BATCH, MSG_DONTWAIT, NULL);
	if (n >= 0)
		return (size_t)n;
	if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
		die("cannot receive");
	return 0;
}

/* The message i of e into l->msg. */
static bool
understand(struct load *l, const struct end *e, size_t i)
{
	struct gw_span raw = { e->in_raw[i], e->in[i].msg_len };

	return (e->in[i].msg_hdr.msg_flags & MSG_TRUNC) == 0 &&
	       calls_msg_read(raw, &l->msg);
}

static struct gw_span
write_number(uint64_t number, char *out)
{
	snprintf(out, NUM_LEN, "%llu", (unsigned long long)number);
	return gw_span_of(out);
}

/* All of s as a number, or 0. */
static uint64_t
read_number(struct gw_span s)
{
	uint64_t number = 0;

	return gw_span_to_u64(s, UINT64_MAX, &number) == GW_OK ? number : 0;
}

/* The call of the Call-ID of m, NUMBER-PID@..., or 0. */
static uint64_t
number_of_call(const struct load *l, const struct calls_msg *m)
{
	struct gw_span id = calls_value(m->call_id);
	struct gw_span pid = gw_span_of(l->pid);
	size_t dash = gw_span_find(id, 0, '-');
	size_t at = gw_span_find(id, dash, '@');

	if (at == id.len ||
	    !gw_span_eq(gw_span_sub(id, dash + 1, at - dash - 1), pid))
		return 0;
	return read_number(gw_span_sub(id, 0, dash));
}

/* The dialog of the tag in To of m, PIDsNUMBER, or 0. */
static uint64_t
number_of_dialog(const struct load *l, const struct calls_msg *m)
{
	struct gw_span tag = calls_to_tag(m), pid = gw_span_of(l->pid);
	size_t from = gw_span_find(tag, 0, '=') + 1;
	size_t s = gw_span_find(tag, from, 's');

	if (!gw_span_eq(gw_span_sub(tag, from, s - from), pid))
		return 0;
	return read_number(gw_span_sub(tag, s + 1, tag.len));
}

/* A request of the caller in the call c. */
static bool
ask(struct load *l, const struct call *c, const struct calls_text *t)
{
	char number[NUM_LEN], varied[NUM_LEN];
	struct calls_values v = { 0 };

	v.of[CALLS_PID] = gw_span_of(l->pid);
	v.of[CALLS_NUMBER] = write_number(c->number, number);
	v.of[CALLS_VARIED] = write_number(l->want.varied + l->started, varied);
	v.of[CALLS_URL] = (struct gw_span){ c->url, c->url_len };
	v.of[CALLS_TAG] = (struct gw_span){ c->tag, c->tag_len };
	v.of[CALLS_ROUTE] = (struct gw_span){ c->route, c->route_len };
	for (size_t i = 0; i < CALLS_FIELDS; i++)
		v.of[CALLS_FIELD + i] = c->row->fields[i];
	return say(&l->caller, t, &v, NULL);
}

static void
leave(struct load *l, struct call *c, bool good)
{
	c->state = FREE;
	l->unused[l->n_unused++] = c;
	l->good += good;
	l->failed += !good;
	if (good)
		l->last = l->now;
}

static size_t
n_open(const struct load *l)
{
	return SLOTS - l->n_unused;
}

static bool
is_over(const struct load *l)
{
	return l->now - l->began >= l->want.seconds * SECOND_NS ||
	       (l->want.once && l->started == l->users.n_rows) ||
	       l->want.varied + l->started >= VARIED_END;
}

/* Is it time for one call more? */
static bool
is_wanted(const struct load *l)
{
	uint64_t age = l->now - l->began;
	uint64_t open = l->want.open;

	if (is_over(l) || l->n_unused == 0)
		return false;
	if (l->want.rate > 0)
		return l->started < age * l->want.rate / SECOND_NS;
	if (age < RAMP_NS)
		open = open * age / RAMP_NS;
	return n_open(l) < open;
}

static void
begin_calls(struct load *l)
{
	for (unsigned i = 0; i < BATCH && is_wanted(l); i++) {
		struct call *c = l->unused[--l->n_unused];
		c->state = INVITED;
		c->number += SLOTS;
		c->heard = l->now;
		c->row = &l->users.rows[l->started % l->users.n_rows];
		c->url_len = c->tag_len = c->route_len = 0;
		if (!ask(l, c, &l->invite))
			die("an INVITE is too long");
		l->started++;
	}
}

static void
end_calls(struct load *l)
{
	while (l->n_talking > 0) {
		struct call *c = l->talking[l->first_talking];
		if (c->talk_end > l->now)
			return;
		l->first_talking = (l->first_talking + 1) % SLOTS;
		l->n_talking--;
		c->state = ENDING;
		c->heard = l->now;
		if (!ask(l, c, &l->bye))
			leave(l, c, false);
	}
}

static void
give_up(struct load *l)
{
	if (l->now - l->swept < SWEEP_NS)
		return;
	l->swept = l->now;
	for (size_t i = 0; i < SLOTS; i++) {
		struct call *c = &l->calls[i];
		if ((c->state == INVITED || c->state == ENDING) &&
		    l->now - c->heard > PATIENCE_NS)
			leave(l, c, false);
	}
}

/* s into the *len octets at out; false: nothing, or more than max. */
static bool
keep(struct gw_span s, uint8_t *out, size_t max, size_t *len)
{
	if (s.len == 0 || s.len > max)
		return false;
	memcpy(out, s.p, s.len);
	*len = s.len;
	return true;
}

/* 200 to the INVITE of c. */
static void
accept_call(struct load *l, struct call *c)
{
	const struct calls_msg *m = &l->msg;

	if (!keep(calls_contact(m), c->url, URL_MAX, &c->url_len) ||
	    !keep(calls_to_tag(m), c->tag, TAG_MAX, &c->tag_len) ||
	    !calls_route(m, c->route, ROUTE_MAX, &c->route_len) ||
	    !ask(l, c, &l->ack)) {
		leave(l, c, false);
		return;
	}
	/* A call in this state is in the ring once, and leaves it by time. */
	c->state = TALKING;
	c->talk_end = l->now + TALK_NS;
	l->talking[(l->first_talking + l->n_talking++) % SLOTS] = c;
}

/* A message for the caller is in l->msg. */
static void
on_response(struct load *l)
{
	const struct calls_msg *m = &l->msg;
	uint64_t number = number_of_call(l, m);
	struct call *c = &l->calls[number % SLOTS];
	bool invite = gw_span_eq(m->method, GW_SPAN("INVITE"));
	bool bye = gw_span_eq(m->method, GW_SPAN("BYE"));

	if (m->status == 0 || c->state == FREE || c->number != number ||
	    !((invite && c->state == INVITED) || (bye && c->state == ENDING))) {
		l->ignored++;
		return;
	}
	c->heard = l->now;
	if (m->status == 200) {
		if (invite)
			accept_call(l, c);
		else
			leave(l, c, true);
	} else if (m->status != 100 && m->status != 180) {
		leave(l, c, false);
	}
}

/* A message for the callee is in l->msg. */
static void
on_request(struct load *l, const struct sockaddr_in *from)
{
	const struct calls_msg *m = &l->msg;
	char number[NUM_LEN];
	struct calls_values v = { 0 };
	uint64_t dialog = number_of_dialog(l, m);
	struct dialog *d = &l->dialogs[dialog % DIALOGS];
	bool ok = m->status == 0;

	v.of[CALLS_PID] = gw_span_of(l->pid);
	v.of[CALLS_VIA] = (struct gw_span){ m->via.text, m->via.len };
	v.of[CALLS_RECORD_ROUTE] =
	    (struct gw_span){ m->record_route.text, m->record_route.len };
	v.of[CALLS_FROM] = m->from;
	v.of[CALLS_TO] = m->to;
	v.of[CALLS_CALL_ID] = m->call_id;
	v.of[CALLS_CSEQ] = m->cseq;
	if (ok && gw_span_eq(m->method, GW_SPAN("INVITE"))) {
		dialog = ++l->n_dialogs;
		l->dialogs[dialog % DIALOGS] = (struct dialog){ dialog, false };
		v.of[CALLS_NUMBER] = write_number(dialog, number);
		ok = say(&l->callee, &l->ringing, &v, from) &&
		     say(&l->callee, &l->answer, &v, from);
	} else {
		ok = ok && dialog != 0 && d->number == dialog;
		if (ok && gw_span_eq(m->method, GW_SPAN("ACK")))
			d->acked = true;
		else
			ok = ok && gw_span_eq(m->method, GW_SPAN("BYE")) &&
			     d->acked && say(&l->callee, &l->ended, &v, from);
	}
	l->ignored += !ok;
}

/* How many messages came. */
static size_t
listen_to(struct load *l, struct end *e)
{
	size_t n = hear(e);

	l->now = read_clock(CLOCK_MONOTONIC);
	for (size_t i = 0; i < n; i++) {
		if (!understand(l, e, i))
			l->ignored++;
		else if (e == &l->caller)
			on_response(l);
		else
			on_request(l, &e->from[i]);
	}
	flush(e);
	return n;
}

static void
run(struct load *l)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	l->began = l->now = l->last = l->swept = read_clock(CLOCK_MONOTONIC);
	while (!is_over(l) || n_open(l) > 0) {
		begin_calls(l);
		end_calls(l);
		give_up(l);
		flush(&l->caller);
		size_t callee = listen_to(l, &l->callee);
		size_t caller = listen_to(l, &l->caller);
		if (callee < BATCH && caller < BATCH)
			nanosleep(&nap, NULL);
		l->now = read_clock(CLOCK_MONOTONIC);
	}
}

static struct sockaddr_in
address(const char *ip, uint64_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		die("not an IPv4 address");
	return a;
}

static void
open_end(struct end *e, const char *ip, uint64_t port)
{
	struct sockaddr_in own = address(ip, port);
	int size = BUFFER;

	e->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e->fd < 0 ||
	    setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) !=
		0 ||
	    setsockopt(e->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) !=
		0 ||
	    bind(e->fd, (const struct sockaddr *)&own, sizeof(own)) != 0)
		die("cannot bind");
}

static uint64_t
decimal(const char *s, uint64_t max)
{
	uint64_t n = 0;

	if (gw_span_to_u64(gw_span_of(s), max, &n) != GW_OK)
		die("not a number, or too large");
	return n;
}

static int
read_options(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .open = 500, .seconds = 4, .varied = 10000000 };
	while ((c = getopt(argc, argv, "n:r:s:v:u")) != -1) {
		if (c == 'n')
			o->open = decimal(optarg, SLOTS);
		else if (c == 'r')
			o->rate = decimal(optarg, 1000000);
		else if (c == 's')
			o->seconds = decimal(optarg, 3600);
		else if (c == 'v')
			o->varied = decimal(optarg, VARIED_END - 1);
		else if (c == 'u')
			o->once = true;
		else
			return -1;
	}
	return argc - optind == 4 ? optind : -1;
}

static void
read_text(const char *folder, const char *name, struct calls_text *t)
{
	char path[PATH_LEN];

	if (snprintf(path, sizeof(path), "%s/%s.text", folder, name) >=
	    (int)sizeof(path))
		die("the folder's name is too long");
	calls_text_read(path, t);
}

static void
load_up(struct load *l, const char *folder, const char *kind)
{
	char path[PATH_LEN];

	read_text(folder, kind, &l->invite);
	read_text(folder, "ack", &l->ack);
	read_text(folder, "bye", &l->bye);
	read_text(folder, "ringing", &l->ringing);
	read_text(folder, "answer", &l->answer);
	read_text(folder, "ended", &l->ended);
	if (snprintf(path, sizeof(path), "%s/%s.csv", folder, kind) >=
	    (int)sizeof(path))
		die("the folder's name is too long");
	calls_table_read(path, &l->users);
	write_number((uint64_t)getpid(), l->pid);
	for (size_t i = SLOTS; i-- > 0;) {
		l->calls[i].number = i;
		l->unused[l->n_unused++] = &l->calls[i];
	}
}

static void
report(const struct load *l, uint64_t cpu_ns)
{
	double seconds = (double)(l->last - l->began) / (double)SECOND_NS;

	printf("{\"calls\": %llu, \"failed\": %llu, \"ignored\": %llu, "
	       "\"seconds\": %.6f, \"cpu_s\": %.6f, \"calls_per_s\": %.1f}\n",
	    (unsigned long long)l->good, (unsigned long long)l->failed,
	    (unsigned long long)l->ignored, seconds,
	    (double)cpu_ns / (double)SECOND_NS,
	    seconds > 0 ? (double)l->good / seconds : 0.0);
}

int
main(int argc, char **argv)
{
	struct options want;
	int first = read_options(&want, argc, argv);

	if (first < 0) {
		fprintf(stderr,
		    "usage: bench_calls [-n OPEN] [-r RATE] [-s SECONDS] "
		    "[-v FIRST] [-u] FOLDER KIND ADDRESS PORT\n");
		return 2;
	}
	char **arg = argv + first;
	struct sockaddr_in peer = address(arg[2], decimal(arg[3], UINT16_MAX));
	struct load *l = calloc(1, sizeof(*l));
	if (l == NULL)
		die("no memory");
	l->want = want;
	load_up(l, arg[0], arg[1]);
	open_end(&l->caller, "127.0.0.2", 5070);
	open_end(&l->callee, "127.0.0.3", 5080);
	if (connect(l->caller.fd, (const struct sockaddr *)&peer,
		sizeof(peer)) != 0)
		die("cannot connect");
	uint64_t cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	run(l);
	report(l, read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	calls_table_free(&l->users);
	free(l);
	return 0;
}
