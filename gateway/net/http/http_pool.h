/*
 * http_pool.h: the client side of HTTP in one worker: questions of core to
 * the services of the configuration.
 *
 * A question goes to an endpoint of its service that is up, by priority and
 * weight, on a connection that stands or a new one.  If it cannot be sent
 * there, or the peer did not begin with it, or it is safe, it goes on to the
 * next: never more than HTTP_POOL_ATTEMPTS_MAX times, never more than twice to
 * the same, never past its deadline.  Where to is said by the settings in
 * force alone; nothing that a peer says makes us connect elsewhere.
 *
 * What is done here is done at the end of a turn (http_pool_turn), but for
 * answers, which are told as they come.
 */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "net/http/http_way.h"

#define HTTP_POOL_ATTEMPTS_MAX 4
#define HTTP_POOL_ASKS_MAX     65536 /* open at once in one worker */
#define HTTP_POOL_CHAINS       4096 /* a power of two */

/* What becomes of questions; one call for each that was not dropped. */
struct http_pool_user {
	void (*heard)(
	    void *arg, uint64_t ticket, const struct gw_http_response *r);
	/* why is static. */
	void (*unheard)(void *arg, uint64_t ticket, const char *why);
};

struct event;

struct http_pool {
	struct worker *w;
	const struct http_pool_user *user;
	void *arg;
	struct snapshot *snap; /* the settings in force; a reference */
	struct event *on_timer;
	uint64_t armed_us; /* when it fires */
	struct wheel wheel;
	uint64_t dice; /* a counter, hashed with the worker's key */

	size_t n; /* asks that are open */
	struct http_ask *by_ticket[HTTP_POOL_CHAINS];
	struct http_ask_list homeless; /* look for an endpoint */
	struct http_ask_list lost; /* are to be told */
	size_t n_ways;
	struct http_way **ways; /* by conf_endpoint.id; NULL: not used yet */
	struct http_way *all; /* by next; those that retire too */
	size_t n_conns;
	size_t n_retired; /* of all: the settings know them no more */
	struct http_way *touched; /* may have something to do */
};

/** w has its snapshot, clock and loop.  NULL: no memory. */
struct http_pool *
http_pool_new(struct worker *w, const struct http_pool_user *user, void *arg);
/** Nothing is told any more; connections close. */
void http_pool_free(struct http_pool *p);

/** Take the CORE_ASK a. */
void http_pool_ask(struct http_pool *p, const struct core_action *a);
/** Nobody waits for ticket. */
void http_pool_drop(struct http_pool *p, uint64_t ticket);

/** w->snap is in force from now on. */
void http_pool_use(struct http_pool *p);

/** Send what can be sent, tell what failed. */
void http_pool_turn(struct http_pool *p);
/** Is there work that no event will tell of? */
bool http_pool_has_more(const struct http_pool *p);

/* ---- for http_way.c ---- */

/** It goes to another endpoint, or again to this one (then the peer did not
 * begin with it), or it is lost. */
void http_pool_again(
    struct http_pool *p, struct http_ask *a, bool same_too, const char *why);
/** It is lost.  why is static. */
void http_pool_lose(struct http_pool *p, struct http_ask *a, const char *why);
void http_pool_heard(
    struct http_pool *p, struct http_ask *a, const struct gw_http_response *r);
struct http_ask *http_pool_find(const struct http_pool *p, uint64_t ticket);
/** It has left: its own deadline counts from now on. */
void http_pool_sent(struct http_pool *p, struct http_ask *a);

#endif
