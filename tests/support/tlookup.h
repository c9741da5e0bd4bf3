/*
 * tlookup.h: an engine between alpha and bravo whose calls to bravo wait for
 * bravo's lookup service, which the test plays.  What fails ends the test.
 *
 * The rule lets alpha's users call with kms.alpha to kms.bravo,
 * kms.bravo-tac.  The agreement lists kms.bravo-old too.
 */
#ifndef TLOOKUP_H
#define TLOOKUP_H

#include "support/tcall.h"

#define TLOOKUP_ALPHA "kms.alpha.example"
#define TLOOKUP_BRAVO "kms.bravo.example"
#define TLOOKUP_TAC   "kms.bravo-tac.example"
#define TLOOKUP_OLD   "kms.bravo-old.example"

/* What differs in the settings of a test; NULL: what is usual. */
struct tlookup_settings {
	const char *rule; /* attributes of <permit>; lookup="always" */
	const char *service; /* <lookup> of bravo; "": none */
	const char *lookups; /* attributes of <lookups> */
	const char *maps; /* in bravo's party */
	const char *limit; /* in the rule */
	const char *author; /* of redirects */
};

struct tlookup {
	struct talk talk;
	struct tcalls calls;
	struct gw_arena *arena; /* of what is explained */
	uint64_t ticket; /* of the last question */
	char path[GW_HTTP_PATH_MAX], authorization[128];
	char raw[RIG_TEXT_MAX]; /* the call */
};

void tlookup_open(struct tlookup *t, const struct tlookup_settings *s);
/** Other settings come into force. */
void tlookup_reload(struct tlookup *t, const struct tlookup_settings *s);
void tlookup_close(struct tlookup *t);

/** A call comes in; it is kept, to be explained. */
void tlookup_call(struct tlookup *t, const struct tcall *c);
/** The same once more, as another transaction with the same key message. */
void tlookup_again(struct tlookup *t, const struct tcall *c);
/** It led to the i-th action: a question, which is kept. */
void tlookup_asks(struct tlookup *t, size_t i);
/** It led to a 100 and a question. */
void tlookup_waits(struct tlookup *t);
/** The questions among the actions of the last call. */
size_t tlookup_count(const struct tlookup *t);

/** The service answers the last question. */
void tlookup_answer(struct tlookup *t, unsigned status, const char *body);
/** There is none. */
void tlookup_silence(struct tlookup *t, const char *why);
/** An answer about user of n domains ("kms", or "kms>external,external" or
 * "kms>" for one that permits none) that holds for ttl seconds (0: it does
 * not say). */
const char *tlookup_body(
    const char *user, unsigned ttl, size_t n, const char *const *domains);
#define TLOOKUP_BODY(ttl, ...)                                                 \
	tlookup_body(TCALL_BOB, ttl,                                           \
	    GW_COUNT(((const char *[]){ __VA_ARGS__ })),                       \
	    (const char *[]){ __VA_ARGS__ })
/** Of a user that it does not know. */
const char *tlookup_nobody(void);

/** The verdict of `explain` on the call: said is "unknown", "down", "file" with
 * the text, or NULL.  It lasts until the next. */
const struct gw_verdict *
tlookup_explain(struct tlookup *t, const char *said, const char *text);
/** What was done with the call is what `explain` says of it. */
void tlookup_explains(struct tlookup *t, const char *said, const char *text);

#endif
