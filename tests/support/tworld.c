/*
 * tworld.c: agreements and local policies by chance.
 */
#include "support/tworld.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_LEN 8192

const char *const tworld_names[TWORLD_NAMES] = { "kms.a0", "kms.a1", "kms.a2",
	"kms.b0", "kms.b1", "kms.b2", "kms.c0", "kms.x", "" };

struct text {
	char s[TEXT_LEN];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->len += (size_t)vsnprintf(
	    t->s + t->len, sizeof(t->s) - t->len, format, args);
	va_end(args);
	if (t->len >= sizeof(t->s))
		abort();
}

/* One world after the other, always the same ones. */
unsigned
tworld_draw(uint32_t *seed, unsigned n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 16) % n;
}

/* Some of the three names from first on, at least one, in some order. */
static void
put_list(struct text *t, uint32_t *seed, const char *attr, size_t first)
{
	unsigned n = 1 + tworld_draw(seed, 3), at = tworld_draw(seed, 3);
	unsigned step = 1 + tworld_draw(seed, 2);

	put(t, " %s='", attr);
	for (unsigned i = 0; i < n; i++, at = (at + step) % 3)
		put(t, "%s%s", i == 0 ? "" : " ", tworld_names[first + at]);
	put(t, "'");
}

static void
put_permit(struct text *t, uint32_t *seed, const char *id, bool back,
    const char *attrs)
{
	put(t, "<permit id='%s' from='%s' to='%s'%s>", id,
	    back ? "bravo" : "alpha", back ? "alpha" : "bravo", attrs);
	put(t, "<communication service='mcptt' kind='private'/>"
	       "<initiator><any/></initiator><target><any/></target>");
	for (unsigned n = 1 + tworld_draw(seed, 3); n > 0; n--) {
		if (tworld_draw(seed, 12) == 0) {
			put(t, "<domains><any/></domains>");
			continue;
		}
		put(t, "<domains");
		put_list(t, seed, "initiator", back ? 3 : 0);
		put_list(t, seed, "receiver", back ? 0 : 3);
		put(t, "/>");
	}
	put(t, "<key-message presence='required' signature='off'/></permit>");
}

static const char *
lookup_attrs(uint32_t *seed)
{
	static const char *const attrs[] = { "", " lookup='always'",
		" lookup='when-unknown'",
		" lookup='always' lookup-failure='agreement'" };

	return attrs[tworld_draw(seed, 4)];
}

static void
put_lookups(struct text *t, uint32_t *seed)
{
	static const char *const ends[] = { " from='alpha' to='bravo'",
		" from='bravo' to='alpha'" };

	for (size_t i = 0; i < 2; i++) {
		if (tworld_draw(seed, 6) != 0)
			put(t, "<lookup%s disclose='%s'/>", ends[i],
			    tworld_draw(seed, 6) == 0 ? "none" : "permitted");
		put(t, "<kms%s cert='%s'/>", ends[i],
		    tworld_draw(seed, 2) == 0 ? "no" : "yes");
	}
}

static void
make_agreement(struct text *t, uint32_t *seed, bool lookups)
{
	static const char *const parties[] = { "alpha", "bravo" };

	t->len = 0;
	put(t, "<agreement id='ab' serial='1'"
	       " valid-from='2025-01-01T00:00:00Z'");
	put(t, " valid-until='%s-01-01T00:00:00Z'%s>",
	    tworld_draw(seed, 16) == 0 ? "2026" : "2028",
	    tworld_draw(seed, 16) == 0 ? " suspended='yes'" : "");
	for (size_t i = 0; i < 2; i++) {
		put(t, "<party system='%s'><domain name='mcptt.%s.example'/>",
		    parties[i], parties[i]);
		for (size_t k = 0; k < 3; k++)
			put(t, "<security-domain kms='%s'/>",
			    tworld_names[3 * i + k]);
		put(t, "</party>");
	}
	put_permit(t, seed, "calls", false, lookups ? lookup_attrs(seed) : "");
	put_permit(t, seed, "back", true, lookups ? lookup_attrs(seed) : "");
	if (lookups)
		put_lookups(t, seed);
	put(t, "</agreement>");
}

/* Revocations and refusals; narrow: refusals that name users or kinds too. */
static void
make_local(struct text *t, uint32_t *seed, bool narrow)
{
	static const char *const more[] = { "", " from='alpha'", " to='alpha'",
		" from='bravo'", " service='mcptt'", " to='charlie'",
		" kind='private'", " kind='group'" };
	static const char *const users[] = {
		" initiator='sip:anna@mcptt.alpha.example'",
		" initiator='sip:x*@mcptt.alpha.example'",
		" target='sip:*@mcptt.bravo.example'",
		" target='sip:carl@mcptt.bravo.example'",
		" kind='private message'", " kind='other'",
		" urgency='emergency'"
	};
	t->len = 0;
	put(t, "<policy>");
	for (size_t i = 0; i < TWORLD_OF_PARTIES; i++)
		if (tworld_draw(seed, 8) == 0)
			put(t, "<revoked kms='%s'/>", tworld_names[i]);
	for (unsigned n = tworld_draw(seed, 3); n > 0; n--) {
		const char *kms =
		    tworld_names[tworld_draw(seed, TWORLD_OF_PARTIES)];
		put(t, "<refuse id='r%u' kms='%s'%s/>", n, kms,
		    narrow && tworld_draw(seed, 2) == 0 ?
			users[tworld_draw(seed, GW_COUNT(users))] :
			more[tworld_draw(seed, GW_COUNT(more))]);
	}
	put(t, "</policy>");
}

struct policy *
tworld_make(uint32_t seed, unsigned flags)
{
	static struct text agreement, local;

	make_agreement(&agreement, &seed, (flags & TWORLD_LOOKUPS) != 0);
	make_local(&local, &seed, (flags & TWORLD_NARROW) != 0);
	return tpolicy_need(local.s, agreement.s);
}

const struct tworld_way tworld_ways[TWORLD_WAYS] = {
	{ "ab/calls", 0, false, false },
	{ "ab/calls", 0, true, true },
	{ "ab/back", 1, true, false },
	{ "ab/back", 1, false, true },
};

struct gw_facts
tworld_facts(
    const struct tworld_way *way, const char *initiator, const char *receiver)
{
	struct gw_facts f = tpolicy_call();
	struct gw_span anna = f.initiator;

	if (way->back) {
		f.from = TPOLICY_BRAVO;
		f.initiator = f.info_request_uri;
		f.request_uri = f.info_request_uri = anna;
	}
	f.to = way->back ? TPOLICY_ALPHA : TPOLICY_BRAVO;
	f.in_dialog = f.answering = way->answering;
	f.keys[0].initiator = f.initiator;
	f.keys[0].receiver = f.info_request_uri;
	f.keys[0].initiator_kms = gw_span_of(initiator);
	f.keys[0].receiver_kms = gw_span_of(receiver);
	return f;
}

bool
tworld_permits(const struct policy *p, const struct tworld_way *way,
    struct gw_span initiator, struct gw_span receiver)
{
	return policy_permits_pair(
	    p, way->index, way->answering, initiator, receiver, TPOLICY_NOW);
}
