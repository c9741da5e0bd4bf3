/*
 * http_way.h: the way to one endpoint: how it fares, the connections to it,
 * the questions that wait for one.
 *
 * Connections are opened when a question needs one, and kept for the next
 * until they have been idle for long.  An endpoint that cannot be reached, or
 * fails some questions in a row, rests (conf.lookups).
 */
#ifndef HTTP_WAY_H
#define HTTP_WAY_H

#include "net/http/http_ask.h"
#include "net/http/http_conn.h"

#define HTTP_WAY_CONNS_MAX   8 /* connections of one worker to an endpoint */
#define HTTP_WAY_ENDING_MAX  32 /* beside them, that only finish what is open */
#define HTTP_WAY_WAITING_MAX 8192 /* questions that wait for one of them */

struct worker;

struct http_way_conn {
	struct http_way_conn *next;
	struct http_way *way;
	struct http_conn *c;
	bool open, ending; /* takes questions; takes no more */
	bool asked, answered; /* something was */
	struct http_ask_list asks; /* that were sent on it */
};

struct http_way {
	struct http_way *next; /* of the pool: all of them */
	struct http_pool *pool;
	const struct conf_service *service; /* of the settings in force */
	const struct conf_endpoint *e; /* the same; NULL: it is gone */
	uint64_t down_until_us; /* monotonic; 0: up */
	uint32_t fails; /* in a row */
	bool single; /* HTTP/1.1: one question at a time on a connection */
	struct http_way_conn *conns;
	unsigned n_conns, n_opening;
	struct http_ask_list waiting;
	bool touched; /* it may have something to do */
	struct http_way *next_touched;
};

/** A way to e of v.  NULL: no memory. */
struct http_way *http_way_new(struct http_pool *p, const struct conf_service *v,
    const struct conf_endpoint *e);
/** It has no question any more.  Its connections close. */
void http_way_free(struct http_way *way);

/** A question was sent on it, or waits: it can be chosen. */
bool http_way_is_up(const struct http_way *way, uint64_t now_us);
/** It answered. */
void http_way_well(struct http_way *way);
/** It failed: if it could not be reached (hard), or has failed too often in a
 * row, it rests, and who waits for it goes elsewhere. */
void http_way_failed(struct http_way *way, bool hard, const char *why);

/** Something has changed: it is run at the end of the turn. */
void http_way_touch(struct http_way *way);
/** Send what waits on the connections that take it, and open one if more
 * waits. */
void http_way_run(struct http_way *way);

/** The settings know it no more: it finishes what is open. */
void http_way_retire(struct http_way *way);

/** "lookup" or "kms". */
const char *http_way_kind(const struct conf_service *v);

#endif
