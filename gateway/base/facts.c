/*
 * facts.c: the words for what is known of a request.
 */
#include "mcxgw/facts.h"

static const char *const services[] = {
	[GW_SERVICE_NONE] = "none",
	[GW_MCPTT] = "mcptt",
	[GW_MCVIDEO] = "mcvideo",
	[GW_MCDATA] = "mcdata",
};

static const char *const kinds[GW_KIND_N] = {
	[GW_KIND_OTHER] = "other",
	[GW_KIND_PRIVATE] = "private",
	[GW_KIND_FIRST_TO_ANSWER] = "first-to-answer",
	[GW_KIND_AMBIENT] = "ambient",
	[GW_KIND_GROUP] = "group",
	[GW_KIND_CHAT] = "chat",
	[GW_KIND_ADHOC] = "adhoc",
	[GW_KIND_MESSAGE] = "message",
	[GW_KIND_PUBLISH] = "publish",
	[GW_KIND_SUBSCRIBE] = "subscribe",
	[GW_KIND_REGISTER] = "register",
};

static const char *const urgencies[GW_URGENCY_N] = {
	[GW_ROUTINE] = "routine",
	[GW_IMMINENT_PERIL] = "imminent-peril",
	[GW_EMERGENCY] = "emergency",
};

const char *
gw_service_name(enum gw_service s)
{
	return (size_t)s < GW_COUNT(services) ? services[s] : "unknown";
}

const char *
gw_kind_name(enum gw_kind k)
{
	return (size_t)k < GW_COUNT(kinds) ? kinds[k] : "unknown";
}

const char *
gw_urgency_name(enum gw_urgency u)
{
	return (size_t)u < GW_COUNT(urgencies) ? urgencies[u] : "unknown";
}
