/*
 * mcxgw/log.h: one line per event, key=value.
 *
 * A line is an event name and typed fields, never a format string: one place
 * quotes, escapes and hides, so a peer cannot forge a line.
 *
 *   error  someone must act        warn   a peer misbehaves, a limit is near
 *   info   outcomes                debug  state changes
 *
 * Safe from any thread; one write(2) per line to standard error.
 */
#ifndef MCXGW_LOG_H
#define MCXGW_LOG_H

#include "mcxgw/span.h"

enum gw_log_level { GW_LOG_ERROR, GW_LOG_WARN, GW_LOG_INFO, GW_LOG_DEBUG };

struct gw_kv {
	const char *key;
	enum { GW_KV_TEXT, GW_KV_NUM, GW_KV_ID, GW_KV_SECRET } kind;
	struct gw_span text;
	uint64_t num;
};

static inline struct gw_kv
kv_span(const char *key, struct gw_span s)
{
	return (struct gw_kv){ key, GW_KV_TEXT, s, 0 };
}

static inline struct gw_kv
kv_text(const char *key, const char *s)
{
	return kv_span(key, gw_span_of(s));
}

static inline struct gw_kv
kv_num(const char *key, uint64_t n)
{
	return (struct gw_kv){ key, GW_KV_NUM, { NULL, 0 }, n };
}

/* A number that names something; written as 16 hexadecimal digits. */
static inline struct gw_kv
kv_id(const char *key, uint64_t n)
{
	return (struct gw_kv){ key, GW_KV_ID, { NULL, 0 }, n };
}

/* Only the length of a secret is ever written. */
static inline struct gw_kv
kv_secret(const char *key, struct gw_span s)
{
	return (struct gw_kv){ key, GW_KV_SECRET, { NULL, 0 }, s.len };
}

/** Write one line.  event and keys are literals: lower case, dots, dashes. */
void gw_log(enum gw_log_level level, const char *event, const struct gw_kv *kv,
    size_t n);

/** Lines above level are not written.  Call before threads start, or any
 * time: it is one atomic store. */
void gw_log_set_level(enum gw_log_level level);
bool gw_log_wants(enum gw_log_level level);
/** Name the calling thread in its lines ("w0"); static string. */
void gw_log_set_thread(const char *name);

#define LOG_(lvl, event, ...)                                                  \
	do {                                                                   \
		if (gw_log_wants(lvl))                                         \
			gw_log((lvl), (event),                                 \
			    (const struct gw_kv[]){ __VA_ARGS__ },             \
			    sizeof((const struct gw_kv[]){ __VA_ARGS__ }) /    \
				sizeof(struct gw_kv));                         \
	} while (0)
#define LOG_ERROR(event, ...) LOG_(GW_LOG_ERROR, event, __VA_ARGS__)
#define LOG_WARN(event, ...)  LOG_(GW_LOG_WARN, event, __VA_ARGS__)
#define LOG_INFO(event, ...)  LOG_(GW_LOG_INFO, event, __VA_ARGS__)
#define LOG_DEBUG(event, ...) LOG_(GW_LOG_DEBUG, event, __VA_ARGS__)

#endif
