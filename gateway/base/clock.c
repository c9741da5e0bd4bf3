/*
 * clock.c: reading the clocks, and dates as text.
 *
 * Days are counted in a year that begins in March, so that the leap day is
 * its last and months follow one line (30.6 days, rounded).
 */
#include "mcxgw/clock.h"

#include <time.h>

#define DAYS_400Y  146097
#define DAYS_EPOCH 719468 /* 0000-03-01 to 1970-01-01 */
#define SECOND_US  INT64_C(1000000)
#define DAY_US	   (86400 * SECOND_US)
#define ZONE_MAX   (14 * 60) /* minutes; XML Schema 2, 3.2.7.3 */

struct gw_now
gw_now_read(void)
{
	struct timespec mono = { 0, 0 }, wall = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct gw_now){
		.mono_us = (uint64_t)mono.tv_sec * 1000000 +
			   (uint64_t)mono.tv_nsec / 1000,
		.wall_us = wall.tv_sec * SECOND_US + wall.tv_nsec / 1000,
	};
}

static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	       1 - DAYS_EPOCH;
}

static unsigned
month_len(unsigned year, unsigned month)
{
	static const uint8_t len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return len[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Take n digits off s. */
static bool
digits(struct gw_span *s, size_t n, unsigned *out)
{
	uint64_t value;

	if (s->len < n ||
	    gw_span_to_u64(gw_span_sub(*s, 0, n), 9999, &value) != GW_OK)
		return false;
	*out = (unsigned)value;
	*s = gw_span_sub(*s, n, s->len);
	return true;
}

static bool
skip(struct gw_span *s, uint8_t c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = gw_span_sub(*s, 1, s->len);
	return true;
}

static bool
read_date(struct gw_span *s, int64_t *us)
{
	unsigned year, month, day;

	if (!digits(s, 4, &year) || !skip(s, '-') || !digits(s, 2, &month) ||
	    !skip(s, '-') || !digits(s, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > month_len(year, month))
		return false;
	*us = days_of(year, month, day) * DAY_US;
	return true;
}

/* Digits behind the point; those below a microsecond count for nothing. */
static bool
read_fraction(struct gw_span *s, int64_t *us)
{
	int64_t unit = SECOND_US / 10;
	unsigned d;

	*us = 0;
	if (!skip(s, '.'))
		return true;
	if (!digits(s, 1, &d))
		return false;
	do {
		*us += (int64_t)d * unit;
		unit /= 10;
	} while (digits(s, 1, &d));
	return true;
}

static bool
read_time(struct gw_span *s, int64_t *us)
{
	unsigned hour, minute, second;
	int64_t fraction;

	if (!digits(s, 2, &hour) || !skip(s, ':') || !digits(s, 2, &minute) ||
	    !skip(s, ':') || !digits(s, 2, &second) ||
	    !read_fraction(s, &fraction))
		return false;
	*us =
	    ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * SECOND_US +
	    fraction;
	if (hour == 24) /* the end of the day, and nothing later */
		return *us == DAY_US;
	return hour < 24 && minute < 60 && second < 60;
}

static bool
read_zone(struct gw_span *s, int64_t *us)
{
	unsigned hour, minute;
	bool west;

	*us = 0;
	if (skip(s, 'Z'))
		return true;
	west = skip(s, '-');
	if ((!west && !skip(s, '+')) || !digits(s, 2, &hour) || !skip(s, ':') ||
	    !digits(s, 2, &minute) || minute > 59 ||
	    hour * 60 + minute > ZONE_MAX)
		return false;
	*us = ((int64_t)hour * 60 + minute) * 60 * SECOND_US;
	if (west)
		*us = -*us;
	return true;
}

enum gw_err
gw_time_parse(struct gw_span in, int64_t *wall_us)
{
	struct gw_span s = gw_span_trim(in);
	int64_t date, time, zone;

	if (!read_date(&s, &date) || !skip(&s, 'T') || !read_time(&s, &time) ||
	    !read_zone(&s, &zone) || s.len != 0)
		return GW_EMALFORMED;
	*wall_us = date + time - zone;
	return GW_OK;
}

/* n digits and what follows them. */
static char *
put_digits(char *to, unsigned n, unsigned value, char then)
{
	to[n] = then;
	for (unsigned i = n; i > 0; i--, value /= 10)
		to[i - 1] = (char)('0' + value % 10);
	return to + n + 1;
}

void
gw_time_text(int64_t wall_us, char out[GW_TIME_TEXT_LEN])
{
	const int64_t min = days_of(1, 1, 1) * DAY_US;
	const int64_t max = days_of(10000, 1, 1) * DAY_US - 1;

	if (wall_us < min)
		wall_us = min;
	if (wall_us > max)
		wall_us = max;
	int64_t us = wall_us % DAY_US;
	if (us < 0)
		us += DAY_US;
	int64_t days = (wall_us - us) / DAY_US + DAYS_EPOCH;

	int64_t in_400 = days % DAYS_400Y;
	int64_t year = (in_400 - in_400 / 1460 + in_400 / 36524 -
			   in_400 / (DAYS_400Y - 1)) /
		       365;
	int64_t in_year = in_400 - (365 * year + year / 4 - year / 100);
	int64_t m = (5 * in_year + 2) / 153;
	int64_t day = in_year - (153 * m + 2) / 5 + 1;
	int64_t month = m < 10 ? m + 3 : m - 9;
	year += days / DAYS_400Y * 400 + (month <= 2 ? 1 : 0);

	unsigned ms = (unsigned)(us / 1000 % 1000),
		 s = (unsigned)(us / SECOND_US);
	char *to = put_digits(out, 4, (unsigned)year, '-');
	to = put_digits(to, 2, (unsigned)month, '-');
	to = put_digits(to, 2, (unsigned)day, 'T');
	to = put_digits(to, 2, s / 3600, ':');
	to = put_digits(to, 2, s / 60 % 60, ':');
	to = put_digits(to, 2, s % 60, '.');
	*put_digits(to, 3, ms, 'Z') = '\0';
}
