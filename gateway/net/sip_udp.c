/*
 * sip_udp.c: see sip_udp.h.
 */
#define _GNU_SOURCE /* recvmmsg, sendmmsg */

#include "net/sip_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <linux/errqueue.h>

#include "mcxgw/log.h"
#include "mcxgw/siphash.h"
#include "net/act.h"
#include "net/sock.h"
#include "net/worker.h"

/* One datagram's room.  Not a power of two, so that the fronts of the
 * buffers do not all fall into the same cache set. */
#define SLOT	    (65536 + 17 * 64)
#define QUEUE_BYTES (512u * 1024)
#define HEARD_MAX   8192 /* a power of two */
#define RECENT_MAX  1024 /* a power of two */
#define ERRORS_MAX  32
/* Timer F and H with the default T1: no answer is due later. */
#define RETIRED_US UINT64_C(32000000)

struct udp_socket {
	struct worker *w;
	int fd;
	struct event *on_read;
	struct conf_addr addr;
	uint16_t listener; /* in w->snap; UINT16_MAX: out of use */
	uint64_t retired_us;
};

struct queued {
	struct udp_socket *from;
	struct conf_addr to;
	uint64_t send_id;
	size_t at, len; /* in bytes */
};

struct recent {
	struct conf_addr to;
	uint64_t send_id;
};

struct sip_udp {
	struct worker *w;
	size_t n;
	struct udp_socket *at[2 * CONF_LISTENERS_MAX];
	/* Receiving; one batch at a time, so all sockets share it. */
	uint8_t *slots;
	int n_in; /* of the last batch, whose msg_namelen is spent */
	struct mmsghdr in[SIP_UDP_BATCH];
	struct iovec in_iov[SIP_UDP_BATCH];
	struct sockaddr_storage in_from[SIP_UDP_BATCH];
	/* Sending. */
	size_t n_queue, used;
	struct queued queue[SIP_UDP_QUEUE];
	uint8_t *bytes; /* QUEUE_BYTES */
	size_t n_recent;
	struct recent recent[RECENT_MAX];
	uint8_t key[16];
	struct conf_addr *heard; /* HEARD_MAX */
};

struct sip_udp *
sip_udp_new(struct worker *w)
{
	struct sip_udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->w = w;
	u->slots = malloc((size_t)SLOT * SIP_UDP_BATCH);
	u->bytes = malloc(QUEUE_BYTES);
	u->heard = calloc(HEARD_MAX, sizeof(*u->heard));
	if (u->slots == NULL || u->bytes == NULL || u->heard == NULL) {
		sip_udp_free(u);
		return NULL;
	}
	memcpy(u->key, w->key, sizeof(u->key));
	for (size_t i = 0; i < SIP_UDP_BATCH; i++) {
		u->in_iov[i] = (struct iovec){ u->slots + i * SLOT, 65536 };
		u->in[i].msg_hdr = (struct msghdr){
			.msg_name = &u->in_from[i],
			.msg_namelen = sizeof(u->in_from[i]),
			.msg_iov = &u->in_iov[i],
			.msg_iovlen = 1,
		};
	}
	return u;
}

static void
close_socket(struct udp_socket *s)
{
	if (s->on_read != NULL)
		event_free(s->on_read);
	(void)close(s->fd);
	free(s);
}

void
sip_udp_free(struct sip_udp *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->n; i++)
		close_socket(u->at[i]);
	free(u->slots);
	free(u->bytes);
	free(u->heard);
	free(u);
}

/* ---- addresses that were heard ---- */

static struct conf_addr *
heard_slot(const struct sip_udp *u, const struct conf_addr *a)
{
	uint8_t in[18];

	memcpy(in, a->ip, 16);
	in[16] = (uint8_t)(a->port >> 8);
	in[17] = (uint8_t)a->port;
	return &u->heard[gw_siphash(u->key, (struct gw_span){ in, 18 }) &
			 (HEARD_MAX - 1)];
}

bool
sip_udp_heard(const struct sip_udp *u, const struct conf_addr *from)
{
	return from->port != 0 && sock_addr_eq(heard_slot(u, from), from);
}

void
sip_udp_hear(struct sip_udp *u, const struct conf_addr *from)
{
	*heard_slot(u, from) = *from;
}

/* ---- receiving ---- */

/* Keep-alives that are no SIP: CRLFs, or a few zero octets. */
static bool
is_keep_alive(struct gw_span in)
{
	for (size_t i = 0; i < in.len; i++)
		if (in.len > 4 ||
		    (in.p[i] != '\r' && in.p[i] != '\n' && in.p[i] != 0))
			return false;
	return true;
}

static void
take(struct udp_socket *s, const struct sockaddr_storage *from,
    struct gw_span raw)
{
	struct worker *w = s->w;
	struct core_flow flow = { .transport = CONF_UDP,
		.listener = s->listener };

	if (!sock_get(from, &flow.peer) || flow.peer.port == 0 ||
	    is_keep_alive(raw))
		return;
	flow.system = w->snap->conf->listeners[s->listener].system;
	sip_udp_hear(w->udp, &flow.peer);
	core_message(w->core, &flow, raw, 0, w->now);
	act(w);
}

/* The messages that were last sent to an address that answers with ICMP. */
static void
fail_recent(struct sip_udp *u, const struct conf_addr *to)
{
	for (size_t i = 0; i < RECENT_MAX; i++) {
		if (u->recent[i].send_id == 0 ||
		    !sock_addr_eq(&u->recent[i].to, to))
			continue;
		worker_failed(u->w, u->recent[i].send_id);
		u->recent[i].send_id = 0;
	}
}

static bool
is_hard(const struct sock_extended_err *e)
{
	return e->ee_errno == ECONNREFUSED || e->ee_errno == EHOSTUNREACH ||
	       e->ee_errno == ENETUNREACH || e->ee_errno == EACCES;
}

static bool
read_error(struct udp_socket *s)
{
	union {
		struct cmsghdr align;
		char room[512];
	} control;
	struct sockaddr_storage to;
	struct sock_extended_err e = { 0 };
	uint8_t octets[64];
	struct iovec iov = { octets, sizeof(octets) };
	struct msghdr m = { &to, sizeof(to), &iov, 1, &control, sizeof(control),
		0 };
	struct conf_addr addr;

	if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL;
	     c = CMSG_NXTHDR(&m, c))
		if ((c->cmsg_level == IPPROTO_IP &&
			c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 &&
			c->cmsg_type == IPV6_RECVERR))
			memcpy(&e, CMSG_DATA(c), sizeof(e));
	if (is_hard(&e) && sock_get(&to, &addr)) {
		char text[CONF_ADDR_TEXT];
		conf_addr_text(&addr, text);
		LOG_INFO("udp.unreachable", kv_text("peer", text),
		    kv_num("errno", e.ee_errno));
		fail_recent(s->w->udp, &addr);
	}
	return true;
}

static void
on_read(int fd, short what, void *arg)
{
	struct udp_socket *s = arg;
	struct sip_udp *u = s->w->udp;

	(void)what;
	worker_tick(s->w);
	for (int i = 0; i < u->n_in; i++)
		u->in[i].msg_hdr.msg_namelen = sizeof(u->in_from[i]);
	int n = recvmmsg(fd, u->in, SIP_UDP_BATCH, MSG_DONTWAIT, NULL);
	u->n_in = n;
	/* An error of something that was sent shows here, and makes the
	 * socket readable though nothing has come. */
	for (int i = 0; n < 0 && i < ERRORS_MAX && read_error(s); i++)
		continue;
	for (int i = 0; i < n && s->listener != UINT16_MAX; i++)
		if (!(u->in[i].msg_hdr.msg_flags & MSG_TRUNC))
			take(s, &u->in_from[i],
			    (struct gw_span){
				u->in_iov[i].iov_base, u->in[i].msg_len });
}

/* ---- sending ---- */

static struct udp_socket *
find_socket(
    const struct sip_udp *u, const struct snapshot *snap, uint16_t listener)
{
	if (listener >= snap->conf->n_listeners ||
	    snap->conf->listeners[listener].transport != CONF_UDP)
		return NULL;
	for (size_t i = 0; i < u->n; i++)
		if (snap == u->w->snap ?
			u->at[i]->listener == listener :
			sock_addr_eq(&u->at[i]->addr,
			    &snap->conf->listeners[listener].addr))
			return u->at[i];
	return NULL;
}

/* len octets, whatever the pieces claim. */
static void
copy_out(const struct core_action *a, uint8_t *to)
{
	size_t left = a->len;

	for (size_t i = 0; i < a->n_iov; i++) {
		size_t n = a->iov[i].iov_len;
		n = n < left ? n : left;
		memcpy(to, a->iov[i].iov_base, n);
		to += n;
		left -= n;
	}
}

void
sip_udp_send(struct sip_udp *u, const struct core_action *a, uint16_t listener,
    const struct conf_addr *to)
{
	struct udp_socket *s = find_socket(u, a->snap, listener);

	if (s == NULL || a->len > SIP_UDP_DATA_MAX) {
		worker_failed(u->w, a->send_id);
		return;
	}
	if (u->n_queue == SIP_UDP_QUEUE || a->len > QUEUE_BYTES - u->used)
		sip_udp_flush(u);
	u->queue[u->n_queue++] =
	    (struct queued){ s, *to, a->send_id, u->used, a->len };
	copy_out(a, u->bytes + u->used);
	u->used += a->len;
	metrics_one(&u->w->metrics, METRIC_TX);
	if (a->send_id != 0)
		u->recent[u->n_recent++ & (RECENT_MAX - 1)] =
		    (struct recent){ *to, a->send_id };
}

/* Datagrams from first on that leave by one socket, at most a batch. */
static size_t
run_length(const struct sip_udp *u, size_t first)
{
	size_t n = 1;

	while (n < SIP_UDP_BATCH && first + n < u->n_queue &&
	       u->queue[first + n].from == u->queue[first].from)
		n++;
	return n;
}

/* The first of a batch was refused. */
static void
send_refused(struct sip_udp *u, const struct queued *q, int err)
{
	char peer[CONF_ADDR_TEXT], text[128];

	/* A full socket loses, as any network may; timers send again. */
	if (err != EAGAIN && err != ENOBUFS)
		worker_failed(u->w, q->send_id);
	conf_addr_text(&q->to, peer);
	LOG_WARN("udp.send-failed", kv_text("peer", peer),
	    kv_num("octets", q->len),
	    kv_text("why", sock_error(err, text, sizeof(text))));
}

/* One datagram: sendto() is the cheapest way into the kernel.  1 or -1. */
static int
send_one(const struct sip_udp *u, const struct queued *q)
{
	struct sockaddr_storage to;
	socklen_t len = sock_put(&q->to, &to);
	ssize_t n = sendto(q->from->fd, u->bytes + q->at, q->len, MSG_DONTWAIT,
	    (const struct sockaddr *)&to, len);

	return n < 0 ? -1 : 1;
}

/* n of them at once; how many went out, or -1. */
static int
send_batch(const struct sip_udp *u, const struct queued *q, size_t n)
{
	struct mmsghdr out[SIP_UDP_BATCH];
	struct iovec iov[SIP_UDP_BATCH];
	struct sockaddr_storage to[SIP_UDP_BATCH];

	for (size_t i = 0; i < n; i++) {
		iov[i] = (struct iovec){ u->bytes + q[i].at, q[i].len };
		out[i] = (struct mmsghdr){ .msg_hdr = {
					       .msg_name = &to[i],
					       .msg_namelen =
						   sock_put(&q[i].to, &to[i]),
					       .msg_iov = &iov[i],
					       .msg_iovlen = 1,
					   } };
	}
	return sendmmsg(q->from->fd, out, (unsigned)n, MSG_DONTWAIT);
}

static size_t
send_run(struct sip_udp *u, size_t first, size_t n, bool *again)
{
	const struct queued *q = &u->queue[first];
	int sent = n == 1 ? send_one(u, q) : send_batch(u, q, n);

	if (sent > 0) {
		*again = true;
		return (size_t)sent;
	}
	/* The error may be an ICMP one of an earlier datagram: try once
	 * more, then it is this one's own. */
	if (*again && errno != EAGAIN && errno != ENOBUFS) {
		*again = false;
		return 0;
	}
	*again = true;
	send_refused(u, q, errno);
	return 1;
}

void
sip_udp_flush(struct sip_udp *u)
{
	bool again = true;

	for (size_t i = 0; i < u->n_queue;)
		i += send_run(u, i, run_length(u, i), &again);
	u->n_queue = u->used = 0;
}

/* ---- settings ---- */

static uint16_t
listener_of(const struct snapshot *snap, const struct conf_addr *addr)
{
	for (size_t i = 0; i < snap->conf->n_listeners; i++)
		if (snap->conf->listeners[i].transport == CONF_UDP &&
		    sock_addr_eq(&snap->conf->listeners[i].addr, addr))
			return (uint16_t)i;
	return UINT16_MAX;
}

static void
drop(struct sip_udp *u, size_t at)
{
	close_socket(u->at[at]);
	u->at[at] = u->at[--u->n];
}

static struct udp_socket *
socket_new(struct sip_udp *u, int fd, const struct conf_addr *addr)
{
	struct udp_socket *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		*s = (struct udp_socket){ u->w, fd, NULL, *addr, 0, 0 };
		s->on_read =
		    event_new(u->w->base, fd, EV_READ | EV_PERSIST, on_read, s);
	}
	if (s != NULL && s->on_read != NULL && event_add(s->on_read, NULL) == 0)
		return s;
	if (s != NULL)
		close_socket(s);
	else
		(void)close(fd);
	return NULL;
}

/* Sockets of listeners that are gone, or that came back with a new one. */
static void
retire(struct sip_udp *u, const struct snapshot *snap, const int *fds)
{
	for (size_t i = u->n; i-- > 0;) {
		struct udp_socket *s = u->at[i];
		s->listener = listener_of(snap, &s->addr);
		if (s->listener == UINT16_MAX && s->retired_us == 0) {
			(void)event_del(s->on_read);
			s->retired_us = u->w->now.mono_us;
		} else if (s->listener != UINT16_MAX && fds[s->listener] >= 0) {
			drop(u, i);
		}
	}
}

void
sip_udp_use(struct sip_udp *u, const struct snapshot *snap, int *fds)
{
	sip_udp_flush(u); /* while its sockets are there */
	retire(u, snap, fds);
	for (size_t i = 0; i < snap->conf->n_listeners; i++) {
		const struct conf_listener *l = &snap->conf->listeners[i];
		if (l->transport != CONF_UDP || fds[i] < 0)
			continue;
		struct udp_socket *s = u->n < GW_COUNT(u->at) ?
					   socket_new(u, fds[i], &l->addr) :
					   NULL;
		if (u->n == GW_COUNT(u->at))
			(void)close(fds[i]);
		fds[i] = -1;
		if (s == NULL) {
			LOG_ERROR("udp.no-memory", kv_text("listener", l->id));
			continue;
		}
		s->listener = (uint16_t)i;
		u->at[u->n++] = s;
	}
}

void
sip_udp_sweep(struct sip_udp *u)
{
	for (size_t i = u->n; i-- > 0;)
		if (u->at[i]->listener == UINT16_MAX &&
		    u->w->now.mono_us - u->at[i]->retired_us > RETIRED_US)
			drop(u, i);
}
