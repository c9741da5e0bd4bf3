/*
 * lookup_service.c: references and the breaker.
 */
#include "core/lookup_service.h"

#include <stdlib.h>

struct lookup_service *
lookup_service_new(uint64_t serial, uint64_t digest)
{
	struct lookup_service *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->refs = 1;
	s->serial = serial;
	s->digest = digest;
	return s;
}

struct lookup_service *
lookup_service_ref(struct lookup_service *s)
{
	s->refs++;
	return s;
}

void
lookup_service_unref(struct lookup_service *s)
{
	if (s != NULL && --s->refs == 0)
		free(s);
}

bool
lookup_service_may_ask(const struct lookup_service *s, uint64_t mono_us)
{
	return !s->down || (!s->tried && mono_us >= s->until_us);
}

bool
lookup_service_asked(struct lookup_service *s)
{
	s->tried = s->down;
	return s->tried;
}

bool
lookup_service_good(struct lookup_service *s)
{
	bool was = s->down;

	s->down = s->tried = false;
	s->failures = 0;
	return was;
}

/* What was asked before it went down and fails now says nothing new. */
bool
lookup_service_bad(struct lookup_service *s, bool tried, uint64_t mono_us,
    uint32_t failures_max, uint32_t down_s)
{
	if (s->down && !tried)
		return false;
	s->tried = false;
	s->failures++;
	if (!s->down && s->failures < failures_max)
		return false;
	s->down = true;
	s->until_us = mono_us + (uint64_t)down_s * 1000000;
	return true;
}
