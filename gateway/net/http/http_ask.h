/*
 * http_ask.h: one question to a service, from CORE_ASK to its end.
 *
 * A copy of the request lives in it.  It is in exactly one list at a time:
 * looking for an endpoint, waiting for a connection, sent on one, or lost.
 */
#ifndef HTTP_ASK_H
#define HTTP_ASK_H

#include "core/core.h"
#include "core/wheel.h"

#define HTTP_ASK_NO_SERVICE UINT32_MAX

struct http_ask;
struct http_way;
struct http_way_conn;

struct http_ask_list {
	struct http_ask *first, *last;
	size_t n;
};

struct http_ask {
	uint64_t ticket;
	struct http_ask *same; /* of the pool's table */
	struct http_ask *next, *prev;
	struct http_ask_list *in; /* NULL: none */
	struct wheel_node timer;
	uint64_t began_us, deadline_us; /* monotonic */
	uint32_t service; /* id in the settings in force; HTTP_ASK_NO_SERVICE:
	                     it is there no more */
	bool safe; /* may be sent again though it may have been acted on */
	bool late; /* its deadline has passed */
	uint8_t attempts;
	/* Bits over the endpoints of the service: out of the question; had it
	 * once and did not begin with it. */
	uint32_t tried, once;
	struct http_way *way; /* where it waits or was sent; NULL: nowhere */
	struct http_way_conn *conn; /* it was sent on; NULL: not sent */
	const char *why; /* static, of the last failure; NULL: none yet */
	struct gw_http_request request;
	size_t len;
	uint8_t text[]; /* len octets, what request points to; secret */
};

/** A copy of the CORE_ASK a to v (NULL: it is there no more).  Its token is
 * that of a or none: who asks without one must not ask with that of the
 * gateway.  NULL: no memory. */
struct http_ask *http_ask_new(
    const struct core_action *a, const struct conf_service *v, uint64_t now_us);
/** It must not be armed.  It is taken out of its list. */
void http_ask_free(struct http_ask *a);

/** Move it to the end of a list; NULL: out of any. */
void http_ask_move(struct http_ask *a, struct http_ask_list *to);

#endif
