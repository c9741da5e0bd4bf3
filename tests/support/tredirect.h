/*
 * tredirect.h: redirect responses on both ways through an engine between alpha
 * and bravo.  What fails ends the test.
 */
#ifndef TREDIRECT_H
#define TREDIRECT_H

#include "support/tcall.h"
#include "support/tkrr.h"

#define TREDIRECT_ALICES "kms.alpha.example"
#define TREDIRECT_AUTHOR "sip:gw.border.example"
#define TREDIRECT_OLD	 "kms.bravo-old.example" /* no rule permits it */

/* What differs in the settings of a test; NULL: nothing. */
struct tredirect_settings {
	const char *redirect; /* attributes of the rule's element */
	const char *ours; /* the gateway's own element */
	const char *alpha, *bravo; /* attributes, then content of systems */
	const char *pairs; /* receivers that the rule permits */
	const char *policy;
	int64_t wall_us;
};

struct tredirect {
	struct talk talk;
	struct tcalls calls;
	struct gw_arena *arena; /* all that is handed out lives in it */
};

/** Open it, or again with other settings. */
void tredirect_open(struct tredirect *r, const struct tredirect_settings *s);
void tredirect_close(struct tredirect *r);

/** The body of a message, whose Content-Length must be right. */
struct gw_span tredirect_body(const char *text);
/** The one message that was sent is a response with a KRR alone. */
struct krr tredirect_krr(struct tredirect *r, unsigned status);
/** It is one without a KRR that says so. */
void tredirect_plain(struct tredirect *r, unsigned status, const char *says);

/** Its acceptable domains are these, in this order. */
void tredirect_lists(const struct krr *k, size_t n, const char *const *domains);
#define TREDIRECT_LISTS(k, ...)                                                \
	tredirect_lists(k, GW_COUNT(((const char *[]){ __VA_ARGS__ })),        \
	    (const char *[]){ __VA_ARGS__ })

/** Fail unless they are the same. */
void tredirect_is(struct gw_span got, const char *want);
/** Fail unless text starts so. */
void tredirect_starts(const char *text, const char *with);

/** A call of alice's crosses and waits for an answer. */
void tredirect_call(struct tredirect *r);
/** bravo answers it with a body of that type: what goes back to alice, or "";
 * lasts until the next. */
const char *tredirect_answers(struct tredirect *r, unsigned status,
    const char *type, struct gw_span body);
/** What came back is a plain response of the gateway's that says why. */
void
tredirect_came_plain(const char *back, const char *status, const char *why);
/** It is a 488 with a KRR alone. */
struct krr tredirect_came_krr(struct tredirect *r, const char *back);

/** A KRR of bravo's gateway that offers what is named; s NULL: not signed. */
struct gw_span tredirect_offer(struct tredirect *r, size_t n,
    const char *const *domains, const struct krr_signer *s);
#define TREDIRECT_OFFER(r, signer, ...)                                        \
	tredirect_offer(r, GW_COUNT(((const char *[]){ __VA_ARGS__ })),        \
	    (const char *[]){ __VA_ARGS__ }, signer)

struct gw_span tredirect_keep(struct tredirect *r, struct gw_span text);
/** tkrr_replace() in the arena. */
struct gw_span tredirect_replace(
    struct tredirect *r, struct gw_span text, const char *from, const char *to);

#endif
