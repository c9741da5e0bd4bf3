/*
 * test_mcx_corpus.c: the SIP messages of the corpus: exactly the key messages
 * that it names, where it names them, or the refusal it expects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "codec/mcx/mcx_body.h"
#include "codec/sip/sip_frame.h"
#include "support/tfile.h"
#include "support/tjson.h"

#define FILE_MAX  65536
#define SIP	  GW_TESTS_DIR "/corpus/sip"
#define WHERE_MAX 128

static uint8_t octets[FILE_MAX];
static struct sip_msg msg;
static struct mcx_body body;
static struct gw_arena *arena;

static int
set_up(void **state)
{
	(void)state;
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

static struct gw_span
read_sip(const char *path)
{
	return (
	    struct gw_span){ octets, tfile_read(path, octets, sizeof(octets)) };
}

/* "1/0" for the first part of the second part. */
static void
write_path(int8_t index, char *out)
{
	int8_t parent = body.parts[index].parent;
	unsigned n = 0;

	out[0] = '\0';
	if (parent < 0)
		return;
	for (int8_t i = 0; i < index; i++)
		n += body.parts[i].parent == parent;
	write_path(parent, out);
	size_t len = strlen(out);
	snprintf(out + len, WHERE_MAX / 2 - len, "%s%u", len > 0 ? "/" : "", n);
}

/* The place of a key message as the corpus spells it, without the number of
 * a line or of a medium. */
static void
write_where(const struct mcx_key_msg *k, char *out)
{
	const struct mcx_part *part = &body.parts[k->part];
	char path[WHERE_MAX / 2];

	if (k->in_sdp) {
		snprintf(out, WHERE_MAX, "%.*s", (int)strcspn(k->where, ":"),
		    k->where);
		return;
	}
	write_path(k->part, path);
	if (path[0] == '\0')
		snprintf(out, WHERE_MAX, "body");
	else
		snprintf(out, WHERE_MAX, "body-part:%s;%s", path,
		    part->base64 ? "base64" : "binary");
}

static void
check_key(const char *path, const struct mcx_key_msg *k,
    const struct tjson *want, size_t before)
{
	const char *where = tjson_str(want, "where");
	uint8_t digest[32], expected[32];
	char got[WHERE_MAX];

	if (strchr(where, ';') != NULL &&
	    strncmp(where, "stream", 6) == 0) /* stream-message:0;body */
		where = strchr(where, ';') + 1;
	write_where(k, got);
	if (strncmp(got, where, strlen(got)) != 0 ||
	    (!k->in_sdp && strlen(got) != strlen(where)))
		fail_msg("%s: %s is not %s", path, got, where);
	assert_int_equal(
	    tjson_hex(want, "sha256", expected, sizeof(expected)), 32);
	assert_int_equal(
	    EVP_Digest(k->raw.p, k->raw.len, digest, NULL, EVP_sha256(), NULL),
	    1);
	if (memcmp(digest, expected, sizeof(digest)) != 0)
		fail_msg("%s: other octets at %s", path, got);
	int64_t at = tjson_int(want, "offset_if_binary", -1);
	if (at >= 0)
		assert_int_equal(
		    before + (size_t)(k->raw.p - msg.raw.p), (size_t)at);
}

/* One message; the keys in it are next in the list. */
static bool
check_message(const char *path, struct gw_span in, const struct tjson **next,
    size_t before)
{
	struct gw_fault fault = { 0, NULL };

	gw_arena_reset(arena);
	if (sip_msg_parse(in, &msg, &fault) != GW_OK)
		return false;
	if (mcx_body_read(&msg, arena, &body, &fault) != GW_OK) {
		assert_true(fault.at <= in.len && fault.why != NULL);
		return false;
	}
	for (size_t i = 0; i < body.n_keys; i++) {
		if (body.keys[i].err != GW_OK)
			return false;
		if (*next == NULL)
			fail_msg("%s: a key message too many", path);
		check_key(path, &body.keys[i], *next, before);
		*next = (*next)->next;
	}
	return true;
}

static bool
check_stream(const char *path, struct gw_span in, const struct tjson **next)
{
	struct sip_framer f = { 0 };
	struct sip_frame frame;
	struct gw_fault fault;
	size_t at = 0;

	while (at < in.len) {
		struct gw_span rest = gw_span_sub(in, at, in.len);
		if (sip_frame_next(&f, rest, FILE_MAX, &frame, &fault) != GW_OK)
			return false;
		if (frame.kind == SIP_FRAME_MESSAGE &&
		    !check_message(
			path, gw_span_sub(rest, 0, frame.len), next, at))
			return false;
		at += frame.len;
		f = (struct sip_framer){ 0 };
	}
	return true;
}

static void
check_case(const char *path, void *arg)
{
	struct tjson *j = tjson_load(path);
	const char *verdict = tjson_str(j, "expected_verdict");
	const struct tjson *mikey = tjson_get(j, "mikey");
	const struct tjson *next = mikey == NULL ? NULL : mikey->child;
	char sip[1024];
	bool ok;

	(void)arg;
	snprintf(sip, sizeof(sip), "%.*s.sip",
	    (int)(strlen(path) - strlen(".json")), path);
	struct gw_span in = read_sip(sip);
	if (strcmp(tjson_str(j, "transport"), "tcp") == 0)
		ok = check_stream(sip, in, &next);
	else
		ok = check_message(sip, in, &next, 0);
	if (ok != (strcmp(verdict, "malformed") != 0))
		fail_msg("%s: %s, should be %s", sip, ok ? "read" : "refused",
		    verdict);
	if (ok && next != NULL)
		fail_msg("%s: a key message was not found", sip);
	tjson_free(j);
}

static void
each_message_gives_exactly_its_key_messages_or_a_refusal(void **state)
{
	(void)state;
	assert_int_equal(tfile_each(SIP, ".json", check_case, NULL), 29);
}

static void
each_refusal_has_its_reason(void **state)
{
	static const struct {
		const char *file;
		enum gw_err err;
		const char *why;
		bool of_key;
	} rows[] = {
		{ "o-s17-neg-base64-char", GW_EMALFORMED, "not a base64 digit",
		    true },
		{ "o-s18-neg-base64-short", GW_EMALFORMED, "inside a group",
		    true },
		{ "o-s19-neg-keymgmt-empty", GW_EMALFORMED, "no key message",
		    true },
		{ "o-s20-neg-no-close-delimiter", GW_EMALFORMED,
		    "closing delimiter is missing", false },
		{ "o-s21-neg-content-length-short", GW_EMALFORMED,
		    "closing delimiter is missing", false },
		{ "o-s23-neg-wrong-boundary", GW_EMALFORMED, "no delimiter",
		    false },
		{ "o-s24-neg-no-boundary", GW_EMALFORMED, "without a boundary",
		    false },
		{ "o-s27-neg-cte-unknown", GW_EMALFORMED,
		    "unknown transfer encoding", false },
		{ "o-s28-neg-nesting-40", GW_ELIMIT, "nested too deep", false },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_fault fault = { 0, "" };
		char path[1024];
		snprintf(path, sizeof(path), SIP "/%s.sip", rows[i].file);
		gw_arena_reset(arena);
		assert_int_equal(
		    sip_msg_parse(read_sip(path), &msg, &fault), GW_OK);
		enum gw_err err = mcx_body_read(&msg, arena, &body, &fault);
		if (rows[i].of_key) {
			assert_int_equal(err, GW_OK);
			assert_int_equal(body.n_keys, 1);
			err = body.keys[0].err;
			fault = body.keys[0].fault;
		}
		if (err != rows[i].err ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].file, (int)err,
			    fault.at, fault.why);
	}
}

static void
the_facts_of_a_private_call_are_found(void **state)
{
	struct gw_fault fault;

	(void)state;
	gw_arena_reset(arena);
	assert_int_equal(
	    sip_msg_parse(
		read_sip(SIP "/o-s01-invite-private-session-keymgmt.sip"), &msg,
		&fault),
	    GW_OK);
	assert_int_equal(mcx_body_read(&msg, arena, &body, &fault), GW_OK);
	assert_int_equal(body.n_parts, 4);
	assert_true(body.parts[0].multipart && body.has_sdp);
	assert_int_equal(body.info_part, 2);
	assert_int_equal(body.info.service, MCX_MCPTT);
	assert_true(gw_span_eq(body.info.session_type, GW_SPAN("private")));
	assert_true(gw_span_eq(
	    body.info.calling_user, GW_SPAN("sip:alice@mcptt.alpha.example")));
	assert_true(gw_span_eq(
	    body.list_target, GW_SPAN("sip:bob@mcptt.bravo.example")));
	assert_int_equal(body.list_entries, 1);
	assert_true(
	    gw_span_eq(body.parts[3].disposition, GW_SPAN("recipient-list")));
	assert_string_equal(body.keys[0].where, "sdp-session");
	assert_int_equal(body.keys[0].imsg.purpose, MIKEY_PCK);
	/* What the arena is for: one key message, nothing else. */
	assert_true(gw_arena_used(arena) < 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_message_gives_exactly_its_key_messages_or_a_refusal),
		cmocka_unit_test(each_refusal_has_its_reason),
		cmocka_unit_test(the_facts_of_a_private_call_are_found),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
