/*
 * tcall.h: calls with key messages that are signed on the spot, over a talk
 * between alpha and bravo.  What fails ends the test.
 */
#ifndef TCALL_H
#define TCALL_H

#include "support/talk.h"
#include "support/tmikey.h"

#define TCALL_CORPUS  GW_TESTS_DIR "/corpus/kms/"
#define TCALL_ALICE   "sip:alice@mcptt.alpha.example"
#define TCALL_BOB     "sip:bob@mcptt.bravo.example"
#define TCALL_KEY_MAX 16384

/* An agreement between the two, up to its rules: alpha has the security
 * domains kms.alpha and kms.alpha-new, bravo kms.bravo, kms.bravo-tac and
 * kms.bravo-old (.example). */
#define TCALL_PARTIES(more)                                                    \
	"<agreement xmlns=\"urn:mcxgw:agreement:1\" id=\"ab\" serial=\"1\"\n"  \
	" valid-from=\"2026-01-01T00:00:00Z\""                                 \
	" valid-until=\"2030-01-01T00:00:00Z\" " more ">\n"                    \
	"<party system=\"alpha\"><domain name=\"mcptt.alpha.example\"/>"       \
	"<security-domain kms=\"kms.alpha.example\""                           \
	" certificate=\"" TCALL_CORPUS "alpha/certificate.xml\"/>"             \
	"<security-domain kms=\"kms.alpha-new.example\"/></party>\n"           \
	"<party system=\"bravo\"><domain name=\"mcptt.bravo.example\"/>"       \
	"<security-domain kms=\"kms.bravo.example\""                           \
	" certificate=\"" TCALL_CORPUS "bravo/certificate.xml\"/>"             \
	"<security-domain kms=\"kms.bravo-tac.example\"/>"                     \
	"<security-domain kms=\"kms.bravo-old.example\"/></party>\n"

enum tcall_damage {
	TCALL_GOOD,
	TCALL_NO_KEY,
	TCALL_TAMPERED, /* one bit of the signature */
	TCALL_CUT, /* ends in the middle of a payload */
	TCALL_OTHERS /* signed by another KMS's user */
};

/* A call; NULL: what is good. */
struct tcall {
	bool back; /* from bravo to alpha */
	const char *method;
	bool bare; /* the key is a part of its own, application/mikey */
	const char *calling; /* in the info document */
	const char *asserted;
	const char *uri, *target; /* Request-URI; in the info document */
	const char *session;
	const char *idri, *idrr, *kmsi, *kmsr;
	enum tcall_damage damage;
	int made_s; /* off the time of the call */
	const char *info; /* more in the document */
	const char *more; /* more lines */
	const char *body; /* instead of all */
};

struct tcalls {
	struct talk *talk;
	struct tmikey_kms alpha, bravo;
	const char *ready_key; /* of the next calls, if it was made before */
	unsigned serial; /* of calls: no two are the same */
};

void tcalls_init(struct tcalls *t, struct talk *talk);
/** The I_MESSAGE of a call in base64; number makes it one of its own. */
void tcall_key(struct tcalls *t, const struct tcall *c, unsigned number,
    char out[TCALL_KEY_MAX]);
/** The call comes in; number is that of its key message. */
void tcall_with(struct tcalls *t, const struct tcall *c, unsigned number,
    const char *call_id);
/** The same with a key message and a Call-ID that no other has. */
void tcall_in(struct tcalls *t, const struct tcall *c);

#endif
