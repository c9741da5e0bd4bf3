/*
 * ctl_ask.h: the asking end of the control socket (ctl.h).
 */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include "mcxgw/buf.h"

#define CTL_ASK_DEADLINE_S 30

/**
 * Ask the gateway that listens at path the question `line` (without LF), wait
 * for the whole answer; *yes and answer are set.
 *
 * GW_EIO        cannot connect, or the connection broke; errno
 * GW_ETIMEOUT   nothing came within CTL_ASK_DEADLINE_S
 * GW_EMALFORMED the answer is none of a gateway
 * GW_ELIMIT     the answer is longer than answer may grow
 */
enum gw_err ctl_ask(const char *path, struct gw_span line, bool *yes,
    struct gw_buf *answer) GW_NODISCARD;

#endif
