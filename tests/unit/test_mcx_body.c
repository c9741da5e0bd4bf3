/*
 * test_mcx_body.c: bodies written for this test: what is found in them, and
 * what is refused, with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/mcx/mcx_body.h"
#include "support/tfile.h"

#define HEAD                                                                   \
	"Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n"           \
	"From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\n"           \
	"Call-ID: c\r\nCSeq: 1 MESSAGE\r\n"
#define START "MESSAGE sip:b@b.example SIP/2.0\r\n" HEAD
#define MIXED START "Content-Type: multipart/mixed;boundary=b\r\n\r\n"
#define INFO                                                                   \
	"<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>"        \
	"<session-type>chat</session-type></mcptt-Params></mcpttinfo>"
#define TOKEN "<mcptt-access-token>x</mcptt-access-token>"
#define INFO_TOKEN                                                             \
	"<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>" TOKEN  \
	"</mcptt-Params></mcpttinfo>"
#define T_INFO "Content-Type: application/vnd.3gpp.mcptt-info+xml\r\n"
#define T_SDP  "Content-Type: application/sdp\r\n"
#define T_KEY  "Content-Type: application/mikey\r\n"
#define T_LIST "Content-Type: application/resource-lists+xml\r\n"
#define T_SIP  "Content-Type: message/sip\r\n"
#define BASE64 "Content-Transfer-Encoding: base64\r\n"
#define LIST                                                                   \
	"<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">"     \
	"<list><entry uri=\"sip:x@y\"/></list></resource-lists>"
/* Whole parts, to stand between delimiters. */
#define PART(fields, text) "--b\r\n" fields "\r\n" text "\r\n"
#define END		   "--b--\r\n"

static char text[65536];
static uint8_t key[4096];
static size_t key_len;
static struct sip_msg msg;
static struct mcx_body body;
static struct gw_fault fault;
static struct gw_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	key_len = tfile_read(GW_TESTS_DIR "/corpus/mikey/valid/"
					  "o-v035-pck-tail-crlf.bin",
	    key, sizeof(key));
	arena = gw_arena_new(65536);
	return arena == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static enum gw_err
read_span(struct gw_span in)
{
	gw_arena_reset(arena);
	fault = (struct gw_fault){ SIZE_MAX, "" };
	if (sip_msg_parse(in, &msg, &fault) != GW_OK)
		fail_msg("not a SIP message: at %zu: %s", fault.at, fault.why);
	return mcx_body_read(&msg, arena, &body, &fault);
}

static void
read_ok(const char *sip)
{
	enum gw_err err = read_span(gw_span_of(sip));

	if (err != GW_OK)
		fail_msg(
		    "%s: %d at %zu: %s", sip, (int)err, fault.at, fault.why);
}

static void
a_message_without_a_body_has_no_part(void **state)
{
	(void)state;
	read_ok(START "\r\n");
	assert_int_equal(body.n_parts, 0);
	assert_int_equal(body.n_keys, 0);
	assert_int_equal(body.info_part, -1);
	assert_int_equal(body.info.service, MCX_NONE);
	assert_false(body.has_sdp);
}

static void
a_lone_body_is_a_part_of_depth_0(void **state)
{
	(void)state;
	read_ok(START T_INFO "Content-ID: <i@x>\r\n"
			     "Content-Disposition: render;x=y\r\n\r\n" INFO);
	assert_int_equal(body.n_parts, 1);
	assert_int_equal(body.info_part, 0);
	assert_span(body.info.session_type, "chat");
	assert_span(body.parts[0].type, "application/vnd.3gpp.mcptt-info+xml");
	assert_span(body.parts[0].content_id, "<i@x>");
	assert_span(body.parts[0].disposition, "render");
	assert_span(body.parts[0].body, INFO);
	assert_int_equal(body.parts[0].parent, -1);
	assert_int_equal(body.parts[0].depth, 0);
}

static void
parts_of_all_depths_stand_in_their_order(void **state)
{
	static const struct {
		const char *type;
		int depth, parent;
	} rows[] = {
		{ "multipart/mixed", 0, -1 },
		{ "", 1, 0 },
		{ "Multipart/Related", 1, 0 },
		{ "text/html", 2, 2 },
		{ "a/b", 2, 2 },
		{ "application/vnd.3gpp.mcptt-signed+xml", 1, 0 },
		{ "application/pkcs7-mime", 1, 0 },
	};

	(void)state;
	read_ok(MIXED PART("", "plain") PART(
	    "Content-Type: Multipart/Related;boundary=\"c d\"\r\n",
	    "--c d\r\nContent-Type: text/html\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nx\r\n"
	    "--c d\r\nContent-Type: a / b\r\n\r\ny\r\n--c d--")
		PART("Content-Type: application/vnd.3gpp.mcptt-signed+xml"
		     "\r\n",
		    "s") PART("Content-Type: application/pkcs7-mime\r\n", "s")
		    END);
	assert_int_equal(body.n_parts, GW_COUNT(rows));
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_span(body.parts[i].type, rows[i].type);
		assert_int_equal(body.parts[i].depth, rows[i].depth);
		assert_int_equal(body.parts[i].parent, rows[i].parent);
		assert_int_equal(body.parts[i].multipart, i == 0 || i == 2);
	}
	assert_span(body.parts[1].body, "plain");
	assert_span(body.parts[4].body, "y");
	assert_span(body.parts[4].head, "Content-Type: a / b\r\n");
	assert_true(body.has_signed && body.has_sealed);
}

/* MIXED with the key message between before and behind. */
static struct gw_span
with_key(const char *before, const char *behind)
{
	size_t n = strlen(before);

	memcpy(text, before, n);
	memcpy(text + n, key, key_len);
	memcpy(text + n + key_len, behind, strlen(behind));
	return (
	    struct gw_span){ (uint8_t *)text, n + key_len + strlen(behind) };
}

static void
a_binary_key_message_is_never_trimmed(void **state)
{
	(void)state;
	assert_int_equal(
	    read_span(with_key(
		MIXED PART(T_SDP, "v=0") "--b\r\n" T_KEY "\r\n", "\r\n" END)),
	    GW_OK);
	assert_int_equal(body.n_keys, 1);
	assert_int_equal(body.keys[0].err, GW_OK);
	assert_string_equal(body.keys[0].where, "part:2");
	assert_int_equal(body.keys[0].part, 2);
	assert_false(body.keys[0].in_sdp);
	assert_true(
	    gw_span_eq(body.keys[0].raw, (struct gw_span){ key, key_len }));
	/* In place: nothing was decoded, nothing was allocated. */
	assert_int_equal(gw_arena_used(arena), 0);

	assert_int_equal(read_span(with_key(START T_KEY "\r\n", "")), GW_OK);
	assert_string_equal(body.keys[0].where, "body");
	/* One octet more is not part of it. */
	assert_int_equal(read_span(with_key(START T_KEY "\r\n", "\n")), GW_OK);
	assert_int_equal(body.keys[0].err, GW_EMALFORMED);
}

static void
a_bad_key_message_is_a_row_with_its_fault(void **state)
{
	static const struct {
		const char *sip;
		enum gw_err err;
		size_t at;
		const char *why, *where;
	} rows[] = {
		{ START T_SDP "\r\nv=0\r\na=key-mgmt:mikey ARo*\r\n",
		    GW_EMALFORMED, 3, "not a base64", "sdp-session" },
		{ START T_SDP "\r\nm=audio 1\r\na=key-mgmt:mikey ARoF \r\n",
		    GW_EMALFORMED, 4, "not a base64", "sdp-media:audio" },
		{ START T_SDP "\r\nm=tExt 1\r\na=key-mgmt:mikey\r\n",
		    GW_EMALFORMED, 0, "no key message", "sdp-media:tExt" },
		{ START T_SDP "\r\nm=a\x1b[1m 1\r\na=key-mgmt:mikey \r\n",
		    GW_EMALFORMED, 0, "no key message", "sdp-media" },
		{ START T_SDP "\r\nm=abcdefghijklmnopq\r\na=key-mgmt:mikey \n",
		    GW_EMALFORMED, 0, "no key message", "sdp-media" },
		{ MIXED PART(T_KEY BASE64, "QUJ\r\nD\r\nQQ=\r\n") END,
		    GW_EMALFORMED, 11, "inside a group", "part:1" },
		{ MIXED PART(T_KEY, "") END, GW_EMALFORMED, 0, "no key message",
		    "part:1" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		read_ok(rows[i].sip);
		const struct mcx_key_msg *k = &body.keys[0];
		assert_int_equal(body.n_keys, 1);
		if (k->err != rows[i].err || k->fault.at != rows[i].at ||
		    strstr(k->fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].sip, (int)k->err,
			    k->fault.at, k->fault.why);
		assert_string_equal(k->where, rows[i].where);
	}
	/* What was decoded is read from there: version 65 is none. */
	read_ok(START T_SDP "\r\na=key-mgmt:mikey QUJDRA==\r\n");
	assert_int_equal(body.keys[0].err, GW_EMALFORMED);
	assert_span(body.keys[0].raw, "ABCD");
	assert_span(body.keys[0].text, "QUJDRA==");
}

static void
a_key_message_that_is_too_long_is_not_decoded(void **state)
{
	int n =
	    snprintf(text, sizeof(text), START T_SDP "\r\na=key-mgmt:mikey ");

	(void)state;
	memset(text + n, 'A', 60000);
	assert_int_equal(
	    read_span((struct gw_span){ (uint8_t *)text, (size_t)n + 60000 }),
	    GW_OK);
	assert_int_equal(body.keys[0].err, GW_ELIMIT);
	assert_int_equal(gw_arena_used(arena), 0);
}

static void
what_is_in_base64_is_decoded_first(void **state)
{
	(void)state;
	/* v=0 CRLF a=key-mgmt:mikey QUJD CRLF */
	read_ok(MIXED PART(T_SDP BASE64, "dj0wDQphPWtleS1tZ210Om1pa2V5IFFV\r\n"
					 "SkQNCg==\r\n") END);
	assert_true(body.has_sdp && body.parts[1].base64);
	assert_int_equal(body.n_keys, 1);
	assert_span(body.keys[0].raw, "ABC");
	/* <resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"/> */
	read_ok(MIXED PART(T_LIST BASE64,
	    "PHJlc291cmNlLWxpc3RzIHhtbG5zPSJ1cm46aWV0ZjpwYXJhbXM6eG1sOm5z"
	    "OnJlc291cmNlLWxpc3RzIi8+") END);
	assert_int_equal(body.list_entries, 0);
}

static void
a_message_in_a_message_is_walked(void **state)
{
	(void)state;
	read_ok(MIXED PART(T_INFO, INFO) PART(T_SIP,
	    "REGISTER sip:b.example SIP/2.0\r\n"
	    "Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n"
	    "From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\n"
	    "Call-ID: c\r\nCSeq: 1 REGISTER\r\n"
	    "c: multipart/mixed;boundary=c\r\n\r\n"
	    "--c\r\n" T_INFO "\r\n" INFO "\r\n"
	    "--c\r\n" T_SDP "\r\na=key-mgmt:mikey QUJD\r\n--c--\r\n") END);
	assert_int_equal(body.n_parts, 6);
	assert_true(body.parts[2].multipart && body.parts[3].multipart);
	assert_int_equal(body.parts[3].parent, 2);
	assert_int_equal(body.parts[3].depth, 2);
	assert_int_equal(body.parts[5].parent, 3);
	/* The inner document speaks of the inner message. */
	assert_int_equal(body.info_part, 1);
	assert_int_equal(body.n_keys, 1);
	assert_int_equal(body.keys[0].part, 5);
}

static void
lists_are_counted_together(void **state)
{
	(void)state;
	read_ok(MIXED PART(T_LIST, LIST) PART(T_LIST, LIST) END);
	assert_int_equal(body.list_entries, 2);
	assert_span(body.list_target, "sip:x@y");
	assert_false(body.info_encrypted);
}

static void
an_access_token_is_a_cut_of_the_message(void **state)
{
	static const char sip[] = MIXED PART(T_INFO, INFO_TOKEN) END;

	(void)state;
	read_ok(sip);
	assert_int_equal(body.info.n_cuts, 1);
	assert_ptr_equal(body.info.cuts[0].p, strstr(sip, TOKEN));
	assert_span(body.info.cuts[0], TOKEN);
}

#define INNER START T_INFO "\r\n" INFO_TOKEN

static void
each_wrong_body_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *sip, *from; /* the fault is at from */
		enum gw_err err;
		const char *why;
	} rows[] = {
		{ START "\r\n?", "?", GW_EMALFORMED, "without Content-Type" },
		{ START "Content-Type: text\r\n\r\n?", "text\r\n",
		    GW_EMALFORMED, "not a media type" },
		{ START "Content-Type: multipart/mixed\r\n\r\n?", "?",
		    GW_EMALFORMED, "without a boundary" },
		{ START "Content-Type: multipart/mixed;boundary=b\r\n" BASE64
			"\r\n?",
		    "?", GW_EMALFORMED, "multipart in base64" },
		{ START T_SDP "Content-Encoding: gzip\r\n\r\n?", "gzip",
		    GW_EMALFORMED, "content encoding" },
		{ START T_SDP "Content-Encoding: identity\r\n"
			      "e: deflate\r\n\r\n?",
		    "deflate", GW_EMALFORMED, "content encoding" },
		{ MIXED PART(T_KEY "Content-Transfer-Encoding: 9bit\r\n", "")
			END,
		    "9bit", GW_EMALFORMED, "unknown transfer encoding" },
		{ MIXED PART(T_SDP T_SDP, "") END, T_SDP "\r\n", GW_EMALFORMED,
		    "only once" },
		{ MIXED PART("Content-Type: a\r\n", "") END, "a\r\n\r\n",
		    GW_EMALFORMED, "not a media type" },
		{ MIXED PART(T_SDP, "v=0\rs=-") END, "\rs=-", GW_EMALFORMED,
		    "bare CR in SDP" },
		{ MIXED PART(T_SDP BASE64, "dj0*") END, "*", GW_EMALFORMED,
		    "not a base64" },
		{ MIXED PART(T_SDP BASE64, "DQ1B") END, "DQ1B", GW_EMALFORMED,
		    "bare CR in SDP" },
		{ MIXED PART(T_INFO, "<a/>") END, "<a/>", GW_EMALFORMED,
		    "root" },
		{ MIXED PART(T_INFO, INFO) PART(T_INFO, " " INFO) END, " " INFO,
		    GW_EMALFORMED, "second info document" },
		{ MIXED PART(T_LIST, "<a/>") END, "<a/>", GW_EMALFORMED,
		    "not a resource list" },
		{ MIXED PART(T_SIP, "?") END, NULL, GW_EMALFORMED, "" },
		{ MIXED PART(T_SIP BASE64, "QUJD") END, "QUJD", GW_EMALFORMED,
		    "message/sip in base64" },
		{ MIXED PART(T_SIP, START "l: 0\r\n\r\n?") END, "?",
		    GW_EMALFORMED, "octets behind a message" },
		{ MIXED PART(T_SIP, START "\r\n?") END, "?", GW_EMALFORMED,
		    "without Content-Type" },
		{ MIXED PART(T_SIP, INNER) END, TOKEN, GW_EMALFORMED,
		    "access token in a message/sip" },
		{ MIXED "--b\r\n" T_SDP "\r\nv=0\r\n", NULL, GW_EMALFORMED,
		    "closing delimiter" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const char *sip = rows[i].sip;
		enum gw_err err = read_span(gw_span_of(sip));
		if (err != rows[i].err || fault.at > strlen(sip) ||
		    (rows[i].from != NULL &&
			fault.at !=
			    (size_t)(strstr(sip, rows[i].from) - sip)) ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", sip, (int)err, fault.at,
			    fault.why);
	}
}

static void
a_token_in_base64_is_refused_as_it_cannot_be_cut(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static const uint8_t doc[] = INFO_TOKEN "  ";
	size_t n =
	    (size_t)snprintf(text, sizeof(text), START T_INFO BASE64 "\r\n");
	size_t at = n;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(doc); i += 3) {
		uint32_t w = (uint32_t)doc[i] << 16 |
			     (uint32_t)doc[i + 1] << 8 | doc[i + 2];
		for (unsigned k = 0; k < 4; k++)
			text[n++] = digits[w >> (18 - 6 * k) & 63];
	}
	assert_int_equal(
	    read_span((struct gw_span){ (uint8_t *)text, n }), GW_EMALFORMED);
	assert_int_equal(fault.at, at);
	assert_string_equal(fault.why, "an access token in base64");
}

static void
parts_are_capped(void **state)
{
	/* The body itself counts too. */
	for (unsigned n = MCX_PARTS_MAX - 1; n <= MCX_PARTS_MAX + 1; n++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%s", MIXED);
		for (unsigned i = 0; i < n; i++)
			len += (size_t)snprintf(
			    text + len, sizeof(text) - len, PART("", "x"));
		snprintf(text + len, sizeof(text) - len, END);
		enum gw_err err = read_span(gw_span_of(text));
		if (n < MCX_PARTS_MAX) {
			assert_int_equal(err, GW_OK);
			assert_int_equal(body.n_parts, MCX_PARTS_MAX);
			continue;
		}
		assert_int_equal(err, GW_ELIMIT);
		assert_string_equal(fault.why, "too many parts");
		assert_int_equal(fault.at,
		    sizeof(MIXED) - 1 +
			MCX_PARTS_MAX * (sizeof(PART("", "x")) - 1) - 3);
	}
	(void)state;
}

/* n multiparts, each in the one before; the innermost has one plain part. */
static enum gw_err
read_nested(unsigned n)
{
	size_t len = (size_t)snprintf(text, sizeof(text),
	    START "Content-Type: multipart/mixed;boundary=n00\r\n\r\n");

	for (unsigned i = 0; i + 1 < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "--n%02u\r\nContent-Type: multipart/mixed;"
		    "boundary=n%02u\r\n\r\n",
		    i, i + 1);
	len += (size_t)snprintf(text + len, sizeof(text) - len,
	    "--n%02u\r\n" T_SDP "\r\nv=0\r\n", n - 1);
	for (unsigned i = n; i > 0; i--)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "--n%02u--\r\n", i - 1);
	return read_span(gw_span_of(text));
}

static void
depth_is_capped(void **state)
{
	(void)state;
	assert_int_equal(read_nested(MCX_DEPTH_MAX), GW_OK);
	assert_true(body.has_sdp);
	assert_int_equal(body.parts[body.n_parts - 1].depth, MCX_DEPTH_MAX);
	for (unsigned n = MCX_DEPTH_MAX + 1; n < 60; n += 17) {
		assert_int_equal(read_nested(n), GW_ELIMIT);
		assert_string_equal(fault.why, "parts nested too deep");
	}
}

/* The same by message/sip in message/sip, which is entered by recursion. */
static void
depth_of_messages_is_capped(void **state)
{
	(void)state;
	for (unsigned n = MCX_DEPTH_MAX; n < 60; n += 17) {
		size_t len = 0;
		for (unsigned i = 0; i < n; i++)
			len += (size_t)snprintf(
			    text + len, sizeof(text) - len, START T_SIP "\r\n");
		snprintf(text + len, sizeof(text) - len, START "\r\n");
		assert_true(read_span(gw_span_of(text)) != GW_OK);
	}
	assert_true(fault.why != NULL);
}

static void
key_messages_are_capped(void **state)
{
	(void)state;
	for (unsigned n = MCX_KEYS_MAX; n <= MCX_KEYS_MAX + 1; n++) {
		size_t len =
		    (size_t)snprintf(text, sizeof(text), START T_SDP "\r\n");
		for (unsigned i = 0; i < n; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "a=key-mgmt:mikey QUJD\n");
		enum gw_err err = read_span(gw_span_of(text));
		assert_int_equal(err, n == MCX_KEYS_MAX ? GW_OK : GW_ELIMIT);
		if (err != GW_OK)
			assert_string_equal(
			    fault.why, "more key messages than we read");
	}
}

static void
a_full_arena_is_told(void **state)
{
	struct gw_arena *tiny = gw_arena_new(16);

	(void)state;
	read_ok(START T_SDP "\r\na=key-mgmt:mikey "
			    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\r\n");
	assert_int_equal(mcx_body_read(&msg, tiny, &body, &fault), GW_ENOMEM);
	read_ok(START T_SDP "\r\nm=abcdefghijk\r\na=key-mgmt:mikey\r\n");
	assert_int_equal(mcx_body_read(&msg, tiny, &body, &fault), GW_ENOMEM);
	gw_arena_free(tiny);
}

static void
only_types_that_can_hold_what_matters_are_wanted(void **state)
{
	static const struct {
		const char *sip;
		bool wanted;
	} rows[] = {
		{ START "\r\n", false },
		{ START T_SDP "\r\n", false },
		{ START "Content-Type: text/plain\r\n\r\n?", false },
		{ START "c: application/pidf+xml;x=y\r\n\r\n?", false },
		{ START "c: application/vnd.3gpp.mcptt-location-info+xml\r\n"
			"\r\n?",
		    false },
		{ START T_SDP "\r\n?", true },
		{ START T_KEY "\r\n?", true },
		{ START T_INFO "\r\n?", true },
		{ START T_LIST "\r\n?", true },
		{ START T_SIP "\r\n?", true },
		{ START "c: application\r\n /SDP\r\n\r\n?", true },
		{ START "c: Multipart / x;boundary=y\r\n\r\n?", true },
		{ START "c: application/pkcs7-mime\r\n\r\n?", true },
		/* What will be refused has to be read first. */
		{ START "c: text\r\n\r\n?", true },
		{ START "\r\n?", true },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_int_equal(
		    sip_msg_parse(gw_span_of(rows[i].sip), &msg, &fault),
		    GW_OK);
		if (mcx_body_wanted(&msg) != rows[i].wanted)
			fail_msg("%s", rows[i].sip);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_without_a_body_has_no_part),
		cmocka_unit_test(a_lone_body_is_a_part_of_depth_0),
		cmocka_unit_test(parts_of_all_depths_stand_in_their_order),
		cmocka_unit_test(a_binary_key_message_is_never_trimmed),
		cmocka_unit_test(a_bad_key_message_is_a_row_with_its_fault),
		cmocka_unit_test(a_key_message_that_is_too_long_is_not_decoded),
		cmocka_unit_test(what_is_in_base64_is_decoded_first),
		cmocka_unit_test(a_message_in_a_message_is_walked),
		cmocka_unit_test(lists_are_counted_together),
		cmocka_unit_test(an_access_token_is_a_cut_of_the_message),
		cmocka_unit_test(each_wrong_body_is_refused_with_its_place),
		cmocka_unit_test(
		    a_token_in_base64_is_refused_as_it_cannot_be_cut),
		cmocka_unit_test(parts_are_capped),
		cmocka_unit_test(depth_is_capped),
		cmocka_unit_test(depth_of_messages_is_capped),
		cmocka_unit_test(key_messages_are_capped),
		cmocka_unit_test(a_full_arena_is_told),
		cmocka_unit_test(
		    only_types_that_can_hold_what_matters_are_wanted),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
