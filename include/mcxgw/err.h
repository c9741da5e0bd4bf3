/*
 * mcxgw/err.h: how a function says that it failed.
 *
 * Callers act differently on "need more bytes", "malformed", "over our limit"
 * and "not authentic", so these are different codes.  A parser also fills a
 * struct gw_fault with the place and the reason; both reach the log and the
 * reply.
 */
#ifndef MCXGW_ERR_H
#define MCXGW_ERR_H

#include <stddef.h>

#define GW_NODISCARD __attribute__((warn_unused_result))
#define GW_COUNT(a)  (sizeof(a) / sizeof((a)[0]))

enum gw_err {
	GW_OK = 0,
	GW_EMORE, /* valid so far, the rest has not arrived */
	GW_EMALFORMED, /* breaks its own format */
	GW_ELIMIT, /* larger, deeper or longer than we accept */
	GW_EAUTH, /* not authentic */
	GW_ENOMEM, /* allocation failed or an arena is full */
	GW_EUNSUPPORTED, /* well formed, but nothing we can do */
	GW_EREMOTE, /* the other side reports its own failure */
	GW_ETIMEOUT, /* a deadline passed */
	GW_ENOTFOUND, /* no such thing */
	GW_EIO, /* the operating system refused; errno says why */
	GW_EBUG, /* our own invariant is broken; refuse, log, go on */
};

/* Where and why a parser gave up.  why is a static clause, never NULL then. */
struct gw_fault {
	size_t at; /* octet offset into the parser's input */
	const char *why;
};

/** The name of err as it stands in logs ("malformed").  Static storage. */
const char *gw_strerror(enum gw_err err);

#endif
