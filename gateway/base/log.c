/*
 * log.c: one line, one write(2).
 *
 * A line is built on the stack of the calling thread.  The only shared state
 * is the level and the table of repeats.  After REPEATS lines of one event
 * within a second the rest of that second is counted, and the next line of
 * that event tells how many there were.  Outcomes (info txn.*) and debug
 * lines are never folded: they are the record.
 */
#include "mcxgw/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mcxgw/clock.h"

#define LINE_MAX_LEN  4096 /* PIPE_BUF: what a pipe takes in one piece */
#define VALUE_MAX_LEN 512 /* octets shown of one value */
#define REPEATS	      20
#define EVENTS_MAX    256 /* events are literals; past it nothing folds */

struct repeat {
	const char *event;
	int64_t second;
	uint32_t written;
	uint64_t suppressed;
};

static const char *const level_words[] = {
	[GW_LOG_ERROR] = "error",
	[GW_LOG_WARN] = "warn",
	[GW_LOG_INFO] = "info",
	[GW_LOG_DEBUG] = "debug",
};

static _Atomic(int) max_level = GW_LOG_INFO;
static _Thread_local const char *thread_name = "main";
static pthread_mutex_t repeats_lock = PTHREAD_MUTEX_INITIALIZER;
static struct repeat repeats[EVENTS_MAX];

struct line {
	size_t len;
	uint8_t text[LINE_MAX_LEN];
};

void
gw_log_set_level(enum gw_log_level level)
{
	atomic_store_explicit(&max_level, (int)level, memory_order_relaxed);
}

bool
gw_log_wants(enum gw_log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&max_level, memory_order_relaxed);
}

void
gw_log_set_thread(const char *name)
{
	thread_name = name;
}

/* Append, as far as there is room; the newline always has its octet. */
static void
add(struct line *l, struct gw_span s)
{
	size_t room = sizeof(l->text) - 1 - l->len;
	size_t n = s.len < room ? s.len : room;

	if (n != 0)
		memcpy(l->text + l->len, s.p, n);
	l->len += n;
}

static void
add_text(struct line *l, const char *s)
{
	add(l, gw_span_of(s));
}

static void
add_num(struct line *l, uint64_t n)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (uint8_t)('0' + n % 10);
	while ((n /= 10) != 0);
	add(l, (struct gw_span){ digits + at, sizeof(digits) - at });
}

static void
add_id(struct line *l, uint64_t n)
{
	static const char digit[] = "0123456789abcdef";
	uint8_t hex[16];

	for (unsigned i = 0; i < 16; i++)
		hex[i] = (uint8_t)digit[n >> (60 - 4 * i) & 15];
	add(l, (struct gw_span){ hex, sizeof(hex) });
}

static bool
is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

static void
add_octet(struct line *l, uint8_t c)
{
	static const char digit[] = "0123456789abcdef";
	uint8_t hex[] = { '\\', 'x', (uint8_t)digit[c >> 4],
		(uint8_t)digit[c & 15] };

	if (c == '"')
		add_text(l, "\\\"");
	else if (c == '\\')
		add_text(l, "\\\\");
	else if (c == '\n')
		add_text(l, "\\n");
	else if (c == '\r')
		add_text(l, "\\r");
	else if (c == '\t')
		add_text(l, "\\t");
	else if (c < ' ' || c >= 0x7f)
		add(l, (struct gw_span){ hex, sizeof(hex) });
	else
		add(l, (struct gw_span){ &c, 1 });
}

static void
add_value(struct line *l, struct gw_span s)
{
	struct gw_span shown = gw_span_sub(s, 0, VALUE_MAX_LEN);
	size_t plain = 0;

	while (plain < shown.len && is_plain(shown.p[plain]))
		plain++;
	if (plain == s.len && s.len != 0) {
		add(l, shown);
		return;
	}
	add_text(l, "\"");
	for (size_t i = 0; i < shown.len; i++)
		add_octet(l, shown.p[i]);
	add_text(l, shown.len < s.len ? "...\"" : "\"");
}

static void
add_kv(struct line *l, const struct gw_kv *kv)
{
	add_text(l, " ");
	add_text(l, kv->key);
	add_text(l, "=");
	switch (kv->kind) {
	case GW_KV_TEXT: add_value(l, kv->text); break;
	case GW_KV_NUM: add_num(l, kv->num); break;
	case GW_KV_ID: add_id(l, kv->num); break;
	case GW_KV_SECRET:
		add_text(l, "hidden:");
		add_num(l, kv->num);
		break;
	}
}

static bool
is_outcome(enum gw_log_level level, const char *event)
{
	return level == GW_LOG_DEBUG ||
	       (level == GW_LOG_INFO && strncmp(event, "txn.", 4) == 0);
}

/* The place of event in the table, which is open addressed; NULL: full. */
static struct repeat *
find_repeat(const char *event)
{
	uint32_t hash = 2166136261u;

	for (const char *p = event; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	for (uint32_t i = 0; i < EVENTS_MAX; i++) {
		struct repeat *r = &repeats[(hash + i) % EVENTS_MAX];
		if (r->event == NULL)
			r->event = event;
		if (strcmp(r->event, event) == 0)
			return r;
	}
	return NULL;
}

/* May a line of event be written now?  Then how many were not before it. */
static bool
is_due(const char *event, int64_t second, uint64_t *suppressed)
{
	bool due = true;

	*suppressed = 0;
	pthread_mutex_lock(&repeats_lock);
	struct repeat *r = find_repeat(event);
	if (r != NULL) {
		if (r->second != second) {
			r->second = second;
			r->written = 0;
		}
		if (r->written < REPEATS) {
			r->written++;
			*suppressed = r->suppressed;
			r->suppressed = 0;
		} else {
			r->suppressed++;
			due = false;
		}
	}
	pthread_mutex_unlock(&repeats_lock);
	return due;
}

static void
write_line(struct line *l)
{
	size_t at = 0;

	l->text[l->len++] = '\n';
	while (at < l->len) {
		ssize_t n = write(STDERR_FILENO, l->text + at, l->len - at);
		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break; /* nowhere to complain */
	}
}

void
gw_log(enum gw_log_level level, const char *event, const struct gw_kv *kv,
    size_t n)
{
	int64_t wall_us = gw_now_read().wall_us;
	char time[GW_TIME_TEXT_LEN];
	struct line l = { .len = 0 };
	uint64_t suppressed = 0;
	int saved = errno;

	if (!gw_log_wants(level) ||
	    (!is_outcome(level, event) &&
		!is_due(event, wall_us / 1000000, &suppressed)))
		return;
	gw_time_text(wall_us, time);
	add_text(&l, time);
	add_text(&l, " ");
	add_text(&l, level_words[level]);
	add_text(&l, " ");
	add_text(&l, thread_name);
	add_text(&l, " ");
	add_text(&l, event);
	for (size_t i = 0; i < n; i++)
		add_kv(&l, &kv[i]);
	if (suppressed != 0)
		add_kv(&l, &(const struct gw_kv){ "suppressed", GW_KV_NUM,
			       { NULL, 0 }, suppressed });
	write_line(&l);
	errno = saved;
}
