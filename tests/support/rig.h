/*
 * rig.h: a core between two systems under a fake clock.
 *
 * alpha (local) is at 127.0.0.1:5080, bravo (partner) at 127.0.0.1:5090 and
 * 5091; the gateway listens at 127.0.0.1:5060 for alpha and 5070 for bravo,
 * over UDP and TCP.  Its files are made in a folder of their own and removed
 * at the end.  What fails ends the test.
 */
#ifndef RIG_H
#define RIG_H

#include "core/core.h"

#define RIG_TEXT_MAX 65536

enum rig_side { RIG_ALPHA, RIG_BRAVO };

struct rig {
	char folder[64];
	struct snapshot *snap;
	struct core *core;
	struct replay *replay;
	struct gw_now now;
	enum conf_transport transport; /* what requests come in over */
	char sent[RIG_TEXT_MAX]; /* of rig_sent() */
};

/** permits: the <permit> elements of the agreement between them. */
void rig_open(struct rig *r, const char *permits);
void rig_close(struct rig *r);
/** The core is gone and another one comes up with the same files. */
void rig_restart(struct rig *r);

/** text comes in from a side; '\n' stands for CR LF. */
void rig_in(struct rig *r, enum rig_side from, const char *text);
/** ms go by; timers fire one turn at a time, *actions counts what they sent.
 */
void rig_wait(struct rig *r, unsigned ms, size_t *actions);

/** Time goes on until timers send something, ms at most.  False: nothing. */
bool rig_next(struct rig *r, unsigned ms);

/** How many messages the last call sent. */
size_t rig_count(const struct rig *r);
/** The i-th message that the last call sent, NUL-terminated; *to_hop (may be
 * NULL): the port of the next hop it goes to, 0 if it goes back. */
const char *rig_sent(struct rig *r, size_t i, unsigned *to_hop);

/** The value of the first field of that name in text, copied to out (size
 * octets); fails the test if there is none. */
void rig_field(const char *text, const char *name, char *out, size_t size);

#endif
