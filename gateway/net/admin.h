/*
 * admin.h: the loopback HTTP/1.1 listener, in the main thread.
 *
 *   GET /metrics   Prometheus text format 0.0.4
 *   GET /healthz   200 while every worker turns
 *   GET /readyz    200 while calls are taken (503 while draining)
 *
 * Read-only.  Serves the operator's own machine; it is no part of the border.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "conf/conf.h"
#include "mcxgw/buf.h"

#define ADMIN_HEADERS_MAX 8192
#define ADMIN_TIMEOUT_S	  5
#define ADMIN_ANSWER_MAX  (4u << 20)

struct admin;
struct event_base;

/* What the pages show; arg is handed back. */
struct admin_view {
	void (*metrics)(void *arg, struct gw_buf *out);
	bool (*is_healthy)(void *arg);
	bool (*is_ready)(void *arg);
	void *arg;
};

/** Listen on addr, which must be loopback.  NULL: refused, errno says why. */
struct admin *admin_new(struct event_base *base, const struct conf_addr *addr,
    const struct admin_view *view);
void admin_free(struct admin *a);

#endif
