/*
 * mcxgw/clock.h: time as a value.
 *
 * Code below gateway/net never reads a clock: it is given a struct gw_now.
 * mono_ms drives timers and never jumps; wall_us is UTC microseconds since
 * 1970 and is used for validity, time stamps and key periods.
 */
#ifndef MCXGW_CLOCK_H
#define MCXGW_CLOCK_H

#include <stdint.h>

#include "mcxgw/span.h"

/* Seconds from 1900 (NTP) to 1970. */
#define GW_NTP_UNIX 2208988800

struct gw_now {
	uint64_t mono_us;
	int64_t wall_us;
};

/** Read both clocks (gateway/net and gateway/app only). */
struct gw_now gw_now_read(void);

/**
 * Read an xs:dateTime with a zone ("2026-01-01T00:00:00Z", "+01:00"), to
 * microseconds since 1970.  A missing zone is GW_EMALFORMED.
 */
enum gw_err gw_time_parse(struct gw_span in, int64_t *wall_us) GW_NODISCARD;

#define GW_TIME_TEXT_LEN 25
/** Write "2026-03-04T10:15:07.113Z" and a NUL. */
void gw_time_text(int64_t wall_us, char out[GW_TIME_TEXT_LEN]);

#endif
