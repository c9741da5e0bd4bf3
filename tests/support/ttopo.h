/*
 * ttopo.h: three systems, the listeners that face them, and messages that
 * cross between them, for the tests of core/topo.
 */
#ifndef TTOPO_H
#define TTOPO_H

#include "core/topo.h"

enum { ALPHA, BRAVO, CHARLIE, TTOPO_SYSTEMS };

#define TTOPO_MAX (SIP_HEAD_MAX + TOPO_GROWTH_MAX + 65536)

#define TTOPO_KEY_1                                                            \
	"1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TTOPO_KEY_2                                                            \
	"2 f0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

/* From and To: out of a dialog, and in it, from either side. */
#define TTOPO_NEW_FROM_ALPHA                                                   \
	"From: <sip:alice@mcptt.alpha.example>;tag=caller\n"                   \
	"To: <sip:bob@mcptt.bravo.example>\n"
#define TTOPO_FROM_ALPHA                                                       \
	"From: <sip:alice@mcptt.alpha.example>;tag=caller\n"                   \
	"To: <sip:bob@mcptt.bravo.example>;tag=called\n"
#define TTOPO_FROM_BRAVO                                                       \
	"From: <sip:bob@mcptt.bravo.example>;tag=called\n"                     \
	"To: <sip:alice@mcptt.alpha.example>;tag=caller\n"

/* An INVITE from alpha to bravo with three Vias and three routes. */
extern const char ttopo_invite[];

/* What may be set between messages. */
struct ttopo {
	struct snapshot snap;
	struct gw_arena *arena;
	struct token_sealer *sealer;
	struct policy_handling handling;
	struct mcx_body *body;
	struct conf_addr source;
	int8_t cap_p, cap_q;
	uint64_t memo;
};

/* One message and its octets. */
struct ttopo_msg {
	uint8_t raw[TTOPO_MAX];
	size_t len;
	struct sip_msg m;
};

struct ttopo *ttopo_new(void);
void ttopo_free(struct ttopo *x);
/** Use these keys from now on. */
void ttopo_keys(struct ttopo *x, const char *file);

/** Fill in a message from text with LF line ends; it must parse. */
void ttopo_read(struct ttopo_msg *out, const char *text);
/** The context of a message that goes that way. */
struct topo ttopo_way(const struct ttopo *x, uint16_t from, uint16_t to);

/** Where a request leads. */
enum gw_err ttopo_target(const struct ttopo *x, uint16_t from,
    const struct ttopo_msg *in, struct topo_target *out);
/** Send it on; on success *out is what the other side reads. */
enum gw_err ttopo_request(const struct ttopo *x, uint16_t from, uint16_t to,
    const struct ttopo_msg *in, struct ttopo_msg *out);
/** The same for a response; from is who sends the response. */
enum gw_err ttopo_response(const struct ttopo *x, uint16_t from,
    const struct ttopo_msg *in, struct ttopo_msg *out);

/** A response to request in: its rows, then more (LF ends), then body. */
void ttopo_reply(const struct ttopo_msg *in, unsigned status, const char *more,
    struct ttopo_msg *out);

/** The INVITE crosses from alpha to bravo (out), is answered (reply) with
 * routes and a contact of bravo's inside, and the answer crosses (back). */
void ttopo_call(const struct ttopo *x, const struct ttopo_msg *invite,
    struct ttopo_msg *out, struct ttopo_msg *reply, struct ttopo_msg *back);
/** A request in the dialog of ttopo_invite; parties are From and To. */
void ttopo_in_dialog(struct ttopo_msg *out, const char *method, const char *uri,
    const char *route, const char *parties);

/** There is no canary in it. */
void ttopo_assert_clean(const struct ttopo_msg *m);
/** The rows of id are the same in both. */
void ttopo_assert_same(
    const struct ttopo_msg *a, const struct ttopo_msg *b, enum sip_hdr_id id);

/** Value of the nth row of that name ("" if there is none), in a buffer that
 * the next 16 calls leave alone. */
const char *
ttopo_value(const struct ttopo_msg *m, enum sip_hdr_id id, size_t nth);
/** What stands between the first '<' and '>' of s. */
const char *ttopo_uri(const char *s);
/** Does text occur in the message? */
bool ttopo_has(const struct ttopo_msg *m, const char *text);

#endif
