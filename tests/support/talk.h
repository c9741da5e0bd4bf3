/*
 * talk.h: conversations over a rig: requests, answers to them, requests in the
 * dialog that they began.  What fails ends the test.
 */
#ifndef TALK_H
#define TALK_H

#include "support/rig.h"

#define TALK_ALICE "<sip:alice@alpha.example>;tag=a1"
#define TALK_BOB   "<sip:bob@bravo.example>;tag=b1"
#define TALK_ICSI  "P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.mcptt\n"

struct talk {
	struct rig rig;
	char sent[RIG_TEXT_MAX]; /* the request as it left last */
	char text[RIG_TEXT_MAX]; /* of what goes in */
};

/* A request out of a dialog; NULL, or the usual: Call-ID c1, one Via with
 * branch "z9hG4bK" method, From alice, To bob. */
struct talk_request {
	const char *method, *uri, *branch, *call_id;
	const char *more; /* whole lines */
	const char *type, *body; /* NULL: none */
};

void talk_in(struct talk *t, enum rig_side from, const struct talk_request *r);
/** The last input led to one message to the hop at port; kept in sent. */
void talk_crossed(struct talk *t, unsigned port);
/** It led to one message back with that status; it is in rig.sent. */
void talk_back(struct talk *t, unsigned status);
/** It led to nothing. */
void talk_nothing(const struct talk *t);

/** to answers `sent`, as method (NULL: its own) with more lines and body. */
void talk_answer(struct talk *t, enum rig_side from, unsigned status,
    const char *more, const char *body);

/** A request inside the dialog that `dialog` established (a 200, or the
 * INVITE as it left), from its receiver. */
void talk_inside(struct talk *t, enum rig_side from, const char *dialog,
    const struct talk_request *r);

/** Fail unless part stands in text. */
void talk_has(const char *text, const char *part);
/** Fail if it does. */
void talk_lacks(const char *text, const char *part);

#endif
