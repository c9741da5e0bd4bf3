/*
 * conf_lookups.c: how long answers are remembered, and what askers get.
 */
#include "conf/conf_lookups.h"

/* A time that is part of a longer one. */
static void
check_within(struct conf_reader *r, const xmlNode *n, enum conf_set part,
    uint32_t part_s, uint32_t whole_s)
{
	if (part_s <= whole_s)
		return;
	struct gw_where at = conf_set_where(r, n);
	CONF_ERROR(r, &at, LIMITS, "%s %us is more than ttl-max %us",
	    conf_settings[part].attribute, part_s, whole_s);
}

void
conf_lookups_read(struct conf_reader *r, const xmlNode *n)
{
	struct conf_lookups *l = &r->c->lookups;

	l->cache = conf_set_num(r, n, CONF_SET_CACHE);
	l->ttl_s = conf_set_num(r, n, CONF_SET_TTL);
	l->ttl_max_s = conf_set_num(r, n, CONF_SET_TTL_MAX);
	l->negative_s = conf_set_num(r, n, CONF_SET_NEGATIVE);
	l->waiting = conf_set_num(r, n, CONF_SET_WAITING);
	l->down_s = conf_set_num(r, n, CONF_SET_DOWN);
	l->failures = conf_set_num(r, n, CONF_SET_FAILURES);
	l->none_after_ms = conf_set_num(r, n, CONF_SET_NONE_AFTER);
	l->asks = conf_set_num(r, n, CONF_SET_ASKS);
	l->streams = conf_set_num(r, n, CONF_SET_STREAMS);
	l->idle_s = conf_set_num(r, n, CONF_SET_HTTP_IDLE);
	l->request_s = conf_set_num(r, n, CONF_SET_REQUEST_TIME);
	l->http_connections = conf_set_num(r, n, CONF_SET_HTTP_CONNECTIONS);
	if (n == NULL)
		return;
	check_within(r, n, CONF_SET_TTL, l->ttl_s, l->ttl_max_s);
	check_within(r, n, CONF_SET_NEGATIVE, l->negative_s, l->ttl_max_s);
}
