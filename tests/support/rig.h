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

#define RIG_TEXT_MAX 262144

enum rig_side { RIG_ALPHA, RIG_BRAVO };

struct rig {
	char folder[64];
	struct snapshot *snap;
	struct core *core;
	struct replay *replay;
	struct gw_now now;
	enum conf_transport transport; /* what requests come in over */
	bool watches;
	char sent[RIG_TEXT_MAX]; /* of rig_sent() */
};

/* What differs from the usual; NULL: as usual. */
struct rig_files {
	const char *config; /* mcxgw.xml */
	const char *keys; /* of tokens */
	const char *agreement; /* ab.xml up to the rules */
	const char *permits; /* the rules */
	const char *policy; /* policy.xml, if config names it */
	int64_t wall_us; /* the time of day at the start; 0: as usual */
	bool watches; /* this worker probes hops and fetches certificates */
};

/** permits: the <permit> elements of the agreement between them. */
void rig_open(struct rig *r, const char *permits);
void rig_open_with(struct rig *r, const struct rig_files *files);
void rig_close(struct rig *r);
/** Other settings come into force. */
void rig_reload(struct rig *r, const struct rig_files *files);
/** The core is gone and another one comes up with the same files. */
void rig_restart(struct rig *r);

/** text comes in from a side; '\n' stands for CR LF. */
void rig_in(struct rig *r, enum rig_side from, const char *text);
/** The same on a flow of the test's making; what that side's is. */
void rig_on(struct rig *r, const struct core_flow *flow, const char *text);
struct core_flow rig_flow(const struct rig *r, enum rig_side from);
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
