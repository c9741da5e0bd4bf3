/*
 * err.c: the words for error codes.
 */
#include "mcxgw/err.h"

static const char *const names[] = {
	[GW_OK] = "ok",
	[GW_EMORE] = "incomplete",
	[GW_EMALFORMED] = "malformed",
	[GW_ELIMIT] = "over-limit",
	[GW_EAUTH] = "not-authentic",
	[GW_ENOMEM] = "no-memory",
	[GW_EUNSUPPORTED] = "unsupported",
	[GW_EREMOTE] = "remote-failure",
	[GW_ETIMEOUT] = "timeout",
	[GW_ENOTFOUND] = "not-found",
	[GW_EIO] = "io",
	[GW_EBUG] = "bug",
};

const char *
gw_strerror(enum gw_err err)
{
	return (size_t)err < GW_COUNT(names) ? names[err] : "unknown";
}
