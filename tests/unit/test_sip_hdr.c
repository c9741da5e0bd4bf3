/*
 * test_sip_hdr.c: the table of header fields and its hash.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/sip/sip_msg.h"

static const struct {
	const char *name;
	uint8_t id;
	char shrt;
	bool repeats;
} fields[] = {
#define SIP_HDR(id, name, shrt, repeats, border)                               \
	{ name, SIP_HDR_##id, shrt, repeats },
#include "codec/sip/sip_hdr.def"
#undef SIP_HDR
};

static uint32_t
pair(const char *s)
{
	return ((uint32_t)(uint8_t)s[0] | (uint32_t)(uint8_t)s[1] << 8) |
	       0x2020;
}

/* The slot a new name belongs to, computed as in sip_hdr.c. */
static unsigned
slot_of(const char *s)
{
	size_t n = strlen(s);
	uint32_t h = pair(s) * 2443038673u + pair(s + n - 2) * 4110889141u +
		     (uint32_t)n * 863668017u;

	return h >> 23;
}

static void
every_name_is_found_in_any_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		char low[64], high[64];
		size_t n = strlen(fields[i].name);
		assert_in_range(n, 2, sizeof(low) - 1);
		for (size_t k = 0; k <= n; k++) {
			low[k] = (char)tolower(fields[i].name[k]);
			high[k] = (char)toupper(fields[i].name[k]);
		}
		if (sip_hdr_find(gw_span_of(fields[i].name)) != fields[i].id)
			fail_msg("%s is not found: give it slot %u of "
				 "sip_hdr.c, or the next free one",
			    fields[i].name, slot_of(fields[i].name));
		assert_int_equal(sip_hdr_find(gw_span_of(low)), fields[i].id);
		assert_int_equal(sip_hdr_find(gw_span_of(high)), fields[i].id);
		assert_true(
		    gw_span_eq(sip_hdr_name((enum sip_hdr_id)fields[i].id),
			gw_span_of(fields[i].name)));
	}
}

static void
every_compact_form_is_found_and_none_is_given_twice(void **state)
{
	unsigned seen[256] = { 0 };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		uint8_t low = (uint8_t)fields[i].shrt;
		uint8_t high = (uint8_t)toupper(low);
		if (low == 0)
			continue;
		assert_int_equal(seen[low]++, 0);
		assert_int_equal(
		    sip_hdr_find((struct gw_span){ &low, 1 }), fields[i].id);
		assert_int_equal(
		    sip_hdr_find((struct gw_span){ &high, 1 }), fields[i].id);
	}
	for (unsigned c = 0; c < 256; c++) {
		uint8_t octet = (uint8_t)c;
		if (seen[tolower((int)c)] == 0)
			assert_int_equal(
			    sip_hdr_find((struct gw_span){ &octet, 1 }),
			    SIP_HDR_OTHER);
	}
}

static void
what_is_not_in_the_table_is_other(void **state)
{
	static const char *const names[] = { "", "Vi", "Viaa", "X-Via", "Froom",
		"C%6Fntact", "Content_Length", "P-Asserted-Identit",
		"Content-Length\r", "Call-ID ", "\xff\xfe\xfd", "q" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(names); i++)
		assert_int_equal(
		    sip_hdr_find(gw_span_of(names[i])), SIP_HDR_OTHER);
	/* One octet changed is another name. */
	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		char text[64];
		size_t n = strlen(fields[i].name);
		for (size_t k = 0; k < n; k++) {
			memcpy(text, fields[i].name, n + 1);
			text[k] = '~';
			assert_int_equal(
			    sip_hdr_find(gw_span_of(text)), SIP_HDR_OTHER);
		}
	}
}

static void
the_border_classes_are_those_of_the_table(void **state)
{
	static const struct {
		const char *name;
		enum sip_border border;
	} rows[] = {
		{ "Server", SIP_BORDER_DROP },
		{ "User-Agent", SIP_BORDER_DROP },
		{ "P-Charging-Vector", SIP_BORDER_DROP },
		{ "P-Access-Network-Info", SIP_BORDER_DROP },
		{ "History-Info", SIP_BORDER_DROP },
		{ "P-Preferred-Identity", SIP_BORDER_DROP },
		{ "From", SIP_BORDER_URI },
		{ "m", SIP_BORDER_URI },
		{ "Refer-To", SIP_BORDER_URI },
		{ "v", SIP_BORDER_ROUTE },
		{ "Path", SIP_BORDER_ROUTE },
		{ "Service-Route", SIP_BORDER_ROUTE },
		{ "Replaces", SIP_BORDER_CALL_ID },
		{ "Session-ID", SIP_BORDER_PASS },
		{ "Warning", SIP_BORDER_AGENT },
		{ "Content-Type", SIP_BORDER_PASS },
		{ "X-Unheard-Of", SIP_BORDER_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_int_equal(
		    sip_hdr_border(sip_hdr_find(gw_span_of(rows[i].name))),
		    rows[i].border);
}

static void
a_field_that_repeats_may_stand_twice_and_another_may_not(void **state)
{
	static struct sip_msg msg;
	struct gw_fault fault;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		const char *value = "x";
		switch (fields[i].id) {
		/* Those whose values are looked at have tests of their own. */
		case SIP_HDR_VIA:
		case SIP_HDR_FROM:
		case SIP_HDR_TO:
		case SIP_HDR_CALL_ID:
		case SIP_HDR_CSEQ:
		case SIP_HDR_CONTENT_LENGTH:
		case SIP_HDR_MAX_FORWARDS:
		case SIP_HDR_DATE: continue;
		case SIP_HDR_CONTACT: value = "<sip:a@b>"; break;
		}
		int len = snprintf(text, sizeof(text),
		    "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n"
		    "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\n"
		    "CSeq: 1 OPTIONS\r\n%s: %s\r\n%s: %s\r\n\r\n",
		    fields[i].name, value, fields[i].name, value);
		enum gw_err err = sip_msg_parse(
		    (struct gw_span){ (uint8_t *)text, (size_t)len }, &msg,
		    &fault);
		assert_int_equal(
		    err, fields[i].repeats ? GW_OK : GW_EMALFORMED);
		assert_true(msg.answerable);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_in_any_case),
		cmocka_unit_test(
		    every_compact_form_is_found_and_none_is_given_twice),
		cmocka_unit_test(what_is_not_in_the_table_is_other),
		cmocka_unit_test(the_border_classes_are_those_of_the_table),
		cmocka_unit_test(
		    a_field_that_repeats_may_stand_twice_and_another_may_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
