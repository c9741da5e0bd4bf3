/*
 * conf_set.c: the table of settings, and how a value of each unit reads.
 */
#include "conf/conf_set.h"

#include <stdio.h>

#include "conf/conf_addr.h"
#include "mcxgw/lookup.h"

#define ID_MAX	   64
#define PREFIX_MAX 255

#define WANT_WORD(least, most)	   "one of the words of mcxgw.xml(5)"
#define WANT_ID(least, most)	   "an id: letters, digits, '.', '_' or '-'"
#define WANT_HOST(least, most)	   "a host name such as gw.alpha.example"
#define WANT_HOSTPORT(least, most) "a host and port: gw.alpha.example:5061"
#define WANT_URI(least, most)	   "a URI such as sip:anna@mcptt.alpha.example"
#define WANT_KMS(least, most)	   "a KMS URI such as kms.alpha.example"
#define WANT_PREFIX(least, most)   "a path such as /lookup"
#define WANT_ADDRESS(least, most)                                              \
	"an IP address such as 192.0.2.1 or 2001:db8::1; with a port "         \
	"192.0.2.1:5060 or [2001:db8::1]:5060"
#define WANT_RANGE(least, most)	 "a range such as 192.0.2.0/24 or 2001:db8::/48"
#define WANT_PORT(least, most)	 "a port from " #least " to " #most
#define WANT_PORTS(least, most)	 "a port, or a range such as 5080-5089"
#define WANT_FILE(least, most)	 "the name of a file"
#define WANT_FOLDER(least, most) "the name of a folder"
#define WANT_NUMBER(least, most) "a whole number from " #least " to " #most
#define WANT_OCTETS(least, most) "octets, from " #least " to " #most
#define WANT_SECONDS(least, most)                                              \
	"a time from " #least "s to " #most "s, such as 30s, 5min or 1h"
#define WANT_MS(least, most)                                                   \
	"a time from " #least "ms to " #most "ms, such as 500ms or 4s"

/* clang-format off */
const struct conf_setting conf_settings[CONF_SET_N] = {
#define CONF_SET(id, element, attribute, unit, least, most, value, help)       \
	[CONF_SET_##id] = { element, attribute, CONF_UNIT_##unit, least, most, \
		value, WANT_##unit(least, most), help },
#include "conf/conf.def"
#undef CONF_SET
};

const struct conf_code_row conf_codes[CONF_CODE_N] = {
#define CONF_CODE(id, code, want) [CONF_E_##id] = { code, want },
#include "conf/conf_code.def"
#undef CONF_CODE
};
/* clang-format on */

void *
conf_set_alloc(struct conf_reader *r, size_t n, size_t size)
{
	void *p = gw_arena_alloc(r->a, n == 0 ? 1 : n, size);
	if (p == NULL)
		r->no_memory = true;
	return p;
}

char *
conf_set_copy(struct conf_reader *r, struct gw_span s)
{
	char *p = gw_arena_str(r->a, s);
	if (p == NULL)
		r->no_memory = true;
	return p;
}

char *
conf_set_lower(struct conf_reader *r, struct gw_span s)
{
	char *p = conf_set_copy(r, s);

	for (size_t i = 0; p != NULL && i < s.len; i++)
		p[i] = (char)gw_lower((uint8_t)p[i]);
	return p;
}

bool
conf_set_written(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	return n != NULL &&
	       gw_xml_attr(n, conf_settings[id].attribute, r->a) != NULL;
}

struct gw_where
conf_set_where(const struct conf_reader *r, const xmlNode *n)
{
	return (struct gw_where){ r->c->path, gw_xml_where(n).line };
}

size_t
conf_set_count(const xmlNode *parent, const char *name)
{
	size_t n = 0;

	for (const xmlNode *e = gw_xml_child(parent, name); e != NULL;
	     e = gw_xml_next(e, name))
		n++;
	return n;
}

bool
conf_set_few(struct conf_reader *r, const xmlNode *parent, const char *name,
    size_t n, size_t max)
{
	if (n <= max)
		return true;
	struct gw_where at = conf_set_where(r, parent);
	CONF_ERROR(r, &at, TOO_MANY, "%zu %s elements, at most %zu are allowed",
	    n, name, max);
	return false;
}

/* The attribute as it is written; NULL if absent, or empty (reported). */
static const char *
raw_text(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	const struct conf_setting *s = &conf_settings[id];
	struct gw_where at;
	const char *text;

	if (n == NULL || (text = gw_xml_attr(n, s->attribute, r->a)) == NULL)
		return NULL;
	if (text[0] != '\0')
		return text;
	at = conf_set_where(r, n);
	gw_diag_error(r->d, &at, conf_codes[CONF_E_EMPTY].code, s->want,
	    "%s %s=\"\" is empty", s->element, s->attribute);
	return NULL;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool
is_id(const char *s)
{
	size_t n = strlen(s);

	if (n > ID_MAX || !is_alnum(s[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && strchr("._-", s[i]) == NULL)
			return false;
	return true;
}

/* A lower case copy without the root's dot. */
static const char *
lower_host(struct conf_reader *r, const char *text)
{
	size_t len = strlen(text);

	if (len > 1 && text[len - 1] == '.')
		len--;
	return conf_set_lower(
	    r, (struct gw_span){ (const uint8_t *)text, len });
}

static const char *
read_host(
    struct conf_reader *r, const xmlNode *n, enum conf_set id, const char *text)
{
	const struct conf_setting *s = &conf_settings[id];
	struct gw_span host = gw_span_of(text);

	if (conf_addr_is_host(host))
		return lower_host(r, text);
	struct gw_where at = conf_set_where(r, n);
	CONF_ERROR(r, &at, HOST, "%s %s=\"%s\" is not a host name", s->element,
	    s->attribute, text);
	return NULL;
}

static const char *
read_kms(
    struct conf_reader *r, const xmlNode *n, enum conf_set id, const char *text)
{
	const struct conf_setting *s = &conf_settings[id];
	struct gw_span kms = gw_span_of(text);
	bool good = kms.len <= GW_LOOKUP_KMS_MAX;

	for (size_t i = 0; i < kms.len; i++)
		good = good && kms.p[i] > 0x20 && kms.p[i] < 0x7f;
	if (good)
		return conf_set_lower(r, kms);
	struct gw_where at = conf_set_where(r, n);
	CONF_ERROR(r, &at, KMS, "%s %s=\"%s\" is no KMS URI", s->element,
	    s->attribute, text);
	return NULL;
}

/* A segment of a path that neither needs an escape nor leads elsewhere. */
static bool
is_segment(struct gw_span s)
{
	size_t dots = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!is_alnum((char)s.p[i]) &&
		    (s.p[i] == '\0' ||
			strchr("-._~!$&'()*+,;=:@", s.p[i]) == NULL))
			return false;
		dots += s.p[i] == '.';
	}
	return s.len > 0 && (dots < s.len || s.len > 2);
}

/* RFC 3986, 3.3: '/' and segments, of which none is empty. */
static const char *
read_prefix(
    struct conf_reader *r, const xmlNode *n, enum conf_set id, const char *text)
{
	const struct conf_setting *s = &conf_settings[id];
	struct gw_span path = gw_span_of(text);
	bool good = path.p[0] == '/' && path.len <= PREFIX_MAX;

	for (size_t pos = 1; good && pos <= path.len;) {
		size_t end = gw_span_find(path, pos, '/');
		good = is_segment(gw_span_sub(path, pos, end - pos));
		pos = end + 1;
	}
	if (good)
		return text;
	struct gw_where at = conf_set_where(r, n);
	CONF_ERROR(r, &at, PREFIX, "%s %s=\"%s\" is not such a path",
	    s->element, s->attribute, text);
	return NULL;
}

/* File names are relative to the document's folder. */
static const char *
whole_path(struct conf_reader *r, const char *text)
{
	if (text[0] == '/' || r->dir[0] == '\0')
		return text;
	size_t len = strlen(r->dir) + strlen(text) + 1;
	char *out = conf_set_alloc(r, len, 1);
	if (out != NULL)
		snprintf(out, len, "%s%s", r->dir, text);
	return out;
}

const char *
conf_set_text(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	const struct conf_setting *s = &conf_settings[id];
	const char *text = raw_text(r, n, id);

	if (text == NULL)
		return NULL;
	if (s->unit == CONF_UNIT_FILE || s->unit == CONF_UNIT_FOLDER)
		return whole_path(r, text);
	if (s->unit == CONF_UNIT_HOST)
		return read_host(r, n, id, text);
	if (s->unit == CONF_UNIT_KMS)
		return read_kms(r, n, id, text);
	if (s->unit == CONF_UNIT_PREFIX)
		return read_prefix(r, n, id, text);
	if (s->unit == CONF_UNIT_ID && !is_id(text)) {
		struct gw_where at = conf_set_where(r, n);
		CONF_ERROR(r, &at, ID, "%s %s=\"%s\" is not an id", s->element,
		    s->attribute, text);
		return NULL;
	}
	return text;
}

/* How many units of the row the suffix stands for; 0: not a unit of it. */
static uint32_t
unit_factor(enum conf_unit unit, struct gw_span suffix)
{
	static const struct {
		const char *name;
		uint32_t ms;
	} times[] = { { "ms", 1 }, { "s", 1000 }, { "min", 60000 },
		{ "h", 3600000 } };
	uint32_t base = unit == CONF_UNIT_MS ? 1 : 1000;

	if (unit != CONF_UNIT_MS && unit != CONF_UNIT_SECONDS)
		return suffix.len == 0;
	for (size_t i = 0; i < GW_COUNT(times); i++)
		if (gw_span_eq(suffix, gw_span_of(times[i].name)))
			return times[i].ms / base;
	return 0;
}

/* Read digits and unit.  GW_ELIMIT: far too large. */
static enum gw_err
read_number(const struct conf_setting *s, struct gw_span text, uint64_t *out)
{
	size_t digits = 0;
	uint64_t n = 0;

	while (
	    digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	enum gw_err err =
	    gw_span_to_u64(gw_span_sub(text, 0, digits), UINT32_MAX, &n);
	if (err != GW_OK)
		return err;
	uint32_t factor =
	    unit_factor(s->unit, gw_span_sub(text, digits, text.len));
	if (factor == 0)
		return GW_EUNSUPPORTED;
	*out = n * factor;
	return GW_OK;
}

/* A default that is a word reads as 0. */
static uint32_t
default_number(const struct conf_setting *s)
{
	uint64_t n = 0;

	if (s->value == NULL ||
	    read_number(s, gw_span_of(s->value), &n) != GW_OK)
		return 0;
	return (uint32_t)n;
}

static void
report_number(struct conf_reader *r, const xmlNode *n, enum conf_set id,
    const char *text, enum gw_err err)
{
	const struct conf_setting *s = &conf_settings[id];
	struct gw_where at = conf_set_where(r, n);
	enum conf_code code = CONF_E_NUMBER;
	const char *is = "is not a number";

	if (err == GW_EUNSUPPORTED) {
		code = CONF_E_UNIT;
		is = s->unit == CONF_UNIT_MS || s->unit == CONF_UNIT_SECONDS ?
			 "has no unit of time that fits" :
			 "has something behind the number";
	} else if (err == GW_ELIMIT) {
		code = s->unit == CONF_UNIT_PORT ? CONF_E_PORT : CONF_E_RANGE;
		is = "is out of range";
	}
	gw_diag_error(r->d, &at, conf_codes[code].code, s->want,
	    "%s %s=\"%s\" %s", s->element, s->attribute, text, is);
}

uint32_t
conf_set_num(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	const struct conf_setting *s = &conf_settings[id];
	const char *text = raw_text(r, n, id);
	uint64_t value = 0;

	if (text == NULL)
		return default_number(s);
	if (s->value != NULL && strcmp(text, s->value) == 0)
		return default_number(s);
	enum gw_err err = read_number(s, gw_span_of(text), &value);
	if (err == GW_OK && (value < s->least || value > s->most))
		err = GW_ELIMIT;
	if (err == GW_OK)
		return (uint32_t)value;
	report_number(r, n, id, text, err);
	return default_number(s);
}

bool
conf_set_is(
    struct conf_reader *r, const xmlNode *n, enum conf_set id, const char *word)
{
	const char *text = conf_set_text(r, n, id);

	if (text == NULL)
		text = conf_settings[id].value;
	return text != NULL && strcmp(text, word) == 0;
}

enum conf_transport
conf_set_transport(struct conf_reader *r, const xmlNode *n, enum conf_set id)
{
	const char *text = conf_set_text(r, n, id);

	for (int t = 0; text != NULL && t < CONF_TRANSPORT_N; t++)
		if (strcmp(text, conf_transport_name((enum conf_transport)t)) ==
		    0)
			return (enum conf_transport)t;
	return CONF_TRANSPORT_N;
}
