/*
 * tanswer.c: answers of lookup services as text, for tests.
 */
#include "support/tanswer.h"

#include <stdio.h>
#include <stdlib.h>

#include "mcxgw/buf.h"

static struct gw_span
next_name(struct gw_span s, size_t *at)
{
	static const char marks[] = " :;";
	size_t from = *at;

	while (*at < s.len && strchr(marks, s.p[*at]) == NULL)
		++*at;
	return gw_span_sub(s, from, *at - from);
}

static void
skip_spaces(struct gw_span s, size_t *at)
{
	while (*at < s.len && s.p[*at] == ' ')
		++*at;
}

static void
read_external(struct gw_arena *a, struct gw_span s, size_t *at,
    struct gw_lookup_domain *out)
{
	struct gw_span *names =
	    gw_arena_alloc(a, GW_LOOKUP_EXTERNAL_MAX, sizeof(*names));

	if (names == NULL)
		abort();
	out->lists_external = true;
	out->external = names;
	for (++*at;;) {
		skip_spaces(s, at);
		struct gw_span name = next_name(s, at);
		if (name.len == 0)
			return;
		if (out->n_external == GW_LOOKUP_EXTERNAL_MAX)
			abort();
		names[out->n_external++] = name;
	}
}

struct gw_lookup_answer
tanswer_read(struct gw_arena *a, const char *text)
{
	struct gw_lookup_answer out = { .n_domains = 0, .ttl_ms = 60000 };
	struct gw_span s = gw_span_of(text);

	for (size_t at = 0;; at++) {
		struct gw_lookup_domain d = { .n_external = 0 };
		skip_spaces(s, &at);
		d.kms = next_name(s, &at);
		if (d.kms.len == 0)
			return out;
		if (at < s.len && s.p[at] == ':')
			read_external(a, s, &at, &d);
		if (out.n_domains == GW_LOOKUP_DOMAINS_MAX)
			abort();
		out.domains[out.n_domains++] = d;
	}
}

const char *
tanswer_text(const struct gw_lookup_answer *in, char *out, size_t size)
{
	struct gw_buf b;

	gw_buf_init(&b, size);
	for (size_t i = 0; i < in->n_domains; i++) {
		const struct gw_lookup_domain *d = &in->domains[i];
		gw_buf_fmt(&b, "%s%.*s%s", i > 0 ? "; " : "", GW_FMT(d->kms),
		    d->lists_external ? ":" : "");
		for (size_t k = 0; k < d->n_external; k++)
			gw_buf_fmt(&b, " %.*s", GW_FMT(d->external[k]));
	}
	if (!gw_buf_ok(&b))
		abort();
	snprintf(out, size, "%.*s", (int)b.len, (const char *)b.p);
	gw_buf_clear(&b);
	return out;
}
