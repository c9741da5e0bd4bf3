/*
 * tcall.c: see tcall.h.
 */
#include "support/tcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "codec/mikey/mikey_imsg.h"
#include "codec/mikey/mikey_uid.h"

#define NTP_UNIX UINT64_C(2208988800)
#define BODY_MAX 32768
#define INFO_MAX 4096

void
tcalls_init(struct tcalls *t, struct talk *talk)
{
	*t = (struct tcalls){ .talk = talk };
	tmikey_kms_load(&t->alpha, TCALL_CORPUS "alpha/material.json");
	tmikey_kms_load(&t->bravo, TCALL_CORPUS "bravo/material.json");
}

static const char *
either(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

static const char *
caller(const struct tcall *c)
{
	return c->back ? TCALL_BOB : TCALL_ALICE;
}

static const char *
callee(const struct tcall *c)
{
	return c->back ? TCALL_ALICE : TCALL_BOB;
}

static void
idr(struct tmikey *m, uint8_t role, const char *text)
{
	tmikey_idr(m, role, 1, gw_span_of(text));
}

void
tcall_key(struct tcalls *t, const struct tcall *c, unsigned number,
    char out[TCALL_KEY_MAX])
{
	struct tmikey m;
	bool of_bravo = c->back != (c->damage == TCALL_OTHERS);
	const struct tmikey_kms *kms = of_bravo ? &t->bravo : &t->alpha;
	const char *kms_names[] = { "kms.alpha.example", "kms.bravo.example" };
	const char *idri = either(c->idri, caller(c));
	const char *kmsi = either(c->kmsi, kms_names[c->back]);
	int64_t made_s = t->talk->rig.now.wall_us / 1000000 + c->made_s;
	uint64_t ntp = (uint64_t)made_s + NTP_UNIX;
	uint8_t uid[MIKEY_UID_LEN];

	assert_int_equal(mikey_uid(gw_span_of(idri), gw_span_of(kmsi),
			     kms->period, kms->offset, ntp, uid),
	    GW_OK);
	tmikey_start(&m, 0x10000000 + number); /* a PCK */
	tmikey_time(&m, ntp);
	tmikey_rand(&m, 16);
	idr(&m, MIKEY_IDRI, idri);
	idr(&m, MIKEY_IDRR, either(c->idrr, callee(c)));
	idr(&m, MIKEY_IDRKMSI, kmsi);
	idr(&m, MIKEY_IDRKMSR, either(c->kmsr, kms_names[!c->back]));
	tmikey_sakke(&m);
	tmikey_sign(&m, kms, (struct gw_span){ uid, sizeof(uid) }, true);
	if (c->damage == TCALL_TAMPERED)
		m.octets[m.len - 100] ^= 1;
	if (c->damage == TCALL_CUT)
		m.len -= 40;
	assert_true(
	    EVP_EncodeBlock((unsigned char *)out, m.octets, (int)m.len) > 0);
}

static void
put_info(const struct tcall *c, char out[INFO_MAX])
{
	const char *calling = either(c->calling, caller(c));
	char user[256] = "";

	if (calling[0] != '\0')
		snprintf(user, sizeof(user),
		    "<mcptt-calling-user-id><mcpttURI>%s</mcpttURI>"
		    "</mcptt-calling-user-id>",
		    calling);
	snprintf(out, INFO_MAX,
	    "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>"
	    "<session-type>%s</session-type>"
	    "<mcptt-request-uri><mcpttURI>%s</mcpttURI></mcptt-request-uri>"
	    "%s%s</mcptt-Params></mcpttinfo>",
	    either(c->session, "private"), either(c->target, callee(c)), user,
	    either(c->info, ""));
}

/* The key message as a part, or as an attribute in a session description. */
static void
put_keyed_part(const struct tcall *c, const char *key, char out[BODY_MAX])
{
	char line[TCALL_KEY_MAX + 32] = "";

	if (c->bare) {
		snprintf(out, BODY_MAX,
		    "Content-Type: application/mikey\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n",
		    key);
		return;
	}
	if (c->damage != TCALL_NO_KEY)
		snprintf(line, sizeof(line), "a=key-mgmt:mikey %s\r\n", key);
	snprintf(out, BODY_MAX,
	    "Content-Type: application/sdp\r\n\r\n"
	    "v=0\r\no=- 0 0 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\n"
	    "t=0 0\r\n%sm=audio 9000 RTP/AVP 99\r\n\r\n",
	    line);
}

static void
send_in(struct tcalls *t, const struct tcall *c, const char *body,
    const char *call_id)
{
	char more[1024], branch[32];

	snprintf(more, sizeof(more),
	    "Contact: <sip:me@10.9.8.7>;+g.3gpp.mcptt\n"
	    "P-Asserted-Identity: <%s>\n" TALK_ICSI "%s",
	    either(c->asserted, c->back ? "sip:mcptt.ims.bravo.example" :
					  "sip:mcptt.ims.alpha.example"),
	    either(c->more, ""));
	snprintf(branch, sizeof(branch), "r%u", ++t->serial);
	talk_in(t->talk, c->back ? RIG_BRAVO : RIG_ALPHA,
	    &(struct talk_request){ .method = c->method,
		.uri = either(c->uri, callee(c)),
		.branch = branch,
		.call_id = call_id,
		.more = more,
		.type = "multipart/mixed;boundary=b",
		.body = either(c->body, body) });
}

void
tcall_with(struct tcalls *t, const struct tcall *c, unsigned number,
    const char *call_id)
{
	static char key[TCALL_KEY_MAX], part[BODY_MAX], body[2 * BODY_MAX];
	char info[INFO_MAX];

	put_info(c, info);
	if (t->ready_key != NULL)
		snprintf(key, sizeof(key), "%s", t->ready_key);
	else if (c->damage != TCALL_NO_KEY)
		tcall_key(t, c, number, key);
	put_keyed_part(c, key, part);
	snprintf(body, sizeof(body),
	    "--b\r\nContent-Type: application/vnd.3gpp.mcptt-info+xml\r\n\r\n"
	    "%s\r\n--b\r\n%s--b--\r\n",
	    info, part);
	send_in(t, c, body, call_id);
}

void
tcall_in(struct tcalls *t, const struct tcall *c)
{
	char call_id[32];

	snprintf(call_id, sizeof(call_id), "id%u", t->serial);
	tcall_with(t, c, t->serial + 1, call_id);
}
