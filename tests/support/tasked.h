/*
 * tasked.h: askers and services over HTTP around a core under a fake clock.
 *
 * alpha (local) and bravo (partner) have an agreement, charlie (partner) has
 * none, delta (local) neither.  alpha's lookup service speaks kms, bravo's
 * domain-lookup, charlie has none; bravo has the KMSs kms.bravo.example and
 * kms.tac.example, alpha kms.alpha.example.  What core sends is kept as
 * copies.  What fails ends the test.
 */
#ifndef TASKED_H
#define TASKED_H

#include "support/rig.h"

#define TASKED_KEPT 512 /* answers and questions */

/* A rule that permits alpha's domain with both of bravo's, both ways. */
#define TASKED_PERMIT                                                          \
	"<permit from=\"alpha\" to=\"bravo\" id=\"calls\">"                    \
	"<communication service=\"mcptt\" kind=\"private\"/>"                  \
	"<initiator><any/></initiator><target><any/></target>"                 \
	"<domains initiator=\"kms.alpha.example\""                             \
	" receiver=\"kms.bravo.example kms.tac.example\"/>"                    \
	"<key-message presence=\"optional\" signature=\"off\"/></permit>"      \
	"<permit from=\"bravo\" to=\"alpha\" id=\"back\">"                     \
	"<communication service=\"mcptt\" kind=\"private\"/>"                  \
	"<initiator><any/></initiator><target><any/></target>"                 \
	"<domains initiator=\"kms.bravo.example\""                             \
	" receiver=\"kms.alpha.example\"/>"                                    \
	"<key-message presence=\"optional\" signature=\"off\"/></permit>"
#define TASKED_TELL_ALPHA                                                      \
	"<lookup from=\"alpha\" to=\"bravo\" disclose=\"permitted\"/>"
#define TASKED_TELL_BRAVO                                                      \
	"<lookup from=\"bravo\" to=\"alpha\" disclose=\"permitted\"/>"

struct tasked_answer {
	uint64_t stream, at_us;
	unsigned status;
	uint32_t retry_after_s;
	char type[64], allow[32];
	struct gw_span body; /* owned */
};

struct tasked_question {
	uint64_t ticket;
	uint32_t service, deadline_ms;
	bool safe, dropped;
	struct gw_http_request r; /* texts owned, NUL behind each */
};

struct tasked {
	struct rig rig;
	struct gw_arena *arena; /* of this test */
	uint64_t stream; /* given last */
	size_t n_answers, n_questions;
	struct tasked_answer answers[TASKED_KEPT];
	struct tasked_question questions[TASKED_KEPT];
};

/* What differs from the usual; NULL: as usual. */
struct tasked_settings {
	const char *lookups; /* attributes of <lookups> */
	const char *party; /* in bravo's <party> */
	const char *kms_bravo; /* attributes of bravo's first <kms> */
	const char *pin; /* attributes of its <security-domain> */
	const char *rules; /* TASKED_... and more; else all of the above */
	bool watches; /* this worker fetches certificates */
};

void tasked_open(struct tasked *t, const struct tasked_settings *s);
/** Other settings come into force. */
void tasked_reload(struct tasked *t, const struct tasked_settings *s);
void tasked_close(struct tasked *t);

/** A request of a system comes in; the number of its stream. */
uint64_t tasked_in(
    struct tasked *t, const char *system, const struct gw_http_request *r);
/** The same: which domains serve user, in the spelling of an adapter. */
uint64_t tasked_ask(struct tasked *t, const char *system, const char *adapter,
    const char *user);
void tasked_gone(struct tasked *t, uint64_t stream);
/** ms go by; timers fire. */
void tasked_wait(struct tasked *t, unsigned ms);

/** What that stream was answered, or NULL.  Twice ends the test. */
const struct tasked_answer *
tasked_answer(const struct tasked *t, uint64_t stream);
/** The domains that an answer tells, in order, "a b c"; "" for none. */
const char *tasked_domains(struct tasked *t, const char *adapter,
    const char *user, const struct tasked_answer *a);

/** The last question that core sent; it must be there. */
struct tasked_question *tasked_question(struct tasked *t);
/** Its service answers: user is served by domains ("a b"), in the spelling of
 * an adapter.  NULL: it knows no such user. */
void tasked_serve(struct tasked *t, const struct tasked_question *q,
    const char *adapter, const char *user, const char *domains);
void tasked_respond(struct tasked *t, const struct tasked_question *q,
    const struct gw_http_response *r);
void tasked_fail(struct tasked *t, const struct tasked_question *q);

#endif
