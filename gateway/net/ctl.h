/*
 * ctl.h: the control socket of the running gateway.
 *
 * A Unix socket with mode 0600; the peer must be root or run as the gateway
 * does.  One question a connection:
 *
 *   question   VERB [ARGUMENT] [json] LF      at most CTL_LINE_MAX octets
 *   answer     "yes" or "no" LF, then text (or one JSON object), then EOF
 *
 *   status     generation, open transactions, connections, draining
 *   reload     load everything again; "no" and every mistake if it is refused
 *   drain      no new dialogs from now on
 *   why ID     the decision of that id (16 hexadecimal digits), step by step
 *   lookup show [USER]   what is remembered of a user, and of the services
 *   lookup flush [USER]  forget it; without a user, everything
 *   help       the verbs
 *
 * "no" is the answer of a question that was understood and refused: unknown
 * verb, unknown id, mistakes in the configuration.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>

#include "mcxgw/buf.h"

#define CTL_LINE_MAX	 1024
#define CTL_USER_MAX	 512
#define CTL_SESSIONS_MAX 16
/* Longest time for a question to arrive and an answer to be taken. */
#define CTL_DEADLINE_S 30

enum ctl_verb {
	CTL_STATUS,
	CTL_RELOAD,
	CTL_DRAIN,
	CTL_WHY,
	CTL_LOOKUP,
	CTL_HELP, /* answered here */
	CTL_VERB_N
};

struct ctl_question {
	uint64_t id; /* of the question: names it in the answer */
	enum ctl_verb verb;
	uint64_t why; /* CTL_WHY: the decision */
	bool flush; /* CTL_LOOKUP: else show */
	char user[CTL_USER_MAX + 1]; /* CTL_LOOKUP; empty: all */
	bool json;
};

struct event_base;
struct ctl;

/**
 * Listen on the socket at path; what is asked goes to ask(arg, question) and
 * comes back by ctl_answer(), at once or later.  A socket that nobody listens
 * on any more is replaced; anything else there is left alone and fails: NULL.
 */
struct ctl *ctl_new(struct event_base *base, const char *path,
    void (*ask)(void *arg, const struct ctl_question *q), void *arg);
/** Close, remove the socket.  NULL is allowed. */
void ctl_free(struct ctl *c);

/** Answer a question; one that nobody waits for any more is dropped.  c may be
 * NULL. */
void ctl_answer(struct ctl *c, uint64_t id, bool yes, struct gw_span text);

/** Read one line without its LF.  NULL if it is good, else what is wrong. */
const char *ctl_parse(struct gw_span line, struct ctl_question *out);

#endif
