/*
 * sip_msg.c: start line, rows of the header section, and the checks that
 * every message has to pass.
 *
 * The first mistake decides what the caller is told.  Reading goes on behind
 * it, because a 400 is written from the rows that could be read.
 */
#include "codec/sip/sip_msg.h"

#include "codec/sip/sip_addr.h"
#include "codec/sip/sip_char.h"

#define CSEQ_MAX	 INT32_MAX /* below 2^31 (RFC 3261, 8.1.1.5) */
#define MAX_FORWARDS_MAX 255
#define DATE_LEN	 29 /* "Sat, 13 Nov 2010 23:29:00 GMT" */

struct scan {
	struct sip_msg *m;
	struct gw_span in;
	size_t pos;
	bool cut; /* the message goes on beyond what we look at */
	enum gw_err err; /* of the first mistake */
	struct gw_fault fault;
	uint8_t last[SIP_HDR_N]; /* row; valid where m->first[] is not 0 */
};

static const bool repeats[SIP_HDR_N] = {
	[SIP_HDR_OTHER] = true,
#define SIP_HDR(id, name, shrt, repeats, border) [SIP_HDR_##id] = repeats,
#include "codec/sip/sip_hdr.def"
#undef SIP_HDR
};

static const struct gw_span methods[SIP_METHOD_N] = {
	[SIP_METHOD_OTHER] = GW_LIT("OTHER"),
#define SIP_METHOD(id, name) [SIP_METHOD_##id] = GW_LIT(name),
#include "codec/sip/sip_method.def"
#undef SIP_METHOD
};

/* What is told of a field that must be there (RFC 3261, 8.1.1). */
static const struct {
	uint8_t id;
	const char *why;
} mandatory[] = {
	{ SIP_HDR_VIA, "Via is missing or empty" },
	{ SIP_HDR_FROM, "From is missing or empty" },
	{ SIP_HDR_TO, "To is missing or empty" },
	{ SIP_HDR_CALL_ID, "Call-ID is missing or empty" },
	{ SIP_HDR_CSEQ, "CSeq is missing or empty" },
};

static void
note_at(struct scan *s, enum gw_err err, size_t at, const char *why)
{
	if (s->err != GW_OK)
		return;
	s->err = err;
	s->fault = (struct gw_fault){ at, why };
}

/* A mistake at octet off of part, a span of the message. */
static void
note(struct scan *s, struct gw_span part, size_t off, const char *why)
{
	note_at(s, GW_EMALFORMED, (size_t)(part.p - s->in.p) + off, why);
}

/* The head runs to the end of what we look at. */
static void
note_no_end(struct scan *s)
{
	note_at(s, s->cut ? GW_ELIMIT : GW_EMALFORMED, s->in.len - 1,
	    s->cut ? "header section too long" :
		     "no empty line ends the header section");
}

static bool
is_crlf(struct gw_span in, size_t pos)
{
	return in.len - pos >= 2 && memcmp(in.p + pos, "\r\n", 2) == 0;
}

/* Offset of the first octet from pos on that is neither SP nor HTAB. */
static size_t
skip_blanks(struct gw_span in, size_t pos)
{
	while (pos < in.len && (in.p[pos] == ' ' || in.p[pos] == '\t'))
		pos++;
	return pos;
}

/* Offset of the first control in line that is not the second octet of a
 * quoted pair in a quoted string (RFC 3261, 25.1), or line.len. */
static size_t
find_unquoted_ctl(struct gw_span line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.p[i];
		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\')
			i++;
		else if (sip_char_is(c, SIP_CHAR_CTL) && c != '\r' && c != '\n')
			return i;
	}
	return line.len;
}

/*
 * Find the CRLF that ends the field which begins at s->pos, folds included;
 * the offset behind it.  *clean tells whether all is allowed in between.
 */
static size_t
field_end(struct scan *s, bool *clean)
{
	struct gw_span in = s->in;
	size_t pos = s->pos;
	bool pairs = false;

	for (*clean = true;; pos++) {
		pos = sip_char_find_ctl(in, pos);
		if (pos == in.len ||
		    (s->cut && pos == in.len - 1 && in.p[pos] == '\r')) {
			note_no_end(s);
			*clean = false;
			pos = in.len;
			break;
		}
		if (is_crlf(in, pos)) {
			size_t next = skip_blanks(in, pos + 2);
			if (next == pos + 2) {
				pos = next;
				break;
			}
			if (next == in.len || in.p[next] == '\r') {
				note_at(s, GW_EMALFORMED, pos + 2,
				    "fold with nothing in it");
				*clean = false;
			}
			pos = next - 1;
		} else if (in.p[pos - 1] == '\\' && in.p[pos] != '\r' &&
			   in.p[pos] != '\n') {
			pairs = true;
		} else {
			note_at(s, GW_EMALFORMED, pos,
			    "control character in the header section");
			*clean = false;
		}
	}
	if (!pairs || !*clean)
		return pos;
	struct gw_span line = gw_span_sub(in, s->pos, pos - s->pos);
	size_t bad = find_unquoted_ctl(line);
	if (bad < line.len) {
		note(s, line, bad, "control character in the header section");
		*clean = false;
	}
	return pos;
}

/* The name of a line, of which *at becomes the offset of what ends it: the
 * colon, or blanks before it.  What we know by name is a token. */
static const char *
read_name(struct sip_hdr *h, size_t *at)
{
	size_t len = gw_span_find(h->line, 0, ':');

	h->name = gw_span_sub(h->line, 0, len);
	h->id = (uint8_t)sip_hdr_find(h->name);
	*at = len;
	if (h->id != SIP_HDR_OTHER)
		return NULL;
	len = sip_char_skip(h->line, 0, SIP_CHAR_TOKEN);
	if (len == 0)
		return "header field without a name";
	if (len < h->name.len) {
		h->name = gw_span_sub(h->line, 0, len);
		h->id = (uint8_t)sip_hdr_find(h->name);
		*at = skip_blanks(h->line, len);
	}
	return h->line.p[*at] == ':' ? NULL : "header field without a colon";
}

/* Cut a line into name and value. */
static const char *
split(struct sip_hdr *h)
{
	const uint8_t *p = h->line.p;
	size_t end = h->line.len - 2; /* without the CRLF */
	size_t at;
	const char *why = read_name(h, &at);

	if (why != NULL)
		return why;
	at = sip_char_blanks(h->line, at + 1);
	while (end > at && sip_char_is(p[end - 1], SIP_CHAR_BLANK))
		end--;
	h->value = (struct gw_span){ p + (at < end ? at : end),
		at < end ? end - at : 0 };
	return NULL;
}

/* Take the row at hdrs[n_hdrs] into the list of its id. */
static void
link_row(struct scan *s)
{
	struct sip_msg *m = s->m;
	struct sip_hdr *h = &m->hdrs[m->n_hdrs];
	uint8_t row = ++m->n_hdrs; /* from 1 */

	h->next = 0;
	if (m->first[h->id] == 0) {
		m->first[h->id] = row;
	} else {
		m->hdrs[s->last[h->id] - 1].next = row;
		if (!repeats[h->id])
			note(
			    s, h->line, 0, "header field may appear only once");
	}
	s->last[h->id] = row;
}

/* All rows, and the empty line behind them. */
static void
read_rows(struct scan *s)
{
	struct sip_msg *m = s->m;
	bool clean;

	while (s->pos < s->in.len) {
		if (is_crlf(s->in, s->pos)) {
			s->pos += 2;
			return;
		}
		if (m->n_hdrs == SIP_HDRS_MAX) {
			note_at(s, GW_ELIMIT, s->pos, "too many header fields");
			return;
		}
		struct sip_hdr *h = &m->hdrs[m->n_hdrs];
		size_t end = field_end(s, &clean);
		h->line = gw_span_sub(s->in, s->pos, end - s->pos);
		s->pos = end;
		if (!clean)
			continue;
		const char *why = split(h);
		if (why != NULL) {
			note(s, h->line, 0, why);
			continue;
		}
		link_row(s);
	}
	note_no_end(s);
}

/* GW_OK for 2.0, GW_EUNSUPPORTED for others. */
static enum gw_err
version_of(struct gw_span v)
{
	size_t dot = gw_span_find(v, 0, '.');
	uint64_t n;

	if (gw_span_ieq(v, GW_SPAN("SIP/2.0")))
		return GW_OK;
	if (!gw_span_istarts(v, GW_SPAN("SIP/")) || dot < 4 ||
	    gw_span_to_u64(gw_span_sub(v, 4, dot - 4), 999, &n) != GW_OK ||
	    gw_span_to_u64(gw_span_sub(v, dot + 1, v.len), 999, &n) != GW_OK)
		return GW_EMALFORMED;
	return GW_EUNSUPPORTED;
}

static void
check_version(struct scan *s, struct gw_span version)
{
	enum gw_err err = version_of(version);

	if (err != GW_OK)
		note_at(s, err, (size_t)(version.p - s->in.p),
		    err == GW_EUNSUPPORTED ? "SIP version is not 2.0" :
					     "not a SIP version");
}

static enum sip_method
find_method(struct gw_span name)
{
	for (int m = SIP_METHOD_OTHER + 1; m < SIP_METHOD_N; m++)
		if (gw_span_eq(name, methods[m]))
			return (enum sip_method)m;
	return SIP_METHOD_OTHER;
}

/* method SP Request-URI SP version (RFC 3261, 7.1): single blanks. */
static void
read_request_line(struct scan *s, struct gw_span line)
{
	struct sip_msg *m = s->m;
	size_t len = sip_char_skip(line, 0, SIP_CHAR_TOKEN), end;
	struct gw_fault fault = { 0, NULL };
	struct sip_uri uri;

	if (len == 0 || len == line.len || line.p[len] != ' ') {
		note(s, line, len == line.len ? 0 : len, "not a method");
		return;
	}
	m->method_name = gw_span_sub(line, 0, len);
	m->method = find_method(m->method_name);
	end = gw_span_find(line, len + 1, ' ');
	if (end == line.len) {
		note(s, line, len, "request line without a version");
		return;
	}
	m->uri = gw_span_sub(line, len + 1, end - len - 1);
	check_version(s, gw_span_sub(line, end + 1, line.len));
	if (sip_uri_parse(m->uri, &uri, &fault) != GW_OK)
		note(s, m->uri, fault.at, fault.why);
	else if (uri.headers.len > 0)
		note(s, uri.headers, 0, "headers in a Request-URI");
}

/* version SP status SP [reason] (RFC 3261, 7.2). */
static void
read_status_line(struct scan *s, struct gw_span line)
{
	struct sip_msg *m = s->m;
	size_t blank = gw_span_find(line, 0, ' ');
	struct gw_span code = gw_span_sub(line, blank + 1, 3);
	uint64_t status;

	check_version(s, gw_span_sub(line, 0, blank));
	if (code.len != 3 || gw_span_to_u64(code, 699, &status) != GW_OK ||
	    status < 100) {
		note(s, line, blank < line.len ? blank + 1 : 0,
		    "not a status code");
		return;
	}
	m->status = (unsigned)status;
	if (blank + 4 >= line.len || line.p[blank + 4] != ' ') {
		note(s, code, 2, "no blank behind the status code");
		return;
	}
	m->reason = gw_span_sub(line, blank + 5, line.len);
}

/* The first line; afterwards s->pos stands at the first row. */
static void
read_start_line(struct scan *s)
{
	size_t end = sip_char_find_ctl(s->in, 0);
	bool ok = is_crlf(s->in, end);

	if (end == s->in.len && s->cut) {
		note_no_end(s);
	} else if (!ok) {
		note_at(s, GW_EMALFORMED, end < s->in.len ? end : 0,
		    "start line without CRLF at its end");
		while (end < s->in.len && !is_crlf(s->in, end))
			end++;
	}
	struct gw_span line = gw_span_sub(s->in, 0, end);
	s->pos = end < s->in.len ? end + 2 : end;
	s->m->start = gw_span_sub(s->in, 0, s->pos);
	s->m->is_request = !gw_span_istarts(line, GW_SPAN("SIP/"));
	if (!ok)
		return;
	if (s->m->is_request)
		read_request_line(s, line);
	else
		read_status_line(s, line);
}

/* digits LWS method */
static void
check_cseq(struct scan *s, struct gw_span v)
{
	struct sip_msg *m = s->m;
	size_t len = 0, at;
	uint64_t n;

	while (len < v.len && v.p[len] >= '0' && v.p[len] <= '9')
		len++;
	at = sip_char_blanks(v, len);
	if (gw_span_to_u64(gw_span_sub(v, 0, len), CSEQ_MAX, &n) != GW_OK) {
		note(s, v, 0, "CSeq number is not below 2^31");
		return;
	}
	m->cseq = (uint32_t)n;
	struct gw_span name = gw_span_sub(v, at, v.len);
	if (at == len || name.len == 0 ||
	    sip_char_skip(name, 0, SIP_CHAR_TOKEN) < name.len) {
		note(s, v, len < v.len ? len : 0, "CSeq without a method");
	} else if (!m->is_request) {
		m->method_name = name;
		m->method = find_method(name);
	} else if (!gw_span_eq(name, m->method_name)) {
		note(s, name, 0, "CSeq names another method");
	}
}

/* The tag if well-formed params consist of nothing else, as they mostly do;
 * else empty. */
static struct gw_span
only_tag(struct gw_span params)
{
	static const char usual[] = ";tag=";
	const size_t len = sizeof(usual) - 1;

	if (params.len > len && memcmp(params.p, usual, len) == 0 &&
	    sip_char_is(params.p[len], SIP_CHAR_PVALUE) &&
	    gw_span_find(params, len, ';') == params.len)
		return gw_span_sub(params, len, params.len);
	return (struct gw_span){ NULL, 0 };
}

/* From or To: one address, with one tag at most. */
static void
check_party(
    struct scan *s, struct gw_span v, struct sip_addr *a, struct gw_span *tag)
{
	struct gw_fault fault = { 0, "address is empty" };
	struct gw_span name, value;
	unsigned tags = 0;
	size_t pos = 0;

	if (sip_addr_next(v, &pos, a, &fault) != GW_OK) {
		note(s, v, fault.at, fault.why);
		return;
	}
	if (pos < v.len || a->is_star) {
		note(s, v, pos < v.len ? pos : 0, "not exactly one address");
		return;
	}
	*tag = only_tag(a->params);
	if (tag->len > 0)
		return;
	for (pos = 0; sip_param_next(a->params, &pos, &name, &value);)
		if (gw_span_ieq(name, GW_SPAN("tag"))) {
			*tag = value;
			if (++tags > 1 || value.len == 0)
				note(s, name, 0, "tag empty or twice");
		}
}

static void
check_top_via(struct scan *s, struct gw_span v)
{
	struct gw_fault fault = { 0, "Via is empty" };
	size_t pos = 0;

	if (sip_via_next(v, &pos, &s->m->via, &fault) != GW_OK)
		note(s, v, fault.at, fault.why);
}

static void
check_contacts(struct scan *s)
{
	struct gw_fault fault = { 0, NULL };
	const struct sip_hdr *h = sip_msg_hdr(s->m, SIP_HDR_CONTACT);
	struct sip_addr a;
	enum gw_err err;

	for (; h != NULL; h = sip_msg_next(s->m, h)) {
		size_t pos = 0;
		do {
			err = sip_addr_next(h->value, &pos, &a, &fault);
		} while (err == GW_OK);
		if (err != GW_ENOTFOUND)
			note(s, h->value, fault.at, fault.why);
	}
}

static void
check_call_id(struct scan *s, struct gw_span v)
{
	/* What URIs mostly consist of is allowed. */
	for (size_t i = sip_char_run(v, 0, SIP_CHAR_URI); i < v.len; i++)
		if (v.p[i] <= ' ' || v.p[i] >= 0x7f) {
			note(s, v, i, "not allowed in a Call-ID");
			return;
		}
}

static void
check_max_forwards(struct scan *s)
{
	const struct sip_hdr *h = sip_msg_hdr(s->m, SIP_HDR_MAX_FORWARDS);
	uint64_t n;

	if (h == NULL)
		return;
	if (gw_span_to_u64(h->value, MAX_FORWARDS_MAX, &n) != GW_OK)
		note(s, h->line, 0, "Max-Forwards is not 0 to 255");
	else
		s->m->max_forwards = (uint32_t)n;
}

/* Always in GMT (RFC 3261, 20.17). */
static void
check_date(struct scan *s)
{
	const struct sip_hdr *h = sip_msg_hdr(s->m, SIP_HDR_DATE);

	if (h != NULL && (h->value.len != DATE_LEN ||
			     !gw_span_eq(gw_span_sub(h->value, DATE_LEN - 4, 4),
				 GW_SPAN(" GMT"))))
		note(s, h->line, 0, "Date is not in GMT");
}

/* What follows the head, as far as Content-Length says. */
static void
read_body(struct scan *s, struct gw_span whole)
{
	struct sip_msg *m = s->m;
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_CONTENT_LENGTH);
	size_t rest = whole.len - s->pos;
	uint64_t n = rest;

	if (h != NULL) {
		enum gw_err err = gw_span_to_u64(h->value, UINT32_MAX, &n);
		if (err == GW_EMALFORMED)
			note(s, h->line, 0, "Content-Length is not a number");
		else if (err != GW_OK || n > rest)
			note(s, h->line, 0,
			    "Content-Length is more than there is");
	}
	if (n > rest)
		n = rest;
	m->body = gw_span_sub(whole, s->pos, n);
	m->raw = gw_span_sub(whole, 0, s->pos + n);
}

/* Which mandatory field is missing, or NULL. */
static const char *
missing(const struct sip_msg *m)
{
	for (size_t i = 0; i < GW_COUNT(mandatory); i++)
		if (sip_msg_value(m, mandatory[i].id).len == 0)
			return mandatory[i].why;
	return NULL;
}

static void
check_fields(struct scan *s)
{
	struct sip_msg *m = s->m;
	const char *why = missing(m);

	if (why != NULL)
		note_at(s, GW_EMALFORMED, 0, why);
	m->answerable =
	    why == NULL && m->is_request && m->method != SIP_METHOD_ACK;
	/* Only the first mistake counts, and a reply needs no more. */
	if (s->err != GW_OK) {
		check_top_via(s, sip_msg_value(m, SIP_HDR_VIA));
		return;
	}
	check_cseq(s, sip_msg_value(m, SIP_HDR_CSEQ));
	check_top_via(s, sip_msg_value(m, SIP_HDR_VIA));
	check_party(s, sip_msg_value(m, SIP_HDR_FROM), &m->from, &m->from_tag);
	check_party(s, sip_msg_value(m, SIP_HDR_TO), &m->to, &m->to_tag);
	check_call_id(s, sip_msg_value(m, SIP_HDR_CALL_ID));
	check_contacts(s);
	check_max_forwards(s);
	check_date(s);
}

/* Everything but the rows, which are written one by one. */
static void
clear(struct sip_msg *m)
{
	const struct gw_span none = { NULL, 0 };

	m->raw = m->start = m->body = none;
	m->method_name = m->uri = m->reason = none;
	m->is_request = m->answerable = false;
	m->method = SIP_METHOD_OTHER;
	m->status = 0;
	m->cseq = m->max_forwards = 0;
	m->via = (struct sip_via){ .port = 0 };
	m->from = m->to = (struct sip_addr){ .is_star = false };
	m->from_tag = m->to_tag = none;
	m->n_hdrs = 0;
	memset(m->first, 0, sizeof(m->first));
}

enum gw_err
sip_msg_parse(struct gw_span in, struct sip_msg *out, struct gw_fault *fault)
{
	struct scan s;

	clear(out);
	if (in.len == 0) {
		*fault = (struct gw_fault){ 0, "empty message" };
		return GW_EMALFORMED;
	}
	if (in.len > SIP_MSG_MAX) {
		*fault = (struct gw_fault){ SIP_MSG_MAX, "message too long" };
		return GW_ELIMIT;
	}
	s.m = out;
	s.in = gw_span_sub(in, 0, SIP_HEAD_MAX);
	s.cut = s.in.len < in.len;
	s.err = GW_OK;
	read_start_line(&s);
	read_rows(&s);
	read_body(&s, in);
	check_fields(&s);
	if (s.err != GW_OK)
		*fault = s.fault;
	return s.err;
}

bool
sip_msg_in_dialog(const struct sip_msg *m)
{
	struct gw_fault fault;
	struct sip_addr to = m->to;
	size_t pos = 0;

	if (m->to_tag.len > 0)
		return true;
	/* Parsing may have failed before To was read. */
	if (to.all.len == 0 && sip_addr_next(sip_msg_value(m, SIP_HDR_TO), &pos,
				   &to, &fault) != GW_OK)
		return false;
	return sip_param_find(to.params, "tag", NULL);
}

const char *
sip_method_name(enum sip_method m)
{
	return (const char *)methods[m].p;
}
