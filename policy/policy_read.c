/*
 * policy_read.c: attributes and lists of words.
 */
#include "policy/policy_read.h"

#include "policy/policy_code.h"

#define ID_MAX 64

void *
policy_read_alloc(struct policy_reader *r, size_t n, size_t size)
{
	void *p = gw_arena_alloc(r->a, n == 0 ? 1 : n, size);

	if (p == NULL)
		r->no_memory = true;
	return p;
}

struct gw_where
policy_read_where(const struct policy_reader *r, const xmlNode *node)
{
	return (struct gw_where){ r->file, gw_xml_where(node).line };
}

size_t
policy_read_count(
    struct policy_reader *r, const xmlNode *node, const char *name, size_t max)
{
	size_t n = 0;

	for (const xmlNode *c = gw_xml_child(node, name); c != NULL;
	     c = gw_xml_next(c, name))
		if (n++ == max) {
			struct gw_where at = policy_read_where(r, c);
			POLICY_ERROR(r->d, &at, TOO_MANY,
			    "more than %zu <%s> in one <%s>", max, name,
			    gw_xml_name(node));
			return max;
		}
	return n;
}

const char *
policy_read_attr(struct policy_reader *r, const xmlNode *node, const char *name)
{
	return gw_xml_attr(node, name, r->a);
}

const char *
policy_read_need(struct policy_reader *r, const xmlNode *node, const char *name)
{
	const char *text = gw_xml_attr(node, name, r->a);

	if (text == NULL) {
		struct gw_where at = policy_read_where(r, node);
		POLICY_ERROR(r->d, &at, MISSING,
		    "<%s> without %s=", gw_xml_name(node), name);
	}
	return text;
}

static bool
is_id(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!alnum && (i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return s.len > 0 && s.len <= ID_MAX;
}

const char *
policy_read_id(struct policy_reader *r, const xmlNode *node, const char *name)
{
	const char *text = policy_read_need(r, node, name);

	if (text == NULL || is_id(gw_span_of(text)))
		return text;
	struct gw_where at = policy_read_where(r, node);
	POLICY_ERROR(r->d, &at, ID, "%s=\"%s\" is no id", name, text);
	return NULL;
}

/* All words in one line, for a report. */
static void
list_words(const char *const *words, size_t n, char *out, size_t size)
{
	struct gw_span rest;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		rest = gw_span_of(words[i]);
		if (len + rest.len + 3 > size)
			break;
		if (len > 0) {
			memcpy(out + len, ", ", 2);
			len += 2;
		}
		memcpy(out + len, rest.p, rest.len);
		len += rest.len;
	}
	out[len] = '\0';
}

unsigned
policy_read_word(struct policy_reader *r, const xmlNode *node, const char *name,
    const char *const *words, size_t n, unsigned fallback)
{
	const char *text = gw_xml_attr(node, name, r->a);
	char all[256];

	if (text == NULL)
		return fallback;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	struct gw_where at = policy_read_where(r, node);
	list_words(words, n, all, sizeof(all));
	POLICY_ERROR(
	    r->d, &at, WORD, "%s=\"%s\" is none of: %s", name, text, all);
	return fallback;
}

bool
policy_read_yes(struct policy_reader *r, const xmlNode *node, const char *name,
    bool fallback)
{
	static const char *const words[] = { "no", "yes" };

	return policy_read_word(r, node, name, words, 2, fallback ? 1 : 0) == 1;
}

int64_t
policy_read_number(struct policy_reader *r, const xmlNode *node,
    const char *name, int64_t max, int64_t fallback)
{
	const char *text = gw_xml_attr(node, name, r->a);
	uint64_t n;

	if (text == NULL)
		return fallback;
	if (gw_span_to_u64(gw_span_of(text), (uint64_t)max, &n) == GW_OK)
		return (int64_t)n;
	struct gw_where at = policy_read_where(r, node);
	POLICY_ERROR(r->d, &at, NUMBER, "%s=\"%s\" is no number from 0 to %lld",
	    name, text, (long long)max);
	return fallback;
}

int64_t
policy_read_duration(struct policy_reader *r, const xmlNode *node,
    const char *name, int64_t max_us, int64_t fallback)
{
	static const struct {
		struct gw_span unit;
		int64_t us;
	} units[] = {
		{ GW_LIT("s"), 1000000 },
		{ GW_LIT("min"), INT64_C(60) * 1000000 },
		{ GW_LIT("h"), INT64_C(3600) * 1000000 },
		{ GW_LIT("d"), INT64_C(86400) * 1000000 },
	};
	const char *text = gw_xml_attr(node, name, r->a);
	struct gw_span s = gw_span_of(text);
	size_t digits = 0;
	uint64_t n;

	if (text == NULL)
		return fallback;
	while (digits < s.len && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	struct gw_span unit = gw_span_sub(s, digits, s.len);
	for (size_t i = 0; i < GW_COUNT(units); i++)
		if (gw_span_eq(unit, units[i].unit) &&
		    gw_span_to_u64(gw_span_sub(s, 0, digits),
			(uint64_t)(max_us / units[i].us), &n) == GW_OK &&
		    (int64_t)n * units[i].us >= 1000000)
			return (int64_t)n * units[i].us;
	struct gw_where at = policy_read_where(r, node);
	POLICY_ERROR(r->d, &at, DURATION,
	    "%s=\"%s\" is no duration from 1 s to %lld s", name, text,
	    (long long)(max_us / 1000000));
	return fallback;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct gw_span
policy_read_next(struct gw_span list, size_t *at)
{
	while (*at < list.len && is_space(list.p[*at]))
		++*at;
	size_t from = *at;
	while (*at < list.len && !is_space(list.p[*at]))
		++*at;
	return gw_span_sub(list, from, *at - from);
}

const char *
policy_read_service(unsigned n)
{
	return gw_service_name((enum gw_service)n);
}

const char *
policy_read_kind(unsigned n)
{
	return gw_kind_name((enum gw_kind)n);
}

const char *
policy_read_urgency(unsigned n)
{
	return gw_urgency_name((enum gw_urgency)n);
}

uint32_t
policy_read_mask(struct policy_reader *r, const xmlNode *node, const char *name,
    const char *(*name_of)(unsigned), unsigned first, unsigned n)
{
	const char *text = gw_xml_attr(node, name, r->a);
	struct gw_where where = policy_read_where(r, node);
	struct gw_span list = gw_span_of(text);
	uint32_t mask = 0;
	size_t at = 0;

	if (text != NULL && text[0] == '\0')
		POLICY_ERROR(r->d, &where, MISSING, "%s= lists nothing", name);
	for (;;) {
		struct gw_span word = policy_read_next(list, &at);
		unsigned i = first;
		if (word.len == 0)
			return mask;
		while (i < n && !gw_span_eq(word, gw_span_of(name_of(i))))
			i++;
		if (i < n) {
			mask |= POLICY_BIT(i);
			continue;
		}
		POLICY_ERROR(r->d, &where, WORD, "%s=\"%.*s\" is unknown", name,
		    GW_FMT(word));
	}
}

bool
policy_read_pattern(struct policy_reader *r, const struct gw_where *at,
    const char *text, struct policy_pattern *out)
{
	const char *why;
	enum gw_err err = policy_pattern_parse(r->a, text, out, &why);

	if (err == GW_OK)
		return true;
	if (err == GW_ENOMEM) {
		r->no_memory = true;
		return false;
	}
	POLICY_ERROR(r->d, at, PATTERN, "\"%s\" %s", text, why);
	return false;
}

const char *
policy_read_kms(
    struct policy_reader *r, const struct gw_where *at, struct gw_span text)
{
	bool good = text.len > 0 && text.len <= POLICY_KMS_LEN_MAX;

	for (size_t i = 0; i < text.len; i++)
		good = good && text.p[i] > 0x20 && text.p[i] < 0x7f;
	if (!good) {
		POLICY_ERROR(r->d, at, KMS, "\"%.*s\" is no KMS URI",
		    (int)(text.len > 300 ? 300 : text.len),
		    (const char *)text.p);
		return NULL;
	}
	char *s = gw_arena_str(r->a, text);
	if (s == NULL) {
		r->no_memory = true;
		return NULL;
	}
	for (char *c = s; *c != '\0'; c++)
		*c = (char)gw_lower((uint8_t)*c);
	return s;
}

bool
policy_read_any(const xmlNode *node)
{
	return gw_xml_child(node, "any") != NULL;
}
